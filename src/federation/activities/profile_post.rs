//! `Create`, `Update` and `Delete` of a post on a profile, `Like` of one and its `Undo`: said to those
//! who read there, or to who wrote it. Where it is not for everybody, the word for everybody appears nowhere.

use serde_json::{Value, json};

use super::PUBLIC;
use crate::domain::Uri;
use crate::federation::objects::post;
use crate::services::posts::ProfilePost;

pub(in crate::federation) fn render_create(id: &str, told: &ProfilePost) -> Value {
    let mut create = render_around("Create", id, told);
    create["published"] = json!(told.post.created_at);
    create
}

pub(super) fn render_update(id: &Uri, told: &ProfilePost) -> Value {
    render_around("Update", id.as_str(), told)
}

fn render_around(kind: &'static str, id: &str, told: &ProfilePost) -> Value {
    let (to, cc) = recipients(told);
    json!({
        "id": id,
        "type": kind,
        "actor": told.author.uri,
        "to": to,
        "cc": cc,
        "object": render_object(told),
    })
}

/// The post itself.
pub(in crate::federation) fn render_object(told: &ProfilePost) -> Value {
    let (to, cc) = recipients(told);
    let mut object = post::render_profile_post(&told.post, &told.author, &to, &cc);
    if let Some((parent, by)) = &told.answered {
        object["inReplyTo"] = json!(parent);
        // Microblog servers let people know of what mentions them.
        object["tag"] = json!([{
            "type": "Mention",
            "href": by.uri,
            "name": format!("@{}", by.handle()),
        }]);
    }
    if let Some(context) = &told.context {
        object["context"] = json!(context);
    }
    object
}

pub(super) fn render_delete(id: &Uri, told: &ProfilePost) -> Value {
    let (to, cc) = recipients(told);
    json!({
        "id": id,
        "type": "Delete",
        "actor": told.author.uri,
        "to": to,
        "cc": cc,
        "object": { "id": told.post.uri, "type": "Tombstone" },
    })
}

pub(super) fn render_like(id: &Uri, by: &Uri, post: &Uri, author: &Uri) -> Value {
    json!({ "id": id, "type": "Like", "actor": by, "object": post, "to": [author] })
}

pub(super) fn render_undo_like(id: &Uri, like: &Uri, by: &Uri, post: &Uri, author: &Uri) -> Value {
    json!({
        "id": id,
        "type": "Undo",
        "actor": by,
        "object": render_like(like, by, post, author),
        "to": [author],
    })
}

/// For whom it is: everybody or the followers of whose profile it is on; and, by name, whose profile that
/// is and who is answered.
fn recipients(told: &ProfilePost) -> (Value, Value) {
    let owner = &told.owner;
    let followers = owner.followers.clone();
    let followers = followers.unwrap_or_else(|| owner.uri.join("followers"));
    let mut named = Vec::new();
    let answered = told.answered.as_ref().map(|(_, by)| by);
    for person in [Some(owner), answered].into_iter().flatten() {
        if person.id != told.author.id && !named.contains(&person.uri) {
            named.push(person.uri.clone());
        }
    }
    match told.public {
        true => {
            named.insert(0, followers);
            (json!([PUBLIC]), json!(named))
        }
        false => {
            named.insert(0, followers);
            (json!(named), json!([]))
        }
    }
}
