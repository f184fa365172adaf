//! Votes that do not count: of who may not vote, for somebody else, twice, too late, for what is not
//! there, in what one does not know of.

use guildhall::domain::{Group, PollDraft, PollManner, Post};
use guildhall::services::{groups, posts};
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::peer::{Actor, unique};
use crate::support::world::eventually;

/// Ann asks something in a group of hers.
async fn ask(fixture: &Fixture, group: &Group) -> Post {
    let (app, ann) = (&fixture.app, fixture.ann.viewer());
    let title = format!("Plans {}", fixture.canary);
    let title = title.parse().expect("a title");
    let draft = PollDraft::new(["Larch", "Oak"], PollManner::default(), None);
    let poll = Some(draft.expect("a poll"));
    let asked = posts::create_topic(app, ann, group.id, title, None, poll, vec![]).await;
    fixture.settle().await;
    asked.expect("a topic")
}

/// A vote as Mastodon writes it.
fn vote(voter: &Actor, poll: &str, option: &str) -> Value {
    voter.activity(
        "Create",
        json!({
            "id": voter.new_id(),
            "type": "Note",
            "attributedTo": voter.id,
            "inReplyTo": poll,
            "name": option,
        }),
    )
}

/// Waits until so many votes were counted, and told of.
async fn counted(fixture: &Fixture, votes: usize) {
    eventually("the vote is counted", async || {
        let dump = fixture.settle().await;
        (dump.count("poll_votes", "") == votes).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_vote_counts_once_of_who_may_vote_for_what_there_is() {
    on_both(async |fixture| {
        let poll = ask(fixture, &fixture.shared).await;
        let uri = poll.uri.as_str();
        let (pam, pete) = (&fixture.pam, &fixture.pete);
        let before = fixture.dump().await.count("poll_votes", "");

        // For somebody else, or with a note of somebody else's server.
        let mut for_pete = vote(pam, uri, "Oak");
        for_pete["object"]["attributedTo"] = json!(pete.id);
        let mut at_q = vote(pam, uri, "Oak");
        at_q["object"]["id"] = json!(fixture.quin.new_id());
        let mut of_nobody = vote(pam, uri, "Oak");
        of_nobody["object"]["attributedTo"] = Value::Null;
        for (what, forged, status) in [
            ("for pete", &for_pete, 403),
            ("kept at Q", &at_q, 403),
            ("of nobody", &of_nobody, 400),
            ("for what is not there", &vote(pam, uri, "Steel"), 400),
            ("for what is almost there", &vote(pam, uri, "oak"), 400),
            ("for nothing", &vote(pam, uri, ""), 400),
            (
                "in what is no poll",
                &vote(pam, fixture.topic.uri.as_str(), "Oak"),
                404,
            ),
        ] {
            fixture
                .refuses(what, &fixture.letter(pam, forged).sign(), status)
                .await;
        }

        // Once.
        let honest = vote(pam, uri, "Oak");
        assert_eq!(fixture.deliver(pam, &honest).await.status, 202);
        counted(fixture, before + 1).await;
        for again in ["Oak", "Larch"] {
            let forged = fixture.letter(pam, &vote(pam, uri, again)).sign();
            fixture.refuses("again", &forged, 403).await;
        }

        // In time.
        let end = format!("UPDATE polls SET ends_at = 1 WHERE post_id = {}", poll.id);
        fixture.instance.execute(&end);
        let late = fixture.letter(pete, &vote(pete, uri, "Oak")).sign();
        fixture.refuses("after the end", &late, 403).await;
        // While it was taken back.
        let deleted = posts::delete(&fixture.app, fixture.ann.viewer(), poll.id).await;
        deleted.expect("ann deletes it");
        assert_eq!(fixture.settle().await.count("poll_votes", ""), before);
        let late = fixture.letter(pete, &vote(pete, uri, "Oak")).sign();
        fixture.refuses("in what is gone", &late, 403).await;
    })
    .await;
}

#[tokio::test]
async fn who_may_not_read_a_poll_learns_nothing_by_voting() {
    on_both(async |fixture| {
        let secret = ask(fixture, &fixture.secret).await;
        let shared = ask(fixture, &fixture.shared).await;
        let unknown = fixture.url(&format!("/p/{}", 1_000_000 + unique()));
        let stranger = fixture.p.person(&format!("s{}", unique()));
        for (who, voter, poll) in [
            ("pam, in a secret group", &fixture.pam, secret.uri.as_str()),
            (
                "quin, who has no grant for it",
                &fixture.quin,
                shared.uri.as_str(),
            ),
        ] {
            let hidden = fixture.letter(voter, &vote(voter, poll, "Oak")).sign();
            fixture.refuses(who, &hidden, 404).await;
            let nowhere = fixture.letter(voter, &vote(voter, &unknown, "Oak")).sign();
            let (one, other) = (fixture.send(&hidden).await, fixture.send(&nowhere).await);
            assert_eq!(
                (one.status, one.text(), one.body),
                (other.status, other.text(), other.body),
                "{who}"
            );
        }
        // Of the partner, but not in the group; and of nobody's.
        let foreign = fixture.letter(&stranger, &vote(&stranger, shared.uri.as_str(), "Oak"));
        assert_eq!(fixture.send(&foreign.sign()).await.status, 404);
        let eve = &fixture.eve;
        let forged = fixture
            .letter(eve, &vote(eve, shared.uri.as_str(), "Oak"))
            .sign();
        fixture.refuses("eve", &forged, 403).await;
        let dump = fixture.settle().await;
        let of_these = |post: &Post| dump.count("poll_votes", &post.id.to_string());
        assert_eq!((of_these(&secret), of_these(&shared)), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_group_elsewhere_does_not_vote_for_people_of_third_servers() {
    on_both(async |fixture| {
        // Bob asks in a club at P; its house says that quin of Q, and ann of ours, voted.
        let club = fixture
            .join(fixture.p.group(&format!("club{}", unique())))
            .await;
        let handle = club.handle().parse().expect("a handle");
        let group = groups::find(&fixture.app, fixture.bob.viewer(), handle).await;
        let group = group.expect("the club").group.id;
        let draft = PollDraft::new(["Larch", "Oak"], PollManner::default(), None);
        let (app, bob) = (&fixture.app, fixture.bob.viewer());
        let title = "Which timber?".parse().expect("a title");
        let poll = Some(draft.expect("a poll"));
        let asked = posts::create_topic(app, bob, group, title, None, poll, vec![]).await;
        let asked = asked.expect("bob asks");
        let mut of_ann = vote(&fixture.pam, asked.uri.as_str(), "Oak");
        let ann = fixture.ann.account.actor.uri.as_str();
        for field in ["/actor", "/object/attributedTo"] {
            *of_ann.pointer_mut(field).expect("a member") = json!(ann);
        }
        of_ann["id"] = json!(fixture.url("/activities/create/1"));
        of_ann["object"]["id"] = json!(fixture.url("/activities/vote/1"));
        let of_quin = vote(&fixture.quin, asked.uri.as_str(), "Oak");
        for said in [of_ann, of_quin] {
            let announced = club.activity("Announce", said);
            assert_eq!(fixture.deliver(&club, &announced).await.status, 202);
        }
        let dump = fixture.settle().await;
        assert_eq!(dump.count("poll_votes", &asked.id.to_string()), 0);

        // Of its own people it may.
        let of_pam = vote(&fixture.pam, asked.uri.as_str(), "Oak");
        let announced = club.activity("Announce", of_pam);
        assert_eq!(fixture.deliver(&club, &announced).await.status, 202);
        eventually("pam's vote is counted", async || {
            let dump = fixture.settle().await;
            (dump.count("poll_votes", &asked.id.to_string()) == 1).then_some(())
        })
        .await;
    })
    .await;
}
