//! Forgets what is no longer needed; what and after which time, [`crate::services::prune`] says.

use std::time::Duration;

use crate::app::App;
use crate::services::prune::{self, Reached};

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);

pub async fn run(app: App) {
    let mut reached = Reached::default();
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match prune::prune(&app, &mut reached).await {
            Ok(pruned) => tracing::debug!(?pruned, "what was no longer needed is forgotten"),
            Err(error) => {
                tracing::error!(%error, "what is no longer needed could not be forgotten")
            }
        }
    }
}
