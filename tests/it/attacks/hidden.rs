//! What is said of something hidden is answered like what is said of something that never was: by every
//! kind of activity, to everybody who may knock.

use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::forge::Reply;
use crate::support::peer::{Actor, unique};

/// All that can be told from an answer, but the time it was given.
fn telling(mut reply: Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    reply.headers.retain(|(name, _)| name != "date");
    // The web framework writes them in the order of a hash with a random seed.
    reply.headers.sort();
    (reply.status, reply.headers, reply.body)
}

/// What somebody may say of a post, each with a name.
fn about_a_post(by: &Actor, post: &str, group: &str) -> Vec<(&'static str, Value)> {
    let named = |name: &str, id: String| {
        by.activity(
            "Create",
            json!({
                "id": id, "type": "Note", "attributedTo": by.id, "inReplyTo": post, "name": name,
                "to": [group],
            }),
        )
    };
    let public = "https://www.w3.org/ns/activitystreams#Public";
    let mut answer_to_all = by.create(&by.note(group, post, "Me too."));
    answer_to_all["to"] = json!([public]);
    answer_to_all["object"]["to"] = json!([public]);
    let mut answer_outside = by.create(&by.note(group, post, "Me too."));
    for part in ["to", "cc", "audience"] {
        answer_outside["object"]
            .as_object_mut()
            .expect("a note")
            .remove(part);
    }
    answer_outside["object"]["to"] = json!([public]);
    let whole = json!({
        "id": post, "type": "Page", "attributedTo": by.id, "name": "Mine", "content": "now", "to": [group],
        "audience": group,
    });
    let like = by.activity("Like", json!(post));
    let dislike = by.activity("Dislike", json!(post));
    let delete = by.activity("Delete", json!(post));
    let lock = by.activity("Lock", json!(post));
    let mut delete_with_reason = delete.clone();
    delete_with_reason["id"] = json!(by.new_id());
    delete_with_reason["summary"] = json!("off topic");
    let mut flag = by.activity("Flag", json!([post]));
    flag["content"] = json!("look");
    vec![
        ("Like", like.clone()),
        ("Dislike", dislike.clone()),
        ("Announce", by.activity("Announce", json!(post))),
        ("Undo Like", by.activity("Undo", like)),
        ("Undo Dislike", by.activity("Undo", dislike)),
        (
            "Undo Announce",
            by.activity("Undo", by.activity("Announce", json!(post))),
        ),
        ("Update", by.activity("Update", whole)),
        ("Delete", delete.clone()),
        (
            "Delete a tombstone",
            by.activity("Delete", json!({ "id": post, "type": "Tombstone" })),
        ),
        ("remove", delete_with_reason),
        ("restore", by.activity("Undo", delete)),
        ("Lock", lock.clone()),
        ("Undo Lock", by.activity("Undo", lock)),
        ("answer", by.create(&by.note(group, post, "Me too."))),
        ("answer to all", answer_to_all),
        ("answer outside", answer_outside),
        ("vote", named("Oak", by.new_id())),
        ("Flag", flag),
    ]
}

/// What somebody may say of a group.
fn about_a_group(by: &Actor, group: &str, post: &str) -> Vec<(&'static str, Value)> {
    let list = |kind: &str, name: &str, object: &str| {
        let mut activity = by.activity(kind, json!(object));
        activity["target"] = json!(format!("{group}/{name}"));
        activity["audience"] = json!(group);
        activity
    };
    let mut block = by.activity("Block", json!(by.id));
    block["target"] = json!(group);
    block["audience"] = json!(group);
    let follow = by.activity("Follow", json!(group));
    let mut invite = by.activity("Invite", json!(by.id));
    invite["target"] = json!(group);
    let mut colleague = by.activity("Invite", json!(group));
    let (_, home) = by.id.split_once("://").expect("an address");
    let home = home.split('/').next().unwrap_or_default();
    colleague["target"] = json!(format!("acct:somebody@{home}"));
    vec![
        ("Follow", follow.clone()),
        ("Undo Follow", by.activity("Undo", follow)),
        ("topic", by.create(&by.page(group, "New", "In it."))),
        (
            "comment elsewhere",
            by.create(&by.note(group, &by.new_id(), "In it.")),
        ),
        ("pin", list("Add", "featured", post)),
        ("unpin", list("Remove", "featured", post)),
        ("make a moderator", list("Add", "moderators", &by.id)),
        ("Block", block.clone()),
        ("Undo Block", by.activity("Undo", block)),
        ("Invite", invite),
        ("Invite a colleague", colleague),
        ("Announce", by.activity("Announce", json!(group))),
        ("Like", by.activity("Like", json!(group))),
        ("Delete", by.activity("Delete", json!(group))),
        ("Flag", by.activity("Flag", json!([group]))),
    ]
}

/// The answers to the same said of both are the same bytes.
async fn compare(
    fixture: &Fixture,
    by: &Actor,
    of: impl Fn(&str) -> Vec<(&'static str, Value)>,
    hidden: &str,
    never: &str,
    leaks: &mut Vec<String>,
) {
    assert_eq!(hidden.len(), never.len());
    for ((what, one), (_, other)) in of(hidden).into_iter().zip(of(never)) {
        let one = telling(fixture.deliver(by, &one).await);
        let other = telling(fixture.deliver(by, &other).await);
        if one != other {
            let words = |(status, _, body): &(u16, _, Vec<u8>)| {
                format!("{status} {}", String::from_utf8_lossy(body))
            };
            let (one, other) = (words(&one), words(&other));
            leaks.push(format!("{}: {what} of {hidden}: {one} or {other}", by.name));
        }
    }
}

#[tokio::test]
async fn a_post_or_group_that_is_hidden_is_spoken_of_like_one_that_never_was() {
    on_both(async |fixture| {
        // A post of Q's in the group that is open to Q alone.
        let quin = &fixture.quin;
        let theirs = quin.page(fixture.quality.actor.uri.as_str(), "Larch", "Only here.");
        let told = fixture.deliver(quin, &quin.create(&theirs)).await;
        assert_eq!(told.status, 202, "{}", told.text());
        fixture.settle().await;
        let theirs = theirs["id"].as_str().expect("an id").to_owned();
        let mut not_theirs = quin.new_id();
        while not_theirs.len() < theirs.len() {
            not_theirs.push('0');
        }

        let (secret, shared) = (fixture.secret.actor.uri.as_str(), fixture.shared_uri());
        let absent = secret.replace("/g/secret", "/g/absent");
        let stranger = fixture.p.person(&format!("n{}", unique()));
        let mut leaks = Vec::new();
        for by in [&fixture.pam, &stranger, quin] {
            for post in [&fixture.secret_topic, &fixture.secret_comment] {
                let (id, hidden) = (post.id, post.uri.as_str());
                let never = hidden.replace(&id.to_string(), &(id.0 + (86_400 << 30)).to_string());
                for group in [shared, secret] {
                    let of = |post: &str| about_a_post(by, post, group);
                    compare(fixture, by, of, hidden, &never, &mut leaks).await;
                }
            }
            let of = |group: &str| about_a_group(by, group, fixture.topic.uri.as_str());
            compare(fixture, by, of, secret, &absent, &mut leaks).await;
        }
        for by in [&fixture.pam, &stranger] {
            let of = |post: &str| about_a_post(by, post, shared);
            compare(fixture, by, of, &theirs, &not_theirs, &mut leaks).await;
        }
        fixture.settle().await;
        assert!(leaks.is_empty(), "{} leaks: {leaks:#?}", leaks.len());
    })
    .await;
}
