//! `Delete{Note}` by a group: the post of which it posted a copy was deleted or removed, or is not to be
//! copied any more.

use serde_json::{Value, json};

use crate::domain::{Group, Post, Uri};
use crate::federation::objects::followers_of;
use crate::services::mirrors;

pub(super) fn render(id: &Uri, post: &Post, group: &Group) -> Value {
    json!({
        "id": id,
        "type": "Delete",
        "actor": group.actor.uri,
        "to": [followers_of(group)],
        "cc": [],
        "object": mirrors::address(&post.uri),
    })
}
