//! What people here say of their accounts elsewhere. Most say nothing, and have no row.

use diesel::prelude::*;

use crate::domain::{ActorId, PersonWays, Uri};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::person_ways;

pub fn find(connection: &mut Connection, person: ActorId) -> Result<PersonWays> {
    let row: Option<(String, Option<String>)> = find_one!(
        connection,
        person_ways::table
            .find(person.0)
            .select((person_ways::also_known_as, person_ways::moved_to))
    )?;
    let Some((known_as, moved_to)) = row else {
        return Ok(PersonWays::default());
    };
    Ok(PersonWays {
        also_known_as: known_as
            .split_whitespace()
            .map(read)
            .collect::<Result<Vec<Uri>>>()?,
        moved_to: read_optional(moved_to.as_deref())?,
    })
}

pub fn save(connection: &mut Connection, person: ActorId, ways: &PersonWays) -> Result<()> {
    let known_as: Vec<&str> = ways.also_known_as.iter().map(Uri::as_str).collect();
    let (known_as, moved_to) = (known_as.join(" "), ways.moved_to.as_ref().map(Uri::as_str));
    on_backend!(connection, |inner| diesel::insert_into(person_ways::table)
        .values((
            person_ways::actor_id.eq(person.0),
            person_ways::also_known_as.eq(&known_as),
            person_ways::moved_to.eq(moved_to),
        ))
        .on_conflict(person_ways::actor_id)
        .do_update()
        .set((
            person_ways::also_known_as.eq(&known_as),
            person_ways::moved_to.eq(moved_to),
        ))
        .execute(inner))?;
    Ok(())
}

/// Nothing is said of somebody any more who is erased.
pub fn remove(connection: &mut Connection, person: ActorId) -> Result<()> {
    diesel::delete(person_ways::table.find(person.0)).execute(connection)?;
    Ok(())
}
