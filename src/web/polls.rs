//! Polls on pages: making a topic one, voting, and how the votes stand. All without scripts.

use std::time::Duration;

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Invalid, PollDraft, PollManner, PollView, Timestamp};
use crate::error::{Error, Result};
use crate::services::polls;
use crate::web::errors::Answer;
use crate::web::parts;
use crate::web::topics::{back_to, number};
use crate::web::views::{Choice, PollBox, PollDraftForm, PollEnd, PollLine, PollTally};
use crate::web::visit::Member;

/// How long a poll may be open: seconds (none: it stays open), and how people say it.
const LASTS: &[(&str, &str)] = &[
    ("3600", "an hour"),
    ("86400", "a day"),
    ("259200", "three days"),
    ("604800", "a week"),
    ("2592000", "thirty days"),
    ("", "ever"),
];
/// What the form begins with.
const LASTS_USUALLY: &str = "604800";

/// What was typed to make a topic a poll; no options, no poll.
#[derive(Debug, Default, Deserialize)]
pub struct NewPoll {
    #[serde(default)]
    poll_options: String,
    /// Boxes that are sent only when they are ticked.
    poll_multiple: Option<String>,
    poll_hides_totals: Option<String>,
    poll_lasts: Option<String>,
}

impl NewPoll {
    pub fn read(&self) -> Result<Option<PollDraft>, Invalid> {
        if self.poll_options.trim().is_empty() {
            return Ok(None);
        }
        let manner = PollManner {
            multiple: self.poll_multiple.is_some(),
            hides_totals: self.poll_hides_totals.is_some(),
        };
        let lasts = match self.lasts() {
            "" => None,
            seconds => {
                let seconds = seconds.parse();
                let problem = |_| Invalid::new("poll", "is open for how long?");
                Some(Duration::from_secs(seconds.map_err(problem)?))
            }
        };
        PollDraft::new(self.poll_options.lines(), manner, lasts).map(Some)
    }

    fn lasts(&self) -> &str {
        self.poll_lasts.as_deref().unwrap_or(LASTS_USUALLY)
    }

    /// What was typed, for another try.
    pub fn form(&self) -> PollDraftForm {
        let choice = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            hint: None,
            chosen: *value == self.lasts(),
        };
        PollDraftForm {
            options: self.poll_options.trim().to_owned(),
            multiple: self.poll_multiple.is_some(),
            hides_totals: self.poll_hides_totals.is_some(),
            lasts: LASTS.iter().map(choice).collect(),
        }
    }
}

/// `POST /p/{id}/vote`: `choice` comes once for each option that was chosen.
pub async fn vote(
    member: Member,
    id: Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    let id = number(&id)?;
    let outcome = match choices(&fields) {
        Ok(choices) => polls::vote(&member.app, member.viewer(), id, choices).await,
        Err(error) => Err(error),
    };
    back_to(&member, id, outcome).await
}

fn choices(fields: &[(String, String)]) -> Result<Vec<usize>> {
    let chosen = fields.iter().filter(|(name, _)| name == "choice");
    let choices: Vec<usize> = chosen
        .map(|(_, value)| value.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| Error::invalid("choice", "is not the number of an option"))?;
    match choices.is_empty() {
        true => Err(Error::invalid("choice", "is missing: choose an option")),
        false => Ok(choices),
    }
}

/// A poll for who may react to its post, or not.
pub fn poll_box(view: &PollView, can_react: bool, now: Timestamp) -> PollBox {
    let poll = &view.poll;
    let people = poll.voters.or(view.votes).unwrap_or(0);
    let line = |(position, option): (usize, &crate::domain::PollOption)| PollLine {
        position,
        title: option.title.clone(),
        own: view.own.contains(&position),
        tally: option.votes.map(|votes| PollTally {
            votes,
            percent: percent(votes, people),
        }),
    };
    let options: Vec<PollLine> = poll.options.iter().enumerate().map(line).collect();
    PollBox {
        can_vote: can_react && !view.is_over && view.own.is_empty(),
        summary: summary(view),
        options,
        multiple: poll.multiple,
        end: poll.ends_at.map(|end| PollEnd {
            over: view.is_over,
            when: parts::when(end, now),
        }),
    }
}

fn percent(votes: u32, people: u32) -> u32 {
    let rounded = (u64::from(votes) * 100 + u64::from(people) / 2).checked_div(u64::from(people));
    u32::try_from(rounded.unwrap_or(0).min(100)).unwrap_or(100)
}

fn summary(view: &PollView) -> String {
    let voted = match view.poll.voters.or(view.votes) {
        Some(1) => "1 person voted".to_owned(),
        Some(people) => format!("{people} people voted"),
        None => return "How many voted is not told here".to_owned(),
    };
    let hidden = view
        .poll
        .options
        .iter()
        .any(|option| option.votes.is_none());
    match hidden && !view.is_over {
        true => format!("{voted}; the result is shown at the end"),
        false => voted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_those_who_voted() {
        assert_eq!(percent(0, 0), 0);
        assert_eq!((percent(1, 3), percent(2, 3)), (33, 67));
        // Numbers from elsewhere need not fit together.
        assert_eq!(percent(u32::MAX, 1), 100);
    }

    #[test]
    fn without_options_there_is_no_poll() {
        let typed = |options: &str| NewPoll {
            poll_options: options.to_owned(),
            ..NewPoll::default()
        };
        assert_eq!(typed(" \r\n").read(), Ok(None));
        assert!(typed("Larch\r\nOak").read().unwrap().is_some());
        assert!(typed("Larch").read().is_err());
        assert!(typed("").form().lasts.iter().any(|choice| choice.chosen));
    }
}
