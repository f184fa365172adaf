//! Who did what, for administrators.

use actix_web::web::Query;

use crate::domain::AuditLine;
use crate::services::audit;
use crate::web::errors::Answer;
use crate::web::paging::Listing;
use crate::web::views::{AuditPage, AuditRow};
use crate::web::visit::Member;
use crate::web::{answer, parts};

/// `GET /admin/audit`
pub async fn show(member: Member, listing: Query<Listing>) -> Answer {
    let lines = audit::list(&member.app, member.viewer(), listing.page()).await?;
    let (lines, pager) = listing.cut(lines, |line| line.id.0, "/admin/audit");
    let page = AuditPage {
        page: member.page("Audit log").await?,
        lines: lines.iter().map(|line| row(&member, line)).collect(),
        pager,
    };
    answer(&page, None)
}

fn row(member: &Member, line: &AuditLine) -> AuditRow {
    AuditRow {
        when: parts::when(line.at, member.now()),
        who: line.who.clone(),
        what: line.action.as_str().replace('_', " "),
        subject: line.subject.clone(),
        // An address of this house is a link; anything else only looks like one.
        url: here(member, &line.subject),
        detail: line.detail.clone(),
    }
}

fn here(member: &Member, subject: &str) -> Option<String> {
    let origin = member.app.addresses().origin().to_string();
    let path = subject.strip_prefix(origin.trim_end_matches('/'))?;
    path.starts_with("/p/").then(|| path.to_owned())
}
