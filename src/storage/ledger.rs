//! The ledger: appended to, never changed, and chained. What its columns mean says
//! [`LedgerEntry`].

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use serde::Serialize;

use crate::domain::{
    CarriedText, Disclosed, EventKind, GrantId, GroupId, Host, LedgerEntry, LedgerFilter,
    LedgerLine, LedgerOutcome, LedgerWay, Matter, Page, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::storage::among::{AmongMethods as _, Statement};
use crate::storage::audit::{as_text, as_time};
use crate::storage::chain::{self, Log};
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{actors, grants, ledger, ledger_links, partners};
use crate::storage::{Connection, ids};

/// A line as it stands in its row, and as it is linked: what follows must read the same for ever.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = ledger, treat_none_as_default_value = false)]
struct LedgerRow {
    #[serde(serialize_with = "as_text")]
    id: i64,
    #[serde(serialize_with = "as_time")]
    at: i64,
    way: String,
    outcome: String,
    reason: Option<String>,
    host: String,
    reader: Option<String>,
    #[serde(rename = "grant", serialize_with = "as_maybe_text")]
    grant_id: Option<i64>,
    #[serde(rename = "group")]
    group_uri: Option<String>,
    matter: String,
    object: String,
    #[serde(rename = "by")]
    by_uri: Option<String>,
    digest: Option<String>,
    #[serde(rename = "written", serialize_with = "as_maybe_time")]
    written_at: Option<i64>,
    bytes: i64,
}

fn as_maybe_text<S: serde::Serializer>(id: &Option<i64>, out: S) -> Result<S::Ok, S::Error> {
    id.map(|id| id.to_string()).serialize(out)
}

fn as_maybe_time<S: serde::Serializer>(micros: &Option<i64>, out: S) -> Result<S::Ok, S::Error> {
    micros.map(Timestamp::from_micros).serialize(out)
}

impl LedgerRow {
    fn new(id: i64, entry: &LedgerEntry) -> Self {
        let text = |uri: &Option<Uri>| uri.as_ref().map(Uri::to_string);
        Self {
            id,
            at: entry.at.micros(),
            way: entry.way.to_string(),
            outcome: entry.outcome.to_string(),
            reason: entry.reason.clone(),
            host: entry.host.to_string(),
            reader: text(&entry.reader),
            grant_id: entry.grant.map(|grant| grant.0),
            group_uri: text(&entry.group),
            matter: entry.matter.to_string(),
            object: entry.object.to_string(),
            by_uri: text(&entry.by),
            digest: entry.digest.clone(),
            written_at: entry.written.map(Timestamp::micros),
            bytes: entry.bytes,
        }
    }
}

impl TryFrom<LedgerRow> for LedgerEntry {
    type Error = Error;

    fn try_from(row: LedgerRow) -> Result<Self> {
        Ok(Self {
            at: Timestamp::from_micros(row.at),
            way: read(&row.way)?,
            outcome: read(&row.outcome)?,
            reason: row.reason,
            host: read(&row.host)?,
            reader: read_optional(row.reader.as_deref())?,
            grant: row.grant_id.map(GrantId),
            group: read_optional(row.group_uri.as_deref())?,
            matter: read(&row.matter)?,
            object: read(&row.object)?,
            by: read_optional(row.by_uri.as_deref())?,
            digest: row.digest,
            written: row.written_at.map(Timestamp::from_micros),
            bytes: row.bytes,
        })
    }
}

/// Rows in one INSERT: PostgreSQL takes at most 65,535 binds, SQLite 32,766; a row has 15.
const ROWS_PER_INSERT: usize = 1_000;

/// Writes lines in the transaction of what they record.
pub fn append(connection: &mut Connection, entries: &[LedgerEntry], now: Timestamp) -> Result<()> {
    let rows: Vec<LedgerRow> = entries
        .iter()
        .map(|entry| LedgerRow::new(ids::next(now), entry))
        .collect();
    for some in rows.chunks(ROWS_PER_INSERT) {
        on_backend!(connection, |inner| diesel::insert_into(ledger::table)
            .values(some)
            .execute(inner))?;
    }
    rows.iter()
        .try_for_each(|row| chain::add(Log::Ledger, row.id, row))
}

// What was pushed -----------------------------------------------------------------------------------

/// What became of a delivery, or of one attempt at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    pub delivery: i64,
    pub outcome: LedgerOutcome,
    pub reason: Option<String>,
}

/// What a line says of a delivery, as the rows around it tell.
#[derive(Debug, QueryableByName)]
struct Told {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    host: String,
    #[diesel(sql_type = Text)]
    activity: String,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    digest: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    written_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Nullable<Text>)]
    group_uri: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    post: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    by_uri: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    grant_id: Option<i64>,
}

const TOLD: &str = "SELECT d.id AS id, d.host AS host, d.activity_uri AS activity, e.kind AS kind, m.digest AS digest, \
     m.written_at AS written_at, m.bytes AS bytes, g.uri AS group_uri, p.uri AS post, p.parent_id AS parent, \
     a.uri AS by_uri, gr.id AS grant_id \
     FROM deliveries d JOIN messages m ON m.id = d.message_id \
     LEFT JOIN events e ON e.id = d.event_id LEFT JOIN actors a ON a.id = e.actor_id \
     LEFT JOIN actors g ON g.id = d.group_id LEFT JOIN posts p ON p.id = d.post_id \
     LEFT JOIN partners pa ON pa.host = d.host \
     LEFT JOIN grants gr ON gr.group_id = d.group_id AND gr.partner_id = pa.id AND gr.ended_at IS NULL \
     WHERE d.id IN ";

/// Deliveries looked up in one statement.
const IDS_PER_QUERY: usize = 1_000;

/// Writes what became of deliveries, in the transaction that writes it into their rows.
pub fn note_pushed(connection: &mut Connection, pushed: &[Pushed], now: Timestamp) -> Result<()> {
    for some in pushed.chunks(IDS_PER_QUERY) {
        let ids: Vec<i64> = some.iter().map(|one| one.delivery).collect();
        let told: Vec<Told> = Statement::new(TOLD).list(&ids).load(connection)?;
        let told: HashMap<i64, Told> = told.into_iter().map(|told| (told.id, told)).collect();
        let entries = some.iter().filter_map(|pushed| {
            let told = told.get(&pushed.delivery)?;
            Some(told.entry(pushed, now))
        });
        let entries: Vec<LedgerEntry> = entries.collect::<Result<_>>()?;
        append(connection, &entries, now)?;
    }
    Ok(())
}

impl Told {
    fn entry(&self, pushed: &Pushed, now: Timestamp) -> Result<LedgerEntry> {
        let kind: Option<EventKind> = read_optional(self.kind.as_deref())?;
        let matter = match (&self.digest, kind) {
            (Some(_), _) => Matter::of_text(self.parent.is_none()),
            (None, Some(kind)) => Matter::of(kind),
            (None, None) => Matter::Other,
        };
        Ok(LedgerEntry {
            at: now,
            way: LedgerWay::Pushed,
            outcome: pushed.outcome,
            reason: pushed.reason.clone(),
            host: read(&self.host)?,
            reader: None,
            grant: self.grant_id.map(GrantId),
            group: read_optional(self.group_uri.as_deref())?,
            matter,
            object: read(self.post.as_ref().unwrap_or(&self.activity))?,
            by: read_optional(self.by_uri.as_deref())?,
            digest: self.digest.clone(),
            written: self.written_at.map(Timestamp::from_micros),
            bytes: self.bytes,
        })
    }
}

/// The grant that stands now for a server in a group.
pub fn find_grant(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
) -> Result<Option<GrantId>> {
    let partner = partners::table
        .filter(partners::host.eq(host.as_str()))
        .select(partners::id);
    let standing: Option<i64> = find_one!(
        connection,
        grants::table
            .filter(grants::group_id.eq(group.0))
            .filter(grants::partner_id.eq_any(partner))
            .filter(grants::ended_at.is_null())
            .select(grants::id)
    )?;
    Ok(standing.map(GrantId))
}

// Reading -------------------------------------------------------------------------------------------

/// When a server, or somebody there, last read something of a group of ours; none: never.
pub(super) fn find_last_read(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
) -> Result<Option<Timestamp>> {
    let address = actors::table
        .filter(actors::id.eq(group.0))
        .select(actors::uri.nullable());
    let last: Option<i64> = ledger::table
        .filter(ledger::group_uri.eq_any(address))
        .filter(ledger::host.eq(host.as_str()))
        // In the words of the index.
        .filter(diesel::dsl::sql::<Bool>("way <> 'pushed'"))
        .select(diesel::dsl::max(ledger::at))
        .get_result(connection)?;
    Ok(last.map(Timestamp::from_micros))
}

/// What lines say, as they are linked, by their rows.
pub(super) fn texts(connection: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let rows: Vec<LedgerRow> = on_backend!(connection, |inner| ledger::table
        .filter(ledger::id.among(ids))
        .select(LedgerRow::as_select())
        .load(inner))?;
    let texts = rows.iter().map(|row| Ok((row.id, chain::text_of(row)?)));
    texts.collect()
}

/// The oldest lines without a link, at most `most`.
pub(super) fn list_unlinked(connection: &mut Connection, most: i64) -> Result<Vec<i64>> {
    let link = ledger_links::table.filter(ledger_links::line_id.eq(ledger::id));
    Ok(ledger::table
        .filter(diesel::dsl::not(diesel::dsl::exists(link)))
        .order(ledger::id)
        .limit(most)
        .select(ledger::id)
        .load(connection)?)
}

/// The wanted lines, newest first.
pub fn list(
    connection: &mut Connection,
    filter: &LedgerFilter,
    page: Page,
) -> Result<Vec<LedgerLine>> {
    let mut rows: Vec<LedgerRow> = on_backend!(connection, |inner| {
        let mut wanted = ledger::table
            .select(LedgerRow::as_select())
            .filter(ledger::id.lt(page.before.unwrap_or(i64::MAX)))
            .filter(ledger::id.gt(page.after.unwrap_or(0)))
            .limit(page.items().into())
            .into_boxed();
        if let Some(host) = &filter.host {
            wanted = wanted.filter(ledger::host.eq(host.as_str()));
        }
        if let Some(group) = &filter.group {
            wanted = wanted.filter(ledger::group_uri.eq(group.as_str()));
        }
        if let Some(from) = filter.from {
            wanted = wanted.filter(ledger::at.ge(from.micros()));
        }
        if let Some(to) = filter.to {
            wanted = wanted.filter(ledger::at.lt(to.micros()));
        }
        if let Some(way) = filter.way {
            wanted = wanted.filter(ledger::way.eq(way.as_str()));
        }
        match page.from_oldest {
            true => wanted.order(ledger::id.asc()).load(inner),
            false => wanted.order(ledger::id.desc()).load(inner),
        }
    })?;
    if page.from_oldest {
        rows.reverse();
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let places = chain::places(connection, Log::Ledger, &ids)?;
    rows.into_iter()
        .map(|row| {
            let (number, hash) = places.get(&row.id).cloned().unwrap_or_default();
            let text = chain::numbered(number, &chain::text_of(&row)?);
            Ok(LedgerLine {
                id: row.id,
                number,
                text: chain::exported(&text, &hash),
                hash,
                entry: row.try_into()?,
            })
        })
        .collect()
}

#[derive(QueryableByName)]
struct DisclosedRow {
    #[diesel(sql_type = Text)]
    host: String,
    #[diesel(sql_type = Nullable<Text>)]
    group_uri: Option<String>,
    #[diesel(sql_type = BigInt)]
    lines: i64,
    #[diesel(sql_type = BigInt)]
    topics: i64,
    #[diesel(sql_type = BigInt)]
    comments: i64,
    #[diesel(sql_type = BigInt)]
    revisions: i64,
    #[diesel(sql_type = BigInt)]
    files: i64,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    withheld: i64,
}

impl From<DisclosedRow> for Disclosed {
    fn from(row: DisclosedRow) -> Self {
        Self {
            host: row.host,
            group: row.group_uri,
            lines: row.lines,
            topics: row.topics,
            comments: row.comments,
            revisions: row.revisions,
            files: row.files,
            people: row.people,
            bytes: row.bytes,
            withheld: row.withheld,
        }
    }
}

const DISCLOSED: &str = "SELECT host, group_uri, \
     COUNT(CASE WHEN outcome <> 'withheld' THEN 1 END) AS lines, \
     COUNT(DISTINCT CASE WHEN outcome <> 'withheld' AND matter = 'topic' THEN object END) AS topics, \
     COUNT(DISTINCT CASE WHEN outcome <> 'withheld' AND matter = 'comment' THEN object END) AS comments, \
     COUNT(DISTINCT CASE WHEN outcome <> 'withheld' AND matter IN ('topic', 'comment') THEN digest END) AS revisions, \
     COUNT(DISTINCT CASE WHEN outcome <> 'withheld' AND matter = 'file' THEN digest END) AS files, \
     COUNT(DISTINCT CASE WHEN outcome <> 'withheld' THEN by_uri END) AS people, \
     CAST(COALESCE(SUM(CASE WHEN outcome <> 'withheld' THEN bytes END), 0) AS BIGINT) AS bytes, \
     COUNT(CASE WHEN outcome = 'withheld' THEN 1 END) AS withheld \
     FROM ledger WHERE at >= $1 AND at < $2";

/// What each server got of each group, by name, at most `most` rows.
pub fn summarize(
    connection: &mut Connection,
    filter: &LedgerFilter,
    most: i64,
) -> Result<Vec<Disclosed>> {
    let texts = [
        ("host", filter.host.as_ref().map(Host::as_str)),
        ("group_uri", filter.group.as_ref().map(Uri::as_str)),
        ("way", filter.way.map(LedgerWay::as_str)),
    ];
    let texts: Vec<(&str, &str)> = texts
        .into_iter()
        .filter_map(|(column, text)| Some((column, text?)))
        .collect();
    // SQLite counts places in the order in which they are met, whatever their number is.
    let mut words = DISCLOSED.to_owned();
    for (place, (column, _)) in texts.iter().enumerate() {
        words.push_str(&format!(" AND {column} = ${}", place + 3));
    }
    let last = texts.len() + 3;
    words.push_str(&format!(
        " GROUP BY host, group_uri ORDER BY host, group_uri LIMIT ${last}"
    ));
    let from = filter.from.unwrap_or(Timestamp::MIN).micros();
    let to = filter.to.unwrap_or(Timestamp::MAX).micros();
    let rows: Vec<DisclosedRow> = on_backend!(connection, |inner| {
        let mut question = diesel::sql_query(words)
            .into_boxed()
            .bind::<BigInt, _>(from)
            .bind::<BigInt, _>(to);
        for (_, text) in texts {
            question = question.bind::<Text, _>(text);
        }
        question.bind::<BigInt, _>(most).load(inner)
    })?;
    Ok(rows.into_iter().map(Disclosed::from).collect())
}

/// Group, object, digest, and when it was written.
type RevisionRow = (Option<String>, String, Option<String>, Option<i64>);

/// The revisions that were sent to a server and taken, each once, that were written in a span of time; in
/// no order. With the group they are of.
pub fn list_sent_revisions(
    connection: &mut Connection,
    host: &Host,
    group: Option<&Uri>,
    (from, to): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<(Uri, CarriedText)>> {
    let rows: Vec<RevisionRow> = on_backend!(connection, |inner| {
        let mut wanted = ledger::table
            .select((
                ledger::group_uri,
                ledger::object,
                ledger::digest,
                ledger::written_at,
            ))
            .filter(ledger::host.eq(host.as_str()))
            .filter(ledger::way.eq(LedgerWay::Pushed.as_str()))
            .filter(ledger::outcome.eq(LedgerOutcome::Sent.as_str()))
            .filter(ledger::written_at.ge(from.micros()))
            .filter(ledger::written_at.lt(to.micros()))
            .filter(ledger::digest.is_not_null())
            .filter(ledger::group_uri.is_not_null())
            .limit(most)
            .distinct()
            .into_boxed();
        if let Some(group) = group {
            wanted = wanted.filter(ledger::group_uri.eq(group.as_str()));
        }
        wanted.load(inner)
    })?;
    rows.into_iter()
        .filter_map(|(group, object, digest, written)| Some((group?, object, digest?, written?)))
        .map(|(group, object, digest, written)| {
            let revision = CarriedText {
                object: read(&object)?,
                digest,
                written: Some(Timestamp::from_micros(written)),
            };
            Ok((read(&group)?, revision))
        })
        .collect()
}
