//! People who follow people: asking, answering, ending, here and across servers.
//!
//! Policy says who may ask whom and whether it is done at once. Facts commit here with their events; the
//! other server is told afterwards. `receive` applies what other servers say, `moving` takes followers along.

mod moving;
mod receive;

use crate::app::{App, Asker};
use crate::domain::{
    Acquaintance, Actor, ActorId, Approval, AuditAction, EventId, EventKind, Follow, FollowState,
    Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer};
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

pub use crate::storage::follows::Side;
pub use moving::{find_author, find_followed, move_followers};
pub(super) use receive::{
    check_accept, receive_accept, receive_follow, receive_move, receive_reject, receive_unfollow,
};

/// People in one list at most: an account with more has no page for them yet.
const LISTED_MAX: i64 = 1_000;

/// How somebody stands to another person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the viewer follows of them.
    pub follows: Option<FollowState>,
    /// What they follow of the viewer.
    pub followed_by: Option<FollowState>,
}

/// Follows a person: a colleague at once; somebody elsewhere is asked, and their server answers.
///
/// # Errors
/// [`Error::NotFound`] for who is not to be known, [`Error::Denied`] with the reason for the rest.
pub async fn follow(app: &App, viewer: Viewer, person: ActorId) -> Result<FollowState> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let state = app
        .db
        .write("follow_person", move |connection| {
            let sought = storage::actors::find(connection, person)?;
            let (state, person) = access::permit_follow(connection, &asker, sought)?;
            let activity = |kind: &str, number: i64| addresses.activity(kind, number);
            begin(connection, &asker, &person, state, activity)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

/// Begins to follow somebody, once policy said how. Asking again is harmless: the answer to an earlier
/// request may have been lost.
fn begin(
    connection: &mut Connection,
    asker: &Asker,
    person: &Actor,
    state: FollowState,
    address: impl Fn(&str, i64) -> Uri,
) -> Result<FollowState> {
    let follower = own(asker)?;
    let known = storage::follows::find(connection, follower, person.id)?;
    if known.is_some_and(|known| known.state == FollowState::Accepted) {
        return Ok(FollowState::Accepted);
    }
    let kind = EventKind::FollowRequested;
    let event = tell(connection, asker, kind, follower, person.id, None)?;
    let follow = Follow {
        follower,
        followed: person.id,
        state,
        uri: address("follow", event.0),
        since: asker.now,
    };
    storage::follows::save(connection, &follow)?;
    note(connection, asker, AuditAction::PersonFollowed, person)?;
    Ok(state)
}

/// Follows somebody no more, or takes the request back. Not following them changes nothing.
pub async fn unfollow(app: &App, viewer: Viewer, person: ActorId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("unfollow_person", move |connection| {
            let follower = own(&asker)?;
            let Some(follow) = storage::follows::find(connection, follower, person)? else {
                return Ok(());
            };
            let person = storage::actors::find(connection, person)?.ok_or(Error::NotFound)?;
            end(connection, &asker, &follow)?;
            note(connection, &asker, AuditAction::PersonUnfollowed, &person)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Ends what somebody here follows; who is followed elsewhere is told.
fn end(connection: &mut Connection, asker: &Asker, follow: &Follow) -> Result<()> {
    storage::follows::remove(connection, follow.follower, follow.followed)?;
    let (kind, by, whom) = (EventKind::Unfollowed, follow.follower, follow.followed);
    tell(connection, asker, kind, by, whom, Some(&follow.uri)).map(drop)
}

/// Ends everything that somebody follows who is erased. `asker` is who they were. That they are gone is
/// told to their followers' servers besides.
pub(super) fn end_all(connection: &mut Connection, asker: &Asker, person: ActorId) -> Result<()> {
    for state in FollowState::ALL {
        let followed =
            storage::follows::list(connection, person, Side::Followed, *state, i64::MAX)?;
        for one in followed {
            end(connection, asker, &one.follow)?;
        }
    }
    storage::follows::remove_of_actor(connection, person).map(drop)
}

/// What somebody does with a follower of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    /// Refuses who asked, or removes who follows.
    Reject,
}

/// Answers a request to follow oneself, or removes a follower. People elsewhere are told.
///
/// # Errors
/// [`Error::NotFound`] when they do not follow and did not ask.
pub async fn answer(app: &App, viewer: Viewer, follower: ActorId, answer: Answer) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("answer_follower", move |connection| {
            let person = own(&asker)?;
            let follow = storage::follows::find(connection, follower, person)?;
            let follow = follow.ok_or(Error::NotFound)?;
            let other = storage::actors::find(connection, follower)?.ok_or(Error::NotFound)?;
            match (answer, follow.state) {
                (Answer::Accept, FollowState::Accepted) => Ok(()),
                (Answer::Accept, FollowState::Requested) => {
                    accept(connection, &asker, follow)?;
                    note(connection, &asker, AuditAction::FollowerAccepted, &other)
                }
                (Answer::Reject, _) => {
                    storage::follows::remove(connection, follower, person)?;
                    let kind = EventKind::FollowRejected;
                    tell(
                        connection,
                        &asker,
                        kind,
                        person,
                        follower,
                        Some(&follow.uri),
                    )?;
                    note(connection, &asker, AuditAction::FollowerRemoved, &other)
                }
            }
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Lets a follower in, and tells their server.
fn accept(connection: &mut Connection, asker: &Asker, follow: Follow) -> Result<()> {
    let accepted = Follow {
        state: FollowState::Accepted,
        since: asker.now,
        ..follow
    };
    storage::follows::save(connection, &accepted)?;
    let (kind, by, whom) = (
        EventKind::FollowAccepted,
        accepted.followed,
        accepted.follower,
    );
    tell(connection, asker, kind, by, whom, Some(&accepted.uri)).map(drop)
}

/// One's own followers or whom one follows. Nobody is shown another's.
pub async fn list_own(
    app: &App,
    viewer: Viewer,
    side: Side,
    state: FollowState,
) -> Result<Vec<Acquaintance>> {
    let person = own(&app.asker(viewer))?;
    app.db
        .read("list_follows", move |connection| {
            storage::follows::list(connection, person, side, state, LISTED_MAX)
        })
        .await
}

/// How the viewer stands to a person. Asked of people the viewer is shown.
pub async fn standing(app: &App, viewer: &Viewer, person: ActorId) -> Result<Standing> {
    let Some(own) = viewer.actor() else {
        return Ok(Standing::default());
    };
    app.db
        .read("find_standing", move |connection| {
            let state = |follow: Option<Follow>| follow.map(|follow| follow.state);
            Ok(Standing {
                follows: state(storage::follows::find(connection, own, person)?),
                followed_by: state(storage::follows::find(connection, person, own)?),
            })
        })
        .await
}

/// Whether the viewer may follow a person, and if not, why: for showing a button or a sentence.
pub async fn may_follow(app: &App, viewer: Viewer, person: ActorId) -> Result<Result<(), Reason>> {
    let asker = app.asker(viewer);
    app.db
        .read("may_follow", move |connection| {
            let sought = storage::actors::find(connection, person)?;
            match access::permit_follow(connection, &asker, sought) {
                Ok(_) => Ok(Ok(())),
                Err(Error::Denied(reason)) => Ok(Err(reason)),
                Err(Error::NotFound) => Ok(Err(Reason::Unknown)),
                Err(fault) => Err(fault),
            }
        })
        .await
}

/// Who outside may follow the viewer, as they chose.
pub async fn approval(app: &App, viewer: &Viewer) -> Result<Approval> {
    let person = viewer.actor().ok_or(Error::NotFound)?;
    app.db
        .read("find_approval", move |connection| {
            storage::follows::find_approval(connection, person)?.ok_or(Error::NotFound)
        })
        .await
}

/// Chooses who outside may follow oneself. Who follows already, stays.
pub async fn set_approval(app: &App, viewer: Viewer, approval: Approval) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("set_approval", move |connection| {
            let person = own(&asker)?;
            storage::follows::set_approval(connection, person, approval)?;
            let event = NewEvent {
                kind: EventKind::PersonUpdated,
                actor: person,
                group: None,
                post: None,
                object: None,
                activity: None,
            };
            storage::events::append(connection, event, asker.now)?;
            let actor = storage::actors::find(connection, person)?.ok_or(Error::NotFound)?;
            let action = AuditAction::ProfileUpdated;
            audit::note(connection, &asker, action, &actor.name, approval.as_str())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// Somebody with an account here.
fn own(asker: &Asker) -> Result<ActorId> {
    match asker.viewer {
        Viewer::Member { actor, .. } => Ok(actor),
        _ => Err(Error::Denied(Reason::SignInNeeded)),
    }
}

/// Writes news of somebody here for a person elsewhere. Colleagues need not be told.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    by: ActorId,
    whom: ActorId,
    follow: Option<&Uri>,
) -> Result<EventId> {
    let event = NewEvent {
        kind,
        actor: by,
        group: None,
        post: None,
        object: Some(whom.0),
        activity: follow.map(Uri::to_string),
    };
    storage::events::append(connection, event, asker.now)
}

fn note(
    connection: &mut Connection,
    asker: &Asker,
    action: AuditAction,
    person: &Actor,
) -> Result<()> {
    audit::note(connection, asker, action, &person.handle().to_string(), "")
}
