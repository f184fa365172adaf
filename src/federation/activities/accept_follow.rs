//! `Accept{Follow}`: a group, or somebody who is followed, lets a person in. The whole Follow is echoed with its original id.

use serde_json::{Value, json};

use super::{Envelope, Reading, follow_group};
use crate::domain::Uri;
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    Ok(Command::AcceptFollow {
        follow: envelope.object_id()?,
    })
}

pub(super) fn render(id: &Uri, follow: &Uri, person: &Uri, group: &Uri) -> Value {
    let follow = follow_group::render(follow, person, group);
    json!({ "id": id, "type": "Accept", "actor": group, "object": follow, "to": [person] })
}
