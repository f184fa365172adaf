//! `Undo` of a bare id: what it was is known here, or nothing is undone.

use serde_json::Value;

use super::{Reading, id_of};
use crate::services::inbox::Command;

pub(super) fn read(id: &Value) -> Reading<Command> {
    Ok(Command::UndoById {
        activity: id_of(id)?,
    })
}
