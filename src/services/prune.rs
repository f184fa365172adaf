//! Giving up and forgetting what is no longer needed: in small steps, so that nobody who writes waits for long.
//!
//! What stays: posts with their tombstones, events, audit lines, and for each post the servers that
//! have it, for taking it back.

use std::time::Duration;

use crate::app::App;
use crate::domain::{ArrivalId, DELIVERY_DAYS_MAX, Timestamp};
use crate::error::Result;
use crate::services::{keys, refusals};
use crate::storage::{self, Connection};

const DAY: Duration = Duration::from_secs(86_400);

/// Rows of one kind forgotten in one transaction.
const ROWS_PER_STEP: i64 = 500;
/// Deliveries that ended, with the bytes of their activities, for looking into what went wrong.
pub const DELIVERIES_KEPT: Duration = DAY.saturating_mul(30);
/// The bytes of applied activities.
pub const ARRIVAL_BODIES_KEPT: Duration = DAY.saturating_mul(7);
/// The ids of applied activities. A signature is believed for an hour, but a sender that got no answer
/// signs the same activity anew for as long as it keeps trying: 30 days are usual.
pub const ARRIVALS_KEPT: Duration = DAY.saturating_mul(60);
/// Errands that ended.
pub const ERRANDS_KEPT: Duration = DAY.saturating_mul(7);
/// Which texts arrived from where, for comparing books: a year, and a month to look at it.
pub const RECEIVED_KEPT: Duration = DAY.saturating_mul(400);
/// What was turned away.
pub const SECURITY_LOG_KEPT: Duration = DAY.saturating_mul(90);

/// Files that were uploaded and never put into a post.
pub const UPLOADS_KEPT: Duration = DAY;

/// How much was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Deliveries to servers that do not answer, whose time is over.
    pub given_up: usize,
    pub deliveries: usize,
    pub arrivals: usize,
    pub errands: usize,
    pub refusals: usize,
    pub sessions: usize,
    pub uploads: usize,
    pub received: usize,
}

/// How far earlier rounds of this process got: what was looked at is not looked at again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    bodies: Option<ArrivalId>,
}

/// Forgets everything whose time is over.
pub async fn prune(app: &App, reached: &mut Reached) -> Result<Pruned> {
    let now = app.clock.now();
    let ago = |kept| now.minus(kept);
    forget_bodies(app, ago(ARRIVAL_BODIES_KEPT), reached).await?;
    app.asked.forget(now);
    app.db
        .write_patiently("prune_keys", move |connection| keys::prune(connection, now))
        .await?;
    Ok(Pruned {
        given_up: by_steps(app, now, give_up).await?,
        deliveries: by_steps(app, ago(DELIVERIES_KEPT), storage::deliveries::forget_ended).await?,
        arrivals: by_steps(app, ago(ARRIVALS_KEPT), storage::arrivals::forget).await?,
        errands: by_steps(app, ago(ERRANDS_KEPT), storage::jobs::forget_ended).await?,
        refusals: by_steps(
            app,
            ago(SECURITY_LOG_KEPT),
            storage::arrivals::forget_refusals,
        )
        .await?,
        sessions: by_steps(app, now, storage::sessions::forget_expired).await?,
        uploads: by_steps(app, ago(UPLOADS_KEPT), storage::attachments::forget_waiting).await?,
        received: by_steps(app, ago(RECEIVED_KEPT), storage::received::forget).await?,
    })
}

/// What an answer would say of each when it is tried: that was long enough.
fn give_up(connection: &mut Connection, now: Timestamp, most: i64) -> Result<usize> {
    let before =
        now.minus(DAY.saturating_mul(u32::try_from(DELIVERY_DAYS_MAX).unwrap_or(u32::MAX)));
    let given_up = storage::deliveries::give_up(connection, before, now, most)?;
    refusals::record_given_up(connection, &given_up, now)?;
    Ok(given_up.len())
}

type Forget = fn(&mut Connection, Timestamp, i64) -> Result<usize>;

/// Forgets step by step until a step finds less than it may forget, or the server stops.
async fn by_steps(app: &App, before: Timestamp, forget: Forget) -> Result<usize> {
    let mut forgotten = 0;
    while !app.bells.stop.rung() {
        let step = app.db.write_patiently("prune", move |connection| {
            forget(connection, before, ROWS_PER_STEP)
        });
        let rows = step.await?;
        forgotten += rows;
        if i64::try_from(rows).unwrap_or(i64::MAX) < ROWS_PER_STEP {
            break;
        }
    }
    Ok(forgotten)
}

async fn forget_bodies(app: &App, before: Timestamp, reached: &mut Reached) -> Result<()> {
    while !app.bells.stop.rung() {
        let after = reached.bodies.unwrap_or(ArrivalId(0));
        let step = app.db.write_patiently("prune_bodies", move |connection| {
            storage::arrivals::forget_bodies(connection, after, before, ROWS_PER_STEP)
        });
        match step.await? {
            Some(last) => reached.bodies = Some(last),
            None => break,
        }
    }
    Ok(())
}
