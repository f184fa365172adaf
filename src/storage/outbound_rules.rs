//! Rules at the boundary.

use diesel::prelude::*;

use crate::domain::{
    Condition, GroupId, OutboundRule, PartnerId, RuleId, RuleOutcome, RulePlace, RuleSentence,
    Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, act};
use crate::storage::connection::find_one;
use crate::storage::error::read;
use crate::storage::schema::outbound_rules;
use crate::storage::{Connection, ids, labels};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = outbound_rules)]
struct Row {
    id: i64,
    group_id: Option<i64>,
    partner_id: Option<i64>,
    kind: String,
    condition: String,
    outcome: String,
    sentence: String,
    created_at: i64,
}

impl TryFrom<Row> for OutboundRule {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: RuleId(row.id),
            place: match (row.group_id, row.partner_id) {
                (Some(group), _) => RulePlace::Group(GroupId(group)),
                (None, Some(partner)) => RulePlace::Partner(PartnerId(partner)),
                (None, None) => RulePlace::House,
            },
            condition: Condition::stored(read(&row.kind)?, &row.condition),
            outcome: read(&row.outcome)?,
            sentence: RuleSentence::cut(&row.sentence)
                .ok_or_else(|| Error::internal("a rule without a sentence"))?,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

/// A rule before it has an id.
#[derive(Clone, Debug)]
pub struct NewRule {
    pub condition: Condition,
    pub outcome: RuleOutcome,
    pub sentence: RuleSentence,
}

/// Makes a rule of the permit's group.
pub fn insert_of_group(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    new: NewRule,
    now: Timestamp,
) -> Result<OutboundRule> {
    insert(connection, RulePlace::Group(permit.group()), new, now)
}

/// Makes a rule of the house (none), or of a partner.
pub fn insert_of_house(
    connection: &mut Connection,
    _: &Permit<act::ManagePartners>,
    partner: Option<PartnerId>,
    new: NewRule,
    now: Timestamp,
) -> Result<OutboundRule> {
    let place = partner.map_or(RulePlace::House, RulePlace::Partner);
    insert(connection, place, new, now)
}

fn insert(
    connection: &mut Connection,
    place: RulePlace,
    new: NewRule,
    now: Timestamp,
) -> Result<OutboundRule> {
    let NewRule {
        condition,
        outcome,
        sentence,
    } = new;
    let rule = OutboundRule {
        id: RuleId(ids::next(now)),
        place,
        condition,
        outcome,
        sentence,
        created_at: now,
    };
    let (group, partner) = match place {
        RulePlace::House => (None, None),
        RulePlace::Group(group) => (Some(group.0), None),
        RulePlace::Partner(partner) => (None, Some(partner.0)),
    };
    diesel::insert_into(outbound_rules::table)
        .values(Row {
            id: rule.id.0,
            group_id: group,
            partner_id: partner,
            kind: rule.condition.kind().to_string(),
            condition: rule.condition.text(),
            outcome: rule.outcome.to_string(),
            sentence: rule.sentence.as_str().to_owned(),
            created_at: now.micros(),
        })
        .execute(connection)?;
    Ok(rule)
}

pub fn find(connection: &mut Connection, id: RuleId) -> Result<Option<OutboundRule>> {
    let row: Option<Row> = find_one!(
        connection,
        outbound_rules::table.find(id.0).select(Row::as_select())
    )?;
    let rule = row.map(OutboundRule::try_from).transpose()?;
    Ok(among_labels(connection, rule.into_iter().collect())?.pop())
}

/// All rules, oldest first: there are at most [`RULES_MAX`](crate::domain::RULES_MAX).
pub fn list(connection: &mut Connection) -> Result<Vec<OutboundRule>> {
    let rows: Vec<Row> = outbound_rules::table
        .order(outbound_rules::id)
        .select(Row::as_select())
        .load(connection)?;
    let rules: Vec<OutboundRule> = rows
        .into_iter()
        .map(OutboundRule::try_from)
        .collect::<Result<_>>()?;
    among_labels(connection, rules)
}

/// Rules about a label that there is not (any more) cannot be read.
fn among_labels(
    connection: &mut Connection,
    rules: Vec<OutboundRule>,
) -> Result<Vec<OutboundRule>> {
    let about_label = |rule: &OutboundRule| matches!(rule.condition, Condition::Label(_));
    if !rules.iter().any(about_label) {
        return Ok(rules);
    }
    let labels = labels::list(connection)?;
    let read = |rule: OutboundRule| OutboundRule {
        condition: rule.condition.among(&labels),
        ..rule
    };
    Ok(rules.into_iter().map(read).collect())
}

pub fn count(connection: &mut Connection) -> Result<i64> {
    Ok(outbound_rules::table.count().get_result(connection)?)
}

/// When the rules last came to say something else: the newest was made, or labels changed.
pub fn newest(connection: &mut Connection) -> Result<Option<Timestamp>> {
    let newest: Option<i64> = outbound_rules::table
        .select(diesel::dsl::max(outbound_rules::created_at))
        .get_result(connection)?;
    let newest = newest.map(Timestamp::from_micros);
    Ok(newest.max(labels::last_change(connection)?))
}

/// Removes a rule. Who may was decided by the caller, where the rule is of.
pub fn remove(connection: &mut Connection, id: RuleId) -> Result<()> {
    diesel::delete(outbound_rules::table.find(id.0)).execute(connection)?;
    Ok(())
}
