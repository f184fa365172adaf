//! `guildhall media`: how many pictures and files there are, and what room they take.

use crate::app::App;
use crate::cli::Output;
use crate::domain::counted;
use crate::error::Result;
use crate::policy::Viewer;
use crate::services::attachments;
use crate::wire::MediaUsage;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Count pictures and files, and the room they take
    Usage,
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    let Command::Usage = command;
    let used = MediaUsage::from(attachments::usage(app, Viewer::Operator).await?);
    let sentence = format!(
        "In posts of ours {}, of others {} ({} of them not fetched), uploaded and in no post {}. {} with {}.",
        used.ours,
        used.theirs,
        used.unfetched,
        used.waiting,
        counted(used.files, "file", "files"),
        counted(used.bytes, "byte", "bytes"),
    );
    output.made(&used, sentence)
}
