//! `guildhall report`: posts that somebody asked the moderators to look at. The posts are not shown here.

use serde::Serialize;

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Handle, PostId, ReportId, ReportState, Timestamp};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::groups;
use crate::services::reports::{self, Reported};

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
    let reports = reports::list(app, Viewer::Operator, group).await?;
    let listed: Vec<Listed> = reports.iter().map(Listed::of).collect();
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

async fn resolve(app: &App, id: ReportId, output: Output) -> Result<()> {
    let resolved = reports::resolve(app, Viewer::Operator, id).await;
    let resolved = resolved.map_err(|error| match error {
        Error::NotFound => Error::invalid("id", format!("there is no report {id}")),
        other => other,
    })?;
    output.made(
        &Listed::of(&resolved),
        format!("The report {id} is resolved."),
    )
}

/// A report as scripts read it.
#[derive(Serialize)]
struct Listed {
    id: ReportId,
    at: Timestamp,
    group: String,
    /// Its number in its address, `/p/ID`.
    post: PostId,
    uri: String,
    author: String,
    by: String,
    text: String,
    forwarded: bool,
    state: ReportState,
}

impl Listed {
    fn of(reported: &Reported) -> Self {
        let Reported {
            report,
            post,
            author,
            by,
            group,
        } = reported;
        Self {
            id: report.id,
            at: report.created_at,
            group: group.actor.handle().to_string(),
            post: post.id,
            uri: post.uri.to_string(),
            author: author.handle().to_string(),
            by: by.handle().to_string(),
            text: report.text.as_str().to_owned(),
            forwarded: report.forwarded,
            state: report.state(),
        }
    }
}
