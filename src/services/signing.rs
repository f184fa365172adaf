//! The keys with which this house signs its requests.

use crate::app::App;
use crate::domain::{Actor, ActorId, Uri};
use crate::error::{Error, Result};
use crate::services::house;
use crate::storage::{self, Connection};

/// What signs for one of our actors. Says nothing of the key when printed.
#[derive(Clone)]
pub struct Signing {
    pub actor: Uri,
    /// `keyId` in signatures.
    pub key_id: Uri,
    /// PKCS#8.
    pub private_pem: String,
}

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signing({})", self.key_id)
    }
}

/// The key of one of our actors.
pub async fn signing_key(app: &App, actor: ActorId) -> Result<Signing> {
    app.db
        .read("find_signing_key", move |connection| {
            let actor = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            find(connection, &actor)
        })
        .await
}

/// The key of the server itself, for what nobody in particular says.
pub async fn instance_key(app: &App) -> Result<Signing> {
    app.db
        .read("find_instance_key", |connection| {
            let actor = house::instance_actor(connection)?;
            find(connection, &actor)
        })
        .await
}

fn find(connection: &mut Connection, actor: &Actor) -> Result<Signing> {
    let none = || Error::internal(format!("{} has no key to sign with", actor.uri));
    let key = storage::actors::find_key_of(connection, actor.id)?.ok_or_else(none)?;
    Ok(Signing {
        actor: actor.uri.clone(),
        key_id: key.uri,
        private_pem: key.private_pem.ok_or_else(none)?,
    })
}
