//! What there is to tell others, and the forms in which it travels.

use crate::app::Addresses;
use crate::domain::{
    Actor, ActorKey, CarriedText, EventId, Grant, Group, Partner, Post, PostId, Uri,
};
use crate::error::Result;
use crate::services::signing::Pens;

/// What there is to tell, with everything needed to put it on the wire.
#[derive(Clone, Debug)]
pub enum News {
    PostCreated {
        post: Post,
        author: Actor,
        parent: Option<Uri>,
    },
    PostUpdated {
        post: Post,
        author: Actor,
        parent: Option<Uri>,
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
    /// Somebody elsewhere did something in a group of ours: passed on as it came.
    PassedOn {
        activity: String,
        /// The document of who did it as their own server signed it, where it does.
        introduction: Option<String>,
    },
    /// A group of ours boosts a topic.
    Boosted {
        id: PostId,
        topic: Uri,
    },
    /// It takes the boost back.
    Unboosted {
        id: PostId,
        topic: Uri,
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
            | Self::Liked { by, .. }
            | Self::Unliked { by, .. }
            | Self::JoinRequested { by, .. }
            | Self::Left { by, .. } => Some(by),
            Self::JoinAccepted { .. }
            | Self::JoinRejected { .. }
            | Self::Invited { .. }
            | Self::Reported { .. }
            | Self::GroupChanged { .. }
            | Self::PassedOn { .. }
            | Self::Boosted { .. }
            | Self::Unboosted { .. }
            | Self::GrantOffered { .. }
            | Self::GrantEnded { .. } => None,
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
    },
    /// The person is gone, and so is the document.
    Gone,
    /// The house ended the partnership that was made by this offer with the house of this instance actor.
    PartnershipEnded { agreement: Uri, instance: Uri },
}

/// What is put on the wire: something in a group, or about an actor.
#[derive(Clone, Debug)]
pub enum Telling {
    Group(Box<GroupTelling>),
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
