//! Sends what is due. Many servers at once, several topics of a server at once, one at a time
//! within a topic; permission is asked when a delivery is taken, just before its bytes leave.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::domain::{Delivery, DeliveryState, Host, Impression, Timestamp, backoff};
use crate::error::Result;
use crate::federation::Federation;
use crate::federation::send::{self, Attempted, Sent};
use crate::jobs::{LOOK_EVERY, recover};
use crate::services::deliveries::{self, DeliveryOutcome, Outgoing, Room};

/// How long a delivery is ours: longer than a request may take.
const LEASE: Duration = Duration::from_secs(30);
/// How long the permission that was asked when a delivery was taken is good for. Whoever ends a
/// permission waits longer than this before saying that it is done.
const PERMISSION_LASTS: Duration = Duration::from_millis(100);
/// The shortest and the longest rest from one turn to the next. Between them it is as long as the turn
/// itself took: when many want to write, fewer turns with more in each.
const REST_MIN: Duration = Duration::from_millis(3);
const REST_MAX: Duration = Duration::from_millis(25);
/// The longest rest while as many are on their way as there may be: shorter than a permission lasts.
const REST_WHILE_BUSY_MAX: Duration = Duration::from_millis(60);
/// How long a stopping server waits for what is on its way.
const STOP_WAIT: Duration = Duration::from_secs(6);

pub async fn run(federation: Federation) {
    let (finished, outcomes) = mpsc::channel(1_024);
    let mut deliverer = Deliverer {
        federation,
        on_their_way: HashMap::new(),
        count: 0,
        finished,
        outcomes,
        ended: Vec::new(),
    };
    while !deliverer.federation.app.bells.stop.rung() {
        if let Err(error) = deliverer.turn().await {
            let app = deliverer.federation.app.clone();
            recover(&app, "delivering", &error).await;
        }
    }
    deliverer.finish().await;
}

struct Deliverer {
    federation: Federation,
    /// How many deliveries are on their way, by server, and the turns they take there. A server that
    /// wants no more or does not answer shuts the door: who waits there for a turn is put back.
    on_their_way: HashMap<Host, (usize, Arc<Semaphore>)>,
    count: usize,
    finished: mpsc::Sender<DeliveryOutcome>,
    outcomes: mpsc::Receiver<DeliveryOutcome>,
    /// What ended and is not written down yet.
    ended: Vec<DeliveryOutcome>,
}

impl Deliverer {
    /// Writes down what ended and takes what is due, in one transaction; then rests, shortly while
    /// there is work: one transaction for what ends in some milliseconds instead of one for each.
    async fn turn(&mut self) -> Result<()> {
        let app = self.federation.app.clone();
        let begun = app.clock.now();
        let due = self.exchange().await?;
        let rest = app.clock.now().since(begun).clamp(REST_MIN, REST_MAX);
        if self.count >= app.config.limits.deliveries_in_flight {
            self.rest_while_busy().await;
            return Ok(());
        }
        if due > 0 {
            tokio::time::sleep(rest).await;
            return Ok(());
        }
        let pause = self.pause().await?;
        tokio::select! {
            outcome = self.outcomes.recv() => {
                self.ended.extend(outcome);
                tokio::time::sleep(rest).await;
            }
            () = app.bells.deliveries.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = app.bells.stop.heard() => {}
        }
        Ok(())
    }

    /// While as many are on their way as there may be: until half of them ended.
    async fn rest_while_busy(&self) {
        let enough = self.count / 2;
        let mut rested = Duration::ZERO;
        while self.outcomes.len() < enough && rested < REST_WHILE_BUSY_MAX {
            tokio::time::sleep(REST_MIN).await;
            rested += REST_MIN;
        }
    }

    /// How many deliveries were due.
    async fn exchange(&mut self) -> Result<usize> {
        let ended = self.take_ended();
        if !ended.is_empty() {
            crate::fail_point::pass("delivery.before_mark");
        }
        let app = &self.federation.app;
        let limits = app.config.limits;
        let per_host = limits.deliveries_in_flight_per_host;
        let room = Room {
            busy: self
                .on_their_way
                .iter()
                .filter(|(_, (count, _))| *count >= per_host)
                .map(|(host, _)| host.clone())
                .collect(),
            most: limits.deliveries_in_flight.saturating_sub(self.count),
            lease_until: app.clock.now().plus(LEASE),
        };
        if ended.is_empty() && room.most == 0 {
            return Ok(0);
        }
        let taken = deliveries::exchange(app, ended, room).await?;
        let taken_at = app.clock.now();
        for outgoing in taken.outgoing {
            self.count += 1;
            let (count, turns) = self
                .on_their_way
                .entry(outgoing.delivery.host.clone())
                .or_insert_with(|| (0, Arc::new(Semaphore::new(per_host))));
            *count += 1;
            if turns.is_closed() {
                *turns = Arc::new(Semaphore::new(per_host));
            }
            let turns = Arc::clone(turns);
            let (federation, finished) = (self.federation.clone(), self.finished.clone());
            tokio::spawn(async move {
                let outcome = match turns.acquire().await {
                    Ok(_turn) => attempt(&federation, outgoing, taken_at).await,
                    Err(_shut) => put_back(&outgoing.delivery),
                };
                if matches!(
                    outcome.impression,
                    Impression::Limited(_) | Impression::Down(_)
                ) {
                    turns.close();
                }
                // The receiver lives as long as the server; when it stops, the lease ends by itself.
                let _ = finished.send(outcome).await;
            });
        }
        Ok(taken.due)
    }

    /// Everything that ended up to now, which makes room.
    fn take_ended(&mut self) -> Vec<DeliveryOutcome> {
        while let Ok(outcome) = self.outcomes.try_recv() {
            self.ended.push(outcome);
        }
        let ended = std::mem::take(&mut self.ended);
        for outcome in &ended {
            self.count -= 1;
            if let Some((count, _)) = self.on_their_way.get_mut(&outcome.host) {
                *count -= 1;
                if *count == 0 {
                    self.on_their_way.remove(&outcome.host);
                }
            }
        }
        ended
    }

    /// How long nothing can be due.
    async fn pause(&self) -> Result<Duration> {
        if self.count > 0 {
            return Ok(LOOK_EVERY);
        }
        let app = &self.federation.app;
        let until = deliveries::next_due(app)
            .await?
            .map(|due| due.since(app.clock.now()));
        Ok(until
            .unwrap_or(LOOK_EVERY)
            .clamp(Duration::from_millis(20), LOOK_EVERY))
    }

    /// Waits for what is on its way; what does not end in time is free again when its lease ends.
    async fn finish(&mut self) {
        let until = tokio::time::sleep(STOP_WAIT);
        tokio::pin!(until);
        loop {
            let ended = self.take_ended();
            if !ended.is_empty() {
                crate::fail_point::pass("delivery.before_mark");
                let nothing_more = Room::default();
                let app = &self.federation.app;
                if let Err(error) = deliveries::exchange(app, ended, nothing_more).await {
                    tracing::error!(%error, "deliveries could not be written down; they will be repeated");
                }
            }
            if self.count == 0 {
                return;
            }
            tokio::select! {
                () = &mut until => return,
                outcome = self.outcomes.recv() => self.ended.extend(outcome),
            }
        }
    }
}

async fn attempt(
    federation: &Federation,
    outgoing: Outgoing,
    taken_at: Timestamp,
) -> DeliveryOutcome {
    let permission_ends = taken_at.plus(PERMISSION_LASTS);
    let attempted = send::post(federation, &outgoing, permission_ends).await;
    let delivery = outgoing.delivery;
    let outcome = judge(&delivery, attempted, federation.app.clock.now());
    if let Some(error) = &outcome.error {
        tracing::info!(host = %delivery.host, activity = %delivery.activity, state = %outcome.state, error, "a delivery did not arrive");
    }
    outcome
}

/// It was taken, and its server was heard to want nothing before its turn came: as if it had not been
/// taken.
fn put_back(delivery: &Delivery) -> DeliveryOutcome {
    DeliveryOutcome {
        id: delivery.id,
        host: delivery.host.clone(),
        state: DeliveryState::Pending,
        status: None,
        error: None,
        next_attempt_at: None,
        earlier: delivery.attempts,
        impression: Impression::Untried,
        clock_difference: None,
        left: false,
    }
}

/// Why something may have left and is sent again.
const BROKEN_OFF: &str = "an emergency stop broke it off";

/// What an answer means for the delivery, and what it tells of the server.
fn judge(delivery: &Delivery, attempted: Attempted, now: Timestamp) -> DeliveryOutcome {
    let chance = delivery.id.0.unsigned_abs();
    let next = backoff::next(delivery.attempts + 1, now, chance);
    let mut outcome = put_back(delivery);
    outcome.clock_difference = attempted.clock_difference;
    outcome.left = attempted.left;
    match attempted.sent {
        Sent::Accepted => {
            outcome.state = DeliveryState::Sent;
            outcome.impression = Impression::Alive;
        }
        Sent::Cancelled => {
            outcome.state = DeliveryState::Withheld;
            outcome.error = Some("cancelled before it left".to_owned());
        }
        // It waits where it was, however long; nothing is wrong with it or its server.
        Sent::Held => {
            outcome.error = attempted.left.then(|| BROKEN_OFF.to_owned());
            return outcome;
        }
        Sent::Refused { status, text } => {
            outcome.state = DeliveryState::Failed;
            outcome.impression = Impression::Alive;
            (outcome.status, outcome.error) = (Some(status), Some(text));
        }
        Sent::Later {
            status,
            error,
            not_before,
        } => {
            outcome.impression = Impression::Alive;
            (outcome.status, outcome.error) = (Some(status), Some(error));
            outcome.next_attempt_at = Some(not_before.map_or(next, |time| time.max(next)));
        }
        Sent::Limited { error, not_before } => {
            outcome.impression = Impression::Limited(not_before);
            (outcome.status, outcome.error) = (Some(429), Some(error));
            // Nothing is wrong with the delivery: it goes when its server may be sent to.
            outcome.next_attempt_at = Some(not_before.unwrap_or(now));
        }
        Sent::Down {
            status,
            error,
            not_before,
        } => {
            outcome.impression = Impression::Down(not_before);
            (outcome.status, outcome.error) = (status, Some(error));
            outcome.next_attempt_at = Some(not_before.map_or(next, |time| time.max(next)));
        }
        Sent::Unable { error } => {
            outcome.impression = Impression::Unclear;
            outcome.error = Some(error);
            outcome.next_attempt_at = Some(next);
        }
    }
    if outcome.state == DeliveryState::Pending && backoff::is_over(delivery.created_at, now) {
        outcome.state = DeliveryState::Dead;
    }
    outcome
}
