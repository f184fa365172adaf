//! Answers: a permit, or a denial with or without a reason.

use std::marker::PhantomData;

use crate::domain::text_enum::text_enum;
use crate::domain::{GroupId, PostId};
use crate::policy::{Act, Action, InGroup, OnPost};

text_enum! {
    /// Why something is not allowed. [`Reason::sentence`] is for people, the spelling for logs.
    Reason ("reason") {
        Unknown = "unknown",
        SignInNeeded = "sign_in_needed",
        NotMember = "not_member",
        InvitationNeeded = "invitation_needed",
        Banned = "banned",
        Archived = "archived",
        Locked = "locked",
        NotAuthor = "not_author",
        NotModerator = "not_moderator",
        NotOwner = "not_owner",
        NotAdministrator = "not_administrator",
        OwnProposal = "own_proposal",
        ProposalOver = "proposal_over",
        NoPartnership = "no_partnership",
        PartnershipPaused = "partnership_paused",
        Stopped = "stopped",
        PartnerBlocked = "partner_blocked",
        NoGrant = "no_grant",
        NotDiscreet = "not_discreet",
        GrantEnded = "grant_ended",
        GroupInternal = "group_internal",
        GroupNotPublic = "group_not_public",
        Withdrawn = "withdrawn",
        TooOld = "too_old",
        CannotReact = "cannot_react",
        CannotReply = "cannot_reply",
        CannotStart = "cannot_start",
        CannotAttach = "cannot_attach",
        CannotInvite = "cannot_invite",
        CannotModerate = "cannot_moderate",
        CannotReshare = "cannot_reshare",
        NobodyThere = "nobody_there",
        NotForOutside = "not_for_outside",
        NotVisible = "not_visible",
        HeldAtBoundary = "held_at_boundary",
        NotReviewer = "not_reviewer",
        OwnPost = "own_post",
        NotLetIn = "not_let_in",
        LooksFirst = "looks_first",
        NotForRemote = "not_for_remote",
        KeptApart = "kept_apart",
        NotMirrored = "not_mirrored",
        LikesReserved = "likes_reserved",
        RepliesReserved = "replies_reserved",
        BoostsReserved = "boosts_reserved",
        PeopleOnly = "people_only",
        GroupsOnly = "groups_only",
        SecretNotPublic = "secret_not_public",
        PollOver = "poll_over",
        VotedAlready = "voted_already",
        Oneself = "oneself",
        NotFollowed = "not_followed",
        NotFollowable = "not_followable",
        ProfilesStayInside = "profiles_stay_inside",
        NoDirectMessages = "no_direct_messages",
        NotForConversation = "not_for_conversation",
    }
}

impl Reason {
    /// What a person is told, and what to do about it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "There is no such thing.",
            Self::SignInNeeded => "Sign in first.",
            Self::NotMember => "Only members may do this. Join the group first.",
            Self::InvitationNeeded => {
                "This group is joined by invitation. Ask one of its moderators."
            }
            Self::Banned => "You are banned from this group. Ask one of its moderators.",
            Self::Archived => "This group is archived: it can be read but not changed.",
            Self::Locked => "This topic is locked: only moderators may add to it.",
            Self::NotAuthor => "Only its author may do this.",
            Self::NotModerator => "Only moderators of the group may do this.",
            Self::NotOwner => "Only owners of the group may do this.",
            Self::NotAdministrator => "Only administrators may do this.",
            Self::OwnProposal => {
                "You proposed this yourself: another administrator has to confirm it."
            }
            Self::ProposalOver => {
                "This was decided about already, or nobody did in time. It can be proposed again."
            }
            Self::NoPartnership => {
                "There is no partnership with that server. An administrator can make one."
            }
            Self::PartnershipPaused => {
                "The partnership with that organization is paused. Ask an administrator."
            }
            Self::Stopped => {
                "An emergency stop holds this: nothing goes in or out until an administrator releases it."
            }
            Self::PartnerBlocked => "That server is blocked here.",
            Self::NoGrant => {
                "The group is not open to that organization. Ask an owner of the group for a grant."
            }
            Self::NotDiscreet => {
                "The software of that server is not known to show posts only to those they are for. An administrator can trust it all the same, on the partner's page."
            }
            Self::GrantEnded => {
                "The grant for that organization has ended or has not begun. Ask an owner of the group."
            }
            Self::GroupInternal => {
                "The group is internal: nobody outside the organization takes part."
            }
            Self::GroupNotPublic => "The group is not public.",
            Self::Withdrawn => "The organization that hosts this group no longer shares it.",
            Self::TooOld => "The topic is older than what the grant shows.",
            Self::CannotReact => {
                "Your organization may read this group but not react in it. Ask an owner of the group for “react”."
            }
            Self::CannotReply => {
                "Your organization may read this group but not reply in it. Ask an owner of the group for “reply”."
            }
            Self::CannotStart => {
                "Your organization may not start topics in this group. Ask an owner of the group for “start”."
            }
            Self::CannotAttach => {
                "Your organization may not attach files in this group. Ask an owner of the group for “attach”."
            }
            Self::CannotInvite => {
                "Your organization may not invite people to this group. Ask an owner of the group for “invite”."
            }
            Self::CannotModerate => {
                "Your organization may not moderate this group. Ask an owner of the group for “moderate”."
            }
            Self::CannotReshare => "This may not be passed on: it is not for everybody.",
            Self::NobodyThere => "Nobody on that server is a member of the group.",
            Self::NotForOutside => "This is for colleagues only and never leaves the house.",
            Self::NotVisible => "It was removed, deleted, or waits for a moderator.",
            Self::HeldAtBoundary => {
                "It is held at the boundary: nobody outside sees it before somebody looked at it."
            }
            Self::NotReviewer => {
                "Only moderators of the group, compliance officers and administrators may do this."
            }
            Self::LooksFirst => {
                "This group looks first at whom it does not know: let them ask to join, or ask a moderator to invite them."
            }
            Self::NotLetIn => "A moderator of the group did not let it in.",
            Self::OwnPost => "Somebody else has to look at it: nobody releases what they wrote.",
            Self::NotForRemote => "This can only be done on the server where the group lives.",
            Self::KeptApart => {
                "Partners in this group are kept apart: another one's people wrote it."
            }
            Self::NotMirrored => {
                "Its author does not let this group copy posts to servers that know no groups."
            }
            Self::LikesReserved => "Its author does not want it to be liked by people here.",
            Self::RepliesReserved => "Its author does not want answers to it from people here.",
            Self::BoostsReserved => "Its author does not want it to be passed on by people here.",
            Self::PeopleOnly => "Only people may do this: neither servers nor the command line.",
            Self::GroupsOnly => "This can only be done in a group.",
            Self::Oneself => "Nobody follows themselves.",
            Self::NotFollowed => "This is for people who follow each other. Follow first.",
            Self::NotFollowable => {
                "This person lets nobody outside their organization follow them."
            }
            Self::ProfilesStayInside => {
                "Posts on profiles do not go that far in this organization. An administrator can change that."
            }
            Self::NoDirectMessages => {
                "Direct messages are not kept here. Write in a group, or answer where everybody in the conversation reads it."
            }
            Self::NotForConversation => {
                "An answer is kept only when it is for everybody, or for those who read the conversation."
            }
            Self::SecretNotPublic => {
                "A secret group cannot be public. Make it closed or open first."
            }
            Self::PollOver => "This poll has ended.",
            Self::VotedAlready => "You have voted in this poll already. A vote stands.",
        }
    }
}

/// A no. Whether existence leaks is decided here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Answer exactly as for an unknown id.
    Hidden,
    /// The viewer knows of it and is told why not.
    Forbidden(Reason),
}

/// A no with the reason even where the viewer must not learn it: for `policy explain` and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    pub hidden: bool,
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        if refusal.hidden {
            Self::Hidden
        } else {
            Self::Forbidden(refusal.reason)
        }
    }
}

/// Proof that policy said yes to one act in one place. Only this room makes it, storage's writes
/// take it and read *from it* where they write, so forgetting to ask does not compile.
#[derive(Debug)]
pub struct Permit<A: Act> {
    group: GroupId,
    post: PostId,
    act: PhantomData<A>,
}

impl<A: Act> Permit<A> {
    pub(in crate::policy) const fn new(group: GroupId, post: PostId) -> Self {
        Self {
            group,
            post,
            act: PhantomData,
        }
    }

    /// What it permits.
    pub const fn action(&self) -> Action {
        A::ACTION
    }
}

impl<A: InGroup> Permit<A> {
    pub const fn group(&self) -> GroupId {
        self.group
    }
}

impl<A: OnPost> Permit<A> {
    pub const fn post(&self) -> PostId {
        self.post
    }
}
