//! Who belongs to a group, and as what.

use crate::domain::text_enum::text_enum;
use crate::domain::{Actor, ActorId, GroupId, Handle, Invalid, Timestamp, Uri};

text_enum! {
    /// How far somebody is in.
    MembershipState ("state") {
        /// Asked to join, not yet answered.
        Requested = "requested",
        /// Asked to come, has not yet joined.
        Invited = "invited",
        /// Accepted.
        Member = "member",
        /// Shut out, perhaps until a date.
        Banned = "banned",
    }
}

text_enum! {
    /// What a member may do beyond taking part.
    GroupRole ("role") {
        Member = "member",
        Moderator = "moderator",
        Owner = "owner",
    }
}

/// A person's relation to a group. Rows exist only where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub group: GroupId,
    pub actor: ActorId,
    pub state: MembershipState,
    pub role: GroupRole,
    /// The id of the Follow that asked for it, where one travelled.
    pub follow: Option<Uri>,
    pub banned_until: Option<Timestamp>,
    pub since: Timestamp,
}

/// Longest reason for a ban, in characters.
pub const BAN_REASON_CHARS_MAX: usize = 300;

/// Why somebody is shut out, in a line for themselves and who moderates. Empty: nobody said why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BanReason(String);

impl BanReason {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What another server gives as the reason, as far as it fits.
    pub fn cut(text: &str) -> Self {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let printable = words.chars().filter(|c| !c.is_control());
        Self(printable.take(BAN_REASON_CHARS_MAX).collect())
    }
}

impl std::str::FromStr for BanReason {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > BAN_REASON_CHARS_MAX {
            let problem = format!("is longer than {BAN_REASON_CHARS_MAX} characters");
            return Err(Invalid::new("reason", problem));
        }
        Ok(Self::cut(text))
    }
}

/// What there is to a ban besides whom it shuts out of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BanTerms {
    /// When it ends by itself; none: when it is lifted.
    pub until: Option<Timestamp>,
    pub reason: BanReason,
    /// What they wrote in the group is removed with it.
    pub removes_posts: bool,
}

/// Somebody elsewhere who is invited and of whom nothing is known but the handle: their server tells
/// of its people only to whom it shares a group with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedHandle {
    pub handle: Handle,
    /// As what they will come in.
    pub role: GroupRole,
    pub since: Timestamp,
}

/// A member with who it is, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub membership: Membership,
    pub actor: Actor,
}
