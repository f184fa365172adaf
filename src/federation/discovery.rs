//! Finding actors elsewhere: by handle, by address, and when an activity names somebody unknown.

use std::sync::Arc;

use crate::domain::{Actor, Handle, Host, Uri};
use crate::error::{Error, Result};
use crate::federation::fetch::{self, Document, FetchError};
use crate::federation::keys::SigningKey;
use crate::federation::{Federation, objects};
use crate::services::inbox::{self, Gate};
use crate::services::remote_actors;

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
        let (key, key_id) = self.instance_key().await?;
        let signer = fetch::Signer {
            key: &key,
            key_id: &key_id,
        };
        Ok(fetch::webfinger(&self.app.http, Some(signer), handle, self.app.clock.now()).await?)
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
        remote_actors::remember(&self.app, parsed).await
    }

    /// Fetches a document, signed by the server itself, from a server we speak with.
    pub async fn fetch(&self, uri: &Uri) -> Result<Document> {
        self.ask_gate(uri.host()).await?;
        let (key, key_id) = self.instance_key().await?;
        let signer = fetch::Signer {
            key: &key,
            key_id: &key_id,
        };
        let fetched =
            fetch::fetch_document(&self.app.http, Some(signer), uri, self.app.clock.now()).await;
        fetched.map_err(|error: FetchError| error.into())
    }

    /// Makes an actor known that an activity speaks of. The error is a word for the log.
    pub async fn meet(&self, uri: &Uri) -> Result<Actor, &'static str> {
        self.fetch_actor(uri).await.map_err(|error| {
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
            Gate::Shut(reason) => Err(Error::Denied(reason)),
        }
    }

    async fn instance_key(&self) -> Result<(Arc<SigningKey>, Uri)> {
        self.keyring.instance_key(&self.app).await
    }
}
