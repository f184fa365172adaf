//! Removes files that nothing refers to any more: soon after a post with some was taken back here, and
//! every hour, for what was taken back by other processes and servers and what a crash left.

use std::time::Duration;

use crate::app::App;
use crate::services::attachments;

/// How often at least.
const EVERY: Duration = Duration::from_secs(3_600);
/// How long from one time to the next: the whole folder is looked through.
const REST: Duration = Duration::from_secs(10);

pub async fn run(app: App) {
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = app.bells.files.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        match attachments::sweep(&app).await {
            Ok(removed) => tracing::debug!(removed, "files that nobody needs are gone"),
            Err(error) => tracing::error!(%error, "files that nobody needs could not be removed"),
        }
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(REST) => {}
        }
    }
}
