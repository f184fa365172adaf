//! Moves of groups as other servers tell of them. One side's word moves nothing: an offer waits for an
//! administrator, an acceptance must answer an offer of ours, and a group that says it moved is followed
//! only where the new group says that it was the old one.

use crate::app::Asker;
use crate::domain::{
    Actor, ActorKind, AuditAction, EventKind, Group, Move, PartnerState, Uri, Way,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, audit, memberships};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Offers of one server that may wait; further ones change nothing.
const OFFERS_WAITING_MAX: i64 = 100;

/// A partner's house asks us to take a group of its own.
///
/// # Errors
/// [`Error::Denied`] for anybody but a partner's instance actor.
pub(in crate::services) fn receive_offer(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    offer: &Uri,
    group: &Uri,
) -> Result<()> {
    from_a_partner(connection, signer)?;
    if group.host() != signer.uri.host() {
        return Err(Error::Denied(Reason::NotAuthor));
    }
    if storage::moves::find(connection, offer)?.is_some() {
        return Ok(());
    }
    let host = signer.uri.host().clone();
    if storage::moves::count_waiting(connection, &host)? >= OFFERS_WAITING_MAX {
        return Err(Error::Conflict("too many offers wait already".into()));
    }
    let offered = Move {
        offer: offer.clone(),
        group: group.clone(),
        host,
        way: Way::Coming,
        target: None,
        ended: None,
        created_at: asker.now,
    };
    storage::moves::insert(connection, &offered)?;
    let action = AuditAction::MoveReceived;
    audit::note(connection, asker, action, group.as_str(), "")
}

/// The instance actor with which the partnership was made, and nobody else of its server.
pub(super) fn from_a_partner(connection: &mut Connection, signer: &Actor) -> Result<()> {
    let partner = storage::partners::find_by_host(connection, signer.uri.host())?;
    let is_it = partner.is_some_and(|partner| {
        partner.state == PartnerState::Active && partner.instance.as_ref() == Some(&signer.uri)
    });
    match is_it {
        true => Ok(()),
        false => Err(Error::Denied(Reason::NotAdministrator)),
    }
}

/// The partner that was asked takes the group: it is there now. Its people are told, and ours follow.
///
/// # Errors
/// [`Error::NotFound`] when nothing was offered, [`Error::Conflict`] when the offer was taken back, or the new
/// group does not say that it was ours.
pub(in crate::services) fn receive_accept(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    offer: &Uri,
    target: &Uri,
) -> Result<()> {
    from_a_partner(connection, signer)?;
    let host = signer.uri.host();
    let offered = storage::moves::find(connection, offer)?
        .filter(|offered| offered.way == Way::Leaving && offered.host == *host)
        .ok_or(Error::NotFound)?;
    if offered.target.is_some() {
        return Ok(());
    }
    if offered.ended.is_some() {
        return Err(Error::Conflict("it is not offered any more".into()));
    }
    let group = storage::groups::find_by_uri(connection, &offered.group)?;
    let group = group.ok_or(Error::NotFound)?;
    let new = agreed_target(connection, &group, target)?;
    if new.home() != Some(host) {
        return Err(Error::NotFound);
    }
    // What was offered is carried out in the name of the house.
    let house = Asker {
        viewer: Viewer::Operator,
        ..asker.clone()
    };
    let (permit, group) = access::permit::<act::ChangeBoundary>(connection, &house, group.id)?;
    storage::moves::set_target(connection, offer, target)?;
    storage::groups::set_moved(connection, &permit, target, asker.now)?;
    for (kind, activity) in [
        (EventKind::GroupUpdated, None),
        (EventKind::GroupMoved, Some(target.to_string())),
    ] {
        let event = NewEvent {
            kind,
            actor: group.actor.id,
            group: Some(group.id),
            post: None,
            object: None,
            activity,
        };
        storage::events::append(connection, event, asker.now)?;
    }
    memberships::follow_move(connection, asker, &group, &new)?;
    let (action, subject) = (AuditAction::GroupMoved, &group.actor.name);
    audit::note(connection, asker, action, subject, target.as_str())
}

/// The group that says of itself that it was `group`.
fn agreed_target(connection: &mut Connection, group: &Group, target: &Uri) -> Result<Group> {
    let new = storage::groups::find_by_uri(connection, target)?.ok_or(Error::NotFound)?;
    match new.also_known_as.contains(&group.actor.uri) {
        true => Ok(new),
        false => Err(Error::Conflict("the new group does not say so".into())),
    }
}

/// A group elsewhere says that it is another one now. Its members here follow when both documents,
/// which were asked just before, say the same. That people move is not followed: they cannot be.
pub(in crate::services) fn receive_move(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    target: &Uri,
) -> Result<()> {
    if signer.kind != ActorKind::Group {
        return Ok(());
    }
    let group = storage::groups::find_by_uri(connection, &signer.uri)?.ok_or(Error::NotFound)?;
    if group.is_local() || group.moved_to.as_ref() != Some(target) {
        return Err(Error::Conflict("the old group does not say so".into()));
    }
    let new = agreed_target(connection, &group, target)?;
    // Into a group of ours they were brought when the move was accepted.
    match new.is_local() {
        true => Ok(()),
        false => memberships::follow_move(connection, asker, &group, &new),
    }
}
