//! The servers that news go to, and their inboxes.

use crate::app::Asker;
use crate::domain::{
    Actor, ActorId, ActorKind, ActorState, Group, Handle, Host, MembershipState, PartnerState, Uri,
};
use crate::error::Result;
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage::{self, Connection};

/// The partners' servers that may learn of an actor of this house, with an inbox of each. For partners
/// that are paused or stopped, to whom nothing is shown now, it is kept: for those that the actor has to do with.
pub(super) fn partners_who_know(
    connection: &mut Connection,
    asker: &Asker,
    actor: &Actor,
    group: Option<&Group>,
) -> Result<Vec<(Host, Uri)>> {
    let account = storage::accounts::find(connection, actor.id)?;
    let mut knowing = Vec::new();
    for partner in storage::partners::list(connection)? {
        let paused = match partner.state {
            PartnerState::Active => {
                let group = group.map(|group| group.id);
                access::is_stopped(connection, Some(&partner.host), group)?
            }
            PartnerState::Paused => true,
            PartnerState::Invited | PartnerState::Ended | PartnerState::Blocked => continue,
        };
        let server = Asker {
            viewer: Viewer::Server {
                host: partner.host.clone(),
            },
            ..asker.clone()
        };
        let knows = match (group, &account) {
            (Some(group), _) if paused => {
                let member = MembershipState::Member;
                storage::memberships::any_on_host(connection, group.id, &partner.host, member)?
            }
            (None, Some(_)) if paused => {
                let (host, now) = (&partner.host, asker.now);
                storage::memberships::shares_group_with(connection, actor.id, host, now)?
            }
            (Some(group), _) => access::permit::<act::Know>(connection, &server, group.id).is_ok(),
            (None, Some(_)) => access::permit_person(connection, &server, account.clone()).is_ok(),
            // The server itself, which everybody knows.
            (None, None) => true,
        };
        if !knows {
            continue;
        }
        if let Some(inbox) = storage::actors::find_inbox_at(connection, &partner.host)? {
            knowing.push((partner.host, inbox));
        }
    }
    Ok(knowing)
}

/// Leaves out the partners that are not to learn of another partner's people: what they like, and how
/// they stand.
pub(super) fn keep_apart(
    connection: &mut Connection,
    person: ActorId,
    group: &Group,
    hosts: &mut Vec<(Host, Uri)>,
) -> Result<()> {
    let by = storage::actors::find(connection, person)?.and_then(|by| by.host);
    let Some(by) = by else { return Ok(()) };
    let mut told = Vec::with_capacity(hosts.len());
    for (host, inbox) in hosts.drain(..) {
        if host == by || !learns_only_of_us(connection, group, &host)? {
            told.push((host, inbox));
        }
    }
    *hosts = told;
    Ok(())
}

/// Whether a partner's people do not learn what other partners' people do in the group.
fn learns_only_of_us(connection: &mut Connection, group: &Group, host: &Host) -> Result<bool> {
    let bond = storage::grants::find_for_host(connection, group.id, host)?;
    Ok(bond.terms.is_some_and(|terms| terms.apart))
}

/// The server of somebody of whom only the handle is known: where the partner's own actor lives.
pub(super) fn address_server_of(
    connection: &mut Connection,
    handle: &str,
) -> Result<Vec<(Host, Uri)>> {
    let Some(host) = handle.parse::<Handle>()?.host else {
        return Ok(Vec::new());
    };
    let partner = storage::partners::find_by_host(connection, &host)?;
    let Some(instance) = partner.and_then(|partner| partner.instance) else {
        return Ok(Vec::new());
    };
    let instance = storage::actors::find_by_uri(connection, &instance)?;
    Ok(instance.as_ref().map(address).unwrap_or_default())
}

pub(super) fn address(actor: &Actor) -> Vec<(Host, Uri)> {
    address_at(actor, actor.delivery_inbox())
}

/// A group is addressed itself: its server may know it by its inbox only.
pub(super) fn address_group(group: &Actor) -> Vec<(Host, Uri)> {
    debug_assert_eq!(group.kind, ActorKind::Group);
    address_at(group, &group.inbox)
}

/// Nobody who is quarantined or shut out is written to: their inbox may be on any server.
fn address_at(actor: &Actor, inbox: &Uri) -> Vec<(Host, Uri)> {
    match (&actor.host, actor.state) {
        (Some(host), ActorState::Active) => vec![(host.clone(), inbox.clone())],
        _ => Vec::new(),
    }
}
