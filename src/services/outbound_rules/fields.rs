//! Asking the rules about what people and groups say of themselves, and about reasons and reports that
//! travel. Nothing of that can be held: what a rule catches is not taken.

use super::{name_of, screen};
use crate::domain::{Group, PartnerId, RulePlace, Stage, markup};
use crate::error::Result;
use crate::policy::{Outgoing, Screening, screen as ask};
use crate::storage::{self, Connection};

/// Asks about a person's name and text. They are for every partner that may know of them.
///
/// # Errors
/// [`Error::Refused`](crate::Error::Refused) for what the rules catch.
pub(in crate::services) fn check_person(
    connection: &mut Connection,
    name: &str,
    bio: &str,
) -> Result<()> {
    let outgoing = words(&[name], Some(bio));
    check(connection, None, &outgoing)
}

/// Asks about a group's title and description, where anybody outside could see them.
///
/// # Errors
/// As [`check_person`].
pub(in crate::services) fn check_group(
    connection: &mut Connection,
    group: &Group,
    stage: Stage,
    title: &str,
    description: &str,
) -> Result<()> {
    match stage {
        Stage::Internal => Ok(()),
        Stage::Partners | Stage::Public => {
            let outgoing = words(&[title], Some(description));
            check(connection, Some(group), &outgoing)
        }
    }
}

/// Asks about a line that travels: why a post was removed, somebody banned, something reported.
///
/// # Errors
/// As [`check_person`].
pub(in crate::services) fn check_words(
    connection: &mut Connection,
    group: Option<&Group>,
    line: &str,
) -> Result<()> {
    let stays = group.is_some_and(|group| group.is_local() && group.stage == Stage::Internal);
    match stays {
        true => Ok(()),
        false => check(connection, group, &words(&[line], None)),
    }
}

fn words(lines: &[&str], markdown: Option<&str>) -> Outgoing {
    let outgoing = lines
        .iter()
        .fold(Outgoing::default(), |all, line| all.with_line(line));
    match markdown {
        Some(source) => {
            let html = markup::render_markdown(source).into_string();
            outgoing.with_markup(Some(source), &html)
        }
        None => outgoing,
    }
}

/// Webhooks are about posts; they are not asked. A partner's rules count where that partner could get it.
fn check(connection: &mut Connection, group: Option<&Group>, outgoing: &Outgoing) -> Result<()> {
    let mut rules = storage::outbound_rules::list(connection)?;
    let here = group.map(|group| group.id);
    let mut open_to = |partner: PartnerId| match group {
        Some(group) if group.is_local() => screen::is_open_to(connection, group.id, partner),
        Some(_) | None => Ok(true),
    };
    let mut counting = Vec::with_capacity(rules.len());
    for rule in rules.drain(..) {
        let counts = match rule.place {
            RulePlace::House => true,
            RulePlace::Group(of) => Some(of) == here,
            RulePlace::Partner(partner) => open_to(partner)?,
        };
        if counts && !screen::is_webhook(&rule) {
            counting.push(rule);
        }
    }
    match ask(&counting, outgoing) {
        Screening::Free => Ok(()),
        Screening::Refused(rule) => Err(screen::refused(rule, name_of(group))),
        Screening::Held(rules) => match rules.first() {
            Some(rule) => Err(screen::refused(rule, name_of(group))),
            None => Ok(()),
        },
    }
}
