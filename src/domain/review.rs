//! Access review: a grant is asked about from time to time, and ends when nobody says that it is needed.

use std::time::Duration;

use crate::domain::Timestamp;

/// Days from when a grant is to be reviewed until it ends because nobody did.
pub const REVIEW_GRACE_DAYS: u64 = 14;
/// Longest time between two reviews, days.
pub const REVIEW_DAYS_MAX: u64 = 3_660;

const fn of_days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

/// When a grant is to be reviewed, and when it ends otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    pub due: Timestamp,
    pub lapses: Timestamp,
}

impl Review {
    /// Of a grant that was made or reviewed at `since`.
    pub fn after(since: Timestamp, days: u64) -> Self {
        let due = since.plus(of_days(days));
        Self {
            due,
            lapses: due.plus(of_days(REVIEW_GRACE_DAYS)),
        }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due <= now
    }

    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.lapses <= now
    }
}

/// When a partner's people last did something under a grant; none: never, as far as is still known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastUse {
    pub joined: Option<Timestamp>,
    pub wrote: Option<Timestamp>,
    pub liked: Option<Timestamp>,
    /// Their server got something of the group.
    pub received: Option<Timestamp>,
    /// They, or their server, read something of the group here.
    pub fetched: Option<Timestamp>,
}

impl LastUse {
    /// The latest of them, with a word for what it was.
    pub fn latest(&self) -> Option<(&'static str, Timestamp)> {
        let all = [
            ("joined", self.joined),
            ("wrote", self.wrote),
            ("liked", self.liked),
            ("received", self.received),
            ("fetched", self.fetched),
        ];
        let known = all.into_iter().filter_map(|(what, at)| Some((what, at?)));
        known.max_by_key(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_due_and_then_lapses() {
        let made = Timestamp::parse("2026-01-01").unwrap();
        let review = Review::after(made, 90);
        let on = |day: &str| Timestamp::parse(day).unwrap();
        assert!(!review.is_due(on("2026-03-31")) && review.is_due(on("2026-04-01")));
        assert!(!review.has_lapsed(on("2026-04-14")) && review.has_lapsed(on("2026-04-15")));
    }

    #[test]
    fn the_latest_use_is_named() {
        let at = Timestamp::from_micros;
        let used = LastUse {
            joined: Some(at(1)),
            liked: Some(at(3)),
            received: Some(at(2)),
            wrote: None,
            fetched: None,
        };
        assert_eq!(used.latest(), Some(("liked", at(3))));
        let fetched = Some(at(4));
        let used = LastUse { fetched, ..used };
        assert_eq!(used.latest(), Some(("fetched", at(4))));
        assert_eq!(LastUse::default().latest(), None);
    }
}
