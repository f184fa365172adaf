//! The audit log: appended to, never changed, and chained.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Serialize, Serializer};

use crate::domain::{AuditAction, AuditId, AuditLine, Page, Timestamp};
use crate::error::Result;
use crate::storage::among::AmongMethods as _;
use crate::storage::chain::{self, Log};
use crate::storage::connection::on_backend;
use crate::storage::error::read;
use crate::storage::schema::{audit, audit_links};
use crate::storage::{Connection, ids};

/// A line as it stands in its row, and as it is linked: what follows must read the same for ever.
#[derive(Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = audit)]
struct AuditRow {
    #[serde(serialize_with = "as_text")]
    id: i64,
    #[serde(serialize_with = "as_time")]
    at: i64,
    who: String,
    action: String,
    subject: String,
    detail: String,
}

/// As text: the numbers are larger than JavaScript's integers.
pub(super) fn as_text<S: Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(super) fn as_time<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    Timestamp::from_micros(*micros).serialize(serializer)
}

/// Writes one line in the transaction of the act.
pub fn append(
    connection: &mut Connection,
    who: &str,
    action: AuditAction,
    subject: &str,
    detail: &str,
    now: Timestamp,
) -> Result<()> {
    let row = AuditRow {
        id: ids::next(now),
        at: now.micros(),
        who: who.to_owned(),
        action: action.to_string(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    };
    diesel::insert_into(audit::table)
        .values(&row)
        .execute(connection)?;
    chain::add(Log::Audit, row.id, &row)
}

/// What lines say, as they are linked, by their rows.
pub(super) fn texts(connection: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let rows: Vec<AuditRow> = on_backend!(connection, |inner| audit::table
        .filter(audit::id.among(ids))
        .select(AuditRow::as_select())
        .load(inner))?;
    let texts = rows.iter().map(|row| Ok((row.id, chain::text_of(row)?)));
    texts.collect()
}

/// The oldest lines without a link, at most `most`.
pub(super) fn list_unlinked(connection: &mut Connection, most: i64) -> Result<Vec<i64>> {
    let link = audit_links::table.filter(audit_links::line_id.eq(audit::id));
    Ok(audit::table
        .filter(diesel::dsl::not(diesel::dsl::exists(link)))
        .order(audit::id)
        .limit(most)
        .select(audit::id)
        .load(connection)?)
}

type Row = (i64, i64, String, String, String, String);

/// The newest lines.
pub fn list(connection: &mut Connection, most: i64) -> Result<Vec<AuditLine>> {
    let rows: Vec<Row> = audit::table
        .order(audit::id.desc())
        .limit(most)
        .load(connection)?;
    lines(rows)
}

/// A part of the log, newest first.
pub fn list_page(connection: &mut Connection, page: Page) -> Result<Vec<AuditLine>> {
    let part = audit::table
        .filter(audit::id.lt(page.before.unwrap_or(i64::MAX)))
        .filter(audit::id.gt(page.after.unwrap_or(0)))
        .limit(page.items().into());
    if !page.from_oldest {
        return lines(part.order(audit::id.desc()).load(connection)?);
    }
    let mut oldest_first: Vec<Row> = part.order(audit::id.asc()).load(connection)?;
    oldest_first.reverse();
    lines(oldest_first)
}

fn lines(rows: Vec<Row>) -> Result<Vec<AuditLine>> {
    rows.into_iter()
        .map(|(id, at, who, action, subject, detail)| {
            Ok(AuditLine {
                id: AuditId(id),
                at: Timestamp::from_micros(at),
                who,
                action: read(&action)?,
                subject,
                detail,
            })
        })
        .collect()
}
