//! Grants: what one partner may do in one group, and for how long.

use std::fmt;
use std::str::FromStr;

use crate::domain::text_enum::text_enum;
use crate::domain::{GrantId, GroupId, Invalid, PartnerId, Timestamp};

text_enum! {
    /// One thing a partner's people may do in a group.
    Capability ("can") {
        Read = "read",
        React = "react",
        Reply = "reply",
        Start = "start",
        Attach = "attach",
        Invite = "invite",
        Moderate = "moderate",
    }
}

text_enum! {
    /// How a partner's people get in.
    JoinMode ("join") {
        /// A moderator lets each one in.
        Approve = "approve",
        /// At once.
        Auto = "auto",
        /// Only who was invited.
        Invite = "invite",
    }
}

impl JoinMode {
    /// Nobody gets in by this who would not by `other`.
    const fn is_as_strict_as(self, other: Self) -> bool {
        match (self, other) {
            (Self::Invite, _) | (_, Self::Auto) | (Self::Approve, Self::Approve) => true,
            (Self::Approve, Self::Invite) | (Self::Auto, Self::Approve | Self::Invite) => false,
        }
    }
}

/// A set of capabilities; `read` is in every set that is not empty, for nobody can answer unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Capabilities(u8);

impl Capabilities {
    pub const NONE: Self = Self(0);

    pub const fn all() -> Self {
        Self(0b0111_1111)
    }

    pub fn of(capabilities: &[Capability]) -> Self {
        capabilities
            .iter()
            .fold(Self::NONE, |set, capability| set.with(*capability))
    }

    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u8 | 1 << Capability::Read as u8)
    }

    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }

    pub const fn is_superset_of(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL
            .iter()
            .copied()
            .filter(move |capability| self.contains(*capability))
    }
}

impl FromStr for Capabilities {
    type Err = Invalid;

    /// Reads `read,react,reply`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .try_fold(Self::NONE, |set, word| {
                word.parse().map(|capability| set.with(capability))
            })
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Capability::as_str).collect();
        f.pad(&words.join(","))
    }
}

impl serde::Serialize for Capabilities {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// How far back a partner may read, as asked for when granting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// Topics started from the moment of the grant on.
    Now,
    All,
    /// Topics started at that time or later.
    Since(Timestamp),
}

impl History {
    /// The age limit this means for a grant made at `moment`.
    pub const fn from(self, moment: Timestamp) -> Timestamp {
        match self {
            Self::Now => moment,
            Self::All => Timestamp::MIN,
            Self::Since(time) => time,
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::All => f.write_str("all"),
            Self::Since(time) => write!(f, "{time}"),
        }
    }
}

impl FromStr for History {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "now" => Ok(Self::Now),
            "all" => Ok(Self::All),
            date => Timestamp::parse(date).map(Self::Since).map_err(|_| {
                Invalid::new(
                    "history",
                    format!("{text:?} is not now, all, or a date like 2026-12-31"),
                )
            }),
        }
    }
}

/// When a grant ends, as asked for when granting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantEnd {
    /// Until it is removed.
    Never,
    /// The first moment when it counts no more.
    At(Timestamp),
}

impl GrantEnd {
    pub const fn time(self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At(time) => Some(time),
        }
    }
}

impl fmt::Display for GrantEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::At(time) => write!(f, "{time}"),
        }
    }
}

impl FromStr for GrantEnd {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "never" => Ok(Self::Never),
            date => Timestamp::parse(date).map(Self::At).map_err(|_| {
                Invalid::new(
                    "until",
                    format!("{text:?} is not never, or a date like 2026-12-31"),
                )
            }),
        }
    }
}

/// What is decided when a group is opened to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantTerms {
    pub capabilities: Capabilities,
    pub join: JoinMode,
    pub from: Timestamp,
    /// None: until it is removed.
    pub until: Option<Timestamp>,
    /// Topics older than this stay unseen; [`Timestamp::MIN`] shows all.
    pub history_from: Timestamp,
    /// Partners with a grant for the same group do not learn of each other.
    pub apart: bool,
}

impl GrantTerms {
    /// True while the grant's window contains `now`.
    pub fn covers(&self, now: Timestamp) -> bool {
        self.from <= now && !self.is_over(now)
    }

    /// True of topics that are young enough, or that somebody shared besides.
    pub fn shows_topic(&self, created_at: Timestamp, shared_by_exception: bool) -> bool {
        created_at >= self.history_from || shared_by_exception
    }

    /// True when these terms open nothing to anybody that `other` does not open: neither more, nor longer,
    /// nor further back, nor more easily.
    pub fn are_within(&self, other: &Self) -> bool {
        let ends = |terms: &Self| terms.until.unwrap_or(Timestamp::MAX);
        other.capabilities.is_superset_of(self.capabilities)
            && self.join.is_as_strict_as(other.join)
            && self.from >= other.from
            && ends(self) <= ends(other)
            && self.history_from >= other.history_from
            && (self.apart || !other.apart)
    }

    /// True from the first moment on in which the grant counts no more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A group opened to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub group: GroupId,
    pub partner: PartnerId,
    pub terms: GrantTerms,
    pub created_at: Timestamp,
    /// Set when it was taken back; the row stays as a record.
    pub ended_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_within_others_when_nothing_is_wider() {
        let at = Timestamp::from_micros;
        let terms = GrantTerms {
            capabilities: "read,reply".parse().unwrap(),
            join: JoinMode::Approve,
            from: at(10),
            until: Some(at(20)),
            history_from: at(5),
            apart: false,
        };
        assert!(terms.are_within(&terms));
        let narrower = GrantTerms {
            capabilities: "read".parse().unwrap(),
            join: JoinMode::Invite,
            from: at(11),
            until: Some(at(19)),
            history_from: at(6),
            apart: true,
        };
        assert!(narrower.are_within(&terms));
        let wider: [fn(&mut GrantTerms); 6] = [
            |terms| terms.capabilities = "read,reply,start".parse().unwrap(),
            |terms| terms.join = JoinMode::Auto,
            |terms| terms.from = Timestamp::from_micros(9),
            |terms| terms.until = None,
            |terms| terms.history_from = Timestamp::MIN,
            |terms| terms.apart = false,
        ];
        for widen in wider {
            let mut wider = narrower;
            widen(&mut wider);
            assert!(!wider.are_within(&narrower), "{wider:?}");
        }
    }

    #[test]
    fn capabilities_read_as_written() {
        let set: Capabilities = "reply, react".parse().unwrap();
        assert_eq!(set.to_string(), "read,react,reply");
        assert!("read,fly".parse::<Capabilities>().is_err());
        assert!(Capabilities::all().is_superset_of(set));
        assert_eq!(Capabilities::of(Capability::ALL), Capabilities::all());
    }
}
