//! Opening groups to partners and closing them again, on both sides.
//!
//! A grant given here is an event that travels to the partner ([`offer`], [`remove`]); a grant that
//! another house gave us for its group arrives in [`receive`]. A grant that expires stops counting at
//! that moment, for policy asks the clock; [`end_expired`] then clears up what hung on it.

mod offer;
pub mod receive;
pub mod review;
pub mod templates;
#[cfg(test)]
pub(crate) mod tests;

use crate::app::{App, Asker};
use crate::domain::{
    AuditAction, Copies, EventKind, Grant, GrantTerms, Group, Handle, Host, Partner, PartnerState,
    RetractionCause, counted_here,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, Reason, Viewer, act};
use crate::services::{access, audit, deliveries, house, memberships, retractions};
use crate::storage::deliveries::Cancel;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

pub(super) use offer::give;
pub use offer::{GrantRequest, add, add_seen};

/// A standing grant with everything a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub grant: Grant,
    pub group: Group,
    pub partner: Partner,
    /// Why it has no effect at the moment; none: it has.
    pub without_effect: Option<Reason>,
    /// The terms that stood until it was given just now.
    pub replaced: Option<GrantTerms>,
}

impl Standing {
    /// What became different when it was given instead of another, each as "join approve → auto". None: there
    /// was no other.
    pub fn changes(&self) -> Option<Vec<String>> {
        let before = self.replaced.as_ref()?;
        Some(offer::changes(before, &self.grant.terms))
    }

    /// Says to who gives grants why this one has no effect yet, and what to do.
    pub fn problem(&self) -> Option<String> {
        let (group, host) = (&self.group.actor.name, &self.partner.host);
        self.without_effect.map(|reason| match reason {
            Reason::GroupInternal => format!(
                "nobody outside sees the group until `guildhall group stage {group} partners`"
            ),
            Reason::PartnershipPaused => {
                format!("the partnership is paused until `guildhall partner resume {host}`")
            }
            Reason::GrantEnded => format!(
                "it begins at {} and ends {}",
                self.grant.terms.from,
                self.grant
                    .terms
                    .until
                    .map_or_else(|| "never".to_owned(), |until| format!("at {until}"))
            ),
            other => other.sentence().to_owned(),
        })
    }
}

/// What went with a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Deliveries that waited and now never leave.
    pub cancelled: usize,
    /// People of the partner who are no longer members.
    pub members: usize,
    /// Posts that the partner is asked to throw away.
    pub asked_back: usize,
}

/// Takes a grant back. Everything it allowed ends with the commit: what was queued is cancelled,
/// the partner's people are members no more and must ask again should a grant come again. Unless its copies are left to it,
/// the partner is asked to throw away what it got.
///
/// # Errors
/// [`Error::NotFound`] when the asker may not know the group, [`Error::Conflict`] when the group is
/// not open to that partner.
pub async fn remove(
    app: &App,
    viewer: Viewer,
    group: Handle,
    host: Host,
    copies: Copies,
) -> Result<Closed> {
    let asker = app.asker(viewer);
    let group = group.seen_from(app.config.host());
    let partner = host.clone();
    let closed = app
        .db
        .write("remove_grant", move |connection| {
            let (permit, group) = permit_boundary(connection, &asker, &group)?;
            let (partner, grant) = find_standing(connection, &group, &host)?;
            let mut closed = close(connection, &asker, &permit, &group, &partner, &grant)?;
            tell_of_end(connection, &asker, &grant)?;
            if copies == Copies::AskedBack {
                let cause = RetractionCause::GrantEnded;
                let asked =
                    retractions::ask_for_group(connection, &asker, &partner, &group, cause)?;
                closed.asked_back = asked.posts;
            }
            Ok(closed)
        })
        .await?;
    app.bells.events.notify_one();
    deliveries::settle_cancelled(app, Some(partner)).await?;
    Ok(closed)
}

/// Standing grants: of one group for its owners, or of all groups (perhaps to one partner) for
/// administrators.
pub async fn list(
    app: &App,
    viewer: Viewer,
    group: Option<Handle>,
    host: Option<Host>,
) -> Result<Vec<Standing>> {
    let asker = app.asker(viewer);
    let group = group.map(|group| group.seen_from(app.config.host()));
    app.db
        .read("list_grants", move |connection| {
            let group = match group {
                Some(group) => Some(permit_boundary(connection, &asker, &group)?.1.id),
                None => {
                    access::permit_house::<act::ManagePartners>(&asker)?;
                    None
                }
            };
            let partner = match host {
                Some(host) => Some(find_partner(connection, &host)?.id),
                None => None,
            };
            storage::grants::list_standing(connection, group, partner)?
                .into_iter()
                .map(|grant| with_circumstances(connection, &asker, grant))
                .collect()
        })
        .await
}

/// Partners that the group can be opened to and is not yet, for who may open it.
pub async fn list_candidates(app: &App, viewer: Viewer, group: Handle) -> Result<Vec<Partner>> {
    let asker = app.asker(viewer);
    let group = group.seen_from(app.config.host());
    app.db
        .read("list_grant_candidates", move |connection| {
            let (_, group) = permit_boundary(connection, &asker, &group)?;
            let standing = storage::grants::list_standing(connection, Some(group.id), None)?;
            let mut partners = storage::partners::list(connection)?;
            partners.retain(|partner| {
                matches!(partner.state, PartnerState::Active | PartnerState::Paused)
                    && standing.iter().all(|grant| grant.partner != partner.id)
            });
            Ok(partners)
        })
        .await
}

/// Ends a grant with everything that hangs on it, in the transaction of the caller.
pub(super) fn close(
    connection: &mut Connection,
    asker: &Asker,
    permit: &Permit<act::ChangeBoundary>,
    group: &Group,
    partner: &Partner,
    grant: &Grant,
) -> Result<Closed> {
    let host = &partner.host;
    storage::grants::end(connection, permit, grant.id, asker.now)?;
    if !partner.mutual {
        turn_away(connection, asker, group, host)?;
    }
    let queued = Cancel::OfGroupToHost(group.id, host);
    let closed = Closed {
        cancelled: storage::deliveries::cancel(connection, &queued, "the grant ended", asker.now)?
            .len(),
        members: storage::memberships::remove_of_host(connection, permit, host)?,
        asked_back: 0,
    };
    let name = &group.actor.name;
    if closed.cancelled > 0 {
        let detail = format!("{} of {name}: the grant ended", closed.cancelled);
        let action = AuditAction::DeliveriesCancelled;
        audit::note(connection, asker, action, host.as_str(), &detail)?;
    }
    let removed = counted_here(closed.members, "member", "members");
    let detail = format!("{host}; {removed} removed");
    audit::note(connection, asker, AuditAction::GrantEnded, name, &detail)?;
    Ok(closed)
}

/// Tells the people of a server that knows nothing of grants that they are members no more, as any
/// group does that puts somebody out: otherwise their server would go on showing them as such.
fn turn_away(connection: &mut Connection, asker: &Asker, group: &Group, host: &Host) -> Result<()> {
    for (person, follow) in storage::memberships::list_follows(connection, group.id, host)? {
        memberships::tell_rejected(connection, asker, group, person, &follow)?;
    }
    Ok(())
}

/// Grants that are ended in one transaction because their time is over.
const EXPIRED_PER_STEP: i64 = 50;

/// Ends the grants whose time is over, with everything that hangs on them; how many. Since that moment
/// policy counts them no more: this puts the people out who came by them, and tells their servers.
pub async fn end_expired(app: &App) -> Result<usize> {
    let asker = app.asker(Viewer::Operator);
    let now = asker.now;
    let any = app.db.read("find_expired_grants", move |connection| {
        storage::grants::list_expired(connection, now, 1)
    });
    if any.await?.is_empty() {
        return Ok(0);
    }
    let ended = app
        .db
        .write_patiently("end_expired_grants", move |connection| {
            let expired = storage::grants::list_expired(connection, now, EXPIRED_PER_STEP)?;
            for grant in &expired {
                end_with_all(connection, &asker, grant)?;
            }
            Ok(expired.len())
        })
        .await?;
    app.bells.events.notify_one();
    Ok(ended)
}

/// Ends a grant nobody takes back: its time is over.
fn end_with_all(connection: &mut Connection, asker: &Asker, grant: &Grant) -> Result<()> {
    let (permit, group) = access::permit(connection, asker, grant.group)?;
    let partner = storage::partners::find(connection, grant.partner)?.ok_or(Error::NotFound)?;
    close(connection, asker, &permit, &group, &partner, grant)?;
    tell_of_end(connection, asker, grant)?;
    let cause = RetractionCause::GrantEnded;
    retractions::ask_for_group(connection, asker, &partner, &group, cause).map(drop)
}

/// Lets the partner know that a grant ended.
pub(super) fn tell_of_end(connection: &mut Connection, asker: &Asker, grant: &Grant) -> Result<()> {
    tell(connection, asker, EventKind::GrantEnded, grant)
}

fn tell(connection: &mut Connection, asker: &Asker, kind: EventKind, grant: &Grant) -> Result<()> {
    let event = NewEvent {
        kind,
        // Servers agree on grants, whoever of their people decided it.
        actor: house::instance_actor(connection)?.id,
        group: Some(grant.group),
        post: None,
        object: Some(grant.id.0),
        activity: None,
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

fn permit_boundary(
    connection: &mut Connection,
    asker: &Asker,
    group: &Handle,
) -> Result<(Permit<act::ChangeBoundary>, Group)> {
    let group = storage::groups::find_by_handle(connection, group)?.ok_or(Error::NotFound)?;
    access::permit(connection, asker, group.id)
}

fn find_partner(connection: &mut Connection, host: &Host) -> Result<Partner> {
    storage::partners::find_by_host(connection, host)?.ok_or_else(|| {
        Error::Conflict(format!(
            "there is no partnership with {host}; make one first with an invitation"
        ))
    })
}

/// The partnership that a grant can be given in: one that stands, though perhaps paused.
fn find_standing_partner(connection: &mut Connection, host: &Host) -> Result<Partner> {
    let partner = find_partner(connection, host)?;
    match partner.state {
        PartnerState::Active | PartnerState::Paused => Ok(partner),
        PartnerState::Invited | PartnerState::Ended | PartnerState::Blocked => {
            Err(Error::Conflict(format!(
                "the partnership with {host} is {}: a group can be opened only to a partner",
                partner.state
            )))
        }
    }
}

fn find_standing(
    connection: &mut Connection,
    group: &Group,
    host: &Host,
) -> Result<(Partner, Grant)> {
    let partner = find_partner(connection, host)?;
    match storage::grants::find_standing(connection, group.id, partner.id)? {
        Some(grant) => Ok((partner, grant)),
        None => Err(Error::Conflict(format!(
            "{} is not open to {host}: there is no grant to remove",
            group.actor.name
        ))),
    }
}

fn with_circumstances(
    connection: &mut Connection,
    asker: &Asker,
    grant: Grant,
) -> Result<Standing> {
    let group = storage::groups::find(connection, grant.group)?.ok_or(Error::NotFound)?;
    let partner = storage::partners::find(connection, grant.partner)?.ok_or(Error::NotFound)?;
    let effect = access::grant_effect(connection, asker, &group, &partner.host)?;
    Ok(Standing {
        grant,
        group,
        partner,
        without_effect: effect.err(),
        replaced: None,
    })
}
