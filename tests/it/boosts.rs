//! A public group and servers of several kinds: each gets what it understands of what happens there.

use serde_json::{Value, json};

use crate::support::forge::Letter;
use crate::support::peer::{Actor, Peer};
use crate::support::process::Instance;
use crate::support::requirements::{Backend, backends};
use crate::support::world::{Member, World, eventually, text};

/// Acme's public group *engineering*, with ada in it.
struct Square {
    world: World,
    ada: Member,
    here: String,
}

impl Square {
    async fn set(backend: Backend) -> Option<Self> {
        let world = World::open(backend, "acme").await?;
        let ada = world.engineering("acme", "open", "public").await;
        let here = ada.find("engineering").await;
        Some(Self { world, ada, here })
    }

    fn acme(&self) -> &Instance {
        &self.world.house("acme").instance
    }

    fn group(&self) -> String {
        format!("{}/g/engineering", self.acme().origin())
    }

    /// Somebody of a server that runs this software is let into the group.
    async fn guest(&self, peer: &Peer, name: &str, software: Option<&str>) -> Actor {
        let host = peer.host();
        if let Some(software) = software {
            peer.runs(software, "4.5.1");
        }
        let world = &self.world;
        world.open_to("acme", &host, &["--join", "auto"]).await;
        let guest = peer.person(name);
        self.send(&guest, &guest.activity("Follow", self.group().into()))
            .await;
        eventually(&format!("{name} is in"), async || {
            let accepted = |activity: &Value| activity["type"] == "Accept";
            peer.heard().iter().any(accepted).then_some(())
        })
        .await;
        guest
    }

    async fn send(&self, sender: &Actor, activity: &Value) {
        let letter = Letter::post(sender, &self.acme().host(), activity).sign();
        let reply = letter.send(&self.acme().address()).await;
        assert_eq!(reply.status, 202, "{activity}: {}", reply.text());
    }

    /// What acme knows of how a server takes part in groups.
    async fn dialect(&self, peer: &Peer) -> Value {
        let partner = self
            .acme()
            .run_json(&["partner", "show", &peer.host()])
            .await;
        partner["dialect"].clone()
    }

    async fn speaks(&self, peer: &Peer, dialect: &str, why: &str) {
        eventually(
            &format!("{} speaks {dialect}: {why}", peer.host()),
            async || {
                let known = self.dialect(peer).await;
                (known["used"] == dialect && text(&known["why"]).starts_with(why)).then_some(())
            },
        )
        .await;
    }
}

/// Waits until something like this arrived.
async fn hears(peer: &Peer, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("{} hears {what}", peer.host()), async || {
        peer.heard().into_iter().find(&is_it)
    })
    .await
}

/// The kinds of what arrived since it was let in; what is in what, from outside in.
fn kinds(peer: &Peer) -> Vec<String> {
    let kind = |activity: &Value| {
        let mut words = Vec::new();
        let mut inside = activity;
        while let Some(kind) = inside["type"].as_str() {
            words.push(kind.to_owned());
            inside = &inside["object"];
        }
        words.join(" ")
    };
    let mut kinds: Vec<String> = peer.heard().iter().map(kind).collect();
    kinds.retain(|kind| !kind.starts_with("Accept"));
    kinds
}

fn is_boost_of(uri: &str) -> impl Fn(&Value) -> bool {
    move |activity| activity["type"] == "Announce" && activity["object"] == uri
}

fn is_about(uri: &str, kind: &str) -> impl Fn(&Value) -> bool {
    move |activity| {
        let inner = &activity["object"];
        inner["type"] == kind && (inner["object"] == uri || inner["object"]["id"] == uri)
    }
}

#[tokio::test]
async fn each_server_gets_topics_in_the_form_that_it_understands() {
    for backend in backends() {
        let Some(square) = Square::set(backend).await else {
            continue;
        };
        let (ada, group) = (&square.ada, square.group());
        let (micro, forum) = (Peer::start("micro"), Peer::start("forum"));
        let mara = square.guest(&micro, "mara", Some("mastodon")).await;
        square.guest(&forum, "lena", Some("lemmy")).await;
        let guessed = "guessed from NodeInfo: mastodon 4.5.1";
        square.speaks(&micro, "boosts", guessed).await;
        square
            .speaks(&forum, "activities", "guessed from NodeInfo: lemmy")
            .await;

        // A topic: a boost for the one, what ada did for the other.
        let topic = ada
            .topic(&square.here, "Bridge opens Monday", "Who comes?")
            .await;
        let (id, uri) = (text(&topic["id"]), text(&topic["uri"]));
        let boost = hears(&micro, "the boost", is_boost_of(uri)).await;
        assert_eq!(boost["actor"], group.as_str());
        assert_eq!(
            boost["to"],
            json!(["https://www.w3.org/ns/activitystreams#Public"])
        );
        hears(&forum, "the topic", is_about(uri, "Create")).await;

        // It is answered there; the answer to that is ada's own word to mara.
        let note = mara.note(&group, uri, "We do.");
        square.send(&mara, &mara.create(&note)).await;
        let hers = ada.see_comment(id, text(&note["id"])).await;
        let answer = ada.reply(text(&hers["id"]), "Good.").await.body;
        let answer = text(&answer["uri"]);
        let told = hears(&micro, "the answer", |activity| {
            activity["type"] == "Create" && activity["object"]["id"] == answer
        })
        .await;
        assert_eq!(told["actor"], format!("{}/u/ada", square.acme().origin()));
        assert_eq!(told["object"]["inReplyTo"], note["id"]);
        assert_eq!(told["object"]["tag"][0]["href"], mara.id.as_str());
        hears(&forum, "the answer", is_about(answer, "Create")).await;
        let aside = ada.reply(id, "To everybody.").await.body;
        hears(
            &forum,
            "the comment",
            is_about(text(&aside["uri"]), "Create"),
        )
        .await;

        // Removed, restored, deleted.
        let acme = square.acme();
        let number = uri.rsplit('/').next().expect("a number");
        acme.run_json(&["post", "remove", number, "--reason", "Too early"])
            .await;
        let undo = hears(&micro, "the withdrawal", |activity| {
            activity["type"] == "Undo"
        })
        .await;
        assert_eq!(undo["object"]["id"], boost["id"]);
        assert_eq!(undo["object"]["object"], uri);
        acme.run_json(&["post", "restore", number]).await;
        hears(&forum, "that it is back", is_about(uri, "Delete")).await;
        let boosts = async || {
            let boosts = micro.heard().into_iter().filter(is_boost_of(uri)).count();
            (boosts > 1).then_some(())
        };
        eventually("it is boosted again", boosts).await;
        ada.delete(&format!("/api/v1/statuses/{id}")).await;
        hears(&micro, "ada's Delete", |activity| {
            activity["type"] == "Delete" && activity["object"] == uri
        })
        .await;
        hears(&forum, "ada's Delete", is_about(uri, "Delete")).await;

        let wrapped = |kind: &String| kind.starts_with("Announce ");
        let plain = |kind: &String| kind == "Announce";
        assert!(!kinds(&micro).iter().any(wrapped), "{:?}", kinds(&micro));
        assert!(!kinds(&forum).iter().any(plain), "{:?}", kinds(&forum));
    }
}

#[tokio::test]
async fn a_mention_starts_a_topic_where_the_grant_allows_it() {
    for backend in backends() {
        let Some(square) = Square::set(backend).await else {
            continue;
        };
        let (ada, group) = (&square.ada, square.group());
        let (micro, other) = (Peer::start("micro"), Peer::start("other"));
        let mara = square.guest(&micro, "mara", Some("snac")).await;
        square.guest(&other, "otto", Some("gotosocial")).await;
        square
            .speaks(&other, "boosts", "guessed from NodeInfo: gotosocial")
            .await;

        let mention = |text: &str| {
            let mut note = mara.note("", "", "");
            note["inReplyTo"] = Value::Null;
            note["audience"] = Value::Null;
            note["to"] = json!(["https://www.w3.org/ns/activitystreams#Public"]);
            note["cc"] = json!([group]);
            note["tag"] = json!([{ "type": "Mention", "href": group, "name": "@engineering" }]);
            note["content"] = json!(format!(
                "<a href=\"{group}\" class=\"mention\">@engineering</a> {text}"
            ));
            note
        };
        let note = mention("Timber for the handrail<br>Larch or oak?");
        square.send(&mara, &mara.create(&note)).await;
        let topic = ada.see_topic(text(&note["id"])).await;
        let content = text(&topic["content"]);
        assert!(
            content.starts_with("<p><strong>Timber for the handrail</strong></p>"),
            "{content}"
        );

        // It is boosted to the others, who fetch it from its own server.
        let boost = hears(&other, "the boost", is_boost_of(text(&note["id"]))).await;
        let gone = mara.activity("Delete", note["id"].clone());
        square.send(&mara, &gone).await;
        let undo = hears(&other, "the withdrawal", |activity| {
            activity["type"] == "Undo"
        })
        .await;
        assert_eq!(undo["object"]["id"], boost["id"]);

        // Not where only comments are welcome.
        let host = micro.host();
        let acme = square.acme();
        acme.run_json(&[
            "grant",
            "add",
            "engineering",
            &host,
            "--can",
            "read,reply",
            "--join",
            "auto",
        ])
        .await;
        let note = mention("One more");
        let refused = Letter::post(&mara, &acme.host(), &mara.create(&note)).sign();
        let refused = refused.send(&acme.address()).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
    }
}

#[tokio::test]
async fn administrators_see_how_a_server_is_spoken_to_and_choose_otherwise() {
    for backend in backends() {
        let Some(square) = Square::set(backend).await else {
            continue;
        };
        let (acme, ada) = (square.acme(), &square.ada);
        let peer = Peer::start("plain");
        let host = peer.host();
        let pam = square.guest(&peer, "pam", None).await;
        let known = square.dialect(&peer).await;
        assert_eq!(
            (&known["used"], &known["why"]),
            (&json!("activities"), &json!("nothing is known of it"))
        );

        let set = async |dialect| {
            let set = acme
                .run_json(&["partner", "set", &host, "--dialect", dialect])
                .await;
            set["dialect"].clone()
        };
        let chosen = set("both").await;
        assert_eq!(
            (&chosen["used"], &chosen["why"]),
            (&json!("both"), &json!("set by operator"))
        );
        let topic = ada.topic(&square.here, "Bridge opens Monday", "").await;
        let uri = text(&topic["uri"]);
        hears(&peer, "the topic", is_about(uri, "Create")).await;
        hears(&peer, "the boost", is_boost_of(uri)).await;

        // What it does is seen all the while, and counts when nothing is chosen.
        let club = peer.group("club");
        let mut document = club.document();
        document["postingRestrictedToMods"] = json!(false);
        peer.publish(&club, document);
        let follow = club.activity("Follow", square.group().into());
        let letter = Letter::post(&club, &acme.host(), &follow).sign();
        letter.send(&acme.address()).await;
        eventually("its group was seen", async || {
            let known = square.dialect(&peer).await;
            (known["evidence"] == "seen" && known["used"] == "both").then_some(())
        })
        .await;
        let learned = set("auto").await;
        assert_eq!(learned["why"], "seen: its groups announce activities");
        assert_eq!(learned["chosen"], Value::Null);

        let audit = acme.run_json(&["audit", "list"]).await;
        let lines = audit.as_array().expect("lines").iter();
        let chosen = lines
            .filter(|line| line["action"] == "dialect_chosen")
            .count();
        assert_eq!(chosen, 2);
        let unknown = acme
            .run(["partner", "set", "nobody.example", "--dialect", "boosts"])
            .await;
        assert_eq!(unknown.code, Some(1));
        drop(pam);
    }
}

#[tokio::test]
async fn comments_are_boosted_where_the_group_says_so() {
    for backend in backends() {
        let Some(square) = Square::set(backend).await else {
            continue;
        };
        let (ada, acme) = (&square.ada, square.acme());
        let (micro, forum) = (Peer::start("micro"), Peer::start("forum"));
        let mara = square.guest(&micro, "mara", Some("mastodon")).await;
        square.guest(&forum, "lena", Some("lemmy")).await;
        let guessed = "guessed from NodeInfo: mastodon";
        square.speaks(&micro, "boosts", guessed).await;
        let topic = ada.topic(&square.here, "Bridge opens Monday", "").await;
        let (id, uri) = (text(&topic["id"]), text(&topic["uri"]));
        hears(&micro, "the topic", is_boost_of(uri)).await;
        let quiet = ada.reply(id, "Not boosted.").await.body;
        let quiet = text(&quiet["uri"]).to_owned();

        let set = ["group", "set", "engineering", "--boosts", "all"];
        let set = acme.run_json(&set).await;
        assert_eq!(
            (&set["boosts"], &set["mirror"]),
            (&json!("all"), &json!("off"))
        );
        let comment = ada.reply(id, "Boosted.").await.body;
        let (number, comment) = (text(&comment["id"]), text(&comment["uri"]));
        let boost = hears(&micro, "the comment", is_boost_of(comment)).await;
        let everybody = "https://www.w3.org/ns/activitystreams#Public";
        assert_eq!(boost["to"], json!([everybody]));

        // Changed and taken back; groups get it as ever.
        ada.put(
            &format!("/api/v1/statuses/{number}"),
            json!({ "status": "Both." }),
        )
        .await;
        hears(&micro, "the edit", |said| {
            said["type"] == "Update" && said["object"]["id"] == comment
        })
        .await;
        hears(&forum, "the comment", is_about(comment, "Create")).await;
        acme.run_json(&["group", "set", "engineering", "--boosts", "topics"])
            .await;
        ada.delete(&format!("/api/v1/statuses/{number}")).await;
        let undo = hears(&micro, "the withdrawal", |said| said["type"] == "Undo").await;
        assert_eq!(undo["object"]["id"], boost["id"]);
        hears(&micro, "ada's Delete", |said| {
            said["type"] == "Delete" && said["object"] == comment
        })
        .await;

        // Theirs, too; but not what its author does not want to be boosted.
        acme.run_json(&["group", "set", "engineering", "--boosts", "all"])
            .await;
        let mut reserved = mara.note(&square.group(), uri, "Not beyond here.");
        reserved["interactionPolicy"] =
            json!({ "canAnnounce": { "automaticApproval": [mara.id] } });
        square.send(&mara, &mara.create(&reserved)).await;
        ada.see_comment(id, text(&reserved["id"])).await;
        let open = mara.note(&square.group(), uri, "To everybody.");
        square.send(&mara, &mara.create(&open)).await;
        hears(&micro, "her comment", is_boost_of(text(&open["id"]))).await;
        let boosted = |uri: &str| micro.heard().iter().any(is_boost_of(uri));
        assert!(!boosted(text(&reserved["id"])) && !boosted(&quiet));
        let plain = |kind: &String| kind == "Announce";
        assert!(!kinds(&forum).iter().any(plain), "{:?}", kinds(&forum));
    }
}
