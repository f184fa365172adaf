//! The nouns of the house and what is always true of them. Pure: no database, no network,
//! no clock, nothing of ours outside this room.
//!
//! Parse at the door: every type here can only be made from input that makes sense, so the
//! rooms behind the door need not check again.

mod account;
mod actor_token;
mod attachment;
mod audit;
pub mod backoff;
mod boost;
mod chain;
mod delivery;
mod destination;
mod dialect;
mod discretion;
mod event;
mod first_contact;
mod follow;
mod grant;
mod group;
mod handle;
mod host;
mod ids;
mod inbox;
mod interaction;
mod job;
mod key;
mod label;
mod ledger;
pub mod markup;
mod membership;
mod outbound_rule;
mod outreach;
mod page;
mod partner;
mod partner_terms;
mod partner_view;
mod peer;
mod poll;
mod post;
mod probe;
mod proposal;
mod refusal;
mod report;
mod retraction;
mod review;
mod scopes;
mod stop;
mod template;
pub(crate) mod text_enum;
mod time;
mod uri;
mod ways;
mod wording;

pub use account::*;
pub use actor_token::*;
pub use attachment::*;
pub use audit::*;
pub use boost::*;
pub use chain::*;
pub use delivery::*;
pub use destination::*;
pub use dialect::*;
pub use discretion::*;
pub use event::*;
pub use first_contact::*;
pub use follow::*;
pub use grant::*;
pub use group::*;
pub use handle::*;
pub use host::*;
pub use ids::*;
pub use inbox::*;
pub use interaction::*;
pub use job::*;
pub use key::*;
pub use label::*;
pub use ledger::*;
pub use membership::*;
pub use outbound_rule::*;
pub use outreach::*;
pub use page::*;
pub use partner::*;
pub use partner_terms::*;
pub use partner_view::*;
pub use peer::*;
pub use poll::*;
pub use post::*;
pub use probe::*;
pub use proposal::*;
pub use refusal::*;
pub use report::*;
pub use retraction::*;
pub use review::*;
pub use scopes::*;
pub use stop::*;
pub use template::*;
pub use time::*;
pub use uri::*;
pub use ways::*;
pub use wording::*;

/// Input that does not make sense: which field, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    pub field: &'static str,
    pub problem: String,
}

impl Invalid {
    pub fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self {
            field,
            problem: problem.into(),
        }
    }
}
