//! What people do themselves: joining a group, leaving it, and leaving all when they are erased.

use super::{fresh, is_last_owner, keep_an_owner, tell};
use crate::app::{App, Asker};
use crate::domain::{ActorId, AuditAction, EventKind, Group, GroupId, MembershipState};
use crate::error::{Error, Result};
use crate::policy::{self, Reason, Viewer, act};
use crate::services::{access, audit};
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
