//! Keys that a partner's server shows instead of the pinned ones, until somebody compared them.

use diesel::prelude::*;

use crate::domain::{ActorId, ActorKey, PartnerId, Timestamp};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::error::read;
use crate::storage::schema::offered_keys;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = offered_keys, treat_none_as_default_value = false)]
struct OfferedRow {
    partner_id: i64,
    uri: String,
    list: String,
    public_pem: String,
    expires_at: Option<i64>,
    seen_at: i64,
}

/// Puts aside what a partner's server shows now, instead of what it showed before.
pub fn replace(
    connection: &mut Connection,
    partner: PartnerId,
    keys: &[ActorKey],
    now: Timestamp,
) -> Result<()> {
    forget(connection, partner)?;
    for key in keys {
        let row = OfferedRow {
            partner_id: partner.0,
            uri: key.uri.to_string(),
            list: key.list.to_string(),
            public_pem: key.public_pem.clone(),
            expires_at: key.expires_at.map(Timestamp::micros),
            seen_at: now.micros(),
        };
        diesel::insert_into(offered_keys::table)
            .values(&row)
            .execute(connection)?;
    }
    Ok(())
}

/// What was put aside, and when it was seen. The keys are nobody's yet.
pub fn list(
    connection: &mut Connection,
    partner: PartnerId,
) -> Result<Option<(Vec<ActorKey>, Timestamp)>> {
    let rows: Vec<OfferedRow> = offered_keys::table
        .filter(offered_keys::partner_id.eq(partner.0))
        .order(offered_keys::uri)
        .select(OfferedRow::as_select())
        .load(connection)?;
    let Some(seen_at) = rows.first().map(|row| row.seen_at) else {
        return Ok(None);
    };
    let key = |row: OfferedRow| {
        Ok(ActorKey {
            actor: ActorId(0),
            uri: read(&row.uri)?,
            list: read(&row.list)?,
            public_pem: row.public_pem,
            private_pem: None,
            expires_at: row.expires_at.map(Timestamp::from_micros),
        })
    };
    let keys = rows.into_iter().map(key).collect::<Result<_>>()?;
    Ok(Some((keys, Timestamp::from_micros(seen_at))))
}

pub fn forget(connection: &mut Connection, partner: PartnerId) -> Result<()> {
    diesel::delete(offered_keys::table.filter(offered_keys::partner_id.eq(partner.0)))
        .execute(connection)?;
    Ok(())
}
