//! Access review: grants that are to be looked at again, for who may end them.

use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Copies, Handle, Host};
use crate::error::{Error, Result};
use crate::services::grants;
use crate::services::grants::review::{self, Reviewed};
use crate::web::errors::{self, Answer, Told};
use crate::web::grants::grant_row;
use crate::web::views::{ReviewPage, ReviewRow};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

const ADDRESS: &str = "/admin/review";

/// What becomes of a grant.
#[derive(Deserialize)]
pub struct Decision {
    group: String,
    /// The partner's host.
    partner: String,
    /// `keep` or `end`.
    action: String,
}

/// `GET /admin/review`
pub async fn show(member: Member) -> Answer {
    page(&member, None).await
}

/// `POST /admin/review`
pub async fn decide(member: Member, Form(decision): Form<Decision>) -> Answer {
    match carry_out(&member, &decision).await {
        Ok(notice) => Ok(done(ADDRESS, notice)),
        Err(error) => page(&member, Some(errors::tell(error)?)).await,
    }
}

async fn carry_out(member: &Member, decision: &Decision) -> Result<Notice> {
    let group: Handle = decision.group.parse().map_err(|_| Error::NotFound)?;
    let host: Host = decision.partner.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    match decision.action.as_str() {
        "keep" => {
            let kept = review::keep(app, viewer, group, host).await;
            kept.map(|_| Notice::Saved)
        }
        "end" => {
            let closed = grants::remove(app, viewer, group, host, Copies::AskedBack).await;
            closed.map(|_| Notice::GrantRemoved)
        }
        other => Err(Error::invalid(
            "action",
            format!("{other:?} is nothing one can do here"),
        )),
    }
}

/// Whoever may keep or end no grant is told that there is no such page.
async fn page(member: &Member, told: Option<Told>) -> Answer {
    let all = review::list(&member.app, member.viewer()).await?;
    if all.is_empty() && !member.viewer().is_administrator() {
        return Err(Error::NotFound.into());
    }
    let page = ReviewPage {
        page: member.page_told("Access review", told.as_ref()).await?,
        days: member.app.config.governance.review_days,
        grants: all.iter().map(|one| row(member, one)).collect(),
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, one: &Reviewed) -> ReviewRow {
    let now = member.now();
    let last = one.last_use.latest();
    ReviewRow {
        grant: grant_row(&one.standing, now),
        name: one.standing.group.actor.name.clone(),
        last_use: last.map(|(what, at)| (what, parts::when(at, now))),
        due: one.is_due(now),
        lapses: one.review.map(|review| parts::when(review.lapses, now)),
        asked: one.review.map(|review| parts::when(review.due, now)),
    }
}
