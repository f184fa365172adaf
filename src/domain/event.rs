//! What happened, written in the transaction in which it happened. News travels from here:
//! fan-out reads events and plans deliveries, so a crash can delay news but never lose or invent it.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, EventId, GroupId, PostId, Timestamp};

text_enum! {
    /// The kinds of news. The subject says which fields of [`Event`] are set.
    EventKind ("kind") {
        /// A topic or comment was written here, or arrived for a group of ours.
        PostCreated = "post_created",
        PostUpdated = "post_updated",
        /// Deleted by its author.
        PostDeleted = "post_deleted",
        /// Removed by a moderator.
        PostRemoved = "post_removed",
        /// A moderator took a removal back.
        PostRestored = "post_restored",
        /// The copy of a post that its group made for servers that know no groups is no more to be there.
        MirrorTakenBack = "mirror_taken_back",
        /// A topic takes no more comments.
        TopicLocked = "topic_locked",
        TopicUnlocked = "topic_unlocked",
        /// A topic stands first in its group.
        TopicPinned = "topic_pinned",
        TopicUnpinned = "topic_unpinned",
        Liked = "liked",
        Unliked = "unliked",
        /// Somebody elsewhere asked whether they may like, answer or boost what somebody here wrote, who answers.
        /// `object` has who asked, `activity` what was asked and the answer.
        InteractionAnswered = "interaction_answered",
        /// Somebody here passed a post on to who follows them.
        Boosted = "boosted",
        /// They take it back. `activity` has the id of the Announce.
        Unboosted = "unboosted",
        /// Somebody chose an option in a poll that is counted elsewhere. `object` has its position,
        /// where somebody of this house did.
        Voted = "voted",
        /// Others are to be told how the votes in a poll of ours stand.
        PollCounted = "poll_counted",
        /// Somebody elsewhere dislikes a post, or no longer: passed on as it came.
        Disliked = "disliked",
        Undisliked = "undisliked",
        /// Somebody here reported a post, and other servers are to look at it, too. `activity` has the
        /// text. They are told by the house, not by who did it.
        Reported = "reported",
        /// Somebody here asks to join a group elsewhere.
        JoinRequested = "join_requested",
        /// A person elsewhere was let into a group of ours.
        JoinAccepted = "join_accepted",
        /// A person elsewhere was refused or put out.
        JoinRejected = "join_rejected",
        /// A person elsewhere is asked to come into a group of ours. `activity` has their handle.
        Invited = "invited",
        /// Somebody here invites a colleague into a group elsewhere. `object` has whom.
        ColleagueInvited = "colleague_invited",
        /// Somebody here left a group elsewhere.
        Left = "left",
        /// Somebody was shut out of a group of ours. `object` has whom, `activity` what arrived, when a
        /// moderator elsewhere did it.
        MemberBanned = "member_banned",
        /// A ban was lifted. `activity` has the id of the Block that is undone, or what arrived.
        BanLifted = "ban_lifted",
        /// Somebody moderates a group of ours from now on, or no longer.
        ModeratorAdded = "moderator_added",
        ModeratorRemoved = "moderator_removed",
        /// A group of ours is to move to a partner. `object` has the partner, `activity` the offer.
        MoveOffered = "move_offered",
        /// A group of a partner's moves to a group of ours. As with the offer.
        MoveAccepted = "move_accepted",
        /// The offer of a group of ours is taken back, or that of a partner's is declined. As with the offer,
        /// but in no group: the house says it.
        MoveWithdrawn = "move_withdrawn",
        MoveDeclined = "move_declined",
        /// A group of ours moved. `activity` has the new group.
        GroupMoved = "group_moved",
        /// Somebody here asks to follow a person elsewhere. `object` has the other person, `activity`
        /// the id of the Follow; so it is with the three after it.
        FollowRequested = "follow_requested",
        /// Somebody here follows a person elsewhere no more, or takes the request back.
        Unfollowed = "unfollowed",
        /// Somebody here lets a person elsewhere follow them.
        FollowAccepted = "follow_accepted",
        /// Somebody here refuses a follower elsewhere, or removes them.
        FollowRejected = "follow_rejected",
        /// A grant was made or changed: the partner is told its terms.
        GrantOffered = "grant_offered",
        /// A grant was taken back.
        GrantEnded = "grant_ended",
        /// A partner whose software confirms nothing is asked to throw away a post that stays here. `object` has
        /// the partner.
        PostAskedBack = "post_asked_back",
        /// A partner is asked to throw away what it got. `object` has the retraction.
        RetractionAsked = "retraction_asked",
        /// A partner asked that, and is told what was thrown away here: that is in `activity`. `object` has the partner.
        RetractionAnswered = "retraction_answered",
        /// A partnership was ended here: the other side is told. `object` has the partner, `activity`
        /// the offer by which both agreed.
        PartnershipEnded = "partnership_ended",
        /// Our side of a partnership is for something else now, or lasts otherwise: the other side is told.
        /// As with its end.
        PartnershipChanged = "partnership_changed",
        /// What somebody elsewhere said in a group of ours was let in and then refused: their server is
        /// told. `object` has who said it, `activity` a word for why and the id of their activity.
        ActivityRefused = "activity_refused",
        /// What a group of ours says of itself changed.
        GroupUpdated = "group_updated",
        /// What somebody here says of themselves changed.
        PersonUpdated = "person_updated",
        /// Somebody here is on another server now: who follows them is told. `activity` has the account there.
        PersonMoved = "person_moved",
        /// Somebody here is gone for good. `activity` has the servers that knew them.
        PersonDeleted = "person_deleted",
        /// Somebody or something of this house has new keys.
        ActorUpdated = "actor_updated",
    }
}

impl EventKind {
    /// What tells of it carries the text of a post.
    pub const fn carries_text(self) -> bool {
        match self {
            Self::PostCreated | Self::PostUpdated | Self::PostRestored | Self::PollCounted => true,
            Self::PostDeleted
            | Self::PostRemoved
            | Self::MirrorTakenBack
            | Self::TopicLocked
            | Self::TopicUnlocked
            | Self::TopicPinned
            | Self::TopicUnpinned
            | Self::Liked
            | Self::Unliked
            | Self::InteractionAnswered
            | Self::Boosted
            | Self::Unboosted
            | Self::Voted
            | Self::Disliked
            | Self::Undisliked
            | Self::Reported
            | Self::JoinRequested
            | Self::JoinAccepted
            | Self::JoinRejected
            | Self::Invited
            | Self::ColleagueInvited
            | Self::Left
            | Self::MemberBanned
            | Self::BanLifted
            | Self::ModeratorAdded
            | Self::ModeratorRemoved
            | Self::MoveOffered
            | Self::MoveAccepted
            | Self::MoveWithdrawn
            | Self::MoveDeclined
            | Self::GroupMoved
            | Self::FollowRequested
            | Self::Unfollowed
            | Self::FollowAccepted
            | Self::FollowRejected
            | Self::GrantOffered
            | Self::GrantEnded
            | Self::PostAskedBack
            | Self::RetractionAsked
            | Self::RetractionAnswered
            | Self::PartnershipEnded
            | Self::PartnershipChanged
            | Self::ActivityRefused
            | Self::GroupUpdated
            | Self::PersonUpdated
            | Self::PersonMoved
            | Self::PersonDeleted
            | Self::ActorUpdated => false,
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub kind: EventKind,
    /// Who did it.
    pub actor: ActorId,
    pub group: Option<GroupId>,
    pub post: Option<PostId>,
    /// Whom or what it concerns besides: a person's actor, a grant, a reaction's row.
    pub object: Option<i64>,
    /// The activity as it arrived, when somebody elsewhere did it: groups pass on what they got,
    /// unchanged. Otherwise what rendering needs that may be gone later (the id of an undone Like,
    /// the reason of a removal).
    pub activity: Option<String>,
    pub at: Timestamp,
}

/// An event that could not be put into words, so that nobody was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    pub event: EventId,
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// It is still tried by itself: the fault may pass.
    pub tried_again: bool,
    /// What went wrong, for administrators.
    pub problem: String,
    /// When that was first so.
    pub since: Timestamp,
}
