//! `Delete{Page, Note, Tombstone, Person}`: something is taken back, by its author or a moderator;
//! or an actor is gone.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, audience};
use crate::domain::{Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    let object = envelope.object_id()?;
    if object == claim.actor {
        return Ok(Command::DeleteActor);
    }
    Ok(Command::DeleteObject {
        object,
        removal: envelope.value.get("summary").is_some_and(Value::is_string),
    })
}

/// The author takes it back. The object is its bare id: Lemmy reads no other form.
pub(super) fn render(id: &Uri, author: &Uri, object: &Uri, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Delete",
        "actor": author,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": object,
    })
}

/// A moderator takes it out of the group. `summary` is where other servers look for the reason; with
/// it they know a removal from an author's own Delete (Lemmy).
pub(super) fn render_removal(
    id: &Uri,
    moderator: &Uri,
    object: &Uri,
    group: &Group,
    reason: Option<&str>,
) -> Value {
    let mut delete = render(id, moderator, object, group);
    delete["summary"] = json!(reason.unwrap_or("Removed by a moderator"));
    delete
}
