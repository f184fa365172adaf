//! Likes. The number on a post is kept with it, in the same transaction.

use diesel::prelude::*;

use crate::domain::{ActorId, Host, PostId, Timestamp, Uri};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::kept::{self, Kept};
use crate::storage::schema::{actors, posts, reactions};

/// Likes the post of the permit. `uri` is the id of the Like. False: it was liked already.
pub fn insert(
    connection: &mut Connection,
    permit: &Permit<act::React>,
    actor: ActorId,
    uri: &Uri,
    now: Timestamp,
) -> Result<bool> {
    add(connection, permit.post(), actor, uri, now)
}

fn add(
    connection: &mut Connection,
    post: PostId,
    actor: ActorId,
    uri: &Uri,
    now: Timestamp,
) -> Result<bool> {
    let added = on_backend!(connection, |inner| diesel::insert_into(reactions::table)
        .values((
            reactions::post_id.eq(post.0),
            reactions::actor_id.eq(actor.0),
            reactions::uri.eq(uri.as_str()),
            reactions::created_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    if added > 0 {
        diesel::update(posts::table.find(post.0))
            .set(posts::likes.eq(posts::likes + 1))
            .execute(connection)?;
    }
    Ok(added > 0)
}

/// Counts a like again that the house of a group elsewhere took after all. Nobody's act, so nobody is asked.
pub fn put_back(
    connection: &mut Connection,
    post: PostId,
    actor: ActorId,
    uri: &Uri,
    now: Timestamp,
) -> Result<()> {
    add(connection, post, actor, uri, now).map(drop)
}

/// Takes a like back; the id of the Like it was. None: there was none.
pub fn remove(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<Option<Uri>> {
    let uri: Option<String> = find_one!(
        connection,
        reactions::table
            .find((post.0, actor.0))
            .select(reactions::uri)
    )?;
    let Some(uri) = uri else { return Ok(None) };
    diesel::delete(reactions::table.find((post.0, actor.0))).execute(connection)?;
    kept::remove(connection, Kept::Like, post, actor)?;
    diesel::update(posts::table.find(post.0))
        .set(posts::likes.eq(posts::likes - 1))
        .execute(connection)?;
    read(&uri).map(Some)
}

/// Everything somebody likes, wherever it is: for taking it back, which asks policy about each.
pub fn list_all_of_actor(connection: &mut Connection, actor: ActorId) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = reactions::table
        .filter(reactions::actor_id.eq(actor.0))
        .select(reactions::post_id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}

/// The id of somebody's Like of a post.
pub fn find(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<Option<Uri>> {
    let uri: Option<String> = find_one!(
        connection,
        reactions::table
            .find((post.0, actor.0))
            .select(reactions::uri)
    )?;
    uri.map(|uri| read(&uri)).transpose()
}

/// The post that somebody likes by a Like with this id.
pub fn find_by_uri(
    connection: &mut Connection,
    actor: ActorId,
    uri: &Uri,
) -> Result<Option<PostId>> {
    let post: Option<i64> = reactions::table
        .filter(reactions::uri.eq(uri.as_str()))
        .filter(reactions::actor_id.eq(actor.0))
        .select(reactions::post_id)
        .limit(1)
        .get_result(connection)
        .optional()?;
    Ok(post.map(PostId))
}

/// A like with who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    pub uri: Uri,
    pub actor: ActorId,
    pub by: Uri,
    /// Where they live; none: here.
    pub host: Option<Host>,
}

/// The likes of these posts, oldest first, at most `most` altogether.
pub fn list(
    connection: &mut Connection,
    posts: &[PostId],
    most: i64,
) -> Result<Vec<(PostId, Like)>> {
    let ids: Vec<i64> = posts.iter().map(|post| post.0).collect();
    let rows: Vec<(i64, i64, String, String, String)> = reactions::table
        .inner_join(actors::table.on(actors::id.eq(reactions::actor_id)))
        .filter(reactions::post_id.among(ids))
        .order((reactions::created_at, reactions::actor_id))
        .limit(most)
        .select((
            reactions::post_id,
            reactions::actor_id,
            reactions::uri,
            actors::uri,
            actors::host,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(post, actor, uri, by, host)| {
            let host = if host.is_empty() {
                None
            } else {
                Some(read(&host)?)
            };
            let like = Like {
                uri: read(&uri)?,
                actor: ActorId(actor),
                by: read(&by)?,
                host,
            };
            Ok((PostId(post), like))
        })
        .collect()
}

/// Which of these posts somebody likes.
pub fn list_liked(
    connection: &mut Connection,
    actor: ActorId,
    among: &[PostId],
) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = among.iter().map(|post| post.0).collect();
    let liked: Vec<i64> = reactions::table
        .filter(
            reactions::actor_id
                .eq(actor.0)
                .and(reactions::post_id.among(ids)),
        )
        .select(reactions::post_id)
        .load(connection)?;
    Ok(liked.into_iter().map(PostId).collect())
}
