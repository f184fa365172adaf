//! What is known of how other servers want to be spoken to.

use diesel::prelude::*;

use crate::domain::{Host, Peer, Timestamp};
use crate::error::Result;
use crate::storage::Connection;
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
