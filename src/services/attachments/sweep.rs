//! Clearing up the folder: files that nothing refers to any more, because their post was taken back, or
//! because a crash came between file and row.

use std::time::Duration;

use crate::app::App;
use crate::error::{Error, Result};
use crate::files::{Alone, Room};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage;

/// Looked for a moment in which nobody keeps files, so many times.
const TRIES: u32 = 40;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// An upload that takes longer was given up.
const INCOMING_KEPT: Duration = Duration::from_secs(86_400);

/// Files looked at in one step.
const FILES_PER_STEP: i64 = 200;

/// Removes the files of what was taken back since the last time; how many. Those that something else
/// refers to, too, stay.
pub async fn sweep_dropped(app: &App) -> Result<usize> {
    let mut removed = 0;
    loop {
        let dropped = app
            .db
            .read("list_dropped_files", |connection| {
                storage::attachments::list_dropped(connection, FILES_PER_STEP)
            })
            .await?;
        if dropped.is_empty() || app.bells.stop.rung() {
            return Ok(removed);
        }
        let Some(alone) = find_moment(app).await? else {
            return Ok(removed);
        };
        removed += app
            .db
            .write_patiently("sweep_dropped_files", move |connection| {
                let needed = storage::attachments::list_needed(connection, &dropped)?;
                let removed = alone.sweep(&dropped, &needed)?;
                storage::attachments::forget_dropped(connection, &dropped)?;
                Ok(removed)
            })
            .await?;
    }
}

/// Removes every file that nothing refers to, as a crash may leave it; how many. A part of the folder in which somebody keeps
/// files all the time waits for the next time.
pub async fn sweep(app: &App) -> Result<usize> {
    let mut removed = 0;
    for part in 0..=u8::MAX {
        if app.bells.stop.rung() {
            break;
        }
        if let Some(alone) = find_moment(app).await? {
            removed += sweep_part(app, alone, part).await?;
        }
    }
    Ok(removed)
}

async fn find_moment(app: &App) -> Result<Option<Alone>> {
    for _ in 0..TRIES {
        let files = app.files.clone();
        let alone = tokio::task::spawn_blocking(move || files.alone()).await;
        if let Some(alone) = alone.map_err(Error::internal)?? {
            return Ok(Some(alone));
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    Ok(None)
}

/// Nobody keeps files meanwhile: what a row was written for before is seen, and none is written after.
async fn sweep_part(app: &App, alone: Alone, part: u8) -> Result<usize> {
    let forgotten = app.clock.now().minus(INCOMING_KEPT);
    app.db
        .read("sweep_files", move |connection| {
            if part == 0 {
                alone.sweep_incoming(forgotten)?;
            }
            let found = alone.list(part)?;
            let needed = storage::attachments::list_needed(connection, &found)?;
            alone.sweep(&found, &needed)
        })
        .await
}

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// By where it is from.
    pub counted: storage::attachments::Usage,
    /// In the folder.
    pub kept: Room,
}

/// Counts attachments, and the room that files take, for administrators.
pub async fn usage(app: &App, viewer: Viewer) -> Result<Usage> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    let counted = app
        .db
        .read("count_attachments", storage::attachments::count)
        .await?;
    let files = app.files.clone();
    let kept = tokio::task::spawn_blocking(move || files.measure()).await;
    Ok(Usage {
        counted,
        kept: kept.map_err(Error::internal)??,
    })
}
