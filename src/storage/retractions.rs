//! What partners were asked to throw away again, and what others asked of us.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::{
    Answered, GroupId, Host, Page, Post, PostId, Retraction, RetractionCause, RetractionCount,
    RetractionId, TakenBack, Timestamp,
};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::on_backend;
use crate::storage::error::read;
use crate::storage::schema::{retracted, retractions, taken_back};
use crate::storage::{Connection, ids, posts};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = retractions, treat_none_as_default_value = false)]
struct Row {
    id: i64,
    host: String,
    group_id: i64,
    cause: String,
    can_confirm: bool,
    asked_by: String,
    asked_at: i64,
    repeated_at: i64,
    answered_at: Option<i64>,
    said: Option<i32>,
}

impl TryFrom<Row> for Retraction {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: RetractionId(row.id),
            host: read(&row.host)?,
            group: GroupId(row.group_id),
            cause: read(&row.cause)?,
            can_confirm: row.can_confirm,
            asked_by: row.asked_by,
            asked_at: Timestamp::from_micros(row.asked_at),
            repeated_at: Timestamp::from_micros(row.repeated_at),
            answer: row.answered_at.map(|at| Answered {
                at: Timestamp::from_micros(at),
                said: row.said.unwrap_or_default().unsigned_abs(),
            }),
        })
    }
}

/// A request before it has an id.
#[derive(Clone, Debug)]
pub struct NewRetraction<'a> {
    pub host: &'a Host,
    pub group: GroupId,
    pub cause: RetractionCause,
    pub can_confirm: bool,
    pub asked_by: &'a str,
}

/// Rows in one INSERT: PostgreSQL takes at most 65,535 binds, SQLite 32,766; a row has three.
const ROWS_PER_INSERT: usize = 5_000;

/// Writes down what is asked back.
pub fn insert(
    connection: &mut Connection,
    new: &NewRetraction<'_>,
    of: &[PostId],
    now: Timestamp,
) -> Result<Retraction> {
    let row = Row {
        id: ids::next(now),
        host: new.host.to_string(),
        group_id: new.group.0,
        cause: new.cause.to_string(),
        can_confirm: new.can_confirm,
        asked_by: new.asked_by.to_owned(),
        asked_at: now.micros(),
        repeated_at: now.micros(),
        answered_at: None,
        said: None,
    };
    let id = row.id;
    let items: Vec<_> = of
        .iter()
        .map(|post| {
            (
                retracted::retraction_id.eq(id),
                retracted::post_id.eq(post.0),
                retracted::confirmed_at.eq(None::<i64>),
            )
        })
        .collect();
    diesel::insert_into(retractions::table)
        .values(&row)
        .execute(connection)?;
    for some in items.chunks(ROWS_PER_INSERT) {
        let some = some.to_vec();
        on_backend!(connection, |inner| diesel::insert_into(retracted::table)
            .values(some)
            .execute(inner))?;
    }
    row.try_into()
}

/// Notes when it was asked last.
pub fn set_asked(connection: &mut Connection, id: RetractionId, now: Timestamp) -> Result<()> {
    diesel::update(retractions::table.find(id.0))
        .set(retractions::repeated_at.eq(now.micros()))
        .execute(connection)?;
    Ok(())
}

/// Notes what the other side says, and which posts are gone there by that.
pub fn set_answered(
    connection: &mut Connection,
    id: RetractionId,
    said: u32,
    gone: &[PostId],
    now: Timestamp,
) -> Result<()> {
    diesel::update(retractions::table.find(id.0))
        .set((
            retractions::answered_at.eq(Some(now.micros())),
            retractions::said.eq(Some(i32::try_from(said).unwrap_or(i32::MAX))),
        ))
        .execute(connection)?;
    let open = retracted::table
        .filter(retracted::retraction_id.eq(id.0))
        .filter(retracted::post_id.among(gone.iter().map(|post| post.0)))
        .filter(retracted::confirmed_at.is_null());
    diesel::update(open)
        .set(retracted::confirmed_at.eq(Some(now.micros())))
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: RetractionId) -> Result<Option<Retraction>> {
    let row: Option<Row> = retractions::table
        .find(id.0)
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Retraction::try_from).transpose()
}

/// A part of what a partner (none: any) was asked, newest first. `open`: only what nobody confirmed whole.
pub fn list(
    connection: &mut Connection,
    host: Option<&Host>,
    open: bool,
    page: Page,
) -> Result<Vec<Retraction>> {
    let unconfirmed = retracted::table
        .filter(retracted::retraction_id.eq(retractions::id))
        .filter(retracted::confirmed_at.is_null());
    let mut wanted = retractions::table
        .filter(retractions::id.lt(page.before.unwrap_or(i64::MAX)))
        .filter(retractions::id.gt(page.after.unwrap_or(0)))
        .limit(page.items().into())
        .select(Row::as_select())
        .into_boxed();
    if let Some(host) = host {
        wanted = wanted.filter(retractions::host.eq(host.as_str()));
    }
    if open {
        wanted = wanted.filter(diesel::dsl::exists(unconfirmed));
    }
    wanted = match page.from_oldest {
        true => wanted.order(retractions::id.asc()),
        false => wanted.order(retractions::id.desc()),
    };
    let mut rows: Vec<Row> = wanted.load(connection)?;
    if page.from_oldest {
        rows.reverse();
    }
    rows.into_iter().map(Retraction::try_from).collect()
}

/// How many posts each of these is about, and how many are confirmed.
pub fn count(
    connection: &mut Connection,
    ids: &[RetractionId],
) -> Result<HashMap<RetractionId, RetractionCount>> {
    let rows: Vec<(i64, Option<i64>)> = retracted::table
        .filter(retracted::retraction_id.among(ids.iter().map(|id| id.0)))
        .select((retracted::retraction_id, retracted::confirmed_at))
        .load(connection)?;
    let mut counts: HashMap<RetractionId, RetractionCount> = HashMap::new();
    for (id, confirmed) in rows {
        let nothing = RetractionCount {
            asked: 0,
            confirmed: 0,
        };
        let count = counts.entry(RetractionId(id)).or_insert(nothing);
        count.asked += 1;
        count.confirmed += u32::from(confirmed.is_some());
    }
    Ok(counts)
}

/// The posts of a request. `open`: only those that nobody said are gone.
pub fn list_posts(connection: &mut Connection, id: RetractionId, open: bool) -> Result<Vec<Post>> {
    let mut wanted = retracted::table
        .filter(retracted::retraction_id.eq(id.0))
        .order(retracted::post_id)
        .select(retracted::post_id)
        .into_boxed();
    if open {
        wanted = wanted.filter(retracted::confirmed_at.is_null());
    }
    let rows: Vec<i64> = wanted.load(connection)?;
    let ids: Vec<PostId> = rows.into_iter().map(PostId).collect();
    let mut all = posts::list_by_ids(connection, &ids)?;
    all.sort_by_key(|post| post.id);
    Ok(all)
}

#[derive(QueryableByName)]
struct PostRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// What a server got of a group, or may have: by what is queued and was sent, and by what it fetched. Not what its own
/// people wrote, nor what was asked back from it and may not have been given since.
const GOT: &str = "SELECT p.id AS id FROM posts p JOIN actors a ON a.id = p.author_id \
     WHERE p.group_id = $1 AND a.host <> $2 AND ( \
     EXISTS (SELECT 1 FROM post_hosts h WHERE h.post_id = p.id AND h.host = $3) \
     OR EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.host = $4 \
     AND (d.state = 'sent' OR d.attempts > 0 OR d.lease_until > 0)) \
     OR p.uri IN (SELECT l.object FROM ledger l WHERE l.host = $5 AND l.group_uri = $6 \
     AND l.outcome IN ('sent', 'refused', 'unclear'))) \
     AND NOT EXISTS (SELECT 1 FROM retracted i JOIN retractions r ON r.id = i.retraction_id \
     WHERE i.post_id = p.id AND r.host = $7 AND NOT EXISTS (SELECT 1 FROM ledger n WHERE n.host = $8 \
     AND n.object = p.uri AND n.at > r.asked_at AND n.outcome IN ('sent', 'refused', 'unclear') \
     AND n.matter IN ('topic', 'comment', 'file', 'boost'))) \
     ORDER BY p.id";

/// The posts of a group that a server got, or may have got, and was not asked for since. `group`: its address.
pub fn list_got(
    connection: &mut Connection,
    group: GroupId,
    group_uri: &str,
    host: &Host,
) -> Result<Vec<PostId>> {
    let host = host.as_str();
    let rows: Vec<PostRow> = on_backend!(connection, |inner| diesel::sql_query(GOT)
        .bind::<BigInt, _>(group.0)
        .bind::<Text, _>(host)
        .bind::<Text, _>(host)
        .bind::<Text, _>(host)
        .bind::<Text, _>(host)
        .bind::<Text, _>(group_uri)
        .bind::<Text, _>(host)
        .bind::<Text, _>(host)
        .load(inner))?;
    Ok(rows.into_iter().map(|row| PostId(row.id)).collect())
}

// What others asked of us ---------------------------------------------------------------------------

/// Notes that a post is gone because its house asked.
pub fn note_taken_back(
    connection: &mut Connection,
    post: PostId,
    by: &Host,
    now: Timestamp,
) -> Result<()> {
    let row = (
        taken_back::post_id.eq(post.0),
        taken_back::host.eq(by.as_str()),
        taken_back::at.eq(now.micros()),
    );
    on_backend!(connection, |inner| diesel::insert_into(taken_back::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

/// Of these posts, those that their house took back.
pub fn list_taken_back(
    connection: &mut Connection,
    ids: &[PostId],
) -> Result<HashMap<PostId, TakenBack>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String, i64)> = taken_back::table
        .filter(taken_back::post_id.among(ids.iter().map(|id| id.0)))
        .select((taken_back::post_id, taken_back::host, taken_back::at))
        .load(connection)?;
    let read_row = |(post, host, at): (i64, String, i64)| {
        let taken = TakenBack {
            by: read(&host)?,
            at: Timestamp::from_micros(at),
        };
        Ok((PostId(post), taken))
    };
    rows.into_iter().map(read_row).collect()
}

/// Its house gave it to us again.
pub fn forget_taken_back(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(taken_back::table.find(post.0)).execute(connection)?;
    Ok(())
}
