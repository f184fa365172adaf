//! New keys of a partner's server, introduced by those that we pinned.
//!
//! A document that lists an old key beside a new one proves nothing: everybody knows the old one. It has to
//! be signed by it, as a whole.

use serde_json::Value;

use crate::domain::{ActorKey, KeyList, Proof};
use crate::error::Result;
use crate::federation::keys::ParsedKey;
use crate::federation::{Federation, proofs};
use crate::services::partners::pins;
use crate::services::remote_actors::ReceivedActor;

impl Federation {
    /// The actor as its document says, with the pinned key that introduces the document's keys, if one does.
    /// A key that was replaced introduces nothing any more.
    pub(super) async fn introduced(
        &self,
        document: &Value,
        received: ReceivedActor,
    ) -> Result<ReceivedActor> {
        let claims = proofs::read_key_proofs(document);
        if claims.is_empty() {
            return Ok(received);
        }
        let pinned = pins::list(&self.app, &received.new.uri).await?;
        let now = self.app.clock.now();
        let made_by = |claim: &Proof, key: &ActorKey| {
            key.uri == claim.key
                && key.list == KeyList::AssertionMethod
                && key.expires_at.is_none()
                && ParsedKey::from_pem(&key.public_pem)
                    .is_ok_and(|key| proofs::holds(claim, &key, now))
        };
        let introducer = pinned
            .iter()
            .find(|key| claims.iter().any(|claim| made_by(claim, key)));
        Ok(ReceivedActor {
            introduced_by: introducer.map(|key| key.uri.clone()),
            ..received
        })
    }
}
