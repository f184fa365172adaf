//! What servers were found to be like, and what of them is on record here.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::{ActorKind, ActorState, Host, Probe, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::storage::Connection;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{actors, probes};

/// Keeps it instead of the last one.
pub fn save(connection: &mut Connection, probe: &Probe) -> Result<()> {
    let text = serde_json::to_string(&probe.findings).map_err(Error::internal)?;
    let set = (
        probes::at.eq(probe.at.micros()),
        probes::grade.eq(probe.grade.as_str()),
        probes::findings.eq(&text),
    );
    on_backend!(connection, |inner| diesel::insert_into(probes::table)
        .values((probes::host.eq(probe.host.as_str()), set))
        .on_conflict(probes::host)
        .do_update()
        .set(set)
        .execute(inner))?;
    Ok(())
}

pub fn find(connection: &mut Connection, host: &Host) -> Result<Option<Probe>> {
    let row: Option<(i64, String, String)> = find_one!(
        connection,
        probes::table
            .find(host.as_str())
            .select((probes::at, probes::grade, probes::findings))
    )?;
    row.map(|(at, grade, findings)| {
        Ok(Probe {
            host: host.clone(),
            at: Timestamp::from_micros(at),
            grade: read(&grade)?,
            findings: serde_json::from_str(&findings).map_err(Error::internal)?,
        })
    })
    .transpose()
}

/// Somebody at a server who is known here: a person or a group, whom it may or may not show to everybody.
pub fn find_somebody(connection: &mut Connection, host: &Host) -> Result<Option<Uri>> {
    let uri: Option<String> = find_one!(
        connection,
        actors::table
            .filter(actors::host.eq(host.as_str()))
            .filter(actors::kind.ne(ActorKind::Service.as_str()))
            .filter(actors::state.eq(ActorState::Active.as_str()))
            .order(actors::id)
            .select(actors::uri)
    )?;
    read_optional(uri.as_deref())
}

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(sql_type = BigInt)]
    seen: i64,
}

/// Whether edits of a server's people arrived here, and deletions.
pub fn find_habits(connection: &mut Connection, host: &Host) -> Result<(bool, bool)> {
    let edits = "SELECT COUNT(*) AS seen FROM (SELECT 1 AS one FROM posts p JOIN actors a ON a.id = p.author_id \
                 WHERE a.host = $1 AND p.edited_at IS NOT NULL LIMIT 1) found";
    let deletes = "SELECT COUNT(*) AS seen FROM (SELECT 1 AS one FROM posts p JOIN actors a ON a.id = p.author_id \
                   WHERE a.host = $1 AND p.state = 'deleted' LIMIT 1) found";
    let mut any = |text: &str| -> Result<bool> {
        let question = diesel::sql_query(text).bind::<Text, _>(host.as_str());
        let row: SeenRow = on_backend!(connection, |inner| question.get_result(inner))?;
        Ok(row.seen > 0)
    };
    Ok((any(edits)?, any(deletes)?))
}
