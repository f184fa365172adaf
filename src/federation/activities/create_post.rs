//! `Create{Page, Note, …}`: a topic or comment is written.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, audience};
use crate::domain::{Actor, Group, Post, Uri};
use crate::federation::objects::{post, post_context};
use crate::services::inbox::Command;
use crate::services::posts::ReceivedPost;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object.is_string() {
        return Ok(Command::Ignored("create_of_an_id"));
    }
    if post::is_chat(envelope.object) {
        return Ok(Command::DirectMessage);
    }
    if !post::is_post(envelope.object) {
        return Ok(Command::Ignored("not_a_post"));
    }
    read_own(envelope.object, envelope.value, claim).map(Command::CreatePost)
}

/// Reads a post and checks that it is the actor's own: written by it, kept on its server.
pub(super) fn read_own(object: &Value, activity: &Value, claim: &Claim) -> Reading<ReceivedPost> {
    let received = post::parse_post(object, Some(activity))?;
    if received.author != claim.actor {
        return Err(Rejection::Forged("attributed_to_another"));
    }
    if received.uri.host() != claim.actor.host() {
        return Err(Rejection::Forged("object_on_another_server"));
    }
    Ok(received)
}

pub(super) fn render(id: &Uri, post: &Post, author: &Actor, object: Value, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "@context": post_context(),
        "id": id,
        "type": "Create",
        "actor": author.uri,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "published": post.created_at,
        "object": object,
    })
}
