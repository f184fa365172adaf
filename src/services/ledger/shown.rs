//! What other servers read here, written down before it leaves.
//!
//! A line says: in this hour, this server read this text. The first time it is written, durably, before the bytes
//! leave; again in the same hour nothing is added. So whatever left has a line, and a server that reads the same
//! page all day makes two dozen. Lines of requests that come at the same time are committed together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_cache::sync::Cache;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::app::App;
use crate::crypto;
use crate::domain::{
    Group, GroupId, Host, LedgerEntry, LedgerOutcome, LedgerWay, Matter, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::storage::{self, Connection};

/// What one line stands for, seconds.
const HOUR: i64 = 3_600;
/// What was shown lately, as far as it is remembered: what is forgotten gets another line.
const REMEMBERED_MAX: usize = 100_000;

/// Something that is about to be shown.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    pub way: LedgerWay,
    pub matter: Matter,
    /// The post or actor.
    pub object: Uri,
    /// Who is named by it.
    pub by: Option<Uri>,
    /// Of the text, or of the file's bytes.
    pub digest: Option<String>,
    /// When that text was written.
    pub written: Option<Timestamp>,
    pub size: Size<'a>,
}

/// How large that is: worked out for what gets a line, not for what has one.
#[derive(Clone, Copy, Debug)]
pub enum Size<'a> {
    Bytes(u64),
    /// Of this document as it is written.
    Of(&'a Value),
}

impl Size<'_> {
    fn bytes(self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Of(document) => document.to_string().len() as u64,
        }
    }
}

/// What was shown in this hour, and what waits to be written before it is shown.
pub struct ShownLately {
    /// The hour of the line.
    lines: Cache<String, i64>,
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Default for ShownLately {
    fn default() -> Self {
        Self {
            lines: Cache::new(REMEMBERED_MAX),
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl ShownLately {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of one request, and who waits for them.
struct Waiting {
    lines: Vec<Line>,
    written: oneshot::Sender<()>,
}

/// A line that lacks its grant.
struct Line {
    group: Option<GroupId>,
    entry: LedgerEntry,
}

/// Writes down what a reader is about to be shown. To somebody of no server nothing is disclosed that is not
/// public: there is no line.
///
/// # Errors
/// When it cannot be written: then nothing may be shown.
pub async fn note(
    app: &App,
    viewer: &Viewer,
    signer: Option<&Uri>,
    group: Option<&Group>,
    shown: Vec<Shown<'_>>,
) -> Result<()> {
    let Some(host) = viewer.host() else {
        return Ok(());
    };
    let reader = signer.filter(|_| viewer.actor().is_some());
    let now = app.clock.now();
    let hour = now.seconds().div_euclid(HOUR);
    let (mut keys, mut lines) = (Vec::new(), Vec::new());
    for one in shown {
        let key = key(host, reader, &one);
        if app.shown.lines.get(&key) != Some(hour) {
            keys.push(key);
            lines.push(Line::new(host, reader, group, one, now));
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    write(app, lines).await?;
    for key in keys {
        app.shown.lines.insert(key, hour);
    }
    Ok(())
}

/// What a line of this hour stands for.
fn key(host: &Host, reader: Option<&Uri>, shown: &Shown<'_>) -> String {
    let digest = shown.digest.as_deref().unwrap_or_default();
    let address = |uri: Option<&Uri>| uri.map_or_else(String::new, Uri::to_string);
    let (reader, by) = (address(reader), address(shown.by.as_ref()));
    // None of these has a line break in it.
    crypto::fingerprint(&format!(
        "{host}\n{reader}\n{}\n{by}\n{digest}\n{}",
        shown.object, shown.matter
    ))
}

impl Line {
    fn new(
        host: &Host,
        reader: Option<&Uri>,
        group: Option<&Group>,
        shown: Shown<'_>,
        now: Timestamp,
    ) -> Self {
        Self {
            group: group.map(|group| group.id),
            entry: LedgerEntry {
                at: now,
                way: shown.way,
                outcome: LedgerOutcome::Sent,
                reason: None,
                host: host.clone(),
                reader: reader.cloned(),
                grant: None,
                group: group.map(|group| group.actor.uri.clone()),
                matter: shown.matter,
                object: shown.object,
                by: shown.by,
                digest: shown.digest,
                written: shown.written,
                bytes: i64::try_from(shown.size.bytes()).unwrap_or(i64::MAX),
            },
        }
    }
}

/// Writes lines, together with those of everybody who waits to write.
async fn write(app: &App, lines: Vec<Line>) -> Result<()> {
    let (written, told) = oneshot::channel();
    app.shown.waiting().push(Waiting { lines, written });
    {
        let _turn = app.shown.turn.lock().await;
        let all = std::mem::take(&mut *app.shown.waiting());
        if !all.is_empty() {
            // On a task of its own: whoever has the turn may go away, and the others still wait.
            let writing = tokio::spawn(write_all(app.clone(), all));
            writing.await.map_err(Error::internal)?;
        }
    }
    // Who wrote for us could not: nothing is told.
    told.await
        .map_err(|_| Error::Unavailable("the ledger cannot be written now; try again later".into()))
}

async fn write_all(app: App, all: Vec<Waiting>) {
    let now = app.clock.now();
    let (mut lines, mut waiting) = (Vec::new(), Vec::new());
    for one in all {
        lines.extend(one.lines);
        waiting.push(one.written);
    }
    let written = app
        .db
        .write("note_shown", move |connection| {
            append(connection, lines, now)
        })
        .await;
    match written {
        Ok(()) => waiting.into_iter().for_each(|one| {
            // Who waited may be gone.
            let _ = one.send(());
        }),
        Err(error) => {
            tracing::error!(%error, "what is asked for is not shown: the ledger cannot be written")
        }
    }
}

fn append(connection: &mut Connection, lines: Vec<Line>, now: Timestamp) -> Result<()> {
    let mut grants = HashMap::new();
    let mut entries = Vec::with_capacity(lines.len());
    for Line { group, mut entry } in lines {
        if let Some(group) = group {
            let pair = (group, entry.host.clone());
            entry.grant = match grants.get(&pair) {
                Some(known) => *known,
                None => {
                    let grant = storage::ledger::find_grant(connection, group, &entry.host)?;
                    grants.insert(pair, grant);
                    grant
                }
            };
        }
        entries.push(entry);
    }
    storage::ledger::append(connection, &entries, now)
}
