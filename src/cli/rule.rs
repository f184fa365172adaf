//! `guildhall rule`: what of people here does not leave the house, or not before somebody looked at it.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    Condition, Handle, Host, LabelName, RuleId, RuleKind, RuleOutcome, RuleSentence,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::outbound_rules::{self, Where};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a rule; it counts for what is written or changed from now on, and for what has not left yet
    Add(Add),
    /// List all rules, or those of a group or a partner
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Remove a rule; what it holds waits until somebody looked at it
    Remove {
        /// Its number in the list
        id: RuleId,
    },
    /// Say whether a text would leave, without writing it
    Try {
        /// Markdown
        text: String,
        /// How it would be classified
        #[arg(long, value_name = "NAME")]
        label: Option<LabelName>,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(clap::Args)]
pub struct Of {
    /// Of this group
    #[arg(long, value_name = "NAME", conflicts_with = "partner")]
    group: Option<Handle>,
    /// Of this partner
    #[arg(long, value_name = "HOST")]
    partner: Option<Host>,
}

impl Of {
    fn place(self) -> Option<Where> {
        let group = self.group.map(Where::Group);
        group.or(self.partner.map(Where::Partner))
    }
}

#[derive(clap::Args)]
#[group(skip)]
pub struct Add {
    /// pattern, file_type, file_size, label or webhook
    kind: RuleKind,
    /// The pattern, the file types (with ! before them: all but these), the size in bytes, the label from which upwards
    /// it catches, or the address
    condition: String,
    /// hold: until somebody looked at it; refuse: its author is told why
    #[arg(long, value_name = "WHAT", default_value = "hold")]
    outcome: RuleOutcome,
    /// What the author is told
    #[arg(long, value_name = "TEXT")]
    sentence: RuleSentence,
    #[command(flatten)]
    of: Of,
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Add(options) => add(app, options, output).await,
        Command::List { of } => list(app, of, output).await,
        Command::Remove { id } => remove(app, id, output).await,
        Command::Try { text, label, of } => attempt(app, text, label, of, output).await,
    }
}

async fn add(app: &App, options: Add, output: Output) -> Result<()> {
    let condition = Condition::parse(options.kind, &options.condition)?;
    let place = options.of.place().unwrap_or(Where::House);
    let (outcome, sentence) = (options.outcome, options.sentence);
    let viewer = Viewer::Operator;
    let made = outbound_rules::add(app, viewer, place, condition, outcome, sentence).await;
    let rule = wire::OutboundRule::from(&made.map_err(no_group)?);
    let said = format!("The rule {} of {} counts from now on.", rule.id, rule.of);
    output.made(&rule, said)
}

async fn list(app: &App, of: Of, output: Output) -> Result<()> {
    let rules = outbound_rules::list(app, Viewer::Operator, of.place()).await;
    let rules = rules.map_err(no_group)?;
    let listed: Vec<wire::OutboundRule> = rules.iter().map(wire::OutboundRule::from).collect();
    let headings = ["id", "of", "kind", "condition", "outcome", "sentence"];
    output.list(&listed, headings, |rule| {
        [
            rule.id.to_string(),
            rule.of.clone(),
            rule.kind.to_string(),
            match rule.unreadable {
                true => format!("{} (unreadable: holds everything)", rule.condition),
                false => rule.condition.clone(),
            },
            rule.outcome.to_string(),
            rule.sentence.clone(),
        ]
    })
}

async fn remove(app: &App, id: RuleId, output: Output) -> Result<()> {
    let removed = outbound_rules::remove(app, Viewer::Operator, id).await;
    let removed = removed.map_err(|error| match error {
        Error::NotFound => Error::invalid("id", format!("there is no rule {id}")),
        other => other,
    })?;
    let rule = wire::OutboundRule::from(&removed);
    let said = format!("The rule {id} of {} is gone.", rule.of);
    output.made(&rule, said)
}

async fn attempt(
    app: &App,
    text: String,
    label: Option<LabelName>,
    of: Of,
    output: Output,
) -> Result<()> {
    let place = of.place().unwrap_or(Where::House);
    let trial = outbound_rules::try_text(app, Viewer::Operator, place, text, label).await;
    let trial = wire::Trial::from(&trial.map_err(no_group)?);
    let rules: Vec<String> = trial.rules.iter().map(|rule| rule.id.to_string()).collect();
    let said = match trial.verdict {
        "passes" => "It would leave.".to_owned(),
        verdict => format!("It would be {verdict}, by rule {}.", rules.join(", ")),
    };
    output.made(&trial, said)
}

fn no_group(error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid("group", "there is no such group here"),
        other => other,
    }
}
