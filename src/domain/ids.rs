//! Row identities. Each noun has its own type, so that a post's number cannot be asked of a group.

use std::fmt;
use std::str::FromStr;

use crate::domain::Invalid;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                match text.parse::<i64>() {
                    // One spelling for one thing: "+7" and "007" are not 7.
                    Ok(number) if number > 0 && text.as_bytes()[0] != b'+' && text.as_bytes()[0] != b'0' => Ok(Self(number)),
                    _ => Err(Invalid::new("id", "is not a number of ours")),
                }
            }
        }

        impl serde::Serialize for $name {
            /// As text: the numbers are larger than JavaScript's integers.
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
    )+};
}

id! {
    /// Anybody or anything that can act: a person, a group, a server.
    ActorId,
    /// A group. The same number as its actor's.
    GroupId,
    /// A topic or a comment.
    PostId,
    /// A post that somebody passed on. Sorts among the numbers of posts.
    BoostId,
    /// A picture or another file of a post.
    AttachmentId,
    PartnerId,
    GrantId,
    /// An act that waits for a second administrator.
    ProposalId,
    /// An emergency stop that holds.
    StopId,
    /// A report of a post.
    ReportId,
    /// A rule at the boundary.
    RuleId,
    /// Posts that a partner was asked to throw away again.
    RetractionId,
    InvitationId,
    /// Something that happened, to be told to others.
    EventId,
    DeliveryId,
    /// An activity that arrived and waits to be applied.
    ArrivalId,
    JobId,
    AuditId,
    TokenId,
    SessionId,
}

impl GroupId {
    /// The group as an actor.
    pub const fn actor(self) -> ActorId {
        ActorId(self.0)
    }
}

impl ActorId {
    /// The actor as a group. Whether it is one, only storage knows.
    pub const fn group(self) -> GroupId {
        GroupId(self.0)
    }
}
