//! Reporting posts to the moderators of their groups.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;

use crate::api::mastodon::Answer;
use crate::api::mastodon::accounts::account_id;
use crate::api::mastodon::client::Client;
use crate::api::mastodon::entities::Account;
use crate::api::mastodon::errors::Failure;
use crate::api::mastodon::params::Params;
use crate::api::mastodon::statuses::status_id;
use crate::app::App;
use crate::domain::{PostId, ReportId, ReportState, Timestamp};
use crate::error::Error;
use crate::services::reports::{self, Reported};

/// One report a post is made; a client that reports several gets the first with all posts.
#[derive(Serialize)]
struct Report {
    id: ReportId,
    action_taken: bool,
    action_taken_at: Option<Timestamp>,
    category: &'static str,
    comment: String,
    forwarded: bool,
    created_at: Timestamp,
    status_ids: Vec<PostId>,
    rule_ids: (),
    target_account: Account,
}

impl Report {
    fn render(app: &App, made: &[Reported]) -> Option<Self> {
        let first = made.first()?;
        Some(Self {
            id: first.report.id,
            action_taken: first.report.state() == ReportState::Resolved,
            action_taken_at: first.report.resolved.map(|resolved| resolved.at),
            category: "other",
            comment: first.report.text.as_str().to_owned(),
            forwarded: first.report.forwarded,
            created_at: first.report.created_at,
            status_ids: made.iter().map(|made| made.post.id).collect(),
            rule_ids: (),
            target_account: Account::render(app, &first.author),
        })
    }
}

/// `POST /api/v1/reports`: posts only. Nobody here moderates people as such.
pub async fn create(app: Data<App>, client: Client, params: Params) -> Answer {
    let viewer = client.may("write:reports")?;
    let author = params.text("account_id").map(account_id).transpose()?;
    let posts: Vec<PostId> = params
        .all("status_ids")
        .map(status_id)
        .collect::<Result<_, _>>()?;
    if author.is_none() || posts.is_empty() {
        return Err(Failure::unprocessable(
            "say whom (account_id) and which posts of theirs (status_ids): people as such cannot be reported yet",
        ));
    }
    let text = params.text("comment").unwrap_or_default().parse()?;
    let forward = params.flag("forward");
    let made = reports::create(&app, viewer, author, posts, text, forward).await?;
    let report = Report::render(&app, &made).ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok().json(report))
}
