//! Places where tests kill the process, to see that nothing acknowledged is lost.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

struct FailPoint {
    name: String,
    passes_left: AtomicU32,
}

static ARMED: OnceLock<FailPoint> = OnceLock::new();

/// Arms one point: `name` or `name:passes`, the number of times it is passed unharmed.
/// Called once at start, from the environment variable `GUILDHALL_FAIL_POINT`.
pub fn arm(text: &str) {
    let (name, passes) = text.split_once(':').unwrap_or((text, "0"));
    let _ = ARMED.set(FailPoint {
        name: name.to_owned(),
        passes_left: AtomicU32::new(passes.parse().unwrap_or(0)),
    });
}

/// Ends the process at once, as a power cut would, when `name` is armed and its passes are used up.
pub fn pass(name: &str) {
    let Some(point) = ARMED.get() else { return };
    if point.name != name {
        return;
    }
    let spent = point
        .passes_left
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        })
        .is_err();
    if spent {
        std::process::abort();
    }
}
