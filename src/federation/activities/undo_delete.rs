//! `Undo{Delete}`: a moderator takes a removal back, in the shape that Lemmy writes.

use serde_json::{Value, json};

use super::{Reading, audience, delete_object, id_of};
use crate::domain::{Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(delete: &Value) -> Reading<Command> {
    Ok(Command::RestoreObject {
        object: id_of(delete.get("object").unwrap_or(&Value::Null))?,
    })
}

/// Writes the Delete again, as whoever takes it back would say it: the one that is undone may be
/// another moderator's.
pub(super) fn render(
    id: &Uri,
    delete: &Uri,
    moderator: &Uri,
    object: &Uri,
    group: &Group,
) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Undo",
        "actor": moderator,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": delete_object::render_removal(delete, moderator, object, group, None),
    })
}
