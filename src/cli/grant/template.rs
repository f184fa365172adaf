//! `guildhall grant template`: what grants can begin with.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{Capabilities, GrantTemplate, History, JoinMode, Name};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::grants::templates;
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List those of every house and our own
    List,
    /// Make one of our own, or write it anew; grants that were given by it stay as they are
    Save(Save),
    /// Remove one of our own
    Remove { name: Name },
}

#[derive(clap::Args)]
pub struct Save {
    /// Letters a-z, digits, _ and -, like `auditor`
    name: Name,
    /// What people read, like "Auditor: read everything for a month"
    #[arg(long)]
    title: String,
    /// read, react, reply, start, attach, invite, moderate; separated by commas
    #[arg(long, value_name = "WHAT")]
    can: Capabilities,
    /// How its people get in: approve, auto or invite [default: approve; invite for a secret group]
    #[arg(long, value_name = "HOW")]
    join: Option<JoinMode>,
    /// After how many days the grant ends [default: never]
    #[arg(long)]
    days: Option<u32>,
    /// Topics that are shown: started from then on, all, or since a date
    #[arg(long, value_name = "now|all|DATE", default_value = "now")]
    history: History,
    /// Do not let partners of the group learn of each other
    #[arg(long)]
    apart: bool,
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::List => list(app, output).await,
        Command::Save(options) => save(app, options, output).await,
        Command::Remove { name } => remove(app, name, output).await,
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let all = templates::list(app, Viewer::Operator).await?;
    let listed: Vec<wire::GrantTemplate> = all.into_iter().map(wire::GrantTemplate::from).collect();
    let headings = ["name", "title", "can", "days", "history"];
    output.list(&listed, headings, |template| {
        [
            template.name.to_string(),
            template.title.clone(),
            template.can.to_string(),
            template
                .days
                .map_or_else(String::new, |days| days.to_string()),
            template.history.clone(),
        ]
    })
}

async fn save(app: &App, options: Save, output: Output) -> Result<()> {
    let template = GrantTemplate {
        name: options.name,
        title: options.title,
        capabilities: options.can,
        join: options.join,
        days: options.days,
        history: options.history,
        apart: options.apart,
        built_in: false,
    };
    let saved = templates::save(app, Viewer::Operator, template).await?;
    let saved = wire::GrantTemplate::from(saved);
    let sentence = format!("{}: {}.", saved.name, saved.title);
    output.made(&saved, sentence)
}

async fn remove(app: &App, name: Name, output: Output) -> Result<()> {
    let removed = templates::remove(app, Viewer::Operator, name.clone()).await;
    removed.map_err(|error| match error {
        Error::NotFound => Error::invalid("name", format!("there is no template {name} of ours")),
        other => other,
    })?;
    let sentence = format!("{name} is removed.");
    let name = name.to_string();
    output.made(&wire::TemplateRemoved { name }, sentence)
}
