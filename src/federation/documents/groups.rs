//! Groups of this house and their lists.
//!
//! The roster of members shows a server its own people only: neither ours nor anybody else's, and no
//! counts. Who moderates is shown to whoever reads the group.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::ledger::{put_down, shown_member, shown_post, shown_profile};
use super::{
    Data, OUTBOX_ITEMS, Turn, answer, conversation_document, document, post_document, reader,
    respond, signed_reader, vouched,
};
use crate::domain::{GroupList, Page, Uri};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::objects::collection::{
    render_announced, render_page, render_paged, render_whole, room_for,
};
use crate::federation::objects::group::{list_of, render_group};
use crate::federation::objects::post::render_post;
use crate::services::documents::{self, PostDocument};

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
    let room = room_for(&topics);
    let more = topics.len() == OUTBOX_ITEMS as usize || room < topics.len();
    let topics = &topics[..room];
    let next = topics.last().filter(|_| more);
    let next = next.map(|last| format!("?page=true&before={}", last.post.id));
    let now = app.clock.now();
    let items: Vec<Value> = topics
        .iter()
        .map(|topic| render_announced(&addresses, &group, topic, now))
        .collect();
    // Of what was written elsewhere it is the address alone, unless its author proved it.
    let shown = topics.iter().zip(&items);
    let shown = shown.filter(|(_, item)| item["object"].is_object());
    let shown = shown.map(|(topic, item)| shown_post(&topic.post, &topic.author, item));
    put_down(federation, &reader, Some(&group), shown.collect()).await?;
    let this = match turn.before() {
        Some(before) => format!("?page=true&before={before}"),
        None => "?page=true".to_owned(),
    };
    Ok(conversation_document(render_page(
        &outbox, &this, items, next,
    )))
}

pub async fn followers(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    match Turn::of(&request).is_follower {
        None => respond(read_members(&federation, &request, &name).await),
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

async fn read_members(federation: &Federation, request: &HttpRequest, name: &str) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    let people = documents::members(&federation.app, viewer, name).await?;
    let list = address(federation, name, "followers")?;
    Ok(people_listed(&list, &people))
}

pub async fn moderators(
    federation: Data,
    request: HttpRequest,
    name: web::Path<String>,
) -> HttpResponse {
    respond(read_moderators(&federation, &request, &name).await)
}

async fn read_moderators(
    federation: &Federation,
    request: &HttpRequest,
    name: &str,
) -> Result<Value> {
    let reader = signed_reader(federation, request).await?;
    let viewer = reader.viewer.clone();
    let (group, people) = documents::moderators(&federation.app, viewer, name).await?;
    let shown = people.iter().map(|person| shown_member(&group, person));
    put_down(federation, &reader, Some(&group), shown.collect()).await?;
    Ok(people_listed(&group.actor.uri.join("moderators"), &people))
}

fn people_listed(list: &Uri, people: &[Uri]) -> Value {
    let people = people.iter().map(|person| json!(person)).collect();
    document(render_whole(list, people))
}

/// Pinned topics, newest first. Of one that was written elsewhere only the address: its text is read
/// where it lives.
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
    let reader = signed_reader(federation, request).await?;
    let viewer = reader.viewer.clone();
    let (group, topics) = documents::pinned(&federation.app, viewer, name).await?;
    let (addresses, now) = (federation.app.addresses(), federation.app.clock.now());
    let item = |topic: &PostDocument| match topic.author.is_local() {
        true => render_post(&addresses, &group, &topic.into(), now),
        false => json!(topic.post.uri),
    };
    let items: Vec<Value> = topics.iter().map(item).collect();
    let shown = topics.iter().zip(&items);
    let shown = shown.filter(|(_, item)| item.is_object());
    let shown = shown.map(|(topic, item)| shown_post(&topic.post, &topic.author, item));
    put_down(federation, &reader, Some(&group), shown.collect()).await?;
    let id = list_of(&group, GroupList::Featured);
    Ok(post_document(render_whole(&id, items)))
}

/// The address of one of a group's lists; the group is there.
fn address(federation: &Federation, name: &str, list: &str) -> Result<Uri> {
    let name = name.parse().map_err(|_| Error::NotFound)?;
    Ok(federation.app.addresses().group(&name).join(list))
}
