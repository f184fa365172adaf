//! What people here upload, before it is in a post: theirs alone.

use super::keep::{Claims, keep};
use crate::app::{App, Asker};
use crate::domain::{ActorId, Attachment, AttachmentId, Description, Focus, file_name};
use crate::error::{Error, Result};
use crate::files::Draft;
use crate::policy::{self, Reason, Viewer};
use crate::storage::attachments::NewAttachment;
use crate::storage::{self, Connection};

/// A file as it was sent.
pub struct Upload {
    pub draft: Draft,
    /// What its sender calls it.
    pub name: String,
    /// What its sender says it is.
    pub media_type: String,
    pub description: Description,
    pub focus: Option<Focus>,
}

/// Takes a file in. It waits for a post to be put into, and is forgotten after a day.
///
/// # Errors
/// [`Error::Unfit`] when it is not taken; [`Error::Conflict`] when too many wait already.
pub async fn upload(app: &App, viewer: Viewer, upload: Upload) -> Result<Attachment> {
    let asker = app.asker(viewer);
    let owner = owner(&asker)?;
    let most = app.config.limits.waiting_uploads;
    app.db
        .read("room_for_an_upload", move |connection| {
            check_room(connection, owner, most)
        })
        .await?;
    let claims = Claims {
        media_type: upload.media_type,
        name: upload.name.clone(),
    };
    let kept = keep(app, upload.draft, claims).await?;
    let new = NewAttachment {
        owner,
        kind: kept.kind,
        media_type: kept.media_type.to_owned(),
        name: file_name(&upload.name),
        description: upload.description,
        focus: upload.focus,
        measures: kept.measures,
        origin: None,
        stored: Some(kept.stored),
    };
    let written = app
        .db
        .write("upload", move |connection| {
            check_room(connection, owner, most)?;
            storage::attachments::insert_upload(connection, new, asker.now)
        })
        .await;
    drop(kept.hold);
    written
}

/// Who uploads: somebody with an account here.
fn owner(asker: &Asker) -> Result<ActorId> {
    let owner = asker.viewer.actor();
    let owner = owner.ok_or(Error::Denied(Reason::SignInNeeded))?;
    policy::reads_upload(&asker.viewer, owner)?;
    Ok(owner)
}

fn check_room(connection: &mut Connection, owner: ActorId, most: u32) -> Result<()> {
    let waiting = storage::attachments::count_waiting(connection, owner)?;
    match waiting < i64::from(most) {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "{most} files of yours wait to be put into a post: post them, or wait a day until they are forgotten"
        ))),
    }
}

/// Finds what the viewer uploaded.
pub async fn find_own(app: &App, viewer: Viewer, id: AttachmentId) -> Result<Attachment> {
    let asker = app.asker(viewer);
    app.db
        .read("find_upload", move |connection| {
            find(connection, &asker, id)
        })
        .await
}

pub(super) fn find(
    connection: &mut Connection,
    asker: &Asker,
    id: AttachmentId,
) -> Result<Attachment> {
    let attachment = storage::attachments::find(connection, id)?.ok_or(Error::NotFound)?;
    policy::reads_upload(&asker.viewer, attachment.owner)?;
    Ok(attachment)
}

/// Describes an upload while it is in no post; afterwards one edits the post. What is not given stays.
pub async fn describe(
    app: &App,
    viewer: Viewer,
    id: AttachmentId,
    description: Option<Description>,
    focus: Option<Focus>,
) -> Result<Attachment> {
    let asker = app.asker(viewer);
    app.db
        .write("describe_upload", move |connection| {
            let known = find(connection, &asker, id)?;
            if known.post.is_some() {
                return Err(Error::NotFound);
            }
            let description = description.unwrap_or_else(|| Description::cut(&known.description));
            let focus = focus.or(known.focus);
            storage::attachments::describe(connection, id, &description, focus)?;
            find(connection, &asker, id)
        })
        .await
}
