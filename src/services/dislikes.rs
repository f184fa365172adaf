//! Dislikes of people elsewhere: counted apart from likes and passed on. Nobody here gives any.

use crate::app::Asker;
use crate::domain::{Actor, EventKind, Post, Uri};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Somebody elsewhere dislikes a post.
pub(super) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    dislike: &Uri,
    object: &Uri,
    activity: Option<&str>,
) -> Result<()> {
    let post = storage::posts::find_by_uri(connection, object)?.ok_or(Error::NotFound)?;
    let case = access::permit_found::<act::React>(connection, asker, post)?;
    let added = storage::dislikes::insert(connection, &case.permit, by.id, dislike, asker.now)?;
    if added && case.group.is_some_and(|group| group.is_local()) {
        pass_on(
            connection,
            asker,
            EventKind::Disliked,
            by,
            &case.post,
            activity,
        )?;
    }
    Ok(())
}

/// Somebody elsewhere takes a dislike back.
pub(super) fn receive_undo(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    object: &Uri,
    activity: Option<&str>,
) -> Result<()> {
    let post = storage::posts::find_by_uri(connection, object)?.ok_or(Error::NotFound)?;
    // Who may read may take back what it gave; a group's house tells of its own group.
    let case_group = match asker.viewer {
        Viewer::Server { .. } => {
            access::permit_found::<act::React>(connection, asker, post.clone())?.group
        }
        _ => access::permit_found::<act::Read>(connection, asker, post.clone())?.group,
    };
    let removed = storage::dislikes::remove(connection, post.id, by.id)?;
    if removed && case_group.is_some_and(|group| group.is_local()) {
        pass_on(
            connection,
            asker,
            EventKind::Undisliked,
            by,
            &post,
            activity,
        )?;
    }
    Ok(())
}

fn pass_on(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    by: &Actor,
    post: &Post,
    activity: Option<&str>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: by.id,
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: activity.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now).map(drop)
}
