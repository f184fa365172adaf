//! Coming and going across servers: people elsewhere who ask, leave or are invited, and what groups
//! elsewhere answer to people of ours.

use super::moderators::tell_moderators;
use super::{fresh, tell};
use crate::app::Asker;
use crate::domain::{
    Actor, AuditAction, EventKind, Group, GroupRole, Handle, Host, Membership, MembershipState,
    Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::{self, Viewer, act};
use crate::services::{access, accounts, audit, dialects};
use crate::storage::{self, Connection};

/// Somebody elsewhere asks to join a group of ours.
pub(in crate::services) fn receive_follow(
    connection: &mut Connection,
    asker: &Asker,
    person: &Actor,
    group: &Group,
    follow: &Uri,
) -> Result<()> {
    let (_, group) = access::permit::<act::Join>(connection, asker, group.id)?;
    if let Some(host) = &person.host {
        dialects::ask_software(connection, host, asker.now)?;
    }
    let facts = access::group_facts(connection, asker, &group)?;
    let state = policy::join_outcome(&asker.viewer, &facts);
    let known = storage::memberships::find(connection, group.id, person.id)?;
    let was = known.clone();
    let membership = match known {
        Some(known) => known,
        None => Membership {
            role: take_invitation(connection, &group, person)?,
            ..fresh(&group, person.id, state, asker)
        },
    };
    let membership = Membership {
        state,
        follow: Some(follow.clone()),
        // A ban that let them ask again is over.
        banned_until: None,
        ..membership
    };
    storage::memberships::save(connection, &membership)?;
    storage::bans::remove(connection, group.id, person.id)?;
    tell_moderators(connection, asker, &group, was.as_ref(), Some(&membership))?;
    if state == MembershipState::Member {
        tell(
            connection,
            asker,
            EventKind::JoinAccepted,
            &group,
            person.id,
            Some(follow),
        )?;
    }
    audit::note(
        connection,
        asker,
        AuditAction::MemberJoined,
        &group.actor.name,
        state.as_str(),
    )
}

/// As what somebody new comes in: as they were invited by handle, which is done with now.
fn take_invitation(
    connection: &mut Connection,
    group: &Group,
    person: &Actor,
) -> Result<GroupRole> {
    let role = storage::memberships::find_invited_handle(connection, group.id, person.id)?;
    if let Some(host) = &person.host {
        storage::memberships::remove_invited_handle(connection, group.id, &person.name, host)?;
    }
    Ok(role.unwrap_or(GroupRole::Member))
}

/// Whom an invitation from elsewhere names: by address, or by handle where that is all they know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitee {
    Uri(Uri),
    Handle(Handle),
}

/// Invitations from elsewhere that may wait for one person; further ones change nothing.
const INVITATIONS_WAITING_MAX: i64 = 100;

/// A group elsewhere asks one of ours to come. Its house vouches for it, whoever there thought of it;
/// the answer, if any, is a request to join.
pub(in crate::services) fn receive_invite(
    connection: &mut Connection,
    asker: &Asker,
    ourselves: &Host,
    group: &Group,
    invitee: &Invitee,
) -> Result<()> {
    let house = group.home().cloned().ok_or(Error::NotFound)?;
    let its_server = Asker {
        viewer: Viewer::Server { host: house },
        ..asker.clone()
    };
    access::permit::<act::Know>(connection, &its_server, group.id)?;
    let person = match invitee {
        Invitee::Uri(uri) => storage::actors::find_by_uri(connection, uri)?,
        Invitee::Handle(handle) if handle.host.as_ref() == Some(ourselves) => {
            storage::accounts::find_by_name(connection, &handle.name)?.map(|found| found.actor)
        }
        Invitee::Handle(_) => None,
    };
    let person = person.ok_or(Error::NotFound)?.id;
    let usable = storage::accounts::find(connection, person)?
        .is_some_and(|account| accounts::is_usable(&account));
    if !usable || storage::memberships::find(connection, group.id, person)?.is_some() {
        return Ok(());
    }
    let invited = MembershipState::Invited;
    if storage::memberships::count_of_actor(connection, person, invited)? >= INVITATIONS_WAITING_MAX
    {
        return Err(Error::Conflict("too many invitations wait already".into()));
    }
    storage::memberships::save(connection, &fresh(group, person, invited, asker))
}

/// Somebody elsewhere leaves a group of ours.
pub(in crate::services) fn receive_unfollow(
    connection: &mut Connection,
    asker: &Asker,
    person: &Actor,
    group: &Group,
) -> Result<()> {
    let (_, group) = access::permit::<act::Leave>(connection, asker, group.id)?;
    let was = storage::memberships::find(connection, group.id, person.id)?;
    storage::memberships::remove(connection, group.id, person.id)?;
    tell_moderators(connection, asker, &group, was.as_ref(), None)?;
    audit::note(
        connection,
        asker,
        AuditAction::MemberLeft,
        &group.actor.name,
        "",
    )
}

/// A group elsewhere lets somebody of ours in. Only the group that was asked can.
pub(in crate::services) fn receive_accept(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    follow: &Uri,
) -> Result<()> {
    let asked = storage::memberships::find_by_follow(connection, group.id, follow)?
        .ok_or(Error::NotFound)?;
    if asked.state == MembershipState::Requested {
        let_in(connection, asker, group, asked)?;
    }
    Ok(())
}

/// Who asked is a member now; what was said before they came is fetched.
pub(super) fn let_in(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    asked: Membership,
) -> Result<()> {
    let member = Membership {
        state: MembershipState::Member,
        since: asker.now,
        ..asked
    };
    storage::memberships::save(connection, &member)?;
    storage::groups::set_withdrawn(connection, group.id, None)?;
    storage::jobs::insert(connection, &Work::Backfill { group: group.id.0 }, asker.now).map(drop)
}

/// A group elsewhere refuses somebody of ours or puts them out.
pub(in crate::services) fn receive_reject(
    connection: &mut Connection,
    group: &Group,
    follow: &Uri,
) -> Result<()> {
    let asked = storage::memberships::find_by_follow(connection, group.id, follow)?
        .ok_or(Error::NotFound)?;
    storage::memberships::remove(connection, group.id, asked.actor)
}
