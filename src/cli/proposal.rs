//! `guildhall proposal`: what waits for a second administrator. The command line is one person, whoever sits
//! there: it confirms what administrators proposed on pages and by the API, not what it proposed itself.

use crate::app::App;
use crate::cli::Output;
use crate::domain::ProposalId;
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::proposals;
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List what waits
    List,
    /// Do what somebody else proposed
    Confirm { id: ProposalId },
    /// Refuse what was proposed
    Reject { id: ProposalId },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    let (decided, id) = match command {
        Command::List => return list(app, output).await,
        Command::Confirm { id } => (proposals::confirm(app, Viewer::Operator, id).await, id),
        Command::Reject { id } => (proposals::reject(app, Viewer::Operator, id).await, id),
    };
    let decided = wire::Proposal::from(decided.map_err(|error| unknown(error, id))?);
    output.made(&decided, &decided)
}

async fn list(app: &App, output: Output) -> Result<()> {
    let waiting = proposals::list(app, Viewer::Operator).await?;
    let listed: Vec<wire::Proposal> = waiting.into_iter().map(wire::Proposal::from).collect();
    let headings = ["proposal", "what", "by", "until"];
    output.list(&listed, headings, |proposal| {
        [
            proposal.id.to_string(),
            proposal.sentence.clone(),
            proposal.proposed_by.clone(),
            proposal.expires_at.for_people(),
        ]
    })
}

fn unknown(error: Error, id: ProposalId) -> Error {
    match error {
        Error::NotFound => Error::invalid("proposal", format!("there is no proposal {id}")),
        other => other,
    }
}
