//! The emergency stop, for administrators; and for owners, of their group.

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::StopTarget;
use crate::error::{Error, Result};
use crate::services::stops::{self, Standing, Which};
use crate::web::errors::{self, Answer, Told};
use crate::web::grants::handle_of;
use crate::web::group_admin;
use crate::web::groups::locate;
use crate::web::views::{StopDraft, StopRow, StopsPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

const ADDRESS: &str = "/admin/stops";

/// What is to be stopped or released.
#[derive(Default, Deserialize)]
pub struct Wish {
    /// `all`, `partner` or `group`.
    what: String,
    /// The partner's host or the group's name.
    #[serde(default)]
    name: String,
    #[serde(default)]
    reason: String,
    /// `stop` or `release`.
    action: String,
}

/// Why a group is stopped.
#[derive(Deserialize)]
pub struct Why {
    #[serde(default)]
    reason: String,
}

/// `GET /admin/stops`
pub async fn show(member: Member) -> Answer {
    page(&member, Wish::default(), None).await
}

/// `POST /admin/stops`
pub async fn decide(member: Member, Form(wish): Form<Wish>) -> Answer {
    match carry_out(&member, &wish).await {
        Ok(notice) => Ok(done(ADDRESS, notice)),
        Err(error) => page(&member, wish, Some(errors::tell(error)?)).await,
    }
}

async fn carry_out(member: &Member, wish: &Wish) -> Result<Notice> {
    let (app, viewer) = (&member.app, member.viewer());
    // Whoever may not look at the page is not told whether there is such a group.
    stops::list(app, viewer.clone()).await?;
    let which = match wish.what.as_str() {
        "all" => Which::All,
        "partner" => Which::Partner(wish.name.trim().parse()?),
        "group" => Which::Group(wish.name.trim().parse()?),
        _ => return Err(Error::invalid("what", "is not all, partner or group")),
    };
    let no_group = |error| match error {
        Error::NotFound => Error::invalid("name", format!("{:?} is no group here", wish.name)),
        other => other,
    };
    match wish.action.as_str() {
        "stop" => {
            let stopped = stops::stop(app, viewer, which, &wish.reason).await;
            stopped.map(|_| Notice::Stopped).map_err(no_group)
        }
        "release" => {
            let released = stops::release(app, viewer, which).await;
            let decided = released.map_err(no_group)?;
            Ok(Notice::of(&decided, Notice::Released))
        }
        other => Err(Error::invalid(
            "action",
            format!("{other:?} is nothing one can do here"),
        )),
    }
}

/// `POST /g/{handle}/stop`: by an owner, who needs nobody for it.
pub async fn stop_group(member: Member, handle: Path<String>, Form(why): Form<Why>) -> Answer {
    let view = locate(&member, &handle).await?;
    let (app, which) = (&member.app, Which::Group(handle_of(&view)));
    match stops::stop(app, member.viewer(), which, &why.reason).await {
        Ok(_) => Ok(done(&group_admin::settings_of(&view), Notice::Stopped)),
        Err(error) => {
            let told = errors::tell(error)?;
            group_admin::page(&member, view, None, None, Some(told)).await
        }
    }
}

async fn page(member: &Member, wish: Wish, told: Option<Told>) -> Answer {
    let standing = stops::list(&member.app, member.viewer()).await?;
    let page = StopsPage {
        page: member.page_told("Emergency stop", told.as_ref()).await?,
        stops: standing.iter().map(|one| row(member, one)).collect(),
        draft: StopDraft {
            all: !matches!(wish.what.as_str(), "partner" | "group"),
            partner: wish.what == "partner",
            group: wish.what == "group",
            name: wish.name,
            reason: wish.reason,
        },
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, standing: &Standing) -> StopRow {
    let stop = &standing.stop;
    let (what, name) = match &stop.target {
        StopTarget::All => ("all", String::new()),
        StopTarget::Partner(_) => ("partner", standing.subject()),
        StopTarget::Group(_) => ("group", standing.subject()),
    };
    StopRow {
        what,
        name,
        reason: stop.reason.clone(),
        by: stop.by.clone(),
        since: parts::when(stop.since, member.now()),
    }
}
