//! Activities that arrived: stored before they are answered, applied afterwards, effective once.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{ActorId, Arrival, ArrivalId, ArrivalState, Host, Timestamp, Uri};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::pending::Pending;
use crate::storage::schema::{arrivals, security_log};
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable)]
#[diesel(table_name = arrivals)]
struct ArrivalRow {
    id: i64,
    activity_uri: String,
    signer_id: i64,
    host: String,
    body: String,
    attempts: i32,
    received_at: i64,
    reason: Option<String>,
}

impl TryFrom<ArrivalRow> for Arrival {
    type Error = crate::Error;

    fn try_from(row: ArrivalRow) -> Result<Self> {
        Ok(Self {
            id: ArrivalId(row.id),
            activity: read(&row.activity_uri)?,
            signer: ActorId(row.signer_id),
            host: read(&row.host)?,
            body: row.body,
            attempts: row.attempts.unsigned_abs(),
            received_at: Timestamp::from_micros(row.received_at),
            waited: row.reason.is_some(),
        })
    }
}

/// Stores an activity that came at `at`. False: it is here already, and nothing changes.
pub fn insert(
    connection: &mut Connection,
    activity: &Uri,
    signer: ActorId,
    host: &Host,
    body: &str,
    at: Timestamp,
) -> Result<bool> {
    let row = (
        arrivals::id.eq(ids::next(at)),
        arrivals::activity_uri.eq(activity.as_str()),
        arrivals::signer_id.eq(signer.0),
        arrivals::host.eq(host.as_str()),
        arrivals::body.eq(body),
        arrivals::state.eq(ArrivalState::Pending.as_str()),
        arrivals::attempts.eq(0),
        arrivals::next_attempt_at.eq(at.micros()),
        arrivals::lease_until.eq(0_i64),
        arrivals::received_at.eq(at.micros()),
    );
    let added = on_backend!(connection, |inner| diesel::insert_into(arrivals::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(added > 0)
}

/// Takes the oldest activities that are due, at most `most`, and leases them until `lease_until`.
pub fn claim_due(
    connection: &mut Connection,
    now: Timestamp,
    lease_until: Timestamp,
    most: i64,
) -> Result<Vec<Arrival>> {
    // A row's selection belongs to one backend, so each says it for itself; only the lock differs.
    macro_rules! due {
        () => {
            arrivals::table
                .filter(arrivals::state.eq(Pending))
                .filter(
                    arrivals::next_attempt_at
                        .le(now.micros())
                        .and(arrivals::lease_until.le(now.micros())),
                )
                .order(arrivals::id)
                .limit(most)
                .select(ArrivalRow::as_select())
        };
    }
    let rows: Vec<ArrivalRow> = match connection {
        Connection::Postgres(inner) => due!().for_update().skip_locked().load(inner)?,
        Connection::Sqlite(inner) => due!().load(inner)?,
    };
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    if !ids.is_empty() {
        diesel::update(arrivals::table.filter(arrivals::id.among(ids)))
            .set(arrivals::lease_until.eq(lease_until.micros()))
            .execute(connection)?;
    }
    rows.into_iter().map(Arrival::try_from).collect()
}

/// Marks an activity as done with, in the transaction of its effects.
pub fn finish(
    connection: &mut Connection,
    id: ArrivalId,
    state: ArrivalState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    on_backend!(connection, |inner| diesel::update(
        arrivals::table.find(id.0)
    )
    .set((
        arrivals::state.eq(state.as_str()),
        arrivals::reason.eq(reason),
        arrivals::lease_until.eq(0_i64),
        arrivals::applied_at.eq(Some(now.micros())),
    ))
    .execute(inner))?;
    Ok(())
}

/// Puts an activity back for a later attempt.
pub fn retry_later(
    connection: &mut Connection,
    id: ArrivalId,
    reason: &str,
    at: Timestamp,
) -> Result<()> {
    on_backend!(connection, |inner| diesel::update(
        arrivals::table.find(id.0)
    )
    .set((
        arrivals::attempts.eq(arrivals::attempts + 1),
        arrivals::reason.eq(Some(reason)),
        arrivals::lease_until.eq(0_i64),
        arrivals::next_attempt_at.eq(at.micros()),
    ))
    .execute(inner))?;
    Ok(())
}

/// The same for one that is held: that is no attempt of its own.
pub fn hold(connection: &mut Connection, id: ArrivalId, reason: &str, at: Timestamp) -> Result<()> {
    on_backend!(connection, |inner| diesel::update(
        arrivals::table.find(id.0)
    )
    .set((
        arrivals::reason.eq(Some(reason)),
        arrivals::lease_until.eq(0_i64),
        arrivals::next_attempt_at.eq(at.micros()),
    ))
    .execute(inner))?;
    Ok(())
}

/// What came from a server and waits for this reason is due now; how much.
pub fn hasten(
    connection: &mut Connection,
    host: &Host,
    reason: &str,
    now: Timestamp,
) -> Result<usize> {
    let waiting = arrivals::table
        .filter(arrivals::state.eq(Pending))
        .filter(arrivals::host.eq(host.as_str()))
        .filter(arrivals::reason.eq(reason))
        .filter(arrivals::next_attempt_at.gt(now.micros()));
    Ok(on_backend!(connection, |inner| diesel::update(waiting)
        .set(arrivals::next_attempt_at.eq(now.micros()))
        .execute(inner))?)
}

pub fn exists(connection: &mut Connection, activity: &Uri) -> Result<bool> {
    let row = arrivals::table.filter(arrivals::activity_uri.eq(activity.as_str()));
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(row)
    )
    .get_result(inner))?)
}

/// Whether something that came from the same server before still waits.
pub fn any_waiting_before(connection: &mut Connection, id: ArrivalId, host: &Host) -> Result<bool> {
    let waiting = arrivals::table
        .filter(arrivals::state.eq(Pending))
        .filter(arrivals::host.eq(host.as_str()))
        .filter(arrivals::id.lt(id.0));
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(waiting)
    )
    .get_result(inner))?)
}

pub fn count_pending(connection: &mut Connection) -> Result<i64> {
    Ok(arrivals::table
        .filter(arrivals::state.eq(Pending))
        .count()
        .get_result(connection)?)
}

/// State and reason of what became of an activity.
pub fn find_outcome(
    connection: &mut Connection,
    activity: &Uri,
) -> Result<Option<(ArrivalState, Option<String>)>> {
    let row: Option<(String, Option<String>)> = find_one!(
        connection,
        arrivals::table
            .filter(arrivals::activity_uri.eq(activity.as_str()))
            .select((arrivals::state, arrivals::reason))
    )?;
    row.map(|(state, reason)| Ok((read(&state)?, reason)))
        .transpose()
}

/// Forgets the bodies of activities that came before `before` and are done with, from after `after`
/// on, at most `most`; their ids stay, so that a replay is still recognized. Where it got to; none:
/// there is no more.
pub fn forget_bodies(
    connection: &mut Connection,
    after: ArrivalId,
    before: Timestamp,
    most: i64,
) -> Result<Option<ArrivalId>> {
    let done: Vec<i64> = arrivals::table
        .filter(arrivals::id.gt(after.0))
        .filter(arrivals::id.lt(ids::first_at(before)))
        .filter(arrivals::state.ne(Pending))
        .order(arrivals::id)
        .limit(most)
        .select(arrivals::id)
        .load(connection)?;
    let with_body = arrivals::table
        .filter(arrivals::id.among(&done))
        .filter(arrivals::body.ne(""));
    diesel::update(with_body)
        .set(arrivals::body.eq(""))
        .execute(connection)?;
    Ok(done.last().map(|id| ArrivalId(*id)))
}

/// Bodies looked at in one query.
const BODIES_PER_QUERY: i64 = 500;

/// Forgets the bodies of what came from a server since `since`, is done with and names one of these addresses: what they
/// say is to be gone.
pub fn forget_bodies_naming(
    connection: &mut Connection,
    host: &Host,
    since: Timestamp,
    addresses: &HashSet<&str>,
) -> Result<()> {
    let mut after = ids::first_at(since);
    loop {
        let some: Vec<(i64, String)> = arrivals::table
            .filter(arrivals::id.gt(after))
            .filter(arrivals::host.eq(host.as_str()))
            .filter(arrivals::state.ne(Pending))
            .filter(arrivals::body.ne(""))
            .order(arrivals::id)
            .limit(BODIES_PER_QUERY)
            .select((arrivals::id, arrivals::body))
            .load(connection)?;
        let Some((last, _)) = some.last() else {
            return Ok(());
        };
        after = *last;
        // An address in JSON stands between two quotation marks.
        let names_one = |body: &str| body.split('"').any(|part| addresses.contains(part));
        let naming: Vec<i64> = some
            .iter()
            .filter(|(_, body)| names_one(body))
            .map(|(id, _)| *id)
            .collect();
        diesel::update(arrivals::table.filter(arrivals::id.among(naming)))
            .set(arrivals::body.eq(""))
            .execute(connection)?;
    }
}

/// Forgets activities that came before `before` and are done with, the oldest first, at most `most`;
/// how many.
pub fn forget(connection: &mut Connection, before: Timestamp, most: i64) -> Result<usize> {
    let done: Vec<i64> = arrivals::table
        .filter(arrivals::id.lt(ids::first_at(before)))
        .filter(arrivals::state.ne(Pending))
        .order(arrivals::id)
        .limit(most)
        .select(arrivals::id)
        .load(connection)?;
    Ok(diesel::delete(arrivals::table.filter(arrivals::id.among(done))).execute(connection)?)
}

/// Forgets what was turned away before `before`, at most `most` lines; how many.
pub fn forget_refusals(connection: &mut Connection, before: Timestamp, most: i64) -> Result<usize> {
    let old: Vec<i64> = security_log::table
        .filter(security_log::id.lt(ids::first_at(before)))
        .order(security_log::id)
        .limit(most)
        .select(security_log::id)
        .load(connection)?;
    Ok(
        diesel::delete(security_log::table.filter(security_log::id.among(old)))
            .execute(connection)?,
    )
}

/// How many attempts to get in were turned away and written down.
pub fn count_refusals(connection: &mut Connection) -> Result<i64> {
    Ok(security_log::table.count().get_result(connection)?)
}

/// One line for an attempt to get in that was turned away: what, who it claimed to be, from where.
pub fn log_refusal(
    connection: &mut Connection,
    reason: &str,
    claimed_actor: &str,
    peer: &str,
    now: Timestamp,
) -> Result<()> {
    let claimed: String = claimed_actor
        .chars()
        .filter(|c| !c.is_control())
        .take(500)
        .collect();
    diesel::insert_into(security_log::table)
        .values((
            security_log::id.eq(ids::next(now)),
            security_log::at.eq(now.micros()),
            security_log::reason.eq(reason),
            security_log::claimed_actor.eq(claimed),
            security_log::peer.eq(peer),
        ))
        .execute(connection)?;
    Ok(())
}

/// Remembers an activity that came inside another, so that it takes effect once. False: it was here.
pub fn mark_seen(
    connection: &mut Connection,
    activity: &Uri,
    signer: ActorId,
    host: &Host,
    now: Timestamp,
) -> Result<bool> {
    let row = (
        arrivals::id.eq(ids::next(now)),
        arrivals::activity_uri.eq(activity.as_str()),
        arrivals::signer_id.eq(signer.0),
        arrivals::host.eq(host.as_str()),
        arrivals::body.eq(""),
        arrivals::state.eq(ArrivalState::Applied.as_str()),
        arrivals::reason.eq(Some("passed_on")),
        arrivals::attempts.eq(0),
        arrivals::next_attempt_at.eq(now.micros()),
        arrivals::lease_until.eq(0_i64),
        arrivals::received_at.eq(now.micros()),
        arrivals::applied_at.eq(Some(now.micros())),
    );
    let added = on_backend!(connection, |inner| diesel::insert_into(arrivals::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(added > 0)
}
