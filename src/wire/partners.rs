//! Partnerships with other organizations' servers.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    self, Discretion, Evidence, GroupDialect, Host, PartnerClass, PartnerState, PeerDialect, Side,
    Timestamp, Uri,
};
use crate::services::grants::Standing;
use crate::services::partners::{Changed, Invited};
use crate::wire::{Grant, Proposal};

/// A partnership that is, was, or is refused.
#[derive(Serialize, ToSchema)]
pub struct Partner {
    pub host: Host,
    pub organization: String,
    /// What the other organization is to us.
    pub class: PartnerClass,
    pub state: PartnerState,
    /// By whom it was ended, and when.
    pub ended_by: Option<Side>,
    pub ended_at: Option<Timestamp>,
    /// Both sides agreed; otherwise it was added by host name.
    pub mutual: bool,
    /// Address of the server's own actor; none: not met yet.
    pub instance: Option<Uri>,
    pub created_at: Timestamp,
}

impl Partner {
    /// `active`, `ended by them 22 Nov 2026, 10:00`
    pub fn standing(&self) -> String {
        match (self.ended_by, self.ended_at) {
            (Some(by), Some(at)) => format!("{} by {by} {}", self.state, at.for_people()),
            _ => self.state.to_string(),
        }
    }

    pub const fn agreed(&self) -> &'static str {
        match self.mutual {
            true => "by both",
            false => "one-sided",
        }
    }
}

impl From<domain::Partner> for Partner {
    fn from(partner: domain::Partner) -> Self {
        let over = partner.over();
        Self {
            ended_by: over.map(|ending| ending.by),
            ended_at: over.map(|ending| ending.at),
            host: partner.host,
            organization: partner.organization,
            class: partner.class,
            state: partner.state,
            mutual: partner.mutual,
            instance: partner.instance,
            created_at: partner.created_at,
        }
    }
}

/// A partner with what is open to it.
#[derive(Serialize, ToSchema)]
pub struct PartnerDetail {
    #[serde(flatten)]
    pub partner: Partner,
    pub grants: Vec<Grant>,
    pub dialect: Dialect,
    pub private_groups: PrivateGroupsAllowed,
}

impl PartnerDetail {
    pub fn new(partner: domain::Partner, grants: &[Standing], peer: PeerDialect) -> Self {
        Self {
            private_groups: peer.discretion(partner.mutual).into(),
            dialect: peer.into(),
            grants: grants.iter().map(Grant::from).collect(),
            partner: partner.into(),
        }
    }
}

/// What was chosen about a partner's server.
#[derive(Serialize, ToSchema)]
pub struct PartnerRules {
    pub host: Host,
    pub class: PartnerClass,
    pub dialect: Dialect,
    pub private_groups: PrivateGroupsAllowed,
    /// What of it waits for a second administrator.
    pub proposals: Vec<Proposal>,
}

impl PartnerRules {
    pub fn new(
        partner: domain::Partner,
        peer: PeerDialect,
        proposed: Vec<domain::Proposal>,
    ) -> Self {
        Self {
            proposals: proposed.into_iter().map(Proposal::from).collect(),
            private_groups: peer.discretion(partner.mutual).into(),
            dialect: peer.into(),
            class: partner.class,
            host: partner.host,
        }
    }
}

/// Whether groups that are not public may be opened to a partner.
#[derive(Serialize, ToSchema)]
pub struct PrivateGroupsAllowed {
    pub allowed: bool,
    pub why: String,
}

impl From<Discretion> for PrivateGroupsAllowed {
    fn from(discretion: Discretion) -> Self {
        Self {
            allowed: discretion.kept,
            why: discretion.why,
        }
    }
}

/// How a partner's server takes part in groups.
#[derive(Serialize, ToSchema)]
pub struct Dialect {
    pub used: GroupDialect,
    pub why: String,
    pub learned: Option<GroupDialect>,
    pub evidence: Option<Evidence>,
    pub software: Option<String>,
    pub chosen: Option<GroupDialect>,
    pub chosen_by: Option<String>,
}

impl From<PeerDialect> for Dialect {
    fn from(peer: PeerDialect) -> Self {
        let (learned, evidence) = peer.learned.unzip();
        let (used, why) = (peer.dialect(), peer.why());
        let (chosen, chosen_by) = peer.chosen.unzip();
        Self {
            used,
            why,
            learned,
            evidence,
            software: peer.software,
            chosen,
            chosen_by,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of public groups it gets {} ({})", self.used, self.why)
    }
}

/// A partnership after a change, and what followed.
#[derive(Serialize, ToSchema)]
pub struct PartnerChanged {
    #[serde(flatten)]
    pub partner: Partner,
    /// Deliveries that waited and now never leave.
    pub cancelled: usize,
    pub grants_ended: usize,
    /// Deliveries that were held back and are due now.
    pub released: usize,
    /// Posts that the other side is asked to throw away.
    pub asked_back: usize,
}

impl From<Changed> for PartnerChanged {
    fn from(changed: Changed) -> Self {
        Self {
            partner: changed.partner.into(),
            cancelled: changed.cancelled,
            grants_ended: changed.grants_ended,
            released: changed.released,
            asked_back: changed.asked_back,
        }
    }
}

/// A one-time code for another organization's administrator: the only time it is shown.
#[derive(Serialize, ToSchema)]
pub struct Invitation {
    pub code: String,
    pub class: PartnerClass,
    pub expires_at: Timestamp,
}

impl From<&Invited> for Invitation {
    fn from(invited: &Invited) -> Self {
        Self {
            code: invited.code.to_string(),
            class: invited.class,
            expires_at: invited.expires_at,
        }
    }
}
