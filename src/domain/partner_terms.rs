//! What a partnership is for: each side says so for itself, and holds what the other said. And how it is
//! seen to that nobody forgets a partnership: it ends by itself, or is confirmed from time to time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::text_enum::text_enum;
use crate::domain::{GrantEnd, Invalid, Partner, PartnerClass, PartnerState, Timestamp};

/// Longest purpose of a partnership, characters.
pub const PURPOSE_CHARS_MAX: usize = 500;
/// Longest contact, characters: a name with a telephone number or an address.
pub const CONTACT_CHARS_MAX: usize = 200;
/// Longest time between two confirmations, months.
pub const CONFIRM_MONTHS_MAX: u32 = 60;
/// How long before a partnership ends or has to be confirmed administrators are told.
pub const TOLD_BEFORE: Duration = Duration::from_secs(14 * 86_400);

/// What one side says of a partnership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Empty: nothing was said.
    pub purpose: String,
    /// Whom to call over there. Empty: nothing was said.
    pub contact: String,
    /// The first moment when that side's partnership is over; none: it has no end.
    pub until: Option<Timestamp>,
}

impl Terms {
    /// # Errors
    /// [`Invalid`] for what is too long or more than a line.
    pub fn new(purpose: &str, contact: &str, until: Option<Timestamp>) -> Result<Self, Invalid> {
        Ok(Self {
            purpose: line("purpose", purpose, PURPOSE_CHARS_MAX)?,
            contact: line("contact", contact, CONTACT_CHARS_MAX)?,
            until,
        })
    }

    /// What another server says: whatever it is, as much of it as is kept here.
    pub fn received(purpose: &str, contact: &str, until: Option<Timestamp>) -> Self {
        Self {
            purpose: cut(purpose, PURPOSE_CHARS_MAX),
            contact: cut(contact, CONTACT_CHARS_MAX),
            until,
        }
    }

    /// # Errors
    /// [`Invalid`] for an end that is not to come.
    pub fn check_end(&self, now: Timestamp) -> Result<(), Invalid> {
        match self.until {
            Some(until) if until <= now => {
                Err(Invalid::new("until", "is over already: choose a later day"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn line(field: &'static str, text: &str, most: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "is more than one line"));
    }
    if text.chars().count() > most {
        let problem = format!("is longer than {most} characters");
        return Err(Invalid::new(field, problem));
    }
    Ok(text.to_owned())
}

fn cut(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    line.chars()
        .filter(|letter| !letter.is_control())
        .take(most)
        .collect()
}

/// How often administrators are asked whether a partnership is still needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfirmEvery {
    /// As the house's settings say.
    #[default]
    House,
    Never,
    Months(u32),
}

impl ConfirmEvery {
    /// None: it is never asked.
    pub const fn months(self, house: Option<u32>) -> Option<u32> {
        match self {
            Self::House => house,
            Self::Never => None,
            Self::Months(months) => Some(months),
        }
    }

    /// As it is kept: none for what the house says, 0 for never.
    pub fn to_stored(self) -> Option<i32> {
        match self {
            Self::House => None,
            Self::Never => Some(0),
            Self::Months(months) => i32::try_from(months).ok(),
        }
    }

    pub fn from_stored(stored: Option<i32>) -> Self {
        match stored.map(u32::try_from) {
            None => Self::House,
            Some(Ok(0) | Err(_)) => Self::Never,
            Some(Ok(months)) => Self::Months(months),
        }
    }
}

impl fmt::Display for ConfirmEvery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House => f.write_str("house"),
            Self::Never => f.write_str("never"),
            Self::Months(months) => write!(f, "{months}"),
        }
    }
}

impl FromStr for ConfirmEvery {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match (text, text.parse::<u32>()) {
            ("house", _) => Ok(Self::House),
            ("never", _) => Ok(Self::Never),
            (_, Ok(months)) if (1..=CONFIRM_MONTHS_MAX).contains(&months) => {
                Ok(Self::Months(months))
            }
            _ => Err(Invalid::new(
                "confirm",
                format!(
                    "{text:?} is not house, never, or a number of months from 1 to {CONFIRM_MONTHS_MAX}"
                ),
            )),
        }
    }
}

/// Our side of a partnership, as an administrator makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurSide {
    /// What the other organization is to us.
    pub class: PartnerClass,
    pub terms: Terms,
    pub confirm: ConfirmEvery,
}

impl From<PartnerClass> for OurSide {
    fn from(class: PartnerClass) -> Self {
        Self {
            class,
            terms: Terms::default(),
            confirm: ConfirmEvery::default(),
        }
    }
}

/// What of our side is said anew; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermsChange {
    pub purpose: Option<String>,
    pub contact: Option<String>,
    pub until: Option<GrantEnd>,
    pub confirm: Option<ConfirmEvery>,
}

impl TermsChange {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// As [`Terms::new`].
    pub fn applied_to(&self, terms: &Terms) -> Result<Terms, Invalid> {
        let purpose = self.purpose.as_deref().unwrap_or(&terms.purpose);
        let contact = self.contact.as_deref().unwrap_or(&terms.contact);
        let until = self.until.map_or(terms.until, GrantEnd::time);
        Terms::new(purpose, contact, until)
    }
}

text_enum! {
    /// Why nothing goes in or out.
    PauseReason ("reason") {
        Administrator = "administrator",
        /// Their server shows another key than the pinned one, which nobody here compared yet.
        KeyChanged = "key_changed",
        /// Nobody here said in time that it is still needed.
        Unconfirmed = "unconfirmed",
    }
}

/// What administrators have to look at, of a partnership that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    KeyChanged,
    Unconfirmed,
    /// It will be paused then.
    ConfirmBefore(Timestamp),
    EndsAt(Timestamp),
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyChanged => {
                f.write_str("their server shows another key: nothing goes in or out until it is compared")
            }
            Self::Unconfirmed => f.write_str(
                "nobody confirmed in time that it is still needed: nothing goes in or out until somebody does",
            ),
            Self::ConfirmBefore(at) => write!(
                f,
                "to be confirmed before {}, or it is paused",
                at.for_people()
            ),
            Self::EndsAt(at) => write!(f, "ends by itself {}", at.for_people()),
        }
    }
}

impl Partner {
    /// When somebody has to have said that it is still needed; none: nobody has to. `house` is the
    /// number of months in the house's settings.
    pub fn confirm_before(&self, house: Option<u32>) -> Option<Timestamp> {
        let months = self.confirm.months(house)?;
        let since = self.confirmed_at.unwrap_or(self.created_at);
        Some(since.plus_months(months))
    }

    /// What administrators have to look at now.
    pub fn concern(&self, house: Option<u32>, now: Timestamp) -> Option<Concern> {
        let soon = |at: &Timestamp| *at <= now.plus(TOLD_BEFORE);
        match (self.state, self.paused_for) {
            (PartnerState::Paused, Some(PauseReason::KeyChanged)) => Some(Concern::KeyChanged),
            (PartnerState::Paused, Some(PauseReason::Unconfirmed)) => Some(Concern::Unconfirmed),
            (PartnerState::Active | PartnerState::Paused, _) => {
                let ends = self.ours.until.filter(soon).map(Concern::EndsAt);
                let confirm = self.confirm_before(house).filter(soon);
                let confirm = confirm.filter(|_| self.state == PartnerState::Active);
                ends.or(confirm.map(Concern::ConfirmBefore))
            }
            (PartnerState::Invited | PartnerState::Ended | PartnerState::Blocked, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn partner() -> Partner {
        Partner {
            id: crate::domain::PartnerId(1),
            host: "birch.example".parse().unwrap(),
            class: PartnerClass::Partner,
            state: PartnerState::Active,
            organization: "Birch".into(),
            instance: None,
            mutual: true,
            agreement: None,
            ending: None,
            discreet: true,
            created_at: day("2026-01-31"),
            ours: Terms::default(),
            theirs: Terms::default(),
            confirm: ConfirmEvery::House,
            confirmed_at: None,
            paused_for: None,
        }
    }

    #[test]
    fn administrators_are_told_two_weeks_before() {
        let one = partner();
        assert_eq!(one.concern(None, day("2030-01-01")), None);
        assert_eq!(one.concern(Some(6), day("2026-07-16")), None);
        let before = Some(Concern::ConfirmBefore(day("2026-07-31")));
        assert_eq!(one.concern(Some(6), day("2026-07-17")), before);
        let own = Partner {
            confirm: ConfirmEvery::Never,
            ..partner()
        };
        assert_eq!(own.concern(Some(6), day("2030-01-01")), None);
        let ending = Partner {
            ours: Terms::new("", "", Some(day("2026-12-31"))).unwrap(),
            ..own
        };
        assert_eq!(ending.concern(None, day("2026-12-16")), None);
        let ends = Some(Concern::EndsAt(day("2026-12-31")));
        assert_eq!(ending.concern(None, day("2026-12-17")), ends);
        let paused = Partner {
            state: PartnerState::Paused,
            paused_for: Some(PauseReason::KeyChanged),
            ..ending
        };
        let changed = Some(Concern::KeyChanged);
        assert_eq!(paused.concern(None, day("2026-12-17")), changed);
    }

    #[test]
    fn what_is_said_is_one_line_and_not_too_long() {
        assert!(Terms::new("bridges\nand roads", "", None).is_err());
        assert!(Terms::new(&"x".repeat(PURPOSE_CHARS_MAX + 1), "", None).is_err());
        let theirs = Terms::received(&"long \n".repeat(200), "Bo,\u{7} +1", None);
        assert_eq!(theirs.purpose.chars().count(), PURPOSE_CHARS_MAX);
        assert_eq!(theirs.contact, "Bo, +1");
    }

    #[test]
    fn how_often_is_read_and_kept() {
        for (text, stored) in [("house", None), ("never", Some(0)), ("6", Some(6))] {
            let every: ConfirmEvery = text.parse().unwrap();
            assert_eq!(
                (every.to_string().as_str(), every.to_stored()),
                (text, stored)
            );
            assert_eq!(ConfirmEvery::from_stored(stored), every);
        }
        for odd in ["0", "61", "-1", "monthly", ""] {
            assert!(odd.parse::<ConfirmEvery>().is_err(), "{odd}");
        }
    }
}
