//! `guildhall media`: how many pictures and files there are, and what room they take.

use serde::Serialize;

use crate::app::App;
use crate::cli::Output;
use crate::error::Result;
use crate::services::attachments::{self, Usage};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Count pictures and files, and the room they take
    Usage,
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    let Command::Usage = command;
    let Usage { counted, kept } = attachments::usage(app).await?;
    let used = Used {
        ours: counted.ours,
        theirs: counted.theirs,
        unfetched: counted.unfetched,
        waiting: counted.waiting,
        files: kept.files,
        bytes: kept.bytes,
    };
    let sentence = format!(
        "In posts of ours {}, of others {} ({} of them not fetched), uploaded and in no post {}. {} files with {} bytes.",
        used.ours, used.theirs, used.unfetched, used.waiting, used.files, used.bytes
    );
    output.made(&used, sentence)
}

/// As scripts read it.
#[derive(Serialize)]
struct Used {
    ours: i64,
    theirs: i64,
    unfetched: i64,
    waiting: i64,
    /// In the folder of files, small pictures of pictures too.
    files: u64,
    bytes: u64,
}
