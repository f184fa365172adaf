//! What somebody may not see is answered like what there is not, to the byte.

use super::{House, assert_same, post_topic};
use crate::support::person::{Page, Person};

#[tokio::test]
async fn what_is_hidden_is_answered_like_what_does_not_exist() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "board", "secret").await;
        let topic = post_topic(&mut ada, "board", "Merger", "Do not tell.").await;
        let mut grace = house.person("grace").await;
        let mut nobody = Person::at(&house.instance);

        let pairs = |hidden: &str, unknown: &str, ends: &[&str]| -> Vec<(String, String)> {
            let both = |end: &&str| (format!("{hidden}{end}"), format!("{unknown}{end}"));
            ends.iter().map(both).collect()
        };
        let group_addresses = pairs("/g/board", "/g/nothing", &["", "/members", "/settings"]);
        let unknown_post = format!("/p/{}", topic.parse::<i64>().unwrap() + 1);
        let post_addresses = pairs(
            &format!("/p/{topic}"),
            &unknown_post,
            &["", "/edit", "/history"],
        );
        for (hidden, unknown) in group_addresses.iter().chain(&post_addresses) {
            assert_same(
                &grace.get_raw(hidden, &[]).await,
                &grace.get_raw(unknown, &[]).await,
                hidden,
            );
            let open = !hidden.contains("/edit")
                && !hidden.ends_with("/members")
                && !hidden.ends_with("/settings");
            let (one, other) = (
                nobody.get_raw(hidden, &[]).await,
                nobody.get_raw(unknown, &[]).await,
            );
            if open {
                assert_same(&one, &other, hidden);
                assert_same(&one, &grace.get_raw(hidden, &[]).await, hidden);
            } else {
                // Whatever the address, one is asked to sign in.
                assert_eq!((one.status, other.status), (303, 303));
            }
        }
        grace.go("/groups").await;
        let csrf = grace.csrf();
        for (act, fields) in [
            ("join", vec![]),
            ("topics", vec![("title", "x"), ("body", "x")]),
            ("stage", vec![("stage", "public")]),
        ] {
            let fields = [vec![("csrf", csrf.as_str())], fields].concat();
            let one = grace
                .post_raw(&format!("/g/board/{act}"), &fields, &[])
                .await;
            let other = grace
                .post_raw(&format!("/g/nothing/{act}"), &fields, &[])
                .await;
            assert_same(&one, &other, act);
        }
        for act in ["like", "vote", "delete", "comments", "edit"] {
            let fields = [
                ("csrf", csrf.as_str()),
                ("body", "x"),
                ("title", "x"),
                ("choice", "0"),
            ];
            let one = grace
                .post_raw(&format!("/p/{topic}/{act}"), &fields, &[])
                .await;
            let other = grace
                .post_raw(&format!("{unknown_post}/{act}"), &fields, &[])
                .await;
            assert_same(&one, &other, act);
        }
        assert!(!grace.go("/groups").await.says("board"));
        assert_eq!(
            grace
                .go("/find?handle=board")
                .await
                .text()
                .replace("board", "x"),
            grace
                .go("/find?handle=xoxo")
                .await
                .text()
                .replace("xoxo", "x")
        );
        for odd in [
            "/nowhere",
            "/p/0",
            "/p/x",
            "/g/%ff",
            "/g/a%2fb",
            "/u/nobody",
            "/assets/nothing",
            "/admin/partners",
        ] {
            let known = nobody.get_raw("/g/nothing", &[]).await;
            let answer = grace.get_raw(odd, &[]).await;
            assert_same(&answer, &known, odd);
        }
    }
}

/// Every address of the pages that is below something that may be hidden.
const BELOW_A_GROUP: &[&str] = &[
    "",
    "/join",
    "/leave",
    "/topics",
    "/members",
    "/members/add",
    "/settings",
    "/stage",
    "/stop",
    "/outlook?stage=public",
    "/archive",
    "/move",
    "/move/withdraw",
    "/asked",
    "/grants",
    "/grants/remove",
    "/outbox",
    "/followers",
    "/moderators",
    "/featured",
    "/inbox",
    "?before=3",
    "/nonsense",
];

const BELOW_A_POST: &[&str] = &[
    "",
    "/edit",
    "/history",
    "/remove",
    "/restore",
    "/lock",
    "/unlock",
    "/pin",
    "/unpin",
    "/comments",
    "/delete",
    "/like",
    "/unlike",
    "/boost",
    "/unboost",
    "/boosts",
    "/bookmark",
    "/unbookmark",
    "/shut-out",
    "/let-be",
    "/context",
    "/replies",
    "?page=2",
    "/nonsense",
];

const BELOW_A_PERSON: &[&str] = &["", "/outbox", "/followers", "/following", "/inbox"];

#[tokio::test]
async fn a30_visitors_learn_from_no_address_what_there_is() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "board", "secret").await;
        let topic = post_topic(&mut ada, "board", "Merger", "Do not tell.").await;
        let mut nobody = Person::at(&house.instance);
        let unknown = (topic.parse::<i64>().unwrap() + 1).to_string();
        for (place, there, nowhere, ends) in [
            ("/g/", "board", "empty", BELOW_A_GROUP),
            ("/p/", topic.as_str(), unknown.as_str(), BELOW_A_POST),
            ("/u/", "ada", "nob", BELOW_A_PERSON),
        ] {
            for end in ends {
                for accept in ["text/html", "application/activity+json", "*/*"] {
                    let headers = [("accept", accept)];
                    let what = format!("{place}{there}{end} as {accept}");
                    let (hidden, unknown) =
                        (format!("{place}{there}"), format!("{place}{nowhere}"));
                    let answer = nobody.get_raw(&format!("{hidden}{end}"), &headers).await;
                    let one = told(&answer, &hidden);
                    let answer = nobody.get_raw(&format!("{unknown}{end}"), &headers).await;
                    assert_eq!(one, told(&answer, &unknown), "{what}");
                    assert!(
                        !one.contains("Merger") && !one.contains("set-cookie"),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// Everything an answer tells: status, headers but the time, body; without the address asked for.
fn told(answer: &Page, address: &str) -> String {
    let mut headers = answer.headers.clone();
    headers.remove("date");
    let all = format!("{} {headers:?} {}", answer.status, answer.html);
    all.replace(address, "IT")
        .replace(&address.replace('/', "%2F"), "IT")
}
