//! Making row identities: 63 bits that sort by time, unique across processes and restores.
//!
//! Milliseconds since 2024 (41 bits), a number of this process chosen at random (10 bits), a
//! sequence (12 bits). No counter is kept in the database, so a restored backup uses no id twice.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::Timestamp;

const EPOCH_MILLIS: i64 = 1_704_067_200_000;
const PROCESS_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
const SEQUENCE_MASK: i64 = (1 << SEQUENCE_BITS) - 1;

#[expect(
    clippy::disallowed_methods,
    reason = "storage may not use `crypto`; this is no secret"
)]
static PROCESS: LazyLock<i64> = LazyLock::new(|| {
    let mut bytes = [0; 2];
    // Without randomness 0 serves: ids only must differ between processes that run at once.
    let _ = openssl::rand::rand_bytes(&mut bytes);
    i64::from(u16::from_be_bytes(bytes)) & ((1 << PROCESS_BITS) - 1)
});

/// The last (millisecond, sequence) given out for the present.
static LAST: AtomicI64 = AtomicI64::new(0);
static SCATTER: AtomicI64 = AtomicI64::new(0);

/// A new id for something that happens now; larger than every one this process gave before.
pub fn next(now: Timestamp) -> i64 {
    let present = (now.micros() / 1_000 - EPOCH_MILLIS).max(1) << SEQUENCE_BITS;
    let mut last = LAST.load(Ordering::Relaxed);
    loop {
        let ticket = present.max(last + 1);
        match LAST.compare_exchange_weak(last, ticket, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return assemble(ticket),
            Err(seen) => last = seen,
        }
    }
}

/// A new id for something that happened at `past` and is heard of only now, so that it sorts where
/// it belongs.
pub fn at(past: Timestamp, now: Timestamp) -> i64 {
    if past >= now {
        return next(now);
    }
    let millis = (past.micros() / 1_000 - EPOCH_MILLIS).max(1);
    let sequence = SCATTER.fetch_add(1, Ordering::Relaxed) & SEQUENCE_MASK;
    assemble(millis << SEQUENCE_BITS | sequence)
}

/// The smallest id that something of this moment can have: what is older is below it.
pub fn first_at(moment: Timestamp) -> i64 {
    let millis = (moment.micros() / 1_000 - EPOCH_MILLIS).max(0);
    millis << (PROCESS_BITS + SEQUENCE_BITS)
}

fn assemble(ticket: i64) -> i64 {
    let (millis, sequence) = (ticket >> SEQUENCE_BITS, ticket & SEQUENCE_MASK);
    millis << (PROCESS_BITS + SEQUENCE_BITS) | *PROCESS << SEQUENCE_BITS | sequence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_are_never_given_twice() {
        let now = Timestamp::parse("2026-11-21").unwrap();
        let mut ids: Vec<i64> = (0..10_000).map(|_| next(now)).collect();
        assert!(ids.is_sorted());
        ids.dedup();
        assert_eq!(ids.len(), 10_000);
        let earlier = at(Timestamp::parse("2025-01-01").unwrap(), now);
        assert!(earlier < ids[0] && earlier > 0);
        let noon = Timestamp::parse("2025-06-01T12:00:00Z").unwrap();
        assert!(earlier < first_at(noon) && first_at(noon) <= at(noon, now));
    }
}
