//! Somebody on snac, a whole microblog server, takes part in a public group: it follows, is shown
//! boosts, starts topics by mentioning the group; and in a private one that copies its posts for such
//! servers. snac knows nothing of groups.

use guildhall::domain::Mirror;
use serde_json::{Value, json};

use super::{Peer, Software};
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::world::{Member, World, eventually, text};

#[tokio::test]
async fn a_microblog_server_takes_part_in_a_public_group() {
    for backend in backends() {
        let Some(peer) = Peer::start(Software::Snac).await else {
            return;
        };
        let Some(world) = World::open(backend, "acme").await else {
            continue;
        };
        let square = Square::set(world, peer, "open", "public").await;
        let (acme, peer) = (square.acme(), &square.peer);
        let (ada, group) = (&square.ada, &square.group);

        // A topic of ours is boosted, in no other form, and shown to who follows the group.
        let bridge = ada
            .topic(
                &square.here,
                "Bridge opens Monday",
                "Who brings the **ribbon**?",
            )
            .await;
        let (bridge_id, bridge_uri) = (text(&bridge["id"]), text(&bridge["uri"]));
        square.shows(bridge_uri, "Who brings the").await;
        let boosts = square
            .heard(|activity| activity["type"] == "Announce")
            .await;
        assert_eq!(boosts.len(), 1, "{boosts:?}");
        assert_eq!(boosts[0]["object"], bridge_uri);
        assert!(square.timeline_has(bridge_uri).await);

        // She answers and likes it.
        let reply = square
            .does(
                "post",
                json!({ "content": "We bring the ribbon.", "inReplyTo": bridge_uri }),
            )
            .await;
        let reply_uri = text(&reply["object"]);
        let seen = ada.see_comment(bridge_id, reply_uri).await;
        assert!(text(&seen["content"]).contains("We bring"), "{seen}");
        assert_eq!(seen["account"]["acct"], square.alice().as_str(), "{seen}");
        square.does("like", json!({ "object": bridge_uri })).await;
        eventually("her like is counted", async || {
            let status = ada.get(&format!("/api/v1/statuses/{bridge_id}")).await;
            (status.body["favourites_count"] == 1).then_some(())
        })
        .await;

        // She is answered, and what was changed here changes there.
        let answer = ada.reply(text(&seen["id"]), "Thank you, alice.").await.body;
        square
            .shows(text(&answer["uri"]), "Thank you, alice.")
            .await;
        let edited =
            json!({ "title": "Bridge opens Tuesday", "status": "Who brings the **scissors**?" });
        let edited = ada
            .put(&format!("/api/v1/statuses/{bridge_id}"), edited)
            .await;
        assert_eq!(edited.status, 200, "{edited:?}");
        square.shows(bridge_uri, "scissors").await;

        // What she changes and takes back.
        square
            .does(
                "edit",
                json!({ "object": reply_uri, "content": "We bring both." }),
            )
            .await;
        eventually("ada sees the edit", async || {
            let comments = ada.comments(bridge_id).await;
            let edited = comments
                .iter()
                .find(|comment| comment["uri"] == reply_uri)?;
            text(&edited["content"]).contains("both").then_some(())
        })
        .await;

        // A mention of the group starts a topic; its first line is the title.
        let timber =
            json!({ "mention": [group], "content": "Timber for the handrail\n\nLarch or oak?" });
        let timber = square.does("post", timber).await;
        let topic = ada.see_topic(text(&timber["object"])).await;
        let content = text(&topic["content"]);
        assert!(
            content.starts_with("<p><strong>Timber for the handrail</strong></p>"),
            "{content}"
        );
        assert!(content.contains("Larch or oak?"), "{content}");

        // What is deleted here is gone there: the boost is taken back, and the author deletes.
        let gone = ada.delete(&format!("/api/v1/statuses/{bridge_id}")).await;
        assert_eq!(gone.status, 200, "{gone:?}");
        eventually("the topic is gone from snac", async || {
            (!square.timeline_has(bridge_uri).await).then_some(())
        })
        .await;
        let undone = square.heard(|activity| activity["type"] == "Undo").await;
        assert_eq!(undone.len(), 1, "{undone:?}");
        assert_eq!(undone[0]["object"]["id"], boosts[0]["id"]);

        // A group that is not public shows itself to the server whose people are in it.
        acme.run_json(&[
            "group", "create", "payroll", "--title", "Payroll", "--access", "closed", "--owner",
            "ada",
        ])
        .await;
        acme.run_json(&["group", "stage", "payroll", "partners"])
            .await;
        let payroll = ada.find("payroll").await;
        let salaries = ada.topic(&payroll, "Salaries", "They rise.").await;
        let salaries = text(&salaries["uri"]);
        assert_eq!(square.fetch(salaries).await["status"], 404);
        let host = &peer.host;
        acme.run_json(&[
            "grant",
            "add",
            "payroll",
            host,
            "--can",
            "read",
            "--history",
            "all",
        ])
        .await;
        assert_eq!(
            square.fetch(salaries).await["status"],
            404,
            "nobody there is in it"
        );
        let payroll = format!("{}/g/payroll", acme.origin());
        square.follow(&payroll, "payroll").await;
        let read = square.fetch(salaries).await;
        assert_eq!(read["status"], 200, "{read}");
        assert_eq!(read["json"]["id"], salaries, "{read}");
    }
}

#[tokio::test]
async fn a_microblog_server_takes_part_in_a_private_group_by_copies() {
    for backend in backends() {
        let Some(peer) = Peer::start(Software::Snac).await else {
            return;
        };
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let club = Square::set(world, peer, "closed", "partners").await;
        let (acme, ada) = (club.acme(), &club.ada);
        acme.run_json(&["group", "set", "engineering", "--mirror", "on"])
            .await;
        club.world
            .house("acme")
            .allows_copies("ada", Mirror::On)
            .await;

        // A topic is shown to alice as the group's own, and read where it is kept.
        let bridge = ada
            .topic(&club.here, "Bridge opens", "Who brings the **ribbon**?")
            .await;
        let (id, copy) = (
            text(&bridge["id"]),
            format!("{}/mirror", text(&bridge["uri"])),
        );
        club.shows(&copy, "Who brings the").await;
        assert!(club.timeline_has(&copy).await);
        assert_eq!(club.fetch(&copy).await["status"], 200);

        // She answers and likes it; is answered; what is changed on either side changes on the other.
        let reply = json!({ "content": "We bring the ribbon.", "inReplyTo": copy });
        let reply = club.does("post", reply).await;
        let reply = text(&reply["object"]);
        let seen = ada.see_comment(id, reply).await;
        assert_eq!(seen["account"]["acct"], club.alice().as_str(), "{seen}");
        club.does("like", json!({ "object": copy })).await;
        eventually("her like is counted", async || {
            let status = ada.get(&format!("/api/v1/statuses/{id}")).await;
            (status.body["favourites_count"] == 1).then_some(())
        })
        .await;
        let answer = ada.reply(text(&seen["id"]), "Thank you, alice.").await.body;
        let answer = format!("{}/mirror", text(&answer["uri"]));
        club.shows(&answer, "Thank you, alice.").await;
        assert_eq!(club.kept(&answer).await["inReplyTo"], reply);
        let edited = json!({ "title": "Bridge opens", "status": "Who brings the **scissors**?" });
        ada.put(&format!("/api/v1/statuses/{id}"), edited).await;
        club.shows(&copy, "scissors").await;
        let changed = json!({ "object": reply, "content": "We bring both." });
        club.does("edit", changed).await;
        eventually("ada sees the edit", async || {
            let comments = ada.comments(id).await;
            let edited = comments.iter().find(|comment| comment["uri"] == reply)?;
            text(&edited["content"]).contains("both").then_some(())
        })
        .await;

        // Of bob, who allows nothing, nothing comes; the original is not sent either.
        let bob = world_member(&club, "bob").await;
        let bobs = bob.reply(id, "Not for servers elsewhere.").await.body;
        let last = ada.reply(id, "The last word.").await.body;
        club.shows(&format!("{}/mirror", text(&last["uri"])), "The last word.")
            .await;
        for hidden in [text(&bobs["uri"]), text(&bridge["uri"])] {
            assert_eq!(club.kept(hidden).await, Value::Null, "{hidden}");
        }
        let bobs = format!("{}/mirror", text(&bobs["uri"]));
        assert_eq!(club.fetch(&bobs).await["status"], 404);

        // What is deleted here is gone there.
        ada.delete(&format!("/api/v1/statuses/{id}")).await;
        eventually("the copy is gone from snac", async || {
            (!club.timeline_has(&copy).await).then_some(())
        })
        .await;
        let others = club
            .heard(|said| !said.to_string().contains("/mirror"))
            .await;
        let answers = |said: &Value| said["type"] == "Accept" || said["object"]["type"] == "Group";
        assert!(others.iter().all(answers), "{others:?}");
    }
}

/// Somebody else of acme's who is in the group.
async fn world_member(club: &Square, name: &str) -> Member {
    let member = club.world.member(&format!("{name}@acme")).await;
    club.acme()
        .run_json(&["member", "add", "engineering", name])
        .await;
    member
}

/// Acme with ada's group *engineering*, and snac with alice, who follows it.
struct Square {
    world: World,
    peer: Peer,
    ada: Member,
    here: String,
    group: String,
}

impl Square {
    async fn set(world: World, peer: Peer, access: &str, stage: &str) -> Self {
        let (house, host) = (&world.house("acme").instance, &peer.host);
        let ada = world.engineering("acme", access, stage).await;
        world.open_to("acme", host, &["--join", "auto"]).await;
        let here = ada.find("engineering").await;
        let group = format!("{}/g/engineering", house.origin());
        let square = Self {
            world,
            peer,
            ada,
            here,
            group,
        };
        square.follow(&square.group, "engineering").await;
        eventually("acme knows what alice's server understands", async || {
            let partner = square
                .acme()
                .run_json(&["partner", "show", &square.peer.host])
                .await;
            let dialect = &partner["dialect"];
            let why = text(&dialect["why"]);
            (dialect["used"] == "boosts" && why.starts_with("guessed from NodeInfo: snac"))
                .then_some(())
        })
        .await;
        square
    }

    fn acme(&self) -> &Instance {
        &self.world.house("acme").instance
    }

    fn alice(&self) -> String {
        format!("alice@{}", self.peer.host)
    }

    /// Alice follows a group, and is let in where that needs somebody.
    async fn follow(&self, group: &str, name: &str) {
        self.does("follow", json!({ "actor": group })).await;
        let (house, alice) = (self.acme(), self.alice());
        let listed = async |state: Option<&str>| {
            let members = house.run_json(&["member", "list", name]).await;
            let is_it = |row: &Value| {
                row["who"] == alice.as_str() && state.is_none_or(|state| row["state"] == state)
            };
            members.as_array()?.iter().any(is_it).then_some(())
        };
        eventually(&format!("{alice} asks to join {name}"), async || {
            listed(None).await
        })
        .await;
        house.run(&["member", "add", name, &alice]).await;
        eventually(&format!("{alice} is in {name}"), async || {
            listed(Some("member")).await
        })
        .await;
        let actor: String = url::form_urlencoded::byte_serialize(group.as_bytes()).collect();
        eventually("snac knows that she is in", async || {
            let relation = self
                .peer
                .get(&format!("/control/relationship?actor={actor}"))
                .await;
            (relation[0]["following"] == true).then_some(())
        })
        .await;
    }

    /// Has snac do something for alice.
    async fn does(&self, what: &str, body: Value) -> Value {
        self.peer.post(&format!("/control/{what}"), body).await
    }

    /// What snac keeps of an object; null where it keeps nothing.
    async fn kept(&self, uri: &str) -> Value {
        let id: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        self.peer.get(&format!("/control/object?id={id}")).await
    }

    /// Whether snac shows a post, boosted or not, to alice.
    async fn timeline_has(&self, uri: &str) -> bool {
        let timeline = self.peer.get("/control/timeline").await;
        let statuses = timeline.as_array().expect("statuses");
        let is_it = |status: &Value| status["uri"] == uri || status["reblog"]["uri"] == uri;
        statuses.iter().any(is_it)
    }

    /// Waits until snac keeps an object that says this.
    async fn shows(&self, uri: &str, words: &str) {
        eventually(&format!("snac shows {words:?}"), async || {
            let kept = self.kept(uri).await;
            kept["content"].as_str()?.contains(words).then_some(())
        })
        .await;
    }

    /// A signed GET of snac's.
    async fn fetch(&self, uri: &str) -> Value {
        let url: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        self.peer.get(&format!("/control/fetch?url={url}")).await
    }

    /// What reached snac's inboxes so far of this kind.
    async fn heard(&self, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
        let inbox = self.peer.get("/control/inbox").await;
        let records = inbox.as_array().expect("a list of what came").iter();
        let activities = records.map(|record| record["activity"].clone());
        activities.filter(is_it).collect()
    }
}
