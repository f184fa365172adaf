//! One line for every act of somebody with a duty, written with the act.

use crate::app::{App, Asker};
use crate::domain::{AuditAction, AuditLine, Page};
use crate::error::Result;
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage::{self, Connection};

/// Writes who did what to whom, in the transaction of the act.
pub fn note(
    connection: &mut Connection,
    asker: &Asker,
    action: AuditAction,
    subject: &str,
    detail: &str,
) -> Result<()> {
    let who = name_of(connection, &asker.viewer)?;
    storage::audit::append(connection, &who, action, subject, detail, asker.now)
}

/// Who somebody is in the log: a handle, a host, or `operator`.
pub(super) fn name_of(connection: &mut Connection, viewer: &Viewer) -> Result<String> {
    Ok(match viewer {
        Viewer::Operator => "operator".to_owned(),
        Viewer::Anonymous => "anonymous".to_owned(),
        Viewer::Server { host } => host.to_string(),
        Viewer::Member { actor, .. } | Viewer::Person { actor, .. } => {
            storage::actors::find(connection, *actor)?.map_or_else(
                || format!("actor {actor}"),
                |actor| actor.handle().to_string(),
            )
        }
    })
}

/// A part of the log, newest first, for administrators.
pub async fn list(app: &App, viewer: Viewer, page: Page) -> Result<Vec<AuditLine>> {
    access::permit_house::<act::ManageAccounts>(&app.asker(viewer))?;
    app.db
        .read("list_audit", move |connection| {
            storage::audit::list_page(connection, page)
        })
        .await
}
