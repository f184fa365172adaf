//! The audit log: appended to, never changed.

use diesel::prelude::*;

use crate::domain::{AuditAction, AuditId, AuditLine, Page, Timestamp};
use crate::error::Result;
use crate::storage::error::read;
use crate::storage::schema::audit;
use crate::storage::{Connection, ids};

/// Writes one line in the transaction of the act.
pub fn append(
    connection: &mut Connection,
    who: &str,
    action: AuditAction,
    subject: &str,
    detail: &str,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(ids::next(now)),
            audit::at.eq(now.micros()),
            audit::who.eq(who),
            audit::action.eq(action.as_str()),
            audit::subject.eq(subject),
            audit::detail.eq(detail),
        ))
        .execute(connection)?;
    Ok(())
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
