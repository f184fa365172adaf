//! What scripts read: the JSON documents of commands (`--json`) and of the admin API. One type for
//! both, so that a command and an address that do the same cannot come to answer differently.
//!
//! A type here is made from what a service answered, and describes itself for the API's document
//! ([`ToSchema`](utoipa::ToSchema)). Fields may be added; those that are there keep their names and
//! meanings.

mod accounts;
mod audit;
mod grants;
mod groups;
mod house;
mod labels;
mod ledger;
mod media;
mod members;
mod moves;
mod nouns;
mod outbound_rules;
mod outlook;
mod partners;
mod posts;
mod probes;
mod proposals;
mod queue;
mod reports;
mod retractions;
mod stops;

pub use accounts::{Account, Erased, NewToken, PersonWays, Revoked, Token};
pub use audit::AuditLine;
pub use grants::{Grant, GrantEnded, GrantTemplate, ReviewedGrant, TemplateRemoved};
pub use groups::Group;
pub use house::{Explanation, Finding, Health, Job, JobKind, OwnKey, Rotated};
pub use labels::Label;
pub use ledger::{Checkpoint, Comparison, Difference, Disclosed, LedgerLine};
pub use media::MediaUsage;
pub use members::{Ban, Member, Named, PutOut};
pub use moves::Move;
pub use outbound_rules::{Held, OutboundRule, Trial};
pub use outlook::{Different, FreshTopic, Outlook};
pub use partners::{
    Dialect, Invitation, OfferedKey, Partner, PartnerChanged, PartnerDay, PartnerDetail,
    PartnerRules, PartnerTerms, PartnerTraffic, PartnerView, PrivateGroupsAllowed,
};
pub use posts::Post;
pub use probes::{Probe, ProbeFinding};
pub use proposals::Proposal;
pub use queue::{Delivery, Destination, Discarded, Retold, Retried, Untold};
pub use reports::Report;
pub use retractions::{AskedBack, Retraction};
pub use stops::{Stop, StopReleased};
