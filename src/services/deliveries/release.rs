//! Asking again before the bytes leave, and writing down how it went.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::app::{App, Asker};
use crate::domain::{
    Actor, Delivery, DeliveryGround, DeliveryId, DeliveryState, GroupId, Host, Impression,
    PartnerState, PostId, SignatureChoice, StopTarget, Timestamp,
};
use crate::error::Result;
use crate::policy::{FederationMode, Reason, Viewer};
use crate::services::access::{self, Receivers};
use crate::services::deliveries::health::Healths;
use crate::services::deliveries::known::{Known, known};
use crate::services::{outbound_rules, refusals};
use crate::storage::deliveries::{Claimed, Due, Outcome};
use crate::storage::{self, Connection};

/// A delivery that may leave now.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub delivery: Delivery,
    /// Shared by all servers that get the same.
    pub body: Arc<str>,
    /// How its server accepts to be spoken to, as far as is known. It is read with the delivery, for
    /// all that leave at once: news for ten thousand servers would ask ten thousand times.
    pub signature: SignatureChoice,
}

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

/// Writes how attempts ended and what they tell of the servers, takes what is due where its server
/// may be sent to, and asks of each delivery, in the same transaction, whether it may still leave. What
/// may not is withheld; what belongs to a paused partner, or is stopped, waits.
pub async fn exchange(app: &App, ended: Vec<Outcome>, room: Room) -> Result<Taken> {
    let asker = app.asker(Viewer::Anonymous);
    app.db
        .write_patiently("exchange_deliveries", move |connection| {
            if !ended.is_empty() {
                record(connection, &ended, asker.now)?;
            }
            match room.most {
                0 => Ok(Taken::default()),
                _ => claim(connection, &asker, &room),
            }
        })
        .await
}

fn record(connection: &mut Connection, ended: &[Outcome], now: Timestamp) -> Result<()> {
    storage::deliveries::record(connection, ended, now)?;
    let refused = |outcome: &&Outcome| outcome.state == DeliveryState::Failed;
    let refused: Vec<_> = ended
        .iter()
        .filter(refused)
        .map(|outcome| outcome.id)
        .collect();
    if !refused.is_empty() {
        // A request to join that its group did not even take is over: nobody there will answer it.
        storage::memberships::remove_requests(connection, &refused)?;
        storage::follows::remove_requests(connection, &refused)?;
    }
    refusals::record(connection, ended, now)?;
    let mut healths = Healths::read(connection, ended.iter().map(|outcome| &outcome.host))?;
    healths.hear(ended, now);
    healths.write(connection, now)
}

fn claim(connection: &mut Connection, asker: &Asker, room: &Room) -> Result<Taken> {
    let now = asker.now;
    let most = i64::try_from(room.most).unwrap_or(i64::MAX);
    let due = storage::deliveries::list_due(connection, &room.busy, now, most)?;
    let count = due.len();
    storage::deliveries::note_lost(connection, &due, now)?;
    let hosts = due.iter().map(|due| &due.delivery.host);
    let mut healths = Healths::read(connection, hosts)?;
    // Those whose server has to be left alone are not asked about: they come again.
    let (open, shut): (Vec<_>, Vec<_>) = due
        .into_iter()
        .partition(|due| healths.is_open(&due.delivery.host, now));
    let mut put_off = PutOff::default();
    for due in shut {
        put_off.until(healths.next_turn(&due.delivery.host, now), due.delivery.id);
    }
    let tells = [DeliveryGround::News, DeliveryGround::Addressed];
    let news: Vec<PostId> = open
        .iter()
        .filter(|due| tells.contains(&due.delivery.ground))
        .filter_map(|due| due.delivery.post)
        .collect();
    outbound_rules::again(connection, asker.house, &news, now)?;
    let mut release = Release::new(asker);
    release.meet(connection, &open)?;
    let (mut leaving, mut withheld, mut unsent) = (Vec::new(), Vec::new(), Vec::new());
    for due in open {
        let delivery = &due.delivery;
        match release.ask(connection, delivery)? {
            Leave::Now if healths.take_turn(delivery, now, room.lease_until) => leaving.push(due),
            Leave::Now => put_off.until(healths.next_turn(&delivery.host, now), delivery.id),
            Leave::Later => put_off.until(now.plus(PAUSE_LOOK), delivery.id),
            Leave::Never(reason) => {
                unsent.push((delivery.id, reason));
                withheld.push(withhold(delivery, reason));
            }
        }
    }
    healths.write(connection, now)?;
    put_off.write(connection)?;
    if !withheld.is_empty() {
        storage::deliveries::record(connection, &withheld, now)?;
        refusals::record_unsent(connection, &unsent, now)?;
    }
    let claimed = storage::deliveries::claim(connection, leaving, room.lease_until)?;
    Ok(Taken {
        outgoing: with_signatures(connection, claimed)?,
        due: count,
    })
}

/// Adds how each server is spoken to; to one of which nothing is known, as every server understands.
fn with_signatures(connection: &mut Connection, claimed: Vec<Claimed>) -> Result<Vec<Outgoing>> {
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let hosts = claimed.iter().map(|one| &one.delivery.host);
    let signatures = storage::peers::list_signatures(connection, hosts)?;
    let outgoing = claimed
        .into_iter()
        .map(|Claimed { delivery, body }| Outgoing {
            signature: signatures
                .get(&delivery.host)
                .copied()
                .unwrap_or(SignatureChoice::Cavage),
            delivery,
            body,
        });
    Ok(outgoing.collect())
}

/// What is due and cannot go now, by when it comes again.
#[derive(Default)]
struct PutOff(BTreeMap<Timestamp, Vec<DeliveryId>>);

impl PutOff {
    fn until(&mut self, time: Timestamp, delivery: DeliveryId) {
        self.0.entry(time).or_default().push(delivery);
    }

    fn write(self, connection: &mut Connection) -> Result<()> {
        for (time, deliveries) in self.0 {
            storage::deliveries::release(connection, &deliveries, time)?;
        }
        Ok(())
    }
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
        earlier: delivery.attempts,
        impression: Impression::Untried,
        clock_difference: None,
        left: false,
    }
}

/// Asks for each delivery, and reads what several have in common once.
struct Release<'a> {
    asker: &'a Asker,
    receivers: Receivers<'a>,
    known: Known,
    partners: HashMap<Host, Option<PartnerState>>,
}

impl<'a> Release<'a> {
    fn new(asker: &'a Asker) -> Self {
        Self {
            asker,
            receivers: Receivers::new(asker),
            known: Known::default(),
            partners: HashMap::new(),
        }
    }

    /// Reads at once what the deliveries are about.
    fn meet(&mut self, connection: &mut Connection, due: &[Due]) -> Result<()> {
        let is_news = |due: &&Due| due.delivery.ground == DeliveryGround::News;
        let mut ids: Vec<PostId> = due
            .iter()
            .filter(is_news)
            .filter_map(|due| due.delivery.post)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let posts = self.known.meet_posts(connection, &ids)?;
        self.receivers.meet_posts(connection, &posts)?;
        let mut hosts: HashMap<GroupId, HashSet<&Host>> = HashMap::new();
        for Due { delivery, .. } in due.iter().filter(is_news) {
            if let Some(group) = delivery.group {
                hosts.entry(group).or_default().insert(&delivery.host);
            }
        }
        for (group, hosts) in hosts {
            // One by one is four small questions each.
            if hosts.len() > 2
                && let Some(group) = self.known.group(connection, group)?
                && group.is_local()
            {
                let hosts: Vec<&Host> = hosts.into_iter().collect();
                self.receivers.meet_some(connection, group, &hosts)?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, connection: &mut Connection, delivery: &Delivery) -> Result<Leave> {
        let receivers = &mut self.receivers;
        if receivers.is_stopped(connection, &delivery.host, delivery.group)? {
            return Ok(Leave::Later);
        }
        let answer = match delivery.ground {
            DeliveryGround::News => self.news_may_leave(connection, delivery)?,
            ground => {
                let partner = known(&mut self.partners, &delivery.host, || {
                    storage::partners::find_state(connection, &delivery.host)
                })?;
                match partnership_allows(ground, *partner, self.asker.house.federation) {
                    Ok(()) if ground == DeliveryGround::Addressed => {
                        self.own_words_may_leave(connection, delivery)?
                    }
                    answer => answer,
                }
            }
        };
        Ok(match answer {
            Ok(()) => Leave::Now,
            Err(Reason::PartnershipPaused) => Leave::Later,
            Err(reason) => Leave::Never(reason),
        })
    }

    /// What somebody here said in a group elsewhere is addressed to its house. While it waited it may have been
    /// taken back or held, or the group may have been closed to us: then it stays.
    fn own_words_may_leave(
        &mut self,
        connection: &mut Connection,
        delivery: &Delivery,
    ) -> Result<Result<(), Reason>> {
        let (Some(group), Some(post)) = (delivery.group, delivery.post) else {
            return Ok(Ok(()));
        };
        let group = self.known.group(connection, group)?;
        let elsewhere = group.is_some_and(|group| !group.is_local());
        let author = self.known.post(connection, post)?.map(|post| post.author);
        let author = match author.filter(|_| elsewhere) {
            Some(author) => self.known.actor(connection, author)?,
            None => None,
        };
        match author.is_some_and(Actor::is_local) {
            true => self.news_may_leave(connection, delivery),
            false => Ok(Ok(())),
        }
    }

    fn news_may_leave(
        &mut self,
        connection: &mut Connection,
        delivery: &Delivery,
    ) -> Result<Result<(), Reason>> {
        let post = match delivery.post {
            Some(post) => self.known.post(connection, post)?.cloned(),
            None => None,
        };
        let post = post.as_ref();
        let Some(group) = delivery.group else {
            let Some(post) = post else {
                return Ok(Err(Reason::Unknown));
            };
            let host = &delivery.host;
            let answer = access::may_receive_profile_post(connection, self.asker, host, post)?;
            return Ok(answer.map_err(|refusal| refusal.reason));
        };
        let Some(group) = self.known.group(connection, group)?.cloned() else {
            return Ok(Err(Reason::Unknown));
        };
        let answer = self
            .receivers
            .ask(connection, &delivery.host, &group, post)?;
        Ok(answer.map_err(|refusal| refusal.reason))
    }
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

/// Whether a delivery that was taken may still leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillLeaves {
    Yes,
    /// Not now: an emergency stop holds it.
    Stopped,
    /// Never: it was cancelled.
    Cancelled,
}

/// Whether a delivery that was taken may still leave: asked when its turn comes, for between taking
/// and sending somebody may have ended what permitted it.
pub async fn may_still_leave(app: &App, delivery: &Delivery) -> Result<StillLeaves> {
    let (id, host, group) = (delivery.id, delivery.host.clone(), delivery.group);
    app.db
        .read("may_still_leave", move |connection| {
            if !storage::deliveries::is_waiting(connection, id)? {
                return Ok(StillLeaves::Cancelled);
            }
            Ok(match access::is_stopped(connection, Some(&host), group)? {
                true => StillLeaves::Stopped,
                false => StillLeaves::Yes,
            })
        })
        .await
}

/// How long somebody who ends a permission waits for what is on its way just then.
const UNDER_WAY_MAX: std::time::Duration = std::time::Duration::from_secs(15);

/// Waits until nothing that was cancelled is still on its way to a server (none: to any): when
/// this returns, what was withdrawn no longer leaves. Bounded, for a process that died while
/// sending cannot say that it ended.
pub(in crate::services) async fn settle_cancelled(app: &App, host: Option<Host>) -> Result<()> {
    settle(app, move |connection, now| {
        storage::deliveries::count_under_way(connection, host.as_ref(), now)
    })
    .await
}

/// Waits until nothing that an emergency stop holds is still on its way, bounded in the same way.
pub(in crate::services) async fn settle_stopped(app: &App, target: &StopTarget) -> Result<()> {
    let target = target.clone();
    settle(app, move |connection, now| {
        storage::deliveries::count_taken(connection, &target, now)
    })
    .await
}

/// Waits until `count` finds none.
async fn settle(
    app: &App,
    count: impl Fn(&mut Connection, Timestamp) -> Result<i64> + Clone + Send + 'static,
) -> Result<()> {
    let until = app.clock.now().plus(UNDER_WAY_MAX);
    while app.clock.now() < until {
        let (count, now) = (count.clone(), app.clock.now());
        let counted = app
            .db
            .read("count_under_way", move |connection| count(connection, now));
        if counted.await? == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Ok(())
}

/// When the next waiting delivery is due, for sleeping until then.
pub async fn next_due(app: &App) -> Result<Option<Timestamp>> {
    app.db.read("next_due", storage::deliveries::next_due).await
}
