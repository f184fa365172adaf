//! The disclosure ledger and the chains, on both databases: everything that leaves has a line, a line that was
//! tampered with is named, and two houses find where their books differ.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::files::png;
use crate::support::forge::Letter;
use crate::support::process::{Instance, Outcome};
use crate::support::requirements::{Backend, backends};
use crate::support::stranger::Stranger;
use crate::support::world::{World, eventually, text};

/// What a house's ledger says, oldest first.
async fn lines(house: &Instance) -> Vec<Value> {
    parsed(&house.run(["ledger", "export"]).await)
}

fn parsed(exported: &Outcome) -> Vec<Value> {
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let lines = exported.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

fn is(line: &Value, fields: &[(&str, &str)]) -> bool {
    fields.iter().all(|(name, value)| line[*name] == **value)
}

// Everything that leaves ------------------------------------------------------------------------------

/// The post that an activity carries the text of, and what is said of it.
fn text_in(activity: &Value) -> Option<(String, String)> {
    let mut object = activity;
    for _ in 0..3 {
        if object.get("content").is_some() {
            return Some((text(&object["id"]).to_owned(), digest(object)));
        }
        object = object.get("object")?;
    }
    None
}

/// The digest as FEDERATION.md says it, made without our code.
fn digest(object: &Value) -> String {
    let name = object.get("name").cloned().unwrap_or_else(|| json!(""));
    let hashed = json!([object["id"], name, object["content"]]).to_string();
    let bytes = openssl::sha::sha256(hashed.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn what_a_servers_socket_received_is_in_the_ledger_and_nothing_else_is() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "closed", "partners").await;
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read,react,reply,start").await;
        let (cy, _) = cedar.member(&world, "cy").await;
        let group = ada.find("engineering").await;

        // Ada writes, changes, and takes back; a comment of cy's is passed on to nobody but its own server.
        let topic = ada.topic(&group, "Bridge opens Monday", "At nine.").await;
        cedar
            .hears("the first text", |one| one.to_string().contains("At nine."))
            .await;
        let edited = json!({ "status": "At ten." });
        let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
        ada.put(&path, edited).await;
        cedar
            .hears("the new text", |one| one.to_string().contains("At ten."))
            .await;
        // A server that is in trouble gets the bytes all the same, and gets them again.
        cedar.peer.answer_posts(503);
        let second = ada.topic(&group, "Ribbons", "Blue ones.").await;
        cedar
            .hears("of ribbons", |one| one.to_string().contains("Blue ones."))
            .await;
        cedar.peer.answer_posts(403);
        acme.run_json(&["queue", "retry"]).await;
        let uri = text(&second["uri"]).to_owned();
        eventually("acme knows that ribbons are refused", async || {
            let lines = lines(acme).await;
            let refused = [("object", uri.as_str()), ("outcome", "refused")];
            lines.iter().any(|line| is(line, &refused)).then_some(())
        })
        .await;
        cedar.peer.answer_posts(202);
        ada.delete(&path).await;
        cedar
            .hears("that it is gone", |one| {
                one.to_string().contains("\"Delete\"")
            })
            .await;
        let deleted = [("matter", "removal"), ("outcome", "sent")];
        eventually("the ledger says that it is gone", async || {
            let lines = lines(acme).await;
            lines.iter().any(|line| is(line, &deleted)).then_some(())
        })
        .await;

        let lines = lines(acme).await;
        let host = cedar.peer.host();
        assert!(
            lines.iter().all(|line| line["host"] == host.as_str()),
            "{lines:#?}"
        );
        let pushed: Vec<&Value> = lines
            .iter()
            .filter(|line| line["way"] == "pushed" && line["outcome"] != "withheld")
            .collect();
        let heard = cedar.peer.heard();
        // As many attempts arrived as there are lines.
        assert_eq!(heard.len(), pushed.len(), "{heard:#?}\n{pushed:#?}");
        // And the texts are those, neither more nor less.
        let there: BTreeSet<(String, String)> = heard.iter().filter_map(text_in).collect();
        let here: BTreeSet<(String, String)> = pushed
            .iter()
            .filter_map(|line| {
                let digest = line["digest"].as_str()?;
                Some((text(&line["object"]).to_owned(), digest.to_owned()))
            })
            .collect();
        assert_eq!(here, there);
        assert_eq!(here.len(), 3, "two texts of one topic, and ribbons");
        // Each says on what ground, and who is named.
        let grants = acme.run_json(&["grant", "list"]).await;
        let of_ada = pushed.iter().filter(|line| line["digest"].is_string());
        for line in of_ada {
            assert_eq!(line["grant"], grants[0]["id"], "{line}");
            assert_eq!(line["matter"], "topic", "{line}");
            assert!(text(&line["by"]).ends_with("/u/ada"), "{line}");
            assert!(text(&line["group"]).ends_with("/g/engineering"), "{line}");
        }
        // The count that is shown is that of the lines.
        let summary = acme
            .run_json(&[
                "ledger",
                "summary",
                "--group",
                "engineering",
                "--host",
                &host,
            ])
            .await;
        assert_eq!(summary[0]["topics"], 2, "{summary}");
        assert_eq!(summary[0]["revisions"], 3, "{summary}");

        // What cy's server fetches has a line, once an hour; what it may not see leaves none.
        let before = lines.len();
        let read = async |path: &str| {
            let letter = Letter::get(&cy, &cedar.host, path).sign();
            letter.send(&cedar.address).await.status
        };
        let (_, path) = uri.split_once(&cedar.host).expect("a post of acme");
        assert_eq!([read(path).await, read(path).await], [200, 200]);
        assert_eq!(read("/p/1").await, 404);
        let more = self::lines(acme).await.split_off(before);
        let [fetched] = more.as_slice() else {
            panic!("{more:#?}")
        };
        assert!(is(
            fetched,
            &[("way", "fetched"), ("outcome", "sent"), ("reader", &cy.id)]
        ));
        assert_eq!(fetched["object"], uri.as_str());
        // The outbox tells of what stands: the same text is not told of twice, who reads is the same.
        assert_eq!(read("/g/engineering/outbox?page=true").await, 200);
        assert_eq!(self::lines(acme).await.len(), before + 1);
        assert_eq!(read("/g/engineering").await, 200);
        let last = self::lines(acme).await.pop().expect("a line");
        assert_eq!(last["matter"], "profile", "{last}");
        let verified = acme.run_json(&["ledger", "verify"]).await;
        assert_eq!(verified["ok"], true, "{verified}");
        // Whoever reviews the grant sees that it is used to read.
        let reviewed = acme.run_json(&["grant", "review"]).await;
        assert!(reviewed[0]["last_fetched"].is_string(), "{reviewed}");
    }
}

#[tokio::test]
async fn files_names_and_likes_that_are_read_have_lines_too() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "closed", "partners").await;
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read").await;
        let (cy, _) = cedar.member(&world, "cy").await;
        let group = ada.find("engineering").await;
        let sent = ada
            .upload("plan.png", "image/png", &png(900, 600, 1), "")
            .await;
        let body = json!({
            "group_id": group, "title": "Inspection", "status": "Look.", "media_ids": [sent["id"]],
        });
        let topic = ada.post("/api/v1/statuses", body).await.body;
        ada.like(text(&topic["id"])).await;
        let read = async |path: &str| {
            let letter = Letter::get(&cy, &cedar.host, path).sign();
            letter.send(&cedar.address).await
        };
        let of = async |way: &str| {
            let mut lines = lines(acme).await;
            lines.retain(|line| line["way"] == way && line["host"] == cedar.peer.host().as_str());
            lines
        };

        // A picture and its preview: each once, by what they are.
        let path = format!("/media/{}", text(&sent["id"]));
        let whole = read(&path).await;
        let again = read(&path).await;
        let small = read(&format!("{path}/preview")).await;
        assert_eq!([whole.status, again.status, small.status], [200, 200, 200]);
        let media = of("media").await;
        let [one, two] = media.as_slice() else {
            panic!("{media:#?}")
        };
        for (line, reply) in [(one, &whole), (two, &small)] {
            let bytes = openssl::sha::sha256(&reply.body);
            let digest: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(line["digest"], digest, "{line}");
            assert_eq!(line["bytes"], reply.body.len(), "{line}");
            assert_eq!(line["object"], topic["uri"], "{line}");
            assert!(
                is(line, &[("matter", "file"), ("reader", &cy.id)]),
                "{line}"
            );
            assert!(text(&line["group"]).ends_with("/g/engineering"), "{line}");
        }

        // Who is named in passing is named in the ledger.
        let (_, at) = text(&topic["uri"]).split_once(&cedar.host).expect("acme's");
        assert_eq!(read(&format!("{at}/context?page=true")).await.status, 200);
        assert_eq!(read("/g/engineering/moderators").await.status, 200);
        let fetched = of("fetched").await;
        let matters: Vec<&str> = fetched.iter().map(|line| text(&line["matter"])).collect();
        assert_eq!(matters, ["topic", "reaction", "membership"]);
        assert!(
            fetched
                .iter()
                .all(|line| text(&line["by"]).ends_with("/u/ada")),
            "{fetched:#?}"
        );
        let summary = acme
            .run_json(&["ledger", "summary", "--way", "media"])
            .await;
        assert_eq!(summary[0]["files"], 2, "{summary}");

        // Who may not read leaves no line.
        let stranger = cedar.peer.person("eve");
        let letter = Letter::get(&stranger, &cedar.host, &path).sign();
        assert_eq!(letter.send(&cedar.address).await.status, 404);
        assert_eq!(of("media").await.len(), 2);
    }
}

#[tokio::test]
async fn what_is_withheld_says_so_and_why() {
    for backend in backends() {
        let Some((world, [here, _], [ada, _])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let host = birch.host();
        acme.run_json(&["partner", "pause", &host]).await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        eventually("it waits", async || {
            let queue = acme.run_json(&["queue", "list"]).await;
            let rows = queue.as_array().expect("a list").clone();
            rows.into_iter().find(|row| row["pending"] != 0)
        })
        .await;
        acme.run_json(&["partner", "end", &host]).await;

        let uri = text(&topic["uri"]);
        let lines = lines(acme).await;
        let of_topic: Vec<&Value> = lines.iter().filter(|line| line["object"] == uri).collect();
        let [line] = of_topic.as_slice() else {
            panic!("{lines:#?}")
        };
        assert!(
            is(line, &[("outcome", "withheld"), ("host", &host)]),
            "{line}"
        );
        assert!(line["reason"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn an_attempt_that_nobody_wrote_down_is_in_the_ledger_all_the_same() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "closed", "partners").await;
        let cedar = Stranger::partner(&world, "cedar", "read").await;
        cedar.member(&world, "cy").await;
        let group = ada.find("engineering").await;
        // Nothing more is under way, so the next attempt is the one that the process does not survive.
        eventually("all is quiet", async || {
            let queue = world
                .house("acme")
                .instance
                .run_json(&["queue", "list"])
                .await;
            let rows = queue.as_array().expect("a list").clone();
            rows.iter().all(|row| row["pending"] == 0).then_some(())
        })
        .await;
        let house = world.house_mut("acme");
        house.server.take().expect("a server").kill().await;
        house.instance.arm(Some("delivery.before_mark"));
        house.server = Some(house.instance.serve().await);
        let topic = ada.topic(&group, "Bridge opens Monday", "").await;
        cedar
            .hears("of the bridge", |one| {
                one.to_string().contains("Bridge opens")
            })
            .await;
        let house = world.house_mut("acme");
        house.server.take().expect("a server").wait().await;
        house.instance.arm(None);
        // Half a minute later: its lease has run out.
        let late = "UPDATE deliveries SET lease_until = 1 WHERE lease_until > 0";
        house.instance.execute(late);
        house.server = Some(house.instance.serve().await);

        let acme = &world.house("acme").instance;
        let uri = text(&topic["uri"]);
        let outcomes = eventually("it is sent again", async || {
            let lines = lines(acme).await;
            let of_topic = lines.iter().filter(|line| line["object"] == uri);
            let outcomes: Vec<String> = of_topic
                .map(|line| text(&line["outcome"]).to_owned())
                .collect();
            outcomes.contains(&"sent".to_owned()).then_some(outcomes)
        })
        .await;
        assert_eq!(outcomes, ["unclear", "sent"]);
    }
}

// The chain ---------------------------------------------------------------------------------------------

/// Runs statements as somebody who can write the file, and takes the guards away first.
fn tamper(house: &Instance, backend: Backend, statements: &str) {
    let guards = match backend {
        Backend::Sqlite => ["audit", "audit_links", "ledger", "ledger_links"]
            .map(|table| {
                format!("DROP TRIGGER IF EXISTS {table}_no_update; DROP TRIGGER IF EXISTS {table}_no_delete;")
            })
            .concat(),
        Backend::Postgres => ["audit", "audit_links", "ledger", "ledger_links"]
            .map(|table| format!("ALTER TABLE {table} DISABLE TRIGGER USER;"))
            .concat(),
    };
    house.execute(&format!("{guards} {statements}"));
}

async fn verify(house: &Instance, more: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["audit", "verify", "--json"][..], more].concat();
    let told = house.run(arguments).await;
    let document = serde_json::from_str(&told.stdout).expect("a document");
    (told.code, document)
}

#[tokio::test]
async fn a74_nobody_changes_a_line_and_who_tampers_with_the_file_is_found_out() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        for name in ["ada", "bea", "cyd", "dan"] {
            world.member(&format!("{name}@acme")).await;
        }
        let (code, whole) = verify(acme, &[]).await;
        assert_eq!((code, &whole["ok"]), (Some(0), &json!(true)), "{whole}");
        let count = whole["lines"].as_i64().expect("a number");
        assert!(count > 8, "{whole}");
        let kept = text(&whole["hash"]).to_owned();

        // The program's own hands are tied. (SQLite asks for each row, so there has to be one.)
        acme.execute(
            "INSERT INTO ledger VALUES (1, 1, 'pushed', 'sent', NULL, 'h', NULL, NULL, NULL, 'topic', 'o', NULL, NULL, NULL, 0); \
             INSERT INTO ledger_links VALUES (1, 1, '');",
        );
        for (table, statement) in [
            ("audit", "UPDATE audit SET who = 'nobody'"),
            ("audit", "DELETE FROM audit"),
            ("audit_links", "UPDATE audit_links SET hash = ''"),
            ("audit_links", "DELETE FROM audit_links"),
            ("ledger", "DELETE FROM ledger"),
            ("ledger_links", "DELETE FROM ledger_links"),
        ] {
            let refused = acme.try_execute(statement).expect_err("a line was changed");
            assert!(
                refused.contains("lines are never changed"),
                "{table}: {refused}"
            );
        }
        if backend == Backend::Sqlite {
            let replace = "INSERT OR REPLACE INTO audit SELECT id, at, 'nobody', action, subject, detail FROM audit";
            let refused = acme.try_execute(replace).expect_err("a line was replaced");
            assert!(refused.contains("lines are never changed"), "{refused}");
        }
        assert_eq!(verify(acme, &["--expect", &kept]).await.0, Some(0));

        // Whoever has the file can drop the guards, but not the chain. Each is found, named, and put right again.
        let row = "(SELECT line_id FROM audit_links WHERE number = 5)";
        let exported = parsed(&acme.run(["audit", "export"]).await);
        let (fifth, sixth) = (&exported[4], &exported[5]);
        let id = text(&fifth["id"]);
        tamper(
            acme,
            backend,
            &format!("UPDATE audit SET who = who || '?' WHERE id = {row}"),
        );
        let (code, found) = verify(acme, &[]).await;
        assert_eq!(code, Some(1));
        assert_eq!(found["fault"]["kind"], "altered", "{found}");
        assert_eq!(
            (&found["fault"]["number"], &found["fault"]["row"]),
            (&json!(5), &json!(id))
        );
        assert_eq!(found["lines"], 4);
        let told = acme.run(["audit", "verify"]).await;
        assert!(told.stderr.contains(&format!("row {id}")), "{told:?}");
        let who = text(&fifth["who"]);
        tamper(
            acme,
            backend,
            &format!("UPDATE audit SET who = '{who}' WHERE id = {row}"),
        );
        assert_eq!(verify(acme, &[]).await.0, Some(0));

        // Two lines trade places.
        let other = text(&sixth["id"]);
        let trade = |one: &str, two: &str| {
            format!(
                "UPDATE audit_links SET line_id = 1 WHERE line_id = {one}; \
                 UPDATE audit_links SET line_id = {one} WHERE line_id = {two}; \
                 UPDATE audit_links SET line_id = {two} WHERE line_id = 1;"
            )
        };
        tamper(acme, backend, &trade(id, other));
        let (_, found) = verify(acme, &[]).await;
        assert_eq!(found["fault"]["kind"], "altered", "{found}");
        assert_eq!(found["fault"]["number"], 5, "{found}");
        tamper(acme, backend, &trade(id, other));

        // One is slipped in.
        tamper(
            acme,
            backend,
            "INSERT INTO audit VALUES (77, 1, 'bea', 'post_removed', 'x', 'y')",
        );
        let (_, found) = verify(acme, &[]).await;
        assert_eq!(found["fault"]["kind"], "inserted", "{found}");
        assert_eq!(found["fault"]["row"], "77", "{found}");
        tamper(acme, backend, "DELETE FROM audit WHERE id = 77");

        // The end is cut off: only who kept a checkpoint sees it.
        let last = "(SELECT MAX(number) FROM audit_links)";
        tamper(
            acme,
            backend,
            &format!(
                "DELETE FROM audit WHERE id = (SELECT line_id FROM audit_links WHERE number = {last}); \
                 DELETE FROM audit_links WHERE number = {last};"
            ),
        );
        let (code, found) = verify(acme, &[]).await;
        assert_eq!((code, &found["lines"]), (Some(0), &json!(count - 1)));
        let (code, found) = verify(acme, &["--expect", &kept]).await;
        assert_eq!(
            (code, &found["fault"]["kind"]),
            (Some(1), &json!("cut")),
            "{found}"
        );

        // One is taken out of the middle.
        tamper(
            acme,
            backend,
            &format!("DELETE FROM audit WHERE id = {row}"),
        );
        let (code, found) = verify(acme, &[]).await;
        assert_eq!(
            (code, &found["fault"]["kind"]),
            (Some(1), &json!("removed")),
            "{found}"
        );
        assert_eq!(found["fault"]["number"], 5, "{found}");
        tamper(acme, backend, "DELETE FROM audit_links WHERE number = 5");
        let (code, found) = verify(acme, &[]).await;
        assert_eq!(
            (code, &found["fault"]["kind"]),
            (Some(1), &json!("removed")),
            "{found}"
        );
    }
}

#[tokio::test]
async fn an_export_is_verified_without_our_program() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        world.member("ada@acme").await;
        let exported = acme.run(["audit", "export"]).await;
        let mut before = "0".repeat(64);
        for line in exported.stdout.lines() {
            // As docs/operations/commands.md says it.
            let (said, hash) = line.rsplit_once(",\"hash\":\"").expect("a digest");
            let bytes = openssl::sha::sha256(format!("{before}{said}}}").as_bytes());
            before = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, format!("{before}\"}}"), "{line}");
        }
        let (_, whole) = verify(acme, &[]).await;
        assert_eq!(whole["hash"], before.as_str());

        let table = acme.run(["audit", "export", "--format", "csv"]).await;
        let rows: Vec<&str> = table.stdout.split("\r\n").collect();
        assert_eq!(rows[0], "number,id,at,who,action,subject,detail,hash");
        assert_eq!(rows.len(), parsed(&exported).len() + 2);
    }
}

#[tokio::test]
async fn lines_from_before_the_chain_are_linked_once() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        world.member("ada@acme").await;
        // As a house looks that was updated: lines, and no chain yet.
        tamper(
            acme,
            backend,
            "DELETE FROM audit_links; DELETE FROM settings WHERE name = 'audit_chained';",
        );
        assert_eq!(verify(acme, &[]).await.1["fault"]["kind"], "inserted");
        acme.run_json(&["migrate"]).await;
        let (code, whole) = verify(acme, &[]).await;
        assert_eq!(code, Some(0), "{whole}");
        assert!(whole["lines"].as_i64() > Some(2), "{whole}");
        // A line that comes past the chain later is not taken in.
        tamper(
            acme,
            backend,
            "INSERT INTO audit VALUES (77, 1, 'bea', 'post_removed', 'x', 'y')",
        );
        acme.run_json(&["migrate"]).await;
        assert_eq!(verify(acme, &[]).await.1["fault"]["kind"], "inserted");
    }
}

// Comparing books ---------------------------------------------------------------------------------------

#[tokio::test]
async fn two_houses_compare_their_books_and_find_what_one_of_them_lost() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let topic = ada.topic(&here, "Bridge opens Monday", "At nine.").await;
        let there = bo.see_topic(text(&topic["uri"])).await;
        let reply = bo.reply(text(&there["id"]), "Congratulations!").await.body;
        ada.see_comment(text(&topic["id"]), text(&reply["uri"]))
            .await;
        let today = &jiff::Timestamp::now().to_string()[..10];
        let compare = async |house: &Instance, with: &str| {
            let arguments = [
                "ledger", "compare", with, "--from", today, "--to", today, "--json",
            ];
            let told = house.run(arguments).await;
            let document: Value = serde_json::from_str(&told.stdout).expect("a document");
            (told.code, document)
        };
        // Both texts, and bo's comes back to birch with the group: three by either's books.
        for (house, other) in [(acme, birch), (birch, acme)] {
            eventually("the books agree", async || {
                let (code, compared) = compare(house, &other.host()).await;
                (code == Some(0) && compared["ours"] == 3).then_some(())
            })
            .await;
        }

        let audit = acme.run_json(&["audit", "list"]).await;
        assert_eq!(audit[0]["action"], "books_compared", "{audit}");

        // Birch loses one, as a backup that was restored would.
        birch.execute(&format!(
            "DELETE FROM received WHERE object = '{}'",
            text(&topic["uri"])
        ));
        let (code, compared) = compare(acme, &birch.host()).await;
        assert_eq!(code, Some(1), "{compared}");
        let [difference] = compared["differences"]
            .as_array()
            .expect("a list")
            .as_slice()
        else {
            panic!("{compared}")
        };
        assert_eq!(difference["direction"], "sent");
        assert_eq!(difference["day"], today);
        assert_eq!(difference["only_ours"][0]["object"], topic["uri"]);
        assert_eq!(difference["only_theirs"], json!([]));
        let (_, compared) = compare(birch, &acme.host()).await;
        assert_eq!(compared["differences"][0]["direction"], "received");
        assert_eq!(
            compared["differences"][0]["only_theirs"][0]["object"],
            topic["uri"]
        );
    }
}

#[tokio::test]
async fn books_are_shown_to_partners_that_agreed_and_to_nobody_else() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        world.engineering("acme", "closed", "partners").await;
        // Added by name: cedar never agreed to anything.
        let cedar = Stranger::partner(&world, "cedar", "read").await;
        let (cy, _) = cedar.member(&world, "cy").await;
        let path = "/books?from=2026-10-01&to=2026-10-02";
        for reader in [cedar.peer.instance(), &cy] {
            for path in [path, "/books", "/p/1"] {
                let letter = Letter::get(reader, &cedar.host, path).sign();
                let reply = letter.send(&cedar.address).await;
                assert_eq!(reply.status, 404, "{path}");
            }
        }
        let refused = world
            .house("acme")
            .instance
            .run([
                "ledger",
                "compare",
                &cedar.peer.host(),
                "--from",
                "2026-10-01",
                "--to",
                "2026-10-01",
            ])
            .await;
        assert_eq!(refused.code, Some(1));
        assert!(
            refused.stderr.contains("accepted an invitation"),
            "{refused:?}"
        );
    }
}
