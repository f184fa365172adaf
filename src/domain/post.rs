//! Topics and comments.

use crate::domain::text_enum::text_enum;
use crate::domain::{
    Actor, ActorId, Attachment, BoostTally, EventKind, GroupId, HoldNotice, Invalid, LabelName,
    Mark, PollDraft, PollView, PostId, RefusalNotice, TakenBack, Timestamp, Title, Uri,
};

/// Longest body of a topic or comment, in bytes of Markdown or HTML.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

text_enum! {
    /// For whom a post is meant.
    Audience ("audience") {
        /// Everybody who may read the group.
        Group = "group",
        /// Colleagues who are members; never leaves the house.
        Aside = "aside",
        /// The people it names.
        Direct = "direct",
        /// Colleagues, on the profile where its thread began.
        Profile = "profile",
        /// Who follows the person whose profile it is on; colleagues too, when that is one of ours.
        Followers = "followers",
        /// Everybody, on a profile.
        Public = "public",
    }
}

impl Audience {
    /// It stands on somebody's profile, in no group.
    pub const fn is_on_profile(self) -> bool {
        match self {
            Self::Profile | Self::Followers | Self::Public => true,
            Self::Group | Self::Aside | Self::Direct => false,
        }
    }
}

text_enum! {
    PostState ("state") {
        Visible = "visible",
        /// Waits for a moderator.
        Held = "held",
        /// Taken away by a moderator; may come back.
        Removed = "removed",
        /// Taken back by its author; the text is gone.
        Deleted = "deleted",
    }
}

/// A topic (no parent) or a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub uri: Uri,
    pub group: Option<GroupId>,
    pub author: ActorId,
    /// The topic of its thread; its own id for a topic.
    pub topic: PostId,
    /// None for a topic.
    pub parent: Option<PostId>,
    /// Only topics have one.
    pub title: Option<String>,
    /// Markdown, where the author's server gave it.
    pub source: Option<String>,
    /// Sanitized HTML.
    pub html: String,
    pub audience: Audience,
    pub state: PostState,
    pub locked: bool,
    pub pinned: bool,
    /// Shown to partners although older than their grant's history.
    pub shared_by_exception: bool,
    pub created_at: Timestamp,
    /// When its topic was created: a topic's age decides for its whole thread.
    pub topic_created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    /// Comments of the whole thread (topics only).
    pub comments: u32,
    pub likes: u32,
    /// When the thread last grew (topics only).
    pub active_at: Timestamp,
    /// The label that its author or a moderator gave it; none: it has that of its group and its topic.
    pub label: Option<LabelName>,
}

impl Post {
    pub fn is_topic(&self) -> bool {
        self.id == self.topic
    }
}

/// A post with what one needs to show it to a certain viewer.
#[derive(Clone, Debug)]
pub struct PostView {
    pub post: Post,
    pub author: Actor,
    /// The author is an outside person with an account here.
    pub by_guest: bool,
    /// The viewer likes it.
    pub liked: bool,
    /// How often it was passed on.
    pub boosts: BoostTally,
    /// The viewer marked it.
    pub bookmarked: bool,
    /// What the house of a group elsewhere did not take of it, as far as the viewer is told.
    pub refusals: Vec<RefusalNotice>,
    /// Nobody outside sees it before somebody looked at it.
    pub held: Option<HoldNotice>,
    /// How it is classified, by itself, its topic or its group; for colleagues only.
    pub mark: Mark,
    /// The house it came from took it back.
    pub taken_back: Option<TakenBack>,
    /// How the poll stands that it is, and what the viewer chose.
    pub poll: Option<PollView>,
    /// Its pictures and files, in order.
    pub attachments: Vec<Attachment>,
}

impl PostView {
    /// The house of its group did not take it: it is seen here only.
    pub fn is_refused(&self) -> bool {
        let created = |notice: &RefusalNotice| notice.kind == EventKind::PostCreated;
        self.refusals.iter().any(created)
    }
}

/// Markdown of a topic or comment: not empty, not too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Body {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            return Err(Invalid::new("body", "is empty: write something"));
        }
        if text.len() > BODY_BYTES_MAX {
            return Err(Invalid::new(
                "body",
                format!("is longer than {BODY_BYTES_MAX} bytes"),
            ));
        }
        if text.contains('\0') {
            return Err(Invalid::new("body", "contains a null character"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Longest reason for a removal, in characters.
pub const REMOVAL_REASON_CHARS_MAX: usize = 300;

/// Why a moderator removes a post, in a line for whoever could read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalReason(String);

impl RemovalReason {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for RemovalReason {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(Invalid::new(
                "reason",
                "is missing: say in a line why it goes",
            ));
        }
        if text.chars().count() > REMOVAL_REASON_CHARS_MAX || text.contains(char::is_control) {
            return Err(Invalid::new(
                "reason",
                format!("is longer than {REMOVAL_REASON_CHARS_MAX} characters"),
            ));
        }
        Ok(Self(text))
    }
}

/// What a person writes before it is a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draft {
    Topic {
        title: Title,
        body: Option<Body>,
        poll: Option<PollDraft>,
    },
    /// A picture says something without a text.
    Comment {
        body: Option<Body>,
        audience: Audience,
    },
}

/// An earlier text of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub title: Option<String>,
    pub html: String,
    /// When that text was replaced.
    pub until: Timestamp,
}
