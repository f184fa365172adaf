//! `Update{Person, Group, Service}`: an actor's own document changed. What the activity embeds is
//! not used: the document is fetched again from where it lives.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, audience};
use crate::app::Addresses;
use crate::domain::{Actor, ActorKey, ActorKind, Approval, Group, PersonWays, Uri};
use crate::federation::objects::actor_document;
use crate::federation::objects::group::render_group;
use crate::federation::objects::instance::render_instance;
use crate::federation::objects::person::render_person;
use crate::services::inbox::Command;

pub(super) fn is_about_an_actor(object: &Value) -> bool {
    let kind = object.get("type").and_then(Value::as_str);
    matches!(
        kind,
        Some("Person" | "Group" | "Service" | "Application" | "Organization")
    )
}

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object_id()? != claim.actor {
        return Err(Rejection::Forged("updates_another_actor"));
    }
    Ok(Command::UpdateActor)
}

/// An actor of ours tells that it says something else of itself now, or has new keys: whole, for
/// readers that do not fetch it again. `approval` and what they say of accounts elsewhere: of a person.
pub(super) fn render(
    id: &Uri,
    addresses: &Addresses,
    actor: &Actor,
    group: Option<&Group>,
    keys: &[ActorKey],
    (approval, ways): (Option<Approval>, &PersonWays),
) -> Value {
    let (to, object) = match (group, actor.kind) {
        (Some(group), _) => (audience(group).0, render_group(addresses, group, keys)),
        (None, ActorKind::Service) => (json!([]), render_instance(addresses, actor, keys)),
        (None, ActorKind::Person | ActorKind::Group) => (
            json!([actor.followers]),
            render_person(
                addresses,
                actor,
                keys,
                approval.unwrap_or(Approval::Nobody),
                ways,
            ),
        ),
    };
    actor_document(json!({
        "id": id,
        "type": "Update",
        "actor": actor.uri,
        "to": to,
        "object": object,
    }))
}
