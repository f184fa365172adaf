//! Taking back: a partner is asked to throw away what it got, and says what it did.
//!
//! What it got, the ledger and the queue know. Asking is an event that travels like any other ([`ask_for_group`], [`retract`],
//! [`note_deleted`]); a partner whose software knows this answers ([`receive`]), and until all of it is confirmed the request
//! is on the list of what is outstanding ([`list`]). Other software gets a plain `Delete` of each post and confirms nothing.

pub mod receive;

use std::collections::BTreeMap;

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    AuditAction, EventKind, Group, GroupId, Handle, Hold, HoldState, Host, LedgerEntry,
    LedgerOutcome, LedgerWay, Matter, Page, Partner, PartnerState, Post, PostId,
    RETRACTED_POSTS_MAX, Retraction, RetractionCause, RetractionCount, RetractionId, Uri,
    common_topic, counted_here, retraction_text,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, audit, house};
use crate::storage::events::NewEvent;
use crate::storage::retractions::NewRetraction;
use crate::storage::{self, Connection};

/// Addresses that are named where they are not confirmed.
const NAMED_MAX: usize = 20;

/// A request with how it stands.
#[derive(Clone, Debug)]
pub struct Outstanding {
    pub retraction: Retraction,
    pub group: Group,
    pub count: RetractionCount,
    /// Posts that nobody said are gone, the first of them.
    pub open: Vec<Uri>,
}

impl Outstanding {
    pub fn in_words(&self) -> String {
        self.retraction.in_words(self.count, &self.open)
    }
}

/// What was asked back by one act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedBack {
    pub posts: usize,
    /// Requests that were made: each is about so many posts at most.
    pub requests: usize,
}

// Asking --------------------------------------------------------------------------------------------

/// Asks a partner to throw away what it got of a group of ours, or one topic of it.
///
/// While the group is open to the partner, a topic that is taken back is kept from it from now on, until somebody who
/// reviews what is held lets it out again; the whole group is taken back by ending the grant.
///
/// # Errors
/// [`Error::NotFound`] when the asker may not know the group, [`Error::Conflict`] for a host that never was a partner or is
/// blocked, and for a whole group that is open to it; [`Error::Invalid`] when the topic is none of this group.
pub async fn retract(
    app: &App,
    viewer: Viewer,
    group: Handle,
    host: Host,
    topic: Option<Uri>,
) -> Result<AskedBack> {
    let asker = app.asker(viewer);
    let group = group.seen_from(app.config.host());
    let asked = app
        .db
        .write("retract", move |connection| {
            let group =
                storage::groups::find_by_handle(connection, &group)?.ok_or(Error::NotFound)?;
            let (_, group) =
                access::permit::<act::ChangeBoundary>(connection, &asker, group.id)?;
            let partner = find_partner(connection, &host)?;
            let open = storage::grants::find_standing(connection, group.id, partner.id)?.is_some();
            let mut got = posts_got(connection, &group, &partner)?;
            match topic {
                Some(topic) => {
                    let topic = find_topic(connection, &group, &topic)?;
                    got.retain(|post| post.topic == topic.id);
                    if open {
                        shut(connection, &asker, &partner, &topic)?;
                    }
                }
                None if open => return Err(Error::Conflict(format!(
                    "{} is open to {host}: end the grant (`guildhall grant remove`), which asks for everything back, or name a topic",
                    group.actor.name
                ))),
                None => {}
            }
            ask(connection, &asker, &partner, &group, &got, RetractionCause::Asked)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(asked)
}

fn find_partner(connection: &mut Connection, host: &Host) -> Result<Partner> {
    let partner = storage::partners::find_by_host(connection, host)?;
    let partner = partner
        .ok_or_else(|| Error::Conflict(format!("there never was a partnership with {host}")))?;
    match partner.state {
        PartnerState::Blocked => Err(Error::Conflict(format!(
            "{host} is blocked: nothing goes there, not even this"
        ))),
        PartnerState::Active
        | PartnerState::Paused
        | PartnerState::Ended
        | PartnerState::Invited => Ok(partner),
    }
}

fn find_topic(connection: &mut Connection, group: &Group, topic: &Uri) -> Result<Post> {
    let found = storage::posts::find_by_uri(connection, topic)?;
    let found = found.filter(|post| post.group == Some(group.id) && post.is_topic());
    found.ok_or_else(|| {
        Error::invalid(
            "topic",
            format!("{topic} is no topic of {}", group.actor.name),
        )
    })
}

/// Keeps a topic from a partner that reads the rest of the group, as a rule at the boundary would.
fn shut(connection: &mut Connection, asker: &Asker, partner: &Partner, topic: &Post) -> Result<()> {
    let thread = storage::posts::list_ids_of_thread(connection, topic.id)?;
    for post in thread {
        let hold = Hold {
            post,
            host: Some(partner.host.clone()),
            state: HoldState::Refused,
            sentence: format!("It was taken back from {}.", partner.organization),
            news: EventKind::PostCreated,
            below: (post != topic.id).then_some(topic.id),
            since: asker.now,
        };
        storage::holds::save(connection, &hold)?;
    }
    let (action, from) = (AuditAction::PostHeld, partner.host.as_str());
    audit::note(connection, asker, action, topic.uri.as_str(), from)
}

/// Asks a partner for all that it got of a group, in the transaction in which its rights end.
pub(super) fn ask_for_group(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    group: &Group,
    cause: RetractionCause,
) -> Result<AskedBack> {
    let got = posts_got(connection, group, partner)?;
    ask(connection, asker, partner, group, &got, cause)
}

fn posts_got(connection: &mut Connection, group: &Group, partner: &Partner) -> Result<Vec<Post>> {
    let (host, uri) = (&partner.host, group.actor.uri.as_str());
    let ids = storage::retractions::list_got(connection, group.id, uri, host)?;
    let mut posts = Vec::with_capacity(ids.len());
    for some in ids.chunks(RETRACTED_POSTS_MAX) {
        posts.extend(storage::posts::list_by_ids(connection, some)?);
    }
    posts.sort_by_key(|post| post.id);
    Ok(posts)
}

/// Writes down what is asked back, with its lines in the ledger and the audit log, and the events that carry it.
fn ask(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    group: &Group,
    posts: &[Post],
    cause: RetractionCause,
) -> Result<AskedBack> {
    let mut asked = AskedBack::default();
    for some in posts.chunks(RETRACTED_POSTS_MAX) {
        let retraction = write_down(connection, asker, partner, group, some, cause)?;
        tell(connection, asker, partner, &retraction, some)?;
        asked.posts += some.len();
        asked.requests += 1;
    }
    if asked.posts > 0 {
        let what = counted_here(asked.posts, "post", "posts");
        let detail = format!("{what} of {}: {cause}", group.actor.name);
        let action = AuditAction::RetractionAsked;
        audit::note(connection, asker, action, partner.host.as_str(), &detail)?;
    }
    Ok(asked)
}

fn write_down(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    group: &Group,
    posts: &[Post],
    cause: RetractionCause,
) -> Result<Retraction> {
    let asked_by = match cause {
        // Who that was is said where it is deleted, and forgotten with them.
        RetractionCause::Deleted => "its author".to_owned(),
        RetractionCause::GrantEnded
        | RetractionCause::PartnershipEnded
        | RetractionCause::Asked => audit::name_of(connection, &asker.viewer)?,
    };
    let new = NewRetraction {
        host: &partner.host,
        group: group.id,
        cause,
        can_confirm: can_confirm(partner),
        asked_by: &asked_by,
    };
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let retraction = storage::retractions::insert(connection, &new, &ids, asker.now)?;
    let lines: Vec<LedgerEntry> = posts
        .iter()
        .map(|post| {
            let outcome = LedgerOutcome::Asked;
            line(asker, partner.host.clone(), group, post, outcome, cause)
        })
        .collect();
    storage::ledger::append(connection, &lines, asker.now)?;
    Ok(retraction)
}

/// A partner by invitation is a Guildhall: it answers.
const fn can_confirm(partner: &Partner) -> bool {
    partner.mutual && partner.instance.is_some()
}

/// A line that says that a post was asked back, or is gone.
fn line(
    asker: &Asker,
    host: Host,
    group: &Group,
    post: &Post,
    outcome: LedgerOutcome,
    cause: RetractionCause,
) -> LedgerEntry {
    LedgerEntry {
        at: asker.now,
        way: LedgerWay::Retracted,
        outcome,
        reason: Some(cause.to_string()),
        host,
        reader: None,
        grant: None,
        group: Some(group.actor.uri.clone()),
        matter: Matter::Retraction,
        object: post.uri.clone(),
        by: None,
        digest: None,
        written: None,
        bytes: 0,
    }
}

/// Has it travel: one request to who answers it, to others one news for each post that is not deleted here (of those that
/// are, they were told).
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    retraction: &Retraction,
    posts: &[Post],
) -> Result<()> {
    let actor = house::instance_actor(connection)?.id;
    let event = |kind, post: Option<PostId>, object| NewEvent {
        kind,
        actor,
        group: Some(retraction.group),
        post,
        object: Some(object),
        activity: None,
    };
    if retraction.can_confirm {
        let asked = event(EventKind::RetractionAsked, None, retraction.id.0);
        storage::events::append(connection, asked, asker.now)?;
    } else if retraction.cause != RetractionCause::Deleted {
        for post in posts {
            let asked = event(EventKind::PostAskedBack, Some(post.id), partner.id.0);
            storage::events::append(connection, asked, asker.now)?;
        }
    }
    storage::retractions::set_asked(connection, retraction.id, asker.now)
}

/// A post that was deleted, and the servers that are told.
#[derive(Clone, Debug)]
pub(in crate::services) struct Deleted {
    pub group: GroupId,
    pub post: PostId,
    pub hosts: Vec<Host>,
}

/// Notes of posts that were deleted here which partners are asked to throw them away, in the transaction that queues the
/// news. Who answers is asked besides, for deleting has no answer.
pub(in crate::services) fn note_deleted(
    connection: &mut Connection,
    asker: &Asker,
    deleted: &[Deleted],
) -> Result<()> {
    let mut by_place: BTreeMap<(&Host, GroupId), Vec<PostId>> = BTreeMap::new();
    for one in deleted {
        for host in &one.hosts {
            let place = by_place.entry((host, one.group)).or_default();
            place.push(one.post);
        }
    }
    for ((host, group), ids) in by_place {
        let partner = storage::partners::find_by_host(connection, host)?;
        let told = |partner: &Partner| partner.state != PartnerState::Blocked;
        let Some(partner) = partner.filter(told) else {
            continue;
        };
        let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
        let mut posts = storage::posts::list_by_ids(connection, &ids)?;
        posts.sort_by_key(|post| post.id);
        let cause = RetractionCause::Deleted;
        for some in posts.chunks(RETRACTED_POSTS_MAX) {
            let retraction = write_down(connection, asker, &partner, &group, some, cause)?;
            tell(connection, asker, &partner, &retraction, some)?;
        }
    }
    Ok(())
}

// The list ------------------------------------------------------------------------------------------

/// A part of what partners (one, or any) were asked to throw away, newest first, for administrators. `open`: only what is
/// not confirmed whole.
pub async fn list(
    app: &App,
    viewer: Viewer,
    host: Option<Host>,
    open: bool,
    page: Page,
) -> Result<Vec<Outstanding>> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .read("list_retractions", move |connection| {
            if let Some(host) = &host {
                storage::partners::find_by_host(connection, host)?.ok_or(Error::NotFound)?;
            }
            let all = storage::retractions::list(connection, host.as_ref(), open, page)?;
            all.into_iter()
                .map(|one| describe(connection, one))
                .collect()
        })
        .await
}

fn describe(connection: &mut Connection, retraction: Retraction) -> Result<Outstanding> {
    let id = retraction.id;
    let count = storage::retractions::count(connection, &[id])?.remove(&id);
    let open = storage::retractions::list_posts(connection, id, true)?;
    Ok(Outstanding {
        group: storage::groups::find(connection, retraction.group)?.ok_or(Error::NotFound)?,
        count: count.unwrap_or(RetractionCount {
            asked: 0,
            confirmed: 0,
        }),
        open: open
            .into_iter()
            .take(NAMED_MAX)
            .map(|post| post.uri)
            .collect(),
        retraction,
    })
}

/// Asks once more for what is not confirmed.
///
/// # Errors
/// [`Error::NotFound`] for no request of ours, [`Error::Conflict`] when all of it is confirmed or the partner is blocked.
pub async fn ask_again(app: &App, viewer: Viewer, id: RetractionId) -> Result<Outstanding> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let asked = app
        .db
        .write("ask_again", move |connection| {
            let retraction = storage::retractions::find(connection, id)?.ok_or(Error::NotFound)?;
            let partner = find_partner(connection, &retraction.host)?;
            let open = storage::retractions::list_posts(connection, id, true)?;
            if open.is_empty() {
                return Err(Error::Conflict(
                    "all of it is confirmed: there is nothing to ask for".into(),
                ));
            }
            // Who answers, answers about the whole request, whatever of it was confirmed before.
            let all = storage::retractions::list_posts(connection, id, false)?;
            tell(connection, &asker, &partner, &retraction, &all)?;
            let what = counted_here(open.len(), "post", "posts");
            let (action, detail) = (AuditAction::RetractionAsked, format!("{what}, once more"));
            audit::note(
                connection,
                &asker,
                action,
                retraction.host.as_str(),
                &detail,
            )?;
            let retraction = storage::retractions::find(connection, id)?.ok_or(Error::NotFound)?;
            describe(connection, retraction)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(asked)
}

/// What addresses come to.
fn digest<'a>(addresses: impl IntoIterator<Item = &'a Uri>) -> String {
    crypto::fingerprint(&retraction_text(addresses))
}

// What is told --------------------------------------------------------------------------------------

/// A request as it is told.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: RetractionId,
    pub posts: Vec<Uri>,
    pub digest: String,
    /// The topic whose news it follows: whatever is still on its way in it comes first. None: what is said of the group's grants,
    /// so that what is granted afterwards comes after it.
    pub topic: Option<PostId>,
}

/// What a request says. None: all of it was confirmed meanwhile.
pub(in crate::services) fn find_request(
    connection: &mut Connection,
    retraction: &Retraction,
) -> Result<Option<Request>> {
    let id = retraction.id;
    if storage::retractions::list_posts(connection, id, true)?.is_empty() {
        return Ok(None);
    }
    let posts = storage::retractions::list_posts(connection, id, false)?;
    let topic = match retraction.cause {
        RetractionCause::GrantEnded | RetractionCause::PartnershipEnded => None,
        RetractionCause::Asked | RetractionCause::Deleted => common_topic(&posts),
    };
    let posts: Vec<Uri> = posts.into_iter().map(|post| post.uri).collect();
    Ok(Some(Request {
        id,
        digest: digest(&posts),
        topic,
        posts,
    }))
}
