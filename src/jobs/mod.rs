//! What happens after the answer: applying what arrived, planning deliveries, sending them.

use tokio::task::JoinHandle;

use crate::app::App;

/// Starts the workers; each ends soon after `app.bells.stop` rang.
pub fn start(_: &App) -> Vec<JoinHandle<()>> {
    Vec::new()
}
