//! Tokens with which a group proves to its members' servers that another server reads it (FEP-db0e).

use std::time::Duration;

use crate::domain::{Timestamp, Uri};

/// How long a token of ours counts. Nobody can take it back.
const LASTS: Duration = Duration::from_secs(30 * 60);
/// The longest that FEP-db0e lets a token count.
const LASTS_MAX: Duration = Duration::from_secs(2 * 3_600);
/// How much the clock of a token's issuer may be ahead of ours.
const AHEAD_MAX: Duration = Duration::from_secs(5 * 60);

/// For a while, an actor reads what is said in a group, wherever it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorToken {
    /// The group that says so.
    pub issuer: Uri,
    /// Who reads, and nobody else: it must sign the request in which the token is shown.
    pub actor: Uri,
    pub issued_at: Timestamp,
    pub valid_until: Timestamp,
}

impl ActorToken {
    /// A token made `now`; it ends no later than what it rests on.
    pub fn new(issuer: Uri, actor: Uri, now: Timestamp, end: Option<Timestamp>) -> Self {
        let valid_until = now.plus(LASTS);
        Self {
            issuer,
            actor,
            issued_at: now,
            valid_until: end.map_or(valid_until, |end| end.min(valid_until)),
        }
    }

    /// Whether it counts `now`. Once it is over no difference of clocks prolongs it.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.issued_at <= now.plus(AHEAD_MAX)
            && self.issued_at < self.valid_until
            && now < self.valid_until
            && self.valid_until <= self.issued_at.plus(LASTS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn token(from: &str, until: &str) -> ActorToken {
        ActorToken {
            issuer: "https://acme.example/g/bridges".parse().unwrap(),
            actor: "https://cedar.example/actor".parse().unwrap(),
            issued_at: at(from),
            valid_until: at(until),
        }
    }

    #[test]
    fn a_token_counts_in_its_time_which_is_short() {
        let now = at("2026-05-01T12:00:00Z");
        for (from, until, counts) in [
            ("2026-05-01T11:50:00Z", "2026-05-01T12:20:00Z", true),
            ("2026-05-01T12:04:00Z", "2026-05-01T12:34:00Z", true),
            ("2026-05-01T12:06:00Z", "2026-05-01T12:36:00Z", false),
            ("2026-05-01T11:00:00Z", "2026-05-01T12:00:00Z", false),
            ("2026-05-01T11:59:00Z", "2026-05-01T13:59:00Z", true),
            ("2026-05-01T11:59:00Z", "2026-05-01T14:00:00Z", false),
            ("2026-05-01T12:03:00Z", "2026-05-01T12:02:00Z", false),
        ] {
            assert_eq!(token(from, until).counts(now), counts, "{from} {until}");
        }
    }

    #[test]
    fn a_token_ends_with_what_it_rests_on() {
        let now = at("2026-05-01T12:00:00Z");
        let until = |end: Option<&str>| {
            let known = token("2026-05-01", "2026-05-01");
            ActorToken::new(known.issuer, known.actor, now, end.map(at)).valid_until
        };
        assert_eq!(until(None), at("2026-05-01T12:30:00Z"));
        let (soon, late) = ("2026-05-01T12:10:00Z", "2027-01-01");
        assert_eq!(until(Some(soon)), at(soon));
        assert_eq!(until(Some(late)), at("2026-05-01T12:30:00Z"));
    }
}
