//! `Undo{Offer{Move}}`: the house of a group takes back that it asked a partner's to take it.

use serde_json::{Value, json};

use super::{Reading, offer_move};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn is_one(undone: &Value) -> bool {
    undone.get("type").and_then(Value::as_str) == Some("Offer")
        && undone
            .get("object")
            .is_some_and(offer_move::is_about_a_move)
}

pub(super) fn read(undone: &Value) -> Reading<Command> {
    Ok(Command::WithdrawMove {
        offer: offer_move::id_of_offer(undone)?,
    })
}

pub(super) fn render(id: &Uri, offer: &Uri, ourselves: &Uri, group: &Uri, instance: &Uri) -> Value {
    json!({
        "id": id,
        "type": "Undo",
        "actor": ourselves,
        "to": [instance],
        "object": offer_move::render(offer, ourselves, group, instance),
    })
}
