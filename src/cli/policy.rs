//! `guildhall policy`: who may see and do what, and why.

use crate::app::App;
use crate::cli::Output;
use crate::error::Result;
use crate::policy::{Action, Viewer};
use crate::services::explain::{self, Question};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Say whether somebody may do something, and why not
    Explain {
        /// A name or handle, a partner's host, or `anonymous`
        #[arg(long = "as", value_name = "HANDLE|HOST|anonymous")]
        who: String,
        /// Address of a group or post, or a group's name or handle
        #[arg(long = "on", value_name = "URL|GROUP")]
        target: String,
        /// know, read, join, react, reply, start, attach, invite, moderate, …
        #[arg(long, default_value = "read")]
        action: Action,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::Explain {
            who,
            target,
            action,
        } => {
            let question = Question {
                who,
                target,
                action,
            };
            let explanation = explain::explain(app, Viewer::Operator, question).await?;
            let explanation = wire::Explanation::from(explanation);
            output.made(&explanation, &explanation.sentence)
        }
    }
}
