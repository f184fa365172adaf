//! `Undo{Like}`.

use serde_json::{Value, json};

use super::{Reading, audience, id_of, like_post};
use crate::domain::{Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(like: &Value) -> Reading<Command> {
    Ok(Command::Unlike {
        object: id_of(like.get("object").unwrap_or(&Value::Null))?,
    })
}

pub(super) fn render(id: &Uri, like: &Uri, person: &Uri, object: &Uri, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Undo",
        "actor": person,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": like_post::render(like, person, object, group),
    })
}
