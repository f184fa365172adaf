//! Deliveries: one row an event and destination. The rows are the record of what left the house.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, DeliveryId, EventId, GroupId, Host, PostId, Timestamp, Uri};

text_enum! {
    DeliveryState ("state") {
        /// Waits for its turn or its next attempt.
        Pending = "pending",
        /// The destination answered with success.
        Sent = "sent",
        /// Permission was gone when its turn came: nothing left the house.
        Withheld = "withheld",
        /// The destination refused it for good.
        Failed = "failed",
        /// Given up after 30 days; or nothing went to its server any more, and an administrator can try it again.
        Dead = "dead",
    }
}

text_enum! {
    /// Why a delivery may go out, asked again at the moment of sending.
    DeliveryGround ("ground") {
        /// News of a group: needs a counting grant, members there, and a post young enough.
        News = "news",
        /// An answer or request to the person or group addressed (Follow, Accept, Reject, a post
        /// written here for a group elsewhere): needs a partnership that stands; such a post must stand, too.
        Addressed = "addressed",
        /// Taking back (Delete, Undo): goes wherever the object went, unless blocked.
        Retraction = "retraction",
        /// Between the instance actors (grants).
        Partnership = "partnership",
    }
}

/// Longest time a delivery is kept trying, in days.
pub const DELIVERY_DAYS_MAX: u64 = 30;

/// One activity on its way to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub event: EventId,
    pub host: Host,
    pub inbox: Uri,
    /// Order is kept within a lane of a host: the topic, or the group or person where there is none.
    pub lane: i64,
    /// Whose key signs.
    pub signer: ActorId,
    pub ground: DeliveryGround,
    pub group: Option<GroupId>,
    pub post: Option<PostId>,
    /// The id of the activity.
    pub activity: Uri,
    pub state: DeliveryState,
    pub attempts: u32,
    pub next_attempt_at: Timestamp,
    pub last_status: Option<u16>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl Delivery {
    /// Whether it was tried for as long as anything is, before it was given up.
    pub fn was_tried_long(&self) -> bool {
        let ended = self.finished_at.unwrap_or(self.next_attempt_at);
        ended.since(self.created_at).as_secs() >= DELIVERY_DAYS_MAX * 86_400
    }
}

impl DeliveryState {
    /// What became of it, in a word or two for people.
    pub const fn fate(self) -> &'static str {
        match self {
            Self::Pending => "waiting",
            Self::Sent => "delivered",
            Self::Withheld => "withheld",
            Self::Failed => "refused",
            Self::Dead => "given up",
        }
    }
}
