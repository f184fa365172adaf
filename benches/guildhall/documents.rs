//! How fast other servers read here: one topic again and again, and a long conversation page by page.

use std::sync::Arc;
use std::time::{Duration, Instant};

use guildhall::domain::{Audience, Host, Post, SignatureChoice};
use guildhall::federation::keys::{SigningKey, generate_rsa};
use guildhall::federation::signatures::{Outgoing, sign};
use guildhall::services::posts;
use serde_json::Value;
use url::Url;

use crate::house::{House, Outsider, marked};
use crate::limits::Limits;
use crate::load;
use crate::report::{Row, percentile, say};

/// Requests; every one of [`SIGNATURES`] is sent this many times over its share.
const READINGS: usize = 60_000;
/// Different signatures: to make one takes longer than to answer it.
const SIGNATURES: usize = 3_000;
const COMMENTS: usize = 10_000;
/// Comments written at once while preparing.
const WRITERS: usize = 64;

pub fn measure(limits: &Limits) -> Vec<Row> {
    let scene = Scene::set();
    let mut rows = vec![scene.one_topic(limits)];
    rows.extend(scene.conversation());
    rows
}

/// A closed group that a partner's person is a member of.
struct Scene {
    house: House,
    person: Outsider,
    rsa: SigningKey,
    ed25519: SigningKey,
    topic: Post,
}

impl Scene {
    fn set() -> Self {
        let house = House::found(None);
        let group = house.group("engineering");
        // Nobody listens there: nothing is sent while something is read.
        let host: Host = "birch.localhost:10009".parse().unwrap();
        let (private, public) = generate_rsa().unwrap();
        let people = house.open_to(&group, vec![host], 1, &public);
        let topic = house.topics(&group, 1).remove(0);
        Self {
            ed25519: house.give_ed25519(&people),
            rsa: SigningKey::from_pem(&private).unwrap(),
            person: people[0].clone(),
            house,
            topic,
        }
    }

    /// A `GET` signed by the partner's person; `number` makes it different from others.
    fn get(&self, url: &Url, number: usize) -> Vec<u8> {
        let ago = Duration::from_secs((number % 60) as u64);
        let now = self.house.app.clock.now().minus(ago);
        let keys = self.person.keys(&self.rsa, &self.ed25519);
        let headers = sign(SignatureChoice::Cavage, &keys, &Outgoing::get(url), now).unwrap();
        let path = &url[url::Position::BeforePath..];
        load::request(&format!("GET {path}"), &headers, "")
    }

    fn one_topic(&self, limits: &Limits) -> Row {
        say("signed GETs of a topic");
        let url = self.topic.uri.to_url().unwrap();
        let signed: Vec<_> = (0..SIGNATURES)
            .map(|number| self.get(&url, number))
            .collect();
        let requests: Vec<_> = signed.iter().cycle().take(READINGS).cloned().collect();
        let server = self.house.serve();
        let outcome = load::run(self.house.port(), Arc::new(requests));
        self.house.stop(server);
        Row::new(
            "signed GETs of a topic in a closed group",
            outcome.rate(),
            "/s",
        )
        .of("echo", limits.echo)
        .at_least(8_000.0)
    }

    /// The whole context of a topic with [`COMMENTS`] comments, one page after the other.
    fn conversation(&self) -> Vec<Row> {
        say("a conversation of 10,000 comments");
        self.write_comments();
        let server = self.house.serve();
        let (mut pages, mut items) = (Vec::new(), 0);
        let context = self.topic.uri.join("context");
        let begun = Instant::now();
        let mut next = self.read(&context.to_url().unwrap())["first"].clone();
        while let Some(address) = next.as_str() {
            let asked = Instant::now();
            let page = self.read(&address.parse().unwrap());
            pages.push(asked.elapsed().as_secs_f64() * 1_000.0);
            items += page["orderedItems"].as_array().map_or(0, Vec::len);
            next = page["next"].clone();
        }
        let took = begun.elapsed().as_secs_f64() * 1_000.0;
        self.house.stop(server);
        assert_eq!(items, COMMENTS + 1, "the conversation is not whole");
        vec![
            Row::new(
                "a topic with 10,000 comments read as its context",
                took,
                "ms",
            ),
            Row::new(
                format!(
                    "one of its {} pages, signature of the reader included, p99",
                    pages.len()
                ),
                percentile(&mut pages, 0.99),
                "ms",
            ),
        ]
    }

    fn write_comments(&self) {
        let house = &self.house;
        house.run(async {
            let mut running = tokio::task::JoinSet::new();
            for number in 1..=COMMENTS {
                if running.len() == WRITERS {
                    running.join_next().await.unwrap().unwrap();
                }
                let (app, ada, topic) = (house.app.clone(), house.ada(), self.topic.id);
                let body = marked(0, number).parse().unwrap();
                running.spawn(async move {
                    posts::comment(&app, ada, topic, Some(body), Audience::Group, vec![])
                        .await
                        .unwrap();
                });
            }
            while let Some(one) = running.join_next().await {
                one.unwrap();
            }
        });
    }

    fn read(&self, url: &Url) -> Value {
        let request = self.get(url, 0);
        let answer = self.house.run(load::ask(self.house.port(), &request));
        serde_json::from_slice(&answer).unwrap()
    }
}
