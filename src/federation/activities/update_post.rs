//! `Update{Page, Note, …}`: the author changed the text.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, audience, create_post};
use crate::app::Addresses;
use crate::domain::{Actor, Group, Post, Promise, Uri};
use crate::federation::objects::{post, post_context};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object.is_string() || !post::is_post(envelope.object) {
        return Ok(Command::Ignored("not_a_post"));
    }
    create_post::read_own(envelope.object, envelope.value, claim).map(Command::UpdatePost)
}

pub(super) fn render(
    id: &Uri,
    addresses: &Addresses,
    post: &Post,
    author: &Actor,
    group: &Group,
    parent: Option<&Uri>,
    promise: &Promise,
) -> Value {
    let (to, cc) = audience(group);
    json!({
        "@context": post_context(),
        "id": id,
        "type": "Update",
        "actor": author.uri,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": post::render_post(addresses, post, author, group, parent, promise),
    })
}
