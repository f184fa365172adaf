//! `Undo{Announce}`: a group takes a boost back, for the post was deleted or removed; or a person does, who
//! changed their mind.

use serde_json::{Value, json};

use super::{Reading, Rejection, audience, boost_post, id_of};
use crate::domain::{Actor, Group, Uri};
use crate::services::inbox::Command;

/// What is undone names the post, as all servers write it.
pub(super) fn read(announce: &Value) -> Reading<Command> {
    let object = announce.get("object");
    let object = object.ok_or_else(|| Rejection::Malformed("object.object: is missing".into()))?;
    Ok(Command::Unshared {
        object: id_of(object)?,
    })
}

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

pub(super) fn render_by_person(
    id: &Uri,
    boost: &Uri,
    by: &Actor,
    post: &Uri,
    author: &Uri,
    public: bool,
) -> Value {
    let announce = boost_post::render_by_person(boost, by, post, author, public);
    json!({
        "id": id,
        "type": "Undo",
        "actor": by.uri,
        "to": announce["to"],
        "cc": announce["cc"],
        "object": announce,
    })
}
