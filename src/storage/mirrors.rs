//! Who lets groups copy what they write for servers that know no groups.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{ActorId, GroupId, Mirror, Post, PostState, Timestamp};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::posts::PostRow;
use crate::storage::schema::{deliveries, groups, mirrored_people, post_hosts, posts};

pub fn is_allowed(connection: &mut Connection, person: ActorId) -> Result<bool> {
    let found: Option<i64> = find_one!(
        connection,
        mirrored_people::table
            .find(person.0)
            .select(mirrored_people::actor_id)
    )?;
    Ok(found.is_some())
}

/// Who of these people allows it.
pub fn list_allowed(connection: &mut Connection, among: &[ActorId]) -> Result<HashSet<ActorId>> {
    let numbers: Vec<i64> = among.iter().map(|id| id.0).collect();
    let ids: Vec<i64> = mirrored_people::table
        .filter(mirrored_people::actor_id.among(numbers))
        .select(mirrored_people::actor_id)
        .load(connection)?;
    Ok(ids.into_iter().map(ActorId).collect())
}

pub fn allow(connection: &mut Connection, person: ActorId, now: Timestamp) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(
        mirrored_people::table
    )
    .values((
        mirrored_people::actor_id.eq(person.0),
        mirrored_people::since_at.eq(now.micros()),
    ))
    .on_conflict_do_nothing()
    .execute(inner))?;
    Ok(())
}

pub fn forbid(connection: &mut Connection, person: ActorId) -> Result<()> {
    diesel::delete(mirrored_people::table.find(person.0)).execute(connection)?;
    Ok(())
}

/// Whose copies are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    Author(ActorId),
    Group(GroupId),
}

/// The posts of which copies may be elsewhere: visible ones that left the house, of people who allow it, in
/// groups that are copied.
pub fn list_posts(connection: &mut Connection, whose: Whose) -> Result<Vec<Post>> {
    let copied_groups = groups::table
        .filter(groups::mirror.eq(Mirror::On.as_str()))
        .select(groups::actor_id.nullable());
    let authors = mirrored_people::table.select(mirrored_people::actor_id);
    let sent = deliveries::table.filter(deliveries::post_id.eq(posts::id.nullable()));
    let sent_once = post_hosts::table.filter(post_hosts::post_id.eq(posts::id));
    let query = posts::table
        .filter(posts::state.eq(PostState::Visible.as_str()))
        .filter(posts::group_id.eq_any(copied_groups))
        .filter(posts::author_id.eq_any(authors))
        .filter(diesel::dsl::exists(sent).or(diesel::dsl::exists(sent_once)))
        .order(posts::id)
        .select(PostRow::as_select());
    let rows: Vec<PostRow> = match whose {
        Whose::Author(author) => query
            .filter(posts::author_id.eq(author.0))
            .load(connection)?,
        Whose::Group(group) => query.filter(posts::group_id.eq(group.0)).load(connection)?,
    };
    rows.into_iter().map(Post::try_from).collect()
}
