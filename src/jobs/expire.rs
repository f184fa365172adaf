//! Ends grants and partnerships whose time is over: what came by them goes with them. So with proposals that
//! nobody decided about; and what is to be looked at now and then is.

use std::time::Duration;

use crate::app::App;
use crate::jobs::recover;
use crate::services::grants::{self, review};
use crate::services::partners::{pins, terms};
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
        match terms::end_over(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "partnerships ended: their time was over"),
            Err(error) => recover(&app, "ending partnerships", &error).await,
        }
        match terms::pause_unconfirmed(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "partnerships paused: nobody confirmed them"),
            Err(error) => recover(&app, "pausing partnerships", &error).await,
        }
        match pins::look_now_and_then(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "partners' servers are asked for their keys"),
            Err(error) => recover(&app, "looking at partners' keys", &error).await,
        }
        match proposals::end_expired(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "proposals expired"),
            Err(error) => recover(&app, "ending expired proposals", &error).await,
        }
    }
}
