//! The Mastodon client API against the running program, asked as clients ask.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::requirements::{backends, skip};
use crate::support::world::{Member, World, client, text};

/// An answer with what a client sees of it.
#[derive(Debug, PartialEq, Eq)]
struct Raw {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: String,
}

impl Raw {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    #[track_caller]
    fn refused(&self, status: u16, words: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        let body = self.json();
        assert!(
            text(&body["error"]).contains(words),
            "{body} lacks {words:?}"
        );
    }
}

/// Sends exactly this, with the token unless the headers bring another.
async fn send(
    member: &Member,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Raw {
    let mut request = client()
        .request(method, format!("http://{}{path}", member.address))
        .header("host", &member.host)
        .body(body.to_owned());
    if headers.iter().all(|(name, _)| *name != "authorization") {
        request = request.bearer_auth(&member.token);
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    let named = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    };
    let mut headers: Vec<_> = response.headers().iter().map(named).collect();
    headers.retain(|(name, _)| name != "date");
    headers.sort();
    Raw {
        status: response.status(),
        headers,
        body: response.text().await.expect("a body"),
    }
}

async fn get(member: &Member, path: &str) -> Raw {
    send(member, Method::GET, path, &[], "").await
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn form(member: &Member, path: &str, body: &str) -> Raw {
    send(member, Method::POST, path, &[FORM], body).await
}

/// acme with ada and cy in the group *engineering*, on each database.
async fn worlds(access: &str) -> Vec<World> {
    let mut worlds = Vec::new();
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        world.member("ada@acme").await;
        world.member("cy@acme").await;
        group(&world, "engineering", access).await;
        world
            .house("acme")
            .instance
            .run_json(&["member", "add", "engineering", "cy"])
            .await;
        worlds.push(world);
    }
    worlds
}

async fn group(world: &World, name: &str, access: &str) {
    let arguments = [
        "group", "create", name, "--title", "A Group", "--access", access, "--owner", "ada",
    ];
    world.house("acme").instance.run_json(&arguments).await;
}

#[tokio::test]
async fn a_client_learns_who_it_is_and_whose_server_this_is() {
    for world in worlds("open").await {
        let ada = world.member("ada@acme").await;
        let anybody = [("authorization", "")];

        for path in ["/api/v1/instance", "/api/v1/instance/"] {
            let instance = send(&ada, Method::GET, path, &anybody, "").await.json();
            assert_eq!(instance["uri"], ada.host.as_str());
            assert!(text(&instance["version"]).contains("compatible; Guildhall"));
        }
        let instance = send(&ada, Method::GET, "/api/v2/instance", &anybody, "")
            .await
            .json();
        assert_eq!(instance["domain"], ada.host.as_str());

        let me = get(&ada, "/api/v1/accounts/verify_credentials")
            .await
            .json();
        assert_eq!((text(&me["acct"]), &me["group"]), ("ada", &json!(false)));
        assert_eq!(me["source"]["privacy"], "public");
        let handle = format!("@cy@{}", ada.host);
        let cy = get(&ada, &format!("/api/v1/accounts/lookup?acct={handle}"))
            .await
            .json();
        assert_eq!(cy["username"], "cy");
        let engineering = get(&ada, "/api/v2/search?q=engineering&type=accounts")
            .await
            .json();
        let engineering = &engineering["accounts"][0];
        assert_eq!(engineering["group"], true);
        assert_eq!(engineering["followers_count"], 2);
        let same = get(
            &ada,
            &format!("/api/v1/accounts/{}/", text(&engineering["id"])),
        )
        .await;
        assert_eq!(same.json()["acct"], "engineering");
        for nobody in ["nobody", "nobody@elsewhere.example", "%00", ""] {
            let found = get(&ada, &format!("/api/v2/search?type=accounts&q={nobody}")).await;
            assert_eq!(found.json()["accounts"], json!([]), "{nobody}");
            let found = get(&ada, &format!("/api/v1/accounts/lookup?acct={nobody}")).await;
            found.refused(404, "Record not found");
        }
    }
}

#[tokio::test]
async fn browsers_may_ask_from_anywhere_and_need_a_token() {
    for world in worlds("open").await {
        let ada = world.member("ada@acme").await;
        let home = "/api/v1/timelines/home";
        let ask = [
            ("authorization", ""),
            ("origin", "https://phanpy.social"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization,x-more"),
        ];
        let told = send(&ada, Method::OPTIONS, home, &ask, "").await;
        assert_eq!(told.status, 200);
        assert_eq!(told.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            told.header("access-control-allow-headers"),
            Some("authorization,x-more")
        );

        for bad in ["", "Bearer wrong", "Basic abc"] {
            let headers = [("authorization", bad), ("origin", "https://phanpy.social")];
            let refused = send(&ada, Method::GET, home, &headers, "").await;
            refused.refused(401, "access token is invalid");
            assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
        }
        get(&ada, "/api/v1/lists")
            .await
            .refused(404, "does not offer");
        form(&ada, home, "").await.refused(405, "method");
    }
}

#[tokio::test]
async fn a_topic_is_written_answered_changed_and_taken_back() {
    for world in worlds("closed").await {
        let (ada, cy) = (
            world.member("ada@acme").await,
            world.member("cy@acme").await,
        );
        let mentioned = form(
            &ada,
            "/api/v1/statuses",
            "status=@engineering+Bridge+%3Copens%3E%0AOn+**Monday**.&sensitive=0&media_ids[]=",
        )
        .await;
        let topic = mentioned.json();
        assert_eq!(mentioned.status, 200, "{topic}");
        let id = text(&topic["id"]).to_owned();
        assert_eq!(
            topic["content"],
            "<p><strong>Bridge &lt;opens&gt;</strong></p><p>On <strong>Monday</strong>.</p>\n"
        );
        assert_eq!(
            (text(&topic["title"]), text(&topic["visibility"])),
            ("Bridge <opens>", "private")
        );
        assert_eq!(topic["group"]["acct"], "engineering");
        assert_eq!(topic["in_reply_to_id"], Value::Null);
        let created = text(&topic["created_at"]);
        assert_eq!(
            (created.len(), created.ends_with('Z')),
            (24, true),
            "{created}"
        );

        let multipart = format!(
            "--x\r\ncontent-disposition: form-data; name=\"status\"\r\n\r\nAt last\r\n\
             --x\r\ncontent-disposition: form-data; name=\"in_reply_to_id\"\r\n\r\n{id}\r\n--x--\r\n"
        );
        let kind = ("content-type", "multipart/form-data; boundary=x");
        let comment = send(&cy, Method::POST, "/api/v1/statuses/", &[kind], &multipart)
            .await
            .json();
        let comment_id = text(&comment["id"]).to_owned();
        assert_eq!(comment["in_reply_to_id"], id.as_str());
        assert_eq!(comment["in_reply_to_account_id"], topic["account"]["id"]);
        let answer = ada.reply(&comment_id, "Indeed").await;
        let other = cy.reply(&id, "When exactly?").await;
        assert_eq!(
            (answer.status, other.status),
            (StatusCode::OK, StatusCode::OK)
        );

        let around = get(&cy, &format!("/api/v1/statuses/{comment_id}/context"))
            .await
            .json();
        assert_eq!(around["ancestors"][0]["id"], id.as_str());
        assert_eq!(around["descendants"][0]["id"], answer.body["id"]);
        let below = ada.comments(&id).await;
        let order: Vec<&str> = below.iter().map(|status| text(&status["id"])).collect();
        assert_eq!(
            order,
            [
                &*comment_id,
                text(&answer.body["id"]),
                text(&other.body["id"])
            ]
        );
        assert_eq!(below[0]["replies_count"], 1);

        let liked = cy.like(&id).await.body;
        cy.like(&id).await;
        assert_eq!(
            (&liked["favourited"], &liked["favourites_count"]),
            (&json!(true), &json!(1))
        );
        let seen = get(&ada, &format!("/api/v1/statuses/{id}")).await.json();
        assert_eq!(
            (&seen["favourited"], &seen["favourites_count"]),
            (&json!(false), &json!(1))
        );
        assert_eq!(seen["replies_count"], 3);
        assert_eq!(cy.unlike(&id).await.body["favourites_count"], 0);

        let path = format!("/api/v1/statuses/{id}");
        let source = get(&ada, &format!("{path}/source")).await.json();
        assert_eq!(
            source["text"],
            "Bridge <opens> @engineering\n\nOn **Monday**."
        );
        let text_now = text(&source["text"]).replace("Monday", "Tuesday");
        let changed = ada.put(&path, json!({ "status": text_now })).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        assert_eq!(changed.body["title"], "Bridge <opens>");
        assert!(text(&changed.body["content"]).contains("Tuesday"));
        assert!(changed.body["edited_at"].is_string());
        let versions = get(&cy, &format!("{path}/history")).await.json();
        assert!(
            text(&versions[0]["content"]).contains("Monday"),
            "{versions}"
        );
        assert!(
            text(&versions[1]["content"]).contains("Tuesday"),
            "{versions}"
        );
        assert_eq!(versions[0]["created_at"], topic["created_at"]);
        assert_eq!(versions[1]["created_at"], changed.body["edited_at"]);
        assert_eq!(
            cy.put(&path, json!({ "status": "Mine" })).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(cy.delete(&path).await.status, StatusCode::FORBIDDEN);

        let deleted = ada.delete(&path).await;
        assert_eq!(
            deleted.body["text"],
            "Bridge <opens> @engineering\n\nOn **Tuesday**."
        );
        get(&ada, &path).await.refused(404, "Record not found");
        assert_eq!(ada.delete(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(cy.home().await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn groups_are_joined_by_following_them() {
    for world in worlds("open").await {
        let (ada, bea) = (
            world.member("ada@acme").await,
            world.member("bea@acme").await,
        );
        group(&world, "board", "closed").await;
        let (open, closed) = (bea.find("engineering").await, bea.find("board").await);
        let topic = ada.topic(&open, "First", "").await;
        assert_eq!(bea.home().await, Vec::<Value>::new());

        let joined = bea
            .post(
                &format!("/api/v1/accounts/{open}/follow"),
                json!({ "reblogs": true }),
            )
            .await;
        let asked = bea
            .post(&format!("/api/v1/accounts/{closed}/follow"), json!({}))
            .await;
        assert_eq!(
            (&joined.body["following"], &joined.body["requested"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&asked.body["following"], &asked.body["requested"]),
            (&json!(false), &json!(true))
        );
        let list = format!("/api/v1/accounts/relationships?id[]={open}&id[]={closed}&id[]=5");
        assert_eq!(
            get(&bea, &list).await.json(),
            json!([joined.body, asked.body])
        );
        assert_eq!(bea.home().await[0]["id"], topic["id"]);
        let topics = get(&bea, &format!("/api/v1/accounts/{open}/statuses"))
            .await
            .json();
        assert_eq!(
            (&topics[0]["id"], &topics[0]["title"]),
            (&topic["id"], &json!("First"))
        );
        let path = format!(
            "/api/v1/accounts/{}/statuses",
            text(&topic["account"]["id"])
        );
        assert_eq!(get(&bea, &path).await.json()[0]["id"], topic["id"]);

        let left = bea
            .post(&format!("/api/v1/accounts/{open}/unfollow"), json!({}))
            .await;
        let again = bea
            .post(&format!("/api/v1/accounts/{open}/unfollow"), json!({}))
            .await;
        assert_eq!(
            (left.status, again.status),
            (StatusCode::OK, StatusCode::OK)
        );
        assert_eq!(left.body["following"], false);
        assert_eq!(bea.home().await, Vec::<Value>::new());
        let last_owner = ada
            .post(&format!("/api/v1/accounts/{open}/unfollow"), json!({}))
            .await;
        assert_eq!(
            last_owner.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{last_owner:?}"
        );
        // Colleagues are followed at once.
        let person = format!("/api/v1/accounts/{}", ada.find("cy").await);
        let followed = ada.post(&format!("{person}/follow"), json!({})).await;
        assert_eq!(followed.body["following"], true, "{followed:?}");
        let following = ada.get("/api/v1/accounts/verify_credentials").await;
        let own = format!("/api/v1/accounts/{}", text(&following.body["id"]));
        let list = ada.get(&format!("{own}/following")).await;
        assert_eq!(list.body[0]["username"], "cy", "{list:?}");
        let hidden = bea.get(&format!("{own}/following")).await;
        assert_eq!(hidden.body, json!([]), "nobody is shown another's list");
    }
}

#[tokio::test]
async fn home_is_walked_page_by_page() {
    for world in worlds("closed").await {
        let ada = world.member("ada@acme").await;
        let group = ada.find("engineering").await;
        let mut ids = Vec::new();
        for number in 0..5 {
            let topic = ada.topic(&group, &format!("Topic {number}"), "").await;
            ids.push(text(&topic["id"]).to_owned());
        }
        ids.reverse();
        let page = async |path: &str| {
            let page = get(&ada, path).await;
            let list = page.json();
            let statuses = list.as_array().expect("a list").iter();
            let ids: Vec<String> = statuses
                .map(|status| text(&status["id"]).to_owned())
                .collect();
            (ids, page.header("link").unwrap_or_default().to_owned())
        };

        let mut walked = Vec::new();
        let mut path = "/api/v1/timelines/home?limit=2".to_owned();
        loop {
            let (page, link) = page(&path).await;
            walked.extend(page);
            let first = link.split(", ").next().expect("a link");
            let Some(next) = first.strip_suffix("; rel=\"next\"") else {
                break;
            };
            let next = next.trim_matches(['<', '>']);
            path = next
                .strip_prefix(&ada.origin)
                .expect("our address")
                .to_owned();
        }
        assert_eq!(walked, ids);

        let after = |name: &str| format!("/api/v1/timelines/home?limit=2&{name}={}", ids[4]);
        assert_eq!(page(&after("since_id")).await.0, ids[0..2]);
        assert_eq!(page(&after("min_id")).await.0, ids[2..4]);
        assert_eq!(page("/api/v1/timelines/home/?limit=100").await.0, ids);
        get(&ada, "/api/v1/timelines/home?max_id=x")
            .await
            .refused(422, "not a number");
    }
}

#[tokio::test]
async fn what_is_hidden_is_answered_like_what_never_was() {
    for world in worlds("secret").await {
        let ada = world.member("ada@acme").await;
        let group = ada.find("engineering").await;
        let topic = ada.topic(&group, "Merger", "Not a word.").await;
        let topic = text(&topic["id"]);
        let (boss, bea) = (
            world.member("boss@acme").await,
            world.member("bea@acme").await,
        );
        let anybody = [("authorization", "")];

        for outsider in [&boss, &bea] {
            for (hidden, unknown, method, path) in [
                (topic, "77", Method::GET, "/api/v1/statuses/ID"),
                (topic, "none", Method::GET, "/api/v1/statuses/ID"),
                (topic, "77", Method::GET, "/api/v1/statuses/ID/context"),
                (topic, "77", Method::GET, "/api/v1/statuses/ID/history"),
                (topic, "77", Method::GET, "/api/v1/statuses/ID/source"),
                (topic, "77", Method::GET, "/api/v1/polls/ID"),
                (topic, "none", Method::GET, "/api/v1/polls/ID"),
                (
                    topic,
                    "77",
                    Method::POST,
                    "/api/v1/polls/ID/votes?choices[]=0",
                ),
                (topic, "77", Method::POST, "/api/v1/statuses/ID/favourite"),
                (topic, "77", Method::POST, "/api/v1/statuses/ID/unfavourite"),
                (topic, "77", Method::PUT, "/api/v1/statuses/ID?status=x"),
                (topic, "77", Method::DELETE, "/api/v1/statuses/ID"),
                (
                    topic,
                    "77",
                    Method::POST,
                    "/api/v1/statuses?status=x&in_reply_to_id=ID",
                ),
                (
                    &*group,
                    "77",
                    Method::POST,
                    "/api/v1/statuses?status=x&group_id=ID",
                ),
                (&*group, "77", Method::GET, "/api/v1/accounts/ID"),
                (&*group, "77", Method::GET, "/api/v1/accounts/ID/statuses"),
                (
                    &*group,
                    "77",
                    Method::GET,
                    "/api/v1/accounts/relationships?id[]=ID",
                ),
                (&*group, "77", Method::POST, "/api/v1/accounts/ID/follow"),
                (
                    "engineering",
                    "nothing",
                    Method::GET,
                    "/api/v1/accounts/lookup?acct=ID",
                ),
                (
                    "engineering",
                    "nothing",
                    Method::GET,
                    "/api/v2/search?resolve=true&q=ID",
                ),
                (
                    "engineering",
                    "nothing",
                    Method::POST,
                    "/api/v1/statuses?status=Hello+@ID",
                ),
            ] {
                let ask = |id: &str| path.replace("ID", id);
                let one = send(outsider, method.clone(), &ask(hidden), &[], "").await;
                let other = send(outsider, method.clone(), &ask(unknown), &[], "").await;
                assert_eq!(one, other, "{method} {path}");
                assert!(!one.body.contains("Merger"), "{one:?}");
            }
            assert_eq!(outsider.home().await, Vec::<Value>::new());
        }
        for path in [
            format!("/api/v1/statuses/{topic}"),
            format!("/api/v1/accounts/{group}"),
        ] {
            send(&bea, Method::GET, &path, &anybody, "")
                .await
                .refused(404, "Record not found");
        }
    }
}

#[tokio::test]
async fn what_is_public_is_read_without_a_token() {
    for world in worlds("open").await {
        let ada = world.member("ada@acme").await;
        let group = ada.find("engineering").await;
        let topic = ada.topic(&group, "Open day", "Come in.").await;
        let anybody = [("authorization", "")];
        let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
        send(&ada, Method::GET, &path, &anybody, "")
            .await
            .refused(404, "Record not found");

        let acme = &world.house("acme").instance;
        acme.run_json(&["group", "stage", "engineering", "public"])
            .await;

        let seen = send(&ada, Method::GET, &path, &anybody, "").await.json();
        assert_eq!(seen["visibility"], "public", "{seen}");
        let account = send(
            &ada,
            Method::GET,
            &format!("/api/v1/accounts/{group}"),
            &anybody,
            "",
        )
        .await;
        let account = account.json();
        // Who is a member is not for the public, nor how many.
        assert_eq!(
            (&account["statuses_count"], &account["followers_count"]),
            (&json!(1), &json!(0))
        );
        let author = format!("/api/v1/accounts/{}", text(&topic["account"]["id"]));
        send(&ada, Method::GET, &author, &anybody, "")
            .await
            .refused(404, "Record not found");
        let narrower = format!("status=Hello&group_id={group}&visibility=private");
        form(&ada, "/api/v1/statuses", &narrower)
            .await
            .refused(422, "this group is public");
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_only() {
    for world in worlds("open").await {
        let ada = world.member("ada@acme").await;
        let group = ada.find("engineering").await;
        let limited = async |scopes: &str| {
            let made = ["token", "create", "ada", "--scopes", scopes];
            let made = world.house("acme").instance.run_json(&made).await;
            format!("Bearer {}", text(&made["access_token"]))
        };
        let (reader, profile) = (limited("read").await, limited("profile").await);
        let follower = limited("follow read:statuses").await;
        let follow = format!("/api/v1/accounts/{group}/follow");
        let post = format!("/api/v1/statuses?status=Hello&group_id={group}");
        let me = "/api/v1/accounts/verify_credentials";
        let home = "/api/v1/timelines/home";
        for (token, method, path, status) in [
            (&reader, Method::GET, home, 200),
            (&reader, Method::GET, me, 200),
            (&reader, Method::POST, &*post, 403),
            (&reader, Method::POST, &*follow, 403),
            (&profile, Method::GET, me, 200),
            (&profile, Method::GET, home, 403),
            (&follower, Method::POST, &*follow, 200),
            (&follower, Method::GET, home, 200),
            (&follower, Method::POST, &*post, 403),
            (&follower, Method::GET, me, 403),
        ] {
            let answer = send(&ada, method, path, &[("authorization", token)], "").await;
            assert_eq!(answer.status.as_u16(), status, "{path} {answer:?}");
            if status == 403 {
                answer.refused(403, "outside the authorized scopes");
            }
        }
    }
}

#[tokio::test]
async fn asking_twice_with_one_key_writes_once() {
    for world in worlds("open").await {
        let ada = world.member("ada@acme").await;
        let group = ada.find("engineering").await;
        let path = format!("/api/v1/statuses?group_id={group}");
        let body = json!({ "status": "Once", "media_ids": [], "language": null }).to_string();
        let kind = ("content-type", "application/json");
        let ask = async |key: &str| {
            let headers = [kind, ("idempotency-key", key)];
            send(&ada, Method::POST, &path, &headers, &body)
                .await
                .json()["id"]
                .clone()
        };

        let (one, other, third) = tokio::join!(ask("a"), ask("a"), ask("a"));

        assert_eq!((&one, &one), (&other, &third));
        assert_eq!(ask("a").await, one);
        assert_ne!(ask("b").await, one);
        assert_eq!(ada.home().await.len(), 2);
        let long = "k".repeat(300);
        let headers = [kind, ("idempotency-key", &long)];
        send(&ada, Method::POST, &path, &headers, &body)
            .await
            .refused(422, "longer than 255 bytes");
    }
}

#[tokio::test]
async fn what_is_not_there_yet_is_refused_in_a_sentence() {
    for world in worlds("open").await {
        let ada = world.member("ada@acme").await;
        group(&world, "roads", "open").await;
        let title = "x".repeat(201);
        for (body, words) in [
            ("status=Hello+@nobody+@cy", "mention one group"),
            ("status=Hello+@engineering+@roads", "only one"),
            (
                "status=Hello+@engineering&visibility=direct",
                "direct messages are not available yet",
            ),
            (
                "status=Hello+@engineering&visibility=secret",
                "no visibility",
            ),
            ("status=Hello+@engineering&media_ids[]=7", "attachments"),
            (
                "status=Hello+@engineering&poll[options][]=a",
                "has 1 options",
            ),
            (
                "status=Hello+@engineering&spoiler_text=Careful",
                "content warnings",
            ),
            ("status=Hello+@engineering&scheduled_at=2030-01-01", "later"),
            ("status=@engineering", "title"),
            (
                &*format!("status={title}+@engineering"),
                "the first line of the text is the topic's title",
            ),
        ] {
            form(&ada, "/api/v1/statuses", body)
                .await
                .refused(422, words);
        }
        let kind = [("content-type", "application/json")];
        send(&ada, Method::POST, "/api/v1/statuses", &kind, "{")
            .await
            .refused(400, "cannot be read");
        let kind = [("content-type", "text/plain")];
        send(&ada, Method::POST, "/api/v1/statuses", &kind, "hi")
            .await
            .refused(415, "form");
        let long = "x".repeat(300_000);
        form(&ada, "/api/v1/statuses", &long)
            .await
            .refused(413, "larger");
        get(&ada, "/api/v2/search?q=bridge&type=statuses")
            .await
            .refused(422, "type=accounts");
        assert_eq!(ada.home().await, Vec::<Value>::new());
    }
}

/// Mastodon.py, unchanged, through the whole of what is there.
#[tokio::test]
async fn the_client_mastodon_py_works_unchanged() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/mastodon_py");
    let run = async |program: &str, arguments: &[&str]| {
        tokio::process::Command::new(format!("{folder}/{program}"))
            .args(arguments)
            .kill_on_drop(true)
            .output()
            .await
            .expect("a script that can be run")
    };
    let installed = run("install.sh", &[]).await;
    if !installed.status.success() {
        let why = String::from_utf8_lossy(&installed.stderr).into_owned();
        skip(
            "clients",
            &format!("Mastodon.py cannot be installed: {why}"),
        );
        return;
    }
    let python = String::from_utf8_lossy(&installed.stdout).trim().to_owned();
    for world in worlds("closed").await {
        let (ada, cy) = (
            world.member("ada@acme").await,
            world.member("cy@acme").await,
        );
        let origin = format!("http://{}", ada.address);

        let driven = run("drive.sh", &[&python, &origin, &ada.token, &cy.token]).await;

        let said = String::from_utf8_lossy(&driven.stderr);
        assert!(driven.status.success(), "{said}");
    }
}
