//! Two organizations share a group: the whole way, on both databases.

use serde_json::{Value, json};

use crate::support::bridge::{bridge, is_out, listed};
use crate::support::dump::Dump;
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::world::{World, eventually, text};

#[tokio::test]
async fn two_organizations_talk_in_one_group_and_agree_on_everything() {
    for backend in backends() {
        let Some((_world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };

        // Topics travel both ways.
        let bridge = ada
            .topic(&here, "Bridge opens Monday", "Who brings the **ribbon**?")
            .await;
        let bridge_at_birch = bo.see_topic(text(&bridge["uri"])).await;
        let timber = bo
            .topic(&there, "Timber for the handrail", "Larch or oak?")
            .await;
        let timber_at_acme = ada.see_topic(text(&timber["uri"])).await;

        // So do comments, nested ones too.
        let reply = bo.reply(text(&bridge_at_birch["id"]), "We do.").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let reply_at_acme = ada
            .see_comment(text(&bridge["id"]), text(&reply.body["uri"]))
            .await;
        let thanks = ada.reply(text(&reply_at_acme["id"]), "Thank you!").await;
        bo.see_comment(text(&bridge_at_birch["id"]), text(&thanks.body["uri"]))
            .await;

        // Likes are counted alike, given and taken.
        assert_eq!(bo.like(text(&bridge_at_birch["id"])).await.status, 200);
        assert_eq!(ada.like(text(&timber_at_acme["id"])).await.status, 200);
        assert_eq!(ada.like(text(&reply_at_acme["id"])).await.status, 200);
        assert_eq!(ada.unlike(text(&reply_at_acme["id"])).await.status, 200);

        // Edits replace the text, deletes take it away.
        let edited = ada
            .put(
                &format!("/api/v1/statuses/{}", text(&thanks.body["id"])),
                json!({ "status": "Thank you, *birch*!" }),
            )
            .await;
        assert_eq!(edited.status, 200, "{edited:?}");
        let mistake = bo.reply(text(&timber["id"]), "Forget this.").await;
        ada.see_comment(text(&timber_at_acme["id"]), text(&mistake.body["uri"]))
            .await;
        assert_eq!(
            bo.delete(&format!("/api/v1/statuses/{}", text(&mistake.body["id"])))
                .await
                .status,
            200
        );

        eventually("both sides agree", async || {
            let (one, other) = (ada.sees().await, bo.sees().await);
            let says = |what: &str| one.iter().any(|line| line.contains(what));
            let done = one == other
                && says("<em>birch</em>")
                && !says("Forget this")
                && one.iter().filter(|line| line.contains("likes=1")).count() == 2;
            done.then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn who_joins_later_reads_what_was_said_before() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let acme = &world.house("acme").instance;
        let ada = world.engineering("acme", "open", "internal").await;
        let here = ada.find("engineering").await;
        let old = ada
            .topic(&here, "From before", "The plans of last year.")
            .await;
        let answer = ada
            .reply(text(&old["id"]), "They are in the archive.")
            .await;
        ada.like(text(&old["id"])).await;
        acme.run_json(&["group", "stage", "engineering", "partners"])
            .await;
        world
            .grant(
                "acme",
                "engineering",
                "birch",
                "read,reply",
                &["--history", "all"],
            )
            .await;

        world.join("bo@birch", "engineering", "acme").await;

        let bo = world.member("bo@birch").await;
        let at_birch = bo.see_topic(text(&old["uri"])).await;
        bo.see_comment(text(&at_birch["id"]), text(&answer.body["uri"]))
            .await;
        eventually("both sides agree", async || {
            (ada.sees().await == bo.sees().await).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_read_only_partner_sees_topics_but_cannot_reply() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        world
            .grant("acme", "engineering", "birch", "read", &[])
            .await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;

        let reply = eventually("birch heard of the smaller grant", async || {
            let reply = bo.reply(text(&at_birch["id"]), "Congratulations!").await;
            (reply.status == 403).then_some(reply)
        })
        .await;

        assert!(
            text(&reply.body["error"]).contains("not reply"),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn a_grant_that_ends_takes_everything_with_it() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let before = ada.topic(&here, "While we are partners", "").await;
        bo.see_topic(text(&before["uri"])).await;

        let birch = world.house("birch").instance.host();
        world
            .house("acme")
            .instance
            .run_json(&["grant", "remove", "engineering", &birch])
            .await;
        let after = ada.topic(&here, "Among ourselves", "").await;

        eventually("birch no longer shows the group", async || {
            bo.home().await.is_empty().then_some(())
        })
        .await;
        let queue = world
            .house("acme")
            .instance
            .run_json(&["queue", "show", &birch])
            .await;
        let sent = queue
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["state"] == "pending");
        assert!(!sent, "{queue}");
        assert!(
            bo.home()
                .await
                .iter()
                .all(|status| status["uri"] != after["uri"])
        );
    }
}

/// How a house says that its partnership with another stands.
async fn standing(world: &World, at: &str, with: &str) -> Value {
    let host = world.house(with).instance.host();
    let house = &world.house(at).instance;
    house.run_json(&["partner", "show", &host]).await
}

async fn is_ended_by_them(world: &World, at: &str, with: &str) {
    eventually(&format!("{at} hears that {with} ended it"), async || {
        let shown = standing(world, at, with).await;
        (shown["state"] == "ended").then(|| {
            assert_eq!(shown["ended_by"], "them", "{shown}");
            assert!(shown["ended_at"].is_string(), "{shown}");
            assert_eq!(shown["grants"], json!([]), "{shown}");
        })
    })
    .await;
}

#[tokio::test]
async fn whoever_ends_a_partnership_it_is_over_for_both() {
    for backend in backends() {
        let Some(mut world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let code = world.partner("acme", "birch").await;
        let (here, there) = world.share().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;

        // The taker ends it while the giver is away.
        let acme_host = world.house("acme").instance.host();
        world.house_mut("acme").server = None;
        let birch = &world.house("birch").instance;
        let ended = birch.run_json(&["partner", "end", &acme_host]).await;
        assert_eq!(
            (&ended["state"], &ended["ended_by"]),
            (&json!("ended"), &json!("us"))
        );
        assert_eq!(bo.home().await, Vec::<Value>::new());
        let reply = bo.reply(text(&at_birch["id"]), "We do.").await;
        assert_eq!(reply.status, 404, "{reply:?}");

        // The giver still believes in it; the code is spent all the same.
        let server = world.house("acme").instance.serve().await;
        world.house_mut("acme").server = Some(server);
        let birch = &world.house("birch").instance;
        let again = birch.run(["partner", "accept", &code]).await;
        assert!(again.stderr.contains("used already"), "{again:?}");

        is_ended_by_them(&world, "acme", "birch").await;
        assert_eq!(listed(&world, &format!("bo@{}", bo.host)).await, None);
        let again = birch.run(["partner", "accept", &code]).await;
        assert!(again.stderr.contains("used already"), "{again:?}");

        // Another invitation makes them partners again, with nothing of what was granted before.
        world.partner("acme", "birch").await;
        assert_eq!(
            standing(&world, "acme", "birch").await["ended_by"],
            Value::Null
        );
        assert_eq!(bo.home().await, Vec::<Value>::new());
        world
            .grant("acme", "engineering", "birch", "read", &[])
            .await;
        eventually("birch is offered the group again", async || {
            let answer = bo.get(&format!("/api/v1/accounts/{there}")).await;
            (answer.status == 200).then_some(())
        })
        .await;

        // Now the giver ends it, and the taker hears.
        let birch_host = world.house("birch").instance.host();
        let acme = &world.house("acme").instance;
        acme.run_json(&["partner", "end", &birch_host]).await;
        is_ended_by_them(&world, "birch", "acme").await;
        let group = bo.get(&format!("/api/v1/accounts/{there}")).await;
        assert_eq!(group.status, 404, "{group:?}");
        for house in ["acme", "birch"] {
            let unsent = world
                .house(house)
                .instance
                .run_json(&["queue", "list"])
                .await;
            assert!(!unsent.to_string().contains("no_partnership"), "{unsent}");
        }
    }
}

#[tokio::test]
async fn what_an_erased_person_wrote_is_taken_back_on_both_sides() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens", "On Monday.").await;
        let there = bo.see_topic(text(&topic["uri"])).await;
        let reply = bo.reply(text(&there["id"]), "We bring ribbons.").await;
        let id = text(&topic["id"]);
        ada.see_comment(id, text(&reply.body["uri"])).await;
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let left =
            |house: &Instance, words: &str| Dump::of(&house.database_url()).count("posts", words);

        // Bo goes: his house takes back what he wrote in acme's group, and his membership.
        birch.run_json(&["user", "erase", "bo", "--yes"]).await;
        assert_eq!(left(birch, "ribbons"), 0);
        assert_eq!(
            Dump::of(&birch.database_url()).count("messages", "ribbons"),
            0
        );
        eventually("acme deletes what bo wrote", async || {
            (left(acme, "ribbons") == 0 && ada.comments(id).await.is_empty()).then_some(())
        })
        .await;
        is_out(&world, &format!("bo@{}", bo.host)).await;

        // Ada goes: birch has nobody in the group any more, and is told all the same.
        assert_eq!(left(birch, "On Monday"), 1);
        let erased = acme.run_json(&["user", "erase", "ada", "--yes"]).await;
        assert_eq!(erased["posts"], 1);
        assert_eq!(erased["groups_without_owner"], json!(["engineering"]));
        eventually("birch deletes what ada wrote", async || {
            (left(birch, "On Monday") == 0).then_some(())
        })
        .await;
    }
}

/// Acme's group with bo of birch and cy of cedar in it, who are partners of acme only.
async fn three(world: &World) -> (String, String, String) {
    let (here, at_birch) = world.bridge().await;
    world.partner("acme", "cedar").await;
    world
        .grant(
            "acme",
            "engineering",
            "cedar",
            "read,react,reply,start",
            &[],
        )
        .await;
    let at_cedar = world.join("cy@cedar", "engineering", "acme").await;
    (here, at_birch, at_cedar)
}

#[tokio::test]
async fn three_organizations_in_one_group_see_each_others_words() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch", "cedar"]).await else {
            continue;
        };
        let (_, at_birch, _) = three(&world).await;
        let ada = world.member("ada@acme").await;
        let bo = world.member("bo@birch").await;
        let cy = world.member("cy@cedar").await;

        // Bo's topic arrives at cedar, which has no partnership with birch, under bo's name.
        let topic = bo
            .topic(&at_birch, "Timber for the handrail", "Larch or oak?")
            .await;
        let at_cedar = cy.see_topic(text(&topic["uri"])).await;
        let acct = format!("bo@{}", world.house("birch").instance.host());
        assert_eq!(at_cedar["account"]["acct"], acct.as_str());
        assert_eq!(at_cedar["account"]["url"], topic["account"]["url"]);

        // Cy answers, and bo reads it; both like what the other said.
        let reply = cy.reply(text(&at_cedar["id"]), "Oak.").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let reply_at_birch = bo
            .see_comment(text(&topic["id"]), text(&reply.body["uri"]))
            .await;
        assert_eq!(bo.like(text(&reply_at_birch["id"])).await.status, 200);
        assert_eq!(cy.like(text(&at_cedar["id"])).await.status, 200);

        // Edits and deletes reach everybody.
        let edited = bo
            .put(
                &format!("/api/v1/statuses/{}", text(&topic["id"])),
                json!({ "status": "Larch, oak or *elm*?", "title": "Timber for the handrail" }),
            )
            .await;
        assert_eq!(edited.status, 200, "{edited:?}");
        let mistake = bo.reply(text(&topic["id"]), "Forget this.").await;
        cy.see_comment(text(&at_cedar["id"]), text(&mistake.body["uri"]))
            .await;
        let gone = bo
            .delete(&format!("/api/v1/statuses/{}", text(&mistake.body["id"])))
            .await;
        assert_eq!(gone.status, 200);

        eventually("all three agree", async || {
            let (one, two, three) = (ada.sees().await, bo.sees().await, cy.sees().await);
            let says = |what: &str| three.iter().any(|line| line.contains(what));
            let liked = three.iter().filter(|line| line.contains("likes=1")).count() == 2;
            let done = says("<em>elm</em>") && !says("Forget this") && liked;
            (one == two && two == three && done).then_some(())
        })
        .await;

        // The two still have nothing to do with each other.
        for (house, other) in [("birch", "cedar"), ("cedar", "birch")] {
            let partners = world
                .house(house)
                .instance
                .run_json(&["partner", "list"])
                .await;
            let host = world.house(other).instance.host();
            let named = |row: &serde_json::Value| row["host"] == host.as_str();
            assert!(
                !partners.as_array().unwrap().iter().any(named),
                "{partners}"
            );
        }
    }
}

#[tokio::test]
async fn keys_are_changed_while_news_travels_and_nothing_is_lost() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch", "cedar"]).await else {
            continue;
        };
        let (here, at_birch, _) = three(&world).await;
        let ada = world.member("ada@acme").await;
        let bo = world.member("bo@birch").await;
        let cy = world.member("cy@cedar").await;
        let mut said = Vec::new();
        for round in 0..3 {
            for number in 0..3 {
                let title = format!("Round {round}, {number}");
                said.push(ada.topic(&here, &title, "By ada.").await);
                said.push(bo.topic(&at_birch, &title, "By bo.").await);
            }
            for house in ["acme", "birch"] {
                let rotated = world
                    .house(house)
                    .instance
                    .run_json(&["keys", "rotate", "--all"])
                    .await;
                assert!(
                    rotated["rotated"].as_array().unwrap().len() >= 2,
                    "{rotated}"
                );
            }
        }
        for topic in &said {
            cy.see_topic(text(&topic["uri"])).await;
            bo.see_topic(text(&topic["uri"])).await;
        }
        // Guildhalls speak the cheaper kind with each other.
        let queue = world
            .house("acme")
            .instance
            .run_json(&["queue", "list"])
            .await;
        let spoken = |row: &serde_json::Value| row["signature"] == "rfc9421-ed25519";
        assert!(queue.as_array().unwrap().iter().all(spoken), "{queue}");
        let failed = |row: &serde_json::Value| row["failed"] != 0 || row["dead"] != 0;
        assert!(!queue.as_array().unwrap().iter().any(failed), "{queue}");
    }
}
