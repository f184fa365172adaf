//! What left the house, to whom, and whether partners' books say the same.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{Asked, At, List, Paged, Sent, Work, page};
use crate::app::App;
use crate::domain::{Handle, Host, LedgerWay, Timestamp, parse_end};
use crate::error::Error;
use crate::services::books;
use crate::services::chains::{self, Log};
use crate::services::ledger::{self, Question};
use crate::wire::{Checkpoint, Comparison, Disclosed, LedgerLine};

/// Which lines, and which part of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only what went to this server
    #[param(inline)]
    host: Option<Host>,
    /// Only what is of this group
    #[param(inline)]
    group: Option<Handle>,
    /// From this day or moment on
    #[param(inline)]
    from: Option<Timestamp>,
    /// Until the end of this day, or before this moment
    to: Option<String>,
    /// Only what went this way
    #[param(inline)]
    way: Option<LedgerWay>,
    /// Only older lines than this: its `id`
    before: Option<i64>,
    /// At most so many, up to 100
    limit: Option<u32>,
}

/// Which lines are counted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only what went to this server
    #[param(inline)]
    host: Option<Host>,
    /// Only what is of this group
    #[param(inline)]
    group: Option<Handle>,
    /// From this day or moment on
    #[param(inline)]
    from: Option<Timestamp>,
    /// Until the end of this day, or before this moment
    to: Option<String>,
    /// Only what went this way
    #[param(inline)]
    way: Option<LedgerWay>,
}

impl Wanted {
    fn question(self) -> Result<Question, Error> {
        Ok(Question {
            host: self.host,
            group: self.group,
            from: self.from,
            to: self.to.as_deref().map(parse_end).transpose()?,
            way: self.way,
        })
    }
}

pub async fn list(
    app: Data<App>,
    request: HttpRequest,
    admin: Administrator,
    Asked(part): Asked<Part>,
) -> Answer<Paged<LedgerLine>> {
    let page = page(part.before, part.limit);
    let wanted = Wanted {
        host: part.host,
        group: part.group,
        from: part.from,
        to: part.to,
        way: part.way,
    };
    let lines = ledger::list(&app, admin.viewer(), wanted.question()?, page).await?;
    let lines = lines.into_iter().map(LedgerLine::from).collect();
    let id = |line: &LedgerLine| line.id.clone();
    Ok(Paged::new(&app, &request, page, lines, id))
}

pub async fn summarize(
    app: Data<App>,
    admin: Administrator,
    Asked(wanted): Asked<Wanted>,
) -> Answer<List<Disclosed>> {
    let rows = ledger::summarize(&app, admin.viewer(), wanted.question()?).await?;
    Ok(rows.into_iter().map(Disclosed::from).collect())
}

pub async fn ledger_checkpoint(app: Data<App>, admin: Administrator) -> Answer<Json<Checkpoint>> {
    checkpoint(&app, &admin, Log::Ledger).await
}

pub async fn audit_checkpoint(app: Data<App>, admin: Administrator) -> Answer<Json<Checkpoint>> {
    checkpoint(&app, &admin, Log::Audit).await
}

async fn checkpoint(app: &App, admin: &Administrator, log: Log) -> Answer<Json<Checkpoint>> {
    let head = chains::head(app, admin.viewer(), log).await?;
    Ok(Json(head.into()))
}

/// The time for which books are compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// From this day on.
    from: Timestamp,
    /// Until the end of this day; at most 31 days.
    to: String,
}

pub async fn compare(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
    Sent(span): Sent<Span>,
) -> Answer<Work> {
    let question = books::Question {
        from: span.from,
        to: parse_end(&span.to).map_err(Error::from)?,
        group: None,
        named: false,
    };
    let job = books::compare_later(&app, admin.viewer(), host, question).await?;
    Work::wait(&app, job).await
}

pub async fn last_comparison(
    app: Data<App>,
    admin: Administrator,
    At(host): At<Host>,
) -> Answer<Json<Comparison>> {
    let found = books::last(&app, admin.viewer(), host).await?;
    let (at, compared) = found.ok_or(Error::NotFound)?;
    Ok(Json(Comparison::new(at, compared)))
}
