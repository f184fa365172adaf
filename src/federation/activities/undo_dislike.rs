//! `Undo{Dislike}`: read and passed on, never sent.

use serde_json::Value;

use super::{Reading, id_of};
use crate::services::inbox::Command;

pub(super) fn read(dislike: &Value) -> Reading<Command> {
    Ok(Command::Undislike {
        object: id_of(dislike.get("object").unwrap_or(&Value::Null))?,
    })
}
