//! What waits to leave the house, and what could not.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    self, DeliveryId, DeliveryState, DestinationState, EventId, EventKind, Host, SignatureChoice,
    Timestamp,
};
use crate::services::deliveries::About;

/// A server we deliver to.
#[derive(Serialize, ToSchema)]
pub struct Destination {
    pub host: Host,
    /// Deliveries that wait for their turn or their next attempt.
    pub pending: u64,
    /// Deliveries that it refused for good.
    pub failed: u64,
    /// Deliveries that were given up.
    pub dead: u64,
    /// Since when the oldest one waits.
    pub oldest: Option<Timestamp>,
    pub last_success: Option<Timestamp>,
    pub last_error: Option<Timestamp>,
    pub error: Option<String>,
    pub signature: SignatureChoice,
    pub state: DestinationState,
    /// Until when nothing is sent.
    pub until: Option<Timestamp>,
    /// In a row.
    pub failures: u32,
    /// Deliveries a minute, at most.
    pub pace: Option<u64>,
    /// Our clock less theirs, seconds.
    pub clock_difference: Option<i64>,
    /// Its state, for people.
    #[serde(skip)]
    pub described: String,
}

impl Destination {
    pub fn new(destination: domain::Destination, now: Timestamp) -> Self {
        let health = destination.health;
        Self {
            state: health.state(now),
            until: health.until(now),
            failures: health.failures,
            pace: health.pace_per_minute(),
            clock_difference: health.clock_difference,
            described: health.describe(now),
            host: destination.host,
            pending: destination.pending,
            failed: destination.failed,
            dead: destination.dead,
            oldest: destination.oldest,
            last_success: destination.last_success_at,
            last_error: destination.last_error_at,
            error: destination.last_error,
            signature: destination.signature,
        }
    }
}

/// One activity that has not gone out to one server.
#[derive(Serialize, ToSchema)]
pub struct Delivery {
    pub id: DeliveryId,
    pub host: Host,
    pub activity: String,
    /// What it tells of, whose that is and where: "A comment by @ada in Engineering". None: of no post.
    pub about: Option<String>,
    pub state: DeliveryState,
    pub attempts: u32,
    /// While it waits.
    pub next_attempt: Option<Timestamp>,
    /// What the server answered last.
    pub status: Option<u16>,
    pub error: Option<String>,
    pub created: Timestamp,
}

impl Delivery {
    pub fn new(delivery: domain::Delivery, about: Option<&About>) -> Self {
        let waits = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id,
            host: delivery.host,
            activity: delivery.activity.to_string(),
            about: about.and_then(About::in_words),
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt: waits.then_some(delivery.next_attempt_at),
            status: delivery.last_status,
            error: delivery.last_error,
            created: delivery.created_at,
        }
    }
}

/// How many deliveries are tried again.
#[derive(Serialize, ToSchema)]
pub struct Retried {
    pub retried: usize,
}

/// A delivery that was given up for good.
#[derive(Serialize, ToSchema)]
pub struct Discarded {
    pub id: DeliveryId,
    /// Always true.
    pub discarded: bool,
}

/// Something that happened here and could not be put into words: nobody was told of it.
#[derive(Serialize, ToSchema)]
pub struct Untold {
    pub event: EventId,
    pub kind: EventKind,
    pub at: Timestamp,
    /// It is still tried by itself.
    pub tried_again: bool,
    pub problem: String,
    pub since: Timestamp,
}

impl From<domain::Untold> for Untold {
    fn from(untold: domain::Untold) -> Self {
        Self {
            event: untold.event,
            kind: untold.kind,
            at: untold.at,
            tried_again: untold.tried_again,
            problem: untold.problem,
            since: untold.since,
        }
    }
}

/// How many events are told again.
#[derive(Serialize, ToSchema)]
pub struct Retold {
    pub retold: usize,
}
