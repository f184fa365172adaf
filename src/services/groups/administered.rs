//! Groups as administration knows them: name, owners and size, of secret ones too; never what is said
//! there.

use crate::app::{App, Asker};
use crate::domain::{Actor, Group, GroupRole, Handle};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage::{self, Connection};

/// A group with what an administrator is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administered {
    pub group: Group,
    pub members: u64,
    pub owners: Vec<Actor>,
}

/// All groups that are known here, for administrators.
pub async fn list_administered(app: &App, viewer: Viewer) -> Result<Vec<Administered>> {
    let asker = as_administration(app, viewer)?;
    app.db
        .read("list_administered_groups", move |connection| {
            let groups = storage::groups::list(connection, &access::scope(&asker))?;
            let mut known = Vec::with_capacity(groups.len());
            for group in groups {
                known.push(describe(connection, group)?);
            }
            Ok(known)
        })
        .await
}

/// One of them, by its handle.
pub async fn find_administered(app: &App, viewer: Viewer, handle: Handle) -> Result<Administered> {
    let asker = as_administration(app, viewer)?;
    let handle = handle.seen_from(app.config.host());
    app.db
        .read("find_administered_group", move |connection| {
            let group = storage::groups::find_by_handle(connection, &handle)?;
            let group = group.ok_or(Error::NotFound)?;
            let (_, group) = access::permit::<act::Know>(connection, &asker, group.id)?;
            describe(connection, group)
        })
        .await
}

/// Who administers the house is shown the groups that the command line is shown.
fn as_administration(app: &App, viewer: Viewer) -> Result<Asker> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManageAccounts>(&asker)?;
    Ok(Asker {
        viewer: Viewer::Operator,
        ..asker
    })
}

fn describe(connection: &mut Connection, group: Group) -> Result<Administered> {
    let owners = storage::memberships::list_role(connection, group.id, GroupRole::Owner)?;
    Ok(Administered {
        members: storage::memberships::count_all(connection, group.id)?.unsigned_abs(),
        owners: owners.into_iter().map(|owner| owner.actor).collect(),
        group,
    })
}
