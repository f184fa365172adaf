//! The handshake by which two servers become partners: `POST /partnership`.
//!
//! The *giver* made an invitation, the *taker* uses it. The taker reads the giver's instance actor,
//! then posts an [`Offer`](wire::Offer) of a relationship between the two instance actors, signed by
//! its own, with the invitation's code; the giver reads the taker's instance actor, checks the
//! signature against it and answers with an [`Accept`](wire::Accept).
//!
//! This is the only address of a closed server that makes it fetch something from a server that is
//! no partner. So few callers are let in a minute, and nothing is fetched before the code was found
//! to be one of ours, unused and in time.

mod giver;
mod instance;
mod taker;
pub(super) mod terms;
mod throttle;
pub mod wire;

pub use giver::routes;
pub use taker::{accept, accept_agreed};
pub use throttle::Throttle;

/// What travels either way is labelled so.
const MEDIA_TYPE: &str = "application/activity+json";

#[cfg(test)]
mod tests;
