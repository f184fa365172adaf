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
        self.ask_gate(host).await?;
        let (client, now) = (&self.app.http, self.app.clock.now());
        let asking = self.asking(host).await?;
        let answer = fetch::webfinger(client, Some(asking.first()), handle, now).await;
        let Err(FetchError::Denied(401)) = answer else {
            return Ok(answer?);
        };
        let answer = fetch::webfinger(client, Some(asking.second()), handle, now).await?;
        self.note_second(host, &asking).await?;
        Ok(answer)
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
        let actor = remote_actors::remember(&self.app, parsed).await?;
        if declares {
            self.keyring.forget_peer(&host);
        }
        Ok(actor)
    }

    /// Fetches a document, signed by the server itself, from a server we speak with.
    pub async fn fetch(&self, uri: &Uri) -> Result<Document> {
        self.ask_gate(uri.host()).await?;
        let (client, now) = (&self.app.http, self.app.clock.now());
        let asking = self.asking(uri.host()).await?;
        let answer = fetch::fetch_document(client, Some(asking.first()), uri, now).await;
        let Err(FetchError::Denied(401)) = answer else {
            return Ok(answer?);
        };
        let answer = fetch::fetch_document(client, Some(asking.second()), uri, now).await?;
        self.note_second(uri.host(), &asking).await?;
        Ok(answer)
    }

    /// Asks a server we speak with what software it runs, and remembers it.
    pub async fn ask_software(&self, host: &Host) -> Result<()> {
        self.ask_gate(host).await?;
        let (client, now) = (&self.app.http, self.app.clock.now());
        let asking = self.asking(host).await?;
        let software = fetch::software(client, Some(asking.first()), host, now).await?;
        let fetch::Software { name, version } = software;
        dialects::note_software(&self.app, host, name, version).await
    }

    /// Makes an actor known that an activity speaks of. The error is a word for the log.
    pub async fn meet(&self, uri: &Uri) -> Result<Actor, &'static str> {
        self.fetch_actor(uri).await.map_err(|error| {
            tracing::info!(%uri, %error, "an actor could not be fetched");
            "actor_unavailable"
        })
    }

    /// The server itself asks, signed as the other server is known to accept.
    async fn asking(&self, host: &Host) -> Result<Asking> {
        Ok(Asking {
            keys: self.keyring.instance_keys(&self.app).await?,
            signature: self.keyring.signature_for(&self.app, host).await?,
        })
    }

    /// The other kind of signature worked where the first was refused.
    async fn note_second(&self, host: &Host, asking: &Asking) -> Result<()> {
        let (signature, learned) = (asking.signature.other(), Learned::Tried);
        self.keyring
            .learn(&self.app, host, signature, learned)
            .await
    }

    /// Nothing is fetched from a server we do not speak with, nor from ourselves.
    async fn ask_gate(&self, host: &Host) -> Result<()> {
        if host == self.app.config.host() {
            return Err(Error::NotFound);
        }
        match inbox::gate(&self.app, host).await? {
            Gate::Open => Ok(()),
            Gate::Paused => Err(Error::Denied(crate::policy::Reason::PartnershipPaused)),
            Gate::Shut(reason) => Err(Error::Denied(reason)),
        }
    }
}

/// How a request is signed, and how it is signed again, once, when that is refused (401).
struct Asking {
    keys: Arc<OwnKeys>,
    signature: SignatureChoice,
}

impl Asking {
    fn first(&self) -> fetch::Signer<'_> {
        fetch::Signer {
            keys: &self.keys,
            signature: self.signature,
        }
    }

    fn second(&self) -> fetch::Signer<'_> {
        fetch::Signer {
            signature: self.signature.other(),
            ..self.first()
        }
    }
}
