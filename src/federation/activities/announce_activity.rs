//! `Announce{Create, Update, Delete, Like, Lock, Undo}` (FEP-1b12): a group tells its members' servers what
//! happened in it, in the words of who did it.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{
    CONTEXT, Claim, Envelope, Reading, Rejection, audience, create_vote, id_of, into_command,
    proven, read_claim, rendered,
};
use crate::domain::{Group, Uri};
use crate::error::{Error, Result};
use crate::federation::extension::{INTRODUCES, NAMESPACE};
use crate::federation::objects::post::conversation_of;
use crate::federation::objects::{entries, is_everybody, post, uri_of};
use crate::federation::proofs;
use crate::services::deliveries::Rendered;
use crate::services::inbox::{Command, Vouching};
use crate::services::signing::Pens;

/// An embedded activity is believed from the group's own server; one of a third server's people when
/// they prove it themselves (FEP-8b32), or when their server says the same, if it is one that we speak
/// with: for others the group cannot vouch. What a moderator of another server did to the group's posts is the
/// group's own act, for which nothing needs to be proven.
pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object.is_string() || envelope.object.get("actor").is_none() {
        // A post, by its address; what is embedded of it is not looked at.
        let object = id_of(envelope.object)?;
        let share = claim.id.clone();
        return Ok(Command::Shared { share, object });
    }
    if envelope.object.get("type").and_then(Value::as_str) == Some("Announce") {
        return Err(Rejection::Malformed("object: is an Announce itself".into()));
    }
    let inner = read_claim(envelope.object)?;
    if is_update_of(&claim.actor, envelope.object) {
        // A moderator changed what the group says of itself: it is asked itself what that is.
        return Ok(Command::UpdateActor);
    }
    let command = Box::new(in_conversation(into_command(envelope.object)?, envelope));
    let (actor, vouching) = if inner.actor.host() == claim.actor.host() {
        (inner.actor, Vouching::House)
    } else if let Some(proof) = proofs::read(envelope.object, proofs::PROOF) {
        let vouching = Vouching::Claimed {
            proof: Box::new(proof),
            introduction: envelope
                .value
                .get(INTRODUCES)
                .and_then(Value::as_str)
                .map(str::to_owned),
        };
        (inner.actor, vouching)
    } else if command.moderates() {
        // Taking out of a group is its house's right, whoever its moderator is: the group says it.
        (claim.actor.clone(), Vouching::House)
    } else {
        (inner.actor, Vouching::Hearsay)
    };
    Ok(Command::Announced {
        actor,
        activity: inner.id,
        command,
        vouching,
    })
}

/// The command, with where the conversation is that the group keeps: people of third servers cannot say.
fn in_conversation(mut command: Command, envelope: &Envelope<'_>) -> Command {
    if let Command::CreatePost(post) | Command::UpdatePost(post) = &mut command
        && let Some(conversation) = conversation_of(envelope.value)
    {
        post.conversation = Some(conversation);
    }
    command
}

fn is_update_of(group: &Uri, activity: &Value) -> bool {
    let kind = activity.get("type").and_then(Value::as_str);
    let object = activity.get("object").map(id_of);
    kind == Some("Update") && matches!(object, Some(Ok(id)) if id == *group)
}

#[derive(Serialize)]
struct Announce<'a, T> {
    #[serde(rename = "@context")]
    context: Value,
    id: &'a Uri,
    #[serde(rename = "type")]
    kind: &'static str,
    actor: &'a Uri,
    to: Value,
    cc: Value,
    /// The conversation it belongs to, which the group keeps (FEP-f228).
    #[serde(rename = "context", skip_serializing_if = "Option::is_none")]
    conversation: Option<Uri>,
    object: T,
    #[serde(
        rename = "guildhall:introduces",
        skip_serializing_if = "Option::is_none"
    )]
    introduces: Option<&'a str>,
}

/// Wraps an activity of somebody of this house, with a proof of the group around it.
pub(super) fn render(id: &Uri, group: &Group, activity: Value, pens: &Pens) -> Result<Rendered> {
    let readers = readers(group, &activity);
    let announce = serde_json::to_value(wrap(id, group, readers, activity, None, None));
    Ok(rendered(proven(announce.map_err(Error::internal)?, pens)?))
}

/// Wraps an activity from elsewhere, to the byte as it came: its own proof must still fit. Nothing is
/// proven around it, for the words of a proof are protected, and what is inside may bring another
/// version of them.
pub(super) fn render_unchanged(
    id: &Uri,
    group: &Group,
    activity: &str,
    introduction: Option<&str>,
    conversation: Option<Uri>,
) -> Result<Rendered> {
    let unchanged: &RawValue = serde_json::from_str(activity).map_err(Error::internal)?;
    let read: Value = serde_json::from_str(activity).map_err(Error::internal)?;
    let readers = readers(group, &read);
    let announce = wrap(id, group, readers, unchanged, introduction, conversation);
    Ok(Rendered {
        id: id.clone(),
        body: serde_json::to_string(&announce).map_err(Error::internal)?,
        revision: post::revision_of(&read),
    })
}

/// For whom it is: whoever reads the group. A vote is for who asked, whatever group wraps it.
fn readers(group: &Group, activity: &Value) -> (Value, Value) {
    if !create_vote::is_vote(&activity["object"]) {
        return audience(group);
    }
    let named = entries(activity, "to").unwrap_or_default();
    let named = named.into_iter().filter(|reader| !is_everybody(reader));
    let asker: Vec<Uri> = named.filter_map(uri_of).take(1).collect();
    (json!(asker), json!([]))
}

fn wrap<'a, T>(
    id: &'a Uri,
    group: &'a Group,
    (to, cc): (Value, Value),
    object: T,
    introduces: Option<&'a str>,
    conversation: Option<Uri>,
) -> Announce<'a, T> {
    Announce {
        context: match introduces {
            Some(_) => json!([CONTEXT, { "guildhall": NAMESPACE }]),
            None => json!(CONTEXT),
        },
        id,
        kind: "Announce",
        actor: &group.actor.uri,
        to,
        cc,
        conversation,
        object,
        introduces,
    }
}
