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
        let page = page_at(&world, "bo", &format!("/p/{at_birch}")).await;
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

/// Nothing leaves birch for acme, or something does again.
fn hold(world: &World, held: bool) {
    let until = if held { 9_000_000_000_000_000_i64 } else { 0 };
    let acme = world.house("acme").instance.host();
    world.house("birch").instance.execute(&format!(
        "UPDATE destinations SET not_before = {until} WHERE host = '{acme}'; \
         UPDATE deliveries SET next_attempt_at = 0 WHERE state = 'pending' AND {until} = 0"
    ));
}

/// How many deliveries to acme wait at birch, refused or given up included.
async fn unsent(world: &World, state: &str) -> Vec<Value> {
    let (birch, acme) = (world.house("birch"), world.house("acme"));
    let shown = ["queue", "show", &acme.instance.host()];
    let shown = birch.instance.run_json(&shown).await;
    let mut rows = shown.as_array().expect("a list").clone();
    rows.retain(|row| row["state"] == state);
    rows
}

/// A page of birch's as somebody there sees it.
async fn page_at(world: &World, name: &str, path: &str) -> String {
    let (house, app) = (world.house("birch"), world.house("birch").app());
    let account = accounts::find(&app, Viewer::Operator, name).await;
    let session = sessions::open(&app, account.expect("an account"), "a test").await;
    let secret = session.expect("a session").secret;
    let page = client()
        .get(format!("http://{}{path}", house.instance.address()))
        .header("host", house.instance.host())
        .header("cookie", format!("guildhall_session={secret}"))
        .send();
    let page = page.await.expect("an answer").text();
    page.await.expect("a page")
}

#[tokio::test]
async fn what_waits_when_a_partnership_ends_is_marked_and_sent_when_there_is_one_again() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let at_birch = text(&at_birch["id"]);
        let said = bo.reply(at_birch, "We bring ribbons.").await.body;
        ada.see_comment(text(&topic["id"]), text(&said["uri"]))
            .await;
        let (acme, birch) = (world.house("acme"), world.house("birch"));

        hold(&world, true);
        let comment = bo.reply(at_birch, "And a band.").await.body;
        let edit = json!({ "status": "We bring long ribbons." });
        let id = text(&said["id"]);
        bo.put(&format!("/api/v1/statuses/{id}"), edit).await;
        bo.like(at_birch).await;
        eventually("all of it waits", async || {
            (unsent(&world, "pending").await.len() == 3).then_some(())
        })
        .await;
        let ended = ["partner", "end", &acme.instance.host()];
        birch.instance.run_json(&ended).await;

        // Whose it is learns it, though no page of the group leads there any more.
        let own = page_at(&world, "bo", "/settings/posts").await;
        for words in [
            "was not told of this comment",
            "was not told of your new text of this comment",
            "There is no partnership with that server",
            "And a band.",
            "We bring long ribbons.",
            "closed to you now",
        ] {
            assert!(own.contains(words), "{words}: {own}");
        }
        assert!(!own.contains("Engineering"), "{own}");
        // Administrators see whose they are; what they say they could not read there themselves.
        assert_eq!(unsent(&world, "dead").await.len(), 3);
        let queue = page_at(&world, "boss", "/admin/queue").await;
        for words in [
            "A comment by @bo in",
            "A like of a topic by @bo",
            "Not sent",
        ] {
            assert!(queue.contains(words), "{words}: {queue}");
        }
        assert!(!queue.contains("band"), "{queue}");
        // Nobody is there to take it: tried again, it is not sent either.
        let retry = ["queue", "retry", &acme.instance.host()];
        birch.instance.run_json(&retry).await;
        hold(&world, false);
        eventually("it is given up again", async || {
            (unsent(&world, "dead").await.len() == 3).then_some(())
        })
        .await;
        eventually("acme knows that it is over", async || {
            let partner = ["partner", "show", &birch.instance.host()];
            let partner = acme.instance.run_json(&partner).await;
            (partner["state"] == "ended").then_some(())
        })
        .await;
        assert_eq!(ada.comments(text(&topic["id"])).await.len(), 1);

        // There is a partnership again.
        world.partner("acme", "birch").await;
        let can = "read,react,reply,start";
        let all = ["--history", "all"];
        world.grant("acme", "engineering", "birch", can, &all).await;
        world.join("bo@birch", "engineering", "acme").await;
        let marked = bo
            .sees_refused(text(&comment["id"]), &["post_created"])
            .await;
        assert!(text(&marked["content"]).contains("an administrator can try again"));
        // An edit of the one does not clear the mark of the other, nor can what is not there be changed.
        let edit = json!({ "status": "And two bands." });
        let path = format!("/api/v1/statuses/{}", text(&comment["id"]));
        assert_eq!(bo.put(&path, edit).await.status, 422);
        assert_eq!(
            kinds(&bo.status(text(&comment["id"])).await),
            ["post_created"]
        );

        assert_eq!(birch.instance.run_json(&retry).await["retried"], 3);
        ada.see_comment(text(&topic["id"]), text(&comment["uri"]))
            .await;
        for status in [text(&comment["id"]), id, at_birch] {
            bo.sees_refused(status, &[]).await;
        }
        eventually("both see the same", async || {
            let (bo, ada) = (bo.sees().await, ada.sees().await);
            let told = ada.iter().any(|line| line.contains("long ribbons"));
            (told && bo == ada).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_answers_a_refused_comment_is_said_again_when_that_is_taken() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let (uri, id) = (text(&topic["uri"]), text(&topic["id"]));
        let at_birch = bo.see_topic(uri).await;
        let at_birch = text(&at_birch["id"]);
        lock(&world, uri, true);
        let first = bo.reply(at_birch, "Who brings ribbons?").await.body;
        bo.sees_refused(text(&first["id"]), &["post_created"]).await;
        lock(&world, uri, false);

        // Acme lets the answers in, and finds nothing that they answer.
        let second = bo.reply(text(&first["id"]), "I do.").await.body;
        let third = bo.reply(text(&second["id"]), "Long ones.").await.body;
        for answer in [&second, &third] {
            let marked = bo
                .sees_refused(text(&answer["id"]), &["post_created"])
                .await;
            let content = text(&marked["content"]);
            assert!(content.contains("an administrator can try again"));
        }
        // None of them is counted where they are seen here only.
        assert_eq!(bo.status(at_birch).await["replies_count"], 0);
        let refused = unsent(&world, "failed").await;
        assert_eq!(refused.len(), 3, "{refused:?}");

        // The first is tried again, and the others follow it.
        let birch = &world.house("birch").instance;
        let delivery = refused[0]["id"].to_string();
        let delivery = delivery.trim_matches('"');
        let retried = birch.run_json(&["queue", "retry", "--id", delivery]).await;
        assert_eq!(retried["retried"], 1);
        for comment in [&first, &second, &third] {
            ada.see_comment(id, text(&comment["uri"])).await;
            bo.sees_refused(text(&comment["id"]), &[]).await;
        }
        eventually("both count the same", async || {
            let same = bo.sees().await == ada.sees().await;
            let three = bo.status(at_birch).await["replies_count"] == 3;
            (same && three).then_some(())
        })
        .await;
        assert_eq!(unsent(&world, "failed").await.len(), 0);

        // One that was deleted is counted nowhere, whether it was taken or not.
        lock(&world, uri, true);
        let fourth = bo.reply(at_birch, "None for me.").await.body;
        let fourth = text(&fourth["id"]);
        bo.sees_refused(fourth, &["post_created"]).await;
        assert_eq!(
            bo.delete(&format!("/api/v1/statuses/{fourth}"))
                .await
                .status,
            200
        );
        assert_eq!(bo.status(at_birch).await["replies_count"], 3);
    }
}

#[tokio::test]
async fn votes_given_in_a_refused_poll_are_told_when_it_is_taken() {
    for backend in backends() {
        let Some((world, [_, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let cy = world.member("cy@birch").await;
        world.join("cy@birch", "engineering", "acme").await;
        let (acme, birch) = (world.house("acme"), world.house("birch"));
        let may = |can: &str| {
            let change = format!("UPDATE grants SET capabilities = '{can}'");
            acme.instance.execute(&change);
        };
        may("read,react,reply");
        let poll = bo
            .post(
                "/api/v1/statuses",
                json!({
                    "group_id": there, "title": "Which timber?",
                    "poll": { "options": ["Larch", "Oak"], "expires_in": 86_400 },
                }),
            )
            .await;
        assert_eq!(poll.status, 200, "{poll:?}");
        let id = text(&poll.body["id"]);
        let marked = bo.sees_refused(id, &["post_created"]).await;
        assert!(text(&marked["content"]).contains("start"), "{marked}");
        let vote = json!({ "choices": [1] });
        let voted = cy.post(&format!("/api/v1/polls/{id}/votes"), vote).await;
        assert_eq!(voted.status, 200, "{voted:?}");
        // Told to nobody, for nobody there has the poll.
        eventually("the counts were told in vain", async || {
            let dump = Dump::of(&birch.instance.database_url());
            (dump.count("events", r#""kind":"poll_counted""#) > 0).then_some(())
        })
        .await;

        may("read,react,reply,start");
        let retry = ["queue", "retry", &acme.instance.host()];
        birch.instance.run_json(&retry).await;
        let seen = ada.see_topic(text(&poll.body["uri"])).await;
        eventually("ada sees cy's vote", async || {
            let status = ada.status(text(&seen["id"])).await;
            (status["poll"]["options"][1]["votes_count"] == 1).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn who_is_banned_reads_that_and_not_that_something_is_gone() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        hold(&world, true);
        bo.reply(text(&at_birch["id"]), "Who brings ribbons?").await;
        let who = format!("bo@{}", bo.host);
        let acme = &world.house("acme").instance;
        acme.run_json(&["member", "ban", "engineering", &who]).await;
        eventually("birch heard of the ban", async || {
            let dump = Dump::of(&world.house("birch").instance.database_url());
            (dump.count("memberships", r#""state":"banned""#) == 1).then_some(())
        })
        .await;
        hold(&world, false);
        eventually("bo learns why", async || {
            let own = page_at(&world, "bo", "/settings/posts").await;
            own.contains("You are banned from this group").then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_taken_back_while_it_waits_never_arrives() {
    for backend in backends() {
        let Some((world, [_, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        // Acme listens to birch no more for a while, so what bo says waits at birch.
        acme.run_json(&["partner", "pause", &birch.host()]).await;
        let rash = bo.topic(&there, "Said too soon", "zephyr").await;
        eventually("it waits", async || {
            let queue = birch.run_json(&["queue", "list"]).await;
            let rows = queue.as_array().expect("a list").clone();
            rows.iter().any(|row| row["pending"] != 0).then_some(())
        })
        .await;
        bo.delete(&format!("/api/v1/statuses/{}", text(&rash["id"])))
            .await;
        let meant = bo.topic(&there, "Said on purpose", "").await;
        acme.run_json(&["partner", "resume", &birch.host()]).await;
        eventually("nothing waits at birch", async || {
            birch.run_json(&["queue", "retry", &acme.host()]).await;
            let queue = birch.run_json(&["queue", "list"]).await;
            let rows = queue.as_array().expect("a list").clone();
            rows.iter().all(|row| row["pending"] == 0).then_some(())
        })
        .await;
        ada.see_topic(text(&meant["uri"])).await;
        let dump = Dump::of(&acme.database_url());
        assert_eq!(
            dump.count_everywhere("zephyr"),
            0,
            "it arrived all the same"
        );
        let ledger = birch.run(["ledger", "export"]).await;
        let uri = text(&rash["uri"]);
        let of_it = ledger.stdout.lines().filter(|line| line.contains(uri));
        let outcomes: Vec<bool> = of_it.map(|line| line.contains("\"withheld\"")).collect();
        assert!(outcomes.contains(&true), "{}", ledger.stdout);
    }
}
