//! What was approved of that people elsewhere asked for before they did it.

use diesel::prelude::*;

use crate::domain::{ActorId, Approved, PostId, Timestamp, Uri};
use crate::error::Result;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::schema::approvals;
use crate::storage::{Connection, ids};

type Row = (i64, String, i64, i64, String, String);

fn read_row((id, interaction, post, by, interacting, request): Row) -> Result<Approved> {
    Ok(Approved {
        id,
        interaction: read(&interaction)?,
        post: PostId(post),
        by: ActorId(by),
        interacting: read(&interacting)?,
        request: read(&request)?,
    })
}

/// A number for the next one.
pub fn next_id(now: Timestamp) -> i64 {
    ids::next(now)
}

/// Writes an approval. What was approved already stays so, under its first number.
pub fn insert(connection: &mut Connection, approved: &Approved, now: Timestamp) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(approvals::table)
        .values((
            approvals::id.eq(approved.id),
            approvals::interaction.eq(approved.interaction.as_str()),
            approvals::post_id.eq(approved.post.0),
            approvals::by_id.eq(approved.by.0),
            approvals::interacting.eq(approved.interacting.as_str()),
            approvals::request.eq(approved.request.as_str()),
            approvals::created_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: i64) -> Result<Option<Approved>> {
    let row: Option<Row> = find_one!(
        connection,
        approvals::table.find(id).select((
            approvals::id,
            approvals::interaction,
            approvals::post_id,
            approvals::by_id,
            approvals::interacting,
            approvals::request,
        ))
    )?;
    row.map(read_row).transpose()
}

/// The post that an approval is about.
pub fn find_post(connection: &mut Connection, id: i64) -> Result<Option<PostId>> {
    let found: Option<i64> = find_one!(
        connection,
        approvals::table.find(id).select(approvals::post_id)
    )?;
    Ok(found.map(PostId))
}

/// What was approved by this name of the thing that is done.
pub fn find_by_interacting(
    connection: &mut Connection,
    by: ActorId,
    interacting: &Uri,
) -> Result<Option<Approved>> {
    let row: Option<Row> = find_one!(
        connection,
        approvals::table
            .filter(approvals::by_id.eq(by.0))
            .filter(approvals::interacting.eq(interacting.as_str()))
            .select((
                approvals::id,
                approvals::interaction,
                approvals::post_id,
                approvals::by_id,
                approvals::interacting,
                approvals::request,
            ))
    )?;
    row.map(read_row).transpose()
}

/// A post that is gone approves of nothing.
pub(super) fn remove_of_post(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(approvals::table.filter(approvals::post_id.eq(post.0))).execute(connection)?;
    Ok(())
}

/// Who is gone does nothing any more.
pub fn remove_of_actor(connection: &mut Connection, actor: ActorId) -> Result<()> {
    diesel::delete(approvals::table.filter(approvals::by_id.eq(actor.0))).execute(connection)?;
    Ok(())
}
