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
    if point.name == name {
        point.pass();
    }
}

/// The same for a place that a named story passes: armed as `name` for all, or as `name/story` for it
/// alone.
pub fn pass_in(name: &str, story: &str) {
    let Some(point) = ARMED.get() else { return };
    let rest = point.name.strip_prefix(name);
    if rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/') == Some(story)) {
        point.pass();
    }
}

impl FailPoint {
    fn pass(&self) {
        let one_less = |left: u32| left.checked_sub(1);
        let passes = &self.passes_left;
        if passes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_err()
        {
            std::process::abort();
        }
    }
}
