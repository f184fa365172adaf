//! `guildhall stop`: the emergency stop.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Handle, Host};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::proposals::Decided;
use crate::services::stops::{self, Which};
use crate::wire;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("which").args(["group", "partner", "all"])))]
pub struct Options {
    /// Stop what goes between this group and the outside
    #[arg(long)]
    group: Option<Handle>,
    /// Stop what goes between us and this server
    #[arg(long, value_name = "HOST")]
    partner: Option<Host>,
    /// Stop everything that goes between us and the outside
    #[arg(long)]
    all: bool,
    /// Why, for the audit log and the other administrators
    #[arg(
        long,
        default_value = "",
        conflicts_with = "release",
        requires = "which"
    )]
    reason: String,
    /// Let go again; what waited is sent
    #[arg(long, requires = "which")]
    release: bool,
}

impl Options {
    fn which(&self) -> Option<Which> {
        match (&self.group, &self.partner) {
            (Some(group), _) => Some(Which::Group(group.clone())),
            (None, Some(host)) => Some(Which::Partner(host.clone())),
            (None, None) => self.all.then_some(Which::All),
        }
    }
}

/// Without saying what: lists what is stopped.
pub async fn run(app: &App, options: Options, output: Output) -> Result<()> {
    match options.which() {
        None => list(app, output).await,
        Some(which) if options.release => release(app, which, output).await,
        Some(which) => stop(app, which, &options.reason, output).await,
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let standing = stops::list(app, Viewer::Operator).await?;
    let listed: Vec<wire::Stop> = standing.iter().map(wire::Stop::from).collect();
    output.list(&listed, ["stopped", "since", "by", "reason"], |stop| {
        [
            stop.what(),
            stop.since.for_people(),
            stop.by.clone(),
            stop.reason.clone(),
        ]
    })
}

async fn stop(app: &App, which: Which, reason: &str, output: Output) -> Result<()> {
    let named = which.to_string();
    let stopped = stops::stop(app, Viewer::Operator, which, reason).await;
    let stop = wire::Stop::from(&stopped.map_err(|error| unknown(error, &named))?);
    output.made(&stop, &stop)
}

async fn release(app: &App, which: Which, output: Output) -> Result<()> {
    let named = which.to_string();
    let released = stops::release(app, Viewer::Operator, which).await;
    let released = match released.map_err(|error| unknown(error, &named))? {
        Decided::Done(released) => wire::StopReleased::from(&released),
        Decided::Proposed(proposal) => return output.proposed(proposal),
    };
    let sentence = format!(
        "{} is released: {} deliveries are due now.",
        released.stop.what(),
        released.deliveries
    );
    output.made(&released, sentence)
}

fn unknown(error: Error, named: &str) -> Error {
    match error {
        Error::NotFound => Error::invalid("group", format!("there is no group {named}")),
        other => other,
    }
}
