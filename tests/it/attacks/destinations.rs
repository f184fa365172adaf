//! Servers that want less, or do not answer: what they see of us, and what administrators see of them.

use std::collections::BTreeMap;
use std::time::Duration;

use guildhall::domain::{Audience, Post};
use guildhall::services::posts;
use serde_json::Value;

use super::fixture::{Fixture, on_both};
use crate::support::peer::{Answer, Peer, Seen, Traffic};
use crate::support::requirements::backends;
use crate::support::world::eventually;

async fn comment(fixture: &Fixture, topic: &Post, text: &str) {
    let body = text.parse().expect("a text");
    let made = posts::comment(
        &fixture.app,
        fixture.ann.viewer(),
        topic.id,
        Some(body),
        Audience::Group,
        vec![],
    );
    made.await.expect("a comment");
}

/// How a server is sent to, as `guildhall queue list` says it.
async fn row_of(fixture: &Fixture, peer: &Peer) -> Value {
    let rows = fixture.instance.run_json(&["queue", "list"]).await;
    let mut rows = rows.as_array().expect("rows").iter();
    let found = rows.find(|row| row["host"] == peer.host().as_str());
    found.expect("it is sent to").clone()
}

/// What came since some moment, once each, by topic and in the order of arrival: the number at the end of
/// each text.
fn numbers(mail: &[Seen]) -> BTreeMap<String, Vec<String>> {
    let mut topics: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for seen in mail {
        let activity = seen.json();
        let object = &activity["object"]["object"];
        let text = object["name"].as_str().or(object["content"].as_str());
        let text = text.unwrap_or_default().replace("</p>", "");
        let Some((topic, number)) = text.trim_start_matches("<p>").rsplit_once('.') else {
            continue;
        };
        let numbers = topics.entry(topic.to_owned()).or_default();
        numbers.push(number.trim().to_owned());
    }
    topics
}

/// Topics called `T0.0`, …, each with comments `T0.1`, ….
async fn write(
    fixture: &Fixture,
    group: &guildhall::domain::Group,
    topics: usize,
    comments: usize,
) {
    for topic in 0..topics {
        let post = fixture
            .post_in(group, &format!("T{topic}.0"), "Words.")
            .await;
        for number in 1..=comments {
            comment(fixture, &post, &format!("T{topic}.{number}")).await;
        }
    }
}

async fn arrives(peer: &Peer, since: Traffic, topics: usize, comments: usize) {
    let expected: Vec<String> = (0..=comments).map(|number| number.to_string()).collect();
    eventually("everything is there", async || {
        let got = numbers(&peer.mail_since(since));
        let all = got.values().map(Vec::len).sum::<usize>();
        (all >= topics * (comments + 1)).then_some(())
    })
    .await;
    let got = numbers(&peer.mail_since(since));
    assert_eq!(got.len(), topics);
    for (topic, numbers) in got {
        assert_eq!(numbers, expected, "{topic}");
    }
}

#[tokio::test]
async fn a_server_that_says_too_much_is_left_alone_as_long_as_it_asks() {
    const ASKED: Duration = Duration::from_secs(5);
    on_both(async |fixture| {
        let w = Peer::start("w");
        let group = fixture.new_group().await;
        fixture.open(&group, &w).await;
        fixture.admit(&w.person("wim"), &group).await;
        fixture.settle().await;

        let then = w.traffic();
        let mut too_much = Answer::status(429);
        let seconds = ASKED.as_secs().to_string();
        too_much.headers.push(("Retry-After".into(), seconds));
        let date = "Sun, 22 Nov 2020 08:00:00 GMT".to_owned();
        too_much.headers.push(("Date".into(), date));
        w.answer_posts_with(too_much);
        write(fixture, &group, 3, 2).await;
        let row = eventually("it waits", async || {
            let row = row_of(fixture, &w).await;
            (row["state"] == "waiting" && row["pending"] == 9).then_some(row)
        })
        .await;
        assert!(row["until"].is_string(), "{row}");
        let pace = row["pace"].as_u64();
        assert!(pace.is_some_and(|pace| pace <= 60), "{row}");
        // Their clock stands in 2020.
        assert!(
            row["clock_difference"].as_i64() > Some(86_400 * 365),
            "{row}"
        );
        let first = w.mail_since(then)[0].at;
        w.answer_posts(202);
        let since = w.traffic();
        arrives(&w, since, 3, 2).await;
        let early = w.mail_since(since)[0].at.duration_since(first);
        assert!(early >= ASKED, "asked again after {early:?}");
        let row = row_of(fixture, &w).await;
        assert_eq!(row["failures"], 0, "{row}");
        fixture.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_dead_server_is_left_alone_also_after_a_restart_and_nobody_else_notices() {
    const TOPICS: usize = 40;
    for backend in backends() {
        let Some(mut fixture) = Fixture::start(backend, &[]).await else {
            continue;
        };
        let (w, well) = (Peer::start("w"), Peer::start("well"));
        let group = fixture.new_group().await;
        for (peer, name) in [(&w, "wim"), (&well, "will")] {
            fixture.open(&group, peer).await;
            fixture.admit(&peer.person(name), &group).await;
        }
        fixture.settle().await;

        w.set_dead(true);
        let (dead, then) = (w.traffic(), well.traffic());
        write(&fixture, &group, TOPICS, 1).await;
        arrives(&well, then, TOPICS, 1).await;
        let row = eventually("it rests", async || {
            let row = row_of(&fixture, &w).await;
            (row["state"] == "resting").then_some(row)
        })
        .await;
        assert_eq!(row["pending"], 2 * TOPICS, "{row}");
        assert!(
            row["error"].is_string() && row["oldest"].is_string(),
            "{row}"
        );
        assert_eq!(w.traffic().requests, dead.requests);

        fixture.server.kill().await;
        fixture.server = fixture.instance.serve().await;
        let row = row_of(&fixture, &w).await;
        let calls = w.traffic().connections;
        assert!(calls - dead.connections <= TOPICS + 2, "{calls} calls");
        let state = row["state"].as_str().expect("a state");
        assert!(["resting", "probing"].contains(&state), "{row}");

        w.set_dead(false);
        arrives(&w, dead, TOPICS, 1).await;
        fixture.settle().await;
        let row = row_of(&fixture, &w).await;
        assert_eq!((&row["pending"], &row["failures"]), (&0.into(), &0.into()));
        let mail = w.mail_since(dead).len();
        assert_eq!(mail, 2 * TOPICS, "each once");
    }
}
