//! What there is to tell others, and the forms in which it travels.

use crate::app::Addresses;
use crate::domain::{
    Actor, ActorKey, Approval, AskedInteraction, Attachment, BanTerms, CarriedText, EventId, Grant,
    Group, Partner, PersonWays, Poll, Post, PostId, Promise, RetractionAnswer, Terms, Uri,
};
use crate::error::Result;
use crate::services::mirrors::Copy;
use crate::services::posts::ProfilePost;
use crate::services::retractions::Request;
use crate::services::signing::Pens;

/// What there is to tell, with everything needed to put it on the wire.
#[derive(Clone, Debug)]
pub enum News {
    PostCreated {
        post: Post,
        author: Actor,
        parent: Option<Uri>,
        /// What it asks and how the votes stand, as far as others are told.
        poll: Option<Poll>,
        attachments: Vec<Attachment>,
    },
    PostUpdated {
        post: Post,
        author: Actor,
        parent: Option<Uri>,
        /// What it asks and how the votes stand, as far as others are told.
        poll: Option<Poll>,
        attachments: Vec<Attachment>,
    },
    PostDeleted {
        post: Post,
        author: Actor,
    },
    /// By a moderator.
    PostRemoved {
        post: Post,
        by: Actor,
        reason: Option<String>,
    },
    /// A moderator took a removal back.
    PostRestored {
        post: Post,
        by: Actor,
    },
    TopicLocked {
        topic: Post,
        by: Actor,
    },
    TopicUnlocked {
        topic: Post,
        by: Actor,
    },
    TopicPinned {
        topic: Post,
        by: Actor,
    },
    TopicUnpinned {
        topic: Post,
        by: Actor,
    },
    /// Somebody moderates a group of ours from now on.
    ModeratorAdded {
        person: Actor,
        by: Actor,
    },
    ModeratorRemoved {
        person: Actor,
        by: Actor,
    },
    /// Somebody is shut out of a group of ours.
    MemberBanned {
        /// The id of the Block.
        block: Uri,
        person: Actor,
        by: Actor,
        terms: BanTerms,
    },
    BanLifted {
        block: Uri,
        person: Actor,
        by: Actor,
    },
    /// A partner is asked to take a group of ours.
    MoveOffered {
        offer: Uri,
        /// Our own instance actor.
        house: Uri,
        instance: Actor,
    },
    /// We take a group of a partner's.
    MoveAccepted {
        offer: Uri,
        /// The group as it was there.
        moving: Uri,
        house: Uri,
        instance: Actor,
    },
    /// A group of ours is elsewhere now.
    GroupMoved {
        target: Uri,
    },
    Liked {
        like: Uri,
        post: Post,
        by: Actor,
    },
    Unliked {
        like: Uri,
        post: Post,
        by: Actor,
    },
    /// Somebody here chose an option in a poll of somebody elsewhere. Only the author's server is told,
    /// by way of the house of the group.
    Voted {
        poll: Post,
        /// Who asks.
        author: Uri,
        by: Actor,
        option: String,
    },
    /// Said by the house, so that nobody learns who reported.
    Reported {
        post: Post,
        author: Actor,
        text: String,
        /// The address of the instance actor.
        instance: Uri,
    },
    JoinRequested {
        follow: Uri,
        by: Actor,
    },
    Left {
        follow: Uri,
        by: Actor,
    },
    JoinAccepted {
        follow: Uri,
        person: Actor,
    },
    JoinRejected {
        follow: Uri,
        person: Actor,
    },
    /// A person elsewhere is asked to come into a group of ours.
    Invited {
        handle: String,
        /// None: nothing is known of them but the handle.
        person: Option<Actor>,
    },
    /// Somebody here invites a colleague into a group elsewhere.
    ColleagueInvited {
        by: Actor,
        person: Actor,
    },
    /// Somebody elsewhere did something in a group of ours: passed on as it came.
    PassedOn {
        activity: String,
        /// The document of who did it as their own server signed it, where it does.
        introduction: Option<String>,
        /// The topic in whose conversation it was written.
        topic: Option<PostId>,
    },
    /// A group of ours boosts a topic or comment.
    Boosted {
        id: PostId,
        post: Uri,
    },
    /// It takes the boost back.
    Unboosted {
        id: PostId,
        post: Uri,
    },
    /// A group of ours posts its copy of what somebody here wrote.
    MirrorCreated(Box<Copy>),
    MirrorUpdated(Box<Copy>),
    MirrorDeleted {
        post: Post,
    },
    GrantOffered {
        grant: Grant,
        partner: Partner,
        instance: Actor,
    },
    GrantEnded {
        grant: Grant,
        partner: Partner,
        instance: Actor,
    },
    /// A partner is asked to throw away what it got of the group.
    RetractionAsked {
        request: Request,
        instance: Actor,
    },
    /// The group's own document changed; with the keys it lists.
    GroupChanged {
        keys: Vec<ActorKey>,
    },
}

impl News {
    /// Somebody of this house who does what is told.
    pub(super) const fn speaker(&self) -> Option<&Actor> {
        match self {
            Self::PostCreated { author: by, .. }
            | Self::PostUpdated { author: by, .. }
            | Self::PostDeleted { author: by, .. }
            | Self::PostRemoved { by, .. }
            | Self::PostRestored { by, .. }
            | Self::TopicLocked { by, .. }
            | Self::TopicUnlocked { by, .. }
            | Self::TopicPinned { by, .. }
            | Self::TopicUnpinned { by, .. }
            | Self::ModeratorAdded { by, .. }
            | Self::ModeratorRemoved { by, .. }
            | Self::MemberBanned { by, .. }
            | Self::BanLifted { by, .. }
            | Self::Liked { by, .. }
            | Self::Unliked { by, .. }
            | Self::Voted { by, .. }
            | Self::JoinRequested { by, .. }
            | Self::ColleagueInvited { by, .. }
            | Self::Left { by, .. } => Some(by),
            Self::JoinAccepted { .. }
            | Self::JoinRejected { .. }
            | Self::Invited { .. }
            | Self::Reported { .. }
            | Self::GroupChanged { .. }
            | Self::PassedOn { .. }
            | Self::Boosted { .. }
            | Self::Unboosted { .. }
            | Self::MoveOffered { .. }
            | Self::MoveAccepted { .. }
            | Self::GroupMoved { .. }
            | Self::MirrorCreated(_)
            | Self::MirrorUpdated(_)
            | Self::MirrorDeleted { .. }
            | Self::GrantOffered { .. }
            | Self::RetractionAsked { .. }
            | Self::GrantEnded { .. } => None,
        }
    }

    /// Whether it is said to the members' servers wrapped by the group; otherwise by who says it.
    pub(super) const fn is_announced(&self) -> bool {
        match self {
            Self::JoinAccepted { .. }
            | Self::JoinRejected { .. }
            | Self::GrantOffered { .. }
            | Self::GrantEnded { .. }
            | Self::RetractionAsked { .. }
            | Self::Invited { .. }
            | Self::ColleagueInvited { .. }
            | Self::Reported { .. }
            | Self::MoveOffered { .. }
            | Self::MoveAccepted { .. }
            | Self::GroupMoved { .. }
            | Self::MirrorCreated(_)
            | Self::MirrorUpdated(_)
            | Self::MirrorDeleted { .. }
            | Self::GroupChanged { .. } => false,
            Self::PostCreated { .. }
            | Self::PostUpdated { .. }
            | Self::PostDeleted { .. }
            | Self::PostRemoved { .. }
            | Self::PostRestored { .. }
            | Self::TopicLocked { .. }
            | Self::TopicUnlocked { .. }
            | Self::TopicPinned { .. }
            | Self::TopicUnpinned { .. }
            | Self::ModeratorAdded { .. }
            | Self::ModeratorRemoved { .. }
            | Self::MemberBanned { .. }
            | Self::BanLifted { .. }
            | Self::Liked { .. }
            | Self::Unliked { .. }
            | Self::Voted { .. }
            | Self::JoinRequested { .. }
            | Self::Left { .. }
            | Self::PassedOn { .. }
            | Self::Boosted { .. }
            | Self::Unboosted { .. } => true,
        }
    }
}

/// News with its place: which group it concerns and which event it comes from.
#[derive(Clone, Debug)]
pub struct GroupTelling {
    pub event: EventId,
    pub news: News,
    pub group: Group,
    /// The group itself tells its members (`Announce`); otherwise who did it says it themselves.
    pub announced: bool,
    /// Somebody of a microblog server to whom it is said: who wrote what is answered or liked.
    pub addressee: Option<Actor>,
    /// Where it is about a post: who is said to may like and answer it.
    pub promise: Promise,
}

/// What somebody or something of ours has to say of themselves.
#[derive(Clone, Debug)]
pub struct ActorTelling {
    pub event: EventId,
    pub actor: Actor,
    pub news: ActorNews,
}

/// What became of an actor of ours.
#[derive(Clone, Debug)]
pub enum ActorNews {
    /// Its document says something else, or lists other keys.
    Changed {
        /// Of a group.
        group: Option<Box<Group>>,
        /// The keys that count, without their private halves.
        keys: Vec<ActorKey>,
        /// Of a person: whom they let follow them.
        approval: Option<Approval>,
        /// … and their accounts elsewhere.
        ways: PersonWays,
    },
    /// The person is at `target` now.
    Moved { target: Uri },
    /// The person is gone, and so is the document.
    Gone,
    /// The house ended the partnership that was made by this offer with the house of this instance actor.
    PartnershipEnded { agreement: Uri, instance: Uri },
    /// The house of this instance actor asked us to throw something away, and this is what was done.
    RetractionAnswered {
        retraction: Uri,
        answer: RetractionAnswer,
        instance: Uri,
    },
    /// What the house says of the partnership that was made by this offer is something else now.
    PartnershipChanged {
        agreement: Uri,
        instance: Uri,
        terms: Terms,
    },
    /// The house takes back that it asked a partner's to take a group, or declines to take one of theirs.
    MoveWithdrawn {
        offer: Uri,
        group: Uri,
        instance: Uri,
    },
    MoveDeclined {
        offer: Uri,
        group: Uri,
        instance: Uri,
    },
    /// The house refused what somebody elsewhere said in a group of ours, after it was let in.
    ActivityRefused {
        activity: Uri,
        reason: String,
        person: Uri,
    },
}

/// What people do outside groups: posts on profiles, and following.
#[derive(Clone, Debug)]
pub struct ProfileTelling {
    pub event: EventId,
    /// Somebody of this house, who says it.
    pub by: Actor,
    pub news: ProfileNews,
}

#[derive(Clone, Debug)]
pub enum ProfileNews {
    Posted(ProfilePost),
    Edited(ProfilePost),
    Deleted(ProfilePost),
    Liked {
        like: Uri,
        post: Uri,
        author: Actor,
    },
    Unliked {
        like: Uri,
        post: Uri,
        author: Actor,
    },
    /// `public`: it is said to everybody; otherwise to followers, and to who wrote the post.
    Boosted {
        announce: Uri,
        post: Uri,
        author: Uri,
        public: bool,
    },
    Unboosted {
        announce: Uri,
        post: Uri,
        author: Uri,
        public: bool,
    },
    /// `approval`: none, it is refused.
    InteractionAnswered {
        asked: AskedInteraction,
        by: Uri,
        approval: Option<i64>,
    },
    FollowRequested {
        follow: Uri,
        whom: Uri,
    },
    Unfollowed {
        follow: Uri,
        whom: Uri,
    },
    FollowAccepted {
        follow: Uri,
        follower: Uri,
    },
    FollowRejected {
        follow: Uri,
        follower: Uri,
    },
}

/// What is put on the wire: something in a group, on a profile, or about an actor.
#[derive(Clone, Debug)]
pub enum Telling {
    Group(Box<GroupTelling>),
    Profile(Box<ProfileTelling>),
    Actor(Box<ActorTelling>),
}

/// An activity ready for the wire.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub id: Uri,
    pub body: String,
    /// The text of a post that it carries, where it does.
    pub revision: Option<CarriedText>,
}

/// Puts news on the wire: federation's part of planning.
pub type Render = fn(&Addresses, &Telling, &Pens) -> Result<Rendered>;
