//! What there is to a ban besides the membership that is none: the id of its Block, and why.

use diesel::prelude::*;

use crate::domain::{ActorId, BanReason, GroupId, Uri};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::connection::find_one;
use crate::storage::error::read;
use crate::storage::schema::bans;

/// A ban as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The id of the Block.
    pub uri: Uri,
    pub reason: BanReason,
    pub removes_posts: bool,
}

/// Writes why somebody is banned from the permit's group; an earlier ban is forgotten.
pub fn save(
    connection: &mut Connection,
    permit: &Permit<act::Moderate>,
    actor: ActorId,
    ban: &Ban,
) -> Result<()> {
    remove(connection, permit.group(), actor)?;
    diesel::insert_into(bans::table)
        .values((
            bans::group_id.eq(permit.group().0),
            bans::actor_id.eq(actor.0),
            bans::uri.eq(ban.uri.as_str()),
            bans::reason.eq(ban.reason.as_str()),
            bans::removes_posts.eq(ban.removes_posts),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn remove(connection: &mut Connection, group: GroupId, actor: ActorId) -> Result<()> {
    diesel::delete(bans::table.find((group.0, actor.0))).execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, group: GroupId, actor: ActorId) -> Result<Option<Ban>> {
    let row: Option<(String, String, bool)> = find_one!(
        connection,
        bans::table
            .find((group.0, actor.0))
            .select((bans::uri, bans::reason, bans::removes_posts))
    )?;
    row.map(|(uri, reason, removes_posts)| {
        Ok(Ban {
            uri: read(&uri)?,
            reason: BanReason::cut(&reason),
            removes_posts,
        })
    })
    .transpose()
}

/// Whom a Block with this id shut out of which group.
pub fn find_by_uri(connection: &mut Connection, uri: &Uri) -> Result<Option<(GroupId, ActorId)>> {
    let row: Option<(i64, i64)> = bans::table
        .filter(bans::uri.eq(uri.as_str()))
        .select((bans::group_id, bans::actor_id))
        .limit(1)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|(group, actor)| (GroupId(group), ActorId(actor))))
}

/// Why people are banned from a group, of those where somebody said so.
pub fn list_reasons(connection: &mut Connection, group: GroupId) -> Result<Vec<(ActorId, String)>> {
    let rows: Vec<(i64, String)> = bans::table
        .filter(bans::group_id.eq(group.0))
        .filter(bans::reason.ne(""))
        .select((bans::actor_id, bans::reason))
        .load(connection)?;
    let reason = |(actor, reason)| (ActorId(actor), reason);
    Ok(rows.into_iter().map(reason).collect())
}
