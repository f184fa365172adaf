//! What people passed on. How often a post was is counted from the rows.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{Actor, ActorId, Boost, BoostId, BoostTally, Page, PostId, Timestamp, Uri};
use crate::error::Result;
use crate::policy::{Permit, ReadScope, act};
use crate::storage::actors::ActorRow;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::listing::{Listing, marked_posts};
use crate::storage::schema::{actors, boosts};
use crate::storage::{Connection, ids};

#[derive(Clone, Debug, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = boosts)]
struct BoostRow {
    id: i64,
    post_id: i64,
    actor_id: i64,
    uri: String,
    created_at: i64,
}

impl TryFrom<BoostRow> for Boost {
    type Error = crate::Error;

    fn try_from(row: BoostRow) -> Result<Self> {
        Ok(Self {
            id: BoostId(row.id),
            post: PostId(row.post_id),
            actor: ActorId(row.actor_id),
            uri: read(&row.uri)?,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

/// Passes the post of the permit on. `uri` is the id of the Announce. False: they did already.
pub fn insert(
    connection: &mut Connection,
    permit: &Permit<act::Reshare>,
    actor: ActorId,
    uri: &Uri,
    now: Timestamp,
) -> Result<bool> {
    let added = on_backend!(connection, |inner| diesel::insert_into(boosts::table)
        .values((
            boosts::id.eq(ids::next(now)),
            boosts::post_id.eq(permit.post().0),
            boosts::actor_id.eq(actor.0),
            boosts::uri.eq(uri.as_str()),
            boosts::created_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(added > 0)
}

/// Takes a boost back; what it was. None: there was none.
pub fn remove(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<Option<Boost>> {
    let found = find_of(connection, post, actor)?;
    if let Some(boost) = &found {
        diesel::delete(boosts::table.find(boost.id.0)).execute(connection)?;
    }
    Ok(found)
}

/// A post that is gone was passed on by nobody.
pub(super) fn remove_of_post(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(boosts::table.filter(boosts::post_id.eq(post.0))).execute(connection)?;
    Ok(())
}

/// Takes back every boost of somebody elsewhere who is gone.
pub fn remove_of_actor(connection: &mut Connection, actor: ActorId) -> Result<()> {
    diesel::delete(boosts::table.filter(boosts::actor_id.eq(actor.0))).execute(connection)?;
    Ok(())
}

/// The boost of a post by somebody.
pub fn find_of(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<Option<Boost>> {
    let row: Option<BoostRow> = find_one!(
        connection,
        boosts::table
            .filter(boosts::post_id.eq(post.0))
            .filter(boosts::actor_id.eq(actor.0))
            .select(BoostRow::as_select())
    )?;
    row.map(Boost::try_from).transpose()
}

pub fn find(connection: &mut Connection, id: BoostId) -> Result<Option<Boost>> {
    let row: Option<BoostRow> = find_one!(
        connection,
        boosts::table.find(id.0).select(BoostRow::as_select())
    )?;
    row.map(Boost::try_from).transpose()
}

/// The boost that somebody did by an Announce with this id.
pub fn find_by_uri(
    connection: &mut Connection,
    actor: ActorId,
    uri: &Uri,
) -> Result<Option<Boost>> {
    let row: Option<BoostRow> = find_one!(
        connection,
        boosts::table
            .filter(boosts::uri.eq(uri.as_str()))
            .filter(boosts::actor_id.eq(actor.0))
            .select(BoostRow::as_select())
    )?;
    row.map(Boost::try_from).transpose()
}

/// Everything somebody passed on, wherever it is: for taking it back.
pub fn list_all_of_actor(connection: &mut Connection, actor: ActorId) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = boosts::table
        .filter(boosts::actor_id.eq(actor.0))
        .select(boosts::post_id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// How often each of these posts was passed on, and whether `viewer` did; those that nobody passed on are
/// left out.
pub fn tally(
    connection: &mut Connection,
    posts: &[PostId],
    viewer: Option<ActorId>,
) -> Result<HashMap<PostId, BoostTally>> {
    let numbers = || posts.iter().map(|post| post.0);
    let counted: Vec<(i64, i64)> = boosts::table
        .filter(boosts::post_id.among(numbers()))
        .group_by(boosts::post_id)
        .select((boosts::post_id, diesel::dsl::count_star()))
        .load(connection)?;
    let own: Vec<i64> = match viewer {
        Some(viewer) if !counted.is_empty() => boosts::table
            .filter(boosts::post_id.among(numbers()))
            .filter(boosts::actor_id.eq(viewer.0))
            .select(boosts::post_id)
            .load(connection)?,
        Some(_) | None => Vec::new(),
    };
    let tally = |(post, count): (i64, i64)| {
        let tally = BoostTally {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            own: own.contains(&post),
        };
        (PostId(post), tally)
    };
    Ok(counted.into_iter().map(tally).collect())
}

/// Who passed a post on, the latest first, at most `most`.
pub fn list_boosters(connection: &mut Connection, post: PostId, most: i64) -> Result<Vec<Actor>> {
    let rows: Vec<ActorRow> = boosts::table
        .inner_join(actors::table.on(actors::id.eq(boosts::actor_id)))
        .filter(boosts::post_id.eq(post.0))
        .order(boosts::id.desc())
        .limit(most)
        .select(ActorRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Actor::try_from).collect()
}

/// What those passed on whom `viewer` follows, and they themselves, as far as the scope lets it through,
/// newest first.
pub fn list_home(
    connection: &mut Connection,
    scope: &ReadScope,
    viewer: ActorId,
    page: Page,
) -> Result<Vec<Boost>> {
    let by = "m.actor_id IN (SELECT h.followed_id FROM follows h WHERE h.follower_id = $4 AND h.state = 'accepted' \
              UNION ALL SELECT $4 AS followed_id)";
    list(connection, scope, by, viewer, page)
}

/// What somebody passed on, as far as the scope lets it through, newest first.
pub fn list_by(
    connection: &mut Connection,
    scope: &ReadScope,
    actor: ActorId,
    page: Page,
) -> Result<Vec<Boost>> {
    list(connection, scope, "m.actor_id = $4", actor, page)
}

fn list(
    connection: &mut Connection,
    scope: &ReadScope,
    by: &str,
    place: ActorId,
    page: Page,
) -> Result<Vec<Boost>> {
    let columns = "m.id, m.post_id, m.actor_id, m.uri, m.created_at";
    let which = format!("{by} AND p.state = 'visible'");
    let text = marked_posts(scope, page, "boosts", columns, &which);
    let listing = Listing::new(connection, scope, &text);
    let listing = listing.at(place.0).page(page);
    let rows: Vec<BoostRow> = on_backend!(connection, |inner| listing.load(inner))?;
    rows.into_iter().map(Boost::try_from).collect()
}
