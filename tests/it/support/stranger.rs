//! A server of other make in acme's *engineering*: it speaks plain ActivityPub and knows nothing of
//! partnerships.

use serde_json::{Value, json};

use super::bridge::is_in;
use super::forge::{Letter, Reply};
use super::peer::{ACTIVITY_JSON, Actor, Answer, Peer};
use super::world::{World, eventually, text};

/// A server of other make: a partner that was added by name, whose people join by Follow.
pub struct Stranger {
    pub peer: Peer,
    /// Where the house's server listens, and what it calls itself.
    pub address: String,
    pub host: String,
    pub group: String,
}

impl Stranger {
    /// Makes it a partner of acme that may do `can` in *engineering*.
    pub async fn partner(world: &World, name: &'static str, can: &str) -> Self {
        let peer = Peer::start(name);
        let acme = &world.house("acme").instance;
        let host = peer.host();
        acme.add_partner(&host).await;
        let grant = [
            "grant",
            "add",
            "engineering",
            &host,
            "--can",
            can,
            "--join",
            "auto",
        ];
        acme.run_json(&grant).await;
        Self {
            peer,
            address: acme.address(),
            host: acme.host(),
            group: format!("{}/g/engineering", acme.origin()),
        }
    }

    /// Answers who asks for a post at its address.
    pub fn shows(&self, post: &Value) {
        let id = text(&post["id"]);
        let (_, path) = id.split_once(&self.peer.host()).expect("a post of its own");
        self.peer.put(path, Answer::of(ACTIVITY_JSON, post));
    }

    pub async fn send(&self, sender: &Actor, activity: &Value) -> Reply {
        let letter = Letter::post(sender, &self.host, activity);
        letter.sign().send(&self.address).await
    }

    pub async fn says(&self, sender: &Actor, activity: &Value) {
        let reply = self.send(sender, activity).await;
        assert_eq!(reply.status, 202, "{activity}: {}", reply.text());
    }

    /// Somebody there who is a member; the Follow with which they asked.
    pub async fn member(&self, world: &World, name: &str) -> (Actor, Value) {
        let person = self.peer.person(name);
        let follow = person.activity("Follow", json!(self.group));
        self.says(&person, &follow).await;
        is_in(world, &person.handle(), "member").await;
        (person, follow)
    }

    /// Waits for an activity to arrive there.
    pub async fn hears(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{} hears {what}", self.peer.host()), async || {
            let heard = self.peer.heard();
            heard.into_iter().find(|activity| is_it(activity))
        })
        .await
    }
}
