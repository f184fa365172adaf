//! When to try again. Pure.

use std::time::Duration;

use crate::domain::{DELIVERY_DAYS_MAX, Timestamp};

/// Pause after the first failure.
const FIRST: Duration = Duration::from_secs(10);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(3_600);

/// When to try again after `attempts` failures (at least one): ten seconds, doubling, at most an
/// hour, each shifted by up to a quarter so that many that failed together do not return together.
/// `chance` is any number; the same number gives the same time.
pub fn next(attempts: u32, now: Timestamp, chance: u64) -> Timestamp {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1).min(20)));
    let pause = doubled.min(LONGEST);
    let quarter = u64::try_from(pause.as_millis() / 4)
        .unwrap_or(u64::MAX)
        .max(1);
    // Fibonacci hashing spreads consecutive numbers evenly.
    let scattered = chance.wrapping_mul(0x9E37_79B9_7F4A_7C15) % quarter;
    now.plus(pause).plus(Duration::from_millis(scattered))
}

/// Whether something begun at `since` has been tried long enough.
pub fn is_over(since: Timestamp, now: Timestamp) -> bool {
    now.since(since) >= Duration::from_secs(DELIVERY_DAYS_MAX * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end_at_an_hour() {
        let now = Timestamp::parse("2026-11-21").unwrap();
        let pause = |attempts| next(attempts, now, 7).since(now).as_secs();
        assert!((10..=12).contains(&pause(1)));
        assert!((20..=25).contains(&pause(2)));
        assert!((3_600..=4_500).contains(&pause(12)));
        assert!((3_600..=4_500).contains(&pause(u32::MAX)));
    }

    #[test]
    fn many_that_fail_together_do_not_return_together() {
        let now = Timestamp::parse("2026-11-21").unwrap();
        let mut times: Vec<_> = (0..100).map(|chance| next(5, now, chance)).collect();
        times.sort_unstable();
        times.dedup();
        assert!(times.len() > 90);
    }

    #[test]
    fn thirty_days_are_enough() {
        let then = Timestamp::parse("2026-10-01").unwrap();
        assert!(!is_over(then, Timestamp::parse("2026-10-30").unwrap()));
        assert!(is_over(then, Timestamp::parse("2026-10-31").unwrap()));
    }
}
