//! `Lock{Page}`: a topic takes no more comments. Not in ActivityStreams; the shape is Lemmy's.

use serde_json::{Value, json};

use super::{Envelope, Reading, audience};
use crate::domain::{Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    Ok(Command::LockTopic {
        object: envelope.object_id()?,
    })
}

pub(super) fn render(id: &Uri, moderator: &Uri, topic: &Uri, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Lock",
        "actor": moderator,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": topic,
    })
}
