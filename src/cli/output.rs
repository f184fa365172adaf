//! What commands say, and to whom: results to standard output, messages to standard error.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use crate::domain::Proposal;
use crate::error::{Error, Result};
use crate::wire;

/// How results are printed: as JSON for scripts, or as text for people.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints something that was made or found: a document, or a sentence.
    pub fn made(self, value: &impl Serialize, sentence: impl Display) -> Result<()> {
        if self.json {
            print(&document(value)?)
        } else {
            print(&sentence.to_string())
        }
    }

    /// Prints that something waits for a second administrator.
    pub fn proposed(self, proposal: Proposal) -> Result<()> {
        let proposal = wire::Proposal::from(proposal);
        self.made(&proposal, &proposal)
    }

    /// Prints a list: an array, or a table with one line for each.
    pub fn list<T: Serialize, const N: usize>(
        self,
        values: &[T],
        headings: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<()> {
        if self.json {
            print(&document(&values)?)
        } else if values.is_empty() {
            say("There are none.");
            Ok(())
        } else {
            let rows: Vec<[String; N]> = values.iter().map(row).collect();
            print(&table(&headings.map(str::to_owned), &rows))
        }
    }

    /// Tells a person at the terminal what is going on.
    pub fn say(self, sentence: impl Display) {
        say(sentence);
    }
}

/// Says why a command failed, in one line: what libraries tell comes in several.
pub(super) fn complain(error: &Error) {
    let text = error.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = shortened(&words.join(" "));
    say(format_args!("guildhall: {text}"));
}

/// Says what is wrong with the arguments, or helps, as was asked; how the program ends by that.
pub(super) fn explain_usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match error.use_stderr() && text.chars().count() > COMPLAINT_CHARS_MAX {
        true => say(shortened(text.trim_end())),
        // Nobody listens: nothing to be done about it.
        false => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Longest complaint, in characters: what was typed is in it, and may be of any length.
const COMPLAINT_CHARS_MAX: usize = 1_000;

/// The beginning and the end of a complaint that is too long: what is wrong, and what to do.
fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= COMPLAINT_CHARS_MAX {
        return text.to_owned();
    }
    let part = COMPLAINT_CHARS_MAX / 2 - 10;
    let beginning: String = text.chars().take(part).collect();
    let end: String = text.chars().skip(length - part).collect();
    format!("{beginning} … {end}")
}

fn say(sentence: impl Display) {
    // Nobody listens: nothing to be done about it.
    let _ = writeln!(std::io::stderr(), "{sentence}");
}

fn document(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(Error::internal)
}

fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        // `guildhall user list | head` is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::internal(error)),
        _ => Ok(()),
    }
}

fn table<const N: usize>(headings: &[String; N], rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in std::iter::once(headings).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let lines = std::iter::once(headings).chain(rows).map(line);
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_no_longer_than_one_reads() {
        assert_eq!(shortened("short"), "short");
        let long = shortened(&format!("wrong: {}; do this", "ä".repeat(6_000)));
        assert!(long.chars().count() <= COMPLAINT_CHARS_MAX);
        assert!(
            long.starts_with("wrong: ä") && long.ends_with("ä; do this"),
            "{long}"
        );
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ada", "admin"], ["björn", ""]].map(|row| row.map(str::to_owned));
        let headings = ["name", "role"].map(str::to_owned);
        assert_eq!(table(&headings, &rows), "name   role\nada    admin\nbjörn");
    }
}
