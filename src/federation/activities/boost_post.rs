//! `Announce{id}`: a group boosts a topic (or a comment, where it wants to), or a person what everybody may
//! read. Microblog servers show it to who follows them, and fetch it.

use serde_json::{Value, json};

use super::{PUBLIC, audience};
use crate::domain::{Actor, Group, Uri};

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

/// What a person passes on, of `author`: said to everybody where the house lets posts on profiles go that far,
/// otherwise to their followers.
pub(super) fn render_by_person(
    id: &Uri,
    by: &Actor,
    post: &Uri,
    author: &Uri,
    public: bool,
) -> Value {
    let followers = by.followers.clone();
    let followers = followers.unwrap_or_else(|| by.uri.join("followers"));
    let (to, cc) = match public {
        true => (json!([PUBLIC]), json!([followers, author])),
        false => (json!([followers, author]), json!([])),
    };
    json!({
        "id": id,
        "type": "Announce",
        "actor": by.uri,
        "to": to,
        "cc": cc,
        "object": post,
    })
}
