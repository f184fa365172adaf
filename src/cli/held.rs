//! `guildhall held`: posts that the rules hold at the boundary, by their number. The texts are not shown here.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{GroupId, Handle, PAGE_ITEMS_MAX, Page, PostId, RuleSentence};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::groups;
use crate::services::holds::{self, Held};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List what is held, newest first
    List {
        /// Only of this group
        group: Option<Handle>,
    },
    /// Let a post out, as if it had been written now
    Release {
        /// The number in its address, /p/ID
        id: PostId,
    },
    /// Keep a post inside; its author reads why
    Refuse {
        /// The number in its address, /p/ID
        id: PostId,
        #[arg(long, value_name = "TEXT")]
        reason: RuleSentence,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::List { group } => list(app, group, output).await,
        Command::Release { id } => {
            let held = holds::release(app, Viewer::Operator, id).await;
            say(
                output,
                &held.map_err(|error| no_post(error, id))?,
                "is let out",
            )
        }
        Command::Refuse { id, reason } => {
            let held = holds::refuse(app, Viewer::Operator, id, reason).await;
            say(
                output,
                &held.map_err(|error| no_post(error, id))?,
                "stays inside",
            )
        }
    }
}

fn say(output: Output, held: &Held, done: &str) -> Result<()> {
    output.made(
        &wire::Held::from(held),
        format_args!("The post {} {done}.", held.post.id),
    )
}

fn no_post(error: Error, id: PostId) -> Error {
    match error {
        Error::NotFound => Error::invalid("id", format!("there is no post {id}")),
        other => other,
    }
}

async fn list(app: &App, group: Option<Handle>, output: Output) -> Result<()> {
    let group = match group {
        Some(handle) => Some(groups::find(app, Viewer::Operator, handle).await?.group.id),
        None => None,
    };
    let held = read(app, group).await?;
    let listed: Vec<wire::Held> = held.iter().map(wire::Held::from).collect();
    output.list(
        &listed,
        ["post", "since", "group", "author", "state", "from", "why"],
        |held| {
            let from: Vec<String> = held.from.iter().map(ToString::to_string).collect();
            [
                held.post.to_string(),
                held.since.for_people(),
                held.group.clone().unwrap_or_default(),
                held.author.clone(),
                held.state.to_string(),
                match from.is_empty() {
                    true => "everybody outside".to_owned(),
                    false => from.join(", "),
                },
                held.sentence.clone(),
            ]
        },
    )
}

/// Walks the list part by part, for it may be long.
async fn read(app: &App, group: Option<GroupId>) -> Result<Vec<Held>> {
    let mut all: Vec<Held> = Vec::new();
    loop {
        let last = all.last().map(|one| one.post.id.0);
        let page = Page::first(PAGE_ITEMS_MAX).before(last);
        let part = holds::list(app, Viewer::Operator, group, page).await?;
        if part.is_empty() {
            return Ok(all);
        }
        all.extend(part);
    }
}
