//! `Undo{Announce}`: a group takes a boost back, for the topic was deleted or removed.

use serde_json::{Value, json};

use super::{audience, boost_topic};
use crate::domain::{Group, Uri};

pub(super) fn render(id: &Uri, boost: &Uri, group: &Group, topic: &Uri) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Undo",
        "actor": group.actor.uri,
        "to": to,
        "cc": cc,
        "object": boost_topic::render(boost, group, topic),
    })
}
