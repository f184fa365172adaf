//! How a partnership goes: for our administrators in full, and for the partner's own what concerns deliveries
//! to and from them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::App;
use crate::domain::{
    AnsweredRate, AuditAction, DayOfPartner, Destination, Host, JobId, Partner, PartnerView,
    Timestamp, Uri, VIEW_DAYS, Work,
};
use crate::error::{Error, Result};
use crate::policy::{self, Viewer};
use crate::services::{audit, jobs};
use crate::storage::{self, Connection};

const DAY: Duration = Duration::from_secs(86_400);
/// Texts of one direction that are counted, the newest.
const TEXTS_MAX: i64 = 50_000;
/// Topics that are looked at, the newest.
const TOPICS_MAX: i64 = 500;

/// How a partnership goes, for our administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The last [`VIEW_DAYS`], the oldest first.
    pub days: Vec<DayOfPartner>,
    /// Topics of their people, and how many of ours answered; then the other way round.
    pub theirs: AnsweredRate,
    pub ours: AnsweredRate,
    /// People of theirs in groups of ours, and of ours in groups of theirs.
    pub their_people: u64,
    pub our_people: u64,
    /// What their house last told us of the same, and when.
    pub told: Option<(Timestamp, PartnerView)>,
}

/// # Errors
/// [`Error::NotFound`] for a host that never was a partner.
pub async fn look(app: &App, viewer: Viewer, host: Host) -> Result<Overview> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    let ourselves = app.addresses().origin().clone();
    app.db
        .read("look_at_partner", move |connection| {
            storage::partners::find_by_host(connection, &host)?.ok_or(Error::NotFound)?;
            let from = first_day(asker.now);
            let (theirs, ours) =
                storage::partner_history::count_answered(connection, &host, from, TOPICS_MAX)?;
            let (their_people, our_people) =
                storage::partner_history::count_people(connection, &host)?;
            Ok(Overview {
                days: days(connection, &host, &ourselves, asker.now)?,
                theirs,
                ours,
                their_people,
                our_people,
                told: storage::partner_views::find(connection, &host)?,
            })
        })
        .await
}

/// What we tell a partner's server of deliveries to and from it.
///
/// # Errors
/// [`Error::NotFound`] for everybody but the server of an active partner that both sides agreed with.
pub async fn answer(app: &App, viewer: Viewer) -> Result<PartnerView> {
    let (now, ourselves) = (app.clock.now(), app.addresses().origin().clone());
    app.db
        .read("answer_partner_view", move |connection| {
            let host = viewer.host().cloned().ok_or(Error::NotFound)?;
            let partner = storage::partners::find_by_host(connection, &host)?;
            let mutual = partner.as_ref().is_some_and(|partner| partner.mutual);
            policy::sees_partner_view(&viewer, partner.map(|partner| partner.state), mutual)?;
            let all = storage::destinations::list(connection)?;
            let here = |one: &&Destination| one.host == host;
            let days = days(connection, &host, &ourselves, now)?;
            Ok(PartnerView::new(all.iter().find(here), days, now))
        })
        .await
}

/// The partner whose house is asked how it sees us.
///
/// # Errors
/// [`Error::NotFound`] for a host that never was a partner; [`Error::Conflict`] for one that is not active or
/// accepted no invitation: it would not tell us.
pub async fn find_teller(app: &App, viewer: Viewer, host: Host) -> Result<Partner> {
    let partner = super::find(app, viewer, host.clone()).await?;
    let them = Viewer::Server { host: host.clone() };
    let may = policy::sees_partner_view(&them, Some(partner.state), partner.mutual);
    may.map_err(|_| {
        Error::Conflict(format!(
            "only active partners that accepted an invitation tell how they see us; {host} is none"
        ))
    })?;
    Ok(partner)
}

/// Has a worker ask a partner's house how it sees us, for pages.
pub async fn ask_later(app: &App, viewer: Viewer, host: Host) -> Result<JobId> {
    let by = viewer.actor().map(|actor| actor.0);
    find_teller(app, viewer, host.clone()).await?;
    let host = host.to_string();
    jobs::submit(app, Work::AskPartnerView { host, by }).await
}

/// Keeps what a partner's house told.
pub async fn keep(app: &App, viewer: Viewer, host: Host, view: PartnerView) -> Result<()> {
    let asker = app.asker(viewer);
    super::permit(&asker)?;
    app.db
        .write("keep_partner_view", move |connection| {
            storage::partner_views::save(connection, &host, &view, asker.now)?;
            let (action, subject) = (AuditAction::PartnerViewAsked, host.as_str());
            audit::note(connection, &asker, action, subject, "")
        })
        .await
}

/// The first moment that is looked back on.
fn first_day(now: Timestamp) -> Timestamp {
    now.day().minus(DAY * (VIEW_DAYS - 1))
}

fn days(
    connection: &mut Connection,
    host: &Host,
    ourselves: &Uri,
    now: Timestamp,
) -> Result<Vec<DayOfPartner>> {
    let from = first_day(now);
    let sent = storage::partner_history::list_sent(connection, host, from, TEXTS_MAX)?;
    let received =
        storage::partner_history::list_received(connection, host, ourselves, from, TEXTS_MAX)?;
    let mut by_day: BTreeMap<String, (u64, Vec<Duration>)> = BTreeMap::new();
    for number in 0..VIEW_DAYS {
        by_day.insert(from.plus(DAY * number).date(), Default::default());
    }
    // What says it was written later than today is not counted: clocks differ, and some lie.
    for (written, taken) in sent {
        if let Some((_, delays)) = by_day.get_mut(&written.date()) {
            delays.push(taken.since(written));
        }
    }
    for written in received {
        if let Some((received, _)) = by_day.get_mut(&written.date()) {
            *received += 1;
        }
    }
    let day = |(day, (received, delays))| DayOfPartner::new(day, received, delays);
    Ok(by_day.into_iter().map(day).collect())
}
