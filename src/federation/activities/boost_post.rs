//! `Announce{id}`: a group boosts a topic (or a comment, where it wants to), as any person boosts. Microblog
//! servers show it to who follows the group, and fetch it.

use serde_json::{Value, json};

use super::audience;
use crate::domain::{Group, Uri};

pub(super) fn render(id: &Uri, group: &Group, post: &Uri) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Announce",
        "actor": group.actor.uri,
        "to": to,
        "cc": cc,
        "object": post,
    })
}
