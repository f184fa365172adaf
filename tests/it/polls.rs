//! Polls: asked, voted in and counted, in one house, between houses, and with servers of other make.

use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::forge::Letter;
use crate::support::peer::Peer;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Answer, Member, World, eventually, text};

impl Member {
    /// Asks which timber, in a group; the status.
    async fn ask_which_timber(&self, group: &str, more: Value) -> Value {
        let mut poll = json!({ "options": ["Larch", "Oak", "Steel"], "expires_in": 86_400 });
        poll.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let asked = json!({ "group_id": group, "title": "Which timber?", "poll": poll });
        let asked = self.post("/api/v1/statuses", asked).await;
        assert_eq!(asked.status, 200, "{asked:?}");
        asked.body
    }

    async fn vote(&self, poll: &Value, choices: &[usize]) -> Answer {
        let path = format!("/api/v1/polls/{}/votes", text(&poll["id"]));
        self.post(&path, json!({ "choices": choices })).await
    }

    async fn poll(&self, status: &Value) -> Value {
        let path = format!("/api/v1/polls/{}", text(&status["id"]));
        self.get(&path).await.body
    }

    /// Waits until the votes stand so.
    async fn sees_votes(&self, status: &Value, votes: [u64; 3], voters: u64) {
        let what = format!("{}@{} sees {votes:?}", self.name, self.host);
        eventually(&what, async || {
            let poll = self.poll(status).await;
            (tally(&poll) == votes.map(Some) && poll["voters_count"] == voters).then_some(())
        })
        .await;
    }
}

fn tally(poll: &Value) -> Vec<Option<u64>> {
    let options = poll["options"].as_array().expect("options").iter();
    options
        .map(|option| option["votes_count"].as_u64())
        .collect()
}

#[tokio::test]
async fn colleagues_vote_once_and_everybody_sees_how_many() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "internal").await;
        let (grace, here) = (
            world.member("grace@acme").await,
            ada.find("engineering").await,
        );

        let asked = ada.ask_which_timber(&here, json!({})).await;
        let poll = &asked["poll"];
        assert_eq!(poll["id"], asked["id"]);
        assert_eq!(
            (&poll["multiple"], &poll["expired"]),
            (&json!(false), &json!(false))
        );
        assert_eq!(
            (&poll["voted"], &poll["own_votes"]),
            (&json!(false), &json!([]))
        );
        assert_eq!(tally(poll), [Some(0); 3]);

        let voted = grace.vote(poll, &[1]).await;
        assert_eq!(voted.status, 200, "{voted:?}");
        assert_eq!(voted.body["own_votes"], json!([1]));
        assert_eq!(tally(&voted.body), [Some(0), Some(1), Some(0)]);
        ada.vote(poll, &[1]).await;
        ada.sees_votes(&asked, [0, 2, 0], 2).await;

        // Once, for one option, for one that is there.
        for (who, choices) in [(&grace, &[0][..]), (&grace, &[1]), (&ada, &[0, 2])] {
            assert_eq!(who.vote(poll, choices).await.status, 422, "{choices:?}");
        }
        let cy = world.member("cy@acme").await;
        for choices in [&[3][..], &[0, 1], &[]] {
            assert_eq!(cy.vote(poll, choices).await.status, 422, "{choices:?}");
        }
        let topic = ada.topic(&here, "No poll", "").await;
        assert_eq!(cy.vote(&topic, &[0]).await.status, 404);
        assert_eq!(ada.poll(&topic).await["error"], "Record not found");

        // Several, where several are asked for; one can add to them.
        let several = ada
            .ask_which_timber(&here, json!({ "multiple": "1" }))
            .await;
        grace.vote(&several, &[0, 2]).await;
        assert_eq!(grace.vote(&several, &[2]).await.status, 422);
        assert_eq!(grace.vote(&several, &[1]).await.status, 200);
        cy.vote(&several, &[0]).await;
        ada.sees_votes(&several, [2, 1, 1], 2).await;
        assert_eq!(ada.poll(&several).await["votes_count"], 4);

        // Totals that are hidden are hidden from who asks, too.
        let hidden = json!({ "hide_totals": true });
        let hidden = ada.ask_which_timber(&here, hidden).await;
        grace.vote(&hidden, &[0]).await;
        let seen = ada.poll(&hidden).await;
        assert_eq!(
            (tally(&seen), &seen["voters_count"]),
            (vec![None; 3], &json!(1))
        );

        // Who is erased did not vote.
        let acme = &world.house("acme").instance;
        acme.run_json(&["user", "erase", "grace", "--yes"]).await;
        ada.sees_votes(&asked, [0, 1, 0], 1).await;
        ada.sees_votes(&several, [1, 0, 0], 1).await;
    }
}

#[tokio::test]
async fn what_makes_no_poll_is_refused_and_what_it_asks_stays() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "internal").await;
        let here = ada.find("engineering").await;
        let limits = ada.get("/api/v1/instance/").await.body["configuration"]["polls"].clone();
        assert_eq!(
            (&limits["max_options"], &limits["min_expiration"]),
            (&json!(20), &json!(300))
        );
        for poll in [
            json!({ "options": ["one"] }),
            json!({ "options": ["one", "one"] }),
            json!({ "options": ["one", "x".repeat(201)] }),
            json!({ "options": (0..21).collect::<Vec<_>>() }),
            json!({ "options": ["one", "two"], "expires_in": 10 }),
            json!({ "options": ["one", "two"], "expires_in": "soon" }),
            json!({ "multiple": true }),
        ] {
            let asked = json!({ "group_id": here, "title": "Which?", "poll": poll });
            let asked = ada.post("/api/v1/statuses", asked).await;
            assert_eq!(asked.status, 422, "{poll}: {asked:?}");
        }
        assert_eq!(ada.home().await, Vec::<Value>::new());

        let asked = ada.ask_which_timber(&here, json!({})).await;
        let path = format!("/api/v1/statuses/{}", text(&asked["id"]));
        ada.vote(&asked, &[0]).await;
        let comment = json!({
            "in_reply_to_id": asked["id"], "status": "And?", "poll": { "options": ["a", "b"] },
        });
        assert_eq!(ada.post("/api/v1/statuses", comment).await.status, 422);
        for (options, status) in [
            (["Larch", "Oak", "Steel"], 200),
            (["Larch", "Oak", "Ash"], 422),
        ] {
            let edit =
                json!({ "title": "Which wood?", "status": "", "poll": { "options": options } });
            assert_eq!(ada.put(&path, edit).await.status, status, "{options:?}");
        }
        let edited = ada.get(&path).await.body;
        assert_eq!(edited["title"], "Which wood?");
        assert_eq!(edited["poll"]["voters_count"], 1);
        assert_eq!(ada.delete(&path).await.status, 200);
        assert_eq!(ada.poll(&asked).await["error"], "Record not found");
    }
}

#[tokio::test]
async fn two_organizations_vote_in_each_others_polls_and_count_the_same() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let grace = world.member("grace@acme").await;
        let handle = "grace";
        let acme = &world.house("acme").instance;
        acme.run_json(&["member", "add", "engineering", handle])
            .await;

        // Asked by the house of the group.
        let asked = ada.ask_which_timber(&here, json!({})).await;
        let at_birch = bo.see_topic(text(&asked["uri"])).await;
        assert_eq!(at_birch["title"], "Which timber?");
        assert_eq!(at_birch["content"], asked["content"]);
        assert_eq!(at_birch["poll"]["expires_at"], asked["poll"]["expires_at"]);
        grace.vote(&asked, &[0]).await;
        let voted = bo.vote(&at_birch, &[1]).await;
        assert_eq!(
            (voted.status, &voted.body["own_votes"]),
            (200.try_into().unwrap(), &json!([1]))
        );
        ada.sees_votes(&asked, [1, 1, 0], 2).await;
        bo.sees_votes(&at_birch, [1, 1, 0], 2).await;

        // Asked by the partner, in the same group.
        let asked = bo
            .ask_which_timber(&there, json!({ "multiple": true }))
            .await;
        let at_acme = ada.see_topic(text(&asked["uri"])).await;
        bo.vote(&asked, &[2]).await;
        assert_eq!(ada.vote(&at_acme, &[0, 2]).await.status, 200);
        assert_eq!(grace.vote(&at_acme, &[0]).await.status, 200);
        bo.sees_votes(&asked, [2, 0, 2], 3).await;
        ada.sees_votes(&at_acme, [2, 0, 2], 3).await;
        // Counting is no edit.
        let status = ada
            .get(&format!("/api/v1/statuses/{}", text(&at_acme["id"])))
            .await;
        assert_eq!(status.body["edited_at"], Value::Null);

        // Who is erased did not vote, whoever counts.
        acme.run_json(&["user", "erase", "grace", "--yes"]).await;
        bo.sees_votes(&asked, [1, 0, 2], 2).await;
        ada.sees_votes(&at_acme, [1, 0, 2], 2).await;
        bo.sees_votes(&at_birch, [0, 1, 0], 1).await;
    }
}

#[tokio::test]
async fn three_organizations_of_which_two_know_nothing_of_each_other_count_the_same() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch", "cedar"]).await else {
            continue;
        };
        let (here, at_birch) = world.bridge().await;
        world.partner("acme", "cedar").await;
        let can = "read,react,reply,start";
        world.grant("acme", "engineering", "cedar", can, &[]).await;
        world.join("cy@cedar", "engineering", "acme").await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
        let cy = world.member("cy@cedar").await;

        // Birch counts, though it may not speak with cedar.
        let asked = bo.ask_which_timber(&at_birch, json!({})).await;
        let at_cedar = cy.see_topic(text(&asked["uri"])).await;
        let at_acme = ada.see_topic(text(&asked["uri"])).await;
        assert_eq!(cy.vote(&at_cedar, &[2]).await.status, 200);
        assert_eq!(ada.vote(&at_acme, &[2]).await.status, 200);
        for (who, status) in [(&bo, &asked), (&ada, &at_acme), (&cy, &at_cedar)] {
            who.sees_votes(status, [0, 0, 2], 2).await;
        }

        // Acme counts.
        let asked = ada.ask_which_timber(&here, json!({})).await;
        let seen_by_bo = bo.see_topic(text(&asked["uri"])).await;
        let seen_by_cy = cy.see_topic(text(&asked["uri"])).await;
        bo.vote(&seen_by_bo, &[0]).await;
        cy.vote(&seen_by_cy, &[1]).await;
        for (who, status) in [(&ada, &asked), (&bo, &seen_by_bo), (&cy, &seen_by_cy)] {
            who.sees_votes(status, [1, 1, 0], 2).await;
        }
    }
}

#[tokio::test]
async fn partners_kept_apart_do_not_learn_how_many_others_voted() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let ada = world.engineering("acme", "closed", "partners").await;
        let can = "read,react,reply,start";
        world
            .grant("acme", "engineering", "birch", can, &["--apart"])
            .await;
        world.join("bo@birch", "engineering", "acme").await;
        let (here, bo) = (
            ada.find("engineering").await,
            world.member("bo@birch").await,
        );

        let asked = ada.ask_which_timber(&here, json!({})).await;
        let at_birch = bo.see_topic(text(&asked["uri"])).await;
        ada.vote(&asked, &[0]).await;
        assert_eq!(bo.vote(&at_birch, &[1]).await.status, 200);
        ada.sees_votes(&asked, [1, 1, 0], 2).await;
        // Whatever was said of the votes was said before this.
        let later = ada.topic(&here, "Later", "").await;
        bo.see_topic(text(&later["uri"])).await;
        let seen = bo.poll(&at_birch).await;
        assert_eq!(
            (tally(&seen), &seen["voters_count"]),
            (vec![None; 3], &Value::Null)
        );
        assert_eq!(seen["own_votes"], json!([1]));
    }
}

#[tokio::test]
async fn a_microblog_server_votes_in_a_poll_of_ours_and_hears_the_counts() {
    for backend in backends() {
        let Some(world) = World::open(backend, "acme").await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "public").await;
        let here = ada.find("engineering").await;
        let micro = Peer::start("micro");
        micro.runs("mastodon", "4.5.1");
        world
            .open_to("acme", &micro.host(), &["--join", "auto"])
            .await;
        let (mara, acme) = (micro.person("mara"), &world.house("acme").instance);
        let group = format!("{}/g/engineering", acme.origin());
        let send = async |activity: &Value| {
            let letter = Letter::post(&mara, &acme.host(), activity).sign();
            letter.send(&acme.address()).await
        };
        let hears = async |what: &str, is_it: &dyn Fn(&Value) -> bool| {
            eventually(&format!("mara's server hears {what}"), async || {
                micro.heard().into_iter().find(is_it)
            })
            .await
        };
        send(&mara.activity("Follow", json!(group))).await;
        hears("that she is in", &|said| said["type"] == "Accept").await;

        let asked = ada.ask_which_timber(&here, json!({})).await;
        let uri = text(&asked["uri"]).to_owned();
        hears("the boost", &|said| said["object"] == uri.as_str()).await;
        let path = uri.split_once(&acme.host()).expect("an address").1;
        let document = Letter::get(&mara, &acme.host(), path).sign();
        let document = document.send(&acme.address()).await;
        let question: Value = serde_json::from_slice(&document.body).expect("JSON");
        assert_eq!(question["type"], "Question");
        // Mastodon shows no name of a question, so its text begins with it.
        assert!(text(&question["content"]).starts_with("<p><strong>Which timber?"));
        assert_eq!(question["oneOf"][1]["name"], "Oak");

        // As Mastodon votes; the same vote again, and another, change nothing.
        let vote = |number: u32, option: &str| {
            let id = format!("{}#votes/{number}", mara.id);
            json!({
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": format!("{id}/activity"), "type": "Create", "actor": mara.id,
                "to": asked["account"]["uri"],
                "object": {
                    "id": id, "type": "Note", "name": option, "attributedTo": mara.id,
                    "inReplyTo": uri, "to": asked["account"]["uri"],
                },
            })
        };
        assert_eq!(send(&vote(1, "Oak")).await.status, 202);
        ada.sees_votes(&asked, [0, 1, 0], 1).await;
        assert_eq!(send(&vote(1, "Oak")).await.status, 202);
        assert_eq!(send(&vote(2, "Larch")).await.status, 403);
        let counted = |said: &Value| {
            let told = &said["object"]["oneOf"][1]["replies"]["totalItems"];
            said["type"] == "Update" && told == 1
        };
        let told = hears("the count", &counted).await;
        assert_eq!(told["object"]["id"], uri.as_str());
        assert_eq!(told["object"]["votersCount"], 1);
        assert_eq!(told["object"].get("updated"), None);
        ada.sees_votes(&asked, [0, 1, 0], 1).await;
        let comments = ada.comments(text(&asked["id"])).await;
        assert_eq!(comments, Vec::<Value>::new(), "a vote is no comment");
    }
}

#[tokio::test]
async fn a_poll_of_a_microblog_server_is_voted_in_here_and_counted_there() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "partners").await;
        let grace = world.member("grace@acme").await;
        let micro = Stranger::partner(&world, "micro", "read,react,reply,start").await;
        let (mara, _) = micro.member(&world, "mara").await;
        let other = Stranger::partner(&world, "other", "read,react,reply").await;
        other.member(&world, "olga").await;

        let id = mara.new_id();
        let question = |votes: [u32; 2], options: [&str; 2]| {
            let option = |place: usize| {
                json!({
                    "type": "Note", "name": options[place],
                    "replies": { "type": "Collection", "totalItems": votes[place] },
                })
            };
            json!({
                "id": id, "type": "Question", "attributedTo": mara.id, "audience": micro.group,
                "to": [micro.group], "content": "<p>Tabs or spaces?</p>",
                "endTime": "2031-01-01T00:00:00Z", "votersCount": votes[0] + votes[1],
                "oneOf": [option(0), option(1)],
            })
        };
        let options = ["Tabs", "Spaces"];
        micro
            .says(&mara, &mara.create(&question([0, 3], options)))
            .await;
        let asked = ada.see_topic(&id).await;
        assert_eq!(tally(&asked["poll"]), [Some(0), Some(3)]);
        assert!(!text(&asked["content"]).contains("<li>"));

        // The vote goes to mara's server and to no other; nobody is shown it.
        assert_eq!(ada.vote(&asked, &[1]).await.status, 200);
        let is_vote = |said: &Value| said["object"]["object"]["name"] == "Spaces";
        let announced = micro.hears("ada's vote", is_vote).await;
        assert_eq!(
            (&announced["to"], &announced["cc"]),
            (&json!([mara.id]), &json!([]))
        );
        let said = announced["object"].clone();
        assert_eq!(
            (&said["type"], &said["object"]["inReplyTo"]),
            (&json!("Create"), &json!(id))
        );
        assert_eq!(said["to"], json!([mara.id]));
        assert_eq!(said["object"].get("content"), None);
        assert_eq!(ada.vote(&asked, &[0]).await.status, 422);

        // What she counts is what is shown here, and passed on.
        micro
            .says(&mara, &mara.activity("Update", question([1, 5], options)))
            .await;
        eventually("her count", async || {
            (tally(&ada.poll(&asked).await) == [Some(1), Some(5)]).then_some(())
        })
        .await;
        let her_update = |said: &Value| said["object"]["object"]["votersCount"] == 6;
        other.hears("her count", her_update).await;
        assert!(!other.peer.heard().iter().any(is_vote));
        assert_eq!(ada.poll(&asked).await["own_votes"], json!([1]));

        // She asks something else: earlier votes were for that.
        let options = ["Tabs", "Neither"];
        micro
            .says(&mara, &mara.activity("Update", question([0, 0], options)))
            .await;
        eventually("the other question", async || {
            let poll = ada.poll(&asked).await;
            (poll["options"][1]["title"] == "Neither" && poll["voted"] == false).then_some(())
        })
        .await;
        assert_eq!(grace.vote(&asked, &[1]).await.status, 200);

        // When it is over, it is over.
        let mut closed = question([0, 1], options);
        closed["closed"] = json!("2026-01-01T00:00:00Z");
        micro.says(&mara, &mara.activity("Update", closed)).await;
        eventually("the end", async || {
            (ada.poll(&asked).await["expired"] == true).then_some(())
        })
        .await;
        let late = ada.vote(&asked, &[0]).await;
        assert_eq!(late.status, 422);
        assert_eq!(late.body["error"], "This poll has ended.");
    }
}
