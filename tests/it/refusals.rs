//! What the house of a group does not take of what people elsewhere say and do in it is marked where they
//! read it, and everybody reads the same. Real servers on both databases.
//!
//! Acme refuses by a lock that birch was not told of: written into its database, so that no news of it
//! runs beside what bo does.

use guildhall::policy::Viewer;
use guildhall::services::{accounts, posts, sessions};
use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::dump::Dump;
use crate::support::requirements::backends;
use crate::support::world::{Member, World, client, eventually, text};

/// Acme's topic takes nothing more, or something again; nobody is told.
fn lock(world: &World, topic: &str, locked: bool) {
    let locked = if locked { "TRUE" } else { "FALSE" };
    let statement = format!("UPDATE posts SET locked = {locked} WHERE uri = '{topic}'");
    world.house("acme").instance.execute(&statement);
}

fn kinds(status: &Value) -> Vec<&str> {
    let refusals = status["refusals"].as_array();
    let kinds = refusals.into_iter().flatten().map(|one| text(&one["kind"]));
    kinds.collect()
}

impl Member {
    async fn status(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/statuses/{id}")).await.body
    }

    /// The status once exactly this was refused about it.
    async fn sees_refused(&self, id: &str, refused: &[&str]) -> Value {
        eventually(&format!("{} sees {refused:?}", self.name), async || {
            let status = self.status(id).await;
            (kinds(&status) == refused).then_some(status)
        })
        .await
    }
}

#[tokio::test]
async fn what_the_groups_house_refuses_is_marked_until_it_takes_it_after_all() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let cy = world.member("cy@birch").await;
        world.join("cy@birch", "engineering", "acme").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let uri = text(&topic["uri"]);
        let at_birch = bo.see_topic(uri).await;
        let at_birch = text(&at_birch["id"]);
        let said = bo.reply(at_birch, "We bring ribbons.").await.body;
        ada.see_comment(text(&topic["id"]), text(&said["uri"]))
            .await;
        cy.see_comment(at_birch, text(&said["uri"])).await;

        lock(&world, uri, true);
        let comment = bo.reply(at_birch, "And a band.").await.body;
        let comment = text(&comment["id"]);
        assert_eq!(bo.like(at_birch).await.body["favourites_count"], 1);

        // Its author learns what was refused and why, a colleague that nobody else sees it.
        let marked = bo.sees_refused(comment, &["post_created"]).await;
        let content = text(&marked["content"]);
        assert!(content.starts_with("<p><strong>Not taken.</strong>"));
        assert!(content.contains("locked") && content.ends_with("<p>And a band.</p>\n"));
        assert!(
            content.contains("an administrator can try again"),
            "{content}"
        );
        // There is nothing there to change; what is tried again is what it said.
        let edit = json!({ "status": "And two bands." });
        let edited = bo.put(&format!("/api/v1/statuses/{comment}"), edit).await;
        assert_eq!(edited.status, 422, "{edited:?}");
        assert!(text(&edited.body["error"]).contains("write it anew"));
        let seen = cy.sees_refused(comment, &["post_created"]).await;
        let content = text(&seen["content"]);
        assert!(content.contains("Nobody outside") && !content.contains("locked"));
        assert_eq!(ada.comments(text(&topic["id"])).await.len(), 1);
        // A like is taken back with its count; that is between the house and who liked.
        let liked = bo.sees_refused(at_birch, &["liked"]).await;
        assert_eq!(liked["favourites_count"], 0);
        assert_eq!(liked["favourited"], false);
        assert_eq!(kinds(&cy.status(at_birch).await), [""; 0]);

        // Pages say the same.
        let birch = &world.house("birch").instance;
        let page = page(&world, &bo, at_birch).await;
        assert!(
            page.contains("Not taken.") && page.contains("did not take your like"),
            "{page}"
        );
        assert!(page.contains("did not take this comment"), "{page}");
        // The administrator sees that they were refused.
        let queue = birch.run(["queue", "show", &ada.host]).await;
        assert!(queue.stdout.contains("refused"), "{queue:?}");

        // The reason is gone, an administrator tries again.
        lock(&world, uri, false);
        let retried = birch.run_json(&["queue", "retry", &ada.host]).await;
        assert_eq!(retried["retried"], 2);
        ada.see_comment(text(&topic["id"]), text(&marked["uri"]))
            .await;
        bo.sees_refused(comment, &[]).await;
        let liked = bo.sees_refused(at_birch, &[]).await;
        assert_eq!(
            (&liked["favourites_count"], &liked["favourited"]),
            (&json!(1), &json!(true))
        );
        eventually("everybody sees the same", async || {
            let same = bo.sees().await == ada.sees().await && cy.sees().await == ada.sees().await;
            same.then_some(())
        })
        .await;
        assert_eq!(Dump::of(&birch.database_url()).rows("refusals").len(), 0);
    }
}

/// Birch's page of a post, as somebody there reads it.
async fn page(world: &World, member: &Member, id: &str) -> String {
    let app = world.house("birch").app();
    let account = accounts::find(&app, Viewer::Operator, &member.name).await;
    let session = sessions::open(&app, account.expect("an account"), "a test").await;
    let secret = session.expect("a session").secret;
    let page = client()
        .get(format!("http://{}/p/{id}", member.address))
        .header("host", &member.host)
        .header("cookie", format!("guildhall_session={secret}"))
        .send();
    let page = page.await.expect("an answer").text();
    page.await.expect("a page")
}

#[tokio::test]
async fn a_new_text_that_was_let_in_and_then_refused_gives_way_to_the_one_that_others_read() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let cy = world.member("cy@birch").await;
        world.join("cy@birch", "engineering", "acme").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let uri = text(&topic["uri"]);
        let at_birch = bo.see_topic(uri).await;
        let at_birch = text(&at_birch["id"]);
        let said = bo.reply(at_birch, "We bring *ribbons*.").await.body;
        let id = text(&said["id"]);
        ada.see_comment(text(&topic["id"]), text(&said["uri"]))
            .await;
        cy.see_comment(at_birch, text(&said["uri"])).await;

        lock(&world, uri, true);
        // Acme answers 202 and says by a Reject that it did not take them.
        for words in ["We bring nothing.", "Not even ribbons."] {
            let edited = bo
                .put(
                    &format!("/api/v1/statuses/{id}"),
                    json!({ "status": words }),
                )
                .await;
            assert_eq!(edited.status, 200, "{edited:?}");
        }
        let marked = eventually("bo's texts are refused", async || {
            let status = bo.status(id).await;
            let last = status["refusals"][0]["refused_content"] == "<p>Not even ribbons.</p>\n";
            // Text and marks are read one after the other: PostgreSQL may have changed between them.
            let back = text(&status["content"]).ends_with("<p>We bring <em>ribbons</em>.</p>\n");
            (last && back).then_some(status)
        })
        .await;
        assert_eq!(kinds(&marked), ["post_updated"]);
        let content = text(&marked["content"]);
        assert!(content.contains("locked"), "{content}");
        assert_eq!(marked["edited_at"], Value::Null);
        let source = bo.get(&format!("/api/v1/statuses/{id}/source")).await;
        assert_eq!(source.body["text"], "We bring *ribbons*.");
        let seen = cy.status(id).await;
        assert_eq!(kinds(&seen), [""; 0]);
        assert_eq!(seen["content"], "<p>We bring <em>ribbons</em>.</p>\n");

        // Nothing stands in the way any more, and bo says it again.
        lock(&world, uri, false);
        let again = json!({ "status": "Ribbons, and a band." });
        bo.put(&format!("/api/v1/statuses/{id}"), again).await;
        eventually("everybody reads the new text", async || {
            let same = bo.sees().await == ada.sees().await && cy.sees().await == ada.sees().await;
            let said = ada.sees().await.iter().any(|line| line.contains("a band"));
            (same && said).then_some(())
        })
        .await;
        assert_eq!(kinds(&bo.status(id).await), [""; 0]);
    }
}

#[tokio::test]
async fn after_the_end_of_a_partnership_both_sides_still_take_back_what_is_theirs() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada
            .topic(&here, "Bridge opens Monday", "Secret plans.")
            .await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let said = bo
            .reply(text(&at_birch["id"]), "Secret ribbons.")
            .await
            .body;
        ada.see_comment(text(&topic["id"]), text(&said["uri"]))
            .await;
        let (acme, birch) = (world.house("acme"), world.house("birch"));
        acme.instance
            .run_json(&["partner", "end", &birch.instance.host()])
            .await;
        eventually("birch knows that it is over", async || {
            let partner = birch
                .instance
                .run_json(&["partner", "show", &acme.instance.host()])
                .await;
            (partner["state"] == "ended").then_some(())
        })
        .await;

        for (house, who, status) in [(birch, "bo", &said), (acme, "ada", &topic)] {
            let app = house.app();
            let viewer = house.viewer(&app, who).await;
            let id = text(&status["id"]).parse().expect("a post's id");
            let deleted = posts::delete(&app, viewer, id).await;
            deleted.expect("what is one's own can be deleted");
        }
        for (house, words) in [(acme, "ribbons"), (birch, "plans")] {
            let url = house.instance.database_url();
            eventually("what was taken back is gone", async || {
                let url = url.clone();
                let dump = tokio::task::spawn_blocking(move || Dump::of(&url)).await;
                (dump.expect("a dump").count("posts", words) == 0).then_some(())
            })
            .await;
        }
        for house in [acme, birch] {
            let queue = house.instance.run_json(&["queue", "list"]).await;
            let servers = queue.as_array().expect("a list");
            assert!(servers.iter().all(|one| one["failed"] == 0), "{queue}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_put_into_words_is_shown_and_told_later() {
    for backend in backends() {
        let Some((world, _, _)) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        // Somebody was let in, and it is not written who.
        acme.execute(
            "INSERT INTO events (id, kind, actor_id, group_id, at) \
             SELECT 1, 'join_accepted', actor_id, actor_id, 1 FROM groups",
        );
        let untold = eventually("the event is shown", async || {
            let untold = acme.run_json(&["queue", "untold"]).await;
            (untold != json!([])).then_some(untold)
        })
        .await;
        assert_eq!(untold[0]["kind"], "join_accepted");
        assert_eq!(untold[0]["tried_again"], false);
        assert!(text(&untold[0]["problem"]).contains("lacks what it tells of"));
        let listed = acme.run(["queue", "list"]).await;
        assert!(listed.stderr.contains("queue untold"), "{listed:?}");

        acme.execute("UPDATE events SET kind = 'group_updated' WHERE id = 1");
        let again = acme.run_json(&["queue", "retell", "1"]).await;
        assert_eq!(again["retold"], 1);
        eventually("it is told", async || {
            let untold = acme.run_json(&["queue", "untold"]).await;
            (untold == json!([])).then_some(())
        })
        .await;
    }
}
