//! What leaves the house: planning who is told of what happened, asking again before the bytes
//! leave, and writing down how it went.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::app::{Addresses, App, Asker};
use crate::domain::{
    Actor, ActorId, ActorKey, ActorKind, ActorState, Audience, AuditAction, Delivery,
    DeliveryGround, DeliveryId, DeliveryState, Destination, Event, EventId, EventKind, Grant,
    Group, GroupId, Handle, Host, Partner, PartnerState, Post, PostId, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{FederationMode, Reason, Viewer, act};
use crate::services::access::{self, Receivers};
use crate::services::signing::{Pens, PrivateKey};
use crate::services::{accounts, audit, documents, signing};
use crate::storage::deliveries::{Claimed, NewMessage, Outcome};
use crate::storage::{self, Connection};

/// What there is to tell, with everything needed to put it on the wire.
#[derive(Clone, Debug)]
pub enum News {
    PostCreated {
        post: Post,
        author: Actor,
        parent: Option<Uri>,
    },
    PostUpdated {
        post: Post,
        author: Actor,
        parent: Option<Uri>,
    },
    PostDeleted {
        post: Post,
        author: Actor,
    },
    /// By a moderator.
    PostRemoved {
        post: Post,
        by: Actor,
        reason: Option<String>,
    },
    /// A moderator took a removal back.
    PostRestored {
        post: Post,
        by: Actor,
    },
    TopicLocked {
        topic: Post,
        by: Actor,
    },
    TopicUnlocked {
        topic: Post,
        by: Actor,
    },
    Liked {
        like: Uri,
        post: Post,
        by: Actor,
    },
    Unliked {
        like: Uri,
        post: Post,
        by: Actor,
    },
    JoinRequested {
        follow: Uri,
        by: Actor,
    },
    Left {
        follow: Uri,
        by: Actor,
    },
    JoinAccepted {
        follow: Uri,
        person: Actor,
    },
    JoinRejected {
        follow: Uri,
        person: Actor,
    },
    /// A person elsewhere is asked to come into a group of ours.
    Invited {
        handle: String,
        /// None: nothing is known of them but the handle.
        person: Option<Actor>,
    },
    /// Somebody elsewhere did something in a group of ours: passed on as it came.
    PassedOn {
        activity: String,
        /// The document of who did it as their own server signed it, where it does.
        introduction: Option<String>,
    },
    GrantOffered {
        grant: Grant,
        partner: Partner,
        instance: Actor,
    },
    GrantEnded {
        grant: Grant,
        partner: Partner,
        instance: Actor,
    },
    /// The group's own document changed; with the keys it lists.
    GroupChanged {
        keys: Vec<ActorKey>,
    },
}

impl News {
    /// Somebody of this house who does what is told.
    const fn speaker(&self) -> Option<&Actor> {
        match self {
            Self::PostCreated { author: by, .. }
            | Self::PostUpdated { author: by, .. }
            | Self::PostDeleted { author: by, .. }
            | Self::PostRemoved { by, .. }
            | Self::PostRestored { by, .. }
            | Self::TopicLocked { by, .. }
            | Self::TopicUnlocked { by, .. }
            | Self::Liked { by, .. }
            | Self::Unliked { by, .. }
            | Self::JoinRequested { by, .. }
            | Self::Left { by, .. } => Some(by),
            Self::JoinAccepted { .. }
            | Self::JoinRejected { .. }
            | Self::Invited { .. }
            | Self::GroupChanged { .. }
            | Self::PassedOn { .. }
            | Self::GrantOffered { .. }
            | Self::GrantEnded { .. } => None,
        }
    }
}

/// News with its place: which group it concerns and which event it comes from.
#[derive(Clone, Debug)]
pub struct GroupTelling {
    pub event: EventId,
    pub news: News,
    pub group: Group,
    /// The group itself tells its members (`Announce`); otherwise the person tells the group.
    pub announced: bool,
}

/// What somebody or something of ours has to say of themselves.
#[derive(Clone, Debug)]
pub struct ActorTelling {
    pub event: EventId,
    pub actor: Actor,
    pub news: ActorNews,
}

/// What became of an actor of ours.
#[derive(Clone, Debug)]
pub enum ActorNews {
    /// Its document says something else, or lists other keys.
    Changed {
        /// Of a group.
        group: Option<Box<Group>>,
        /// The keys that count, without their private halves.
        keys: Vec<ActorKey>,
    },
    /// The person is gone, and so is the document.
    Gone,
}

/// What is put on the wire: something in a group, or about an actor.
#[derive(Clone, Debug)]
pub enum Telling {
    Group(Box<GroupTelling>),
    Actor(Box<ActorTelling>),
}

/// An activity ready for the wire.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub id: Uri,
    pub body: String,
}

/// Puts news on the wire: federation's part of planning.
pub type Render = fn(&Addresses, &Telling, &Pens) -> Result<Rendered>;

/// Events planned in one transaction.
const EVENTS_PER_PLAN: i64 = 32;

/// How long an event is tried that cannot be planned.
const TOLD_WITHIN: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Plans the deliveries of events nobody has planned yet; how many events there were.
pub async fn plan(app: &App, render: Render) -> Result<usize> {
    let asker = app.asker(Viewer::Anonymous);
    let addresses = app.addresses();
    let count = app
        .db
        .write_patiently("plan_deliveries", move |connection| {
            let events = storage::events::claim_unplanned(connection, EVENTS_PER_PLAN)?;
            if events.is_empty() {
                return Ok(0);
            }
            let mut planner = Planner::new(&asker, &addresses, render);
            let mut done = Vec::with_capacity(events.len());
            for event in events {
                let planned = storage::savepoint(connection, |connection| {
                    planner.plan(connection, &event)
                });
                // One event that cannot be told must not hold up all others; nor is it given up
                // for a fault that passes.
                if let Err(error) = planned {
                    tracing::error!(%error, event = %event.id, kind = %event.kind, "an event could not be told");
                    if error.is_temporary() && asker.now.since(event.at) < TOLD_WITHIN {
                        continue;
                    }
                }
                done.push(event.id);
            }
            storage::events::mark_planned(connection, &done, asker.now)?;
            Ok(done.len())
        })
        .await?;
    if count > 0 {
        app.bells.deliveries.notify_one();
    }
    Ok(count)
}

/// Plans events one after the other and remembers what they have in common.
struct Planner<'a> {
    asker: &'a Asker,
    addresses: &'a Addresses,
    render: Render,
    receivers: Receivers<'a>,
    member_hosts: HashMap<GroupId, Vec<(Host, Uri)>>,
    pens: HashMap<ActorId, Option<PrivateKey>>,
}

impl<'a> Planner<'a> {
    fn new(asker: &'a Asker, addresses: &'a Addresses, render: Render) -> Self {
        Self {
            asker,
            addresses,
            render,
            receivers: Receivers::new(asker),
            member_hosts: HashMap::new(),
            pens: HashMap::new(),
        }
    }

    fn plan(&mut self, connection: &mut Connection, event: &Event) -> Result<()> {
        match event.kind {
            EventKind::PersonUpdated | EventKind::PersonDeleted | EventKind::ActorUpdated => {
                self.plan_of_actor(connection, event)
            }
            _ => self.plan_in_group(connection, event),
        }
    }

    /// Tells the servers that know, or may know, somebody or something of ours what became of them.
    fn plan_of_actor(&mut self, connection: &mut Connection, event: &Event) -> Result<()> {
        let none = || Error::internal(format!("event {} has no actor", event.id));
        let actor = storage::actors::find(connection, event.actor)?.ok_or_else(none)?;
        let (news, ground, destinations) = match event.kind {
            EventKind::PersonDeleted => (
                ActorNews::Gone,
                DeliveryGround::Retraction,
                accounts::read_acquainted(event.activity.as_deref().unwrap_or_default())?,
            ),
            // Gone again before it was told.
            _ if actor.state == ActorState::Deleted => return Ok(()),
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
                };
                (news, DeliveryGround::Addressed, destinations)
            }
        };
        if destinations.is_empty() {
            return Ok(());
        }
        let pens = self.pens(connection, None, &actor)?;
        let (signer, lane) = (actor.id, actor.id.0);
        let telling = Telling::Actor(Box::new(ActorTelling {
            event: event.id,
            actor,
            news,
        }));
        let rendered = (self.render)(self.addresses, &telling, &pens)?;
        let message = NewMessage {
            event: event.id,
            activity: rendered.id,
            body: rendered.body,
            signer,
            ground,
            group: None,
            post: None,
            lane,
            destinations,
        };
        storage::deliveries::insert(connection, &message, self.asker.now)
    }

    fn plan_in_group(&mut self, connection: &mut Connection, event: &Event) -> Result<()> {
        let post = match event.post {
            Some(post) => storage::posts::find(connection, post)?,
            None => None,
        };
        let Some((telling, ground)) = tell(connection, event, post.as_ref(), self.asker.now)?
        else {
            return Ok(());
        };
        let destinations = self.destinations(connection, event, &telling, ground, post.as_ref())?;
        if destinations.is_empty() {
            return Ok(());
        }
        let signer = signer(connection, &telling)?;
        let pens = self.pens(connection, telling.news.speaker(), &signer)?;
        let (group, lane) = (telling.group.id, lane(event, &telling.news, post.as_ref()));
        let rendered = (self.render)(self.addresses, &Telling::Group(Box::new(telling)), &pens)?;
        let message = NewMessage {
            event: event.id,
            activity: rendered.id,
            body: rendered.body,
            signer: signer.id,
            ground,
            group: Some(group),
            post: event.post,
            lane: lane.unwrap_or(group.0),
            destinations,
        };
        storage::deliveries::insert(connection, &message, self.asker.now)
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
            News::GrantOffered { instance, .. } | News::GrantEnded { instance, .. } => {
                Ok(address(instance))
            }
            News::Invited {
                person: Some(person),
                ..
            } => Ok(address(person)),
            News::Invited { handle, .. } => address_server_of(connection, handle),
            _ if !telling.group.is_local() => Ok(address_group(&telling.group.actor)),
            _ => match (ground, event.post) {
                (DeliveryGround::Retraction, Some(post)) => {
                    let mut hosts = storage::deliveries::list_hosts_that_got(connection, post)?;
                    // Who was not told of a like is not told that it was taken back.
                    if event.kind == EventKind::Unliked {
                        keep_apart(connection, event, &telling.group, &mut hosts)?;
                    }
                    Ok(hosts)
                }
                _ => {
                    let mut hosts = self.receivers(connection, &telling.group, post)?;
                    if event.kind == EventKind::Liked {
                        keep_apart(connection, event, &telling.group, &mut hosts)?;
                    }
                    Ok(hosts)
                }
            },
        }
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
            let pen = known(&mut self.pens, &actor.id, |_| {
                signing::find_pen(connection, actor, at)
            })?;
            pens.extend(pen.clone().map(|pen| (actor.uri.clone(), pen)));
        }
        Ok(Pens { at, pens })
    }

    /// The members' servers that may get it.
    fn receivers(
        &mut self,
        connection: &mut Connection,
        group: &Group,
        post: Option<&Post>,
    ) -> Result<Vec<(Host, Uri)>> {
        let receivers = &mut self.receivers;
        let hosts = known(&mut self.member_hosts, &group.id, |id| {
            let hosts = storage::memberships::list_member_hosts(connection, *id)?;
            receivers.meet(connection, group, hosts.iter().map(|(host, _)| host))?;
            Ok(hosts)
        })?;
        let mut allowed = Vec::with_capacity(hosts.len());
        for (host, inbox) in hosts.iter() {
            if self.receivers.ask(connection, host, group, post)?.is_ok() {
                allowed.push((host.clone(), inbox.clone()));
            }
        }
        Ok(allowed)
    }
}

/// What has to arrive in order: a topic's news, a person's, and what a group says of its own
/// standing, for a grant may replace another (none: the group's lane).
fn lane(event: &Event, news: &News, post: Option<&Post>) -> Option<i64> {
    match news {
        News::GrantOffered { .. } | News::GrantEnded { .. } | News::GroupChanged { .. } => None,
        _ => post.map(|post| post.topic.0).or(event.object),
    }
}

/// The partners' servers that may learn of an actor of this house, with an inbox of each.
fn partners_who_know(
    connection: &mut Connection,
    asker: &Asker,
    actor: &Actor,
    group: Option<&Group>,
) -> Result<Vec<(Host, Uri)>> {
    let account = storage::accounts::find(connection, actor.id)?;
    let mut knowing = Vec::new();
    for partner in storage::partners::list(connection)? {
        if partner.state != PartnerState::Active {
            continue;
        }
        let server = Asker {
            viewer: Viewer::Server {
                host: partner.host.clone(),
            },
            ..asker.clone()
        };
        let knows = match (group, &account) {
            (Some(group), _) => access::permit::<act::Know>(connection, &server, group.id).is_ok(),
            (None, Some(_)) => access::permit_person(connection, &server, account.clone()).is_ok(),
            // The server itself, which everybody knows.
            (None, None) => true,
        };
        if !knows {
            continue;
        }
        if let Some(inbox) = storage::actors::find_inbox_at(connection, &partner.host)? {
            knowing.push((partner.host, inbox));
        }
    }
    Ok(knowing)
}

/// Loads what there is to tell. None: it concerns nobody outside, or is gone again.
fn tell(
    connection: &mut Connection,
    event: &Event,
    post: Option<&Post>,
    now: Timestamp,
) -> Result<Option<(GroupTelling, DeliveryGround)>> {
    let Some(group) = event.group else {
        return Ok(None);
    };
    let Some(group) = storage::groups::find(connection, group)? else {
        return Ok(None);
    };
    let Some((news, ground)) = news(connection, event, &group, post, now)? else {
        return Ok(None);
    };
    let announced = group.is_local()
        && !matches!(
            news,
            News::JoinAccepted { .. }
                | News::JoinRejected { .. }
                | News::GrantOffered { .. }
                | News::GrantEnded { .. }
                | News::Invited { .. }
                | News::GroupChanged { .. }
        );
    Ok(Some((
        GroupTelling {
            event: event.id,
            news,
            group,
            announced,
        },
        ground,
    )))
}

fn news(
    connection: &mut Connection,
    event: &Event,
    group: &Group,
    post: Option<&Post>,
    now: Timestamp,
) -> Result<Option<(News, DeliveryGround)>> {
    let ground = if group.is_local() {
        DeliveryGround::News
    } else {
        DeliveryGround::Addressed
    };
    if event.post.is_some() {
        return match post.filter(|post| post.audience == Audience::Group) {
            Some(post) => post_news(connection, event, post.clone(), ground),
            None => Ok(None),
        };
    }
    let actor = || Error::internal(format!("event {} lacks what it tells of", event.id));
    let follow = || event.activity.as_deref().map(str::parse::<Uri>).transpose();
    let news = match event.kind {
        EventKind::JoinRequested => {
            let by = storage::actors::find(connection, event.actor)?.ok_or_else(actor)?;
            let membership = storage::memberships::find(connection, group.id, event.actor)?;
            // Gone again before it was told: there is nothing to ask for.
            let Some(follow) = membership.and_then(|membership| membership.follow) else {
                return Ok(None);
            };
            (
                News::JoinRequested { follow, by },
                DeliveryGround::Addressed,
            )
        }
        EventKind::Left => {
            let by = storage::actors::find(connection, event.actor)?.ok_or_else(actor)?;
            let Some(follow) = follow()? else {
                return Ok(None);
            };
            (News::Left { follow, by }, DeliveryGround::Addressed)
        }
        EventKind::JoinAccepted | EventKind::JoinRejected => {
            let person = event.object.map(crate::domain::ActorId).ok_or_else(actor)?;
            let person = storage::actors::find(connection, person)?.ok_or_else(actor)?;
            let Some(follow) = follow()? else {
                return Ok(None);
            };
            match event.kind {
                EventKind::JoinAccepted => (
                    News::JoinAccepted { follow, person },
                    DeliveryGround::Addressed,
                ),
                _ => (
                    News::JoinRejected { follow, person },
                    DeliveryGround::Retraction,
                ),
            }
        }
        EventKind::Invited => {
            let person = match event.object {
                Some(person) => storage::actors::find(connection, crate::domain::ActorId(person))?,
                None => None,
            };
            let handle = event.activity.clone().ok_or_else(actor)?;
            (News::Invited { handle, person }, DeliveryGround::Addressed)
        }
        EventKind::GrantOffered | EventKind::GrantEnded => return grant_news(connection, event),
        EventKind::GroupUpdated if group.is_local() => {
            let keys = documents::public_keys(connection, &group.actor, now)?;
            (News::GroupChanged { keys }, DeliveryGround::News)
        }
        EventKind::GroupUpdated
        | EventKind::PersonUpdated
        | EventKind::PersonDeleted
        | EventKind::PostCreated
        | EventKind::PostUpdated
        | EventKind::PostDeleted
        | EventKind::PostRemoved
        | EventKind::PostRestored
        | EventKind::TopicLocked
        | EventKind::TopicUnlocked
        | EventKind::Liked
        | EventKind::Unliked
        | EventKind::ActorUpdated => return Ok(None),
    };
    Ok(Some(news))
}

fn post_news(
    connection: &mut Connection,
    event: &Event,
    post: Post,
    ground: DeliveryGround,
) -> Result<Option<(News, DeliveryGround)>> {
    let retraction = if ground == DeliveryGround::News {
        DeliveryGround::Retraction
    } else {
        ground
    };
    let by = storage::actors::find(connection, event.actor)?
        .ok_or_else(|| Error::internal(format!("event {} has no actor", event.id)))?;
    if let (Some(activity), false) = (&event.activity, by.is_local()) {
        let ground = match event.kind {
            EventKind::PostDeleted | EventKind::PostRemoved | EventKind::Unliked => retraction,
            _ => ground,
        };
        return Ok(Some((
            News::PassedOn {
                activity: activity.clone(),
                introduction: storage::actors::find_document(connection, by.id)?
                    .map(|(body, _)| body),
            },
            ground,
        )));
    }
    let author = storage::actors::find(connection, post.author)?
        .ok_or_else(|| Error::internal(format!("post {} has no author", post.id)))?;
    let parent = match post.parent {
        Some(parent) => storage::posts::find(connection, parent)?.map(|parent| parent.uri),
        None => None,
    };
    let like = || event.activity.as_deref().map(str::parse::<Uri>).transpose();
    Ok(match event.kind {
        EventKind::PostCreated => Some((
            News::PostCreated {
                post,
                author,
                parent,
            },
            ground,
        )),
        EventKind::PostUpdated => Some((
            News::PostUpdated {
                post,
                author,
                parent,
            },
            ground,
        )),
        EventKind::PostDeleted => Some((News::PostDeleted { post, author }, retraction)),
        EventKind::PostRemoved => {
            let reason = event.activity.clone();
            Some((News::PostRemoved { post, by, reason }, retraction))
        }
        EventKind::PostRestored => Some((News::PostRestored { post, by }, ground)),
        EventKind::TopicLocked => Some((News::TopicLocked { topic: post, by }, ground)),
        EventKind::TopicUnlocked => Some((News::TopicUnlocked { topic: post, by }, ground)),
        EventKind::Liked => storage::reactions::find(connection, post.id, by.id)?
            .map(|like| (News::Liked { like, post, by }, ground)),
        EventKind::Unliked => like()?.map(|like| (News::Unliked { like, post, by }, retraction)),
        _ => None,
    })
}

fn grant_news(
    connection: &mut Connection,
    event: &Event,
) -> Result<Option<(News, DeliveryGround)>> {
    let Some(grant) = event.object else {
        return Ok(None);
    };
    let Some(grant) = storage::grants::find(connection, crate::domain::GrantId(grant))? else {
        return Ok(None);
    };
    let Some(partner) = storage::partners::find(connection, grant.partner)? else {
        return Ok(None);
    };
    // Only partners by invitation speak this extension.
    let Some(instance) = partner.instance.clone() else {
        return Ok(None);
    };
    let Some(instance) = storage::actors::find_by_uri(connection, &instance)? else {
        return Ok(None);
    };
    Ok(Some(match event.kind {
        EventKind::GrantEnded => (
            News::GrantEnded {
                grant,
                partner,
                instance,
            },
            DeliveryGround::Retraction,
        ),
        _ => (
            News::GrantOffered {
                grant,
                partner,
                instance,
            },
            DeliveryGround::Partnership,
        ),
    }))
}

/// Whose key signs: the group's for what it tells, the instance's for grants, else the person's.
fn signer(connection: &mut Connection, telling: &GroupTelling) -> Result<Actor> {
    match &telling.news {
        News::GrantOffered { .. } | News::GrantEnded { .. } => storage::actors::find_by_handle(
            connection,
            &crate::domain::Handle {
                name: super::actors::INSTANCE_NAME.into(),
                host: None,
            },
        )?
        .ok_or_else(|| Error::internal("the instance actor is missing")),
        News::PostCreated { author: by, .. }
        | News::PostUpdated { author: by, .. }
        | News::PostDeleted { author: by, .. }
        | News::PostRemoved { by, .. }
        | News::PostRestored { by, .. }
        | News::TopicLocked { by, .. }
        | News::TopicUnlocked { by, .. }
        | News::Liked { by, .. }
        | News::Unliked { by, .. }
        | News::JoinRequested { by, .. }
        | News::Left { by, .. }
            if !telling.announced =>
        {
            Ok(by.clone())
        }
        _ => Ok(telling.group.actor.clone()),
    }
}

/// Leaves out the partners that are not to learn what another partner's people like.
fn keep_apart(
    connection: &mut Connection,
    event: &Event,
    group: &Group,
    hosts: &mut Vec<(Host, Uri)>,
) -> Result<()> {
    let by = storage::actors::find(connection, event.actor)?.and_then(|by| by.host);
    let Some(by) = by else { return Ok(()) };
    let mut told = Vec::with_capacity(hosts.len());
    for (host, inbox) in hosts.drain(..) {
        if host == by || !learns_only_of_us(connection, group, &host)? {
            told.push((host, inbox));
        }
    }
    *hosts = told;
    Ok(())
}

/// Whether a partner's people do not learn what other partners' people do in the group.
fn learns_only_of_us(connection: &mut Connection, group: &Group, host: &Host) -> Result<bool> {
    let (_, terms) = storage::grants::find_for_host(connection, group.id, host)?;
    Ok(terms.is_some_and(|terms| terms.apart))
}

/// The server of somebody of whom only the handle is known: where the partner's own actor lives.
fn address_server_of(connection: &mut Connection, handle: &str) -> Result<Vec<(Host, Uri)>> {
    let Some(host) = handle.parse::<Handle>()?.host else {
        return Ok(Vec::new());
    };
    let partner = storage::partners::find_by_host(connection, &host)?;
    let Some(instance) = partner.and_then(|partner| partner.instance) else {
        return Ok(Vec::new());
    };
    let instance = storage::actors::find_by_uri(connection, &instance)?;
    Ok(instance.as_ref().map(address).unwrap_or_default())
}

fn address(actor: &Actor) -> Vec<(Host, Uri)> {
    address_at(actor, actor.delivery_inbox())
}

/// A group is addressed itself: its server may know it by its inbox only.
fn address_group(group: &Actor) -> Vec<(Host, Uri)> {
    debug_assert_eq!(group.kind, ActorKind::Group);
    address_at(group, &group.inbox)
}

/// Nobody who is quarantined or shut out is written to: their inbox may be on any server.
fn address_at(actor: &Actor, inbox: &Uri) -> Vec<(Host, Uri)> {
    match (&actor.host, actor.state) {
        (Some(host), ActorState::Active) => vec![(host.clone(), inbox.clone())],
        _ => Vec::new(),
    }
}

// Sending -----------------------------------------------------------------------------------------

/// A delivery that may leave now, with its bytes.
pub type Outgoing = Claimed;

/// How soon a delivery to a paused partner is looked at again.
const PAUSE_LOOK: std::time::Duration = std::time::Duration::from_secs(30);

/// What a worker that sends has room for.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// Servers that are busy enough.
    pub busy: Vec<Host>,
    /// Deliveries taken at most.
    pub most: usize,
    /// Until when they are this worker's.
    pub lease_until: Timestamp,
}

/// What a worker that sends takes.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub outgoing: Vec<Outgoing>,
    /// How many were due, also those that were held back.
    pub due: usize,
}

/// Writes how attempts ended, takes what is due, and asks of each delivery, in the same
/// transaction, whether it may still leave. What may not is withheld; what belongs to a paused
/// partner waits.
pub async fn exchange(app: &App, ended: Vec<Outcome>, room: Room) -> Result<Taken> {
    let asker = app.asker(Viewer::Anonymous);
    app.db
        .write_patiently("exchange_deliveries", move |connection| {
            if !ended.is_empty() {
                storage::deliveries::record(connection, &ended, asker.now)?;
            }
            match room.most {
                0 => Ok(Taken::default()),
                _ => claim(connection, &asker, &room),
            }
        })
        .await
}

fn claim(connection: &mut Connection, asker: &Asker, room: &Room) -> Result<Taken> {
    let most = i64::try_from(room.most).unwrap_or(i64::MAX);
    let claimed =
        storage::deliveries::claim_due(connection, &room.busy, asker.now, room.lease_until, most)?;
    let due = claimed.len();
    let mut release = Release::new(asker);
    let (mut outgoing, mut held, mut withheld) = (Vec::new(), Vec::new(), Vec::new());
    for taken in claimed {
        match release.ask(connection, &taken.delivery)? {
            Leave::Now => outgoing.push(taken),
            Leave::Later => held.push(taken.delivery.id),
            Leave::Never(reason) => withheld.push(withhold(&taken.delivery, reason)),
        }
    }
    if !held.is_empty() {
        storage::deliveries::release(connection, &held, asker.now.plus(PAUSE_LOOK))?;
    }
    if !withheld.is_empty() {
        storage::deliveries::record(connection, &withheld, asker.now)?;
    }
    Ok(Taken { outgoing, due })
}

enum Leave {
    Now,
    Later,
    Never(Reason),
}

fn withhold(delivery: &Delivery, reason: Reason) -> Outcome {
    Outcome {
        id: delivery.id,
        host: delivery.host.clone(),
        state: DeliveryState::Withheld,
        status: None,
        error: Some(reason.as_str().to_owned()),
        next_attempt_at: None,
    }
}

/// Asks for each delivery, and reads what several have in common once.
struct Release<'a> {
    asker: &'a Asker,
    receivers: Receivers<'a>,
    groups: HashMap<GroupId, Option<Group>>,
    posts: HashMap<PostId, Option<Post>>,
    partners: HashMap<Host, Option<PartnerState>>,
}

impl<'a> Release<'a> {
    fn new(asker: &'a Asker) -> Self {
        Self {
            asker,
            receivers: Receivers::new(asker),
            groups: HashMap::new(),
            posts: HashMap::new(),
            partners: HashMap::new(),
        }
    }

    fn ask(&mut self, connection: &mut Connection, delivery: &Delivery) -> Result<Leave> {
        let answer = match delivery.ground {
            DeliveryGround::News => self.news_may_leave(connection, delivery)?,
            ground => {
                let partner = known(&mut self.partners, &delivery.host, |host| {
                    storage::partners::find_state(connection, host)
                })?;
                partnership_allows(ground, *partner, self.asker.house.federation)
            }
        };
        Ok(match answer {
            Ok(()) => Leave::Now,
            Err(Reason::PartnershipPaused) => Leave::Later,
            Err(reason) => Leave::Never(reason),
        })
    }

    fn news_may_leave(
        &mut self,
        connection: &mut Connection,
        delivery: &Delivery,
    ) -> Result<Result<(), Reason>> {
        let group = match &delivery.group {
            Some(id) => known(&mut self.groups, id, |id| {
                storage::groups::find(connection, *id)
            })?,
            None => &None,
        };
        let Some(group) = group else {
            return Ok(Err(Reason::Unknown));
        };
        let post = match &delivery.post {
            Some(id) => known(&mut self.posts, id, |id| {
                storage::posts::find(connection, *id)
            })?,
            None => &None,
        };
        let answer = self
            .receivers
            .ask(connection, &delivery.host, group, post.as_ref())?;
        Ok(answer.map_err(|refusal| refusal.reason))
    }
}

/// What is known already, or else what `find` finds.
fn known<'a, K, V>(
    all: &'a mut HashMap<K, V>,
    key: &K,
    find: impl FnOnce(&K) -> Result<V>,
) -> Result<&'a V>
where
    K: Clone + Eq + std::hash::Hash,
{
    Ok(match all.entry(key.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => {
            let value = find(key)?;
            unknown.insert(value)
        }
    })
}

/// What is not a group's news: answers and requests while the partnership stands; taking back
/// wherever it went, unless blocked.
const fn partnership_allows(
    ground: DeliveryGround,
    partner: Option<PartnerState>,
    mode: FederationMode,
) -> Result<(), Reason> {
    match (partner, ground) {
        (Some(PartnerState::Active), _) => Ok(()),
        (Some(PartnerState::Paused), _) => Err(Reason::PartnershipPaused),
        (Some(PartnerState::Blocked), _) => Err(Reason::PartnerBlocked),
        (Some(PartnerState::Ended | PartnerState::Invited) | None, DeliveryGround::Retraction) => {
            Ok(())
        }
        (Some(PartnerState::Ended | PartnerState::Invited) | None, _) => match mode {
            FederationMode::Open => Ok(()),
            FederationMode::Closed => Err(Reason::NoPartnership),
        },
    }
}

/// Whether a delivery that was taken may still leave: asked when its turn comes, for between taking
/// and sending somebody may have ended what permitted it.
pub async fn may_still_leave(app: &App, id: DeliveryId) -> Result<bool> {
    app.db
        .read("may_still_leave", move |connection| {
            storage::deliveries::is_waiting(connection, id)
        })
        .await
}

/// How long somebody who ends a permission waits for what is on its way just then.
const UNDER_WAY_MAX: std::time::Duration = std::time::Duration::from_secs(15);

/// Waits until nothing that was cancelled is still on its way to a server (none: to any): when
/// this returns, what was withdrawn no longer leaves. Bounded, for a process that died while
/// sending cannot say that it ended.
pub(super) async fn settle_cancelled(app: &App, host: Option<Host>) -> Result<()> {
    let until = app.clock.now().plus(UNDER_WAY_MAX);
    while app.clock.now() < until {
        let (host, now) = (host.clone(), app.clock.now());
        let count = app
            .db
            .read("count_under_way", move |connection| {
                storage::deliveries::count_under_way(connection, host.as_ref(), now)
            })
            .await?;
        if count == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Ok(())
}

pub use crate::storage::deliveries::Outcome as DeliveryOutcome;

/// When the next waiting delivery is due, for sleeping until then.
pub async fn next_due(app: &App) -> Result<Option<Timestamp>> {
    app.db.read("next_due", storage::deliveries::next_due).await
}

// For administrators --------------------------------------------------------------------------------

/// Every server we deliver to, with its backlog.
pub async fn list_destinations(app: &App, viewer: Viewer) -> Result<Vec<Destination>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_destinations", storage::deliveries::list_destinations)
        .await
}

/// Deliveries to a server (none: to all) that have not gone out.
pub async fn list_unsent(
    app: &App,
    viewer: Viewer,
    host: Option<Host>,
    most: i64,
) -> Result<Vec<Delivery>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("list_unsent", move |connection| {
            storage::deliveries::list_unsent(connection, host.as_ref(), most)
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

/// Puts waiting and given-up deliveries first in line; how many.
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
            let count = storage::deliveries::retry(connection, host.as_ref(), id, asker.now)?;
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
    app.bells.deliveries.notify_one();
    Ok(count)
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
