//! What moderators, owners and people of other servers do besides writing, told and heard between real
//! servers on both databases: bans, pins, who moderates, dislikes, edits out of order, undoing by id, and
//! a group that moves to another house.

use guildhall::domain::{GroupId, Handle, PostId, Timestamp};
use guildhall::services::groups::GroupView;
use guildhall::services::{groups, posts};
use serde_json::{Value, json};

use crate::support::bridge::{bridge, is_in, is_out, listed};
use crate::support::dump::Dump;
use crate::support::forge::Letter;
use crate::support::peer::Actor;
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{House, Member, World, eventually, text};

fn post_id(status: &Value) -> PostId {
    text(&status["id"]).parse().expect("a post's id")
}

/// A group as somebody of a house sees it, if they do.
async fn see_group(house: &House, name: &str, handle: &str) -> Option<GroupView> {
    let app = house.app();
    let viewer = house.viewer(&app, name).await;
    let handle: Handle = handle.parse().expect("a handle");
    let handle = handle.seen_from(app.config.host());
    groups::find(&app, viewer, handle).await.ok()
}

/// The titles of the pinned topics of a group, as somebody of a house sees them.
async fn pinned(house: &House, name: &str, group: &str) -> Vec<String> {
    let app = house.app();
    let viewer = house.viewer(&app, name).await;
    let group: GroupId = group.parse().expect("a group");
    let list = posts::pinned(&app, viewer, group).await.unwrap_or_default();
    let titles = list.into_iter().filter_map(|one| one.view.post.title);
    titles.collect()
}

/// How many dislikes a topic has, as somebody of a house sees it.
async fn dislikes(house: &House, name: &str, topic: &Value) -> u32 {
    let app = house.app();
    let viewer = house.viewer(&app, name).await;
    let thread = posts::thread(&app, viewer, post_id(topic)).await;
    thread.map_or(0, |thread| thread.topic.dislikes)
}

async fn read(stranger: &Stranger, reader: &Actor, path: &str) -> Value {
    let letter = Letter::get(reader, &stranger.host, path).sign();
    let reply = letter.send(&stranger.address).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    serde_json::from_slice(&reply.body).expect("JSON")
}

/// Waits until an activity of a server was dealt with, and says how.
async fn outcome(house: &House, activity: &Value) -> Value {
    let url = house.instance.database_url();
    eventually(&format!("{activity} is dealt with"), async || {
        let url = url.clone();
        let dump = tokio::task::spawn_blocking(move || Dump::of(&url)).await;
        let dump = dump.expect("a dump");
        let rows = dump.rows("arrivals").iter();
        let mut rows = rows.filter_map(|row| serde_json::from_str::<Value>(row).ok());
        rows.find(|row| row["activity_uri"] == activity["id"] && row["state"] != "pending")
    })
    .await
}

#[tokio::test]
async fn who_is_banned_knows_why_and_until_when_and_may_come_back() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let cedar = Stranger::partner(&world, "cedar", "read,react,reply").await;
        cedar.member(&world, "pam").await;
        let acme = world.house("acme");
        let birch = world.house("birch");
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let offer = bo
            .reply(text(&at_birch["id"]), "Buy cheap ribbons!")
            .await
            .body;
        let uri = text(&offer["uri"]);
        ada.see_comment(text(&topic["id"]), uri).await;
        let handle = format!("bo@{}", bo.host);

        let until = "2099-01-01";
        let ban = ["member", "ban", "engineering", &handle, "--until", until];
        let why = ["--reason", "Only advertises", "--remove-posts"];
        acme.instance.run_json(&[&ban[..], &why].concat()).await;

        // Bo's house knows why and until when, and that they may not write.
        let group = format!("engineering@{}", acme.instance.host());
        let told = eventually("bo is told", async || {
            see_group(birch, "bo", &group).await?.ban
        })
        .await;
        assert_eq!(told.reason, "Only advertises");
        assert_eq!(told.until, Timestamp::parse(until).ok());
        let reply = bo.reply(text(&at_birch["id"]), "One more!").await;
        assert_eq!(reply.status, 404, "a closed group is no longer read");
        let reply = bo.try_post_topic(&there).await;
        assert_eq!(reply.0, 403);
        assert!(reply.1.contains("banned"), "{}", reply.1);
        // What they wrote is gone for everybody.
        eventually("ada no longer reads it", async || {
            let comments = ada.comments(text(&topic["id"])).await;
            comments.iter().all(|one| one["uri"] != uri).then_some(())
        })
        .await;
        let heard = |kind: &'static str| {
            move |said: &Value| said["type"] == "Announce" && said["object"]["type"] == kind
        };
        let block = cedar.hears("the ban", heard("Block")).await;
        let block = &block["object"];
        assert_eq!(block["target"], cedar.group.as_str());
        assert_eq!(block["summary"], "Only advertises");
        assert_eq!(block["removeData"], true);
        assert!(text(&block["endTime"]).starts_with("2099-01-01"));

        acme.instance
            .run_json(&["member", "unban", "engineering", &handle])
            .await;
        let lifted = |said: &Value| said["object"]["object"]["id"] == block["id"];
        let lifted = cedar.hears("that it is lifted", lifted).await;
        assert_eq!(lifted["object"]["type"], "Undo");
        eventually("bo may join again", async || {
            let view = see_group(birch, "bo", &group).await?;
            (view.ban.is_none() && view.membership.is_none()).then_some(())
        })
        .await;
        world.join("bo@birch", "engineering", "acme").await;
        let back = bo.see_topic(text(&topic["uri"])).await;
        assert_eq!(bo.reply(text(&back["id"]), "Sorry.").await.status, 200);
    }
}

impl Member {
    /// Status and error of a topic that may be refused.
    async fn try_post_topic(&self, group: &str) -> (u16, String) {
        let body = json!({ "group_id": group, "title": "Ribbons", "status": "Cheap." });
        let answer = self.post("/api/v1/statuses", body).await;
        let error = answer.body["error"].as_str().unwrap_or_default().to_owned();
        (answer.status.as_u16(), error)
    }
}

#[tokio::test]
async fn a_moderator_elsewhere_bans_and_pins_and_nobody_else_does() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let stranger = Stranger::partner(&world, "p", "read,react,reply,moderate").await;
        let (pam, _) = stranger.member(&world, "pam").await;
        let (pete, _) = stranger.member(&world, "pete").await;
        let acme = &world.house("acme").instance;
        let add = ["member", "add", "engineering"];
        let role = ["--role", "moderator"];
        acme.run_json(&[&add[..], &[&pam.handle()], &role].concat())
            .await;
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let uri = text(&topic["uri"]);
        bo.see_topic(uri).await;
        let bos = format!("http://{}/u/bo", bo.host);
        let adas = format!("http://{}/u/ada", stranger.host);

        let to = |by: &Actor, kind: &str, object: &str, target: String| {
            let mut activity = by.activity(kind, json!(object));
            activity["target"] = json!(target);
            activity
        };
        let list = |name: &str| format!("{}/{name}", stranger.group);
        let block = to(&pam, "Block", &bos, stranger.group.clone());
        let pin = to(&pam, "Add", uri, list("featured"));

        // Who is no moderator does nothing by it, and moderators make no moderators.
        let petes = to(&pete, "Block", &bos, stranger.group.clone());
        for (by, activity) in [
            (&pete, petes.clone()),
            (&pete, pete.activity("Undo", petes)),
            (&pete, to(&pete, "Add", uri, list("featured"))),
            (&pete, to(&pete, "Remove", uri, list("featured"))),
            (&pete, to(&pete, "Add", &pete.id, list("moderators"))),
            (&pam, to(&pam, "Add", &pete.id, list("moderators"))),
            (&pam, to(&pam, "Remove", &adas, list("moderators"))),
        ] {
            let reply = stranger.send(by, &activity).await;
            assert_eq!(reply.status, 403, "{activity}: {}", reply.text());
        }
        // A moderator does not ban an owner.
        let owner = to(&pam, "Block", &adas, stranger.group.clone());
        stranger.says(&pam, &owner).await;
        let refused = outcome(world.house("acme"), &owner).await;
        assert_eq!(refused["reason"], "not_owner", "{refused}");

        stranger.says(&pam, &pin).await;
        eventually("it is pinned at birch", async || {
            let titles = pinned(world.house("birch"), "bo", &there).await;
            (titles == ["Bridge opens Monday"]).then_some(())
        })
        .await;
        // To the byte as she said it.
        stranger
            .hears("its own moderator", |said| said["object"] == pin)
            .await;
        let loose = to(&pam, "Remove", uri, list("featured"));
        stranger.says(&pam, &loose).await;
        eventually("it is loose at birch", async || {
            let titles = pinned(world.house("birch"), "bo", &there).await;
            titles.is_empty().then_some(())
        })
        .await;

        stranger.says(&pam, &block).await;
        let handle = format!("bo@{}", bo.host);
        is_in(&world, &handle, "banned").await;
        let group = format!("engineering@{}", acme.host());
        eventually("bo's house hears of it", async || {
            see_group(world.house("birch"), "bo", &group).await?.ban
        })
        .await;
        // Undone by nothing but its id.
        stranger
            .says(&pam, &pam.activity("Undo", block["id"].clone()))
            .await;
        is_out(&world, &handle).await;
        eventually("and that it is over", async || {
            let view = see_group(world.house("birch"), "bo", &group).await?;
            view.ban.is_none().then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_pinned_and_who_moderates_is_known_at_the_partner() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let cedar = Stranger::partner(&world, "cedar", "read,react,reply").await;
        let (pam, _) = cedar.member(&world, "pam").await;
        let (acme, birch) = (world.house("acme"), world.house("birch"));
        let first = ada.topic(&here, "Rules", "Be kind.").await;
        let second = ada.topic(&here, "Bridge opens Monday", "").await;
        bo.see_topic(text(&second["uri"])).await;
        let comment = ada.reply(text(&first["id"]), "Really.").await.body;
        let pin = ["post", "pin", text(&first["id"])];
        let made = acme.instance.run_json(&pin).await;
        assert_eq!(made["pinned"], true);
        let refused = acme
            .instance
            .run(["post", "pin", text(&comment["id"])])
            .await;
        assert_eq!(refused.code, Some(1), "{refused:?}");

        let pinned_there = async |titles: &[&str]| {
            eventually(&format!("{titles:?} are pinned at birch"), async || {
                (pinned(birch, "bo", &there).await == titles).then_some(())
            })
            .await;
        };
        pinned_there(&["Rules"]).await;
        let featured = read(&cedar, &pam, "/g/engineering/featured").await;
        assert_eq!(featured["orderedItems"][0]["name"], "Rules", "{featured}");

        // Who moderates is told, and read by who reads the group.
        let house = format!("engineering@{}", acme.instance.host());
        let moderators = async || {
            let shown = birch.instance.run_json(&["group", "show", &house]).await;
            shown["moderators"].to_string()
        };
        let handle = format!("bo@{}", bo.host);
        let is_moderator = async |role: &str, moderates: bool| {
            acme.instance
                .run_json(&["member", "add", "engineering", &handle, "--role", role])
                .await;
            eventually(&format!("birch knows that bo is {role}"), async || {
                (moderators().await.contains("\"bo\"") == moderates).then_some(())
            })
            .await;
            let shown = read(&cedar, &pam, "/g/engineering/moderators").await;
            let names = shown["orderedItems"].to_string();
            assert!(names.contains("/u/ada"), "{names}");
            assert_eq!(names.contains("/u/bo"), moderates, "{names}");
        };
        assert!(moderators().await.contains("ada@"), "read when bo joined");
        is_moderator("moderator", true).await;
        is_moderator("member", false).await;

        // Who comes later finds what is pinned.
        birch.instance.execute("UPDATE posts SET pinned = false");
        birch.instance.execute("DELETE FROM moderators_elsewhere");
        world.member("eva@birch").await;
        world.join("eva@birch", "engineering", "acme").await;
        pinned_there(&["Rules"]).await;
        eventually("who moderates is read again", async || {
            moderators().await.contains("ada@").then_some(())
        })
        .await;

        acme.instance
            .run_json(&["post", "unpin", text(&first["id"])])
            .await;
        pinned_there(&[]).await;
        let featured = read(&cedar, &pam, "/g/engineering/featured").await;
        assert_eq!(featured["orderedItems"], json!([]));
    }
}

#[tokio::test]
async fn dislikes_are_counted_apart_passed_on_and_taken_back() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let stranger = Stranger::partner(&world, "p", "read,react").await;
        let (pam, _) = stranger.member(&world, "pam").await;
        let silent = Stranger::partner(&world, "q", "read").await;
        let (quin, _) = silent.member(&world, "quin").await;
        world
            .house("birch")
            .instance
            .add_partner(&stranger.peer.host())
            .await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let uri = json!(text(&topic["uri"]));
        let at_birch = bo.see_topic(text(&topic["uri"])).await;

        // Who may not react does not dislike either.
        let reply = silent
            .send(&quin, &quin.activity("Dislike", uri.clone()))
            .await;
        assert_eq!(reply.status, 403, "{}", reply.text());

        let dislike = pam.proven(&pam.activity("Dislike", uri.clone()));
        stranger.says(&pam, &dislike).await;
        let (acme, birch) = (world.house("acme"), world.house("birch"));
        let counted = async |count: u32| {
            eventually(&format!("{count} at both"), async || {
                let here = dislikes(acme, "ada", &topic).await;
                let there = dislikes(birch, "bo", &at_birch).await;
                (here == count && there == count).then_some(())
            })
            .await;
        };
        counted(1).await;
        silent
            .hears("of it, as it was said", |said| said["object"] == dislike)
            .await;
        let likes = bo.see_topic(text(&topic["uri"])).await["favourites_count"].clone();
        assert_eq!(likes, 0);

        // Nobody else takes it back, not even by its id.
        let quins = quin.activity("Undo", dislike["id"].clone());
        silent.says(&quin, &quins).await;
        let refused = outcome(acme, &quins).await;
        assert_eq!(refused["state"], "refused", "{refused}");
        counted(1).await;
        let undo = pam.proven(&pam.activity("Undo", dislike["id"].clone()));
        stranger.says(&pam, &undo).await;
        counted(0).await;
    }
}

#[tokio::test]
async fn edits_that_arrive_out_of_order_leave_the_newest_text() {
    for backend in backends() {
        let Some((world, [here, _], [ada, _])) = bridge(backend).await else {
            continue;
        };
        let stranger = Stranger::partner(&world, "p", "read,react,reply").await;
        let (pam, _) = stranger.member(&world, "pam").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let mut note = pam.note(&stranger.group, text(&topic["uri"]), "First");
        note["published"] = json!("2026-01-01T10:00:00Z");
        stranger.says(&pam, &pam.create(&note)).await;
        let comment = ada.see_comment(text(&topic["id"]), text(&note["id"])).await;
        let id = text(&comment["id"]);

        let edit = async |content: &str, updated: &str| {
            let mut edited = note.clone();
            edited["content"] = json!(format!("<p>{content}</p>"));
            edited["updated"] = json!(updated);
            let update = pam.activity("Update", edited);
            stranger.says(&pam, &update).await;
            outcome(world.house("acme"), &update).await;
        };
        edit("Third", "2026-01-03T10:00:00Z").await;
        edit("Second", "2026-01-02T10:00:00Z").await;
        edit("Third", "2026-01-04T10:00:00Z").await;

        let shown = ada.see_comment(text(&topic["id"]), text(&note["id"])).await;
        assert!(text(&shown["content"]).contains("Third"), "{shown}");
        assert!(
            text(&shown["edited_at"]).starts_with("2026-01-03"),
            "{shown}"
        );
        let history = ada
            .get(&format!("/api/v1/statuses/{id}/history"))
            .await
            .body;
        let texts: Vec<&str> = history
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| text(&one["content"]))
            .collect();
        assert_eq!(texts.len(), 2, "{history}");
        assert!(
            texts[0].contains("First") && texts[1].contains("Third"),
            "{history}"
        );
        assert!(
            text(&history[1]["created_at"]).starts_with("2026-01-03"),
            "{history}"
        );
        let source = ada.get(&format!("/api/v1/statuses/{id}/source")).await.body;
        assert_eq!(source["text"], "Third");
        let app = world.house("acme").app();
        let viewer = world.house("acme").viewer(&app, "ada").await;
        let (_, earlier) = posts::history(&app, viewer, post_id(&comment))
            .await
            .expect("a post");
        assert_eq!(earlier.len(), 1);
    }
}

#[tokio::test]
async fn what_is_known_by_its_id_is_undone_by_who_did_it() {
    for backend in backends() {
        let Some((world, [here, _], [ada, _])) = bridge(backend).await else {
            continue;
        };
        let stranger = Stranger::partner(&world, "p", "read,react,reply").await;
        let (pam, follow) = stranger.member(&world, "pam").await;
        let (pete, _) = stranger.member(&world, "pete").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let like = pam.activity("Like", json!(text(&topic["uri"])));
        stranger.says(&pam, &like).await;
        let likes = async |count: u64| {
            eventually(&format!("{count} likes"), async || {
                let shown = ada.see_topic(text(&topic["uri"])).await;
                (shown["favourites_count"] == count).then_some(())
            })
            .await;
        };
        likes(1).await;

        // A neighbour's word, and an id that nobody knows.
        let mut in_vain = Vec::new();
        for undo in [
            pete.activity("Undo", like["id"].clone()),
            pete.activity("Undo", follow["id"].clone()),
            pam.activity("Undo", json!(pam.new_id())),
        ] {
            let by = if undo["actor"] == pam.id.as_str() {
                &pam
            } else {
                &pete
            };
            stranger.says(by, &undo).await;
            in_vain.push(undo);
        }
        for undo in in_vain {
            let refused = outcome(world.house("acme"), &undo).await;
            assert_eq!(refused["reason"], "unknown", "{refused}");
        }
        likes(1).await;
        assert_eq!(
            listed(&world, &pam.handle()).await.expect("pam")["state"],
            "member"
        );

        stranger
            .says(&pam, &pam.activity("Undo", like["id"].clone()))
            .await;
        likes(0).await;
        stranger
            .says(&pam, &pam.activity("Undo", follow["id"].clone()))
            .await;
        is_out(&world, &pam.handle()).await;
    }
}

#[tokio::test]
async fn a_group_moves_to_a_partner_when_both_agree_and_its_people_follow() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch", "dale"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        // A third house with somebody in the group, a partner of both; and one that knows no moves.
        world.partner("acme", "dale").await;
        world.partner("birch", "dale").await;
        world
            .grant("acme", "engineering", "dale", "read,react,reply", &[])
            .await;
        world.member("dan@dale").await;
        world.join("dan@dale", "engineering", "acme").await;
        let cedar = Stranger::partner(&world, "cedar", "read,react,reply").await;
        cedar.member(&world, "pam").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        bo.see_topic(text(&topic["uri"])).await;

        let offered = acme
            .run_json(&["group", "move", "offer", "engineering", &birch.host()])
            .await;
        assert_eq!(offered["target"], Value::Null);
        let old = text(&offered["group"]).to_owned();
        let coming = eventually("birch is asked", async || {
            let all = birch.run_json(&["group", "move", "list"]).await;
            all.as_array()?.first().cloned()
        })
        .await;
        assert_eq!(
            (&coming["way"], &coming["group"]),
            (&json!("coming"), &json!(old))
        );
        // Nothing has changed.
        assert_eq!(ada.try_post_topic(&here).await.0, 200);

        // The third house gets in as birch grants it.
        birch
            .run_json(&["group", "create", "bridges", "--title", "Bridges"])
            .await;
        birch
            .run_json(&["group", "stage", "bridges", "partners"])
            .await;
        let dale = world.house("dale").instance.host();
        let grant = ["grant", "add", "bridges", &dale, "--can", "read,reply"];
        birch
            .run_json(&[&grant[..], &["--join", "auto"]].concat())
            .await;
        let accept = ["group", "move", "accept", &old, "--as", "bridges"];
        let accepted = birch.run_json(&accept).await;
        let new = format!("{}/g/bridges", birch.origin());
        assert_eq!(accepted["target"], new.as_str());
        let people = async || {
            let members = birch.run_json(&["member", "list", "bridges"]).await;
            let rows = members.as_array().expect("a list").iter();
            let mut names: Vec<String> = rows
                .filter(|row| row["state"] == "member")
                .map(|row| {
                    text(&row["who"])
                        .split('@')
                        .next()
                        .unwrap_or_default()
                        .to_owned()
                })
                .collect();
            names.sort();
            names
        };
        eventually("all are in the new group", async || {
            let names = people().await;
            let all = ["ada", "bo", "dan"];
            all.iter()
                .all(|name| names.contains(&(*name).to_owned()))
                .then_some(())
        })
        .await;
        let moved = |said: &Value| said["type"] == "Move";
        let moved = cedar.hears("that it moved", moved).await;
        assert_eq!(
            (&moved["object"], &moved["target"]),
            (&json!(old), &json!(new))
        );

        // The old one is read and not written in.
        let shown = acme.run_json(&["group", "show", "engineering"]).await;
        assert_eq!(
            (&shown["archived"], &shown["moved_to"]),
            (&json!(true), &json!(new))
        );
        let reply = ada.reply(text(&topic["id"]), "Still here?").await;
        assert_eq!(reply.status, 403);
        ada.see_topic(text(&topic["uri"])).await;
        bo.see_topic(text(&topic["uri"])).await;
        let back = acme
            .run(["group", "stage", "engineering", "partners"])
            .await;
        assert_eq!(back.code, Some(1), "{back:?}");

        // It goes on at the new address.
        let there = ada.find(&format!("bridges@{}", birch.host())).await;
        let next = ada.topic(&there, "Now at Birch", "").await;
        bo.see_topic(text(&next["uri"])).await;
    }
}

#[tokio::test]
async fn an_offer_to_move_is_taken_back_or_declined_and_both_houses_know() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let ada = world.member("ada@acme").await;
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let host = birch.host();
        let newest = async |house: &Instance| {
            let all = house.run_json(&["group", "move", "list"]).await;
            all[0].clone()
        };
        let ended = async |house: &Instance, how: &str| {
            eventually(&format!("it is {how}"), async || {
                (newest(house).await["ended"] == how).then_some(())
            })
            .await;
        };
        let offer = async || {
            let offered = acme
                .run_json(&["group", "move", "offer", "engineering", &host])
                .await;
            eventually("birch is asked", async || {
                (newest(birch).await["offer"] == offered["offer"]).then_some(())
            })
            .await;
            text(&offered["group"]).to_owned()
        };

        let group = offer().await;
        acme.run_json(&["group", "move", "withdraw", "engineering"])
            .await;
        ended(birch, "withdrawn").await;
        let late = birch
            .run(&["group", "move", "accept", &group, "--as", "bridges"])
            .await;
        assert!(late.code != Some(0), "it is not offered any more");
        let again = acme
            .run(&["group", "move", "withdraw", "engineering"])
            .await;
        assert!(again.code != Some(0), "nothing waits any more");

        // Asked again, birch declines.
        offer().await;
        birch.run_json(&["group", "move", "decline", &group]).await;
        ended(acme, "declined").await;
        let late = birch
            .run(&["group", "move", "accept", &group, "--as", "bridges"])
            .await;
        assert!(late.code != Some(0), "birch has declined");

        // Nothing has changed for anybody in the group, and it may be asked again.
        assert_eq!(ada.try_post_topic(&here).await.0, 200);
        offer().await;
        assert_eq!(newest(birch).await["ended"], Value::Null);
    }
}
