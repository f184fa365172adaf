//! What a change of a group's boundary would make different, before anybody makes it: for whom, which
//! topics, whose names, how many files.
//!
//! The change is made by the same functions as always and undone ([`storage::rehearse`]), and policy is asked
//! before and after: there is no second opinion of what the rules mean. Where nobody of a partner is in the
//! group yet, a stand-in is let in for the rehearsal, so that it shows what the first who comes would see.

use std::collections::BTreeSet;

use crate::app::{App, Asker};
use crate::crypto;
use crate::domain::{
    Actor, ActorKind, Group, GroupId, GroupRole, Handle, Host, Membership, MembershipState, Page,
    PartnerState, Post, PostId, Stage, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Viewer, act};
use crate::services::grants::{self, GrantRequest};
use crate::services::{access, groups};
use crate::storage::actors::NewActor;
use crate::storage::{self, Connection};

/// What is asked about: everything else needs a post.
pub const ASKED: [Action; 9] = [
    Action::Know,
    Action::Read,
    Action::SeeMembers,
    Action::Join,
    Action::React,
    Action::Comment,
    Action::StartTopic,
    Action::Attach,
    Action::Invite,
];

/// A change that somebody thinks about.
#[derive(Clone, Debug)]
pub enum Change {
    Stage(Stage),
    Grant(Host, GrantRequest),
}

/// What somebody may do in a group, and how much of it they see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub may: Vec<Action>,
    pub topics: u64,
    pub files: u64,
}

/// Somebody, before the change and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Different {
    /// A handle (where the viewer may know who is a member), the server, who would be let in, or
    /// anybody on the web.
    pub who: String,
    pub before: Standing,
    pub after: Standing,
}

impl Different {
    pub fn gains(&self) -> Vec<Action> {
        missing(&self.after.may, &self.before.may)
    }

    pub fn loses(&self) -> Vec<Action> {
        missing(&self.before.may, &self.after.may)
    }

    /// Nothing changes for them.
    pub fn is_none(&self) -> bool {
        self.before == self.after
    }
}

fn missing(of: &[Action], in_: &[Action]) -> Vec<Action> {
    of.iter()
        .copied()
        .filter(|one| !in_.contains(one))
        .collect()
}

/// Everything that would be different.
#[derive(Clone, Debug)]
pub struct Outlook {
    pub group: Group,
    pub people: Vec<Different>,
    /// How many topics somebody outside sees who does not now.
    pub topics: usize,
    /// A part of them, the newest first.
    pub shown: Vec<Fresh>,
    /// Members whose names somebody outside learns who does not now.
    pub names: u64,
    /// What all of this was when it was looked at: who confirms says that they saw it.
    pub digest: String,
}

/// A topic that somebody outside would see who does not now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    pub id: PostId,
    pub uri: Uri,
    pub created_at: Timestamp,
    /// None where the viewer may not read it: administering a group is no way to read it.
    pub title: Option<String>,
}

/// Topics shown at once.
pub const TOPICS_SHOWN: u32 = 50;

/// Looks at what a change would lead to, for who may make it; `page`: which part of the topics.
///
/// # Errors
/// What the change itself would fail with.
pub async fn look(
    app: &App,
    viewer: Viewer,
    group: Handle,
    change: Change,
    page: Page,
) -> Result<Outlook> {
    let asker = app.asker(viewer);
    let group = group.seen_from(app.config.host());
    app.db
        .write("what_if", move |connection| {
            let group = storage::groups::find_by_handle(connection, &group)?;
            let group = group.ok_or(Error::NotFound)?.id;
            foresee(connection, &asker, group, &change, page)
        })
        .await
}

/// Refuses a change of which somebody saw something else than what it would lead to now.
///
/// # Errors
/// [`Error::Conflict`], when it has to be looked at again.
pub(super) fn refuse_unseen(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    change: &Change,
    seen: Option<&str>,
) -> Result<()> {
    let Some(seen) = seen else { return Ok(()) };
    let page = Page::first(TOPICS_SHOWN);
    let now = foresee(connection, asker, group, change, page)?;
    match now.digest == seen {
        true => Ok(()),
        false => Err(Error::Conflict(
            "what becomes visible has changed since you looked: look at it again".into(),
        )),
    }
}

fn foresee(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    change: &Change,
    page: Page,
) -> Result<Outlook> {
    let (_, known) = access::permit::<act::ChangeBoundary>(connection, asker, group)?;
    let hosts = concerned(connection, &known, change)?;
    let named = access::may(connection, asker, Action::SeeMembers, &known)?;
    let own = storage::posts::list_topic_ids(connection, &access::scope(asker), group)?;
    // Before the stand-ins come.
    let members = storage::memberships::count_all(connection, group)?;
    storage::rehearse(connection, |connection| {
        let mut askers = vec![("anybody on the web".to_owned(), Viewer::Anonymous)];
        for host in &hosts {
            askers.extend(askers_at(connection, asker, group, host, named)?);
        }
        let before = Sight::of_all(connection, asker, group, &askers)?;
        match change {
            Change::Stage(stage) => {
                groups::change_stage(connection, asker, group, *stage)?;
            }
            Change::Grant(host, request) => {
                grants::give(connection, asker, group, host, request)?;
            }
        }
        let after = Sight::of_all(connection, asker, group, &askers)?;
        let people = compare(askers, before, after);
        let own = own.into_iter().collect();
        outlook(
            connection,
            known,
            people,
            &own,
            members.unsigned_abs(),
            page,
        )
    })
}

/// The servers that the change may make a difference to.
fn concerned(connection: &mut Connection, group: &Group, change: &Change) -> Result<Vec<Host>> {
    match change {
        Change::Grant(host, _) => Ok(vec![host.clone()]),
        Change::Stage(_) => {
            let standing = storage::grants::list_standing(connection, Some(group.id), None)?;
            let mut hosts = Vec::new();
            for grant in standing {
                let partner = storage::partners::find(connection, grant.partner)?;
                let active = partner.filter(|partner| partner.state == PartnerState::Active);
                hosts.extend(active.map(|partner| partner.host));
            }
            Ok(hosts)
        }
    }
}

/// The server, its people in the group, and somebody who is let in.
fn askers_at(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    host: &Host,
    named: bool,
) -> Result<Vec<(String, Viewer)>> {
    let mut askers = vec![(
        format!("the server {host}"),
        Viewer::Server { host: host.clone() },
    )];
    let members = storage::memberships::list_on_host(connection, group, host)?;
    for (number, member) in members.iter().enumerate() {
        let who = match named {
            true => member.actor.handle().to_string(),
            false => format!("member {} at {host}", number + 1),
        };
        askers.push((who, access::viewer_of(&member.actor)));
    }
    let stand_in = let_somebody_in(connection, asker, group, host)?;
    let who = format!("somebody of {host} who is let in");
    askers.push((who, access::viewer_of(&stand_in)));
    Ok(askers)
}

/// Undone with the rehearsal.
fn let_somebody_in(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    host: &Host,
) -> Result<Actor> {
    // A name that nobody can have.
    let uri: Uri = format!("https://{host}/.guildhall/nobody").parse()?;
    let somebody = NewActor {
        kind: ActorKind::Person,
        name: ".nobody".to_owned(),
        host: Some(host.clone()),
        url: uri.to_string(),
        display_name: String::new(),
        summary: String::new(),
        inbox: uri.clone(),
        shared_inbox: None,
        followers: None,
        outbox: None,
        uri,
    };
    let somebody = storage::actors::insert(connection, somebody, asker.now)?;
    let membership = Membership {
        group,
        actor: somebody.id,
        state: MembershipState::Member,
        role: GroupRole::Member,
        follow: None,
        banned_until: None,
        since: asker.now,
    };
    storage::memberships::save(connection, &membership)?;
    Ok(somebody)
}

/// What somebody sees.
struct Sight {
    standing: Standing,
    topics: BTreeSet<PostId>,
}

impl Sight {
    fn of_all(
        connection: &mut Connection,
        asker: &Asker,
        group: GroupId,
        askers: &[(String, Viewer)],
    ) -> Result<Vec<Self>> {
        let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
        let sights = askers.iter().map(|(_, viewer)| {
            let them = Asker {
                viewer: viewer.clone(),
                ..asker.clone()
            };
            Self::of(connection, &them, &group)
        });
        sights.collect()
    }

    fn of(connection: &mut Connection, them: &Asker, group: &Group) -> Result<Self> {
        let mut may = Vec::new();
        for action in ASKED {
            if access::may(connection, them, action, group)? {
                may.push(action);
            }
        }
        let scope = access::scope(them);
        let topics = storage::posts::list_topic_ids(connection, &scope, group.id)?;
        let files = storage::posts::count_files(connection, &scope, group.id)?;
        let standing = Standing {
            may,
            topics: topics.len() as u64,
            files,
        };
        Ok(Self {
            standing,
            topics: topics.into_iter().collect(),
        })
    }
}

/// Everybody, and the topics that are new to one of them.
fn compare(
    askers: Vec<(String, Viewer)>,
    before: Vec<Sight>,
    after: Vec<Sight>,
) -> (Vec<Different>, BTreeSet<PostId>) {
    let mut fresh = BTreeSet::new();
    let mut people = Vec::new();
    for (((who, _), before), after) in askers.into_iter().zip(before).zip(after) {
        fresh.extend(after.topics.difference(&before.topics).copied());
        people.push(Different {
            who,
            before: before.standing,
            after: after.standing,
        });
    }
    (people, fresh)
}

fn outlook(
    connection: &mut Connection,
    group: Group,
    (people, fresh): (Vec<Different>, BTreeSet<PostId>),
    own: &BTreeSet<PostId>,
    members: u64,
    page: Page,
) -> Result<Outlook> {
    let learns_names = |one: &Different| one.gains().contains(&Action::SeeMembers);
    let names = match people.iter().any(learns_names) {
        true => members,
        false => 0,
    };
    let newest = fresh.iter().rev().copied();
    let part = newest.filter(|id| page.before.is_none_or(|before| id.0 < before));
    let part: Vec<PostId> = part.take(page.items() as usize).collect();
    let mut shown = storage::posts::list_by_ids(connection, &part)?;
    shown.sort_by_key(|post| std::cmp::Reverse(post.id));
    let topic = |post: Post| Fresh {
        id: post.id,
        uri: post.uri,
        created_at: post.created_at,
        title: post.title.filter(|_| own.contains(&post.id)),
    };
    Ok(Outlook {
        digest: digest(&people, &fresh, names),
        topics: fresh.len(),
        group,
        people,
        shown: shown.into_iter().map(topic).collect(),
        names,
    })
}

/// Of everything that is shown, but for when it was looked at.
fn digest(people: &[Different], topics: &BTreeSet<PostId>, names: u64) -> String {
    let mut text = format!("{names}\n");
    for one in people {
        text.push_str(&format!("{}\n{:?}\n{:?}\n", one.who, one.before, one.after));
    }
    for topic in topics {
        text.push_str(&format!("{topic}\n"));
    }
    crypto::fingerprint(&text)
}
