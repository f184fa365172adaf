//! How a partnership goes, in numbers: what is on record of each day, and what one house tells the other of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Destination, DestinationState, Timestamp};

/// Days that are looked back on.
pub const VIEW_DAYS: u32 = 30;

/// One day between us and a partner. It is the day on which a text was written: both sides know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOfPartner {
    /// `2026-10-31` (UTC).
    pub day: String,
    /// Texts that their server took.
    pub sent: u64,
    /// Texts that came from their server.
    pub received: u64,
    /// Seconds from writing a text until their server had taken it: of half of them no longer, and of 95 in a
    /// hundred. None: none was sent.
    pub delay_half: Option<u64>,
    pub delay_most: Option<u64>,
}

impl DayOfPartner {
    /// `delays` in any order.
    pub fn new(day: String, received: u64, mut delays: Vec<Duration>) -> Self {
        delays.sort_unstable();
        Self {
            day,
            sent: delays.len() as u64,
            received,
            delay_half: within(&delays, 50),
            delay_most: within(&delays, 95),
        }
    }
}

/// The time in which so many of a hundred were there, seconds: the nearest rank.
fn within(sorted: &[Duration], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).map(Duration::as_secs)
}

/// Of topics, how many somebody of the other house commented on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnsweredRate {
    pub topics: u64,
    pub answered: u64,
}

impl AnsweredRate {
    /// Of a hundred; none: there was no topic.
    pub fn percent(self) -> Option<u64> {
        (self.answered * 100).checked_div(self.topics)
    }
}

/// What a house tells a partner of the deliveries between them: nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerView {
    /// How sending to the partner goes: `ready`, `resting`, …; empty where nothing was sent yet.
    pub state: String,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Since when the oldest of them waits, RFC 3339.
    pub oldest: Option<String>,
    pub last_success: Option<String>,
    pub last_error: Option<String>,
    /// From the telling house's side: `sent` went from it to the partner.
    pub days: Vec<DayOfPartner>,
}

/// Most days of a view that are read.
const DAYS_READ: usize = 62;
/// Longest word or time of a view that is read, characters.
const WORD_CHARS_MAX: usize = 40;

impl PartnerView {
    pub fn new(destination: Option<&Destination>, days: Vec<DayOfPartner>, now: Timestamp) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            state: destination.map_or_else(String::new, |one| state_of(one, now)),
            waiting: destination.map_or(0, |one| one.pending),
            oldest: text(destination.and_then(|one| one.oldest)),
            last_success: text(destination.and_then(|one| one.last_success_at)),
            last_error: text(destination.and_then(|one| one.last_error_at)),
            days,
        }
    }

    /// As it was told, no more of it than belongs there.
    pub fn bounded(mut self) -> Self {
        let word = |text: String| -> String {
            let shown = text.chars().filter(char::is_ascii_graphic);
            shown.take(WORD_CHARS_MAX).collect()
        };
        self.state = word(self.state);
        self.oldest = self.oldest.map(word);
        self.last_success = self.last_success.map(word);
        self.last_error = self.last_error.map(word);
        self.days.truncate(DAYS_READ);
        for day in &mut self.days {
            day.day = word(std::mem::take(&mut day.day));
        }
        self
    }
}

fn state_of(destination: &Destination, now: Timestamp) -> String {
    let state: DestinationState = destination.health.state(now);
    state.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_most_are_ranks_of_what_was_measured() {
        let seconds = |from: u64, to: u64| (from..=to).map(Duration::from_secs).collect();
        let day = |delays| DayOfPartner::new("2026-10-31".into(), 0, delays);
        let one = day(seconds(7, 7));
        assert_eq!(
            (one.sent, one.delay_half, one.delay_most),
            (1, Some(7), Some(7))
        );
        let hundred = day(seconds(1, 100));
        assert_eq!(
            (hundred.delay_half, hundred.delay_most),
            (Some(50), Some(95))
        );
        assert_eq!(day(Vec::new()).delay_half, None);
    }

    #[test]
    fn a_rate_needs_a_topic() {
        let rate = |topics, answered| AnsweredRate { topics, answered }.percent();
        assert_eq!((rate(0, 0), rate(3, 2)), (None, Some(66)));
    }

    #[test]
    fn what_others_tell_is_short() {
        let view = PartnerView {
            state: "<b>ready</b> and a very long sentence that does not belong here".into(),
            waiting: 1,
            oldest: Some("x".repeat(500)),
            last_success: None,
            last_error: None,
            days: vec![DayOfPartner::default(); 500],
        };
        let view = view.bounded();
        assert!(view.state.len() <= WORD_CHARS_MAX && view.days.len() == DAYS_READ);
        assert_eq!(view.oldest.map(|text| text.len()), Some(WORD_CHARS_MAX));
    }
}
