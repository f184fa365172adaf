//! What two organizations agree on, how long it lasts, and whose keys they believe: the whole way, on both
//! databases.

use serde_json::Value;

use crate::support::bridge::bridge;
use crate::support::peer::{Answer, Peer};
use crate::support::requirements::backends;
use crate::support::world::{World, eventually, text};

#[tokio::test]
async fn each_side_says_what_it_is_for_and_the_other_reads_it() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let invitation = acme
            .run_json(&[
                "partner",
                "invite",
                "--purpose",
                "Bridges over the Elbe",
                "--contact",
                "Ada, +49 30 0100",
                "--until",
                "2099-12-31",
            ])
            .await;
        let accept = [
            "partner",
            "accept",
            text(&invitation["code"]),
            "--purpose",
            "Timber",
            "--confirm",
            "6",
        ];
        birch.run_json(&accept).await;

        let at_acme = acme.run_json(&["partner", "show", &birch.host()]).await;
        assert_eq!(at_acme["ours"]["purpose"], "Bridges over the Elbe");
        assert_eq!(at_acme["ours"]["until"], "2099-12-31T00:00:00.000Z");
        assert_eq!(at_acme["theirs"]["purpose"], "Timber");
        assert_eq!(at_acme["confirm"], "house");
        let at_birch = birch.run_json(&["partner", "show", &acme.host()]).await;
        assert_eq!(at_birch["theirs"], at_acme["ours"]);
        assert_eq!(at_birch["confirm"], "6");
        assert!(at_birch["confirm_before"].is_string());

        // A change is told.
        let change = [
            "partner",
            "set",
            &birch.host(),
            "--contact",
            "Ann, +49 30 0200",
        ];
        let changed = acme.run_json(&change).await;
        assert_eq!(changed["ours"]["purpose"], "Bridges over the Elbe");
        eventually("birch heard of it", async || {
            let shown = birch.run_json(&["partner", "show", &acme.host()]).await;
            (shown["theirs"]["contact"] == "Ann, +49 30 0200").then_some(())
        })
        .await;
        let over = ["partner", "set", &birch.host(), "--until", "2020-01-01"];
        let refused = acme.run(over).await;
        assert_ne!(refused.code, Some(0), "{refused:?}");
    }
}

#[tokio::test]
async fn a_partnership_ends_by_itself_and_both_know_it() {
    for backend in backends() {
        let Some((world, _, _)) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let soon = ["partner", "set", &birch.host(), "--until", "2099-12-31"];
        acme.run_json(&soon).await;
        // The day has come.
        acme.execute("UPDATE partners SET until_at = 1");

        eventually("it is over on both sides", async || {
            let ours = acme.run_json(&["partner", "show", &birch.host()]).await;
            let theirs = birch.run_json(&["partner", "show", &acme.host()]).await;
            (ours["ended_by"] == "us" && theirs["ended_by"] == "them").then_some(())
        })
        .await;
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        assert!(audit.contains("its time is over"), "{audit}");
    }
}

#[tokio::test]
async fn what_nobody_confirms_is_paused_until_somebody_does() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let monthly = ["partner", "set", &birch.host(), "--confirm", "1"];
        acme.run_json(&monthly).await;
        let shown = acme.run_json(&["partner", "show", &birch.host()]).await;
        assert!(shown["concern"].is_null(), "{shown}");
        acme.execute(&format!(
            "UPDATE partners SET confirmed_at = {}",
            days_ago(25)
        ));
        let shown = acme.run_json(&["partner", "show", &birch.host()]).await;
        assert!(text(&shown["concern"]).contains("to be confirmed before"));
        acme.execute("UPDATE partners SET confirmed_at = 1");
        eventually("it is paused", async || {
            let shown = acme.run_json(&["partner", "show", &birch.host()]).await;
            (shown["paused_for"] == "unconfirmed").then_some(())
        })
        .await;
        // What is written meanwhile waits.
        let topic = ada.topic(&here, "Written in the pause", "").await;

        let confirmed = acme.run_json(&["partner", "confirm", &birch.host()]).await;
        assert_eq!(confirmed["state"], "active");
        bo.see_topic(text(&topic["uri"])).await;
        let shown = acme.run_json(&["partner", "show", &birch.host()]).await;
        assert!(shown["concern"].is_null() && shown["paused_for"].is_null());
    }
}

fn days_ago(days: u64) -> u128 {
    let past = std::time::Duration::from_secs(days * 86_400);
    let then = std::time::SystemTime::now() - past;
    let since = then.duration_since(std::time::UNIX_EPOCH);
    since.expect("a time after 1970").as_micros()
}

#[tokio::test]
async fn new_keys_that_the_old_ones_introduce_are_followed() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let before = acme.run_json(&["partner", "show", &birch.host()]).await;

        birch.run_json(&["keys", "rotate", "actor"]).await;

        let own = birch.run_json(&["keys", "show"]).await;
        assert_ne!(own["fingerprint"], before["pinned_key"]);
        eventually("acme pinned the new key", async || {
            let shown = acme.run_json(&["partner", "show", &birch.host()]).await;
            assert_eq!(shown["state"], "active", "{shown}");
            (shown["pinned_key"] == own["fingerprint"]).then_some(())
        })
        .await;
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        assert!(audit.contains("partner_key_rotated"), "{audit}");
        let topic = ada.topic(&here, "Still partners", "").await;
        bo.see_topic(text(&topic["uri"])).await;
    }
}

#[tokio::test]
async fn keys_that_nobody_introduces_hold_everything_until_they_were_compared() {
    for backend in backends() {
        let Some((mut world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Before", "").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        // Birch's machine burned, and its backup lacks the keys.
        let house = world.house_mut("birch");
        let server = house.server.take().expect("a server");
        server.kill().await;
        house.instance.run_json(&["keys", "rotate", "actor"]).await;
        let lost = "DELETE FROM actor_keys WHERE expires_at IS NOT NULL AND actor_id IN \
                    (SELECT id FROM actors WHERE kind = 'service' AND host = '')";
        house.instance.execute(lost);
        house.server = Some(house.instance.serve().await);
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );

        let held = eventually("acme holds the partnership", async || {
            let shown = acme.run_json(&["partner", "show", &birch.host()]).await;
            (shown["paused_for"] == "key_changed").then_some(shown)
        })
        .await;
        let own = birch.run_json(&["keys", "show"]).await;
        assert_eq!(held["offered_key"]["fingerprint"], own["fingerprint"]);
        assert_ne!(held["pinned_key"], own["fingerprint"]);
        assert!(text(&held["concern"]).contains("another key"));
        // Nothing is lost meanwhile, in neither direction.
        let later = ada.topic(&here, "Written while it is held", "").await;
        let comment = bo.reply(text(&at_birch["id"]), "Our keys burned.").await;
        assert_eq!(comment.status, 200, "{comment:?}");

        let fingerprint = text(&own["fingerprint"]);
        let wrong = [
            "partner",
            "trust-key",
            &birch.host(),
            text(&held["pinned_key"]),
        ];
        assert_ne!(acme.run(wrong).await.code, Some(0));
        let trust = ["partner", "trust-key", &birch.host(), fingerprint];
        let trusted = acme.run_json(&trust).await;
        assert_eq!(trusted["state"], "active");

        bo.see_topic(text(&later["uri"])).await;
        eventually("what waited at birch arrives", async || {
            birch.run_json(&["queue", "retry"]).await;
            let comments = ada.comments(text(&topic["id"])).await;
            let uri = &comment.body["uri"];
            comments.iter().any(|one| one["uri"] == *uri).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_went_both_ways_is_counted_and_the_other_house_says_how_it_sees_us() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let answered = ada.topic(&here, "Who brings the ribbon?", "").await;
        let at_birch = bo.see_topic(text(&answered["uri"])).await;
        let reply = bo.reply(text(&at_birch["id"]), "We do.").await;
        ada.see_comment(text(&answered["id"]), text(&reply.body["uri"]))
            .await;
        let unanswered = ada.topic(&here, "Anybody?", "").await;
        bo.see_topic(text(&unanswered["uri"])).await;
        let theirs = bo.topic(&there, "Larch or oak?", "").await;
        ada.see_topic(text(&theirs["uri"])).await;

        let traffic = eventually("everything is on record", async || {
            let traffic = acme.run_json(&["partner", "traffic", &birch.host()]).await;
            (sum(&traffic, "sent") == 2 && sum(&traffic, "received") == 2).then_some(traffic)
        })
        .await;
        assert_eq!(traffic["our_topics"], 2, "{traffic}");
        assert_eq!(traffic["our_topics_answered"], 1);
        assert_eq!(traffic["their_topics"], 1);
        assert_eq!(traffic["their_topics_answered"], 0);
        assert_eq!(traffic["their_people"], 1);
        let days = traffic["days"].as_array().expect("days");
        assert_eq!(days.len(), 30);
        let today = days.iter().find(|day| day["sent"] == 2).expect("today");
        assert!(today["delay_half"].as_u64() <= today["delay_most"].as_u64());

        // Birch's administrators read how acme sees them: the same, from the other side.
        let view = birch.run_json(&["partner", "view", &acme.host()]).await;
        assert_eq!(
            (sum(&view, "sent"), sum(&view, "received")),
            (2, 2),
            "{view}"
        );
        assert_eq!(
            (&view["state"], &view["waiting"]),
            (&"ready".into(), &0.into())
        );
        let told = view.to_string();
        assert!(!told.contains("ribbon") && !told.contains("engineering") && !told.contains("ada"));

        // Who is nobody is told nothing.
        let page = format!("http://{}/partnership/view", acme.address());
        let nowhere = format!("http://{}/nothing/there", acme.address());
        let client = crate::support::world::client();
        let [asked, missing] = [page, nowhere].map(|url| client.get(url).send());
        let (asked, missing) = (asked.await.expect("answer"), missing.await.expect("answer"));
        assert_eq!(
            (asked.status(), missing.status()),
            (missing.status(), asked.status())
        );
        assert_eq!(asked.status(), 404);
    }
}

fn sum(of: &Value, what: &str) -> u64 {
    let days = of["days"].as_array().expect("days");
    days.iter().filter_map(|day| day[what].as_u64()).sum()
}

#[tokio::test]
async fn other_software_is_asked_what_it_is_like_before_anything_is_shared() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let peer = Peer::start("lemmy");
        peer.runs("lemmy", "0.19.12");
        let before = peer.traffic();

        let added = acme.run(["partner", "add", &peer.host()]).await;
        assert_eq!(added.code, Some(0), "{added:?}");
        let said = format!("{}{}", added.stdout, added.stderr);
        assert!(said.contains("risk medium"), "{said}");
        assert!(said.contains("Share public groups only"), "{said}");
        // Nothing was sent but questions that anybody could ask.
        for seen in peer.seen_since(before) {
            let signed = seen.header("signature").is_some();
            let by_probe = !signed && seen.body.is_empty() && seen.method == "GET";
            // A partner's software is asked for again, as the house itself.
            let as_partner = signed && seen.target.contains("nodeinfo");
            assert!(by_probe || as_partner, "{seen:?}");
        }

        let probe = acme.run_json(&["partner", "probe", &peer.host()]).await;
        let found = |question: &str| {
            let all = probe["findings"].as_array().expect("findings");
            let found = all.iter().find(|one| one["question"] == question);
            found
                .unwrap_or_else(|| panic!("{question}: {probe}"))
                .clone()
        };
        assert_eq!(probe["grade"], "medium");
        assert_eq!(found("software")["answer"], "lemmy 0.19.12");
        assert_eq!(found("edits")["source"], "known");
        assert_eq!(found("private_audience")["yes"], false);
        assert_eq!(found("instance_actor")["source"], "seen");
        assert_eq!(found("signed_fetch")["source"], "not_known");

        // It is shown to who opens a group to it.
        world.engineering("acme", "open", "public").await;
        let grant = ["grant", "add", "engineering", &peer.host(), "--can", "read"];
        let granted = acme.run(grant).await;
        assert!(granted.stderr.contains("Risk: medium."), "{granted:?}");

        // A server that says nothing is no better than one that is known to leak.
        let silent = Peer::start("silent");
        silent.put("/actor", Answer::status(401));
        let probe = acme.run_json(&["partner", "probe", &silent.host()]).await;
        assert_eq!(probe["grade"], "high", "{probe}");
        let unasked = ["partner", "add", &silent.host(), "--without-probe"];
        let unasked = acme.run(unasked).await;
        assert!(unasked.stderr.contains("is not known"), "{unasked:?}");
        // An address inside is not asked.
        let inside = acme.run_json(&["partner", "probe", "10.0.0.1"]).await;
        assert_eq!(inside["grade"], "high", "{inside}");
        let ourselves = acme.run(["partner", "probe", &acme.host()]).await;
        assert_ne!(ourselves.code, Some(0));
    }
}
