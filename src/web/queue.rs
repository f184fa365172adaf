//! What waits to be sent, and what was given up.

use actix_web::web::Query;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{
    DELIVERY_DAYS_MAX, Delivery, DeliveryGround, DeliveryId, DeliveryState, Destination,
    PAGE_ITEMS_DEFAULT, Page, Partner, PartnerState, Untold,
};
use crate::error::{Error, Result};
use crate::services::deliveries::{self, About};
use crate::services::partners;
use crate::web::errors::{self, Answer, Told};
use crate::web::paging::Listing;
use crate::web::views::{DeadLetter, DestinationRow, Failure, QueuePage, UntoldRow};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

#[derive(Deserialize)]
pub struct Wish {
    /// Of a delivery, or of an event.
    #[serde(default)]
    id: String,
    #[serde(default)]
    host: String,
    action: String,
}

/// `GET /admin/queue`
pub async fn show(member: Member, listing: Query<Listing>) -> Answer {
    page(&member, &listing, None).await
}

/// `POST /admin/queue`
pub async fn decide(member: Member, Form(wish): Form<Wish>) -> Answer {
    match carry_out(&member, &wish).await {
        Ok(notice) => Ok(done("/admin/queue", notice)),
        Err(error) => page(&member, &Listing::default(), Some(errors::tell(error)?)).await,
    }
}

async fn carry_out(member: &Member, wish: &Wish) -> Result<Notice> {
    let (app, viewer) = (&member.app, member.viewer());
    match wish.action.as_str() {
        "retry" => {
            deliveries::retry(app, viewer, None, Some(wish.id.parse()?)).await?;
            Ok(Notice::Retrying)
        }
        "try" => {
            deliveries::retry(app, viewer, Some(wish.host.parse()?), None).await?;
            Ok(Notice::Retrying)
        }
        "discard" => {
            deliveries::discard(app, viewer, wish.id.parse()?).await?;
            Ok(Notice::Discarded)
        }
        "retell" => {
            deliveries::retell(app, viewer, Some(wish.id.parse()?)).await?;
            Ok(Notice::Retrying)
        }
        "ask" => {
            deliveries::ask(app, viewer, wish.host.parse()?).await?;
            Ok(Notice::Asking)
        }
        other => Err(Error::invalid(
            "action",
            format!("{other:?} is nothing one can do here"),
        )),
    }
}

async fn page(member: &Member, listing: &Listing, told: Option<Told>) -> Answer {
    let (app, now) = (&member.app, member.now());
    let destinations = deliveries::list_destinations(app, member.viewer()).await?;
    let hosts = destinations.iter().map(|one| one.host.clone());
    let known = partners::behind(app, hosts).await?;
    let before = listing.before().map(DeliveryId);
    let most = i64::from(PAGE_ITEMS_DEFAULT) + 1;
    let dead = deliveries::list_given_up(app, member.viewer(), before, most).await?;
    let (dead, pager) = listing.cut(dead, |one| one.id.0, "/admin/queue");
    let about = deliveries::describe(app, member.viewer(), &dead).await?;
    let untold = deliveries::list_untold(app, member.viewer(), Page::first(UNTOLD_MAX)).await?;
    let destination = |one: &Destination| DestinationRow {
        partner: parts::badge_of(&one.host, known.get(&one.host)),
        health: parts::health(one, now),
    };
    let page = QueuePage {
        page: member.page_told("Queue", told.as_ref()).await?,
        destinations: destinations.iter().map(destination).collect(),
        dead: dead
            .iter()
            .map(|one| dead_letter(member, one, known.get(&one.host), about.get(&one.id)))
            .collect(),
        pager,
        untold: untold.iter().map(|one| untold_row(member, one)).collect(),
    };
    answer(&page, told.as_ref())
}

/// Events shown that could not be told.
const UNTOLD_MAX: u32 = 100;

fn untold_row(member: &Member, untold: &Untold) -> UntoldRow {
    UntoldRow {
        id: untold.event.to_string(),
        what: untold.kind.as_str().replace('_', " "),
        at: parts::when(untold.at, member.now()),
        problem: untold.problem.clone(),
        tried_again: untold.tried_again,
    }
}

/// What became of a delivery that nobody tries again by itself.
fn fate(delivery: &Delivery, partner: Option<&Partner>) -> String {
    let over = partner.is_some_and(|partner| {
        matches!(partner.state, PartnerState::Ended | PartnerState::Blocked)
    });
    let retraction = delivery.ground == DeliveryGround::Retraction;
    match delivery.state {
        DeliveryState::Dead if delivery.was_tried_long() => {
            format!("Given up after {DELIVERY_DAYS_MAX} days")
        }
        DeliveryState::Dead => "Not sent".to_owned(),
        DeliveryState::Failed if over && retraction => {
            "Refused: the partnership is over, and that server keeps what it has".to_owned()
        }
        DeliveryState::Failed => "Refused".to_owned(),
        DeliveryState::Pending | DeliveryState::Sent | DeliveryState::Withheld => {
            delivery.state.fate().to_owned()
        }
    }
}

fn dead_letter(
    member: &Member,
    delivery: &Delivery,
    partner: Option<&Partner>,
    about: Option<&About>,
) -> DeadLetter {
    let text = match (&delivery.last_error, delivery.last_status) {
        (Some(error), _) => parts::what_was_said(error),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => "no answer".to_owned(),
    };
    let at = delivery.finished_at.unwrap_or(delivery.next_attempt_at);
    DeadLetter {
        id: delivery.id.to_string(),
        host: delivery.host.to_string(),
        what: about
            .and_then(About::in_words)
            .unwrap_or_else(|| what(delivery)),
        fate: fate(delivery, partner),
        attempts: delivery.attempts as usize,
        failure: Failure {
            when: parts::when(at, member.now()),
            text,
        },
    }
}

/// What was to be told: administrators see that there was news, never what it said.
fn what(delivery: &Delivery) -> String {
    let ground = match delivery.ground {
        DeliveryGround::News => "News of a group",
        DeliveryGround::Boost => "A boost",
        DeliveryGround::Addressed => "An answer or request",
        DeliveryGround::Retraction => "Something taken back",
        DeliveryGround::Partnership => "About a grant",
    };
    // Our activities are called `…/activities/KIND/NUMBER`.
    let mut words = delivery.activity.as_str().rsplit('/');
    match (words.next(), words.next()) {
        (Some(number), Some(kind)) => format!("{ground} ({kind} {number})"),
        _ => ground.to_owned(),
    }
}
