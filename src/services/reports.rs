//! Reports: somebody asks the moderators of a group to look at a post, here or from elsewhere.

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, AuditAction, EventKind, Group, GroupId, Page, Post, PostId, Report, ReportId,
    ReportState, ReportText, Resolved, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::access::Case;
use crate::services::{access, audit, mirrors, outbound_rules};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Posts in one report.
pub const REPORTED_MAX: usize = 20;
/// Reports of one person, or of one server for its people, that may be open at once.
const OPEN_MAX: i64 = 100;

/// A report with what it is about.
#[derive(Clone, Debug)]
pub struct Reported {
    pub report: Report,
    pub post: Post,
    /// Who wrote the post.
    pub author: Actor,
    pub by: Actor,
    pub group: Group,
}

/// Reports posts to the moderators of their groups. With `forward`, the servers of the authors and of
/// groups elsewhere are asked to look, too: by the house, not in the name of who reports. `author`:
/// whose they all must be.
///
/// # Errors
/// [`Error::NotFound`] when one of them is not there or hidden; then nothing is reported.
pub async fn create(
    app: &App,
    viewer: Viewer,
    author: Option<ActorId>,
    posts: Vec<PostId>,
    text: ReportText,
    forward: bool,
) -> Result<Vec<Reported>> {
    if posts.is_empty() || posts.len() > REPORTED_MAX {
        let problem = format!("name 1 to {REPORTED_MAX} posts");
        return Err(Error::invalid("status_ids", problem));
    }
    let asker = app.asker(viewer);
    let made = app
        .db
        .write("report", move |connection| {
            let mut made = Vec::with_capacity(posts.len());
            for post in posts {
                let reported = report(connection, &asker, post, &text, forward)?;
                if author.is_some_and(|author| author != reported.author.id) {
                    return Err(Error::NotFound);
                }
                made.push(reported);
            }
            Ok(made)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(made)
}

fn report(
    connection: &mut Connection,
    asker: &Asker,
    post: PostId,
    text: &ReportText,
    forward: bool,
) -> Result<Reported> {
    let case = access::permit_post::<act::Report>(connection, asker, post)?;
    let by = asker.viewer.actor();
    let by = by.ok_or(Error::Denied(Reason::SignInNeeded))?;
    if forward {
        let group = case.group.as_ref();
        outbound_rules::check_words(connection, group, text.as_str())?;
    }
    if insert(connection, asker, &case, by, text, forward)? && forward {
        let event = NewEvent {
            kind: EventKind::Reported,
            actor: by,
            group: case.post.group,
            post: Some(case.post.id),
            object: None,
            activity: Some(text.as_str().to_owned()),
        };
        storage::events::append(connection, event, asker.now)?;
    }
    let report = storage::reports::find_of(connection, post, by)?.ok_or(Error::NotFound)?;
    describe(connection, report)
}

/// Writes a report down, or opens it again after it was dealt with; false: it is open already.
fn insert(
    connection: &mut Connection,
    asker: &Asker,
    case: &Case<act::Report>,
    by: ActorId,
    text: &ReportText,
    forward: bool,
) -> Result<bool> {
    let known = storage::reports::find_of(connection, case.post.id, by)?;
    let known = known.map(|report| report.state());
    if known == Some(ReportState::Open) {
        return Ok(false);
    }
    if storage::reports::count_open_of(connection, by)? >= OPEN_MAX {
        let sentence = "so many reports of yours are open that nobody can read more";
        return Err(Error::Conflict(sentence.into()));
    }
    let (permit, now) = (&case.permit, asker.now);
    match known {
        Some(_) => storage::reports::reopen(connection, permit, by, text, forward, now)?,
        None => storage::reports::insert(connection, permit, by, text, forward, now)?,
    }
    let (action, uri) = (AuditAction::PostReported, case.post.uri.as_str());
    audit::note(connection, asker, action, uri, "")?;
    Ok(true)
}

/// A part of what was reported in a group, newest first; none: in all groups, for who administers the house.
pub async fn list(
    app: &App,
    viewer: Viewer,
    group: Option<GroupId>,
    page: Page,
) -> Result<Vec<Reported>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_reports", move |connection| {
            let reports = match group {
                Some(group) => {
                    let (permit, _) =
                        access::permit::<act::ReadReports>(connection, &asker, group)?;
                    storage::reports::list(connection, &permit, page)?
                }
                None => {
                    let permit = access::permit_house(&asker)?;
                    storage::reports::list_all(connection, &permit, page)?
                }
            };
            describe_all(connection, reports)
        })
        .await
}

/// Says that a report was dealt with. Doing it twice is doing it once. Who may not read a report is
/// answered as if there were none.
pub async fn resolve(app: &App, viewer: Viewer, id: ReportId) -> Result<Reported> {
    let asker = app.asker(viewer);
    app.db
        .write("resolve_report", move |connection| {
            let report = storage::reports::find(connection, id)?.ok_or(Error::NotFound)?;
            let permit = match access::permit::<act::ReadReports>(connection, &asker, report.group)
            {
                Err(Error::Denied(_)) => return Err(Error::NotFound),
                other => other?.0,
            };
            let resolved = Resolved {
                at: asker.now,
                by: asker.viewer.actor(),
            };
            if storage::reports::resolve(connection, &permit, id, resolved)? {
                let (action, number) = (AuditAction::ReportResolved, id.to_string());
                audit::note(connection, &asker, action, &number, "")?;
            }
            let report = storage::reports::find(connection, id)?.ok_or(Error::NotFound)?;
            describe(connection, report)
        })
        .await
}

fn describe(connection: &mut Connection, report: Report) -> Result<Reported> {
    let described = describe_all(connection, vec![report])?.pop();
    described.ok_or(Error::NotFound)
}

/// Reads at once what many reports are about.
fn describe_all(connection: &mut Connection, reports: Vec<Report>) -> Result<Vec<Reported>> {
    let ids: Vec<PostId> = reports.iter().map(|report| report.post).collect();
    let posts = storage::posts::list_by_ids(connection, &ids)?;
    let posts: HashMap<PostId, Post> = posts.into_iter().map(|post| (post.id, post)).collect();
    let mut people: Vec<ActorId> = reports.iter().map(|report| report.by).collect();
    people.extend(posts.values().map(|post| post.author));
    let people = storage::actors::list_by_ids(connection, &people)?;
    let people: HashMap<ActorId, Actor> = people.into_iter().map(|one| (one.id, one)).collect();
    let ids: Vec<GroupId> = reports.iter().map(|report| report.group).collect();
    let groups = storage::groups::list_by_ids(connection, &ids)?;
    let groups: HashMap<GroupId, Group> = groups.into_iter().map(|one| (one.id, one)).collect();
    let describe = |report: Report| {
        let post = posts.get(&report.post)?.clone();
        Some(Reported {
            author: people.get(&post.author)?.clone(),
            by: people.get(&report.by)?.clone(),
            group: groups.get(&report.group)?.clone(),
            post,
            report,
        })
    };
    let described: Option<Vec<Reported>> = reports.into_iter().map(describe).collect();
    described.ok_or(Error::NotFound)
}

/// Whether a `Flag` from elsewhere is about anything that its sender may report: if not, it is
/// answered as if there were no such thing.
pub(super) fn check(connection: &mut Connection, asker: &Asker, objects: &[Uri]) -> Result<()> {
    flagged(connection, asker, objects).map(drop)
}

/// A person or a server elsewhere reports posts. What else they name is passed over.
pub(super) fn receive(
    connection: &mut Connection,
    asker: &Asker,
    by: &Actor,
    objects: &[Uri],
    text: &ReportText,
) -> Result<()> {
    for case in flagged(connection, asker, objects)? {
        insert(connection, asker, &case, by.id, text, false)?;
    }
    Ok(())
}

/// Those posts among what a `Flag` names that its sender may report.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
fn flagged(
    connection: &mut Connection,
    asker: &Asker,
    objects: &[Uri],
) -> Result<Vec<Case<act::Report>>> {
    let mut cases = Vec::new();
    for object in objects.iter().take(REPORTED_MAX) {
        let sought = mirrors::find_meant(connection, asker, object)?;
        match access::permit_sought_post::<act::Report>(connection, asker, sought) {
            Ok(case) => cases.push(case),
            Err(Error::NotFound | Error::Denied(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    match cases.is_empty() {
        true => Err(Error::NotFound),
        false => Ok(cases),
    }
}
