//! Activities that arrived: stored first, answered 202, applied by a job.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, ArrivalId, Host, Timestamp, Uri};

text_enum! {
    ArrivalState ("state") {
        Pending = "pending",
        Applied = "applied",
        /// Understood and refused; `reason` says why.
        Refused = "refused",
        /// Not one of the activities we know; kept as a record only.
        Ignored = "ignored",
        /// Given up after many attempts; an administrator can look at it.
        Dead = "dead",
    }
}

/// An activity that arrived, verified as coming from `signer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub id: ArrivalId,
    pub activity: Uri,
    pub signer: ActorId,
    pub host: Host,
    /// The bytes as they came.
    pub body: String,
    pub attempts: u32,
    pub received_at: Timestamp,
    /// It could not be applied at once: it was held, or lacked something.
    pub waited: bool,
}
