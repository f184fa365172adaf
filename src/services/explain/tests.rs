use super::*;
use crate::domain::{Access, ActorKind, ActorState, Audience, MembershipState, OrgRole, Stage};
use crate::services::grants::tests::grant;
use crate::services::test_house::House;
use crate::storage::posts::NewPost;

async fn ask(house: &House, who: &str, action: Action, target: &str) -> Explanation {
    let question = Question {
        who: who.into(),
        target: target.into(),
        action,
    };
    explain(&house.app, Viewer::Operator, question)
        .await
        .unwrap()
}

#[tokio::test]
async fn it_says_who_may_read_a_group_and_why_not() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    let roads = acme.group("roads", Access::Open).await;
    acme.set_stage(&roads, Stage::Partners).await;
    grant(&acme, "roads", "birch.example").await;
    acme.account("ada", OrgRole::Member).await;
    let bo = acme.remote(ActorKind::Person, "bo@birch.example").await;

    for (who, verdict, reason) in [
        ("anonymous", Verdict::Hidden, Some(Reason::GroupNotPublic)),
        ("ada", Verdict::Allowed, None),
        ("@ada@acme.example", Verdict::Allowed, None),
        ("bo@birch.example", Verdict::Allowed, None),
        ("somebody.new@birch.example", Verdict::Allowed, None),
        ("birch.example", Verdict::Allowed, None),
        ("e.example", Verdict::Hidden, Some(Reason::NoPartnership)),
        ("x@e.example", Verdict::Hidden, Some(Reason::NoPartnership)),
    ] {
        let answer = ask(&acme, who, Action::Read, "roads").await;
        assert_eq!((answer.verdict, answer.reason), (verdict, reason), "{who}");
    }
    let reply = ask(&acme, "bo@birch.example", Action::Comment, "roads").await;
    assert_eq!(reply.verdict, Verdict::Forbidden);
    assert!(
        reply.sentence.contains("Join the group first"),
        "{}",
        reply.sentence
    );

    acme.write(move |connection, _| {
        storage::actors::set_state(connection, bo.id, ActorState::Suspended)
    })
    .await;
    let suspended = ask(&acme, "bo@birch.example", Action::Read, "roads").await;
    assert_eq!(suspended.verdict, Verdict::Hidden);
}

#[tokio::test]
async fn it_answers_for_addresses_of_groups_and_posts() {
    let acme = House::open("acme.example").await;
    let roads = acme.group("roads", Access::Closed).await;
    let ada = acme.account("ada", OrgRole::Member).await.actor;
    acme.account("cy", OrgRole::Member).await;
    acme.join(&roads, ada.id, MembershipState::Member).await;
    let topic = topic(&acme, &roads, ada.id).await;
    let (id, post) = (topic.id, topic.uri.to_string());

    let answer = ask(&acme, "ada", Action::Read, &post).await;
    assert_eq!(answer.verdict, Verdict::Allowed);
    let answer = ask(&acme, "cy", Action::Read, &post).await;
    assert_eq!(answer.verdict, Verdict::Hidden);
    let answer = ask(&acme, "cy", Action::Know, "https://acme.example/g/roads/").await;
    assert_eq!(answer.verdict, Verdict::Allowed);
    // As its page is called here, whatever its name is where it comes from.
    let page = format!("https://acme.example/p/{}", id);
    let answer = ask(&acme, "cy", Action::Read, &page).await;
    assert_eq!(answer.verdict, Verdict::Hidden);
    let page = "https://acme.example/g/roads@acme.example";
    let answer = ask(&acme, "cy", Action::Know, page).await;
    assert_eq!(answer.verdict, Verdict::Allowed);
}

async fn topic(house: &House, group: &Group, author: ActorId) -> Post {
    let asker = house.app.asker(Viewer::Member {
        actor: author,
        role: OrgRole::Member,
    });
    let (addresses, group) = (house.app.addresses(), group.id);
    let new = NewPost {
        poll: None,
        uri: None,
        author,
        title: Some("Bridge opens Monday".into()),
        source: None,
        html: String::new(),
        audience: Audience::Group,
        label: None,
        created_at: house.now(),
        edited_at: None,
    };
    house
        .write(move |connection, now| {
            let (permit, _) = access::permit::<act::StartTopic>(connection, &asker, group)?;
            let uri = |id| addresses.post(id);
            storage::posts::insert_topic(connection, &permit, new, uri, now)
        })
        .await
}

#[tokio::test]
async fn it_says_what_it_does_not_know_and_answers_administrators_only() {
    let acme = House::open("acme.example").await;
    acme.group("roads", Access::Open).await;
    for (who, target, field) in [
        ("nobody", "roads", "as"),
        ("acme.example", "roads", "as"),
        ("a b", "roads", "as"),
        ("anonymous", "rivers", "on"),
        ("anonymous", "https://acme.example/p/7", "on"),
        ("anonymous", "roads@birch.example", "on"),
    ] {
        let question = Question {
            who: who.into(),
            target: target.into(),
            action: Action::Read,
        };
        let unknown = explain(&acme.app, Viewer::Operator, question.clone()).await;
        let unknown = unknown.unwrap_err().to_string();
        assert!(unknown.starts_with(field), "{unknown}");
        let curious = explain(&acme.app, Viewer::Anonymous, question).await;
        assert!(matches!(curious, Err(Error::Denied(_))));
    }
}
