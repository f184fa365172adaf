//! ActivityPub between servers. Nothing from outside is believed before this room has checked
//! who says it ([`signatures`], [`keys`]), how large it is ([`json`]) and where it comes from
//! ([`fetch`]).

pub mod activities;
mod actor_tokens;
mod attachments;
pub mod backfill;
pub mod books;
mod boosted;
pub mod discovery;
mod documents;
pub mod extension;
pub mod fetch;
pub mod hearsay;
mod inbox;
pub mod json;
pub mod keyring;
pub mod keys;
mod moves;
pub mod multibase;
pub mod objects;
pub mod partner_views;
pub mod partnership;
pub mod probe;
pub mod proofs;
pub mod rosters;
mod rotation;
pub mod send;
pub mod signatures;
mod signers;
mod standing;
mod viewer;
mod vouching;
mod webhooks;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::app::App;
use crate::error::Result;
use crate::routes::Routes;
use actor_tokens::Tokens;
pub use documents::webfinger::{Sought, sought};
pub use hearsay::LookedUp;
use keyring::Keyring;
use signers::{Signers, SigningTurn};
use standing::Standings;
pub use vouching::Proven;

/// The house towards other servers: the house, and the keys it has seen and has. Cheap to clone.
#[derive(Clone)]
pub struct Federation {
    pub app: App,
    pub keyring: Keyring,
    /// Room for requests to the inboxes while they arrive and are looked at, KiB.
    inbox_room: Arc<Semaphore>,
    /// A turn for each of them that has come as a whole and is being looked at. There is always one.
    inbox_work: Arc<Semaphore>,
    signers: Signers,
    rosters: rosters::Rosters,
    standings: Arc<Standings>,
    tokens: Arc<Tokens>,
}

/// Requests to the inboxes at once that are more than usual: each takes a millisecond or two.
const CROWD: usize = 16;

impl Federation {
    /// # Errors
    /// [`crate::Error::Internal`] when the system gives no threads to sign on.
    pub fn new(app: App) -> Result<Self> {
        let limits = app.config.limits;
        let room = limits.inbox_in_flight * limits.inbox_body_bytes.div_ceil(1_024);
        Ok(Self {
            inbox_room: Arc::new(Semaphore::new(room)),
            inbox_work: Arc::new(Semaphore::new(limits.inbox_in_flight)),
            signers: Signers::start()?,
            app,
            keyring: Keyring::default(),
            rosters: rosters::Rosters::default(),
            standings: Arc::default(),
            tokens: Arc::default(),
        })
    }

    /// Whether so many requests to the inboxes are being looked at that what can wait should.
    pub fn door_is_crowded(&self) -> bool {
        let most = self.app.config.limits.inbox_in_flight;
        most.saturating_sub(self.inbox_work.available_permits()) >= CROWD
    }

    /// Waits for a turn to sign.
    pub async fn signing_turn(&self) -> Result<SigningTurn> {
        self.signers.turn().await
    }
}

/// Adds the addresses that other servers use.
pub fn configure(config: &mut actix_web::web::ServiceConfig) {
    routes().among_others(config);
}

pub(crate) fn routes() -> Routes {
    inbox::routes()
        .and(documents::routes())
        .and(partnership::routes())
}
