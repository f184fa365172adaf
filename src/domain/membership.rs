//! Who belongs to a group, and as what.

use crate::domain::text_enum::text_enum;
use crate::domain::{Actor, ActorId, GroupId, Handle, Timestamp, Uri};

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
