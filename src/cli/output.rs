//! What commands say, and to whom: results to standard output, messages to standard error.

use std::fmt::Display;
use std::io::Write;

use serde::Serialize;

use crate::error::{Error, Result};

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
    say(format_args!("guildhall: {}", words.join(" ")));
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
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ada", "admin"], ["björn", ""]].map(|row| row.map(str::to_owned));
        let headings = ["name", "role"].map(str::to_owned);
        assert_eq!(table(&headings, &rows), "name   role\nada    admin\nbjörn");
    }
}
