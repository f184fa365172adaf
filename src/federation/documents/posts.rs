//! Topics and comments, and the conversations they make.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{
    CONVERSATION_ITEMS, Data, Turn, answer, document, is_vouched, post_id, put_down, respond,
    shown_post, signed_reader,
};
use crate::app::Addresses;
use crate::domain::{Group, PostId};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::activities::like_post;
use crate::federation::objects::collection::{render_page, render_paged};
use crate::federation::objects::post::render_post;
use crate::federation::objects::tombstone::render_tombstone;
use crate::federation::viewer::Reader;
use crate::services::documents::{self, Below, PostDocument};

pub async fn post(federation: Data, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    match read(&federation, &request, &id).await {
        Ok((true, object)) => answer::gone(&document(object)),
        Ok((false, object)) => answer::found(&document(object)),
        Err(error) => answer::failed(&error),
    }
}

/// The post, or its tombstone, and whether that is all that is left of it.
async fn read(
    federation: &Federation,
    request: &HttpRequest,
    id: &web::Path<String>,
) -> Result<(bool, Value)> {
    let reader = signed_reader(federation, request).await?;
    let (found, group) = find(federation, request, &reader, id).await?;
    let object = match found.is_gone() {
        true => render_tombstone(&found.post),
        false => render(&federation.app.addresses(), &found, &group),
    };
    let shown = shown_post(&found.post, &found.author, &object);
    put_down(federation, &reader, Some(&group), vec![shown]).await?;
    Ok((found.is_gone(), object))
}

async fn find(
    federation: &Federation,
    request: &HttpRequest,
    reader: &Reader,
    id: &web::Path<String>,
) -> Result<(PostDocument, Group)> {
    let (id, mut asker) = (post_id(id)?, federation.app.asker(reader.viewer.clone()));
    let (app, Some(actor)) = (&federation.app, &reader.actor) else {
        return documents::post(&federation.app, asker, id).await;
    };
    match documents::post(app, asker.clone(), id).await {
        Err(Error::NotFound) => {}
        answer => return answer,
    }
    // Written here in a group elsewhere: who else reads that group, its house says.
    let group = documents::group_that_may_vouch(app, asker.clone(), id).await?;
    if !is_vouched(federation, request, &group, actor).await? {
        return Err(Error::NotFound);
    }
    asker.vouched = Some(group.id);
    documents::post(app, asker, id).await
}

fn render(addresses: &Addresses, found: &PostDocument, group: &Group) -> Value {
    let parent = found.parent.as_ref();
    render_post(addresses, &found.post, &found.author, group, parent)
}

/// The whole conversation of a topic (FEP-f228), oldest first.
pub async fn context(
    federation: Data,
    request: HttpRequest,
    id: web::Path<String>,
) -> HttpResponse {
    respond(conversation(&federation, &request, &id, Below::Topic).await)
}

/// What answers a post directly.
pub async fn replies(
    federation: Data,
    request: HttpRequest,
    id: web::Path<String>,
) -> HttpResponse {
    respond(conversation(&federation, &request, &id, Below::Post).await)
}

async fn conversation(
    federation: &Federation,
    request: &HttpRequest,
    id: &web::Path<String>,
    below: Below,
) -> Result<Value> {
    let (app, addresses) = (&federation.app, federation.app.addresses());
    let reader = signed_reader(federation, request).await?;
    let viewer = reader.viewer.clone();
    let (id, turn) = (post_id(id)?, Turn::of(request));
    let items = CONVERSATION_ITEMS;
    let (group, posts) =
        documents::conversation(app, viewer, id, below, turn.after(), items).await?;
    let of = addresses.post(id).join(match below {
        Below::Topic => "context",
        Below::Post => "replies",
    });
    if !turn.is_page() {
        let mut whole = render_paged(&of, "?page=true");
        whole["attributedTo"] = json!(group.actor.uri);
        return Ok(document(whole));
    }
    let full = posts.len() == items as usize;
    let next = posts
        .last()
        .filter(|_| full)
        .map(|last| turn_after(last.post.id));
    let this = turn
        .after()
        .map_or_else(|| "?page=true".to_owned(), turn_after);
    let items: Vec<Value> = posts
        .iter()
        .map(|found| item(&addresses, found, &group))
        .collect();
    let shown = posts
        .iter()
        .zip(&items)
        .filter(|(_, item)| item.is_object());
    let shown = shown.map(|(found, item)| shown_post(&found.post, &found.author, item));
    put_down(federation, &reader, Some(&group), shown.collect()).await?;
    Ok(document(render_page(&of, &this, items, next)))
}

fn turn_after(id: PostId) -> String {
    format!("?page=true&after={id}")
}

/// What was written here with its text; of the rest the address, for its own server to show.
fn item(addresses: &Addresses, found: &PostDocument, group: &Group) -> Value {
    if !found.author.is_local() {
        return json!(found.post.uri);
    }
    let mut object = render(addresses, found, group);
    if !found.likes.is_empty() {
        object["likes"] = render_likes(found, group);
    }
    object
}

/// The likes a post has, as the activities they came with: who joins later counts them too.
fn render_likes(found: &PostDocument, group: &Group) -> Value {
    let likes = found.likes.iter();
    let items: Vec<Value> = likes
        .map(|like| like_post::render(&like.uri, &like.by, &found.post.uri, group))
        .collect();
    json!({ "type": "Collection", "totalItems": items.len(), "items": items })
}
