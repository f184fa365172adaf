//! People of this house. They have no followers and say nothing outside groups.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{Data, document, reader, respond, vouched};
use crate::error::Result;
use crate::federation::Federation;
use crate::federation::objects::collection::render_whole;
use crate::federation::objects::person::render_person;
use crate::services::documents;

pub async fn person(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_person(&federation, &request, &name).await)
}

async fn read_person(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    let (person, keys) = documents::person(&federation.app, viewer, name).await?;
    let addresses = federation.app.addresses();
    vouched(federation, render_person(&addresses, &person, &keys)).await
}

/// Outbox, followers and following: lists without anything in them.
pub async fn nothing(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_nothing(&federation, &request, &name).await)
}

async fn read_nothing(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    let (person, _) = documents::person(&federation.app, viewer, name).await?;
    let list = request.path().rsplit('/').next().unwrap_or_default();
    Ok(document(render_whole(&person.uri.join(list), Vec::new())))
}
