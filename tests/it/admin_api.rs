//! The admin API against running servers: every address of its document is walked, with and without the
//! right token, and what it answers is compared with what the document says.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::openapi::Document;
use crate::support::person::Person;
use crate::support::requirements::backends;
use crate::support::world::{House, World, client, eventually, text};

const BASE: &str = "/api/admin/v1";
const PASSWORD: &str = "correct horse battery";

/// What the API answered.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    status: StatusCode,
    kind: String,
    next: Option<String>,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A script with a token, or without one.
struct Script {
    address: String,
    host: String,
    token: Option<String>,
}

impl Script {
    fn without_token(house: &House) -> Self {
        Self {
            address: house.instance.address(),
            host: house.instance.host(),
            token: None,
        }
    }

    async fn of(house: &House, user: &str, scopes: &str) -> Self {
        let made = ["token", "create", user, "--scopes", scopes];
        let made = house.instance.run_json(&made).await;
        Self {
            token: Some(text(&made["access_token"]).to_owned()),
            ..Self::without_token(house)
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let sent = body.map(|body| ("application/json", body.to_string()));
        self.send(method, path, sent).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<(&str, String)>) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = client()
            .request(method, format!("http://{}{BASE}{path}", self.address))
            .header("host", &self.host);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let answer = request.send().await.expect("an answer");
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            Some(value.to_str().expect("text").to_owned())
        };
        Reply {
            status: answer.status(),
            kind: header("content-type").unwrap_or_default(),
            next: header("link").map(|link| next_of(&link)),
            text: answer.text().await.expect("a body"),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.ask("GET", path, None).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
        reply.json()
    }

    async fn newest_audit_line(&self) -> Value {
        self.get("/audit?limit=1").await[0]["id"].clone()
    }
}

/// The path and query of `<http://host/api/admin/v1/…>; rel="next"`, below the base.
fn next_of(link: &str) -> String {
    let address = link
        .strip_prefix('<')
        .and_then(|rest| rest.split_once(">; rel=\"next\""));
    let (address, _) = address.unwrap_or_else(|| panic!("{link}"));
    let (_, path) = address.split_once(BASE).expect("an address of the API");
    path.to_owned()
}

/// A walk through all operations of the document.
struct Walk {
    document: Document,
    boss: Script,
    /// Those who are refused, and how.
    refused: Vec<(Script, StatusCode)>,
    walked: BTreeSet<String>,
}

impl Walk {
    /// Does one thing: refused to others, done for an administrator, answered as the document says, and
    /// written down when it changed something.
    async fn go(&mut self, operation: &str, path: &str, body: Option<Value>) -> Value {
        let (method, template) = operation.split_once(' ').unwrap();
        for (script, status) in &self.refused {
            let reply = script.ask(method, path, body.as_ref()).await;
            assert_eq!(reply.status, *status, "{operation}: {reply:?}");
            self.compare(operation, &reply);
        }
        let before = self.boss.newest_audit_line().await;
        let reply = self.boss.ask(method, path, body.as_ref()).await;
        assert!(reply.status.is_success(), "{operation} {path}: {reply:?}");
        assert!(
            self.document.names(template, method, reply.status.as_u16()),
            "{operation} answers {}, of which the document says nothing",
            reply.status
        );
        self.compare(operation, &reply);
        if method != "GET" {
            let after = self.boss.newest_audit_line().await;
            assert_ne!(before, after, "{operation} left no audit line");
        }
        self.walked.insert(operation.to_owned());
        reply.json()
    }

    fn compare(&self, operation: &str, reply: &Reply) {
        assert_eq!(reply.kind, "application/json", "{operation}: {reply:?}");
        let (method, template) = operation.split_once(' ').unwrap();
        let status = reply.status.as_u16();
        let outcome = self.document.check(template, method, status, &reply.json());
        outcome.unwrap_or_else(|problem| panic!("{operation}: {problem}\n{}", reply.text));
    }
}

#[tokio::test]
async fn every_address_does_what_the_document_says() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let acme = world.house("acme");
        let ada = world.member("ada@acme").await;
        let (eve, zed) = (
            world.member("eve@acme").await,
            world.member("zed@acme").await,
        );
        let boss = Script::of(acme, "boss", "admin:read admin:write").await;
        let nobody = Script::without_token(acme);
        let document = nobody.ask("GET", "/openapi.json", None).await.json();
        let mut walk = Walk {
            document: Document::new(document),
            refused: vec![
                (nobody, StatusCode::UNAUTHORIZED),
                (
                    Script::of(acme, "ada", "admin:read admin:write").await,
                    StatusCode::FORBIDDEN,
                ),
                (
                    Script::of(acme, "boss", "read write follow").await,
                    StatusCode::FORBIDDEN,
                ),
            ],
            boss,
            walked: BTreeSet::new(),
        };
        let walk = &mut walk;

        // People and tokens.
        let tim = json!({ "name": "tim", "email": "tim@acme.example", "password": PASSWORD });
        let made = walk.go("POST /accounts", "/accounts", Some(tim)).await;
        assert_eq!(
            (&made["role"], &made["disabled"]),
            (&json!("member"), &json!(false))
        );
        let people = walk.go("GET /accounts", "/accounts", None).await;
        assert_eq!(people, acme.instance.run_json(&["user", "list"]).await);
        let found = walk.go("GET /accounts/{user}", "/accounts/tim", None).await;
        assert_eq!(found, made);
        let password = json!({ "password": "another good horse" });
        let path = "/accounts/tim/password";
        walk.go("PUT /accounts/{user}/password", path, Some(password))
            .await;
        let shut = "/accounts/tim/disable";
        let out = walk.go("POST /accounts/{user}/disable", shut, None).await;
        assert_eq!(out["disabled"], true);
        let again = walk.boss.ask("POST", shut, None).await;
        assert_eq!((again.status, again.json()), (StatusCode::OK, out));
        walk.go("POST /accounts/{user}/enable", "/accounts/tim/enable", None)
            .await;

        let wish = json!({ "scopes": "admin:read", "client": "a monitor" });
        let token = walk.go("POST /tokens", "/tokens", Some(wish)).await;
        let tokens = walk.go("GET /tokens", "/tokens", None).await;
        assert!(
            tokens
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["id"] == token["id"])
        );
        assert!(!tokens.to_string().contains(text(&token["access_token"])));
        let path = format!("/tokens/{}", text(&token["id"]));
        walk.go("DELETE /tokens/{token}", &path, None).await;

        // A group, its owners and its members.
        let roads = json!({ "name": "roads", "title": "Road works", "access": "closed" });
        let made = walk.go("POST /groups", "/groups", Some(roads)).await;
        assert_eq!(
            (&made["owners"], &made["members"]),
            (&json!(["boss"]), &json!(1))
        );
        let groups = walk.go("GET /groups", "/groups", None).await;
        assert_eq!(groups, acme.instance.run_json(&["group", "list"]).await);
        assert_eq!(
            walk.go("GET /groups/{group}", "/groups/roads", None).await,
            made
        );
        let change = json!({ "title": "Roads", "description": "Potholes." });
        let changed = walk
            .go("PATCH /groups/{group}", "/groups/roads", Some(change))
            .await;
        assert_eq!(
            (&changed["title"], &changed["access"]),
            (&json!("Roads"), &json!("closed"))
        );
        for (field, word, kept) in [("mirror", "on", "boosts"), ("boosts", "all", "mirror")] {
            let before = walk.boss.get("/groups/roads").await;
            let change = Some(json!({ field: word }));
            let after = walk
                .go("PATCH /groups/{group}", "/groups/roads", change)
                .await;
            assert_eq!(
                (&after[field], &after[kept], &after["title"]),
                (&json!(word), &before[kept], &before["title"])
            );
        }
        let stage = Some(json!({ "stage": "partners" }));
        let open = walk
            .go("PUT /groups/{group}/stage", "/groups/roads/stage", stage)
            .await;
        assert_eq!(open["stage"], "partners");
        for archived in [true, false] {
            let wish = Some(json!({ "archived": archived }));
            let path = "/groups/roads/archived";
            let group = walk.go("PUT /groups/{group}/archived", path, wish).await;
            assert_eq!(group["archived"], archived);
        }
        let path = "/groups/roads/owners/ada";
        let owned = walk
            .go("PUT /groups/{group}/owners/{user}", path, None)
            .await;
        assert_eq!(owned["owners"].as_array().unwrap().len(), 2);
        let owned = walk
            .go("DELETE /groups/{group}/owners/{user}", path, None)
            .await;
        assert_eq!(owned["owners"], json!(["boss"]));

        let member = |who: &str| format!("/groups/roads/members/{who}");
        let role = |role: &str| Some(json!({ "role": role }));
        let path = member("tim");
        let put = "PUT /groups/{group}/members/{who}";
        let named = walk.go(put, &path, role("member")).await;
        assert_eq!(named["state"], "member");
        let path = format!("{}/role", member("tim"));
        let put = "PUT /groups/{group}/members/{who}/role";
        assert_eq!(
            walk.go(put, &path, role("moderator")).await["role"],
            "moderator"
        );
        walk.go("DELETE /groups/{group}/members/{who}", &member("tim"), None)
            .await;
        let path = format!("{}/ban", member("tim"));
        let until = Some(json!({ "until": "2199-01-01" }));
        let ban = walk
            .go("PUT /groups/{group}/members/{who}/ban", &path, until)
            .await;
        assert_eq!(ban["until"], "2199-01-01T00:00:00.000Z");
        walk.go("DELETE /groups/{group}/members/{who}/ban", &path, None)
            .await;
        let id = text(&made["id"]).to_owned();
        for somebody in [&eve, &zed] {
            let asked = somebody
                .post(&format!("/api/v1/accounts/{id}/follow"), json!({}))
                .await;
            assert_eq!(asked.body["requested"], true, "{asked:?}");
        }
        let path = format!("{}/approve", member("eve"));
        let eve_in = walk
            .go("POST /groups/{group}/members/{who}/approve", &path, None)
            .await;
        assert_eq!(eve_in["state"], "member");
        let path = format!("{}/reject", member("zed"));
        walk.go("POST /groups/{group}/members/{who}/reject", &path, None)
            .await;
        let path = "/groups/roads/members";
        let members = walk.go("GET /groups/{group}/members", path, None).await;
        assert_eq!(
            members,
            acme.instance.run_json(&["member", "list", "roads"]).await
        );

        // Rules at the boundary, and what they hold.
        let rule = json!({ "group": "roads", "kind": "pattern", "condition": "falcon", "outcome": "hold", "sentence": "It stays inside." });
        let made = walk.go("POST /rules", "/rules", Some(rule)).await;
        assert_eq!(
            (&made["of"], &made["unreadable"]),
            (&json!("roads"), &json!(false))
        );
        let broken =
            json!({ "kind": "pattern", "condition": "(", "outcome": "hold", "sentence": "No." });
        let refused = walk.boss.ask("POST", "/rules", Some(&broken)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let rules = walk.go("GET /rules", "/rules?group=roads", None).await;
        assert_eq!(rules, json!([made]));
        assert_eq!(rules, acme.instance.run_json(&["rule", "list"]).await);
        let path = "/rules/try?group=roads&text=A%20falcon";
        assert_eq!(
            walk.go("GET /rules/try", path, None).await["verdict"],
            "held"
        );
        for (act, body) in [
            ("refuse", Some(json!({ "reason": "No birds." }))),
            ("release", None),
        ] {
            let topic = ada.topic(&id, "A falcon", "").await;
            let held = walk.go("GET /held", "/held?group=roads", None).await;
            assert_eq!(held[0]["uri"], topic["uri"]);
            let path = format!("/held/{}/{act}", text(&topic["id"]));
            let operation = format!("POST /held/{{post}}/{act}");
            let done = walk.go(&operation, &path, body).await;
            assert_eq!(done["post"], topic["id"]);
        }
        let path = format!("/rules/{}", text(&made["id"]));
        walk.go("DELETE /rules/{rule}", &path, None).await;

        // Labels, and what has one.
        for (name, above) in [("Open", None), ("Sealed", None), ("Inside", Some("Open"))] {
            let new = json!({ "name": name, "meaning": "A word.", "above": above });
            let made = walk.go("POST /labels", "/labels", Some(new)).await;
            assert_eq!(made["name"], name);
        }
        let change = Some(json!({ "meaning": "Another word.", "above": "Sealed" }));
        let changed = walk
            .go("PATCH /labels/{label}", "/labels/Inside", change)
            .await;
        assert_eq!(changed["meaning"], "Another word.");
        let labels = walk.go("GET /labels", "/labels", None).await;
        let names: Vec<&Value> = labels
            .as_array()
            .unwrap()
            .iter()
            .map(|l| &l["name"])
            .collect();
        assert_eq!(names, ["Open", "Sealed", "Inside"]);
        assert_eq!(labels, acme.instance.run_json(&["label", "list"]).await);
        let set = json!({ "label": "Open" });
        let group = walk
            .go("PATCH /groups/{group}", "/groups/roads", Some(set))
            .await;
        assert_eq!(group["label"], "Open");
        let topic = world.member("boss@acme").await.topic(&id, "Sand", "").await;
        let path = format!("/posts/{}/label", text(&topic["id"]));
        let set = json!({ "label": "Sealed" });
        let post = walk.go("PUT /posts/{post}/label", &path, Some(set)).await;
        assert_eq!(post["label"], "Sealed");
        walk.go("DELETE /labels/{label}", "/labels/Inside", None)
            .await;

        // Posts and reports.
        let topic = world
            .member("boss@acme")
            .await
            .topic(&id, "Potholes", "")
            .await;
        let post = text(&topic["id"]).to_owned();
        let author = topic["account"]["id"].clone();
        let report = json!({ "account_id": author, "status_ids": [post], "comment": "Rude" });
        let reported = ada.post("/api/v1/reports", report).await;
        assert_eq!(reported.status, StatusCode::OK, "{reported:?}");
        let reports = walk.go("GET /reports", "/reports?group=roads", None).await;
        assert_eq!(
            (&reports[0]["text"], &reports[0]["state"]),
            (&json!("Rude"), &json!("open"))
        );
        let path = format!("/reports/{}/resolve", text(&reports[0]["id"]));
        walk.go("POST /reports/{report}/resolve", &path, None).await;
        for (act, body) in [
            ("lock", None),
            ("unlock", None),
            ("pin", None),
            ("unpin", None),
            ("remove", Some(json!({ "reason": "Twice" }))),
            ("restore", None),
        ] {
            let operation = format!("POST /posts/{{post}}/{act}");
            let done = walk
                .go(&operation, &format!("/posts/{post}/{act}"), body)
                .await;
            assert_eq!(done["locked"], act == "lock");
            assert_eq!(done["pinned"], act == "pin");
            assert_eq!(done["state"] == "removed", act == "remove");
        }

        // A partner, which then goes away with something on its way to it.
        let birch = world.house("birch").instance.host();
        let code = world
            .house("birch")
            .instance
            .run_json(&["partner", "invite"])
            .await;
        let code = json!({ "code": code["code"], "class": "supplier" });
        let job = walk
            .go("POST /partners/accept", "/partners/accept", Some(code))
            .await;
        assert_eq!(
            (&job["kind"], &job["state"]),
            (&json!("accept_partnership"), &json!("done"))
        );
        let path = format!("/jobs/{}", text(&job["id"]));
        assert_eq!(walk.go("GET /jobs/{job}", &path, None).await, job);
        let path = "/partners/invitations";
        walk.go(
            "POST /partners/invitations",
            path,
            Some(json!({ "expires": "2d" })),
        )
        .await;
        let cedar = json!({ "host": "cedar.localhost:9", "private_groups": "trust" });
        walk.go("POST /partners", "/partners", Some(cedar)).await;
        let acme = world.house("acme");
        let partners = walk.go("GET /partners", "/partners", None).await;
        assert_eq!(partners, acme.instance.run_json(&["partner", "list"]).await);
        let one = format!("/partners/{birch}");
        let rules = json!({
            "class": "customer", "dialect": "activities", "private_groups": "auto",
            "purpose": "Bridges", "until": "2099-12-31", "confirm": "12",
        });
        let rules = walk
            .go("PATCH /partners/{partner}", &one, Some(rules))
            .await;
        assert_eq!(
            (&rules["class"], &rules["dialect"]["chosen"]),
            (&json!("customer"), &json!("activities"))
        );
        let path = format!("{one}/traffic");
        let traffic = walk
            .go("GET /partners/{partner}/traffic", &path, None)
            .await;
        let listed = ["partner", "traffic", &birch];
        assert_eq!(traffic, acme.instance.run_json(&listed).await);
        assert_eq!(traffic["days"].as_array().map(Vec::len), Some(30));
        let path = format!("{one}/view");
        let job = walk.go("POST /partners/{partner}/view", &path, None).await;
        assert_eq!(job["state"], "done", "{job}");
        let view = walk.go("GET /partners/{partner}/view", &path, None).await;
        assert_eq!(
            (&view["host"], &view["waiting"]),
            (&json!(birch), &json!(0))
        );
        let path = "/partners/cedar.localhost:9/probe";
        let job = walk.go("POST /partners/{partner}/probe", path, None).await;
        assert_eq!(job["state"], "done", "{job}");
        let probe = walk.go("GET /partners/{partner}/probe", path, None).await;
        assert_eq!(probe["grade"], "high", "{probe}");
        let confirmed = "POST /partners/{partner}/confirm";
        let confirmed = walk.go(confirmed, &format!("{one}/confirm"), None).await;
        assert!(confirmed["confirmed_at"].is_string(), "{confirmed}");
        // As if its server showed a key that nobody compared yet.
        acme.instance.execute(
            "INSERT INTO offered_keys SELECT p.id, k.uri, k.list, k.public_pem, k.expires_at, 1 \
             FROM partners p JOIN actors a ON a.uri = p.instance_uri \
             JOIN actor_keys k ON k.actor_id = a.id",
        );
        let shown = walk.boss.get(&one).await;
        let key = json!({ "fingerprint": shown["offered_key"]["fingerprint"] });
        let trusted = "PUT /partners/{partner}/key";
        walk.go(trusted, &format!("{one}/key"), Some(key)).await;
        walk.go(
            "POST /partners/{partner}/pause",
            &format!("{one}/pause"),
            None,
        )
        .await;
        walk.go(
            "POST /partners/{partner}/resume",
            &format!("{one}/resume"),
            None,
        )
        .await;

        // The emergency stop, of everything, of one server and of one group.
        for (place, path) in [
            ("/stops/all", "/stops/all".to_owned()),
            (
                "/stops/partners/{partner}",
                format!("/stops/partners/{birch}"),
            ),
            ("/stops/groups/{group}", "/stops/groups/roads".to_owned()),
        ] {
            let why = Some(json!({ "reason": "Drill" }));
            walk.go(&format!("PUT {place}"), &path, why).await;
            let standing = walk.boss.get("/stops").await;
            assert_eq!(standing[0]["reason"], "Drill", "{standing}");
            walk.go(&format!("DELETE {place}"), &path, None).await;
        }
        let standing = walk.go("GET /stops", "/stops", None).await;
        assert_eq!(standing, json!([]));

        // What would become visible, before it is.
        let stage = "/groups/{group}/stage/{stage}/outlook";
        let path = "/groups/roads/stage/public/outlook";
        let outlook = walk.go(&format!("GET {stage}"), path, None).await;
        assert_eq!(
            outlook["people"][0]["who"], "anybody on the web",
            "{outlook}"
        );
        let grant = "/groups/{group}/grants/{partner}/outlook";
        let path = format!("/groups/roads/grants/{birch}/outlook?can=read&history=all");
        walk.go(&format!("GET {grant}"), &path, None).await;

        // Templates of grants.
        let auditor = "/grant-templates/auditor";
        let terms = json!({ "title": "Auditor", "can": ["read"], "days": 30, "history": "all" });
        let saved = walk
            .go("PUT /grant-templates/{template}", auditor, Some(terms))
            .await;
        assert_eq!(
            (&saved["days"], &saved["built_in"]),
            (&json!(30), &json!(false))
        );
        let all = walk
            .go("GET /grant-templates", "/grant-templates", None)
            .await;
        assert_eq!(all.as_array().unwrap().len(), 5, "{all}");
        walk.go("DELETE /grant-templates/{template}", auditor, None)
            .await;

        // What somebody else proposed, in a house that wants two administrators.
        for (number, decision) in [(1, "confirm"), (2, "reject")] {
            acme.instance.execute(&format!(
                "INSERT INTO proposals (id, act, sentence, state, proposer, created_at, expires_at) VALUES \
                 ({number}, '{{\"act\":\"class\",\"partner\":\"{birch}\",\"class\":\"supplier\"}}', \
                 'Call it a supplier', 'pending', 'operator', 1, 9000000000000000)"
            ));
            let waiting = walk.go("GET /proposals", "/proposals", None).await;
            assert_eq!(waiting[0]["id"], number.to_string(), "{waiting}");
            let operation = format!("POST /proposals/{{proposal}}/{decision}");
            let path = format!("/proposals/{number}/{decision}");
            walk.go(&operation, &path, None).await;
        }

        // Groups that move, one there and one here.
        let path = "/groups/roads/move";
        let host = Some(json!({ "host": birch }));
        let leaving = walk.go("POST /groups/{group}/move", path, host).await;
        assert_eq!(
            (&leaving["way"], &leaving["target"]),
            (&json!("leaving"), &Value::Null)
        );
        let stays = walk.go("DELETE /groups/{group}/move", path, None).await;
        assert_eq!(stays["ended"], "withdrawn");
        let house = &world.house("birch").instance;
        house
            .run_json(&["group", "create", "rivers", "--title", "Rivers"])
            .await;
        let offer = ["group", "move", "offer", "rivers", &acme.instance.host()];
        let rivers = house.run_json(&offer).await;
        house
            .run_json(&["group", "create", "bridges", "--title", "Bridges"])
            .await;
        let offer = ["group", "move", "offer", "bridges", &acme.instance.host()];
        let offered = house.run_json(&offer).await;
        let never = json!({ "group": format!("{}/g/never", house.origin()), "name": "never" });
        let refused = walk.boss.ask("POST", "/moves/accept", Some(&never)).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{refused:?}");
        let none = walk.boss.ask("GET", "/groups/never", None).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "made for nothing");
        eventually("acme is asked", async || {
            let all = walk.boss.get("/moves").await;
            let all = all.as_array()?;
            let came = |group: &Value| {
                let of = |one: &Value| one["way"] == "coming" && one["group"] == *group;
                all.iter().any(of)
            };
            (came(&offered["group"]) && came(&rivers["group"])).then_some(())
        })
        .await;
        let not_taken = Some(json!({ "group": rivers["group"] }));
        let declined = walk
            .go("POST /moves/decline", "/moves/decline", not_taken)
            .await;
        assert_eq!(declined["ended"], "declined");
        let taken = json!({ "group": offered["group"], "name": "bridges", "owner": "ada" });
        let taken = walk
            .go("POST /moves/accept", "/moves/accept", Some(taken))
            .await;
        let here = format!("{}/g/bridges", acme.instance.origin());
        assert_eq!(taken["target"], here.as_str());
        let bridges = walk.boss.get("/groups/bridges").await;
        assert_eq!(bridges["owners"], json!(["ada"]));
        let moves = walk.go("GET /moves", "/moves", None).await;
        assert_eq!(
            moves,
            acme.instance.run_json(&["group", "move", "list"]).await
        );

        // Books are compared while the other side answers; what came of it is kept.
        let path = format!("{one}/comparison");
        let span = json!({ "from": "2026-10-01", "to": "2026-10-31" });
        let job = walk
            .go("POST /partners/{partner}/comparison", &path, Some(span))
            .await;
        assert_eq!(
            (&job["kind"], &job["state"]),
            (&json!("compare_books"), &json!("done"))
        );
        let compared = walk
            .go("GET /partners/{partner}/comparison", &path, None)
            .await;
        assert_eq!(
            (&compared["host"], &compared["differences"]),
            (&json!(birch), &json!([]))
        );

        world.house_mut("birch").server.take().unwrap().kill().await;
        let acme = world.house("acme");
        let grant = format!("/groups/roads/grants/{birch}");
        let can = json!({ "can": ["read", "reply"], "until": "2199-01-01" });
        let given = walk
            .go("PUT /groups/{group}/grants/{partner}", &grant, Some(can))
            .await;
        assert_eq!(
            (&given["can"], &given["problem"]),
            (&json!(["read", "reply"]), &Value::Null)
        );
        let path = format!("/grants?group=roads&partner={birch}");
        assert_eq!(walk.go("GET /grants", &path, None).await, json!([given]));
        let reviewed = walk.go("GET /grants/review", "/grants/review", None).await;
        assert_eq!(reviewed[0]["reviewed_at"], Value::Null, "{reviewed}");
        let keep = "POST /groups/{group}/grants/{partner}/keep";
        let kept = walk.go(keep, &format!("{grant}/keep"), None).await;
        assert!(kept["reviewed_at"].is_string(), "{kept}");
        let shown = walk.go("GET /partners/{partner}", &one, None).await;
        assert_eq!(
            shown,
            acme.instance.run_json(&["partner", "show", &birch]).await
        );

        // What waits for it.
        let queue = format!("/queue/{birch}");
        eventually("something waits for birch", async || {
            let state = walk.boss.ask("GET", &queue, None).await;
            let tried = state.status == 200 && !state.json()["error"].is_null();
            tried.then_some(())
        })
        .await;
        let all = walk.go("GET /queue", "/queue", None).await;
        assert_eq!(all[0]["host"], birch.as_str(), "{all}");
        let state = walk.go("GET /queue/{host}", &queue, None).await;
        assert!(state["pending"] != 0 && state["oldest"].is_string() && state["failures"] != 0);
        let path = format!("{queue}/deliveries");
        let waiting = walk.go("GET /queue/{host}/deliveries", &path, None).await;
        let delivery = format!("/deliveries/{}", text(&waiting[0]["id"]));
        walk.go("POST /queue/{host}/retry", &format!("{queue}/retry"), None)
            .await;
        walk.go("POST /queue/{host}/ask", &format!("{queue}/ask"), None)
            .await;
        walk.go(
            "POST /deliveries/{delivery}/retry",
            &format!("{delivery}/retry"),
            None,
        )
        .await;
        walk.go("POST /queue/retry", "/queue/retry", None).await;
        walk.go("DELETE /deliveries/{delivery}", &delivery, None)
            .await;
        let unsent = walk.boss.get(&path).await;
        let discarded = |one: &Value| one["id"] == waiting[0]["id"] && one["state"] == "withheld";
        assert!(unsent.as_array().unwrap().iter().any(discarded), "{unsent}");

        // What nobody could be told of.
        for event in [1, 2] {
            acme.instance.execute(&format!(
                "INSERT INTO events (id, kind, actor_id, group_id, at) \
                 VALUES ({event}, 'join_accepted', {id}, {id}, 1)"
            ));
        }
        let untold = async |boss: &Script, number: usize| {
            let untold = boss.get("/untold").await;
            (untold.as_array()?.len() == number).then_some(())
        };
        eventually("both are shown", async || untold(&walk.boss, 2).await).await;
        let listed = walk.go("GET /untold", "/untold", None).await;
        assert_eq!(listed, acme.instance.run_json(&["queue", "untold"]).await);
        let newest = walk.boss.ask("GET", "/untold?limit=1", None).await;
        assert_eq!(newest.json(), json!([listed[0]]));
        let oldest = walk.boss.get(&newest.next.expect("another part")).await;
        assert_eq!(oldest, json!([listed[1]]));
        acme.instance
            .execute("UPDATE events SET kind = 'group_updated' WHERE id IN (1, 2)");
        let path = "/untold/1/retell";
        let again = walk.go("POST /untold/{event}/retell", path, None).await;
        assert_eq!(again["retold"], 1);
        eventually("one is told", async || untold(&walk.boss, 1).await).await;
        let again = walk.go("POST /untold/retell", "/untold/retell", None).await;
        assert_eq!(again["retold"], 1);
        eventually("the other is told, too", async || {
            untold(&walk.boss, 0).await
        })
        .await;

        walk.go("DELETE /groups/{group}/grants/{partner}", &grant, None)
            .await;

        // What birch got of it is asked back; it is away and says nothing.
        acme.instance.execute(&format!(
            "INSERT INTO post_hosts (post_id, host, inbox) \
             SELECT id, '{birch}', 'http://{birch}/inbox' FROM posts WHERE group_id = {id} AND parent_id IS NULL"
        ));
        let wish = json!({ "group": "roads", "partner": birch });
        let asked = walk
            .go("POST /retractions", "/retractions", Some(wish))
            .await;
        assert_ne!(asked["posts"], 0, "{asked}");
        let list = walk.go("GET /retractions", "/retractions", None).await;
        assert_eq!(
            list,
            acme.instance.run_json(&["retract", "--outstanding"]).await
        );
        assert!(
            text(&list[0]["stands"]).ends_with("no answer yet"),
            "{list}"
        );
        let path = format!("/retractions/{}/repeat", text(&list[0]["id"]));
        let again = walk
            .go("POST /retractions/{retraction}/repeat", &path, None)
            .await;
        assert_eq!(again["id"], list[0]["id"]);
        walk.go("POST /partners/{partner}/end", &format!("{one}/end"), None)
            .await;
        walk.go(
            "POST /partners/{partner}/block",
            "/partners/cedar.localhost:9/block",
            None,
        )
        .await;

        // The house as a whole.
        let own = walk.go("GET /keys/own", "/keys/own", None).await;
        assert_eq!(own, acme.instance.run_json(&["keys", "show"]).await);
        let rotated = walk
            .go("POST /keys/{name}/rotate", "/keys/roads/rotate", None)
            .await;
        assert_eq!(rotated, json!({ "rotated": ["roads"] }));
        let job = walk.go("POST /keys/rotate", "/keys/rotate", None).await;
        let path = format!("/jobs/{}", text(&job["id"]));
        eventually("all keys are new", async || {
            (walk.boss.get(&path).await["state"] == "done").then_some(())
        })
        .await;
        let path = "/policy/explain?as=eve&on=roads&action=start";
        let explained = walk.go("GET /policy/explain", path, None).await;
        assert_eq!(explained["verdict"], "allowed");
        let usage = walk.go("GET /media/usage", "/media/usage", None).await;
        assert_eq!(usage, acme.instance.run_json(&["media", "usage"]).await);
        let health = walk.go("GET /health", "/health", None).await;
        assert_eq!(health["organization"], "acme");
        let check = walk.go("GET /check", "/check", None).await;
        let said = |name: &str| {
            check
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["name"] == name)
        };
        assert!(
            said("migrations") && said("disk_space") && said("server"),
            "{check}"
        );
        walk.go("DELETE /accounts/{user}", "/accounts/tim", None)
            .await;
        let listed = walk.go("GET /ledger", "/ledger?way=pushed", None).await;
        let list = ["ledger", "list", "--way", "pushed", "--limit", "50"];
        assert_eq!(listed, acme.instance.run_json(&list).await);
        assert_eq!(listed[0]["way"], "pushed");
        let counted = walk
            .go("GET /ledger/summary", "/ledger/summary", None)
            .await;
        let summary = acme.instance.run_json(&["ledger", "summary"]).await;
        assert_eq!(counted, summary);
        for log in ["audit", "ledger"] {
            let path = format!("/{log}/checkpoint");
            let head = walk.go(&format!("GET {path}"), &path, None).await;
            let verified = acme.instance.run_json(&[log, "verify"]).await;
            assert_eq!(head["hash"], verified["hash"], "{log}");
        }
        let lines = walk.go("GET /audit", "/audit?limit=100", None).await;
        let (who, what) = (&lines[0]["who"], &lines[0]["action"]);
        assert_eq!((who, what), (&json!("boss"), &json!("account_erased")));

        assert_eq!(
            walk.walked,
            walk.document.operations(),
            "what is walked, and what there is"
        );
    }
}

#[tokio::test]
async fn long_lists_are_walked_to_their_end() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = world.house("acme");
        let boss = Script::of(acme, "boss", "admin:read admin:write").await;
        for number in 1..=12 {
            let group = json!({ "name": format!("group{number}"), "title": "Another" });
            let made = boss.ask("POST", "/groups", Some(&group)).await;
            assert_eq!(made.status, StatusCode::CREATED);
        }
        let (mut path, mut lines) = ("/audit?limit=5".to_owned(), Vec::new());
        loop {
            let reply = boss.ask("GET", &path, None).await;
            let part = reply.json();
            assert!(part.as_array().unwrap().len() <= 5);
            lines.extend(part.as_array().unwrap().clone());
            match reply.next {
                Some(next) => path = next,
                None => break,
            }
        }
        let all = acme
            .instance
            .run_json(&["audit", "list", "--limit", "10000"])
            .await;
        assert_eq!(Value::Array(lines), all);
        assert!(all.as_array().unwrap().len() > 12);
    }
}

#[tokio::test]
async fn only_an_administrators_token_opens_the_door() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = world.house("acme");
        let ada = world.engineering("acme", "secret", "internal").await;
        let boss = Script::of(acme, "boss", "admin:read admin:write").await;
        let reader = Script::of(acme, "boss", "admin:read").await;
        let member = Script::of(acme, "ada", "admin:read admin:write").await;
        let nobody = Script::without_token(acme);

        // Looking is one scope, changing another, and neither comes with `read write`.
        assert_eq!(reader.get("/groups").await[0]["name"], "engineering");
        let group = json!({ "name": "roads", "title": "Roads" });
        let refused = reader.ask("POST", "/groups", Some(&group)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.text.contains("admin:write"), "{refused:?}");
        let wider = json!({ "scopes": "read write", "client": "more" });
        let refused = boss.ask("POST", "/tokens", Some(&wider)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.json()["field"], "scopes");

        // A browser that is signed in as an administrator has no token.
        let ann = json!({ "name": "ann", "email": "ann@acme.example", "password": PASSWORD, "role": "admin" });
        assert_eq!(boss.ask("POST", "/accounts", Some(&ann)).await.status, 201);
        let mut browser = Person::signed_in(&acme.instance, "ann", PASSWORD).await;
        assert_eq!(browser.go("/admin/queue").await.status, 200);
        assert_eq!(browser.go("/api/admin/v1/health").await.status, 401);

        // Whatever others ask for, whether it is there or not, they are answered the same.
        for script in [&member, &nobody] {
            let mut answers = BTreeMap::new();
            for path in [
                "engineering",
                "absent",
                "engineering/members",
                "absent/members",
                "x%20y",
            ] {
                let reply = script.ask("GET", &format!("/groups/{path}"), None).await;
                answers.entry(format!("{reply:?}")).or_insert(path);
            }
            let elsewhere = script.ask("GET", "/nothing/like/it", None).await;
            answers
                .entry(format!("{elsewhere:?}"))
                .or_insert("elsewhere");
            assert_eq!(answers.len(), 1, "{answers:#?}");
        }

        // An administrator learns that a secret group is there, who owns it and how large it is; not who
        // is in it, nothing of what is said there, and does not get in by administering it.
        let about = boss.get("/groups/engineering").await;
        assert_eq!(
            (&about["owners"], &about["members"]),
            (&json!(["ada"]), &json!(1))
        );
        let id = text(&about["id"]).to_owned();
        let topic = ada.topic(&id, "Plans", "canary").await;
        let same = async |method: &str, hidden: &str, never: &str, body: Option<Value>| {
            let one = boss.ask(method, hidden, body.as_ref()).await;
            let other = boss.ask(method, never, body.as_ref()).await;
            assert_eq!(
                one.status,
                StatusCode::NOT_FOUND,
                "{method} {hidden}: {one:?}"
            );
            assert_eq!(one, other, "{method} {hidden}");
        };
        same(
            "GET",
            "/groups/engineering/members",
            "/groups/absent/members",
            None,
        )
        .await;
        let role = Some(json!({ "role": "member" }));
        let (hidden, never) = (
            "/groups/engineering/members/boss",
            "/groups/absent/members/boss",
        );
        same("PUT", hidden, never, role).await;
        let post = text(&topic["id"]);
        let later = (post.parse::<i64>().unwrap() + (86_400 << 30)).to_string();
        let (hidden, never) = (
            format!("/posts/{post}/lock"),
            format!("/posts/{later}/lock"),
        );
        same("POST", &hidden, &never, None).await;
        let in_by_itself = boss
            .ask("PUT", "/groups/engineering/owners/boss", None)
            .await;
        assert_eq!(
            in_by_itself.status,
            StatusCode::CONFLICT,
            "{in_by_itself:?}"
        );
        let named = boss
            .ask("PUT", "/groups/engineering/owners/ann", None)
            .await;
        assert_eq!(named.json()["owners"].as_array().unwrap().len(), 2);
        let last = boss.get("/audit?limit=1").await;
        assert_eq!(
            (&last[0]["action"], &last[0]["detail"]),
            (&json!("member_added"), &json!("ann to owner"))
        );
        assert!(
            !boss
                .get("/audit?limit=100")
                .await
                .to_string()
                .contains("canary")
        );

        // Who is no administrator any more, or is shut out, is out with the next request.
        let ann = Script::of(acme, "ann", "admin:read").await;
        ann.get("/health").await;
        assert_eq!(
            boss.ask("POST", "/accounts/ann/disable", None).await.status,
            200
        );
        assert_eq!(ann.ask("GET", "/health", None).await.status, 401);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = world.house("acme");
        let boss = Script::of(acme, "boss", "admin:read admin:write").await;
        let good = json!({ "name": "roads", "title": "Roads" });
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        for (body, field) in [
            (with("name", json!("Road Works")), "name"),
            (with("title", json!("")), "title"),
            (with("access", json!("ajar")), "access"),
            (with("acess", json!("open")), "acess"),
            (with("owner", json!("mallory")), "user"),
            (json!({ "name": "roads" }), "title"),
        ] {
            let refused = boss.ask("POST", "/groups", Some(&body)).await;
            assert_eq!(
                refused.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{refused:?}"
            );
            assert_eq!(refused.json()["field"], field, "{refused:?}");
        }
        let refused = boss.ask("GET", "/audit?limit=many", None).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["field"]),
            (422, &json!("limit"))
        );
        for (method, path, body, status) in [
            ("POST", "/groups", Some(("application/json", "{")), 400),
            ("POST", "/groups", Some(("application/json", "{} {}")), 422),
            ("POST", "/groups", Some(("text/plain", "{}")), 415),
            ("DELETE", "/groups", None, 405),
            ("GET", "/nothing", None, 404),
            ("GET", "/accounts/mallory", None, 404),
            ("GET", "/jobs/7x", None, 404),
        ] {
            let body = body.map(|(kind, text): (&str, &str)| (kind, text.to_owned()));
            let refused = boss.send(method, path, body).await;
            assert_eq!(
                refused.status.as_u16(),
                status,
                "{method} {path}: {refused:?}"
            );
            assert!(refused.json()["error"].is_string());
        }
        assert_eq!(boss.ask("POST", "/groups", Some(&good)).await.status, 201);
        let taken = boss.ask("POST", "/groups", Some(&good)).await;
        assert_eq!(taken.status, StatusCode::CONFLICT, "{taken:?}");
    }
}

#[tokio::test]
async fn what_takes_long_goes_on_without_who_asked() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        // Nobody works here, so nothing is done in time.
        world.house_mut("acme").server.take().unwrap().kill().await;
        let acme = world.house("acme");
        let web_only = acme.instance.spawn_with(&["serve", "--workers", "web"]);
        let boss = Script::of(acme, "boss", "admin:read admin:write").await;
        eventually("pages are served", async || {
            let ready = client().get(format!("http://{}/readyz", acme.instance.address()));
            ready
                .send()
                .await
                .ok()
                .filter(|answer| answer.status() == 200)
        })
        .await;
        let reply = boss.ask("POST", "/keys/rotate", None).await;
        assert_eq!(
            (reply.status, &reply.json()["state"]),
            (StatusCode::ACCEPTED, &json!("pending"))
        );
        let job = format!("/jobs/{}", text(&reply.json()["id"]));
        web_only.kill().await;

        let server = acme.instance.serve().await;
        eventually("all keys are new", async || {
            (boss.get(&job).await["state"] == "done").then_some(())
        })
        .await;
        let lines = boss.get("/audit?limit=100").await;
        let rotated = |line: &&Value| line["action"] == "keys_rotated";
        let lines = lines.as_array().unwrap().iter().filter(rotated);
        let mut whose: Vec<&str> = lines.map(|line| text(&line["subject"])).collect();
        whose.sort_unstable();
        assert_eq!(whose, ["actor", "boss"]);
        drop(server);
    }
}
