//! Topics and comments as statuses: writing, reading, changing, taking back, liking.
//!
//! A status is a comment when it answers one, a topic in the group that it mentions (or, by a parameter
//! of ours, in the group of `group_id`), and otherwise stands on its author's profile. Its text is Markdown.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::mastodon::Answer;
use crate::api::mastodon::boosts;
use crate::api::mastodon::client::{AnyClient, Client};
use crate::api::mastodon::entities::{self, Context, Status, StatusEdit, StatusSource};
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::polls;
use crate::api::mastodon::topic_text::{self, Text};
use crate::app::App;
use crate::domain::{
    AttachmentId, Audience, Body, BoostId, Group, Handle, LabelName, Post, PostId, PostState,
    PostView, Title, markup,
};
use crate::error::Error;
use crate::policy::Viewer;
use crate::services;
use crate::services::attachments::Attached;
use crate::services::posts::{Listed, NewComment, NewTopic};
use crate::services::{directory, groups, labels, posts, reactions};

/// What a status may carry elsewhere but not here yet. Ignoring it would publish something else
/// than was asked for: uncovered, or at once.
const NOT_YET: &[(&str, &str)] = &[
    ("scheduled_at", "posting later is not available yet"),
    ("spoiler_text", "content warnings are not available yet"),
    ("quoted_status_id", "quotes are not available yet"),
    ("quote_id", "quotes are not available yet"),
];

const NO_GROUP: &str = "say where this belongs: mention one group, like @engineering, or answer a post; what \
     mentions nobody goes on your profile (mentioning people is not available yet)";

// Writing -----------------------------------------------------------------------------------------

pub async fn create(
    app: Data<App>,
    request: HttpRequest,
    client: Client,
    params: Params,
) -> Answer {
    let viewer = client.may("write:statuses")?;
    let key = idempotency_key(&request)?;
    let make = publish(app.get_ref().clone(), viewer.clone(), params);
    let id = match key {
        Some(key) => {
            let now = app.clock.now();
            app.asked.once(client.token(), &key, now, make).await?
        }
        None => make.await?,
    };
    answer(&app, &client, viewer, id).await
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Failure> {
    let Some(header) = request.headers().get("Idempotency-Key") else {
        return Ok(None);
    };
    match header.to_str() {
        Ok("") => Ok(None),
        Ok(key) => Ok(Some(key.to_owned())),
        Err(_) => Err(Failure::Malformed("Idempotency-Key is not ASCII".into())),
    }
}

async fn publish(app: App, viewer: Viewer, params: Params) -> Result<PostId, Failure> {
    refuse_not_yet(&params)?;
    match params.text("in_reply_to_id") {
        Some(parent) => comment(&app, viewer, &params, status_id(parent)?).await,
        None if belongs_on_profile(&params) => write_on_profile(&app, viewer, &params).await,
        None => start_topic(&app, viewer, &params).await,
    }
}

/// What names no group and nobody.
fn belongs_on_profile(params: &Params) -> bool {
    let text = params.text("status").unwrap_or_default();
    params.text("group_id").is_none()
        && params.text("title").is_none()
        && topic_text::mentions(text).is_empty()
}

async fn write_on_profile(app: &App, viewer: Viewer, params: &Params) -> Result<PostId, Failure> {
    let body: Body = params.text("status").unwrap_or_default().parse()?;
    let audience = profile_audience(params, posts::widest_audience(app))?;
    let label = label(params)?;
    let post = posts::create_on_profile(app, viewer, body, audience, label).await?;
    Ok(post.id)
}

/// Who is to read a post on one's profile: as `audience` (ours) says, or else as far as `visibility` wants
/// and the house allows. Nobody gets more readers than asked for; who says nothing writes for colleagues.
fn profile_audience(params: &Params, widest: Audience) -> Result<Audience, Failure> {
    let wanted = match (params.text("audience"), params.text("visibility")) {
        (Some(audience), _) => {
            let audience: Audience = audience.parse()?;
            if !audience.is_on_profile() {
                return Err(Failure::unprocessable(
                    "a post on your profile is for `profile` (colleagues), `followers` or `public`",
                ));
            }
            return Ok(audience);
        }
        (None, None) => Audience::Profile,
        (None, Some("public" | "unlisted")) => Audience::Public,
        (None, Some("private")) => Audience::Followers,
        (None, Some("direct")) => {
            return Err(Failure::unprocessable(
                "direct messages are not available yet",
            ));
        }
        (None, Some(other)) => {
            return Err(Failure::unprocessable(format!(
                "there is no visibility {other:?} here"
            )));
        }
    };
    Ok(narrower(wanted, widest))
}

fn narrower(one: Audience, other: Audience) -> Audience {
    match (one, other) {
        (Audience::Public, audience) | (audience, Audience::Public) => audience,
        (Audience::Followers, Audience::Followers) => Audience::Followers,
        _ => Audience::Profile,
    }
}

fn refuse_not_yet(params: &Params) -> Result<(), Failure> {
    match NOT_YET.iter().find(|(name, _)| params.has(name)) {
        Some((_, sentence)) => Err(Failure::unprocessable(*sentence)),
        None => Ok(()),
    }
}

async fn comment(
    app: &App,
    viewer: Viewer,
    params: &Params,
    parent: PostId,
) -> Result<PostId, Failure> {
    if params.has("poll") {
        return Err(Failure::unprocessable("a comment cannot be a poll"));
    }
    let answered = posts::find_listed(app, viewer.clone(), parent).await?;
    match &answered.group {
        Some(group) => refuse_wider(params, group)?,
        None => refuse_wider_on_profile(params, answered.view.post.audience)?,
    }
    let comment = NewComment {
        body: params.parsed("status")?,
        audience: Audience::Group,
        attached: media_ids(params)?,
        label: label(params)?,
    };
    let post = posts::publish_comment(app, viewer, parent, comment).await?;
    Ok(post.id)
}

async fn start_topic(app: &App, viewer: Viewer, params: &Params) -> Result<PostId, Failure> {
    let text = params.text("status").unwrap_or_default();
    let (group, names_group) = find_group(app, &viewer, params, text).await?;
    refuse_wider(params, &group)?;
    let Draft { title, body } = read_topic(params, text, |handle| names_group.contains(handle))?;
    let topic = NewTopic {
        title,
        body,
        poll: polls::draft(params)?,
        attached: media_ids(params)?,
        label: label(params)?,
    };
    let post = posts::publish_topic(app, viewer, group.id, topic).await?;
    Ok(post.id)
}

/// How it is classified, by a parameter of ours. Ignoring one that cannot be would let it go further than was
/// wanted.
fn label(params: &Params) -> Result<Option<LabelName>, Failure> {
    match params.text("label") {
        None | Some("") => Ok(None),
        Some(label) => Ok(Some(label.parse()?)),
    }
}

/// What was uploaded for the status, in order.
fn media_ids(params: &Params) -> Result<Vec<Attached>, Failure> {
    let ids = params.all("media_ids").filter(|id| !id.is_empty());
    let ids = ids.map(|id| {
        let id: AttachmentId = id
            .parse()
            .map_err(|_| Failure::unprocessable(format!("{id:?} is no file that was uploaded")))?;
        Ok(Attached::from(id))
    });
    ids.collect()
}

/// The group a topic is for, and the handles by which the text mentions it.
async fn find_group(
    app: &App,
    viewer: &Viewer,
    params: &Params,
    text: &str,
) -> Result<(Group, Vec<Handle>), Failure> {
    let mentioned: Vec<Handle> = topic_text::mentions(text)
        .into_iter()
        .map(|mention| mention.handle)
        .collect();
    let mut known = directory::find_groups(app, viewer.clone(), mentioned).await?;
    let group = match params.text("group_id") {
        Some(id) => {
            let id = id.parse().map_err(|_| Error::NotFound)?;
            groups::find_by_id(app, viewer.clone(), id).await?.group
        }
        None => match known.first() {
            None => return Err(Failure::unprocessable(NO_GROUP)),
            Some((_, first)) if known.iter().any(|(_, other)| other.id != first.id) => {
                return Err(Failure::unprocessable(
                    "a topic belongs to one group: mention only one",
                ));
            }
            Some((_, group)) => group.clone(),
        },
    };
    known.retain(|(_, other)| other.id == group.id);
    Ok((group, known.into_iter().map(|(handle, _)| handle).collect()))
}

/// A topic as it was written.
struct Draft {
    title: Title,
    body: Option<Body>,
}

/// With `title` (ours) the text is the body as it stands; otherwise its first line is the title.
fn read_topic(
    params: &Params,
    text: &str,
    is_group: impl Fn(&Handle) -> bool,
) -> Result<Draft, Failure> {
    let (title, body) = match params.text("title") {
        Some(title) => (title.to_owned(), text.to_owned()),
        None => {
            let Text { title, body } = Text::parse(text, is_group);
            (title, body)
        }
    };
    let title = title.parse().map_err(|problem: crate::domain::Invalid| {
        let hint = match params.text("title") {
            Some(_) => "",
            None => " (the first line of the text is the topic's title)",
        };
        Failure::unprocessable(format!("{problem}{hint}"))
    })?;
    let body = match body.trim().is_empty() {
        true => None,
        false => Some(body.parse()?),
    };
    Ok(Draft { title, body })
}

/// The group decides who reads. Whoever asks for fewer readers than it has must not get more.
fn refuse_wider(params: &Params, group: &Group) -> Result<(), Failure> {
    match params.text("visibility") {
        None | Some("public" | "unlisted") => Ok(()),
        Some("private") if !entities::is_public(group) => Ok(()),
        Some("private") => Err(Failure::unprocessable(
            "this group is public: everybody can read what is written in it; send visibility=public",
        )),
        Some("direct") => Err(Failure::unprocessable(
            "direct messages are not available yet",
        )),
        Some(other) => Err(Failure::unprocessable(format!(
            "there is no visibility {other:?} here: the group decides who reads"
        ))),
    }
}

/// An answer on a profile is for whoever reads the conversation. Who asks for fewer must not get more.
fn refuse_wider_on_profile(params: &Params, audience: Audience) -> Result<(), Failure> {
    match params.text("visibility") {
        Some("private") if audience == Audience::Public => Err(Failure::unprocessable(
            "everybody can read this conversation; send visibility=public",
        )),
        Some("direct") => Err(Failure::unprocessable(
            "direct messages are not available yet",
        )),
        _ => Ok(()),
    }
}

pub async fn update(app: Data<App>, client: Client, id: Path<String>, params: Params) -> Answer {
    let viewer = client.may("write:statuses")?;
    let id = status_id(&id)?;
    refuse_not_yet(&params)?;
    let listed = find(&app, viewer.clone(), id).await?;
    polls::refuse_changes(&params, listed.view.poll.as_ref())?;
    let text = params.given("status").unwrap_or_default();
    let group = listed.group.as_ref().map(|group| group.id);
    let (title, body) = if let (true, Some(ours)) = (listed.view.post.is_topic(), group) {
        let mentioned = topic_text::mentions(text).into_iter();
        let mentioned = mentioned.map(|mention| mention.handle).collect();
        let known = directory::find_groups(&app, viewer.clone(), mentioned).await?;
        let names_group = |handle: &Handle| {
            known
                .iter()
                .any(|(known, group)| known == handle && group.id == ours)
        };
        let Draft { title, body } = read_topic(&params, text, names_group)?;
        (Some(title), body)
    } else {
        let body = match text.trim().is_empty() {
            true => None,
            false => Some(text.parse()?),
        };
        (params.parsed("title")?, body)
    };
    let attached = match params.given("media_ids") {
        Some(_) => Some(media_ids(&params)?),
        None => None,
    };
    // Raised before the new text, so that no rule sees that without it.
    if let Some(wish) = params.given("label") {
        let label = (!wish.is_empty()).then(|| wish.parse()).transpose()?;
        labels::set_of_post(&app, viewer.clone(), id, label).await?;
    }
    posts::update(&app, viewer.clone(), id, title, body, attached).await?;
    answer(&app, &client, viewer, id).await
}

/// Answers what was deleted, with its text, so that it can be written again. Authors may take back
/// what they wrote even where they may not read it any more; then there is nothing to show.
///
/// A boost of one's own is deleted like any status: it ends, and the post stays.
pub async fn remove(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:statuses")?;
    let id = status_id(&id)?;
    if let Some(post) = services::boosts::find_own(&app, &viewer, BoostId(id.0)).await? {
        return boosts::take_back(&app, &client, viewer, post).await;
    }
    let shown = match posts::find_listed(&app, viewer.clone(), id).await {
        Ok(listed) if listed.view.post.state == PostState::Deleted => {
            return Err(Error::NotFound.into());
        }
        Ok(listed) if is_there(&listed.view.post) => {
            // With it goes what was attached: there is nothing to put into another one.
            let bare = Listed {
                view: PostView {
                    attachments: Vec::new(),
                    ..listed.view.clone()
                },
                ..listed.clone()
            };
            let passes = client.passes(&app).await?;
            Some(Status::render(&app, &passes, &bare).with_text(text_of(&listed)))
        }
        Ok(_) | Err(Error::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    posts::delete(&app, viewer, id).await?;
    Ok(match shown {
        Some(status) => HttpResponse::Ok().json(status),
        None => HttpResponse::Ok().json(serde_json::json!({})),
    })
}

// Reading -----------------------------------------------------------------------------------------

pub async fn show(app: Data<App>, client: AnyClient, id: Path<String>) -> Answer {
    let viewer = client.may("read:statuses")?;
    let listed = find(&app, viewer, status_id(&id)?).await?;
    let passes = client.passes(&app).await?;
    Ok(HttpResponse::Ok().json(Status::render(&app, &passes, &listed)))
}

pub async fn context(app: Data<App>, client: AnyClient, id: Path<String>) -> Answer {
    let viewer = client.may("read:statuses")?;
    let id = find(&app, viewer.clone(), status_id(&id)?)
        .await?
        .view
        .post
        .id;
    let around = posts::surroundings(&app, viewer, id).await?;
    let passes = client.passes(&app).await?;
    Ok(HttpResponse::Ok().json(Context {
        ancestors: entities::render_all(&app, &passes, &around.above),
        descendants: entities::render_all(&app, &passes, &around.below),
    }))
}

pub async fn source(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("read:statuses")?;
    let listed = find(&app, viewer, status_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(StatusSource {
        id: listed.view.post.id,
        text: text_of(&listed),
        spoiler_text: "",
    }))
}

pub async fn history(app: Data<App>, client: AnyClient, id: Path<String>) -> Answer {
    let viewer = client.may("read:statuses")?;
    let (view, earlier) = posts::history(&app, viewer, status_id(&id)?).await?;
    if !is_there(&view.post) {
        return Err(Error::NotFound.into());
    }
    let passes = client.passes(&app).await?;
    let versions = StatusEdit::render_all(&app, &passes, &view, &earlier);
    Ok(HttpResponse::Ok().json(versions))
}

// Liking ------------------------------------------------------------------------------------------

pub async fn favourite(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:favourites")?;
    let id = find(&app, viewer.clone(), status_id(&id)?)
        .await?
        .view
        .post
        .id;
    reactions::like(&app, viewer.clone(), id).await?;
    answer(&app, &client, viewer, id).await
}

pub async fn unfavourite(app: Data<App>, client: Client, id: Path<String>) -> Answer {
    let viewer = client.may("write:favourites")?;
    let id = find(&app, viewer.clone(), status_id(&id)?)
        .await?
        .view
        .post
        .id;
    reactions::unlike(&app, viewer.clone(), id).await?;
    answer(&app, &client, viewer, id).await
}

// -------------------------------------------------------------------------------------------------

/// The number in an address. What cannot be one is answered like one that nobody has.
pub fn status_id(text: &str) -> Result<PostId, Failure> {
    text.parse().map_err(|_| Error::NotFound.into())
}

async fn answer(app: &App, client: &Client, viewer: Viewer, id: PostId) -> Answer {
    let listed = find(app, viewer, id).await?;
    let passes = client.passes(app).await?;
    Ok(HttpResponse::Ok().json(Status::render(app, &passes, &listed)))
}

/// A status that is there. Clients know no tombstones: what was deleted or removed is not found.
/// A boost is one, too.
pub async fn find(app: &App, viewer: Viewer, id: PostId) -> Result<Listed, Failure> {
    let listed = match posts::find_listed(app, viewer.clone(), id).await {
        Err(Error::NotFound) => boosts::find_boost(app, viewer, id).await?,
        found => found?,
    };
    match is_there(&listed.view.post) {
        true => Ok(listed),
        false => Err(Error::NotFound.into()),
    }
}

fn is_there(post: &Post) -> bool {
    match post.state {
        PostState::Visible | PostState::Held => true,
        PostState::Removed | PostState::Deleted => false,
    }
}

/// The text from which the same status can be made: Markdown, where its author's server gave it.
fn text_of(listed: &Listed) -> String {
    let post = &listed.view.post;
    let body = match &post.source {
        Some(source) => source.clone(),
        None => markup::plain_text(&post.html, crate::domain::BODY_BYTES_MAX),
    };
    match (post.title.as_deref(), &listed.group) {
        (Some(title), Some(group)) => topic_text::print(title, &group.actor.handle(), &body),
        (Some(title), None) => format!("{title}\n\n{body}"),
        (None, _) => body,
    }
}
