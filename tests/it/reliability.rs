//! What was acknowledged is never lost, and takes effect once: short forms of the experiments whose
//! full counts `just faults` runs (`GUILDHALL_TEST_KILLS=1000`).
//!
//! An oracle outside the servers writes down the address of every post after its success answer, and
//! compares both houses at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::dice::Dice;
use crate::support::requirements::backends;
use crate::support::world::{Member, World, text};

/// Kills of each experiment; the suite's form has few.
fn kills() -> usize {
    std::env::var("GUILDHALL_TEST_KILLS").map_or(50, |text| text.parse().expect("a number"))
}
/// How long a stopping server may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// R1, R3, R4: both servers are killed at random while ada posts; in the end each house has every
/// acknowledged post exactly once.
#[tokio::test]
async fn servers_that_are_killed_lose_nothing_and_double_nothing() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        listen_for_repeats(&mut world).await;
        let (here, _) = world.bridge().await;
        let ada = world.member("ada@acme").await;
        let mut dice = Dice::new(20_261_121);
        let mut acknowledged = BTreeSet::new();
        for kill in 0..kills() {
            let victim = if kill % 2 == 0 { "acme" } else { "birch" };
            let (posted, ()) = tokio::join!(
                post_until_it_fails(&ada, &here, kill),
                kill_soon(
                    &mut world,
                    victim,
                    Duration::from_millis(dice.below(120) as u64)
                ),
            );
            acknowledged.extend(posted);
            let house = world.house_mut(victim);
            house.server = Some(house.instance.serve().await);
        }
        assert!(
            acknowledged.len() > kills(),
            "the oracle has something to compare: {}",
            acknowledged.len()
        );
        let bo = world.member("bo@birch").await;
        no_orphans(&ada, &bo).await;
        for (who, name) in [(&ada, "acme"), (&bo, "birch")] {
            has_everything(who, name, &acknowledged).await;
            let twice: Vec<_> = everything(who)
                .await
                .into_iter()
                .filter(|(_, times)| *times != 1)
                .collect();
            assert!(
                twice.is_empty(),
                "{name} has some more than once: {twice:?}"
            );
        }
        // Whether a kill hits between taking and marking is chance.
        println!("birch was sent {} activities again", count_repeats(&world));
    }
}

/// Has birch write down which activities come again.
async fn listen_for_repeats(world: &mut World) {
    let birch = world.house_mut("birch");
    if let Some(server) = birch.server.take() {
        server.kill().await;
    }
    birch.instance.hear_more_of("guildhall::services::inbox");
    birch.server = Some(birch.instance.serve().await);
}

/// How many activities birch was sent that it had.
fn count_repeats(world: &World) -> usize {
    let said = world.house("birch").instance.said();
    let again = |line: &&str| line.contains("an activity came again");
    said.lines().filter(again).count()
}

/// Acme dies when birch has taken something, before that is written down: it has to send it again. What
/// was posted meanwhile.
async fn die_before_the_mark(
    world: &mut World,
    ada: &Member,
    group: &str,
    round: usize,
) -> Vec<String> {
    let acme = world.house_mut("acme");
    if let Some(server) = acme.server.take() {
        server.kill().await;
    }
    acme.instance.arm(Some("delivery.before_mark"));
    let server = acme.instance.try_serve().await.ok();
    let posted = post_until_it_fails(ada, group, round).await;
    if let Some(server) = server {
        assert!(server.wait_or_kill(NEWS_AFTER_KILLS).await, "acme lives on");
    }
    let acme = world.house_mut("acme");
    acme.instance.arm(None);
    acme.server = Some(acme.instance.serve().await);
    posted
}

/// Waits until birch was sent something again.
async fn something_comes_twice(world: &World) {
    let begun = Instant::now();
    loop {
        let count = count_repeats(world);
        if count > 0 {
            println!("birch was sent {count} activities again");
            return;
        }
        assert!(
            begun.elapsed() < NEWS_AFTER_KILLS,
            "nothing was sent twice, so that it takes effect once says nothing"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What a killed server had taken is free again after half a minute, and what could not be
/// delivered meanwhile is tried again within the next.
const NEWS_AFTER_KILLS: Duration = Duration::from_secs(150);

/// Waits until somebody sees all of these topics.
async fn has_everything(who: &Member, name: &str, acknowledged: &BTreeSet<String>) {
    let begun = Instant::now();
    loop {
        let seen = everything(who).await;
        let missing: Vec<_> = acknowledged
            .iter()
            .filter(|uri| !seen.contains_key(*uri))
            .collect();
        if missing.is_empty() {
            return;
        }
        assert!(
            begun.elapsed() < NEWS_AFTER_KILLS,
            "{name} lacks {} of {}: {missing:?}",
            missing.len(),
            acknowledged.len()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Waits until both houses have the same topics: also one that was written and not acknowledged any
/// more is told of, for a post and its news commit together.
async fn no_orphans(here: &Member, there: &Member) {
    let begun = Instant::now();
    loop {
        let (here, there) = (everything(here).await, everything(there).await);
        let alone: Vec<_> = here
            .keys()
            .filter(|uri| !there.contains_key(*uri))
            .collect();
        if alone.is_empty() {
            return;
        }
        assert!(
            begun.elapsed() < NEWS_AFTER_KILLS,
            "nobody was told of {alone:?}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn kill_soon(world: &mut World, victim: &str, after: Duration) {
    tokio::time::sleep(after).await;
    if let Some(server) = world.house_mut(victim).server.take() {
        server.kill().await;
    }
}

/// Posts a few topics; the addresses of those that were answered with success.
async fn post_until_it_fails(ada: &Member, group: &str, round: usize) -> Vec<String> {
    let mut posted = Vec::new();
    for number in 0..6 {
        let topic =
            json!({ "group_id": group, "title": format!("Topic {round}.{number}"), "status": "" });
        match ada.try_post("/api/v1/statuses", topic).await {
            Some(answer) if answer.status == 200 => {
                posted.push(text(&answer.body["uri"]).to_owned())
            }
            _ => break,
        }
    }
    posted
}

/// All topics somebody sees, by address, with how often.
async fn everything(who: &Member) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    let mut below = String::new();
    loop {
        let page = who
            .get(&format!("/api/v1/timelines/home?limit=40{below}"))
            .await;
        let topics: Vec<Value> = page.body.as_array().cloned().unwrap_or_default();
        let Some(last) = topics.last() else {
            return seen;
        };
        below = format!("&max_id={}", text(&last["id"]));
        for topic in &topics {
            *seen.entry(text(&topic["uri"]).to_owned()).or_default() += 1;
        }
    }
}

/// Who dies where: before and after any commit, and that of one story: a topic that is written and not
/// answered, its news that are queued, an activity that is stored and not answered, and applied; and
/// after a partner took a delivery, before that is written down.
const WORST_MOMENTS: &[(&str, &str)] = &[
    ("acme", "commit.before"),
    ("acme", "commit.after"),
    ("birch", "commit.before"),
    ("birch", "commit.after"),
    ("acme", "commit.before/create_topic"),
    ("acme", "commit.after/create_topic"),
    ("acme", "commit.after/queue_deliveries"),
    ("acme", "delivery.before_mark"),
    ("birch", "commit.after/accept_activity"),
    ("birch", "commit.before/apply_activities"),
    ("birch", "commit.after/apply_activities"),
];
/// How long a server may take to come to its fail point.
const DIES_WITHIN: Duration = Duration::from_secs(2);

/// R1, R3, R4 at the named points. What had to be sent twice is there once.
#[tokio::test]
async fn servers_that_die_at_the_worst_moments_lose_nothing_and_double_nothing() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        listen_for_repeats(&mut world).await;
        let (here, _) = world.bridge().await;
        let ada = world.member("ada@acme").await;
        let mut dice = Dice::new(20_261_122);
        let (mut acknowledged, mut died) = (BTreeSet::new(), 0);
        let rounds = kills() / 2;
        for (round, (victim, point)) in WORST_MOMENTS.iter().cycle().take(rounds).enumerate() {
            let house = world.house_mut(victim);
            drop(house.server.take());
            house
                .instance
                .arm(Some(&format!("{point}:{}", dice.below(6))));
            // A fail point may come before it is ready: that is one more moment to die at.
            house.server = house.instance.try_serve().await.ok();
            acknowledged.extend(post_until_it_fails(&ada, &here, round).await);
            let house = world.house_mut(victim);
            died += usize::from(match house.server.take() {
                Some(server) => server.wait_or_kill(DIES_WITHIN).await,
                None => true,
            });
            house.instance.arm(None);
            house.server = Some(house.instance.serve().await);
        }
        assert!(died > rounds / 2, "{died} of {rounds} came to their end");
        let bo = world.member("bo@birch").await;
        acknowledged.extend(die_before_the_mark(&mut world, &ada, &here, rounds).await);
        something_comes_twice(&world).await;
        no_orphans(&ada, &bo).await;
        for (who, name) in [(&ada, "acme"), (&bo, "birch")] {
            has_everything(who, name, &acknowledged).await;
            let seen = everything(who).await;
            let twice: Vec<_> = seen.iter().filter(|(_, times)| **times != 1).collect();
            assert!(twice.is_empty(), "{name}: {twice:?}");
        }
    }
}

/// R15: a server that is told to stop under load ends in time and well, and what it acknowledged is
/// there afterwards.
#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_in_time_and_keeps_its_word() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "internal").await;
        let group = ada.find("engineering").await;
        let mut acknowledged = BTreeSet::new();
        for round in 0..kills() {
            let server = world.house_mut("acme").server.take().expect("it runs");
            let stop = async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                let begun = Instant::now();
                let status = server.terminate(STOP_WITHIN).await;
                (status, begun.elapsed())
            };
            let (posted, (status, took)) =
                tokio::join!(post_until_it_fails(&ada, &group, round), stop);
            assert!(
                status.is_some_and(|status| status.success()),
                "{status:?} after {took:?}"
            );
            acknowledged.extend(posted);
            let house = world.house_mut("acme");
            house.server = Some(house.instance.serve().await);
        }
        let seen = everything(&ada).await;
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|uri| !seen.contains_key(*uri))
            .collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        // What was done was answered: no request was dropped half way.
        let unanswered: Vec<_> = seen
            .keys()
            .filter(|uri| !acknowledged.contains(*uri))
            .collect();
        assert!(unanswered.is_empty(), "unanswered: {unanswered:?}");
    }
}
