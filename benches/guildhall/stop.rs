//! How soon an emergency stop stops: from the moment when an administrator gives the command to the last
//! byte that arrives anywhere, while deliveries leave as fast as they can.

use std::time::{Duration, Instant};

use crate::deliveries::{open, write_posts};
use crate::house::House;
use crate::limits::Limits;
use crate::receiver::Receiver;
use crate::report::{Row, say};

const SERVERS: usize = 50;
const TOPICS: usize = 60;
const POSTS: usize = 2;
/// Deliveries that arrive before somebody stops.
const BEFORE: usize = 1_000;
/// How long each of the servers takes to answer: long enough that many are under way at any time.
const DELAY: Duration = Duration::from_millis(50);
/// How long nothing may arrive after a stop.
const SILENCE: Duration = Duration::from_secs(3);
const WITHIN: Duration = Duration::from_secs(180);

pub fn measure(_: &Limits) -> Vec<Row> {
    let all = run("everything", &["stop", "--all"]);
    let group = run("a group", &["stop", "--group", "engineering"]);
    all.into_iter().chain(group).collect()
}

fn run(what: &str, command: &[&str]) -> Vec<Row> {
    let name = format!("emergency stop of {what}");
    say(&name);
    let receiver = Receiver::start(DELAY);
    let house = House::found(None);
    let group = open(&house, SERVERS, receiver.port);
    write_posts(&house, &group, TOPICS, POSTS);
    let server = house.serve();
    let before = receiver.take(BEFORE, WITHIN);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let rate = BEFORE as f64 / (before[BEFORE - 1].at - before[0].at).as_secs_f64();

    let given = Instant::now();
    house.run(house.instance.run_json(command));
    let returned = given.elapsed();
    std::thread::sleep(SILENCE);
    let after = receiver.take_all();
    let last = after.last().map_or(Duration::ZERO, |one| {
        one.at.saturating_duration_since(given)
    });

    // Nothing is lost by it: what was broken off is sent again, which its receiver knows by its id.
    let release = [command, &["--release"]].concat();
    house.run(house.instance.run_json(&release));
    let mut arrived: std::collections::HashSet<(String, String)> = std::collections::HashSet::new();
    let until = Instant::now() + WITHIN;
    let mut waiting = before.into_iter().chain(after).collect::<Vec<_>>();
    while arrived.len() < SERVERS * TOPICS * POSTS {
        assert!(Instant::now() < until, "{} arrived", arrived.len());
        for one in waiting.drain(..) {
            let mark = one.after("seq:").expect("the mark of a post").to_owned();
            arrived.insert((one.host, mark));
        }
        std::thread::sleep(Duration::from_millis(100));
        waiting = receiver.take_all();
    }
    house.stop(server);
    vec![
        Row::new(format!("{name}: deliveries before it"), rate, "/s"),
        Row::new(
            format!("{name}: command → last byte anywhere"),
            last.as_secs_f64() * 1_000.0,
            "ms",
        )
        .at_most(1_000.0),
        Row::new(
            format!("{name}: command → it says that nothing is under way"),
            returned.as_secs_f64() * 1_000.0,
            "ms",
        ),
    ]
}
