//! What the audit log and the ledger have in common on the command line: verifying and exporting.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::app::App;
use crate::cli::{Output, Progress};
use crate::domain::text_enum::text_enum;
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::chains::{self, LINES_PER_STEP, Log};

text_enum! {
    /// How lines are exported.
    Format ("format") {
        /// One JSON object a line, as it is chained.
        Jsonl = "jsonl",
        Csv = "csv",
    }
}

/// Walks a log before the eyes of a person. Ends with an error where something is wrong.
pub async fn verify(app: &App, log: Log, expect: Option<String>, output: Output) -> Result<()> {
    let expect = expect.map(|hash| hash.trim().to_ascii_lowercase());
    let head = chains::head(app, Viewer::Operator, log).await?;
    let steps = usize::try_from(head.lines / LINES_PER_STEP + 1).unwrap_or(usize::MAX);
    let progress = Progress::start(steps);
    progress.next(&format!("walking {} lines", head.lines));
    let verified = chains::verify(app, Viewer::Operator, log, expect.as_deref(), || {
        progress.done()
    })
    .await;
    progress.end();
    let verified = verified?;
    let checkpoint = &verified.checkpoint;
    let fault = verified.fault.as_ref();
    let document = json!({
        "ok": fault.is_none(),
        "lines": checkpoint.lines,
        "hash": checkpoint.hash,
        "fault": fault.map(|fault| json!({
            "kind": fault.as_str(),
            "number": fault.number(),
            "row": fault.row().map(|row| row.to_string()),
            "sentence": fault.to_string(),
        })),
    });
    let sentence = match fault {
        None => format!(
            "All {} lines are as they were written.\nKeep this elsewhere, for --expect: {}",
            checkpoint.lines, checkpoint.hash
        ),
        Some(_) => format!("{} lines are as they were written.", checkpoint.lines),
    };
    output.made(&document, sentence)?;
    match fault {
        None => Ok(()),
        Some(fault) => Err(Error::Conflict(fault.to_string())),
    }
}

/// Writes a whole log in the order of its chain.
pub async fn export(app: &App, log: Log, mut exporter: Exporter) -> Result<()> {
    let write = |texts: Vec<String>| exporter.write(&texts);
    chains::export(app, Viewer::Operator, log, write).await
}

/// Writes lines to standard output, part by part.
pub struct Exporter {
    format: Format,
    columns: &'static [&'static str],
    begun: bool,
}

const AUDIT_COLUMNS: &[&str] = &[
    "number", "id", "at", "who", "action", "subject", "detail", "hash",
];
const LEDGER_COLUMNS: &[&str] = &[
    "number", "id", "at", "way", "outcome", "reason", "host", "reader", "grant", "group", "matter",
    "object", "by", "digest", "written", "bytes", "hash",
];

impl Exporter {
    pub const fn new(log: Log, format: Format) -> Self {
        Self {
            format,
            columns: match log {
                Log::Audit => AUDIT_COLUMNS,
                Log::Ledger => LEDGER_COLUMNS,
            },
            begun: false,
        }
    }

    /// Writes some lines. False: nobody reads any more.
    pub fn write(&mut self, texts: &[String]) -> Result<bool> {
        let mut out = String::new();
        if !self.begun && self.format == Format::Csv {
            out.push_str(&self.columns.join(","));
            out.push_str("\r\n");
        }
        self.begun = true;
        for text in texts {
            match self.format {
                Format::Jsonl => {
                    out.push_str(text);
                    out.push('\n');
                }
                Format::Csv => {
                    let line: Value = serde_json::from_str(text).map_err(Error::internal)?;
                    out.push_str(&row(self.columns, &line));
                }
            }
        }
        match std::io::stdout().write_all(out.as_bytes()) {
            Ok(()) => Ok(true),
            // `guildhall ledger export | head` is no failure.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Error::internal(error)),
        }
    }
}

/// A line of a table (RFC 4180).
fn row(columns: &[&str], line: &Value) -> String {
    let cells = columns.iter().map(|column| match line.get(*column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => cell(text),
        Some(other) => other.to_string(),
    });
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// A text from elsewhere must not become a formula in somebody's spreadsheet: it gets an apostrophe before it.
fn cell(text: &str) -> String {
    let guard = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => "'",
        false => "",
    };
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => format!("{guard}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_what_is_written_and_computes_nothing() {
        let line = json!({ "a": "x,\"y\"\nz", "b": null, "c": 7, "d": "=1+1" });
        let written = row(&["a", "b", "c", "d", "e"], &line);
        assert_eq!(written, "\"x,\"\"y\"\"\nz\",,7,'=1+1,\r\n");
    }
}
