//! The emergency stop: one switch for a group, a partner, or all.
//!
//! Once [`stop`] returns, nothing of what it holds is on its way any more: policy says no at every door,
//! what is due is put off, and what this process was just sending is broken off. What was queued waits;
//! what others send is answered with "later". [`release`] takes it back.

use std::time::Duration;

use crate::app::{App, Asker};
use crate::domain::{
    AuditAction, Group, Handle, Host, ProposedAct, Stop, StopId, StopTarget, Stops, stop_reason,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Viewer, act};
use crate::services::proposals::{self, Decided};
use crate::services::{access, audit, deliveries};
use crate::storage::{self, Connection};

/// What is to be stopped or released, in the words of whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// A server, whether or not it is a partner's.
    Partner(Host),
    /// A group of this house.
    Group(Handle),
}

/// A stop with the group it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub stop: Stop,
    pub group: Option<Group>,
}

/// What was released, and how many deliveries waited for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    pub standing: Standing,
    pub deliveries: usize,
}

/// Stops at once. Owners may stop their groups, administrators everything; nobody waits for a second one.
///
/// # Errors
/// [`Error::NotFound`] for a group the asker may not know, [`Error::Conflict`] when it is stopped already,
/// or is a group elsewhere.
pub async fn stop(app: &App, viewer: Viewer, which: Which, reason: &str) -> Result<Standing> {
    let asker = app.asker(viewer);
    let reason = stop_reason(reason)?;
    let which = seen_from_here(app, which);
    let standing = app
        .db
        .write("stop", move |connection| {
            let by = audit::name_of(connection, &asker.viewer)?;
            let standing = match which {
                Which::Group(ref handle) => {
                    let group = find_group(connection, &asker, handle)?;
                    let (permit, group) =
                        access::permit::<act::ManageGroup>(connection, &asker, group.id)?;
                    refuse_second(connection, &which, &StopTarget::Group(group.id))?;
                    let now = asker.now;
                    let stop =
                        storage::stops::insert_for_group(connection, &permit, &by, &reason, now)?;
                    let group = Some(group);
                    Standing { stop, group }
                }
                Which::All | Which::Partner(_) => {
                    let permit = access::permit_house(&asker)?;
                    let target = target_of(connection, &asker, &which)?;
                    refuse_second(connection, &which, &target)?;
                    let host = match which {
                        Which::Partner(host) => Some(host),
                        Which::All | Which::Group(_) => None,
                    };
                    let now = asker.now;
                    let stop = storage::stops::insert_for_host(
                        connection, &permit, host, &by, &reason, now,
                    )?;
                    Standing { stop, group: None }
                }
            };
            let (action, subject) = (AuditAction::ExchangeStopped, standing.subject());
            audit::note(connection, &asker, action, &subject, &reason)?;
            Ok(standing)
        })
        .await?;
    look(app).await?;
    deliveries::settle_stopped(app, &standing.stop.target).await?;
    Ok(standing)
}

/// Lets go again, and what waited is due now. Waits for a second administrator where the house wants one.
///
/// # Errors
/// [`Error::NotFound`] for whoever is no administrator, [`Error::Conflict`] when it is not stopped.
pub async fn release(app: &App, viewer: Viewer, which: Which) -> Result<Decided<Released>> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let which = seen_from_here(app, which);
    let decided = app
        .db
        .write("release_stop", move |connection| {
            let id = find(connection, &asker, &which)?.stop.id;
            let act = ProposedAct::Release { stop: id.0 };
            proposals::decide(connection, &asker, true, act, |connection| {
                let_go(connection, &asker, id)
            })
        })
        .await?;
    look(app).await?;
    app.bells.deliveries.notify_one();
    app.bells.arrivals.notify_one();
    Ok(decided)
}

/// The same in the transaction of the caller, whoever had to agree.
pub(super) fn let_go(connection: &mut Connection, asker: &Asker, id: StopId) -> Result<Released> {
    let permit = access::permit_house(asker)?;
    let standing = find_by_id(connection, id)?;
    storage::stops::remove(connection, &permit, id)?;
    let target = &standing.stop.target;
    let deliveries = storage::deliveries::hasten_held(connection, target, asker.now)?;
    let (action, subject) = (AuditAction::StopReleased, standing.subject());
    let detail = format!("{deliveries} deliveries waited");
    audit::note(connection, asker, action, &subject, &detail)?;
    Ok(Released {
        standing,
        deliveries,
    })
}

/// Everything that is stopped now, for administrators.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<Standing>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_stops", |connection| {
            let stops = storage::stops::list(connection)?.0;
            let standing = stops.into_iter().map(|stop| with_group(connection, stop));
            standing.collect()
        })
        .await
}

/// The stop of a group, for who manages it: with the whole house's where that holds, too.
pub async fn find_for_group(app: &App, group: &Group) -> Result<Option<Stop>> {
    let group = group.id;
    app.db
        .read("find_stop_of_group", move |connection| {
            let of_group = |stop: &Stop| match stop.target {
                StopTarget::All => true,
                StopTarget::Group(stopped) => stopped == group,
                StopTarget::Partner(_) => false,
            };
            let stops = storage::stops::list(connection)?.0;
            Ok(stops.into_iter().find(of_group))
        })
        .await
}

/// How often a process looks for stops that another one made.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Keeps the one way out informed, as long as the server runs.
pub async fn watch(app: App) {
    while !app.bells.stop.rung() {
        if let Err(error) = look(&app).await {
            tracing::error!(%error, "what is stopped could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = app.bells.stop.heard() => {}
        }
    }
}

/// Tells this process at once what is stopped now.
pub(super) async fn look(app: &App) -> Result<()> {
    let stops: Stops = app.db.read("list_stops", storage::stops::list).await?;
    app.http.hold(stops);
    Ok(())
}

impl Standing {
    /// What it holds, in a word for the audit log.
    pub fn subject(&self) -> String {
        match (&self.stop.target, &self.group) {
            (StopTarget::All, _) => "all".to_owned(),
            (StopTarget::Partner(host), _) => host.to_string(),
            (StopTarget::Group(_), Some(group)) => group.actor.name.clone(),
            (StopTarget::Group(id), None) => id.to_string(),
        }
    }
}

fn seen_from_here(app: &App, which: Which) -> Which {
    match which {
        Which::Group(handle) => Which::Group(handle.seen_from(app.config.host())),
        other => other,
    }
}

/// Only groups of ours can be stopped; whether the asker may, is asked by who acts on it. Of a group elsewhere
/// nothing is told to who may not know it.
fn find_group(connection: &mut Connection, asker: &Asker, handle: &Handle) -> Result<Group> {
    let group = storage::groups::find_by_handle(connection, handle)?.ok_or(Error::NotFound)?;
    let Some(home) = group.home() else {
        return Ok(group);
    };
    let administers = access::permit_house::<act::ManagePartners>(asker).is_ok();
    if !administers && !access::may(connection, asker, Action::Know, &group)? {
        return Err(Error::NotFound);
    }
    Err(Error::Conflict(format!(
        "{handle} lives at {home}: stop what goes between us and that server instead"
    )))
}

fn find(connection: &mut Connection, asker: &Asker, which: &Which) -> Result<Standing> {
    let target = target_of(connection, asker, which)?;
    let stops = storage::stops::list(connection)?.0;
    match stops.into_iter().find(|stop| stop.target == target) {
        Some(stop) => with_group(connection, stop),
        None => Err(Error::Conflict(format!("{which} is not stopped"))),
    }
}

pub(super) fn find_by_id(connection: &mut Connection, id: StopId) -> Result<Standing> {
    let stops = storage::stops::list(connection)?.0;
    match stops.into_iter().find(|stop| stop.id == id) {
        Some(stop) => with_group(connection, stop),
        None => Err(Error::Conflict("this stop was released already".into())),
    }
}

fn refuse_second(connection: &mut Connection, which: &Which, target: &StopTarget) -> Result<()> {
    let stops = storage::stops::list(connection)?.0;
    match stops.iter().any(|stop| stop.target == *target) {
        true => Err(Error::Conflict(format!("{which} is stopped already"))),
        false => Ok(()),
    }
}

fn target_of(connection: &mut Connection, asker: &Asker, which: &Which) -> Result<StopTarget> {
    Ok(match which {
        Which::All => StopTarget::All,
        Which::Partner(host) => StopTarget::Partner(host.clone()),
        Which::Group(handle) => StopTarget::Group(find_group(connection, asker, handle)?.id),
    })
}

fn with_group(connection: &mut Connection, stop: Stop) -> Result<Standing> {
    let group = match stop.target {
        StopTarget::Group(group) => storage::groups::find(connection, group)?,
        StopTarget::All | StopTarget::Partner(_) => None,
    };
    Ok(Standing { stop, group })
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Partner(host) => write!(f, "{host}"),
            Self::Group(handle) => write!(f, "{handle}"),
        }
    }
}
