//! Sends what is due. Many servers at once, several topics of a server at once, one at a time
//! within a topic; permission is asked when a delivery is taken, just before its bytes leave.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::domain::{Delivery, DeliveryState, Host, Timestamp};
use crate::error::Result;
use crate::federation::Federation;
use crate::federation::send::{self, Sent};
use crate::jobs::{LOOK_EVERY, backoff, recover};
use crate::services::deliveries::{self, DeliveryOutcome, Outgoing};

/// How long a delivery is ours: longer than a request may take.
const LEASE: Duration = Duration::from_secs(30);
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
    /// How many deliveries are on their way, by server, and the turns they take there.
    on_their_way: HashMap<Host, (usize, Arc<Semaphore>)>,
    count: usize,
    finished: mpsc::Sender<DeliveryOutcome>,
    outcomes: mpsc::Receiver<DeliveryOutcome>,
}

impl Deliverer {
    /// Takes what is due, as far as there is room; then writes down what ended, or rests.
    async fn turn(&mut self) -> Result<()> {
        let taken = self.take().await?;
        let app = self.federation.app.clone();
        if taken > 0 {
            // There may be more that is due; what ended meanwhile is written down first.
            return self.write_down_ended().await;
        }
        let pause = self.pause().await?;
        tokio::select! {
            outcome = self.outcomes.recv() => {
                if let Some(outcome) = outcome {
                    self.write_down(outcome).await?;
                }
            }
            () = app.bells.deliveries.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = app.bells.stop.heard() => {}
        }
        Ok(())
    }

    async fn take(&mut self) -> Result<usize> {
        let app = &self.federation.app;
        let limits = app.config.limits;
        let room = limits.deliveries_in_flight.saturating_sub(self.count);
        if room == 0 {
            return Ok(0);
        }
        let busy = self
            .on_their_way
            .iter()
            .filter(|(_, (count, _))| *count >= limits.deliveries_in_flight_per_host)
            .map(|(host, _)| host.clone())
            .collect();
        let most = i64::try_from(room).unwrap_or(i64::MAX);
        let lease_until = app.clock.now().plus(LEASE);
        let outgoing = deliveries::claim(app, busy, lease_until, most).await?;
        let taken = outgoing.len();
        for outgoing in outgoing {
            self.count += 1;
            let per_host = limits.deliveries_in_flight_per_host;
            let (count, turns) = self
                .on_their_way
                .entry(outgoing.delivery.host.clone())
                .or_insert_with(|| (0, Arc::new(Semaphore::new(per_host))));
            *count += 1;
            let turns = Arc::clone(turns);
            let (federation, finished) = (self.federation.clone(), self.finished.clone());
            tokio::spawn(async move {
                // A semaphore that is never closed always gives a turn.
                let _turn = turns.acquire().await;
                attempt(federation, outgoing, finished).await;
            });
        }
        Ok(taken)
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

    async fn write_down_ended(&mut self) -> Result<()> {
        match self.outcomes.try_recv() {
            Ok(first) => self.write_down(first).await,
            Err(_) => Ok(()),
        }
    }

    /// Writes down everything that ended up to now, in one transaction.
    async fn write_down(&mut self, first: DeliveryOutcome) -> Result<()> {
        let mut ended = vec![first];
        while let Ok(outcome) = self.outcomes.try_recv() {
            ended.push(outcome);
        }
        for outcome in &ended {
            self.count -= 1;
            if let Some((count, _)) = self.on_their_way.get_mut(&outcome.host) {
                *count -= 1;
                if *count == 0 {
                    self.on_their_way.remove(&outcome.host);
                }
            }
        }
        crate::fail_point::pass("delivery.before_mark");
        deliveries::record(&self.federation.app, ended).await
    }

    /// Waits for what is on its way; what does not end in time is free again when its lease ends.
    async fn finish(&mut self) {
        let until = tokio::time::sleep(STOP_WAIT);
        tokio::pin!(until);
        while self.count > 0 {
            tokio::select! {
                () = &mut until => return,
                outcome = self.outcomes.recv() => {
                    let Some(outcome) = outcome else { return };
                    if let Err(error) = self.write_down(outcome).await {
                        tracing::error!(%error, "a delivery could not be written down; it will be repeated");
                    }
                }
            }
        }
    }
}

async fn attempt(
    federation: Federation,
    outgoing: Outgoing,
    finished: mpsc::Sender<DeliveryOutcome>,
) {
    let delivery = outgoing.delivery;
    let sent = match deliveries::may_still_leave(&federation.app, delivery.id).await {
        Ok(true) => send::post(&federation, &delivery, outgoing.body).await,
        Ok(false) => Sent::Cancelled,
        Err(error) => Sent::Later {
            status: None,
            error: error.to_string(),
            not_before: None,
        },
    };
    let outcome = judge(&delivery, sent, federation.app.clock.now());
    if let Some(error) = &outcome.error {
        tracing::info!(host = %delivery.host, activity = %delivery.activity, state = %outcome.state, error, "a delivery did not arrive");
    }
    // The receiver lives as long as the server; when it stops, the lease ends by itself.
    let _ = finished.send(outcome).await;
}

/// What an answer means for the delivery.
fn judge(delivery: &Delivery, sent: Sent, now: Timestamp) -> DeliveryOutcome {
    let (state, status, error, not_before) = match sent {
        Sent::Accepted => (DeliveryState::Sent, None, None, None),
        Sent::Cancelled => {
            let why = Some("cancelled before it left".to_owned());
            (DeliveryState::Withheld, None, why, None)
        }
        Sent::Refused { status, text } => (DeliveryState::Failed, Some(status), Some(text), None),
        Sent::Later {
            status,
            error,
            not_before,
        } => (DeliveryState::Pending, status, Some(error), not_before),
    };
    let over = state == DeliveryState::Pending && backoff::is_over(delivery.created_at, now);
    let next = backoff::next(delivery.attempts + 1, now, delivery.id.0.unsigned_abs());
    DeliveryOutcome {
        id: delivery.id,
        host: delivery.host.clone(),
        state: if over { DeliveryState::Dead } else { state },
        status,
        error,
        next_attempt_at: (state == DeliveryState::Pending)
            .then(|| not_before.map_or(next, |time| time.max(next))),
    }
}
