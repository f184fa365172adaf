//! What was let in and waits: taken in its order, each applied once, tried again when it lacks something.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::Command;
use super::door::{Gate, judge};
use super::effect::{effect, waits_for_more};
use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorKind, Arrival, ArrivalState, CarriedText, Host, Timestamp, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::Reason;
use crate::services::{access, refusals};
use crate::storage::{self, Connection};

/// An activity that is due, with who signed it.
#[derive(Clone, Debug)]
pub struct Due {
    pub arrival: Arrival,
    pub signer: Actor,
    /// The text that it brings, and in which group, once it was read.
    pub carried: Option<(Uri, CarriedText)>,
}

/// Takes activities that wait, at most `most`; they are ours until `lease_until`.
pub async fn claim(app: &App, lease_until: Timestamp, most: i64) -> Result<Vec<Due>> {
    let now = app.clock.now();
    app.db
        .write_patiently("claim_arrivals", move |connection| {
            let arrivals = storage::arrivals::claim_due(connection, now, lease_until, most)?;
            let signers: Vec<_> = arrivals.iter().map(|arrival| arrival.signer).collect();
            let signers = storage::actors::list_by_ids(connection, &signers)?;
            let known = |arrival: Arrival| {
                let signer = signers
                    .iter()
                    .find(|signer| signer.id == arrival.signer)?
                    .clone();
                Some(Due {
                    arrival,
                    signer,
                    carried: None,
                })
            };
            Ok(arrivals.into_iter().filter_map(known).collect())
        })
        .await
}

/// Of these actors, those we do not know yet: federation fetches them before applying.
pub async fn list_unknown_actors(app: &App, uris: Vec<Uri>) -> Result<Vec<Uri>> {
    app.db
        .read("list_unknown_actors", move |connection| {
            let mut unknown = Vec::new();
            for uri in uris {
                if storage::actors::find_by_uri(connection, &uri)?.is_none() {
                    unknown.push(uri);
                }
            }
            Ok(unknown)
        })
        .await
}

/// Whether anybody here is in a group elsewhere: for others nothing is looked up.
pub async fn follows(app: &App, group: &Actor) -> Result<bool> {
    let group = group.id.group();
    app.db
        .read("follows_group", move |connection| {
            Ok(storage::memberships::count(connection, group, None)? > 0)
        })
        .await
}

/// Whether a post is here, also one that was taken back.
pub async fn knows_post(app: &App, uri: Uri) -> Result<bool> {
    app.db
        .read("knows_post", move |connection| {
            Ok(storage::posts::find_by_uri(connection, &uri)?.is_some())
        })
        .await
}

/// Attempts before an activity that keeps failing is put aside.
const ATTEMPTS_MAX: u32 = 12;
/// How long an activity waits for a server that does not answer: a house may be away for some days, and
/// nobody sends again what was taken here.
const SILENCE_MAX: Duration = Duration::from_secs(7 * 86_400);
/// The longest pause between two attempts: two to the power of this, seconds, somewhat more than an hour.
const PAUSE_DOUBLINGS_MAX: u32 = 12;
/// Why something waits that lacks what it builds on.
const UNKNOWN_GROUND: &str = "unknown_ground";
/// Attempts for one that lacks what it builds on (a parent that may still arrive).
const ATTEMPTS_WITHOUT_GROUND_MAX: u32 = 4;

/// Activities applied in one transaction: a few milliseconds, for which others wait to write.
const APPLIED_TOGETHER: usize = 32;

/// Applies activities in their order, some in one transaction, each in a savepoint of its own: the
/// effect and the mark that it was applied commit together, so each takes effect exactly once.
/// Returns how many took effect.
pub async fn apply(app: &App, batch: Vec<(Due, Result<Command, &'static str>)>) -> Result<usize> {
    let mut applied = 0;
    let mut waiting = batch.into_iter();
    loop {
        let some: Vec<_> = waiting.by_ref().take(APPLIED_TOGETHER).collect();
        if some.is_empty() {
            return Ok(applied);
        }
        applied += apply_some(app, some).await?;
        app.bells.events.notify_one();
        app.bells.jobs.notify_one();
    }
}

async fn apply_some(app: &App, batch: Vec<(Due, Result<Command, &'static str>)>) -> Result<usize> {
    let app_for_asker = app.clone();
    app.db
        .write_patiently("apply_activities", move |connection| {
            let mut applied = 0;
            let (mut partners, mut grounds) = (HashMap::new(), HashSet::new());
            for (due, command) in batch {
                let asker = app_for_asker.asker(access::viewer_of(&due.signer));
                note_received(connection, &due, &mut partners)?;
                match command {
                    Err(reason) => {
                        let (id, now) = (due.arrival.id, asker.now);
                        let refused = ArrivalState::Refused;
                        storage::arrivals::finish(connection, id, refused, Some(reason), now)?;
                    }
                    Ok(command) => {
                        let took_effect = apply_one(connection, &asker, &due, &command)?;
                        applied += usize::from(took_effect);
                        if took_effect && due.arrival.waited {
                            grounds.insert(due.arrival.host);
                        }
                    }
                }
            }
            // What waited for what waited waits no longer.
            let now = app_for_asker.clock.now();
            for host in grounds {
                storage::arrivals::hasten(connection, &host, UNKNOWN_GROUND, now)?;
            }
            Ok(applied)
        })
        .await
}

/// Notes which text arrived from a partner, whatever becomes of it: its sender's books say that it was taken.
/// With nobody else books are ever compared.
fn note_received(
    connection: &mut Connection,
    due: &Due,
    partners: &mut HashMap<Host, bool>,
) -> Result<()> {
    let Some((group, revision)) = &due.carried else {
        return Ok(());
    };
    let Arrival {
        host, received_at, ..
    } = &due.arrival;
    let is_partner = match partners.get(host) {
        Some(known) => *known,
        None => {
            let known = storage::partners::find_state(connection, host)?.is_some();
            partners.insert(host.clone(), known);
            known
        }
    };
    match is_partner {
        true => storage::received::note(connection, host, group, revision, *received_at),
        false => Ok(()),
    }
}

fn apply_one(
    connection: &mut Connection,
    asker: &Asker,
    due: &Due,
    command: &Command,
) -> Result<bool> {
    let id = due.arrival.id;
    if access::is_stopped(connection, due.signer.host.as_ref(), None)? {
        return hold(connection, due, Reason::Stopped, asker.now).map(|()| false);
    }
    let outcome = storage::savepoint(connection, |connection| {
        effect(
            connection,
            asker,
            &due.signer,
            command,
            Some(&due.arrival.body),
        )?;
        let (state, why) = match command {
            Command::Ignored(why) => (ArrivalState::Ignored, Some(*why)),
            _ => (ArrivalState::Applied, None),
        };
        storage::arrivals::finish(connection, id, state, why, asker.now)
    });
    match outcome {
        Ok(()) => return Ok(true),
        Err(Error::Denied(reason @ (Reason::Stopped | Reason::PartnershipPaused))) => {
            hold(connection, due, reason, asker.now)?;
        }
        Err(Error::Denied(reason)) => refuse(connection, due, command, reason.as_str(), asker.now)?,
        Err(Error::NotFound) if waits_for_more(command) && may_get_ground(connection, due)? => {
            // At first it may still be on its way; and once is enough.
            if due.arrival.attempts == 1 {
                look_for_ground(connection, &due.signer, command, asker.now)?;
            }
            put_off(connection, due, UNKNOWN_GROUND, asker.now)?;
        }
        Err(Error::NotFound) => refuse(connection, due, command, "unknown", asker.now)?,
        Err(Error::Invalid { .. } | Error::Refused(_) | Error::Unfit(_)) => {
            refuse(connection, due, command, "invalid", asker.now)?
        }
        Err(Error::Conflict(_)) => refuse(connection, due, command, "conflict", asker.now)?,
        Err(error) if due.arrival.attempts < ATTEMPTS_MAX => {
            tracing::warn!(%error, activity = %due.arrival.activity, "an activity could not be applied; it is tried again");
            put_off(connection, due, "internal", asker.now)?;
        }
        Err(error) => {
            tracing::error!(%error, activity = %due.arrival.activity, "an activity is put aside");
            storage::arrivals::finish(
                connection,
                id,
                ArrivalState::Dead,
                Some("internal"),
                asker.now,
            )?;
        }
    }
    Ok(false)
}

/// Conversations of one group that wait to be read: it can have us read no more at once.
const CONVERSATIONS_WAITING_MAX: i64 = 4;

/// What a group passes on answers, or changes, something that nobody here heard of: it was written before anybody of
/// ours was in the group. The conversation is read where the group keeps it; by then this is tried again.
fn look_for_ground(
    connection: &mut Connection,
    group: &Actor,
    command: &Command,
    now: Timestamp,
) -> Result<()> {
    let Command::Announced { command, .. } = command else {
        return Ok(());
    };
    let (lacking, conversation) = match command.as_ref() {
        Command::CreatePost(post) => (post.parent.as_ref(), &post.conversation),
        Command::UpdatePost(post) => (Some(&post.uri), &post.conversation),
        _ => return Ok(()),
    };
    let (Some(lacking), Some(conversation)) = (lacking, conversation) else {
        return Ok(());
    };
    let kept_by_group = group.kind == ActorKind::Group && conversation.host() == group.uri.host();
    let is_known = storage::posts::find_by_uri(connection, lacking)?.is_some()
        || storage::posts::has_tombstone(connection, lacking)?;
    if is_known || !kept_by_group {
        return Ok(());
    }
    let group = group.id.group().0;
    if storage::jobs::count_conversations(connection, group)? >= CONVERSATIONS_WAITING_MAX {
        return Ok(());
    }
    let work = Work::BackfillConversation {
        group,
        conversation: conversation.to_string(),
    };
    storage::jobs::insert(connection, &work, now).map(drop)
}

/// How soon what an emergency stop or a pause holds is looked at again.
const STOP_LOOK: Duration = Duration::from_secs(5);

/// It was let in before the stop or the pause, and waits for its end however long that takes.
fn hold(connection: &mut Connection, due: &Due, reason: Reason, now: Timestamp) -> Result<()> {
    let id = due.arrival.id;
    storage::arrivals::hold(connection, id, reason.as_str(), now.plus(STOP_LOOK))
}

fn refuse(
    connection: &mut Connection,
    due: &Due,
    command: &Command,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let (id, activity) = (due.arrival.id, &due.arrival.activity);
    tracing::info!(reason, arrival = %id, "an activity changed nothing");
    storage::arrivals::finish(connection, id, ArrivalState::Refused, Some(reason), now)?;
    match command.is_own_word() {
        true => refusals::tell_sender(connection, &due.signer, activity, reason, now),
        false => Ok(()),
    }
}

/// Whether what an activity builds on may still come: it is on its way, or is here and waits itself.
fn may_get_ground(connection: &mut Connection, due: &Due) -> Result<bool> {
    let Arrival {
        id, attempts, host, ..
    } = &due.arrival;
    Ok(*attempts < ATTEMPTS_WITHOUT_GROUND_MAX
        || storage::arrivals::any_waiting_before(connection, *id, host)?)
}

fn put_off(connection: &mut Connection, due: &Due, reason: &str, now: Timestamp) -> Result<()> {
    let doublings = due.arrival.attempts.min(PAUSE_DOUBLINGS_MAX);
    let pause = Duration::from_secs(2_u64.saturating_pow(doublings));
    storage::arrivals::retry_later(connection, due.arrival.id, reason, now.plus(pause))
}

/// What an activity lacks to be applied: something that another server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// A word for the record.
    pub reason: &'static str,
    /// Which server has it.
    pub host: Host,
    /// That server does not answer; otherwise it did, and what is lacking may come some other way.
    pub silent: bool,
}

impl Lacking {
    fn is_waited_for(&self, arrival: &Arrival, now: Timestamp) -> bool {
        let soon = arrival.attempts < ATTEMPTS_MAX;
        soon || (self.silent && now.since(arrival.received_at) < SILENCE_MAX)
    }
}

/// Puts an activity back that lacks something. Where it is we who do not ask that server now, because of an
/// emergency stop or a pause, it is held: that is no attempt.
pub async fn put_back(app: &App, due: Due, lacking: Lacking) -> Result<()> {
    let (now, mode) = (app.clock.now(), app.house().federation);
    app.db
        .write_patiently("put_back_arrival", move |connection| {
            match judge(connection, &lacking.host, mode)? {
                Gate::Stopped => return hold(connection, &due, Reason::Stopped, now),
                Gate::Paused => return hold(connection, &due, Reason::PartnershipPaused, now),
                Gate::Open | Gate::TakingBack | Gate::Shut(_) => {}
            }
            match lacking.is_waited_for(&due.arrival, now) {
                true => put_off(connection, &due, lacking.reason, now),
                false => {
                    let (id, dead) = (due.arrival.id, ArrivalState::Dead);
                    storage::arrivals::finish(connection, id, dead, Some(lacking.reason), now)
                }
            }
        })
        .await
}
