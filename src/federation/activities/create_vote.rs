//! `Create{Note}` with a name and no text: a vote in a poll, said to its author alone.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, id_of};
use crate::domain::Uri;
use crate::federation::objects::{kind_of, text};
use crate::services::inbox::Command;
use crate::services::polls::ReceivedVote;

/// A note that answers by naming something. Comments have a text, and no name.
pub(super) fn is_vote(object: &Value) -> bool {
    let said = text(object, "content", "contentMap").is_some_and(|said| !said.is_empty());
    let names = object.get("name").is_some_and(Value::is_string);
    let answers = object
        .get("inReplyTo")
        .is_some_and(|parent| !parent.is_null());
    kind_of(object) == Some("Note") && names && answers && !said
}

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    let object = envelope.object;
    let part = |field: &str| object.get(field).unwrap_or(&Value::Null);
    if id_of(part("attributedTo"))? != claim.actor {
        return Err(Rejection::Forged("attributed_to_another"));
    }
    if id_of(object)?.host() != claim.actor.host() {
        return Err(Rejection::Forged("object_on_another_server"));
    }
    Ok(Command::Vote(ReceivedVote {
        poll: id_of(part("inReplyTo"))?,
        option: part("name").as_str().unwrap_or_default().to_owned(),
    }))
}

/// Writes a vote of `voter` for an option, to be told to the `author` of the poll and to nobody else.
pub(super) fn render(
    id: &Uri,
    note: &Uri,
    voter: &Uri,
    poll: &Uri,
    author: &Uri,
    option: &str,
) -> Value {
    json!({
        "id": id,
        "type": "Create",
        "actor": voter,
        "to": [author],
        "object": {
            "id": note,
            "type": "Note",
            "attributedTo": voter,
            "to": [author],
            "inReplyTo": poll,
            "name": option,
        },
    })
}
