//! What was deleted elsewhere before we heard of it, so that it cannot arrive late.

use diesel::prelude::*;

use crate::domain::{Host, Timestamp, Uri};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::on_backend;
use crate::storage::schema::tombstones;

/// Remembers that something was deleted before we heard of it. Of one server the newest `most` are
/// remembered: it costs a server nothing to delete what never was.
pub fn insert_tombstone(
    connection: &mut Connection,
    uri: &Uri,
    most: i64,
    now: Timestamp,
) -> Result<()> {
    let host = uri.host().as_str();
    on_backend!(connection, |inner| diesel::insert_into(tombstones::table)
        .values((
            tombstones::uri.eq(uri.as_str()),
            tombstones::host.eq(host),
            tombstones::at.eq(now.micros())
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    let last: Option<i64> = tombstones::table
        .filter(tombstones::host.eq(host))
        .order(tombstones::at.desc())
        .offset(most - 1)
        .limit(1)
        .select(tombstones::at)
        .get_result(connection)
        .optional()?;
    if let Some(last) = last {
        let older = tombstones::host.eq(host).and(tombstones::at.lt(last));
        diesel::delete(tombstones::table.filter(older)).execute(connection)?;
    }
    Ok(())
}

/// How many things of a server are remembered as deleted.
pub fn count_tombstones(connection: &mut Connection, host: &Host) -> Result<i64> {
    Ok(tombstones::table
        .filter(tombstones::host.eq(host.as_str()))
        .count()
        .get_result(connection)?)
}

/// Forgets that something was deleted: it was restored where it lives.
pub fn remove_tombstone(connection: &mut Connection, uri: &Uri) -> Result<()> {
    diesel::delete(tombstones::table.find(uri.as_str())).execute(connection)?;
    Ok(())
}

pub fn has_tombstone(connection: &mut Connection, uri: &Uri) -> Result<bool> {
    Ok(on_backend!(connection, |inner| diesel::select(
        diesel::dsl::exists(tombstones::table.find(uri.as_str()))
    )
    .get_result(inner))?)
}
