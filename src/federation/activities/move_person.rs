//! `Move{Person}`: somebody has another account from now on. Nothing of it is believed before that account
//! says so too.

use super::{Claim, Envelope, Reading, Rejection, id_of};
use crate::services::inbox::Command;
use serde_json::Value;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    if envelope.object_id()? != claim.actor {
        return Err(Rejection::Forged("moves_another"));
    }
    let target = envelope.value.get("target").unwrap_or(&Value::Null);
    Ok(Command::Move {
        target: id_of(target)?,
    })
}
