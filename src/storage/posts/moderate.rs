//! What moderators change: hidden posts with the reason, locked topics.

use diesel::prelude::*;

use super::write::leave_count;
use crate::domain::{
    ActorId, Audience, GroupId, Post, PostId, PostState, RemovalReason, Timestamp,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::schema::{posts, removals};

/// Hides a post (a moderator's act) or shows it again; the text stays.
pub fn set_removed(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    post: &Post,
    removed: bool,
) -> Result<()> {
    let state = if removed {
        PostState::Removed
    } else {
        PostState::Visible
    };
    diesel::update(posts::table.find(post.id.0))
        .set(posts::state.eq(state.as_str()))
        .execute(connection)?;
    leave_count(connection, post, if removed { -1 } else { 1 })
}

/// Keeps a post that just arrived from everybody but moderators: the group does not know its author.
pub fn hold_first(connection: &mut Connection, post: &Post) -> Result<()> {
    set_state(connection, post, PostState::Held)?;
    leave_count(connection, post, -1)
}

/// Shows it, as if it had just arrived.
pub fn let_in_first(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    post: &Post,
    now: Timestamp,
) -> Result<()> {
    set_state(connection, post, PostState::Visible)?;
    diesel::update(posts::table.find(post.topic.0))
        .set(posts::active_at.eq(now.micros()))
        .execute(connection)?;
    leave_count(connection, post, 1)
}

fn set_state(connection: &mut Connection, post: &Post, state: PostState) -> Result<()> {
    diesel::update(posts::table.find(post.id.0))
        .set(posts::state.eq(state.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Writes why a post was removed.
pub fn set_removal_reason(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    post: PostId,
    reason: &RemovalReason,
    now: Timestamp,
) -> Result<()> {
    forget_removal_reason(connection, post)?;
    diesel::insert_into(removals::table)
        .values((
            removals::post_id.eq(post.0),
            removals::reason.eq(reason.as_str()),
            removals::at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn forget_removal_reason(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(removals::table.find(post.0)).execute(connection)?;
    Ok(())
}

/// Why these posts were removed, of those where somebody here said why.
pub fn list_removal_reasons(
    connection: &mut Connection,
    among: &[PostId],
) -> Result<Vec<(PostId, String)>> {
    let numbers: Vec<i64> = among.iter().map(|id| id.0).collect();
    let rows: Vec<(i64, String)> = removals::table
        .filter(removals::post_id.among(numbers))
        .select((removals::post_id, removals::reason))
        .load(connection)?;
    let reason = |(post, reason)| (PostId(post), reason);
    Ok(rows.into_iter().map(reason).collect())
}

pub fn set_locked(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    topic: PostId,
    locked: bool,
) -> Result<()> {
    diesel::update(posts::table.find(topic.0))
        .set(posts::locked.eq(locked))
        .execute(connection)?;
    Ok(())
}

pub fn set_pinned(
    connection: &mut Connection,
    _permit: &Permit<act::Moderate>,
    topic: PostId,
    pinned: bool,
) -> Result<()> {
    diesel::update(posts::table.find(topic.0))
        .set(posts::pinned.eq(pinned))
        .execute(connection)?;
    Ok(())
}

/// How many topics of a group are pinned.
pub fn count_pinned(connection: &mut Connection, group: GroupId) -> Result<i64> {
    Ok(posts::table
        .filter(posts::group_id.eq(group.0))
        .filter(posts::parent_id.is_null())
        .filter(posts::pinned.eq(true))
        .filter(posts::state.eq(PostState::Visible.as_str()))
        .count()
        .get_result(connection)?)
}

/// What somebody wrote in a group for its audience and can be seen, oldest first.
pub fn list_visible_of_author(
    connection: &mut Connection,
    group: GroupId,
    author: ActorId,
) -> Result<Vec<PostId>> {
    let ids: Vec<i64> = posts::table
        .filter(posts::author_id.eq(author.0))
        .filter(posts::group_id.eq(group.0))
        .filter(posts::audience.eq(Audience::Group.as_str()))
        .filter(posts::state.eq(PostState::Visible.as_str()))
        .order(posts::id)
        .select(posts::id)
        .load(connection)?;
    Ok(ids.into_iter().map(PostId).collect())
}
