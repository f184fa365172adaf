//! `Like{Page, Note}`.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, audience};
use crate::domain::{Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    Ok(Command::Like {
        like: claim.id.clone(),
        object: envelope.object_id()?,
    })
}

/// Writes a Like of `object`.
pub fn render(id: &Uri, person: &Uri, object: &Uri, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Like",
        "actor": person,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": object,
    })
}
