//! What people do themselves: joining a group, leaving it, and leaving all when they are erased.

use super::moderators::tell_moderators;
use super::{fresh, is_last_owner, keep_an_owner, tell};
use crate::app::{App, Asker};
use crate::domain::{
    Account, ActorId, AuditAction, EventKind, Group, GroupId, Membership, MembershipState,
};
use crate::error::{Error, Result};
use crate::policy::{self, Reason, Viewer, act};
use crate::services::{access, accounts, audit, house};
use crate::storage::{self, Connection};

/// Joins a group: at once, or as a request that a moderator (or the group's own house) answers.
pub async fn join(app: &App, viewer: Viewer, group: GroupId) -> Result<MembershipState> {
    let asker = app.asker(viewer);
    let addresses = app.addresses();
    let state = app
        .db
        .write("join_group", move |connection| {
            let (_, group) = access::permit::<act::Join>(connection, &asker, group)?;
            let actor = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            let known = storage::memberships::find(connection, group.id, actor)?;
            if let Some(known) = known
                .as_ref()
                .filter(|known| known.state == MembershipState::Member)
            {
                return Ok(known.state);
            }
            let state = policy::join_outcome(
                &asker.viewer,
                &access::group_facts(connection, &asker, &group)?,
            );
            let mut membership = fresh(&group, actor, state, &asker);
            if !group.is_local() {
                // Asking again is harmless: the answer to an earlier request may have been lost.
                let event = tell(
                    connection,
                    &asker,
                    EventKind::JoinRequested,
                    &group,
                    actor,
                    None,
                )?;
                membership.follow = Some(addresses.activity("follow", event.0));
            }
            storage::memberships::save(connection, &membership)?;
            audit::note(
                connection,
                &asker,
                AuditAction::MemberJoined,
                &group.actor.handle().to_string(),
                state.as_str(),
            )?;
            Ok(state)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(state)
}

/// Leaves a group, or takes a request back.
pub async fn leave(app: &App, viewer: Viewer, group: GroupId) -> Result<()> {
    let asker = app.asker(viewer);
    app.db
        .write("leave_group", move |connection| {
            let (_, group) = access::permit::<act::Leave>(connection, &asker, group)?;
            let actor = asker
                .viewer
                .actor()
                .ok_or(Error::Denied(Reason::SignInNeeded))?;
            let membership =
                storage::memberships::find(connection, group.id, actor)?.ok_or(Error::NotFound)?;
            keep_an_owner(connection, &group, &membership)?;
            if !group.is_local() {
                tell(
                    connection,
                    &asker,
                    EventKind::Left,
                    &group,
                    actor,
                    membership.follow.as_ref(),
                )?;
            }
            storage::memberships::remove(connection, group.id, actor)?;
            tell_moderators(connection, &asker, &group, Some(&membership), None)?;
            audit::note(
                connection,
                &asker,
                AuditAction::MemberLeft,
                &group.actor.handle().to_string(),
                "",
            )
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

/// People of this house follow a group to the house it moved to: they ask to join there, as if they had
/// found it themselves. Who may not (a guest, say), or has something to do with the new group already,
/// stays as they are.
pub(in crate::services) fn follow_move(
    connection: &mut Connection,
    asker: &Asker,
    old: &Group,
    new: &Group,
) -> Result<()> {
    let addresses = house::addresses(connection)?;
    for account in members_here(connection, old)? {
        let person = Asker {
            viewer: accounts::viewer_of(&account),
            ..asker.clone()
        };
        let actor = account.actor.id;
        let known = storage::memberships::find(connection, new.id, actor)?.is_some();
        if known || access::permit::<act::Join>(connection, &person, new.id).is_err() {
            continue;
        }
        let kind = EventKind::JoinRequested;
        let event = tell(connection, &person, kind, new, actor, None)?;
        let membership = Membership {
            follow: Some(addresses.activity("follow", event.0)),
            ..fresh(new, actor, MembershipState::Requested, asker)
        };
        storage::memberships::save(connection, &membership)?;
    }
    Ok(())
}

/// People of this house who are in a group elsewhere are in the group of ours that it becomes.
pub(in crate::services) fn bring_in(
    connection: &mut Connection,
    asker: &Asker,
    old: &Group,
    new: &Group,
) -> Result<()> {
    for account in members_here(connection, old)? {
        let actor = account.actor.id;
        if storage::memberships::find(connection, new.id, actor)?.is_none() {
            let member = fresh(new, actor, MembershipState::Member, asker);
            storage::memberships::save(connection, &member)?;
        }
    }
    Ok(())
}

fn members_here(connection: &mut Connection, group: &Group) -> Result<Vec<Account>> {
    let mut accounts = Vec::new();
    for member in storage::memberships::list(connection, group.id)? {
        if member.membership.state == MembershipState::Member && member.actor.is_local() {
            accounts.extend(storage::accounts::find(connection, member.actor.id)?);
        }
    }
    Ok(accounts)
}

/// Ends every membership, request and invitation of somebody who is erased; the groups here that are
/// left without an owner. `asker` is who they were. Bans end too: nobody can have the name again.
pub(in crate::services) fn leave_all(
    connection: &mut Connection,
    asker: &Asker,
    actor: ActorId,
) -> Result<Vec<Group>> {
    let mut without_owner = Vec::new();
    for was in storage::memberships::list_of_actor(connection, actor)? {
        let group = storage::groups::find(connection, was.group)?.ok_or(Error::NotFound)?;
        if !group.is_local() && was.follow.is_some() {
            let follow = was.follow.as_ref();
            tell(connection, asker, EventKind::Left, &group, actor, follow)?;
        }
        let last = is_last_owner(connection, &group, &was)?;
        storage::memberships::remove(connection, group.id, actor)?;
        if last {
            without_owner.push(group);
        }
    }
    Ok(without_owner)
}
