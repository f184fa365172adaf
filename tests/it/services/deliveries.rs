//! How servers are sent to, with a clock that is moved and servers that are a sentence each: what is
//! taken from the queue when, and what follows from what they answer.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use guildhall::app::App;
use guildhall::domain::{
    ActorId, DELIVERY_DAYS_MAX, Delivery, DeliveryGround, DeliveryState, Destination,
    DestinationState, EventId, Host, Impression, Timestamp, backoff,
};
use guildhall::policy::Viewer;
use guildhall::services::deliveries::{self, DeliveryOutcome, Room, StillLeaves, Taken};
use guildhall::services::prune;
use guildhall::services::stops::{self, Which};
use guildhall::storage;
use guildhall::storage::deliveries::NewMessage;

use crate::support::house::houses;

const LEASE: Duration = Duration::from_secs(30);
/// How long an attempt takes here, and nobody looks more often.
const STEP: Duration = Duration::from_millis(250);

fn host(text: &str) -> Host {
    text.parse().expect("a host")
}

/// Queues deliveries to a server: `each` in every lane, numbered through.
async fn queue(app: &App, to: &str, lanes: std::ops::Range<i64>, each: usize) {
    let (to, now) = (host(to), app.clock.now());
    let done = app.db.write("queue", move |connection| {
        for number in 0..each {
            for lane in lanes.clone() {
                let message = NewMessage {
                    event: EventId(1),
                    activity: format!("https://acme.example/a/{to}/{lane}/{number}").parse()?,
                    body: "{}".into(),
                    revision: None,
                    signer: ActorId(1),
                    // What takes back may go to anybody.
                    ground: DeliveryGround::Retraction,
                    group: None,
                    post: None,
                    lane,
                    destinations: vec![(to.clone(), format!("https://{to}/inbox").parse()?)],
                };
                storage::deliveries::insert(connection, &[message], now)?;
            }
        }
        Ok(())
    });
    done.await.expect("a queue");
}

async fn exchange(app: &App, ended: Vec<DeliveryOutcome>) -> Taken {
    let room = Room {
        busy: Vec::new(),
        most: 128,
        lease_until: app.clock.now().plus(LEASE),
    };
    let taken = deliveries::exchange(app, ended, room).await;
    taken.expect("an exchange")
}

/// What a worker writes down of an attempt.
fn outcome(delivery: &Delivery, impression: Impression, now: Timestamp) -> DeliveryOutcome {
    let next = backoff::next(delivery.attempts + 1, now, delivery.id.0.unsigned_abs());
    let (state, next_attempt_at) = match impression {
        Impression::Alive => (DeliveryState::Sent, None),
        Impression::Limited(until) => (DeliveryState::Pending, until),
        _ => (DeliveryState::Pending, Some(next)),
    };
    DeliveryOutcome {
        id: delivery.id,
        host: delivery.host.clone(),
        state,
        status: None,
        error: (state == DeliveryState::Pending).then(|| "not now".to_owned()),
        next_attempt_at,
        earlier: delivery.attempts,
        impression,
        clock_difference: None,
        // To a server that is down there is no connection.
        left: !matches!(impression, Impression::Down(_)),
    }
}

/// An attempt that a server saw.
struct Seen {
    at: Timestamp,
    delivery: Delivery,
    impression: Impression,
}

/// Lets time pass while a worker sends, and servers answer at once what `answer` says.
async fn pass(
    app: &App,
    time: Duration,
    mut answer: impl FnMut(&Delivery, Timestamp) -> Impression,
) -> Vec<Seen> {
    let until = app.clock.now().plus(time);
    let (mut seen, mut ended) = (Vec::new(), Vec::new());
    while app.clock.now() < until {
        let taken = exchange(app, std::mem::take(&mut ended)).await;
        let at = app.clock.now();
        for outgoing in taken.outgoing {
            let delivery = outgoing.delivery;
            let impression = answer(&delivery, at);
            ended.push(outcome(&delivery, impression, at));
            seen.push(Seen {
                at,
                delivery,
                impression,
            });
        }
        app.clock.advance(STEP);
    }
    let nothing = Room::default();
    let written = deliveries::exchange(app, ended, nothing).await;
    written.expect("an exchange");
    seen
}

async fn destination(app: &App, name: &str) -> Destination {
    let all = deliveries::list_destinations(app, Viewer::Operator).await;
    let mut all = all.expect("the destinations").into_iter();
    let found = all.find(|one| one.host == host(name));
    found.unwrap_or_else(|| panic!("{name} is not there"))
}

/// What arrived, by lane, in the order of arrival.
fn arrived(seen: &[Seen], to: &str) -> BTreeMap<i64, Vec<String>> {
    let mut lanes: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for one in seen {
        if one.impression == Impression::Alive && one.delivery.host == host(to) {
            let activity = one.delivery.activity.to_string();
            let number = activity.rsplit('/').next().expect("a number").to_owned();
            lanes.entry(one.delivery.lane).or_default().push(number);
        }
    }
    lanes
}

#[tokio::test]
async fn what_an_emergency_stop_holds_is_not_taken_and_does_not_leave_once_taken() {
    for house in houses().await {
        let app = &house.app;
        queue(app, "elder.example", 0..2, 1).await;
        queue(app, "well.example", 10..11, 1).await;
        let taken = exchange(app, vec![]).await.outgoing;
        assert_eq!(taken.len(), 3);
        for outgoing in &taken {
            let leaves = deliveries::may_still_leave(app, &outgoing.delivery).await;
            assert_eq!(leaves.unwrap(), StillLeaves::Yes);
        }
        let elder = || Which::Partner(host("elder.example"));
        let (stopping, under_way) = (app.clone(), app.clone());
        let stop = tokio::spawn(async move {
            stops::stop(&stopping, Viewer::Operator, elder(), "A laptop was stolen").await
        });
        // Whoever stops is not told that it is done while something may be under way.
        eventually_stopped(app, &taken[0].delivery).await;
        assert!(!stop.is_finished());
        let ended = taken.iter().map(|outgoing| {
            let delivery = &outgoing.delivery;
            DeliveryOutcome {
                state: DeliveryState::Pending,
                next_attempt_at: None,
                ..outcome(delivery, Impression::Untried, under_way.clock.now())
            }
        });
        let again = exchange(app, ended.collect()).await.outgoing;
        let hosts: Vec<_> = again.iter().map(|one| one.delivery.host.as_str()).collect();
        assert_eq!(hosts, ["well.example"]);
        stop.await.unwrap().unwrap();

        app.clock.advance(MINUTE);
        assert!(
            exchange(app, vec![])
                .await
                .outgoing
                .iter()
                .all(|one| one.delivery.host == host("well.example"))
        );
        let released = stops::release(app, Viewer::Operator, elder())
            .await
            .unwrap();
        assert_eq!(released.done().unwrap().deliveries, 2);
        assert_eq!(exchange(app, vec![]).await.outgoing.len(), 2);
    }
}

async fn eventually_stopped(app: &App, delivery: &Delivery) {
    for _ in 0..200 {
        let leaves = deliveries::may_still_leave(app, delivery).await.unwrap();
        if leaves == StillLeaves::Stopped {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing is stopped");
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_dead_server_costs_one_attempt_a_rest_and_gets_everything_in_order_when_it_is_back() {
    for house in houses().await {
        let app = &house.app;
        queue(app, "dead.example", 0..40, 3).await;
        queue(app, "well.example", 100..110, 3).await;
        let dead = |delivery: &Delivery, _| match delivery.host.as_str() {
            "dead.example" => Impression::Down(None),
            _ => Impression::Alive,
        };
        let first = pass(app, Duration::from_secs(5), dead).await;
        let to_dead = |seen: &[Seen]| {
            let theirs = seen
                .iter()
                .filter(|one| one.delivery.host == host("dead.example"));
            theirs.count()
        };
        // Each lane once, for nobody knew; the other server has everything.
        assert_eq!(to_dead(&first), 40);
        assert!(
            arrived(&first, "well.example")
                .values()
                .all(|lane| lane == &["0", "1", "2"])
        );

        let during = pass(app, MINUTE * 20, dead).await;
        // Ten seconds, doubled, each up to a quarter longer: after 10, 30, 70, 150, 310, 630 … seconds.
        let tries = to_dead(&during);
        assert!((5..=7).contains(&tries), "{tries} tries in twenty minutes");
        let now = app.clock.now();
        let health = destination(app, "dead.example").await.health;
        assert_eq!(health.state(now), DestinationState::Resting);

        // A process that starts now knows it too.
        let config = app.config.clone();
        let again = App::open(config).expect("the same database");
        assert_eq!(destination(&again, "dead.example").await.health, health);
        // News that is made meanwhile waits as well, and what waits is not looked at over and over.
        queue(app, "dead.example", 40..50, 1).await;
        assert!(exchange(app, vec![]).await.outgoing.is_empty());
        assert_eq!(exchange(app, vec![]).await.due, 0);

        let alive = |_: &Delivery, _| Impression::Alive;
        let waits = health.not_before.since(now) + MINUTE;
        let back = pass(app, waits, alive).await;
        assert!(back.iter().all(|one| one.at >= health.not_before));
        let lanes = arrived(&back, "dead.example");
        assert_eq!(lanes.len(), 50);
        for (lane, numbers) in lanes {
            let expected: &[&str] = if lane < 40 { &["0", "1", "2"] } else { &["0"] };
            assert_eq!(numbers, expected, "lane {lane}");
        }
        // Those that waited were not tried meanwhile.
        let tried = back.iter().filter(|one| one.delivery.attempts > 1).count();
        assert!(tried <= tries, "{tried}");
        // Not all at once: one, then more and more.
        let in_first_second = |one: &&Seen| one.at.since(back[0].at) < Duration::from_secs(1);
        assert!(back.iter().filter(in_first_second).count() <= 4);
        let health = destination(app, "dead.example").await.health;
        assert_eq!(health.state(app.clock.now()), DestinationState::Ready);
    }
}

#[tokio::test]
async fn a_server_with_a_limit_gets_as_much_as_it_takes_and_is_not_asked_before_the_time_it_names()
{
    for house in houses().await {
        let app = &house.app;
        queue(app, "slow.example", 0..30, 2).await;
        // Ten a minute, as Discourse has it.
        let (mut taken, mut told_at, mut not_before) = (Vec::new(), Timestamp::MIN, Timestamp::MIN);
        let (mut early, mut refused) = (0, 0);
        let mut limit = |_: &Delivery, now: Timestamp| {
            // What was sent together with what was refused could not know.
            early += usize::from(told_at < now && now < not_before);
            taken.retain(|at: &Timestamp| now.since(*at) < MINUTE);
            if taken.len() < 10 {
                taken.push(now);
                return Impression::Alive;
            }
            refused += 1;
            (told_at, not_before) = (now, taken[0].plus(MINUTE));
            Impression::Limited(Some(not_before))
        };
        let seen = pass(app, MINUTE * 12, &mut limit).await;
        assert_eq!(early, 0, "asked again before the time it named");
        // The thirty that went at once, for nobody knew, and some to find the pace.
        assert!(refused <= 20 + 12, "{refused} were refused");
        let lanes = arrived(&seen, "slow.example");
        assert_eq!(lanes.len(), 30);
        assert!(lanes.values().all(|lane| lane == &["0", "1"]), "{lanes:?}");
        let pace = destination(app, "slow.example")
            .await
            .health
            .pace_per_minute();
        assert!(pace.is_some_and(|pace| pace <= 30), "{pace:?}");
    }
}

#[tokio::test]
async fn one_delivery_that_breaks_its_receiver_stops_its_own_topic_only() {
    for house in houses().await {
        let app = &house.app;
        queue(app, "picky.example", 0..1, 1).await;
        let poison = |delivery: &Delivery, _| match delivery.lane {
            0 => Impression::Down(None),
            _ => Impression::Alive,
        };
        pass(app, MINUTE * 5, poison).await;
        queue(app, "picky.example", 1..2, 3).await;
        let seen = pass(app, Duration::from_secs(2), poison).await;
        let lanes = arrived(&seen, "picky.example");
        assert_eq!(lanes.get(&1).map(Vec::len), Some(3));
    }
}

#[tokio::test]
async fn an_administrator_has_a_resting_server_asked_at_once() {
    for house in houses().await {
        let app = &house.app;
        queue(app, "dead.example", 0..10, 1).await;
        let dead = |_: &Delivery, _| Impression::Down(None);
        pass(app, MINUTE * 3, dead).await;
        for order in 0..2 {
            let asked = host("dead.example");
            match order {
                0 => deliveries::ask(app, Viewer::Operator, asked).await,
                _ => {
                    let retried = deliveries::retry(app, Viewer::Operator, Some(asked), None);
                    retried.await.map(|_| ())
                }
            }
            .expect("an operator may");
            let taken = exchange(app, vec![]).await;
            assert_eq!(taken.outgoing.len(), 1, "one tries");
            let now = app.clock.now();
            let ended = outcome(&taken.outgoing[0].delivery, Impression::Down(None), now);
            assert!(exchange(app, vec![ended]).await.outgoing.is_empty());
        }
    }
}

#[tokio::test]
async fn what_a_dead_server_was_to_get_is_given_up_after_its_time_and_not_before_it_was_asked() {
    for house in houses().await {
        let app = &house.app;
        queue(app, "dead.example", 0..10, 5).await;
        pass(app, MINUTE, |_, _| Impression::Down(None)).await;
        // We were away ourselves: nobody asked it since. A day more, for ids follow the clock of whichever
        // test here is furthest ahead.
        app.clock
            .advance(MINUTE * 60 * 24 * u32::try_from(DELIVERY_DAYS_MAX + 1).expect("days"));
        let mut reached = prune::Reached::default();
        let pruned = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(pruned.given_up, 0);

        // It is asked, and does not answer: the one that tried is over, and then the others are.
        let tries = pass(app, Duration::from_secs(60), |_, _| Impression::Down(None)).await;
        assert!(!tries.is_empty());
        let pruned = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(pruned.given_up, 50);
        let left = destination(app, "dead.example").await;
        assert_eq!((left.pending, left.dead), (0, 50));
    }
}

#[tokio::test]
async fn two_workers_send_one_delivery_to_a_resting_server() {
    for house in houses().await {
        let app = &house.app;
        queue(app, "dead.example", 0..20, 1).await;
        pass(app, Duration::from_secs(5), |_, _| Impression::Down(None)).await;
        let other = App::open(app.config.clone()).expect("the same database");
        let health = destination(app, "dead.example").await.health;
        app.clock
            .advance(health.not_before.since(app.clock.now()) + MINUTE);
        other
            .clock
            .advance(app.clock.now().since(other.clock.now()));
        let (mut taken, mut count) = (HashSet::new(), 0);
        for app in [app, &other, app, &other] {
            for outgoing in exchange(app, vec![]).await.outgoing {
                taken.insert(outgoing.delivery.id);
                count += 1;
            }
        }
        assert_eq!((taken.len(), count), (1, 1));
    }
}
