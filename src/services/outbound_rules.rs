//! Rules at the boundary: making them, trying them, and asking them about what people here write.
//!
//! `screen` asks about posts, when they are written and again when they are about to leave; `fields` about
//! what people and groups say of themselves; `webhooks` keeps what others' programs answer. What is held is looked at in
//! [`holds`](crate::services::holds).

mod fields;
mod screen;
mod webhooks;

use crate::app::{App, Asker};
use crate::domain::{
    AuditAction, Condition, Group, GroupId, Handle, Host, LabelName, OutboundRule, Partner,
    RULES_MAX, RuleId, RuleOutcome, RulePlace, RuleSentence, markup,
};
use crate::error::{Error, Refused, Result};
use crate::policy::{Outgoing, Permit, Screening, Viewer, act, screen as ask};
use crate::services::{access, audit, labels};
use crate::storage::outbound_rules::NewRule;
use crate::storage::{self, Connection};

pub(super) use fields::{check_group, check_person, check_words};
pub(super) use screen::{
    Screened, again, effect, held_above, of_all_in, of_edit, of_everything, of_new, of_opened,
    of_relabelled, tell, tell_written, with_above,
};
pub use webhooks::{Question, WebhookAnswer, answer, find_questions, no_answer};

/// Where a rule is to be, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    House,
    Group(Handle),
    Partner(Host),
}

/// A rule with what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub rule: OutboundRule,
    pub group: Option<Group>,
    pub partner: Option<Partner>,
}

/// Makes a rule. It counts for what is written or changed from now on, and for what has not left yet.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Denied`] for who may not, [`Error::Conflict`] when there are
/// [`RULES_MAX`] already, or for a partner that there is not.
pub async fn add(
    app: &App,
    viewer: Viewer,
    place: Where,
    condition: Condition,
    outcome: RuleOutcome,
    sentence: RuleSentence,
) -> Result<Rule> {
    let asker = app.asker(viewer);
    check_scheme(app, &condition)?;
    let new = NewRule {
        condition,
        outcome,
        sentence,
    };
    app.db
        .write("add_rule", move |connection| {
            let permitted = permit(connection, &asker, &place)?;
            if storage::outbound_rules::count(connection)? >= RULES_MAX {
                let sentence = format!("there are {RULES_MAX} rules: remove one first");
                return Err(Error::Conflict(sentence));
            }
            let now = asker.now;
            let new = NewRule {
                condition: spell(connection, new.condition)?,
                ..new
            };
            let rule = match permitted {
                Permitted::Group(permit) => {
                    storage::outbound_rules::insert_of_group(connection, &permit, new, now)?
                }
                Permitted::House(permit, partner) => {
                    let partner = partner.map(|partner| partner.id);
                    storage::outbound_rules::insert_of_house(
                        connection, &permit, partner, new, now,
                    )?
                }
            };
            let rule = describe(connection, rule)?;
            note(connection, &asker, AuditAction::RuleMade, &rule)?;
            Ok(rule)
        })
        .await
}

/// Wakes who asks webhooks about what was held just now.
pub(super) fn wake(app: &App) {
    app.bells.jobs.notify_one();
}

/// A rule about a label names one that there is, as it is spelled.
fn spell(connection: &mut Connection, condition: Condition) -> Result<Condition> {
    let Condition::Label(name) = &condition else {
        return Ok(condition);
    };
    let labels = storage::labels::list(connection)?;
    match labels.find(name) {
        Some(label) => Ok(Condition::Label(label.name.clone())),
        None => Err(Error::invalid(
            "condition",
            format!("is none of the labels of this house: {name}"),
        )),
    }
}

/// What is written here is handed to no program in the clear, but in a laboratory.
fn check_scheme(app: &App, condition: &Condition) -> Result<()> {
    let Condition::Webhook(address) = condition else {
        return Ok(());
    };
    let scheme = address.to_url()?.scheme().to_owned();
    let allowed = scheme == "https" || scheme == "http" && app.config.federation.allow_http;
    match allowed {
        true => Ok(()),
        false => Err(Error::invalid("condition", "is not an address (https://…)")),
    }
}

/// Removes a rule. What it holds is held until somebody looked at it.
pub async fn remove(app: &App, viewer: Viewer, id: RuleId) -> Result<Rule> {
    let asker = app.asker(viewer);
    app.db
        .write("remove_rule", move |connection| {
            let rule = storage::outbound_rules::find(connection, id)?.ok_or(Error::NotFound)?;
            may_manage(connection, &asker, rule.place).map_err(unseen)?;
            let rule = describe(connection, rule)?;
            storage::outbound_rules::remove(connection, id)?;
            note(connection, &asker, AuditAction::RuleRemoved, &rule)?;
            Ok(rule)
        })
        .await
}

/// The rules of one place; none: all, for who administers the house.
pub async fn list(app: &App, viewer: Viewer, place: Option<Where>) -> Result<Vec<Rule>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_rules", move |connection| {
            let rules = list_at(connection, &asker, place.as_ref())?;
            let described = rules.into_iter().map(|rule| describe(connection, rule));
            described.collect()
        })
        .await
}

fn list_at(
    connection: &mut Connection,
    asker: &Asker,
    place: Option<&Where>,
) -> Result<Vec<OutboundRule>> {
    let wanted = match place {
        None => {
            access::permit_house::<act::ManagePartners>(asker)?;
            None
        }
        Some(place) => Some(match permit(connection, asker, place)? {
            Permitted::Group(permit) => RulePlace::Group(permit.group()),
            Permitted::House(_, Some(partner)) => RulePlace::Partner(partner.id),
            Permitted::House(_, None) => RulePlace::House,
        }),
    };
    let mut rules = storage::outbound_rules::list(connection)?;
    rules.retain(|rule| wanted.is_none_or(|wanted| rule.place == wanted));
    Ok(rules)
}

/// What the rules would say of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    Passes,
    Held(Vec<Rule>),
    Refused(Box<Rule>),
}

/// Whether a text (Markdown) would leave from a place, without writing anything: those rules are asked
/// that count there. Webhooks are not asked; that one would be is among the answers.
///
/// # Errors
/// [`Error::Invalid`] for a label that there is not.
pub async fn try_text(
    app: &App,
    viewer: Viewer,
    place: Where,
    text: String,
    label: Option<LabelName>,
) -> Result<Trial> {
    let asker = app.asker(viewer);
    let html = markup::render_markdown(&text).into_string();
    let outgoing = Outgoing::default().with_markup(Some(&text), &html);
    app.db
        .read("try_rules", move |connection| {
            let here = permit(connection, &asker, &place)?;
            let group = match &here {
                Permitted::Group(permit) => storage::groups::find(connection, permit.group())?,
                Permitted::House(..) => None,
            };
            let (group, label) = (group.as_ref(), label.as_ref());
            let label = labels::choose(connection, &asker, group, None, label)?;
            let labels = storage::labels::list(connection)?;
            let of_group = group.and_then(|group| group.label.as_ref());
            let mark = labels.highest(of_group.into_iter().chain(&label));
            let outgoing = outgoing.with_mark(&labels, &mark);
            let mut rules = storage::outbound_rules::list(connection)?;
            rules.retain(|rule| match (rule.place, &here) {
                (RulePlace::House, _) => true,
                (RulePlace::Group(group), Permitted::Group(permit)) => group == permit.group(),
                (RulePlace::Partner(one), Permitted::House(_, Some(partner))) => one == partner.id,
                (RulePlace::Partner(one), Permitted::Group(permit)) => {
                    screen::is_open_to(connection, permit.group(), one).unwrap_or(true)
                }
                (RulePlace::Group(_) | RulePlace::Partner(_), Permitted::House(..)) => false,
            });
            let mut described = |rule: &OutboundRule| describe(connection, rule.clone());
            Ok(match ask(&rules, &outgoing) {
                Screening::Free => Trial::Passes,
                Screening::Held(rules) => {
                    let rules = rules.into_iter().map(&mut described);
                    Trial::Held(rules.collect::<Result<_>>()?)
                }
                Screening::Refused(rule) => Trial::Refused(Box::new(described(rule)?)),
            })
        })
        .await
}

/// Writes down that a rule did not take what somebody wrote. What they wrote was undone before, so this is
/// a transaction of its own.
pub(super) async fn noted<T>(app: &App, viewer: &Viewer, outcome: Result<T>) -> Result<T> {
    if let Err(Error::Refused(Refused { rule, place, .. })) = &outcome {
        let asker = app.asker(viewer.clone());
        let (rule, place) = (*rule, place.clone());
        app.db
            .write("note_refused", move |connection| {
                let (action, number) = (AuditAction::RefusedByRule, rule.to_string());
                audit::note(connection, &asker, action, &place, &number)
            })
            .await?;
    }
    outcome
}

enum Permitted {
    Group(Permit<act::ChangeBoundary>),
    House(Permit<act::ManagePartners>, Option<Box<Partner>>),
}

/// Rules of a group are for who may open it, those of the house and of partners for administrators.
fn permit(connection: &mut Connection, asker: &Asker, place: &Where) -> Result<Permitted> {
    match place {
        Where::House => Ok(Permitted::House(access::permit_house(asker)?, None)),
        Where::Partner(host) => {
            let permit = access::permit_house(asker)?;
            let partner = storage::partners::find_by_host(connection, host)?
                .ok_or_else(|| Error::Conflict(format!("there is no partnership with {host}")))?;
            Ok(Permitted::House(permit, Some(Box::new(partner))))
        }
        Where::Group(handle) => {
            let group = storage::groups::find_by_handle(connection, handle)?;
            let id = group.ok_or(Error::NotFound)?.id;
            let (permit, _) = access::permit(connection, asker, id)?;
            Ok(Permitted::Group(permit))
        }
    }
}

fn may_manage(connection: &mut Connection, asker: &Asker, place: RulePlace) -> Result<()> {
    match place {
        RulePlace::House | RulePlace::Partner(_) => {
            access::permit_house::<act::ManagePartners>(asker).map(drop)
        }
        RulePlace::Group(group) => {
            access::permit::<act::ChangeBoundary>(connection, asker, group).map(drop)
        }
    }
}

/// A rule that somebody may not see is answered like one that there is not.
fn unseen(error: Error) -> Error {
    match error {
        Error::Denied(_) => Error::NotFound,
        other => other,
    }
}

fn describe(connection: &mut Connection, rule: OutboundRule) -> Result<Rule> {
    let group = match rule.place {
        RulePlace::Group(group) => storage::groups::find(connection, group)?,
        RulePlace::House | RulePlace::Partner(_) => None,
    };
    let partner = match rule.place {
        RulePlace::Partner(partner) => storage::partners::find(connection, partner)?,
        RulePlace::House | RulePlace::Group(_) => None,
    };
    Ok(Rule {
        rule,
        group,
        partner,
    })
}

impl Rule {
    /// What it is of, in a word: a group's name, a partner's host, or `house`.
    pub fn of(&self) -> String {
        match (&self.group, &self.partner) {
            (Some(group), _) => group.actor.name.clone(),
            (None, Some(partner)) => partner.host.to_string(),
            (None, None) => "house".to_owned(),
        }
    }
}

fn note(
    connection: &mut Connection,
    asker: &Asker,
    action: AuditAction,
    rule: &Rule,
) -> Result<()> {
    let OutboundRule {
        id,
        condition,
        outcome,
        ..
    } = &rule.rule;
    let detail = format!("{id}: {} {outcome} {}", condition.kind(), condition.text());
    audit::note(connection, asker, action, &rule.of(), &detail)
}

/// The name that is written down of where something was refused.
fn name_of(group: Option<&Group>) -> String {
    group.map_or_else(
        || "profile".to_owned(),
        |group| group.actor.handle().to_string(),
    )
}

fn group_of(connection: &mut Connection, group: Option<GroupId>) -> Result<Option<Group>> {
    match group {
        Some(group) => storage::groups::find(connection, group),
        None => Ok(None),
    }
}
