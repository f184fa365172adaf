//! How many handshakes are let in: all callers together, for a code must not be guessed from many
//! addresses either.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::Timestamp;

/// The length of a window.
const WINDOW: Duration = Duration::from_secs(60);

/// Counts the handshakes of this process.
#[derive(Debug, Default)]
pub struct Throttle {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    began: Timestamp,
    admitted: u32,
}

impl Throttle {
    /// Lets one more in, or says how long to wait.
    pub(super) fn admit(&self, now: Timestamp, per_window: u32) -> Result<(), Duration> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = window.began.plus(WINDOW);
        if now >= ends {
            *window = Window {
                began: now,
                admitted: 0,
            };
        } else if window.admitted >= per_window {
            return Err(ends.since(now));
        }
        window.admitted += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_lets_so_many_in_and_the_next_one_again() {
        let throttle = Throttle::default();
        let start = Timestamp::parse("2026-11-21").unwrap();
        let later = |seconds| start.plus(Duration::from_secs(seconds));
        assert_eq!(throttle.admit(start, 2), Ok(()));
        assert_eq!(throttle.admit(later(20), 2), Ok(()));
        assert_eq!(throttle.admit(later(40), 2), Err(Duration::from_secs(20)));
        assert_eq!(throttle.admit(later(60), 2), Ok(()));
    }
}
