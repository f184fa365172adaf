//! Classification labels: what rules keep inside because of them, seen from partners' servers; who gives, raises and
//! lowers them; that nobody outside is told any. On both databases.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::forge::{Letter, Reply};
use crate::support::peer::Actor;
use crate::support::person::Person;
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Member, World, text};

const SENTENCE: &str = "What is sealed stays inside.";
/// Words that nobody would write by chance, so that they can be looked for outside.
const OPEN: &str = "C1 openly";
const STAFF: &str = "C2 staffly";
const SEALED: &str = "C3 sealedly";

/// The three labels, the lowest first.
async fn label(house: &Instance) {
    for name in [OPEN, SEALED] {
        house.run_json(&["label", "add", name]).await;
    }
    house
        .run_json(&["label", "add", STAFF, "--above", OPEN])
        .await;
}

/// A rule about a label and all above it.
async fn rule(house: &Instance, label: &str, more: &[&str]) -> Value {
    let rule = ["rule", "add", "label", label, "--sentence", SENTENCE];
    house.run_json(&[&rule[..], more].concat()).await
}

async fn held(house: &Instance) -> Vec<Value> {
    let list = house.run_json(&["held", "list"]).await;
    list.as_array().expect("a list").clone()
}

fn addresses(rows: &[Value]) -> Vec<Value> {
    rows.iter().map(|row| row["uri"].clone()).collect()
}

/// A topic with a label of its own.
async fn labelled(member: &Member, group: &str, title: &str, label: &str) -> Value {
    let wish = json!({ "group_id": group, "title": title, "status": "Words.", "label": label });
    let made = member.post("/api/v1/statuses", wish).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    made.body
}

async fn relabel(member: &Member, status: &Value, label: &str) -> u16 {
    let path = format!("/api/v1/statuses/{}", text(&status["id"]));
    let wish = json!({ "title": status["title"], "status": "Words.", "label": label });
    member.put(&path, wish).await.status.as_u16()
}

/// Waits until a topic that is written now arrived, so that what would have gone before has had its time.
async fn settled(from: &Member, group: &str, reader: &Member) {
    let last = labelled(from, group, "The last word", OPEN).await;
    reader.see_topic(text(&last["uri"])).await;
}

async fn knows(member: &Member, uri: &Value) -> bool {
    member.home().await.iter().any(|one| one["uri"] == *uri)
}

/// Somebody of another server reads an address of acme's.
async fn reads(world: &World, reader: &Actor, uri: &Value) -> Reply {
    let acme = &world.house("acme").instance;
    let path = &text(uri)[text(uri).find("/p/").expect("a post")..];
    let letter = Letter::get(reader, &acme.host(), path).sign();
    letter.send(&acme.address()).await
}

#[tokio::test]
async fn from_a_label_upwards_it_is_held_and_nobody_outside_is_told_any_label() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let cedar = Stranger::partner(&world, "cedar", "read,reply").await;
        let (pam, _) = cedar.member(&world, "pam").await;
        let unknown = ["rule", "add", "label", STAFF, "--sentence", SENTENCE];
        assert_ne!(acme.run(unknown).await.code, Some(0), "there is none yet");
        label(acme).await;
        let list = acme.run_json(&["label", "list"]).await;
        let names: Vec<&Value> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|l| &l["name"])
            .collect();
        assert_eq!(names, [OPEN, STAFF, SEALED]);
        rule(acme, &STAFF.to_uppercase(), &[]).await;

        let free = labelled(&ada, &here, "Bridge opens", OPEN).await;
        assert_eq!(free["label"], OPEN);
        let staff = labelled(&ada, &here, "Salaries", STAFF).await;
        let sealed = labelled(&ada, &here, "Mergers", SEALED).await;
        let comment =
            json!({ "in_reply_to_id": free["id"], "status": "At nine.", "label": SEALED });
        let comment = ada.post("/api/v1/statuses", comment).await.body;
        settled(&ada, &here, &bo).await;
        cedar
            .hears("of the free topic", |it| {
                it.to_string().contains("Bridge opens")
            })
            .await;

        let rows = held(acme).await;
        let expected = [&comment["uri"], &sealed["uri"], &staff["uri"]];
        assert_eq!(addresses(&rows).iter().collect::<Vec<_>>(), expected);
        assert!(
            rows.iter().all(|row| row["sentence"] == SENTENCE),
            "{rows:?}"
        );
        for post in [&staff, &sealed, &comment] {
            assert!(!knows(&bo, &post["uri"]).await);
            assert_eq!(reads(&world, &pam, &post["uri"]).await.status, 404);
        }
        // Released, it goes out, and its label stays.
        acme.run_json(&["held", "release", text(&sealed["id"])])
            .await;
        let at_birch = bo.see_topic(text(&sealed["uri"])).await;
        assert_eq!(at_birch["label"], Value::Null);
        cedar
            .hears("of the merger", |it| it.to_string().contains("Mergers"))
            .await;
        let shown = reads(&world, &pam, &sealed["uri"]).await;
        assert_eq!(shown.status, 200);
        let group = Letter::get(&pam, &acme.host(), "/g/engineering").sign();
        let group = group.send(&acme.address()).await;
        let outside = format!(
            "{} {} {}",
            json!(cedar.peer.heard()),
            shown.text(),
            group.text()
        );
        for word in [OPEN, STAFF, SEALED] {
            assert!(!outside.contains(word), "{word}: {outside}");
        }

        // A guest has an account here, and is from outside all the same.
        let gus = world.member("gus@acme").await;
        acme.execute("UPDATE accounts SET role = 'guest' WHERE email = 'gus@example.org'");
        acme.run_json(&["member", "add", "engineering", "gus"])
            .await;
        let seen = gus.home().await;
        let topic = seen.iter().find(|one| one["uri"] == free["uri"]);
        assert_eq!(topic.expect("the free topic")["label"], Value::Null);
        let wish = json!({ "group_id": here, "title": "Hello", "label": OPEN });
        assert_eq!(gus.post("/api/v1/statuses", wish).await.status, 403);
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        assert!(audit.contains("label_made"), "{audit}");
    }
}

#[tokio::test]
async fn what_a_group_has_is_the_least_and_raising_it_is_asked_about_again() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        label(acme).await;
        rule(acme, SEALED, &["--group", "engineering"]).await;
        let group = acme
            .run_json(&["group", "set", "engineering", "--label", STAFF])
            .await;
        assert_eq!(group["label"], STAFF);

        let plain = ada.topic(&here, "Bridge opens", "").await;
        assert_eq!(plain["label"], STAFF);
        bo.see_topic(text(&plain["uri"])).await;
        let wish = json!({ "group_id": here, "title": "Hello", "label": OPEN });
        let refused = ada.post("/api/v1/statuses", wish).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert!(
            refused.body.to_string().contains("choose at least that"),
            "{refused:?}"
        );
        // A comment has at least what its topic has.
        let sealed = labelled(&ada, &here, "Mergers", SEALED).await;
        acme.run_json(&["held", "release", text(&sealed["id"])])
            .await;
        let comment = ada.reply(text(&sealed["id"]), "With whom?").await.body;
        assert_eq!(comment["label"], SEALED);
        let lower = json!({ "in_reply_to_id": sealed["id"], "status": "X.", "label": STAFF });
        assert_eq!(ada.post("/api/v1/statuses", lower).await.status, 422);
        assert_eq!(addresses(&held(acme).await), [comment["uri"].clone()]);

        // Everything in it is at least that from now on: what was there, too.
        acme.run_json(&["group", "set", "engineering", "--label", SEALED])
            .await;
        let rows = addresses(&held(acme).await);
        assert!(rows.contains(&plain["uri"]), "{rows:?}");
        // Somebody looked at this one: that decided about its text.
        assert!(!rows.contains(&sealed["uri"]), "{rows:?}");
        let next = ada.topic(&here, "Next", "").await;
        assert!(addresses(&held(acme).await).contains(&next["uri"]));
        // Lowering it lets out nothing by itself.
        acme.run_json(&["group", "set", "engineering", "--no-label"])
            .await;
        let after = ada.topic(&here, "After", "").await;
        bo.see_topic(text(&after["uri"])).await;
        assert!(!knows(&bo, &next["uri"]).await);
        assert!(addresses(&held(acme).await).contains(&next["uri"]));
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        assert!(audit.contains("group_labelled"), "{audit}");
    }
}

#[tokio::test]
async fn authors_raise_moderators_lower_and_what_is_held_stays_so() {
    for backend in backends() {
        let Some((world, [here, _], [_, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        label(acme).await;
        rule(acme, SEALED, &[]).await;
        // Ada owns the group.
        let (cleo, dora) = (
            world.member("cleo@acme").await,
            world.member("dora@acme").await,
        );
        for name in ["cleo", "dora"] {
            acme.run_json(&["member", "add", "engineering", name]).await;
        }
        let topic = labelled(&cleo, &here, "Bridge opens", OPEN).await;
        bo.see_topic(text(&topic["uri"])).await;
        let below = dora.reply(text(&topic["id"]), "At nine.").await.body;

        assert_eq!(relabel(&dora, &topic, SEALED).await, 403, "not hers");
        assert_eq!(relabel(&cleo, &topic, SEALED).await, 200);
        // What is below a topic has at least its label.
        let rows = addresses(&held(acme).await);
        assert!(rows.contains(&topic["uri"]), "{rows:?}");
        assert!(rows.contains(&below["uri"]), "{rows:?}");
        let lowered = json!({ "title": "Bridge opens", "status": "Words.", "label": STAFF });
        let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
        let refused = cleo.put(&path, lowered).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert!(
            refused.body.to_string().contains("moderator"),
            "{refused:?}"
        );

        // A moderator may; that lets nothing out.
        let made = acme.run_json(&["user", "password", "ada"]).await;
        let mut browser = Person::signed_in(acme, "ada", text(&made["password"])).await;
        let page = format!("/p/{}", text(&topic["id"]));
        assert!(browser.go(&page).await.says(SEALED));
        let label = format!("{page}/label");
        let page = browser.send(&label, &[("label", OPEN)]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let seen = cleo.get(&path).await.body;
        assert_eq!(seen["label"], OPEN);
        assert!(addresses(&held(acme).await).contains(&topic["uri"]));
        assert!(
            knows(&bo, &topic["uri"]).await,
            "what left stays where it is"
        );
        acme.run_json(&["post", "label", text(&topic["id"]), "--none"])
            .await;
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        assert!(
            audit.contains(&format!("{OPEN} to {SEALED}")) && audit.contains("post_labelled"),
            "{audit}"
        );
    }
}

#[tokio::test]
async fn a_label_that_nobody_knows_any_more_keeps_inside_whatever_has_it() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        label(acme).await;
        let rule = rule(acme, SEALED, &["--outcome", "refuse"]).await;
        let wish = json!({ "group_id": here, "title": "Mergers", "label": SEALED });
        let refused = ada.post("/api/v1/statuses", wish).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert!(refused.body.to_string().contains(SENTENCE), "{refused:?}");
        let staff = labelled(&ada, &here, "Salaries", STAFF).await;
        bo.see_topic(text(&staff["uri"])).await;

        // Neither what a rule is about nor what a group has is taken out of the list.
        assert_ne!(acme.run(["label", "remove", SEALED]).await.code, Some(0));
        acme.run_json(&["group", "set", "engineering", "--label", OPEN])
            .await;
        assert_ne!(acme.run(["label", "remove", OPEN]).await.code, Some(0));
        acme.run_json(&["label", "remove", STAFF]).await;
        assert_eq!(addresses(&held(acme).await), [staff["uri"].clone()]);
        // Whether there is a rule about labels or not.
        acme.run_json(&["rule", "remove", text(&rule["id"])]).await;
        let free = ada.topic(&here, "Bridge opens", "").await;
        bo.see_topic(text(&free["uri"])).await;
        acme.execute(&format!(
            "UPDATE posts SET label = 'Nobody knows' WHERE id = {}",
            text(&free["id"])
        ));
        let path = format!("/api/v1/statuses/{}", text(&free["id"]));
        let edit = json!({ "title": "Bridge opens", "status": "On Monday." });
        assert_eq!(ada.put(&path, edit).await.status, StatusCode::OK);
        assert!(addresses(&held(acme).await).contains(&free["uri"]));
        // A rule about a label that is gone cannot be read, and holds everything.
        acme.run_json(&["label", "add", STAFF]).await;
        let again = self::rule(acme, STAFF, &[]).await;
        acme.execute("DELETE FROM labels WHERE position > 0");
        let listed = acme.run_json(&["rule", "list"]).await;
        assert_eq!(listed[0]["unreadable"], true, "{listed}");
        let plain = ada.topic(&here, "Anything", "").await;
        assert!(addresses(&held(acme).await).contains(&plain["uri"]));
        acme.run_json(&["rule", "remove", text(&again["id"])]).await;
    }
}

#[tokio::test]
async fn who_writes_is_told_beforehand_what_a_label_keeps_inside() {
    for backend in backends() {
        let Some((world, _, [_ada, _bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        label(acme).await;
        rule(acme, STAFF, &["--partner", &birch]).await;
        rule(acme, SEALED, &["--outcome", "refuse"]).await;
        let made = acme.run_json(&["user", "password", "ada"]).await;
        let mut ada = Person::signed_in(acme, "ada", text(&made["password"])).await;
        let group = "/g/engineering";
        let page = ada.go(group).await;
        for words in [
            format!("{STAFF}: nobody at {birch} reads it before somebody looked at it"),
            format!("{SEALED}: may not be said here"),
        ] {
            assert!(page.says(&words), "{words}: {}", page.text());
        }
        let draft = |label: &'static str| {
            [
                ("title", "Salaries"),
                ("body", "More."),
                ("label", label),
                ("preview", "yes"),
            ]
        };
        let topics = format!("{group}/topics");
        let page = ada.send(&topics, &draft(OPEN)).await;
        assert!(!page.says("They cannot"), "{}", page.text());
        ada.go(group).await;
        let page = ada.send(&topics, &draft(STAFF)).await;
        assert!(
            page.says("do not read it before somebody here looked at it")
                && page.says("They cannot"),
            "{}",
            page.text()
        );
        assert_eq!(page.field("label").as_deref(), Some(STAFF));
        ada.go(group).await;
        let page = ada.send(&topics, &draft(SEALED)).await;
        assert!(page.says("it will not be taken"), "{}", page.text());

        // The line about who reads, where nothing is chosen.
        acme.run_json(&["group", "set", "engineering", "--label", STAFF])
            .await;
        let page = ada.go(group).await;
        assert!(
            page.says("cannot before somebody looked at it, because it is"),
            "{}",
            page.text()
        );
        assert!(page.says(STAFF));
    }
}

#[tokio::test]
async fn administrators_order_the_list_on_a_page_and_classify_a_group_on_its_own() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        world.engineering("acme", "open", "internal").await;
        let acme = &world.house("acme").instance;
        let made = acme.run_json(&["user", "password", "ada"]).await;
        let mut ada = Person::signed_in(acme, "ada", text(&made["password"])).await;
        let made = acme.run_json(&["user", "password", "boss"]).await;
        let mut boss = Person::signed_in(acme, "boss", text(&made["password"])).await;
        let (page, add) = ("/admin/labels", "/admin/labels/add");
        assert_eq!(ada.go(page).await.status, 404);
        boss.go(page).await;
        for name in [SEALED, OPEN] {
            let wish = [("name", name), ("meaning", "A word."), ("above", "")];
            let after = boss.send(add, &wish).await;
            assert!(after.says("Saved."), "{}", after.text());
        }
        let wish = [("name", SEALED), ("meaning", ""), ("above", "")];
        let after = boss.send(add, &wish).await;
        assert_eq!(after.status, 409, "{}", after.text());
        let names = async || {
            let list = acme.run_json(&["label", "list"]).await;
            let list = list.as_array().expect("a list").clone();
            let one =
                |label: &Value| format!("{}: {}", text(&label["name"]), text(&label["meaning"]));
            list.iter().map(one).collect::<Vec<_>>()
        };
        let expected = [format!("{OPEN}: A word."), format!("{SEALED}: A word.")];
        assert_eq!(names().await, expected);
        boss.go(page).await;
        let wish = [("name", OPEN), ("meaning", "Open."), ("above", SEALED)];
        boss.send("/admin/labels/change", &wish).await;
        let expected = [format!("{SEALED}: A word."), format!("{OPEN}: Open.")];
        assert_eq!(names().await, expected);

        boss.go("/g/engineering/settings").await;
        let after = boss
            .send("/g/engineering/label", &[("label", SEALED)])
            .await;
        assert!(after.says("Saved."), "{}", after.text());
        assert!(ada.go("/g/engineering").await.says(SEALED));
        boss.go(page).await;
        let after = boss.send("/admin/labels/remove", &[("name", SEALED)]).await;
        assert!(
            after.says("have the label") && after.says("engineering"),
            "{}",
            after.text()
        );
        boss.go(page).await;
        boss.send("/admin/labels/remove", &[("name", OPEN)]).await;
        assert_eq!(names().await, [format!("{SEALED}: A word.")]);
    }
}
