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
        /// A topic takes no more comments.
        TopicLocked = "topic_locked",
        TopicUnlocked = "topic_unlocked",
        Liked = "liked",
        Unliked = "unliked",
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
        /// Somebody here left a group elsewhere.
        Left = "left",
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
        /// A partnership was ended here: the other side is told. `object` has the partner, `activity`
        /// the offer by which both agreed.
        PartnershipEnded = "partnership_ended",
        /// What a group of ours says of itself changed.
        GroupUpdated = "group_updated",
        /// What somebody here says of themselves changed.
        PersonUpdated = "person_updated",
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
            Self::PostCreated | Self::PostUpdated | Self::PostRestored => true,
            Self::PostDeleted
            | Self::PostRemoved
            | Self::TopicLocked
            | Self::TopicUnlocked
            | Self::Liked
            | Self::Unliked
            | Self::Reported
            | Self::JoinRequested
            | Self::JoinAccepted
            | Self::JoinRejected
            | Self::Invited
            | Self::Left
            | Self::FollowRequested
            | Self::Unfollowed
            | Self::FollowAccepted
            | Self::FollowRejected
            | Self::GrantOffered
            | Self::GrantEnded
            | Self::PartnershipEnded
            | Self::GroupUpdated
            | Self::PersonUpdated
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
