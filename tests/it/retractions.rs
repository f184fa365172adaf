//! Taking back, between running organizations, on both databases: what a partner got is thrown away there when it is asked
//! for, the partner says so, and what nobody confirms stays on the list.

use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::dump::Dump;
use crate::support::files::png;
use crate::support::person::Person;
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Member, World, eventually, text};

/// What acme asked back; `more`: further words of the command.
async fn listed(acme: &Instance, more: &[&str]) -> Vec<Value> {
    let list = acme
        .run_json(&[&["retract", "--outstanding"], more].concat())
        .await;
    list.as_array().expect("a list").clone()
}

/// Waits until nothing is outstanding, and says what was asked.
async fn confirmed(acme: &Instance) -> Vec<Value> {
    eventually("all of it is confirmed", async || {
        listed(acme, &[]).await.is_empty().then_some(())
    })
    .await;
    listed(acme, &["--all"]).await
}

/// Everything that a house's database has.
async fn dump(house: &Instance) -> Dump {
    let url = house.database_url();
    let dump = tokio::task::spawn_blocking(move || Dump::of(&url)).await;
    dump.expect("a dump")
}

/// In how many rows of a table of a house a text is.
async fn rows_with(house: &Instance, table: &str, text: &str) -> usize {
    dump(house).await.count(table, text)
}

/// The tables in which a house keeps what people wrote.
const TEXTS: [&str; 5] = ["posts", "revisions", "arrivals", "attachments", "polls"];

async fn knows(house: &Instance, words: &str) -> Vec<&'static str> {
    let dump = dump(house).await;
    let has = |table: &&'static str| dump.count(table, words) > 0;
    TEXTS.into_iter().filter(has).collect()
}

async fn ledger(acme: &Instance, outcome: &str) -> Vec<String> {
    let exported = acme.run(["ledger", "export"]).await.stdout;
    let lines = exported
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut objects: Vec<String> = lines
        .filter(|line| line["outcome"] == outcome)
        .map(|line| text(&line["object"]).to_owned())
        .collect();
    objects.sort();
    objects
}

async fn changed(member: &Member, status: &Value, words: &str) {
    let path = format!("/api/v1/statuses/{}", text(&status["id"]));
    let answer = member.put(&path, json!({ "status": words })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn what_a_grant_showed_is_thrown_away_when_it_ends_and_confirmed() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        world
            .grant(
                "acme",
                "engineering",
                "birch",
                "read,react,reply,start,attach",
                &[],
            )
            .await;
        // A text with its history and a picture, a comment, and words of birch's own.
        let picture = ada
            .upload("bridge.png", "image/png", &png(40, 30, 1), "the harbour")
            .await;
        let posted = ada
            .post(
                "/api/v1/statuses",
                json!({ "group_id": here, "title": "Bridge opens", "status": "first marzipan",
                        "media_ids": [picture["id"]] }),
            )
            .await
            .body;
        let at_birch = bo.see_topic(text(&posted["uri"])).await;
        changed(&ada, &posted, "second marzipan").await;
        let comment = ada.reply(text(&posted["id"]), "nougat besides").await.body;
        let topic_there = text(&at_birch["id"]);
        bo.see_comment(topic_there, text(&comment["uri"])).await;
        let own = bo.reply(topic_there, "our own pretzel").await.body;
        ada.see_comment(text(&posted["id"]), text(&own["uri"]))
            .await;
        eventually("birch has both texts", async || {
            (knows(birch, "second marzipan").await.contains(&"posts")
                && knows(birch, "first marzipan").await.contains(&"revisions"))
            .then_some(())
        })
        .await;

        let ended = acme
            .run_json(&["grant", "remove", "engineering", &birch.host()])
            .await;
        assert_eq!(ended["asked_back"], 2, "{ended}");
        let asked = confirmed(acme).await;
        let [one] = asked.as_slice() else {
            panic!("{asked:#?}")
        };
        assert_eq!(one["stands"], "confirmed: 2 of 2");
        assert_eq!(
            (&one["cause"], &one["said"]),
            (&json!("grant_ended"), &json!(2))
        );
        assert_eq!(one["asked_by"], "operator");

        // Nothing of it is left there, but the places; what bo said is his.
        for words in ["marzipan", "nougat", "the harbour"] {
            assert_eq!(knows(birch, words).await, [""; 0], "{words}");
        }
        assert_eq!(rows_with(birch, "taken_back", &acme.host()).await, 2);
        assert!(knows(birch, "our own pretzel").await.contains(&"posts"));
        let audit = birch.run_json(&["audit", "list"]).await;
        let thrown = audit.as_array().unwrap().iter();
        let thrown: Vec<&Value> = thrown
            .filter(|line| line["action"] == "thrown_away")
            .collect();
        assert_eq!(thrown.len(), 1, "{audit:#}");
        assert!(
            text(&thrown[0]["detail"]).contains(&acme.origin()),
            "{audit:#}"
        );

        // The ledger says so, is whole, and both books still say the same.
        let both = {
            let mut both = [
                text(&posted["uri"]).to_owned(),
                text(&comment["uri"]).to_owned(),
            ];
            both.sort();
            both
        };
        assert_eq!(ledger(acme, "asked").await, both);
        assert_eq!(ledger(acme, "confirmed").await, both);
        assert_eq!(acme.run(["ledger", "verify"]).await.code, Some(0));
        let host = birch.host();
        let today = jiff::Timestamp::now().to_string();
        let compare = [
            "ledger",
            "compare",
            &host,
            "--from",
            &today[..10],
            "--to",
            &today[..10],
        ];
        let compared = acme.run_json(&compare).await;
        assert_eq!(compared["differences"], json!([]), "{compared:#}");

        // Asked twice is asked once; and what is given again is there again.
        let again = ["retract", "--group", "engineering", "--partner", &host];
        assert_eq!(acme.run_json(&again).await["posts"], 0);
        world
            .grant(
                "acme",
                "engineering",
                "birch",
                "read,react,reply,start,attach",
                &["--history", "all"],
            )
            .await;
        let open = acme.run(again).await;
        assert_eq!(open.code, Some(1), "{open:?}");
        world.join("bo@birch", "engineering", "acme").await;
        let back = bo.see_topic(text(&posted["uri"])).await;
        assert!(text(&back["content"]).contains("second marzipan"), "{back}");
        assert_eq!(text(&back["id"]), topic_there);
        bo.see_comment(topic_there, text(&comment["uri"])).await;
        assert_eq!(
            there,
            bo.find(&format!("engineering@{}", acme.host())).await
        );
    }
}

#[tokio::test]
async fn a_partnership_that_is_over_has_one_last_word_however_long_it_takes() {
    for backend in backends() {
        let Some((mut world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens", "marzipan").await;
        bo.see_topic(text(&topic["uri"])).await;
        let host = world.house("birch").instance.host();

        // Birch is away when it ends, and acme is restarted meanwhile.
        let server = world.house_mut("birch").server.take();
        server.expect("a server").kill().await;
        let acme = &world.house("acme").instance;
        let ended = acme.run_json(&["partner", "end", &host]).await;
        assert_eq!(ended["asked_back"], 1, "{ended}");
        let waiting = listed(acme, &["--partner", &host]).await;
        assert_eq!(waiting[0]["stands"], "asked about 1 post; no answer yet");
        assert_eq!(waiting[0]["open"], json!([topic["uri"]]));
        let server = world.house_mut("acme").server.take();
        server.expect("a server").kill().await;
        let server = world.house("acme").instance.serve().await;
        world.house_mut("acme").server = Some(server);
        let server = world.house("birch").instance.serve().await;
        world.house_mut("birch").server = Some(server);

        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        acme.run_json(&["queue", "retry"]).await;
        eventually("birch threw it away", async || {
            knows(birch, "marzipan").await.is_empty().then_some(())
        })
        .await;
        birch.run_json(&["queue", "retry"]).await;
        let asked = confirmed(acme).await;
        assert_eq!(asked[0]["cause"], "partnership_ended");
        assert_eq!(asked[0]["stands"], "confirmed: 1 of 1");
    }
}

#[tokio::test]
async fn what_is_left_to_a_partner_is_not_asked_back() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens", "marzipan").await;
        bo.see_topic(text(&topic["uri"])).await;
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let host = birch.host();
        let remove = ["grant", "remove", "engineering", &host, "--leave-copies"];
        assert_eq!(acme.run_json(&remove).await["asked_back"], 0);
        assert_eq!(listed(acme, &["--all"]).await, [Value::Null; 0]);
        // Somebody thinks better of it: it can be asked back afterwards, also when all is over.
        acme.run_json(&["partner", "end", &host]).await;
        let retract = ["retract", "--group", "engineering", "--partner", &host];
        assert_eq!(acme.run_json(&retract).await["posts"], 1);
        let asked = confirmed(acme).await;
        assert_eq!(asked[0]["cause"], "asked");
        assert_eq!(knows(birch, "marzipan").await, [""; 0]);
    }
}

#[tokio::test]
async fn a_topic_is_taken_back_from_a_partner_that_reads_the_rest_and_given_again() {
    for backend in backends() {
        let Some((world, [here, _], [ada, mut bo])) = bridge(backend).await else {
            continue;
        };
        let stays = ada.topic(&here, "Ribbons", "blue ones").await;
        let goes = ada.topic(&here, "Bridge opens", "marzipan").await;
        bo.see_topic(text(&stays["uri"])).await;
        let at_birch = bo.see_topic(text(&goes["uri"])).await;
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let host = birch.host();
        let retract = [
            "retract",
            "--group",
            "engineering",
            "--partner",
            &host,
            "--topic",
            text(&goes["uri"]),
        ];
        assert_eq!(acme.run_json(&retract).await["posts"], 1);
        let asked = confirmed(acme).await;
        assert_eq!(asked[0]["stands"], "confirmed: 1 of 1");

        // Birch's people see that it was taken back, not what it was; the rest is there.
        let path = format!("/p/{}", text(&at_birch["id"]));
        let made = birch.run_json(&["user", "password", "bo"]).await;
        let mut page = Person::signed_in(birch, "bo", text(&made["password"])).await;
        let shown = page.go(&path).await.text();
        assert!(shown.contains("Taken back"), "{shown}");
        assert!(!shown.contains("marzipan"), "{shown}");
        // With the new password his token ended.
        let token = ["token", "create", "bo", "--scopes", "read write follow"];
        bo.token = text(&birch.run_json(&token).await["access_token"]).to_owned();
        // What is said below it from now on does not get there.
        let below = ada.reply(text(&goes["id"]), "nougat besides").await.body;
        let after = ada.topic(&here, "Afterwards", "whatever").await;
        bo.see_topic(text(&after["uri"])).await;
        assert_eq!(knows(birch, "nougat").await, [""; 0]);

        // Whoever reviews what is held gives it again.
        acme.run_json(&["held", "release", text(&goes["id"])]).await;
        let back = bo.see_topic(text(&goes["uri"])).await;
        assert!(text(&back["content"]).contains("marzipan"), "{back}");
        bo.see_comment(text(&back["id"]), text(&below["uri"])).await;
    }
}

#[tokio::test]
async fn what_is_deleted_is_confirmed_too() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens", "marzipan").await;
        bo.see_topic(text(&topic["uri"])).await;
        ada.delete(&format!("/api/v1/statuses/{}", text(&topic["id"])))
            .await;
        let acme = &world.house("acme").instance;
        let asked = eventually("birch is asked", async || {
            let asked = listed(acme, &["--all"]).await;
            (!asked.is_empty()).then_some(asked)
        })
        .await;
        assert_eq!(asked[0]["cause"], "deleted");
        assert_eq!(asked[0]["asked_by"], "its author");
        let asked = confirmed(acme).await;
        assert_eq!(asked[0]["stands"], "confirmed: 1 of 1");
    }
}

#[tokio::test]
async fn other_software_gets_one_delete_a_post_and_a_stop_holds_it() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "closed", "partners").await;
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read,react,reply,start").await;
        let (cy, _) = cedar.member(&world, "cy").await;
        let group = ada.find("engineering").await;
        let topic = ada.topic(&group, "Bridge opens", "marzipan").await;
        let comment = ada.reply(text(&topic["id"]), "nougat").await.body;
        cedar
            .hears("both", |one| one.to_string().contains("nougat"))
            .await;
        let own = cy.note(&cedar.group, text(&topic["uri"]), "cy's own");
        cedar.says(&cy, &cy.create(&own)).await;

        let host = cedar.peer.host();
        let is_delete = |one: &Value| one.to_string().contains("\"Delete\"");
        acme.run_json(&["stop", "--partner", &host]).await;
        let ended = acme
            .run_json(&["grant", "remove", "engineering", &host])
            .await;
        assert_eq!(ended["asked_back"], 2, "{ended}");
        eventually("they wait", async || {
            let queue = acme.run_json(&["queue", "list"]).await;
            let mut rows = queue.as_array()?.iter();
            // The end of the membership, and the two.
            rows.any(|row| row["host"] == host.as_str() && row["pending"].as_i64() >= Some(2))
                .then_some(())
        })
        .await;
        assert!(!cedar.peer.heard().iter().any(is_delete));

        acme.run_json(&["stop", "--partner", &host, "--release"])
            .await;
        for post in [&topic, &comment] {
            let uri = text(&post["uri"]).to_owned();
            cedar
                .hears("that it is to go", |one| {
                    is_delete(one) && one.to_string().contains(&uri)
                })
                .await;
        }
        let waiting = listed(acme, &["--partner", &host]).await;
        assert_eq!(
            waiting[0]["stands"],
            "asked about 2 posts; its software cannot confirm"
        );
        let deletes = cedar.peer.heard().into_iter().filter(is_delete).count();
        assert_eq!(deletes, 2, "its own words are its own");
        // It can be asked again, though it never answers.
        let number = text(&waiting[0]["id"]).to_owned();
        acme.run_json(&["retract", "--again", &number]).await;
        eventually("it is asked again", async || {
            let deletes = cedar.peer.heard().into_iter().filter(is_delete).count();
            (deletes == 4).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn administrators_ask_and_see_what_is_outstanding_on_the_partners_page() {
    for backend in backends() {
        let Some((mut world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens", "marzipan").await;
        bo.see_topic(text(&topic["uri"])).await;
        let server = world.house_mut("birch").server.take();
        server.expect("a server").kill().await;
        let acme = &world.house("acme").instance;
        let host = world.house("birch").instance.host();
        let made = acme.run_json(&["user", "password", "boss"]).await;
        let mut boss = Person::signed_in(acme, "boss", text(&made["password"])).await;

        let path = format!("/admin/partners/{host}/outstanding");
        let partner = boss
            .go(&format!("/admin/partners/{host}"))
            .await
            .html
            .clone();
        assert!(partner.contains(&path), "{partner}");
        assert!(
            boss.go(&path)
                .await
                .text()
                .contains("Nothing is outstanding")
        );
        // The whole group is open to them, and another topic is none of it.
        for (topic, problem) in [
            ("", "end the grant"),
            (
                "https://elsewhere.example/p/1",
                "is no topic of engineering",
            ),
        ] {
            let wish = [
                ("action", "retract"),
                ("group", "engineering"),
                ("topic", topic),
            ];
            let told = boss.send(&path, &wish).await;
            assert!(told.text().contains(problem), "{}", told.text());
        }
        let wish = [
            ("action", "retract"),
            ("group", "engineering"),
            ("topic", text(&topic["uri"])),
        ];
        let told = boss.send(&path, &wish).await.text();
        assert!(told.contains("They are asked to delete it"), "{told}");
        assert!(told.contains("asked about 1 post; no answer yet"), "{told}");
        assert!(told.contains("boss"), "{told}");
        let told = boss.send(&path, &[("action", "again")]).await.text();
        assert!(told.contains("They are asked to delete it"), "{told}");

        let server = world.house("birch").instance.serve().await;
        world.house_mut("birch").server = Some(server);
        let acme = &world.house("acme").instance;
        acme.run_json(&["queue", "retry"]).await;
        let asked = confirmed(acme).await;
        assert_eq!(
            asked.len(),
            1,
            "asked again is the same request: {asked:#?}"
        );
        assert!(
            boss.go(&path)
                .await
                .text()
                .contains("Nothing is outstanding")
        );
        let all = boss.go(&format!("{path}?all=yes")).await.text();
        assert!(all.contains("confirmed: 1 of 1"), "{all}");

        // To others there is no such page.
        let made = acme.run_json(&["user", "password", "ada"]).await;
        let mut ada = Person::signed_in(acme, "ada", text(&made["password"])).await;
        assert_eq!(ada.go(&path).await.status, 404);
    }
}
