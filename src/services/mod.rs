//! Use cases: one transaction, one question to policy, one story each. Entrances translate to and
//! from these and add nothing of their own.

pub mod access;
pub mod accounts;
pub mod actors;
pub mod audit;
pub mod deliveries;
pub mod grants;
pub mod groups;
pub mod house;
pub mod inbox;
pub mod keys;
pub mod memberships;
mod passwords;
pub mod posts;
pub mod reactions;
pub mod sessions;
pub mod tokens;
