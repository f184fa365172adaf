//! Shutting people out of a group and letting them be again: here, by moderators elsewhere, and what
//! the house of a group elsewhere says of our own people.

use std::collections::HashMap;

use super::members::{answer_to_owners, dismiss};
use super::{fresh, tell};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, ActorKind, AuditAction, BanTerms, EventKind, Group, GroupId, Membership,
    MembershipState, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, Viewer, act};
use crate::services::{access, audit, moderation, outbound_rules, posts};
use crate::storage::bans::Ban;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Shuts somebody out, until a moment or until a moderator lifts it: they may not act, and read
/// what people who are no members read. They are told, with the reason, and so are the servers of the
/// group's members.
///
/// # Errors
/// [`Error::Invalid`] when the end is past; [`Error::Conflict`] for oneself.
pub async fn ban(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    actor: ActorId,
    terms: BanTerms,
) -> Result<()> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    if terms.until.is_some_and(|until| until <= asker.now) {
        return Err(Error::invalid(
            "until",
            "that day has begun already: choose a later one",
        ));
    }
    app.db
        .write("ban_member", move |connection| {
            if asker.viewer.actor() == Some(actor) {
                return Err(Error::Conflict("nobody bans themselves: leave".into()));
            }
            if moderation::ask_about_person(connection, &asker, group, actor, Some(&terms))? {
                return Ok(());
            }
            let (permit, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let person = storage::actors::find(connection, actor)?
                .filter(|actor| actor.kind == ActorKind::Person)
                .ok_or(Error::NotFound)?;
            outbound_rules::check_words(connection, Some(&group), terms.reason.as_str())?;
            put_out(connection, &asker, &group, &person)?;
            let kind = EventKind::MemberBanned;
            let event = tell(connection, &asker, kind, &group, actor, None)?;
            let uri = addresses.activity("block", event.0);
            shut_out(connection, &asker, &permit, &group, &person, &uri, &terms)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Ends the membership of who is to be banned, as far as the asker may.
fn put_out(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
) -> Result<()> {
    let Some(known) = storage::memberships::find(connection, group.id, person.id)? else {
        return Ok(());
    };
    answer_to_owners(connection, asker, group, &known)?;
    dismiss(connection, asker, group, person, &known)
}

fn shut_out(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::Moderate>,
    group: &Group,
    person: &Actor,
    uri: &Uri,
    terms: &BanTerms,
) -> Result<()> {
    let banned = Membership {
        banned_until: terms.until,
        ..fresh(group, person.id, MembershipState::Banned, asker)
    };
    storage::memberships::save(connection, &banned)?;
    let ban = Ban {
        uri: uri.clone(),
        reason: terms.reason.clone(),
        removes_posts: terms.removes_posts,
    };
    storage::bans::save(connection, permit, person.id, &ban)?;
    if terms.removes_posts {
        posts::remove_all_of(connection, asker, permit, group, person.id, &terms.reason)?;
    }
    let until = match terms.until {
        Some(until) => until.rfc3339(),
        None => "until it is lifted".into(),
    };
    let (handle, reason) = (person.handle(), terms.reason.as_str());
    let detail = format!("{handle} {until} {reason}");
    let (action, subject) = (AuditAction::MemberBanned, &group.actor.name);
    audit::note(connection, asker, action, subject, detail.trim_end())
}

/// Ends a ban. It makes nobody a member: who was banned may join again as anybody else may. What was
/// removed with the ban stays removed: posts are restored one by one.
pub async fn lift_ban(app: &App, viewer: Viewer, group: GroupId, actor: ActorId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("lift_ban", move |connection| {
            if moderation::ask_about_person(connection, &asker, group, actor, None)? {
                return Ok(());
            }
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            if !is_banned(connection, group.id, actor)? {
                let handle = person.handle();
                return Err(Error::Conflict(format!("{handle} is not banned")));
            }
            // One of before Blocks were sent was told to nobody.
            if let Some(ban) = storage::bans::find(connection, group.id, actor)? {
                let kind = EventKind::BanLifted;
                tell(connection, &asker, kind, &group, actor, Some(&ban.uri))?;
            }
            lift(connection, &asker, &group, &person)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

fn is_banned(connection: &mut Connection, group: GroupId, actor: ActorId) -> Result<bool> {
    let known = storage::memberships::find(connection, group, actor)?;
    Ok(known.is_some_and(|known| known.state == MembershipState::Banned))
}

fn lift(connection: &mut Connection, asker: &Asker, group: &Group, person: &Actor) -> Result<()> {
    storage::memberships::remove(connection, group.id, person.id)?;
    storage::bans::remove(connection, group.id, person.id)?;
    let (action, subject) = (AuditAction::BanLifted, &group.actor.name);
    let handle = person.handle().to_string();
    audit::note(connection, asker, action, subject, &handle)
}

/// A Block as another server tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedBan {
    /// The id of the Block.
    pub block: Uri,
    pub person: Uri,
    pub group: Uri,
    pub terms: BanTerms,
}

/// Somebody is banned by a moderator elsewhere whom the grant lets moderate, or from a group elsewhere,
/// as its house says. Of a group elsewhere it matters for our own people, and for what is removed.
pub(in crate::services) fn receive_ban(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    received: &ReceivedBan,
    activity: Option<&str>,
) -> Result<()> {
    let (permit, group) = access::permit::<act::Moderate>(connection, asker, group.id)?;
    let Some(person) = find_person(connection, &received.person)? else {
        // Nobody that anybody here ever met can do nothing here.
        return Ok(());
    };
    let ReceivedBan { block, terms, .. } = received;
    let over = terms.until.is_some_and(|until| until <= asker.now);
    if over || asker.viewer.actor() == Some(person.id) {
        return Ok(());
    }
    if group.is_local() {
        put_out(connection, asker, &group, &person)?;
        tell_of(
            connection,
            asker,
            EventKind::MemberBanned,
            &group,
            &person,
            activity,
        )?;
        return shut_out(connection, asker, &permit, &group, &person, block, terms);
    }
    if person.is_local() {
        return shut_out(connection, asker, &permit, &group, &person, block, terms);
    }
    match terms.removes_posts {
        true => posts::remove_all_of(connection, asker, &permit, &group, person.id, &terms.reason),
        false => Ok(()),
    }
}

/// A ban is taken back, by whoever might have spoken it.
pub(in crate::services) fn receive_unban(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Uri,
    activity: Option<&str>,
) -> Result<()> {
    let (_, group) = access::permit::<act::Moderate>(connection, asker, group.id)?;
    let Some(person) = find_person(connection, person)? else {
        return Ok(());
    };
    if !is_banned(connection, group.id, person.id)? {
        return Ok(());
    }
    if group.is_local() {
        tell_lifted(connection, asker, &group, &person, activity)?;
    }
    lift(connection, asker, &group, &person)
}

/// In the words of who lifted it, or else in the group's own.
fn tell_lifted(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
    activity: Option<&str>,
) -> Result<()> {
    if activity.is_some() {
        let kind = EventKind::BanLifted;
        return tell_of(connection, asker, kind, group, person, activity);
    }
    let Some(ban) = storage::bans::find(connection, group.id, person.id)? else {
        return Ok(());
    };
    let event = NewEvent {
        kind: EventKind::BanLifted,
        actor: group.actor.id,
        group: Some(group.id),
        post: None,
        object: Some(person.id.0),
        activity: Some(ban.uri.to_string()),
    };
    storage::events::append(connection, event, asker.now).map(drop)
}

fn find_person(connection: &mut Connection, uri: &Uri) -> Result<Option<Actor>> {
    let found = storage::actors::find_by_uri(connection, uri)?;
    Ok(found.filter(|actor| actor.kind == ActorKind::Person))
}

/// Lets the other servers know what a moderator elsewhere did, in their own words.
fn tell_of(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    group: &Group,
    person: &Actor,
    activity: Option<&str>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: asker.viewer.actor().unwrap_or(group.actor.id),
        group: Some(group.id),
        post: None,
        object: Some(person.id.0),
        activity: activity.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Why people are banned from a group, where somebody said so, for who moderates it.
pub async fn ban_reasons(
    app: &App,
    viewer: Viewer,
    group: GroupId,
) -> Result<HashMap<ActorId, String>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_ban_reasons", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let reasons = storage::bans::list_reasons(connection, group.id)?;
            Ok(reasons.into_iter().collect())
        })
        .await
}

/// A ban from a group as whom it shuts out, or who moderates, sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BanNotice {
    /// Empty: nobody said why.
    pub reason: String,
    /// None: until it is lifted.
    pub until: Option<Timestamp>,
}

impl BanNotice {
    pub(in crate::services) fn of(
        connection: &mut Connection,
        membership: &Membership,
        now: Timestamp,
    ) -> Result<Option<Self>> {
        let over = membership.banned_until.is_some_and(|until| until <= now);
        if membership.state != MembershipState::Banned || over {
            return Ok(None);
        }
        let ban = storage::bans::find(connection, membership.group, membership.actor)?;
        Ok(Some(Self {
            reason: ban.map_or_else(String::new, |ban| ban.reason.as_str().to_owned()),
            until: membership.banned_until,
        }))
    }
}
