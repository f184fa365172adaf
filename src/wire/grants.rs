//! What partners may do in which group.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, Capabilities, GrantId, Host, JoinMode, Timestamp};
use crate::services::grants::review::Reviewed;
use crate::services::grants::{Closed, Standing};

/// What one partner may do in one group.
#[derive(Serialize, ToSchema)]
pub struct Grant {
    pub id: GrantId,
    pub group: String,
    pub partner: Host,
    pub can: Capabilities,
    pub join: JoinMode,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    /// None: all topics are shown.
    pub history_from: Option<Timestamp>,
    /// Partners of this group do not learn of each other.
    pub apart: bool,
    /// Why it has no effect now; none: it has.
    pub problem: Option<String>,
}

impl From<&Standing> for Grant {
    fn from(standing: &Standing) -> Self {
        let terms = &standing.grant.terms;
        Self {
            id: standing.grant.id,
            group: standing.group.actor.name.clone(),
            partner: standing.partner.host.clone(),
            can: terms.capabilities,
            join: terms.join,
            from: terms.from,
            until: terms.until,
            history_from: Some(terms.history_from).filter(|from| *from != Timestamp::MIN),
            apart: terms.apart,
            problem: standing.problem(),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.group, self.can)?;
        match &self.problem {
            Some(problem) => write!(f, " (no effect: {problem})"),
            None => Ok(()),
        }
    }
}

/// A grant with what was done under it.
#[derive(Serialize, ToSchema)]
pub struct ReviewedGrant {
    #[serde(flatten)]
    pub grant: Grant,
    /// When the partner's people last joined, wrote and liked, and when their server last got something; none:
    /// never, as far as is still known.
    pub last_joined: Option<Timestamp>,
    pub last_wrote: Option<Timestamp>,
    pub last_liked: Option<Timestamp>,
    pub last_received: Option<Timestamp>,
    /// When they, or their server, last read something here.
    pub last_fetched: Option<Timestamp>,
    pub reviewed_at: Option<Timestamp>,
    /// When it is to be reviewed; none: this house reviews nothing.
    pub due: Option<Timestamp>,
    /// When it ends if nobody says that it is needed.
    pub lapses: Option<Timestamp>,
}

impl From<&Reviewed> for ReviewedGrant {
    fn from(one: &Reviewed) -> Self {
        Self {
            grant: Grant::from(&one.standing),
            last_joined: one.last_use.joined,
            last_wrote: one.last_use.wrote,
            last_liked: one.last_use.liked,
            last_received: one.last_use.received,
            last_fetched: one.last_use.fetched,
            reviewed_at: one.reviewed_at,
            due: one.review.map(|review| review.due),
            lapses: one.review.map(|review| review.lapses),
        }
    }
}

/// What a grant can begin with.
#[derive(Serialize, ToSchema)]
pub struct GrantTemplate {
    pub name: String,
    /// "Supplier: read and reply"
    pub title: String,
    pub can: Capabilities,
    /// None: approve, or invite for a secret group.
    pub join: Option<JoinMode>,
    /// After how many days the grant ends; none: never.
    pub days: Option<u32>,
    /// `now`, `all`, or a time.
    pub history: String,
    /// Partners of the group do not learn of each other.
    pub apart: bool,
    /// In every house, and not to be changed.
    pub built_in: bool,
}

impl From<domain::GrantTemplate> for GrantTemplate {
    fn from(template: domain::GrantTemplate) -> Self {
        Self {
            name: template.name.to_string(),
            title: template.title,
            can: template.capabilities,
            join: template.join,
            days: template.days,
            history: template.history.to_string(),
            apart: template.apart,
            built_in: template.built_in,
        }
    }
}

/// A template that was removed.
#[derive(Serialize, ToSchema)]
pub struct TemplateRemoved {
    pub name: String,
}

/// What went with a grant that was taken back.
#[derive(Serialize, ToSchema)]
pub struct GrantEnded {
    pub group: String,
    pub partner: Host,
    /// Deliveries that waited and now never leave.
    pub cancelled: usize,
    pub members_removed: usize,
}

impl GrantEnded {
    pub fn new(group: String, partner: Host, closed: Closed) -> Self {
        Self {
            group,
            partner,
            cancelled: closed.cancelled,
            members_removed: closed.members,
        }
    }
}
