//! `guildhall audit`: who did what, newest first.

use crate::app::App;
use crate::cli::Output;
use crate::cli::chain::{self, Exporter, Format};
use crate::domain::{AuditId, AuditLine, PAGE_ITEMS_MAX, Page};
use crate::error::Result;
use crate::policy::Viewer;
use crate::services::audit;
use crate::services::chains::Log;
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List acts, newest first
    List {
        /// At most so many lines
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
        /// Only lines older than this one: its id
        #[arg(long, value_name = "ID")]
        before: Option<AuditId>,
    },
    /// Write all lines to standard output, oldest first
    Export {
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
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::List { limit, before } => list(app, limit, before, output).await,
        Command::Export { format } => {
            chain::export(app, Log::Audit, Exporter::new(Log::Audit, format)).await
        }
        Command::Verify { expect } => chain::verify(app, Log::Audit, expect, output).await,
    }
}

async fn list(app: &App, limit: usize, before: Option<AuditId>, output: Output) -> Result<()> {
    let lines = read(app, limit, before).await?;
    let listed: Vec<wire::AuditLine> = lines.into_iter().map(wire::AuditLine::from).collect();
    output.list(
        &listed,
        ["at", "who", "what", "subject", "detail"],
        |line| {
            [
                line.at.for_people(),
                line.who.clone(),
                line.action.to_string(),
                line.subject.clone(),
                line.detail.clone(),
            ]
        },
    )
}

/// Walks the log part by part: it may be long, and grows meanwhile.
async fn read(app: &App, limit: usize, before: Option<AuditId>) -> Result<Vec<AuditLine>> {
    let mut lines: Vec<AuditLine> = Vec::new();
    let mut last = before;
    while lines.len() < limit {
        let page = Page::first(PAGE_ITEMS_MAX).before(last.map(|id| id.0));
        let part = audit::list(app, Viewer::Operator, page).await?;
        let Some(oldest) = part.last() else { break };
        last = Some(oldest.id);
        lines.extend(part);
    }
    lines.truncate(limit);
    Ok(lines)
}
