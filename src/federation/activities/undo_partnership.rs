//! `Undo` of the handshake: a partnership is over. Who was invited undoes their `Offer{Relationship}`,
//! who invited undoes their `Accept` of it. Both name the offer, and so which partnership it is.

use serde_json::{Value, json};

use super::{Reading, id_of};
use crate::domain::Uri;
use crate::federation::extension;
use crate::federation::partnership::wire;
use crate::services::inbox::Command;

pub(super) fn read(undone: &Value) -> Reading<Command> {
    let accepted = undone.get("object").filter(|_| undone["type"] == "Accept");
    let offer = accepted.unwrap_or(undone);
    match wire::is_offer(offer) {
        true => Ok(Command::EndPartnership {
            agreement: id_of(offer)?,
        }),
        false => Ok(Command::Ignored("not_understood")),
    }
}

/// From our instance actor to the one with which the partnership was made.
pub(super) fn render(id: &Uri, offer: &Uri, ourselves: &Uri, partner: &Uri) -> Value {
    let undone = match offer.host() == ourselves.host() {
        true => wire::offer(offer, ourselves, partner),
        false => wire::accept(offer, ourselves, partner),
    };
    json!({
        "@context": extension::context(),
        "id": id,
        "type": "Undo",
        "actor": ourselves,
        "to": [partner],
        "object": undone,
    })
}
