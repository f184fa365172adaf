//! Who belongs to a group.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, BanTerms, GroupRole, Handle, InvitedHandle, MembershipState, Timestamp};

/// Somebody who is in a group, asked to be, is invited, or is shut out.
#[derive(Serialize, ToSchema)]
pub struct Member {
    pub who: String,
    pub name: String,
    pub state: MembershipState,
    pub role: GroupRole,
    pub since: Timestamp,
    /// Of a ban: when it ends by itself.
    pub until: Option<Timestamp>,
}

impl From<&domain::Member> for Member {
    fn from(member: &domain::Member) -> Self {
        Self {
            who: member.actor.handle().to_string(),
            name: member.actor.title().to_owned(),
            state: member.membership.state,
            role: member.membership.role,
            since: member.membership.since,
            until: member.membership.banned_until,
        }
    }
}

impl From<&InvitedHandle> for Member {
    fn from(invited: &InvitedHandle) -> Self {
        Self {
            who: invited.handle.to_string(),
            name: String::new(),
            state: MembershipState::Invited,
            role: invited.role,
            since: invited.since,
            until: None,
        }
    }
}

/// How somebody stands after they were named for a group.
#[derive(Serialize, ToSchema)]
pub struct Named {
    pub group: String,
    pub who: String,
    pub state: MembershipState,
    pub role: GroupRole,
}

/// Somebody who is not in a group any more, or not asking to be.
#[derive(Serialize, ToSchema)]
pub struct PutOut {
    pub group: String,
    pub who: String,
    /// Always true.
    pub removed: bool,
}

impl PutOut {
    pub fn new(group: &domain::Group, who: &Handle) -> Self {
        Self {
            group: group.actor.name.clone(),
            who: who.to_string(),
            removed: true,
        }
    }
}

/// A ban, or its end.
#[derive(Serialize, ToSchema)]
pub struct Ban {
    pub group: String,
    pub who: String,
    pub banned: bool,
    /// When it ends by itself; none: when it is lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the person is told; may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Ban {
    pub fn of(group: &domain::Group, who: &Handle, terms: &BanTerms) -> Self {
        Self {
            group: group.actor.name.clone(),
            who: who.to_string(),
            banned: true,
            until: terms.until,
            reason: Some(terms.reason.as_str().to_owned()),
        }
    }

    pub fn lifted(group: &domain::Group, who: &Handle) -> Self {
        Self {
            banned: false,
            reason: None,
            ..Self::of(group, who, &BanTerms::default())
        }
    }
}
