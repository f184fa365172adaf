//! `guildhall ledger`: what left the house, to whom; whether the record is whole; and whether a partner's books
//! say the same.

use crate::app::App;
use crate::cli::chain::{self, Exporter, Format};
use crate::cli::{Output, Progress};
use crate::domain::{
    Handle, Host, LedgerLine, LedgerWay, PAGE_ITEMS_MAX, Page, Timestamp, Uri, parse_end,
};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::books;
use crate::policy::Viewer;
use crate::services::books::{Comparison, Difference, Direction, group_address, keep};
use crate::services::chains::Log;
use crate::services::ledger::{self, Question};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List lines, newest first
    List {
        #[command(flatten)]
        wanted: Wanted,
        /// At most so many lines
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
        /// Only lines older than this one: its id
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
    },
    /// Count what each server got of each group
    Summary {
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Write lines to standard output, oldest first
    Export {
        #[command(flatten)]
        wanted: Wanted,
        /// One JSON object a line, as it is chained; or a table for spreadsheets
        #[arg(long, value_name = "jsonl|csv", default_value = "jsonl")]
        format: Format,
    },
    /// Walk the whole chain; say what is wrong first, or how far it goes
    Verify {
        /// The digest of a checkpoint that was kept: the chain must have come by it
        #[arg(long, value_name = "HASH")]
        expect: Option<String>,
    },
    /// Compare our books with those of a partner's house
    Compare {
        host: Host,
        /// Only this group
        #[arg(long)]
        group: Option<Handle>,
        /// From this day on
        #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
        from: Timestamp,
        /// Until the end of this day; at most 31 days
        #[arg(long, value_name = "DATE", value_parser = parse_end)]
        to: Timestamp,
    },
}

/// Which lines.
#[derive(clap::Args, Clone)]
pub struct Wanted {
    /// Only what went to this server
    #[arg(long)]
    host: Option<Host>,
    /// Only what is of this group
    #[arg(long)]
    group: Option<Handle>,
    /// From this day or moment on
    #[arg(long, value_name = "DATE", value_parser = Timestamp::parse)]
    from: Option<Timestamp>,
    /// Until the end of this day, or before this moment
    #[arg(long, value_name = "DATE", value_parser = parse_end)]
    to: Option<Timestamp>,
    /// Only what went this way: pushed, fetched or media
    #[arg(long)]
    way: Option<LedgerWay>,
}

impl From<Wanted> for Question {
    fn from(wanted: Wanted) -> Self {
        Self {
            host: wanted.host,
            group: wanted.group,
            from: wanted.from,
            to: wanted.to,
            way: wanted.way,
        }
    }
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::List {
            wanted,
            limit,
            before,
        } => list(app, wanted, limit, before, output).await,
        Command::Summary { wanted } => summary(app, wanted, output).await,
        Command::Export { wanted, format } => export(app, wanted, format).await,
        Command::Verify { expect } => chain::verify(app, Log::Ledger, expect, output).await,
        Command::Compare {
            host,
            group,
            from,
            to,
        } => compare(app, host, group, (from, to), output).await,
    }
}

async fn list(
    app: &App,
    wanted: Wanted,
    limit: usize,
    before: Option<i64>,
    output: Output,
) -> Result<()> {
    let mut lines: Vec<LedgerLine> = Vec::new();
    let mut last = before;
    while lines.len() < limit {
        let page = Page::first(PAGE_ITEMS_MAX).before(last);
        let part = ledger::list(app, Viewer::Operator, wanted.clone().into(), page).await?;
        let Some(oldest) = part.last() else { break };
        last = Some(oldest.id);
        lines.extend(part);
    }
    lines.truncate(limit);
    let lines: Vec<wire::LedgerLine> = lines.into_iter().map(wire::LedgerLine::from).collect();
    let headings = ["at", "way", "outcome", "host", "group", "matter", "object"];
    output.list(&lines, headings, |line| {
        [
            line.at.for_people(),
            line.way.to_string(),
            line.outcome.to_string(),
            line.host.to_string(),
            line.group.as_ref().map_or_else(String::new, Uri::to_string),
            line.matter.to_string(),
            line.object.to_string(),
        ]
    })
}

async fn summary(app: &App, wanted: Wanted, output: Output) -> Result<()> {
    let rows = ledger::summarize(app, Viewer::Operator, wanted.into()).await?;
    let rows: Vec<wire::Disclosed> = rows.into_iter().map(wire::Disclosed::from).collect();
    let headings = [
        "host",
        "group",
        "topics",
        "comments",
        "texts",
        "files",
        "people",
        "bytes",
        "withheld",
        "taken back",
    ];
    output.list(&rows, headings, |row| {
        [
            row.host.clone(),
            row.group.clone().unwrap_or_default(),
            row.topics.to_string(),
            row.comments.to_string(),
            row.revisions.to_string(),
            row.files.to_string(),
            row.people.to_string(),
            row.bytes.to_string(),
            row.withheld.to_string(),
            format!("{} of {}", row.confirmed, row.asked_back),
        ]
    })
}

/// The whole ledger in the order of its chain, or the lines that are asked for.
async fn export(app: &App, wanted: Wanted, format: Format) -> Result<()> {
    let mut exporter = Exporter::new(Log::Ledger, format);
    if Question::from(wanted.clone()) == Question::default() {
        return chain::export(app, Log::Ledger, exporter).await;
    }
    let mut after = 0;
    loop {
        let page = Page::first(PAGE_ITEMS_MAX).after(Some(after)).from_oldest();
        let question = wanted.clone().into();
        let mut part = ledger::list(app, Viewer::Operator, question, page).await?;
        let newest = part.first().map(|line| line.id);
        part.reverse();
        let texts: Vec<String> = part.into_iter().map(|line| line.text).collect();
        let Some(newest) = newest else {
            return exporter.write(&[]).map(drop);
        };
        if !exporter.write(&texts)? {
            return Ok(());
        }
        after = newest;
    }
}

async fn compare(
    app: &App,
    host: Host,
    group: Option<Handle>,
    (from, to): (Timestamp, Timestamp),
    output: Output,
) -> Result<()> {
    let federation = Federation::new(app.clone())?;
    let group = match group {
        Some(handle) => Some(group_address(app, Viewer::Operator, handle).await?),
        None => None,
    };
    let question = crate::services::books::Question {
        from,
        to,
        group,
        named: false,
    };
    let progress = Progress::start(1);
    progress.next(&format!("asking {host} for its books"));
    let compared = books::compare(&federation, Viewer::Operator, host.clone(), question).await;
    progress.end();
    let compared = compared?;
    keep(app, Viewer::Operator, host, &compared).await?;
    let (sentence, differences) = (sentence(&compared), compared.differences.len());
    let compared = wire::Comparison::new(app.clock.now(), compared);
    output.made(&compared, &sentence)?;
    match differences {
        0 => Ok(()),
        number => Err(Error::Conflict(format!(
            "the books differ on {number} days of a group"
        ))),
    }
}

fn sentence(compared: &Comparison) -> String {
    let mut lines = vec![match compared.differences.is_empty() {
        true => format!("The books agree: {} texts.", compared.ours),
        false => format!(
            "By our books {} texts, by theirs {}.",
            compared.ours, compared.theirs
        ),
    }];
    for difference in &compared.differences {
        lines.extend(said(difference));
    }
    lines.join("\n")
}

fn said(difference: &Difference) -> Vec<String> {
    let Difference {
        place,
        ours,
        theirs,
        ..
    } = difference;
    let (group, day) = (&place.group, &place.day);
    let mut lines = vec![match difference.direction {
        Direction::Sent => format!("{day} {group}: we sent {ours}, they received {theirs}"),
        Direction::Received => format!("{day} {group}: they sent {theirs}, we received {ours}"),
    }];
    let only = [
        ("only in our books", &difference.only_ours),
        ("only in theirs", &difference.only_theirs),
    ];
    for (where_to, texts) in only {
        let named = texts.iter();
        lines.extend(named.map(|text| format!("  {where_to}: {} {}", text.object, text.digest)));
    }
    lines
}
