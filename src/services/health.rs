//! How the house is, in a few numbers: what a monitor asks for and a page begins with.

use crate::app::App;
use crate::config::DatabaseUrl;
use crate::domain::{DestinationState, Timestamp};
use crate::error::Result;
use crate::policy::{FederationMode, Viewer, act};
use crate::services::{access, house};
use crate::storage;

/// The house at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub organization: String,
    pub public_url: String,
    /// `sqlite` or `postgres`
    pub database: &'static str,
    pub federation: FederationMode,
    pub now: Timestamp,
    /// Deliveries that wait.
    pub pending: u64,
    /// Deliveries that were refused or given up.
    pub undelivered: u64,
    /// Since when the oldest one waits.
    pub oldest: Option<Timestamp>,
    pub destinations: usize,
    /// Destinations that do not answer.
    pub resting: usize,
    /// Errands that wait.
    pub jobs: u64,
}

/// Looks at the house, for administrators.
pub async fn look(app: &App, viewer: Viewer) -> Result<Health> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let config = app.config.clone();
    app.db
        .read("health", move |connection| {
            let destinations = storage::destinations::list(connection)?;
            let resting =
                |state| matches!(state, DestinationState::Resting | DestinationState::Probing);
            let states = destinations.iter().map(|one| one.health.state(asker.now));
            Ok(Health {
                organization: house::find_organization(connection, &config)?,
                public_url: config.public_url.to_string(),
                database: match config.database.url {
                    DatabaseUrl::Sqlite(_) => "sqlite",
                    DatabaseUrl::Postgres(_) => "postgres",
                },
                federation: config.federation.mode,
                now: asker.now,
                pending: destinations.iter().map(|one| one.pending).sum(),
                undelivered: destinations.iter().map(|one| one.failed + one.dead).sum(),
                oldest: destinations.iter().filter_map(|one| one.oldest).min(),
                destinations: destinations.len(),
                resting: states.filter(|state| resting(*state)).count(),
                jobs: storage::jobs::count_pending(connection)?.unsigned_abs(),
            })
        })
        .await
}
