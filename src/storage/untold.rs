//! Events that could not be put into words: nobody was told of them.

use diesel::prelude::*;

use crate::domain::{EventId, Page, Timestamp, Untold};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::on_backend;
use crate::storage::error::read;
use crate::storage::schema::{events, untold};

/// Notes that an event could not be told. When that was first so is kept.
pub fn note(
    connection: &mut Connection,
    event: EventId,
    problem: &str,
    now: Timestamp,
) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(untold::table)
        .values((
            untold::event_id.eq(event.0),
            untold::problem.eq(problem),
            untold::since.eq(now.micros()),
        ))
        .on_conflict(untold::event_id)
        .do_update()
        .set(untold::problem.eq(problem))
        .execute(inner))?;
    Ok(())
}

/// Those of these events that could not be told, as far as is known.
pub fn list_among(connection: &mut Connection, events: &[EventId]) -> Result<Vec<EventId>> {
    let found: Vec<i64> = untold::table
        .filter(untold::event_id.among(events.iter().map(|event| event.0)))
        .select(untold::event_id)
        .load(connection)?;
    Ok(found.into_iter().map(EventId).collect())
}

/// A part of them, newest first.
pub fn list(connection: &mut Connection, page: Page) -> Result<Vec<Untold>> {
    let rows: Vec<(i64, String, i64, Option<i64>, String, i64)> = untold::table
        .inner_join(events::table.on(events::id.eq(untold::event_id)))
        .filter(untold::event_id.lt(page.before.unwrap_or(i64::MAX)))
        .order(untold::event_id.desc())
        .limit(page.items().into())
        .select((
            events::id,
            events::kind,
            events::at,
            events::planned_at,
            untold::problem,
            untold::since,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, kind, at, planned, problem, since)| {
            Ok(Untold {
                event: EventId(id),
                kind: read(&kind)?,
                at: Timestamp::from_micros(at),
                tried_again: planned.is_none(),
                problem,
                since: Timestamp::from_micros(since),
            })
        })
        .collect()
}

pub fn forget(connection: &mut Connection, told: &[EventId]) -> Result<()> {
    let told = told.iter().map(|event| event.0);
    diesel::delete(untold::table.filter(untold::event_id.among(told))).execute(connection)?;
    Ok(())
}

/// Has events planned anew that could not be told (none: all of them); how many. They stay noted until
/// they are told.
pub fn plan_anew(connection: &mut Connection, event: Option<EventId>) -> Result<usize> {
    let noted = untold::table.select(untold::event_id);
    let again = events::table.filter(events::id.eq_any(noted));
    let change = events::planned_at.eq(None::<i64>);
    Ok(match event {
        Some(event) => diesel::update(again.filter(events::id.eq(event.0)))
            .set(change)
            .execute(connection)?,
        None => diesel::update(again).set(change).execute(connection)?,
    })
}
