//! `Delete` of a `Retraction`: a partner is asked to throw away what it got, post by post.

use serde_json::{Value, json};

use super::{Claim, Reading, Rejection};
use crate::app::Addresses;
use crate::domain::{Actor, Group, RETRACTED_POSTS_MAX, Uri};
use crate::federation::extension;
use crate::federation::objects::grant::read_uri;
use crate::services::inbox::Command;
use crate::services::retractions::Request;

pub(super) fn is_about_one(object: &Value) -> bool {
    object.get("type").and_then(Value::as_str) == Some("Retraction")
}

/// The names of requests are those of who asks: an answer leads back to nobody else.
pub(super) fn read(object: &Value, claim: &Claim) -> Reading<Command> {
    let retraction = read_uri(object, "id")?;
    if retraction.host() != claim.actor.host() {
        return Err(Rejection::Forged("retraction_of_another"));
    }
    let posts = addresses(object, "items")?;
    if posts.is_empty() {
        return Err(Rejection::Malformed("items: is empty".into()));
    }
    Ok(Command::Retract { retraction, posts })
}

/// A list of addresses that is not longer than a request may be.
pub(super) fn addresses(object: &Value, member: &'static str) -> Reading<Vec<Uri>> {
    let malformed = || Rejection::Malformed(format!("{member}: is no list of addresses"));
    let items = object.get(member).and_then(Value::as_array);
    let items = items.filter(|items| items.len() <= RETRACTED_POSTS_MAX);
    let read = |item: &Value| Ok(item.as_str().ok_or_else(malformed)?.parse()?);
    items.ok_or_else(malformed)?.iter().map(read).collect()
}

/// From our instance actor to the partner's.
pub(super) fn render(
    id: &Uri,
    addresses: &Addresses,
    group: &Group,
    request: &Request,
    instance: &Actor,
) -> Value {
    json!({
        "@context": extension::context(),
        "id": id,
        "type": "Delete",
        "actor": addresses.instance(),
        "to": [instance.uri],
        "object": {
            "id": addresses.retraction(request.id),
            "type": "Retraction",
            "group": group.actor.uri,
            "totalItems": request.posts.len(),
            "items": request.posts,
            "digest": request.digest,
        },
    })
}
