//! `Invite`: a group asks one person to come, or a member elsewhere invites somebody of their own house into it.
//! The object is the group, the target who is invited (Activity Vocabulary, Invite). A person of whom only the
//! handle is known is named by it, as an `acct:` address (RFC 7565): their server tells of its people only to whom
//! it shares a group with.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection};
use crate::domain::{Actor, Uri};
use crate::services::inbox::Command;
use crate::services::memberships::Invitee;

/// The server of a group is believed about whom it asks; others may name people of their own house.
pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    let group = envelope.object_id()?;
    let Some(target) = envelope.value.get("target") else {
        return Ok(Command::Ignored("invite_of_nobody"));
    };
    let target = target.get("id").unwrap_or(target);
    let text = target
        .as_str()
        .ok_or_else(|| Rejection::Malformed("target: is not one person".into()))?;
    let invitee = match text.strip_prefix("acct:") {
        Some(handle) => Invitee::Handle(handle.parse()?),
        None => Invitee::Uri(text.parse()?),
    };
    if group.host() == claim.actor.host() {
        return Ok(Command::Invite { group, invitee });
    }
    let host = match &invitee {
        Invitee::Handle(handle) => handle.host.as_ref(),
        Invitee::Uri(uri) => Some(uri.host()),
    };
    match host == Some(claim.actor.host()) {
        true => Ok(Command::InviteColleague { group, invitee }),
        false => Err(Rejection::Forged("invites_anothers_people")),
    }
}

/// Somebody here invites a colleague, whom the group's house need not know yet.
pub(super) fn render_colleague(id: &Uri, by: &Uri, group: &Uri, person: &Actor) -> Value {
    json!({
        "id": id,
        "type": "Invite",
        "actor": by,
        "object": group,
        "target": format!("acct:{}@{}", person.name, person.uri.host()),
        "to": [group],
    })
}

pub(super) fn render(id: &Uri, group: &Uri, person: Option<&Uri>, handle: &str) -> Value {
    let target = match person {
        Some(person) => person.to_string(),
        None => format!("acct:{handle}"),
    };
    json!({
        "id": id,
        "type": "Invite",
        "actor": group,
        "object": group,
        "target": target,
        "to": person.into_iter().collect::<Vec<_>>(),
    })
}
