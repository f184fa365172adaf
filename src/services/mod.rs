//! Use cases: one transaction, one question to policy, one story each. Entrances translate to and
//! from these and add nothing of their own.

pub mod access;
pub mod accounts;
pub mod actors;
pub mod audit;
pub mod books;
pub mod chains;
pub mod deliveries;
pub mod dialects;
pub mod directory;
pub mod documents;
pub mod explain;
pub mod grants;
pub mod groups;
pub mod house;
pub mod idempotency;
pub mod inbox;
pub mod jobs;
pub mod keys;
pub mod ledger;
pub mod memberships;
pub mod partners;
mod passwords;
pub mod peers;
pub mod posts;
pub mod prune;
pub mod reactions;
pub mod remote_actors;
pub mod reports;
pub mod sessions;
pub mod signing;
#[cfg(test)]
pub(crate) mod test_house;
pub mod tokens;
