//! Moderating a group elsewhere: who is a moderator there asks its house, in their own words, and the house
//! does it or not. Nothing changes here until it tells that it did, for what is in a group is its house's to say.

use crate::app::{App, Asker};
use crate::domain::{
    ActorId, Audience, AuditAction, BanTerms, EventKind, Group, GroupId, Handle, Post, PostId,
    Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, audit, outbound_rules, refusals};
use crate::storage::events::NewEvent;
use crate::storage::moderators::Asked;
use crate::storage::{self, Connection};

/// Asks shown to somebody of one group.
const SHOWN_MAX: i64 = 50;

/// What may be asked for.
const ACTS: [EventKind; 8] = [
    EventKind::PostRemoved,
    EventKind::PostRestored,
    EventKind::TopicLocked,
    EventKind::TopicUnlocked,
    EventKind::TopicPinned,
    EventKind::TopicUnpinned,
    EventKind::MemberBanned,
    EventKind::BanLifted,
];

/// Asks for something to be done with a post, where it is in a group elsewhere; the post as it is. None: it is not,
/// or nobody with an account here asks, and it is done here or refused as ever.
pub(super) fn ask_about_post(
    connection: &mut Connection,
    asker: &Asker,
    id: PostId,
    (kind, action): (EventKind, AuditAction),
    reason: Option<&str>,
) -> Result<Option<Post>> {
    let post = match &asker.viewer {
        Viewer::Member { .. } => storage::posts::find(connection, id)?,
        _ => None,
    };
    let Some(post) = post else {
        return Ok(None);
    };
    let group = access::find_group_of(connection, &post)?;
    let Some(group) = group.filter(|group| !group.is_local()) else {
        return Ok(None);
    };
    let case = access::permit_in::<act::AskModeration>(connection, asker, Some(group), post)?;
    // What colleagues say among themselves is not its house's.
    if case.post.audience != Audience::Group {
        return Err(Error::Denied(Reason::NotForOutside));
    }
    if let Some(reason) = reason {
        outbound_rules::check_words(connection, case.group.as_ref(), reason)?;
    }
    let event = NewEvent {
        kind,
        actor: own(asker)?,
        group: case.post.group,
        post: Some(id),
        object: None,
        activity: reason.map(str::to_owned),
    };
    storage::events::append(connection, event, asker.now)?;
    let detail = asked_of(case.group.as_ref(), reason);
    audit::note(connection, asker, action, case.post.uri.as_str(), &detail)?;
    Ok(Some(case.post))
}

/// Asks for somebody to be shut out of a group elsewhere, or let be again (no terms). False: the group is ours.
pub(super) fn ask_about_person(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    person: ActorId,
    terms: Option<&BanTerms>,
) -> Result<bool> {
    let known = storage::groups::find(connection, group)?;
    let by_member = matches!(asker.viewer, Viewer::Member { .. });
    if !by_member || known.is_none_or(|group| group.is_local()) {
        return Ok(false);
    }
    let (_, group) = access::permit::<act::AskModeration>(connection, asker, group)?;
    let person = storage::actors::find(connection, person)?.ok_or(Error::NotFound)?;
    let (kind, action) = match terms {
        Some(_) => (EventKind::MemberBanned, AuditAction::MemberBanned),
        None => (EventKind::BanLifted, AuditAction::BanLifted),
    };
    let reason = terms.map(|terms| terms.reason.as_str());
    if let Some(reason) = reason {
        outbound_rules::check_words(connection, Some(&group), reason)?;
    }
    let event = NewEvent {
        kind,
        actor: own(asker)?,
        group: Some(group.id),
        post: None,
        object: Some(person.id.0),
        activity: terms.map(write_terms).transpose()?,
    };
    storage::events::append(connection, event, asker.now)?;
    let handle = person.handle();
    let detail = format!("{handle} {}", asked_of(Some(&group), reason));
    audit::note(
        connection,
        asker,
        action,
        &group.actor.name,
        detail.trim_end(),
    )?;
    Ok(true)
}

fn own(asker: &Asker) -> Result<ActorId> {
    let actor = asker.viewer.actor();
    actor.ok_or(Error::Denied(Reason::PeopleOnly))
}

fn asked_of(group: Option<&Group>, reason: Option<&str>) -> String {
    let home = group.and_then(Group::home);
    let asked = home.map_or_else(String::new, |home| format!("asked of {home}"));
    [asked.as_str(), reason.unwrap_or_default()]
        .join(" ")
        .trim_end()
        .to_owned()
}

/// A ban as an event carries it that was only asked for.
#[derive(serde::Serialize, serde::Deserialize)]
struct WrittenTerms {
    until: Option<i64>,
    reason: String,
    removes_posts: bool,
}

fn write_terms(terms: &BanTerms) -> Result<String> {
    let written = WrittenTerms {
        until: terms.until.map(Timestamp::micros),
        reason: terms.reason.as_str().to_owned(),
        removes_posts: terms.removes_posts,
    };
    serde_json::to_string(&written).map_err(Error::internal)
}

pub(super) fn read_terms(text: &str) -> Result<BanTerms> {
    let written: WrittenTerms = serde_json::from_str(text).map_err(Error::internal)?;
    Ok(BanTerms {
        until: written.until.map(Timestamp::from_micros),
        reason: written.reason.parse()?,
        removes_posts: written.removes_posts,
    })
}

/// Something that was asked of a group's house, and what came of it.
#[derive(Clone, Debug)]
pub struct Answered {
    pub kind: EventKind,
    pub post: Option<PostId>,
    /// Whom it is about.
    pub person: Option<Handle>,
    pub at: Timestamp,
    pub answer: HouseAnswer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HouseAnswer {
    /// It has not answered.
    Waits,
    /// It took it; what it did with it, it tells everybody.
    Taken,
    /// It did not, in a sentence.
    Refused(&'static str),
}

/// What the viewer asked of a group's house lately, the latest first.
pub async fn asked(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<Answered>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_asked", move |connection| {
            access::permit::<act::Know>(connection, &asker, group)?;
            let by = own(&asker)?;
            let asked = storage::moderators::list_asked(connection, by, group, &ACTS, SHOWN_MAX)?;
            let answered = asked.into_iter().map(|one| answered(connection, one));
            answered.collect()
        })
        .await
}

fn answered(connection: &mut Connection, asked: Asked) -> Result<Answered> {
    let person = match asked.person {
        Some(person) => storage::actors::find(connection, person)?,
        None => None,
    };
    let answer = match asked.state {
        None => HouseAnswer::Waits,
        Some(state) => match refusals::sentence_of(state, asked.status, asked.error.as_deref()) {
            Some(sentence) => HouseAnswer::Refused(sentence),
            None if state == crate::domain::DeliveryState::Sent => HouseAnswer::Taken,
            None => HouseAnswer::Waits,
        },
    };
    Ok(Answered {
        kind: asked.kind,
        post: asked.post,
        person: person.map(|person| person.handle()),
        at: asked.at,
        answer,
    })
}
