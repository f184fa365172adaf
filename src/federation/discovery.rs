//! Finding actors elsewhere: by handle, by address, and when an activity names somebody unknown.

use std::sync::Arc;

use crate::domain::{Actor, Handle, Host, Learned, SignatureChoice, Uri};
use crate::error::{Error, Result};
use crate::federation::fetch::{self, Document, FetchError};
use crate::federation::keys::OwnKeys;
use crate::federation::{Federation, objects};
use crate::services::inbox::{self, Gate};
use crate::services::{dialects, remote_actors};

impl Federation {
    /// Finds a person or group by `name@host` or by its address, and remembers it.
    ///
    /// # Errors
    /// A sentence for the person who looks: no partnership, no such actor, no answer.
    pub async fn discover(&self, what: &str) -> Result<Actor> {
        let uri = match what.parse::<Uri>() {
            Ok(uri) => uri,
            Err(_) => self.find_address(&what.parse()?).await?,
        };
        let actor = self.fetch_actor(&uri).await?;
        Ok(actor)
    }

    async fn find_address(&self, handle: &Handle) -> Result<Uri> {
        let host = handle.host.as_ref().ok_or(Error::NotFound)?;
        let (client, now) = (&self.app.http, self.app.clock.now());
        self.ask(host, move |asking| async move {
            fetch::webfinger(client, Some(asking.signer()), handle, now).await
        })
        .await
    }

    /// Fetches an actor's document, as the server itself, and remembers what it says.
    pub async fn fetch_actor(&self, uri: &Uri) -> Result<Actor> {
        self.remember(self.fetch(uri).await?).await
    }

    /// Remembers the actor whose document this is.
    pub async fn remember(&self, document: Document) -> Result<Actor> {
        let parsed = objects::actor::parse_actor(&document.json)?;
        if parsed.new.uri.without_fragment() != document.id.without_fragment() {
            return Err(Error::invalid("id", "the document is somebody else's"));
        }
        let (host, declares) = (parsed.new.uri.host().clone(), parsed.signature.is_some());
        let parsed = self.introduced(&document.json, parsed).await?;
        let actor = remote_actors::remember(&self.app, parsed).await?;
        if declares {
            self.keyring.forget_peer(&host);
        }
        Ok(actor)
    }

    /// Fetches a document, signed by the server itself, from a server we speak with.
    pub async fn fetch(&self, uri: &Uri) -> Result<Document> {
        self.fetch_with(uri, None).await
    }

    /// The same, showing a group's token.
    pub(super) async fn fetch_with(&self, uri: &Uri, token: Option<&str>) -> Result<Document> {
        let (client, now) = (&self.app.http, self.app.clock.now());
        self.ask(uri.host(), move |asking| async move {
            let signer = fetch::Signer {
                token,
                ..asking.signer()
            };
            fetch::fetch_document(client, Some(signer), uri, now).await
        })
        .await
    }

    /// Asks a server we speak with something as the server itself, signed as it is known to accept; when
    /// it refuses that (401), once more with the other kind of signature.
    pub(super) async fn ask<T, Answer>(
        &self,
        host: &Host,
        question: impl Fn(Asking) -> Answer,
    ) -> Result<T>
    where
        Answer: Future<Output = Result<T, FetchError>>,
    {
        self.ask_gate(host).await?;
        let asking = Asking {
            keys: self.keyring.instance_keys(&self.app).await?,
            signature: self.keyring.signature_for(&self.app, host).await?,
        };
        match question(asking.clone()).await {
            Err(FetchError::Denied(401)) => {}
            answer => return Ok(answer?),
        }
        let again = asking.otherwise();
        let (signature, learned) = (again.signature, Learned::Tried);
        let answer = question(again).await?;
        self.keyring
            .learn(&self.app, host, signature, learned)
            .await?;
        Ok(answer)
    }

    /// Asks a server we speak with what software it runs, and remembers it.
    pub async fn ask_software(&self, host: &Host) -> Result<()> {
        let (client, now) = (&self.app.http, self.app.clock.now());
        let software = self
            .ask(host, move |asking| async move {
                fetch::software(client, Some(asking.signer()), host, now).await
            })
            .await?;
        let fetch::Software { name, version } = software;
        dialects::note_software(&self.app, host, name, version).await
    }

    /// Makes an actor known that an activity speaks of. The error is a word for the log.
    pub async fn meet(&self, uri: &Uri) -> Result<Actor> {
        let met = self.fetch_actor(uri).await;
        met.inspect_err(|error| tracing::info!(%uri, %error, "an actor could not be fetched"))
    }

    /// The same for somebody who wrote in `group`: where their own server would not show them to us
    /// otherwise, the group's token says why it may.
    pub(super) async fn meet_in(&self, group: &Actor, uri: &Uri) -> Result<Actor, &'static str> {
        let met = async {
            let token = self.token_for(group, uri).await;
            self.remember(self.fetch_with(uri, token.as_deref()).await?)
                .await
        };
        met.await.map_err(|error| {
            tracing::info!(%uri, %error, "an actor could not be fetched");
            "actor_unavailable"
        })
    }

    /// Nothing is fetched from a server we do not speak with, nor from ourselves.
    async fn ask_gate(&self, host: &Host) -> Result<()> {
        if host == self.app.config.host() {
            return Err(Error::NotFound);
        }
        match inbox::gate(&self.app, host).await? {
            Gate::Open => Ok(()),
            Gate::Paused => Err(Error::Denied(crate::policy::Reason::PartnershipPaused)),
            Gate::Stopped => Err(Error::Denied(crate::policy::Reason::Stopped)),
            Gate::TakingBack => Err(Error::Denied(crate::policy::Reason::NoPartnership)),
            Gate::Shut(reason) => Err(Error::Denied(reason)),
        }
    }
}

/// How a request of the server itself is signed.
#[derive(Clone)]
pub(super) struct Asking {
    keys: Arc<OwnKeys>,
    signature: SignatureChoice,
}

impl Asking {
    pub fn signer(&self) -> fetch::Signer<'_> {
        fetch::Signer {
            keys: &self.keys,
            signature: self.signature,
            token: None,
        }
    }

    fn otherwise(&self) -> Self {
        Self {
            keys: Arc::clone(&self.keys),
            signature: self.signature.other(),
        }
    }
}
