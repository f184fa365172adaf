use super::*;
use crate::domain::{
    ActorKind, Capabilities, EventKind, Group, History, MembershipState, PostState,
};
use crate::policy::Viewer;
use crate::services::access;
use crate::services::grants::{self, GrantRequest};
use crate::services::test_house::{House, remote};

async fn saved(house: &House, new: NewActor) -> Result<Actor> {
    let id = format!("{}#main-key", new.uri);
    saved_with(house, new, vec![key(&id, "pem")]).await
}

async fn saved_with(house: &House, new: NewActor, keys: Vec<ReceivedKey>) -> Result<Actor> {
    let now = house.now();
    house
        .app
        .db
        .write("test", move |connection| save(connection, new, keys, now))
        .await
}

fn key(id: &str, pem: &str) -> ReceivedKey {
    ReceivedKey {
        uri: id.parse().unwrap(),
        list: KeyList::PublicKey,
        public_pem: pem.into(),
        expires_at: None,
    }
}

fn bo() -> NewActor {
    remote(ActorKind::Person, "bo@birch.example")
}

#[tokio::test]
async fn a_document_is_read_again_and_only_its_keys_count() {
    let acme = House::open("acme.example").await;
    let first = saved(&acme, bo()).await.unwrap();
    let renamed = NewActor {
        display_name: "Bo".into(),
        ..bo()
    };
    let second: Uri = format!("{}#second", first.uri).parse().unwrap();
    let again = saved_with(&acme, renamed, vec![key(second.as_str(), "pem 2")])
        .await
        .unwrap();

    assert_eq!((again.id, again.title()), (first.id, "Bo"));
    let old: Uri = format!("{}#main-key", first.uri).parse().unwrap();
    let keys = acme
        .write(move |connection, _| {
            Ok((
                storage::actors::find_key(connection, &old)?.is_some(),
                storage::actors::find_key(connection, &second)?.is_some(),
            ))
        })
        .await;
    assert_eq!(keys, (false, true));
}

#[tokio::test]
async fn a25_mail_to_another_server_is_quarantine_until_the_document_makes_sense() {
    let acme = House::open("acme.example").await;
    let elsewhere: Uri = "https://e.example/inbox".parse().unwrap();
    for odd in [
        NewActor {
            inbox: elsewhere.clone(),
            ..bo()
        },
        NewActor {
            shared_inbox: Some(elsewhere.clone()),
            ..bo()
        },
        NewActor {
            followers: Some(elsewhere.clone()),
            ..bo()
        },
        NewActor {
            outbox: Some(elsewhere.clone()),
            ..bo()
        },
    ] {
        let actor = saved(&acme, odd).await.unwrap();
        assert_eq!(actor.state, ActorState::Quarantined);
        let actor = saved(&acme, bo()).await.unwrap();
        assert_eq!(actor.state, ActorState::Active);
    }
}

#[tokio::test]
async fn who_was_suspended_stays_so() {
    let acme = House::open("acme.example").await;
    let bo_here = saved(&acme, bo()).await.unwrap();
    for state in [ActorState::Suspended, ActorState::Deleted] {
        let id = bo_here.id;
        acme.write(move |connection, _| storage::actors::set_state(connection, id, state))
            .await;
        assert_eq!(saved(&acme, bo()).await.unwrap().state, state);
    }
}

#[tokio::test]
async fn names_and_keys_belong_to_one_actor() {
    let acme = House::open("acme.example").await;
    let bo_here = saved(&acme, bo()).await.unwrap();

    let impostor = NewActor {
        uri: "https://birch.example/actors/other".parse().unwrap(),
        ..bo()
    };
    let taken = saved(&acme, impostor).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));

    let cy = remote(ActorKind::Person, "cy@birch.example");
    let bos: Uri = format!("{}#main-key", bo_here.uri).parse().unwrap();
    let stolen = saved_with(&acme, cy.clone(), vec![key(bos.as_str(), "pem")]).await;
    assert!(matches!(stolen, Err(Error::Conflict(_))));
    let foreign = vec![key("https://e.example/key", "pem")];
    let foreign = saved_with(&acme, cy, foreign).await;
    assert!(matches!(foreign, Err(Error::Invalid { .. })));

    let lost = NewActor {
        host: Some("e.example".parse().unwrap()),
        ..bo()
    };
    assert!(matches!(
        saved(&acme, lost).await,
        Err(Error::Invalid { .. })
    ));
}

/// What somebody wrote in a group is there.
async fn wrote(house: &House, by: &Actor, group: &Group, uri: &str) {
    let received = posts::ReceivedPost {
        uri: uri.parse().unwrap(),
        author: by.uri.clone(),
        group: Some(group.actor.uri.clone()),
        parent: None,
        title: Some("Ribbons".into()),
        html: "<p>We bring ribbons.</p>".to_owned().into(),
        source: None,
        published: None,
        poll: None,
        updated: None,
        interaction: None,
        attachments: Vec::new(),
        links_files: false,
        conversation: None,
        recipients: posts::Recipients::default(),
    };
    let viewer = match &group.actor.host {
        Some(host) => Viewer::Server { host: host.clone() },
        None => access::viewer_of(by),
    };
    let asker = house.app.asker(viewer);
    let (by, ground) = (
        by.clone(),
        posts::Ground {
            group: group.clone(),
            parent: None,
        },
    );
    house
        .write(move |connection, _| {
            posts::receive(connection, &asker, &by, ground, &received, None)
        })
        .await;
}

#[tokio::test]
async fn who_is_gone_takes_their_words_along_and_only_our_own_groups_tell_it() {
    let acme = House::open("acme.example").await;
    for host in ["birch.example", "cedar.example"] {
        acme.partner(host).await;
    }
    let roads = acme.group("roads", Access::Open).await;
    acme.set_stage(&roads, Stage::Partners).await;
    let terms = GrantRequest {
        capabilities: Some(Capabilities::all()),
        join: None,
        from: None,
        until: None,
        history: Some(History::Now),
        apart: Some(false),
    };
    let (handle, host) = ("roads".parse().unwrap(), "birch.example".parse().unwrap());
    let operator = Viewer::Operator;
    grants::add(&acme.app, operator, handle, host, terms)
        .await
        .unwrap();
    let bridges = acme.remote_group("bridges@cedar.example").await;
    let pam = acme.remote(ActorKind::Person, "pam@birch.example").await;
    for group in [&roads, &bridges] {
        acme.join(group, pam.id, MembershipState::Member).await;
    }
    wrote(&acme, &pam, &roads, "https://birch.example/p/1").await;
    wrote(&acme, &pam, &bridges, "https://birch.example/p/2").await;
    let before = acme.news().await.len();

    // Even when nothing permits her anything any more.
    acme.join(&roads, pam.id, MembershipState::Banned).await;
    let asker = acme.app.asker(access::viewer_of(&pam));
    let gone = pam.clone();
    acme.write(move |connection, _| forget(connection, &asker, &gone))
        .await;

    for post in ["https://birch.example/p/1", "https://birch.example/p/2"] {
        let post = acme.find_post(post.parse().unwrap()).await;
        assert_eq!(post.state, PostState::Deleted);
        assert_eq!(post.html, "");
    }
    // Nobody of this house could sign what pam says in cedar's group; cedar hears it from birch.
    let told = acme.news().await.split_off(before);
    assert_eq!(told, [EventKind::PostDeleted]);
}
