//! Uploading pictures and files, before they are in a status.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use crate::api::mastodon::Answer;
use crate::api::mastodon::client::Client;
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::app::App;
use crate::auth::Parts;
use crate::domain::{
    Attachment, AttachmentId, AttachmentKind, Description, Focus, Measures, Rendition,
};
use crate::error::Error;
use crate::services::attachments::{self, Passes, Upload};

#[derive(Serialize)]
pub struct MediaAttachment {
    id: AttachmentId,
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    preview_url: Option<String>,
    /// Where its author's server has it, for what is not ours.
    remote_url: Option<String>,
    meta: serde_json::Value,
    description: Option<String>,
    blurhash: Option<String>,
}

impl MediaAttachment {
    pub fn render(app: &App, passes: &Passes, attachment: &Attachment) -> Result<Self, Error> {
        let is_picture = attachment.kind == AttachmentKind::Image;
        let preview = match is_picture {
            true => Some(passes.link(app, attachment, Rendition::Preview)?),
            false => None,
        };
        let origin = attachment.origin.as_ref();
        Ok(Self {
            id: attachment.id,
            // To Mastodon, what is no picture, sound or film is unknown.
            kind: if is_picture { "image" } else { "unknown" },
            url: passes.link(app, attachment, Rendition::Whole)?,
            preview_url: preview,
            remote_url: origin.map(|origin| origin.url.to_string()),
            meta: meta(attachment),
            description: Some(attachment.title().to_owned()).filter(|text| !text.is_empty()),
            blurhash: attachment
                .measures
                .as_ref()
                .and_then(|measures| measures.blurhash.clone()),
        })
    }

    /// All of a post, in order. Links that cannot be made are a fault of ours; the post is shown without.
    pub fn render_all(app: &App, passes: &Passes, attachments: &[Attachment]) -> Vec<Self> {
        let all = attachments.iter().map(|one| Self::render(app, passes, one));
        let all: Result<Vec<Self>, Error> = all.collect();
        all.unwrap_or_else(|error| {
            tracing::error!(%error, "links to files could not be made");
            Vec::new()
        })
    }
}

fn meta(attachment: &Attachment) -> serde_json::Value {
    let mut meta = json!({});
    if let Some(Measures { width, height, .. }) = &attachment.measures {
        meta["original"] = json!({
            "width": width,
            "height": height,
            "size": format!("{width}x{height}"),
            "aspect": f64::from(*width) / f64::from(*height),
        });
    }
    if let Some((x, y)) = attachment.focus.map(Focus::position) {
        meta["focus"] = json!({ "x": x, "y": y });
    }
    meta
}

/// `POST /api/v1/media` and `/api/v2/media`: the answer comes when the file is ready, so it is never 202.
pub async fn upload(
    app: Data<App>,
    request: HttpRequest,
    client: Client,
    payload: Payload,
) -> Answer {
    let viewer = client.may("write:media")?;
    if request.content_type() != "multipart/form-data" {
        return Err(Failure::UnknownMediaType);
    }
    let anything = |_: &Parts| Ok(());
    let mut sent = Parts::read(&app, request.headers(), payload, anything).await?;
    let description = parsed::<Description>(&sent, "description")?.unwrap_or_default();
    let focus = parsed::<Focus>(&sent, "focus")?;
    // Some clients send a thumbnail of their own: it could show something else.
    let file = sent.files.iter().position(|file| file.field == "file");
    let file = file.ok_or_else(|| Failure::unprocessable("send the file in the field `file`"))?;
    let file = sent.files.swap_remove(file);
    let upload = Upload {
        draft: file.draft,
        name: file.name,
        media_type: file.media_type,
        description,
        focus,
    };
    let made = attachments::upload(&app, viewer, upload).await?;
    answer(&app, &client, &made).await
}

fn parsed<T>(sent: &Parts, name: &str) -> Result<Option<T>, Failure>
where
    T: std::str::FromStr<Err = crate::domain::Invalid>,
{
    let value = sent.field(name).filter(|value| !value.is_empty());
    Ok(value.map(str::parse).transpose()?)
}

/// `GET /api/v1/media/:id`
pub async fn show(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:media")?;
    let found = attachments::find_own(&app, viewer, media_id(&id)?).await?;
    answer(&app, &client, &found).await
}

/// `PUT /api/v1/media/:id`
pub async fn update(app: Data<App>, client: Client, id: Path<String>, params: Params) -> Answer {
    let viewer = client.may("write:media")?;
    let description = params.given("description").map(str::parse).transpose()?;
    let focus = params.parsed("focus")?;
    let id = media_id(&id)?;
    let changed = attachments::describe(&app, viewer, id, description, focus).await?;
    answer(&app, &client, &changed).await
}

async fn answer(app: &App, client: &Client, attachment: &Attachment) -> Answer {
    let passes = client.passes(app).await?;
    let rendered = MediaAttachment::render(app, &passes, attachment)?;
    Ok(HttpResponse::Ok().json(rendered))
}

/// The number in an address. What cannot be one is answered like one that nobody has.
fn media_id(text: &str) -> Result<AttachmentId, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}
