//! `Reject{Offer{Move}}`: a partner's house does not take a group.

use serde_json::{Value, json};

use super::{Envelope, Reading, accept_move, offer_move};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn is_one(envelope: &Envelope<'_>) -> bool {
    accept_move::is_of_a_move(envelope)
}

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    Ok(Command::DeclineMove {
        offer: offer_move::id_of_offer(envelope.object)?,
    })
}

pub(super) fn render(id: &Uri, offer: &Uri, ourselves: &Uri, group: &Uri, instance: &Uri) -> Value {
    json!({
        "id": id,
        "type": "Reject",
        "actor": ourselves,
        "to": [instance],
        "object": offer_move::render(offer, instance, group, ourselves),
    })
}
