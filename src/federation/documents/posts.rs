//! Topics and comments, and the conversations they make.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::ledger::{put_down, shown_like, shown_post};
use super::{
    CONVERSATION_ITEMS, Data, Turn, answer, conversation_document, document, is_vouched,
    post_document, post_id, respond, signed_reader,
};
use crate::app::Addresses;
use crate::domain::{Group, PostId, Timestamp};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::activities::accept_request::render_authorization;
use crate::federation::activities::{like_post, profile_post};
use crate::federation::objects::collection::{
    add_kept, render_kept, render_page, render_paged, render_passed_on, room_for,
};
use crate::federation::objects::mirror::{render_mirror, render_mirror_tombstone};
use crate::federation::objects::post::render_post;
use crate::federation::objects::tombstone::render_tombstone;
use crate::federation::viewer::Reader;
use crate::services::approvals::{self, Authorization};
use crate::services::documents::{self, Below, PostDocument, is_gone};
use crate::services::ledger::shown::Shown;
use crate::services::mirrors;
use crate::services::posts::ProfilePost;

pub async fn post(federation: Data, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    answer_post(read(&federation, &request, &id).await)
}

/// The copy that a group made of a post for servers that know no groups.
pub async fn mirror(federation: Data, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    answer_post(read_mirror(&federation, &request, &id).await)
}

/// That somebody elsewhere may do something with a post, for who may read the post.
pub async fn authorization(
    federation: Data,
    request: HttpRequest,
    id: web::Path<String>,
) -> HttpResponse {
    respond(read_authorization(&federation, &request, &id).await)
}

async fn read_authorization(
    federation: &Federation,
    request: &HttpRequest,
    id: &web::Path<String>,
) -> Result<Value> {
    let reader = signed_reader(federation, request).await?;
    let number = post_id(id)?.0;
    let found = approvals::find(&federation.app, reader.viewer.clone(), number).await;
    let Authorization {
        approved,
        post,
        author,
        group,
    } = found?;
    let address = federation.app.addresses().authorization(approved.id);
    let shown = shown_like(&post, &approved.interacting);
    put_down(federation, &reader, group.as_ref(), vec![shown]).await?;
    Ok(render_authorization(
        &address,
        &approved,
        &post.uri,
        &author.uri,
    ))
}

/// The document of a post, or of what is left of it.
enum Told {
    Here(Value),
    Gone(Value),
}

fn answer_post(told: Result<Told>) -> HttpResponse {
    match told {
        Ok(Told::Here(document)) => answer::found(&document),
        Ok(Told::Gone(document)) => answer::gone(&document),
        Err(error) => answer::failed(&error),
    }
}

async fn read(
    federation: &Federation,
    request: &HttpRequest,
    id: &web::Path<String>,
) -> Result<Told> {
    let reader = signed_reader(federation, request).await?;
    match find(federation, request, &reader, id).await? {
        Found::InGroup(found, group) => {
            let object = match found.is_gone() {
                true => render_tombstone(&found.post),
                false => {
                    let now = federation.app.clock.now();
                    render(&federation.app.addresses(), &found, &group, now)
                }
            };
            let shown = shown_post(&found.post, &found.author, &object);
            put_down(federation, &reader, Some(&group), vec![shown]).await?;
            Ok(match found.is_gone() {
                true => Told::Gone(document(object)),
                false => Told::Here(post_document(object)),
            })
        }
        Found::OnProfile(found) => {
            let object = profile_post::render_object(&found);
            let shown = shown_post(&found.post, &found.author, &object);
            put_down(federation, &reader, None, vec![shown]).await?;
            Ok(Told::Here(document(object)))
        }
    }
}

async fn read_mirror(
    federation: &Federation,
    request: &HttpRequest,
    id: &web::Path<String>,
) -> Result<Told> {
    let reader = signed_reader(federation, request).await?;
    let asker = federation.app.asker(reader.viewer.clone());
    let (copy, group) = mirrors::find_copy(&federation.app, asker, post_id(id)?).await?;
    let is_gone = is_gone(copy.post.state);
    let object = match is_gone {
        true => render_mirror_tombstone(&copy.post),
        false => render_mirror(&copy, &group),
    };
    let shown = shown_post(&copy.post, &copy.author, &object);
    put_down(federation, &reader, Some(&group), vec![shown]).await?;
    Ok(match is_gone {
        true => Told::Gone(document(object)),
        false => Told::Here(post_document(object)),
    })
}

/// A post where it stands.
enum Found {
    InGroup(Box<PostDocument>, Box<Group>),
    OnProfile(Box<ProfilePost>),
}

impl Found {
    fn in_group((post, group): (PostDocument, Group)) -> Self {
        Self::InGroup(Box::new(post), Box::new(group))
    }
}

async fn find(
    federation: &Federation,
    request: &HttpRequest,
    reader: &Reader,
    id: &web::Path<String>,
) -> Result<Found> {
    let (id, mut asker) = (post_id(id)?, federation.app.asker(reader.viewer.clone()));
    let app = &federation.app;
    match documents::post(app, asker.clone(), id).await {
        Err(Error::NotFound) => {}
        answer => return answer.map(Found::in_group),
    }
    match documents::profile_post(app, asker.clone(), id).await {
        Err(Error::NotFound) => {}
        answer => return answer.map(|post| Found::OnProfile(Box::new(post))),
    }
    let Some(actor) = &reader.actor else {
        return Err(Error::NotFound);
    };
    // Written here in a group elsewhere: who else reads that group, its house says.
    let group = documents::group_that_may_vouch(app, asker.clone(), id).await?;
    if !is_vouched(federation, request, &group, actor).await? {
        return Err(Error::NotFound);
    }
    asker.vouched = Some(group.id);
    documents::post(app, asker, id).await.map(Found::in_group)
}

fn render(addresses: &Addresses, found: &PostDocument, group: &Group, now: Timestamp) -> Value {
    render_post(addresses, group, &found.into(), now)
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
    let found = documents::conversation(app, viewer, id, below, turn.after(), items).await;
    if let (Err(Error::NotFound), Below::Topic) = (&found, below) {
        return on_profile(federation, &reader, id, &turn).await;
    }
    let (group, posts) = found?;
    let of = addresses.post(id).join(match below {
        Below::Topic => "context",
        Below::Post => "replies",
    });
    if !turn.is_page() {
        let mut whole = render_paged(&of, "?page=true");
        whole["attributedTo"] = json!(group.actor.uri);
        return Ok(document(whole));
    }
    let room = room_for(&posts);
    let more = posts.len() == items as usize || room < posts.len();
    let posts = &posts[..room];
    let next = posts.last().filter(|_| more);
    let next = next.map(|last| turn_after(last.post.id));
    let this = turn
        .after()
        .map_or_else(|| "?page=true".to_owned(), turn_after);
    let now = app.clock.now();
    let told: Vec<InConversation> = posts
        .iter()
        .map(|found| tell(&addresses, found, &group, now))
        .collect();
    let shown = posts.iter().zip(&told);
    let shown = shown.flat_map(|(found, told)| told.shown(found));
    put_down(federation, &reader, Some(&group), shown.collect()).await?;
    let (items, kept): (Vec<Value>, Vec<Vec<Value>>) =
        told.into_iter().map(|told| (told.item, told.kept)).unzip();
    let mut page = render_page(&of, &this, items, next);
    add_kept(&mut page, kept.into_iter().flatten().collect());
    Ok(conversation_document(page))
}

/// The conversation that began on a profile here.
async fn on_profile(
    federation: &Federation,
    reader: &Reader,
    id: PostId,
    turn: &Turn,
) -> Result<Value> {
    let (app, items) = (&federation.app, CONVERSATION_ITEMS);
    let viewer = reader.viewer.clone();
    let posts = documents::profile_conversation(app, viewer, id, turn.after(), items).await?;
    let of = app.addresses().post(id).join("context");
    if !turn.is_page() {
        return Ok(document(render_paged(&of, "?page=true")));
    }
    let full = posts.len() == items as usize;
    let next = posts
        .last()
        .filter(|_| full)
        .map(|last| turn_after(last.post.id));
    let this = turn
        .after()
        .map_or_else(|| "?page=true".to_owned(), turn_after);
    // What was written here with its text; of the rest the address, for its own server to show.
    let item = |found: &ProfilePost| match found.author.is_local() {
        true => profile_post::render_object(found),
        false => json!(found.post.uri),
    };
    let items: Vec<Value> = posts.iter().map(item).collect();
    let shown = posts.iter().zip(&items);
    let shown = shown.filter(|(_, item)| item.is_object());
    let shown = shown.map(|(found, item)| shown_post(&found.post, &found.author, item));
    put_down(federation, reader, None, shown.collect()).await?;
    Ok(document(render_page(&of, &this, items, next)))
}

fn turn_after(id: PostId) -> String {
    format!("?page=true&after={id}")
}

/// A post as its conversation tells of it.
struct InConversation {
    /// What was written here with its text; of the rest the address.
    item: Value,
    /// What of it people of third servers said, in their own words.
    kept: Vec<Value>,
}

impl InConversation {
    /// What of it is shown, for the ledger.
    fn shown<'a>(&'a self, found: &'a PostDocument) -> impl Iterator<Item = Shown<'a>> {
        let (post, author) = (&found.post, &found.author);
        let kept = self.kept.first().filter(|_| found.kept.is_some());
        let text = Some(&self.item).filter(|item| item.is_object()).or(kept);
        let text = text.map(|text| shown_post(post, author, text));
        let likes = found.likes.iter().map(|like| &like.by);
        let likes = likes.chain(found.kept_likes.iter().map(|(by, _)| by));
        text.into_iter().chain(likes.map(|by| shown_like(post, by)))
    }
}

fn tell(
    addresses: &Addresses,
    found: &PostDocument,
    group: &Group,
    now: Timestamp,
) -> InConversation {
    let conversation = addresses.post(found.post.topic).join("context");
    let about = format!("{}#announce-{}", group.actor.uri, found.post.id);
    let text = found.kept.iter().map(|said| (about.clone(), said));
    let likes = found.kept_likes.iter().enumerate();
    let likes = likes.map(|(at, (_, said))| (format!("{about}-proven-{at}"), said));
    let kept = text.chain(likes);
    let mut kept: Vec<Value> = kept
        .filter_map(|(id, said)| render_kept(&id, group, &conversation, said))
        .collect();
    // With an address nothing else can come.
    if !found.author.is_local() {
        kept.extend(found.likes.iter().enumerate().map(|(at, like)| {
            let id = format!("{about}-like-{at}");
            let like = like_post::render(&like.uri, &like.by, &found.post.uri, group);
            render_passed_on(&id, group, &conversation, like, None)
        }));
    }
    InConversation {
        item: item(addresses, found, group, now),
        kept,
    }
}

/// What was written here with its text; of the rest the address, for its own server to show.
fn item(addresses: &Addresses, found: &PostDocument, group: &Group, now: Timestamp) -> Value {
    if !found.author.is_local() {
        return json!(found.post.uri);
    }
    let mut object = render(addresses, found, group, now);
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
