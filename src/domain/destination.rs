//! Destinations: the servers we deliver to, how sending to each goes, and what follows from that.
//!
//! Claiming obeys two things that are known of a server, its [`Health::not_before`] and its
//! [`Health::gap`]; the rules here are the only ones that change them. They are those of TCP (RFC 5681),
//! for the same reasons: whoever says "too much" is sent to half as fast, whoever takes what comes a
//! little faster each time, and whoever was away is found out about with one delivery, then with more and
//! more. Pure: time is a value.

use std::time::Duration;

use crate::domain::text_enum::text_enum;
use crate::domain::{DeliveryId, Host, SignatureChoice, Timestamp, backoff};

/// Failures in a row after which a server rests: nothing is sent to it but one delivery at a time, to
/// see whether it is back.
pub const FAILURES_MAX: u32 = 5;
/// From one delivery to the next, where a server asked for less or was away.
const FIRST_GAP: Duration = Duration::from_secs(1);
/// Longest time from one delivery to the next.
const LONGEST_GAP: Duration = Duration::from_secs(60);
/// What is shorter is none: as fast as it goes.
const SHORTEST_GAP: Duration = Duration::from_micros(1_000_000 / 64);
/// With each delivery that is taken, the pace grows by this part.
const GROWTH: u32 = 32;
/// Waiting deliveries are given turns as far ahead as this many gaps; then they are looked at again, for
/// the gap may have changed.
const TURNS_AHEAD: u32 = 8;
/// While a server rests, the others wait this long after the time of the one that tries: whichever comes
/// first then tries, should that one be gone.
const AFTER_PROBE: Duration = Duration::from_secs(10);
/// A clock is said to differ by another amount only when it changed by more than this, seconds: a `Date`
/// has whole seconds, and takes a while to arrive.
const CLOCK_NOISE_SECONDS: u64 = 2;

/// What is known of a server we deliver to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub host: Host,
    pub pending: u64,
    pub failed: u64,
    pub dead: u64,
    /// When the oldest pending delivery was made.
    pub oldest: Option<Timestamp>,
    pub last_success_at: Option<Timestamp>,
    pub last_error_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// How requests to it are signed.
    pub signature: SignatureChoice,
    pub health: Health,
}

/// What an attempt to deliver tells of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impression {
    /// Nothing: nothing left the house.
    Untried,
    /// Nothing: what went wrong is ours.
    Unclear,
    /// It lives: it took the delivery, or knew what it did not like about it.
    Alive,
    /// This was too much (429). Until when it wants nothing, if it said so.
    Limited(Option<Timestamp>),
    /// No connection, no answer, or an error of its own (5xx). Until when it wants nothing, if it said so.
    Down(Option<Timestamp>),
}

/// An attempt as the server's health hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub delivery: DeliveryId,
    /// Earlier attempts of the same delivery.
    pub earlier: u32,
    pub impression: Impression,
}

text_enum! {
    /// How a server is sent to just now.
    DestinationState ("state") {
        /// As fast as it goes.
        Ready = "ready",
        /// One delivery after the other, with a gap between them.
        Slowed = "slowed",
        /// It asked to be left alone until a time.
        Waiting = "waiting",
        /// It does not answer: nothing is sent until a time.
        Resting = "resting",
        /// It did not answer: one delivery is on its way to see whether it does now.
        Probing = "probing",
    }
}

/// How sending to a server goes. Nothing is known of a new one: everything is sent at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row. Of a delivery that fails again and again only the first counts, for the fault
    /// may be the delivery's.
    pub failures: u32,
    /// Nothing is sent before.
    pub not_before: Timestamp,
    /// From one delivery to the next, as long as this is not zero.
    pub gap: Duration,
    /// What the gap falls to: zero, unless the server was heard to say "too much".
    pub limit: Duration,
    /// The one delivery on its way while the server rests.
    pub probe: Option<DeliveryId>,
    /// Our clock less theirs, seconds, by the `Date` of their answers.
    pub clock_difference: Option<i64>,
}

impl Health {
    /// Whether nothing is sent but one delivery at a time.
    pub const fn is_resting(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    /// Whether a delivery may go now; if so, it takes the turn. `lease_until` is when a delivery that
    /// nobody heard of any more is free again.
    pub fn take_turn(
        &mut self,
        delivery: DeliveryId,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> bool {
        if now < self.not_before {
            return false;
        }
        if self.is_resting() {
            self.probe = Some(delivery);
            self.not_before = lease_until;
        } else if !self.gap.is_zero() {
            self.not_before = now.plus(self.gap);
        }
        true
    }

    /// When a delivery that has no turn now is looked at again; `place` others wait before it.
    pub fn next_turn(&self, place: u32, now: Timestamp) -> Timestamp {
        let from = self.not_before.max(now);
        if self.is_resting() {
            return from.plus(AFTER_PROBE);
        }
        from.plus(self.gap.saturating_mul(place.min(TURNS_AHEAD)))
    }

    /// What follows from an attempt that ended.
    pub fn hear(&mut self, attempt: Attempt, now: Timestamp) {
        match attempt.impression {
            Impression::Untried | Impression::Unclear => {
                if self.probe == Some(attempt.delivery) {
                    self.probe = None;
                    self.not_before = now;
                }
            }
            Impression::Alive => self.hear_life(now),
            Impression::Limited(until) => self.hear_limit(attempt, until, now),
            Impression::Down(until) => self.hear_failure(attempt, until, now),
        }
    }

    /// Remembers what a `Date` says of their clock: ours less theirs, seconds.
    pub fn see_clock(&mut self, difference: i64) {
        let noise =
            |known: i64| known.saturating_sub(difference).unsigned_abs() <= CLOCK_NOISE_SECONDS;
        if !self.clock_difference.is_some_and(noise) {
            self.clock_difference = Some(difference);
        }
    }

    /// It is back, or takes what comes: a little faster, up to what it is known to take.
    fn hear_life(&mut self, now: Timestamp) {
        if self.is_resting() {
            self.wake(now);
            self.gap = self.limit.max(FIRST_GAP);
            return;
        }
        self.failures = 0;
        if self.is_held(now) {
            // It was sent before the server asked to be left alone.
            return;
        }
        if self.gap > self.limit {
            self.gap = (self.gap / 2).max(self.limit);
        } else {
            self.limit -= self.limit / GROWTH;
            self.gap = self.limit;
        }
        for gap in [&mut self.gap, &mut self.limit] {
            if *gap < SHORTEST_GAP {
                *gap = Duration::ZERO;
            }
        }
    }

    /// Half as fast from now on. Of what was under way together, the first refusal counts.
    fn hear_limit(&mut self, attempt: Attempt, until: Option<Timestamp>, now: Timestamp) {
        if self.is_resting() {
            self.wake(now);
        }
        self.failures = 0;
        if !self.is_held(now) {
            let doubled = self.gap.max(self.limit).saturating_mul(2);
            self.limit = doubled.clamp(FIRST_GAP, LONGEST_GAP);
            self.gap = self.limit;
        }
        let until = until.unwrap_or_else(|| backoff::next(1, now, attempt.chance()));
        self.hold(until.max(now.plus(self.gap * 2)));
    }

    /// One more failure. While the server rests, only what was sent to see whether it is back counts.
    fn hear_failure(&mut self, attempt: Attempt, until: Option<Timestamp>, now: Timestamp) {
        if self.is_resting() {
            if self.probe != Some(attempt.delivery) {
                return;
            }
            self.probe = None;
            self.not_before = now;
            self.failures = self.failures.saturating_add(1);
        } else if attempt.earlier == 0 {
            self.failures += 1;
        }
        if self.is_resting() {
            let rests = self.failures - FAILURES_MAX + 1;
            self.hold(backoff::next(rests, now, attempt.chance()));
        }
        if let Some(until) = until {
            self.hold(until);
            self.gap = self.gap.max(FIRST_GAP);
        }
    }

    fn wake(&mut self, now: Timestamp) {
        self.failures = 0;
        self.probe = None;
        self.not_before = now;
    }

    fn hold(&mut self, until: Timestamp) {
        self.not_before = self.not_before.max(until);
    }

    /// Whether the next turn is further away than a gap: the server was heard to want nothing.
    fn is_held(&self, now: Timestamp) -> bool {
        self.not_before > now.plus(self.gap)
    }

    pub fn state(&self, now: Timestamp) -> DestinationState {
        match self.is_resting() {
            true if self.probe.is_some() => DestinationState::Probing,
            true => DestinationState::Resting,
            false if self.is_held(now) => DestinationState::Waiting,
            false if self.gap.is_zero() => DestinationState::Ready,
            false => DestinationState::Slowed,
        }
    }

    /// Until when nothing is sent, where the server waits or rests.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let state = self.state(now);
        matches!(state, DestinationState::Waiting | DestinationState::Resting)
            .then_some(self.not_before)
    }

    /// Deliveries a minute, at most; none: as many as go.
    pub fn pace_per_minute(&self) -> Option<u64> {
        let a_minute = Duration::from_secs(60).as_micros();
        let pace = a_minute.checked_div(self.gap.as_micros())?;
        u64::try_from(pace).ok()
    }

    /// How it is sent to, for people: `resting until 22 Nov 2026, 14:05, after 5 failures`.
    pub fn describe(&self, now: Timestamp) -> String {
        let until = self.not_before.for_people();
        let failures = self.failures;
        match self.state(now) {
            DestinationState::Ready => "ready".to_owned(),
            DestinationState::Slowed => {
                format!("at most {} a minute", self.pace_per_minute().unwrap_or(0))
            }
            DestinationState::Waiting => format!("waiting until {until}, as it asked"),
            DestinationState::Resting => {
                format!("resting until {until}, after {failures} failures")
            }
            DestinationState::Probing => format!("being tried, after {failures} failures"),
        }
    }
}

impl Attempt {
    /// A number that differs from attempt to attempt, so that servers that failed together are not
    /// tried again together.
    fn chance(self) -> u64 {
        let delivery = self.delivery.0.unsigned_abs();
        delivery.wrapping_add(u64::from(self.earlier))
    }
}

#[cfg(test)]
mod tests;
