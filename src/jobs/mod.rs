//! What happens after the answer: applying what arrived, telling others, looking things up.
//!
//! Each worker sleeps until its bell rings, and looks now and then for work that another process
//! made. A crash loses nothing: what was taken is leased, and free again when the lease ends.

mod deliver;
mod errands;
mod expire;
mod fan_out;
mod process_inbox;
mod prune;
mod sweep;
mod tell_polls;

use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::federation::Federation;

/// How often a worker looks for work that nobody rang for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Starts all workers. They end soon after `app.bells.stop` rings.
pub fn start(federation: &Federation) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(process_inbox::run(federation.clone())),
        tokio::spawn(fan_out::run(federation.app.clone())),
        tokio::spawn(deliver::run(federation.clone())),
        tokio::spawn(errands::run(federation.clone())),
        tokio::spawn(expire::run(federation.app.clone())),
        tokio::spawn(tell_polls::run(federation.app.clone())),
        tokio::spawn(prune::run(federation.app.clone())),
        tokio::spawn(sweep::run(federation.app.clone())),
    ]
}

/// Sleeps until the bell rings, it is time to look, or the server stops. False: it stops.
async fn rest(app: &App, bell: &Notify, at_most: Duration) -> bool {
    tokio::select! {
        () = bell.notified() => {}
        () = tokio::time::sleep(at_most) => {}
        () = app.bells.stop.heard() => {}
    }
    !app.bells.stop.rung()
}

/// Waits a moment after something failed, so that a lasting fault does not keep a core busy.
async fn recover(app: &App, what: &'static str, error: &crate::Error) {
    tracing::error!(%error, "{what} failed; it is tried again");
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
        () = app.bells.stop.heard() => {}
    }
}
