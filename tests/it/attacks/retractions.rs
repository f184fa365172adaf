//! Taking back: only the house something came from has it thrown away, and only the house that was asked says that it did.

use guildhall::domain::{Host, Page};
use guildhall::policy::Viewer;
use guildhall::services::{partners, retractions};
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use super::origin::take_invitation;
use crate::support::peer::{Actor, Peer};
use crate::support::world::{eventually, text};

/// The digest as FEDERATION.md says it, made without our code.
fn digest(addresses: &[&str]) -> String {
    let mut lines = addresses.to_vec();
    lines.sort_unstable();
    let hashed: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let bytes = openssl::sha::sha256(hashed.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request of an actor for some posts, under a name of the server `named`.
fn request(by: &Actor, named: &Peer, posts: &[&str]) -> Value {
    by.activity(
        "Delete",
        json!({
            "id": named.url(&format!("/retractions/{}", crate::support::peer::unique())),
            "type": "Retraction",
            "totalItems": posts.len(),
            "items": posts,
            "digest": digest(posts),
        }),
    )
}

fn answer(by: &Actor, retraction: &str, gone: &[&str], kept: &[&str]) -> Value {
    let mut accept = by.activity("Accept", json!(retraction));
    accept["result"] = json!({
        "type": "Purge",
        "totalItems": gone.len(),
        "purged": gone.len(),
        "digest": digest(gone),
        "kept": kept,
    });
    accept
}

/// Has the partners' own actors be known, so that nothing is fetched for them.
async fn meet_servers(fixture: &Fixture) {
    for server in [fixture.p.instance(), fixture.q.instance()] {
        let nothing = server.activity("Listen", json!(fixture.topic.uri.as_str()));
        assert_eq!(fixture.deliver(server, &nothing).await.status, 202);
    }
    fixture.settle().await;
}

async fn end(fixture: &Fixture, peer: &Peer) {
    let (host, end) = (peer.host().parse().unwrap(), partners::Change::End);
    let ended = partners::change(&fixture.app, Viewer::Operator, host, end).await;
    ended.expect("it stood");
    fixture.settle().await;
}

#[tokio::test]
async fn nobody_has_anything_thrown_away_but_the_house_it_came_from() {
    on_both(async |fixture| {
        let birch = Peer::start("birch");
        take_invitation(fixture, &birch).await;
        meet_servers(fixture).await;
        let group = fixture.new_group().await;
        fixture.open(&group, &birch).await;
        let (bo, instance) = (birch.person("bo"), birch.instance());
        fixture.admit(&bo, &group).await;
        let page = bo.page(group.actor.uri.as_str(), "Bo's", "bo's own words");
        assert_eq!(fixture.deliver(&bo, &bo.create(&page)).await.status, 202);
        let ours = fixture.post_in(&group, "Ann's", "ann's own words").await;
        let pams = fixture.comment_by(&fixture.pam, "pam's own words");
        assert_eq!(fixture.deliver(&fixture.pam, &pams).await.status, 202);
        fixture.settle().await;
        let (his, hers) = (text(&page["id"]), text(&pams["object"]["id"]));

        // Not its people, not a one-sided partner, not a stranger; and not under another server's name.
        for (what, by, named, status) in [
            ("a person there", &bo, &birch, 403),
            ("a one-sided partner", fixture.p.instance(), &fixture.p, 403),
            ("another partner", fixture.q.instance(), &fixture.q, 403),
            ("a stranger", fixture.e.instance(), &fixture.e, 403),
            ("under another name", instance, &fixture.p, 403),
        ] {
            let forged = fixture.letter(by, &request(by, named, &[his])).sign();
            fixture.refuses(what, &forged, status).await;
        }
        for (what, items) in [("nothing", json!([])), ("no addresses", json!([7]))] {
            let mut empty = request(instance, &birch, &[his]);
            empty["object"]["items"] = items;
            let forged = fixture.letter(instance, &empty).sign();
            fixture.refuses(what, &forged, 400).await;
        }

        // The house itself, for what is not its own: answered as if it were not here, and nothing is gone.
        let secret = fixture.secret_topic.uri.as_str();
        let others = [ours.uri.as_str(), hers, secret];
        let reply = fixture
            .deliver(instance, &request(instance, &birch, &others))
            .await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        let dump = fixture.settle().await;
        for words in ["ann's own words", "pam's own words", &fixture.canary] {
            assert!(dump.count("posts", words) > 0, "{words}");
        }
        assert_eq!(dump.count("taken_back", &birch.host()), 0);
        let told = eventually("birch is answered", async || {
            let mut heard = birch.heard().into_iter();
            heard.find(|one| one["result"]["type"] == "Purge")
        })
        .await;
        assert_eq!(told["result"]["purged"], 0);
        assert_eq!(
            (&told["result"]["totalItems"], &told["result"]["kept"]),
            (&json!(3), &json!([]))
        );

        // Its own, also when all is over between the houses; and nobody else's even then.
        end(fixture, &birch).await;
        let line = {
            let forged = fixture.letter(&bo, &request(&bo, &birch, &[his])).sign();
            fixture
                .refuses("a person of a former partner", &forged, 403)
                .await
        };
        assert_eq!(line.reason, "no_partnership");
        let reply = fixture
            .deliver(instance, &request(instance, &birch, &[his, hers]))
            .await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        eventually("bo's words are gone", async || {
            let dump = fixture.dump().await;
            let places = ["posts", "revisions", "arrivals"];
            let there = places
                .iter()
                .any(|place| dump.count(place, "bo's own words") > 0);
            (!there).then_some(())
        })
        .await;
        let dump = fixture.settle().await;
        assert!(dump.count("posts", "pam's own words") > 0);
        assert_eq!(dump.count("taken_back", &birch.host()), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_confirms_anything_but_the_house_that_was_asked() {
    on_both(async |fixture| {
        let birch = Peer::start("birch");
        take_invitation(fixture, &birch).await;
        meet_servers(fixture).await;
        let group = fixture.new_group().await;
        fixture.open(&group, &birch).await;
        let (bo, instance) = (birch.person("bo"), birch.instance());
        fixture.admit(&bo, &group).await;
        let posts = [1, 2].map(|n| format!("Plan {n}"));
        let mut got = Vec::new();
        for title in &posts {
            let post = fixture.post_in(&group, title, "Words.").await;
            got.push(post.uri.to_string());
        }
        eventually("birch has both", async || {
            let heard = birch.heard();
            let has = |uri: &String| heard.iter().any(|one| one.to_string().contains(uri));
            got.iter().all(has).then_some(())
        })
        .await;
        fixture.settle().await;
        end(fixture, &birch).await;
        let asked = eventually("birch is asked", async || {
            let mut heard = birch.heard().into_iter();
            heard.find(|one| one["object"]["type"] == "Retraction")
        })
        .await;
        let retraction = text(&asked["object"]["id"]);
        let both: Vec<&str> = got.iter().map(String::as_str).collect();
        assert_eq!(asked["object"]["items"], json!(both));
        assert_eq!(asked["object"]["digest"], digest(&both));
        let host: Host = birch.host().parse().unwrap();
        let stands = async || {
            let (viewer, host) = (Viewer::Operator, Some(host.clone()));
            let list = retractions::list(&fixture.app, viewer, host, false, Page::first(9)).await;
            list.expect("a list")[0].in_words()
        };

        let honest = |by: &Actor| answer(by, retraction, &both, &[]);
        for (what, by, status) in [
            ("a person there", &bo, 403),
            ("a one-sided partner", fixture.p.instance(), 403),
            ("a stranger", fixture.e.instance(), 403),
        ] {
            let forged = fixture.letter(by, &honest(by)).sign();
            fixture.refuses(what, &forged, status).await;
        }
        assert!(stands().await.ends_with("no answer yet"));

        // It may be wrong, and then nothing is believed that does not fit.
        let says = async |activity: &Value, words: &str| {
            let reply = fixture.deliver(instance, activity).await;
            assert_eq!(reply.status, 202, "{}", reply.text());
            eventually(words, async || stands().await.contains(words).then_some(())).await;
        };
        let others = answer(instance, retraction, &["https://x.example/1", both[0]], &[]);
        says(&others, "they say 2 of 2, but not of these addresses").await;
        let some = answer(instance, retraction, &both[..1], &both[1..]);
        let words = format!("they say 1 of 2; not confirmed: {}", both[1]);
        says(&some, &words).await;
        says(&honest(instance), "confirmed: 2 of 2").await;
    })
    .await;
}
