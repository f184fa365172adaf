//! `Create{Note}` by a group: a group posts its copy of what somebody here wrote, for members on servers that know no groups.

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
        "type": "Create",
        "actor": group.actor.uri,
        "to": note["to"],
        "cc": [],
        "published": note["published"],
        "object": note,
    })
}
