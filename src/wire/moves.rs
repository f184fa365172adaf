//! Groups that move from one house to another.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, Host, MoveEnd, Timestamp, Uri, Way};

/// An offer to move a group.
#[derive(Serialize, ToSchema)]
pub struct Move {
    /// The group that is to move.
    pub group: Uri,
    /// The other house.
    pub host: Host,
    pub way: Way,
    /// The new group; null until it was accepted.
    pub target: Option<Uri>,
    /// How it ended, when it came to nothing.
    pub ended: Option<MoveEnd>,
    /// Its id as an activity.
    pub offer: Uri,
    pub at: Timestamp,
}

impl From<domain::Move> for Move {
    fn from(offered: domain::Move) -> Self {
        Self {
            group: offered.group,
            host: offered.host,
            way: offered.way,
            target: offered.target,
            ended: offered.ended,
            offer: offered.offer,
            at: offered.created_at,
        }
    }
}
