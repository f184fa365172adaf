//! `Undo{Follow}`, or `Leave`: a person leaves a group, or follows somebody no more.

use serde_json::{Value, json};

use super::{Reading, follow_group, id_of};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn read(follow: &Value) -> Reading<Command> {
    Ok(Command::Unfollow {
        whom: id_of(follow.get("object").unwrap_or(&Value::Null))?,
    })
}

pub(super) fn render(id: &Uri, follow: &Uri, person: &Uri, group: &Uri) -> Value {
    let follow = follow_group::render(follow, person, group);
    json!({ "id": id, "type": "Undo", "actor": person, "object": follow, "to": [group] })
}
