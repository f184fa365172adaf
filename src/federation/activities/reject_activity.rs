//! `Reject` of an activity: a house let in what somebody said in a group of its, answered 202, and refused
//! it when it was applied. Ours: `guildhall:reason` says why in a word that the inbox could have answered.

use serde_json::{Value, json};

use super::{Envelope, Reading};
use crate::domain::Uri;
use crate::federation::extension;
use crate::policy::Reason;
use crate::services::inbox::Command;

const REASON: &str = "guildhall:reason";

/// Whether a `Reject` is one of these; otherwise it is an answer to a `Follow`.
pub(super) fn is_one(value: &Value) -> bool {
    value.get(REASON).is_some_and(Value::is_string)
}

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    let reason = envelope.value[REASON].as_str().unwrap_or_default();
    Ok(Command::RejectActivity {
        activity: envelope.object_id()?,
        reason: reason.to_owned(),
    })
}

/// From our instance actor to the server of who said it.
pub(super) fn render(
    id: &Uri,
    refused: &Uri,
    reason: &str,
    ourselves: &Uri,
    person: &Uri,
) -> Value {
    let mut rejection = json!({
        "@context": extension::context(),
        "id": id,
        "type": "Reject",
        "actor": ourselves,
        "to": [person],
        "object": refused,
        REASON: reason,
    });
    if let Ok(reason) = reason.parse::<Reason>() {
        rejection["summary"] = json!(reason.sentence());
    }
    rejection
}
