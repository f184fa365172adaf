//! Posts that people pass on.

use crate::domain::{Actor, ActorId, BoostId, PostId, Timestamp, Uri};

/// Somebody passed a post on: they boosted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boost {
    pub id: BoostId,
    pub post: PostId,
    pub actor: ActorId,
    /// The id of the Announce.
    pub uri: Uri,
    pub created_at: Timestamp,
}

/// A boost with who did it, where a list shows a post because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boosted {
    pub boost: Boost,
    pub by: Actor,
}

/// How often a post was boosted, and whether the viewer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoostTally {
    pub count: u32,
    pub own: bool,
}
