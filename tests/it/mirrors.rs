//! A private group and members on microblog servers: the group posts copies for them of what people
//! write who let it, and what they do with a copy is done with the post.

use guildhall::domain::Mirror;
use serde_json::{Value, json};

use crate::support::bridge::is_in;
use crate::support::forge::{Letter, Reply};
use crate::support::peer::{Actor, Peer};
use crate::support::person::Person;
use crate::support::process::Instance;
use crate::support::requirements::{Backend, backends};
use crate::support::world::{Member, World, eventually, text};

/// Acme's closed group *engineering* with ada and bob in it, open to partners.
struct Club {
    world: World,
    ada: Member,
    bob: Member,
    here: String,
}

impl Club {
    async fn found(backend: Backend) -> Option<Self> {
        let world = World::start(backend, ["acme"]).await?;
        let ada = world.engineering("acme", "closed", "partners").await;
        let bob = world.member("bob@acme").await;
        let club = Self {
            here: ada.find("engineering").await,
            world,
            ada,
            bob,
        };
        club.acme()
            .run_json(&["member", "add", "engineering", "bob"])
            .await;
        Some(club)
    }

    fn acme(&self) -> &Instance {
        &self.world.house("acme").instance
    }

    fn group(&self) -> String {
        format!("{}/g/engineering", self.acme().origin())
    }

    async fn choose(&self, mirror: &str) -> Value {
        let set = ["group", "set", "engineering", "--mirror", mirror];
        self.acme().run_json(&set).await
    }

    /// Somebody signed in at acme's pages, with a new password: their token ends.
    async fn at_the_pages(&self, name: &str) -> Person {
        let made = self.acme().run_json(&["user", "password", name]).await;
        Person::signed_in(self.acme(), name, text(&made["password"])).await
    }

    /// Somebody says whether groups may copy what they write.
    async fn allows(&self, name: &str, choice: Mirror) {
        self.world.house("acme").allows_copies(name, choice).await;
    }

    /// Somebody of a microblog server that an administrator trusts is let in.
    async fn guest(&self, peer: &Peer, name: &str) -> Actor {
        peer.runs("mastodon", "4.5.1");
        let (acme, host) = (self.acme(), peer.host());
        let world = &self.world;
        world.open_to("acme", &host, &["--join", "auto"]).await;
        let guest = peer.person(name);
        self.send(&guest, &guest.activity("Follow", self.group().into()))
            .await;
        is_in(world, &guest.handle(), "member").await;
        eventually("it is known what that server understands", async || {
            let partner = acme.run_json(&["partner", "show", &host]).await;
            (partner["dialect"]["used"] == "boosts").then_some(())
        })
        .await;
        guest
    }

    async fn send(&self, sender: &Actor, activity: &Value) {
        let letter = Letter::post(sender, &self.acme().host(), activity).sign();
        let reply = letter.send(&self.acme().address()).await;
        assert_eq!(reply.status, 202, "{activity}: {}", reply.text());
    }

    async fn read(&self, reader: &Actor, uri: &str) -> Reply {
        let (_, path) = uri.split_once(&self.acme().host()).expect("at acme");
        let letter = Letter::get(reader, &self.acme().host(), path).sign();
        letter.send(&self.acme().address()).await
    }

    /// Waits until everything that was planned has left.
    async fn has_told_all(&self, peer: &Peer) {
        eventually("the queue is empty", async || {
            let rows = self.acme().run_json(&["queue", "show", &peer.host()]).await;
            let waits = |row: &Value| row["state"] == "pending";
            (!rows.as_array()?.iter().any(waits)).then_some(())
        })
        .await;
    }
}

async fn hears(peer: &Peer, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("{} hears {what}", peer.host()), async || {
        peer.heard().into_iter().find(&is_it)
    })
    .await
}

/// A copy, in what a group says.
fn is_copy(kind: &str, uri: &str) -> impl Fn(&Value) -> bool {
    let copy = format!("{uri}/mirror");
    move |activity| {
        let object = &activity["object"];
        activity["type"] == kind && (object["id"] == copy.as_str() || object == copy.as_str())
    }
}

fn said(peer: &Peer, words: &str) -> bool {
    let heard = peer.heard();
    heard
        .iter()
        .any(|activity| activity.to_string().contains(words))
}

#[tokio::test]
async fn members_on_a_microblog_server_take_part_by_copies() {
    for backend in backends() {
        let Some(club) = Club::found(backend).await else {
            continue;
        };
        let (ada, bob, group) = (&club.ada, &club.bob, club.group());
        let set = club.choose("on").await;
        assert_eq!(set["mirror"], "on", "{set}");
        let (micro, other) = (Peer::start("micro"), Peer::start("other"));
        let mara = club.guest(&micro, "mara").await;
        club.guest(&other, "otto").await;
        club.allows("ada", Mirror::On).await;

        // A topic, as the group's own note: whose words, where they are kept, for followers.
        let topic = ada
            .topic(&club.here, "Bridge opens Monday", "Who *comes*?")
            .await;
        let (id, uri) = (text(&topic["id"]), text(&topic["uri"]));
        let copy = hears(&micro, "the copy", is_copy("Create", uri)).await;
        let note = &copy["object"];
        assert_eq!(
            (&copy["actor"], &note["attributedTo"]),
            (&json!(group), &json!(group))
        );
        assert_eq!(note["type"], "Note");
        assert_eq!(note["to"], json!([format!("{group}/followers")]));
        assert_eq!((&copy["to"], &copy["cc"]), (&note["to"], &json!([])));
        assert!(!copy.to_string().contains("Public"), "{copy}");
        let content = text(&note["content"]);
        assert!(
            content.starts_with("<p><strong>ada</strong> (acme):</p>")
                && content.contains("Bridge opens Monday")
                && content.contains("<em>comes</em>"),
            "{content}"
        );
        let canonical = note["url"].as_array().expect("links").iter();
        let canonical: Vec<_> = canonical
            .filter(|link| link["rel"] == "canonical")
            .collect();
        assert_eq!(canonical.len(), 1, "{note}");
        assert_eq!(canonical[0]["href"], uri);
        let may_reply = &note["interactionPolicy"]["canReply"]["automaticApproval"];
        assert_eq!(may_reply, &json!([format!("{group}/followers")]));

        // It is read where it is kept, by who is in the group.
        let address = text(&note["id"]);
        let shown = club.read(&mara, address).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let shown: Value = serde_json::from_slice(&shown.body).expect("a note");
        assert_eq!(
            (&shown["content"], &shown["id"]),
            (&note["content"], &note["id"])
        );

        // She answers and likes the copy: the post is answered and liked.
        let reply = mara.note(&group, address, "We do.");
        club.send(&mara, &mara.create(&reply)).await;
        let hers = ada.see_comment(id, text(&reply["id"])).await;
        assert_eq!(hers["in_reply_to_id"], id);
        let like = mara.activity("Like", json!(address));
        club.send(&mara, &like).await;
        let likes = async |number: u64| {
            eventually(&format!("{number} likes"), async || {
                let status = ada.get(&format!("/api/v1/statuses/{id}")).await;
                (status.body["favourites_count"] == number).then_some(())
            })
            .await;
        };
        likes(1).await;
        club.send(&mara, &mara.activity("Undo", like)).await;
        likes(0).await;

        // Her own server is told that she is answered; the other, which was not told of her, that the topic is.
        let answer = ada.reply(text(&hers["id"]), "Good.").await.body;
        let answer = text(&answer["uri"]);
        let told = hears(&micro, "the answer", is_copy("Create", answer)).await;
        assert_eq!(told["object"]["inReplyTo"], reply["id"]);
        assert_eq!(told["object"]["tag"][0]["href"], mara.id.as_str());
        let told = hears(&other, "the answer", is_copy("Create", answer)).await;
        assert_eq!(told["object"]["inReplyTo"], address);
        assert!(!said(&other, "mara"), "{:?}", other.heard());

        // Bob allows nothing: nothing of his leaves, nor what answers it and nothing else.
        let canary = "canary-of-bob";
        let bobs = bob.reply(id, canary).await.body;
        let aside = bob.topic(&club.here, "Bob's own", canary).await;
        let below = ada.reply(text(&aside["id"]), "below-what-bob-wrote").await;
        assert_eq!(below.status, 200, "{below:?}");
        let kept = text(&below.body["uri"]).to_owned();
        for hidden in [text(&bobs["uri"]), text(&aside["uri"])] {
            for path in ["", "/mirror", "/replies"] {
                let read = club.read(&mara, &format!("{hidden}{path}")).await;
                assert_eq!(read.status, 404, "{hidden}{path}");
            }
        }
        assert_eq!(
            club.read(&mara, &format!("{kept}/mirror")).await.status,
            404
        );
        let outbox = club.read(&mara, &format!("{group}/outbox?page=true")).await;
        assert!(outbox.text().contains("Bridge opens"), "{}", outbox.text());
        assert!(!outbox.text().contains(canary), "{}", outbox.text());

        // Edited, removed, restored, deleted.
        let edited = json!({ "title": "Bridge opens Tuesday", "status": "Who *stays*?" });
        ada.put(&format!("/api/v1/statuses/{id}"), edited).await;
        let update = hears(&micro, "the edit", is_copy("Update", uri)).await;
        assert!(text(&update["object"]["content"]).contains("Tuesday"));
        let number = uri.rsplit('/').next().expect("a number");
        let acme = club.acme();
        acme.run_json(&["post", "remove", number, "--reason", "Too early"])
            .await;
        let gone = hears(&micro, "the removal", is_copy("Delete", uri)).await;
        assert_eq!(gone["actor"], group.as_str());
        let tombstone = club.read(&mara, address).await;
        assert_eq!(tombstone.status, 410);
        assert!(!tombstone.text().contains("Bridge"), "{}", tombstone.text());
        acme.run_json(&["post", "restore", number]).await;
        let count = |kind: &'static str| {
            let is_it = is_copy(kind, uri);
            micro.heard().iter().filter(|said| is_it(said)).count()
        };
        eventually("it is posted again", async || {
            (count("Create") == 2).then_some(())
        })
        .await;
        ada.delete(&format!("/api/v1/statuses/{id}")).await;
        eventually("it is deleted", async || {
            (count("Delete") == 2).then_some(())
        })
        .await;

        // Nothing else came, and nothing of bob's.
        club.has_told_all(&micro).await;
        for peer in [&micro, &other] {
            assert!(!said(peer, canary) && !said(peer, "below-what-bob-wrote"));
            for activity in peer.heard() {
                let about_the_group = activity["object"]["type"] == "Group";
                assert!(
                    activity["type"] == "Accept"
                        || about_the_group
                        || activity.to_string().contains("/mirror"),
                    "{activity}"
                );
            }
        }
    }
}

#[tokio::test]
async fn copies_need_the_group_the_author_and_an_administrator() {
    for backend in backends() {
        let Some(club) = Club::found(backend).await else {
            continue;
        };
        let (acme, ada) = (club.acme(), &club.ada);
        let micro = Peer::start("micro");
        let mara = club.guest(&micro, "mara").await;
        let copied = async |title: &str| {
            let topic = ada.topic(&club.here, title, "").await;
            let uri = text(&topic["uri"]).to_owned();
            hears(&micro, title, is_copy("Create", &uri)).await;
            uri
        };
        let kept = async |title: &str| {
            let topic = ada.topic(&club.here, title, "").await;
            let uri = text(&topic["uri"]).to_owned();
            assert_eq!(club.read(&mara, &format!("{uri}/mirror")).await.status, 404);
            uri
        };

        // The author alone, the group alone.
        club.allows("ada", Mirror::On).await;
        kept("not-of-the-group").await;
        club.allows("ada", Mirror::Off).await;
        club.choose("on").await;
        kept("not-of-ada").await;
        club.allows("ada", Mirror::On).await;
        let first = copied("First").await;

        // What somebody no more allows is taken back, and so is what a group no more wants.
        club.allows("ada", Mirror::Off).await;
        hears(&micro, "that it is gone", is_copy("Delete", &first)).await;
        kept("no-more-of-ada").await;
        assert_eq!(club.read(&mara, &first).await.status, 404);
        club.allows("ada", Mirror::On).await;
        let second = copied("Second").await;
        let set = acme
            .run(&["group", "set", "engineering", "--mirror", "off"])
            .await;
        assert!(set.stdout.contains("taken back"), "{set:?}");
        hears(&micro, "that it is gone", is_copy("Delete", &second)).await;

        // Nor does it go where nobody trusts any more.
        club.choose("on").await;
        let third = copied("Third").await;
        let host = micro.host();
        acme.run_json(&["partner", "set", &host, "--private-groups", "auto"])
            .await;
        let fourth = kept("not-trusted").await;
        assert_eq!(
            club.read(&mara, &format!("{third}/mirror")).await.status,
            404
        );
        assert_eq!(club.read(&mara, &fourth).await.status, 404);
        club.has_told_all(&micro).await;
        for secret in ["no-more-of-ada", "not-of-ada", "not-trusted"] {
            assert!(!said(&micro, secret), "{secret}");
        }

        let audit = acme.run_json(&["audit", "list"]).await;
        let lines = audit.as_array().expect("lines").iter();
        let count = |action: &str| {
            let is_it = |line: &&Value| line["action"] == action;
            lines.clone().filter(is_it).count()
        };
        assert_eq!((count("outreach_chosen"), count("mirror_chosen")), (3, 5));
    }
}

#[tokio::test]
async fn pages_say_what_copies_mean_and_who_reads_them() {
    for backend in backends() {
        let Some(club) = Club::found(backend).await else {
            continue;
        };
        let micro = Peer::start("micro");
        club.guest(&micro, "mara").await;
        let mut ada = club.at_the_pages("ada").await;
        ada.go("/g/engineering/settings").await;
        assert!(ada.page.says("their administrators can read them"));
        let choice = [("mirror", "on"), ("boosts", "topics")];
        ada.send("/g/engineering/outreach", &choice).await;
        assert_eq!(ada.page.notice().as_deref(), Some("Saved."));
        assert!(
            club.acme()
                .run_json(&["group", "show", "engineering"])
                .await["mirror"]
                == "on"
        );

        // The composer says who reads it, and who would if she let them.
        assert!(
            ada.go("/g/engineering")
                .await
                .says("it is not copied for them")
        );
        ada.go("/settings").await;
        assert!(ada.page.says("keep copies as they keep any post"));
        ada.send("/settings/mirror", &[("mirror", "on")]).await;
        assert!(ada.go("/g/engineering").await.says("in a copy"));

        // Below what bob wrote, who allows nothing, she is not read there either.
        let topic = club.bob.topic(&club.here, "Bob's", "").await;
        let place = format!("/p/{}", text(&topic["id"]));
        assert!(ada.go(&place).await.says("it is not copied for them"));

        // Members do not choose for the group.
        let mut bob = club.at_the_pages("bob").await;
        bob.go("/settings").await;
        let csrf = bob.csrf();
        let fields = [("mirror", "off"), ("boosts", "all"), ("csrf", &csrf)];
        let refused = bob.post_raw("/g/engineering/outreach", &fields, &[]).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
        assert!(
            club.acme()
                .run_json(&["group", "show", "engineering"])
                .await["mirror"]
                == "on"
        );
    }
}
