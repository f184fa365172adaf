//! The servers we deliver to: what is known of each, and what claiming has to obey.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domain::{DeliveryId, Destination, Health, Host, SignatureChoice, Timestamp};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::{AmongMethods as _, Statement};
use crate::storage::connection::on_backend;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::destinations;

// Health ------------------------------------------------------------------------------------------

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = destinations, treat_none_as_null = true)]
struct HealthRow {
    host: String,
    failures: i32,
    not_before: i64,
    gap: i64,
    gap_limit: i64,
    probe_id: Option<i64>,
    clock_difference: Option<i64>,
}

impl From<HealthRow> for Health {
    fn from(row: HealthRow) -> Self {
        Self {
            failures: row.failures.unsigned_abs(),
            not_before: Timestamp::from_micros(row.not_before),
            gap: Duration::from_micros(row.gap.unsigned_abs()),
            limit: Duration::from_micros(row.gap_limit.unsigned_abs()),
            probe: row.probe_id.map(DeliveryId),
            clock_difference: row.clock_difference,
        }
    }
}

fn row(host: &Host, health: &Health) -> HealthRow {
    let micros = |gap: Duration| i64::try_from(gap.as_micros()).unwrap_or(i64::MAX);
    HealthRow {
        host: host.to_string(),
        failures: i32::try_from(health.failures).unwrap_or(i32::MAX),
        not_before: health.not_before.micros(),
        gap: micros(health.gap),
        gap_limit: micros(health.limit),
        probe_id: health.probe.map(|delivery| delivery.0),
        clock_difference: health.clock_difference,
    }
}

/// How sending to these servers goes; of some nothing may be known.
pub fn list_health<'a>(
    connection: &mut Connection,
    hosts: impl IntoIterator<Item = &'a Host>,
) -> Result<HashMap<Host, Health>> {
    let rows: Vec<HealthRow> = destinations::table
        .filter(destinations::host.among(hosts.into_iter().map(Host::as_str)))
        .select(HealthRow::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| Ok((read(&row.host)?, row.into())))
        .collect()
}

pub fn save_health(connection: &mut Connection, host: &Host, health: &Health) -> Result<()> {
    let row = row(host, health);
    on_backend!(connection, |inner| diesel::insert_into(destinations::table)
        .values(&row)
        .on_conflict(destinations::host)
        .do_update()
        .set(&row)
        .execute(inner))?;
    Ok(())
}

/// A server (none: every one) may be asked at once, whatever it said or did before. Like all that changes
/// a health: only after the lanes are held.
pub fn free(connection: &mut Connection, host: Option<&Host>, now: Timestamp) -> Result<()> {
    let held = destinations::table.filter(destinations::not_before.gt(now.micros()));
    let change = destinations::not_before.eq(now.micros());
    match host {
        Some(host) => diesel::update(held.filter(destinations::host.eq(host.as_str())))
            .set(change)
            .execute(connection)?,
        None => diesel::update(held).set(change).execute(connection)?,
    };
    Ok(())
}

// What administrators see -------------------------------------------------------------------------

/// Ids written into one statement.
const IDS_PER_QUERY: usize = 1_000;

/// How exactly the last success is known, microseconds: a busy server's is not written for each delivery.
const SUCCESS_WITHIN: i64 = 10_000_000;

/// Remembers that the servers of these deliveries took something, within ten seconds; after an error at
/// once.
pub(super) fn note_success(
    connection: &mut Connection,
    sent: &[i64],
    now: Timestamp,
) -> Result<()> {
    for some in sent.chunks(IDS_PER_QUERY) {
        Statement::new("INSERT INTO destinations (host, last_success_at) SELECT DISTINCT d.host, ")
            .number(now.micros())
            .words(" FROM deliveries d WHERE d.id IN ")
            .list(some)
            .words(
                " ON CONFLICT (host) DO UPDATE SET last_success_at = excluded.last_success_at \
                 WHERE destinations.last_success_at IS NULL \
                 OR destinations.last_error_at >= destinations.last_success_at \
                 OR destinations.last_success_at < excluded.last_success_at - ",
            )
            .number(SUCCESS_WITHIN)
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn note_error(
    connection: &mut Connection,
    host: &Host,
    error: &str,
    now: Timestamp,
) -> Result<()> {
    let change = (
        destinations::last_error_at.eq(Some(now.micros())),
        destinations::last_error.eq(Some(error)),
    );
    on_backend!(connection, |inner| diesel::insert_into(destinations::table)
        .values((destinations::host.eq(host.as_str()), change))
        .on_conflict(destinations::host)
        .do_update()
        .set(change)
        .execute(inner))?;
    Ok(())
}

#[derive(QueryableByName)]
struct DestinationRow {
    #[diesel(sql_type = Text)]
    host: String,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    oldest: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_success_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_error_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    signature: Option<String>,
}

/// Every server we deliver to, by name.
pub fn list(connection: &mut Connection) -> Result<Vec<Destination>> {
    let text = "SELECT h.host AS host, COALESCE(w.pending, 0) AS pending, COALESCE(w.failed, 0) AS failed, \
                COALESCE(w.dead, 0) AS dead, w.oldest AS oldest, s.last_success_at AS last_success_at, \
                s.last_error_at AS last_error_at, s.last_error AS last_error, p.signature AS signature \
                FROM (SELECT host FROM destinations UNION SELECT host FROM deliveries WHERE state <> 'sent') h \
                LEFT JOIN destinations s ON s.host = h.host LEFT JOIN peers p ON p.host = h.host \
                LEFT JOIN (SELECT host, \
                    COUNT(CASE WHEN state = 'pending' THEN 1 END) AS pending, \
                    COUNT(CASE WHEN state = 'failed' THEN 1 END) AS failed, \
                    COUNT(CASE WHEN state = 'dead' THEN 1 END) AS dead, \
                    MIN(CASE WHEN state = 'pending' THEN created_at END) AS oldest \
                    FROM deliveries WHERE state IN ('pending', 'failed', 'dead') GROUP BY host) w ON w.host = h.host \
                ORDER BY h.host";
    let rows: Vec<DestinationRow> = diesel::sql_query(text).load(connection)?;
    let healths: Vec<HealthRow> = destinations::table
        .select(HealthRow::as_select())
        .load(connection)?;
    let mut healths: HashMap<String, Health> = healths
        .into_iter()
        .map(|row| (row.host.clone(), row.into()))
        .collect();
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    rows.into_iter()
        .map(|row| {
            Ok(Destination {
                host: read(&row.host)?,
                pending: count(row.pending),
                failed: count(row.failed),
                dead: count(row.dead),
                oldest: row.oldest.map(Timestamp::from_micros),
                last_success_at: row.last_success_at.map(Timestamp::from_micros),
                last_error_at: row.last_error_at.map(Timestamp::from_micros),
                last_error: row.last_error,
                signature: read_optional(row.signature.as_deref())?
                    .unwrap_or(SignatureChoice::Cavage),
                health: healths.remove(&row.host).unwrap_or_default(),
            })
        })
        .collect()
}
