//! What is known of how other servers want to be spoken to.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{Host, Peer, SignatureChoice, Timestamp};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::schema::peers;

pub fn find(connection: &mut Connection, host: &Host) -> Result<Option<Peer>> {
    let row: Option<(String, String, i64)> = find_one!(
        connection,
        peers::table.find(host.as_str()).select((
            peers::signature,
            peers::learned,
            peers::learned_at
        ))
    )?;
    row.map(|(signature, learned, at)| {
        Ok(Peer {
            host: host.clone(),
            signature: read(&signature)?,
            learned: read(&learned)?,
            learned_at: Timestamp::from_micros(at),
        })
    })
    .transpose()
}

/// How each of these servers wants to be spoken to, where it is known.
pub fn list_signatures<'a>(
    connection: &mut Connection,
    hosts: impl IntoIterator<Item = &'a Host>,
) -> Result<HashMap<Host, SignatureChoice>> {
    let rows: Vec<(String, String)> = peers::table
        .filter(peers::host.among(hosts.into_iter().map(Host::as_str)))
        .select((peers::host, peers::signature))
        .load(connection)?;
    rows.into_iter()
        .map(|(host, signature)| Ok((read(&host)?, read(&signature)?)))
        .collect()
}

pub fn save(connection: &mut Connection, peer: &Peer) -> Result<()> {
    let change = (
        peers::signature.eq(peer.signature.as_str()),
        peers::learned.eq(peer.learned.as_str()),
        peers::learned_at.eq(peer.learned_at.micros()),
    );
    on_backend!(connection, |inner| diesel::insert_into(peers::table)
        .values((peers::host.eq(peer.host.as_str()), change))
        .on_conflict(peers::host)
        .do_update()
        .set(change)
        .execute(inner))?;
    Ok(())
}
