//! What moderators do with the posts of others: removing, restoring, locking, pinning. Of a group elsewhere its
//! house is asked (`moderation`), and the post comes back as it is.

use super::tell;
use crate::app::{App, Asker};
use crate::domain::{
    ActorId, AuditAction, BanReason, EventKind, Group, PINNED_MAX, Post, PostId, PostState,
    RemovalReason,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, Viewer, act};
use crate::services::access::Case;
use crate::services::{access, audit, moderation, outbound_rules};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Takes somebody's post out of view, for a reason that is shown in its place and that every server
/// that has the post is told. Moderators only.
pub async fn remove(app: &App, viewer: Viewer, id: PostId, reason: RemovalReason) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("remove_post", move |connection| {
            let what = (EventKind::PostRemoved, AuditAction::PostRemoved);
            if let Some(asked) =
                moderation::ask_about_post(connection, &asker, id, what, Some(reason.as_str()))?
            {
                return Ok(asked);
            }
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            only_in(&case.post, PostState::Visible)?;
            outbound_rules::check_words(connection, case.group.as_ref(), reason.as_str())?;
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
            let what = (EventKind::PostRestored, AuditAction::PostRestored);
            if let Some(asked) = moderation::ask_about_post(connection, &asker, id, what, None)? {
                return Ok(asked);
            }
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
            let action = match lock {
                Lock::Locked => AuditAction::TopicLocked,
                Lock::Open => AuditAction::TopicUnlocked,
            };
            let what = (locking(locked), action);
            if let Some(asked) = moderation::ask_about_post(connection, &asker, id, what, None)? {
                return Ok(asked);
            }
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            if !turn_lock(connection, &case, locked)? {
                return Ok(case.post);
            }
            tell_by_moderator(connection, &asker, locking(locked), &case, None)?;
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

/// Whether a topic stands first in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    Pinned,
    Loose,
}

/// Pins or takes the pin off; false: it was so already.
///
/// # Errors
/// [`Error::Conflict`] for a comment, for what is gone, and when [`PINNED_MAX`] are pinned.
pub(super) fn turn_pin(
    connection: &mut Connection,
    case: &Case<act::Moderate>,
    pin: Pin,
) -> Result<bool> {
    let pinned = pin == Pin::Pinned;
    if !case.post.is_topic() {
        return Err(Error::Conflict("only topics can be pinned".into()));
    }
    if case.post.pinned == pinned {
        return Ok(false);
    }
    if pinned {
        only_in(&case.post, PostState::Visible)?;
        if storage::posts::count_pinned(connection, case.permit.group())? >= PINNED_MAX {
            let sentence = format!("{PINNED_MAX} topics are pinned: take the pin off one first");
            return Err(Error::Conflict(sentence));
        }
    }
    storage::posts::set_pinned(connection, &case.permit, case.post.id, pinned)?;
    Ok(true)
}

pub(super) const fn pinning(pin: Pin) -> (EventKind, AuditAction) {
    match pin {
        Pin::Pinned => (EventKind::TopicPinned, AuditAction::TopicPinned),
        Pin::Loose => (EventKind::TopicUnpinned, AuditAction::TopicUnpinned),
    }
}

/// Lets a topic stand first in its group, or no longer, here and at every server of a member.
/// Moderators only. Doing it twice is doing it once.
///
/// # Errors
/// [`Error::Conflict`] for a comment, for what is gone, and when [`PINNED_MAX`] are pinned.
pub async fn set_pinned(app: &App, viewer: Viewer, id: PostId, pin: Pin) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("pin_topic", move |connection| {
            if let Some(asked) =
                moderation::ask_about_post(connection, &asker, id, pinning(pin), None)?
            {
                return Ok(asked);
            }
            let case = access::permit_post::<act::Moderate>(connection, &asker, id)?;
            if !turn_pin(connection, &case, pin)? {
                return Ok(case.post);
            }
            let (kind, action) = pinning(pin);
            tell_by_moderator(connection, &asker, kind, &case, None)?;
            audit::note(connection, &asker, action, case.post.uri.as_str(), "")?;
            Ok(Post {
                pinned: pin == Pin::Pinned,
                ..case.post
            })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(post)
}

/// What stands in the place of posts that went with a ban for which no reason was given.
const REMOVED_WITH_BAN: &str = "Its author was banned from the group";

/// Takes everything that somebody wrote in a group out of view, because they are banned. Of a group of
/// ours the other servers are told post by post, for not all of them make something of a Block.
pub(in crate::services) fn remove_all_of(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::Moderate>,
    group: &Group,
    author: ActorId,
    why: &BanReason,
) -> Result<()> {
    let why = match why.as_str() {
        "" => REMOVED_WITH_BAN,
        said => said,
    };
    let reason: RemovalReason = why.parse()?;
    let ids = storage::posts::list_visible_of_author(connection, group.id, author)?;
    for post in storage::posts::list_by_ids(connection, &ids)? {
        storage::posts::set_removed(connection, permit, &post, true)?;
        if !group.is_local() {
            continue;
        }
        storage::posts::set_removal_reason(connection, permit, post.id, &reason, asker.now)?;
        let event = NewEvent {
            kind: EventKind::PostRemoved,
            // Nobody elsewhere said this of each post.
            actor: match asker.viewer {
                Viewer::Member { actor, .. } => actor,
                _ => group.actor.id,
            },
            group: post.group,
            post: Some(post.id),
            object: None,
            activity: Some(reason.as_str().to_owned()),
        };
        storage::events::append(connection, event, asker.now)?;
    }
    Ok(())
}
