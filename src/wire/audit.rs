//! Who did what.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, AuditAction, AuditId, Timestamp};

/// One audited act.
#[derive(Serialize, ToSchema)]
pub struct AuditLine {
    pub id: AuditId,
    pub at: Timestamp,
    /// A handle, or `operator` for the command line.
    pub who: String,
    pub action: AuditAction,
    /// A name, host or number.
    pub subject: String,
    pub detail: String,
}

impl From<domain::AuditLine> for AuditLine {
    fn from(line: domain::AuditLine) -> Self {
        Self {
            id: line.id,
            at: line.at,
            who: line.who,
            action: line.action,
            subject: line.subject,
            detail: line.detail,
        }
    }
}
