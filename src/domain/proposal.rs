//! Four eyes: an act that reaches further out waits for a second administrator.

use serde::{Deserialize, Serialize};

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, JoinMode, PartnerClass, ProposalId, Stage, Timestamp};

/// Days until what nobody decided about is over.
pub const PROPOSAL_DAYS: u64 = 7;

text_enum! {
    ProposalState ("state") {
        Pending = "pending",
        Confirmed = "confirmed",
        /// By another administrator, or taken back by who proposed it.
        Rejected = "rejected",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

/// What is to be done. Stored as JSON, so variants and fields keep their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum ProposedAct {
    /// Open a group to a partner, instead of the grant it may have.
    Grant {
        group: i64,
        partner: String,
        can: String,
        join: Option<JoinMode>,
        from: Option<String>,
        /// `never`, or a time.
        until: Option<String>,
        /// `now`, `all`, or a time.
        history: Option<String>,
        apart: Option<bool>,
    },
    /// Open a group further.
    Stage { group: i64, stage: Stage },
    /// Say that a partner is something else to us.
    Class {
        partner: String,
        class: PartnerClass,
    },
    /// Let groups that are not public go to a partner whatever its software does with them.
    Trust { partner: String },
    /// Release an emergency stop.
    Release { stop: i64 },
    /// End the pause of a partnership.
    Resume { partner: String },
}

/// An act that was proposed, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub id: ProposalId,
    pub act: ProposedAct,
    /// The act in words.
    pub sentence: String,
    pub state: ProposalState,
    /// None: the operator.
    pub by: Option<ActorId>,
    /// A handle, or `operator` for the command line.
    pub proposer: String,
    pub since: Timestamp,
    /// From then on it cannot be confirmed any more.
    pub expires_at: Timestamp,
    /// Who confirmed or rejected it, and when.
    pub decided: Option<(String, Timestamp)>,
}
