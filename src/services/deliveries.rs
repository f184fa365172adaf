//! What leaves the house: planning who is told of what happened ([`plan()`]), asking again before the
//! bytes leave and writing down how it went ([`exchange`]), and what administrators see and do
//! ([`list_destinations`] and what follows).

mod copies;
mod destinations;
mod health;
mod known;
mod news;
mod plan;
mod queue;
mod release;
mod routes;
mod telling;

pub use news::{
    ActorNews, ActorTelling, GroupTelling, News, ProfileNews, ProfileTelling, Render, Rendered,
    Telling,
};
pub use plan::plan;
pub use queue::{
    About, ask, describe, discard, list_destinations, list_given_up, list_unsent, list_untold,
    retell, retry,
};
pub use release::{Outgoing, Room, StillLeaves, Taken, exchange, may_still_leave, next_due};
pub(in crate::services) use release::{settle_cancelled, settle_stopped};

pub use crate::storage::deliveries::Outcome as DeliveryOutcome;
