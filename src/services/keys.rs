//! Keys for the actors of this house.
//!
//! RSA pairs are made ahead of need. Making one takes a third of a second of a core, too long for a person who waits: a running
//! server keeps a few spare ones in the database.

use std::time::Duration;

use crate::app::App;
use crate::crypto;
use crate::domain::KeyList;
use crate::error::{Error, Result};
use crate::services::actors;
use crate::storage;

/// Spare key pairs that a running server keeps.
const SPARE_KEYS: i64 = 4;
/// How long a new server leaves the machine to those who wait for it.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(5);
/// How often it looks whether spare keys were used.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// A private key and its public half, PEM.
pub struct KeyPair {
    pub private: String,
    pub public: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

impl From<(String, String)> for KeyPair {
    fn from((private, public): (String, String)) -> Self {
        Self { private, public }
    }
}

/// A key pair that nobody else has: a spare one, or else a new one.
pub async fn take(app: &App) -> Result<KeyPair> {
    let spare = app
        .db
        .write("take_spare_key", storage::actors::take_spare_key);
    match spare.await? {
        Some(pair) => Ok(pair.into()),
        None => generate().await,
    }
}

async fn generate() -> Result<KeyPair> {
    let made = tokio::task::spawn_blocking(crypto::generate_rsa).await;
    Ok(made.map_err(Error::internal)??.into())
}

/// Actors that get a key in one transaction.
const COMPLETED_AT_ONCE: i64 = 200;

/// Gives every actor of this house the keys it lacks: those from before Ed25519 keys were made
/// have only RSA. How many got one.
pub async fn complete(app: &App) -> Result<usize> {
    let mut completed = 0;
    loop {
        let now = app.clock.now();
        let count = app
            .db
            .write_patiently("complete_keys", move |connection| {
                let list = KeyList::AssertionMethod;
                let lacking =
                    storage::actors::list_local_without_key(connection, list, COMPLETED_AT_ONCE)?;
                for actor in &lacking {
                    actors::insert_ed25519(connection, actor, actors::FIRST_ED25519, now)?;
                }
                Ok(lacking.len())
            })
            .await?;
        if count == 0 {
            return Ok(completed);
        }
        completed += count;
    }
}

/// Keeps spare keys until the server stops: one at a time, so that at most one core is busy with it.
pub async fn refill(app: App) {
    let mut wait = FIRST_LOOK_AFTER;
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(wait) => {}
        }
        if let Err(error) = fill_up(&app).await {
            tracing::warn!(%error, "no spare keys can be made");
        }
        wait = LOOK_EVERY;
    }
}

async fn fill_up(app: &App) -> Result<()> {
    while !app.bells.stop.rung() && count(app).await? < SPARE_KEYS {
        let pair = generate().await?;
        let now = app.clock.now();
        app.db
            .write("add_spare_key", move |connection| {
                storage::actors::add_spare_key(connection, &pair.private, &pair.public, now)
            })
            .await?;
    }
    Ok(())
}

async fn count(app: &App) -> Result<i64> {
    app.db
        .read("count_spare_keys", storage::actors::count_spare_keys)
        .await
}
