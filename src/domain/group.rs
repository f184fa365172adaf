//! Groups: where people talk, and how far their walls are open.

use crate::domain::text_enum::text_enum;
use crate::domain::{
    Actor, FirstContact, GroupId, Host, Invalid, LabelName, Mirror, Outreach, Timestamp, Uri,
};

text_enum! {
    /// Who inside the house may read and join.
    Access ("access") {
        /// Every colleague may read and join.
        Open = "open",
        /// Listed; join by approval.
        Closed = "closed",
        /// By invitation only; does not exist for anybody else.
        Secret = "secret",
    }
}

text_enum! {
    /// How far a group is open to the outside.
    Stage ("stage") {
        /// Nobody outside.
        Internal = "internal",
        /// Partners with a grant.
        Partners = "partners",
        /// Anyone on the fediverse.
        Public = "public",
    }
}

/// Longest title of a group or topic, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// Longest description of a group, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 10_000;

/// A group of this house or one elsewhere that people here take part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    /// The group as an actor: name, host, addresses, title.
    pub actor: Actor,
    pub access: Access,
    pub stage: Stage,
    /// Markdown; empty for groups elsewhere.
    pub description: String,
    pub archived_at: Option<Timestamp>,
    /// Set when the house of a group elsewhere took its grant back: nobody here sees it any more.
    pub withdrawn_at: Option<Timestamp>,
    /// Where it went: its people are in that group now, and nobody writes here any more.
    pub moved_to: Option<Uri>,
    /// The groups that it says it was before. One is believed only that says it moved here.
    pub also_known_as: Vec<Uri>,
    /// How it reaches servers that know no groups.
    pub outreach: Outreach,
    /// Whether what people elsewhere say whom it does not know waits for a moderator.
    pub first_contact: FirstContact,
    /// The least that is said in it has; none: it is not classified, as are groups elsewhere.
    pub label: Option<LabelName>,
}

impl Group {
    pub const fn is_local(&self) -> bool {
        self.actor.is_local()
    }

    /// True when everybody may read what is said in the group.
    pub const fn is_public(&self) -> bool {
        matches!((self.stage, self.access), (Stage::Public, Access::Open))
    }

    /// True when servers that know no groups get copies of its posts: it is one of this house that is not
    /// public, and its owners want it.
    pub fn is_mirrored(&self) -> bool {
        self.is_local() && !self.is_public() && self.outreach.mirror == Mirror::On
    }

    pub fn title(&self) -> &str {
        self.actor.title()
    }

    /// Where the group lives; none: here.
    pub const fn home(&self) -> Option<&Host> {
        self.actor.host.as_ref()
    }
}

/// The lists of a group that others may add to and take from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupList {
    /// Its pinned topics.
    Featured,
    Moderators,
}

/// Topics pinned in one group at most: more would hide the others.
pub const PINNED_MAX: i64 = 20;

/// An offer to move a group to another house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The id of the Offer.
    pub offer: Uri,
    /// The group that is to move.
    pub group: Uri,
    /// The other house.
    pub host: Host,
    pub way: Way,
    /// The new group, once the offer was accepted.
    pub target: Option<Uri>,
    /// How it ended that came to nothing.
    pub ended: Option<MoveEnd>,
    pub created_at: Timestamp,
}

impl Move {
    /// It waits for an answer.
    pub const fn is_open(&self) -> bool {
        self.target.is_none() && self.ended.is_none()
    }
}

text_enum! {
    /// How an offer ended that came to nothing.
    MoveEnd ("end") {
        /// By who made it.
        Withdrawn = "withdrawn",
        /// By who got it.
        Declined = "declined",
    }
}

text_enum! {
    /// Which way a group moves.
    Way ("way") {
        /// A group of ours goes there.
        Leaving = "leaving",
        /// One of theirs comes here.
        Coming = "coming",
    }
}

/// A title: one line, not empty, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Title {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::new(
                "title",
                "is missing: say in one line what it is about",
            ));
        }
        if text.chars().count() > TITLE_CHARS_MAX {
            return Err(Invalid::new(
                "title",
                format!("is longer than {TITLE_CHARS_MAX} characters"),
            ));
        }
        if text.contains(char::is_control) {
            return Err(Invalid::new(
                "title",
                "must be one line without control characters",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
