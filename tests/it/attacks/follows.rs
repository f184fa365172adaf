//! A40, A41, and what else liars try around following: to be heard without being followed, to let
//! themselves be followed, and to take followers along.

use guildhall::domain::{ActorId, FollowState};
use guildhall::federation::Federation;
use guildhall::services::follows::{self, Side};
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::peer::Actor;
use crate::support::world::eventually;

pub(super) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Bob follows somebody of P, who lets him in.
pub(super) async fn bob_follows(fixture: &Fixture, person: &Actor) -> ActorId {
    let (id, follow) = bob_asks(fixture, person).await;
    let accept = person.activity("Accept", follow);
    assert_eq!(fixture.deliver(person, &accept).await.status, 202);
    eventually("bob is let in", async || {
        (state(fixture, id).await == Some(FollowState::Accepted)).then_some(())
    })
    .await;
    eventually("earlier posts were looked for", async || {
        let dump = fixture.settle().await;
        (dump.count("jobs", r#""state":"pending""#) == 0).then_some(())
    })
    .await;
    id
}

/// Bob asks to follow somebody; their number, and the Follow as they got it.
async fn bob_asks(fixture: &Fixture, person: &Actor) -> (ActorId, Value) {
    let federation = Federation::new(fixture.app.clone()).expect("threads");
    let found = federation
        .discover(&person.handle())
        .await
        .expect("them")
        .id;
    let then = fixture.p.traffic();
    let asked = follows::follow(&fixture.app, fixture.bob.viewer(), found).await;
    assert_eq!(asked.expect("he may ask"), FollowState::Requested);
    let follow = eventually("they are asked", async || {
        let mut mail = fixture
            .p
            .mail_since(then)
            .into_iter()
            .map(|mail| mail.json());
        mail.find(|mail| mail["type"] == "Follow" && mail["object"] == person.id.as_str())
    })
    .await;
    fixture.settle().await;
    (found, follow)
}

async fn state(fixture: &Fixture, person: ActorId) -> Option<FollowState> {
    let standing = follows::standing(&fixture.app, &fixture.bob.viewer(), person).await;
    standing.expect("a standing").follows
}

/// What somebody says to these.
pub(super) fn says(author: &Actor, to: &[&str]) -> Value {
    let mut create = author.create(&json!({
        "id": author.new_id(),
        "type": "Note",
        "attributedTo": author.id,
        "content": "<p>Hear, hear</p>",
        "to": to,
    }));
    create["to"] = json!(to);
    create
}

pub(super) fn followers(person: &Actor) -> String {
    format!("{}/followers", person.id)
}

#[tokio::test]
async fn a40_a41_who_was_not_asked_lets_nobody_in_and_who_did_not_answer_is_not_heard() {
    on_both(async |fixture| {
        let pia = fixture
            .p
            .person(&format!("pia{}", crate::support::peer::unique()));
        let (id, follow) = bob_asks(fixture, &pia).await;
        for liar in [&fixture.eve, &fixture.pete] {
            let accept = liar.activity("Accept", follow.clone());
            let letter = fixture.letter(liar, &accept).sign();
            fixture
                .refuses("an Accept of another's", &letter, 403)
                .await;
        }
        assert_eq!(state(fixture, id).await, Some(FollowState::Requested));

        // She has not let him in: nothing of hers is kept.
        for to in [vec![followers(&pia)], vec![PUBLIC.to_owned()]] {
            let to: Vec<&str> = to.iter().map(String::as_str).collect();
            let letter = fixture.letter(&pia, &says(&pia, &to)).sign();
            fixture
                .refuses("a post before the Accept", &letter, 404)
                .await;
        }

        let accept = pia.activity("Accept", follow);
        assert_eq!(fixture.deliver(&pia, &accept).await.status, 202);
        eventually("bob is let in", async || {
            (state(fixture, id).await == Some(FollowState::Accepted)).then_some(())
        })
        .await;
        let post = says(&pia, &[&followers(&pia)]);
        assert_eq!(fixture.deliver(&pia, &post).await.status, 202);
        let uri = post["object"]["id"].as_str().expect("an id").to_owned();
        eventually("her post is kept", async || {
            (fixture.dump().await.count("posts", &uri) == 1).then_some(())
        })
        .await;
        fixture.settle().await;
        follows::unfollow(&fixture.app, fixture.bob.viewer(), id)
            .await
            .expect("he leaves");
        fixture.settle().await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_follows_and_what_is_for_one_alone_is_refused() {
    on_both(async |fixture| {
        let pam = &fixture.pam;
        let letter = fixture.letter(pam, &says(pam, &[PUBLIC])).sign();
        fixture.refuses("a post nobody follows", &letter, 404).await;
        // Alike whether there is such a person or not.
        let mut answers = Vec::new();
        for name in ["bob", "nobody-here"] {
            let note = says(pam, &[&fixture.url(&format!("/u/{name}"))]);
            let watch = fixture.watch().await;
            let reply = fixture.deliver(pam, &note).await;
            assert_eq!(reply.status, 403, "{}", reply.text());
            assert!(
                reply.text().contains("no_direct_messages"),
                "{}",
                reply.text()
            );
            watch.unchanged("a direct message").await;
            answers.push(reply.text().to_owned());
        }
        assert_eq!(answers[0], answers[1]);

        // People here keep to themselves unless the house says otherwise; who is unknown is unknown.
        for (name, status) in [("bob", 403), ("out", 404), ("nobody-here", 404)] {
            let whom = json!(fixture.url(&format!("/u/{name}")));
            let letter = fixture.letter(pam, &pam.activity("Follow", whom)).sign();
            fixture
                .refuses(&format!("a Follow of {name}"), &letter, status)
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn followers_go_along_only_to_who_says_that_they_are_the_same() {
    on_both(async |fixture| {
        let number = crate::support::peer::unique();
        let old = fixture.p.person(&format!("old{number}"));
        let new = fixture.p.person(&format!("new{number}"));
        let (old_id, follow) = bob_asks(fixture, &old).await;
        fixture.deliver(&old, &old.activity("Accept", follow)).await;
        eventually("bob follows", async || {
            (state(fixture, old_id).await == Some(FollowState::Accepted)).then_some(())
        })
        .await;
        let done = async || {
            eventually("errands are done", async || {
                let dump = fixture.settle().await;
                (dump.count("jobs", r#""state":"pending""#) == 0).then_some(())
            })
            .await;
        };
        done().await;
        let moves = |by: &Actor, whom: &Actor, target: &Actor| {
            let mut activity = by.activity("Move", json!(whom.id));
            activity["target"] = json!(target.id);
            activity
        };

        // Somebody else says so, and somebody whose other account does not.
        let forged = moves(&fixture.pete, &old, &fixture.pete);
        let letter = fixture.letter(&fixture.pete, &forged).sign();
        fixture.refuses("a Move of another", &letter, 403).await;
        assert_eq!(
            fixture.deliver(&old, &moves(&old, &old, &new)).await.status,
            202
        );
        done().await;
        assert_eq!(state(fixture, old_id).await, Some(FollowState::Accepted));

        // The new account says so too.
        let mut document = new.document();
        document["alsoKnownAs"] = json!([old.id]);
        fixture.p.publish(&new, document);
        let then = fixture.p.traffic();
        assert_eq!(
            fixture.deliver(&old, &moves(&old, &old, &new)).await.status,
            202
        );
        eventually("the new account is asked", async || {
            let mut mail = fixture
                .p
                .mail_since(then)
                .into_iter()
                .map(|mail| mail.json());
            mail.find(|mail| mail["type"] == "Follow" && mail["object"] == new.id.as_str())
        })
        .await;
        assert_eq!(state(fixture, old_id).await, None);
        let viewer = fixture.bob.viewer();
        let requested = FollowState::Requested;
        let asked =
            follows::list_own(&fixture.app, viewer.clone(), Side::Followed, requested).await;
        let asked = asked.expect("a list");
        assert_eq!(asked.len(), 1);
        let (app, id) = (&fixture.app, asked[0].actor.id);
        follows::unfollow(app, viewer, id).await.expect("he leaves");
        done().await;
    })
    .await;
}
