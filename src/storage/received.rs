//! Which revisions of which posts arrived from where. Texts are not kept here: digests say which they were.

use diesel::prelude::*;

use crate::domain::{CarriedText, Host, Timestamp, Uri};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::on_backend;
use crate::storage::error::read;
use crate::storage::schema::{comparisons, received};
use crate::storage::{Connection, ids};

/// Notes that a revision arrived. Again changes nothing; one that does not say when it was written is left out.
pub fn note(
    connection: &mut Connection,
    host: &Host,
    group: &Uri,
    revision: &CarriedText,
    now: Timestamp,
) -> Result<()> {
    let Some(written) = revision.written else {
        return Ok(());
    };
    let row = (
        received::id.eq(ids::next(now)),
        received::host.eq(host.as_str()),
        received::group_uri.eq(group.as_str()),
        received::object.eq(revision.object.as_str()),
        received::digest.eq(&revision.digest),
        received::written_at.eq(written.micros()),
    );
    on_backend!(connection, |inner| diesel::insert_into(received::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

/// What arrived from a server that was written in a span of time; with the group it is of.
pub fn list(
    connection: &mut Connection,
    host: &Host,
    group: Option<&Uri>,
    (from, to): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<(Uri, CarriedText)>> {
    let mut wanted = received::table
        .select((
            received::group_uri,
            received::object,
            received::digest,
            received::written_at,
        ))
        .filter(received::host.eq(host.as_str()))
        .filter(received::written_at.ge(from.micros()))
        .filter(received::written_at.lt(to.micros()))
        .limit(most)
        .into_boxed();
    if let Some(group) = group {
        wanted = wanted.filter(received::group_uri.eq(group.as_str()));
    }
    let rows: Vec<(String, String, String, i64)> = wanted.load(connection)?;
    rows.into_iter()
        .map(|(group, object, digest, written)| {
            let revision = CarriedText {
                object: read(&object)?,
                digest,
                written: Some(Timestamp::from_micros(written)),
            };
            Ok((read(&group)?, revision))
        })
        .collect()
}

/// Forgets what arrived before `before`, the oldest first, at most `most`; how many.
pub fn forget(connection: &mut Connection, before: Timestamp, most: i64) -> Result<usize> {
    let old: Vec<i64> = received::table
        .filter(received::id.lt(ids::first_at(before)))
        .order(received::id)
        .limit(most)
        .select(received::id)
        .load(connection)?;
    if !old.is_empty() {
        diesel::delete(received::table.filter(received::id.among(&old))).execute(connection)?;
    }
    Ok(old.len())
}

/// Keeps what comparing books with a server came to, instead of the last time.
pub fn keep_comparison(
    connection: &mut Connection,
    host: &Host,
    result: &str,
    now: Timestamp,
) -> Result<()> {
    diesel::delete(comparisons::table.find(host.as_str())).execute(connection)?;
    diesel::insert_into(comparisons::table)
        .values((
            comparisons::host.eq(host.as_str()),
            comparisons::at.eq(now.micros()),
            comparisons::result.eq(result),
        ))
        .execute(connection)?;
    Ok(())
}

/// What the last comparison with a server came to, and when.
pub fn find_comparison(
    connection: &mut Connection,
    host: &Host,
) -> Result<Option<(Timestamp, String)>> {
    let found: Option<(i64, String)> = comparisons::table
        .find(host.as_str())
        .select((comparisons::at, comparisons::result))
        .get_result(connection)
        .optional()?;
    Ok(found.map(|(at, result)| (Timestamp::from_micros(at), result)))
}
