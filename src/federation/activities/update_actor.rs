//! `Update{Person, Group, Service}`: an actor's own document changed. What the activity embeds is
//! not used: the document is fetched again from where it lives.

use serde_json::Value;

use super::{Claim, Envelope, Reading, Rejection};
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
