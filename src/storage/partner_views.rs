//! What partners' houses last said of deliveries between us.

use diesel::prelude::*;

use crate::domain::{Host, PartnerView, Timestamp};
use crate::error::{Error, Result};
use crate::storage::Connection;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::schema::partner_views;

/// Keeps it instead of the last one.
pub fn save(
    connection: &mut Connection,
    host: &Host,
    view: &PartnerView,
    now: Timestamp,
) -> Result<()> {
    let text = serde_json::to_string(view).map_err(Error::internal)?;
    let set = (
        partner_views::at.eq(now.micros()),
        partner_views::view.eq(&text),
    );
    on_backend!(connection, |inner| diesel::insert_into(
        partner_views::table
    )
    .values((partner_views::host.eq(host.as_str()), set))
    .on_conflict(partner_views::host)
    .do_update()
    .set(set)
    .execute(inner))?;
    Ok(())
}

pub fn find(connection: &mut Connection, host: &Host) -> Result<Option<(Timestamp, PartnerView)>> {
    let row: Option<(i64, String)> = find_one!(
        connection,
        partner_views::table
            .find(host.as_str())
            .select((partner_views::at, partner_views::view))
    )?;
    row.map(|(at, text)| {
        let view = serde_json::from_str(&text).map_err(Error::internal)?;
        Ok((Timestamp::from_micros(at), view))
    })
    .transpose()
}
