//! `guildhall post`: what moderators do with posts, by their number. The texts are not shown here.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{LabelName, PostId, RemovalReason};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::labels;
use crate::services::posts::{self, Lock, Pin};
use crate::wire;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Take a post out of view; readers see the reason in its place
    Remove {
        /// The number in its address, /p/ID
        id: PostId,
        #[arg(long, value_name = "TEXT")]
        reason: RemovalReason,
    },
    /// Give a post a label of its own, or take it away
    Label {
        /// The number in its address, /p/ID
        id: PostId,
        #[arg(required_unless_present = "none")]
        label: Option<LabelName>,
        /// As its topic and its group
        #[arg(long, conflicts_with = "label")]
        none: bool,
    },
    /// Bring a removed post back
    Restore {
        /// The number in its address, /p/ID
        id: PostId,
    },
    /// Close a topic to everybody but moderators
    Lock {
        /// The number in its address, /p/ID
        id: PostId,
    },
    /// Open a locked topic again
    Unlock {
        /// The number in its address, /p/ID
        id: PostId,
    },
    /// Let a topic stand first in its group
    Pin {
        /// The number in its address, /p/ID
        id: PostId,
    },
    /// Take the pin off a topic
    Unpin {
        /// The number in its address, /p/ID
        id: PostId,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    let operator = Viewer::Operator;
    let (id, done, outcome) = match command {
        Command::Remove { id, reason } => (
            id,
            "removed",
            posts::remove(app, operator, id, reason).await,
        ),
        Command::Label { id, label, .. } => {
            let labelled = labels::set_of_post(app, operator, id, label).await;
            (id, "classified", labelled)
        }
        Command::Restore { id } => (id, "restored", posts::restore(app, operator, id).await),
        Command::Lock { id } => {
            let locked = posts::set_locked(app, operator, id, Lock::Locked).await;
            (id, "locked", locked)
        }
        Command::Unlock { id } => {
            let open = posts::set_locked(app, operator, id, Lock::Open).await;
            (id, "unlocked", open)
        }
        Command::Pin { id } => {
            let pinned = posts::set_pinned(app, operator, id, Pin::Pinned).await;
            (id, "pinned", pinned)
        }
        Command::Unpin { id } => {
            let loose = posts::set_pinned(app, operator, id, Pin::Loose).await;
            (id, "unpinned", loose)
        }
    };
    let post = outcome.map_err(|error| match error {
        Error::NotFound => Error::invalid("id", format!("there is no post {id}")),
        other => other,
    })?;
    output.made(
        &wire::Post::from(&post),
        format!("The post {id} is {done}."),
    )
}
