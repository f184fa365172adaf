//! `Announce{Create, Update, Delete, Like, Lock, Undo}` (FEP-1b12): a group tells its members' servers what
//! happened in it, in the words of who did it.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{
    CONTEXT, Claim, Envelope, Reading, Rejection, audience, id_of, into_command, read_claim,
};
use crate::domain::{Group, Uri};
use crate::error::{Error, Result};
use crate::services::deliveries::Rendered;
use crate::services::inbox::Command;

/// An embedded activity is believed only from the group's own server, and as an echo of ours:
/// for everybody else's the group cannot vouch, and we may not ask servers we have nothing to do
/// with. What a moderator of another server did to the group's posts is the group's own act.
pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object.is_string() {
        return Ok(Command::Ignored("announce_of_an_id"));
    }
    if envelope.object.get("actor").is_none() {
        return Ok(Command::Ignored("announce_of_an_object"));
    }
    if envelope.object.get("type").and_then(Value::as_str) == Some("Announce") {
        return Err(Rejection::Malformed("object: is an Announce itself".into()));
    }
    let inner = read_claim(envelope.object)?;
    if is_update_of(&claim.actor, envelope.object) {
        // A moderator changed what the group says of itself: it is asked itself what that is.
        return Ok(Command::UpdateActor);
    }
    let another_servers = inner.actor.host() != claim.actor.host();
    let command = into_command(envelope.object)?;
    match moderates(&command) {
        // Taking out of a group is its house's right, whoever its moderator is: the group says it.
        true if another_servers => Ok(Command::Announced {
            actor: claim.actor.clone(),
            activity: inner.id,
            command: Box::new(command),
        }),
        false if another_servers => Ok(Command::Ignored("announce_of_another_servers")),
        _ => Ok(Command::Announced {
            actor: inner.actor,
            activity: inner.id,
            command: Box::new(command),
        }),
    }
}

fn is_update_of(group: &Uri, activity: &Value) -> bool {
    let kind = activity.get("type").and_then(Value::as_str);
    let object = activity.get("object").map(id_of);
    kind == Some("Update") && matches!(object, Some(Ok(id)) if id == *group)
}

/// What a group may do to every post in it.
const fn moderates(command: &Command) -> bool {
    matches!(
        command,
        Command::DeleteObject { .. }
            | Command::RestoreObject { .. }
            | Command::LockTopic { .. }
            | Command::UnlockTopic { .. }
    )
}

#[derive(Serialize)]
struct Announce<'a, T> {
    #[serde(rename = "@context")]
    context: &'static str,
    id: &'a Uri,
    #[serde(rename = "type")]
    kind: &'static str,
    actor: &'a Uri,
    to: Value,
    cc: Value,
    object: T,
}

/// Wraps an activity of somebody of this house.
pub(super) fn render(id: &Uri, group: &Group, activity: Value) -> Result<Rendered> {
    wrap(id, group, activity)
}

/// Wraps an activity from elsewhere, to the byte as it came: its own signature must still fit.
pub(super) fn render_unchanged(id: &Uri, group: &Group, activity: &str) -> Result<Rendered> {
    let unchanged: &RawValue = serde_json::from_str(activity).map_err(Error::internal)?;
    wrap(id, group, unchanged)
}

fn wrap(id: &Uri, group: &Group, object: impl Serialize) -> Result<Rendered> {
    let (to, cc) = audience(group);
    let announce = Announce {
        context: CONTEXT,
        id,
        kind: "Announce",
        actor: &group.actor.uri,
        to,
        cc,
        object,
    };
    let body = serde_json::to_string(&announce).map_err(Error::internal)?;
    Ok(Rendered {
        id: id.clone(),
        body,
    })
}
