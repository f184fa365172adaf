//! `Undo{Lock}`: a topic takes comments again.

use serde_json::{Value, json};

use super::{Reading, audience, id_of, lock_post};
use crate::domain::{Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(lock: &Value) -> Reading<Command> {
    Ok(Command::UnlockTopic {
        object: id_of(lock.get("object").unwrap_or(&Value::Null))?,
    })
}

pub(super) fn render(id: &Uri, lock: &Uri, moderator: &Uri, topic: &Uri, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Undo",
        "actor": moderator,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": lock_post::render(lock, moderator, topic, group),
    })
}
