//! Groups of this house and their lists.
//!
//! Rosters show a server its own people only: neither ours nor anybody else's, and no counts. So
//! the list of moderators is for finding one's own; what our moderators do is told by the group.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{
    Data, OUTBOX_ITEMS, Turn, answer, document, put_down, reader, respond, shown_post,
    shown_profile, signed_reader, vouched,
};
use crate::domain::{Page, Uri};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::objects::collection::{
    render_announced, render_page, render_paged, render_whole,
};
use crate::federation::objects::group::render_group;
use crate::services::documents::{self, Roster};

pub async fn group(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_group(&federation, &request, &name).await)
}

async fn read_group(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let reader = signed_reader(federation, request).await?;
    let viewer = reader.viewer.clone();
    let (group, keys) = documents::group(&federation.app, viewer, name).await?;
    let object = render_group(&federation.app.addresses(), &group, &keys);
    let shown = shown_profile(&group.actor, &object);
    put_down(federation, &reader, Some(&group), vec![shown]).await?;
    vouched(federation, object).await
}

/// Topics, newest first, as the group passed them on.
pub async fn outbox(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_outbox(&federation, &request, &name).await)
}

async fn read_outbox(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let (app, addresses) = (&federation.app, federation.app.addresses());
    let reader = signed_reader(federation, request).await?;
    let viewer = reader.viewer.clone();
    let turn = Turn::of(request);
    let page = Page::first(OUTBOX_ITEMS).before(turn.before().map(|id| id.0));
    let (group, topics) = documents::topics(app, viewer, name, page).await?;
    let outbox = group.actor.uri.join("outbox");
    if !turn.is_page() {
        return Ok(document(render_paged(&outbox, "?page=true")));
    }
    let next = match topics.last() {
        Some(last) if topics.len() == OUTBOX_ITEMS as usize => {
            Some(format!("?page=true&before={}", last.post.id))
        }
        _ => None,
    };
    let items: Vec<Value> = topics
        .iter()
        .map(|topic| render_announced(&addresses, &group, &topic.post, &topic.author))
        .collect();
    let shown = topics.iter().zip(&items);
    let shown = shown.filter(|(topic, _)| topic.author.is_local());
    let shown = shown.map(|(topic, item)| shown_post(&topic.post, &topic.author, item));
    put_down(federation, &reader, Some(&group), shown.collect()).await?;
    let this = match turn.before() {
        Some(before) => format!("?page=true&before={before}"),
        None => "?page=true".to_owned(),
    };
    Ok(document(render_page(&outbox, &this, items, next)))
}

pub async fn followers(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    match Turn::of(&request).is_follower {
        None => respond(read_roster(&federation, &request, &name, Roster::Members).await),
        Some(asked) => match check_reader(&federation, &request, &name, &asked).await {
            Ok(()) => answer::yes(),
            Err(error) => answer::failed(&error),
        },
    }
}

/// Lemmy's question: does this actor, or its server, read the group? Answered by the status alone.
async fn check_reader(
    federation: &Federation,
    request: &HttpRequest,
    name: &str,
    asked: &str,
) -> Result<()> {
    let viewer = reader(federation, request).await?;
    let asked = asked.parse().map_err(|_| Error::NotFound)?;
    documents::check_reader(&federation.app, viewer, name, asked).await
}

/// A token for the asking server: a group that is not public says that it reads it (FEP-db0e).
pub async fn actor_token(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    match read_token(&federation, &request, &name).await {
        Ok(token) => answer::other("application/json", &token),
        Err(error) => answer::failed(&error),
    }
}

async fn read_token(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let reader = signed_reader(federation, request).await?;
    let actor = reader.actor.ok_or(Error::NotFound)?;
    let (group, token) = documents::token(&federation.app, reader.viewer, name, actor).await?;
    federation.issue(&group, token).await
}

pub async fn moderators(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_roster(&federation, &request, &name, Roster::Moderators).await)
}

async fn read_roster(
    federation: &Federation,
    request: &HttpRequest,
    name: &str,
    roster: Roster,
) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    let people = documents::roster(&federation.app, viewer, name, roster).await?;
    let list = match roster {
        Roster::Members => "followers",
        Roster::Moderators => "moderators",
    };
    let id = address(federation, name, list)?;
    let people = people.iter().map(|person| json!(person)).collect();
    Ok(document(render_whole(&id, people)))
}

/// Pinned topics. There is no pinning yet.
pub async fn featured(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_featured(&federation, &request, &name).await)
}

async fn read_featured(
    federation: &Federation,
    request: &HttpRequest,
    name: &str,
) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    let (group, _) = documents::group(&federation.app, viewer, name).await?;
    let id = group.actor.uri.join("featured");
    Ok(document(render_whole(&id, Vec::new())))
}

/// The address of one of a group's lists; the group is there.
fn address(federation: &Federation, name: &str, list: &str) -> Result<Uri> {
    let name = name.parse().map_err(|_| Error::NotFound)?;
    Ok(federation.app.addresses().group(&name).join(list))
}
