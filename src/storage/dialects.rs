//! In which dialect other servers take part in our groups.

use diesel::prelude::*;

use crate::domain::{GroupDialect, Host, PeerDialect, Timestamp};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::dialects;

// Every column is written, so that what is forgotten is gone.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = dialects, treat_none_as_default_value = false, treat_none_as_null = true)]
struct DialectRow {
    host: String,
    learned: Option<String>,
    evidence: Option<String>,
    software: Option<String>,
    asked_at: Option<i64>,
    chosen: Option<String>,
    chosen_by: Option<String>,
    trusted_by: Option<String>,
}

impl TryFrom<DialectRow> for PeerDialect {
    type Error = crate::Error;

    fn try_from(row: DialectRow) -> Result<Self> {
        let learned = read_optional(row.learned.as_deref())?;
        let chosen = read_optional(row.chosen.as_deref())?;
        Ok(Self {
            host: read(&row.host)?,
            learned: learned.zip(read_optional(row.evidence.as_deref())?),
            software: row.software,
            asked_at: row.asked_at.map(Timestamp::from_micros),
            chosen: chosen.zip(row.chosen_by),
            trusted_by: row.trusted_by,
        })
    }
}

pub fn find(connection: &mut Connection, host: &Host) -> Result<Option<PeerDialect>> {
    let row = find_one!(
        connection,
        dialects::table
            .find(host.as_str())
            .select(DialectRow::as_select())
    )?;
    row.map(PeerDialect::try_from).transpose()
}

/// The servers that are spoken to otherwise than groups speak with each other.
pub fn list_with_boosts(connection: &mut Connection) -> Result<Vec<PeerDialect>> {
    let activities = GroupDialect::Activities.as_str();
    let rows: Vec<DialectRow> = dialects::table
        .filter(
            dialects::chosen.ne(activities).or(dialects::chosen
                .is_null()
                .and(dialects::learned.ne(activities))),
        )
        .select(DialectRow::as_select())
        .load(connection)?;
    rows.into_iter().map(PeerDialect::try_from).collect()
}

pub fn save(connection: &mut Connection, peer: &PeerDialect) -> Result<()> {
    let row = DialectRow {
        host: peer.host.to_string(),
        learned: peer.learned.map(|(dialect, _)| dialect.to_string()),
        evidence: peer.learned.map(|(_, evidence)| evidence.to_string()),
        software: peer.software.clone(),
        asked_at: peer.asked_at.map(Timestamp::micros),
        chosen: peer.chosen.as_ref().map(|(dialect, _)| dialect.to_string()),
        chosen_by: peer.chosen.as_ref().map(|(_, by)| by.clone()),
        trusted_by: peer.trusted_by.clone(),
    };
    on_backend!(connection, |inner| diesel::insert_into(dialects::table)
        .values(row.clone())
        .on_conflict(dialects::host)
        .do_update()
        .set(row)
        .execute(inner))?;
    Ok(())
}
