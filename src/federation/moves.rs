//! Somebody elsewhere says that they have another account: believed when that account says so too, at its
//! own origin (FEP-7628: `alsoKnownAs`).

use serde_json::Value;

use crate::domain::{ActorId, ActorKind, Uri};
use crate::error::{Error, Result};
use crate::federation::{Federation, objects};
use crate::services::follows;

/// Former names looked at in one document.
const FORMER_NAMES_MAX: usize = 20;

impl Federation {
    /// Has the followers here of a person who moved follow `target` instead; how many.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the new account does not name the old one; a fault when it cannot be read.
    pub async fn follow_move(&self, person: ActorId, target: &Uri) -> Result<usize> {
        let old = follows::find_followed(&self.app, person).await?;
        let document = self.fetch(target).await?;
        if !is_also_known_as(&document.json, &old.uri) {
            return Err(Error::invalid(
                "target",
                "does not say that it is the same person",
            ));
        }
        if objects::actor::parse_actor(&document.json)?.new.kind != ActorKind::Person {
            return Err(Error::invalid("target", "is not a person"));
        }
        let new = self.remember(document).await?;
        follows::move_followers(&self.app, old.id, new.id).await
    }
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
