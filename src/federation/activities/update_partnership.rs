//! `Update` of `PartnershipTerms`: what the other side says a partnership is for, whom to call there, and
//! until when it lasts. It names the offer, and so which partnership it is.

use serde_json::{Value, json};

use super::{Reading, single_uri};
use crate::domain::{Terms, Uri};
use crate::federation::extension;
use crate::federation::partnership::terms;
use crate::services::inbox::Command;

pub fn is_about_terms(object: &Value) -> bool {
    object.get("type").and_then(Value::as_str) == Some(terms::KIND)
}

pub fn read(object: &Value) -> Reading<Command> {
    Ok(Command::ChangePartnership {
        agreement: single_uri(object, "agreement")?,
        terms: terms::read(Some(object)),
    })
}

/// From our instance actor to the one with which the partnership was made.
pub(super) fn render(
    id: &Uri,
    agreement: &Uri,
    ourselves: &Uri,
    partner: &Uri,
    said: &Terms,
) -> Value {
    let mut object = terms::render(said);
    object["agreement"] = json!(agreement);
    json!({
        "@context": extension::context(),
        "id": id,
        "type": "Update",
        "actor": ourselves,
        "to": [partner],
        "object": object,
    })
}
