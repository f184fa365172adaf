//! Inviting colleagues into a group elsewhere, as far as its house lets us; and people of a partner's who
//! invite theirs into a group of ours. Such an invitation gives no role, undoes no ban, and passes nobody by
//! moderators who want to look first.

use super::invite::let_in_or_invite;
use super::moderators::tell_moderators;
use super::{Invitee, fresh, tell};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, ActorKind, AuditAction, EventKind, Group, GroupId, GroupRole, Handle, Host,
    Membership, MembershipState, OrgRole, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, accounts, audit, first_contacts};
use crate::storage::{self, Connection};

/// Invitations by handle of one server's people that may wait in one group.
const WAITING_MAX: usize = 100;

/// Invites somebody of this house into a group elsewhere, for a member there: the colleague sees the group from
/// now on, and its house is told, which lets them in when they join.
///
/// # Errors
/// [`Error::NotFound`] when nobody here has that name; [`Error::Denied`] where our people may not invite.
pub(super) async fn invite_colleague(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let state = app
        .db
        .write("invite_colleague", move |connection| {
            let (_, group) = access::permit::<act::Invite>(connection, &asker, group)?;
            let person = find_colleague(connection, &handle)?;
            let known = storage::memberships::find(connection, group.id, person)?;
            match known.map(|known| known.state) {
                Some(MembershipState::Banned) => {
                    return Err(Error::Conflict(format!(
                        "{handle} is shut out of this group: its moderators decide"
                    )));
                }
                Some(known @ (MembershipState::Member | MembershipState::Invited)) => {
                    return Ok(known);
                }
                // Who asked already is let in by it.
                Some(MembershipState::Requested) => {}
                None => {
                    let invited = fresh(&group, person, MembershipState::Invited, &asker);
                    storage::memberships::save(connection, &invited)?;
                }
            }
            let kind = EventKind::ColleagueInvited;
            tell(connection, &asker, kind, &group, person, None)?;
            let (name, detail) = (
                group.actor.handle().to_string(),
                format!("{handle}: invited"),
            );
            audit::note(connection, &asker, AuditAction::MemberAdded, &name, &detail)?;
            Ok(MembershipState::Invited)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

/// Guests are here, but of another organization.
fn find_colleague(connection: &mut Connection, handle: &Handle) -> Result<ActorId> {
    let account = storage::accounts::find_by_name(connection, &handle.name)?
        .filter(accounts::is_usable)
        .ok_or(Error::NotFound)?;
    match account.role {
        OrgRole::Guest => Err(Error::Conflict(format!(
            "{handle} is a guest: only colleagues are invited into groups elsewhere"
        ))),
        _ => Ok(account.actor.id),
    }
}

/// May somebody elsewhere invite that person into a group of ours? Whose people they name was read from the
/// activity.
pub(in crate::services) fn check_invitation(
    connection: &mut Connection,
    asker: &Asker,
    group: &Uri,
    invitee: &Invitee,
) -> Result<(Group, Option<Actor>)> {
    let group = storage::groups::find_by_uri(connection, group)?.ok_or(Error::NotFound)?;
    let (_, group) = access::permit::<act::Invite>(connection, asker, group.id)?;
    if !group.is_local() {
        return Err(Error::Denied(Reason::NotForRemote));
    }
    let person = match invitee {
        Invitee::Uri(uri) => storage::actors::find_by_uri(connection, uri)?,
        Invitee::Handle(handle) => storage::actors::find_by_handle(connection, handle)?,
    };
    let host = asker.viewer.host().ok_or(Error::NotFound)?.clone();
    let theirs =
        |person: &Actor| person.kind == ActorKind::Person && person.host.as_ref() == Some(&host);
    if person.as_ref().is_some_and(|person| !theirs(person)) {
        return Err(Error::Denied(Reason::CannotInvite));
    }
    let newcomer = Viewer::Person {
        actor: person.as_ref().map_or(ActorId(0), |person| person.id),
        host,
    };
    match first_contacts::known(connection, &newcomer, &group)?.met {
        true => Ok((group, person)),
        false => Err(Error::Denied(Reason::LooksFirst)),
    }
}

/// Somebody elsewhere invites one of their house into a group of ours.
pub(in crate::services) fn receive_invitation(
    connection: &mut Connection,
    asker: &Asker,
    group: &Uri,
    invitee: &Invitee,
) -> Result<()> {
    let (group, person) = check_invitation(connection, asker, group, invitee)?;
    match (person, invitee) {
        (Some(person), _) => invite_known(connection, asker, &group, &person),
        (None, Invitee::Handle(handle)) => invite_unmet(connection, asker, &group, handle),
        // An address that nobody here has met says nothing of who that is.
        (None, Invitee::Uri(_)) => Err(Error::NotFound),
    }
}

fn invite_known(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
) -> Result<()> {
    let known = storage::memberships::find(connection, group.id, person.id)?;
    match known.as_ref().map(|known| known.state) {
        Some(MembershipState::Member | MembershipState::Invited) => return Ok(()),
        Some(MembershipState::Banned) => return Err(Error::Denied(Reason::CannotInvite)),
        Some(MembershipState::Requested) | None => {}
    }
    let was = known.clone();
    let invited = MembershipState::Invited;
    let membership = known.unwrap_or_else(|| fresh(group, person.id, invited, asker));
    let state = let_in_or_invite(connection, asker, group, person, &membership)?;
    let membership = Membership {
        state,
        ..membership
    };
    storage::memberships::save(connection, &membership)?;
    tell_moderators(connection, asker, group, was.as_ref(), Some(&membership))?;
    note(connection, asker, group, &person.handle(), state)
}

/// Of whom only the handle is known; their server tells more when they come.
fn invite_unmet(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    handle: &Handle,
) -> Result<()> {
    let Some(host) = &handle.host else {
        return Err(Error::NotFound);
    };
    let waiting = storage::memberships::list_invited_handles(connection, group.id)?;
    if waiting.iter().any(|one| one.handle == *handle) {
        return Ok(());
    }
    let of_host = |waits: &Host| waits == host;
    if waiting
        .iter()
        .filter(|one| one.handle.host.as_ref().is_some_and(of_host))
        .count()
        >= WAITING_MAX
    {
        return Err(Error::Conflict("too many invitations wait already".into()));
    }
    let whom = (handle.name.as_str(), host);
    storage::memberships::invite_handle(connection, group.id, whom, GroupRole::Member, asker.now)?;
    note(connection, asker, group, handle, MembershipState::Invited)
}

fn note(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    handle: &Handle,
    state: MembershipState,
) -> Result<()> {
    let (name, detail) = (&group.actor.name, format!("{handle}: {state}"));
    audit::note(connection, asker, AuditAction::MemberAdded, name, &detail)
}
