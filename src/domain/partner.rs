//! Partnerships between organizations' servers.

use crate::domain::text_enum::text_enum;
use crate::domain::{
    ConfirmEvery, Host, InvitationId, OurSide, PartnerId, PauseReason, Terms, Timestamp, Uri,
};

text_enum! {
    /// What the other organization is to us.
    PartnerClass ("class") {
        Partner = "partner",
        Supplier = "supplier",
        Customer = "customer",
    }
}

text_enum! {
    /// Whether the partnership stands.
    PartnerState ("state") {
        Invited = "invited",
        Active = "active",
        /// Nothing leaves and nothing is accepted; what is queued is kept.
        Paused = "paused",
        /// Over; what was queued is cancelled.
        Ended = "ended",
        /// Over, and nothing goes there any more, not even requests to delete.
        Blocked = "blocked",
    }
}

text_enum! {
    /// One of the two organizations of a partnership.
    Side ("side") {
        Us = "us",
        Them = "them",
    }
}

/// By whom a partnership was ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub by: Side,
    pub at: Timestamp,
}

/// Another organization's server with which we have, had or refuse a partnership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    pub id: PartnerId,
    pub host: Host,
    pub class: PartnerClass,
    pub state: PartnerState,
    /// The organization's name, as it told us or as an administrator wrote.
    pub organization: String,
    /// The other server's instance actor; none for a one-sided partnership not yet met.
    pub instance: Option<Uri>,
    /// Made by an invitation that both sides agreed to; otherwise one-sided.
    pub mutual: bool,
    /// The taker's offer, by which both sides call the partnership when it ends; none for a one-sided one.
    pub agreement: Option<Uri>,
    /// How it last ended; none while it stands, and where it never stood.
    pub ending: Option<Ending>,
    /// Its server keeps what is not public to whom it is for, as far as is known or was decided.
    pub discreet: bool,
    pub created_at: Timestamp,
    /// What it is for, as we say.
    pub ours: Terms,
    /// What it is for, as they told us; empty for a one-sided one.
    pub theirs: Terms,
    pub confirm: ConfirmEvery,
    /// When somebody here last said that it is still needed; none: nobody since it was made.
    pub confirmed_at: Option<Timestamp>,
    /// Why it is paused, while it is.
    pub paused_for: Option<PauseReason>,
}

impl Partner {
    /// How it ended, while that is how it stands.
    pub fn over(&self) -> Option<Ending> {
        self.ending.filter(|_| self.state == PartnerState::Ended)
    }
}

/// A one-time invitation to become partners. The code itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub ours: OurSide,
    pub expires_at: Timestamp,
    pub used_by: Option<Host>,
}
