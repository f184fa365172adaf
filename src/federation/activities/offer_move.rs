//! `Offer{Move}`: the house of a group asks a partner's to take it. From instance actor to instance actor.

use serde_json::{Value, json};

use super::{Claim, Reading, Rejection, id_of, single_uri};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn is_about_a_move(object: &Value) -> bool {
    object.get("type").and_then(Value::as_str) == Some("Move")
}

pub(super) fn read(moving: &Value, claim: &Claim) -> Reading<Command> {
    let group = id_of(moving.get("object").unwrap_or(&Value::Null))?;
    if group.host() != claim.actor.host() {
        return Err(Rejection::Forged("moves_another_actor"));
    }
    Ok(Command::OfferMove {
        offer: claim.id.clone(),
        group,
    })
}

/// The id of an embedded offer to move.
pub(super) fn id_of_offer(offer: &Value) -> Reading<Uri> {
    single_uri(offer, "id")
}

pub(super) fn render(offer: &Uri, ourselves: &Uri, group: &Uri, instance: &Uri) -> Value {
    json!({
        "id": offer,
        "type": "Offer",
        "actor": ourselves,
        "to": [instance],
        // Where to is theirs to say.
        "object": { "type": "Move", "actor": group, "object": group },
    })
}
