//! Whether the audit log and the ledger are still as they were written; and taking them out of the house.
//!
//! Both are chained by one mechanism (`storage/chain.rs`): here they are walked from the beginning, some hundred
//! lines at a time.

use crate::app::App;
use crate::domain::{Checkpoint, Fault, Linked, NOTHING_BEFORE, Walk};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage;
pub use crate::storage::chain::Log;

/// Lines looked at together.
pub const LINES_PER_STEP: i64 = 1_000;
/// Characters of a line that is named as wrong.
const NAMED_CHARS_MAX: usize = 300;

/// What became of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// As far as all is well.
    pub checkpoint: Checkpoint,
    pub fault: Option<Fault>,
}

fn permit(app: &App, viewer: Viewer, log: Log) -> Result<()> {
    let asker = app.asker(viewer);
    match log {
        Log::Audit => access::permit_house::<act::ManageAccounts>(&asker).map(drop),
        Log::Ledger => access::permit_house::<act::ReadLedger>(&asker).map(drop),
    }
}

/// How long a log is, and the digest of its last line.
pub async fn head(app: &App, viewer: Viewer, log: Log) -> Result<Checkpoint> {
    permit(app, viewer, log)?;
    app.db
        .read("chain_head", move |connection| {
            storage::chain::head(connection, log)
        })
        .await
}

/// Walks a whole log and stops at the first thing that is wrong. `expected` is the digest of a checkpoint that
/// somebody kept: the log must have come by it. `step` is called after every [`LINES_PER_STEP`] lines.
pub async fn verify(
    app: &App,
    viewer: Viewer,
    log: Log,
    expected: Option<&str>,
    mut step: impl FnMut(),
) -> Result<Verified> {
    permit(app, viewer, log)?;
    let mut walk = Walk::default();
    let mut met = expected.is_none_or(|expected| expected == NOTHING_BEFORE);
    loop {
        let lines = next(app, log, walk.reached().clone()).await?;
        if lines.is_empty() {
            break;
        }
        for mut line in lines {
            met |= expected == Some(line.hash.as_str());
            line.text = line
                .text
                .map(|text| text.chars().take(NAMED_CHARS_MAX).collect());
            if let Err(fault) = walk.step(line) {
                return Ok(ended(walk, Some(fault)));
            }
        }
        step();
    }
    let unlinked = app
        .db
        .read("find_unlinked", move |connection| {
            storage::chain::find_unlinked(connection, log)
        })
        .await?;
    let fault = match (unlinked, expected) {
        (Some((id, text)), _) => Some(Fault::Inserted { id, text }),
        (None, Some(expected)) if !met => Some(Fault::Cut {
            expected: expected.to_owned(),
        }),
        (None, _) => None,
    };
    Ok(ended(walk, fault))
}

fn ended(walk: Walk, fault: Option<Fault>) -> Verified {
    Verified {
        checkpoint: walk.reached().clone(),
        fault,
    }
}

async fn next(app: &App, log: Log, after: Checkpoint) -> Result<Vec<Linked>> {
    app.db
        .read("walk_chain", move |connection| {
            storage::chain::list(connection, log, &after, LINES_PER_STEP)
        })
        .await
}

/// The lines of a log in the order of their chain, oldest first: what is chained, and its digest, one JSON object
/// each. `write` gets them part by part; it says whether somebody wants more.
///
/// # Errors
/// Those of `write`; [`Error::Conflict`] where a line is gone: [`verify`] says which.
pub async fn export(
    app: &App,
    viewer: Viewer,
    log: Log,
    mut write: impl FnMut(Vec<String>) -> Result<bool>,
) -> Result<()> {
    permit(app, viewer, log)?;
    let mut after = Checkpoint::default();
    loop {
        let lines = next(app, log, after.clone()).await?;
        if let Some(last) = lines.last() {
            after = Checkpoint {
                lines: last.number,
                hash: last.hash.clone(),
            };
        }
        let at_end = lines.is_empty();
        let texts: Vec<String> = lines.into_iter().map(exported).collect::<Result<_>>()?;
        if !write(texts)? || at_end {
            return Ok(());
        }
    }
}

fn exported(line: Linked) -> Result<String> {
    let text = line
        .text
        .ok_or_else(|| Error::Conflict(format!("line {} is gone: verify the log", line.number)))?;
    Ok(storage::chain::exported(&text, &line.hash))
}

/// Lines linked in one transaction when the chain is begun.
const ADOPTED_PER_STEP: i64 = 1_000;

/// Links the audit lines that were written before there was a chain. Once for ever; afterwards it does nothing.
pub async fn begin(app: &App) -> Result<()> {
    loop {
        let step = app.db.write("begin_chain", |connection| {
            storage::chain::adopt_audit(connection, ADOPTED_PER_STEP)
        });
        if step.await? == 0 {
            return Ok(());
        }
    }
}
