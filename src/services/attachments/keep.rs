//! Making a file of ours of what somebody sent: a picture is made anew, anything else is kept as it is.

use tokio::sync::Semaphore;

use crate::app::App;
use crate::config::Limits;
use crate::domain::{AttachmentKind, Measures, Stored, Unfit};
use crate::error::{Error, Result};
use crate::files::{Draft, Files, Hold};
use crate::pictures::{self, Kind, Picture};

/// Pictures made anew at once, of a process: each takes a core, and memory.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Bytes from which it is told what a file is.
const HEAD_BYTES: u64 = 64;

/// Endings of the names of pictures, those that are not taken too.
const PICTURE_ENDINGS: &[&str] = &[
    "png", "apng", "jpg", "jpeg", "jfif", "gif", "webp", "svg", "svgz", "avif", "heic", "heif",
    "jxl", "bmp", "ico", "tif", "tiff",
];

/// What a file is said to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    pub media_type: String,
    pub name: String,
}

impl Claims {
    fn is_picture(&self) -> bool {
        let ending = self.name.rsplit_once('.').map(|(_, ending)| ending);
        let ending = ending.unwrap_or_default().to_ascii_lowercase();
        self.media_type.starts_with("image/") || PICTURE_ENDINGS.contains(&ending.as_str())
    }
}

/// A file that is in the folder. It is not swept away before this is dropped: not before what refers
/// to it is committed.
pub(super) struct Kept {
    pub kind: AttachmentKind,
    pub media_type: &'static str,
    pub measures: Option<Measures>,
    pub stored: Stored,
    pub hold: Hold,
}

/// Keeps a file for good.
///
/// # Errors
/// [`Error::Unfit`] for what says it is a picture and is none that is taken, what is too large, and
/// pictures that cannot be read.
pub(super) async fn keep(app: &App, draft: Draft, claims: Claims) -> Result<Kept> {
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    let (files, limits) = (app.files.clone(), app.config.limits);
    let work = move || keep_now(&files, &limits, draft, &claims);
    let kept = tokio::task::spawn_blocking(work).await;
    kept.map_err(Error::internal)?
}

fn keep_now(files: &Files, limits: &Limits, draft: Draft, claims: &Claims) -> Result<Kept> {
    if draft.is_empty() {
        return Err(Unfit::Kind("the file is empty").into());
    }
    let head = draft.read(HEAD_BYTES)?;
    match Kind::of(&head) {
        Some(kind) => {
            check_size(&draft, limits.image_bytes)?;
            let bytes = draft.read(limits.image_bytes)?;
            let picture = pictures::make_anew(kind, &bytes, limits.image_pixels)?;
            keep_picture(files, &picture)
        }
        None if claims.is_picture() => {
            Err(Unfit::Kind("this is no picture that is taken: send PNG, JPEG, WebP or GIF").into())
        }
        None => {
            check_size(&draft, limits.file_bytes)?;
            let (hold, bytes) = (files.hold()?, draft.len());
            Ok(Kept {
                kind: AttachmentKind::File,
                media_type: media_type_of(&head),
                measures: None,
                stored: Stored {
                    digest: files.keep(&hold, draft)?,
                    bytes,
                    preview: None,
                },
                hold,
            })
        }
    }
}

fn keep_picture(files: &Files, picture: &Picture) -> Result<Kept> {
    let hold = files.hold()?;
    let preview = match &picture.preview {
        Some(preview) => Some(files.keep_bytes(&hold, preview)?),
        None => None,
    };
    Ok(Kept {
        kind: AttachmentKind::Image,
        media_type: picture.media_type,
        measures: Some(picture.measures.clone()),
        stored: Stored {
            digest: files.keep_bytes(&hold, &picture.bytes)?,
            bytes: picture.bytes.len() as u64,
            preview,
        },
        hold,
    })
}

fn check_size(draft: &Draft, most: u64) -> Result<()> {
    match draft.len() > most {
        true => Err(Unfit::Bytes { most }.into()),
        false => Ok(()),
    }
}

/// How a file is labelled when it is handed out. Never by what its sender says, and never as something
/// that browsers or servers do something with: it is there to be saved.
fn media_type_of(head: &[u8]) -> &'static str {
    match head {
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        [b'P', b'K', 3, 4, ..] => "application/zip",
        _ => "application/octet-stream",
    }
}
