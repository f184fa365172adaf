//! `guildhall queue`: what waits to leave the house, and what could not.

use crate::app::App;
use crate::cli::Output;
use crate::domain::{
    DeliveryId, EventId, Host, PAGE_ITEMS_MAX, Page, Timestamp, Untold, counted_here,
};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::deliveries;
use crate::wire;

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
                &wire::Retried { retried: count },
                format!(
                    "{} tried again.",
                    counted_here(count, "delivery is", "deliveries are")
                ),
            )
        }
        Command::Discard { id } => discard(app, id, output).await,
        Command::Untold => untold(app, output).await,
        Command::Retell { event } => {
            let count = deliveries::retell(app, Viewer::Operator, event).await?;
            output.made(
                &wire::Retold { retold: count },
                format!(
                    "{} told again.",
                    counted_here(count, "event is", "events are")
                ),
            )
        }
    }
}

async fn list(app: &App, output: Output) -> Result<()> {
    let destinations = deliveries::list_destinations(app, Viewer::Operator).await?;
    let now = app.clock.now();
    let listed: Vec<wire::Destination> = destinations
        .into_iter()
        .map(|destination| wire::Destination::new(destination, now))
        .collect();
    let untold = deliveries::list_untold(app, Viewer::Operator, Page::first(1)).await?;
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

async fn show(app: &App, host: Host, output: Output) -> Result<()> {
    let shown = read(app, &host).await?;
    output.list(
        &shown,
        [
            "id",
            "state",
            "attempts",
            "next attempt",
            "about",
            "activity",
            "why",
        ],
        |row| {
            [
                row.id.to_string(),
                row.state.fate().to_owned(),
                row.attempts.to_string(),
                row.next_attempt
                    .map_or_else(String::new, Timestamp::for_people),
                row.about.clone().unwrap_or_default(),
                row.activity.clone(),
                row.error.clone().unwrap_or_default(),
            ]
        },
    )
}

async fn untold(app: &App, output: Output) -> Result<()> {
    let untold = read_untold(app).await?;
    let shown: Vec<wire::Untold> = untold.into_iter().map(wire::Untold::from).collect();
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

/// Walks the queue part by part, for it may be long; the oldest comes first.
async fn read(app: &App, host: &Host) -> Result<Vec<wire::Delivery>> {
    let mut unsent: Vec<wire::Delivery> = Vec::new();
    loop {
        let last = unsent.last().map(|delivery| delivery.id.0);
        let page = Page::first(PAGE_ITEMS_MAX).before(last);
        let host = Some(host.clone());
        let part = deliveries::list_unsent(app, Viewer::Operator, host, page).await?;
        if part.is_empty() {
            break;
        }
        let about = deliveries::describe(app, Viewer::Operator, &part).await?;
        unsent.extend(part.into_iter().map(|one| {
            let about = about.get(&one.id);
            wire::Delivery::new(one, about)
        }));
    }
    unsent.reverse();
    Ok(unsent)
}

/// Walks the list part by part.
async fn read_untold(app: &App) -> Result<Vec<Untold>> {
    let mut untold: Vec<Untold> = Vec::new();
    loop {
        let last = untold.last().map(|one| one.event.0);
        let page = Page::first(PAGE_ITEMS_MAX).before(last);
        let part = deliveries::list_untold(app, Viewer::Operator, page).await?;
        if part.is_empty() {
            return Ok(untold);
        }
        untold.extend(part);
    }
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
        &wire::Discarded {
            id,
            discarded: true,
        },
        format!("The delivery {id} is given up."),
    )
}
