//! What waits for a second administrator.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, ProposalId, ProposalState, Timestamp};

/// An act that reaches further out, and waits for a second administrator or did.
#[derive(Serialize, ToSchema)]
pub struct Proposal {
    pub id: ProposalId,
    /// What is to be done.
    pub sentence: String,
    pub state: ProposalState,
    /// A handle, or `operator` for the command line.
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    /// From then on it cannot be confirmed any more.
    pub expires_at: Timestamp,
    /// Who confirmed or rejected it.
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
}

impl From<domain::Proposal> for Proposal {
    fn from(proposal: domain::Proposal) -> Self {
        let (decided_by, decided_at) = proposal.decided.unzip();
        Self {
            id: proposal.id,
            sentence: proposal.sentence,
            state: proposal.state,
            proposed_by: proposal.proposer,
            proposed_at: proposal.since,
            expires_at: proposal.expires_at,
            decided_by,
            decided_at,
        }
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            ProposalState::Pending => write!(
                f,
                "This waits for a second administrator, until {} (UTC), as proposal {}: {}",
                self.expires_at.for_people(),
                self.id,
                self.sentence
            ),
            ProposalState::Confirmed | ProposalState::Rejected | ProposalState::Expired => {
                write!(
                    f,
                    "Proposal {} is {}: {}",
                    self.id, self.state, self.sentence
                )
            }
        }
    }
}
