//! `Update{Note}` by a group: the author changed the text of which a group posted a copy.

use serde_json::{Value, json};

use crate::domain::{Group, Uri};
use crate::federation::objects::mirror::render_mirror;
use crate::federation::objects::post_context;
use crate::services::mirrors::Copy;

pub(super) fn render(id: &Uri, copy: &Copy, group: &Group) -> Value {
    let note = render_mirror(copy, group);
    json!({
        "@context": post_context(),
        "id": id,
        "type": "Update",
        "actor": group.actor.uri,
        "to": note["to"],
        "cc": [],
        "object": note,
    })
}
