//! What people of other servers said in groups of ours, as they said it: for who comes later and has to believe it.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{ActorId, PostId};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::on_backend;
use crate::storage::schema::kept_activities;

/// What an activity that is kept brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The post as it stands, by its author.
    Text,
    Like,
}

impl Kept {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Like => "like",
        }
    }
}

/// Keeps an activity of somebody about a post, in place of an earlier one of the same kind.
pub fn save(
    connection: &mut Connection,
    kept: Kept,
    post: PostId,
    actor: ActorId,
    body: &str,
) -> Result<()> {
    let row = (
        kept_activities::post_id.eq(post.0),
        kept_activities::actor_id.eq(actor.0),
        kept_activities::kind.eq(kept.as_str()),
        kept_activities::body.eq(body),
    );
    on_backend!(connection, |inner| diesel::insert_into(
        kept_activities::table
    )
    .values(row)
    .on_conflict((
        kept_activities::post_id,
        kept_activities::actor_id,
        kept_activities::kind
    ))
    .do_update()
    .set(kept_activities::body.eq(body))
    .execute(inner))?;
    Ok(())
}

/// It does not stand there any more, or not as it was said.
pub fn remove(connection: &mut Connection, kept: Kept, post: PostId, actor: ActorId) -> Result<()> {
    let row = kept_activities::table.find((post.0, actor.0, kept.as_str()));
    diesel::delete(row).execute(connection)?;
    Ok(())
}

/// Nothing of what was said about a post is kept when the post is gone.
pub fn remove_of_post(connection: &mut Connection, post: PostId) -> Result<()> {
    let of_post = kept_activities::table.filter(kept_activities::post_id.eq(post.0));
    diesel::delete(of_post).execute(connection)?;
    Ok(())
}

/// What is kept of these posts, by who said it.
pub fn list(
    connection: &mut Connection,
    kept: Kept,
    posts: &[PostId],
) -> Result<HashMap<(PostId, ActorId), String>> {
    let ids: Vec<i64> = posts.iter().map(|post| post.0).collect();
    let rows: Vec<(i64, i64, String)> = kept_activities::table
        .filter(kept_activities::post_id.among(ids))
        .filter(kept_activities::kind.eq(kept.as_str()))
        .select((
            kept_activities::post_id,
            kept_activities::actor_id,
            kept_activities::body,
        ))
        .load(connection)?;
    let row = |(post, actor, body)| ((PostId(post), ActorId(actor)), body);
    Ok(rows.into_iter().map(row).collect())
}
