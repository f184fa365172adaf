//! People boost what everybody may read, and bookmark what they may: across servers, with what everybody sees.

use serde_json::{Value, json};

use crate::support::requirements::backends;
use crate::support::world::{Answer, Member, World, eventually, text};

const PUBLIC: &[(&str, &str)] = &[("GUILDHALL_PROFILES__AUDIENCE", "public")];

impl Member {
    async fn does(&self, act: &str, id: &str) -> Answer {
        self.post(&format!("/api/v1/statuses/{id}/{act}"), json!({}))
            .await
    }

    /// Waits until a status is said to be boosted so often.
    async fn counts_boosts(&self, id: &str, wanted: u64) {
        let what = format!("{} counts {wanted} boosts", self.name);
        eventually(&what, async || {
            let status = self.status_of(id).await.body;
            (status["reblogs_count"] == wanted).then_some(())
        })
        .await;
    }

    /// The boost of a status by somebody, once it is in the home timeline.
    async fn sees_boost(&self, uri: &str, acct: &str) -> Value {
        let what = format!("{} sees that {acct} boosted {uri}", self.name);
        eventually(&what, async || {
            let home = self.home().await;
            home.into_iter()
                .find(|status| status["reblog"]["uri"] == uri && status["account"]["acct"] == acct)
        })
        .await
    }

    async fn bookmarks(&self) -> Vec<Value> {
        let list = self.get("/api/v1/bookmarks").await;
        assert_eq!(list.status, 200, "{list:?}");
        list.body.as_array().cloned().expect("a list")
    }

    /// Follows somebody at another organization, who lets them in.
    async fn follows(&self, other: &Self) {
        let account = self.find(&format!("{}@{}", other.name, other.host)).await;
        self.follow(&account).await;
        other
            .answers(&format!("{}@{}", self.name, self.host), "authorize")
            .await;
        eventually("they are let in", async || {
            (self.relation(&account).await["following"] == true).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_boost_reaches_followers_and_the_author_and_both_houses_count_the_same() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], PUBLIC).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let ada = world.engineering("acme", "open", "public").await;
        world
            .grant("acme", "engineering", "birch", "read,react,reply", &[])
            .await;
        let here = ada.find("engineering").await;
        world.join("bo@birch", "engineering", "acme").await;
        let (bo, cy) = (
            world.member("bo@birch").await,
            world.member("cy@birch").await,
        );
        bo.follows(&ada).await;
        let at_birch = cy.find("bo").await;
        cy.follow(&at_birch).await;

        let topic = ada.topic(&here, "Bridge opens Monday", "").await;
        let (id, uri) = (text(&topic["id"]), text(&topic["uri"]));
        let there = bo.see_topic(uri).await;
        let there = text(&there["id"]);

        // Ada boosts: who follows her is shown it as a status of hers.
        let boosted = ada.does("reblog", id).await;
        assert_eq!(boosted.status, 200, "{boosted:?}");
        assert_eq!(boosted.body["reblog"]["id"], id);
        assert_eq!(boosted.body["reblog"]["reblogged"], true);
        assert_ne!(boosted.body["id"], id);
        let again = ada.does("reblog", id).await;
        assert_eq!(again.body["id"], boosted.body["id"], "once is enough");
        let acct = format!("ada@{}", ada.host);
        let shown = bo.sees_boost(uri, &acct).await;
        assert_eq!(shown["reblog"]["id"], there);
        bo.counts_boosts(there, 1).await;
        let by = bo
            .get(&format!("/api/v1/statuses/{there}/reblogged_by"))
            .await;
        assert_eq!(by.body[0]["acct"], acct.as_str(), "{by:?}");

        // Bo boosts what stands at acme: his colleague is shown it, and acme counts it.
        let bos = bo.does("reblog", there).await;
        assert_eq!(bos.status, 200, "{bos:?}");
        cy.sees_boost(uri, "bo").await;
        ada.counts_boosts(id, 2).await;
        let statuses = format!("/api/v1/accounts/{at_birch}/statuses");
        let shown = cy.get(&statuses).await.body;
        assert_eq!(shown[0]["reblog"]["uri"], uri, "{shown}");
        let without = cy.get(&format!("{statuses}?exclude_reblogs=true")).await;
        assert_eq!(without.body, json!([]));

        // Both take it back, each in one of the two ways that clients know.
        let ended = ada.does("unreblog", id).await;
        assert_eq!(ended.body["reblogged"], false, "{ended:?}");
        bo.counts_boosts(there, 1).await;
        let number = text(&bos.body["id"]);
        assert_eq!(cy.status_of(number).await.body["reblog"]["uri"], uri);
        let ended = bo.delete(&format!("/api/v1/statuses/{number}")).await;
        assert_eq!(ended.body["uri"], uri, "{ended:?}");
        ada.counts_boosts(id, 0).await;
        assert_eq!(cy.status_of(number).await.status, 404);
        assert!(cy.home().await.is_empty());
    }
}

#[tokio::test]
async fn what_is_on_a_profile_is_boosted_when_it_is_for_everybody() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], PUBLIC).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let (ada, dan) = (
            world.member("ada@acme").await,
            world.member("dan@acme").await,
        );
        let bo = world.member("bo@birch").await;
        bo.follows(&ada).await;
        bo.follows(&dan).await;

        let quiet = dan.writes("For those who follow me.", "followers").await;
        let refused = ada.does("reblog", text(&quiet["id"])).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert!(text(&refused.body["error"]).contains("not for everybody"));

        let loud = dan.writes("The bridge is open.", "public").await;
        let uri = text(&loud["uri"]);
        bo.see_topic(uri).await;
        ada.does("reblog", text(&loud["id"])).await;
        let acct = format!("ada@{}", ada.host);
        let shown = bo.sees_boost(uri, &acct).await;
        assert_eq!(
            shown["reblog"]["account"]["acct"],
            format!("dan@{}", dan.host)
        );

        // With the post go its boosts.
        dan.delete(&format!("/api/v1/statuses/{}", text(&loud["id"])))
            .await;
        eventually("nothing is left of it", async || {
            let home = bo.home().await;
            let gone = home.iter().all(|status| status["reblog"].is_null());
            gone.then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_nobody_here_has_heard_of_is_shown_when_somebody_followed_boosts_it() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch", "cedar"], PUBLIC).await
        else {
            continue;
        };
        world.partner("acme", "birch").await;
        world.partner("birch", "cedar").await;
        let (ada, al) = (
            world.member("ada@acme").await,
            world.member("al@acme").await,
        );
        let (bo, cy) = (
            world.member("bo@birch").await,
            world.member("cy@cedar").await,
        );
        ada.follows(&bo).await;
        bo.follows(&cy).await;

        // Cedar is no partner of acme's: what bo boosts of cy's is not fetched.
        let unknown = cy.writes("Not for acme.", "public").await;
        let at_birch = bo.see_topic(text(&unknown["uri"])).await;
        assert_eq!(bo.does("reblog", text(&at_birch["id"])).await.status, 200);
        let marker = bo.writes("After the boost.", "public").await;
        ada.see_topic(text(&marker["uri"])).await;
        assert!(
            ada.home()
                .await
                .iter()
                .all(|status| status["reblog"].is_null())
        );

        // When it is one, it is.
        world.partner("acme", "cedar").await;
        let loud = cy.writes("The bridge is open.", "public").await;
        let at_birch = bo.see_topic(text(&loud["uri"])).await;
        assert_eq!(bo.does("reblog", text(&at_birch["id"])).await.status, 200);
        let acct = format!("bo@{}", bo.host);
        let shown = ada.sees_boost(text(&loud["uri"]), &acct).await;
        let post = &shown["reblog"];
        assert_eq!(post["account"]["acct"], format!("cy@{}", cy.host));
        assert!(text(&post["content"]).contains("The bridge is open."));

        // Who does not follow bo is not shown it at home.
        assert!(al.home().await.is_empty());

        // Cy takes it back: it is nowhere any more.
        cy.delete(&format!("/api/v1/statuses/{}", text(&loud["id"])))
            .await;
        eventually("the boost is gone from birch", async || {
            let home = bo.home().await;
            let gone = home.iter().all(|status| status["uri"] != loud["uri"]);
            gone.then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a28_what_is_in_a_group_that_is_not_public_is_boosted_by_nobody() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
        let topic = ada.topic(&here, "Not for outside", "").await;
        let (id, uri) = (text(&topic["id"]), text(&topic["uri"]));
        let there = bo.see_topic(uri).await;
        let there = text(&there["id"]);

        for (who, id) in [(&ada, id), (&bo, there)] {
            let refused = who.does("reblog", id).await;
            assert_eq!(refused.status, 403, "{refused:?}");
            assert!(text(&refused.body["error"]).contains("not for everybody"));
            let status = who.status_of(id).await.body;
            assert_eq!(status["reblogs_count"], 0);
        }
        // Who may not read it is answered as about a status that nobody has.
        let eve = world.member("eve@acme").await;
        for act in ["reblog", "unreblog", "bookmark", "unbookmark"] {
            let hidden = eve.does(act, id).await;
            let unknown = eve.does(act, "7").await;
            assert_eq!(
                (hidden.status, &hidden.body),
                (unknown.status, &unknown.body)
            );
            assert_eq!(hidden.status, 404, "{act}");
        }
    }
}

#[tokio::test]
async fn bookmarks_are_ones_own_and_gone_with_the_right_to_read() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        let (here, _) = world.bridge().await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
        let mut uris = Vec::new();
        for title in ["One", "Two", "Three"] {
            let topic = ada.topic(&here, title, "").await;
            let there = bo.see_topic(text(&topic["uri"])).await;
            let marked = bo.does("bookmark", text(&there["id"])).await;
            assert_eq!(marked.body["bookmarked"], true, "{marked:?}");
            bo.does("bookmark", text(&there["id"])).await;
            uris.push((text(&there["id"]).to_owned(), topic["uri"].clone()));
        }
        let listed = bo.bookmarks().await;
        let marked: Vec<&Value> = listed.iter().map(|status| &status["uri"]).collect();
        assert_eq!(marked, [&uris[2].1, &uris[1].1, &uris[0].1]);
        assert_eq!(ada.bookmarks().await, Vec::<Value>::new());
        let status = ada.get(&format!("/api/v1/statuses/{}", uris[0].0)).await;
        assert_ne!(status.body["bookmarked"], true);

        let off = bo.does("unbookmark", &uris[1].0).await;
        assert_eq!(off.body["bookmarked"], false);
        assert_eq!(bo.bookmarks().await.len(), 2);

        let birch = world.house("birch").instance.host();
        world
            .house("acme")
            .instance
            .run_json(&["grant", "remove", "engineering", &birch])
            .await;
        eventually("he reads nothing of it any more", async || {
            bo.bookmarks().await.is_empty().then_some(())
        })
        .await;
    }
}
