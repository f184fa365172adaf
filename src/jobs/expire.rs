//! Ends grants whose time is over: what came by them goes with them. So with proposals that nobody decided about.

use std::time::Duration;

use crate::app::App;
use crate::jobs::recover;
use crate::services::grants::{self, review};
use crate::services::proposals;

/// How often. A grant counts no more from its last moment on; this is how late its people's servers
/// may hear of it.
const EVERY: Duration = Duration::from_secs(10);

pub async fn run(app: App) {
    loop {
        tokio::select! {
            () = app.bells.stop.heard() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match grants::end_expired(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "grants expired"),
            Err(error) => recover(&app, "ending expired grants", &error).await,
        }
        match review::end_lapsed(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "grants lapsed: nobody answered their review"),
            Err(error) => recover(&app, "ending lapsed grants", &error).await,
        }
        match proposals::end_expired(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "proposals expired"),
            Err(error) => recover(&app, "ending expired proposals", &error).await,
        }
    }
}
