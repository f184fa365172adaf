//! Dislikes of people elsewhere. Only how many there are is shown, and to nobody whose they are.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{ActorId, PostId, Timestamp, Uri};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::on_backend;
use crate::storage::schema::dislikes;

/// Dislikes the post of the permit. `uri` is the id of the Dislike. False: it was disliked already.
pub fn insert(
    connection: &mut Connection,
    permit: &Permit<act::React>,
    actor: ActorId,
    uri: &Uri,
    now: Timestamp,
) -> Result<bool> {
    let added = on_backend!(connection, |inner| diesel::insert_into(dislikes::table)
        .values((
            dislikes::post_id.eq(permit.post().0),
            dislikes::actor_id.eq(actor.0),
            dislikes::uri.eq(uri.as_str()),
            dislikes::created_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(added > 0)
}

/// Takes a dislike back. False: there was none.
pub fn remove(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<bool> {
    let removed = diesel::delete(dislikes::table.find((post.0, actor.0))).execute(connection)?;
    Ok(removed > 0)
}

/// Takes back every dislike of somebody who is gone.
pub fn remove_of_actor(connection: &mut Connection, actor: ActorId) -> Result<()> {
    diesel::delete(dislikes::table.filter(dislikes::actor_id.eq(actor.0))).execute(connection)?;
    Ok(())
}

/// The post that somebody dislikes by a Dislike with this id.
pub fn find_by_uri(
    connection: &mut Connection,
    actor: ActorId,
    uri: &Uri,
) -> Result<Option<PostId>> {
    let post: Option<i64> = dislikes::table
        .filter(dislikes::uri.eq(uri.as_str()))
        .filter(dislikes::actor_id.eq(actor.0))
        .select(dislikes::post_id)
        .limit(1)
        .get_result(connection)
        .optional()?;
    Ok(post.map(PostId))
}

/// How many dislike each of these posts; those that nobody dislikes are left out.
pub fn count(connection: &mut Connection, posts: &[PostId]) -> Result<HashMap<PostId, u32>> {
    let counted: Vec<(i64, i64)> = dislikes::table
        .filter(dislikes::post_id.among(posts.iter().map(|post| post.0)))
        .group_by(dislikes::post_id)
        .select((dislikes::post_id, diesel::dsl::count_star()))
        .load(connection)?;
    let count =
        |(post, count): (i64, i64)| (PostId(post), u32::try_from(count).unwrap_or(u32::MAX));
    Ok(counted.into_iter().map(count).collect())
}
