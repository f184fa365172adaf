//! Use cases: one transaction, one question to policy, one story each. Entrances translate to and
//! from these and add nothing of their own.

pub mod access;
pub mod accounts;
pub mod actors;
pub mod attachments;
pub mod audit;
pub mod check;
pub mod deliveries;
pub mod dialects;
pub mod directory;
mod dislikes;
pub mod documents;
pub mod explain;
pub mod follows;
pub mod grants;
pub mod groups;
pub mod health;
pub mod house;
pub mod idempotency;
pub mod inbox;
mod interactions;
pub mod jobs;
pub mod keys;
pub mod memberships;
pub mod mirrors;
pub mod moves;
pub mod partners;
mod passwords;
pub mod peers;
pub mod polls;
pub mod posts;
pub mod proposals;
pub mod prune;
pub mod reactions;
pub(in crate::services) mod refusals;
pub mod remote_actors;
pub mod reports;
pub mod sessions;
pub mod signing;
pub mod stops;
#[cfg(test)]
pub(crate) mod test_house;
pub mod tokens;
pub mod what_if;
