//! `Reject` of an interaction request: somebody is not let like, answer or boost a post.

use serde_json::{Value, json};

use super::accept_request::words;
use super::interaction_request::named;
use crate::domain::{AskedInteraction, Uri};

pub(super) fn render(id: &Uri, author: &Uri, by: &Uri, asked: &AskedInteraction) -> Value {
    json!({
        "@context": words(),
        "id": id,
        "type": "Reject",
        "actor": author,
        "to": [by],
        "object": named(asked, by),
    })
}
