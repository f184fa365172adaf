//! Applies what arrived.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::domain::{ActorKind, Uri};
use crate::federation::objects::post;
use crate::federation::{Federation, LookedUp, Proven, activities, json};
use crate::jobs::{LOOK_EVERY, recover, rest};
use crate::services::inbox::{self, Command, Due, Lacking, Vouching};
use crate::services::moves;

/// Activities applied in one transaction.
const BATCH: i64 = 128;
/// Actors fetched at once: a slow server must not hold up a batch for longer than its lease.
const FETCHES_AT_ONCE: usize = 32;
/// How long it may take to look up one thing that a group passes on: what takes longer comes again. All
/// of a batch together take less than its lease.
const LOOK_UP_WITHIN: Duration = Duration::from_secs(4);
/// How long a batch is ours. Longer than fetching the actors it names can take.
const LEASE: Duration = Duration::from_secs(30);

/// While many wait at the door, applying rests so many times as long as it worked: who sends is
/// answered first, and what was stored can wait.
const PAUSE_WHILE_CROWDED: u32 = 9;
const PAUSE_MAX: Duration = Duration::from_millis(500);

pub async fn run(federation: Federation) {
    let app = &federation.app;
    loop {
        if app.bells.stop.rung() {
            return;
        }
        let begun = app.clock.now();
        match apply_some(&federation).await {
            Ok(0) => {
                if !rest(app, &app.bells.arrivals, LOOK_EVERY).await {
                    return;
                }
            }
            Ok(_) if federation.door_is_crowded() => {
                let pause = app.clock.now().since(begun) * PAUSE_WHILE_CROWDED;
                tokio::time::sleep(pause.min(PAUSE_MAX)).await;
            }
            Ok(_) => {}
            Err(error) => recover(app, "applying what arrived", &error).await,
        }
    }
}

/// Takes a batch and applies it; how many there were.
async fn apply_some(federation: &Federation) -> crate::Result<usize> {
    let app = &federation.app;
    let batch = inbox::claim(app, app.clock.now().plus(LEASE), BATCH).await?;
    let count = batch.len();
    if count == 0 {
        return Ok(0);
    }
    // Parsing and cleaning a batch takes some milliseconds: not on a thread that others wait for.
    let reading = tokio::task::spawn_blocking(move || batch.into_iter().map(read).collect());
    let read = reading.await.map_err(crate::Error::internal)?;
    let ready = meet_strangers(federation, read).await?;
    let ready = prove(federation, ready).await?;
    inbox::apply(app, ready).await?;
    Ok(count)
}

type Read = (Due, Result<Command, &'static str>);

fn read(mut due: Due) -> Read {
    let document = match json::parse_bounded(due.arrival.body.as_bytes()) {
        Ok(document) => document,
        Err(error) => return (due, Err(error.reason())),
    };
    due.carried = post::carried(&document);
    let command = activities::into_command(&document).map_err(|_| "malformed");
    if let Ok(command) = &command {
        command.prepare();
    }
    (due, command)
}

/// Fetches the actors that a batch speaks of and nobody here knows. Those whose server does not
/// answer now are put back; the others go on.
async fn meet_strangers(federation: &Federation, batch: Vec<Read>) -> crate::Result<Vec<Read>> {
    let app = &federation.app;
    let mut named: Vec<Uri> = batch
        .iter()
        .filter_map(|(_, command)| command.as_ref().ok())
        .flat_map(Command::actors)
        .cloned()
        .collect();
    named.sort();
    named.dedup();
    let mut failed: HashMap<Uri, Lacking> = HashMap::new();
    let unknown = inbox::list_unknown_actors(app, named).await?;
    let mut met = futures_util::stream::iter(unknown)
        .map(async |uri| {
            let outcome = federation.meet(&uri).await;
            (uri, outcome)
        })
        .buffer_unordered(FETCHES_AT_ONCE);
    while let Some((uri, outcome)) = met.next().await {
        if let Err(error) = outcome {
            let lacking = lacking("actor_unavailable", &uri, &error);
            failed.insert(uri, lacking);
        }
    }
    let mut ready = Vec::with_capacity(batch.len());
    for (due, command) in batch {
        if let Ok(command) = &command {
            read_anew(federation, &due, command).await?;
        }
        let missing = command
            .as_ref()
            .ok()
            .and_then(|command| command.actors().into_iter().find_map(|uri| failed.get(uri)));
        match missing {
            Some(lacking) => inbox::put_back(app, due, lacking.clone()).await?,
            None => ready.push((due, command)),
        }
    }
    Ok(ready)
}

/// Reads the documents again that decide what an activity changes. A failure leaves the old one in place;
/// the next activity tries again. Nothing is read that nobody waits for: of a group that moves, when nobody
/// here is in it, and of an acceptance of what was not offered.
async fn read_anew(federation: &Federation, due: &Due, command: &Command) -> crate::Result<()> {
    let app = &federation.app;
    let matters = match command {
        Command::Move { .. } if due.signer.kind == ActorKind::Group => {
            inbox::follows(app, &due.signer).await?
        }
        Command::AcceptMove { offer, .. } => moves::is_awaited(app, offer, &due.signer).await?,
        _ => true,
    };
    if !matters {
        return Ok(());
    }
    let told_at = due.arrival.received_at;
    for uri in command.documents(&due.signer) {
        let _ = federation.keyring.refresh(federation, uri, told_at).await;
    }
    Ok(())
}

/// What a server has that could not be had of it.
fn lacking(reason: &'static str, of: &Uri, error: &crate::Error) -> Lacking {
    Lacking {
        reason,
        host: of.host().clone(),
        silent: error.is_temporary(),
    }
}

/// What became of a proof: the command as it may be applied, or what it is and what it must wait for.
type Checked = Result<Read, Box<(Due, Lacking)>>;

/// Checks the proofs of what groups passed on of third servers' people. What cannot be checked now is
/// put back.
async fn prove(federation: &Federation, batch: Vec<Read>) -> crate::Result<Vec<Read>> {
    let mut ready = Vec::with_capacity(batch.len());
    let checks: Vec<_> = batch
        .into_iter()
        .map(|item| prove_one(federation, item))
        .collect();
    let mut checked = futures_util::stream::iter(checks).buffered(FETCHES_AT_ONCE);
    while let Some(checked) = checked.next().await {
        match checked {
            Ok(item) => ready.push(item),
            Err(waits) => {
                let (due, lacking) = *waits;
                inbox::put_back(&federation.app, due, lacking).await?;
            }
        }
    }
    Ok(ready)
}

async fn prove_one(federation: &Federation, (due, command): Read) -> Checked {
    let (actor, activity, command, proof, introduction) = match command {
        Ok(Command::Announced {
            actor,
            activity,
            command,
            vouching:
                Vouching::Claimed {
                    proof,
                    introduction,
                },
        }) => (actor, activity, command, proof, introduction),
        Ok(Command::Announced {
            actor,
            activity,
            command,
            vouching: Vouching::Hearsay,
        }) => {
            let looked_up = federation.look_up(&due.signer, &actor, &activity, &command);
            let looked_up = tokio::time::timeout(LOOK_UP_WITHIN, looked_up).await;
            return believe(
                due,
                &actor,
                looked_up.unwrap_or_else(|_| Err(takes_too_long())),
            );
        }
        Ok(Command::Shared { object, .. }) if due.signer.kind == ActorKind::Group => {
            let looked_up = federation.look_up_post(&due.signer, &object);
            let looked_up = tokio::time::timeout(LOOK_UP_WITHIN, looked_up).await;
            return believe(
                due,
                &object,
                looked_up.unwrap_or_else(|_| Err(takes_too_long())),
            );
        }
        other => return Ok((due, other)),
    };
    let moderates = command.moderates();
    // Our own people's words come back to us; they are here.
    if actor.host() == federation.app.config.host() {
        return match moderates {
            // One of ours asked for it as the group's moderator: now it is done, and so the group's own act.
            true => Ok(by_group(due, activity, command)),
            false => Ok((due, Ok(Command::Ignored("our_own")))),
        };
    }
    let group = due.signer.uri.host();
    let proven = federation.prove(group, &actor, &proof, introduction.as_deref());
    match proven.await {
        Ok(Proven::Yes) => {
            let vouching = Vouching::Proven;
            let command = Box::new(command.proven_at(proof.created_at));
            let proven = Command::Announced {
                actor,
                activity,
                command,
                vouching,
            };
            Ok((due, Ok(proven)))
        }
        // What the house of a group does to posts in it needs no proof, whoever its moderator is. Once
        // it is waited for a proof all the same: an author's own word reaches further.
        Ok(Proven::No(_)) if moderates => Ok(by_group(due, activity, command)),
        Ok(Proven::NotYet) | Err(_) if moderates && due.arrival.attempts > 0 => {
            Ok(by_group(due, activity, command))
        }
        Ok(Proven::No(reason)) => Ok((due, Err(reason))),
        Ok(Proven::NotYet) => {
            let lacking = Lacking {
                reason: "key_unknown",
                host: actor.host().clone(),
                silent: false,
            };
            Err(Box::new((due, lacking)))
        }
        Err(error) => {
            tracing::info!(%actor, %error, "a proof cannot be checked now");
            Err(Box::new((
                due,
                lacking("proof_unavailable", &actor, &error),
            )))
        }
    }
}

fn takes_too_long() -> crate::Error {
    crate::Error::Unavailable("the server that can say so does not answer in time".into())
}

/// What was looked up at the server of who said it.
fn believe(due: Due, of: &Uri, looked_up: crate::Result<LookedUp>) -> Checked {
    match looked_up {
        Ok(LookedUp::Found(command)) => Ok((due, Ok(*command))),
        Ok(LookedUp::Nothing(why)) => Ok((due, Ok(Command::Ignored(why)))),
        Err(error) => {
            tracing::info!(%error, "what a group passes on cannot be looked up now");
            Err(Box::new((due, lacking("origin_unavailable", of, &error))))
        }
    }
}

/// The command as an act of the group that passes it on.
fn by_group(due: Due, activity: Uri, command: Box<Command>) -> Read {
    let own = Command::Announced {
        actor: due.signer.uri.clone(),
        activity,
        command,
        vouching: Vouching::House,
    };
    (due, Ok(own))
}
