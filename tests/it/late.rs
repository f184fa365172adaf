//! Who comes late to a group: three organizations of which two have nothing to do with each other, and what one of them
//! said before the other was there.

use serde_json::{Value, json};

use crate::support::dump::Dump;
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::world::{Member, World, eventually, text};

const CAN: &str = "read,react,reply,start";

/// Acme, birch and cedar; bo of birch is in acme's group with ada, cedar is no partner of anybody yet.
async fn three(
    backend: crate::support::requirements::Backend,
) -> Option<(World, [String; 2], [Member; 3])> {
    let world = World::start(backend, ["acme", "birch", "cedar"]).await?;
    let (here, at_birch) = world.bridge().await;
    let people = [
        world.member("ada@acme").await,
        world.member("bo@birch").await,
        world.member("cy@cedar").await,
    ];
    Some((world, [here, at_birch], people))
}

async fn dump(house: &Instance) -> Dump {
    let url = house.database_url();
    let read = tokio::task::spawn_blocking(move || Dump::of(&url));
    read.await.expect("a dump")
}

/// Edits a status.
async fn edit(member: &Member, status: &Value, title: Option<&str>, words: &str) {
    let path = format!("/api/v1/statuses/{}", text(&status["id"]));
    let mut body = json!({ "status": words });
    if let Some(title) = title {
        body["title"] = json!(title);
    }
    let answer = member.put(&path, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Replies and waits until somebody else sees it; the status as its author has it.
async fn reply_seen(by: &Member, to: &str, words: &str, (other, topic): (&Member, &str)) -> Value {
    let reply = by.reply(to, words).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    other.see_comment(topic, text(&reply.body["uri"])).await;
    reply.body
}

/// A topic of bo's that was changed, with comments of both houses below each other, likes across, one comment that was
/// deleted and one that a moderator removed.
async fn talk(at_birch: &str, ada: &Member, bo: &Member) -> Value {
    let topic = bo.topic(at_birch, "Timber", "Larch or oak?").await;
    let at_acme = ada.see_topic(text(&topic["uri"])).await;
    let (there, here) = (text(&topic["id"]), text(&at_acme["id"]));
    edit(bo, &topic, Some("Timber"), "Larch, oak or *elm*?").await;
    let first = reply_seen(ada, here, "Elm warps.", (bo, there)).await;
    let first_at_birch = bo.see_comment(there, text(&first["uri"])).await;
    let second = reply_seen(
        bo,
        text(&first_at_birch["id"]),
        "Not in Hamburg.",
        (ada, here),
    )
    .await;
    let second_at_acme = ada.see_comment(here, text(&second["uri"])).await;
    assert_eq!(ada.like(text(&second_at_acme["id"])).await.status, 200);
    assert_eq!(bo.like(text(&first_at_birch["id"])).await.status, 200);
    let gone = reply_seen(bo, there, "A secret of the sawmill.", (ada, here)).await;
    let path = format!("/api/v1/statuses/{}", text(&gone["id"]));
    assert_eq!(bo.delete(&path).await.status, 200);
    eventually(
        "acme knows what was changed, liked and deleted",
        async || {
            let seen = ada.sees().await;
            let says = |words: &str| seen.iter().any(|line| line.contains(words));
            let liked = seen.iter().filter(|line| line.contains("likes=1")).count() == 2;
            (says("<em>elm</em>") && liked && !says("sawmill")).then_some(())
        },
    )
    .await;
    at_acme
}

async fn agree(members: [&Member; 3], says: &[&str]) {
    eventually("all three agree", async || {
        let [ada, bo, cy] = members;
        let (one, two, three) = (ada.sees().await, bo.sees().await, cy.sees().await);
        let all = says
            .iter()
            .all(|words| three.iter().any(|line| line.contains(words)));
        (one == two && two == three && all).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_joins_late_reads_what_people_of_third_servers_said_and_what_is_said_below_it() {
    for backend in backends() {
        let Some((world, [_, at_birch], [ada, bo, cy])) = three(backend).await else {
            continue;
        };
        let at_acme = talk(&at_birch, &ada, &bo).await;
        let acme = &world.house("acme").instance;
        let cedar = &world.house("cedar").instance;

        world.partner("acme", "cedar").await;
        let all = ["--history", "all"];
        world.grant("acme", "engineering", "cedar", CAN, &all).await;
        world.join("cy@cedar", "engineering", "acme").await;
        let said = ["<em>elm</em>", "Elm warps", "Not in Hamburg"];
        agree([&ada, &bo, &cy], &said).await;
        let known = dump(cedar).await;
        assert_eq!(known.count("posts", "sawmill"), 0);
        assert_eq!(known.count("revisions", "Larch or oak?"), 0);

        // What is said now, by anybody below anybody's, is there too.
        let at_cedar = cy.see_topic(text(&at_acme["uri"])).await;
        let comments = cy.comments(text(&at_cedar["id"])).await;
        let hamburg = |status: &&Value| text(&status["content"]).contains("Hamburg");
        let below = comments.iter().find(hamburg).expect("bo's comment");
        let (here, there) = (text(&at_acme["id"]), text(&at_cedar["id"]));
        reply_seen(&cy, text(&below["id"]), "Nor in Kiel.", (&ada, here)).await;
        let kiel = |status: &&Value| text(&status["content"]).contains("Kiel");
        let at_home = ada.comments(here).await;
        let at_home = text(&at_home.iter().find(kiel).expect("cy's comment")["id"]).to_owned();
        reply_seen(&ada, &at_home, "Agreed.", (&cy, there)).await;
        agree([&ada, &bo, &cy], &["Nor in Kiel", "Agreed"]).await;

        // The ledger says which of bo's texts cedar was shown.
        let exported = acme.run(["ledger", "export"]).await.stdout;
        let lines = exported
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let shown =
            lines.filter(|line| line["way"] == "fetched" && line["host"] == cedar.host().as_str());
        let shown: Vec<Value> = shown.collect();
        let about = |line: &&Value| line["object"] == at_acme["uri"] && line["matter"] == "topic";
        assert!(shown.iter().any(|line| about(&line)), "{shown:#?}");
        assert_eq!(acme.run(["ledger", "verify"]).await.code, Some(0));

        // Birch and cedar still have nothing to do with each other.
        for (house, other) in [("birch", cedar), ("cedar", &world.house("birch").instance)] {
            let partners = world
                .house(house)
                .instance
                .run_json(&["partner", "list"])
                .await;
            let named = |row: &Value| row["host"] == other.host().as_str();
            assert!(
                !partners.as_array().unwrap().iter().any(named),
                "{partners}"
            );
        }

        // Whatever is taken back, acme keeps nothing of it.
        let kept = dump(acme).await;
        assert_eq!(kept.count("kept_activities", "elm"), 1);
        assert_eq!(kept.count("kept_activities", "Larch or oak?"), 0);
        assert_eq!(kept.count("kept_activities", "sawmill"), 0);
        for status in bo
            .comments(text(&bo.see_topic(text(&at_acme["uri"])).await["id"]))
            .await
        {
            if text(&status["content"]).contains("Hamburg") {
                let path = format!("/api/v1/statuses/{}", text(&status["id"]));
                assert_eq!(bo.delete(&path).await.status, 200);
            }
        }
        eventually("nothing of it is kept", async || {
            (dump(acme).await.count("kept_activities", "Hamburg") == 0).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_answers_something_unknown_brings_its_conversation_along() {
    for backend in backends() {
        let Some((world, [_, at_birch], [ada, bo, cy])) = three(backend).await else {
            continue;
        };
        let at_acme = talk(&at_birch, &ada, &bo).await;
        // Cedar joins while nothing older than now is shown to it, and is shown all of it later.
        world.partner("acme", "cedar").await;
        world.grant("acme", "engineering", "cedar", CAN, &[]).await;
        world.join("cy@cedar", "engineering", "acme").await;
        let all = ["--history", "all"];
        world.grant("acme", "engineering", "cedar", CAN, &all).await;
        assert!(cy.home().await.is_empty());

        let said = ada.reply(text(&at_acme["id"]), "Back to the topic.").await;
        assert_eq!(said.status, 200, "{said:?}");

        let at_cedar = cy.see_topic(text(&at_acme["uri"])).await;
        cy.see_comment(text(&at_cedar["id"]), text(&said.body["uri"]))
            .await;
        agree(
            [&ada, &bo, &cy],
            &["<em>elm</em>", "Not in Hamburg", "Back to the topic"],
        )
        .await;
    }
}

#[tokio::test]
async fn who_is_kept_apart_is_shown_nothing_that_others_said() {
    for backend in backends() {
        let Some((world, [here, at_birch], [ada, bo, cy])) = three(backend).await else {
            continue;
        };
        talk(&at_birch, &ada, &bo).await;
        let own = ada.topic(&here, "Ours", "Of acme alone.").await;
        let own_at_birch = bo.see_topic(text(&own["uri"])).await;
        assert_eq!(bo.like(text(&own_at_birch["id"])).await.status, 200);
        let words = "A word of birch below.";
        let there = (&ada, text(&own["id"]));
        reply_seen(&bo, text(&own_at_birch["id"]), words, there).await;
        eventually("the like is counted", async || {
            let seen = ada.sees().await;
            let own = |line: &String| line.contains("Of acme alone") && line.contains("likes=1");
            seen.iter().any(own).then_some(())
        })
        .await;

        world.partner("acme", "cedar").await;
        let apart = ["--history", "all", "--apart"];
        world
            .grant("acme", "engineering", "cedar", CAN, &apart)
            .await;
        world.join("cy@cedar", "engineering", "acme").await;
        cy.see_topic(text(&own["uri"])).await;

        let known = dump(&world.house("cedar").instance).await;
        for words in [words, "Hamburg", &world.house("birch").instance.host()] {
            for table in ["posts", "actors", "reactions", "actor_documents"] {
                assert_eq!(known.count(table, words), 0, "{words} in {table}");
            }
        }
    }
}
