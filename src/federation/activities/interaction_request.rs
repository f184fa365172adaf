//! `LikeRequest`, `ReplyRequest`, `AnnounceRequest` (GoToSocial): somebody asks before they do it. `object` is the
//! post, `instrument` what they would do to it, whole or by its address.

use serde_json::{Value, json};

use super::{Claim, Envelope, Reading, Rejection, actor_of, id_of};
use crate::domain::{AskedInteraction, Interaction, Uri};
use crate::services::inbox::Command;

/// Which of them it is.
pub(super) fn kind(word: &str) -> Option<Interaction> {
    match word {
        "LikeRequest" => Some(Interaction::Like),
        "ReplyRequest" => Some(Interaction::Reply),
        "AnnounceRequest" => Some(Interaction::Announce),
        _ => None,
    }
}

pub(super) const fn word(what: Interaction) -> &'static str {
    match what {
        Interaction::Like => "LikeRequest",
        Interaction::Reply => "ReplyRequest",
        Interaction::Announce => "AnnounceRequest",
    }
}

pub(super) fn read(
    envelope: &Envelope<'_>,
    claim: &Claim,
    interaction: Interaction,
) -> Reading<Command> {
    let missing = || Rejection::Malformed("instrument: is missing".into());
    let instrument = envelope.value.get("instrument").ok_or_else(missing)?;
    let (target, interacting) = (envelope.object_id()?, id_of(instrument)?);
    if interacting.host() != claim.actor.host() {
        return Err(Rejection::Forged("asks_for_another"));
    }
    if instrument.is_object() {
        check(instrument, claim, interaction, &target)?;
    }
    Ok(Command::AskInteraction(AskedInteraction {
        interaction,
        request: claim.id.clone(),
        interacting,
        target,
    }))
}

/// What is embedded must be the asker's own, and about the post that is asked about.
fn check(instrument: &Value, claim: &Claim, what: Interaction, target: &Uri) -> Reading<()> {
    let (doer, about) = match what {
        Interaction::Like | Interaction::Announce => {
            let object = instrument.get("object").map(id_of).transpose()?;
            (actor_of(instrument)?, object)
        }
        Interaction::Reply => {
            let author = instrument.get("attributedTo").unwrap_or(&Value::Null);
            let parent = instrument.get("inReplyTo").map(id_of).transpose()?;
            (id_of(author)?, parent)
        }
    };
    match doer == claim.actor && about.as_ref() == Some(target) {
        true => Ok(()),
        false => Err(Rejection::Forged("asks_for_another")),
    }
}

/// The request as it is named in the answer to it.
pub(super) fn named(asked: &AskedInteraction, by: &Uri) -> Value {
    json!({
        "id": asked.request,
        "type": word(asked.interaction),
        "actor": by,
        "object": asked.target,
        "instrument": asked.interacting,
    })
}
