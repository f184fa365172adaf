//! What happens in one house is known in the others: what comes back, what is closed, what is
//! renamed, who is put out, who is asked to come. Real servers on both databases; where software
//! that knows nothing of partnerships is needed, a server that speaks plain ActivityPub.

use guildhall::domain::{Access, GroupId, PostId};
use guildhall::policy::Viewer;
use guildhall::services::{accounts, groups, posts};
use serde_json::{Value, json};

use crate::support::bridge::{bridge, is_in, is_out, listed};
use crate::support::dump::Dump;
use crate::support::person::Person;
use crate::support::requirements::backends;
use crate::support::stranger::Stranger;
use crate::support::world::{Member, World, eventually, text};

fn post_id(status: &Value) -> PostId {
    text(&status["id"]).parse().expect("a post's id")
}

impl Member {
    /// Waits until a topic is no longer in the home timeline.
    async fn misses_topic(&self, uri: &str) {
        eventually(&format!("{} no longer sees {uri}", self.name), async || {
            let home = self.home().await;
            home.iter().all(|status| status["uri"] != uri).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_moderator_removed_and_restored_is_back_at_the_partner() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let bridge = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let timber = bo.topic(&there, "Timber", "Larch or oak?").await;
        let forgotten = ada.topic(&here, "Ribbon", "Red or blue?").await;
        for topic in [&bridge, &forgotten] {
            bo.see_topic(text(&topic["uri"])).await;
        }
        let timber_here = ada.see_topic(text(&timber["uri"])).await;
        let before = bo.sees().await;

        let house = world.house("acme");
        let app = house.app();
        let moderator = house.viewer(&app, "ada").await;
        let ids = [&bridge, &timber_here, &forgotten].map(post_id);
        for id in ids {
            let removed =
                posts::remove(&app, moderator.clone(), id, "Off topic".parse().unwrap()).await;
            removed.expect("a moderator removes");
        }
        for topic in [&bridge, &timber, &forgotten] {
            bo.misses_topic(text(&topic["uri"])).await;
        }
        // Birch threw one of them away meanwhile.
        let statement = format!(
            "DELETE FROM posts WHERE uri = '{}'",
            text(&forgotten["uri"])
        );
        world.house("birch").instance.execute(&statement);
        for id in ids {
            let restored = posts::restore(&app, moderator.clone(), id).await;
            restored.expect("a moderator restores");
        }

        eventually("everything is back at birch", async || {
            (bo.sees().await == before).then_some(())
        })
        .await;
        assert_eq!(ada.sees().await, before);
    }
}

#[tokio::test]
async fn what_is_said_while_a_partner_is_paused_arrives_when_it_goes_on() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let birch = world.house("birch").instance.host();
        // Titles are plain text, whatever they look like.
        let prices = ada.topic(&here, "Prices of Vec<u8>", "100 EUR").await;
        bo.see_topic(text(&prices["uri"])).await;

        acme.run_json(&["partner", "pause", &birch]).await;
        let path = format!("/api/v1/statuses/{}", text(&prices["id"]));
        let edited = ada
            .put(
                &path,
                json!({ "title": "Prices of Vec<u8>", "status": "200 EUR" }),
            )
            .await;
        assert_eq!(edited.status, 200, "{edited:?}");
        assert_eq!(
            ada.reply(text(&prices["id"]), "See above").await.status,
            200
        );
        assert_eq!(ada.like(text(&prices["id"])).await.status, 200);
        let meanwhile = ada.topic(&here, "Meanwhile", "Nobody hears this yet").await;
        let queued = async || {
            let queue = acme.run_json(&["queue", "list"]).await;
            let mut rows = queue.as_array()?.iter();
            rows.any(|row| row["host"] == birch.as_str() && row["pending"] == 4)
                .then_some(())
        };
        eventually("four things wait for birch", queued).await;
        let at_birch = bo.home().await;
        assert!(
            at_birch
                .iter()
                .all(|status| status["uri"] != meanwhile["uri"])
        );

        acme.run_json(&["partner", "resume", &birch]).await;
        bo.see_topic(text(&meanwhile["uri"])).await;
        eventually("both see the same", async || {
            (bo.sees().await == ada.sees().await).then_some(())
        })
        .await;
        let there = bo.see_topic(text(&prices["uri"])).await;
        assert!(text(&there["content"]).contains("200 EUR"), "{there}");
        assert!(text(&there["content"]).contains("Vec&lt;u8&gt;"), "{there}");
    }
}

#[tokio::test]
async fn a_request_that_a_group_does_not_take_is_over() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        world.engineering("acme", "closed", "partners").await;
        let only_invited = ["--join", "invite"];
        let can = "read,react,reply";
        world
            .grant("acme", "engineering", "birch", can, &only_invited)
            .await;
        let bo = world.member("bo@birch").await;
        let acme = world.house("acme").instance.host();
        let group = bo.find(&format!("engineering@{acme}")).await;

        let path = format!("/api/v1/accounts/{group}/follow");
        let asked = bo.post(&path, json!({})).await;
        assert_eq!(asked.body["requested"], true, "{asked:?}");

        let path = format!("/api/v1/accounts/relationships?id[]={group}");
        eventually("nothing is asked any more", async || {
            let relation = bo.get(&path).await;
            (relation.body[0]["requested"] == false).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_moderator_elsewhere_removes_restores_and_locks_for_everybody() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let stranger = Stranger::partner(&world, "p", "read,react,reply,moderate").await;
        let (pam, _) = stranger.member(&world, "pam").await;
        let (pete, _) = stranger.member(&world, "pete").await;
        let acme = &world.house("acme").instance;
        let role = [
            "member",
            "add",
            "engineering",
            &pam.handle(),
            "--role",
            "moderator",
        ];
        acme.run_json(&role).await;
        let topic = ada.topic(&here, "Bridge opens Monday", "Come all.").await;
        let uri = text(&topic["uri"]);
        let at_birch = bo.see_topic(uri).await;

        let mut delete = pam.activity("Delete", json!(uri));
        delete["summary"] = json!("Not here, please");
        let lock = pam.activity("Lock", json!(uri));

        // Who is no moderator does nothing by it.
        for (kind, object) in [
            ("Delete", json!(uri)),
            ("Lock", json!(uri)),
            ("Undo", pete.activity("Delete", json!(uri))),
            ("Undo", pete.activity("Lock", json!(uri))),
        ] {
            let reply = stranger.send(&pete, &pete.activity(kind, object)).await;
            assert_eq!(reply.status, 403, "{kind}: {}", reply.text());
        }

        stranger.says(&pam, &delete).await;
        for member in [&ada, &bo] {
            member.misses_topic(uri).await;
        }
        // To the byte as she said it.
        let announced = stranger
            .hears("its own moderator", |activity| activity["object"] == delete)
            .await;
        assert_eq!(announced["actor"], stranger.group.as_str());

        stranger.says(&pam, &pam.activity("Undo", delete)).await;
        for member in [&ada, &bo] {
            member.see_topic(uri).await;
        }

        stranger.says(&pam, &lock).await;
        eventually("birch knows of the lock", async || {
            let reply = bo.reply(text(&at_birch["id"]), "May I?").await;
            (reply.status == 403 && text(&reply.body["error"]).contains("locked")).then_some(())
        })
        .await;
        stranger.says(&pam, &pam.activity("Undo", lock)).await;
        eventually("birch knows that it is open again", async || {
            let reply = bo.reply(text(&at_birch["id"]), "Now I may.").await;
            (reply.status == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_group_says_of_itself_is_known_at_the_partner() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let house = world.house("acme");
        let app = house.app();
        let owner = house.viewer(&app, "ada").await;
        let group: GroupId = here.parse().expect("a group's id");

        let title = "Engineering and *Bridges*".parse().expect("a title");
        let about = "What we **build**.".to_owned();
        groups::update(&app, owner.clone(), group, title, about, Access::Closed)
            .await
            .expect("an owner changes the group");
        eventually("birch knows the new title and description", async || {
            let shown = bo.get(&format!("/api/v1/accounts/{there}")).await.body;
            (shown["display_name"] == "Engineering and *Bridges*"
                && text(&shown["note"]).contains("<strong>build</strong>"))
            .then_some(())
        })
        .await;

        groups::set_archived(&app, Viewer::Operator, group, true)
            .await
            .expect("it is archived");
        eventually("nobody at birch writes in the archived group", async || {
            let reply = bo.reply(text(&at_birch["id"]), "May I?").await;
            (reply.status == 403 && text(&reply.body["error"]).contains("archived")).then_some(())
        })
        .await;
        groups::set_archived(&app, Viewer::Operator, group, false)
            .await
            .expect("it is taken out of the archive");
        eventually("birch writes again", async || {
            let reply = bo.reply(text(&at_birch["id"]), "Now I may.").await;
            (reply.status == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn who_changes_their_name_is_called_so_at_the_partner() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        // A server where nobody shares a group with her.
        let stranger = Stranger::partner(&world, "p", "read").await;
        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let uri = text(&topic["uri"]);
        bo.see_topic(uri).await;

        let house = world.house("acme");
        let app = house.app();
        let viewer = house.viewer(&app, "ada").await;
        let (name, bio) = ("Ada Lovelace".to_owned(), "I *count*.".to_owned());
        accounts::update_profile(&app, viewer, name, bio)
            .await
            .expect("everybody has a name");

        eventually("birch calls her so", async || {
            let account = bo.see_topic(uri).await["account"].clone();
            (account["display_name"] == "Ada Lovelace"
                && text(&account["note"]).contains("<em>count</em>"))
            .then_some(())
        })
        .await;
        assert!(stranger.peer.heard().is_empty());
    }
}

#[tokio::test]
async fn who_is_gone_is_forgotten_elsewhere() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let stranger = Stranger::partner(&world, "p", "read,reply").await;
        let (pam, _) = stranger.member(&world, "pam").await;
        let acme = &world.house("acme").instance;
        let birch = &world.house("birch").instance;
        birch.add_partner(&stranger.peer.host()).await;
        let topic = ada.topic(&here, "Bridge opens", "On Monday.").await;
        let note = pam.note(&stranger.group, text(&topic["uri"]), "We bring ribbons.");
        let said = pam.create(&note);
        stranger.shows(&note);
        stranger.says(&pam, &said).await;
        ada.see_comment(text(&topic["id"]), text(&note["id"])).await;
        let topic_at_birch = bo.see_topic(text(&topic["uri"])).await;
        let topic_at_birch = text(&topic_at_birch["id"]);
        bo.see_comment(topic_at_birch, text(&note["id"])).await;

        // Somebody elsewhere goes: they are a member no more, and what they said goes with them,
        // also where the group had passed it on.
        stranger
            .says(&pam, &pam.activity("Delete", json!(pam.id)))
            .await;
        is_out(&world, &pam.handle()).await;
        assert!(ada.comments(text(&topic["id"])).await.is_empty());
        assert_eq!(Dump::of(&acme.database_url()).count("posts", "ribbons"), 0);
        eventually("pam's words are gone at birch", async || {
            bo.comments(topic_at_birch).await.is_empty().then_some(())
        })
        .await;
        // Whatever is still said in their name changes nothing.
        let again = pam.activity("Follow", json!(stranger.group));
        assert_eq!(stranger.send(&pam, &again).await.status, 202);

        // Somebody of ours goes: the servers that knew them are told, in their own words.
        let (pete, _) = stranger.member(&world, "pete").await;
        let address = format!("http://{}/u/ada", ada.host);
        acme.run_json(&["user", "erase", "ada", "--yes"]).await;
        let goodbye = stranger
            .hears("that ada is gone", |activity| {
                activity["type"] == "Delete" && activity["object"] == json!(address)
            })
            .await;
        assert_eq!(goodbye["actor"], json!(address));
        // Her posts were taken back before, in the same lane: who is gone is not listened to any more.
        let heard = stranger.peer.heard();
        let taken_back = heard.iter().position(|activity| {
            activity["type"] == "Announce" && activity["object"]["object"] == topic["uri"]
        });
        assert!(taken_back.is_some());
        is_in(&world, &pete.handle(), "member").await;
    }
}

#[tokio::test]
async fn software_that_knows_no_grants_hears_who_is_no_member_any_more() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let stranger = Stranger::partner(&world, "p", "read,reply").await;
        let host = stranger.peer.host();
        let refused = |follow: &Value| {
            let (id, group) = (follow["id"].clone(), json!(stranger.group));
            move |activity: &Value| {
                activity["type"] == "Reject"
                    && activity["actor"] == group
                    && activity["object"]["id"] == id
            }
        };

        // Taken back.
        let (pam, follow) = stranger.member(&world, "pam").await;
        acme.run_json(&["grant", "remove", "engineering", &host])
            .await;
        stranger.hears("that pam is out", refused(&follow)).await;

        // A new grant alone lets nobody in; a new Follow does. `Join` is one too.
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(25);
        let grant = [
            "grant",
            "add",
            "engineering",
            &host,
            "--can",
            "read",
            "--join",
            "auto",
        ];
        let soon = soon.to_string();
        let until = [grant.as_slice(), &["--until", &soon]].concat();
        acme.run_json(&until).await;
        assert_eq!(listed(&world, &pam.handle()).await, None);
        let join = pam.activity("Join", json!(stranger.group));
        stranger.says(&pam, &join).await;
        is_in(&world, &pam.handle(), "member").await;

        // Expired.
        stranger
            .hears("that pam's time is over", refused(&join))
            .await;
        assert_eq!(listed(&world, &pam.handle()).await, None);

        // The partnership ended. Who left before, by `Leave`, is not put out.
        acme.run_json(&grant).await;
        let (pete, petes) = stranger.member(&world, "pete").await;
        let (quin, quins) = stranger.member(&world, "quin").await;
        stranger
            .says(&quin, &quin.activity("Leave", json!(stranger.group)))
            .await;
        is_out(&world, &quin.handle()).await;
        acme.run_json(&["partner", "end", &host]).await;
        stranger.hears("that pete is out", refused(&petes)).await;
        assert!(!stranger.peer.heard().iter().any(refused(&quins)));
        assert!(!pete.id.is_empty());

        // Partners by invitation are told of the grant itself, and nobody else of anything.
        let topic = ada.topic(&here, "Still here", "").await;
        bo.see_topic(text(&topic["uri"])).await;
    }
}

#[tokio::test]
async fn a_partners_people_ask_again_after_a_grant_expired() {
    for backend in backends() {
        let Some((world, [_, there], [_, bo])) = bridge(backend).await else {
            continue;
        };
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(9);
        let until = ["--until", &soon.to_string()];
        world
            .grant("acme", "engineering", "birch", "read,reply", &until)
            .await;
        is_out(&world, &format!("bo@{}", bo.host)).await;

        world
            .grant("acme", "engineering", "birch", "read,reply", &[])
            .await;
        let relation = async || {
            let path = format!("/api/v1/accounts/relationships?id[]={there}");
            bo.get(&path).await.body[0].clone()
        };
        eventually(
            "birch knows the group again, and that bo is not in it",
            async || {
                let known = bo.get(&format!("/api/v1/accounts/{there}")).await.status == 200;
                (known && relation().await["following"] == false).then_some(())
            },
        )
        .await;
        world.join("bo@birch", "engineering", "acme").await;
    }
}

#[tokio::test]
async fn what_a_third_server_keeps_is_fetched_from_there() {
    for backend in backends() {
        let Some((world, _, [ada, _])) = bridge(backend).await else {
            continue;
        };
        let birch = &world.house("birch").instance;
        let stranger = Stranger::partner(&world, "p", "read,reply,start").await;
        let (pam, _) = stranger.member(&world, "pam").await;
        let topic = pam.page(&stranger.group, "Nails", "How long?");
        let hidden = pam.page(&stranger.group, "Secret nails", "Not for birch.");
        for page in [&topic, &hidden] {
            stranger.says(&pam, &pam.create(page)).await;
        }
        stranger.shows(&topic);
        let here = ada.see_topic(text(&topic["id"])).await;
        ada.see_topic(text(&hidden["id"])).await;
        let answer = ada.reply(text(&here["id"]), "As long as a finger.").await;
        assert_eq!(answer.status, 200);

        // Somebody of birch comes in only now; birch speaks with p too.
        birch.add_partner(&stranger.peer.host()).await;
        world
            .grant(
                "acme",
                "engineering",
                "birch",
                "read,reply",
                &["--history", "all"],
            )
            .await;
        world.join("eva@birch", "engineering", "acme").await;

        let eva = world.member("eva@birch").await;
        let at_birch = eva.see_topic(text(&topic["id"])).await;
        assert_eq!(at_birch["account"]["acct"], pam.handle());
        eva.see_comment(text(&at_birch["id"]), text(&answer.body["uri"]))
            .await;
        let home = eva.home().await;
        assert!(home.iter().all(|status| status["uri"] != hidden["id"]));
    }
}

#[tokio::test]
async fn who_is_invited_to_a_secret_group_elsewhere_comes_in_and_nobody_else() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let acme = &world.house("acme").instance;
        let ada = world.member("ada@acme").await;
        let create = [
            "group", "create", "board", "--title", "Board", "--access", "secret",
        ];
        acme.run_json(&[create.as_slice(), &["--owner", "ada"]].concat())
            .await;
        acme.run_json(&["group", "stage", "board", "partners"])
            .await;
        world
            .grant("acme", "board", "birch", "read,reply", &[])
            .await;
        let (bo, eva) = (
            world.member("bo@birch").await,
            world.member("eva@birch").await,
        );
        let handle = format!("bo@{}", bo.host);

        // Acme never heard of bo, and birch would not tell.
        let invited = acme.run_json(&["member", "add", "board", &handle]).await;
        assert_eq!(invited["state"], "invited");
        let listed = acme.run_json(&["member", "list", "board"]).await;
        assert!(listed.to_string().contains(&handle), "{listed}");
        let banned = acme.run(&["member", "ban", "board", &handle]).await;
        assert!(banned.stderr.contains("never here"), "{banned:?}");

        let board = format!("board@{}", acme.host());
        let query: String = url::form_urlencoded::byte_serialize(board.as_bytes()).collect();
        let look = format!("/api/v2/search?q={query}&type=accounts");
        let id = eventually("bo finds what he was invited to", async || {
            let found = bo.get(&look).await.body;
            Some(found["accounts"][0]["id"].as_str()?.to_owned())
        })
        .await;
        assert_eq!(eva.get(&look).await.body["accounts"], json!([]));
        let hers = eva
            .post(&format!("/api/v1/accounts/{id}/follow"), json!({}))
            .await;
        assert_eq!(hers.status, 404, "{hers:?}");

        let asked = bo
            .post(&format!("/api/v1/accounts/{id}/follow"), json!({}))
            .await;
        assert_eq!(asked.status, 200, "{asked:?}");
        eventually("bo is let in", async || {
            let path = format!("/api/v1/accounts/relationships?id[]={id}");
            (bo.get(&path).await.body[0]["following"] == true).then_some(())
        })
        .await;
        let here = ada.find("board").await;
        let topic = ada.topic(&here, "Budget", "Not for everybody.").await;
        bo.see_topic(text(&topic["uri"])).await;
        let listed = acme.run_json(&["member", "list", "board"]).await;
        assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");

        // An invitation by handle can be taken back.
        let evas = format!("eva@{}", eva.host);
        acme.run_json(&["member", "add", "board", &evas]).await;
        acme.run_json(&["member", "remove", "board", &evas]).await;
        let listed = acme.run_json(&["member", "list", "board"]).await;
        assert!(!listed.to_string().contains(&evas), "{listed}");

        // On the page, too, whom nobody here has met.
        let unmet = format!("fay@{}", eva.host);
        let made = acme.run_json(&["user", "password", "ada"]).await;
        let mut page = Person::signed_in(acme, "ada", text(&made["password"])).await;
        page.go("/g/board/members").await;
        let invited = page
            .send("/g/board/members/add", &[("who", unmet.as_str())])
            .await;
        assert!(invited.says("nobody here has met them"), "{}", invited.html);
        let back = [("handle", unmet.as_str()), ("action", "withdraw")];
        let back = page.send("/g/board/members", &back).await;
        assert!(!back.html.contains(&unmet), "{}", back.html);
    }
}

#[tokio::test]
async fn who_may_invite_elsewhere_brings_a_colleague_and_nobody_else() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        let ada = world.member("ada@acme").await;
        let bo = world.member("bo@birch").await;
        let eva = world.member("eva@birch").await;
        let create = ["group", "create", "board", "--access", "secret"];
        acme.run_json(&[create.as_slice(), &["--title", "Board", "--owner", "ada"]].concat())
            .await;
        acme.run_json(&["group", "stage", "board", "partners"])
            .await;
        let by_invitation = ["--join", "invite"];
        world
            .grant("acme", "board", "birch", "read,reply", &by_invitation)
            .await;
        let handle = format!("bo@{}", bo.host);
        acme.run_json(&["member", "add", "board", &handle]).await;
        let board = format!("board@{}", acme.host());
        let join = async |who: &Member| {
            let query: String = url::form_urlencoded::byte_serialize(board.as_bytes()).collect();
            let look = format!("/api/v2/search?q={query}&type=accounts");
            let id = eventually(&format!("{} finds the group", who.name), async || {
                let found = who.get(&look).await.body;
                Some(found["accounts"][0]["id"].as_str()?.to_owned())
            })
            .await;
            let asked = who
                .post(&format!("/api/v1/accounts/{id}/follow"), json!({}))
                .await;
            assert_eq!(asked.status, 200, "{asked:?}");
            eventually(&format!("{} is let in", who.name), async || {
                let path = format!("/api/v1/accounts/relationships?id[]={id}");
                (who.get(&path).await.body[0]["following"] == true).then_some(())
            })
            .await;
        };
        join(&bo).await;

        // The grant does not say that they may invite.
        let made = birch.run_json(&["user", "password", "bo"]).await;
        let mut page = Person::signed_in(birch, "bo", text(&made["password"])).await;
        let members = format!("/g/{board}/members");
        let add = format!("{members}/add");
        assert!(!page.go(&members).await.html.contains(&add));

        world
            .grant(
                "acme",
                "board",
                "birch",
                "read,reply,invite",
                &by_invitation,
            )
            .await;
        eventually("birch heard that its people may invite", async || {
            let shown = page.go(&members).await;
            shown.html.contains(&add).then_some(())
        })
        .await;
        birch
            .run_json(&[
                "user",
                "create",
                "gus",
                "--role",
                "guest",
                "--email",
                "gus@b.example",
            ])
            .await;
        for (who, problem) in [
            ("nobody", "nobody here is called nobody"),
            ("gus", "is a guest"),
            (&format!("ada@{}", acme.host()), "only colleagues"),
        ] {
            let refused = page.send(&add, &[("who", who)]).await;
            let told = refused.problem().unwrap_or_default();
            assert!(
                told.to_lowercase().contains(&problem.to_lowercase()),
                "{who}: {told}"
            );
        }
        let invited = page.send(&add, &[("who", "eva")]).await;
        assert!(invited.says("they see the group now"), "{}", invited.html);
        let evas = format!("eva@{}", eva.host);
        eventually("acme knows whom bo invited", async || {
            let listed = acme.run_json(&["member", "list", "board"]).await;
            listed.to_string().contains(&evas).then_some(())
        })
        .await;
        join(&eva).await;

        // Who is let in so reads and answers like the others.
        let here = ada.find("board").await;
        let topic = ada.topic(&here, "Budget", "Not for everybody.").await;
        eva.see_topic(text(&topic["uri"])).await;
        let audit = acme.run_json(&["audit", "list"]).await.to_string();
        assert!(audit.contains(&evas), "{audit}");
    }
}

#[tokio::test]
async fn an_invitation_from_elsewhere_passes_by_nobody() {
    for backend in backends() {
        let Some((world, [_, acme_there], [_, bo])) = bridge(backend).await else {
            continue;
        };
        drop(acme_there);
        let (acme, birch) = (
            &world.house("acme").instance,
            &world.house("birch").instance,
        );
        world
            .grant("acme", "engineering", "birch", "read,reply,invite", &[])
            .await;
        acme.run_json(&["group", "set", "engineering", "--first-contact", "person"])
            .await;
        let eva = world.member("eva@birch").await;
        let made = birch.run_json(&["user", "password", "bo"]).await;
        let mut page = Person::signed_in(birch, "bo", text(&made["password"])).await;
        let add = format!("/g/engineering@{}/members/add", acme.host());
        eventually("birch heard that its people may invite", async || {
            let shown = page.go(add.trim_end_matches("/add")).await;
            shown.html.contains(&add).then_some(())
        })
        .await;
        page.send(&add, &[("who", "eva")]).await;
        let refused = eventually("acme refused it", async || {
            let host = acme.host();
            let queue = birch.run_json(&["queue", "show", &host]).await.to_string();
            queue.contains("looks_first").then_some(queue)
        })
        .await;
        assert!(refused.contains("invite"), "{refused}");
        let evas = format!("eva@{}", eva.host);
        let listed = acme.run_json(&["member", "list", "engineering"]).await;
        assert!(!listed.to_string().contains(&evas), "{listed}");
        drop(bo);
    }
}
