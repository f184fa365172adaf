//! Somebody has another account, from elsewhere or from here: believed when that account says so too, at its
//! own origin (FEP-7628: `alsoKnownAs`).

use serde_json::Value;

use crate::domain::{Actor, ActorId, ActorKind, Uri};
use crate::error::{Error, Result};
use crate::federation::{Federation, objects};
use crate::policy::Viewer;
use crate::services::{accounts, follows};

/// Former names looked at in one document.
const FORMER_NAMES_MAX: usize = 20;

impl Federation {
    /// Has the followers here of a person who moved follow `target` instead; how many.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the new account does not name the old one; a fault when it cannot be read.
    pub async fn follow_move(&self, person: ActorId, target: &Uri) -> Result<usize> {
        let old = follows::find_followed(&self.app, person).await?;
        let new = match target.host() == self.app.config.host() {
            true => {
                let here = accounts::find_former(&self.app, target, &old.uri).await?;
                here.ok_or_else(says_nothing)?
            }
            false => self.read_new_account(target, &old.uri).await?,
        };
        follows::move_followers(&self.app, old.id, new.id).await
    }

    /// Says that somebody here is at `target` now: their followers elsewhere are told, those here follow the new
    /// account by themselves.
    ///
    /// # Errors
    /// As [`Self::follow_move`]; [`Error::NotFound`] where `viewer` has no say about that person.
    pub async fn move_away(&self, viewer: Viewer, person: ActorId, target: &Uri) -> Result<()> {
        let old = accounts::find_mover(&self.app, viewer.clone(), person).await?;
        if target.host() == self.app.config.host() {
            return Err(Error::invalid("target", "is in this house"));
        }
        let new = self.read_new_account(target, &old.uri).await?;
        accounts::move_away(&self.app, viewer, person, new.uri).await?;
        let count = follows::move_followers(&self.app, old.id, new.id).await?;
        tracing::info!(%person, %target, count, "somebody moved away, followers here with them");
        Ok(())
    }

    /// The person at an address elsewhere, who says that they are `former`, too.
    async fn read_new_account(&self, target: &Uri, former: &Uri) -> Result<Actor> {
        let document = self.fetch(target).await?;
        if !is_also_known_as(&document.json, former) {
            return Err(says_nothing());
        }
        if objects::actor::parse_actor(&document.json)?.new.kind != ActorKind::Person {
            return Err(Error::invalid("target", "is not a person"));
        }
        self.remember(document).await
    }
}

fn says_nothing() -> Error {
    Error::invalid(
        "target",
        "does not say that it is the same person: name the old account there (“also known as”) first",
    )
}

fn is_also_known_as(document: &Value, old: &Uri) -> bool {
    let names = match document.get("alsoKnownAs") {
        Some(Value::Array(names)) => names.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let mut names = names.into_iter().take(FORMER_NAMES_MAX);
    names.any(|name| name.as_str() == Some(old.as_str()))
}
