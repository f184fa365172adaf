//! Who is named in a post.

use diesel::prelude::*;

use crate::domain::{ActorId, Host, PostId};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::on_backend;
use crate::storage::schema::mentions;

pub fn insert_mentions(
    connection: &mut Connection,
    post: PostId,
    actors: &[ActorId],
) -> Result<()> {
    for actor in actors {
        on_backend!(connection, |inner| diesel::insert_into(mentions::table)
            .values((mentions::post_id.eq(post.0), mentions::actor_id.eq(actor.0)))
            .on_conflict_do_nothing()
            .execute(inner))?;
    }
    Ok(())
}

pub fn is_mentioned(connection: &mut Connection, post: PostId, actor: ActorId) -> Result<bool> {
    let row = mentions::table.find((post.0, actor.0));
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(row)
    )
    .get_result(inner))?)
}

/// Whether the post names somebody of `host`.
pub fn mentions_host(connection: &mut Connection, post: PostId, host: &Host) -> Result<bool> {
    use crate::storage::schema::actors;
    let somebody = mentions::table
        .inner_join(actors::table.on(actors::id.eq(mentions::actor_id)))
        .filter(mentions::post_id.eq(post.0))
        .filter(actors::host.eq(host.as_str()));
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(somebody)
    )
    .get_result(inner))?)
}
