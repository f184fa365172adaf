//! Reporting a post, and what moderators do about reports.

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{PostId, ReportState};
use crate::error::Result;
use crate::services::groups::GroupView;
use crate::services::reports::{self, Reported};
use crate::web::errors::{self, Answer, Told};
use crate::web::groups::locate;
use crate::web::paging::Listing;
use crate::web::topics::{address, back_to, number};
use crate::web::views::{ReportRow, ReportsPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

#[derive(Deserialize)]
pub struct Complaint {
    #[serde(default)]
    comment: String,
    #[serde(default)]
    forward: String,
}

#[derive(Deserialize)]
pub struct Dealt {
    report: String,
}

/// `POST /p/{id}/report`
pub async fn report(member: Member, id: Path<String>, Form(complaint): Form<Complaint>) -> Answer {
    let id = number(&id)?;
    match complain(&member, id, &complaint).await {
        Ok(topic) => Ok(done(&address(topic), Notice::Reported)),
        Err(error) => back_to(&member, id, Err(error)).await,
    }
}

/// The topic of what was reported.
async fn complain(member: &Member, id: PostId, complaint: &Complaint) -> Result<PostId> {
    let text = complaint.comment.parse()?;
    let forward = !complaint.forward.is_empty();
    let (app, viewer) = (&member.app, member.viewer());
    let made = reports::create(app, viewer, None, vec![id], text, forward).await?;
    Ok(made.first().map_or(id, |made| made.post.topic))
}

/// `GET /g/{handle}/reports`
pub async fn list(member: Member, handle: Path<String>, listing: Query<Listing>) -> Answer {
    let view = locate(&member, &handle).await?;
    page(&member, &view, &listing, None).await
}

/// `POST /g/{handle}/reports`
pub async fn resolve(member: Member, handle: Path<String>, Form(dealt): Form<Dealt>) -> Answer {
    let view = locate(&member, &handle).await?;
    match deal(&member, &dealt).await {
        Ok(()) => Ok(done(&reports_of(&view), Notice::Resolved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(&member, &view, &Listing::default(), Some(told)).await
        }
    }
}

async fn deal(member: &Member, dealt: &Dealt) -> Result<()> {
    reports::resolve(&member.app, member.viewer(), dealt.report.parse()?).await?;
    Ok(())
}

fn reports_of(view: &GroupView) -> String {
    format!("{}/reports", parts::group_url(&view.group))
}

async fn page(member: &Member, view: &GroupView, listing: &Listing, told: Option<Told>) -> Answer {
    let group = Some(view.group.id);
    let reports = reports::list(&member.app, member.viewer(), group, listing.page()).await?;
    let (reports, pager) = listing.cut(reports, |one| one.report.id.0, &reports_of(view));
    let page = ReportsPage {
        page: member.page_told("Reports", told.as_ref()).await?,
        group: parts::group_link(&view.group, view.partner.as_ref()),
        url: reports_of(view),
        reports: reports.iter().map(|one| row(member, one)).collect(),
        pager,
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, reported: &Reported) -> ReportRow {
    let post = &reported.post;
    let kind = if post.is_topic() { "Topic" } else { "Comment" };
    ReportRow {
        id: reported.report.id.to_string(),
        post_url: address(post.id),
        title: format!("{kind} by {}", reported.author.handle()),
        text: reported.report.text.as_str().to_owned(),
        by: reported.by.handle().to_string(),
        when: parts::when(reported.report.created_at, member.now()),
        open: reported.report.state() == ReportState::Open,
    }
}
