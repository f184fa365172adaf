//! A group moves to another house, when both agree: its house offers it ([`offer`]), an administrator of
//! the other takes it ([`accept`], [`accept_as`]) or does not ([`decline`]; until then it can be taken back, [`withdraw`]), and then the old group says that it is the new one, where its people
//! follow it by themselves. [`receive`](self) applies what other servers tell of it.
//!
//! What moves is who is in it, and the way. What was said stays at the old address, for whoever could
//! read it, in a group where nobody writes any more.

mod call_off;
mod receive;

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, AuditAction, Capabilities, EventKind, Group, GroupId, Handle, History, Host,
    JoinMode, Move, Name, Partner, PartnerState, Stage, Uri, Way,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::grants::{self, GrantRequest};
use crate::services::groups::{self, NewGroup};
use crate::services::{access, audit, house, memberships};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

pub use call_off::{decline, withdraw};
pub(super) use call_off::{receive_refusal, receive_withdrawal};
pub(super) use receive::{receive_accept, receive_move, receive_offer};

/// What people of the house that gives a group away may do in the new one, to begin with.
const GRANTED: &str = "read,react,reply,start";

/// Asks a partner's house to take a group of ours. Nothing changes until an administrator there agrees.
///
/// # Errors
/// [`Error::Denied`] for who may not open the group to the outside; [`Error::Conflict`] where there is
/// no partnership by invitation, and for a group that moved already.
pub async fn offer(app: &App, viewer: Viewer, group: GroupId, to: Host) -> Result<Move> {
    let asker = app.asker(viewer);
    let offered = app
        .db
        .write("offer_move", move |connection| {
            let (_, group) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            if !group.is_local() {
                return Err(Error::Denied(Reason::NotForRemote));
            }
            if let Some(target) = &group.moved_to {
                return Err(Error::Conflict(format!("it moved to {target} already")));
            }
            let partner = find_mutual_partner(connection, &to)?;
            let moving = group.actor.uri.clone();
            let at = asker.now;
            let offer = house::addresses(connection)?.activity("offer-move", at.micros());
            let offered = Move {
                offer,
                group: moving,
                host: to,
                way: Way::Leaving,
                target: None,
                ended: None,
                created_at: at,
            };
            storage::moves::insert(connection, &offered)?;
            tell(
                connection,
                &asker,
                EventKind::MoveOffered,
                &group,
                &partner,
                &offered,
            )?;
            let (action, subject) = (AuditAction::MoveOffered, &group.actor.name);
            audit::note(connection, &asker, action, subject, offered.host.as_str())?;
            Ok(offered)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(offered)
}

/// A partner who agreed to be one: others do not know these words.
fn find_mutual_partner(connection: &mut Connection, host: &Host) -> Result<Partner> {
    let known = storage::partners::find_by_host(connection, host)?;
    known
        .filter(|partner| partner.state == PartnerState::Active && partner.instance.is_some())
        .ok_or_else(|| {
            Error::Conflict(format!(
                "{host} is no partner by invitation: a group moves only to one"
            ))
        })
}

fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    group: &Group,
    partner: &Partner,
    offered: &Move,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: house::instance_actor(connection)?.id,
        group: Some(group.id),
        post: None,
        object: Some(partner.id.0),
        activity: Some(offered.offer.to_string()),
    };
    storage::events::append(connection, event, asker.now).map(drop)
}

/// The newest offer of a group of ours, for who may make one.
pub async fn find_leaving(app: &App, viewer: Viewer, group: GroupId) -> Result<Option<Move>> {
    let asker = app.asker(viewer);
    app.db
        .read("find_move", move |connection| {
            let (_, group) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            let is_it = |one: &Move| one.way == Way::Leaving && one.group == group.actor.uri;
            Ok(storage::moves::list(connection)?.into_iter().find(is_it))
        })
        .await
}

/// Whether an offer of ours waits for the server of who answers it.
pub async fn is_awaited(app: &App, offer: &Uri, by: &Actor) -> Result<bool> {
    let (offer, host) = (offer.clone(), by.uri.host().clone());
    app.db
        .read("find_awaited_move", move |connection| {
            let found = storage::moves::find(connection, &offer)?;
            Ok(found
                .is_some_and(|one| one.way == Way::Leaving && one.host == host && one.is_open()))
        })
        .await
}

/// All offers, of ours and of others', for administrators.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<Move>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db.read("list_moves", storage::moves::list).await
}

/// Takes a group of a partner's house: from now on it is `into`, a group of ours. The partner's people may
/// read, react, reply and start topics there unless something else was granted already, and come in by
/// themselves; ours who were in the old group are in the new one.
///
/// # Errors
/// [`Error::NotFound`] when that group was not offered, or is taken already.
pub async fn accept(app: &App, viewer: Viewer, moving: Uri, into: GroupId) -> Result<Move> {
    let asker = app.asker(viewer.clone());
    access::permit_house::<act::ManagePartners>(&asker)?;
    let open = open_offer(app, moving).await?;
    let group = groups::find_by_id(app, viewer.clone(), into).await?.group;
    open_to(app, viewer, &group, &open.host).await?;
    let accepted = app
        .db
        .write("accept_move", move |connection| {
            let (permit, group) = access::permit::<act::ChangeBoundary>(connection, &asker, into)?;
            if !group.is_local() || group.moved_to.is_some() {
                return Err(Error::Denied(Reason::NotForRemote));
            }
            let partner = find_mutual_partner(connection, &open.host)?;
            let still = storage::moves::find(connection, &open.offer)?;
            if !still.is_some_and(|one| one.is_open()) {
                return Err(Error::NotFound);
            }
            let accepted = Move {
                target: Some(group.actor.uri.clone()),
                ..open
            };
            storage::moves::set_target(connection, &accepted.offer, &group.actor.uri)?;
            let mut before = group.also_known_as.clone();
            before.push(accepted.group.clone());
            storage::groups::set_also_known_as(connection, &permit, &before)?;
            if let Some(old) = storage::groups::find_by_uri(connection, &accepted.group)? {
                memberships::bring_in(connection, &asker, &old, &group)?;
            }
            tell(
                connection,
                &asker,
                EventKind::MoveAccepted,
                &group,
                &partner,
                &accepted,
            )?;
            let (action, subject) = (AuditAction::MoveAccepted, &group.actor.name);
            audit::note(connection, &asker, action, subject, accepted.group.as_str())?;
            Ok(accepted)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(accepted)
}

/// Takes a group of a partner's house into the group of ours that is called `name`, which is made where
/// there is none; `owner` owns a new one (none: who takes it). What moved, and the group it is now.
///
/// # Errors
/// As [`accept`]; nothing is made for a group that was not offered.
pub async fn accept_as(
    app: &App,
    viewer: Viewer,
    moving: Uri,
    name: Name,
    owner: Option<ActorId>,
) -> Result<(Move, Group)> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer.clone()))?;
    open_offer(app, moving.clone()).await?;
    let handle = Handle {
        name: name.to_string(),
        host: None,
    };
    let into = match groups::find(app, viewer.clone(), handle).await {
        Ok(view) => view.group,
        Err(Error::NotFound) => {
            let new = NewGroup {
                owner,
                ..NewGroup::in_place_of(app, &moving, name).await?
            };
            groups::create(app, viewer.clone(), new).await?
        }
        Err(error) => return Err(error),
    };
    let accepted = accept(app, viewer, moving, into.id).await?;
    Ok((accepted, into))
}

async fn open_offer(app: &App, moving: Uri) -> Result<Move> {
    let all = app.db.read("list_moves", storage::moves::list).await?;
    let is_it =
        |offered: &Move| offered.way == Way::Coming && offered.is_open() && offered.group == moving;
    all.into_iter().find(is_it).ok_or(Error::NotFound)
}

/// Opens a group to the house from which another moves into it.
async fn open_to(app: &App, viewer: Viewer, group: &Group, host: &Host) -> Result<()> {
    if group.stage == Stage::Internal {
        let staged = groups::set_stage(app, viewer.clone(), group.id, Stage::Partners);
        staged.await?.done()?;
    }
    let handle = Handle {
        name: group.actor.name.clone(),
        host: None,
    };
    let standing = grants::list(app, viewer.clone(), Some(handle.clone()), None).await?;
    if standing.iter().any(|one| one.partner.host == *host) {
        return Ok(());
    }
    let capabilities: Capabilities = GRANTED.parse()?;
    let request = GrantRequest {
        capabilities: Some(capabilities),
        join: match group.access {
            crate::domain::Access::Secret => None,
            _ => Some(JoinMode::Auto),
        },
        from: None,
        until: None,
        history: Some(History::All),
        apart: None,
    };
    let granted = grants::add(app, viewer, handle, host.clone(), request);
    granted.await?.done().map(drop)
}
