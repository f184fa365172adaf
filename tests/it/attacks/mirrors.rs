//! Copies that groups make for microblog servers: others do not learn of them, and nobody does with a copy
//! what they may not do with the post.

use guildhall::domain::{Boosts, DialectChoice, Mirror, Outreach};
use guildhall::policy::Viewer;
use guildhall::services::{dialects, mirrors};
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::forge::Letter;
use crate::support::peer::{Actor, Peer};

/// A group of ann's that is copied for M, where mara is in it and max is not; ann's topic in it.
struct Copied {
    m: Peer,
    mara: Actor,
    max: Actor,
    group: String,
    topic: String,
}

impl Copied {
    async fn set(fixture: &Fixture, name: &'static str) -> Self {
        let m = Peer::start(name);
        let group = fixture.new_group().await;
        fixture.open(&group, &m).await;
        let (app, host) = (&fixture.app, m.host().parse().expect("a host"));
        let chosen = dialects::choose(app, Viewer::Operator, host, DialectChoice::Boosts).await;
        chosen.expect("a partner");
        let outreach = Outreach {
            mirror: Mirror::On,
            boosts: Boosts::Topics,
        };
        let chosen = mirrors::choose_for_group(app, Viewer::Operator, group.id, outreach).await;
        chosen.expect("a group");
        let allowed = mirrors::choose(app, fixture.ann.viewer(), Mirror::On).await;
        allowed.expect("ann may");
        let (mara, max) = (m.person("mara"), m.person("max"));
        fixture.admit(&mara, &group).await;
        let topic = fixture.post_in(&group, "Timber", "Larch or oak?").await;
        fixture.settle().await;
        Self {
            m,
            mara,
            max,
            group: group.actor.uri.to_string(),
            topic: topic.uri.to_string(),
        }
    }

    fn copy(&self) -> String {
        format!("{}/mirror", self.topic)
    }

    async fn done(self, fixture: &Fixture) {
        let forbidden = mirrors::choose(&fixture.app, fixture.ann.viewer(), Mirror::Off).await;
        forbidden.expect("ann may");
        fixture.settle().await;
    }
}

/// One that there never was.
fn unknown(fixture: &Fixture) -> String {
    fixture.url("/p/123456789/mirror")
}

#[tokio::test]
async fn a_copy_answers_others_like_an_unknown_id() {
    on_both(async |fixture| {
        let copied = Copied::set(fixture, "m1").await;
        let host = fixture.host();
        let address = fixture.instance.address();
        let read = async |reader: &Actor, uri: &str| {
            let (_, path) = uri.split_once(&host).expect("ours");
            let reply = Letter::get(reader, &host, path).sign().send(&address).await;
            (reply.status, reply.body)
        };
        assert_eq!(read(&copied.mara, &copied.copy()).await.0, 200);
        for reader in [
            &fixture.eve,
            &fixture.quin,
            &fixture.pam,
            fixture.p.instance(),
        ] {
            let (there, nowhere) = (
                read(reader, &copied.copy()).await,
                read(reader, &unknown(fixture)).await,
            );
            assert_eq!(there, nowhere, "{}", reader.id);
            assert_eq!(there.0, 404);
        }

        // What is said of it is answered like what is said of nothing, and changes nothing.
        for sender in [&fixture.quin, &fixture.pam] {
            let before = fixture.settle().await;
            let mut answers = Vec::new();
            for object in [copied.copy(), unknown(fixture)] {
                let like = sender.activity("Like", json!(object));
                let reply = sender.create(&sender.note("", &object, "forged"));
                for activity in [like, reply] {
                    let answer = fixture.deliver(sender, &activity).await;
                    answers.push((answer.status, answer.body));
                }
            }
            assert_eq!(answers[..2], answers[2..], "{}", sender.id);
            let after = fixture.settle().await;
            for table in ["posts", "reactions", "events"] {
                assert_eq!(before.count(table, ""), after.count(table, ""), "{table}");
            }
        }
        copied.done(fixture).await;
    })
    .await;
}

#[tokio::test]
async fn nobody_does_with_a_copy_what_they_may_not_do_with_the_post() {
    on_both(async |fixture| {
        let copied = Copied::set(fixture, "m2").await;
        let (mara, max, copy) = (&copied.mara, &copied.max, copied.copy());
        let before = fixture.settle().await;

        // Max is on a server that gets copies, and in no group.
        let by_max = max.create(&max.note(&copied.group, &copy, "forged"));
        fixture.deliver(max, &by_max).await;
        fixture
            .deliver(max, &max.activity("Like", json!(copy)))
            .await;
        // In mara's name, by max.
        let in_her_name = mara.create(&mara.note(&copied.group, &copy, "forged"));
        let reply = fixture.deliver(max, &in_her_name).await;
        assert!(matches!(reply.status, 401 | 403), "{}", reply.text());
        // A copy is the group's: nobody changes or deletes it, nor the post by its name.
        let mut note: Value = mara.note(&copied.group, &copied.topic, "forged");
        note["id"] = json!(copy);
        for activity in [
            mara.activity("Update", note),
            mara.activity("Delete", json!(copy)),
            mara.activity("Announce", json!(copy)),
        ] {
            fixture.deliver(mara, &activity).await;
        }

        let after = fixture.settle().await;
        for table in ["posts", "reactions", "events", "deliveries"] {
            assert_eq!(before.count(table, ""), after.count(table, ""), "{table}");
        }
        assert_eq!(after.count("posts", "forged"), 0);
        let (_, path) = copy.split_once(&fixture.host()).expect("ours");
        let read = Letter::get(mara, &fixture.host(), path).sign();
        let read = read.send(&fixture.instance.address()).await;
        assert!(read.text().contains("Larch or oak?"), "{}", read.text());
        assert!(copied.m.heard().iter().any(|said| said["type"] == "Create"));
        copied.done(fixture).await;
    })
    .await;
}
