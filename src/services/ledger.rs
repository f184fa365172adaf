//! The disclosure ledger, read: what left the house, to whom, on what ground; and whether it is still as it was
//! written. What is pushed is written where deliveries are recorded (`storage/deliveries.rs`), what is fetched
//! in [`shown`].

pub mod shown;

use crate::app::{App, Asker};
use crate::domain::{
    Disclosed, Handle, Host, LedgerFilter, LedgerLine, LedgerWay, Page, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::storage::{self, Connection};

/// Rows of a summary: one for each server and group.
const SUMMARY_ROWS_MAX: i64 = 1_000;

/// What somebody asks of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub host: Option<Host>,
    pub group: Option<Handle>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
    pub way: Option<LedgerWay>,
}

/// A part of the ledger: administrators and compliance officers see all of it, owners what left their groups.
///
/// # Errors
/// [`Error::NotFound`] for everybody else, and for a group that is not there.
pub async fn list(
    app: &App,
    viewer: Viewer,
    question: Question,
    page: Page,
) -> Result<Vec<LedgerLine>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_ledger", move |connection| {
            let filter = permitted(connection, &asker, question)?;
            storage::ledger::list(connection, &filter, page)
        })
        .await
}

/// What each server got of each group, by name.
///
/// # Errors
/// As [`list`].
pub async fn summarize(app: &App, viewer: Viewer, question: Question) -> Result<Vec<Disclosed>> {
    let asker = app.asker(viewer);
    app.db
        .read("summarize_ledger", move |connection| {
            let filter = permitted(connection, &asker, question)?;
            storage::ledger::summarize(connection, &filter, SUMMARY_ROWS_MAX)
        })
        .await
}

/// What is asked for, once policy said that the asker may know.
fn permitted(
    connection: &mut Connection,
    asker: &Asker,
    question: Question,
) -> Result<LedgerFilter> {
    let all = access::permit_house::<act::ReadLedger>(asker);
    let group = match (&question.group, all) {
        (None, all) => all.map(|_| None)?,
        // Groups elsewhere, too: what people here wrote in them left the house.
        (Some(handle), Ok(_)) => Some(find_group(connection, handle)?),
        (Some(handle), Err(_)) => Some(permit_group(connection, asker, handle)?),
    };
    Ok(LedgerFilter {
        host: question.host,
        group,
        from: question.from,
        to: question.to,
        way: question.way,
    })
}

fn find_group(connection: &mut Connection, handle: &Handle) -> Result<Uri> {
    let group = storage::groups::find_by_handle(connection, handle)?;
    let unknown = || Error::invalid("group", format!("{handle} is no group known here"));
    Ok(group.ok_or_else(unknown)?.actor.uri)
}

fn permit_group(connection: &mut Connection, asker: &Asker, handle: &Handle) -> Result<Uri> {
    let group = storage::groups::find_by_handle(connection, handle)?;
    match access::permit_sought::<act::ReadLedger>(connection, asker, group) {
        Ok((_, group)) => Ok(group.actor.uri),
        // Who may not know it is not told that there is such a page.
        Err(Error::Denied(_)) => Err(Error::NotFound),
        Err(error) => Err(error),
    }
}
