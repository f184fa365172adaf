//! People follow people: across servers, with everything that travels between them.

use serde_json::{Value, json};

use crate::support::requirements::backends;
use crate::support::world::{Answer, Member, World, eventually, text};

const PUBLIC: &[(&str, &str)] = &[("GUILDHALL_PROFILES__AUDIENCE", "public")];
const PARTNERS: &[(&str, &str)] = &[("GUILDHALL_PROFILES__AUDIENCE", "partners")];

impl Member {
    /// Writes on the own profile.
    pub async fn writes(&self, words: &str, audience: &str) -> Value {
        let status = json!({ "status": words, "audience": audience });
        let posted = self.post("/api/v1/statuses", status).await;
        assert_eq!(posted.status, 200, "{posted:?}");
        posted.body
    }

    pub async fn relation(&self, account: &str) -> Value {
        let path = format!("/api/v1/accounts/relationships?id[]={account}");
        self.get(&path).await.body[0].clone()
    }

    pub async fn follow(&self, account: &str) -> Answer {
        self.post(&format!("/api/v1/accounts/{account}/follow"), json!({}))
            .await
    }

    pub async fn requests(&self) -> Vec<Value> {
        let list = self.get("/api/v1/follow_requests").await;
        list.body.as_array().cloned().unwrap_or_default()
    }

    /// Waits until somebody asks to follow, and lets them in or refuses; their account here.
    pub async fn answers(&self, acct: &str, word: &str) -> String {
        let id = eventually(
            &format!("{acct} asks to follow {}", self.name),
            async || {
                let requests = self.requests().await;
                let asks = requests.iter().find(|one| one["acct"] == acct)?;
                Some(text(&asks["id"]).to_owned())
            },
        )
        .await;
        let path = format!("/api/v1/follow_requests/{id}/{word}");
        let done = self.post(&path, json!({})).await;
        assert_eq!(done.status, 200, "{done:?}");
        id
    }

    /// Whether the home timeline has a status with this address.
    pub async fn has_at_home(&self, uri: &str) -> bool {
        self.home().await.iter().any(|status| status["uri"] == uri)
    }

    pub async fn status_of(&self, id: &str) -> Answer {
        self.get(&format!("/api/v1/statuses/{id}")).await
    }
}

/// Ada of acme follows bo of birch, who lets her in; bo's account at acme, hers at birch.
async fn ada_follows_bo(world: &World) -> (Member, Member, String, String) {
    world.partner("acme", "birch").await;
    let (ada, bo) = (
        world.member("ada@acme").await,
        world.member("bo@birch").await,
    );
    let there = ada.find(&format!("bo@{}", bo.host)).await;
    let asked = ada.follow(&there).await;
    assert_eq!(asked.body["requested"], true, "{asked:?}");
    let here = bo.answers(&format!("ada@{}", ada.host), "authorize").await;
    eventually("ada follows bo", async || {
        (ada.relation(&there).await["following"] == true).then_some(())
    })
    .await;
    assert_eq!(bo.relation(&here).await["followed_by"], true);
    (ada, bo, there, here)
}

#[tokio::test]
async fn who_follows_somebody_at_a_partner_reads_them_and_answers() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], PUBLIC).await else {
            continue;
        };
        let cy = world.member("cy@acme").await;
        let (ada, bo, there, _) = ada_follows_bo(&world).await;

        // What is for followers is read by who follows, and by nobody else.
        let quiet = bo.writes("We **start** on Monday.", "followers").await;
        assert_eq!(quiet["visibility"], "private");
        let at_acme = ada.see_topic(text(&quiet["uri"])).await;
        assert!(text(&at_acme["content"]).contains("<strong>start</strong>"));
        assert_eq!(at_acme["group"], Value::Null);
        let id = text(&at_acme["id"]);
        assert_eq!(cy.status_of(id).await.status, 404);
        assert!(!cy.has_at_home(text(&quiet["uri"])).await);

        // What is for everybody is read by her colleagues, too; what is for bo's colleagues stays there.
        bo.writes("Only us.", "profile").await;
        let loud = bo.writes("The bridge is open.", "public").await;
        let open = ada.see_topic(text(&loud["uri"])).await;
        assert_eq!(cy.status_of(text(&open["id"])).await.status, 200);
        assert!(
            !cy.has_at_home(text(&loud["uri"])).await,
            "cy follows nobody"
        );
        let shown = ada.get(&format!("/api/v1/accounts/{there}/statuses")).await;
        assert_eq!(shown.body.as_array().map(Vec::len), Some(2), "{shown:?}");

        // She answers and likes; bo hears of it, and answers her.
        let answer = ada.reply(id, "Who brings the ribbon?").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let quiet_id = text(&quiet["id"]);
        let heard = bo.see_comment(quiet_id, text(&answer.body["uri"])).await;
        let back = bo.reply(text(&heard["id"]), "We do.").await;
        ada.see_comment(id, text(&back.body["uri"])).await;
        let likes = async |wanted: u64| {
            eventually(&format!("bo counts {wanted} likes"), async || {
                let status = bo.status_of(quiet_id).await.body;
                (status["favourites_count"] == wanted).then_some(())
            })
            .await;
        };
        ada.like(id).await;
        likes(1).await;
        ada.unlike(id).await;
        likes(0).await;

        // He changes his mind.
        let changed = json!({ "status": "We start on Tuesday." });
        let edited = bo
            .put(&format!("/api/v1/statuses/{quiet_id}"), changed)
            .await;
        assert_eq!(edited.status, 200, "{edited:?}");
        eventually("ada reads Tuesday", async || {
            let status = ada.status_of(id).await.body;
            text(&status["content"]).contains("Tuesday").then_some(())
        })
        .await;
        bo.delete(&format!("/api/v1/statuses/{}", text(&loud["id"])))
            .await;
        eventually("the other post is gone", async || {
            let status = ada.status_of(text(&open["id"])).await.status;
            (status == 404).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn who_is_removed_or_leaves_reads_nothing_any_more() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], PARTNERS).await else {
            continue;
        };
        let (ada, bo, there, here) = ada_follows_bo(&world).await;
        let post = bo.writes("For those who follow me.", "followers").await;
        let seen = ada.see_topic(text(&post["uri"])).await;
        let id = text(&seen["id"]);

        let refused = bo.post(
            "/api/v1/statuses",
            json!({ "status": "x", "audience": "public" }),
        );
        assert_eq!(
            refused.await.status,
            403,
            "the house lets nothing go that far"
        );

        // Bo removes her: what she read is hidden, and new posts do not come.
        let removed = format!("/api/v1/accounts/{here}/remove_from_followers");
        bo.post(&removed, json!({})).await;
        eventually("ada is told", async || {
            (ada.relation(&there).await["following"] == false).then_some(())
        })
        .await;
        assert_eq!(ada.status_of(id).await.status, 404);
        let after = bo.writes("Not for ada.", "followers").await;

        // She asks again, is refused, asks again, is let in, and what was said before is fetched.
        ada.follow(&there).await;
        bo.answers(&format!("ada@{}", ada.host), "reject").await;
        eventually("ada is refused", async || {
            (ada.relation(&there).await["requested"] == false).then_some(())
        })
        .await;
        assert!(!ada.has_at_home(text(&after["uri"])).await);
        ada.follow(&there).await;
        bo.answers(&format!("ada@{}", ada.host), "authorize").await;
        ada.see_topic(text(&after["uri"])).await;

        // She leaves.
        ada.post(&format!("/api/v1/accounts/{there}/unfollow"), json!({}))
            .await;
        eventually("bo is told", async || {
            (bo.relation(&here).await["followed_by"] == false).then_some(())
        })
        .await;
        assert_eq!(ada.status_of(id).await.status, 404);
    }
}

#[tokio::test]
async fn a_house_that_says_nothing_keeps_its_people_and_their_profiles_inside() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch"]).await else {
            continue;
        };
        world.partner("acme", "birch").await;
        let (ada, bo) = (
            world.member("ada@acme").await,
            world.member("bo@birch").await,
        );
        let cy = world.member("cy@birch").await;
        assert_eq!(ada.try_find(&format!("bo@{}", bo.host)).await, None);

        // Colleagues read profiles, and follow each other at once.
        let post = bo.post(
            "/api/v1/statuses",
            json!({ "status": "Coffee?", "visibility": "public" }),
        );
        let post = post.await.body;
        assert_eq!(
            post["visibility"], "private",
            "never more readers than the house allows"
        );
        assert_eq!(cy.status_of(text(&post["id"])).await.status, 200);
        assert!(!cy.has_at_home(text(&post["uri"])).await);
        let followed = cy.follow(&cy.find("bo").await).await;
        assert_eq!(followed.body["following"], true, "{followed:?}");
        assert!(cy.has_at_home(text(&post["uri"])).await);
        assert!(
            bo.has_at_home(text(&post["uri"])).await,
            "one's own is there, too"
        );
        let answer = cy.reply(text(&post["id"]), "Gladly.").await;
        assert_eq!(answer.status, 200, "{answer:?}");

        // Who is known from a common group is told why they are not to be followed.
        world.engineering("birch", "closed", "partners").await;
        world
            .grant("birch", "engineering", "acme", "read,reply", &[])
            .await;
        world.join("ada@acme", "engineering", "birch").await;
        let group = bo.find("engineering").await;
        world
            .house("birch")
            .instance
            .run_json(&["member", "add", "engineering", "bo"])
            .await;
        assert_eq!(
            bo.topic(&group, "Here I am", "").await["title"],
            "Here I am"
        );
        let there = ada.find(&format!("bo@{}", bo.host)).await;
        ada.follow(&there).await;
        eventually("the request is turned away", async || {
            (ada.relation(&there).await["requested"] == false).then_some(())
        })
        .await;
        assert_eq!(bo.requests().await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_partner_that_ended_gets_nothing_and_shows_nothing() {
    for backend in backends() {
        let Some(world) = World::start_with(backend, ["acme", "birch"], PARTNERS).await else {
            continue;
        };
        let (ada, bo, _, _) = ada_follows_bo(&world).await;
        let post = bo.writes("Before.", "followers").await;
        let seen = ada.see_topic(text(&post["uri"])).await;
        let birch = &world.house("birch").instance;
        birch.run_json(&["partner", "pause", &ada.host]).await;
        let waiting = bo.writes("While paused.", "followers").await;
        birch.run_json(&["partner", "resume", &ada.host]).await;
        ada.see_topic(text(&waiting["uri"])).await;
        birch.run_json(&["partner", "end", &ada.host]).await;
        eventually("acme heard that it is over", async || {
            let status = ada.status_of(text(&seen["id"])).await.status;
            (status == 404).then_some(())
        })
        .await;
        let late = bo.writes("Afterwards.", "followers").await;
        assert!(!ada.has_at_home(text(&late["uri"])).await);
        assert!(!ada.has_at_home(text(&post["uri"])).await);
    }
}
