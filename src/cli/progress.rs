//! How far long work is: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress of work whose number of steps is known. Goes to standard error.
#[derive(Clone, Debug)]
pub enum Progress {
    Bar(ProgressBar),
    Lines,
}

impl Progress {
    /// Begins work of so many steps.
    pub fn start(steps: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines;
        }
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self::Bar(ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX)).with_style(style))
    }

    /// Says what is done next.
    pub fn next(&self, what: &str) {
        match self {
            Self::Bar(bar) => bar.set_message(what.to_owned()),
            Self::Lines => {
                let _ = writeln!(std::io::stderr(), "{what}");
            }
        }
    }

    /// Takes the bar away: what follows is the result.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }

    /// One step is done.
    pub fn done(&self) {
        if let Self::Bar(bar) = self {
            bar.inc(1);
        }
    }
}
