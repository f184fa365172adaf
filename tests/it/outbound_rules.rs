//! Rules at the boundary: what they catch stays inside until somebody looked at it, or is not taken; seen from
//! partners' servers, on both databases.

use guildhall::services::accounts;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::files::png;
use crate::support::forge::{Letter, Reply};
use crate::support::peer::{Actor, Answer, Peer, Traffic};
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Member, World, eventually, text};

const SENTENCE: &str = "Names of projects stay inside.";

const FROM_THE_START: Traffic = Traffic {
    connections: 0,
    requests: 0,
};

/// Makes a rule about a word.
async fn falcon(house: &Instance, more: &[&str]) -> Value {
    let rule = [
        "rule",
        "add",
        "pattern",
        r"\bfalcon\b",
        "--sentence",
        SENTENCE,
    ];
    house.run_json(&[&rule[..], more].concat()).await
}

/// What a house holds.
async fn held(house: &Instance) -> Vec<Value> {
    let list = house.run_json(&["held", "list"]).await;
    list.as_array().expect("a list").clone()
}

async fn release(house: &Instance, post: &Value) {
    house.run_json(&["held", "release", text(post)]).await;
}

/// Waits until a topic that is written now arrived, so that what would have gone before has had its time.
async fn settled(from: &Member, group: &str, readers: &[&Member]) {
    let last = from.topic(group, "The last word", "").await;
    for reader in readers {
        reader.see_topic(text(&last["uri"])).await;
    }
}

async fn knows(member: &Member, uri: &Value) -> bool {
    member.home().await.iter().any(|one| one["uri"] == *uri)
}

async fn edit(member: &Member, status: &Value, title: &str, words: &str) -> Value {
    let path = format!("/api/v1/statuses/{}", text(&status["id"]));
    let edited = member
        .put(&path, json!({ "title": title, "status": words }))
        .await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    edited.body
}

async fn audit(house: &Instance) -> String {
    house.run_json(&["audit", "list"]).await.to_string()
}

/// Somebody of another server reads an address of acme's.
async fn reads(world: &World, reader: &Actor, path: &str) -> Reply {
    let acme = &world.house("acme").instance;
    let letter = Letter::get(reader, &acme.host(), path).sign();
    letter.send(&acme.address()).await
}

fn path_of(uri: &Value) -> String {
    let uri = text(uri);
    uri[uri.find("/p/").expect("a post")..].to_owned()
}

#[tokio::test]
async fn what_a_rule_holds_is_inside_only_until_it_is_released_and_then_as_if_it_were_new() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read,reply").await;
        let (pam, _) = cedar.member(&world, "pam").await;
        let cleo = world.member("cleo@acme").await;
        acme.run_json(&["member", "add", "engineering", "cleo"])
            .await;
        falcon(acme, &[]).await;

        let topic = ada
            .topic(&here, "About the Fal\u{200b}con", "On Monday.")
            .await;
        // What answers it is held with it: outside there is nothing that it could answer.
        let below = cleo.reply(text(&topic["id"]), "At nine.").await.body;
        let free = ada.topic(&here, "Bridge opens", "On Tuesday.").await;
        let comment = ada
            .reply(text(&free["id"]), "The fal**c**on will be there.")
            .await
            .body;
        settled(&ada, &here, &[&bo]).await;
        cedar
            .hears("of the free topic", |it| {
                it.to_string().contains("On Tuesday.")
            })
            .await;

        // Colleagues read all of it.
        assert!(knows(&cleo, &topic["uri"]).await);
        let comments = cleo.comments(text(&free["id"])).await;
        assert_eq!(comments.len(), 1, "{comments:?}");
        // Partners none: not in what was sent, nor by asking.
        assert!(!knows(&bo, &topic["uri"]).await);
        let at_birch = bo.see_topic(text(&free["uri"])).await;
        assert!(bo.comments(text(&at_birch["id"])).await.is_empty());
        let heard = json!(cedar.peer.heard()).to_string();
        for word in ["On Monday.", "At nine.", "will be there"] {
            assert!(!heard.contains(word), "cedar heard {word}: {heard}");
        }
        let never = reads(&world, &pam, "/p/7").await;
        for post in [&topic, &below, &comment] {
            let path = path_of(&post["uri"]);
            for path in [
                path.clone(),
                format!("{path}/context"),
                format!("{path}/replies"),
            ] {
                let hidden = reads(&world, &pam, &path).await;
                assert_eq!(
                    (hidden.status, hidden.text()),
                    (404, never.text()),
                    "{path}"
                );
            }
        }
        let free_at = path_of(&free["uri"]);
        for path in [
            "/g/engineering/outbox?page=true".to_owned(),
            format!("{free_at}/context?page=true"),
            format!("{free_at}/replies?page=true"),
        ] {
            let page = reads(&world, &pam, &path).await;
            assert_eq!(page.status, 200, "{path}");
            let hidden = ["On Monday.", "At nine.", "will be there"];
            assert!(
                !hidden.iter().any(|word| page.text().contains(word)),
                "{path}"
            );
        }

        // The queue names what waits, and not what waits with it.
        let rows = held(acme).await;
        let waiting: Vec<&Value> = rows.iter().map(|row| &row["uri"]).collect();
        assert_eq!(waiting, [&comment["uri"], &topic["uri"]]);
        assert_eq!(rows[0]["sentence"], SENTENCE);
        assert_eq!(
            (&rows[0]["state"], &rows[0]["from"]),
            (&json!("waiting"), &json!([]))
        );
        assert_eq!(
            (&rows[0]["author"], &rows[0]["group"]),
            (&json!("ada"), &json!("engineering"))
        );

        // Released, it is told as if it had been written now; with what waited below it.
        release(acme, &topic["id"]).await;
        let seen = bo.see_topic(text(&topic["uri"])).await;
        bo.see_comment(text(&seen["id"]), text(&below["uri"])).await;
        cedar
            .hears("of both", |it| it.to_string().contains("At nine."))
            .await;
        assert_eq!(
            reads(&world, &pam, &path_of(&topic["uri"])).await.status,
            200
        );
        assert!(bo.comments(text(&at_birch["id"])).await.is_empty());
        assert_eq!(held(acme).await.len(), 1);
        let again = acme.run(["held", "release", text(&topic["id"])]).await;
        assert!(
            again.stderr.contains("nothing holds this post"),
            "{}",
            again.stderr
        );

        // Kept inside, its author reads why; changed, it is looked at again, whatever it says now.
        let why = ["--reason", "Say “the bird”."];
        let refuse = ["held", "refuse", text(&comment["id"])];
        acme.run_json(&[&refuse[..], &why].concat()).await;
        assert_eq!(held(acme).await[0]["state"], "refused");
        let path = format!("/api/v1/statuses/{}", text(&comment["id"]));
        ada.put(&path, json!({ "status": "The bird will be there." }))
            .await;
        let rows = held(acme).await;
        assert_eq!((rows.len(), &rows[0]["state"]), (1, &json!("waiting")));
        release(acme, &comment["id"]).await;
        let told = bo
            .see_comment(text(&at_birch["id"]), text(&comment["uri"]))
            .await;
        assert!(text(&told["content"]).contains("The bird"), "{told}");
        let lines = audit(acme).await;
        for line in [
            "rule_made",
            "post_held",
            "post_released",
            "post_kept_inside",
        ] {
            assert!(lines.contains(line), "{line}: {lines}");
        }
    }
}

#[tokio::test]
async fn an_edit_that_a_rule_catches_waits_and_the_text_before_it_stays_where_it_is() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        falcon(acme, &[]).await;
        let topic = ada.topic(&here, "Bridge opens", "On Monday.").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let reads = async || {
            let path = format!("/api/v1/statuses/{}", text(&at_birch["id"]));
            text(&bo.get(&path).await.body["content"]).to_owned()
        };

        edit(&ada, &topic, "Bridge opens", "Falcon comes on Monday.").await;
        settled(&ada, &here, &[&bo]).await;
        assert!(!reads().await.contains("Falcon"));
        assert_eq!(held(acme).await.len(), 1);

        // What its author takes back by themselves needs nobody's look.
        edit(&ada, &topic, "Bridge opens", "On Tuesday.").await;
        eventually("bo reads of Tuesday", async || {
            reads().await.contains("Tuesday").then_some(())
        })
        .await;
        assert!(held(acme).await.is_empty());

        edit(&ada, &topic, "Bridge opens", "Falcon comes on Friday.").await;
        release(acme, &topic["id"]).await;
        eventually("bo reads of Friday", async || {
            reads()
                .await
                .contains("Falcon comes on Friday")
                .then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_rule_refuses_is_not_there_and_its_author_is_told_why_at_once() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let rule = falcon(acme, &["--outcome", "refuse"]).await;

        let wish = json!({ "group_id": here, "title": "Falcon", "status": "On Monday." });
        let refused = ada.post("/api/v1/statuses", wish).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert!(refused.body.to_string().contains(SENTENCE), "{refused:?}");
        let topic = ada.topic(&here, "Bridge opens", "").await;
        let comment = ada.reply(text(&topic["id"]), "Falcon!").await;
        assert_eq!(comment.status, 422, "{comment:?}");
        let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
        let edited = ada.put(&path, json!({ "status": "Falcon!" })).await;
        assert_eq!(edited.status, 422, "{edited:?}");
        // What colleagues say among themselves never leaves, so no rule looks at it.
        let home = ada.home().await;
        assert_eq!(home.len(), 1, "{home:?}");
        assert!(!json!(home).to_string().contains("Falcon"));
        let lines = audit(acme).await;
        assert_eq!(lines.matches("refused_by_rule").count(), 3, "{lines}");

        // What somebody says of themselves, and a group of itself, is asked about, too.
        let app = world.house("acme").app();
        let viewer = world.house("acme").viewer(&app, "ada").await;
        let bio = "I build the falcon.".to_owned();
        let refused = accounts::update_profile(&app, viewer, "Ada".to_owned(), bio).await;
        assert!(refused.is_err_and(|error| error.to_string().contains(SENTENCE)));
        let found = ["group", "create", "birds", "--title", "Falcon builders"];
        acme.run_json(&found).await;
        let refused = acme.run(["group", "stage", "birds", "partners"]).await;
        assert!(refused.stderr.contains(SENTENCE), "{}", refused.stderr);

        acme.run_json(&["rule", "remove", text(&rule["id"])]).await;
        let topic = ada.topic(&here, "Falcon", "On Monday.").await;
        bo.see_topic(text(&topic["uri"])).await;
    }
}

#[tokio::test]
async fn a_rule_of_a_partner_keeps_a_post_from_that_partner_only() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read,reply").await;
        let (pam, _) = cedar.member(&world, "pam").await;
        falcon(acme, &["--partner", &cedar.peer.host()]).await;

        let topic = ada.topic(&here, "Falcon flies", "On Monday.").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let reply = bo.reply(text(&at_birch["id"]), "Where to?").await.body;
        ada.see_comment(text(&topic["id"]), text(&reply["uri"]))
            .await;
        let free = ada.topic(&here, "Bridge opens", "").await;
        let bridge = |it: &Value| it.to_string().contains("Bridge opens");
        cedar.hears("of the free topic", bridge).await;
        bo.see_topic(text(&free["uri"])).await;

        let heard = json!(cedar.peer.heard()).to_string();
        assert!(!heard.contains("Falcon"), "{heard}");
        let at = path_of(&topic["uri"]);
        assert_eq!(reads(&world, &pam, &at).await.status, 404);
        let rows = held(acme).await;
        assert_eq!(rows[0]["from"], json!([cedar.peer.host()]));
        release(acme, &topic["id"]).await;
        cedar
            .hears("of the topic", |it| it.to_string().contains("Falcon flies"))
            .await;
        assert_eq!(reads(&world, &pam, &at).await.status, 200);
    }
}

#[tokio::test]
async fn rules_that_cannot_be_used_are_not_taken_and_one_that_cannot_be_read_holds_everything() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        for (kind, condition) in [
            ("pattern", "("),
            ("pattern", "a(?=b)"),
            ("pattern", "(?:x{1000}){1000}"),
            ("pattern", ""),
            ("file_type", "zip"),
            ("file_size", "-1"),
            ("webhook", "nowhere"),
            ("webhook", "ftp://dlp.example/"),
        ] {
            let rule = ["rule", "add", kind, condition, "--sentence", SENTENCE];
            let outcome = acme.run(rule).await;
            assert_ne!(outcome.code, Some(0), "{kind} {condition}");
        }
        assert_eq!(acme.run_json(&["rule", "list"]).await, json!([]));
        let rule = falcon(acme, &["--outcome", "refuse", "--group", "engineering"]).await;
        let broken = "UPDATE outbound_rules SET condition = '('";
        acme.execute(broken);
        assert_eq!(
            acme.run_json(&["rule", "list"]).await[0]["unreadable"],
            true
        );
        let topic = ada.topic(&here, "Nothing special", "").await;
        assert_eq!(held(acme).await[0]["uri"], topic["uri"]);
        acme.run_json(&["rule", "remove", text(&rule["id"])]).await;
        let free = ada.topic(&here, "Bridge opens", "").await;
        bo.see_topic(text(&free["uri"])).await;
        assert!(!knows(&bo, &topic["uri"]).await);
        assert_eq!(held(acme).await.len(), 1, "what it held waits all the same");
    }
}

#[tokio::test]
async fn a_webhook_is_asked_and_until_it_says_yes_nothing_leaves() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let dlp = Peer::start("dlp");
        dlp.set_dead(true);
        let rule = ["rule", "add", "webhook", &dlp.url("/ask"), "--sentence"];
        let rule = [&rule[..], &["The program said no.", "--outcome", "refuse"]].concat();
        acme.run_json(&rule).await;

        // It is down: held, and a moderator sees it at once.
        let topic = ada.topic(&here, "Bridge opens", "On Monday.").await;
        assert_eq!(held(acme).await[0]["state"], "asking");
        eventually("it was called", async || {
            (dlp.traffic().connections > 0).then_some(())
        })
        .await;
        assert!(!knows(&bo, &topic["uri"]).await);

        // What it says that is no plain yes is no yes.
        dlp.set_dead(false);
        let json = "application/json";
        for answer in [
            Answer::status(204),
            Answer::status(500),
            Answer::of(json, &json!({})),
            Answer::of(json, &json!({ "allow": "yes" })),
            Answer::of("text/plain", &json!("true")),
        ] {
            let (then, said) = (dlp.traffic(), format!("{answer:?}"));
            dlp.answer_posts_with(answer);
            let topic = ada.topic(&here, "Still nothing", "").await;
            eventually("it is asked", async || {
                let asked = dlp.mail_since(then);
                let about =
                    |mail: &&crate::support::peer::Seen| mail.json()["post"] == topic["uri"];
                asked.iter().find(about).map(drop)
            })
            .await;
            let rows = held(acme).await;
            assert!(rows.iter().any(|row| row["uri"] == topic["uri"]), "{said}");
        }

        // A yes lets it out; the question says what it is about, and is signed by the house.
        let then = dlp.traffic();
        dlp.answer_posts_with(Answer::of(json, &json!({ "allow": true })));
        let yes = ada.topic(&here, "Ribbon", "Blue.").await;
        bo.see_topic(text(&yes["uri"])).await;
        let asked = dlp.mail_since(then);
        let about = |mail: &&crate::support::peer::Seen| mail.json()["post"] == yes["uri"];
        let asked = asked.iter().find(about).expect("the question");
        assert_eq!(asked.target, "/ask");
        let body = asked.json();
        assert_eq!(
            (&body["title"], &body["source"]),
            (&json!("Ribbon"), &json!("Blue."))
        );
        assert_eq!(
            (&body["author"], &body["group"]),
            (&json!("ada"), &json!("engineering"))
        );
        let input = asked.header("signature-input").expect("a signature");
        assert!(
            input.contains(&format!("{}/actor", acme.origin())),
            "{input}"
        );

        // A no keeps it inside, with the program's reason.
        let no = json!({ "allow": false, "reason": "It names a customer." });
        dlp.answer_posts_with(Answer::of(json, &no));
        let no = ada.topic(&here, "Customer Fox", "").await;
        let row = eventually("it is refused", async || {
            let rows = held(acme).await;
            let row = rows.into_iter().find(|row| row["uri"] == no["uri"])?;
            (row["state"] == "refused").then_some(row)
        })
        .await;
        assert_eq!(row["sentence"], "It names a customer.");
        assert!(!knows(&bo, &no["uri"]).await);
        assert!(
            dlp.seen_since(FROM_THE_START)
                .iter()
                .all(|seen| seen.method == "POST")
        );
    }
}

#[tokio::test]
async fn files_are_looked_at_by_type_and_size_and_words_beside_them() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let all = "read,react,reply,start,attach";
        world.grant("acme", "engineering", "birch", all, &[]).await;
        let sentence = ["--sentence", "Only pictures leave."];
        let types = ["rule", "add", "file_type", "!image/*"];
        acme.run_json(&[&types[..], &sentence].concat()).await;
        let size = ["rule", "add", "file_size", "200000", "--outcome", "refuse"];
        acme.run_json(&[&size[..], &sentence].concat()).await;
        falcon(acme, &[]).await;

        let post = async |title: &str, media: &Value| {
            let body = json!({ "group_id": here, "title": title, "media_ids": [media["id"]] });
            ada.post("/api/v1/statuses", body).await
        };
        let small = ada
            .upload("a.png", "image/png", &png(20, 20, 1), "The south side")
            .await;
        let free = post("A picture", &small).await.body;
        bo.see_topic(text(&free["uri"])).await;
        let named = ada
            .upload("b.png", "image/png", &png(20, 20, 2), "The falcon")
            .await;
        let held_words = post("Another picture", &named).await.body;
        let words = ada
            .upload("plan.txt", "text/plain", b"Secret", "A plan")
            .await;
        let held_type = post("A plan", &words).await.body;
        let large = vec![b'x'; 200_001];
        let large = ada
            .upload("large.bin", "application/octet-stream", &large, "")
            .await;
        let refused = post("Something large", &large).await;
        assert_eq!(refused.status, 422, "{refused:?}");

        let rows = held(acme).await;
        let uris: Vec<&Value> = rows.iter().map(|row| &row["uri"]).collect();
        assert_eq!(uris, [&held_type["uri"], &held_words["uri"]]);
        settled(&ada, &here, &[&bo]).await;
        for post in [&held_type, &held_words] {
            assert!(!knows(&bo, &post["uri"]).await);
        }
    }
}

#[tokio::test]
async fn what_was_written_inside_is_asked_about_when_its_group_is_opened() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let acme = &world.house("acme").instance;
        let ada = world.engineering("acme", "closed", "internal").await;
        let here = ada.find("engineering").await;
        falcon(acme, &["--outcome", "refuse"]).await;
        // Inside nobody asks.
        let topic = ada.topic(&here, "Falcon flies", "").await;
        let free = ada.topic(&here, "Bridge opens", "").await;
        assert!(held(acme).await.is_empty());

        acme.run_json(&["group", "stage", "engineering", "partners"])
            .await;
        let rows = held(acme).await;
        assert_eq!((rows.len(), &rows[0]["uri"]), (1, &topic["uri"]));
        let can = "read,react,reply,start";
        world
            .grant("acme", "engineering", "birch", can, &["--history", "all"])
            .await;
        world.join("bo@birch", "engineering", "acme").await;
        let bo = world.member("bo@birch").await;
        bo.see_topic(text(&free["uri"])).await;
        assert!(!knows(&bo, &topic["uri"]).await);
    }
}

#[tokio::test]
async fn a_rule_counts_for_what_has_not_left_yet() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        acme.run_json(&["partner", "pause", &birch]).await;
        let topic = ada.topic(&here, "Falcon flies", "").await;
        let free = ada.topic(&here, "Bridge opens", "").await;
        let waits = async |count: usize| {
            let queue = acme.run_json(&["queue", "list"]).await;
            let rows = queue.as_array().expect("destinations").clone();
            let row = rows.into_iter().find(|row| row["host"] == birch.as_str())?;
            (row["pending"] == count).then_some(())
        };
        eventually("both wait", async || waits(2).await).await;
        falcon(acme, &[]).await;
        acme.run_json(&["partner", "resume", &birch]).await;
        bo.see_topic(text(&free["uri"])).await;
        let rows = eventually("one is held", async || {
            let rows = held(acme).await;
            (!rows.is_empty()).then_some(rows)
        })
        .await;
        assert_eq!((rows.len(), &rows[0]["uri"]), (1, &topic["uri"]));
        eventually("nothing waits", async || waits(0).await).await;
        assert!(!knows(&bo, &topic["uri"]).await);
        release(acme, &topic["id"]).await;
        bo.see_topic(text(&topic["uri"])).await;
    }
}
