//! The queue as administrators see it, and what they can do about it.

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{
    Actor, AuditAction, Delivery, DeliveryId, Destination, EventId, EventKind, Group, Host, Page,
    PostState, Untold,
};
use crate::error::{Error, Result};
use crate::policy::{Action, Viewer, act};
use crate::services::{access, audit, refusals};
use crate::storage::{self, Connection};

/// Every server we deliver to, with its backlog.
pub async fn list_destinations(app: &App, viewer: Viewer) -> Result<Vec<Destination>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_destinations", storage::destinations::list)
        .await
}

/// A part of the deliveries to a server (none: to all) that have not gone out, newest first.
pub async fn list_unsent(
    app: &App,
    viewer: Viewer,
    host: Option<Host>,
    page: Page,
) -> Result<Vec<Delivery>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_unsent", move |connection| {
            storage::deliveries::list_unsent_page(connection, host.as_ref(), page)
        })
        .await
}

/// Deliveries that were refused or tried too often, newest first.
pub async fn list_given_up(
    app: &App,
    viewer: Viewer,
    before: Option<DeliveryId>,
    most: i64,
) -> Result<Vec<Delivery>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_given_up", move |connection| {
            storage::deliveries::list_given_up(connection, before, most)
        })
        .await
}

/// What a delivery tells of, for who administers the queue: never what it says, where they could not read
/// it themselves.
#[derive(Clone, Debug)]
pub struct About {
    pub kind: EventKind,
    /// Who did it.
    pub by: Actor,
    /// In which group.
    pub group: Option<Group>,
    /// It is about a topic, not a comment.
    pub topic: bool,
    /// The topic's title, for who may read it.
    pub title: Option<String>,
}

impl About {
    /// "A comment by @ada in Engineering". None: it is about no post that somebody here writes or likes.
    pub fn in_words(&self) -> Option<String> {
        let noun = if self.topic { "topic" } else { "comment" };
        let what = match self.kind {
            EventKind::PostCreated => format!("A {noun}"),
            EventKind::PostUpdated => format!("A new text of a {noun}"),
            EventKind::PostDeleted => format!("The deletion of a {noun}"),
            EventKind::Liked => format!("A like of a {noun}"),
            EventKind::Unliked => format!("A like of a {noun}, taken back"),
            EventKind::Boosted => format!("A boost of a {noun}"),
            EventKind::Unboosted => format!("A boost of a {noun}, taken back"),
            EventKind::Voted => "A vote".to_owned(),
            EventKind::PollCounted => "How the votes in a poll stand".to_owned(),
            _ => return None,
        };
        let by = self.by.handle();
        let place = match &self.group {
            Some(group) => group.title(),
            None => "a profile",
        };
        let title = self.title.as_ref().map(|title| format!(": {title}"));
        let title = title.unwrap_or_default();
        Some(format!("{what} by @{by} in {place}{title}"))
    }
}

/// What each of these deliveries tells of; none: of no post.
pub async fn describe(
    app: &App,
    viewer: Viewer,
    deliveries: &[Delivery],
) -> Result<HashMap<DeliveryId, About>> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let told: Vec<_> = deliveries.iter().map(|one| (one.id, one.event)).collect();
    app.db
        .read("describe_deliveries", move |connection| {
            let mut described = HashMap::with_capacity(told.len());
            for (delivery, event) in told {
                if let Some(about) = about(connection, &asker, event)? {
                    described.insert(delivery, about);
                }
            }
            Ok(described)
        })
        .await
}

fn about(connection: &mut Connection, asker: &Asker, event: EventId) -> Result<Option<About>> {
    let Some(event) = storage::events::find(connection, event)? else {
        return Ok(None);
    };
    let Some(post) = event.post else {
        return Ok(None);
    };
    let post = storage::posts::find(connection, post)?.ok_or(Error::NotFound)?;
    let group = access::find_group_of(connection, &post)?;
    let read = access::explain(connection, asker, Action::Read, group.as_ref(), Some(&post))?;
    let by = storage::actors::find(connection, event.actor)?.ok_or(Error::NotFound)?;
    let title = post.title.clone().filter(|title| !title.is_empty());
    Ok(Some(About {
        kind: event.kind,
        by,
        topic: post.is_topic(),
        title: title.filter(|_| read.is_ok() && post.state == PostState::Visible),
        group,
    }))
}

/// A part of the events of which nobody was told because they could not be put into words, newest first.
pub async fn list_untold(app: &App, viewer: Viewer, page: Page) -> Result<Vec<Untold>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_untold", move |connection| {
            storage::untold::list(connection, page)
        })
        .await
}

/// Tries again to tell an event that could not be told (none: all of them); how many.
pub async fn retell(app: &App, viewer: Viewer, event: Option<EventId>) -> Result<usize> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let count = app
        .db
        .write("retell_events", move |connection| {
            let count = storage::untold::plan_anew(connection, event)?;
            let subject = event.map_or_else(|| "all".to_owned(), |event| event.to_string());
            let action = AuditAction::EventRetold;
            audit::note(connection, &asker, action, &subject, &count.to_string())?;
            Ok(count)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(count)
}

/// Makes waiting and given-up deliveries due, and has their servers asked at once, also one that rests;
/// how many. What was let in and refused afterwards is said anew.
pub async fn retry(
    app: &App,
    viewer: Viewer,
    host: Option<Host>,
    id: Option<DeliveryId>,
) -> Result<usize> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let count = app
        .db
        .write("retry_deliveries", move |connection| {
            let anew = refusals::say_anew(connection, host.as_ref(), id, asker.now)?;
            let count =
                storage::deliveries::retry(connection, host.as_ref(), id, asker.now)? + anew;
            let theirs = match id {
                Some(id) => storage::deliveries::find(connection, id)?.map(|one| one.host),
                None => host.clone(),
            };
            if id.is_none() || theirs.is_some() {
                storage::destinations::free(connection, theirs.as_ref(), asker.now)?;
            }
            let subject = host.map_or_else(|| "all".to_owned(), |host| host.to_string());
            audit::note(
                connection,
                &asker,
                AuditAction::DeliveryRetried,
                &subject,
                &count.to_string(),
            )?;
            Ok(count)
        })
        .await?;
    app.bells.events.notify_one();
    app.bells.deliveries.notify_one();
    Ok(count)
}

/// Has a server that rests, or wanted nothing for a while, asked at once.
pub async fn ask(app: &App, viewer: Viewer, host: Host) -> Result<()> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .write("ask_destination", move |connection| {
            storage::deliveries::wake(connection, &host, asker.now)?;
            storage::destinations::free(connection, Some(&host), asker.now)?;
            let action = AuditAction::DeliveryRetried;
            audit::note(connection, &asker, action, host.as_str(), "asked now")
        })
        .await?;
    app.bells.deliveries.notify_one();
    Ok(())
}

/// Gives a delivery up for good.
pub async fn discard(app: &App, viewer: Viewer, id: DeliveryId) -> Result<()> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .write("discard_delivery", move |connection| {
            let delivery = storage::deliveries::find(connection, id)?.ok_or(Error::NotFound)?;
            if !storage::deliveries::discard(connection, id, asker.now)? {
                return Err(Error::Conflict(format!(
                    "the delivery is {}: there is nothing to discard",
                    delivery.state
                )));
            }
            audit::note(
                connection,
                &asker,
                AuditAction::DeliveryDiscarded,
                delivery.host.as_str(),
                &id.to_string(),
            )
        })
        .await?;
    app.bells.deliveries.notify_one();
    Ok(())
}
