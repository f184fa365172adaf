//! Partnerships with other organizations' servers.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    self, DayOfPartner, Discretion, Evidence, GroupDialect, Host, PartnerClass, PartnerState,
    PauseReason, PeerDialect, Side, Terms, Timestamp, Uri,
};
use crate::services::grants::Standing;
use crate::services::partners::view::Overview;
use crate::services::partners::{Changed, Invited, Particulars};
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
    /// Why nothing goes in or out, while it is paused.
    pub paused_for: Option<PauseReason>,
    /// Address of the server's own actor; none: not met yet.
    pub instance: Option<Uri>,
    /// What it is for, as we say.
    pub ours: PartnerTerms,
    /// What it is for, as they told us.
    pub theirs: PartnerTerms,
    /// How often it has to be confirmed: `house`, `never`, or a number of months.
    pub confirm: String,
    /// When somebody last said that it is still needed.
    pub confirmed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// What one side says of a partnership.
#[derive(Serialize, ToSchema)]
pub struct PartnerTerms {
    /// Empty: nothing was said.
    pub purpose: String,
    /// Whom to call. Empty: nothing was said.
    pub contact: String,
    /// The first moment when it is over; none: it has no end.
    pub until: Option<Timestamp>,
}

impl From<Terms> for PartnerTerms {
    fn from(terms: Terms) -> Self {
        Self {
            purpose: terms.purpose,
            contact: terms.contact,
            until: terms.until,
        }
    }
}

impl fmt::Display for PartnerTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |text: &str| match text {
            "" => "not said".to_owned(),
            text => text.to_owned(),
        };
        let end = self.until.map_or_else(
            || "without end".to_owned(),
            |until| format!("until {}", until.for_people()),
        );
        let (purpose, contact) = (said(&self.purpose), said(&self.contact));
        write!(f, "purpose: {purpose}; contact: {contact}; {end}")
    }
}

impl Partner {
    /// `active`, `paused: their key changed`, `ended by them 22 Nov 2026, 10:00`
    pub fn standing(&self) -> String {
        match (self.ended_by, self.ended_at, self.paused_for) {
            (Some(by), Some(at), _) => format!("{} by {by} {}", self.state, at.for_people()),
            (_, _, Some(PauseReason::KeyChanged)) => format!("{}: their key changed", self.state),
            (_, _, Some(PauseReason::Unconfirmed)) => format!("{}: not confirmed", self.state),
            (_, _, Some(PauseReason::Administrator) | None) => self.state.to_string(),
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
            paused_for: partner.paused_for,
            instance: partner.instance,
            ours: partner.ours.into(),
            theirs: partner.theirs.into(),
            confirm: partner.confirm.to_string(),
            confirmed_at: partner.confirmed_at,
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
    /// SHA-256 of the key that is pinned for its server, hexadecimal.
    pub pinned_key: Option<String>,
    /// The key that its server shows instead, while the partnership is held because of it.
    pub offered_key: Option<OfferedKey>,
    /// When somebody has to have said that the partnership is still needed.
    pub confirm_before: Option<Timestamp>,
    /// What administrators have to look at now.
    pub concern: Option<String>,
}

/// A key that waits until somebody compared its fingerprint.
#[derive(Serialize, ToSchema)]
pub struct OfferedKey {
    pub fingerprint: String,
    pub seen_at: Timestamp,
}

impl PartnerDetail {
    pub fn new(
        partner: domain::Partner,
        grants: &[Standing],
        peer: PeerDialect,
        particulars: Particulars,
    ) -> Self {
        let offered = particulars.offered.map(|key| OfferedKey {
            fingerprint: key.fingerprint,
            seen_at: key.seen_at,
        });
        Self {
            pinned_key: particulars.pinned,
            offered_key: offered,
            confirm_before: particulars.confirm_before,
            concern: particulars.concern.map(|concern| concern.to_string()),
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
    /// Our side.
    pub ours: PartnerTerms,
    pub confirm: String,
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
            ours: partner.ours.into(),
            confirm: partner.confirm.to_string(),
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

/// How a partnership goes.
#[derive(Serialize, ToSchema)]
pub struct PartnerTraffic {
    pub host: Host,
    /// The last 30 days, the oldest first; a day is that on which a text was written.
    pub days: Vec<PartnerDay>,
    /// Topics of their people in those days, and how many of them ours answered.
    pub their_topics: u64,
    pub their_topics_answered: u64,
    /// Topics of our people, and how many of them theirs answered.
    pub our_topics: u64,
    pub our_topics_answered: u64,
    /// People of theirs in groups of ours.
    pub their_people: u64,
    /// People of ours in groups of theirs.
    pub our_people: u64,
}

/// A day with a partner.
#[derive(Serialize, ToSchema)]
pub struct PartnerDay {
    /// `2026-10-31` (UTC)
    pub day: String,
    /// Texts that the other server took.
    pub sent: u64,
    pub received: u64,
    /// Seconds from writing until it was taken: of half of them no longer.
    pub delay_half: Option<u64>,
    /// The same of 95 in a hundred.
    pub delay_most: Option<u64>,
}

impl From<DayOfPartner> for PartnerDay {
    fn from(day: DayOfPartner) -> Self {
        Self {
            day: day.day,
            sent: day.sent,
            received: day.received,
            delay_half: day.delay_half,
            delay_most: day.delay_most,
        }
    }
}

impl PartnerTraffic {
    pub fn new(host: Host, overview: Overview) -> Self {
        Self {
            host,
            days: overview.days.into_iter().map(PartnerDay::from).collect(),
            their_topics: overview.theirs.topics,
            their_topics_answered: overview.theirs.answered,
            our_topics: overview.ours.topics,
            our_topics_answered: overview.ours.answered,
            their_people: overview.their_people,
            our_people: overview.our_people,
        }
    }
}

/// How a partner's house sees deliveries to and from us, by its own words.
#[derive(Serialize, ToSchema)]
pub struct PartnerView {
    pub host: Host,
    /// When it told us.
    pub at: Timestamp,
    /// How sending to us goes there; empty: nothing was sent yet.
    pub state: String,
    /// Deliveries that wait there.
    pub waiting: u64,
    pub oldest: Option<String>,
    pub last_success: Option<String>,
    pub last_error: Option<String>,
    /// `sent` went from them to us.
    pub days: Vec<PartnerDay>,
}

impl PartnerView {
    pub fn new(host: Host, at: Timestamp, view: domain::PartnerView) -> Self {
        Self {
            host,
            at,
            state: view.state,
            waiting: view.waiting,
            oldest: view.oldest,
            last_success: view.last_success,
            last_error: view.last_error,
            days: view.days.into_iter().map(PartnerDay::from).collect(),
        }
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
    pub ours: PartnerTerms,
    pub expires_at: Timestamp,
    /// What a second administrator has to confirm before the code can be used; none: it can be used now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
}

impl From<&Invited> for Invitation {
    fn from(invited: &Invited) -> Self {
        Self {
            code: invited.code.to_string(),
            class: invited.ours.class,
            ours: invited.ours.terms.clone().into(),
            expires_at: invited.expires_at,
            proposal: invited.waits.clone().map(Proposal::from),
        }
    }
}
