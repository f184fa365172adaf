//! Believing what a group passes on of a third server's people: by their own proof (FEP-8b32), with a
//! key that their own server says is theirs.
//!
//! Where we speak with that server, it is asked for its people's documents as ever. Where we do not,
//! the group's house passes on the document as the third server signed it; the one thing that is
//! asked of that server is its instance actor, which everybody may read. See
//! `docs/adr/0007-words-of-third-servers.md`.

use std::time::Duration;

use crate::domain::{Actor, ActorKind, Host, Proof, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::federation::fetch;
use crate::federation::keyring::Signer;
use crate::federation::objects::actor::{is_servers_key, parse_actor, same_origin};
use crate::federation::{Federation, json, proofs};
use crate::policy::Reason;
use crate::services::inbox::{self, Gate};
use crate::services::prune::ARRIVALS_KEPT;
use crate::services::remote_actors;

/// How old a proof may be: what took effect is remembered longer, so that it does so once.
const PROOF_COUNTS: Duration = ARRIVALS_KEPT.saturating_sub(Duration::from_secs(86_400));

/// What a proof is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    Yes,
    /// A word for the record.
    No(&'static str),
    /// The key is not known, and may become known: its owner's next words bring it.
    NotYet,
}

impl Federation {
    /// Finds out whether `actor` said what a group of `group`'s server passes on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a server that must be asked does not answer.
    pub async fn prove(
        &self,
        group: &Host,
        actor: &Uri,
        proof: &Proof,
        introduction: Option<&str>,
    ) -> Result<Proven> {
        let now = self.app.clock.now();
        let is_old = |made: Timestamp| now.since(made) >= PROOF_COUNTS;
        if proof.created_at.is_some_and(is_old) {
            return Ok(Proven::No("proof_too_old"));
        }
        self.prove_kept(group, actor, proof, introduction).await
    }

    /// The same for what was said at some time and is read now, which is not held to have been said only once.
    ///
    /// # Errors
    /// As [`Self::prove`].
    pub async fn prove_kept(
        &self,
        group: &Host,
        actor: &Uri,
        proof: &Proof,
        introduction: Option<&str>,
    ) -> Result<Proven> {
        if !same_origin(actor, &proof.key) {
            return Ok(Proven::No("proof_of_another_server"));
        }
        let now = self.app.clock.now();
        if proof.created_at.is_none() {
            return Ok(Proven::No("proof_too_old"));
        }
        if let Some(signer) = self.prover(actor, proof).await? {
            return Ok(judge(&signer, actor, proof, now));
        }
        match inbox::gate(&self.app, actor.host()).await? {
            Gate::Shut(Reason::PartnerBlocked) => return Ok(Proven::No("partner_blocked")),
            Gate::Open => drop(self.keyring.fetch_signer(self, actor, &proof.key).await?),
            Gate::Paused | Gate::Stopped | Gate::TakingBack | Gate::Shut(_) => {
                if let Some(introduction) = introduction {
                    self.introduce(group, actor, introduction).await?;
                }
            }
        }
        Ok(match self.prover(actor, proof).await? {
            Some(signer) => judge(&signer, actor, proof, now),
            None => Proven::NotYet,
        })
    }

    /// Whether the key of a proof is at hand: then nobody is asked.
    ///
    /// # Errors
    /// When the database cannot say.
    pub(super) async fn knows_prover(&self, actor: &Uri, proof: &Proof) -> Result<bool> {
        Ok(self.prover(actor, proof).await?.is_some())
    }

    async fn prover(&self, actor: &Uri, proof: &Proof) -> Result<Option<Signer>> {
        let known = self.keyring.known_prover(&self.app, &proof.key).await?;
        Ok(known.filter(|(owner, _)| owner.uri == *actor))
    }

    /// Meets somebody of a server that we do not speak with, by the document that their own server
    /// signed. A document that is not newer than what is known changes nothing: keys that were
    /// replaced must not come back.
    async fn introduce(&self, group: &Host, actor: &Uri, text: &str) -> Result<()> {
        let Ok(document) = json::parse_bounded(text.as_bytes()) else {
            return Ok(());
        };
        let Some(proof) = proofs::read(&document, proofs::SERVER_PROOF) else {
            return Ok(());
        };
        let received = match parse_actor(&document) {
            Ok(received) if received.new.uri == *actor => received,
            Ok(_) | Err(_) => return Ok(()),
        };
        let Some((_, signed_at)) = received.signed else {
            return Ok(());
        };
        let known = remote_actors::signed_at(&self.app, actor).await?;
        if !is_servers_key(&proof.key, actor) || known.is_some_and(|known| known >= signed_at) {
            return Ok(());
        }
        let now = self.app.clock.now();
        let (app, keyring) = (&self.app, &self.keyring);
        let holds = |signer: &Option<Signer>| {
            let by_server = |(owner, key): &Signer| {
                owner.kind == ActorKind::Service && proofs::holds(&proof, key, now)
            };
            signer.as_ref().is_some_and(by_server)
        };
        if !holds(&keyring.known_prover(app, &proof.key).await?) {
            let instance = proof.key.without_fragment();
            keyring.fetch_instance(self, &instance, group).await?;
            if !holds(&keyring.known_prover(app, &proof.key).await?) {
                tracing::info!(%actor, "a passed on document is not signed by its own server");
                return Ok(());
            }
        }
        remote_actors::remember(app, received).await.map(drop)
    }

    /// Fetches the instance actor of a server, unsigned, and remembers it.
    pub(super) async fn fetch_instance(&self, instance: &Uri) -> Result<Actor> {
        if instance.host() == self.app.config.host() {
            return Err(Error::NotFound);
        }
        let now = self.app.clock.now();
        let document = fetch::fetch_document(&self.app.http, None, instance, now).await?;
        let received = parse_actor(&document.json)?;
        if received.new.kind != ActorKind::Service || received.new.uri != *instance {
            return Err(Error::invalid("type", "is not that of a server"));
        }
        let received = self.introduced(&document.json, received).await?;
        remote_actors::remember(&self.app, received).await
    }
}

/// Whether a known key of the actor made the proof.
fn judge(signer: &Signer, actor: &Uri, proof: &Proof, now: Timestamp) -> Proven {
    let (owner, key) = signer;
    if owner.uri != *actor || !proofs::holds(proof, key, now) {
        return Proven::No("proof_invalid");
    }
    match owner.state {
        crate::domain::ActorState::Active => Proven::Yes,
        _ => Proven::No("actor_shut_out"),
    }
}
