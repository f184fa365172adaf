//! How sending to some servers goes, during one transaction: read once, changed by the rules of
//! [`Health`], and written where it changed.

use std::collections::HashMap;

use crate::domain::{Delivery, Health, Host, Timestamp};
use crate::error::Result;
use crate::storage::deliveries::Outcome;
use crate::storage::{self, Connection};

#[derive(Default)]
pub(super) struct Healths {
    known: HashMap<Host, Known>,
    nothing: Health,
}

#[derive(Default)]
struct Known {
    before: Health,
    now: Health,
    /// Deliveries that were told when to come again.
    told: u32,
}

impl Healths {
    pub fn read<'a>(
        connection: &mut Connection,
        hosts: impl IntoIterator<Item = &'a Host>,
    ) -> Result<Self> {
        let mut hosts: Vec<&Host> = hosts.into_iter().collect();
        hosts.sort_unstable();
        hosts.dedup();
        let read = storage::destinations::list_health(connection, hosts)?;
        let known = read.into_iter().map(|(host, health)| {
            let known = Known {
                before: health.clone(),
                now: health,
                told: 0,
            };
            (host, known)
        });
        Ok(Self {
            known: known.collect(),
            nothing: Health::default(),
        })
    }

    /// Whether anything may be sent to a server now.
    pub fn is_open(&self, host: &Host, now: Timestamp) -> bool {
        let known = self.known.get(host);
        known.map_or(&self.nothing, |known| &known.now).not_before <= now
    }

    /// Whether a delivery may go now; if so, it takes the turn.
    pub fn take_turn(
        &mut self,
        delivery: &Delivery,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> bool {
        match self.known.get_mut(&delivery.host) {
            Some(known) => known.now.take_turn(delivery.id, now, lease_until),
            // Of whom nothing is known, nothing keeps us.
            None => true,
        }
    }

    /// When a delivery that has no turn now comes again.
    pub fn next_turn(&mut self, host: &Host, now: Timestamp) -> Timestamp {
        let known = self.known.entry(host.clone()).or_default();
        let place = known.told;
        known.told += 1;
        known.now.next_turn(place, now)
    }

    /// Hears how attempts ended.
    pub fn hear(&mut self, outcomes: &[Outcome], now: Timestamp) {
        for outcome in outcomes {
            let known = self.known.entry(outcome.host.clone()).or_default();
            if let Some(difference) = outcome.clock_difference {
                known.now.see_clock(difference);
            }
            known.now.hear(outcome.attempt(), now);
        }
    }

    /// Writes what changed, and what follows for the deliveries that wait: all of a server that is back
    /// are due, and one of a server that goes on resting tries next.
    pub fn write(self, connection: &mut Connection, now: Timestamp) -> Result<()> {
        for (host, known) in self.known {
            let (before, after) = (known.before, known.now);
            if after == before {
                continue;
            }
            storage::destinations::save_health(connection, &host, &after)?;
            if before.is_resting() && !after.is_resting() {
                tracing::info!(%host, "a server is back");
                storage::deliveries::wake(connection, &host, now)?;
            }
            if after.is_resting() && after.probe.is_none() {
                tracing::info!(%host, failures = after.failures, until = %after.not_before, "a server rests");
                storage::deliveries::appoint(connection, &host, after.not_before, now)?;
            }
        }
        Ok(())
    }
}
