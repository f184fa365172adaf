//! Removes files that nothing refers to any more: soon after what they belonged to was taken back, and
//! once a day all that a crash left.

use std::time::Duration;

use crate::app::App;
use crate::error::Result;
use crate::services::attachments;

/// How often it is looked what was taken back.
const EVERY: Duration = Duration::from_secs(10);
/// How many times that is done before the whole folder is looked through: once a day.
const ROUNDS: u32 = 8_640;

pub async fn run(app: App) {
    let mut round = 0;
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        round = (round + 1) % ROUNDS;
        match sweep(&app, round == 0).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "files that nobody needs are gone"),
            Err(error) => tracing::error!(%error, "files that nobody needs could not be removed"),
        }
    }
}

async fn sweep(app: &App, all: bool) -> Result<usize> {
    match all {
        true => attachments::sweep(app).await,
        false => attachments::sweep_dropped(app).await,
    }
}
