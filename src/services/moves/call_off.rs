//! An offer that comes to nothing: who made it takes it back, or who got it declines. The other house is told,
//! by the house; no group changes.

use super::{find_mutual_partner, open_offer};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, AuditAction, EventKind, GroupId, Host, Move, MoveEnd, Partner, Uri, Way,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::{access, audit, house};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Takes back what was offered of a group of ours, while nobody took it.
///
/// # Errors
/// [`Error::NotFound`] when nothing is offered that waits for an answer.
pub async fn withdraw(app: &App, viewer: Viewer, group: GroupId) -> Result<Move> {
    let asker = app.asker(viewer);
    let withdrawn = app
        .db
        .write("withdraw_move", move |connection| {
            let (_, group) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            let waits = |one: &Move| {
                one.way == Way::Leaving && one.group == group.actor.uri && one.is_open()
            };
            let all = storage::moves::list(connection)?;
            let open = all.into_iter().find(waits).ok_or(Error::NotFound)?;
            let withdrawn = end(connection, open, MoveEnd::Withdrawn)?;
            // Without a partnership there is nobody to be told.
            if let Some(partner) = storage::partners::find_by_host(connection, &withdrawn.host)? {
                let kind = EventKind::MoveWithdrawn;
                tell(connection, &asker, kind, &partner, &withdrawn)?;
            }
            let (action, subject) = (AuditAction::MoveWithdrawn, &group.actor.name);
            audit::note(connection, &asker, action, subject, withdrawn.host.as_str())?;
            Ok(withdrawn)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(withdrawn)
}

/// Declines to take a group of a partner's house.
///
/// # Errors
/// [`Error::NotFound`] when that group was not offered, or is decided about already.
pub async fn decline(app: &App, viewer: Viewer, moving: Uri) -> Result<Move> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let open = open_offer(app, moving).await?;
    let declined = app
        .db
        .write("decline_move", move |connection| {
            let partner = find_mutual_partner(connection, &open.host)?;
            let declined = end(connection, open, MoveEnd::Declined)?;
            let kind = EventKind::MoveDeclined;
            tell(connection, &asker, kind, &partner, &declined)?;
            let (action, subject) = (AuditAction::MoveDeclined, declined.group.as_str());
            audit::note(connection, &asker, action, subject, "")?;
            Ok(declined)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(declined)
}

/// Asked anew in the transaction: meanwhile it may have been decided about.
fn end(connection: &mut Connection, open: Move, ended: MoveEnd) -> Result<Move> {
    let still = storage::moves::find(connection, &open.offer)?;
    if !still.is_some_and(|one| one.is_open()) {
        return Err(Error::NotFound);
    }
    storage::moves::set_ended(connection, &open.offer, ended)?;
    let ended = Some(ended);
    Ok(Move { ended, ..open })
}

fn tell(
    connection: &mut Connection,
    asker: &Asker,
    kind: EventKind,
    partner: &Partner,
    offered: &Move,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: house::instance_actor(connection)?.id,
        group: None,
        post: None,
        object: Some(partner.id.0),
        activity: Some(offered.offer.to_string()),
    };
    storage::events::append(connection, event, asker.now).map(drop)
}

/// The house of a group takes its offer back. Where we took the group already, nothing of ours changes: the old
/// one just never says that it moved.
///
/// # Errors
/// [`Error::NotFound`] when that house offered no such thing.
pub(in crate::services) fn receive_withdrawal(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    offer: &Uri,
) -> Result<()> {
    receive(
        connection,
        asker,
        (signer, offer),
        Way::Coming,
        MoveEnd::Withdrawn,
    )
}

/// The house that was asked declines.
///
/// # Errors
/// [`Error::NotFound`] when it was not asked, [`Error::Conflict`] when it took the group.
pub(in crate::services) fn receive_refusal(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    offer: &Uri,
) -> Result<()> {
    receive(
        connection,
        asker,
        (signer, offer),
        Way::Leaving,
        MoveEnd::Declined,
    )
}

fn receive(
    connection: &mut Connection,
    asker: &Asker,
    (signer, offer): (&Actor, &Uri),
    way: Way,
    ended: MoveEnd,
) -> Result<()> {
    super::receive::from_a_partner(connection, signer)?;
    let host: &Host = signer.uri.host();
    let offered = storage::moves::find(connection, offer)?
        .filter(|offered| offered.way == way && offered.host == *host)
        .ok_or(Error::NotFound)?;
    if offered.ended.is_some() {
        return Ok(());
    }
    if offered.target.is_some() && way == Way::Leaving {
        return Err(Error::Conflict("the group moved there already".into()));
    }
    storage::moves::set_ended(connection, offer, ended)?;
    let action = match ended {
        MoveEnd::Withdrawn => AuditAction::MoveWithdrawn,
        MoveEnd::Declined => AuditAction::MoveDeclined,
    };
    audit::note(connection, asker, action, offered.group.as_str(), "")
}
