//! Use cases: one transaction, one question to policy, one story each. Entrances translate to and
//! from these and add nothing of their own.

pub mod access;
pub mod audit;
pub mod explain;
pub mod grants;
pub mod jobs;
pub mod partners;
pub mod remote_actors;
pub mod signing;
#[cfg(test)]
pub(crate) mod test_house;
