//! Naming people for a group: putting them in, inviting them, or suggesting them to its moderators.

use super::colleagues::invite_colleague;
use super::moderators::tell_moderators;
use super::{fresh, keep_an_owner, tell};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, ActorKind, ActorState, AuditAction, EventKind, Group, GroupId, GroupRole,
    Handle, InvitedHandle, Membership, MembershipState,
};
use crate::error::{Error, Result};
use crate::policy::{self, Reason, Viewer, act};
use crate::services::directory::{self, Entry};
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Names somebody for a group by handle. A server that is a partner is asked who that is, where
/// nobody here has met them; whom it does not tell of is invited by handle alone, as by [`invite`].
///
/// # Errors
/// [`Error::Invalid`] when nobody is found and nobody can be invited so.
pub async fn add_by_handle(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
    role: GroupRole,
) -> Result<MembershipState> {
    let asker = app.asker(viewer.clone());
    // Before anything is asked of anybody: who may not invite does not find out who is there.
    let is_ours = app
        .db
        .read("may_invite", move |connection| {
            let (_, group) = access::permit::<act::Invite>(connection, &asker, group)?;
            Ok(group.is_local())
        })
        .await?;
    let nobody = || {
        let sentence = format!(
            "nobody was found under {handle}: a colleague has a name like ada, somebody at a partner a handle like bo@community.partner.example"
        );
        Error::invalid("handle", sentence)
    };
    let here = handle.clone().seen_from(app.config.host());
    if !is_ours && here.host.is_none() {
        let invited = invite_colleague(app, viewer, group, here).await;
        return invited.map_err(|error| match error {
            Error::NotFound => Error::invalid("handle", format!("nobody here is called {handle}")),
            other => other,
        });
    }
    if !is_ours {
        let sentence = "only colleagues are invited into a group elsewhere: write a name like ada";
        return Err(Error::invalid("handle", sentence));
    }
    let outcome = match directory::look_up(app, viewer.clone(), handle.clone()).await {
        Ok(Entry::Person(person)) => return add(app, viewer, group, person.id, role).await,
        Ok(Entry::Group { .. }) => Err(Error::NotFound),
        Err(Error::NotFound) => invite(app, viewer, group, handle.clone(), role).await,
        Err(error) => Err(error),
    };
    outcome.map_err(|error| match error {
        Error::NotFound => nobody(),
        other => other,
    })
}

/// Names somebody for a group. Moderators put colleagues in at once; people elsewhere when they
/// asked already, otherwise as an invitation that their join completes. Members who are no
/// moderators only suggest: that is a request, and a moderator decides.
pub async fn add(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    actor: ActorId,
    role: GroupRole,
) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let state = app
        .db
        .write("add_member", move |connection| {
            let group = permit_naming(connection, &asker, group)?;
            let person = storage::actors::find(connection, actor)?.ok_or(Error::NotFound)?;
            if person.kind != ActorKind::Person || person.state != ActorState::Active {
                return Err(Error::NotFound);
            }
            let known = storage::memberships::find(connection, group.id, actor)?;
            only_managers_change_roles(connection, &asker, &group, known.as_ref(), role)?;
            let facts = access::group_facts(connection, &asker, &group)?;
            let outcome = policy::invitation_outcome(&asker.viewer, &facts);
            if outcome == MembershipState::Requested && known.is_some() {
                // A suggestion changes nothing that stands, and does not tell what does.
                return Ok(outcome);
            }
            let was = known.clone();
            let membership = known.unwrap_or_else(|| fresh(&group, actor, outcome, &asker));
            let state = match outcome {
                MembershipState::Requested => outcome,
                _ => let_in_or_invite(connection, &asker, &group, &person, &membership)?,
            };
            let membership = Membership {
                state,
                role,
                banned_until: None,
                ..membership
            };
            storage::memberships::save(connection, &membership)?;
            if outcome != MembershipState::Requested && group.is_local() && !person.is_local() {
                storage::first_contacts::meet(connection, group.id, actor)?;
            }
            tell_moderators(connection, &asker, &group, was.as_ref(), Some(&membership))?;
            if state == MembershipState::Invited {
                tell_invited(
                    connection,
                    &asker,
                    &group,
                    Some(person.id),
                    &person.handle(),
                )?;
            }
            let detail = format!("{} as {role}: {state}", person.handle());
            audit::note(
                connection,
                &asker,
                AuditAction::MemberAdded,
                &group.actor.name,
                &detail,
            )?;
            Ok(state)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

/// The group, when it is one of ours and the viewer may name people for it.
fn permit_naming(connection: &mut Connection, asker: &Asker, group: GroupId) -> Result<Group> {
    let (_, group) = access::permit::<act::Invite>(connection, asker, group)?;
    match group.is_local() {
        true => Ok(group),
        false => Err(Error::Denied(Reason::NotForRemote)),
    }
}

/// What naming somebody comes to when it is no mere suggestion: colleagues are in, and people
/// elsewhere who asked already; others there are invited.
pub(super) fn let_in_or_invite(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Actor,
    was: &Membership,
) -> Result<MembershipState> {
    match (person.is_local(), was.state) {
        (true, _) | (false, MembershipState::Member) => Ok(MembershipState::Member),
        (false, MembershipState::Requested) if was.follow.is_some() => {
            if let Some(host) = &person.host {
                access::refuse_indiscreet(connection, asker, group, host)?;
            }
            let (kind, follow) = (EventKind::JoinAccepted, was.follow.as_ref());
            tell(connection, asker, kind, group, person.id, follow)?;
            Ok(MembershipState::Member)
        }
        (false, _) => {
            // An invitation that nobody can follow would only look like one.
            if let Some(host) = &person.host {
                access::grant_effect(connection, asker, group, host)?.map_err(Error::Denied)?;
            }
            Ok(MembershipState::Invited)
        }
    }
}

/// Who lets people in does not thereby make owners, nor an owner a member.
fn only_managers_change_roles(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    known: Option<&Membership>,
    role: GroupRole,
) -> Result<()> {
    let before = known.map_or(GroupRole::Member, |known| known.role);
    if role == before {
        return Ok(());
    }
    access::permit::<act::ManageGroup>(connection, asker, group.id)?;
    match known {
        Some(known) if role < before => keep_an_owner(connection, group, known),
        _ => Ok(()),
    }
}

/// Invites somebody elsewhere of whom only the handle is known: a partner's server tells of its people
/// only to whom it shares a group with. The invitation reaches that server; following it completes it.
///
/// # Errors
/// [`Error::Denied`] for who may not invite, and when the group is not open to that server.
pub async fn invite(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
    role: GroupRole,
) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let handle = handle.seen_from(app.config.host());
    let Some(host) = handle.host.clone() else {
        return Err(Error::NotFound);
    };
    let state = app
        .db
        .write("invite_by_handle", move |connection| {
            let group = permit_naming(connection, &asker, group)?;
            let facts = access::group_facts(connection, &asker, &group)?;
            // Who only suggests names people that a moderator can look at.
            if policy::invitation_outcome(&asker.viewer, &facts) != MembershipState::Invited {
                return Err(Error::Denied(Reason::NotModerator));
            }
            access::grant_effect(connection, &asker, &group, &host)?.map_err(Error::Denied)?;
            only_managers_change_roles(connection, &asker, &group, None, role)?;
            let whom = (handle.name.as_str(), &host);
            storage::memberships::invite_handle(connection, group.id, whom, role, asker.now)?;
            tell_invited(connection, &asker, &group, None, &handle)?;
            let detail = format!("{handle} as {role}: invited");
            let name = &group.actor.name;
            audit::note(connection, &asker, AuditAction::MemberAdded, name, &detail)?;
            Ok(MembershipState::Invited)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

fn tell_invited(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: Option<ActorId>,
    handle: &Handle,
) -> Result<()> {
    let event = NewEvent {
        kind: EventKind::Invited,
        // The group asks, whoever of its moderators thought of it.
        actor: group.actor.id,
        group: Some(group.id),
        post: None,
        object: person.map(|person| person.0),
        activity: Some(handle.to_string()),
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

/// Who is invited to a group by handle, for who moderates it.
pub async fn list_invited(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<InvitedHandle>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_invited_handles", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            storage::memberships::list_invited_handles(connection, group.id)
        })
        .await
}

/// Takes an invitation by handle back.
///
/// # Errors
/// [`Error::NotFound`] when nobody of that handle is invited so.
pub async fn withdraw_invitation(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    handle: Handle,
) -> Result<()> {
    let asker = app.asker(viewer);
    let host = handle.host.clone().ok_or(Error::NotFound)?;
    app.db
        .write("withdraw_invitation", move |connection| {
            let (_, group) = access::permit::<act::Moderate>(connection, &asker, group)?;
            let (name, id) = (handle.name.as_str(), group.id);
            if !storage::memberships::remove_invited_handle(connection, id, name, &host)? {
                return Err(Error::NotFound);
            }
            audit::note(
                connection,
                &asker,
                AuditAction::MemberRemoved,
                &group.actor.name,
                &handle.to_string(),
            )
        })
        .await
}
