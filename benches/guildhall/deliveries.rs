//! How fast news leaves the house: to one, ten and a thousand servers, near and far; and how soon.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use guildhall::domain::{Audience, Group, Host, Learned, Peer, SignatureChoice};
use guildhall::federation::keys::{KeyKind, generate_rsa};
use guildhall::services::posts;
use guildhall::storage;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::house::{House, marked};
use crate::limits::{self, Limits};
use crate::load;
use crate::receiver::{Arrived, Receiver};
use crate::report::{Row, percentile, say};
use crate::start::Resident;

/// Far away: until its answer comes.
const FAR: Duration = Duration::from_millis(100);
/// Times that deliveries to a thousand servers are measured.
const ROUNDS: usize = 5;
const WITHIN: Duration = Duration::from_secs(180);

pub fn measure(limits: &Limits) -> Vec<Row> {
    let at_once = |servers: usize, size| {
        let name = match servers {
            1 => "deliveries to 1 server that answers at once".to_owned(),
            _ => format!("deliveries to {servers} servers that answer at once"),
        };
        let rate = run(&name, &Waiting::of(servers, size));
        Row::new(name, rate, "/s").of("RSA sign", limits.sign)
    };
    let mut rows = vec![at_once(1, (100, 40)), at_once(10, (50, 10))];
    rows.extend(to_a_thousand());
    rows.push(far(limits));
    rows.extend(soon());
    rows
}

/// The machine changes from one minute to the next: what the cores sign is measured right before and
/// after, and the run in the middle of [`ROUNDS`] counts. Both kinds of signatures in turn.
fn to_a_thousand() -> Vec<Row> {
    let round = |name: &str, waiting: &Waiting| {
        let before = limits::sign_all_cores(waiting.signed_with);
        let rate = run(name, waiting);
        let after = limits::sign_all_cores(waiting.signed_with);
        (rate, f64::midpoint(before, after))
    };
    let rsa = Waiting::of(1_000, (20, 1));
    let ed25519 = Waiting {
        signed_with: KeyKind::Ed25519,
        ..rsa
    };
    let name = format!("deliveries to 1,000 servers that answer at once, the middle of {ROUNDS}");
    let name_ed25519 = format!("{name}, signed with Ed25519");
    let (mut rounds, mut rounds_ed25519) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rounds.push(round(&name, &rsa));
        rounds_ed25519.push(round(&name_ed25519, &ed25519));
    }
    let (rate, bound) = middle(rounds);
    let (rate_ed25519, bound_ed25519) = middle(rounds_ed25519);
    vec![
        Row::new(name, rate, "/s")
            .of("RSA sign, before and after", bound)
            .share_at_least(0.6),
        Row::new(name_ed25519, rate_ed25519, "/s")
            .of("Ed25519 sign, before and after", bound_ed25519)
            .at_least(4.0 * rate),
    ]
}

/// Of rates and what bounds them, the pair whose share is in the middle.
fn middle(mut rounds: Vec<(f64, f64)>) -> (f64, f64) {
    rounds.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    rounds[rounds.len() / 2]
}

fn far(limits: &Limits) -> Row {
    let name = "deliveries to 1 server 100 ms away, order kept per topic";
    let waiting = Waiting {
        delay: FAR,
        ..Waiting::of(1, (50, 20))
    };
    Row::new(name, run(name, &waiting), "/s")
        .of("RSA sign", limits.sign)
        .at_least(100.0)
}

/// What waits when the server starts: so many topics of so many posts each, for each of the servers.
#[derive(Clone, Copy)]
struct Waiting {
    servers: usize,
    topics: usize,
    posts: usize,
    /// How long each of the servers takes to answer.
    delay: Duration,
    signed_with: KeyKind,
}

impl Waiting {
    const fn of(servers: usize, (topics, posts): (usize, usize)) -> Self {
        Self {
            servers,
            topics,
            posts,
            delay: Duration::ZERO,
            signed_with: KeyKind::Rsa,
        }
    }

    const fn count(&self) -> usize {
        self.servers * self.topics * self.posts
    }
}

/// What one delivery takes of a core, the other end included, microseconds: to a thousand servers, as many as
/// the machine manages, on that database.
pub fn core_time(database: Option<&str>) -> f64 {
    let waiting = Waiting::of(1_000, (20, 1));
    let rate = run_on(database, "what a delivery takes", &waiting);
    #[allow(clippy::cast_precision_loss, reason = "a few cores")]
    let cores = limits::cores() as f64;
    cores * 1_000_000.0 / rate
}

fn run(name: &str, waiting: &Waiting) -> f64 {
    run_on(None, name, waiting)
}

/// Deliveries a second, from the first that arrived to the last.
fn run_on(database: Option<&str>, name: &str, waiting: &Waiting) -> f64 {
    say(name);
    let receiver = Receiver::start(waiting.delay);
    let house = House::found(database);
    let group = open(&house, waiting.servers, receiver.port);
    if waiting.signed_with == KeyKind::Ed25519 {
        understand_ed25519(&house, waiting.servers, receiver.port);
    }
    write_posts(&house, &group, waiting.topics, waiting.posts);
    let server = house.serve();
    let arrived = receiver.take(waiting.count(), WITHIN);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(receiver.drain(), 0, "something was delivered twice");
    house.stop(server);
    check_order(&arrived);
    let (first, last) = (arrived.first().unwrap().at, arrived.last().unwrap().at);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let count = (arrived.len() - 1) as f64;
    count / (last - first).as_secs_f64()
}

fn destination(number: usize, port: u16) -> Host {
    format!("d{number}.localhost:{port}").parse().unwrap()
}

/// As if each of them had asked for it (`Accept-Signature`).
fn understand_ed25519(house: &House, servers: usize, port: u16) {
    house.write(move |connection, now| {
        for number in 0..servers {
            let peer = Peer {
                host: destination(number, port),
                signature: SignatureChoice::Rfc9421Ed25519,
                learned: Learned::Asked,
                learned_at: now,
            };
            storage::peers::save(connection, &peer)?;
        }
        Ok(())
    });
}

pub fn open(house: &House, servers: usize, port: u16) -> Group {
    let group = house.group("engineering");
    let (_, public) = generate_rsa().unwrap();
    let hosts = (0..servers).map(|number| destination(number, port));
    house.open_to(&group, hosts.collect(), 1, &public);
    group
}

/// Topics, and comments below them, in order.
pub fn write_posts(house: &House, group: &Group, topics: usize, posts: usize) {
    let made = house.topics(group, topics);
    let mut running = tokio::task::JoinSet::new();
    house.run(async {
        for (topic, post) in made.into_iter().enumerate() {
            let (app, viewer) = (house.app.clone(), house.ada());
            running.spawn(async move {
                for number in 1..posts {
                    let body = marked(topic, number).parse().unwrap();
                    posts::comment(
                        &app,
                        viewer.clone(),
                        post.id,
                        Some(body),
                        Audience::Group,
                        vec![],
                    )
                    .await
                    .unwrap();
                }
            });
        }
        while let Some(one) = running.join_next().await {
            one.unwrap();
        }
    });
}

/// Every server got every topic from its first post to its last, in this order.
fn check_order(arrived: &[Arrived]) {
    let mut next: HashMap<(String, String), u32> = HashMap::new();
    for one in arrived {
        let mark = one.after("seq:").expect("the mark of a post");
        let mut numbers = mark.split('-');
        let (topic, number) = (numbers.next().unwrap(), numbers.next().unwrap());
        let expected = next
            .entry((one.host.clone(), topic.to_owned()))
            .or_default();
        assert_eq!(
            number.parse(),
            Ok(*expected),
            "topic {topic} at {}",
            one.host
        );
        *expected += 1;
    }
}

/// One topic to ten servers while nothing else happens: from the request that posts it to the last
/// delivery, and from the answer to the last delivery.
fn soon() -> Vec<Row> {
    const SERVERS: usize = 10;
    const POSTS: usize = 100;
    say("one topic to ten servers");
    let receiver = Receiver::start(Duration::ZERO);
    let house = House::found(None);
    let group = open(&house, SERVERS, receiver.port);
    let (token, server) = (house.token(), house.serve());
    let (mut from_request, mut from_answer) = (Vec::new(), Vec::new());
    for number in 0..POSTS {
        let (begun, answered) = house.run(post(&house, &token, &group, number));
        let arrived = receiver.take(SERVERS, WITHIN);
        let last = arrived.last().unwrap().at;
        from_request.push((last - begun).as_secs_f64() * 1_000.0);
        from_answer.push(last.saturating_duration_since(answered).as_secs_f64() * 1_000.0);
        std::thread::sleep(Duration::from_millis(50));
    }
    house.stop(server);
    let row = |name: &str, values: &mut [f64], part| {
        Row::new(name, percentile(values, part), "ms").at_most(30.0)
    };
    let request = "one topic to 10 servers: request of the post → last delivery";
    let answer = "one topic to 10 servers: answer to the post → last delivery";
    vec![
        row(&format!("{request}, p50"), &mut from_request, 0.5),
        row(&format!("{request}, p95"), &mut from_request, 0.95),
        row(&format!("{answer}, p50"), &mut from_answer, 0.5),
        row(&format!("{answer}, p95"), &mut from_answer, 0.95),
    ]
}

/// One topic to ten thousand servers: how long until the first and the last has it, beside what the
/// signatures alone take; and how much memory the server takes meanwhile, connections to all of them
/// included.
pub fn fan_out(_: &Limits) -> Vec<Row> {
    const SERVERS: usize = 10_000;
    say("one topic to 10,000 servers");
    let receiver = Receiver::start(Duration::ZERO);
    let house = House::found(None);
    let group = open(&house, SERVERS, receiver.port);
    let (token, server) = (house.token(), house.serve());
    let before = limits::sign_all_cores(KeyKind::Rsa);
    let watched = Resident::watch(server.pid());
    let (begun, _) = house.run(post(&house, &token, &group, 0));
    let arrived = receiver.take(SERVERS, WITHIN);
    let most = watched.most();
    let after = limits::sign_all_cores(KeyKind::Rsa);
    house.stop(server);
    let since = |one: &Arrived| (one.at - begun).as_secs_f64() * 1_000.0;
    let (first, last) = (
        since(arrived.first().unwrap()),
        since(arrived.last().unwrap()),
    );
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let signatures = SERVERS as f64 / f64::midpoint(before, after) * 1_000.0;
    let name = "one topic to 10,000 servers";
    vec![
        Row::new(
            format!("{name}: request of the post → first delivery"),
            first,
            "ms",
        ),
        Row::new(
            format!("{name}: request of the post → last delivery"),
            last,
            "ms",
        )
        .of("ms for the signatures alone", signatures)
        .at_most(1.5 * signatures),
        Row::new(format!("{name}: resident memory, most"), most, "MiB").at_most(150.0),
    ]
}

/// Posts a topic; when the request began and when its answer was there.
async fn post(house: &House, token: &str, group: &Group, number: usize) -> (Instant, Instant) {
    let body = serde_json::json!({
        "group_id": group.id.0.to_string(),
        "title": format!("Topic {number}"),
        "status": marked(number, 0),
    })
    .to_string();
    let request = format!(
        "POST /api/v1/statuses HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        house.instance.host(),
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", house.port()))
        .await
        .unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = Vec::new();
    let begun = Instant::now();
    stream.write_all(request.as_bytes()).await.unwrap();
    let status = load::read_answer(&mut stream, &mut answer).await;
    let answered = Instant::now();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    (begun, answered)
}
