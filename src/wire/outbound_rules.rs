//! Rules at the boundary, and what they hold. The held texts are not shown here.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Condition, HoldState, Host, PostId, RuleId, RuleKind, RuleOutcome, Timestamp};
use crate::services::holds;
use crate::services::outbound_rules;

/// A rule.
#[derive(Serialize, ToSchema)]
pub struct OutboundRule {
    pub id: RuleId,
    /// `house`, the name of a group, or the host of a partner.
    pub of: String,
    pub kind: RuleKind,
    /// The pattern, the file types, the size in bytes, the lowest label or the address.
    pub condition: String,
    pub outcome: RuleOutcome,
    /// What the author is told.
    pub sentence: String,
    pub at: Timestamp,
    /// It was stored and cannot be read any more: it holds everything.
    pub unreadable: bool,
}

impl From<&outbound_rules::Rule> for OutboundRule {
    fn from(described: &outbound_rules::Rule) -> Self {
        let rule = &described.rule;
        Self {
            id: rule.id,
            of: described.of(),
            kind: rule.condition.kind(),
            condition: rule.condition.text(),
            outcome: rule.outcome,
            sentence: rule.sentence.as_str().to_owned(),
            at: rule.created_at,
            unreadable: matches!(rule.condition, Condition::Unreadable { .. }),
        }
    }
}

/// What the rules would say of a text.
#[derive(Serialize, ToSchema)]
pub struct Trial {
    /// `passes`, `held` or `refused`.
    pub verdict: &'static str,
    /// The rules that catch it.
    pub rules: Vec<OutboundRule>,
}

impl From<&outbound_rules::Trial> for Trial {
    fn from(trial: &outbound_rules::Trial) -> Self {
        let (verdict, rules) = match trial {
            outbound_rules::Trial::Passes => ("passes", Vec::new()),
            outbound_rules::Trial::Held(rules) => {
                ("held", rules.iter().map(OutboundRule::from).collect())
            }
            outbound_rules::Trial::Refused(rule) => {
                ("refused", vec![OutboundRule::from(rule.as_ref())])
            }
        };
        Self { verdict, rules }
    }
}

/// A post that stays inside until somebody looked at it.
#[derive(Serialize, ToSchema)]
pub struct Held {
    /// Its number in its address, `/p/ID`.
    pub post: PostId,
    pub uri: String,
    /// None: it is on a profile.
    pub group: Option<String>,
    pub author: String,
    pub state: HoldState,
    /// Why, in the words of the rule or of who refused it.
    pub sentence: String,
    /// The partners it is kept from; empty: everybody outside.
    pub from: Vec<Host>,
    pub since: Timestamp,
}

impl From<&holds::Held> for Held {
    fn from(held: &holds::Held) -> Self {
        let group = held.group.as_ref();
        Self {
            post: held.post.id,
            uri: held.post.uri.to_string(),
            group: group.map(|group| group.actor.handle().to_string()),
            author: held.author.handle().to_string(),
            state: held.notice.state,
            sentence: held.notice.sentence.clone(),
            from: held.notice.from.clone(),
            since: held.notice.since,
        }
    }
}
