//! How a partnership ends: what goes with it, on whichever side it was decided, and how the other side
//! hears of it.

use crate::app::Asker;
use crate::domain::{
    Actor, ActorKind, AuditAction, Copies, Ending, EventKind, Grant, Host, Partner, PartnerState,
    RetractionCause, Side, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::partners::Changed;
use crate::services::{access, audit, grants, house, refusals, retractions};
use crate::storage::deliveries::Cancel;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// The other side's server ended the partnership that was made by this offer. One that was made since
/// is not touched: news may arrive late.
///
/// # Errors
/// As [`find_agreed`].
pub fn receive(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    agreement: &Uri,
) -> Result<()> {
    match find_agreed(connection, signer, agreement)? {
        Some(partner) => end(connection, asker, partner, Side::Them, Copies::AskedBack).map(drop),
        None => Ok(()),
    }
}

/// The partnership with the signer's house that was made by this offer, while it stands.
///
/// # Errors
/// [`Error::Denied`] when anybody but the instance actor with which it was made speaks of it.
pub fn find_agreed(
    connection: &mut Connection,
    signer: &Actor,
    agreement: &Uri,
) -> Result<Option<Partner>> {
    let known = storage::partners::find_by_host(connection, signer.uri.host())?;
    let meant = known.filter(|partner| partner.agreement.as_ref() == Some(agreement));
    match meant {
        Some(partner) if partner.instance.as_ref() != Some(&signer.uri) => {
            Err(Error::Denied(Reason::NotAdministrator))
        }
        Some(partner) if matches!(partner.state, PartnerState::Ended | PartnerState::Blocked) => {
            Ok(None)
        }
        found => Ok(found),
    }
}

/// The other side's server blocks ours as a whole: it listens to nobody here any more. That is the end
/// of the partnership, by them, and administrators see it as such. What anybody else blocks is their own
/// matter.
///
/// # Errors
/// [`Error::Denied`] when it is not the instance actor with which the partnership was made.
pub fn receive_block(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    blocked: &Uri,
) -> Result<()> {
    if signer.kind != ActorKind::Service || house::instance_actor(connection)?.uri != *blocked {
        return Ok(());
    }
    let known = storage::partners::find_by_host(connection, signer.uri.host())?;
    let stands = |partner: &Partner| partner.state == PartnerState::Active;
    match known.filter(stands) {
        Some(partner)
            if partner
                .instance
                .as_ref()
                .is_some_and(|one| *one != signer.uri) =>
        {
            Err(Error::Denied(Reason::NotAdministrator))
        }
        Some(partner) => end(connection, asker, partner, Side::Them, Copies::AskedBack).map(drop),
        None => Ok(()),
    }
}

/// Ends a partnership with its grants in both directions. What was queued is cancelled, except what
/// takes something back. When it is our decision, the other side is told. Whoever decided it, the other side is asked to throw
/// away what it got in the groups that were open to it, unless its copies are left to it.
pub(super) fn end(
    connection: &mut Connection,
    asker: &Asker,
    partner: Partner,
    by: Side,
    copies: Copies,
) -> Result<Changed> {
    let ending = Ending { by, at: asker.now };
    let partner = storage::partners::end(connection, partner, ending)?;
    storage::offered_keys::forget(connection, partner.id)?;
    let host = &partner.host;
    let detail = match by {
        Side::Us => "",
        Side::Them => "by the other side",
    };
    audit::note(
        connection,
        asker,
        AuditAction::PartnerEnded,
        host.as_str(),
        detail,
    )?;
    let (queued, why) = (Cancel::ToHost(host), "the partnership ended");
    let reason = Reason::NoPartnership;
    let cancelled = cancel(connection, asker, host, &queued, (why, reason))?;
    let ended = end_grants(connection, asker, &partner)?;
    if by == Side::Us {
        tell(connection, asker, &partner, &ended)?;
    }
    let asked_back = match copies {
        Copies::AskedBack => ask_back(connection, asker, &partner, &ended)?,
        Copies::Left => 0,
    };
    Ok(Changed {
        cancelled,
        grants_ended: ended.len(),
        asked_back,
        ..Changed::of(partner)
    })
}

/// Asks for what the partner got in the groups that were open to it until now; how many posts.
fn ask_back(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    ended: &[Grant],
) -> Result<usize> {
    let mut posts = 0;
    for grant in ended {
        let group = storage::groups::find(connection, grant.group)?.ok_or(Error::NotFound)?;
        let cause = RetractionCause::PartnershipEnded;
        let asked = retractions::ask_for_group(connection, asker, partner, &group, cause)?;
        posts += asked.posts;
    }
    Ok(posts)
}

/// Cancels what waits for a server; how many deliveries. What somebody here said in a group of that house is
/// marked as not taken, for this reason.
pub(super) fn cancel(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    which: &Cancel<'_>,
    (why, reason): (&str, Reason),
) -> Result<usize> {
    let withheld = storage::deliveries::cancel(connection, which, why, asker.now)?;
    let cancelled = withheld.len();
    let withheld: Vec<_> = withheld.into_iter().map(|id| (id, reason)).collect();
    refusals::record_unsent(connection, &withheld, asker.now)?;
    if cancelled > 0 {
        let (action, detail) = (
            AuditAction::DeliveriesCancelled,
            format!("{cancelled}: {why}"),
        );
        audit::note(connection, asker, action, host.as_str(), &detail)?;
    }
    Ok(cancelled)
}

/// Ends every grant that we gave the partner, and every one that it gave us. The former are answered.
pub(super) fn end_grants(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
) -> Result<Vec<Grant>> {
    grants::receive::end_all(connection, &partner.host, asker.now)?;
    // Whoever ended the partnership, its grants are the house's to end.
    let house = Asker {
        viewer: Viewer::Operator,
        ..asker.clone()
    };
    let standing = storage::grants::list_standing(connection, None, Some(partner.id))?;
    for grant in &standing {
        let (permit, group) =
            access::permit::<act::ChangeBoundary>(connection, &house, grant.group)?;
        grants::close(connection, asker, &permit, &group, partner, grant)?;
    }
    Ok(standing)
}

/// Lets the other side know. It throws away what it keeps of ours, as at the end of each grant.
fn tell(
    connection: &mut Connection,
    asker: &Asker,
    partner: &Partner,
    ended: &[Grant],
) -> Result<()> {
    let Some(agreement) = &partner.agreement else {
        // It never agreed to anything that could be ended.
        return ended
            .iter()
            .try_for_each(|grant| grants::tell_of_end(connection, asker, grant));
    };
    let event = NewEvent {
        kind: EventKind::PartnershipEnded,
        actor: house::instance_actor(connection)?.id,
        group: None,
        post: None,
        object: Some(partner.id.0),
        activity: Some(agreement.to_string()),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}
