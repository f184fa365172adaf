//! Four eyes: what reaches further out waits for a second administrator, who is not the first one by another
//! session or token; what takes away never waits. Running servers, on both databases.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::person::Person;
use crate::support::requirements::backends;
use crate::support::world::{House, World, client, eventually, text};

const FOUR_EYES: (&str, &str) = ("GUILDHALL_GOVERNANCE__FOUR_EYES", "true");
const PASSWORD: &str = "correct horse battery";

/// Somebody's script with a token of its own.
struct Script {
    address: String,
    host: String,
    token: String,
}

impl Script {
    async fn of(house: &House, name: &str) -> Self {
        let scopes = ["--scopes", "admin:read admin:write"];
        let made = [&["token", "create", name][..], &scopes].concat();
        let made = house.instance.run_json(&made).await;
        Self {
            address: house.instance.address(),
            host: house.instance.host(),
            token: text(&made["access_token"]).to_owned(),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}/api/admin/v1{path}", self.address);
        let request = client()
            .request(method.clone(), url)
            .header("host", &self.host)
            .bearer_auth(&self.token);
        let request = match method {
            Method::GET | Method::DELETE => request,
            _ => request.json(&body),
        };
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::PUT, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await.1
    }

    async fn decide(&self, id: &Value, decision: &str) -> (u16, Value) {
        let path = format!("/proposals/{}/{decision}", text(id));
        self.ask(Method::POST, &path, json!({})).await
    }
}

/// Acme, where four eyes are on, with two administrators; birch, its partner; and acme's internal group.
async fn start(backend: crate::support::requirements::Backend) -> Option<(World, [Script; 3])> {
    let world = World::start_with(backend, ["acme", "birch"], &[FOUR_EYES]).await?;
    world.engineering("acme", "closed", "internal").await;
    let acme = world.house("acme");
    let ann = [
        "user",
        "create",
        "ann",
        "--email",
        "ann@example.org",
        "--role",
        "admin",
    ];
    acme.instance.run_json(&ann).await;
    let scripts = [
        Script::of(acme, "boss").await,
        Script::of(acme, "boss").await,
        Script::of(acme, "ann").await,
    ];
    become_partners(&world, &scripts[2]).await;
    Some((world, scripts))
}

/// The operator of acme invites, ann agrees; the operator of birch uses the code, and its boss agrees.
async fn become_partners(world: &World, ann: &Script) {
    let [acme, birch] = ["acme", "birch"].map(|name| world.house(name));
    let invitation = acme.instance.run_json(&["partner", "invite"]).await;
    let proposal = &invitation["proposal"]["id"];
    assert_eq!(ann.decide(proposal, "confirm").await.0, 200);
    let code = text(&invitation["code"]);
    let accepted = birch.instance.run_json(&["partner", "accept", code]).await;
    let boss = Script::of(birch, "boss").await;
    assert_eq!(boss.decide(&accepted["id"], "confirm").await.0, 200);
    eventually("they are partners", async || {
        let there = boss.get("/partners").await;
        (there[0]["state"] == "active").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a73_nobody_opens_a_group_alone_not_even_with_two_sessions() {
    for backend in backends() {
        let Some((world, [boss, again, ann])) = start(backend).await else {
            continue;
        };
        let acme = world.house("acme");
        let (stage, wanted) = ("/groups/engineering/stage", json!({ "stage": "partners" }));
        let (status, proposal) = boss.put(stage, wanted.clone()).await;
        assert_eq!(
            (status, &proposal["state"]),
            (202, &json!("pending")),
            "{proposal}"
        );
        assert_eq!(boss.get("/groups/engineering").await["stage"], "internal");

        // The same person again: by another token, and in a browser.
        let (status, refused) = again.put(stage, wanted.clone()).await;
        assert_eq!(status, 403, "{refused}");
        assert_eq!(again.decide(&proposal["id"], "confirm").await.0, 403);
        let password = json!({ "password": PASSWORD });
        assert_eq!(ann.put("/accounts/boss/password", password).await.0, 200);
        let mut browser = Person::signed_in(&acme.instance, "boss", PASSWORD).await;
        browser.go("/admin/proposals").await;
        let confirm = [("id", text(&proposal["id"])), ("action", "confirm")];
        let page = browser.send("/admin/proposals", &confirm).await;
        assert_eq!(page.status, 403, "{}", page.text());
        assert!(
            page.text().contains("You proposed this yourself"),
            "{}",
            page.text()
        );
        assert_eq!(ann.get("/groups/engineering").await["stage"], "internal");

        let waiting = ann.get("/proposals").await;
        assert_eq!(waiting[0]["id"], proposal["id"], "{waiting}");
        let (status, confirmed) = ann.decide(&proposal["id"], "confirm").await;
        assert_eq!(
            (status, &confirmed["state"]),
            (200, &json!("confirmed")),
            "{confirmed}"
        );
        assert_eq!(ann.get("/groups/engineering").await["stage"], "partners");
        assert_eq!(ann.decide(&proposal["id"], "confirm").await.0, 403);
        assert_eq!(ann.get("/proposals").await, json!([]));

        let audit = acme.instance.run_json(&["audit", "list"]).await;
        let who = |action: &str| {
            let mut lines = audit.as_array().unwrap().iter();
            let line = lines.find(|line| line["action"] == action);
            line.map(|line| text(&line["who"]).to_owned())
        };
        assert_eq!(who("proposed").as_deref(), Some("boss"));
        assert_eq!(who("proposal_confirmed").as_deref(), Some("ann"));
        assert_eq!(who("stage_changed").as_deref(), Some("ann"));
    }
}

#[tokio::test]
async fn grants_wait_when_they_open_more_and_never_when_they_open_less() {
    for backend in backends() {
        let Some((world, [boss, _, ann])) = start(backend).await else {
            continue;
        };
        let birch = world.house("birch").instance.host();
        let path = format!("/groups/engineering/grants/{birch}");
        let terms = |can: &[&str], until: &str| json!({ "can": can, "until": until });
        let usual = terms(&["read", "reply"], "2090-01-01");
        let (status, proposal) = boss.put(&path, usual.clone()).await;
        assert_eq!(status, 202, "{proposal}");
        let sentence = text(&proposal["sentence"]);
        assert!(
            sentence.contains("read,reply") && sentence.contains(&birch),
            "{sentence}"
        );
        assert_eq!(boss.get("/grants").await, json!([]));
        // Two who want the same agree by confirming, not by accident.
        assert_eq!(ann.put(&path, usual.clone()).await.0, 409);
        assert_eq!(ann.decide(&proposal["id"], "confirm").await.0, 200);
        assert_eq!(
            boss.get("/grants").await[0]["can"],
            json!(["read", "reply"])
        );

        // What is not said stays as it is, and who confirms reads it.
        let (status, proposal) = boss.put(&path, json!({ "can": ["read", "attach"] })).await;
        let sentence = text(&proposal["sentence"]);
        assert!(
            status == 202 && sentence.contains("2090-01-01"),
            "{proposal}"
        );
        assert_eq!(ann.decide(&proposal["id"], "reject").await.0, 200);

        for wider in [
            terms(&["read", "reply", "start"], "2090-01-01"),
            terms(&["read", "reply"], "2091-01-01"),
        ] {
            let (status, proposal) = boss.put(&path, wider).await;
            assert_eq!(status, 202, "{proposal}");
            let (status, rejected) = ann.decide(&proposal["id"], "reject").await;
            assert_eq!((status, &rejected["state"]), (200, &json!("rejected")));
        }
        let (status, narrower) = boss.put(&path, terms(&["read"], "2089-01-01")).await;
        assert_eq!(status, 200, "{narrower}");
        assert_eq!(boss.get("/grants").await[0]["can"], json!(["read"]));
        assert_eq!(boss.ask(Method::DELETE, &path, Value::Null).await.0, 200);
        assert_eq!(boss.get("/grants").await, json!([]));

        // What could not be done is not proposed.
        let nowhere = "/groups/engineering/grants/nobody.example";
        assert_eq!(boss.put(nowhere, usual).await.0, 409);
        assert_eq!(boss.get("/proposals").await, json!([]));
    }
}

#[tokio::test]
async fn the_operator_is_one_person_and_who_lost_the_right_proposed_nothing() {
    for backend in backends() {
        let Some((world, [boss, _, ann])) = start(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        // Stopping never waits; releasing does.
        acme.run_json(&["stop", "--all"]).await;
        let proposal = acme.run_json(&["stop", "--all", "--release"]).await;
        assert_eq!(proposal["state"], "pending", "{proposal}");
        let id = text(&proposal["id"]);
        let own = acme.run(["proposal", "confirm", id]).await;
        assert_eq!(own.code, Some(1), "{own:?}");
        assert_eq!(acme.run_json(&["stop"]).await.as_array().unwrap().len(), 1);
        assert_eq!(boss.decide(&proposal["id"], "confirm").await.0, 200);
        assert_eq!(acme.run_json(&["stop"]).await, json!([]));

        // So with a pause, whoever ends it by whatever way.
        acme.run_json(&["partner", "pause", &birch]).await;
        let proposal = acme.run_json(&["partner", "resume", &birch]).await;
        assert_eq!(proposal["state"], "pending", "{proposal}");
        assert!(text(&proposal["sentence"]).contains(&birch), "{proposal}");
        let state = async || boss.get(&format!("/partners/{birch}")).await["state"].clone();
        assert_eq!(state().await, "paused");
        assert_eq!(boss.decide(&proposal["id"], "confirm").await.0, 200);
        assert_eq!(state().await, "active");

        // Another class, and trust in a server.
        let partner = format!("/partners/{birch}");
        let (status, rules) = ann
            .ask(
                Method::PATCH,
                &partner,
                json!({ "class": "supplier", "private_groups": "trust" }),
            )
            .await;
        assert_eq!(
            (status, &rules["class"]),
            (200, &json!("partner")),
            "{rules}"
        );
        let proposed = rules["proposals"].as_array().unwrap();
        assert_eq!(proposed.len(), 2, "{rules}");
        let confirmed = acme
            .run_json(&["proposal", "confirm", text(&proposed[0]["id"])])
            .await;
        assert_eq!(confirmed["state"], "confirmed");
        assert_eq!(boss.get(&partner).await["class"], "supplier");

        // Who proposed it is an administrator no more.
        acme.run_json(&["user", "disable", "ann"]).await;
        let (status, refused) = boss.decide(&proposed[1]["id"], "confirm").await;
        assert_eq!(status, 409, "{refused}");
        let rejected = boss.decide(&proposed[1]["id"], "reject").await.1;
        assert_eq!(rejected["state"], "rejected");
        assert_eq!(acme.run_json(&["proposal", "list"]).await, json!([]));
    }
}

#[tokio::test]
async fn nobody_makes_a_partner_alone_by_invitation_by_code_or_by_name() {
    for backend in backends() {
        let Some((world, [boss, again, ann])) = start(backend).await else {
            continue;
        };
        let (acme, birch) = (world.house("acme"), world.house("birch"));
        let (acme_host, birch_host) = (acme.instance.host(), birch.instance.host());
        birch
            .instance
            .run_json(&["partner", "end", &acme_host])
            .await;
        let over = async || {
            let there = boss.get(&format!("/partners/{birch_host}")).await;
            (there["state"] == "ended").then_some(())
        };
        eventually("acme heard that it ended", over).await;

        // A code is shown to who made it, once, and is of use to nobody before somebody else agreed.
        let wish = json!({ "class": "supplier", "purpose": "Bridges" });
        let (status, invitation) = boss.ask(Method::POST, "/partners/invitations", wish).await;
        assert_eq!(status, 201, "{invitation}");
        let (code, proposal) = (text(&invitation["code"]), &invitation["proposal"]);
        assert_eq!(proposal["state"], "pending", "{invitation}");
        assert!(
            text(&proposal["sentence"]).contains("Bridges"),
            "{proposal}"
        );
        let waiting = ann.get("/proposals").await.to_string();
        assert!(!waiting.contains(code), "who confirms is not shown it");
        let theirs = Script::of(birch, "boss").await;
        let accept = json!({ "code": code });
        let uses = async || {
            let made = birch.instance.run_json(&["partner", "accept", code]).await;
            assert_eq!(made["state"], "pending", "{made}");
            theirs.decide(&made["id"], "confirm").await
        };
        let (status, confirmed) = uses().await;
        assert_eq!(status, 200, "{confirmed}");
        eventually("the code was refused", async || {
            let failed = "jobs WHERE state = 'failed' AND work LIKE '%accept_partnership%'";
            (birch.instance.count(failed) > 0).then_some(())
        })
        .await;
        assert_eq!(
            boss.get(&format!("/partners/{birch_host}")).await["state"],
            "ended"
        );
        assert_eq!(again.decide(&proposal["id"], "confirm").await.0, 403);
        assert_eq!(ann.decide(&proposal["id"], "confirm").await.0, 200);

        // Neither is it used by one person alone, by whatever way.
        let (status, proposed) = theirs.ask(Method::POST, "/partners/accept", accept).await;
        assert_eq!(
            (status, &proposed["state"]),
            (202, &json!("pending")),
            "{proposed}"
        );
        assert!(!proposed.to_string().contains(code), "{proposed}");
        assert_eq!(theirs.decide(&proposed["id"], "confirm").await.0, 403);
        let confirm = ["proposal", "confirm", text(&proposed["id"])];
        birch.instance.run_json(&confirm).await;
        eventually("they are partners again", async || {
            let here = boss.get(&format!("/partners/{birch_host}")).await;
            (here["state"] == "active" && here["class"] == "supplier").then_some(())
        })
        .await;
        let kept = birch
            .instance
            .count(&format!("proposals WHERE act LIKE '%{code}%'"));
        assert_eq!(kept, 0, "a code is not kept once it was decided about");

        // Nor is a server simply added.
        let added = ["partner", "add", "cedar.example", "--without-probe"];
        let proposal = acme.instance.run_json(&added).await;
        assert_eq!(proposal["state"], "pending", "{proposal}");
        let id = text(&proposal["id"]);
        assert_eq!(
            acme.instance.run(["proposal", "confirm", id]).await.code,
            Some(1)
        );
        assert_eq!(
            boss.ask(Method::GET, "/partners/cedar.example", Value::Null)
                .await
                .0,
            404
        );
        assert_eq!(boss.decide(&proposal["id"], "confirm").await.0, 200);
        assert_eq!(boss.get("/partners/cedar.example").await["state"], "active");
        let wish =
            json!({ "host": "elm.example", "without_probe": true, "private_groups": "trust" });
        let (status, proposal) = boss.ask(Method::POST, "/partners", wish).await;
        assert_eq!(status, 202, "{proposal}");
        assert_eq!(ann.decide(&proposal["id"], "reject").await.0, 200);
        assert_eq!(
            boss.ask(Method::GET, "/partners/elm.example", Value::Null)
                .await
                .0,
            404
        );
        // Somebody of a partner is invited into a group that is open to it as ever: they come under a grant, which waited.
        let stage = ["group", "stage", "engineering", "partners"];
        let grant = [
            "grant",
            "add",
            "engineering",
            &birch_host,
            "--can",
            "read,reply",
        ];
        for open in [&stage[..], &grant[..]] {
            let proposal = acme.instance.run_json(open).await;
            assert_eq!(
                ann.decide(&proposal["id"], "confirm").await.0,
                200,
                "{proposal}"
            );
        }
        let bo = format!("bo@{birch_host}");
        let invited = ["member", "add", "engineering", &bo];
        let invited = acme.instance.run_json(&invited).await;
        assert_eq!(invited["state"], "invited", "{invited}");
    }
}
