//! Forgets what is no longer needed: the bodies of applied activities, the rows of done errands.

use std::time::Duration;

use crate::app::App;
use crate::services::inbox;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);

pub async fn run(app: App) {
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = inbox::prune(&app).await {
            tracing::error!(%error, "old arrivals could not be pruned");
        }
    }
}
