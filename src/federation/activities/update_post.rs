//! `Update{Page, Note, …}`: the author changed the text.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, audience, create_post};
use crate::domain::{Actor, Group, Uri};
use crate::federation::objects::{post, post_context};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object.is_string() || !post::is_post(envelope.object) {
        return Ok(Command::Ignored("not_a_post"));
    }
    create_post::read_own(envelope.object, envelope.value, claim).map(Command::UpdatePost)
}

pub(super) fn render(id: &Uri, author: &Actor, object: Value, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "@context": post_context(),
        "id": id,
        "type": "Update",
        "actor": author.uri,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": object,
    })
}
