//! Bookmarks: what somebody here wants to find again. They are told to nobody and change nothing for others;
//! what their owner may not read any more is not in their list.

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{ActorId, Page, PostId};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::access;
use crate::services::posts::{Listed, listed};
use crate::storage;
use crate::storage::bookmarks::Bookmark;

/// Marks a post that the viewer may read.
pub async fn add(app: &App, viewer: Viewer, post: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("bookmark", move |connection| {
            access::permit_post::<act::Read>(connection, &asker, post)?;
            storage::bookmarks::insert(connection, owner(&asker)?, post, asker.now)
        })
        .await
}

/// Takes the mark off again.
pub async fn remove(app: &App, viewer: Viewer, post: PostId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("unbookmark", move |connection| {
            access::permit_post::<act::Read>(connection, &asker, post)?;
            storage::bookmarks::remove(connection, owner(&asker)?, post)
        })
        .await
}

/// What the viewer marked and may read, the latest mark first, each with the mark's own number, by which `page`
/// counts.
pub async fn list(app: &App, viewer: Viewer, page: Page) -> Result<Vec<(i64, Listed)>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_bookmarks", move |connection| {
            let (owner, scope) = (owner(&asker)?, access::scope(&asker));
            let marks = storage::bookmarks::list(connection, &scope, owner, page)?;
            let ids: Vec<PostId> = marks.iter().map(|mark| mark.post).collect();
            let posts = storage::posts::list_by_ids(connection, &ids)?;
            let listed = listed(connection, &asker, posts)?.into_iter();
            let mut listed: HashMap<PostId, Listed> =
                listed.map(|one| (one.view.post.id, one)).collect();
            let with_number = |mark: Bookmark| Some((mark.id, listed.remove(&mark.post)?));
            Ok(marks.into_iter().filter_map(with_number).collect())
        })
        .await
}

/// Only people with an account here mark anything.
fn owner(asker: &Asker) -> Result<ActorId> {
    match asker.viewer {
        Viewer::Member { actor, .. } => Ok(actor),
        Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            Err(Error::Denied(Reason::SignInNeeded))
        }
    }
}
