//! Reports of posts.

use diesel::prelude::*;

use crate::domain::{
    ActorId, GroupId, Page, PostId, Report, ReportId, ReportText, Resolved, Timestamp,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::schema::reports;
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable)]
#[diesel(table_name = reports)]
struct Row {
    id: i64,
    group_id: i64,
    post_id: i64,
    by_id: i64,
    text: String,
    forwarded: bool,
    created_at: i64,
    resolved_at: Option<i64>,
    resolved_by: Option<i64>,
}

impl From<Row> for Report {
    fn from(row: Row) -> Self {
        Self {
            id: ReportId(row.id),
            group: GroupId(row.group_id),
            post: PostId(row.post_id),
            by: ActorId(row.by_id),
            text: ReportText::cut(&row.text),
            forwarded: row.forwarded,
            created_at: Timestamp::from_micros(row.created_at),
            resolved: row.resolved_at.map(|at| Resolved {
                at: Timestamp::from_micros(at),
                by: row.resolved_by.map(ActorId),
            }),
        }
    }
}

/// Reports the post of the permit, which they did not report before.
pub fn insert(
    connection: &mut Connection,
    permit: &Permit<act::Report>,
    by: ActorId,
    text: &ReportText,
    forwarded: bool,
    now: Timestamp,
) -> Result<()> {
    // Twice at once is once.
    on_backend!(connection, |inner| diesel::insert_into(reports::table)
        .values((
            reports::id.eq(ids::next(now)),
            reports::group_id.eq(permit.group().0),
            reports::post_id.eq(permit.post().0),
            reports::by_id.eq(by.0),
            reports::text.eq(text.as_str()),
            reports::forwarded.eq(forwarded),
            reports::created_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

/// Opens what they reported before once more, with what they say now.
pub fn reopen(
    connection: &mut Connection,
    permit: &Permit<act::Report>,
    by: ActorId,
    text: &ReportText,
    forwarded: bool,
    now: Timestamp,
) -> Result<()> {
    let theirs = reports::table
        .filter(reports::post_id.eq(permit.post().0))
        .filter(reports::by_id.eq(by.0));
    diesel::update(theirs)
        .set((
            reports::text.eq(text.as_str()),
            reports::forwarded.eq(forwarded),
            reports::created_at.eq(now.micros()),
            reports::resolved_at.eq(None::<i64>),
            reports::resolved_by.eq(None::<i64>),
        ))
        .execute(connection)?;
    Ok(())
}

/// What somebody reported of a post.
pub fn find_of(connection: &mut Connection, post: PostId, by: ActorId) -> Result<Option<Report>> {
    let row: Option<Row> = find_one!(
        connection,
        reports::table
            .filter(reports::post_id.eq(post.0))
            .filter(reports::by_id.eq(by.0))
            .select(Row::as_select())
    )?;
    Ok(row.map(Report::from))
}

pub fn find(connection: &mut Connection, id: ReportId) -> Result<Option<Report>> {
    let row: Option<Row> = find_one!(
        connection,
        reports::table.find(id.0).select(Row::as_select())
    )?;
    Ok(row.map(Report::from))
}

/// How many reports of somebody are open.
pub fn count_open_of(connection: &mut Connection, by: ActorId) -> Result<i64> {
    Ok(reports::table
        .filter(reports::by_id.eq(by.0))
        .filter(reports::resolved_at.is_null())
        .count()
        .get_result(connection)?)
}

/// A part of the reports of the permit's group, newest first.
pub fn list(
    connection: &mut Connection,
    permit: &Permit<act::ReadReports>,
    page: Page,
) -> Result<Vec<Report>> {
    list_part(connection, Some(permit.group()), page)
}

/// A part of the reports of all groups, newest first, for who administers the house.
pub fn list_all(
    connection: &mut Connection,
    _: &Permit<act::ManageAccounts>,
    page: Page,
) -> Result<Vec<Report>> {
    list_part(connection, None, page)
}

fn list_part(
    connection: &mut Connection,
    group: Option<GroupId>,
    page: Page,
) -> Result<Vec<Report>> {
    let mut part = reports::table
        .filter(reports::id.lt(page.before.unwrap_or(i64::MAX)))
        .filter(reports::id.gt(page.after.unwrap_or(0)))
        .limit(page.items().into())
        .select(Row::as_select())
        .into_boxed();
    if let Some(group) = group {
        part = part.filter(reports::group_id.eq(group.0));
    }
    part = match page.from_oldest {
        true => part.order(reports::id.asc()),
        false => part.order(reports::id.desc()),
    };
    let mut rows: Vec<Row> = part.load(connection)?;
    if page.from_oldest {
        rows.reverse();
    }
    Ok(rows.into_iter().map(Report::from).collect())
}

/// How many reports of posts in these groups nobody dealt with yet.
pub fn count_open_in(connection: &mut Connection, groups: &[GroupId]) -> Result<i64> {
    Ok(reports::table
        .filter(reports::group_id.among(groups.iter().map(|group| group.0)))
        .filter(reports::resolved_at.is_null())
        .count()
        .get_result(connection)?)
}

/// Somebody dealt with a report of the permit's group; none: the command line. False: it was so
/// already.
pub fn resolve(
    connection: &mut Connection,
    permit: &Permit<act::ReadReports>,
    id: ReportId,
    resolved: Resolved,
) -> Result<bool> {
    let open = reports::table
        .filter(reports::id.eq(id.0))
        .filter(reports::group_id.eq(permit.group().0))
        .filter(reports::resolved_at.is_null());
    let changed = diesel::update(open)
        .set((
            reports::resolved_at.eq(Some(resolved.at.micros())),
            reports::resolved_by.eq(resolved.by.map(|by| by.0)),
        ))
        .execute(connection)?;
    Ok(changed > 0)
}

/// Forgets what somebody reported who is erased.
pub fn forget_of(connection: &mut Connection, by: ActorId) -> Result<()> {
    diesel::delete(reports::table.filter(reports::by_id.eq(by.0))).execute(connection)?;
    Ok(())
}
