//! All benchmarks in one program, with what this machine can do at most measured beside them.
//!
//! `just bench` runs everything; `just bench inbox deliveries` runs parts. Prints one Markdown table
//! to standard output and what it is doing to standard error. The server measured is the program as
//! it is built for use, in its own process, on a fresh database with `synchronous = FULL`; the load
//! comes from this process and shares the machine with it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on says so by panicking, and it measures with the machine's own clock"
)]

mod deliveries;
mod documents;
mod house;
mod inbox;
mod ledger;
mod limits;
mod load;
mod policy;
mod receiver;
mod report;
mod start;
mod stop;
mod support;
mod timeline;

use limits::Limits;
use report::{Report, Row};

/// A part's name and what measures it.
type Part = (&'static str, fn(&Limits) -> Vec<Row>);

/// The parts, in the order they run.
const PARTS: &[Part] = &[
    ("policy", policy::measure),
    ("timeline", timeline::measure),
    ("inbox", inbox::measure),
    ("deliveries", deliveries::measure),
    ("fanout", deliveries::fan_out),
    ("stop", stop::measure),
    ("documents", documents::measure),
    ("ledger", ledger::measure),
    ("start", start::measure),
];

fn main() {
    // Cargo adds `--bench`; everything else names parts.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let known = |name: &String| name == "limits" || PARTS.iter().any(|(part, _)| part == name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        let parts: Vec<_> = PARTS.iter().map(|(part, _)| *part).collect();
        panic!(
            "there is no part {unknown}: choose from limits {}",
            parts.join(" ")
        );
    }
    let mut report = Report::default();
    let limits = limits::measure();
    report.extend(limits.rows());
    for (part, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|name| name == part) {
            report::say(part);
            report.extend(measure(&limits));
        }
    }
    report.print();
}
