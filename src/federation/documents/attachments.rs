//! Pictures and files of what was written here, for other servers and their people who may read it.

use actix_web::body::SizedStream;
use actix_web::guard::GuardContext;
use actix_web::http::StatusCode;
use actix_web::http::header::RANGE;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::TryStreamExt as _;

use super::ledger::{put_down, shown_file};
use super::{Data, answer, is_vouched, signed_reader};
use crate::domain::Rendition;
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::viewer::Reader;
use crate::services::attachments::{self, Asked, Opened, Shown};
use crate::services::documents;

/// True when the reader says by a signature who they are. Everybody else is a person at a browser.
pub fn is_signed(context: &GuardContext<'_>) -> bool {
    let headers = context.head().headers();
    ["signature", "signature-input"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

pub async fn whole(federation: Data, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    respond(&federation, &request, &id, Rendition::Whole).await
}

pub async fn preview(
    federation: Data,
    request: HttpRequest,
    id: web::Path<String>,
) -> HttpResponse {
    respond(&federation, &request, &id, Rendition::Preview).await
}

async fn respond(
    federation: &Federation,
    request: &HttpRequest,
    id: &str,
    rendition: Rendition,
) -> HttpResponse {
    let shown = match read(federation, request, id, rendition).await {
        Ok(shown) => shown,
        Err(error) => return answer::failed(&error),
    };
    let range = request.headers().get(RANGE);
    let found = shown.answer(range.and_then(|range| range.to_str().ok()));
    let status = StatusCode::from_u16(found.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for header in &found.headers {
        response.insert_header((header.0, header.1.as_str()));
    }
    response.insert_header(answer::DEPENDS_ON);
    let length = found.length;
    let chunks = found.chunks().map_ok(web::Bytes::from);
    response.body(SizedStream::new(length, chunks))
}

async fn read(
    federation: &Federation,
    request: &HttpRequest,
    id: &str,
    rendition: Rendition,
) -> Result<Shown> {
    let reader = signed_reader(federation, request).await?;
    let opened = find(federation, request, &reader, id, rendition).await?;
    let line = vec![shown_file(&opened)];
    put_down(federation, &reader, opened.group.as_ref(), line).await?;
    Ok(opened.shown)
}

async fn find(
    federation: &Federation,
    request: &HttpRequest,
    reader: &Reader,
    id: &str,
    rendition: Rendition,
) -> Result<Opened> {
    let app = &federation.app;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let (asked, mut asker) = (Asked { id, rendition }, app.asker(reader.viewer.clone()));
    match attachments::open(app, asker.clone(), asked).await {
        Err(Error::NotFound) => {}
        answer => return answer,
    }
    // Of a post that was written here in a group elsewhere: who else reads that group, its house says.
    let actor = reader.actor.as_ref().ok_or(Error::NotFound)?;
    let post = attachments::find_post(app, id).await?;
    let group = documents::group_that_may_vouch(app, asker.clone(), post).await?;
    if !is_vouched(federation, request, &group, actor).await? {
        return Err(Error::NotFound);
    }
    asker.vouched = Some(group.id);
    attachments::open(app, asker, asked).await
}
