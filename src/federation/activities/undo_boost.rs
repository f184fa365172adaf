//! `Undo{Announce}`: a group takes a boost back, for the post was deleted or removed.

use serde_json::{Value, json};

use super::{audience, boost_post};
use crate::domain::{Group, Uri};

pub(super) fn render(id: &Uri, boost: &Uri, group: &Group, post: &Uri) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Undo",
        "actor": group.actor.uri,
        "to": to,
        "cc": cc,
        "object": boost_post::render(boost, group, post),
    })
}
