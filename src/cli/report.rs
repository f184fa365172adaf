//! `guildhall report`: posts that somebody asked the moderators to look at. The posts are not shown here.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{GroupId, Handle, PAGE_ITEMS_MAX, Page, ReportId};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::groups;
use crate::services::reports::{self, Reported};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List reports, newest first
    List {
        /// Only of this group
        group: Option<Handle>,
    },
    /// Say that a report was dealt with
    Resolve {
        /// Its number in the list
        id: ReportId,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::List { group } => list(app, group, output).await,
        Command::Resolve { id } => resolve(app, id, output).await,
    }
}

async fn list(app: &App, group: Option<Handle>, output: Output) -> Result<()> {
    let group = match group {
        Some(handle) => Some(groups::find(app, Viewer::Operator, handle).await?.group.id),
        None => None,
    };
    let reports = read(app, group).await?;
    let listed: Vec<wire::Report> = reports.iter().map(wire::Report::from).collect();
    output.list(
        &listed,
        ["id", "at", "group", "post", "author", "by", "state", "text"],
        |report| {
            [
                report.id.to_string(),
                report.at.for_people(),
                report.group.clone(),
                report.post.to_string(),
                report.author.clone(),
                report.by.clone(),
                report.state.to_string(),
                report.text.clone(),
            ]
        },
    )
}

/// Walks the list part by part, for it may be long.
async fn read(app: &App, group: Option<GroupId>) -> Result<Vec<Reported>> {
    let mut all: Vec<Reported> = Vec::new();
    loop {
        let last = all.last().map(|one| one.report.id.0);
        let page = Page::first(PAGE_ITEMS_MAX).before(last);
        let part = reports::list(app, Viewer::Operator, group, page).await?;
        if part.is_empty() {
            return Ok(all);
        }
        all.extend(part);
    }
}

async fn resolve(app: &App, id: ReportId, output: Output) -> Result<()> {
    let resolved = reports::resolve(app, Viewer::Operator, id).await;
    let resolved = resolved.map_err(|error| match error {
        Error::NotFound => Error::invalid("id", format!("there is no report {id}")),
        other => other,
    })?;
    output.made(
        &wire::Report::from(&resolved),
        format!("The report {id} is resolved."),
    )
}
