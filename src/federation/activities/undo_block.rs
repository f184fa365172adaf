//! `Undo{Block}`: a ban is lifted, in the shape that Lemmy writes.

use serde_json::{Value, json};

use super::{Reading, audience, block_person};
use crate::domain::{BanTerms, Group, Uri};
use crate::services::inbox::Command;

pub(super) fn read(block: &Value) -> Reading<Command> {
    let id = block_person::id_of_block(block)?;
    Ok(match block_person::read_ban(block, id)? {
        Some(ban) => Command::LiftBan {
            person: ban.person,
            group: ban.group,
        },
        None => Command::Ignored("personal_block"),
    })
}

/// Writes the Block again, as whoever takes it back would say it: the one that is undone may be
/// another moderator's.
pub(super) fn render(id: &Uri, block: &Uri, moderator: &Uri, person: &Uri, group: &Group) -> Value {
    let (to, cc) = audience(group);
    json!({
        "id": id,
        "type": "Undo",
        "actor": moderator,
        "to": to,
        "cc": cc,
        "audience": group.actor.uri,
        "object": block_person::render(block, moderator, person, group, &BanTerms::default()),
    })
}
