//! The keys with which this house signs.

use std::time::Duration;

use crate::app::App;
use crate::domain::{Actor, ActorId, ActorKey, KeyList, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::services::house;
use crate::storage::{self, Connection};

/// What signs for one of our actors. Says nothing of the keys when printed.
#[derive(Clone, Debug)]
pub struct Signing {
    pub actor: Uri,
    pub rsa: PrivateKey,
    /// None for an actor that was made before these keys and has not been given one yet.
    pub ed25519: Option<PrivateKey>,
}

/// A private key and the name of its public half.
#[derive(Clone)]
pub struct PrivateKey {
    /// `keyId` in signatures.
    pub id: Uri,
    /// PKCS#8.
    pub pem: String,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({})", self.id)
    }
}

/// What those who speak sign their words with (FEP-8b32), and when. Who has no such key yet speaks
/// without a proof.
#[derive(Clone, Debug)]
pub struct Pens {
    pub at: Timestamp,
    /// By actor.
    pub pens: Vec<(Uri, PrivateKey)>,
}

impl Pens {
    pub fn of(&self, actor: &str) -> Option<&PrivateKey> {
        let pen = self.pens.iter().find(|(uri, _)| uri.as_str() == actor);
        pen.map(|(_, key)| key)
    }
}

/// How long a new key is published before it signs: whoever is told of it has it by then. As long
/// as a running server uses the keys it has read.
pub const SIGNS_AFTER: Duration = Duration::from_secs(60);

/// The key with which one of our actors proves what it says.
pub(super) fn find_pen(
    connection: &mut Connection,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<PrivateKey>> {
    let keys = storage::actors::list_private_keys(connection, actor.id)?;
    Ok(signing_key(&keys, KeyList::AssertionMethod, now))
}

/// The keys of one of our actors.
pub async fn signing_keys(app: &App, actor: ActorId) -> Result<Signing> {
    let now = app.clock.now();
    app.db
        .read("find_signing_keys", move |connection| {
            let actor = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            find(connection, &actor, now)
        })
        .await
}

/// The keys of the server itself, for what nobody in particular says.
pub async fn instance_keys(app: &App) -> Result<Signing> {
    let now = app.clock.now();
    app.db
        .read("find_instance_keys", move |connection| {
            let actor = house::instance_actor(connection)?;
            find(connection, &actor, now)
        })
        .await
}

/// The keys of the server itself that were replaced and still count: they introduce the new ones to partners
/// who pinned them.
pub async fn introducing_keys(app: &App) -> Result<Vec<PrivateKey>> {
    let now = app.clock.now();
    app.db
        .read("find_introducing_keys", move |connection| {
            let actor = house::instance_actor(connection)?;
            let keys = storage::actors::list_private_keys(connection, actor.id)?;
            let introduces = |key: &ActorKey| {
                key.list == KeyList::AssertionMethod && key.expires_at.is_some() && key.counts(now)
            };
            let keys = keys.into_iter().map(|(key, _)| key).filter(introduces);
            let private = |key: ActorKey| {
                Some(PrivateKey {
                    id: key.uri,
                    pem: key.private_pem?,
                })
            };
            Ok(keys.filter_map(private).collect())
        })
        .await
}

fn find(connection: &mut Connection, actor: &Actor, now: Timestamp) -> Result<Signing> {
    let keys = storage::actors::list_private_keys(connection, actor.id)?;
    let none = || Error::internal(format!("{} has no key to sign with", actor.uri));
    Ok(Signing {
        actor: actor.uri.clone(),
        rsa: signing_key(&keys, KeyList::PublicKey, now).ok_or_else(none)?,
        ed25519: signing_key(&keys, KeyList::AssertionMethod, now),
    })
}

/// Of keys that come newest first, the one that signs: the newest that others had time to hear of,
/// or else the oldest.
fn signing_key(
    keys: &[(ActorKey, Timestamp)],
    list: KeyList,
    now: Timestamp,
) -> Option<PrivateKey> {
    let fits = |key: &&(ActorKey, Timestamp)| key.0.list == list && key.0.counts(now);
    let known = |key: &&(ActorKey, Timestamp)| now.since(key.1) >= SIGNS_AFTER;
    let all = || keys.iter().filter(fits);
    let (key, _) = all().find(known).or_else(|| all().next_back())?;
    Some(PrivateKey {
        id: key.uri.clone(),
        pem: key.private_pem.clone()?,
    })
}
