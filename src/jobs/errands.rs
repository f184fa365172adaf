//! Errands to other servers that somebody asked for: looking up, fetching earlier topics, accepting
//! an invitation.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::app::App;
use crate::domain::backoff;
use crate::domain::{
    ActorId, AttachmentId, ConfirmEvery, GroupId, Host, Job, JobState, OurSide, PostId, Terms,
    Timestamp, Work,
};
use crate::error::Result;
use crate::federation::{Federation, backfill, books, partner_views, partnership, probe};
use crate::jobs::{LOOK_EVERY, recover, rest};
use crate::services::books::Question;
use crate::services::partners::pins;
use crate::services::{self, accounts, jobs, keys, outbound_rules};

/// Errands at once.
const AT_ONCE: usize = 8;
/// How long an errand is ours.
const LEASE: Duration = Duration::from_secs(300);
/// Attempts before an errand is given up; people who wait are told at once.
const ATTEMPTS_MAX: u32 = 5;

pub async fn run(federation: Federation) {
    let app = federation.app.clone();
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let room = AT_ONCE.saturating_sub(running.len());
        let taken = match room {
            0 => Ok(Vec::new()),
            room => {
                jobs::claim(
                    &app,
                    app.clock.now().plus(LEASE),
                    i64::try_from(room).unwrap_or(1),
                )
                .await
            }
        };
        match taken {
            Ok(taken) if !taken.is_empty() => {
                for job in taken {
                    running.spawn(run_one(federation.clone(), job));
                }
            }
            Ok(_) => {
                if !rest(&app, &app.bells.jobs, LOOK_EVERY).await {
                    return;
                }
            }
            Err(error) => {
                recover(&app, "taking errands", &error).await;
                if app.bells.stop.rung() {
                    return;
                }
            }
        }
    }
}

async fn run_one(federation: Federation, job: Job) {
    let app = &federation.app;
    let outcome = carry_out(&federation, &job.work).await;
    let written = match outcome {
        Ok(()) => jobs::finish(app, job.id, JobState::Done, None).await,
        Err(error) if error.is_temporary() && keeps_trying(&job) => {
            let at = backoff::next(job.attempts + 1, app.clock.now(), job.id.0.unsigned_abs());
            jobs::retry_later(app, job.id, error.to_string(), at).await
        }
        Err(error) => {
            give_up(app, &job.work).await;
            jobs::finish(app, job.id, JobState::Failed, Some(error.to_string())).await
        }
    };
    if let Err(error) = written {
        tracing::error!(%error, job = %job.id, "an errand's end could not be written down");
    }
}

/// Does what remains when an errand is not tried any more.
async fn give_up(app: &App, work: &Work) {
    let Work::AskWebhooks { post, text_of } = work else {
        return;
    };
    let text_of = Timestamp::from_micros(*text_of);
    if let Err(error) = outbound_rules::no_answer(app, PostId(*post), text_of).await {
        tracing::error!(%error, post, "that a webhook gave no answer could not be written down");
    }
}

/// Somebody waits for a look-up and for the answer to an invitation: they are told at once.
fn keeps_trying(job: &Job) -> bool {
    let patient = matches!(
        job.work,
        Work::Backfill { .. }
            | Work::BackfillPerson { .. }
            | Work::FetchBoosted { .. }
            | Work::FollowMove { .. }
            | Work::AskWebhooks { .. }
    );
    patient && job.attempts < ATTEMPTS_MAX
}

async fn carry_out(federation: &Federation, work: &Work) -> Result<()> {
    match work {
        Work::Discover { what } => federation.discover(what).await.map(drop),
        Work::Backfill { group } => {
            let count = backfill::backfill(federation, GroupId(*group)).await?;
            tracing::info!(group, count, "earlier posts were fetched");
            Ok(())
        }
        Work::BackfillConversation {
            group,
            conversation,
        } => {
            let (group, conversation) = (GroupId(*group), conversation.parse()?);
            let read = backfill::backfill_conversation(federation, group, &conversation);
            let count = read.await?;
            tracing::info!(%conversation, count, "a conversation was fetched");
            Ok(())
        }
        Work::FetchBoosted {
            by,
            object,
            announce,
        } => {
            let (object, announce) = (object.parse()?, announce.parse()?);
            federation
                .fetch_boosted(ActorId(*by), &announce, &object)
                .await
        }
        Work::BackfillPerson { person } => {
            let count = backfill::person::backfill(federation, ActorId(*person)).await?;
            tracing::info!(person, count, "earlier posts were fetched");
            Ok(())
        }
        Work::FollowMove { person, target } => {
            let target = target.parse()?;
            let count = federation.follow_move(ActorId(*person), &target).await?;
            tracing::info!(person, %target, count, "followers moved along");
            Ok(())
        }
        Work::MoveAway { person, target, by } => {
            let viewer = accounts::find_viewer(&federation.app, by.map(ActorId)).await?;
            let target = target.parse()?;
            federation
                .move_away(viewer, ActorId(*person), &target)
                .await
        }
        Work::AgreeOnRoster {
            group,
            list,
            digest,
        } => {
            let list = list.parse()?;
            federation
                .agree_on_roster(GroupId(*group), &list, digest)
                .await
        }
        Work::AskSoftware { host } => federation.ask_software(&host.parse()?).await,
        Work::FetchAttachment { attachment } => {
            federation.fetch_attachment(AttachmentId(*attachment)).await
        }
        Work::CompareBooks { host, from, to, by } => {
            let viewer = accounts::find_viewer(&federation.app, by.map(ActorId)).await?;
            let question = Question {
                from: Timestamp::from_micros(*from),
                to: Timestamp::from_micros(*to),
                group: None,
                named: false,
            };
            let host: Host = host.parse()?;
            let asked = books::compare(federation, viewer.clone(), host.clone(), question);
            let compared = asked.await?;
            services::books::keep(&federation.app, viewer, host, &compared).await
        }
        Work::AskWebhooks { post, text_of } => {
            let text_of = Timestamp::from_micros(*text_of);
            federation.ask_webhooks(PostId(*post), text_of).await
        }
        Work::AcceptPartnership {
            code,
            class,
            purpose,
            contact,
            until,
            confirm_months,
            by,
        } => {
            let viewer = accounts::find_viewer(&federation.app, by.map(ActorId)).await?;
            let ours = OurSide {
                class: *class,
                terms: Terms::new(purpose, contact, until.map(Timestamp::from_micros))?,
                confirm: ConfirmEvery::from_stored(*confirm_months),
            };
            let accepted = partnership::accept_agreed(&federation.app, viewer, code, ours).await;
            accepted.map(drop)
        }
        Work::AskPartnerView { host, by } => {
            let viewer = accounts::find_viewer(&federation.app, by.map(ActorId)).await?;
            let asked = partner_views::ask(federation, viewer, host.parse()?).await;
            asked.map(drop)
        }
        Work::Probe { host, by } => {
            let viewer = accounts::find_viewer(&federation.app, by.map(ActorId)).await?;
            let asked = probe::probe(&federation.app, viewer, host.parse()?).await;
            asked.map(drop)
        }
        Work::LookAtKeys { host } => {
            let instance = pins::find_instance(&federation.app, host.parse()?).await?;
            federation.fetch_actor(&instance).await.map(drop)
        }
        Work::RotateKeys { since, by } => {
            let viewer = accounts::find_viewer(&federation.app, by.map(ActorId)).await?;
            let since = Timestamp::from_micros(*since);
            keys::rotate_all_since(&federation.app, viewer, since).await
        }
    }
}
