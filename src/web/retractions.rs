//! What a partner was asked to throw away, and what it says, for administrators.

use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Copies, Host, RetractionId, Uri};
use crate::error::{Error, Result};
use crate::services::partners;
use crate::services::retractions::{self, Outstanding};
use crate::web::errors::{self, Answer, Told};
use crate::web::paging::Listing;
use crate::web::views::{OutstandingPage, RetractionDraft, RetractionRow};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

/// Whether confirmed ones are shown, too.
#[derive(Default, Deserialize)]
pub struct Scope {
    #[serde(default)]
    all: String,
}

/// What is to be asked back, or asked for once more.
#[derive(Default, Deserialize)]
pub struct Wish {
    /// `retract` or `again`.
    action: String,
    #[serde(default)]
    retraction: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    topic: String,
}

/// The checkbox beside an ending.
pub const fn copies(leave: Option<&String>) -> Copies {
    match leave {
        Some(_) => Copies::Left,
        None => Copies::AskedBack,
    }
}

/// `GET /admin/partners/{host}/outstanding`
pub async fn show(
    member: Member,
    host: Path<String>,
    listing: Query<Listing>,
    scope: Query<Scope>,
) -> Answer {
    let wish = Wish::default();
    page(&member, &host, &listing, !scope.all.is_empty(), wish, None).await
}

/// `POST /admin/partners/{host}/outstanding`
pub async fn decide(member: Member, host: Path<String>, Form(wish): Form<Wish>) -> Answer {
    match carry_out(&member, &host, &wish).await {
        Ok(notice) => Ok(done(&address(&host), notice)),
        Err(error) => {
            let (listing, told) = (Listing::default(), Some(errors::tell(error)?));
            page(&member, &host, &listing, false, wish, told).await
        }
    }
}

async fn carry_out(member: &Member, host: &str, wish: &Wish) -> Result<Notice> {
    let (app, viewer) = (&member.app, member.viewer());
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    // Whoever may not look at the page is not told whether there is such a group.
    partners::find(app, viewer.clone(), host.clone()).await?;
    match wish.action.as_str() {
        "again" => {
            let id: RetractionId = wish.retraction.parse().map_err(|_| Error::NotFound)?;
            retractions::ask_again(app, viewer, id).await?;
        }
        "retract" => {
            let topic: Option<Uri> = match wish.topic.trim() {
                "" => None,
                topic => Some(topic.parse()?),
            };
            let group = wish.group.trim().parse()?;
            let asked = retractions::retract(app, viewer, group, host, topic).await;
            asked.map_err(|error| match error {
                Error::NotFound => {
                    Error::invalid("group", format!("{:?} is no group here", wish.group))
                }
                other => other,
            })?;
        }
        other => {
            return Err(Error::invalid(
                "action",
                format!("{other:?} is nothing one can do here"),
            ));
        }
    }
    Ok(Notice::AskedBack)
}

fn address(host: &str) -> String {
    format!("/admin/partners/{host}/outstanding")
}

async fn page(
    member: &Member,
    host: &str,
    listing: &Listing,
    all: bool,
    wish: Wish,
    told: Option<Told>,
) -> Answer {
    let (app, viewer) = (&member.app, member.viewer());
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let partner = partners::find(app, viewer.clone(), host.clone()).await?;
    let part = retractions::list(app, viewer, Some(host.clone()), !all, listing.page()).await?;
    let url = address(host.as_str());
    let (part, pager) = listing.cut(part, |one| one.retraction.id.0, &url);
    let page = OutstandingPage {
        page: member.page_told("Taken back", told.as_ref()).await?,
        host: host.to_string(),
        organization: partner.organization,
        all,
        retractions: part.iter().map(|one| row(member, one)).collect(),
        draft: RetractionDraft {
            group: wish.group,
            topic: wish.topic,
        },
        url,
        pager,
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, outstanding: &Outstanding) -> RetractionRow {
    let retraction = &outstanding.retraction;
    RetractionRow {
        id: retraction.id.to_string(),
        group: parts::group_link(&outstanding.group, None),
        cause: retraction.cause.to_string().replace('_', " "),
        by: retraction.asked_by.clone(),
        asked: parts::when(retraction.asked_at, member.now()),
        answered: retraction
            .answer
            .map(|answer| parts::when(answer.at, member.now())),
        stands: outstanding.in_words(),
        open: outstanding.count.confirmed < outstanding.count.asked,
    }
}
