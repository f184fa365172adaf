//! Facts about this house that are not configuration: written once at `init`.

use diesel::prelude::*;

use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::on_backend;
use crate::storage::schema::settings;

/// The organization's name.
pub const ORGANIZATION: &str = "organization";
/// The origin the house was made for: identifiers in the database begin with it.
pub const PUBLIC_URL: &str = "public_url";

/// With it the links to files are made that clients show without their token.
pub const PASS_KEY: &str = "pass_key";

pub fn find(connection: &mut Connection, name: &str) -> Result<Option<String>> {
    Ok(settings::table
        .find(name)
        .select(settings::value)
        .get_result(connection)
        .optional()?)
}

pub fn save(connection: &mut Connection, name: &str, value: &str) -> Result<()> {
    diesel::delete(settings::table.find(name)).execute(connection)?;
    diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)))
        .execute(connection)?;
    Ok(())
}

/// Writes a setting that is not there yet; one that is, stays.
pub fn save_new(connection: &mut Connection, name: &str, value: &str) -> Result<()> {
    on_backend!(connection, |inner| diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}
