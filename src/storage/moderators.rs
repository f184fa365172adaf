//! Who moderates groups elsewhere, as their houses say.

use diesel::prelude::*;

use crate::domain::{GroupId, Uri};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::on_backend;
use crate::storage::schema::moderators_elsewhere;

/// The house of a group says that somebody moderates it.
pub fn insert(connection: &mut Connection, group: GroupId, person: &Uri) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(
        moderators_elsewhere::table
    )
    .values((
        moderators_elsewhere::group_id.eq(group.0),
        moderators_elsewhere::uri.eq(person.as_str()),
    ))
    .on_conflict_do_nothing()
    .execute(inner))?;
    Ok(())
}

pub fn remove(connection: &mut Connection, group: GroupId, person: &Uri) -> Result<()> {
    let row = moderators_elsewhere::table.find((group.0, person.as_str()));
    diesel::delete(row).execute(connection)?;
    Ok(())
}

/// By address, of at most `most`.
pub fn list(connection: &mut Connection, group: GroupId, most: i64) -> Result<Vec<String>> {
    Ok(moderators_elsewhere::table
        .filter(moderators_elsewhere::group_id.eq(group.0))
        .order(moderators_elsewhere::uri)
        .limit(most)
        .select(moderators_elsewhere::uri)
        .load(connection)?)
}
