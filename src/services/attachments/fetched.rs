//! Bytes from elsewhere: of a post that is here, because somebody who reads it wants to see them.

use super::keep::{Claims, keep};
use crate::app::App;
use crate::domain::{AttachmentId, AttachmentKind, FileDigest, Unfit, Uri};
use crate::error::{Error, Result};
use crate::storage;

/// What is to be fetched, and how much of it at most.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub id: AttachmentId,
    pub url: Uri,
    pub bytes_max: u64,
    pub kind: AttachmentKind,
    pub digest: Option<FileDigest>,
}

/// What an errand is for; none: it is here by now, cannot be had, or its post is gone.
pub async fn find_wanted(app: &App, id: AttachmentId) -> Result<Option<Wanted>> {
    let limits = app.config.limits;
    let found = app
        .db
        .read("find_wanted", move |connection| {
            storage::attachments::find(connection, id)
        })
        .await?;
    let Some(attachment) = found.filter(|found| found.stored.is_none()) else {
        return Ok(None);
    };
    let origin = attachment.origin.filter(|origin| !origin.failed);
    Ok(origin.map(|origin| Wanted {
        id,
        url: origin.url,
        bytes_max: match attachment.kind {
            AttachmentKind::Image => limits.image_bytes,
            AttachmentKind::File => limits.file_bytes,
        },
        kind: attachment.kind,
        digest: origin.digest,
    }))
}

/// Keeps what was fetched: a picture is made anew as if somebody here had uploaded it.
///
/// # Errors
/// [`Error::Unfit`] when it is not what it was said to be.
pub async fn keep_fetched(app: &App, wanted: &Wanted, bytes: Vec<u8>) -> Result<()> {
    let files = app.files.clone();
    let written = tokio::task::spawn_blocking(move || {
        let mut draft = files.draft()?;
        draft.write(&bytes)?;
        Ok::<_, Error>(draft)
    });
    let draft = written.await.map_err(Error::internal)??;
    if wanted.digest.is_some_and(|said| !draft.is(said)) {
        return Err(Unfit::Kind("the file is not the one that it was said to be").into());
    }
    let claims = Claims {
        media_type: match wanted.kind {
            AttachmentKind::Image => "image/".to_owned(),
            AttachmentKind::File => String::new(),
        },
        name: String::new(),
    };
    let kept = keep(app, draft, claims).await?;
    if kept.kind != wanted.kind {
        return Err(Unfit::Kind("the file is not of the kind that it was said to be").into());
    }
    let id = wanted.id;
    let written = app
        .db
        .write("keep_fetched", move |connection| {
            let (media_type, measures) = (kept.media_type, kept.measures.as_ref());
            storage::attachments::set_stored(connection, id, media_type, measures, kept.stored)
        })
        .await;
    drop(kept.hold);
    written
}

/// Remembers that something cannot be had: only the way to it is shown from then on.
pub async fn give_up(app: &App, id: AttachmentId) -> Result<()> {
    app.db
        .write("give_up_attachment", move |connection| {
            storage::attachments::set_failed(connection, id)
        })
        .await
}
