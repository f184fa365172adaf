//! Has others told how the votes in polls of this house stand: of many votes together, and of the end.

use std::time::Duration;

use crate::app::App;
use crate::jobs::recover;
use crate::services::polls;

/// How often it is looked whether it is time for some poll. Which it is, each poll says itself.
const EVERY: Duration = Duration::from_secs(1);

pub async fn run(app: App) {
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match polls::tell_due(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "polls are told of"),
            Err(error) => recover(&app, "telling of polls", &error).await,
        }
    }
}
