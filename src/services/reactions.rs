//! Likes, here and from afar. Both sides count the same rows, so their numbers agree.

use crate::app::{App, Asker};
use crate::domain::{Actor, ActorId, EventKind, Post, PostId, Uri};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, kept, mirrors, refusals};
use crate::storage::events::NewEvent;
use crate::storage::kept::Kept;
use crate::storage::{self, Connection};

/// Likes a post. Liking it twice is liking it once.
pub async fn like(app: &App, viewer: Viewer, post: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    app.db
        .write("like", move |connection| {
            let case = access::permit_post::<act::React>(connection, &asker, post)?;
            let actor = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            if storage::reactions::find(connection, post, actor)?.is_some() {
                return Ok(());
            }
            let before = [EventKind::Liked, EventKind::Unliked];
            refusals::supersede(connection, post, actor, &before, asker.now)?;
            let event = tell(connection, &asker, EventKind::Liked, &case.post, None)?;
            let uri = addresses.activity("like", event);
            storage::reactions::insert(connection, &case.permit, actor, &uri, asker.now)?;
            Ok(())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Takes a like back. Allowed to whoever may read the post: what one gave one may take.
pub async fn unlike(app: &App, viewer: Viewer, post: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("unlike", move |connection| {
            let case = access::permit_post::<act::Read>(connection, &asker, post)?;
            let actor = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            take_back(connection, &asker, actor, &case.post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

fn take_back(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
    post: &Post,
) -> Result<()> {
    if let Some(uri) = storage::reactions::remove(connection, post.id, actor)? {
        let like = Some(uri.as_str());
        tell(connection, asker, EventKind::Unliked, post, like)?;
    }
    Ok(())
}

/// Takes back every like of somebody who is erased; how many. `asker` is who they were.
pub(super) fn take_all_back(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
) -> Result<usize> {
    let liked = storage::reactions::list_all_of_actor(connection, actor)?;
    for id in &liked {
        let post = storage::posts::find(connection, *id)?.ok_or(Error::NotFound)?;
        take_back(connection, asker, actor, &post)?;
    }
    Ok(liked.len())
}

/// Writes news about a reaction. `activity`: what arrived or, for our own Undo, the id of the Like.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    post: &Post,
    activity: Option<&str>,
) -> Result<i64> {
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().unwrap_or(post.author),
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: activity.map(str::to_owned),
    };
    Ok(storage::events::append(connection, event, asker.now)?.0)
}

/// Somebody elsewhere likes a post.
pub(super) fn receive_like(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    like: &Uri,
    object: &Uri,
    activity: Option<&str>,
) -> Result<()> {
    let post = mirrors::find_meant(connection, asker, object)?.ok_or(Error::NotFound)?;
    let case = access::permit_found::<act::React>(connection, asker, post)?;
    let added = storage::reactions::insert(connection, &case.permit, by.id, like, asker.now)?;
    if added && case.group.is_some_and(|group| group.is_local()) {
        kept::keep(connection, Kept::Like, case.post.id, by.id, activity)?;
        tell(connection, asker, EventKind::Liked, &case.post, activity)?;
    }
    Ok(())
}

/// Somebody elsewhere takes a like back.
pub(super) fn receive_unlike(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    object: &Uri,
    activity: Option<&str>,
) -> Result<()> {
    let post = mirrors::find_meant(connection, asker, object)?.ok_or(Error::NotFound)?;
    // What one gave one may take, whatever one sees now; who gave nothing is asked like any reader. A
    // group's house tells of its own group.
    let given = storage::reactions::find(connection, post.id, by.id)?.is_some();
    let group = match asker.viewer {
        Viewer::Person { .. } if given => access::find_group_of(connection, &post)?,
        Viewer::Server { .. } => {
            access::permit_found::<act::React>(connection, asker, post.clone())?.group
        }
        _ => access::permit_found::<act::Read>(connection, asker, post.clone())?.group,
    };
    let removed = storage::reactions::remove(connection, post.id, by.id)?;
    if removed.is_some() && group.is_some_and(|group| group.is_local()) {
        tell(connection, asker, EventKind::Unliked, &post, activity)?;
    }
    Ok(())
}
