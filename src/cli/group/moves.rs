//! `guildhall group move`: groups that go to a partner's house, and theirs that come here.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Handle, Host, Name, Uri};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::{accounts, moves};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Ask a partner to take a group; nothing changes until they agree
    Offer {
        name: Handle,
        /// The partner's host
        host: Host,
    },
    /// Take back what was offered, while nobody took it
    Withdraw { name: Handle },
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
    /// Do not take a group that a partner offered
    Decline {
        /// Its address, as `guildhall group move list` shows it
        group: Uri,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Offer { name, host } => offer(app, name, host, output).await,
        Command::Withdraw { name } => withdraw(app, name, output).await,
        Command::List => list(app, output).await,
        Command::Decline { group } => decline(app, group, output).await,
        Command::Accept { group, name, owner } => accept(app, group, name, owner, output).await,
    }
}

async fn offer(app: &App, name: Handle, host: Host, output: Output) -> Result<()> {
    let group = super::find(app, name).await?.group;
    let offered = moves::offer(app, Viewer::Operator, group.id, host).await?;
    let sentence = format!("{} is asked to take {}.", offered.host, group.actor.name);
    output.made(&wire::Move::from(offered), sentence)
}

async fn withdraw(app: &App, name: Handle, output: Output) -> Result<()> {
    let group = super::find(app, name).await?.group;
    let withdrawn = moves::withdraw(app, Viewer::Operator, group.id).await;
    let withdrawn = withdrawn.map_err(|error| match error {
        Error::NotFound => Error::invalid("name", "no offer of it waits for an answer"),
        other => other,
    })?;
    let sentence = format!("{} is told that it stays here.", withdrawn.host);
    output.made(&wire::Move::from(withdrawn), sentence)
}

async fn decline(app: &App, moving: Uri, output: Output) -> Result<()> {
    let declined = moves::decline(app, Viewer::Operator, moving).await;
    let declined = declined.map_err(unoffered)?;
    let sentence = format!("{} is told that you do not take it.", declined.host);
    output.made(&wire::Move::from(declined), sentence)
}

fn unoffered(error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid(
            "group",
            "nobody offered it; `guildhall group move list` shows what was",
        ),
        other => other,
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let all = moves::list(app, Viewer::Operator).await?;
    let listed: Vec<wire::Move> = all.into_iter().map(wire::Move::from).collect();
    output.list(&listed, ["group", "host", "way", "target"], |one| {
        let target = one.target.as_ref().map(Uri::to_string);
        let ended = one.ended.map(|ended| ended.to_string());
        [
            one.group.to_string(),
            one.host.to_string(),
            one.way.to_string(),
            target.or(ended).unwrap_or_else(|| "not yet".to_owned()),
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
    let owner = accounts::find_owner(app, operator.clone(), owner.as_deref()).await?;
    let owner = Some(owner.actor.id);
    let accepted = moves::accept_as(app, operator, moving, name, owner).await;
    let (accepted, group) = accepted.map_err(unoffered)?;
    let sentence = format!("{} is {} from now on.", accepted.group, group.actor.uri);
    output.made(&wire::Move::from(accepted), sentence)
}
