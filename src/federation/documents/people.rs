//! People of this house. They have no followers and say nothing outside groups.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{
    Data, answer, document, is_vouched, put_down, respond, shown_profile, shown_token,
    signed_reader, vouched,
};
use crate::domain::{Actor, ActorKey};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::actor_tokens::issuer_of;
use crate::federation::objects::collection::render_whole;
use crate::federation::objects::person::render_person;
use crate::federation::objects::tombstone::render_former_person;
use crate::federation::viewer::Reader;
use crate::services::documents::{self, PersonDocument};

pub async fn person(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    match find(&federation, &request, &name).await {
        Ok((PersonDocument::Here(person, keys), reader)) => {
            respond(read(&federation, &reader, &person, &keys).await)
        }
        Ok((PersonDocument::Gone(uri), _)) => answer::gone(&document(render_former_person(&uri))),
        Err(error) => answer::failed(&error),
    }
}

async fn read(
    federation: &Federation,
    reader: &Reader,
    person: &Actor,
    keys: &[ActorKey],
) -> Result<Value> {
    let object = render_person(&federation.app.addresses(), person, keys);
    let shown = shown_profile(person, &object);
    put_down(federation, reader, None, vec![shown]).await?;
    vouched(federation, object).await
}

async fn find(
    federation: &Federation,
    request: &HttpRequest,
    name: &str,
) -> Result<(PersonDocument, Reader)> {
    let reader = signed_reader(federation, request).await?;
    let found = find_for(federation, request, &reader, name).await?;
    Ok((found, reader))
}

async fn find_for(
    federation: &Federation,
    request: &HttpRequest,
    reader: &Reader,
    name: &str,
) -> Result<PersonDocument> {
    let (app, mut asker) = (&federation.app, federation.app.asker(reader.viewer.clone()));
    let found = documents::person(app, asker.clone(), name).await;
    let (Err(Error::NotFound), Some(token), Some(actor)) =
        (&found, shown_token(request), &reader.actor)
    else {
        return found;
    };
    // Who may read what somebody wrote in a group may know who they are.
    let group = documents::group_of_token(app, asker.clone(), name, issuer_of(token)).await?;
    if !is_vouched(federation, request, &group, actor).await? {
        return found;
    }
    asker.vouched = Some(group.id);
    documents::person(app, asker, name).await
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
    let (PersonDocument::Here(person, _), _) = find(federation, request, name).await? else {
        return Err(Error::NotFound);
    };
    let list = request.path().rsplit('/').next().unwrap_or_default();
    Ok(document(render_whole(&person.uri.join(list), Vec::new())))
}
