//! `Update{Person, Group, Service}`: an actor's own document changed. What the activity embeds is
//! not used: the document is fetched again from where it lives.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, proven, rendered};
use crate::app::Addresses;
use crate::domain::ActorKind;
use crate::error::Result;
use crate::federation::objects::actor_context;
use crate::federation::objects::group::render_group;
use crate::federation::objects::instance::render_instance;
use crate::federation::objects::person::render_person;
use crate::services::deliveries::{ActorNews, Rendered};
use crate::services::inbox::Command;
use crate::services::signing::Pens;

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

/// Tells that one of our actors has new keys, with its document as it is now.
pub(super) fn render(addresses: &Addresses, news: &ActorNews, pens: &Pens) -> Result<Rendered> {
    let (actor, keys) = (&news.actor, &news.keys);
    let object = match (&news.group, actor.kind) {
        (Some(group), _) => render_group(addresses, group, keys),
        (None, ActorKind::Service) => render_instance(addresses, actor, keys),
        (None, ActorKind::Person | ActorKind::Group) => render_person(addresses, actor, keys),
    };
    let update = json!({
        "@context": actor_context(),
        "id": addresses.activity("update", news.event.0),
        "type": "Update",
        "actor": actor.uri,
        "to": [],
        "object": object,
    });
    Ok(rendered(proven(update, pens)?))
}
