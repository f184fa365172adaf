//! Reports: somebody asks the moderators of a group to look at a post.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, GroupId, Invalid, PostId, ReportId, Timestamp};

/// Longest text of a report, characters (Mastodon's limit).
pub const REPORT_CHARS_MAX: usize = 1_000;

text_enum! {
    ReportState ("state") {
        /// Nobody dealt with it yet.
        Open = "open",
        /// A moderator has dealt with it.
        Resolved = "resolved",
    }
}

/// A post that somebody reported. Who reports a post twice reported it once; after it was dealt with, it
/// is open again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub id: ReportId,
    /// The group of the post, whose moderators read it.
    pub group: GroupId,
    pub post: PostId,
    /// Who: somebody here, or who signed the `Flag`, which may be a server that protects its people.
    pub by: ActorId,
    pub text: ReportText,
    /// The servers of the author and of the group were asked to look, too.
    pub forwarded: bool,
    pub created_at: Timestamp,
    pub resolved: Option<Resolved>,
}

/// When somebody dealt with a report, and who; none: the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub at: Timestamp,
    pub by: Option<ActorId>,
}

impl Report {
    pub const fn state(&self) -> ReportState {
        match self.resolved {
            Some(_) => ReportState::Resolved,
            None => ReportState::Open,
        }
    }
}

/// What is wrong with a post, in the words of who reports it; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportText(String);

impl ReportText {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of a text that came from elsewhere or from storage.
    pub fn cut(text: &str) -> Self {
        let plain = text
            .trim()
            .chars()
            .filter(|c| !c.is_control() || *c == '\n');
        Self(plain.take(REPORT_CHARS_MAX).collect())
    }
}

impl std::str::FromStr for ReportText {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > REPORT_CHARS_MAX {
            let problem = format!("is longer than {REPORT_CHARS_MAX} characters");
            return Err(Invalid::new("comment", problem));
        }
        Ok(Self::cut(text))
    }
}
