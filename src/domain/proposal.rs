//! Four eyes: an act that reaches further out waits for a second administrator.

use serde::{Deserialize, Serialize};

use crate::domain::text_enum::text_enum;
use crate::domain::{
    ActorId, ConfirmEvery, JoinMode, OurSide, PartnerClass, ProposalId, Stage, Terms, Timestamp,
};

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
    /// Let a partnership last longer.
    Prolong {
        partner: String,
        /// None: without end.
        until: Option<String>,
    },
    /// Pin the key that a partner's server shows instead of the one that is pinned.
    TrustKey {
        partner: String,
        fingerprint: String,
    },
    /// Release an emergency stop.
    Release { stop: i64 },
    /// End the pause of a partnership.
    Resume { partner: String },
    /// Let a code make somebody our partner.
    Invite {
        /// The fingerprint of the code, which only who proposed it has.
        code: String,
        #[serde(flatten)]
        ours: ProposedSide,
        /// Until when it can be used.
        expires: String,
    },
    /// Use the code that another organization sent.
    Accept {
        partner: String,
        /// Not kept once it was decided about.
        code: String,
        #[serde(flatten)]
        ours: ProposedSide,
    },
    /// Speak with a server that knows nothing of invitations.
    AddPartner {
        partner: String,
        #[serde(flatten)]
        ours: ProposedSide,
        /// Let groups that are not public go there, whatever its software does with them.
        trust: bool,
    },
}

impl ProposedAct {
    /// Forgets what is of use to nobody any more but to a thief.
    pub fn forget_secret(&mut self) {
        if let Self::Accept { code, .. } = self {
            code.clear();
        }
    }
}

/// Our side of a partnership that is to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedSide {
    pub class: PartnerClass,
    pub purpose: String,
    pub contact: String,
    /// Microseconds; none: it does not end by itself.
    pub until: Option<i64>,
    /// None: as the house says, 0: never.
    pub confirm_months: Option<i32>,
}

impl From<&OurSide> for ProposedSide {
    fn from(ours: &OurSide) -> Self {
        Self {
            class: ours.class,
            purpose: ours.terms.purpose.clone(),
            contact: ours.terms.contact.clone(),
            until: ours.terms.until.map(Timestamp::micros),
            confirm_months: ours.confirm.to_stored(),
        }
    }
}

impl From<&ProposedSide> for OurSide {
    fn from(side: &ProposedSide) -> Self {
        Self {
            class: side.class,
            terms: Terms {
                purpose: side.purpose.clone(),
                contact: side.contact.clone(),
                until: side.until.map(Timestamp::from_micros),
            },
            confirm: ConfirmEvery::from_stored(side.confirm_months),
        }
    }
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
