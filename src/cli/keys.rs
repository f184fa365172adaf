//! `guildhall keys`: the keys with which this house signs.

use crate::app::App;
use crate::cli::Output;
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::keys::{self, Whose};
use crate::wire::{OwnKey, Rotated};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Show the fingerprint of the server's own key, which partners pin: to be read out by telephone
    Show,
    /// Give somebody or something new keys; the old ones are published for seven more days
    Rotate {
        /// A person or group of this house, or `actor` for the server itself
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        name: Option<String>,
        /// Everybody's and everything's of this house
        #[arg(long)]
        all: bool,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Show => show(app, output).await,
        Command::Rotate { name, .. } => rotate(app, name, output).await,
    }
}

async fn show(app: &App, output: Output) -> Result<()> {
    let fingerprint = keys::own_fingerprint(app, Viewer::Operator).await?;
    let key = OwnKey { fingerprint };
    output.made(&key, &key.fingerprint)
}

async fn rotate(app: &App, name: Option<String>, output: Output) -> Result<()> {
    let whose = name.clone().map_or(Whose::All, Whose::One);
    let rotated = keys::rotate(app, Viewer::Operator, whose).await;
    let rotated = rotated.map_err(|error| match (error, name) {
        (Error::NotFound, Some(name)) => Error::invalid(
            "name",
            format!("{name} is no person or group here; `guildhall user list` and `guildhall group list` know all"),
        ),
        (other, _) => other,
    })?;
    let document = Rotated::from(rotated);
    let days = keys::OVERLAP.as_secs() / 86_400;
    let sentence = match document.rotated.as_slice() {
        [one] => format!("{one} has new keys; the old ones are published for {days} more days."),
        several => format!(
            "{} have new keys; the old ones are published for {days} more days.",
            several.len()
        ),
    };
    output.made(&document, sentence)
}
