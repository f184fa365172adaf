//! Offers to move groups from one house to another.

use diesel::prelude::*;

use crate::domain::{Host, Move, MoveEnd, Timestamp, Uri, Way};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::moves;

type Row = (
    String,
    String,
    String,
    bool,
    Option<String>,
    i64,
    Option<String>,
);

fn read_row((offer, group, host, leaving, target, created_at, ended): Row) -> Result<Move> {
    Ok(Move {
        offer: read(&offer)?,
        group: read(&group)?,
        host: read(&host)?,
        way: match leaving {
            true => Way::Leaving,
            false => Way::Coming,
        },
        target: read_optional(target.as_deref())?,
        ended: read_optional(ended.as_deref())?,
        created_at: Timestamp::from_micros(created_at),
    })
}

/// Writes an offer. One that was not accepted is replaced by the next for the same group.
pub fn insert(connection: &mut Connection, offered: &Move) -> Result<()> {
    let replaced = moves::table
        .filter(moves::group_uri.eq(offered.group.as_str()))
        .filter(moves::target_uri.is_null());
    diesel::delete(replaced).execute(connection)?;
    diesel::insert_into(moves::table)
        .values((
            moves::offer.eq(offered.offer.as_str()),
            moves::group_uri.eq(offered.group.as_str()),
            moves::host.eq(offered.host.as_str()),
            moves::leaving.eq(offered.way == Way::Leaving),
            moves::target_uri.eq(offered.target.as_ref().map(Uri::as_str)),
            moves::created_at.eq(offered.created_at.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes which group an offer came to.
pub fn set_target(connection: &mut Connection, offer: &Uri, target: &Uri) -> Result<()> {
    diesel::update(moves::table.find(offer.as_str()))
        .set(moves::target_uri.eq(Some(target.as_str())))
        .execute(connection)?;
    Ok(())
}

/// Writes that an offer came to nothing.
pub fn set_ended(connection: &mut Connection, offer: &Uri, ended: MoveEnd) -> Result<()> {
    diesel::update(moves::table.find(offer.as_str()))
        .set(moves::ended.eq(Some(ended.as_str())))
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, offer: &Uri) -> Result<Option<Move>> {
    let row: Option<Row> = find_one!(
        connection,
        moves::table.find(offer.as_str()).select(moves::all_columns)
    )?;
    row.map(read_row).transpose()
}

/// All offers, newest first.
pub fn list(connection: &mut Connection) -> Result<Vec<Move>> {
    let rows: Vec<Row> = moves::table
        .order((moves::created_at.desc(), moves::offer))
        .select(moves::all_columns)
        .load(connection)?;
    rows.into_iter().map(read_row).collect()
}

/// How many offers of a server wait to be accepted.
pub fn count_waiting(connection: &mut Connection, host: &Host) -> Result<i64> {
    Ok(moves::table
        .filter(moves::host.eq(host.as_str()))
        .filter(moves::leaving.eq(false))
        .filter(moves::target_uri.is_null())
        .filter(moves::ended.is_null())
        .count()
        .get_result(connection)?)
}
