//! What moderators do with the posts of others: removing, restoring, locking.

use super::tell;
use crate::app::{App, Asker};
use crate::domain::{AuditAction, EventKind, Post, PostId, PostState, RemovalReason};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access::Case;
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Takes somebody's post out of view, for a reason that is shown in its place and that every server
/// that has the post is told. Moderators only.
pub async fn remove(app: &App, viewer: Viewer, id: PostId, reason: RemovalReason) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("remove_post", move |connection| {
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            only_in(&case.post, PostState::Visible)?;
            storage::posts::set_removed(connection, &case.permit, &case.post, true)?;
            storage::posts::set_removal_reason(connection, &case.permit, id, &reason, asker.now)?;
            let kind = EventKind::PostRemoved;
            tell_by_moderator(connection, &asker, kind, &case, Some(reason.as_str()))?;
            let (action, uri) = (AuditAction::PostRemoved, &case.post.uri);
            audit::note(connection, &asker, action, uri.as_str(), reason.as_str())?;
            storage::posts::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// Brings a removed post back, text and all. Moderators only.
pub async fn restore(app: &App, viewer: Viewer, id: PostId) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("restore_post", move |connection| {
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            only_in(&case.post, PostState::Removed)?;
            storage::posts::set_removed(connection, &case.permit, &case.post, false)?;
            storage::posts::forget_removal_reason(connection, id)?;
            tell_by_moderator(connection, &asker, EventKind::PostRestored, &case, None)?;
            tell_again(connection, &asker, &case.post)?;
            let (action, uri) = (AuditAction::PostRestored, &case.post.uri);
            audit::note(connection, &asker, action, uri.as_str(), "")?;
            storage::posts::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

fn only_in(post: &Post, state: PostState) -> Result<()> {
    match post.state == state {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "the post is {} already: look at it again",
            post.state
        ))),
    }
}

/// Tells of a post once more, for servers that forgot what was removed: those that know it change
/// nothing. Only of what was written here; others' words travel as they wrote them, once.
fn tell_again(connection: &mut Connection, asker: &Asker, post: &Post) -> Result<()> {
    if !storage::actors::is_local(connection, post.author)? {
        return Ok(());
    }
    tell(connection, asker, EventKind::PostCreated, post, None)
}

/// Writes news of a moderator's act, with its reason. What the command line does, the group does:
/// nobody must seem to have done it who did not.
fn tell_by_moderator(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    case: &Case<act::Moderate>,
    reason: Option<&str>,
) -> Result<()> {
    let group = case.group.as_ref().map(|group| group.actor.id);
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().or(group).unwrap_or(case.post.author),
        group: case.post.group,
        post: Some(case.post.id),
        object: None,
        activity: reason.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Locks or unlocks; false: it was so already.
pub(super) fn turn_lock(
    connection: &mut Connection,
    case: &Case<act::Moderate>,
    locked: bool,
) -> Result<bool> {
    if !case.post.is_topic() {
        return Err(Error::Conflict("only topics can be locked".into()));
    }
    if case.post.locked == locked {
        return Ok(false);
    }
    storage::posts::set_locked(connection, &case.permit, case.post.id, locked)?;
    Ok(true)
}

pub(super) const fn locking(locked: bool) -> EventKind {
    match locked {
        true => EventKind::TopicLocked,
        false => EventKind::TopicUnlocked,
    }
}

/// Whether a topic takes comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Locked,
    Open,
}

/// Closes a topic to everybody but moderators, or opens it again, here and at every server of a
/// member. Moderators only. Doing it twice is doing it once.
pub async fn set_locked(app: &App, viewer: Viewer, id: PostId, lock: Lock) -> Result<Post> {
    let asker = app.asker(viewer);
    let locked = lock == Lock::Locked;
    let post = app
        .db
        .write("lock_topic", move |connection| {
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            if !turn_lock(connection, &case, locked)? {
                return Ok(case.post);
            }
            tell_by_moderator(connection, &asker, locking(locked), &case, None)?;
            let action = match lock {
                Lock::Locked => AuditAction::TopicLocked,
                Lock::Open => AuditAction::TopicUnlocked,
            };
            audit::note(connection, &asker, action, case.post.uri.as_str(), "")?;
            Ok(Post {
                locked,
                ..case.post
            })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}
