//! What is on record of a partner: texts both ways, topics that were answered, people who take part. Each
//! question is bounded in time or number, however long the partnership lasts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::{AnsweredRate, Host, Timestamp, Uri};
use crate::error::Result;
use crate::storage::connection::on_backend;
use crate::storage::schema::received;
use crate::storage::{Connection, ids};

#[derive(QueryableByName)]
struct SentRow {
    #[diesel(sql_type = BigInt)]
    written_at: i64,
    #[diesel(sql_type = BigInt)]
    taken_at: i64,
}

/// When each text that a server took was written and when it was first taken, of those written since `from`,
/// at most `most`. By the ledger; without what its own people wrote and groups here passed on to it.
pub fn list_sent(
    connection: &mut Connection,
    host: &Host,
    from: Timestamp,
    most: i64,
) -> Result<Vec<(Timestamp, Timestamp)>> {
    let text = "SELECT written_at, MIN(at) AS taken_at FROM ledger WHERE host = $1 AND written_at >= $2 \
                AND written_at IS NOT NULL AND digest IS NOT NULL AND way = 'pushed' AND outcome = 'sent' \
                AND object NOT LIKE 'https://' || $1 || '/%' AND object NOT LIKE 'http://' || $1 || '/%' \
                GROUP BY object, digest, written_at ORDER BY written_at DESC LIMIT $3";
    let question = diesel::sql_query(text)
        .bind::<Text, _>(host.as_str())
        .bind::<BigInt, _>(from.micros())
        .bind::<BigInt, _>(most);
    let rows: Vec<SentRow> = on_backend!(connection, |inner| question.load(inner))?;
    let times = |row: SentRow| {
        (
            Timestamp::from_micros(row.written_at),
            Timestamp::from_micros(row.taken_at),
        )
    };
    Ok(rows.into_iter().map(times).collect())
}

/// When the texts were written that came from a server, of those written since `from`, at most `most`. Without
/// what people at `ourselves` wrote and groups there passed on to us.
pub fn list_received(
    connection: &mut Connection,
    host: &Host,
    ourselves: &Uri,
    from: Timestamp,
    most: i64,
) -> Result<Vec<Timestamp>> {
    let rows: Vec<i64> = received::table
        .filter(received::host.eq(host.as_str()))
        .filter(received::written_at.ge(from.micros()))
        .filter(received::object.not_like(format!("{ourselves}/%")))
        .order(received::written_at.desc())
        .limit(most)
        .select(received::written_at)
        .load(connection)?;
    Ok(rows.into_iter().map(Timestamp::from_micros).collect())
}

#[derive(QueryableByName)]
struct AnsweredRow {
    #[diesel(sql_type = BigInt)]
    theirs: i64,
    #[diesel(sql_type = BigInt)]
    topics: i64,
    #[diesel(sql_type = BigInt)]
    answered: i64,
}

/// Of the newest topics since `from` in groups that we share with a server, at most `most`: how many of its
/// people's were answered by ours, and how many of ours by its.
pub fn count_answered(
    connection: &mut Connection,
    host: &Host,
    from: Timestamp,
    most: i64,
) -> Result<(AnsweredRate, AnsweredRate)> {
    let text = "SELECT CAST(CASE WHEN a.host = $1 THEN 1 ELSE 0 END AS BIGINT) AS theirs, COUNT(*) AS topics, \
                COUNT(CASE WHEN EXISTS (SELECT 1 FROM posts c JOIN actors b ON b.id = c.author_id \
                WHERE c.topic_id = p.id AND c.parent_id IS NOT NULL AND c.state = 'visible' \
                AND b.host = CASE WHEN a.host = $1 THEN '' ELSE $1 END) THEN 1 END) AS answered \
                FROM (SELECT id, author_id FROM posts WHERE id >= $2 AND parent_id IS NULL \
                AND state = 'visible' AND audience = 'group' AND group_id IN (\
                SELECT g.group_id FROM grants g JOIN partners x ON x.id = g.partner_id \
                WHERE x.host = $1 AND g.ended_at IS NULL \
                UNION SELECT h.actor_id FROM groups h JOIN actors d ON d.id = h.actor_id WHERE d.host = $1) \
                ORDER BY id DESC LIMIT $3) p \
                JOIN actors a ON a.id = p.author_id WHERE a.host = $1 OR a.host = '' GROUP BY 1";
    let question = diesel::sql_query(text)
        .bind::<Text, _>(host.as_str())
        .bind::<BigInt, _>(ids::first_at(from))
        .bind::<BigInt, _>(most);
    let rows: Vec<AnsweredRow> = on_backend!(connection, |inner| question.load(inner))?;
    let of = |theirs: i64| {
        let row = rows.iter().find(|row| row.theirs == theirs);
        row.map_or_else(AnsweredRate::default, |row| AnsweredRate {
            topics: row.topics.unsigned_abs(),
            answered: row.answered.unsigned_abs(),
        })
    };
    Ok((of(1), of(0)))
}

#[derive(QueryableByName)]
struct PeopleRow {
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// How many people at a server are in groups of ours, and how many of ours in groups there.
pub fn count_people(connection: &mut Connection, host: &Host) -> Result<(u64, u64)> {
    let text = "SELECT COUNT(DISTINCT m.actor_id) AS people FROM memberships m \
                JOIN actors a ON a.id = m.actor_id JOIN actors g ON g.id = m.group_id \
                WHERE m.state = 'member' AND a.host = $1 AND g.host = $2";
    let mut count = |person: &str, group: &str| -> Result<u64> {
        let question = diesel::sql_query(text)
            .bind::<Text, _>(person)
            .bind::<Text, _>(group);
        let row: PeopleRow = on_backend!(connection, |inner| question.get_result(inner))?;
        Ok(row.people.unsigned_abs())
    };
    Ok((count(host.as_str(), "")?, count("", host.as_str())?))
}
