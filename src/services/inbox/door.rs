//! At the door: who may come in, and what one read tells of what they say. What is let in is stored
//! before it is answered.

use super::{Command, Vouching, find_group, lists, names_group_here};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorKey, ActorKind, ActorState, GroupId, Host, PartnerState, Post, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Act, FederationMode, Reason, act};
use crate::services::access::Case;
use crate::services::memberships::ReceivedBan;
use crate::services::partners::ending;
use crate::services::posts::{self, ReceivedPost};
use crate::services::{
    access, approvals, boosts, follows, house, memberships, mirrors, polls, reports, retractions,
};
use crate::storage::{self, Connection};

/// Whether a server may knock at all, before anything is fetched for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// The partnership is over. Who is known from then may take back what is theirs, and nothing else.
    TakingBack,
    /// Try again later: the partnership is paused.
    Paused,
    /// Try again later: an emergency stop holds what comes from there.
    Stopped,
    Shut(Reason),
}

/// Somebody elsewhere with the key that a signature names, as the database has them now.
pub type KnownSigner = (Actor, ActorKey);

/// Asks whether the server of a key may speak to us, and who the key's owner is, where we know.
pub async fn knock(app: &App, key: &Uri) -> Result<(Gate, Option<KnownSigner>)> {
    let mode = app.house().federation;
    let key = key.clone();
    app.db
        .read("knock", move |connection| {
            Ok(match judge(connection, key.host(), mode)? {
                Gate::Open => (Gate::Open, known_signer(connection, &key)?),
                Gate::TakingBack => match known_signer(connection, &key)? {
                    Some(known) => (Gate::TakingBack, Some(known)),
                    None => (Gate::Shut(Reason::NoPartnership), None),
                },
                shut @ (Gate::Paused | Gate::Stopped | Gate::Shut(_)) => (shut, None),
            })
        })
        .await
}

/// Asks whether we speak with `host`: for what is fetched from it and shown to it.
pub async fn gate(app: &App, host: &Host) -> Result<Gate> {
    let mode = app.house().federation;
    let host = host.clone();
    app.db
        .read("gate", move |connection| {
            Ok(match judge(connection, &host, mode)? {
                Gate::TakingBack => Gate::Shut(Reason::NoPartnership),
                other @ (Gate::Open | Gate::Paused | Gate::Stopped | Gate::Shut(_)) => other,
            })
        })
        .await
}

/// A stop holds those that could come in otherwise; for everybody else nothing changes by it.
pub(super) fn judge(
    connection: &mut Connection,
    host: &Host,
    mode: FederationMode,
) -> Result<Gate> {
    let state = storage::partners::find_state(connection, host)?;
    Ok(match by_standing(state, mode) {
        Gate::Open | Gate::TakingBack if access::is_stopped(connection, Some(host), None)? => {
            Gate::Stopped
        }
        gate => gate,
    })
}

const fn by_standing(state: Option<PartnerState>, mode: FederationMode) -> Gate {
    match (state, mode) {
        (Some(PartnerState::Active), _) => Gate::Open,
        (Some(PartnerState::Paused), _) => Gate::Paused,
        (Some(PartnerState::Blocked), _) => Gate::Shut(Reason::PartnerBlocked),
        (Some(PartnerState::Invited | PartnerState::Ended) | None, FederationMode::Open) => {
            Gate::Open
        }
        (Some(PartnerState::Ended), FederationMode::Closed) => Gate::TakingBack,
        (Some(PartnerState::Invited) | None, FederationMode::Closed) => {
            Gate::Shut(Reason::NoPartnership)
        }
    }
}

/// The actor and key that a signature names, where we know them.
pub async fn find_signer(app: &App, key: &Uri) -> Result<Option<KnownSigner>> {
    let key = key.clone();
    app.db
        .read("find_signer", move |connection| {
            known_signer(connection, &key)
        })
        .await
}

fn known_signer(connection: &mut Connection, key: &Uri) -> Result<Option<KnownSigner>> {
    let Some(key) = storage::actors::find_key(connection, key)? else {
        return Ok(None);
    };
    let actor = storage::actors::find(connection, key.actor)?;
    Ok(actor.map(|actor| (actor, key)))
}

/// What became of an activity at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New,
    /// It was here before; nothing changes.
    Known,
}

/// An activity that was verified and understood.
#[derive(Clone, Debug)]
pub struct Verified {
    /// When it came to the door.
    pub at: Timestamp,
    pub activity: Uri,
    pub signer: Actor,
    pub command: Command,
    /// The bytes as they came.
    pub body: String,
}

/// Stores an activity, durably, before it is answered. What one read tells is refused at once: a
/// sender that may not, or that speaks of what is hidden from it. Whether it still may when the
/// activity is applied is asked then.
pub async fn accept(app: &App, verified: Verified) -> Result<Accepted> {
    let asker = app.asker(access::viewer_of(&verified.signer));
    let (accepted, verified) = app
        .db
        .read("check_activity", move |connection| {
            Ok((examine(connection, &asker, &verified)?, verified))
        })
        .await?;
    if accepted == Accepted::Known {
        tracing::debug!(activity = %verified.activity, "an activity came again");
        return Ok(accepted);
    }
    let added = app
        .db
        .write("accept_activity", move |connection| {
            let host = verified.signer.host.as_ref().ok_or(Error::NotFound)?;
            let Verified {
                at,
                activity,
                signer,
                body,
                ..
            } = &verified;
            storage::arrivals::insert(connection, activity, signer.id, host, body, *at)
        })
        .await?;
    app.bells.arrivals.notify_one();
    Ok(match added {
        true => Accepted::New,
        false => Accepted::Known,
    })
}

fn examine(connection: &mut Connection, asker: &Asker, verified: &Verified) -> Result<Accepted> {
    // Asked again: fetching the signer's key may have taken long, and the partnership may be over.
    let host = verified.signer.host.as_ref().ok_or(Error::NotFound)?;
    match judge(connection, host, asker.house.federation)? {
        Gate::Open => {}
        Gate::Stopped => return Err(Error::Denied(Reason::Stopped)),
        Gate::TakingBack => {
            let known = storage::arrivals::exists(connection, &verified.activity)?;
            if !known && !takes_back_own(connection, &verified.signer, &verified.command)? {
                return Err(Error::Denied(Reason::NoPartnership));
            }
        }
        Gate::Paused => {
            let sentence = Reason::PartnershipPaused.sentence();
            return Err(Error::Unavailable(sentence.into()));
        }
        Gate::Shut(reason) => return Err(Error::Denied(reason)),
    }
    if verified.signer.state != ActorState::Active {
        return Err(Error::Denied(Reason::PartnerBlocked));
    }
    if storage::arrivals::exists(connection, &verified.activity)? {
        return Ok(Accepted::Known);
    }
    check(connection, asker, &verified.signer, &verified.command)?;
    Ok(Accepted::New)
}

/// Whether this takes back something that we hold and that is the signer's own: a post or a like, or
/// themselves with all of it. A group speaks so for the people of its own server, in itself.
fn takes_back_own(connection: &mut Connection, signer: &Actor, command: &Command) -> Result<bool> {
    match (command, signer.kind) {
        (
            Command::Announced {
                actor,
                command,
                vouching: Vouching::House,
                ..
            },
            ActorKind::Group,
        ) => {
            let by = storage::actors::find_by_uri(connection, actor)?;
            let ours_no_longer = |by: &Actor| by.host.is_some() && by.host == signer.host;
            match by.filter(ours_no_longer) {
                Some(by) => is_own(connection, &by, command, Some(signer.id.group())),
                None => Ok(false),
            }
        }
        // The last words between the houses: what they got of each other is gone.
        (Command::Retract { .. } | Command::RetractionAnswered { .. }, ActorKind::Service) => {
            Ok(retractions::receive::check_house(connection, signer).is_ok())
        }
        (Command::DeleteActor, ActorKind::Person) => Ok(true),
        (command, ActorKind::Person) => is_own(connection, signer, command, None),
        (_, ActorKind::Group | ActorKind::Service) => Ok(false),
    }
}

/// Whether a post or a like that is taken back is of whoever takes it back, and in this group (none:
/// in any).
fn is_own(
    connection: &mut Connection,
    by: &Actor,
    command: &Command,
    group: Option<GroupId>,
) -> Result<bool> {
    let (Command::DeleteObject {
        object,
        removal: false,
    }
    | Command::Unlike { object }
    | Command::Unshared { object }) = command
    else {
        return Ok(false);
    };
    let post = storage::posts::find_by_uri(connection, object)?;
    let Some(post) = post.filter(|post| group.is_none() || post.group == group) else {
        return Ok(false);
    };
    match command {
        Command::Unlike { .. } => {
            Ok(storage::reactions::find(connection, post.id, by.id)?.is_some())
        }
        Command::Unshared { .. } => {
            Ok(storage::boosts::find_of(connection, post.id, by.id)?.is_some())
        }
        _ => Ok(post.author == by.id),
    }
}

/// The permission that can be told at the door. Whatever depends on activities still waiting to be
/// applied (a parent, a like to undo) is left to them. No answer tells what is hidden from what never
/// was: see [`permit_spoken_of`].
fn check(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    command: &Command,
) -> Result<()> {
    match command {
        Command::Follow { whom, .. } => match storage::groups::find_by_uri(connection, whom)? {
            Some(group) => access::permit::<act::Join>(connection, asker, group.id).map(drop)?,
            None => {
                let person = storage::actors::find_by_uri(connection, whom)?;
                access::permit_follow(connection, asker, person)?;
            }
        },
        Command::AcceptFollow { follow } if signer.kind == ActorKind::Person => {
            follows::check_accept(connection, signer, follow)?;
        }
        Command::InviteColleague { group, invitee } => {
            memberships::check_invitation(connection, asker, group, invitee)?;
        }
        Command::DirectMessage => return Err(Error::Denied(Reason::NoDirectMessages)),
        Command::CreatePost(post) => {
            check_ownership(connection, asker, signer, &post.uri)?;
            check_create(connection, asker, signer, post)?;
        }
        Command::UpdatePost(post) => check_ownership(connection, asker, signer, &post.uri)?,
        Command::DeleteObject { object, .. } => check_ownership(connection, asker, signer, object)?,
        Command::RestoreObject { object }
        | Command::LockTopic { object }
        | Command::UnlockTopic { object } => {
            permit_spoken_of::<act::Moderate>(connection, asker, object)?;
        }
        Command::Ban(ReceivedBan { group, .. }) | Command::LiftBan { group, .. } => {
            let group = find_group(connection, group)?;
            access::permit::<act::Moderate>(connection, asker, group.id)?;
        }
        Command::AddToList { target, .. } | Command::RemoveFromList { target, .. } => {
            lists::check(connection, asker, target)?;
        }
        Command::Like { object, .. } | Command::Dislike { object, .. } => {
            permit_spoken_of::<act::React>(connection, asker, object)?;
        }
        Command::Vote(vote) => polls::check(connection, asker, signer.id, vote)?,
        Command::Flag { objects, .. } => reports::check(connection, asker, objects)?,
        Command::Retract { .. } => {
            retractions::receive::check_house(connection, signer)?;
        }
        Command::RetractionAnswered { retraction, .. } => {
            retractions::receive::find_asked(connection, signer, retraction)?;
        }
        Command::EndPartnership { agreement } | Command::ChangePartnership { agreement, .. } => {
            ending::find_agreed(connection, signer, agreement)?;
        }
        Command::AskInteraction(asked) => approvals::check(connection, asker, asked)?,
        Command::Announced { .. } => {
            storage::groups::find_by_uri(connection, &signer.uri)?.ok_or(Error::NotFound)?;
        }
        Command::Shared { object, .. } if signer.kind == ActorKind::Person => {
            boosts::check(connection, asker, object)?;
        }
        Command::Shared { .. } | Command::Unshared { .. } => {}
        Command::Unfollow { .. }
        | Command::AcceptFollow { .. }
        | Command::RejectFollow { .. }
        | Command::RejectActivity { .. }
        | Command::Invite { .. }
        | Command::Unlike { .. }
        | Command::Undislike { .. }
        | Command::UndoById { .. }
        | Command::ShutOut { .. }
        | Command::Move { .. }
        | Command::OfferGrant { .. }
        | Command::EndGrant { .. }
        | Command::OfferMove { .. }
        | Command::AcceptMove { .. }
        | Command::WithdrawMove { .. }
        | Command::DeclineMove { .. }
        | Command::UpdateActor
        | Command::DeleteActor
        | Command::Ignored(_) => {}
    }
    Ok(())
}

/// Asks for something on what an activity speaks of. None: it is not here, and may come yet.
///
/// An address of ours that leads to nothing never will: it is refused like what is hidden. What is
/// another server's and hidden is let in like what nobody here has heard of, and changes nothing.
fn permit_spoken_of<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    object: &Uri,
) -> Result<Option<Case<A>>> {
    let found = mirrors::find_meant(connection, asker, object)?;
    match (found, is_ours(connection, object)?) {
        (found, true) => access::permit_sought_post(connection, asker, found).map(Some),
        (Some(post), false) => match access::permit_found(connection, asker, post) {
            Err(Error::NotFound) => Ok(None),
            answer => answer.map(Some),
        },
        (None, false) => Ok(None),
    }
}

fn is_ours(connection: &mut Connection, address: &Uri) -> Result<bool> {
    Ok(house::instance_actor(connection)?.uri.host() == address.host())
}

fn check_create(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    received: &ReceivedPost,
) -> Result<()> {
    if let Some(parent) = &received.parent {
        let found = mirrors::find_meant(connection, asker, parent)?;
        let ours = is_ours(connection, parent)?;
        match found {
            Some(post) => match check_answer(connection, asker, signer, post, received) {
                // As if nobody here had heard of it.
                Err(Error::NotFound) if !ours => {}
                answer => return answer,
            },
            None if ours => {
                return access::permit_sought_post::<act::Comment>(connection, asker, None)
                    .map(drop);
            }
            None => {}
        }
    }
    match names_group_here(connection, received)? {
        None => posts::check_on_profile(connection, asker, signer, None, received),
        Some(group) => {
            let group = find_group(connection, group)?;
            match received.parent {
                // The parent may be waiting to be applied just before this one.
                Some(_) => {
                    access::refuse_stopped(connection, asker, &group)?;
                    access::permit::<act::Know>(connection, asker, group.id).map(drop)
                }
                None => {
                    access::permit::<act::StartTopic>(connection, asker, group.id)?;
                    if received.attaches() {
                        access::permit::<act::Attach>(connection, asker, group.id)?;
                    }
                    Ok(())
                }
            }
        }
    }
}

/// An answer to what is here.
fn check_answer(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    parent: Post,
    received: &ReceivedPost,
) -> Result<()> {
    if parent.audience.is_on_profile() {
        return posts::check_on_profile(connection, asker, signer, Some(parent), received);
    }
    let case = access::permit_found::<act::Comment>(connection, asker, parent)?;
    if received.attaches() {
        let (group, parent) = (case.group, case.post);
        access::permit_in::<act::Attach>(connection, asker, group, parent)?;
    }
    Ok(())
}

/// Only its author (or a moderator of its group) may change what is here already.
fn check_ownership(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    object: &Uri,
) -> Result<()> {
    let found = storage::posts::find_by_uri(connection, object)?;
    if found.is_some_and(|post| post.author == signer.id) {
        return Ok(());
    }
    match permit_spoken_of::<act::Moderate>(connection, asker, object) {
        Ok(_) => Ok(()),
        Err(Error::NotFound) => Err(Error::NotFound),
        Err(_) => Err(Error::Denied(Reason::NotAuthor)),
    }
}

/// One line in the security log for an attempt that was turned away.
pub async fn log_refusal(
    app: &App,
    reason: &'static str,
    claimed_actor: String,
    peer: String,
) -> Result<()> {
    let now = app.clock.now();
    tracing::warn!(reason, claimed_actor, peer, "an activity was refused");
    app.db
        .write("log_refusal", move |connection| {
            storage::arrivals::log_refusal(connection, reason, &claimed_actor, &peer, now)
        })
        .await
}
