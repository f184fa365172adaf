//! RSA key pairs made ahead of need.
//!
//! Making one takes a third of a second of a core, too long for a person who waits: a running
//! server keeps a few spare ones in the database.

use std::time::Duration;

use crate::app::App;
use crate::crypto;
use crate::error::{Error, Result};
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
