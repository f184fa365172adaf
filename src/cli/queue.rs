//! `guildhall queue`: what waits to leave the house, and what could not.

use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    Delivery, DeliveryId, DeliveryState, Destination, DestinationState, EventId, EventKind, Host,
    SignatureChoice, Timestamp, Untold,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::deliveries;

/// Deliveries shown of one server.
const SHOWN_MAX: i64 = 500;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List the servers we deliver to, with what waits for each
    List,
    /// Show what waits for a server, was withheld from it, or was refused by it
    Show { host: Host },
    /// Try waiting and given-up deliveries now
    Retry {
        /// Only to this server
        host: Option<Host>,
        /// Only this delivery
        #[arg(long)]
        id: Option<DeliveryId>,
    },
    /// Give a delivery up for good
    Discard { id: DeliveryId },
    /// List what happened here and could not be put into words: nobody was told of it
    Untold,
    /// Try again to tell what could not be told
    Retell {
        /// Only this event
        event: Option<EventId>,
    },
}

pub async fn run(app: &App, command: Command, output: Output) -> Result<()> {
    match command {
        Command::List => list(app, output).await,
        Command::Show { host } => show(app, host, output).await,
        Command::Retry { host, id } => {
            let count = deliveries::retry(app, Viewer::Operator, host, id).await?;
            output.made(
                &json!({ "retried": count }),
                format!("{count} deliveries are tried again."),
            )
        }
        Command::Discard { id } => discard(app, id, output).await,
        Command::Untold => untold(app, output).await,
        Command::Retell { event } => {
            let count = deliveries::retell(app, Viewer::Operator, event).await?;
            output.made(
                &json!({ "retold": count }),
                format!("{count} events are told again."),
            )
        }
    }
}

/// A destination as scripts read it.
#[derive(Serialize)]
struct Listed {
    host: Host,
    pending: u64,
    failed: u64,
    dead: u64,
    oldest: Option<Timestamp>,
    last_success: Option<Timestamp>,
    last_error: Option<Timestamp>,
    error: Option<String>,
    signature: SignatureChoice,
    state: DestinationState,
    /// Until when nothing is sent.
    until: Option<Timestamp>,
    /// In a row.
    failures: u32,
    /// Deliveries a minute, at most.
    pace: Option<u64>,
    /// Our clock less theirs, seconds.
    clock_difference: Option<i64>,
    #[serde(skip)]
    described: String,
}

impl Listed {
    fn new(destination: Destination, now: Timestamp) -> Self {
        let health = destination.health;
        Self {
            state: health.state(now),
            until: health.until(now),
            failures: health.failures,
            pace: health.pace_per_minute(),
            clock_difference: health.clock_difference,
            described: health.describe(now),
            host: destination.host,
            pending: destination.pending,
            failed: destination.failed,
            dead: destination.dead,
            oldest: destination.oldest,
            last_success: destination.last_success_at,
            last_error: destination.last_error_at,
            error: destination.last_error,
            signature: destination.signature,
        }
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let destinations = deliveries::list_destinations(app, Viewer::Operator).await?;
    let now = app.clock.now();
    let listed: Vec<Listed> = destinations
        .into_iter()
        .map(|destination| Listed::new(destination, now))
        .collect();
    let untold = deliveries::list_untold(app, Viewer::Operator, SHOWN_MAX).await?;
    if !untold.is_empty() {
        output
            .say("Not everything that happened here could be told: see `guildhall queue untold`.");
    }
    let time = |time: Option<Timestamp>| time.map_or_else(String::new, Timestamp::for_people);
    let headings = [
        "server",
        "state",
        "waiting",
        "refused",
        "given up",
        "oldest",
        "last success",
        "last error",
        "signature",
        "clock",
    ];
    output.list(&listed, headings, |row| {
        [
            row.host.to_string(),
            row.described.clone(),
            row.pending.to_string(),
            row.failed.to_string(),
            row.dead.to_string(),
            time(row.oldest),
            time(row.last_success),
            time(row.last_error),
            row.signature.to_string(),
            row.clock_difference
                .map_or_else(String::new, |seconds| format!("{seconds:+} s")),
        ]
    })
}

/// A delivery as scripts read it.
#[derive(Serialize)]
struct Shown {
    id: DeliveryId,
    activity: String,
    state: DeliveryState,
    attempts: u32,
    next_attempt: Option<Timestamp>,
    status: Option<u16>,
    error: Option<String>,
    created: Timestamp,
}

impl From<Delivery> for Shown {
    fn from(delivery: Delivery) -> Self {
        let waits = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id,
            activity: delivery.activity.to_string(),
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt: waits.then_some(delivery.next_attempt_at),
            status: delivery.last_status,
            error: delivery.last_error,
            created: delivery.created_at,
        }
    }
}

async fn show(app: &App, host: Host, output: Output) -> Result<()> {
    let unsent = deliveries::list_unsent(app, Viewer::Operator, Some(host), SHOWN_MAX).await?;
    let shown: Vec<Shown> = unsent.into_iter().map(Shown::from).collect();
    output.list(
        &shown,
        ["id", "state", "attempts", "next attempt", "activity", "why"],
        |row| {
            [
                row.id.to_string(),
                row.state.fate().to_owned(),
                row.attempts.to_string(),
                row.next_attempt
                    .map_or_else(String::new, Timestamp::for_people),
                row.activity.clone(),
                row.error.clone().unwrap_or_default(),
            ]
        },
    )
}

/// An event of which nobody was told, as scripts read it.
#[derive(Serialize)]
struct UntoldEvent {
    event: EventId,
    kind: EventKind,
    at: Timestamp,
    /// It is still tried by itself.
    tried_again: bool,
    problem: String,
    since: Timestamp,
}

impl From<Untold> for UntoldEvent {
    fn from(untold: Untold) -> Self {
        Self {
            event: untold.event,
            kind: untold.kind,
            at: untold.at,
            tried_again: untold.tried_again,
            problem: untold.problem,
            since: untold.since,
        }
    }
}

async fn untold(app: &App, output: Output) -> Result<()> {
    let untold = deliveries::list_untold(app, Viewer::Operator, SHOWN_MAX).await?;
    let shown: Vec<UntoldEvent> = untold.into_iter().map(UntoldEvent::from).collect();
    output.list(
        &shown,
        ["event", "what", "happened", "goes on", "why"],
        |row| {
            let goes_on = match row.tried_again {
                true => "tried again",
                false => "given up",
            };
            [
                row.event.to_string(),
                row.kind.to_string(),
                row.at.for_people(),
                goes_on.to_owned(),
                row.problem.clone(),
            ]
        },
    )
}

async fn discard(app: &App, id: DeliveryId, output: Output) -> Result<()> {
    deliveries::discard(app, Viewer::Operator, id)
        .await
        .map_err(|error| match error {
            Error::NotFound => Error::invalid(
                "id",
                format!("there is no delivery {id}; `guildhall queue show HOST` lists them"),
            ),
            other => other,
        })?;
    output.made(
        &json!({ "id": id, "discarded": true }),
        format!("The delivery {id} is given up."),
    )
}
