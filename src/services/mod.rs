//! Use cases: one transaction, one question to policy, one story each. Entrances translate to and
//! from these and add nothing of their own.

pub mod access;
pub mod accounts;
pub mod actors;
pub mod audit;
pub mod house;
pub mod keys;
mod passwords;
pub mod sessions;
pub mod tokens;
