//! Polls: a post that asks, with options to choose from. The server of its author counts.

use std::time::Duration;

use crate::domain::{Invalid, PostId, Timestamp};

/// Fewest options: with one there is nothing to choose.
pub const POLL_OPTIONS_MIN: usize = 2;
/// Most options, also of polls from elsewhere; what has more is shown as a list to read.
pub const POLL_OPTIONS_MAX: usize = 20;
/// Longest option that is written here, characters.
pub const POLL_OPTION_CHARS_MAX: usize = 200;
/// Longest option that is taken from elsewhere, characters. A vote names its option, so none is cut.
const FOREIGN_OPTION_CHARS_MAX: usize = 500;
/// Shortest time a poll is open.
pub const POLL_LASTS_MIN: Duration = Duration::from_secs(5 * 60);
/// Longest time a poll is open that has an end.
pub const POLL_LASTS_MAX: Duration = Duration::from_secs(366 * 86_400);

/// Shortest time between two tellings of how the votes stand.
const TELL_AFTER_MIN: Duration = Duration::from_secs(2);
/// Longest time until others are told of a vote.
const TELL_AFTER_MAX: Duration = Duration::from_secs(10 * 60);

/// What is asked and how the votes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Whoever votes may choose several options.
    pub multiple: bool,
    /// What was chosen how often is not shown before the end.
    pub hides_totals: bool,
    /// None: it stays open.
    pub ends_at: Option<Timestamp>,
    pub options: Vec<PollOption>,
    /// How many people voted; none where the server that counts does not say.
    pub voters: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollOption {
    pub title: String,
    /// How many chose it; none where it is not said.
    pub votes: Option<u32>,
}

/// A poll as a certain viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollView {
    /// Without the numbers that are not shown yet.
    pub poll: Poll,
    /// All votes together, more than voters where one may choose several; none where it is not said.
    pub votes: Option<u32>,
    pub is_over: bool,
    /// The positions of what the viewer chose.
    pub own: Vec<usize>,
}

/// Why a vote does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteProblem {
    Over,
    /// For this option; or at all, where one chooses one.
    VotedAlready,
    /// Nothing is chosen, several things where one is asked for, or one thing twice.
    NotAChoice,
    NoSuchOption,
}

impl Poll {
    /// A poll from elsewhere, as its server tells of it. None: these are no options to choose from.
    pub fn from_elsewhere(
        multiple: bool,
        options: Vec<PollOption>,
        ends_at: Option<Timestamp>,
        voters: Option<u32>,
    ) -> Option<Self> {
        let fits = |option: &PollOption| {
            let chars = option.title.chars().count();
            let blank = option.title.trim().is_empty();
            !blank && chars <= FOREIGN_OPTION_CHARS_MAX && !option.title.contains(char::is_control)
        };
        let poll = Self {
            multiple,
            hides_totals: false,
            ends_at,
            options,
            voters,
        };
        let number = POLL_OPTIONS_MIN..=POLL_OPTIONS_MAX;
        let is_one = number.contains(&poll.options.len())
            && poll.options.iter().all(fits)
            && are_different(poll.titles());
        is_one.then_some(poll)
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }

    pub fn titles(&self) -> impl Iterator<Item = &str> + Clone {
        self.options.iter().map(|option| option.title.as_str())
    }

    /// The position of an option, by its exact words.
    pub fn position(&self, title: &str) -> Option<usize> {
        self.titles().position(|known| known == title)
    }

    /// Whether people who voted in the one chose among what is asked in the other.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.multiple == other.multiple && self.titles().eq(other.titles())
    }

    /// Whether somebody who chose `own` before may choose `choices` now. A vote stands: nobody takes
    /// it back or votes for something else.
    pub fn admit(
        &self,
        own: &[usize],
        choices: &[usize],
        now: Timestamp,
    ) -> Result<(), VoteProblem> {
        if self.is_over(now) {
            return Err(VoteProblem::Over);
        }
        if choices.iter().any(|choice| *choice >= self.options.len()) {
            return Err(VoteProblem::NoSuchOption);
        }
        let one = choices.len() == 1;
        if choices.is_empty() || (!one && !self.multiple) || !are_different(choices.iter()) {
            return Err(VoteProblem::NotAChoice);
        }
        let again = match self.multiple {
            true => choices.iter().any(|choice| own.contains(choice)),
            false => !own.is_empty(),
        };
        match again {
            true => Err(VoteProblem::VotedAlready),
            false => Ok(()),
        }
    }

    /// How it is shown at a time: with what was chosen how often, or without.
    #[must_use]
    pub fn shown(self, now: Timestamp) -> Self {
        match self.hides_totals && !self.is_over(now) {
            true => self.without_totals(),
            false => self,
        }
    }

    #[must_use]
    pub fn without_totals(mut self) -> Self {
        for option in &mut self.options {
            option.votes = None;
        }
        self
    }

    /// For those who are not to learn whether anybody voted.
    #[must_use]
    pub fn without_counts(self) -> Self {
        Self {
            voters: None,
            ..self.without_totals()
        }
    }

    pub fn view(self, own: Vec<usize>, now: Timestamp) -> PollView {
        let votes = self.options.iter().map(|option| option.votes);
        PollView {
            votes: votes.sum(),
            is_over: self.is_over(now),
            own,
            poll: self.shown(now),
        }
    }

    /// When others are to be told of a vote that was counted now. They are told at once, and then the
    /// more seldom the more people voted, a second for each: a thousand votes at once are told of a
    /// few times, and one vote always within ten minutes.
    pub fn tell_at(&self, told_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let rest = Duration::from_secs(u64::from(self.voters.unwrap_or(0)));
        let rest = rest.clamp(TELL_AFTER_MIN, TELL_AFTER_MAX);
        let earliest = told_at.map_or(now, |told_at| told_at.plus(rest));
        earliest.max(now)
    }
}

fn are_different<T: PartialEq>(all: impl Iterator<Item = T> + Clone) -> bool {
    let mut rest = all.clone();
    all.into_iter().all(|one| {
        rest.next();
        rest.clone().all(|other| other != one)
    })
}

/// A poll as somebody here makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollDraft {
    options: Vec<String>,
    multiple: bool,
    hides_totals: bool,
    lasts: Option<Duration>,
}

/// How people choose and what they see meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollManner {
    pub multiple: bool,
    pub hides_totals: bool,
}

impl PollDraft {
    /// Options that are blank are left out. `lasts`: none, it stays open.
    ///
    /// # Errors
    /// When there are too few or too many options, one twice, one too long, or the time is too short
    /// or too long.
    pub fn new<'a>(
        options: impl IntoIterator<Item = &'a str>,
        manner: PollManner,
        lasts: Option<Duration>,
    ) -> Result<Self, Invalid> {
        let problem = |problem: String| Err(Invalid::new("poll", problem));
        let words = |option: &str| option.split_whitespace().collect::<Vec<_>>().join(" ");
        let options = options.into_iter().map(words);
        let options: Vec<String> = options.filter(|option| !option.is_empty()).collect();
        let long = |option: &&String| {
            option.chars().count() > POLL_OPTION_CHARS_MAX || option.contains(char::is_control)
        };
        if !(POLL_OPTIONS_MIN..=POLL_OPTIONS_MAX).contains(&options.len()) {
            return problem(format!(
                "has {} options: give {POLL_OPTIONS_MIN} to {POLL_OPTIONS_MAX}",
                options.len()
            ));
        }
        if let Some(option) = options.iter().find(long) {
            return problem(format!(
                "has an option of more than {POLL_OPTION_CHARS_MAX} characters: {option:.20}…"
            ));
        }
        if !are_different(options.iter()) {
            return problem("has the same option twice".into());
        }
        let fits = |lasts: &Duration| (POLL_LASTS_MIN..=POLL_LASTS_MAX).contains(lasts);
        if !lasts.as_ref().is_none_or(fits) {
            return problem("is open for five minutes at least and 366 days at most".into());
        }
        Ok(Self {
            options,
            multiple: manner.multiple,
            hides_totals: manner.hides_totals,
            lasts,
        })
    }

    /// The poll as it is when it begins: nobody has voted.
    pub fn begin(self, now: Timestamp) -> Poll {
        let option = |title| PollOption {
            title,
            votes: Some(0),
        };
        Poll {
            multiple: self.multiple,
            hides_totals: self.hides_totals,
            ends_at: self.lasts.map(|lasts| now.plus(lasts)),
            options: self.options.into_iter().map(option).collect(),
            voters: Some(0),
        }
    }
}

/// A poll that is counted here and whose counts are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuePoll {
    pub post: PostId,
    pub ends_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000_000_000);

    fn poll(multiple: bool) -> Poll {
        let manner = PollManner {
            multiple,
            hides_totals: true,
        };
        let hour = Some(Duration::from_secs(3_600));
        let draft = PollDraft::new(["Larch", " Oak  wood", "", "Steel"], manner, hour);
        draft.unwrap().begin(NOW)
    }

    #[test]
    fn a_draft_has_different_options_and_a_sensible_end() {
        let titles: Vec<String> = poll(false).titles().map(str::to_owned).collect();
        assert_eq!(titles, ["Larch", "Oak wood", "Steel"]);
        let manner = PollManner::default();
        let long = "x".repeat(POLL_OPTION_CHARS_MAX + 1);
        let many: Vec<String> = (0..=POLL_OPTIONS_MAX).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for bad in [&["one"][..], &["a", "b", "a"], &["a", &long], &many] {
            assert!(PollDraft::new(bad.iter().copied(), manner, None).is_err());
        }
        for (seconds, fits) in [(299, false), (300, true), (367 * 86_400, false)] {
            let lasts = Some(Duration::from_secs(seconds));
            assert_eq!(PollDraft::new(["a", "b"], manner, lasts).is_ok(), fits);
        }
    }

    #[test]
    fn one_votes_once_in_time_for_what_there_is() {
        use VoteProblem::{NoSuchOption, NotAChoice, Over, VotedAlready};
        let (one, several) = (poll(false), poll(true));
        assert_eq!(one.admit(&[], &[2], NOW), Ok(()));
        assert_eq!(one.admit(&[], &[3], NOW), Err(NoSuchOption));
        assert_eq!(one.admit(&[], &[0, 1], NOW), Err(NotAChoice));
        assert_eq!(one.admit(&[], &[], NOW), Err(NotAChoice));
        assert_eq!(one.admit(&[0], &[1], NOW), Err(VotedAlready));
        assert_eq!(several.admit(&[0], &[1, 2], NOW), Ok(()));
        assert_eq!(several.admit(&[0], &[0, 2], NOW), Err(VotedAlready));
        assert_eq!(several.admit(&[], &[1, 1], NOW), Err(NotAChoice));
        let end = NOW.plus(Duration::from_secs(3_600));
        assert_eq!(one.admit(&[], &[0], end), Err(Over));
    }

    #[test]
    fn hidden_totals_are_shown_at_the_end() {
        let votes = |poll: Poll| -> Vec<Option<u32>> {
            poll.options.iter().map(|option| option.votes).collect()
        };
        let end = NOW.plus(Duration::from_secs(3_600));
        assert_eq!(votes(poll(false).shown(NOW)), [None, None, None]);
        assert_eq!(votes(poll(false).shown(end)), [Some(0), Some(0), Some(0)]);
        assert_eq!(poll(false).view(Vec::new(), NOW).votes, Some(0));
        assert_eq!(poll(false).without_counts().voters, None);
    }

    #[test]
    fn a_thousand_votes_are_told_of_a_few_times() {
        let (mut poll, mut told_at, mut tellings) = (poll(false), None, 0);
        let mut due: Option<Timestamp> = None;
        for vote in 1..=1_000u32 {
            let now = NOW.plus(Duration::from_millis(u64::from(vote) * 60));
            if due.is_some_and(|due| due <= now) {
                (told_at, due, tellings) = (Some(now), None, tellings + 1);
            }
            poll.voters = Some(vote);
            due = Some(due.map_or(poll.tell_at(told_at, now), |due| {
                due.min(poll.tell_at(told_at, now))
            }));
        }
        assert!((2..=10).contains(&tellings), "{tellings}");
        assert_eq!(poll.tell_at(None, NOW), NOW);
        let later = poll.tell_at(Some(NOW), NOW);
        assert_eq!(later, NOW.plus(TELL_AFTER_MAX));
    }

    #[test]
    fn from_elsewhere_come_options_that_can_be_chosen() {
        let made = |titles: &[&str]| {
            let option = |title: &&str| PollOption {
                title: (*title).to_owned(),
                votes: None,
            };
            Poll::from_elsewhere(false, titles.iter().map(option).collect(), None, None)
        };
        assert!(made(&["Yes", "No"]).is_some());
        assert!(made(&["Yes ", "Yes"]).is_some());
        let long = "x".repeat(FOREIGN_OPTION_CHARS_MAX + 1);
        for bad in [
            &["Yes"][..],
            &["a", "a"],
            &["a", " "],
            &["a", "b\n"],
            &["a", &long],
        ] {
            assert!(made(bad).is_none(), "{bad:?}");
        }
    }
}
