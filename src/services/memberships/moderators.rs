//! Who moderates: telling it of groups of ours, and hearing it of groups elsewhere.

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorId, EventKind, Group, GroupId, GroupRole, Membership, MembershipState, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Moderators of a group elsewhere that are remembered: as many as are shown.
const MODERATORS_MAX: usize = 100;

fn moderates(membership: Option<&Membership>) -> bool {
    membership.is_some_and(|membership| {
        membership.state == MembershipState::Member && membership.role >= GroupRole::Moderator
    })
}

/// Lets the members' servers know when somebody moderates a group of ours from now on, or no longer.
pub(super) fn tell_moderators(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    before: Option<&Membership>,
    after: Option<&Membership>,
) -> Result<()> {
    let kind = match (moderates(before), moderates(after)) {
        (false, true) => EventKind::ModeratorAdded,
        (true, false) => EventKind::ModeratorRemoved,
        (true, true) | (false, false) => return Ok(()),
    };
    let (true, Some(known)) = (group.is_local(), after.or(before)) else {
        return Ok(());
    };
    let event = NewEvent {
        kind,
        // Somebody elsewhere who comes or goes does not say so of themselves.
        actor: who_says_so(asker).unwrap_or(group.actor.id),
        group: Some(group.id),
        post: None,
        object: Some(known.actor.0),
        activity: None,
    };
    storage::events::append(connection, event, asker.now)?;
    Ok(())
}

const fn who_says_so(asker: &Asker) -> Option<ActorId> {
    match &asker.viewer {
        Viewer::Member { actor, .. } => Some(*actor),
        Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            None
        }
    }
}

/// Whether somebody moderates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Moderates {
    Yes,
    No,
}

/// The house of a group elsewhere says who moderates it. Who moderates a group of ours is said here
/// alone.
///
/// # Errors
/// [`Error::Denied`] for everybody but that house.
pub(in crate::services) fn receive_moderator(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    person: &Uri,
    says: Moderates,
) -> Result<()> {
    if group.is_local() {
        return access::permit::<act::ManageGroup>(connection, asker, group.id).map(drop);
    }
    access::permit::<act::Moderate>(connection, asker, group.id)?;
    match says {
        Moderates::Yes => {
            let known = storage::moderators::list(connection, group.id, MODERATORS_MAX as i64)?;
            if known.len() >= MODERATORS_MAX {
                return Err(Error::Conflict("too many moderate that group".into()));
            }
            storage::moderators::insert(connection, group.id, person)?;
        }
        Moderates::No => storage::moderators::remove(connection, group.id, person)?,
    }
    let Some(person) = storage::actors::find_by_uri(connection, person)? else {
        return Ok(());
    };
    let known = storage::memberships::find(connection, group.id, person.id)?;
    let Some(known) = known.filter(|_| person.is_local()) else {
        return Ok(());
    };
    let role = match says {
        // Who owns it there is not told.
        Moderates::Yes => known.role.max(GroupRole::Moderator),
        Moderates::No => GroupRole::Member,
    };
    storage::memberships::save(connection, &Membership { role, ..known })
}

/// Who moderates a group elsewhere, by handle where they are known here, otherwise by address.
pub async fn list_moderators(app: &App, viewer: Viewer, group: GroupId) -> Result<Vec<String>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_moderators", move |connection| {
            let (_, group) = access::permit::<act::Know>(connection, &asker, group)?;
            let uris = storage::moderators::list(connection, group.id, MODERATORS_MAX as i64)?;
            uris.into_iter()
                .map(|uri| {
                    let known = storage::actors::find_by_uri(connection, &uri.parse()?)?;
                    let handle = |actor: Actor| actor.handle().to_string();
                    Ok(known.map_or(uri, handle))
                })
                .collect()
        })
        .await
}
