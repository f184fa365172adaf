//! `Accept` of an interaction request: who wrote the post lets somebody like, answer or boost it. `result` is the
//! authorization, which readers of the post can fetch.

use serde_json::{Value, json};

use super::interaction_request::named;
use crate::domain::{Approved, AskedInteraction, Interaction, Uri};

pub(super) fn render(
    id: &Uri,
    author: &Uri,
    by: &Uri,
    asked: &AskedInteraction,
    authorization: &Uri,
) -> Value {
    json!({
        "@context": words(),
        "id": id,
        "type": "Accept",
        "actor": author,
        "to": [by],
        "object": named(asked, by),
        "result": authorization,
    })
}

/// The words of requests and their answers.
pub(super) fn words() -> Value {
    let address = |name: &str| json!({ "@id": format!("gts:{name}"), "@type": "@id" });
    json!([
        "https://www.w3.org/ns/activitystreams",
        {
            "gts": "https://gotosocial.org/ns#",
            "LikeRequest": "gts:LikeRequest",
            "ReplyRequest": "gts:ReplyRequest",
            "AnnounceRequest": "gts:AnnounceRequest",
            "LikeAuthorization": "gts:LikeAuthorization",
            "ReplyAuthorization": "gts:ReplyAuthorization",
            "AnnounceAuthorization": "gts:AnnounceAuthorization",
            "interactingObject": address("interactingObject"),
            "interactionTarget": address("interactionTarget"),
        },
    ])
}

/// The authorization itself, as a document.
pub fn render_authorization(id: &Uri, approved: &Approved, post: &Uri, author: &Uri) -> Value {
    json!({
        "@context": words(),
        "id": id,
        "type": match approved.interaction {
            Interaction::Like => "LikeAuthorization",
            Interaction::Reply => "ReplyAuthorization",
            Interaction::Announce => "AnnounceAuthorization",
        },
        "attributedTo": author,
        "interactingObject": approved.interacting,
        "interactionTarget": post,
    })
}
