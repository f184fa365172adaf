//! News waiting to travel.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{ActorId, Event, EventId, EventKind, GroupId, PostId, Timestamp};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::schema::events;
use crate::storage::{Connection, ids};

// Every column is written, so that the statement is the same for all rows.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct EventRow {
    id: i64,
    kind: String,
    actor_id: i64,
    group_id: Option<i64>,
    post_id: Option<i64>,
    object_id: Option<i64>,
    activity: Option<String>,
    at: i64,
}

impl TryFrom<EventRow> for Event {
    type Error = crate::Error;

    fn try_from(row: EventRow) -> Result<Self> {
        Ok(Self {
            id: EventId(row.id),
            kind: read(&row.kind)?,
            actor: ActorId(row.actor_id),
            group: row.group_id.map(GroupId),
            post: row.post_id.map(PostId),
            object: row.object_id,
            activity: row.activity,
            at: Timestamp::from_micros(row.at),
        })
    }
}

/// An event before it has an id.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub kind: EventKind,
    pub actor: ActorId,
    pub group: Option<GroupId>,
    pub post: Option<PostId>,
    pub object: Option<i64>,
    pub activity: Option<String>,
}

/// Writes an event in the transaction of what happened.
pub fn append(connection: &mut Connection, new: NewEvent, now: Timestamp) -> Result<EventId> {
    let id = ids::next(now);
    let row = EventRow {
        id,
        kind: new.kind.to_string(),
        actor_id: new.actor.0,
        group_id: new.group.map(|group| group.0),
        post_id: new.post.map(|post| post.0),
        object_id: new.object,
        activity: new.activity,
        at: now.micros(),
    };
    on_backend!(connection, |inner| diesel::insert_into(events::table)
        .values(row)
        .execute(inner))?;
    Ok(EventId(id))
}

/// The oldest events nobody has planned.
pub fn list_unplanned(connection: &mut Connection, most: i64) -> Result<Vec<Event>> {
    let rows: Vec<EventRow> = events::table
        .filter(events::planned_at.is_null())
        .order(events::id)
        .limit(most)
        .select(EventRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Any number that nobody else uses with PostgreSQL's advisory locks.
const PLANNING_LOCK: i64 = 7_201_001;

/// Which of these events nobody has planned yet, and the right to plan until the transaction ends:
/// order within a topic needs one planner at a time.
pub fn hold_unplanned(connection: &mut Connection, ids: &[EventId]) -> Result<HashSet<EventId>> {
    if let Connection::Postgres(inner) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(PLANNING_LOCK)
            .execute(inner)?;
    }
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let open: Vec<i64> = events::table
        .filter(events::id.among(ids))
        .filter(events::planned_at.is_null())
        .select(events::id)
        .load(connection)?;
    Ok(open.into_iter().map(EventId).collect())
}

pub fn mark_planned(
    connection: &mut Connection,
    planned: &[EventId],
    now: Timestamp,
) -> Result<()> {
    let ids: Vec<i64> = planned.iter().map(|id| id.0).collect();
    diesel::update(events::table.filter(events::id.among(ids)))
        .set(events::planned_at.eq(Some(now.micros())))
        .execute(connection)?;
    Ok(())
}

/// Takes what somebody voted for out of the news of their votes; what was not told yet is not told.
pub fn forget_votes_of(connection: &mut Connection, actor: ActorId) -> Result<()> {
    let votes = events::table
        .filter(events::actor_id.eq(actor.0))
        .filter(events::kind.eq(EventKind::Voted.as_str()));
    diesel::update(votes)
        .set((
            events::object_id.eq(None::<i64>),
            events::activity.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: EventId) -> Result<Option<Event>> {
    let row = find_one!(
        connection,
        events::table.find(id.0).select(EventRow::as_select())
    )?;
    row.map(Event::try_from).transpose()
}

pub fn count_unplanned(connection: &mut Connection) -> Result<i64> {
    Ok(events::table
        .filter(events::planned_at.is_null())
        .count()
        .get_result(connection)?)
}
