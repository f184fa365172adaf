//! `Delete{Person, Group}`: an actor is gone. Others forget it; its document answers 404.

use serde_json::{Value, json};

use crate::domain::Uri;

/// Somebody of ours is gone, in their own words: the last that their key signs.
pub(super) fn render(id: &Uri, actor: &Uri) -> Value {
    json!({
        "id": id,
        "type": "Delete",
        "actor": actor,
        "to": [],
        "object": actor,
    })
}
