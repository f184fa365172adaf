//! `Announce{id}`: a group boosts a topic, as any person boosts. Microblog servers show it to who
//! follows the group, and fetch the topic.

use serde_json::{Value, json};

use super::audience;
use crate::domain::{Group, Uri};

pub(super) fn render(id: &Uri, group: &Group, topic: &Uri) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Announce",
        "actor": group.actor.uri,
        "to": to,
        "cc": cc,
        "object": topic,
    })
}
