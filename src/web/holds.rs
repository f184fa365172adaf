//! What is held at the boundary, for who looks at it: of one group, or everywhere.

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::markup::SafeHtml;
use crate::domain::{HoldNotice, HoldState, Host, PostId};
use crate::error::{Error, Result};
use crate::services::groups::GroupView;
use crate::services::holds::{self, Held};
use crate::web::errors::{self, Answer, Told};
use crate::web::groups::locate;
use crate::web::paging::Listing;
use crate::web::topics::address;
use crate::web::views::{HeldPage, HeldRow};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

#[derive(Deserialize)]
pub struct Decision {
    post: String,
    action: String,
    #[serde(default)]
    reason: String,
}

/// `GET /g/{handle}/held`
pub async fn of_group(member: Member, handle: Path<String>, listing: Query<Listing>) -> Answer {
    let view = locate(&member, &handle).await?;
    page(&member, Some(&view), &listing, None).await
}

/// `GET /admin/held`
pub async fn of_house(member: Member, listing: Query<Listing>) -> Answer {
    page(&member, None, &listing, None).await
}

/// `POST /g/{handle}/held`
pub async fn decide_in_group(
    member: Member,
    handle: Path<String>,
    Form(decision): Form<Decision>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    decide(&member, Some(&view), &decision).await
}

/// `POST /admin/held`
pub async fn decide_in_house(member: Member, Form(decision): Form<Decision>) -> Answer {
    decide(&member, None, &decision).await
}

async fn decide(member: &Member, view: Option<&GroupView>, decision: &Decision) -> Answer {
    match carry_out(member, decision).await {
        Ok(notice) => Ok(done(&url(view), notice)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(member, view, &Listing::default(), Some(told)).await
        }
    }
}

async fn carry_out(member: &Member, decision: &Decision) -> Result<Notice> {
    let post: PostId = decision.post.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    match decision.action.as_str() {
        "release" => {
            holds::release(app, viewer, post).await?;
            Ok(Notice::LetOut)
        }
        "refuse" => {
            holds::refuse(app, viewer, post, decision.reason.parse()?).await?;
            Ok(Notice::KeptInside)
        }
        other => Err(Error::invalid(
            "action",
            format!("{other:?} is nothing one can do here"),
        )),
    }
}

fn url(view: Option<&GroupView>) -> String {
    match view {
        Some(view) => format!("{}/held", parts::group_url(&view.group)),
        None => "/admin/held".to_owned(),
    }
}

async fn page(
    member: &Member,
    view: Option<&GroupView>,
    listing: &Listing,
    told: Option<Told>,
) -> Answer {
    let group = view.map(|view| view.group.id);
    let held = holds::list(&member.app, member.viewer(), group, listing.page()).await?;
    let (held, pager) = listing.cut(held, |one| one.post.id.0, &url(view));
    let page = HeldPage {
        page: member
            .page_told("Held at the boundary", told.as_ref())
            .await?,
        group: view.map(|view| parts::group_link(&view.group, view.partner.as_ref())),
        url: url(view),
        held: held.iter().map(|one| row(member, one, view)).collect(),
        pager,
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, held: &Held, view: Option<&GroupView>) -> HeldRow {
    let (post, notice) = (&held.post, &held.notice);
    let kind = if post.is_topic() { "Topic" } else { "Comment" };
    let elsewhere = held.group.as_ref().filter(|_| view.is_none());
    HeldRow {
        id: post.id.to_string(),
        url: address(post.id),
        what: format!("{kind} by {}", held.author.handle()),
        title: post.title.clone(),
        body: SafeHtml::from_storage(post.html.clone()),
        files: held.files,
        place: elsewhere.map(|group| parts::group_link(group, None)),
        why: notice.sentence.clone(),
        from: kept_from(notice),
        state: match notice.state {
            HoldState::Waiting => "waits for you",
            HoldState::Asking => "a program is asked",
            HoldState::Refused => "kept inside",
        }
        .to_owned(),
        refused: notice.state == HoldState::Refused,
        when: parts::when(notice.since, member.now()),
    }
}

/// "everybody outside", or the partners.
pub fn kept_from(notice: &HoldNotice) -> String {
    let hosts: Vec<&str> = notice.from.iter().map(Host::as_str).collect();
    match hosts.is_empty() {
        true => "everybody outside".to_owned(),
        false => hosts.join(", "),
    }
}
