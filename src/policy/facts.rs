//! What is known about the case at hand, as plain values. `services::access` alone loads them.

use crate::domain::text_enum::text_enum;
use crate::domain::{
    Access, ActorId, Audience, Capability, GrantTerms, GroupId, GroupRole, Host, MembershipState,
    PartnerState, PostId, PostState, Stage, Timestamp,
};

text_enum! {
    /// With whom this server speaks at all.
    FederationMode ("federation.mode") {
        /// Partners only.
        Closed = "closed",
        /// Anyone not blocked, for public groups.
        Open = "open",
    }
}

text_enum! {
    /// How far posts on profiles of people here may go.
    ProfileReach ("profiles.audience") {
        /// They stay inside, and nobody outside follows people here.
        Colleagues = "colleagues",
        /// To followers at partners.
        Partners = "partners",
        /// To everybody; followers may be anywhere in open mode.
        Public = "public",
    }
}

/// Settings of the house that rules depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct House {
    pub federation: FederationMode,
    /// Public groups have pages that anybody may read.
    pub public_pages: bool,
    /// Owners may open their own groups to partners.
    pub owners_open_groups: bool,
    /// What reaches further out waits for a second administrator.
    pub four_eyes: bool,
    pub profiles: ProfileReach,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    pub id: GroupId,
    pub access: Access,
    pub stage: Stage,
    pub archived: bool,
    /// Where it lives; none: here.
    pub home: Option<Host>,
    /// Its house took it back from us.
    pub withdrawn: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembershipFacts {
    pub state: MembershipState,
    pub role: GroupRole,
    pub banned_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostFacts {
    pub id: PostId,
    pub author: ActorId,
    /// Written by somebody of this house.
    pub by_us: bool,
    /// Written by somebody of the viewer's server, for a viewer from elsewhere.
    pub by_them: bool,
    /// It answers what somebody wrote who is neither of this house nor of the viewer's server: to show it is
    /// to say that they are there, too.
    pub answers_others: bool,
    /// Its author lets groups copy it for servers that know no groups.
    pub mirrored: bool,
    /// Its author elsewhere says that the viewer, somebody of this house, is not to like it.
    pub reserves_likes: bool,
    /// … not to answer it.
    pub reserves_replies: bool,
    /// … not to pass it on.
    pub reserves_boosts: bool,
    pub audience: Audience,
    pub state: PostState,
    /// It stays inside until somebody looked at it, as far as this viewer's server is concerned, or everybody
    /// outside.
    pub held: bool,
    /// Its topic takes no more comments but moderators'.
    pub locked: bool,
    pub topic_created_at: Timestamp,
    pub shared_by_exception: bool,
    /// The viewer is named in it; for a server, somebody there is.
    pub names_viewer: bool,
}

/// On whose profile a post stands: who wrote the topic of its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerFacts {
    pub id: ActorId,
    /// Where they live; none: here.
    pub home: Option<Host>,
    /// The viewer follows them and was let in; for a server: somebody there was.
    pub followed: bool,
}

/// The case: everything [`decide`](crate::policy::decide) may look at besides viewer and action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub now: Timestamp,
    pub house: House,
    pub group: Option<GroupFacts>,
    /// The viewer's relation to the group.
    pub membership: Option<MembershipFacts>,
    /// The house of a group elsewhere says that the viewer, somebody of this house, moderates it.
    pub moderates_there: bool,
    /// For a viewer from elsewhere the partnership with its server; for a group or profile elsewhere the
    /// partnership with its house.
    pub partner: Option<PartnerState>,
    /// For a group of ours the grant to the viewer's server; for a group elsewhere the grant its
    /// house told us of.
    pub grant: Option<GrantTerms>,
    /// For a viewer from elsewhere: its server keeps what is not public to whom it is for, as far as is
    /// known of its software or was decided.
    pub discreet: bool,
    /// For a viewer from elsewhere: its server knows no groups, and gets copies of the group's posts.
    pub by_mirror: bool,
    /// For a viewer from elsewhere: somebody of that server is an accepted, unbanned member.
    pub members_on_host: bool,
    /// For a viewer from elsewhere: somebody of that server is invited or a member.
    pub known_on_host: bool,
    /// For a viewer from elsewhere and a group elsewhere: its house says that they read it.
    pub vouched: bool,
    /// For somebody elsewhere and a group of ours that looks first at whom it does not know: no moderator
    /// has let them in before.
    pub new_to_group: bool,
    /// … nor let them speak.
    pub unheard: bool,
    /// An emergency stop holds what goes between the viewer and this; for somebody here and a group
    /// elsewhere, between us and its house.
    pub stopped: bool,
    pub post: Option<PostFacts>,
    /// Of a post outside groups: on whose profile it stands, if it is not between people.
    pub owner: Option<OwnerFacts>,
}

impl Facts {
    /// The bare case: a moment and a house, nothing else known.
    pub const fn new(now: Timestamp, house: House) -> Self {
        Self {
            now,
            house,
            group: None,
            membership: None,
            moderates_there: false,
            partner: None,
            grant: None,
            discreet: false,
            by_mirror: false,
            members_on_host: false,
            known_on_host: false,
            vouched: false,
            new_to_group: false,
            unheard: false,
            stopped: false,
            post: None,
            owner: None,
        }
    }

    /// How far the viewer is in, as of now: a ban that is over counts as nothing.
    pub(super) fn standing(&self) -> Option<MembershipState> {
        let over = |membership: &MembershipFacts| {
            membership.state == MembershipState::Banned
                && membership
                    .banned_until
                    .is_some_and(|until| until <= self.now)
        };
        self.membership
            .filter(|membership| !over(membership))
            .map(|membership| membership.state)
    }

    pub(super) fn is_banned(&self) -> bool {
        self.standing() == Some(MembershipState::Banned)
    }

    pub(super) fn is_member(&self) -> bool {
        self.standing() == Some(MembershipState::Member)
    }

    pub(super) fn is_invited(&self) -> bool {
        self.standing() == Some(MembershipState::Invited)
    }

    pub(super) fn is_moderator(&self) -> bool {
        self.has_role(GroupRole::Moderator)
    }

    pub(super) fn is_owner(&self) -> bool {
        self.has_role(GroupRole::Owner)
    }

    fn has_role(&self, role: GroupRole) -> bool {
        let membership = self.membership.filter(|_| self.is_member());
        membership.is_some_and(|membership| membership.role >= role)
    }

    /// The grant counts: partner active, inside its window, and the group is not internal.
    pub(super) fn grant_counts(&self) -> bool {
        self.partner == Some(PartnerState::Active)
            && self.grant.is_some_and(|terms| terms.covers(self.now))
            && self
                .group
                .as_ref()
                .is_some_and(|group| group.stage != Stage::Internal)
    }

    /// What is said in the group may be handed to the viewer's server: it is for everybody, or that
    /// server shows it to nobody else.
    pub(super) fn is_safe_there(&self) -> bool {
        let is_public =
            |group: &GroupFacts| group.stage == Stage::Public && group.access == Access::Open;
        self.discreet || self.group.as_ref().is_some_and(is_public)
    }

    pub(super) fn grants(&self, capability: Capability) -> bool {
        self.grant_counts()
            && self.is_safe_there()
            && self
                .grant
                .is_some_and(|terms| terms.capabilities.contains(capability))
    }

    /// For a group elsewhere: its house lets us. Where it told us of no grant, it decides itself.
    pub(super) fn was_told(&self, capability: Capability) -> bool {
        self.grant
            .is_none_or(|terms| terms.capabilities.contains(capability))
    }
}
