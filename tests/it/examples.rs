//! The examples that `FEDERATION.md` shows are what real servers say to each other, and its tables
//! name files and tests that there are.
//!
//! `UPDATE_FEDERATION=1 cargo test --test it examples` writes `docs/federation/examples` anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall::domain::{Access, BanTerms, GroupId, Mirror, PostId};
use guildhall::services::posts::{Lock, Pin};
use guildhall::services::{accounts, groups, memberships, posts};
use serde_json::{Value, json};

use crate::support::bridge::{bridge, is_out};
use crate::support::dump::Dump;
use crate::support::files::png;
use crate::support::forge::{Forged, Letter};
use crate::support::peer::{ACTIVITY_JSON, Actor, Peer};
use crate::support::plain::without_ports;
use crate::support::requirements::{Backend, backends};
use crate::support::stranger::Stranger;
use crate::support::world::{Member, World, eventually, text};

const FOLDER: &str = "docs/federation/examples";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn the_examples_are_what_servers_say() {
    let mut updates = std::env::var_os("UPDATE_FEDERATION").is_some();
    for backend in backends() {
        let Some(spoken) = Spoken::record(backend).await else {
            continue;
        };
        let written = spoken.written();
        let folder = root().join(FOLDER);
        if std::mem::take(&mut updates) {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).expect("a folder");
            for (name, text) in &written {
                std::fs::write(folder.join(name), text).expect("an example");
            }
        }
        let kept = files(&folder);
        let names: BTreeSet<_> = kept.keys().chain(written.keys()).collect();
        let differ: Vec<_> = names
            .into_iter()
            .filter(|name| kept.get(*name) != written.get(*name))
            .map(|name| {
                format!(
                    "{name}: {:?}",
                    difference(kept.get(name), written.get(name))
                )
            })
            .collect();
        assert!(
            differ.is_empty(),
            "{backend:?}: {FOLDER} does not show what is said now: {differ:#?}\nIf it is meant, run \
             `UPDATE_FEDERATION=1 cargo test --test it examples`, read the difference, and commit it."
        );
    }
}

/// The first line in which two texts differ.
fn difference<'a>(kept: Option<&'a String>, now: Option<&'a String>) -> Option<(&'a str, &'a str)> {
    let (kept, now) = (kept.map_or("", |text| text), now.map_or("", |text| text));
    let mut lines = kept.lines().zip(now.lines());
    lines.find(|(kept, now)| kept != now)
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let read = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, std::fs::read_to_string(&path).ok()?))
    };
    entries
        .filter_map(|entry| read(entry.ok()?.path()))
        .collect()
}

// The table ---------------------------------------------------------------------------------------

#[test]
fn the_tables_name_every_file_example_and_test_that_there_is() {
    let document = std::fs::read_to_string(root().join("FEDERATION.md")).expect("FEDERATION.md");
    let table = document.split("\n## Activities\n").nth(1).expect("a table");
    let table = table.split("\n## ").next().expect("its end");
    let mut wrong = Vec::new();

    for file in files(&root().join("src/federation/activities")).keys() {
        if !table.contains(&format!("`{file}`")) {
            wrong.push(format!("{file} is not in the table of activities"));
        }
    }
    for example in files(&root().join(FOLDER)).keys() {
        if !document.contains(&format!("({FOLDER}/{example})")) {
            wrong.push(format!("{example} is linked nowhere"));
        }
    }
    let link = format!("({FOLDER}/");
    let links = document.split(&link).skip(1);
    for link in links.filter_map(|rest| rest.split(')').next()) {
        if !root().join(FOLDER).join(link).is_file() {
            wrong.push(format!("{link} is linked but not there"));
        }
    }
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        if !row.contains("::") {
            wrong.push(format!("no test is named by {row}"));
        }
    }
    for test in document.split('`').filter(|word| word.contains("::")) {
        if !is_a_test(test) {
            wrong.push(format!("there is no test {test}"));
        }
    }
    assert!(wrong.is_empty(), "FEDERATION.md: {wrong:#?}");
}

/// Whether there is a test with this path, in the integration suite or beside the code.
fn is_a_test(path: &str) -> bool {
    let (module, name) = path.rsplit_once("::").expect("a path");
    let file = format!("{}.rs", module.replace("::", "/"));
    let places = ["tests/it", "src"].map(|place| root().join(place).join(&file));
    let sources = places
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    sources
        .into_iter()
        .any(|source| source.contains(&format!("fn {name}()")))
}

// What is said ------------------------------------------------------------------------------------

/// Examples by name, as servers said them.
#[derive(Default)]
struct Spoken(Vec<(&'static str, Value)>);

impl Spoken {
    /// Two Guildhalls, acme and birch, and cedar, which is of another make, share a group; what they say
    /// to each other. None where the database is not to be had.
    async fn record(backend: Backend) -> Option<Self> {
        let (world, [here, there], [ada, bo]) = bridge(backend).await?;
        let mut spoken = Self::default();
        let (acme, birch) = ("acme", "birch");
        spoken
            .hear(&world, acme, "follow", |said| said["type"] == "Follow")
            .await;
        spoken
            .hear(&world, birch, "accept_follow", |said| {
                said["type"] == "Accept"
            })
            .await;
        spoken
            .hear(&world, birch, "offer_grant", |said| said["type"] == "Offer")
            .await;
        let cedar = Stranger::partner(&world, "cedar", "read,react,reply").await;
        let (pam, _) = cedar.member(&world, "pam").await;

        let topic = ada
            .topic(&here, "Bridge opens Monday", "Who brings the **ribbon**?")
            .await;
        let uri = text(&topic["uri"]).to_owned();
        spoken
            .hear(&world, birch, "announce_create_page", announced("Create"))
            .await;
        let at_birch = bo.see_topic(&uri).await;
        let reply = bo.reply(text(&at_birch["id"]), "We do.").await.body;
        spoken
            .hear(&world, acme, "create_note", |said| said["type"] == "Create")
            .await;
        let reply_uri = text(&reply["uri"]).to_owned();
        let passed_on = |said: &Value| said["object"]["object"]["id"] == reply_uri.as_str();
        let passed_on = cedar.hears("of bo's reply", passed_on).await;
        spoken.0.push(("announce_passed_on", passed_on));
        spoken
            .what_bo_does(&world, &bo, text(&at_birch["id"]), text(&reply["id"]))
            .await;
        spoken
            .what_acme_refuses(&world, &bo, &uri, text(&reply["id"]))
            .await;
        spoken
            .what_is_asked(&world, &ada, &bo, [&here, &there])
            .await;
        let reply = ada.see_comment(text(&topic["id"]), &reply_uri).await;
        let thanks = ada.reply(text(&reply["id"]), "Thank you!").await.body;
        spoken
            .what_ada_moderates(&world, &ada, post(&topic), &reply)
            .await;
        spoken.what_pam_does(&world, &cedar, &pam, &uri).await;
        spoken
            .what_changes(&world, here.parse().expect("a group"))
            .await;
        spoken
            .documents(&world, (&cedar, &pam), post(&topic), post(&thanks))
            .await;
        spoken.what_is_copied(&world, &ada, &here).await;
        let seen = ada
            .upload("south.png", "image/png", &png(80, 60, 1), "The south side")
            .await;
        let plan = ada
            .upload("plan.pdf", "application/pdf", b"%PDF-1.7", "")
            .await;
        let inspected = json!({
            "group_id": here, "title": "Inspection", "status": "All is well.",
            "media_ids": [seen["id"], plan["id"]],
        });
        let inspected = ada.post("/api/v1/statuses", inspected).await.body;
        let path = format!("/p/{}", post(&inspected));
        spoken.read(&cedar, &pam, "page_attachments", &path).await;

        // The end: a comment is taken back, somebody leaves, is put out, is gone, and nobody of birch may
        // read any more.
        let id = bo.see_comment(text(&at_birch["id"]), &reply_uri).await;
        bo.delete(&format!("/api/v1/statuses/{}", text(&id["id"])))
            .await;
        spoken
            .hear(&world, acme, "delete_note", |said| said["type"] == "Delete")
            .await;
        let gone = format!("/p/{}", post(&thanks));
        ada.delete(&format!("/api/v1/statuses/{}", post(&thanks)))
            .await;
        spoken.read(&cedar, &pam, "tombstone", &gone).await;
        let acme_house = &world.house(acme).instance;
        bo.post(&format!("/api/v1/accounts/{there}/unfollow"), json!({}))
            .await;
        spoken
            .hear(&world, acme, "undo_follow", |said| {
                said["object"]["type"] == "Follow"
            })
            .await;
        let handle = format!("bo@{}", bo.host);
        is_out(&world, &handle).await;
        world.member("eva@birch").await;
        let eva = format!("eva@{}", bo.host);
        acme_house
            .run_json(&["member", "add", "engineering", &eva])
            .await;
        spoken
            .hear(&world, birch, "invite", |said| said["type"] == "Invite")
            .await;
        world.join("bo@birch", "engineering", "acme").await;
        acme_house
            .run_json(&["member", "remove", "engineering", &handle])
            .await;
        spoken
            .hear(&world, birch, "reject_follow", |said| {
                said["type"] == "Reject" && said["object"]["type"] == "Follow"
            })
            .await;
        spoken.a_ban(&world, &handle).await;
        acme_house
            .run_json(&["user", "erase", "ada", "--yes"])
            .await;
        let gone = |said: &Value| said["type"] == "Delete" && said["object"] == said["actor"];
        let gone = cedar.hears("that ada is gone", gone).await;
        spoken.0.push(("delete_actor", gone));
        let host = world.house(birch).instance.host();
        acme_house
            .run_json(&["grant", "remove", "engineering", &host])
            .await;
        spoken
            .hear(&world, birch, "delete_grant", |said| {
                said["type"] == "Delete" && said["object"]["type"] == "Grant"
            })
            .await;
        spoken
            .hear(&world, birch, "delete_retraction", |said| {
                said["type"] == "Delete" && said["object"]["type"] == "Retraction"
            })
            .await;
        spoken
            .hear(&world, acme, "accept_retraction", |said| {
                said["type"] == "Accept" && said["result"]["type"] == "Purge"
            })
            .await;
        spoken.a_move(&world, &cedar).await;
        let acme_host = acme_house.host();
        let birch_house = &world.house(birch).instance;
        let purpose = [
            "partner",
            "set",
            &acme_host,
            "--purpose",
            "Bridges over the Elbe",
        ];
        birch_house.run_json(&purpose).await;
        spoken
            .hear(&world, acme, "update_partnership", |said| {
                said["object"]["type"] == "PartnershipTerms"
            })
            .await;
        birch_house.run_json(&["partner", "end", &acme_host]).await;
        spoken
            .hear(&world, acme, "undo_partnership", |said| {
                said["type"] == "Undo" && said["object"]["type"] == "Offer"
            })
            .await;
        spoken.handshake(&world).await;
        spoken.what_people_say(backend).await?;
        spoken.what_bo_moderates(backend).await?;
        Some(spoken)
    }

    /// Ada of acme and bo of birch follow each other, boost and go; a public group boosts to a microblog server, where
    /// mara asks first.
    async fn what_people_say(&mut self, backend: Backend) -> Option<()> {
        let public = [("GUILDHALL_PROFILES__AUDIENCE", "public")];
        let world = World::start_with(backend, ["acme", "birch"], &public).await?;
        world.partner("acme", "birch").await;
        let ada = world.engineering("acme", "open", "public").await;
        let here = ada.find("engineering").await;
        let bo = world.member("bo@birch").await;
        let kind = |kind: &'static str| move |said: &Value| said["type"] == kind;

        let there = bo.find(&format!("ada@{}", ada.host)).await;
        bo.follow(&there).await;
        ada.answers(&format!("bo@{}", bo.host), "authorize").await;
        self.hear(&world, "acme", "follow_person", kind("Follow"))
            .await;
        self.hear(&world, "birch", "accept_follow_person", kind("Accept"))
            .await;
        let post = ada.writes("The bridge is *open*.", "public").await;
        self.hear(&world, "birch", "create_profile_note", kind("Create"))
            .await;
        let path = format!("/api/v1/statuses/{}", text(&post["id"]));
        let at_birch = bo.see_topic(text(&post["uri"])).await;
        let (id, at_birch) = (text(&post["id"]), text(&at_birch["id"]));
        bo.like(at_birch).await;
        self.hear(&world, "acme", "like_profile_note", kind("Like"))
            .await;
        bo.reply(at_birch, "At last.").await;
        self.hear(&world, "acme", "create_profile_answer", kind("Create"))
            .await;
        ada.post(&format!("{path}/reblog"), json!({})).await;
        self.hear(&world, "birch", "announce_by_person", kind("Announce"))
            .await;
        ada.post(&format!("{path}/unreblog"), json!({})).await;
        let undone = |said: &Value| said["object"]["type"] == "Announce";
        self.hear(&world, "birch", "undo_announce_by_person", undone)
            .await;
        ada.put(&path, json!({ "status": "The bridge is open." }))
            .await;
        let note = |said: &Value| said["type"] == "Update" && said["object"]["type"] == "Note";
        self.hear(&world, "birch", "update_profile_note", note)
            .await;
        ada.delete(&format!("/api/v1/statuses/{id}")).await;
        self.hear(&world, "birch", "delete_profile_note", kind("Delete"))
            .await;

        let micro = Stranger::partner(&world, "micro", "read,react").await;
        let acme = &world.house("acme").instance;
        let host = micro.peer.host();
        acme.run_json(&["partner", "set", &host, "--dialect", "boosts"])
            .await;
        let (mara, _) = micro.member(&world, "mara").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let boosted = |said: &Value| said["type"] == "Announce" && said["object"].is_string();
        let boost = micro.hears("the boost", boosted).await;
        self.what_is_asked_first(&micro, &mara, text(&topic["uri"]))
            .await;
        let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
        ada.delete(&path).await;
        let undone = micro.hears("that it is gone", undone).await;
        self.0.extend([
            ("announce_by_group", boost),
            ("undo_announce_by_group", undone),
        ]);

        let birch = &world.house("birch").instance;
        let (old, new) = (
            format!("{}/u/ada", acme.origin()),
            format!("{}/u/bo", birch.origin()),
        );
        birch.run_json(&["user", "known-as", "bo", &old]).await;
        acme.run_json(&["user", "move-away", "ada", "--to", &new])
            .await;
        self.hear(&world, "birch", "move_person", kind("Move"))
            .await;
        Some(())
    }

    /// Mara asks whether she may like a topic, and whether she may answer it.
    async fn what_is_asked_first(&mut self, micro: &Stranger, mara: &Actor, topic: &str) {
        let like = mara.activity("Like", json!(topic));
        let note = mara.note(&micro.group, topic, "May I?");
        for (name, kind, instrument) in [
            ("accept_request", "LikeRequest", like),
            ("reject_request", "ReplyRequest", note),
        ] {
            let mut request = mara.activity(kind, json!(topic));
            request["instrument"] = instrument;
            micro.says(mara, &request).await;
            let id = request["id"].clone();
            let answer = micro.hears("the answer", |said| said["object"]["id"] == id);
            self.0.push((name, answer.await));
        }
        let [.., (_, accepted), _] = self.0.as_slice() else {
            unreachable!("two answers");
        };
        let authorization = text(&accepted["result"]);
        let (_, path) = authorization.split_once(&micro.host).expect("acme's");
        let path = path.to_owned();
        self.read(micro, mara, "authorization", &path).await;
    }

    /// Bo of birch moderates acme's group: its house is asked. Then acme's server has new keys.
    async fn what_bo_moderates(&mut self, backend: Backend) -> Option<()> {
        let (world, [here, there], [ada, bo]) = bridge(backend).await?;
        let (acme, birch) = (&world.house("acme").instance, world.house("birch"));
        let can = "read,react,reply,start,moderate";
        world.grant("acme", "engineering", "birch", can, &[]).await;
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let handle = format!("bo@{}", bo.host);
        acme.run_json(&[
            "member",
            "add",
            "engineering",
            &handle,
            "--role",
            "moderator",
        ])
        .await;
        let app = birch.app();
        let viewer = birch.viewer(&app, "bo").await;
        let (id, group) = (post(&at_birch), there.parse().expect("a group"));
        let reason = || "Not here, please".parse().expect("a reason");
        eventually("bo knows that he moderates", async || {
            posts::remove(&app, viewer.clone(), id, reason()).await.ok()
        })
        .await;
        let kind = |kind: &'static str| move |said: &Value| said["type"] == kind;
        let undone = |kind: &'static str| {
            move |said: &Value| said["type"] == "Undo" && said["object"]["type"] == kind
        };
        self.hear(&world, "acme", "delete_asked", kind("Delete"))
            .await;
        eventually("it is removed", async || {
            let home = bo.home().await;
            home.iter()
                .all(|one| one["uri"] != topic["uri"])
                .then_some(())
        })
        .await;
        let asked = posts::restore(&app, viewer.clone(), id).await;
        asked.expect("bo may ask");
        self.hear(&world, "acme", "undo_delete_asked", undone("Delete"))
            .await;
        bo.see_topic(text(&topic["uri"])).await;
        let asked = posts::set_locked(&app, viewer.clone(), id, Lock::Locked).await;
        asked.expect("bo may ask");
        self.hear(&world, "acme", "lock_asked", kind("Lock")).await;
        let asked = posts::set_pinned(&app, viewer.clone(), id, Pin::Pinned).await;
        asked.expect("bo may ask");
        self.hear(&world, "acme", "add_asked", kind("Add")).await;
        let cy = world.member("cy@acme").await;
        acme.run_json(&["member", "add", "engineering", "cy"]).await;
        let said = cy.topic(&here, "Buy ribbons", "Cheap.").await;
        let seen = bo.see_topic(text(&said["uri"])).await;
        let cys = text(&seen["account"]["id"]).parse().expect("an actor");
        let terms = BanTerms {
            reason: "Only advertises".parse().expect("a reason"),
            ..BanTerms::default()
        };
        let asked = memberships::ban(&app, viewer.clone(), group, cys, terms).await;
        asked.expect("bo may ask");
        self.hear(&world, "acme", "block_asked", kind("Block"))
            .await;

        acme.run_json(&["keys", "rotate", "actor"]).await;
        let read = Forged::plain("GET", &acme.host(), "/actor");
        let read = read.with("Accept", ACTIVITY_JSON);
        let reply = read.send(&acme.address()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let document = serde_json::from_slice(&reply.body).expect("JSON");
        self.0.push(("instance_new_keys", document));
        Some(())
    }

    async fn what_bo_does(&mut self, world: &World, bo: &Member, topic: &str, reply: &str) {
        let text = json!({ "status": "We do, *gladly*." });
        bo.put(&format!("/api/v1/statuses/{reply}"), text).await;
        self.hear(world, "acme", "update_note", |said| {
            said["type"] == "Update"
        })
        .await;
        bo.like(topic).await;
        self.hear(world, "acme", "like", |said| said["type"] == "Like")
            .await;
        bo.unlike(topic).await;
        self.hear(world, "acme", "undo_like", |said| {
            said["object"]["type"] == "Like"
        })
        .await;
    }

    /// Acme takes an edit in and refuses it then, for the topic was locked a moment ago.
    async fn what_acme_refuses(&mut self, world: &World, bo: &Member, topic: &str, reply: &str) {
        let acme = &world.house("acme").instance;
        let lock = |locked: &str| {
            acme.execute(&format!(
                "UPDATE posts SET locked = {locked} WHERE uri = '{topic}'"
            ));
        };
        lock("TRUE");
        let text = json!({ "status": "Too late." });
        bo.put(&format!("/api/v1/statuses/{reply}"), text).await;
        self.hear(world, "birch", "reject_activity", |said| {
            said["type"] == "Reject" && said["guildhall:reason"].is_string()
        })
        .await;
        lock("FALSE");
    }

    async fn what_is_asked(
        &mut self,
        world: &World,
        ada: &Member,
        bo: &Member,
        [here, there]: [&str; 2],
    ) {
        let ask = async |who: &Member, group: &str| {
            let poll = json!({ "options": ["Larch", "Oak"], "expires_in": 86_400 });
            let asked = json!({ "group_id": group, "title": "Which timber?", "poll": poll });
            who.post("/api/v1/statuses", asked).await.body
        };
        let vote = async |who: &Member, poll: &Value| {
            let path = format!("/api/v1/polls/{}/votes", text(&poll["id"]));
            who.post(&path, json!({ "choices": [1] })).await;
        };
        // Acme counts.
        let asked = ask(ada, here).await;
        self.hear(world, "birch", "announce_create_question", |said| {
            said["object"]["object"]["type"] == "Question"
        })
        .await;
        vote(bo, &bo.see_topic(text(&asked["uri"])).await).await;
        let is_vote = |said: &Value| said["object"]["name"] == "Oak";
        self.hear(world, "acme", "create_vote", is_vote).await;
        let counted = |said: &Value| {
            said["type"] == "Update" && said["object"]["oneOf"][1]["replies"]["totalItems"] == 1
        };
        let is_told = |said: &Value| counted(&said["object"]);
        self.hear(world, "birch", "announce_update_question", is_told)
            .await;
        // Birch counts.
        let asked = ask(bo, there).await;
        vote(ada, &ada.see_topic(text(&asked["uri"])).await).await;
        let is_handed_on = |said: &Value| is_vote(&said["object"]);
        self.hear(world, "birch", "announce_vote", is_handed_on)
            .await;
        self.hear(world, "acme", "update_question", counted).await;
    }

    async fn what_ada_moderates(
        &mut self,
        world: &World,
        member: &Member,
        topic: PostId,
        reply: &Value,
    ) {
        let house = world.house("acme");
        let app = house.app();
        let ada = || house.viewer(&app, "ada");
        let asked = json!({
            "account_id": reply["account"]["id"],
            "status_ids": [reply["id"]],
            "comment": "This is off topic.",
            "forward": true,
        });
        member.post("/api/v1/reports", asked).await;
        self.hear(world, "birch", "flag", |said| said["type"] == "Flag")
            .await;
        let reply = post(reply);
        let reason = "Off topic".parse().expect("a reason");
        posts::remove(&app, ada().await, reply, reason)
            .await
            .expect("a moderator removes");
        self.hear(world, "birch", "announce_delete", announced("Delete"))
            .await;
        posts::restore(&app, ada().await, reply)
            .await
            .expect("a moderator restores");
        let undone =
            |kind: &'static str| move |said: &Value| said["object"]["object"]["type"] == kind;
        self.hear(world, "birch", "announce_undo_delete", undone("Delete"))
            .await;
        posts::set_locked(&app, ada().await, topic, Lock::Locked)
            .await
            .expect("it is locked");
        self.hear(world, "birch", "announce_lock", announced("Lock"))
            .await;
        posts::set_locked(&app, ada().await, topic, Lock::Open)
            .await
            .expect("it is opened");
        self.hear(world, "birch", "announce_undo_lock", undone("Lock"))
            .await;
        posts::set_pinned(&app, ada().await, topic, Pin::Pinned)
            .await
            .expect("it is pinned");
        self.hear(world, "birch", "announce_add_featured", announced("Add"))
            .await;
    }

    /// Pam of cedar moderates for a while, and dislikes something.
    async fn what_pam_does(&mut self, world: &World, cedar: &Stranger, pam: &Actor, topic: &str) {
        let acme = &world.house("acme").instance;
        for (role, kind, name) in [
            ("moderator", "Add", "announce_add_moderator"),
            ("member", "Remove", "announce_remove_moderator"),
        ] {
            let who = pam.handle();
            let add = ["member", "add", "engineering", &who, "--role", role];
            acme.run_json(&add).await;
            let of_pam = |said: &Value| {
                let object = &said["object"];
                object["type"] == kind && object["object"] == pam.id.as_str()
            };
            self.hear(world, "birch", name, of_pam).await;
        }
        let dislike = pam.activity("Dislike", json!(topic));
        cedar.says(pam, &dislike).await;
        let undo = pam.activity("Undo", dislike);
        cedar.says(pam, &undo).await;
        let undone = |said: &Value| said["object"]["object"]["type"] == "Dislike";
        let undone = cedar.hears("that pam dislikes it no more", undone).await;
        self.0.push(("announce_undo_dislike", undone));
        let disliked = announced("Dislike");
        let disliked = cedar.hears("that pam dislikes it", disliked).await;
        self.0.push(("announce_dislike", disliked));
    }

    /// Somebody is shut out for a while.
    async fn a_ban(&mut self, world: &World, handle: &str) {
        let acme = &world.house("acme").instance;
        let ban = [
            "member",
            "ban",
            "engineering",
            handle,
            "--until",
            "2099-01-01",
        ];
        let why = ["--reason", "Only advertises"];
        acme.run_json(&[&ban[..], &why].concat()).await;
        self.hear(world, "birch", "announce_block", announced("Block"))
            .await;
        acme.run_json(&["member", "unban", "engineering", handle])
            .await;
        let undone = |said: &Value| said["object"]["object"]["type"] == "Block";
        self.hear(world, "birch", "announce_undo_block", undone)
            .await;
    }

    /// The group goes to birch.
    async fn a_move(&mut self, world: &World, cedar: &Stranger) {
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let offer = async || {
            let host = birch.host();
            let offer = ["group", "move", "offer", "engineering", &host];
            let offered = acme.run_json(&offer).await;
            eventually("birch is asked", async || {
                let all = birch.run_json(&["group", "move", "list"]).await;
                (all[0]["offer"] == offered["offer"]).then_some(())
            })
            .await;
            offered
        };
        // It is taken back once, and declined once.
        offer().await;
        let is_move = |said: &Value| said["object"]["type"] == "Move";
        self.hear(world, "birch", "offer_move", is_move).await;
        acme.run_json(&["group", "move", "withdraw", "engineering"])
            .await;
        let of_move = |kind: &'static str| {
            move |said: &Value| said["type"] == kind && said["object"]["object"]["type"] == "Move"
        };
        self.hear(world, "birch", "undo_offer_move", of_move("Undo"))
            .await;
        let offered = offer().await;
        let group = text(&offered["group"]);
        birch.run_json(&["group", "move", "decline", group]).await;
        self.hear(world, "acme", "reject_move", of_move("Reject"))
            .await;
        offer().await;
        birch
            .run_json(&["group", "move", "accept", group, "--as", "engineering"])
            .await;
        self.hear(world, "acme", "accept_move", of_move("Accept"))
            .await;
        let moved = cedar.hears("that it moved", |said| said["type"] == "Move");
        self.0.push(("move_actor", moved.await));
    }

    async fn what_changes(&mut self, world: &World, group: GroupId) {
        let house = world.house("acme");
        let app = house.app();
        let ada = house.viewer(&app, "ada").await;
        let title = "Engineering and bridges".parse().expect("a title");
        let about = "What we **build**.".to_owned();
        let changed = groups::update(&app, ada.clone(), group, title, about, Access::Closed).await;
        changed.expect("an owner changes the group");
        let of = |kind: &'static str| {
            move |said: &Value| said["type"] == "Update" && said["object"]["type"] == kind
        };
        self.hear(world, "birch", "update_group", of("Group")).await;
        let bio = "I *count*.".to_owned();
        let changed = accounts::update_profile(&app, ada, "Ada Lovelace".to_owned(), bio).await;
        changed.expect("everybody has a name");
        self.hear(world, "birch", "update_person", of("Person"))
            .await;
    }

    /// What somebody on a microblog server gets of a group that is not public.
    async fn what_is_copied(&mut self, world: &World, ada: &Member, group: &str) {
        let micro = Stranger::partner(world, "micro", "read,react,reply").await;
        let house = world.house("acme");
        let host = micro.peer.host();
        let boosts = ["partner", "set", &host, "--dialect", "boosts"];
        house.instance.run_json(&boosts).await;
        micro.member(world, "mara").await;
        let mirror = ["group", "set", "engineering", "--mirror", "on"];
        house.instance.run_json(&mirror).await;
        house.allows_copies("ada", Mirror::On).await;
        let topic = ada
            .topic(group, "Larch or oak?", "For the *handrail*.")
            .await;
        let id = text(&topic["id"]);
        let kind = |kind: &'static str| move |said: &Value| said["type"] == kind;
        let created = micro.hears("the copy", kind("Create")).await;
        let text = json!({ "title": "Larch or oak?", "status": "For the *handrails*." });
        ada.put(&format!("/api/v1/statuses/{id}"), text).await;
        let of_note = |said: &Value| said["type"] == "Update" && said["object"]["type"] == "Note";
        let updated = micro.hears("the edit", of_note).await;
        ada.delete(&format!("/api/v1/statuses/{id}")).await;
        let deleted = micro.hears("that it is gone", kind("Delete")).await;
        self.0.extend([
            ("create_mirror", created),
            ("update_mirror", updated),
            ("delete_mirror", deleted),
        ]);
    }

    /// What acme serves to cedar.
    async fn documents(
        &mut self,
        world: &World,
        (cedar, pam): (&Stranger, &Actor),
        topic: PostId,
        reply: PostId,
    ) {
        let host = &cedar.host;
        for (name, path) in [
            ("instance", "/actor".to_owned()),
            ("group", "/g/engineering".to_owned()),
            ("group_outbox", "/g/engineering/outbox?page=true".to_owned()),
            ("group_moderators", "/g/engineering/moderators".to_owned()),
            ("group_featured", "/g/engineering/featured".to_owned()),
            (
                "group_followers",
                "/g/engineering/followers?page=true".to_owned(),
            ),
            ("person", "/u/ada".to_owned()),
            ("page", format!("/p/{topic}")),
            ("note", format!("/p/{reply}")),
            ("page_context", format!("/p/{topic}/context?page=true")),
            ("page_replies", format!("/p/{topic}/replies?page=true")),
            (
                "webfinger",
                format!("/.well-known/webfinger?resource=acct:engineering@{host}"),
            ),
            ("nodeinfo", "/nodeinfo/2.1".to_owned()),
        ] {
            self.read(cedar, pam, name, &path).await;
        }
        // What was pinned all the while.
        let house = world.house("acme");
        let app = house.app();
        let ada = house.viewer(&app, "ada").await;
        let loose = posts::set_pinned(&app, ada, topic, Pin::Loose).await;
        loose.expect("it is loose again");
        let of_topic = |said: &Value| {
            let target = &said["object"]["target"];
            said["object"]["type"] == "Remove" && text(target).ends_with("/featured")
        };
        self.hear(world, "birch", "announce_remove_featured", of_topic)
            .await;
        let server = cedar.peer.instance();
        let source = "/g/engineering/actorToken";
        self.read(cedar, server, "actor_token", source).await;
    }

    async fn read(&mut self, cedar: &Stranger, reader: &Actor, name: &'static str, path: &str) {
        let letter = Letter::get(reader, &cedar.host, path).sign();
        let reply = letter.send(&cedar.address).await;
        assert!(
            [200, 410].contains(&reply.status),
            "{path}: {}",
            reply.text()
        );
        let document = serde_json::from_slice(&reply.body).expect("JSON");
        self.0.push((name, document));
    }

    /// The handshake, with a server in the other house's place that shows what it was told.
    async fn handshake(&mut self, world: &World) {
        let giver = Peer::start("acme");
        let code = json!({ "o": giver.url(""), "s": "A".repeat(43) }).to_string();
        let code = format!("guildhall1-{}", URL_SAFE_NO_PAD.encode(code));
        // It only listens, so no partnership comes of it.
        world
            .house("birch")
            .instance
            .run(["partner", "accept", &code])
            .await;
        let offer = giver.heard().pop().expect("birch offers");
        self.0.push(("offer_relationship", offer.clone()));

        let acme = &world.house("acme").instance;
        let taker = Peer::start("birch");
        let invitation = acme
            .run_json(&["partner", "invite", "--class", "supplier"])
            .await;
        let code = text(&invitation["code"]).trim_start_matches("guildhall1-");
        let code = URL_SAFE_NO_PAD.decode(code).expect("a code");
        let code: Value = serde_json::from_slice(&code).expect("a code");
        let instance = taker.instance();
        let told = offer.to_string().replace(&giver.host(), &acme.host());
        let told = told.replace(&world.house("birch").instance.host(), &taker.host());
        let mut offer: Value = serde_json::from_str(&told).expect("an offer");
        offer["instrument"]["code"] = code["s"].clone();
        let mut letter = Letter::post(instance, &acme.host(), &offer);
        letter.target = "/partnership".into();
        let reply = letter.sign().send(&acme.address()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let accept = serde_json::from_slice(&reply.body).expect("an Accept");
        self.0.push(("accept_relationship", accept));
    }

    /// Waits until a house has taken in something like this from the other one and has applied it.
    async fn hear(
        &mut self,
        world: &World,
        house: &str,
        name: &'static str,
        is_it: impl Fn(&Value) -> bool,
    ) {
        let url = world.house(house).instance.database_url();
        let heard = eventually(&format!("{house} hears of {name}"), async || {
            let url = url.clone();
            let dump = tokio::task::spawn_blocking(move || Dump::of(&url)).await;
            let dump = dump.expect("a dump");
            let arrivals = dump.rows("arrivals").iter();
            let mut said = arrivals.filter_map(|row| {
                let row: Value = serde_json::from_str(row).expect("a row");
                // What was asked back is in no body any more.
                let is_there = row["state"] == "applied" && row["body"] != "";
                is_there.then(|| serde_json::from_str(text(&row["body"])).expect("JSON"))
            });
            said.find(&is_it)
        })
        .await;
        self.0.push((name, heard));
    }

    /// The files with everything in them that is never twice the same replaced.
    fn written(self) -> BTreeMap<String, String> {
        let mut plain = Plain::default();
        let examples = self.0.into_iter();
        let written = examples.map(|(name, mut value)| {
            plain.walk("", &mut value);
            let text = serde_json::to_string_pretty(&value).expect("JSON");
            (format!("{name}.json"), text + "\n")
        });
        written.collect()
    }
}

fn announced(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |said| said["type"] == "Announce" && said["object"]["type"] == kind
}

fn post(status: &Value) -> PostId {
    text(&status["id"]).parse().expect("a post's id")
}

// What is never twice the same --------------------------------------------------------------------

/// Replaces ports, numbers, times, keys and signatures; the same by the same in all examples.
#[derive(Default)]
struct Plain {
    numbers: BTreeMap<(&'static str, String), usize>,
}

/// What stands before a number, and what has that number.
const NUMBERED: &[(&str, &str)] = &[
    ("/p/", "post"),
    ("/media/", "attachment"),
    ("#announce-", "post"),
    ("/activities/", "event"),
    ("/grants/", "grant"),
    ("/retractions/", "retraction"),
    ("/authorizations/", "authorization"),
    ("/notes/", "note"),
    // Of keys that took another's place: names made of the time, to the microsecond.
    ("#rsa-1", "key"),
    ("#ed25519-1", "key"),
    ("#offer-", "offer"),
    ("#accept-", "accept"),
];

impl Plain {
    fn walk(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(name, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(name, item)),
            Value::Object(members) => {
                for (name, member) in members {
                    self.walk(name, member);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        match name {
            "publicKeyPem" => "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n".into(),
            "publicKeyMultibase" | "proofValue" => "z…".into(),
            "signature" => "…".into(),
            // Of addresses with ports in them.
            "digest" if text.len() == 64 => "…".into(),
            "code" if !text.contains(':') => "…".into(),
            // A document inside a document.
            "guildhall:introduces" => {
                let mut inside = serde_json::from_str(text).expect("JSON");
                self.walk("", &mut inside);
                inside.to_string()
            }
            "version" if text == env!("CARGO_PKG_VERSION") => "…".into(),
            _ if is_time(text) => without_time(text),
            _ => self.numbers(&without_ports(text)),
        }
    }

    fn numbers(&mut self, text: &str) -> String {
        let found = NUMBERED
            .iter()
            .find_map(|(kind, what)| Some((text.split_once(kind)?, kind, what)));
        let Some(((before, after), kind, what)) = found else {
            return text.to_owned();
        };
        // The number of an activity stands behind its type.
        let at = match *what {
            "event" => after.find('/').map_or(0, |at| at + 1),
            _ => 0,
        };
        let (word, number) = after.split_at(at);
        let end = number.find(|c: char| !c.is_ascii_alphanumeric());
        let (number, rest) = number.split_at(end.unwrap_or(number.len()));
        let known = self.numbers.keys().filter(|(known, _)| known == what);
        let next = 1 + known.count();
        let host = before.split('/').nth(2).unwrap_or_default();
        let whose = (*what, format!("{host} {number}"));
        let number = self.numbers.entry(whose).or_insert(next);
        format!("{before}{kind}{word}{number}{rest}")
    }
}

fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .take(11)
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T"
}

/// The same moment everywhere, to the same fraction of a second.
fn without_time(text: &str) -> String {
    let fraction = text
        .split_once('.')
        .map(|(_, fraction)| fraction.replace(|c: char| c.is_ascii_digit(), "0"));
    match fraction {
        Some(fraction) => format!("2026-11-22T10:00:00.{fraction}"),
        None => "2026-11-22T10:00:00Z".into(),
    }
}
