//! Two organizations share a group: the whole way, on both databases.

use serde_json::json;

use crate::support::dump::Dump;
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::world::{World, eventually, text};

#[tokio::test]
async fn two_organizations_talk_in_one_group_and_agree_on_everything() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, there) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );

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
        let ada = world.member("ada@acme").await;
        acme.run_json(&[
            "group",
            "create",
            "engineering",
            "--title",
            "Engineering",
            "--owner",
            "ada",
        ])
        .await;
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
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
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
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
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

#[tokio::test]
async fn what_an_erased_person_wrote_is_taken_back_on_both_sides() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
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
        eventually("bo is no member", async || {
            let members = acme.run_json(&["member", "list", "engineering"]).await;
            (!members.to_string().contains("bo@")).then_some(())
        })
        .await;

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
