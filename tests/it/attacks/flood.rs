//! A46 to A50: many at once, slow ones, and what never ends. Each against a server of its own.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::fixture::{Fixture, alone_on_both};
use crate::support::forge::{Forged, Letter};
use crate::support::peer::{ACTIVITY_JSON, Actor, Answer, unique};
use crate::support::world::eventually;

/// So many of a flood are on their way at once.
const AT_ONCE: usize = 32;
/// Lines that strangers may write into the security log in a minute; a flood may cross one.
const LINES: usize = 2 * 300;

// A46 ---------------------------------------------------------------------------------------------

/// How somebody takes their time.
#[derive(Clone, Copy, Debug)]
enum Slow {
    Head,
    /// With everything in the head that a partner's request has.
    Body,
    /// After a first request that was quick.
    NextHead,
}

/// Sends a byte every ten seconds until the server has had enough; after how long it had.
async fn drip(fixture: &Fixture, how: Slow) -> Duration {
    let address = fixture.instance.address();
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let plain = Forged::plain("GET", &fixture.host(), "/readyz");
    let mut letter = fixture.letter(&fixture.pam, &fixture.comment_by(&fixture.pam, "slowly"));
    letter.digest = None;
    let at_once = match how {
        Slow::Head => Vec::new(),
        Slow::Body => {
            let head = letter.unsigned().with("Content-Length", "1000").head();
            String::from_utf8(head)
                .unwrap()
                .replace("Connection: close\r\n", "")
                .into_bytes()
        }
        Slow::NextHead => {
            let head = String::from_utf8(plain.head()).unwrap();
            head.replace("Connection: close\r\n", "").into_bytes()
        }
    };
    stream
        .write_all(&at_once)
        .await
        .expect("the server listens");
    let begun = Instant::now();
    let mut buffer = [0; 4_096];
    let mut next = tokio::time::interval(Duration::from_secs(10));
    loop {
        tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(0) | Err(_) => return begun.elapsed(),
                Ok(_) => {}
            },
            _ = next.tick() => {
                if stream.write_all(b"G").await.is_err() {
                    return begun.elapsed();
                }
            }
        }
    }
}

/// What an honest visitor and an honest partner wait meanwhile, until the slow ones are gone.
async fn serve_others(fixture: &Fixture, slow: usize) -> Vec<Duration> {
    let mut waited = Vec::new();
    let drips = (0..slow).map(|number| {
        let how = [Slow::Head, Slow::Body, Slow::NextHead][number % 3];
        async move { (how, drip(fixture, how).await) }
    });
    let mut drips = std::pin::pin!(join_all(drips));
    loop {
        let activity = fixture.comment_by(&fixture.pam, "in between");
        let honest = async {
            let begun = Instant::now();
            let ready = Forged::plain("GET", &fixture.host(), "/readyz");
            assert_eq!(fixture.send(&ready).await.status, 200);
            let reply = fixture.deliver(&fixture.pam, &activity).await;
            assert_eq!(reply.status, 202, "a partner: {}", reply.text());
            let took = begun.elapsed();
            tokio::time::sleep(Duration::from_millis(250)).await;
            took
        };
        tokio::select! {
            biased;
            ended = &mut drips => {
                for (how, after) in ended {
                    // The list says thirty seconds; a machine that compiles meanwhile gets more.
                    assert!(after < Duration::from_secs(40), "{how:?} lasted {after:?}");
                }
                return waited;
            }
            took = honest => waited.push(took),
        }
    }
}

#[tokio::test]
async fn a46_slow_connections_are_closed_and_keep_nobody_waiting() {
    // More of each kind than there is room for whole bodies.
    let few = [("GUILDHALL_LIMITS__INBOX_IN_FLIGHT", "64")];
    alone_on_both(&few, async |fixture| {
        let waited = serve_others(fixture, 300).await;
        assert!(
            waited.len() > 20,
            "others were served {} times",
            waited.len()
        );
    })
    .await;
}

#[tokio::test]
#[ignore = "measures time, which other tests disturb"]
async fn a46_two_thousand_slow_connections() {
    alone_on_both(&[], async |fixture| {
        let mut waited = serve_others(fixture, 2_000).await;
        waited.sort();
        let p99 = waited[waited.len() * 99 / 100];
        println!("A46: {} pairs of requests, p99 {p99:?}", waited.len());
        assert!(p99 < Duration::from_millis(500), "{p99:?}");
    })
    .await;
}

// A47, A50 ----------------------------------------------------------------------------------------

/// Sends many letters and answers their statuses, each once, and how many a second were answered.
async fn flood(fixture: &Fixture, letters: Vec<Forged>) -> (Vec<u16>, f64) {
    let (count, begun) = (letters.len(), Instant::now());
    let sent = futures_util::stream::iter(&letters).map(|letter| fixture.send(letter));
    let replies: Vec<_> = sent.buffer_unordered(AT_ONCE).collect().await;
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    (statuses, rate)
}

/// Somebody at a server whom that server never heard of: signed with somebody else's key.
fn made_up(host: &str, by: &Actor) -> Actor {
    let id = format!("http://{host}/u/made-up-{}", unique());
    Actor {
        host: host.to_owned(),
        key_id: format!("{id}#main-key"),
        id,
        ..by.clone()
    }
}

async fn strangers_flood(fixture: &Fixture, count: usize) -> f64 {
    let watch = fixture.watch().await;
    let before = fixture.dump().await.rows("security_log").len();
    // Half of them from one server, half each from a server of their own.
    let letters = (0..count).map(|number| {
        let host = match number % 2 {
            0 => fixture.e.host(),
            _ => format!("s{number}.stranger.example"),
        };
        let stranger = made_up(&host, &fixture.eve);
        let activity = fixture.comment_by(&stranger, "let me in");
        fixture.letter(&stranger, &activity).sign()
    });
    let (statuses, rate) = flood(fixture, letters.collect()).await;
    assert_eq!(statuses, [403]);
    let after = fixture.dump().await;
    let written = after.rows("security_log").len() - before;
    assert!(
        (1..=LINES).contains(&written),
        "{written} lines were written"
    );
    watch.left_alone("strangers").await;
    rate
}

#[tokio::test]
async fn a47_strangers_with_new_keys_every_time_are_refused_unasked() {
    alone_on_both(&[], async |fixture| {
        strangers_flood(fixture, 1_000).await;
    })
    .await;
}

async fn farewells(fixture: &Fixture, count: usize) -> f64 {
    let watch = fixture.watch().await;
    let before = fixture.dump().await.rows("security_log").clone();
    let farewell = |host: &str, by: &Actor| {
        let gone = made_up(host, by);
        let activity = gone.activity("Delete", gone.id.clone().into());
        fixture.letter(&gone, &activity).sign()
    };
    let of_e = (0..count / 2).map(|_| farewell(&fixture.e.host(), &fixture.eve));
    let (statuses, rate) = flood(fixture, of_e.collect()).await;
    assert_eq!(statuses, [403], "from nobody's server");
    let of_p = (0..count / 2).map(|_| farewell(&fixture.p.host(), &fixture.pam));
    let (statuses, other_rate) = flood(fixture, of_p.collect()).await;
    assert_eq!(statuses, [202], "from a partner's");
    watch.left_alone("farewells").await;
    let after = fixture.dump().await;
    let lines: Vec<_> = after.rows("security_log").difference(&before).collect();
    assert!(lines.len() <= 1, "{lines:?}");
    rate.min(other_rate)
}

#[tokio::test]
async fn a50_farewells_of_people_nobody_knew_cost_nothing() {
    alone_on_both(&[], async |fixture| {
        farewells(fixture, 1_000).await;
    })
    .await;
}

#[tokio::test]
#[ignore = "measures time, which other tests disturb"]
async fn a47_a50_ten_thousand_strangers_and_fifty_thousand_farewells() {
    alone_on_both(&[], async |fixture| {
        println!(
            "A47: {:.0} a second",
            strangers_flood(fixture, 10_000).await
        );
        let rate = farewells(fixture, 50_000).await;
        println!("A50: {rate:.0} a second");
        assert!(rate > 500.0, "{rate}");
    })
    .await;
}

// A45 where more may be sent ----------------------------------------------------------------------

#[tokio::test]
async fn a45_a_million_keys_are_not_read_where_they_may_be_sent() {
    let large = [("GUILDHALL_LIMITS__INBOX_BODY_BYTES", "16777216")];
    alone_on_both(&large, async |fixture| {
        let honest = fixture
            .comment_by(&fixture.pam, "with a burden")
            .to_string();
        let with = |keys: usize| {
            let keys = (0..keys).map(|n| format!("\"{n:x}\":0,"));
            let body = honest.replacen('{', &format!("{{{}", keys.collect::<String>()), 1);
            Letter::post_bytes(&fixture.pam, &fixture.host(), body.into_bytes()).sign()
        };
        let line = fixture
            .refuses("a million keys", &with(1_000_000), 400)
            .await;
        assert_eq!(line.reason, "json_too_many");
        let line = fixture.refuses("just too many", &with(100_000), 400).await;
        assert_eq!(line.reason, "json_too_many");
        // As many as are read do no harm.
        assert_eq!(fixture.send(&with(90_000)).await.status, 202);
        let dump = fixture.settle().await;
        assert_eq!(dump.count("posts", "with a burden"), 1);
    })
    .await;
}

// A48 ---------------------------------------------------------------------------------------------

#[tokio::test]
async fn a48_endless_conversations_are_not_followed() {
    const FETCHES_MAX: usize = 20;
    alone_on_both(&[], async |fixture| {
        // An answer to an answer to an answer …, of which nobody here has any.
        let note = |n: usize| fixture.p.url(&format!("/chain/{n}"));
        for n in 0..10_000 {
            let mut link = fixture
                .pam
                .note(fixture.shared_uri(), &note(n + 1), "a link");
            link["id"] = json!(note(n));
            fixture
                .p
                .put(&format!("/chain/{n}"), Answer::of(ACTIVITY_JSON, &link));
        }
        let then = fixture.p.traffic();
        let last = fixture
            .pam
            .note(fixture.shared_uri(), &note(0), "the end of a chain");
        let activity = fixture.pam.create(&last);
        assert_eq!(fixture.deliver(&fixture.pam, &activity).await.status, 202);
        // It has no place in any conversation of the group: looked at again for a while, then refused.
        fixture.settle().await;
        let asked = fixture.p.seen_since(then);
        assert!(
            asked.iter().all(|seen| !seen.target.starts_with("/chain/")),
            "{asked:?}"
        );

        // A group whose outbox and conversations lead round in a circle.
        let club = fixture.p.group(&format!("club{}", unique()));
        let put = |path: &str, document: serde_json::Value| {
            fixture.p.put(path, Answer::of(ACTIVITY_JSON, &document));
        };
        let outbox = format!("{}/outbox", club.id);
        let path = outbox.split_once(&club.host).unwrap().1.to_owned();
        let page = |which: &str| format!("{outbox}?{which}");
        let mut topic = fixture
            .pam
            .page(&club.id, "In a circle", "Round and round.");
        let context = fixture.p.url("/circle");
        topic["context"] = json!(context);
        put(
            &path,
            json!({ "id": outbox, "type": "OrderedCollection", "first": page("a") }),
        );
        for (this, next) in [("a", "b"), ("b", "a")] {
            let document = json!({
                "id": page(this),
                "type": "OrderedCollectionPage",
                "orderedItems": [fixture.pam.create(&topic)],
                "next": page(next),
            });
            put(&format!("{path}?{this}"), document);
        }
        let circle = json!({
            "id": context,
            "type": "OrderedCollectionPage",
            "orderedItems": [topic],
            "next": context,
        });
        put("/circle", circle);
        let then = fixture.p.traffic();
        let club = fixture.join(club).await;
        let asked = fixture.p.seen_since(then);
        let reads = asked.iter().filter(|seen| seen.method == "GET").count();
        assert!(reads <= FETCHES_MAX, "{reads}: {asked:#?}");
        assert_eq!(fixture.dump().await.count("posts", "Round and round."), 1);

        // What the group passes on answers something unknown, in a conversation without an end, which names others'
        // posts besides.
        for n in 0..200 {
            let endless = |n: usize| fixture.p.url(&format!("/endless/{n}"));
            let note = fixture.pam.note(&club.id, &note(n), "on and on");
            let page = json!({
                "id": endless(n),
                "type": "OrderedCollectionPage",
                "orderedItems": [note, fixture.quin.new_id(), fixture.eve.new_id()],
                "next": endless(n + 1),
            });
            put(&format!("/endless/{n}"), page);
        }
        let then = fixture.traffic();
        let fetched = || {
            let [p, q, e] = then;
            let (p, q) = (fixture.p.seen_since(p), fixture.q.seen_since(q));
            let reads = p.iter().chain(&q).filter(|seen| seen.method == "GET");
            (reads.count(), fixture.e.seen_since(e).len())
        };
        let orphan = |context: String| {
            let mut note = fixture.pam.note(&club.id, &note(0), "the end of a chain");
            note["context"] = json!(context);
            club.activity("Announce", fixture.pam.create(&note))
        };
        let announce = orphan(fixture.p.url("/endless/0"));
        assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
        let done = async |jobs: usize| {
            eventually("the conversation was looked at", async || {
                let dump = fixture.settle().await;
                let conversations = dump.count("jobs", "backfill_conversation");
                let waiting = dump.count("jobs", r#""state":"pending""#);
                (conversations >= jobs && waiting == 0).then_some(())
            })
            .await;
        };
        done(1).await;
        let (reads, strangers) = fetched();
        assert!((1..=FETCHES_MAX).contains(&reads), "{reads}");
        assert_eq!(strangers, 0);

        // A conversation that the group does not keep is not looked at, whoever keeps it.
        for elsewhere in [fixture.q.url("/endless/0"), fixture.e.url("/endless/0")] {
            let then = fixture.traffic();
            let announce = orphan(elsewhere);
            assert_eq!(fixture.deliver(&club, &announce).await.status, 202);
            done(1).await;
            assert_eq!(fixture.traffic()[1..], then[1..]);
        }
        let dump = fixture.dump().await;
        assert_eq!(dump.count("posts", "the end of a chain"), 0);
        assert_eq!(dump.count("jobs", "backfill_conversation"), 1);
    })
    .await;
}
