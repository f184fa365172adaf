//! `Accept{Offer{Move}}`: a partner's house takes a group. `result` is the group that it is there.

use serde_json::{Value, json};

use super::{Envelope, Reading, offer_move};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn is_of_a_move(envelope: &Envelope<'_>) -> bool {
    let offer = envelope.object;
    offer.get("type").and_then(Value::as_str) == Some("Offer")
        && offer.get("object").is_some_and(offer_move::is_about_a_move)
}

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    Ok(Command::AcceptMove {
        offer: offer_move::id_of_offer(envelope.object)?,
        target: super::single_uri(envelope.value, "result")?,
    })
}

pub(super) fn render(
    id: &Uri,
    offer: &Uri,
    (ourselves, instance): (&Uri, &Uri),
    (group, target): (&Uri, &Uri),
) -> Value {
    json!({
        "id": id,
        "type": "Accept",
        "actor": ourselves,
        "to": [instance],
        "object": offer_move::render(offer, instance, group, ourselves),
        "result": target,
    })
}
