//! The chains of the audit log and the ledger: one mechanism, two logs.
//!
//! Whoever appends a line says so here ([`add`]); just before the transaction commits, its lines are linked to
//! the last one of their log ([`link`]). Not sooner: from then on nobody else can link until the commit, and a
//! transaction that still has something to wait for would keep all others waiting, or wait for one that waits for
//! it. On SQLite all stories of a commit are linked at once.
//!
//! A transaction runs on one thread from its beginning to its end, so what is to be linked is kept with the
//! thread.

use std::cell::RefCell;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use openssl::sha::Sha256;
use serde::Serialize;

use crate::domain::{Checkpoint, Linked, hex};
use crate::error::{Error, Result};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::schema::{audit_links, ledger_links};
use crate::storage::{Connection, audit, ledger, settings};

/// Which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    Audit,
    Ledger,
}

impl Log {
    const ALL: [Self; 2] = [Self::Audit, Self::Ledger];

    /// Any numbers that nobody else uses with PostgreSQL's advisory locks.
    const fn lock(self) -> i64 {
        match self {
            Self::Audit => 0x6775_696c_6c61_7564,
            Self::Ledger => 0x6775_696c_6c6c_6567,
        }
    }
}

/// Runs one expression on the links of either log.
macro_rules! links_of {
    ($log:expr, |$links:ident| $body:expr) => {
        match $log {
            Log::Audit => {
                use audit_links as $links;
                $body
            }
            Log::Ledger => {
                use ledger_links as $links;
                $body
            }
        }
    };
}

/// A line that this transaction appended.
#[derive(Debug)]
struct Unlinked {
    log: Log,
    id: i64,
    text: String,
}

thread_local! {
    static UNLINKED: RefCell<Vec<Unlinked>> = const { RefCell::new(Vec::new()) };
}

/// Says that a line was appended. `line` is what it says, as it stands in its row.
pub(super) fn add(log: Log, id: i64, line: &impl Serialize) -> Result<()> {
    let text = text_of(line)?;
    UNLINKED.with_borrow_mut(|lines| lines.push(Unlinked { log, id, text }));
    Ok(())
}

/// What is linked of a row: one JSON object.
pub(super) fn text_of(line: &impl Serialize) -> Result<String> {
    serde_json::to_string(line).map_err(Error::internal)
}

/// How many lines wait to be linked: for [`forget_since`].
pub(super) fn mark() -> usize {
    UNLINKED.with_borrow(Vec::len)
}

/// Forgets the lines that were appended since: they were rolled back.
pub(super) fn forget_since(mark: usize) {
    UNLINKED.with_borrow_mut(|lines| lines.truncate(mark));
}

/// Links what was appended. The last thing before a commit.
pub(super) fn link(connection: &mut Connection) -> Result<()> {
    let lines = UNLINKED.take();
    for log in Log::ALL {
        let mut mine = lines.iter().filter(|line| line.log == log).peekable();
        if mine.peek().is_some() {
            append(
                connection,
                log,
                mine.map(|line| (line.id, line.text.as_str())),
            )?;
        }
    }
    Ok(())
}

fn append<'a>(
    connection: &mut Connection,
    log: Log,
    lines: impl Iterator<Item = (i64, &'a str)>,
) -> Result<()> {
    if let Connection::Postgres(inner) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(log.lock())
            .execute(inner)?;
    }
    let mut head = head(connection, log)?;
    let mut links = Vec::new();
    for (id, text) in lines {
        head = Checkpoint {
            lines: head.lines + 1,
            hash: hash(&head.hash, &numbered(head.lines + 1, text)),
        };
        links.push((head.lines, id, head.hash.clone()));
    }
    insert(connection, log, &links)
}

/// Rows in one INSERT.
const ROWS_PER_INSERT: usize = 1_000;

fn insert(connection: &mut Connection, log: Log, links: &[(i64, i64, String)]) -> Result<()> {
    for some in links.chunks(ROWS_PER_INSERT) {
        links_of!(log, |links| {
            let rows: Vec<_> = some
                .iter()
                .map(|(number, id, hash)| {
                    let hash = hash.as_str();
                    (
                        links::number.eq(*number),
                        links::line_id.eq(*id),
                        links::hash.eq(hash),
                    )
                })
                .collect();
            on_backend!(connection, |inner| diesel::insert_into(links::table)
                .values(&rows)
                .execute(inner))?;
        });
    }
    Ok(())
}

/// The line with its number before it: what is exported, but for its digest.
pub(super) fn numbered(number: i64, text: &str) -> String {
    format!(
        "{{\"number\":{number},{}",
        text.get(1..).unwrap_or_default()
    )
}

/// A numbered line with its digest at its end.
pub fn exported(line: &str, hash: &str) -> String {
    let open = line.strip_suffix('}').unwrap_or(line);
    format!("{open},\"hash\":\"{hash}\"}}")
}

fn hash(before: &str, line: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(before.as_bytes());
    digest.update(line.as_bytes());
    hex(&digest.finish())
}

/// The newest link of a log.
pub fn head(connection: &mut Connection, log: Log) -> Result<Checkpoint> {
    links_of!(log, |links| {
        let number: Option<i64> = links::table
            .select(diesel::dsl::max(links::number))
            .get_result(connection)?;
        let Some(lines) = number else {
            return Ok(Checkpoint::default());
        };
        let hash = find_one!(connection, links::table.find(lines).select(links::hash))?;
        let hash: String = hash.ok_or_else(|| Error::internal("a chain without its last link"))?;
        Ok(Checkpoint { lines, hash })
    })
}

/// The next lines of a log in the order of its chain, at most `most`, after a place in it.
pub fn list(
    connection: &mut Connection,
    log: Log,
    after: &Checkpoint,
    most: i64,
) -> Result<Vec<Linked>> {
    let rows: Vec<(i64, i64, String)> = links_of!(log, |links| links::table
        .filter(links::number.gt(after.lines))
        .order(links::number)
        .limit(most)
        .load(connection)?);
    let ids: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let mut texts = match log {
        Log::Audit => audit::texts(connection, &ids)?,
        Log::Ledger => ledger::texts(connection, &ids)?,
    };
    let mut before = after.hash.clone();
    let line = |(number, id, found): (i64, i64, String)| {
        let text = texts.remove(&id).map(|text| numbered(number, &text));
        let rightly = text.as_ref().map(|text| hash(&before, text));
        before.clone_from(&found);
        Linked {
            number,
            id,
            hash: found,
            text,
            rightly: rightly.unwrap_or_default(),
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// The numbers and digests of lines.
pub(super) fn places(
    connection: &mut Connection,
    log: Log,
    ids: &[i64],
) -> Result<std::collections::HashMap<i64, (i64, String)>> {
    let rows: Vec<(i64, i64, String)> = links_of!(log, |links| links::table
        .filter(links::line_id.among(ids))
        .load(connection)?);
    let places = rows.into_iter();
    Ok(places
        .map(|(number, id, hash)| (id, (number, hash)))
        .collect())
}

/// The first line that no link has: its row, and what it says.
pub fn find_unlinked(connection: &mut Connection, log: Log) -> Result<Option<(i64, String)>> {
    let id = match log {
        Log::Audit => audit::list_unlinked(connection, 1)?,
        Log::Ledger => ledger::list_unlinked(connection, 1)?,
    };
    let Some(id) = id.first().copied() else {
        return Ok(None);
    };
    let mut texts = match log {
        Log::Audit => audit::texts(connection, &[id])?,
        Log::Ledger => ledger::texts(connection, &[id])?,
    };
    Ok(texts.remove(&id).map(|text| (id, text)))
}

/// Set once all lines are linked that were there before there was a chain.
const AUDIT_CHAINED: &str = "audit_chained";

/// Links the oldest audit lines that were written before there was a chain, at most `most`; how many. After the
/// first time that there are none it never does so again: a line without a link is then one too many.
pub fn adopt_audit(connection: &mut Connection, most: i64) -> Result<usize> {
    if settings::find(connection, AUDIT_CHAINED)?.is_some() {
        return Ok(0);
    }
    let ids = audit::list_unlinked(connection, most)?;
    if ids.is_empty() {
        settings::save(connection, AUDIT_CHAINED, "")?;
        return Ok(0);
    }
    let texts = audit::texts(connection, &ids)?;
    let lines = ids
        .iter()
        .filter_map(|id| texts.get(id).map(|text| (*id, text.as_str())));
    append(connection, Log::Audit, lines)?;
    Ok(ids.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NOTHING_BEFORE;

    #[test]
    fn a_digest_is_of_the_line_and_of_all_before_it() {
        let line = numbered(1, r#"{"at":"2026-11-29T12:00:00.000Z"}"#);
        assert_eq!(line, r#"{"number":1,"at":"2026-11-29T12:00:00.000Z"}"#);
        let expected = openssl::sha::sha256(format!("{NOTHING_BEFORE}{line}").as_bytes());
        let expected = hex(&expected);
        assert_eq!(hash(NOTHING_BEFORE, &line), expected);
        assert_ne!(hash(&expected, &line), expected);
    }
}
