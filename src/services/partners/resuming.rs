//! Ending a pause. It opens again what was shut, so it may wait for a second administrator.

use super::standing::{self, Change, Changed};
use crate::app::{App, Asker};
use crate::domain::{Host, ProposedAct};
use crate::error::Result;
use crate::policy::Viewer;
use crate::services::proposals::{self, Decided};
use crate::storage::Connection;

/// Ends a pause, and what waited is due now. Waits for a second administrator where the house wants one.
///
/// # Errors
/// As [`change`](super::change).
pub async fn resume(app: &App, viewer: Viewer, host: Host) -> Result<Decided<Changed>> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    super::refuse_ourselves(app, &host)?;
    let decided = app
        .db
        .write("resume_partner", move |connection| {
            let act = ProposedAct::Resume {
                partner: host.to_string(),
            };
            proposals::decide(connection, &asker, true, act, |connection| {
                let_go_on(connection, &asker, &host)
            })
        })
        .await?;
    super::ring(app);
    Ok(decided)
}

/// The same in the transaction of the caller, whoever had to agree.
pub(in crate::services) fn let_go_on(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
) -> Result<Changed> {
    standing::apply(connection, asker, host.clone(), Change::Resume)
}
