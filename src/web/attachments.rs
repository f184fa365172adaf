//! The bytes of pictures and files, for people at browsers: by their session, or by the pass in a link
//! that a client of theirs was given.

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::RANGE;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::TryStreamExt as _;

use crate::app::App;
use crate::auth::SentFile;
use crate::domain::{Attachment, AttachmentId, Description, Rendition};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::attachments::{self, Asked, Attached, Upload};
use crate::web::errors::{Answer, Problem};
use crate::web::visit::Member;

/// `GET /media/{id}`
pub async fn whole(
    app: Data<App>,
    request: HttpRequest,
    viewer: Viewer,
    id: Path<String>,
) -> Answer {
    answer(&app, &request, viewer, number(&id)?, Rendition::Whole).await
}

/// `GET /media/{id}/preview`
pub async fn preview(
    app: Data<App>,
    request: HttpRequest,
    viewer: Viewer,
    id: Path<String>,
) -> Answer {
    answer(&app, &request, viewer, number(&id)?, Rendition::Preview).await
}

/// `GET /media/{id}/pass/{pass}`
pub async fn whole_by_pass(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Answer {
    by_pass(&app, &request, path, Rendition::Whole).await
}

/// `GET /media/{id}/pass/{pass}/preview`
pub async fn preview_by_pass(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Answer {
    by_pass(&app, &request, path, Rendition::Preview).await
}

async fn by_pass(
    app: &App,
    request: &HttpRequest,
    path: Path<(String, String)>,
    rendition: Rendition,
) -> Answer {
    let (id, pass) = path.into_inner();
    let id = number(&id)?;
    let viewer = attachments::viewer_of_pass(app, id, &pass).await?;
    answer(app, request, viewer, id, rendition).await
}

async fn answer(
    app: &App,
    request: &HttpRequest,
    viewer: Viewer,
    id: AttachmentId,
    rendition: Rendition,
) -> Answer {
    let asked = Asked { id, rendition };
    let shown = attachments::show(app, app.asker(viewer), asked).await?;
    let range = request.headers().get(RANGE);
    let found = shown.answer(range.and_then(|range| range.to_str().ok()));
    let mut response =
        HttpResponse::build(StatusCode::from_u16(found.status).map_err(Problem::fault)?);
    for header in &found.headers {
        response.insert_header((header.0, header.1.as_str()));
    }
    let length = found.length;
    let chunks = found.chunks().map_ok(Bytes::from);
    Ok(response.body(SizedStream::new(length, chunks)))
}

/// A number in an address. One that cannot be is one that is not there.
fn number(text: &str) -> Result<AttachmentId, Problem> {
    text.parse().map_err(|_| Error::NotFound.into())
}

// In forms ----------------------------------------------------------------------------------------

/// Places for files in a form; more are put in by editing the post.
pub const PLACES: usize = 4;

/// What was sent with a post: files, kept as uploads, and those that an earlier try had left.
#[derive(Debug, Default)]
pub struct Sent {
    pub attached: Vec<Attachment>,
}

impl Sent {
    pub fn list(&self) -> Vec<Attached> {
        let as_it_is = |one: &Attachment| Attached {
            id: one.id,
            description: Some(Description::cut(&one.description)),
        };
        self.attached.iter().map(as_it_is).collect()
    }
}

/// What a form says about files: which there were and are to stay, with what there is to see in each.
pub struct FileFields<'a>(pub &'a [(String, String)]);

impl FileFields<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Those whose box is ticked, in order.
    fn kept(&self) -> impl Iterator<Item = AttachmentId> {
        let boxes = self.0.iter().filter(|(name, _)| name == "keep");
        boxes.filter_map(|(_, value)| value.parse().ok())
    }
}

/// Takes the files of a form in. `before` is what is attached to the post already; of its author's
/// uploads only those count.
///
/// # Errors
/// [`Error::Unfit`] and the like for the first file that is not taken; what was taken before waits for
/// another try, and is forgotten after a day.
pub async fn take(
    member: &Member,
    told: &FileFields<'_>,
    files: Vec<SentFile>,
    before: &[Attachment],
    sent: &mut Sent,
) -> Result<()> {
    for id in told.kept() {
        let known = before.iter().find(|known| known.id == id).cloned();
        let mut kept = match known {
            Some(known) => known,
            None => match attachments::find_own(&member.app, member.viewer(), id).await {
                Ok(found) => found,
                // Forgotten meanwhile.
                Err(Error::NotFound) => continue,
                Err(error) => return Err(error),
            },
        };
        if let Some(text) = told.value(&format!("description-{id}")) {
            kept.description = text.parse::<Description>()?.as_str().to_owned();
        }
        sent.attached.push(kept);
    }
    for file in files {
        let place = file.field.strip_prefix("file-").unwrap_or_default();
        let text = told.value(&format!("description-file-{place}"));
        let upload = Upload {
            draft: file.draft,
            name: file.name,
            media_type: file.media_type,
            description: text.unwrap_or_default().parse()?,
            focus: None,
        };
        let taken = attachments::upload(&member.app, member.viewer(), upload).await?;
        sent.attached.push(taken);
    }
    Ok(())
}
