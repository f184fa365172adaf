//! The only place that knows the databases. One file a noun; queries are named functions without
//! policy: lists take a [`ReadScope`](crate::policy::ReadScope), writes that need permission take a
//! [`Permit`](crate::policy::Permit).
//!
//! What is unique is read with `get_result`, not `first`: that adds `LIMIT ?`, and SQLite plans a
//! statement anew each time such a value is bound, which takes longer than the reading itself.

pub mod accounts;
pub mod actors;
mod among;
pub mod approvals;
pub mod arrivals;
pub mod attachments;
pub mod audit;
pub mod bans;
pub mod bookmarks;
pub mod boosts;
pub mod chain;
mod connection;
mod database;
pub mod deliveries;
pub mod destinations;
pub mod dialects;
pub mod dislikes;
mod error;
pub mod events;
pub mod first_contacts;
pub mod follows;
pub mod grants;
pub mod groups;
pub mod holds;
mod ids;
mod inspect;
pub mod jobs;
pub mod kept;
pub mod labels;
pub mod ledger;
mod listing;
pub mod memberships;
pub mod mirrors;
pub mod moderators;
pub mod moves;
pub mod offered_keys;
pub mod outbound_rules;
pub mod partner_history;
pub mod partner_views;
pub mod partners;
pub mod peers;
mod pending;
pub mod polls;
pub mod posts;
pub mod probes;
pub mod proposals;
pub mod reactions;
mod readers;
pub mod received;
pub mod refusals;
pub mod reports;
pub mod retractions;
mod schema;
mod scope;
#[doc(hidden)]
pub mod seed;
pub mod sessions;
pub mod settings;
pub mod stops;
pub mod templates;
pub mod tokens;
pub mod untold;
pub mod ways;
mod writer;

pub use connection::{
    AnyConnection as Connection, MigrationStatus, alone_with_schema, list_migrations,
    migrate_down_once, migrate_once, migration_status,
};
pub use database::Database;
#[doc(hidden)]
pub use inspect::{Column, list_columns, list_indexes};

use crate::error::Result;

/// Runs `story` to see what it leads to, and undoes all of it.
///
/// # Errors
/// What the story fails with.
pub fn rehearse<T>(
    connection: &mut Connection,
    story: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let mark = chain::mark();
    let mut outcome = None;
    let undone: Result<(), diesel::result::Error> =
        diesel::Connection::transaction(connection, |connection| {
            outcome = Some(story(connection));
            Err(diesel::result::Error::RollbackTransaction)
        });
    chain::forget_since(mark);
    match (undone, outcome) {
        (Err(diesel::result::Error::RollbackTransaction), Some(outcome)) => outcome,
        (Err(fault), _) => Err(fault.into()),
        (Ok(()), _) => Err(crate::Error::internal("a rehearsal was not undone")),
    }
}

/// Runs `story` so that a failure undoes only what it did, not the transaction around it.
pub fn savepoint<T>(
    connection: &mut Connection,
    story: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let mark = chain::mark();
    let outcome = diesel::Connection::transaction(connection, story);
    if outcome.is_err() {
        chain::forget_since(mark);
    }
    outcome
}
