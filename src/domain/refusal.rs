//! What the house of a group elsewhere did not take of what somebody here said or did in it.

use std::fmt;
use std::str::FromStr;

use crate::domain::{ActorId, EventId, EventKind, Host, Invalid, PostId, Timestamp, Uri};

/// Something that somebody here said or did in a group elsewhere and that its house did not take: there
/// it never happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened here.
    pub event: EventId,
    /// Of which kind it was: a post, a new text, a deletion, a like or taking one back.
    pub kind: EventKind,
    pub post: PostId,
    /// Who said or did it.
    pub actor: ActorId,
    /// The group's house.
    pub host: Host,
    pub cause: RefusalCause,
    /// The id of the activity that was refused.
    pub activity: Uri,
    /// The text of an edit that was not taken. What the others read stands in the post.
    pub text: Option<PostText>,
    pub at: Timestamp,
    /// The house let it in and refused it afterwards: it knows the activity, so only a new one can bring
    /// it there.
    pub let_in: bool,
}

/// What a post says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostText {
    pub title: Option<String>,
    /// Markdown, where it is known.
    pub source: Option<String>,
    /// Sanitized HTML.
    pub html: String,
}

/// Longest word of another server for why it refuses something, in bytes.
pub const REFUSAL_WORD_BYTES_MAX: usize = 64;

/// Why a group's house did not take something, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// The word it gave; what it means is for who knows the reasons.
    Word(String),
    /// It answered with this status, and with no word.
    Status(u16),
    /// It did not answer for as long as it was tried.
    Silence,
    /// Nothing went there any more when its turn came: why not, in a word of ours.
    Unsent(String),
}

impl RefusalCause {
    /// The word, if it is one: short, of small letters, digits and underscores.
    pub fn word(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_word = (1..=REFUSAL_WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(fits);
        is_word.then(|| Self::Word(text.to_owned()))
    }
}

impl fmt::Display for RefusalCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "word {word}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Silence => f.write_str("silence"),
            Self::Unsent(word) => write!(f, "unsent {word}"),
        }
    }
}

impl FromStr for RefusalCause {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let unknown = || Invalid::new("cause", "is none we know");
        match text.split_once(' ') {
            Some(("word", word)) => Self::word(word).ok_or_else(unknown),
            Some(("status", status)) => status.parse().map(Self::Status).map_err(|_| unknown()),
            Some(("unsent", word)) => Ok(Self::Unsent(word.to_owned())),
            None if text == "silence" => Ok(Self::Silence),
            _ => Err(unknown()),
        }
    }
}

/// What a viewer of a post is told of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalNotice {
    pub kind: EventKind,
    pub host: Host,
    /// What was not taken, why as far as the viewer is told, and what can be done.
    pub sentence: String,
    /// The text that was not taken, for its author.
    pub text: Option<PostText>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_read_as_it_was_written() {
        for cause in [
            RefusalCause::word("cannot_reply").unwrap(),
            RefusalCause::Status(413),
            RefusalCause::Silence,
            RefusalCause::Unsent("no_partnership".into()),
        ] {
            assert_eq!(cause.to_string().parse(), Ok(cause));
        }
    }

    #[test]
    fn only_a_word_is_a_word() {
        let long = "a".repeat(REFUSAL_WORD_BYTES_MAX + 1);
        for no_word in ["", "<b>", "two words", "Capital", long.as_str()] {
            assert_eq!(RefusalCause::word(no_word), None, "{no_word}");
        }
    }
}
