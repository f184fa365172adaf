//! `Update{Person, Group, Service}`: an actor's own document changed. What the activity embeds is
//! not used: the document is fetched again from where it lives.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection};
use crate::domain::Uri;
use crate::federation::objects::actor_document;
use crate::services::inbox::Command;

pub(super) fn is_about_an_actor(object: &Value) -> bool {
    let kind = object.get("type").and_then(Value::as_str);
    matches!(
        kind,
        Some("Person" | "Group" | "Service" | "Application" | "Organization")
    )
}

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object_id()? != claim.actor {
        return Err(Rejection::Forged("updates_another_actor"));
    }
    Ok(Command::UpdateActor)
}

/// An actor of ours tells that it says something else of itself now: whole, for readers that do not
/// fetch it again.
pub(super) fn render(id: &Uri, actor: &Uri, to: &Value, document: Value) -> Value {
    actor_document(json!({
        "id": id,
        "type": "Update",
        "actor": actor,
        "to": to,
        "object": document,
    }))
}
