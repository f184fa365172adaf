//! The queue of what leaves the house, and the record of what left it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::{
    ActorId, Attempt, CarriedText, Delivery, DeliveryGround, DeliveryId, DeliveryState, EventId,
    EventKind, FAILURES_MAX, GroupId, Host, Impression, LedgerOutcome, Page, PostId, StopTarget,
    Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::among::{AmongMethods as _, Statement};
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::ledger::Pushed;
use crate::storage::pending::Pending;
use crate::storage::schema::{deliveries, destinations as destination_rows, messages, post_hosts};
use crate::storage::{Connection, destinations, ids, ledger};

// Every column is written, so that SQLite takes many rows in one statement.
#[derive(Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
struct DeliveryRow {
    id: i64,
    event_id: i64,
    message_id: i64,
    host: String,
    inbox: String,
    lane: i64,
    signer_id: i64,
    ground: String,
    group_id: Option<i64>,
    post_id: Option<i64>,
    activity_uri: String,
    state: String,
    attempts: i32,
    next_attempt_at: i64,
    lease_until: i64,
    last_status: Option<i32>,
    last_error: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
    first_in_lane: bool,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = crate::Error;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        Ok(Self {
            id: DeliveryId(row.id),
            event: EventId(row.event_id),
            host: read(&row.host)?,
            inbox: read(&row.inbox)?,
            lane: row.lane,
            signer: ActorId(row.signer_id),
            ground: read(&row.ground)?,
            group: row.group_id.map(GroupId),
            post: row.post_id.map(PostId),
            activity: read(&row.activity_uri)?,
            state: read(&row.state)?,
            attempts: row.attempts.unsigned_abs(),
            next_attempt_at: Timestamp::from_micros(row.next_attempt_at),
            last_status: row
                .last_status
                .and_then(|status| u16::try_from(status).ok()),
            last_error: row.last_error,
            created_at: Timestamp::from_micros(row.created_at),
            finished_at: row.finished_at.map(Timestamp::from_micros),
        })
    }
}

/// One activity and all the servers it is to reach.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub event: EventId,
    pub activity: Uri,
    pub body: String,
    /// The text of a post that it carries.
    pub revision: Option<CarriedText>,
    pub signer: ActorId,
    pub ground: DeliveryGround,
    pub group: Option<GroupId>,
    pub post: Option<PostId>,
    pub lane: i64,
    /// Server and inbox.
    pub destinations: Vec<(Host, Uri)>,
}

/// Rows in one INSERT: PostgreSQL takes at most 65,535 binds, SQLite 32,766; a row has 20.
const ROWS_PER_INSERT: usize = 1_000;

/// Any number that nobody else uses with PostgreSQL's advisory locks.
const LANES_LOCK: i64 = 0x6775_696c_6c61_6e65;

/// Held by every transaction that may change which delivery is the first in its lane: of two that
/// each saw only their own change, both or neither would name one. SQLite has one writer anyway.
fn hold_lanes(connection: &mut Connection) -> Result<()> {
    if let Connection::Postgres(inner) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(LANES_LOCK)
            .execute(inner)?;
    }
    Ok(())
}

/// Queues activities for their destinations, in their order.
pub fn insert(connection: &mut Connection, new: &[NewMessage], now: Timestamp) -> Result<()> {
    let mut bytes = Vec::with_capacity(new.len());
    let mut rows = Vec::new();
    for message in new.iter().filter(|new| !new.destinations.is_empty()) {
        let id = ids::next(now);
        let revision = message.revision.as_ref();
        bytes.push((
            messages::id.eq(id),
            messages::body.eq(&message.body),
            messages::digest.eq(revision.map(|revision| revision.digest.as_str())),
            messages::written_at.eq(revision
                .and_then(|revision| revision.written)
                .map(Timestamp::micros)),
            messages::bytes.eq(i64::try_from(message.body.len()).unwrap_or(i64::MAX)),
        ));
        let destinations = message.destinations.iter();
        rows.extend(destinations.map(|(host, inbox)| row(message, id, host, inbox, now)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    hold_lanes(connection)?;
    let mut lanes: Vec<i64> = rows.iter().map(|row| row.lane).collect();
    lanes.sort_unstable();
    lanes.dedup();
    let mut taken = list_lanes_taken(connection, &lanes)?;
    for row in &mut rows {
        row.first_in_lane = taken.insert((row.lane, row.host.clone()));
    }
    for some in bytes.chunks(ROWS_PER_INSERT) {
        on_backend!(connection, |inner| diesel::insert_into(messages::table)
            .values(some)
            .execute(inner))?;
    }
    for some in rows.chunks(ROWS_PER_INSERT) {
        on_backend!(connection, |inner| diesel::insert_into(deliveries::table)
            .values(some)
            .execute(inner))?;
    }
    Ok(())
}

/// The lanes, each with its server, in which something waits.
fn list_lanes_taken(connection: &mut Connection, lanes: &[i64]) -> Result<HashSet<(i64, String)>> {
    let taken: Vec<(i64, String)> = deliveries::table
        .filter(deliveries::lane.among(lanes))
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::first_in_lane)
        .select((deliveries::lane, deliveries::host))
        .load(connection)?;
    Ok(taken.into_iter().collect())
}

fn row(new: &NewMessage, message: i64, host: &Host, inbox: &Uri, now: Timestamp) -> DeliveryRow {
    DeliveryRow {
        id: ids::next(now),
        event_id: new.event.0,
        message_id: message,
        host: host.to_string(),
        inbox: inbox.to_string(),
        lane: new.lane,
        signer_id: new.signer.0,
        ground: new.ground.to_string(),
        group_id: new.group.map(|group| group.0),
        post_id: new.post.map(|post| post.0),
        activity_uri: new.activity.to_string(),
        state: DeliveryState::Pending.to_string(),
        attempts: 0,
        next_attempt_at: now.micros(),
        lease_until: 0,
        last_status: None,
        last_error: None,
        created_at: now.micros(),
        finished_at: None,
        first_in_lane: false,
    }
}

/// Names those that are now the first in their lanes, where the deliveries of `ids` were.
fn name_successors(connection: &mut Connection, ids: &[i64]) -> Result<()> {
    for some in ids.chunks(IDS_PER_QUERY) {
        Statement::new(
            "UPDATE deliveries SET first_in_lane = TRUE WHERE id IN ( \
             SELECT (SELECT MIN(e.id) FROM deliveries e WHERE e.lane = d.lane AND e.host = d.host AND e.state = 'pending') \
             FROM deliveries d WHERE d.id IN ",
        )
        .list(some)
        .words(")")
        .execute(connection)?;
    }
    Ok(())
}

/// Ids written into one statement.
const IDS_PER_QUERY: usize = 1_000;

/// Names the first of every lane anew: after a change to many deliveries at once.
fn name_all(connection: &mut Connection) -> Result<()> {
    let earlier = "EXISTS (SELECT 1 FROM deliveries e WHERE e.lane = deliveries.lane AND e.host = deliveries.host \
                   AND e.state = 'pending' AND e.id < deliveries.id)";
    for (wrong, right) in [
        ("FALSE", format!("NOT {earlier}")),
        ("TRUE", earlier.to_owned()),
    ] {
        diesel::sql_query(format!(
            "UPDATE deliveries SET first_in_lane = NOT first_in_lane \
             WHERE state = 'pending' AND first_in_lane = {wrong} AND {right}"
        ))
        .execute(connection)?;
    }
    Ok(())
}

/// A delivery whose time has come. Nobody else takes it before this transaction ends.
#[derive(Clone, Debug)]
pub struct Due {
    pub delivery: Delivery,
    message: i64,
    /// It was taken before, and nobody wrote down how that went: it may have left.
    was_taken: bool,
}

/// A delivery that this process may send now, with its bytes.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub delivery: Delivery,
    /// Shared by all servers that get the same.
    pub body: Arc<str>,
}

/// Finds deliveries that are due and first in their lane, at most `most`. A lane whose first delivery is
/// leased or waits for its next attempt gives none: order is kept per host and topic. Servers in `skip`
/// (they are busy enough) give none either.
pub fn list_due(
    connection: &mut Connection,
    skip: &[Host],
    now: Timestamp,
    most: i64,
) -> Result<Vec<Due>> {
    hold_lanes(connection)?;
    let due = deliveries::table
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::first_in_lane)
        .filter(deliveries::next_attempt_at.le(now.micros()))
        .filter(deliveries::lease_until.le(now.micros()))
        .filter(diesel::dsl::not(
            deliveries::host.among(skip.iter().map(Host::as_str)),
        ))
        .order((deliveries::next_attempt_at, deliveries::id))
        .limit(most);
    let rows: Vec<DeliveryRow> = match connection {
        Connection::Postgres(inner) => due.for_update().skip_locked().load(inner)?,
        Connection::Sqlite(inner) => due.load(inner)?,
    };
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                message: row.message_id,
                was_taken: row.lease_until > 0,
                delivery: Delivery::try_from(row)?,
            })
        })
        .collect()
}

/// Notes for the ledger what a process took and did not live to write down.
pub fn note_lost(connection: &mut Connection, due: &[Due], now: Timestamp) -> Result<()> {
    let lost = due.iter().filter(|due| due.was_taken);
    let lost: Vec<Pushed> = lost.map(|due| unclear(due.delivery.id.0, LOST)).collect();
    ledger::note_pushed(connection, &lost, now)
}

/// Why a line says that something may have left.
const LOST: &str = "taken by a process that did not write down how it went";
const UNDER_WAY: &str = "it was under way when it was cancelled";

fn unclear(delivery: i64, reason: &str) -> Pushed {
    Pushed {
        delivery,
        outcome: LedgerOutcome::Unclear,
        reason: Some(reason.to_owned()),
    }
}

/// Takes deliveries that are due and leases them until `lease_until`. The lease is written before anything
/// leaves: it is what tells of an attempt whose end nobody writes down.
pub fn claim(
    connection: &mut Connection,
    due: Vec<Due>,
    lease_until: Timestamp,
) -> Result<Vec<Claimed>> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = due.iter().map(|due| due.delivery.id.0).collect();
    diesel::update(deliveries::table.filter(deliveries::id.among(&ids)))
        .set(deliveries::lease_until.eq(lease_until.micros()))
        .execute(connection)?;
    let mut message_ids: Vec<i64> = due.iter().map(|due| due.message).collect();
    message_ids.sort_unstable();
    message_ids.dedup();
    let bodies: HashMap<i64, Arc<str>> = messages::table
        .filter(messages::id.among(message_ids))
        .select((messages::id, messages::body))
        .load::<(i64, String)>(connection)?
        .into_iter()
        .map(|(id, body)| (id, body.into()))
        .collect();
    let claimed = due.into_iter().map(|due| Claimed {
        body: bodies.get(&due.message).cloned().unwrap_or_default(),
        delivery: due.delivery,
    });
    Ok(claimed.collect())
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub id: DeliveryId,
    pub host: Host,
    pub state: DeliveryState,
    pub status: Option<u16>,
    /// What went wrong, for administrators.
    pub error: Option<String>,
    /// When to try again, where the state stays pending.
    pub next_attempt_at: Option<Timestamp>,
    /// Attempts before this one.
    pub earlier: u32,
    /// What the attempt tells of the server.
    pub impression: Impression,
    /// Our clock less theirs, seconds, where they answered with a `Date`.
    pub clock_difference: Option<i64>,
    /// Its bytes left, or may have.
    pub left: bool,
}

impl Outcome {
    /// What the ledger says of it; none: nothing left, and it is tried later.
    fn pushed(&self) -> Option<Pushed> {
        let outcome = match (self.state, self.left) {
            (DeliveryState::Sent, _) => LedgerOutcome::Sent,
            (DeliveryState::Failed, _) => LedgerOutcome::Refused,
            (DeliveryState::Withheld, false) => LedgerOutcome::Withheld,
            (DeliveryState::Pending | DeliveryState::Dead, false) => return None,
            (DeliveryState::Withheld | DeliveryState::Pending | DeliveryState::Dead, true) => {
                LedgerOutcome::Unclear
            }
        };
        Some(Pushed {
            delivery: self.id.0,
            outcome,
            reason: self.error.clone(),
        })
    }

    pub const fn attempt(&self) -> Attempt {
        Attempt {
            delivery: self.id,
            earlier: self.earlier,
            impression: self.impression,
        }
    }
}

/// Writes how attempts ended, into the ledger too, and gives their leases back.
pub fn record(connection: &mut Connection, outcomes: &[Outcome], now: Timestamp) -> Result<()> {
    hold_lanes(connection)?;
    let pushed: Vec<Pushed> = outcomes.iter().filter_map(Outcome::pushed).collect();
    ledger::note_pushed(connection, &pushed, now)?;
    let put_back = |outcome: &&Outcome| {
        outcome.impression == Impression::Untried && outcome.state == DeliveryState::Pending
    };
    let (put_back, ended): (Vec<_>, Vec<_>) = outcomes.iter().partition(put_back);
    if !put_back.is_empty() {
        let ids: Vec<DeliveryId> = put_back.iter().map(|outcome| outcome.id).collect();
        release(connection, &ids, now)?;
    }
    let (clean, eventful): (Vec<_>, Vec<_>) = ended
        .into_iter()
        .partition(|outcome| outcome.state == DeliveryState::Sent);
    let sent: Vec<i64> = clean.iter().map(|outcome| outcome.id.0).collect();
    if !sent.is_empty() {
        diesel::update(deliveries::table.filter(deliveries::id.among(&sent)))
            .set((
                deliveries::state.eq(DeliveryState::Sent.as_str()),
                deliveries::attempts.eq(deliveries::attempts + 1),
                deliveries::lease_until.eq(0),
                deliveries::last_error.eq(None::<String>),
                deliveries::finished_at.eq(Some(now.micros())),
            ))
            .execute(connection)?;
        destinations::note_success(connection, &sent, now)?;
    }
    for outcome in eventful {
        // What was withheld was not tried: nothing of it left the house.
        let tried = outcome.impression != Impression::Untried;
        let finished = (outcome.state != DeliveryState::Pending).then_some(now.micros());
        diesel::update(deliveries::table.find(outcome.id.0))
            .set((
                deliveries::state.eq(outcome.state.as_str()),
                deliveries::attempts.eq(deliveries::attempts + i32::from(tried)),
                deliveries::lease_until.eq(0),
                deliveries::last_status.eq(outcome.status.map(i32::from)),
                deliveries::last_error.eq(outcome.error.as_deref()),
                deliveries::next_attempt_at.eq(outcome.next_attempt_at.unwrap_or(now).micros()),
                deliveries::finished_at.eq(finished),
            ))
            .execute(connection)?;
        if tried {
            destinations::note_error(
                connection,
                &outcome.host,
                outcome.error.as_deref().unwrap_or(""),
                now,
            )?;
        }
    }
    let ended: Vec<i64> = outcomes
        .iter()
        .filter(|outcome| outcome.state != DeliveryState::Pending)
        .map(|outcome| outcome.id.0)
        .collect();
    name_successors(connection, &ended)
}

/// Of these events about these posts, those with a delivery that was refused or given up and can be
/// repeated.
pub fn list_retriable(
    connection: &mut Connection,
    posts: &[PostId],
    events: &[EventId],
) -> Result<HashSet<EventId>> {
    let states = [DeliveryState::Failed, DeliveryState::Dead].map(|state| state.as_str());
    let found: Vec<i64> = deliveries::table
        .filter(deliveries::post_id.among(posts.iter().map(|post| post.0)))
        .filter(deliveries::event_id.among(events.iter().map(|event| event.0)))
        .filter(deliveries::state.eq_any(states))
        .select(deliveries::event_id)
        .load(connection)?;
    Ok(found.into_iter().map(EventId).collect())
}

/// Gives leases back without an attempt, or puts off what is due: the partner is paused, say, or its
/// server has to be left alone.
pub fn release(
    connection: &mut Connection,
    ids: &[DeliveryId],
    next_attempt_at: Timestamp,
) -> Result<()> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    diesel::update(deliveries::table.filter(deliveries::id.among(numbers)))
        .set((
            deliveries::lease_until.eq(0),
            deliveries::next_attempt_at.eq(next_attempt_at.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Makes everything that waits for a server due now: its partnership is resumed.
pub fn hasten(connection: &mut Connection, host: &Host, now: Timestamp) -> Result<usize> {
    let waiting = deliveries::table
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::next_attempt_at.gt(now.micros()));
    Ok(diesel::update(waiting)
        .set(deliveries::next_attempt_at.eq(now.micros()))
        .execute(connection)?)
}

/// Makes what waited for the end of an emergency stop due now; how many.
pub fn hasten_held(
    connection: &mut Connection,
    target: &StopTarget,
    now: Timestamp,
) -> Result<usize> {
    let set = deliveries::next_attempt_at.eq(now.micros());
    let pending = deliveries::state.eq(Pending);
    let held = deliveries::table.filter(pending);
    Ok(match target {
        StopTarget::All => diesel::update(held).set(set).execute(connection)?,
        StopTarget::Partner(host) => {
            diesel::update(held.filter(deliveries::host.eq(host.as_str())))
                .set(set)
                .execute(connection)?
        }
        StopTarget::Group(group) => diesel::update(held.filter(deliveries::group_id.eq(group.0)))
            .set(set)
            .execute(connection)?,
    })
}

/// How many of the deliveries that an emergency stop holds may be on their way just now: they were taken
/// before.
pub fn count_taken(
    connection: &mut Connection,
    target: &StopTarget,
    now: Timestamp,
) -> Result<i64> {
    let taken = deliveries::table
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::lease_until.gt(now.micros()));
    Ok(match target {
        StopTarget::All => taken.count().get_result(connection)?,
        StopTarget::Partner(host) => taken
            .filter(deliveries::host.eq(host.as_str()))
            .count()
            .get_result(connection)?,
        StopTarget::Group(group) => taken
            .filter(deliveries::group_id.eq(group.0))
            .count()
            .get_result(connection)?,
    })
}

/// Makes the first of each lane to a server due now: the server is back.
pub fn wake(connection: &mut Connection, host: &Host, now: Timestamp) -> Result<()> {
    hold_lanes(connection)?;
    let first = deliveries::table
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::first_in_lane)
        .filter(deliveries::next_attempt_at.gt(now.micros()));
    diesel::update(first)
        .set(deliveries::next_attempt_at.eq(now.micros()))
        .execute(connection)?;
    Ok(())
}

/// Chooses what is sent next to a server that does not answer, at `time`: what was tried least, for the
/// fault may be of what was tried often; of these the oldest.
pub fn appoint(
    connection: &mut Connection,
    host: &Host,
    time: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let free = deliveries::table
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::first_in_lane)
        .filter(deliveries::lease_until.le(now.micros()))
        .order((deliveries::attempts, deliveries::id))
        .limit(1)
        .select(deliveries::id);
    let chosen: Option<i64> = free.get_result(connection).optional()?;
    if let Some(id) = chosen {
        diesel::update(deliveries::table.find(id))
            .set(deliveries::next_attempt_at.eq(time.micros()))
            .execute(connection)?;
    }
    Ok(())
}

/// How recently a server must have failed for its old deliveries to be given up: if we were away
/// ourselves for a month, it is asked once more first.
const FAILED_WITHIN: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Gives up what was made before `before` and waits for a server that rests, the oldest first, at most
/// `most`; which. Each one's turn comes so rarely that it would outlive its time.
pub fn give_up(
    connection: &mut Connection,
    before: Timestamp,
    now: Timestamp,
    most: i64,
) -> Result<Vec<DeliveryId>> {
    hold_lanes(connection)?;
    let resting = destination_rows::table
        .filter(destination_rows::failures.ge(i32::try_from(FAILURES_MAX).unwrap_or(i32::MAX)))
        .filter(destination_rows::last_error_at.gt(now.minus(FAILED_WITHIN).micros()))
        .select(destination_rows::host);
    let old: Vec<(i64, i64)> = deliveries::table
        .filter(deliveries::id.lt(ids::first_at(before)))
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::lease_until.le(now.micros()))
        .filter(deliveries::host.eq_any(resting))
        .order(deliveries::id)
        .limit(most)
        .select((deliveries::id, deliveries::lease_until))
        .load(connection)?;
    let lost = old.iter().filter(|(_, lease)| *lease > 0);
    let lost: Vec<Pushed> = lost.map(|(id, _)| unclear(*id, LOST)).collect();
    ledger::note_pushed(connection, &lost, now)?;
    let ids: Vec<i64> = old.iter().map(|(id, _)| *id).collect();
    diesel::update(deliveries::table.filter(deliveries::id.among(&ids)))
        .set((
            deliveries::state.eq(DeliveryState::Dead.as_str()),
            deliveries::finished_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    name_successors(connection, &ids)?;
    Ok(ids.into_iter().map(DeliveryId).collect())
}

/// Whether a delivery that was taken still waits to be sent: nobody cancelled it meanwhile.
pub fn is_waiting(connection: &mut Connection, id: DeliveryId) -> Result<bool> {
    let state: Option<String> = find_one!(
        connection,
        deliveries::table.find(id.0).select(deliveries::state)
    )?;
    Ok(state.as_deref() == Some(DeliveryState::Pending.as_str()))
}

/// How many deliveries to a server (none: to all) are cancelled although they may be on their way
/// just now: they were taken before, and nobody has written down how they ended.
pub fn count_under_way(
    connection: &mut Connection,
    host: Option<&Host>,
    now: Timestamp,
) -> Result<i64> {
    let ended = [DeliveryState::Withheld, DeliveryState::Dead].map(DeliveryState::as_str);
    let cancelled = deliveries::table
        .filter(deliveries::state.eq_any(ended))
        .filter(deliveries::lease_until.gt(now.micros()));
    Ok(match host {
        Some(host) => cancelled
            .filter(deliveries::host.eq(host.as_str()))
            .count()
            .get_result(connection)?,
        None => cancelled.count().get_result(connection)?,
    })
}

/// Which waiting deliveries to cancel.
#[derive(Clone, Debug)]
pub enum Cancel<'a> {
    /// Everything to a server, except retractions.
    ToHost(&'a Host),
    /// Everything to a server, whatever it is.
    AllToHost(&'a Host),
    /// A group's news to a server.
    OfGroupToHost(GroupId, &'a Host),
    /// A group's news to everybody.
    OfGroup(GroupId),
}

/// Withholds waiting deliveries; which.
pub fn cancel(
    connection: &mut Connection,
    which: &Cancel<'_>,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<DeliveryId>> {
    hold_lanes(connection)?;
    let waiting = list_waiting(connection, which)?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let pushed: Vec<Pushed> = waiting
        .iter()
        .map(|(id, lease)| withheld(*id, *lease, reason))
        .collect();
    ledger::note_pushed(connection, &pushed, now)?;
    for some in waiting.chunks(IDS_PER_QUERY) {
        let ids = some.iter().map(|(id, _)| *id);
        diesel::update(deliveries::table.filter(deliveries::id.among(ids)))
            .set((
                deliveries::state.eq(DeliveryState::Withheld.as_str()),
                deliveries::last_error.eq(Some(reason)),
                deliveries::finished_at.eq(Some(now.micros())),
            ))
            .execute(connection)?;
    }
    name_all(connection)?;
    Ok(waiting.into_iter().map(|(id, _)| DeliveryId(id)).collect())
}

/// Lets administrators try again what was withheld: nobody else does.
pub fn give_up_withheld(connection: &mut Connection, ids: &[DeliveryId]) -> Result<()> {
    let ids = ids.iter().map(|id| id.0);
    let withheld = deliveries::table
        .filter(deliveries::id.among(ids))
        .filter(deliveries::state.eq(DeliveryState::Withheld.as_str()));
    diesel::update(withheld)
        .set(deliveries::state.eq(DeliveryState::Dead.as_str()))
        .execute(connection)?;
    Ok(())
}

/// What an event told of a post was let in by a server and refused afterwards: its delivery was refused.
pub fn fail_late(
    connection: &mut Connection,
    (post, event, host): (PostId, EventId, &Host),
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let let_in = deliveries::table
        .filter(deliveries::post_id.eq(post.0))
        .filter(deliveries::event_id.eq(event.0))
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::state.eq(DeliveryState::Sent.as_str()));
    diesel::update(let_in)
        .set((
            deliveries::state.eq(DeliveryState::Failed.as_str()),
            deliveries::last_error.eq(Some(why)),
            deliveries::finished_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}

/// Withholds what was refused or given up of what an event told of a post: it is told by another one.
pub fn withdraw(
    connection: &mut Connection,
    post: PostId,
    event: EventId,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let given_up = [DeliveryState::Failed, DeliveryState::Dead].map(DeliveryState::as_str);
    diesel::update(
        deliveries::table
            .filter(deliveries::post_id.eq(post.0))
            .filter(deliveries::event_id.eq(event.0))
            .filter(deliveries::state.eq_any(given_up)),
    )
    .set((
        deliveries::state.eq(DeliveryState::Withheld.as_str()),
        deliveries::last_error.eq(Some(why)),
        deliveries::finished_at.eq(Some(now.micros())),
    ))
    .execute(connection)?;
    Ok(())
}

/// What the ledger says of a delivery that is cancelled. One that somebody took may be on its way: whoever took
/// it writes down how it ended, if they live to.
fn withheld(delivery: i64, lease_until: i64, reason: &str) -> Pushed {
    match lease_until {
        0 => Pushed {
            delivery,
            outcome: LedgerOutcome::Withheld,
            reason: Some(reason.to_owned()),
        },
        _ => unclear(delivery, UNDER_WAY),
    }
}

/// The rows that wait, with their leases.
fn list_waiting(connection: &mut Connection, which: &Cancel<'_>) -> Result<Vec<(i64, i64)>> {
    let news = deliveries::ground.eq(DeliveryGround::News.as_str());
    let not_retraction = deliveries::ground.ne(DeliveryGround::Retraction.as_str());
    let waiting = deliveries::table
        .filter(deliveries::state.eq(Pending))
        .select((deliveries::id, deliveries::lease_until));
    Ok(match which {
        Cancel::ToHost(host) => waiting
            .filter(deliveries::host.eq(host.as_str()).and(not_retraction))
            .load(connection)?,
        Cancel::AllToHost(host) => waiting
            .filter(deliveries::host.eq(host.as_str()))
            .load(connection)?,
        Cancel::OfGroupToHost(group, host) => waiting
            .filter(deliveries::host.eq(host.as_str()))
            .filter(deliveries::group_id.eq(group.0).and(news))
            .load(connection)?,
        Cancel::OfGroup(group) => waiting
            .filter(deliveries::group_id.eq(group.0).and(news))
            .load(connection)?,
    })
}

const ERASED: &str = "its author was erased";

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    lease_until: i64,
}

/// Withholds what waits or was given up and carries a text of this author, and forgets the bytes of
/// all of it. What took effect elsewhere is taken back by its retraction; that it was sent stays on
/// record.
pub fn forget_texts_of(
    connection: &mut Connection,
    _permit: &Permit<act::ManageAccounts>,
    author: ActorId,
    now: Timestamp,
) -> Result<()> {
    let telling_text: Vec<String> = EventKind::ALL
        .iter()
        .filter(|kind| kind.carries_text())
        .map(|kind| format!("'{kind}'"))
        .collect();
    let telling_text = telling_text.join(", ");
    let theirs = format!(
        "d.post_id IN (SELECT p.id FROM posts p WHERE p.author_id = $1) \
         AND d.event_id IN (SELECT e.id FROM events e WHERE e.kind IN ({telling_text}))"
    );
    let waiting: Vec<WaitingRow> = diesel::sql_query(format!(
        "SELECT d.id AS id, d.lease_until AS lease_until FROM deliveries d WHERE d.state = 'pending' AND {theirs}"
    ))
    .bind::<BigInt, _>(author.0)
    .load(connection)?;
    let pushed: Vec<Pushed> = waiting
        .iter()
        .map(|row| withheld(row.id, row.lease_until, ERASED))
        .collect();
    ledger::note_pushed(connection, &pushed, now)?;
    let withhold = format!(
        "UPDATE deliveries SET state = 'withheld', last_error = '{ERASED}', finished_at = $2 \
         WHERE state IN ('pending', 'failed', 'dead') AND id IN (SELECT d.id FROM deliveries d WHERE {theirs})"
    );
    diesel::sql_query(withhold)
        .bind::<BigInt, _>(author.0)
        .bind::<BigInt, _>(now.micros())
        .execute(connection)?;
    let forget = format!(
        "UPDATE messages SET body = '' WHERE id IN (SELECT d.message_id FROM deliveries d WHERE {theirs})"
    );
    diesel::sql_query(forget)
        .bind::<BigInt, _>(author.0)
        .execute(connection)?;
    Ok(())
}

/// Whether anything that this actor signed went to a server, or may have gone.
pub fn any_signed_to(connection: &mut Connection, signer: ActorId, host: &Host) -> Result<bool> {
    let some = deliveries::table
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::signer_id.eq(signer.0))
        .filter(deliveries::state.ne(DeliveryState::Withheld.as_str()));
    Ok(diesel::select(diesel::dsl::exists(some)).get_result(connection)?)
}

/// Whether something that this actor signed is on its way to a server.
pub fn any_waiting(connection: &mut Connection, signer: ActorId, host: &Host) -> Result<bool> {
    let some = deliveries::table
        .filter(deliveries::host.eq(host.as_str()))
        .filter(deliveries::signer_id.eq(signer.0))
        .filter(deliveries::state.eq(DeliveryState::Pending.as_str()));
    Ok(diesel::select(diesel::dsl::exists(some)).get_result(connection)?)
}

/// The servers an object was sent to (or may have been: an attempt without an answer counts).
pub fn list_hosts_that_got(connection: &mut Connection, post: PostId) -> Result<Vec<(Host, Uri)>> {
    let forgotten: Vec<(String, String)> = post_hosts::table
        .filter(post_hosts::post_id.eq(post.0))
        .select((post_hosts::host, post_hosts::inbox))
        .load(connection)?;
    let rows: Vec<(String, Option<String>)> = deliveries::table
        .filter(deliveries::post_id.eq(post.0))
        .filter(
            deliveries::state
                .eq(DeliveryState::Sent.as_str())
                .or(deliveries::attempts.gt(0))
                .or(deliveries::lease_until.gt(0))
                .or(deliveries::state.eq(DeliveryState::Pending.as_str())),
        )
        .group_by(deliveries::host)
        .select((deliveries::host, diesel::dsl::max(deliveries::inbox)))
        .load(connection)?;
    // What a delivery that still stands says of the inbox is newer.
    let mut inboxes: BTreeMap<String, String> = forgotten.into_iter().collect();
    inboxes.extend(
        rows.into_iter()
            .filter_map(|(host, inbox)| Some((host, inbox?))),
    );
    inboxes
        .into_iter()
        .map(|(host, inbox)| Ok((read(&host)?, read(&inbox)?)))
        .collect()
}

/// The servers that fetched a post, or a file of it, whether or not it was sent to them.
pub fn list_hosts_that_fetched(connection: &mut Connection, post: PostId) -> Result<Vec<Host>> {
    #[derive(QueryableByName)]
    struct Reader {
        #[diesel(sql_type = Text)]
        host: String,
    }
    let words = "SELECT DISTINCT l.host AS host FROM posts p JOIN ledger l ON l.object = p.uri \
                 WHERE p.id = $1 AND l.way <> 'pushed' AND l.outcome = 'sent'";
    let readers: Vec<Reader> = diesel::sql_query(words)
        .bind::<BigInt, _>(post.0)
        .load(connection)?;
    readers.iter().map(|reader| read(&reader.host)).collect()
}

/// The servers that a certain activity about a post was sent to, or still will be.
pub fn list_hosts_of_activity(
    connection: &mut Connection,
    post: PostId,
    activity: &Uri,
) -> Result<Vec<(Host, Uri)>> {
    let rows: Vec<(String, Option<String>)> = deliveries::table
        .filter(deliveries::post_id.eq(post.0))
        .filter(deliveries::activity_uri.eq(activity.as_str()))
        .filter(deliveries::state.ne(DeliveryState::Withheld.as_str()))
        .group_by(deliveries::host)
        .select((deliveries::host, diesel::dsl::max(deliveries::inbox)))
        .load(connection)?;
    rows.into_iter()
        .filter_map(|(host, inbox)| Some((host, inbox?)))
        .map(|(host, inbox)| Ok((read(&host)?, read(&inbox)?)))
        .collect()
}

/// Whether an activity about a post is queued, or was sent not so long ago that it is forgotten.
pub fn is_known(connection: &mut Connection, post: PostId, activity: &Uri) -> Result<bool> {
    let known = deliveries::table
        .filter(deliveries::post_id.eq(post.0))
        .filter(deliveries::activity_uri.eq(activity.as_str()));
    let known = diesel::dsl::exists(known);
    let known = on_backend!(connection, |inner| diesel::select(known).get_result(inner))?;
    Ok(known)
}

type EndedRow = (i64, i64, Option<i64>, String, String, String, i32, i64);

/// Forgets deliveries that ended before `before`, the oldest first, at most `most`, and the bytes of
/// activities that no delivery needs any more; how many deliveries. Which server got which post is
/// kept, in one line.
pub fn forget_ended(connection: &mut Connection, before: Timestamp, most: i64) -> Result<usize> {
    let rows: Vec<EndedRow> = deliveries::table
        .filter(deliveries::id.lt(ids::first_at(before)))
        .filter(deliveries::state.ne(Pending))
        .filter(deliveries::finished_at.lt(Some(before.micros())))
        .order(deliveries::id)
        .limit(most)
        .select((
            deliveries::id,
            deliveries::message_id,
            deliveries::post_id,
            deliveries::host,
            deliveries::inbox,
            deliveries::state,
            deliveries::attempts,
            deliveries::lease_until,
        ))
        .load(connection)?;
    let left = |row: &EndedRow| row.5 == DeliveryState::Sent.as_str() || row.6 > 0 || row.7 > 0;
    let got: BTreeMap<(i64, &str), &str> = rows
        .iter()
        .filter(|row| left(row))
        .filter_map(|row| Some(((row.2?, row.3.as_str()), row.4.as_str())))
        .collect();
    for ((post, host), inbox) in got {
        keep_host(connection, post, host, inbox)?;
    }
    let ended: Vec<i64> = rows.iter().map(|row| row.0).collect();
    diesel::delete(deliveries::table.filter(deliveries::id.among(&ended))).execute(connection)?;
    let mut bytes: Vec<i64> = rows.iter().map(|row| row.1).collect();
    bytes.sort_unstable();
    bytes.dedup();
    let needed = deliveries::table.filter(deliveries::message_id.eq(messages::id));
    diesel::delete(
        messages::table
            .filter(messages::id.among(bytes))
            .filter(diesel::dsl::not(diesel::dsl::exists(needed))),
    )
    .execute(connection)?;
    Ok(ended.len())
}

fn keep_host(connection: &mut Connection, post: i64, host: &str, inbox: &str) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(post_hosts::table)
        .values((
            post_hosts::post_id.eq(post),
            post_hosts::host.eq(host),
            post_hosts::inbox.eq(inbox),
        ))
        .on_conflict((post_hosts::post_id, post_hosts::host))
        .do_update()
        .set(post_hosts::inbox.eq(inbox))
        .execute(inner))?;
    Ok(())
}

/// How many deliveries wait, to all servers.
pub fn count_pending(connection: &mut Connection) -> Result<i64> {
    Ok(deliveries::table
        .filter(deliveries::state.eq(Pending))
        .count()
        .get_result(connection)?)
}

/// When the next waiting delivery is due that is first in its lane.
pub fn next_due(connection: &mut Connection) -> Result<Option<Timestamp>> {
    let at: Option<i64> = deliveries::table
        .filter(deliveries::state.eq(Pending))
        .filter(deliveries::first_in_lane)
        .select(diesel::dsl::min(deliveries::next_attempt_at))
        .get_result(connection)?;
    Ok(at.map(Timestamp::from_micros))
}

pub fn find(connection: &mut Connection, id: DeliveryId) -> Result<Option<Delivery>> {
    let row = find_one!(
        connection,
        deliveries::table
            .find(id.0)
            .select(DeliveryRow::as_select())
    )?;
    row.map(Delivery::try_from).transpose()
}

/// A part of the deliveries to a server (none: to all, without what was withheld) that have not gone
/// out, newest first.
pub fn list_unsent_page(
    connection: &mut Connection,
    host: Option<&Host>,
    page: Page,
) -> Result<Vec<Delivery>> {
    let mut query = deliveries::table
        .filter(deliveries::state.ne(DeliveryState::Sent.as_str()))
        .filter(deliveries::id.lt(page.before.unwrap_or(i64::MAX)))
        .order(deliveries::id.desc())
        .limit(page.items().into())
        .select(DeliveryRow::as_select())
        .into_boxed();
    query = match host {
        Some(host) => query.filter(deliveries::host.eq(host.as_str())),
        None => query.filter(deliveries::state.ne(DeliveryState::Withheld.as_str())),
    };
    let rows: Vec<DeliveryRow> = query.load(connection)?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Deliveries to a server that did not go out yet or never will, oldest first.
pub fn list_unsent(
    connection: &mut Connection,
    host: Option<&Host>,
    most: i64,
) -> Result<Vec<Delivery>> {
    let query = deliveries::table
        .filter(deliveries::state.ne(DeliveryState::Sent.as_str()))
        .order(deliveries::id)
        .limit(most)
        .select(DeliveryRow::as_select());
    let rows: Vec<DeliveryRow> = match host {
        Some(host) => query
            .filter(deliveries::host.eq(host.as_str()))
            .load(connection)?,
        None => query
            .filter(deliveries::state.ne(DeliveryState::Withheld.as_str()))
            .load(connection)?,
    };
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Deliveries nobody will try again by itself, newest first.
pub fn list_given_up(
    connection: &mut Connection,
    before: Option<DeliveryId>,
    most: i64,
) -> Result<Vec<Delivery>> {
    let rows: Vec<DeliveryRow> = deliveries::table
        .filter(
            deliveries::state
                .eq_any([DeliveryState::Failed, DeliveryState::Dead].map(DeliveryState::as_str)),
        )
        .filter(deliveries::id.lt(before.map_or(i64::MAX, |id| id.0)))
        .order(deliveries::id.desc())
        .limit(most)
        .select(DeliveryRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Makes given-up or waiting deliveries due again; how many.
pub fn retry(
    connection: &mut Connection,
    host: Option<&Host>,
    id: Option<DeliveryId>,
    now: Timestamp,
) -> Result<usize> {
    let states = [
        DeliveryState::Pending,
        DeliveryState::Failed,
        DeliveryState::Dead,
    ]
    .map(DeliveryState::as_str);
    let text = "UPDATE deliveries SET state = 'pending', next_attempt_at = $1, finished_at = NULL \
                WHERE state IN ($2, $3, $4) AND lease_until <= $1 AND (host = $5 OR $5 = '') AND (id = $6 OR $6 = 0)";
    hold_lanes(connection)?;
    let count = diesel::sql_query(text)
        .bind::<BigInt, _>(now.micros())
        .bind::<Text, _>(states[0])
        .bind::<Text, _>(states[1])
        .bind::<Text, _>(states[2])
        .bind::<Text, _>(host.map_or("", Host::as_str))
        .bind::<BigInt, _>(id.map_or(0, |id| id.0))
        .execute(connection)?;
    // What was given up may stand before what waits.
    name_all(connection)?;
    Ok(count)
}

const DISCARDED: &str = "discarded by an administrator";

/// Gives one delivery up for good. False: it was not waiting, failed or dead.
pub fn discard(connection: &mut Connection, id: DeliveryId, now: Timestamp) -> Result<bool> {
    let open = [
        DeliveryState::Pending,
        DeliveryState::Failed,
        DeliveryState::Dead,
    ]
    .map(DeliveryState::as_str);
    hold_lanes(connection)?;
    let waiting: Option<i64> = deliveries::table
        .find(id.0)
        .filter(deliveries::state.eq(Pending))
        .select(deliveries::lease_until)
        .get_result(connection)
        .optional()?;
    if let Some(lease) = waiting {
        ledger::note_pushed(connection, &[withheld(id.0, lease, DISCARDED)], now)?;
    }
    let changed = diesel::update(
        deliveries::table
            .find(id.0)
            .filter(deliveries::state.eq_any(open)),
    )
    .set((
        deliveries::state.eq(DeliveryState::Withheld.as_str()),
        deliveries::last_error.eq(Some(DISCARDED)),
        deliveries::finished_at.eq(Some(now.micros())),
    ))
    .execute(connection)?;
    name_successors(connection, &[id.0])?;
    Ok(changed > 0)
}
