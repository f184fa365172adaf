//! People of this house: who they are, what stands on their profiles, and who follows them.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::ledger::{put_down, shown_post, shown_profile};
use super::{
    Data, OUTBOX_ITEMS, Turn, answer, document, is_vouched, respond, shown_token, signed_reader,
    vouched,
};
use crate::domain::{Page, PostId};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::activities::profile_post;
use crate::federation::actor_tokens::issuer_of;
use crate::federation::objects::collection::{render_page, render_paged, render_whole};
use crate::federation::objects::person::render_person;
use crate::federation::objects::tombstone::render_former_person;
use crate::federation::viewer::Reader;
use crate::services::documents::{self, PersonDocument, PersonHere};

pub async fn person(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    match find(&federation, &request, &name).await {
        Ok((PersonDocument::Here(person), reader)) => {
            respond(read(&federation, &reader, &person).await)
        }
        Ok((PersonDocument::Gone(uri), _)) => answer::gone(&document(render_former_person(&uri))),
        Err(error) => answer::failed(&error),
    }
}

async fn read(
    federation: &Federation,
    reader: &Reader,
    PersonHere {
        person,
        keys,
        approval,
        ways,
    }: &PersonHere,
) -> Result<Value> {
    let addresses = federation.app.addresses();
    let object = render_person(&addresses, person, keys, *approval, ways);
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

/// Whom somebody follows: told to nobody.
pub async fn nothing(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_nothing(&federation, &request, &name).await)
}

async fn read_nothing(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let (PersonDocument::Here(here), _) = find(federation, request, name).await? else {
        return Err(Error::NotFound);
    };
    let list = request.path().rsplit('/').next().unwrap_or_default();
    Ok(document(render_whole(
        &here.person.uri.join(list),
        Vec::new(),
    )))
}

/// What somebody wrote on their profile, newest first.
pub async fn outbox(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_outbox(&federation, &request, &name).await)
}

async fn read_outbox(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let reader = signed_reader(federation, request).await?;
    let turn = Turn::of(request);
    let page = Page::first(OUTBOX_ITEMS).before(turn.before().map(|id| id.0));
    let outbox = documents::outbox(&federation.app, reader.viewer.clone(), name, page).await;
    let (person, posts) = outbox?;
    let of = person.uri.join("outbox");
    if !turn.is_page() {
        return Ok(document(render_paged(&of, "?page=true")));
    }
    let turn_before = |id: PostId| format!("?page=true&before={id}");
    let full = posts.len() == OUTBOX_ITEMS as usize;
    let oldest = posts.last().filter(|_| full).map(|last| last.post.id);
    let this = turn
        .before()
        .map_or_else(|| "?page=true".to_owned(), turn_before);
    let items: Vec<Value> = posts
        .iter()
        .map(|found| {
            let id = format!("{}#create", found.post.uri);
            profile_post::render_create(&id, found)
        })
        .collect();
    let shown = posts.iter().zip(&items);
    let shown = shown.map(|(found, item)| shown_post(&found.post, &found.author, item));
    put_down(federation, &reader, None, shown.collect()).await?;
    let page = render_page(&of, &this, items, oldest.map(turn_before));
    Ok(document(page))
}

/// Those of the asking server's people who follow somebody here.
pub async fn followers(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_followers(&federation, &request, &name).await)
}

async fn read_followers(
    federation: &Federation,
    request: &HttpRequest,
    name: &str,
) -> Result<Value> {
    let reader = signed_reader(federation, request).await?;
    let followers = documents::followers(&federation.app, reader.viewer, name).await;
    let (person, followers) = followers?;
    let items = followers.iter().map(|uri| json!(uri)).collect();
    Ok(document(render_whole(&person.uri.join("followers"), items)))
}
