//! Work that needs other servers.

use diesel::prelude::*;

use crate::domain::{ActorId, Job, JobId, JobState, Timestamp, Work};
use crate::error::{Error, Result};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::find_one;
use crate::storage::error::read;
use crate::storage::pending::Pending;
use crate::storage::schema::jobs;
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct JobRow {
    id: i64,
    work: String,
    state: String,
    attempts: i32,
    problem: Option<String>,
}

impl TryFrom<JobRow> for Job {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Self> {
        Ok(Self {
            id: JobId(row.id),
            work: serde_json::from_str(&row.work).map_err(Error::internal)?,
            state: read(&row.state)?,
            attempts: row.attempts.unsigned_abs(),
            problem: row.problem,
        })
    }
}

/// Queues work. The same work waiting already is not queued twice; its id is returned.
pub fn insert(connection: &mut Connection, work: &Work, now: Timestamp) -> Result<JobId> {
    let text = serde_json::to_string(work).map_err(Error::internal)?;
    let waiting: Option<i64> = find_one!(
        connection,
        jobs::table
            .filter(
                jobs::state
                    .eq(JobState::Pending.as_str())
                    .and(jobs::work.eq(&text)),
            )
            .select(jobs::id)
    )?;
    if let Some(id) = waiting {
        return Ok(JobId(id));
    }
    let id = ids::next(now);
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(id),
            jobs::work.eq(text),
            jobs::state.eq(JobState::Pending.as_str()),
            jobs::attempts.eq(0),
            jobs::next_attempt_at.eq(now.micros()),
            jobs::lease_until.eq(0_i64),
            jobs::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(JobId(id))
}

/// How many conversations of a group wait to be read.
pub fn count_conversations(connection: &mut Connection, group: i64) -> Result<i64> {
    let beginning = format!(r#"{{"job":"backfill_conversation","group":{group},"#);
    let waiting = list_beginning(connection, &beginning)?;
    Ok(i64::try_from(waiting.len()).unwrap_or(i64::MAX))
}

/// What somebody elsewhere boosts that waits to be read.
pub fn list_boosted(connection: &mut Connection, by: ActorId) -> Result<Vec<Job>> {
    let beginning = format!(r#"{{"job":"fetch_boosted","by":{by},"#);
    list_beginning(connection, &beginning)
}

/// Work of one kind for one group or person that waits: what stands in the work before anything that others chose.
fn list_beginning(connection: &mut Connection, beginning: &str) -> Result<Vec<Job>> {
    let rows: Vec<JobRow> = jobs::table
        .filter(jobs::state.eq(Pending))
        .filter(jobs::work.like(format!("{beginning}%")))
        .select(JobRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Nobody wants it done any more.
pub fn remove(connection: &mut Connection, id: JobId) -> Result<()> {
    diesel::delete(jobs::table.find(id.0)).execute(connection)?;
    Ok(())
}

/// Takes jobs that are due, at most `most`, and leases them until `lease_until`.
pub fn claim_due(
    connection: &mut Connection,
    now: Timestamp,
    lease_until: Timestamp,
    most: i64,
) -> Result<Vec<Job>> {
    // A row's selection belongs to one backend, so each says it for itself; only the lock differs.
    macro_rules! due {
        () => {
            jobs::table
                .filter(jobs::state.eq(Pending))
                .filter(
                    jobs::next_attempt_at
                        .le(now.micros())
                        .and(jobs::lease_until.le(now.micros())),
                )
                .order(jobs::next_attempt_at)
                .limit(most)
                .select(JobRow::as_select())
        };
    }
    let rows: Vec<JobRow> = match connection {
        Connection::Postgres(inner) => due!().for_update().skip_locked().load(inner)?,
        Connection::Sqlite(inner) => due!().load(inner)?,
    };
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    if !ids.is_empty() {
        diesel::update(jobs::table.filter(jobs::id.among(ids)))
            .set(jobs::lease_until.eq(lease_until.micros()))
            .execute(connection)?;
    }
    rows.into_iter().map(Job::try_from).collect()
}

pub fn finish(
    connection: &mut Connection,
    id: JobId,
    state: JobState,
    problem: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    forget_secret(connection, id)?;
    diesel::update(jobs::table.find(id.0))
        .set((
            jobs::state.eq(state.as_str()),
            jobs::problem.eq(problem),
            jobs::lease_until.eq(0_i64),
            jobs::finished_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}

/// An invitation code is not kept once it was used or refused.
fn forget_secret(connection: &mut Connection, id: JobId) -> Result<()> {
    let Some(mut work) = find(connection, id)?.map(|job| job.work) else {
        return Ok(());
    };
    let Work::AcceptPartnership { code, .. } = &mut work else {
        return Ok(());
    };
    code.clear();
    let text = serde_json::to_string(&work).map_err(Error::internal)?;
    diesel::update(jobs::table.find(id.0))
        .set(jobs::work.eq(text))
        .execute(connection)?;
    Ok(())
}

pub fn retry_later(
    connection: &mut Connection,
    id: JobId,
    problem: &str,
    at: Timestamp,
) -> Result<()> {
    diesel::update(jobs::table.find(id.0))
        .set((
            jobs::attempts.eq(jobs::attempts + 1),
            jobs::problem.eq(Some(problem)),
            jobs::lease_until.eq(0_i64),
            jobs::next_attempt_at.eq(at.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: JobId) -> Result<Option<Job>> {
    let row = find_one!(
        connection,
        jobs::table.find(id.0).select(JobRow::as_select())
    )?;
    row.map(Job::try_from).transpose()
}

pub fn count_pending(connection: &mut Connection) -> Result<i64> {
    Ok(jobs::table
        .filter(jobs::state.eq(Pending))
        .count()
        .get_result(connection)?)
}

/// Forgets jobs that ended before `before`, at most `most`; how many.
pub fn forget_ended(connection: &mut Connection, before: Timestamp, most: i64) -> Result<usize> {
    let ended: Vec<i64> = jobs::table
        .filter(jobs::finished_at.lt(Some(before.micros())))
        .limit(most)
        .select(jobs::id)
        .load(connection)?;
    Ok(diesel::delete(jobs::table.filter(jobs::id.among(ended))).execute(connection)?)
}
