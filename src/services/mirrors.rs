//! Copies of a group's posts, in the group's own name, for members on servers that know no groups.
//!
//! A copy is no post: it has an address and a document, and everything that is done with it is done with
//! the post. The group's owners want copies, each author lets theirs be made, and an administrator trusts
//! the server; which of that is missing hides the copy and the post from that server (policy).

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, Audience, AuditAction, EventKind, Group, GroupId, Host, Mirror, Outreach, Post,
    PostId, PostState, Promise, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, audit, house, interactions};
use crate::storage::events::NewEvent;
use crate::storage::mirrors::Whose;
use crate::storage::{self, Connection};

/// A copy, with what it says besides the text.
#[derive(Clone, Debug)]
pub struct Copy {
    pub post: Post,
    pub author: Actor,
    /// What the house is called.
    pub organization: String,
    /// What it answers, as the server that it is for knows it; none for a topic.
    pub answers: Option<Uri>,
    pub promise: Promise,
}

// What is chosen ----------------------------------------------------------------------------------

/// Chooses how a group reaches servers that know no groups. When it is no more copied for them, they are
/// asked to delete the copies they got.
pub async fn choose_for_group(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    outreach: Outreach,
) -> Result<Group> {
    let asker = app.asker(viewer);
    let group = app
        .db
        .write("choose_outreach", move |connection| {
            let (permit, group) = access::permit::<act::ManageGroup>(connection, &asker, group)?;
            if group.outreach == outreach {
                return Ok(group);
            }
            if outreach.mirror == Mirror::Off {
                take_back(connection, &asker, Whose::Group(group.id))?;
            }
            storage::groups::set_outreach(connection, &permit, outreach)?;
            let choice = format!("mirror {}, boosts {}", outreach.mirror, outreach.boosts);
            let action = AuditAction::OutreachChosen;
            audit::note(connection, &asker, action, &group.actor.name, &choice)?;
            Ok(Group { outreach, ..group })
        })
        .await?;
    app.bells.events.notify_one();
    Ok(group)
}

/// Whether the viewer lets groups copy what they write.
pub async fn find_choice(app: &App, viewer: &Viewer) -> Result<Mirror> {
    let person = person(viewer)?;
    app.db
        .read("find_mirror", move |connection| {
            let allowed = storage::mirrors::is_allowed(connection, person)?;
            Ok(if allowed { Mirror::On } else { Mirror::Off })
        })
        .await
}

/// Lets groups copy what the viewer writes, or no more: then servers are asked to delete what they got.
pub async fn choose(app: &App, viewer: Viewer, choice: Mirror) -> Result<()> {
    let (asker, person) = (app.asker(viewer.clone()), person(&viewer)?);
    app.db
        .write("choose_mirror", move |connection| {
            match choice {
                Mirror::On => storage::mirrors::allow(connection, person, asker.now)?,
                Mirror::Off => {
                    take_back(connection, &asker, Whose::Author(person))?;
                    storage::mirrors::forbid(connection, person)?;
                }
            }
            let name = audit::name_of(connection, &asker.viewer)?;
            let action = AuditAction::MirrorChosen;
            audit::note(connection, &asker, action, &name, choice.as_str())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Only people with an account here have a say.
fn person(viewer: &Viewer) -> Result<ActorId> {
    match viewer {
        Viewer::Member { actor, .. } => Ok(*actor),
        Viewer::Anonymous => Err(Error::Denied(Reason::SignInNeeded)),
        Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            Err(Error::Denied(Reason::PeopleOnly))
        }
    }
}

/// One event for each post of which copies may be elsewhere.
fn take_back(connection: &mut Connection, asker: &Asker, whose: Whose) -> Result<()> {
    for post in storage::mirrors::list_posts(connection, whose)? {
        let event = NewEvent {
            kind: EventKind::MirrorTakenBack,
            actor: post.author,
            group: post.group,
            post: Some(post.id),
            object: None,
            activity: None,
        };
        storage::events::append(connection, event, asker.now)?;
    }
    Ok(())
}

// Copies as others know them ----------------------------------------------------------------------

/// Where the copy of a post is.
pub fn address(post: &Uri) -> Uri {
    post.join(MIRROR)
}

const MIRROR: &str = "mirror";

/// The post of which an address is the copy.
fn original(address: &Uri) -> Option<Uri> {
    let (post, last) = address.as_str().rsplit_once('/')?;
    match last == MIRROR {
        true => post.parse().ok(),
        false => None,
    }
}

/// The post that somebody elsewhere means by an address: its own, or that of a copy that they may read.
/// Any other copy is not there.
pub(super) fn find_meant(
    connection: &mut Connection,
    asker: &Asker,
    address: &Uri,
) -> Result<Option<Post>> {
    if let Some(post) = storage::posts::find_by_uri(connection, address)? {
        return Ok(Some(post));
    }
    let Some(original) = original(address) else {
        return Ok(None);
    };
    let Some(post) = storage::posts::find_by_uri(connection, &original)? else {
        return Ok(None);
    };
    let Some(group) = access::find_group_of(connection, &post)? else {
        return Ok(None);
    };
    let there = match group.is_local() {
        true => match is_copied(connection, &group, &post)? {
            true => access::permit_in::<act::Read>(connection, asker, Some(group), post.clone())
                .map(drop),
            false => Err(Error::NotFound),
        },
        // The house of a group elsewhere passes on what was said of its own copies.
        false => match asker.viewer.host() == group.home() {
            true => Ok(()),
            false => Err(Error::NotFound),
        },
    };
    match there {
        Ok(()) => Ok(Some(post)),
        Err(Error::NotFound | Error::Denied(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a group makes copies of a post.
pub(super) fn is_copied(connection: &mut Connection, group: &Group, post: &Post) -> Result<bool> {
    Ok(group.is_mirrored()
        && post.audience == Audience::Group
        && storage::mirrors::is_allowed(connection, post.author)?)
}

/// The copy of a post for a server, with whose post it answers, if it is one of that server's people;
/// none: nothing that it answers can be seen there.
pub(super) fn copy_for(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    (post, author, organization): (&Post, &Actor, &str),
    host: &Host,
) -> Result<Option<(Copy, Option<Actor>)>> {
    let answered = match post.parent {
        None => None,
        Some(parent) => match find_answered(connection, group, parent, host)? {
            Some(answered) => Some(answered),
            None => return Ok(None),
        },
    };
    let locked = interactions::is_locked(connection, post)?;
    let (answers, person) = answered.map_or((None, None), |(uri, person)| (Some(uri), person));
    let copy = Copy {
        post: post.clone(),
        author: author.clone(),
        organization: organization.to_owned(),
        answers,
        promise: interactions::to_server(connection, asker, group, locked, host)?,
    };
    Ok(Some((copy, person)))
}

/// What a comment answers for who is at `host`: the nearest above it that can be seen there, which is a
/// copy, or the word of somebody there. In their own words others are not even named.
fn find_answered(
    connection: &mut Connection,
    group: &Group,
    parent: PostId,
    host: &Host,
) -> Result<Option<(Uri, Option<Actor>)>> {
    let mut next = Some(parent);
    while let Some(id) = next {
        let post = storage::posts::find(connection, id)?.ok_or(Error::NotFound)?;
        next = post.parent;
        if post.state != PostState::Visible {
            continue;
        }
        if is_copied(connection, group, &post)? {
            return Ok(Some((address(&post.uri), None)));
        }
        let author = storage::actors::find(connection, post.author)?.ok_or(Error::NotFound)?;
        if author.host.as_ref() == Some(host) {
            return Ok(Some((post.uri, Some(author))));
        }
    }
    Ok(None)
}

/// Whether what the viewer writes now would be copied for who is at `host`; `below`: what it answers.
pub(super) fn reaches(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    below: Option<PostId>,
    host: &Host,
) -> Result<bool> {
    let Some(author) = asker.viewer.actor() else {
        return Ok(false);
    };
    let allowed = storage::mirrors::is_allowed(connection, author)?;
    let hangs_on = match below {
        Some(parent) if allowed => find_answered(connection, group, parent, host)?.is_some(),
        Some(_) | None => true,
    };
    Ok(allowed && hangs_on)
}

/// The copy of a post, for who may read it, with its group.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or not for them.
pub async fn find_copy(app: &App, asker: Asker, id: PostId) -> Result<(Copy, Group)> {
    let house = app.clone();
    app.db
        .read("mirror_document", move |connection| {
            let post = storage::posts::find(connection, id)?;
            let case = access::permit_sought_post::<act::Read>(connection, &asker, post)?;
            let group = case.group.ok_or(Error::NotFound)?;
            if !is_copied(connection, &group, &case.post)? {
                return Err(Error::NotFound);
            }
            let author = storage::actors::find(connection, case.post.author)?;
            let author = author.ok_or(Error::NotFound)?;
            let organization = house::find_organization(connection, &house.config)?;
            let host = asker.viewer.host().cloned().ok_or(Error::NotFound)?;
            let about = (&case.post, &author, organization.as_str());
            let copy = copy_for(connection, &asker, &group, about, &host)?;
            let (copy, _) = copy.ok_or(Error::NotFound)?;
            Ok((copy, group))
        })
        .await
}
