//! `Accept` of a `Retraction`: what was thrown away of what a partner asked for.

use serde_json::{Value, json};

use super::delete_retraction::addresses;
use super::{Envelope, Reading, Rejection};
use crate::domain::{RetractionAnswer, Uri};
use crate::federation::extension;
use crate::services::inbox::Command;

pub(super) fn is_one(value: &Value) -> bool {
    let result = value.get("result").and_then(|result| result.get("type"));
    result.and_then(Value::as_str) == Some("Purge")
}

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    let result = &envelope.value["result"];
    let number = |member: &str| {
        let number = result.get(member).and_then(Value::as_u64);
        number
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| Rejection::Malformed(format!("{member}: is no number")))
    };
    let digest = result.get("digest").and_then(Value::as_str);
    let digest = digest.ok_or_else(|| Rejection::Malformed("digest: is missing".into()))?;
    Ok(Command::RetractionAnswered {
        retraction: envelope.object_id()?,
        answer: RetractionAnswer {
            gone: number("totalItems")?,
            purged: number("purged")?,
            digest: digest.to_owned(),
            kept: addresses(result, "kept")?,
        },
    })
}

/// From our instance actor to that of who asked.
pub(super) fn render(
    id: &Uri,
    retraction: &Uri,
    answer: &RetractionAnswer,
    ourselves: &Uri,
    asker: &Uri,
) -> Value {
    json!({
        "@context": extension::context(),
        "id": id,
        "type": "Accept",
        "actor": ourselves,
        "to": [asker],
        "object": retraction,
        "result": {
            "type": "Purge",
            "totalItems": answer.gone,
            "purged": answer.purged,
            "digest": answer.digest,
            "kept": answer.kept,
        },
    })
}
