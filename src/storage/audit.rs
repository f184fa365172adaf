//! The audit log: appended to, never changed.

use diesel::prelude::*;

use crate::domain::{AuditAction, AuditId, AuditLine, Timestamp};
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

/// The newest lines.
pub fn list(connection: &mut Connection, most: i64) -> Result<Vec<AuditLine>> {
    type Row = (i64, i64, String, String, String, String);
    let rows: Vec<Row> = audit::table
        .order(audit::id.desc())
        .limit(most)
        .load(connection)?;
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
