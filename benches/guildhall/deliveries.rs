//! How fast news leaves the house: to one, ten and a thousand servers, near and far; and how soon.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use guildhall::domain::{Audience, Group, Host};
use guildhall::federation::keys::generate_rsa;
use guildhall::services::posts;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::house::{House, marked};
use crate::limits::{self, Limits};
use crate::load;
use crate::receiver::{Arrived, Receiver};
use crate::report::{Row, percentile, say};

/// Far away: until its answer comes.
const FAR: Duration = Duration::from_millis(100);
const WITHIN: Duration = Duration::from_secs(180);

pub fn measure(limits: &Limits) -> Vec<Row> {
    let mut rows = vec![
        run(
            "deliveries to 1 server that answers at once",
            1,
            Duration::ZERO,
            (100, 40),
        )
        .of("RSA sign", limits.sign),
        run(
            "deliveries to 10 servers that answer at once",
            10,
            Duration::ZERO,
            (50, 10),
        )
        .of("RSA sign", limits.sign),
        to_a_thousand(),
        run(
            "deliveries to 1 server 100 ms away, order kept per topic",
            1,
            FAR,
            (50, 20),
        )
        .of("RSA sign", limits.sign)
        .at_least(100.0),
    ];
    rows.extend(soon());
    rows
}

/// The machine changes while it is measured: what the cores sign is measured right before and after.
fn to_a_thousand() -> Row {
    let before = limits::sign_all_cores();
    let row = run(
        "deliveries to 1,000 servers that answer at once",
        1_000,
        Duration::ZERO,
        (20, 1),
    );
    let after = limits::sign_all_cores();
    let bound = f64::midpoint(before, after);
    row.of("RSA sign, before and after", bound)
        .share_at_least(0.6)
}

/// Deliveries a second of what waits when the server starts: so many topics of so many posts each.
fn run(name: &str, servers: usize, delay: Duration, (topics, posts): (usize, usize)) -> Row {
    say(name);
    let receiver = Receiver::start(delay);
    let house = House::found(None);
    let group = open(&house, servers, receiver.port);
    write_posts(&house, &group, topics, posts);
    let server = house.serve();
    let arrived = receiver.take(servers * topics * posts, WITHIN);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(receiver.drain(), 0, "something was delivered twice");
    house.stop(server);
    check_order(&arrived);
    let (first, last) = (arrived.first().unwrap().at, arrived.last().unwrap().at);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let count = (arrived.len() - 1) as f64;
    Row::new(name, count / (last - first).as_secs_f64(), "/s")
}

fn open(house: &House, servers: usize, port: u16) -> Group {
    let group = house.group("engineering");
    let host = |number| {
        format!("d{number}.localhost:{port}")
            .parse::<Host>()
            .unwrap()
    };
    let (_, public) = generate_rsa().unwrap();
    house.open_to(&group, (0..servers).map(host).collect(), 1, &public);
    group
}

/// Topics, and comments below them, in order.
fn write_posts(house: &House, group: &Group, topics: usize, posts: usize) {
    let made = house.topics(group, topics);
    let mut running = tokio::task::JoinSet::new();
    house.run(async {
        for (topic, post) in made.into_iter().enumerate() {
            let (app, viewer) = (house.app.clone(), house.ada());
            running.spawn(async move {
                for number in 1..posts {
                    let body = marked(topic, number).parse().unwrap();
                    posts::comment(&app, viewer.clone(), post.id, body, Audience::Group)
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
