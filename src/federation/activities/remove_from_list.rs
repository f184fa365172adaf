//! `Remove` from one of a group's lists: a topic is pinned no longer, somebody moderates no longer.

use serde_json::Value;

use super::{Envelope, Reading, add_to_list};
use crate::domain::{Group, GroupList, Uri};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>) -> Reading<Command> {
    let Some(target) = add_to_list::target(envelope.value)? else {
        return Ok(Command::Ignored("target_missing"));
    };
    Ok(Command::RemoveFromList {
        object: envelope.object_id()?,
        target,
    })
}

pub(super) fn render(id: &Uri, by: &Uri, object: &Uri, list: GroupList, group: &Group) -> Value {
    add_to_list::render_change("Remove", id, by, object, list, group)
}
