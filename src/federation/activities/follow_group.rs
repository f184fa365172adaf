//! `Follow{Group, Person}`, or `Join`: a person asks to join a group, or to follow somebody.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    Ok(Command::Follow {
        follow: claim.id.clone(),
        whom: envelope.object_id()?,
    })
}

pub(super) fn render(id: &Uri, person: &Uri, group: &Uri) -> Value {
    json!({ "id": id, "type": "Follow", "actor": person, "object": group, "to": [group] })
}
