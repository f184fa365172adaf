//! People who follow people, here and across servers.

use crate::domain::text_enum::text_enum;
use crate::domain::{Actor, ActorId, Timestamp, Uri};

text_enum! {
    /// How far it came.
    FollowState ("state") {
        /// Asked, not yet answered.
        Requested = "requested",
        Accepted = "accepted",
    }
}

text_enum! {
    /// Who outside may follow somebody of this house, as they chose. Colleagues need nobody's consent:
    /// they read profiles anyway.
    Approval ("followers") {
        /// They answer each request.
        Each = "each",
        /// Whom the house lets ask is in at once.
        Anybody = "anybody",
        /// Nobody from outside.
        Nobody = "nobody",
    }
}

/// One person follows another, or asks to. Rows exist only where it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    pub follower: ActorId,
    pub followed: ActorId,
    pub state: FollowState,
    /// The id of the Follow; made here also where none travels.
    pub uri: Uri,
    pub since: Timestamp,
}

/// A follow with the other of the two, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquaintance {
    pub follow: Follow,
    pub actor: Actor,
}
