//! Whom of other servers a group knows, and what those wrote whom it does not.

use diesel::prelude::*;

use crate::domain::{ActorId, FirstContact, GroupId, Host, MembershipState, PostId, PostState};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::connection::{find_one, on_backend};
use crate::storage::schema::{acquaintances, actors, first_posts, groups, memberships, posts};
use crate::storage::{Connection, kept};

/// Writes what the owners of the permit's group chose.
pub fn choose(
    connection: &mut Connection,
    permit: &Permit<act::ManageGroup>,
    choice: FirstContact,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set(groups::first_contact.eq(choice.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Who is there already is known: members elsewhere, and who wrote something that everybody reads.
pub fn know_who_is_there(connection: &mut Connection, group: GroupId) -> Result<()> {
    let elsewhere = actors::table.filter(actors::host.ne("")).select(actors::id);
    let members: Vec<i64> = memberships::table
        .filter(memberships::group_id.eq(group.0))
        .filter(memberships::state.eq(MembershipState::Member.as_str()))
        .filter(memberships::actor_id.eq_any(elsewhere))
        .select(memberships::actor_id)
        .load(connection)?;
    let elsewhere = actors::table.filter(actors::host.ne("")).select(actors::id);
    let authors: Vec<i64> = posts::table
        .filter(posts::group_id.eq(group.0))
        .filter(posts::state.eq(PostState::Visible.as_str()))
        .filter(posts::author_id.eq_any(elsewhere))
        .select(posts::author_id)
        .distinct()
        .load(connection)?;
    for person in members.into_iter().chain(authors) {
        hear(connection, group, ActorId(person))?;
    }
    Ok(())
}

/// A moderator let somebody in.
pub fn meet(connection: &mut Connection, group: GroupId, person: ActorId) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(
        acquaintances::table
    )
    .values((
        acquaintances::group_id.eq(group.0),
        acquaintances::actor_id.eq(person.0),
        acquaintances::spoke.eq(false),
    ))
    .on_conflict_do_nothing()
    .execute(inner))?;
    Ok(())
}

/// A moderator let somebody speak.
pub fn hear(connection: &mut Connection, group: GroupId, person: ActorId) -> Result<()> {
    meet(connection, group, person)?;
    diesel::update(acquaintances::table.find((group.0, person.0)))
        .set(acquaintances::spoke.eq(true))
        .execute(connection)?;
    Ok(())
}

/// How well a group knows somebody elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub met: bool,
    pub heard: bool,
}

/// Whether a group knows a person.
pub fn knows_person(connection: &mut Connection, group: GroupId, person: ActorId) -> Result<Known> {
    let spoke: Option<bool> = find_one!(
        connection,
        acquaintances::table
            .find((group.0, person.0))
            .select(acquaintances::spoke)
    )?;
    Ok(Known {
        met: spoke.is_some(),
        heard: spoke == Some(true),
    })
}

/// Whether a group knows anybody of a server.
pub fn knows_host(connection: &mut Connection, group: GroupId, host: &Host) -> Result<Known> {
    let spoke: Vec<bool> = acquaintances::table
        .inner_join(actors::table.on(actors::id.eq(acquaintances::actor_id)))
        .filter(acquaintances::group_id.eq(group.0))
        .filter(actors::host.eq(host.as_str()))
        .select(acquaintances::spoke)
        .distinct()
        .load(connection)?;
    Ok(Known {
        met: !spoke.is_empty(),
        heard: spoke.contains(&true),
    })
}

/// Remembers a post that waits for a moderator, as it arrived.
pub fn insert(connection: &mut Connection, post: PostId, activity: Option<&str>) -> Result<()> {
    diesel::insert_into(first_posts::table)
        .values((
            first_posts::post_id.eq(post.0),
            first_posts::activity.eq(activity),
            first_posts::turned_away.eq(false),
        ))
        .execute(connection)?;
    Ok(())
}

/// What arrived with a post that waits; the outer none: it does not wait.
pub fn find_waiting(connection: &mut Connection, post: PostId) -> Result<Option<Option<String>>> {
    Ok(find_one!(
        connection,
        first_posts::table
            .find(post.0)
            .filter(first_posts::turned_away.eq(false))
            .select(first_posts::activity)
    )?)
}

/// A post waits no more.
pub fn remove(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(first_posts::table.find(post.0)).execute(connection)?;
    Ok(())
}

/// A moderator did not let a post in: it is shown to nobody else, ever.
pub fn turn_away(
    connection: &mut Connection,
    _: &Permit<act::Moderate>,
    post: PostId,
) -> Result<()> {
    kept::remove_of_post(connection, post)?;
    diesel::update(first_posts::table.find(post.0))
        .set((
            first_posts::turned_away.eq(true),
            first_posts::activity.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(())
}
