//! `guildhall label`: the words by which the house classifies what is said, from what may go furthest upwards.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{LabelMeaning, LabelName};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::labels::{self, Change, Place};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Add a label; without a place it is the highest
    Add {
        name: LabelName,
        /// What it means, in a line
        #[arg(long, value_name = "TEXT", default_value = "")]
        meaning: LabelMeaning,
        #[command(flatten)]
        at: At,
    },
    /// List all labels, the lowest first
    List,
    /// Say anew what a label means, or put it elsewhere in the list
    Set {
        name: LabelName,
        /// What it means, in a line
        #[arg(long, value_name = "TEXT", required_unless_present_any = ["above", "lowest"])]
        meaning: Option<LabelMeaning>,
        #[command(flatten)]
        at: At,
    },
    /// Remove a label; posts that have it are held at the boundary
    Remove { name: LabelName },
}

#[derive(clap::Args)]
pub struct At {
    /// Directly above this label
    #[arg(long, value_name = "NAME", conflicts_with = "lowest")]
    above: Option<LabelName>,
    /// Below all others
    #[arg(long)]
    lowest: bool,
}

impl At {
    fn place(self) -> Option<Place> {
        match (self.above, self.lowest) {
            (Some(name), _) => Some(Place::Above(name)),
            (None, true) => Some(Place::Lowest),
            (None, false) => None,
        }
    }
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Add { name, meaning, at } => {
            let place = at.place().unwrap_or(Place::Highest);
            let label = labels::add(app, Viewer::Operator, name, meaning, place).await?;
            let said = format!("{} is a label now.", label.name);
            output.made(&wire::Label::from(&label), said)
        }
        Command::List => list(app, output).await,
        Command::Set { name, meaning, at } => {
            let place = at.place();
            let change = Change { meaning, place };
            let changed = labels::change(app, Viewer::Operator, name.clone(), change).await;
            let label = changed.map_err(|error| unknown(error, &name))?;
            let said = format!("{} is changed.", label.name);
            output.made(&wire::Label::from(&label), said)
        }
        Command::Remove { name } => {
            let removed = labels::remove(app, Viewer::Operator, name.clone()).await;
            let label = removed.map_err(|error| unknown(error, &name))?;
            let said = format!(
                "{} is no label any more. Posts that have it are held at the boundary.",
                label.name
            );
            output.made(&wire::Label::from(&label), said)
        }
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let labels = labels::list(app, Viewer::Operator).await?;
    let listed: Vec<wire::Label> = labels.all().iter().map(wire::Label::from).collect();
    output.list(&listed, ["label", "meaning"], |label| {
        [label.name.clone(), label.meaning.clone()]
    })
}

fn unknown(error: Error, name: &LabelName) -> Error {
    match error {
        Error::NotFound => Error::invalid(
            "label",
            format!("there is no label {name}; `guildhall label list` shows all"),
        ),
        other => other,
    }
}
