//! What is hidden from colleagues: by passing it on (A28, A29), searching (A32), being put out (A34), being
//! named (A35), logs (A36), lists of one's own (A37), other people's numbers (A38); and what stands between
//! a partner and everybody else: caches (A39) and names that look alike (A72).

use std::time::{Duration, Instant};

use guildhall::domain::{OrgRole, Post};
use guildhall::policy::Viewer;
use guildhall::services::{memberships, posts, reports};
use serde_json::{Value, json};

use super::fixture::{Fixture, Person, on_both, picture};
use crate::support::files::upload;
use crate::support::forge::{Forged, Letter, Reply};
use crate::support::peer::unique;

/// Somebody's client asks.
async fn ask(
    fixture: &Fixture,
    who: &Person,
    method: &'static str,
    target: &str,
    body: Option<Value>,
) -> Reply {
    let asked = Forged::plain(method, &fixture.host(), target)
        .with("Authorization", &format!("Bearer {}", who.token));
    let asked = match body {
        None => asked,
        Some(body) => {
            let bytes = body.to_string().into_bytes();
            asked
                .with("Content-Type", "application/json")
                .with("Content-Length", &bytes.len().to_string())
                .with_body(bytes)
        }
    };
    fixture.send(&asked).await
}

async fn get(fixture: &Fixture, who: &Person, target: &str) -> Reply {
    ask(fixture, who, "GET", target, None).await
}

/// A page, as somebody's browser sees it.
async fn page(fixture: &Fixture, who: &Person, target: &str) -> Reply {
    let asked = Forged::plain("GET", &fixture.host(), target)
        .with("Cookie", &who.cookie)
        .with("Accept", "text/html");
    fixture.send(&asked).await
}

/// All that can be told from an answer, but the time it was given.
fn telling(mut reply: Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    reply.headers.retain(|(name, _)| name != "date");
    reply.headers.sort();
    (reply.status, reply.headers, reply.body)
}

/// The path of something of ours.
fn path_of<'a>(fixture: &Fixture, post: &'a Post) -> &'a str {
    let origin = fixture.url("");
    post.uri.as_str().strip_prefix(&origin).expect("ours")
}

/// A number of the same kind that is not in use.
fn never(id: i64) -> i64 {
    id + (86_400 << 30)
}

#[tokio::test]
async fn a28_what_is_secret_is_not_carried_into_another_group() {
    on_both(async |fixture| {
        let secret = &fixture.secret_topic;
        let watch = fixture.watch().await;
        // Only what is for everybody is passed on, and there is no door for quoting.
        for (what, status) in [("reblog", 403), ("pin", 404)] {
            let target = format!("/api/v1/statuses/{}/{what}", secret.id);
            let reply = ask(fixture, &fixture.ann, "POST", &target, Some(json!({}))).await;
            assert_eq!(reply.status, status, "{what}: {}", reply.text());
        }
        for field in ["quoted_status_id", "quote_id"] {
            let body = json!({
                "group_id": fixture.shared.id.to_string(), "title": "Look", "status": "at this",
                field: secret.id.to_string(),
            });
            let reply = ask(
                fixture,
                &fixture.ann,
                "POST",
                "/api/v1/statuses",
                Some(body),
            )
            .await;
            assert_eq!(reply.status, 422, "{field}: {}", reply.text());
        }
        // A comment stands where what it answers stands, whatever group is said besides.
        let body = json!({
            "group_id": fixture.shared.id.to_string(), "in_reply_to_id": secret.id.to_string(),
            "visibility": "public", "status": "Everybody look.",
        });
        let reply = ask(
            fixture,
            &fixture.ann,
            "POST",
            "/api/v1/statuses",
            Some(body),
        )
        .await;
        assert!(
            reply.status == 422 || reply.status == 200,
            "{}",
            reply.text()
        );
        if reply.status == 422 {
            watch.left_alone("passing on, quoting, cross-posting").await;
        }

        // Its address may be written down; nothing of what stands there goes with it.
        let [p, ..] = fixture.traffic();
        let text = format!("See {}", secret.uri);
        let told = fixture.post("An address", &text).await;
        fixture.settle().await;
        let mail = fixture.p.mail_since(p);
        let heard: Vec<String> = mail.iter().map(|mail| mail.json().to_string()).collect();
        assert!(
            heard.iter().any(|one| one.contains(told.uri.as_str())),
            "{heard:?}"
        );
        assert!(
            !heard.iter().any(|one| one.contains(&fixture.canary)),
            "{heard:?}"
        );
        let shown = page(fixture, &fixture.bob, path_of(fixture, &told)).await;
        assert_eq!(shown.status, 200);
        assert!(!shown.text().contains(&fixture.canary), "{}", shown.text());
    })
    .await;
}

#[tokio::test]
async fn a29_an_answer_to_what_is_secret_is_one_to_nothing() {
    on_both(async |fixture| {
        for post in [&fixture.secret_topic, &fixture.secret_comment] {
            let watch = fixture.watch().await;
            let answer = async |parent: i64| {
                let body = json!({ "in_reply_to_id": parent.to_string(), "status": "And?" });
                ask(
                    fixture,
                    &fixture.bob,
                    "POST",
                    "/api/v1/statuses",
                    Some(body),
                )
                .await
            };
            let (hidden, never) = (answer(post.id.0).await, answer(never(post.id.0)).await);
            assert_eq!(hidden.status, 404, "{}", hidden.text());
            assert!(!hidden.text().contains(&fixture.canary));
            assert_eq!(telling(hidden), telling(never));
            watch.left_alone("an answer to what is secret").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a32_who_searches_finds_nothing_of_what_is_hidden() {
    on_both(async |fixture| {
        let canary = fixture.canary.clone();
        let queries = [
            canary.clone(),
            canary[..8].to_owned(),
            format!("{}%25", &canary[..8]),
            "Plans".to_owned(),
            "secret".to_owned(),
            "author:ann".to_owned(),
            "%23plans".to_owned(),
            fixture.secret_topic.uri.to_string(),
            fixture.secret.actor.uri.to_string(),
        ];
        for who in [&fixture.out, &fixture.bob] {
            for query in &queries {
                for kind in ["", "&type=accounts", "&type=statuses", "&type=hashtags"] {
                    let target = format!("/api/v2/search?q={query}{kind}&resolve=true");
                    let text = get(fixture, who, &target).await.text();
                    assert!(!text.contains(&canary), "{target}: {text}");
                    assert!(!text.contains("/g/secret"), "{target}: {text}");
                }
                let found = page(fixture, who, &format!("/find?q={query}")).await;
                // What was asked for is shown in the field again.
                let text = found.text().replace(query.as_str(), "");
                assert!(!text.contains(&canary), "{query}: {text}");
            }
        }
        // One more of it changes no count that they see.
        let before = get(fixture, &fixture.out, "/api/v2/instance").await;
        let numbers = get(fixture, &fixture.out, "/api/v1/instance").await;
        fixture
            .post_in(&fixture.secret, &format!("More {canary}"), &canary)
            .await;
        let after = get(fixture, &fixture.out, "/api/v2/instance").await;
        assert_eq!(telling(after), telling(before));
        let later = get(fixture, &fixture.out, "/api/v1/instance").await;
        assert_eq!(telling(later), telling(numbers));
    })
    .await;
}

#[tokio::test]
async fn a34_who_is_put_out_reads_nothing_a_second_later() {
    on_both(async |fixture| {
        let name = format!("m{}", unique());
        let role = OrgRole::Member;
        let mole = fixture.somebody(&name, role).await;
        let actor = mole.account.actor.id;
        fixture.add(&fixture.secret, actor).await;
        let status = format!("/api/v1/statuses/{}", fixture.secret_topic.id);
        assert_eq!(get(fixture, &mole, &status).await.status, 200);
        let (_, media) = picture(&fixture.app, &fixture.ann, fixture.secret.id).await;
        let file = get(fixture, &mole, &format!("/api/v1/media/{media}")).await;
        assert_eq!(file.status, 404, "only its owner asks for an upload");

        let out = memberships::Decision::Remove;
        let (group, boss) = (fixture.secret.id, Viewer::Operator);
        memberships::decide(&fixture.app, boss, group, actor, out)
            .await
            .expect("put out");
        let put_out = Instant::now();
        let later = fixture
            .post_in(&fixture.secret, &format!("Later {}", fixture.canary), "x")
            .await;
        for id in [fixture.secret_topic.id.0, later.id.0] {
            let target = |id: i64| format!("/api/v1/statuses/{id}");
            let hidden = get(fixture, &mole, &target(id)).await;
            let never = get(fixture, &mole, &target(never(id))).await;
            assert_eq!(hidden.status, 404, "{}", hidden.text());
            assert_eq!(telling(hidden), telling(never));
            let hidden = page(fixture, &mole, &format!("/p/{id}")).await;
            assert_eq!(hidden.status, 404);
        }
        let mut seen = String::new();
        for target in ["/api/v1/timelines/home", "/api/v1/accounts/relationships"] {
            seen += &get(fixture, &mole, target).await.text();
        }
        for target in ["/", "/groups", "/settings/posts"] {
            seen += &page(fixture, &mole, target).await.text();
        }
        assert!(
            put_out.elapsed() < Duration::from_secs(1),
            "{:?}",
            put_out.elapsed()
        );
        assert!(!seen.contains(&fixture.canary), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a35_who_is_named_where_they_are_not_hears_nothing_of_it() {
    on_both(async |fixture| {
        let seen = async || {
            let mut seen = Vec::new();
            for target in ["/api/v1/timelines/home", "/api/v1/follow_requests"] {
                seen.push(telling(get(fixture, &fixture.bob, target).await));
            }
            for target in ["/", "/groups", "/g/shared", "/settings/posts"] {
                let mut page = page(fixture, &fixture.bob, target).await;
                // Forms carry a token of the moment.
                let text = page.text();
                let stable = text.split("name=\"csrf\" value=\"").enumerate();
                let stable = stable.map(|(number, part)| match number {
                    0 => part,
                    _ => part.split_once('"').map_or("", |(_, rest)| rest),
                });
                page.body = stable.collect::<String>().into_bytes();
                page.headers.retain(|(name, _)| name != "content-length");
                seen.push(telling(page));
            }
            seen
        };
        let before = seen().await;
        let [p, q, e] = fixture.traffic();
        let text = format!(
            "@bob @bob@{} should not know. {}",
            fixture.host(),
            fixture.canary
        );
        fixture.post_in(&fixture.secret, "About bob", &text).await;
        fixture.settle().await;
        assert_eq!(seen().await, before);
        assert_eq!(
            fixture.traffic(),
            [p, q, e],
            "somebody elsewhere heard of it"
        );
    })
    .await;
}

#[tokio::test]
async fn a36_logs_and_numbers_say_nothing_of_what_is_secret() {
    on_both(async |fixture| {
        let title = format!("Reported {}", fixture.canary);
        let post = fixture.post_in(&fixture.secret, &title, "x").await;
        let comment = format!("Improper: {}", fixture.canary);
        let viewer = fixture.ann.viewer();
        let (about, text) = (vec![post.id], comment.parse().expect("a text"));
        let reported = reports::create(&fixture.app, viewer, None, about, text, false).await;
        reported.expect("members report");
        let reason = format!("Because {}", fixture.canary);
        let reason = reason.parse().expect("a reason");
        posts::remove(&fixture.app, Viewer::Operator, post.id, reason)
            .await
            .expect("it is removed");
        for who in [&fixture.bob, &fixture.out] {
            for target in [
                "/g/secret/reports",
                "/g/secret/held",
                "/g/secret/members",
                "/g/secret/settings",
                "/admin/audit",
                "/admin/ledger",
                "/admin/held",
                "/admin/users",
                "/admin/stops",
                "/admin/review",
            ] {
                let reply = page(fixture, who, target).await;
                assert_eq!(reply.status, 404, "{target}");
                assert!(!reply.text().contains(&fixture.canary), "{target}");
            }
            for target in [
                "reports",
                "audit",
                "ledger",
                "ledger/summary",
                "health",
                "groups",
            ] {
                let target = format!("/api/admin/v1/{target}");
                let reply = get(fixture, who, &target).await;
                assert!(
                    matches!(reply.status, 401 | 403 | 404),
                    "{target}: {}",
                    reply.status
                );
                assert!(!reply.text().contains(&fixture.canary), "{target}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a37_who_left_keeps_their_own_words_and_nobody_elses() {
    on_both(async |fixture| {
        let role = OrgRole::Member;
        let leaver = fixture.somebody(&format!("l{}", unique()), role).await;
        let group = fixture.new_group().await;
        let actor = leaver.account.actor.id;
        fixture.add(&group, actor).await;
        let canary = format!("kept{}", unique());
        let topic = fixture
            .post_in(&group, &format!("Ours {canary}"), &canary)
            .await;
        let like = format!("/api/v1/statuses/{}/favourite", topic.id);
        let liked = ask(fixture, &leaver, "POST", &like, Some(json!({}))).await;
        assert_eq!(liked.status, 200, "{}", liked.text());
        let body = json!({ "in_reply_to_id": topic.id.to_string(), "status": "My own words." });
        let said = ask(fixture, &leaver, "POST", "/api/v1/statuses", Some(body)).await;
        assert_eq!(said.status, 200, "{}", said.text());
        memberships::leave(&fixture.app, leaver.viewer(), group.id)
            .await
            .expect("anybody may leave");

        let own = page(fixture, &leaver, "/settings/posts").await.text();
        assert!(
            own.contains("My own words."),
            "one takes back what one wrote: {own}"
        );
        let mut seen = own;
        for target in ["/", "/u/ann"] {
            seen += &page(fixture, &leaver, target).await.text();
        }
        let ann = fixture.ann.account.actor.id;
        for target in [
            "/api/v1/timelines/home".to_owned(),
            "/api/v1/favourites".to_owned(),
            "/api/v1/bookmarks".to_owned(),
            format!("/api/v1/accounts/{ann}/statuses"),
            format!("/api/v1/accounts/{actor}/statuses"),
        ] {
            let text = get(fixture, &leaver, &target).await.text();
            assert!(!text.contains(&canary), "{target}: {text}");
        }
        assert!(!seen.contains(&canary), "{seen}");

        // What the author shows of herself to who is in nothing.
        for target in [
            format!("/api/v1/accounts/{ann}/statuses"),
            format!("/api/v1/accounts/{ann}"),
        ] {
            let text = get(fixture, &fixture.out, &target).await.text();
            assert!(
                !text.contains(&canary) && !text.contains(&fixture.canary),
                "{text}"
            );
        }
        let shown = page(fixture, &fixture.out, "/u/ann").await.text();
        assert!(
            !shown.contains(&canary) && !shown.contains(&fixture.canary),
            "{shown}"
        );
    })
    .await;
}

#[tokio::test]
async fn a38_other_peoples_numbers_are_nobodys() {
    on_both(async |fixture| {
        let bytes = crate::support::files::png(40, 40, 5);
        let sent = upload(
            &fixture.host(),
            &fixture.ann.token,
            "a.png",
            "image/png",
            &bytes,
            "",
        );
        let sent = fixture.send(&sent).await;
        let sent: Value = serde_json::from_slice(&sent.body).expect("JSON");
        let id: i64 = sent["id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a number");
        let watch = fixture.watch().await;
        for near in [id - 50, id - 1, id, id + 1, id + 50] {
            let target = format!("/api/v1/media/{near}");
            for (method, body) in [
                ("GET", None),
                ("PUT", Some(json!({ "description": "mine" }))),
            ] {
                let theirs = ask(fixture, &fixture.out, method, &target, body.clone()).await;
                let target = format!("/api/v1/media/{}", never(id));
                let none = ask(fixture, &fixture.out, method, &target, body).await;
                assert_eq!(theirs.status, 404, "{method} {near}: {}", theirs.text());
                assert_eq!(telling(theirs), telling(none), "{method} {near}");
            }
            let body = |id: i64| {
                json!({ "group_id": fixture.shared.id.to_string(), "title": "Mine", "status": "x",
                    "media_ids": [id.to_string()] })
            };
            let with_theirs = body(near);
            let used = ask(
                fixture,
                &fixture.bob,
                "POST",
                "/api/v1/statuses",
                Some(with_theirs),
            )
            .await;
            let with_none = body(never(id));
            let none = ask(
                fixture,
                &fixture.bob,
                "POST",
                "/api/v1/statuses",
                Some(with_none),
            )
            .await;
            assert!(
                used.status == 404 || used.status == 422,
                "{near}: {}",
                used.text()
            );
            assert_eq!(telling(used), telling(none), "{near}");
        }
        // There is no export, import, push subscription or notification to ask for.
        for target in [
            "push/subscription",
            "notifications",
            "notifications/1",
            "exports/follows",
        ] {
            let reply = get(fixture, &fixture.out, &format!("/api/v1/{target}")).await;
            assert_eq!(reply.status, 404, "{target}");
        }
        watch.left_alone("other people's numbers").await;
    })
    .await;
}

#[tokio::test]
async fn a39_what_a_partner_reads_is_kept_by_no_cache() {
    on_both(async |fixture| {
        let host = fixture.host();
        let path = path_of(fixture, &fixture.topic).to_owned();
        let addresses = [
            "/g/shared/outbox?page=true".to_owned(),
            "/g/shared".to_owned(),
            path,
        ];
        for target in addresses {
            let by = |who| Letter::get(who, &host, &target).sign();
            for round in 0..10 {
                // Whoever comes first, the next gets their own answer.
                let partner = async || {
                    let reply = fixture.send(&by(&fixture.pam)).await;
                    assert_eq!(reply.status, 200, "{target}");
                    let kept = reply.header("cache-control").unwrap_or_default().to_owned();
                    assert!(kept.contains("no-store"), "{target}: {kept:?}");
                    assert!(kept.contains("private"), "{target}: {kept:?}");
                };
                if round % 2 == 0 {
                    partner().await;
                }
                let nobody = Letter::get(&fixture.eve, &host, &target).unsigned();
                for forged in [by(&fixture.eve), by(&fixture.quin), nobody] {
                    let reply = fixture.send(&forged).await;
                    assert!(
                        matches!(reply.status, 401 | 404),
                        "{target}: {}",
                        reply.status
                    );
                    let title = "Bridge opens Monday";
                    assert!(!reply.text().contains(title), "{target}");
                    let kept = reply.header("cache-control").unwrap_or_default();
                    assert!(
                        kept.contains("no-store"),
                        "a no is not kept either: {kept:?}"
                    );
                }
                if round % 2 == 1 {
                    partner().await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a72_a_name_that_looks_like_a_partners_is_a_strangers() {
    on_both(async |fixture| {
        let p = fixture.p.host();
        let (name, port) = p.split_once(':').expect("a port");
        let e = fixture.e.host();
        let other: u16 = port.parse::<u16>().expect("a port") ^ 1;
        let alike = [
            format!("evil{name}:{port}"),
            format!("{name}.{e}"),
            format!("sub.{name}:{port}"),
            format!("{name}.:{port}"),
            format!("{name}:{other}"),
            name.to_owned(),
            format!("{name}:443"),
        ];
        for host in alike {
            // Everything else is pam's own, so that nothing but the name can be the reason.
            let mut pretender = fixture.pam.clone();
            for text in [
                &mut pretender.id,
                &mut pretender.key_id,
                &mut pretender.host,
            ] {
                *text = text.replace(&p, &host);
            }
            let comment = fixture.comment_by(&pretender, "Let me in.");
            let letter = fixture.letter(&pretender, &comment).sign();
            let watch = fixture.watch().await;
            let reply = fixture.send(&letter).await;
            assert!(
                matches!(reply.status, 400 | 401 | 403),
                "{host}: {} {}",
                reply.status,
                reply.text()
            );
            watch.left_alone(&host).await;
            let read = Letter::get(&pretender, &fixture.host(), "/g/shared").sign();
            let reply = fixture.send(&read).await;
            assert!(
                matches!(reply.status, 401 | 404),
                "{host}: {}",
                reply.status
            );
            watch.left_alone(&host).await;
        }
        let comment = fixture.comment_by(&fixture.pam, "It is me.");
        assert_eq!(fixture.deliver(&fixture.pam, &comment).await.status, 202);
    })
    .await;
}
