//! ActivityPub between servers. Nothing from outside is believed before this room has checked
//! who says it ([`signatures`], [`keys`]), how large it is ([`json`]) and where it comes from
//! ([`fetch`]).

pub mod activities;
pub mod backfill;
pub mod discovery;
mod documents;
pub mod extension;
pub mod fetch;
pub mod inbox;
pub mod json;
pub mod keyring;
pub mod keys;
pub mod multibase;
pub mod objects;
pub mod partnership;
pub mod proofs;
pub mod send;
pub mod signatures;
mod viewer;
mod vouching;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use keyring::Keyring;
pub use vouching::Proven;

/// The house towards other servers: the house, and the keys it has seen and has. Cheap to clone.
#[derive(Clone)]
pub struct Federation {
    pub app: App,
    pub keyring: Keyring,
    /// Room for requests to the inboxes that are being looked at.
    inbox_room: Arc<Semaphore>,
    /// As many signatures at once as there are cores: more would only take them from each other,
    /// and from whoever waits for a page.
    signing_room: Arc<Semaphore>,
}

/// A turn to sign; the next one comes when it is dropped.
pub type SigningTurn = Option<OwnedSemaphorePermit>;

impl Federation {
    pub fn new(app: App) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            inbox_room: Arc::new(Semaphore::new(app.config.limits.inbox_in_flight)),
            signing_room: Arc::new(Semaphore::new(cores)),
            app,
            keyring: Keyring::default(),
        }
    }

    /// Waits for a turn to sign.
    pub async fn signing_turn(&self) -> SigningTurn {
        // Never closed, so there always is one.
        Arc::clone(&self.signing_room).acquire_owned().await.ok()
    }
}

/// Adds the addresses that other servers use.
pub fn configure(config: &mut actix_web::web::ServiceConfig) {
    documents::configure(config);
    inbox::configure(config);
    partnership::configure(config);
}
