//! `Page` and `Note`: topics and comments. Others also write `Article`, `Video` and more, which are
//! read as the text they contain, and all write `Question`, which is a post that is a poll.

mod content;
mod revision;

use serde_json::{Value, json};

use super::interaction::{read_policy, render_policy};
use super::read::{check_sizes, entries, kind_of, required_uri, text, uri_of};
use super::{attachment, audience, is_everybody, question};
use crate::app::Addresses;
use crate::domain::{
    Actor, Attachment, BODY_BYTES_MAX, Group, Invalid, Poll, Post, Promise, Timestamp, Uri,
};
use crate::services::documents::PostDocument;
use crate::services::posts::{ReceivedPost, Recipients};

pub use revision::{carried, revision_of};

/// Longest title looked at, characters; what is kept of it is shorter.
const NAME_CHARS_MAX: usize = 1_000;

// Writing -----------------------------------------------------------------------------------------

/// A topic or comment with all that its document says.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    pub post: &'a Post,
    pub author: &'a Actor,
    /// What a comment answers.
    pub parent: Option<&'a Uri>,
    /// Who may do what with it.
    pub promise: &'a Promise,
    pub attachments: &'a [Attachment],
    /// The poll that it is.
    pub poll: Option<&'a Poll>,
}

impl<'a> From<&'a PostDocument> for Written<'a> {
    fn from(found: &'a PostDocument) -> Self {
        Self {
            post: &found.post,
            author: &found.author,
            parent: found.parent.as_ref(),
            promise: &found.promise,
            attachments: &found.attachments,
            poll: found.poll.as_ref(),
        }
    }
}

/// Writes a topic or comment as it is embedded in activities. Whether a poll is over depends on `now`.
pub fn render_post(
    addresses: &Addresses,
    group: &Group,
    written: &Written<'_>,
    now: Timestamp,
) -> Value {
    let Written {
        post,
        author,
        parent,
        promise,
        attachments,
        poll,
    } = *written;
    let mut object = json!({
        "id": post.uri,
        "type": kind_of_ours(post),
        "url": post.uri,
        "attributedTo": author.uri,
        "to": audience(group),
        "audience": group.actor.uri,
        "content": post.html,
        "mediaType": "text/html",
        "published": post.created_at,
        "interactionPolicy": render_policy(promise, &author.uri, group),
    });
    if let Some(title) = &post.title {
        object["name"] = json!(title);
    }
    if let Some(source) = &post.source {
        object["source"] = json!({ "content": source, "mediaType": "text/markdown" });
    }
    if let Some(parent) = parent {
        object["inReplyTo"] = json!(parent);
    }
    let attached = attachment::render_all(addresses, attachments);
    if !attached.is_empty() {
        object["attachment"] = Value::Array(attached);
    }
    if let Some(edited_at) = post.edited_at {
        object["updated"] = json!(edited_at);
    }
    // The conversation is the group's: for groups elsewhere their house knows its address.
    if group.is_local() {
        object["context"] = json!(addresses.post(post.topic).join("context"));
    }
    if let Some(poll) = poll {
        question::add_poll(&mut object, post, poll, now);
    }
    object
}

/// Writes a post on a profile as it is embedded in activities, without what it answers. `to` and `cc`
/// are whom it is for.
pub fn render_profile_post(post: &Post, author: &Actor, to: &Value, cc: &Value) -> Value {
    let mut object = json!({
        "id": post.uri,
        "type": "Note",
        "url": post.uri,
        "attributedTo": author.uri,
        "to": to,
        "cc": cc,
        "content": post.html,
        "mediaType": "text/html",
        "published": post.created_at,
    });
    if let Some(source) = &post.source {
        object["source"] = json!({ "content": source, "mediaType": "text/markdown" });
    }
    if let Some(edited_at) = post.edited_at {
        object["updated"] = json!(edited_at);
    }
    object
}

/// Topics are pages, comments are notes.
pub(super) fn kind_of_ours(post: &Post) -> &'static str {
    if post.is_topic() { "Page" } else { "Note" }
}

// Reading -----------------------------------------------------------------------------------------

/// True for the kinds of objects that become topics and comments.
pub fn is_post(object: &Value) -> bool {
    matches!(
        kind_of(object),
        Some(
            "Page"
                | "Note"
                | "Article"
                | "Question"
                | "Video"
                | "Audio"
                | "Image"
                | "Document"
                | "Event"
        )
    )
}

/// Reads a topic or comment. `activity` is what it came in: some servers name the group only there.
///
/// That its id and its author are of one server, and that the sender may speak for them, is the
/// caller's to check.
///
/// # Errors
/// When it is no post, leaves open who wrote it, has nothing to read, or is larger than accepted.
pub fn parse_post(object: &Value, activity: Option<&Value>) -> Result<ReceivedPost, Invalid> {
    if !is_post(object) {
        return Err(Invalid::new("type", "is not one kind of post"));
    }
    check_sizes(object)?;
    let author = author(object)?;
    let parent = parent(object)?;
    let title = text(object, "name", "nameMap")
        .map(|name| name.chars().take(NAME_CHARS_MAX).collect::<String>());
    let poll = question::parse_poll(object);
    let (attachments, links_files) = attachment::read_all(object, &author)?;
    let mut html = content::html(object, &author, poll.is_some())?;
    if poll.is_some() {
        html = question::without_heading(html, title.as_deref());
    }
    let says_something = !html.is_empty() || !attachments.is_empty();
    if !says_something && (title.is_none() || parent.is_some()) {
        // A comment with a name and no text is a vote in a poll.
        return Err(Invalid::new("content", "is missing"));
    }
    let group = group(object, activity, &author)?;
    Ok(ReceivedPost {
        uri: required_uri(object, "id")?,
        interaction: read_policy(object, group.as_ref())?,
        group,
        author,
        parent,
        title,
        html: html.into(),
        source: markdown(object),
        published: time(object, "published"),
        updated: time(object, "updated"),
        poll,
        attachments,
        links_files,
        recipients: recipients(object, activity)?,
        conversation: conversation_of(object),
    })
}

/// Where the conversation is that something belongs to (FEP-f228).
pub fn conversation_of(value: &Value) -> Option<Uri> {
    value.get("context")?.as_str()?.parse().ok()
}

/// Lemmy's private messages.
pub fn is_chat(object: &Value) -> bool {
    kind_of(object) == Some("ChatMessage")
}

/// Whom it is for: as the object says, or else the activity. Never both together: one that is for few
/// must not become one for many.
fn recipients(object: &Value, activity: Option<&Value>) -> Result<Recipients, Invalid> {
    for part in [Some(object), activity].into_iter().flatten() {
        let mut all = entries(part, "to")?;
        all.extend(entries(part, "cc")?);
        if !all.is_empty() {
            return Ok(Recipients {
                everybody: all.iter().any(|value| is_everybody(value)),
                named: all
                    .into_iter()
                    .filter(|value| !is_everybody(value))
                    .filter_map(uri_of)
                    .collect(),
            });
        }
    }
    Ok(Recipients::default())
}

/// True when everybody is among the recipients.
pub fn is_for_everybody(object: &Value) -> bool {
    let recipients = |field| entries(object, field).unwrap_or_default();
    let mut all = recipients("to").into_iter().chain(recipients("cc"));
    all.any(is_everybody)
}

/// Who wrote it. Of several, the one person (a video has also its channel); a list of addresses
/// leaves open which of them answers for the text.
fn author(object: &Value) -> Result<Uri, Invalid> {
    let problem = || Invalid::new("attributedTo", "is not one person");
    let named = entries(object, "attributedTo")?;
    if let [one] = named.as_slice() {
        return uri_of(one).ok_or_else(problem);
    }
    let mut people = named
        .into_iter()
        .filter(|author| kind_of(author) == Some("Person"));
    match (people.next(), people.next()) {
        (Some(person), None) => uri_of(person).ok_or_else(problem),
        _ => Err(problem()),
    }
}

/// What it answers. An answer to something unreadable must not become a topic.
fn parent(object: &Value) -> Result<Option<Uri>, Invalid> {
    match entries(object, "inReplyTo")?.as_slice() {
        [] => Ok(None),
        [one] => uri_of(one)
            .map(Some)
            .ok_or_else(|| Invalid::new("inReplyTo", "is not an address")),
        _ => Err(Invalid::new("inReplyTo", "is more than one")),
    }
}

/// The group it is for: the one that is named as such; otherwise, for people whose software knows
/// no groups, the recipient (or else somebody mentioned) whose address is like those of our groups, or
/// else the first one.
fn group(object: &Value, activity: Option<&Value>, author: &Uri) -> Result<Option<Uri>, Invalid> {
    let both = || [Some(object), activity].into_iter().flatten();
    for part in both() {
        let named = entries(part, "audience")?;
        let named = named.into_iter().filter(|value| !is_everybody(value));
        if let Some(group) = named.into_iter().find_map(uri_of) {
            return Ok(Some(group));
        }
    }
    let mut recipients = Vec::new();
    for part in both() {
        recipients.extend(entries(part, "to")?);
        recipients.extend(entries(part, "cc")?);
    }
    let tags = entries(object, "tag")?.into_iter();
    recipients.extend(tags.filter(|tag| kind_of(tag) == Some("Mention")));
    let candidates: Vec<Uri> = recipients
        .into_iter()
        .filter(|value| !is_everybody(value))
        .filter_map(uri_of)
        .filter(|uri| uri != author && !is_collection(uri))
        .collect();
    let like_ours = candidates.iter().find(|uri| {
        let url = uri.to_url();
        url.is_ok_and(|url| url.path().starts_with("/g/"))
    });
    Ok(like_ours.or_else(|| candidates.first()).cloned())
}

fn is_collection(uri: &Uri) -> bool {
    ["/followers", "/following"]
        .iter()
        .any(|end| uri.as_str().ends_with(end))
}

/// Markdown, where the author's server gives what was typed.
fn markdown(object: &Value) -> Option<String> {
    let source = object.get("source")?;
    let is_markdown = content::media_type(source) == Some("text/markdown");
    let content = source.get("content")?.as_str()?;
    (is_markdown && content.len() <= BODY_BYTES_MAX).then(|| content.to_owned())
}

fn time(object: &Value, field: &str) -> Option<Timestamp> {
    let text = object.get(field)?.as_str()?;
    Timestamp::parse(text).ok()
}

#[cfg(test)]
mod tests;
