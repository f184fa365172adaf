//! `guildhall group move`: groups that go to a partner's house, and theirs that come here.

use serde::Serialize;

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Handle, Host, Move, Name, Uri, Way};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::groups::{self, NewGroup};
use crate::services::{accounts, moves};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Ask a partner to take a group; nothing changes until they agree
    Offer {
        name: Handle,
        /// The partner's host
        host: Host,
    },
    /// List what was offered, here and by partners
    List,
    /// Take a group that a partner offered
    Accept {
        /// Its address, as `guildhall group move list` shows it
        group: Uri,
        /// What it is called here: a group that there is, or a new one
        #[arg(long = "as", value_name = "NAME")]
        name: Name,
        /// Name of a new group's first owner [default: the only administrator]
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Offer { name, host } => offer(app, name, host, output).await,
        Command::List => list(app, output).await,
        Command::Accept { group, name, owner } => accept(app, group, name, owner, output).await,
    }
}

/// An offer as scripts read it.
#[derive(Serialize)]
struct Described {
    group: String,
    host: String,
    /// `leaving` or `coming`.
    way: &'static str,
    /// The new group; null until it was accepted.
    target: Option<String>,
    offer: String,
    at: crate::domain::Timestamp,
}

impl Described {
    fn of(one: &Move) -> Self {
        Self {
            group: one.group.to_string(),
            host: one.host.to_string(),
            way: match one.way {
                Way::Leaving => "leaving",
                Way::Coming => "coming",
            },
            target: one.target.as_ref().map(Uri::to_string),
            offer: one.offer.to_string(),
            at: one.created_at,
        }
    }
}

async fn offer(app: &App, name: Handle, host: Host, output: Output) -> Result<()> {
    let group = super::find(app, name).await?.group;
    let offered = moves::offer(app, Viewer::Operator, group.id, host).await?;
    let sentence = format!("{} is asked to take {}.", offered.host, group.actor.name);
    output.made(&Described::of(&offered), sentence)
}

async fn list(app: &App, output: Output) -> Result<()> {
    let all = moves::list(app, Viewer::Operator).await?;
    let described: Vec<Described> = all.iter().map(Described::of).collect();
    output.list(&described, ["group", "host", "way", "target"], |one| {
        let target = one.target.clone();
        [
            one.group.clone(),
            one.host.clone(),
            one.way.to_owned(),
            target.unwrap_or_else(|| "not yet".to_owned()),
        ]
    })
}

async fn accept(
    app: &App,
    moving: Uri,
    name: Name,
    owner: Option<String>,
    output: Output,
) -> Result<()> {
    let operator = Viewer::Operator;
    let handle = Handle {
        name: name.to_string(),
        host: None,
    };
    let group = match groups::find(app, operator.clone(), handle).await {
        Ok(view) => view.group,
        Err(Error::NotFound) => {
            let owner = accounts::find_owner(app, operator.clone(), owner.as_deref()).await?;
            let new = NewGroup {
                owner: Some(owner.actor.id),
                ..NewGroup::in_place_of(app, &moving, name).await?
            };
            groups::create(app, operator.clone(), new).await?
        }
        Err(error) => return Err(error),
    };
    let accepted = moves::accept(app, operator, moving, group.id).await;
    let accepted = accepted.map_err(|error| match error {
        Error::NotFound => Error::invalid(
            "group",
            "nobody offered it; `guildhall group move list` shows what was",
        ),
        other => other,
    })?;
    let sentence = format!("{} is {} from now on.", accepted.group, group.actor.uri);
    output.made(&Described::of(&accepted), sentence)
}
