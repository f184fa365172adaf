//! Planning: who is told of what happened, from the events.
//!
//! Everything is read and put into words beside the writer; what it writes is only the queue. That an
//! answer may be out of date when a delivery leaves does no harm: permission is asked again then.

use std::collections::{BTreeMap, HashMap};

use crate::app::{Addresses, App, Asker};
use crate::config::Config;
use crate::domain::{
    Actor, ActorId, ActorState, Boosts, DeliveryGround, Event, EventId, EventKind, Group,
    GroupDialect, GroupId, Host, Interaction, InteractionPolicy, PartnerId, Post, PostId,
    Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{House, Reason, Viewer};
use crate::services::access::Receivers;
use crate::services::deliveries::copies::copies;
use crate::services::deliveries::destinations::{
    address, address_group, address_server_of, keep_apart, partners_who_know,
};
use crate::services::deliveries::known::{Known, known};
use crate::services::deliveries::news::{
    ActorNews, ActorTelling, GroupTelling, News, Render, Telling,
};
use crate::services::deliveries::routes::{Matter, Route, Shares, routes, without_microblogs};
use crate::services::deliveries::telling;
use crate::services::retractions::{self, Deleted};
use crate::services::signing::{self, Pens, PrivateKey};
use crate::services::{accounts, dialects, documents, house, outbound_rules, refusals};
use crate::storage::deliveries::NewMessage;
use crate::storage::{self, Connection};

/// Events planned together.
const EVENTS_PER_PLAN: i64 = 64;

/// How long an event is tried that cannot be planned.
const TOLD_WITHIN: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Plans the deliveries of events nobody has planned yet; how many events there were.
pub async fn plan(app: &App, render: Render) -> Result<usize> {
    let asker = app.asker(Viewer::Anonymous);
    let addresses = app.addresses();
    let config = app.clone();
    let planned = app
        .db
        .read("plan_deliveries", move |connection| {
            let events = storage::events::list_unplanned(connection, EVENTS_PER_PLAN)?;
            Planner::new(&asker, &addresses, &config.config, render).plan_all(connection, &events)
        })
        .await?;
    if planned.is_empty() {
        return Ok(0);
    }
    let asker = app.asker(Viewer::Operator);
    let count = app
        .db
        .write_patiently("queue_deliveries", move |connection| {
            queue(connection, planned, &asker)
        })
        .await?;
    if count > 0 {
        app.bells.deliveries.notify_one();
    }
    Ok(count)
}

/// An event with what is to be sent because of it.
struct Planned {
    event: EventId,
    kind: EventKind,
    group: Option<GroupId>,
    messages: Vec<NewMessage>,
    telling: Told,
}

/// How putting an event into words went.
enum Told {
    Well,
    /// The same, after it had failed.
    AtLast,
    /// It is given up, and administrators see why.
    Never(String),
    /// The fault may pass: it is tried again, and administrators see why meanwhile.
    NotYet(String),
}

/// Writes down what was planned, unless another process planned it meanwhile; how many events are done
/// with.
fn queue(connection: &mut Connection, mut planned: Vec<Planned>, asker: &Asker) -> Result<usize> {
    let now = asker.now;
    let ids: Vec<EventId> = planned.iter().map(|planned| planned.event).collect();
    let open = storage::events::hold_unplanned(connection, &ids)?;
    planned.retain(|planned| open.contains(&planned.event));
    let (mut done, mut at_last) = (Vec::with_capacity(planned.len()), Vec::new());
    for Planned { event, telling, .. } in &planned {
        match telling {
            Told::Well => done.push(*event),
            Told::AtLast => {
                done.push(*event);
                at_last.push(*event);
            }
            Told::Never(problem) => {
                done.push(*event);
                storage::untold::note(connection, *event, problem, now)?;
            }
            Told::NotYet(problem) => storage::untold::note(connection, *event, problem, now)?,
        }
    }
    if !at_last.is_empty() {
        storage::untold::forget(connection, &at_last)?;
    }
    retractions::note_deleted(connection, asker, &deleted(&planned))?;
    let messages = still_to_be_told(connection, planned, asker.house, now)?;
    storage::deliveries::insert(connection, &messages, now)?;
    storage::events::mark_planned(connection, &done, now)?;
    Ok(done.len())
}

/// The posts that are taken back, with the servers that are told.
fn deleted(planned: &[Planned]) -> Vec<Deleted> {
    let of_posts = planned
        .iter()
        .filter(|planned| planned.kind == EventKind::PostDeleted);
    of_posts
        .filter_map(|planned| {
            let destinations = planned.messages.iter().flat_map(|one| &one.destinations);
            let mut hosts: Vec<Host> = destinations.map(|(host, _)| host.clone()).collect();
            hosts.sort_unstable();
            hosts.dedup();
            Some(Deleted {
                group: planned.group?,
                post: planned.messages.first()?.post?,
                hosts,
            })
        })
        .collect()
}

/// Without the texts that were taken back while they were planned: an erased person's words must not
/// get into the queue behind the erasure. Nor what a rule holds that was made meanwhile.
fn still_to_be_told(
    connection: &mut Connection,
    mut planned: Vec<Planned>,
    house: House,
    now: Timestamp,
) -> Result<Vec<NewMessage>> {
    // That a house is asked to bring a post back carries nothing of it.
    let asks = |planned: &Planned| {
        let addressed = |message: &NewMessage| message.ground == DeliveryGround::Addressed;
        planned.kind == EventKind::PostRestored && planned.messages.iter().all(addressed)
    };
    let texts = |planned: &Planned| match planned.kind.carries_text() && !asks(planned) {
        true => planned.messages.first().and_then(|message| message.post),
        false => None,
    };
    let posts: Vec<PostId> = planned.iter().filter_map(texts).collect();
    let visible = storage::posts::list_visible(connection, &posts)?;
    outbound_rules::again(connection, house, &posts, now)?;
    let held = storage::holds::list_among(connection, &posts)?;
    for planned in &mut planned {
        if let Some(holds) = texts(planned).and_then(|post| held.get(&post)) {
            for message in &mut planned.messages {
                let kept = |(host, _): &(Host, Uri)| !holds.keep_from(Some(host));
                message.destinations.retain(kept);
            }
            planned
                .messages
                .retain(|message| !message.destinations.is_empty());
        }
    }
    let stands = |planned: &Planned| texts(planned).is_none_or(|post| visible.contains(&post));
    Ok(planned
        .into_iter()
        .filter(stands)
        .flat_map(|planned| planned.messages)
        .collect())
}

/// Plans events one after the other and remembers what they have in common.
struct Planner<'a> {
    asker: &'a Asker,
    addresses: &'a Addresses,
    render: Render,
    known: Known,
    receivers: Receivers<'a>,
    member_hosts: HashMap<GroupId, Vec<(Host, Uri)>>,
    pens: HashMap<ActorId, Option<PrivateKey>>,
    /// The servers that will get something about a post because of an earlier event of this round:
    /// the queue does not know of it yet.
    about_to_get: HashMap<PostId, BTreeMap<Host, Uri>>,
    /// The servers that understand boosts; read when it first matters.
    dialects: Option<HashMap<Host, GroupDialect>>,
    /// Says what the house is called.
    config: &'a Config,
}

impl<'a> Planner<'a> {
    fn new(asker: &'a Asker, addresses: &'a Addresses, config: &'a Config, render: Render) -> Self {
        Self {
            asker,
            addresses,
            render,
            known: Known::default(),
            receivers: Receivers::new(asker),
            member_hosts: HashMap::new(),
            pens: HashMap::new(),
            about_to_get: HashMap::new(),
            dialects: None,
            config,
        }
    }

    /// One event that cannot be told must not hold up all others; nor is it given up for a fault that
    /// passes.
    fn plan_all(&mut self, connection: &mut Connection, events: &[Event]) -> Result<Vec<Planned>> {
        self.meet(connection, events)?;
        let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
        let failed_before = storage::untold::list_among(connection, &ids)?;
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            let failed_before = failed_before.contains(&event.id);
            let (messages, telling) = match self.plan(connection, event) {
                Ok(messages) if failed_before => (messages, Told::AtLast),
                Ok(messages) => (messages, Told::Well),
                Err(error) => {
                    tracing::error!(%error, event = %event.id, kind = %event.kind, "an event could not be told");
                    let again =
                        error.is_temporary() && self.asker.now.since(event.at) < TOLD_WITHIN;
                    match again {
                        // Noted already.
                        true if failed_before => continue,
                        true => (Vec::new(), Told::NotYet(error.to_string())),
                        false => (Vec::new(), Told::Never(error.to_string())),
                    }
                }
            };
            all.push(Planned {
                event: event.id,
                kind: event.kind,
                group: event.group,
                messages,
                telling,
            });
        }
        Ok(all)
    }

    /// Reads at once whom and what the events are about.
    fn meet(&mut self, connection: &mut Connection, events: &[Event]) -> Result<()> {
        let ids: Vec<PostId> = events.iter().filter_map(|event| event.post).collect();
        let posts = self.known.meet_posts(connection, &ids)?;
        self.receivers.meet_posts(connection, &posts)?;
        let doers = events.iter().map(|event| event.actor);
        let mut people: Vec<ActorId> = doers.chain(posts.iter().map(|post| post.author)).collect();
        people.sort_unstable();
        people.dedup();
        self.known.meet_actors(connection, &people)
    }

    fn plan(&mut self, connection: &mut Connection, event: &Event) -> Result<Vec<NewMessage>> {
        match event.kind {
            EventKind::PersonUpdated
            | EventKind::PersonMoved
            | EventKind::PersonDeleted
            | EventKind::ActorUpdated
            | EventKind::PartnershipEnded
            | EventKind::RetractionAnswered
            | EventKind::PartnershipChanged
            | EventKind::MoveWithdrawn
            | EventKind::MoveDeclined
            | EventKind::ActivityRefused => {
                let message = self.plan_of_actor(connection, event)?;
                Ok(message.into_iter().collect())
            }
            EventKind::FollowRequested
            | EventKind::Unfollowed
            | EventKind::FollowAccepted
            | EventKind::FollowRejected => self.plan_follow(connection, event),
            EventKind::Boosted | EventKind::Unboosted => self.plan_boost(connection, event),
            EventKind::InteractionAnswered => self.plan_answer(connection, event),
            _ if event.group.is_none() => self.plan_on_profile(connection, event),
            _ => self.plan_in_group(connection, event),
        }
    }

    /// Tells the servers that know, or may know, somebody or something of ours what became of them.
    fn plan_of_actor(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Option<NewMessage>> {
        let none = || Error::internal(format!("event {} has no actor", event.id));
        let actor = storage::actors::find(connection, event.actor)?.ok_or_else(none)?;
        let (news, ground, destinations) = match event.kind {
            EventKind::PersonDeleted => (
                ActorNews::Gone,
                DeliveryGround::Retraction,
                accounts::read_acquainted(event.activity.as_deref().unwrap_or_default())?,
            ),
            EventKind::PartnershipEnded => {
                let Some(instance) = telling::partner_of(connection, event)? else {
                    return Ok(None);
                };
                let news = ActorNews::PartnershipEnded {
                    agreement: event.activity.as_deref().unwrap_or_default().parse()?,
                    instance: instance.uri.clone(),
                };
                (news, DeliveryGround::Retraction, address(&instance))
            }
            EventKind::RetractionAnswered => {
                let Some(instance) = telling::partner_of(connection, event)? else {
                    return Ok(None);
                };
                let told = event.activity.as_deref().unwrap_or_default();
                let (retraction, answer) = retractions::receive::read_told(told)?;
                let news = ActorNews::RetractionAnswered {
                    retraction,
                    answer,
                    instance: instance.uri.clone(),
                };
                (news, DeliveryGround::Retraction, address(&instance))
            }
            EventKind::PartnershipChanged => {
                let Some((partner, instance)) = telling::partnership_of(connection, event)? else {
                    return Ok(None);
                };
                let news = ActorNews::PartnershipChanged {
                    agreement: event.activity.as_deref().unwrap_or_default().parse()?,
                    instance: instance.uri.clone(),
                    terms: partner.ours,
                };
                (news, DeliveryGround::Partnership, address(&instance))
            }
            EventKind::PersonMoved => {
                let target = event.activity.as_deref().unwrap_or_default().parse()?;
                let followers = storage::follows::list_follower_hosts(connection, actor.id)?;
                let news = ActorNews::Moved { target };
                (news, DeliveryGround::Addressed, followers)
            }
            EventKind::MoveWithdrawn | EventKind::MoveDeclined => {
                let offer: Uri = event.activity.as_deref().unwrap_or_default().parse()?;
                let offered = storage::moves::find(connection, &offer)?;
                let instance = telling::partner_of(connection, event)?;
                let (Some(offered), Some(instance)) = (offered, instance) else {
                    return Ok(None);
                };
                let (group, partner) = (offered.group, instance.uri.clone());
                match event.kind {
                    EventKind::MoveWithdrawn => {
                        let news = ActorNews::MoveWithdrawn {
                            offer,
                            group,
                            instance: partner,
                        };
                        (news, DeliveryGround::Retraction, address(&instance))
                    }
                    _ => {
                        let news = ActorNews::MoveDeclined {
                            offer,
                            group,
                            instance: partner,
                        };
                        (news, DeliveryGround::Partnership, address(&instance))
                    }
                }
            }
            EventKind::ActivityRefused => {
                let Some((person, activity, reason)) = refusals::read_told(connection, event)?
                else {
                    return Ok(None);
                };
                let destinations = address(&person);
                let news = ActorNews::ActivityRefused {
                    activity,
                    reason,
                    person: person.uri,
                };
                (news, DeliveryGround::Addressed, destinations)
            }
            // Gone again before it was told.
            _ if actor.state == ActorState::Deleted => return Ok(None),
            kind => {
                let group = storage::groups::find(connection, actor.id.group())?;
                let destinations = match kind {
                    EventKind::PersonUpdated => {
                        accounts::list_acquainted(connection, self.asker, actor.id)?
                    }
                    _ => partners_who_know(connection, self.asker, &actor, group.as_ref())?,
                };
                let news = ActorNews::Changed {
                    group: group.map(Box::new),
                    keys: documents::public_keys(connection, &actor, self.asker.now)?,
                    approval: storage::follows::find_approval(connection, actor.id)?,
                    ways: storage::ways::find(connection, actor.id)?,
                };
                (news, DeliveryGround::Addressed, destinations)
            }
        };
        if destinations.is_empty() {
            return Ok(None);
        }
        let pens = self.pens(connection, None, &actor)?;
        let (signer, lane) = (actor.id, actor.id.0);
        let telling = Telling::Actor(Box::new(ActorTelling {
            event: event.id,
            actor,
            news,
        }));
        let rendered = (self.render)(self.addresses, &telling, &pens)?;
        Ok(Some(NewMessage {
            event: event.id,
            activity: rendered.id,
            body: rendered.body,
            revision: rendered.revision,
            signer,
            ground,
            group: None,
            post: None,
            lane,
            destinations,
        }))
    }

    fn plan_in_group(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Vec<NewMessage>> {
        let post = match event.post {
            Some(post) => self.known.post(connection, post)?.cloned(),
            None => None,
        };
        let told = telling::tell(
            connection,
            &mut self.known,
            event,
            post.as_ref(),
            self.asker.now,
        )?;
        let Some((telling, ground)) = told else {
            return Ok(Vec::new());
        };
        let post = post.as_ref();
        let destinations = self.destinations(connection, event, &telling, ground, post)?;
        if destinations.is_empty() {
            return Ok(Vec::new());
        }
        let routes = self.routes(connection, event, telling, post, destinations)?;
        let own = concerned(connection, event)?.and_then(|person| person.host);
        let mut messages = Vec::with_capacity(routes.len());
        for (telling, destinations) in routes {
            let (to_own, others): (Vec<_>, Vec<_>) = destinations
                .into_iter()
                .partition(|(host, _)| Some(host) == own.as_ref());
            // Who is concerned hears of it also where nobody is a member any more.
            for (ground, part) in [(DeliveryGround::Retraction, to_own), (ground, others)] {
                if !part.is_empty() {
                    let route = (telling.clone(), part);
                    messages.push(self.message(connection, event, route, ground, post)?);
                }
            }
        }
        Ok(messages)
    }

    /// Which of the servers get it in which form.
    fn routes(
        &mut self,
        connection: &mut Connection,
        event: &Event,
        telling: GroupTelling,
        post: Option<&Post>,
        destinations: Vec<(Host, Uri)>,
    ) -> Result<Vec<Route>> {
        let whole = (telling, destinations);
        if !whole.0.announced {
            return Ok(vec![whole]);
        }
        let dialects = match &mut self.dialects {
            Some(dialects) => dialects,
            none => none.insert(dialects::with_boosts(connection)?),
        };
        if dialects.is_empty() && event.kind != EventKind::MirrorTakenBack {
            return Ok(vec![whole]);
        }
        let Some(post) = post else {
            return Ok(vec![without_microblogs(whole, dialects)]);
        };
        let kind = told_as(event.kind);
        let addressee = addressee(connection, &mut self.known, kind, post)?;
        let (telling, destinations) = whole;
        let matter = Matter {
            kind,
            post,
            addressee,
            dialects,
            reserves_boosts: reserves_boosts(connection, &telling.group, post)?,
            was_boosted: was_boosted(connection, self.addresses, &telling.group, post)?,
        };
        let Shares { mut routes, copied } = routes(telling.clone(), destinations, matter);
        if !copied.is_empty() {
            let organization = house::find_organization(connection, self.config)?;
            let known = &mut self.known;
            let news = (&telling, kind, post);
            let copies = copies(connection, known, self.asker, &organization, news, copied)?;
            routes.extend(copies);
        }
        Ok(routes)
    }

    fn message(
        &mut self,
        connection: &mut Connection,
        event: &Event,
        (telling, destinations): Route,
        ground: DeliveryGround,
        post: Option<&Post>,
    ) -> Result<NewMessage> {
        if let (DeliveryGround::News | DeliveryGround::Addressed, Some(post)) = (ground, event.post)
        {
            let getting = self.about_to_get.entry(post).or_default();
            getting.extend(destinations.iter().cloned());
        }
        let signer = telling::signer(connection, &telling)?;
        let pens = self.pens(connection, telling.news.speaker(), &signer)?;
        let (group, lane) = (telling.group.id, lane(event, &telling, post));
        let rendered = (self.render)(self.addresses, &Telling::Group(Box::new(telling)), &pens)?;
        Ok(NewMessage {
            event: event.id,
            activity: rendered.id,
            body: rendered.body,
            revision: rendered.revision,
            signer: signer.id,
            ground,
            group: Some(group),
            post: event.post,
            lane: lane.unwrap_or(group.0),
            destinations,
        })
    }

    /// Which servers are told.
    fn destinations(
        &mut self,
        connection: &mut Connection,
        event: &Event,
        telling: &GroupTelling,
        ground: DeliveryGround,
        post: Option<&Post>,
    ) -> Result<Vec<(Host, Uri)>> {
        match &telling.news {
            News::JoinAccepted { person, .. } | News::JoinRejected { person, .. } => {
                Ok(address(person))
            }
            News::GrantOffered { instance, .. }
            | News::GrantEnded { instance, .. }
            | News::RetractionAsked { instance, .. }
            | News::MoveOffered { instance, .. }
            | News::MoveAccepted { instance, .. } => Ok(address(instance)),
            News::Invited {
                person: Some(person),
                ..
            } => Ok(address(person)),
            News::Invited { handle, .. } => address_server_of(connection, handle),
            News::Reported { author, .. } => {
                let mut told = address(author);
                if !telling.group.is_local() {
                    let house = address_group(&telling.group.actor);
                    told.retain(|(host, _)| house.iter().all(|(other, _)| other != host));
                    told.extend(house);
                }
                Ok(told)
            }
            _ if !telling.group.is_local() => {
                let mut house = address_group(&telling.group.actor);
                // What its house never got needs no taking back there.
                if let (DeliveryGround::Retraction, Some(post)) = (ground, event.post) {
                    let got = self.hosts_that_got(connection, post)?;
                    house.retain(|(host, _)| got.contains_key(host));
                }
                Ok(house)
            }
            _ if event.kind == EventKind::Voted => {
                let mut hosts = self.receivers(connection, &telling.group, post)?;
                keep_apart(connection, event.actor, &telling.group, &mut hosts)?;
                let counting = self.author_host(connection, post)?;
                hosts.retain(|(host, _)| Some(host) == counting.as_ref());
                Ok(hosts)
            }
            _ => match (ground, event.post) {
                (DeliveryGround::Retraction, Some(post)) => {
                    let mut got = self.hosts_that_got(connection, post)?;
                    if matches!(
                        event.kind,
                        EventKind::PostDeleted | EventKind::PostAskedBack
                    ) {
                        add_readers(connection, post, &mut got)?;
                    }
                    let mut hosts: Vec<_> = got.into_iter().collect();
                    if event.kind == EventKind::PostAskedBack {
                        let asked = self.partner_host(connection, event)?;
                        hosts.retain(|(host, _)| Some(host) == asked.as_ref());
                    }
                    // Whoever took back what is theirs did so at their own server first.
                    if event.kind == EventKind::PostDeleted {
                        let by = self.known.actor(connection, event.actor)?;
                        let home = by.and_then(|by| by.host.clone());
                        hosts.retain(|(host, _)| Some(host) != home.as_ref());
                    }
                    // Who was not told of a like is not told that it was taken back.
                    if matches!(event.kind, EventKind::Unliked | EventKind::Undisliked) {
                        keep_apart(connection, event.actor, &telling.group, &mut hosts)?;
                    }
                    Ok(hosts)
                }
                _ => {
                    let mut hosts = self.receivers(connection, &telling.group, post)?;
                    if matches!(event.kind, EventKind::Liked | EventKind::Disliked) {
                        keep_apart(connection, event.actor, &telling.group, &mut hosts)?;
                    }
                    if let Some(person) = concerned(connection, event)? {
                        keep_apart(connection, person.id, &telling.group, &mut hosts)?;
                        let own = address(&person);
                        hosts.retain(|(host, _)| own.iter().all(|(other, _)| other != host));
                        hosts.extend(own);
                    }
                    Ok(hosts)
                }
            },
        }
    }

    /// The servers that got something about a post, or will because of an earlier event.
    fn hosts_that_got(
        &self,
        connection: &mut Connection,
        post: PostId,
    ) -> Result<BTreeMap<Host, Uri>> {
        let mut hosts = self.about_to_get.get(&post).cloned().unwrap_or_default();
        hosts.extend(storage::deliveries::list_hosts_that_got(connection, post)?);
        Ok(hosts)
    }

    /// The server of the partner that an event concerns.
    fn partner_host(&self, connection: &mut Connection, event: &Event) -> Result<Option<Host>> {
        let partner = match event.object.map(PartnerId) {
            Some(partner) => storage::partners::find(connection, partner)?,
            None => None,
        };
        Ok(partner.map(|partner| partner.host))
    }

    /// The server that a post is from.
    fn author_host(
        &mut self,
        connection: &mut Connection,
        post: Option<&Post>,
    ) -> Result<Option<Host>> {
        let Some(post) = post else { return Ok(None) };
        let author = self.known.actor(connection, post.author)?;
        Ok(author.and_then(|author| author.host.clone()))
    }

    /// What proves the words of who did it, and of who tells it.
    fn pens(
        &mut self,
        connection: &mut Connection,
        speaker: Option<&Actor>,
        signer: &Actor,
    ) -> Result<Pens> {
        let at = self.asker.now;
        let mut pens = Vec::with_capacity(2);
        for actor in speaker.into_iter().chain([signer]) {
            let pen = known(&mut self.pens, &actor.id, || {
                signing::find_pen(connection, actor, at)
            })?;
            pens.extend(pen.clone().map(|pen| (actor.uri.clone(), pen)));
        }
        Ok(Pens { at, pens })
    }

    /// The members' servers that may get it. What a paused partner would get is kept for it: whether it
    /// may leave is asked again when the partnership goes on.
    fn receivers(
        &mut self,
        connection: &mut Connection,
        group: &Group,
        post: Option<&Post>,
    ) -> Result<Vec<(Host, Uri)>> {
        let receivers = &mut self.receivers;
        let hosts = known(&mut self.member_hosts, &group.id, || {
            let hosts = storage::memberships::list_member_hosts(connection, group.id)?;
            let all: Vec<&Host> = hosts.iter().map(|(host, _)| host).collect();
            receivers.meet(connection, group, &all)?;
            Ok(hosts)
        })?;
        let mut allowed = Vec::with_capacity(hosts.len());
        for (host, inbox) in hosts.iter() {
            let answer = self.receivers.ask(connection, host, group, post)?;
            let reason = answer.err().map(|refusal| refusal.reason);
            if matches!(
                reason,
                None | Some(Reason::PartnershipPaused | Reason::Stopped)
            ) {
                allowed.push((host.clone(), inbox.clone()));
            }
        }
        Ok(allowed)
    }
}

/// Adds the servers that fetched a post, where they can be written to.
fn add_readers(
    connection: &mut Connection,
    post: PostId,
    got: &mut BTreeMap<Host, Uri>,
) -> Result<()> {
    for host in storage::deliveries::list_hosts_that_fetched(connection, post)? {
        if got.contains_key(&host) {
            continue;
        }
        if let Some(inbox) = storage::actors::find_inbox_at(connection, &host)? {
            got.insert(host, inbox);
        }
    }
    Ok(())
}

/// In which forms it is told: what is asked back is told as what is deleted.
const fn told_as(kind: EventKind) -> EventKind {
    match kind {
        EventKind::PostAskedBack => EventKind::PostDeleted,
        kind => kind,
    }
}

/// Whose standing in a group of ours is told.
fn concerned(connection: &mut Connection, event: &Event) -> Result<Option<Actor>> {
    match (event.kind, event.object) {
        (
            EventKind::MemberBanned
            | EventKind::BanLifted
            | EventKind::ModeratorAdded
            | EventKind::ModeratorRemoved,
            Some(person),
        ) => storage::actors::find(connection, ActorId(person)),
        _ => Ok(None),
    }
}

/// Whether who wrote it elsewhere does not want a group to boost it.
fn reserves_boosts(connection: &mut Connection, group: &Group, post: &Post) -> Result<bool> {
    let standing = storage::posts::find_standing(connection, post.id)?;
    let policy = standing.and_then(|standing| standing.interaction);
    let allows = |policy: InteractionPolicy| policy.allows(Interaction::Announce, &group.actor.uri);
    Ok(!policy.is_none_or(allows))
}

/// Whether a group boosted a post. What it boosts may have been chosen otherwise since.
fn was_boosted(
    connection: &mut Connection,
    addresses: &Addresses,
    group: &Group,
    post: &Post,
) -> Result<bool> {
    let boosts = post.is_topic() || group.outreach.boosts == Boosts::All;
    match boosts && !group.is_mirrored() {
        true => Ok(true),
        false => storage::deliveries::is_known(connection, post.id, &addresses.boost(post.id)),
    }
}

/// To whom news of a post are said: who wrote what a comment answers, what is liked or voted in.
fn addressee(
    connection: &mut Connection,
    known: &mut Known,
    kind: EventKind,
    post: &Post,
) -> Result<Option<Actor>> {
    let about = match (kind, post.parent) {
        (EventKind::Liked | EventKind::Unliked | EventKind::Voted, _) => Some(post.author),
        (_, Some(parent)) => known.post(connection, parent)?.map(|parent| parent.author),
        (_, None) => None,
    };
    Ok(match about {
        Some(person) => known.actor(connection, person)?.cloned(),
        None => None,
    })
}

/// What has to arrive in order: a topic's news, a person's, and what a group says of its own
/// standing, for a grant may replace another (none: the group's lane). Who is erased takes everything
/// back before they are gone, themselves or by the group that announces it, or nobody would listen any
/// more; what waited with a text of theirs was withheld, so nothing is overtaken by that.
fn lane(event: &Event, telling: &GroupTelling, post: Option<&Post>) -> Option<i64> {
    let speaker = telling.news.speaker();
    if let Some(gone) = speaker.filter(|by| by.state == ActorState::Deleted) {
        return Some(gone.id.0);
    }
    match &telling.news {
        News::GrantOffered { .. } | News::GrantEnded { .. } | News::GroupChanged { .. } => None,
        // Behind what may still be said in the topic, and behind the end of the grant.
        News::RetractionAsked { request, .. } => request.topic.map(|topic| topic.0),
        _ => post.map(|post| post.topic.0).or(event.object),
    }
}

mod boosts;
mod profile;
#[cfg(test)]
mod tests;
