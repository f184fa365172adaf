//! How fast what partners send is taken in, and how fast it takes effect.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use guildhall::domain::{Group, Host, Post, SignatureChoice, Timestamp, Uri};
use guildhall::federation::keys::{SigningKey, generate_rsa};
use guildhall::federation::signatures::{Outgoing, sign};
use guildhall::storage;
use serde_json::json;

use crate::house::{House, Outsider};
use crate::limits::Limits;
use crate::load;
use crate::receiver::Receiver;
use crate::report::{Row, say};

/// Comments, each a `Create` signed by its author; `GUILDHALL_BENCH_ACTIVITIES` sets another number.
const ACTIVITIES: usize = 30_000;
const TOPICS: usize = 100;
const PEOPLE: usize = 50;
const APPLIED_WITHIN: Duration = Duration::from_secs(300);

pub fn measure(limits: &Limits) -> Vec<Row> {
    let count = std::env::var("GUILDHALL_BENCH_ACTIVITIES")
        .map_or(ACTIVITIES, |text| text.parse().unwrap());
    let mut rows = while_they_come(limits, count);
    rows.push(what_waits(limits, count));
    rows.extend(by_signature(count / 3));
    rows
}

/// What each kind of signature costs at the door, beside what the database alone commits of the same
/// rows: the same writer, as many that wait for it, nothing else.
fn by_signature(count: usize) -> Vec<Row> {
    let alone = database_alone(count);
    let kinds = [
        ("draft-cavage, RSA", SignatureChoice::Cavage),
        ("RFC 9421, RSA", SignatureChoice::Rfc9421),
        ("RFC 9421, Ed25519", SignatureChoice::Rfc9421Ed25519),
    ];
    let accepted = kinds.map(|(name, signature)| {
        say(name);
        let scene = Scene::set();
        let requests = scene.sign_all(signature, count);
        let server = scene.house.serve();
        scene.birch.take(TOPICS, Duration::from_secs(60));
        let outcome = load::run(scene.house.port(), Arc::new(requests));
        scene.birch.take(count, Duration::from_secs(300));
        scene.house.stop(server);
        let name = format!("inbox: verified and accepted, {name}");
        Row::new(name, outcome.rate(), "/s")
            .of("the same rows committed", alone)
            .share_at_least(0.8)
    });
    accepted.into()
}

/// Activities a second, stored by the inbox's own statement in the writer's shared commits.
fn database_alone(count: usize) -> f64 {
    say("the database alone");
    let scene = Scene::set();
    let now = scene.house.app.clock.now();
    let uris: Vec<_> = scene.people.iter().map(|person| &person.uri).collect();
    let signers: Vec<_> = uris
        .iter()
        .map(|uri| {
            let uri = Uri::clone(uri);
            let found = move |connection: &mut _| storage::actors::find_by_uri(connection, &uri);
            scene.house.read(found).unwrap()
        })
        .collect();
    let arrivals: Vec<_> = (0..count)
        .map(|number| {
            let by = number % signers.len();
            let body = scene.activity(number, now);
            (scene.people[by].activity(number), signers[by].clone(), body)
        })
        .collect();
    let waiting = Arc::new(Mutex::new(arrivals));
    let begun = Instant::now();
    scene.house.run(async {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..load::CONNECTIONS {
            let (app, waiting) = (scene.house.app.clone(), Arc::clone(&waiting));
            running.spawn(async move {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some((uri, signer, body)) = next else {
                        return;
                    };
                    let written = app.db.write("store", move |connection| {
                        let host = signer.host.as_ref().unwrap();
                        storage::arrivals::insert(connection, &uri, signer.id, host, &body, now)
                    });
                    assert!(written.await.unwrap());
                }
            });
        }
        while let Some(one) = running.join_next().await {
            one.unwrap();
        }
    });
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    rate
}

/// A house with a partner whose people write in its group.
struct Scene {
    house: House,
    group: Group,
    /// The partner's server: every comment is passed on to it, like to any server with members.
    birch: Receiver,
    rsa: SigningKey,
    ed25519: SigningKey,
    people: Vec<Outsider>,
    topics: Vec<Post>,
}

impl Scene {
    fn set() -> Self {
        let house = House::found(None);
        let group = house.group("engineering");
        let birch = Receiver::start(Duration::ZERO);
        let host: Host = format!("birch.localhost:{}", birch.port).parse().unwrap();
        let (private, public) = generate_rsa().unwrap();
        let people = house.open_to(&group, vec![host], PEOPLE, &public);
        let topics = house.topics(&group, TOPICS);
        Self {
            ed25519: house.give_ed25519(&people),
            rsa: SigningKey::from_pem(&private).unwrap(),
            house,
            group,
            birch,
            people,
            topics,
        }
    }

    /// The n-th comment.
    fn activity(&self, number: usize, at: Timestamp) -> String {
        let by = &self.people[number % self.people.len()];
        let topic = &self.topics[number % self.topics.len()];
        activity(&self.group, by, topic, number, at)
    }

    /// Requests that bring comments, each signed by its author.
    fn sign_all(&self, signature: SignatureChoice, count: usize) -> Vec<Vec<u8>> {
        say("signing");
        let inbox = self.house.app.addresses().shared_inbox().to_url().unwrap();
        let now = self.house.app.clock.now();
        let Self {
            group,
            people,
            topics,
            rsa,
            ed25519,
            ..
        } = self;
        let one = |number: usize| {
            let (by, topic) = (
                &people[number % people.len()],
                &topics[number % topics.len()],
            );
            let ago = Duration::from_millis((count - number) as u64);
            let body = activity(group, by, topic, number, now.minus(ago));
            let post = Outgoing::post(&inbox, body.as_bytes());
            let keys = by.keys(rsa, ed25519);
            let headers = sign(signature, &keys, &post, now).unwrap();
            load::request("POST /inbox", &headers, &body)
        };
        let half = count / 2;
        std::thread::scope(|scope| {
            let first = scope.spawn(|| (0..half).map(one).collect::<Vec<_>>());
            let second: Vec<_> = (half..count).map(one).collect();
            let mut all = first.join().unwrap();
            all.extend(second);
            all
        })
    }
}

/// What arrived while the server was away, applied by one that starts, with nobody at the door.
fn what_waits(limits: &Limits, count: usize) -> Row {
    say("applying what waits");
    let scene = Scene::set();
    let now = scene.house.app.clock.now();
    let bodies = (0..count).map(|number| {
        let by = number % scene.people.len();
        let uri = scene.people[by].activity(number);
        (by, uri, scene.activity(number, now))
    });
    let bodies: Vec<_> = bodies.collect();
    let Scene {
        house,
        birch,
        people,
        topics,
        ..
    } = scene;
    let uris: Vec<_> = people.iter().map(|person| person.uri.clone()).collect();
    house.write(move |connection, now| {
        let mut actors = Vec::new();
        for uri in &uris {
            actors.extend(storage::actors::find_by_uri(connection, uri)?);
        }
        for (by, uri, body) in &bodies {
            let signer = &actors[*by];
            let host = signer.host.as_ref().unwrap();
            storage::arrivals::insert(connection, uri, signer.id, host, body, now)?;
        }
        Ok(())
    });
    let begun = Instant::now();
    let server = house.serve();
    let applied = await_applied(&house, begun);
    // They are all passed on before the server is asked to stop.
    birch.take(TOPICS + count, Duration::from_secs(300));
    house.stop(server);
    check(&house, &topics, count);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let rate = count as f64 / applied.as_secs_f64();
    Row::new("inbox: activities that wait, applied", rate, "/s")
        .of("SQLite, FULL", limits.sqlite_commits)
        .at_least(1_500.0)
}

fn while_they_come(limits: &Limits, count: usize) -> Vec<Row> {
    let scene = Scene::set();
    let requests = scene.sign_all(SignatureChoice::Cavage, count);
    let Scene {
        house,
        birch,
        topics,
        ..
    } = scene;

    let server = house.serve();
    // What the preparation made is delivered first.
    birch.take(TOPICS, Duration::from_secs(60));
    say("sending");
    let outcome = load::run(house.port(), Arc::new(requests));
    let applied = await_applied(&house, outcome.begun);
    let passed_on = birch.take(count, Duration::from_secs(300));
    let last = passed_on.iter().map(|arrived| arrived.at).max().unwrap();
    house.stop(server);
    check(&house, &topics, count);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let per_second = |took: Duration| count as f64 / took.as_secs_f64();
    vec![
        Row::new(
            "inbox: signed activities accepted (SQLite, FULL)",
            outcome.rate(),
            "/s",
        )
        .of("echo", limits.echo)
        .at_least(3_000.0),
        Row::new(
            "inbox: the same activities applied, from the first that was sent",
            per_second(applied),
            "/s",
        )
        .of("SQLite, FULL", limits.sqlite_commits),
        Row::new(
            "inbox: the same activities passed on to the partner's server",
            per_second(last.saturating_duration_since(outcome.begun)),
            "/s",
        )
        .of("RSA sign", limits.sign),
    ]
}

/// From the first activity sent until none waits.
fn await_applied(house: &House, begun: Instant) -> Duration {
    loop {
        let waiting = house.read(storage::arrivals::count_pending);
        let took = begun.elapsed();
        if waiting == 0 {
            return took;
        }
        assert!(
            took < APPLIED_WITHIN,
            "{waiting} activities are not applied after {took:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every comment has taken effect, once.
fn check(house: &House, topics: &[Post], count: usize) {
    let topics: Vec<_> = topics.iter().map(|topic| topic.id).collect();
    let comments: u32 = house.read(move |connection| {
        let mut comments = 0;
        for topic in topics {
            comments += storage::posts::find(connection, topic)?.unwrap().comments;
        }
        Ok(comments)
    });
    assert_eq!(
        usize::try_from(comments).unwrap(),
        count,
        "some comments were lost"
    );
}

/// A comment as servers of this kind send it.
fn activity(group: &Group, by: &Outsider, topic: &Post, number: usize, at: Timestamp) -> String {
    let group = group.actor.uri.as_str();
    let public = "https://www.w3.org/ns/activitystreams#Public";
    let origin = format!("http://{}", by.uri.host());
    let text = format!(
        "The one from **birch** works well, as we found number {number} last autumn: the deck was replaced in \
         sections, each carried on its own pair of trucks, and the lanes stayed open throughout."
    );
    let note = json!({
        "type": "Note",
        "id": format!("{origin}/comment/{number}"),
        "attributedTo": by.uri,
        "to": [public],
        "cc": [group],
        "content": format!("<p>{text}</p>"),
        "inReplyTo": topic.uri,
        "mediaType": "text/html",
        "source": { "content": text, "mediaType": "text/markdown" },
        "published": at,
        "tag": [],
        "audience": group,
        "attachment": [],
    });
    json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": by.activity(number),
        "type": "Create",
        "actor": by.uri,
        "to": [public],
        "cc": [group],
        "audience": group,
        "published": at,
        "object": note,
    })
    .to_string()
}
