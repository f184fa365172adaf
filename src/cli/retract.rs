//! `guildhall retract`: partners are asked to throw away what they got, and what they say they did.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Handle, Host, PAGE_ITEMS_MAX, Page, RetractionId, Uri};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::retractions;
use crate::wire;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["group", "outstanding", "again"]).required(true)))]
pub struct Options {
    /// Take back what the partner got of this group
    #[arg(long, requires = "partner")]
    group: Option<Handle>,
    /// Host of the partner
    #[arg(long, value_name = "HOST", conflicts_with = "again")]
    partner: Option<Host>,
    /// Only this topic, with all below it; while the group is open to the partner, it is kept from it from now on
    #[arg(long, value_name = "URL", requires = "group")]
    topic: Option<Uri>,
    /// List what is not confirmed, newest first
    #[arg(long)]
    outstanding: bool,
    /// With --outstanding: also what is confirmed
    #[arg(long, requires = "outstanding")]
    all: bool,
    /// Ask once more: a number from the list
    #[arg(long, value_name = "NUMBER")]
    again: Option<RetractionId>,
}

pub async fn run(app: &App, options: Options, output: Output) -> Result<()> {
    match (options.again, options.group, options.partner) {
        (Some(id), _, _) => ask_again(app, id, output).await,
        (None, Some(group), Some(partner)) => {
            retract(app, group, partner, options.topic, output).await
        }
        (None, _, partner) => list(app, partner, !options.all, output).await,
    }
}

async fn retract(
    app: &App,
    group: Handle,
    partner: Host,
    topic: Option<Uri>,
    output: Output,
) -> Result<()> {
    let (viewer, named) = (Viewer::Operator, group.to_string());
    let asked = retractions::retract(app, viewer, group, partner.clone(), topic).await;
    let asked = asked.map_err(|error| match error {
        Error::NotFound => Error::invalid("group", format!("there is no group {named}")),
        other => other,
    })?;
    let document = wire::AskedBack {
        group: named,
        partner,
        posts: asked.posts,
    };
    output.made(&document, &document)
}

async fn list(app: &App, partner: Option<Host>, open: bool, output: Output) -> Result<()> {
    let (mut page, mut all) = (Page::first(PAGE_ITEMS_MAX), Vec::new());
    loop {
        let (viewer, host) = (Viewer::Operator, partner.clone());
        let part = retractions::list(app, viewer, host, open, page).await;
        let part = part.map_err(|error| match (error, &partner) {
            (Error::NotFound, Some(host)) => {
                Error::invalid("partner", format!("there is no partnership with {host}"))
            }
            (other, _) => other,
        })?;
        let Some(last) = part.last() else { break };
        page = page.before(Some(last.retraction.id.0));
        all.extend(part.iter().map(wire::Retraction::from));
    }
    let headings = ["number", "partner", "group", "asked", "by", "why", "stands"];
    output.list(&all, headings, |one| {
        [
            one.id.to_string(),
            one.partner.to_string(),
            one.group.clone(),
            one.repeated_at.for_people(),
            one.asked_by.clone(),
            one.cause.to_string(),
            one.stands.clone(),
        ]
    })
}

async fn ask_again(app: &App, id: RetractionId, output: Output) -> Result<()> {
    let asked = retractions::ask_again(app, Viewer::Operator, id).await;
    let asked = asked.map_err(|error| match error {
        Error::NotFound => Error::invalid("again", format!("nothing was asked back as {id}")),
        other => other,
    })?;
    let document = wire::Retraction::from(&asked);
    let sentence = format!("{} is asked once more.", document.partner);
    output.made(&document, sentence)
}
