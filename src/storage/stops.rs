//! Emergency stops that hold. There are hardly ever any, so they are read all at once.

use diesel::prelude::*;

use crate::domain::text_enum::text_enum;
use crate::domain::{GroupId, Host, Stop, StopId, StopTarget, Stops, Timestamp};
use crate::error::{Error, Result};
use crate::policy::{Permit, act};
use crate::storage::error::read;
use crate::storage::schema::stops;
use crate::storage::{Connection, ids};

text_enum! {
    /// What a row holds.
    Kind ("target") {
        All = "all",
        Partner = "partner",
        Group = "group",
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = stops, treat_none_as_default_value = false)]
pub(super) struct StopRow {
    id: i64,
    target: String,
    host: String,
    group_id: Option<i64>,
    reason: String,
    stopped_by: String,
    created_at: i64,
}

impl From<&Stop> for StopRow {
    fn from(stop: &Stop) -> Self {
        let (kind, host, group_id) = match &stop.target {
            StopTarget::All => (Kind::All, String::new(), None),
            StopTarget::Partner(host) => (Kind::Partner, host.to_string(), None),
            StopTarget::Group(group) => (Kind::Group, String::new(), Some(group.0)),
        };
        Self {
            id: stop.id.0,
            target: kind.to_string(),
            host,
            group_id,
            reason: stop.reason.clone(),
            stopped_by: stop.by.clone(),
            created_at: stop.since.micros(),
        }
    }
}

impl TryFrom<StopRow> for Stop {
    type Error = Error;

    fn try_from(row: StopRow) -> Result<Self> {
        let target = match (read(&row.target)?, row.group_id) {
            (Kind::All, _) => StopTarget::All,
            (Kind::Partner, _) => StopTarget::Partner(read(&row.host)?),
            (Kind::Group, Some(group)) => StopTarget::Group(GroupId(group)),
            (Kind::Group, None) => return Err(Error::internal("a stop of no group")),
        };
        Ok(Self {
            id: StopId(row.id),
            target,
            reason: row.reason,
            by: row.stopped_by,
            since: Timestamp::from_micros(row.created_at),
        })
    }
}

/// Everything that is stopped now, the oldest first.
pub fn list(connection: &mut Connection) -> Result<Stops> {
    let rows: Vec<StopRow> = stops::table
        .order(stops::id)
        .select(StopRow::as_select())
        .load(connection)?;
    let all = rows.into_iter().map(Stop::try_from);
    Ok(Stops(all.collect::<Result<_>>()?))
}

/// Stops what goes in and out of the permit's group.
pub fn insert_for_group(
    connection: &mut Connection,
    permit: &Permit<act::ManageGroup>,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Stop> {
    insert(
        connection,
        StopTarget::Group(permit.group()),
        by,
        reason,
        now,
    )
}

/// Stops what goes between us and a server (none: anybody).
pub fn insert_for_host(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    host: Option<Host>,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Stop> {
    let target = host.map_or(StopTarget::All, StopTarget::Partner);
    insert(connection, target, by, reason, now)
}

fn insert(
    connection: &mut Connection,
    target: StopTarget,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Stop> {
    let stop = Stop {
        id: StopId(ids::next(now)),
        target,
        reason: reason.to_owned(),
        by: by.to_owned(),
        since: now,
    };
    diesel::insert_into(stops::table)
        .values(StopRow::from(&stop))
        .execute(connection)?;
    Ok(stop)
}

pub fn remove(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    id: StopId,
) -> Result<()> {
    diesel::delete(stops::table.find(id.0)).execute(connection)?;
    Ok(())
}
