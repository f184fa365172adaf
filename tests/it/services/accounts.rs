//! Accounts, sessions and tokens.

use std::time::Duration;

use guildhall::Error;
use guildhall::domain::{ActorKind, OrgRole, Password};
use guildhall::policy::Viewer;
use guildhall::services::accounts::{self, Use};
use guildhall::services::{house, keys, sessions, tokens};
use guildhall::storage;

use crate::support::house::{PASSWORD, houses, somebody};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn a_house_is_founded_once_with_an_actor_of_its_own() {
    for house in houses().await {
        let app = &house.app;
        let read = app.db.read("test", |connection| {
            let actor = house::instance_actor(connection)?;
            let key = storage::actors::find_key_of(connection, actor.id)?;
            Ok((actor, key.expect("a key")))
        });
        let (actor, key) = read.await.unwrap();

        assert_eq!(actor.kind, ActorKind::Service);
        assert_eq!(actor.uri.as_str(), "http://acme.localhost:8601/actor");
        assert_eq!(
            key.uri.as_str(),
            "http://acme.localhost:8601/actor#main-key"
        );
        assert!(key.private_pem.unwrap().contains("BEGIN PRIVATE KEY"));
        assert_eq!(house::organization(app).await.unwrap(), "Acme");
        let again = house::init(app, "Other", somebody("eve", OrgRole::Admin)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        assert_eq!(house::organization(app).await.unwrap(), "Acme");
    }
}

#[tokio::test]
async fn names_and_addresses_belong_to_one_account() {
    for house in houses().await {
        let bo = house.member("bo", OrgRole::Member).await;
        assert_eq!(
            bo.actor.inbox.as_str(),
            "http://acme.localhost:8601/u/bo/inbox"
        );
        let same_address = accounts::NewAccount {
            email: "BO@acme.example".parse().unwrap(),
            ..somebody("bob", OrgRole::Member)
        };
        for taken in [somebody("bo", OrgRole::Member), same_address] {
            let refused = accounts::create(&house.app, Viewer::Operator, taken).await;
            assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        }
        let list = accounts::list(&house.app, Viewer::Operator).await.unwrap();
        assert_eq!(list.len(), 2);
    }
}

#[tokio::test]
async fn only_administrators_manage_accounts() {
    for house in houses().await {
        let bo = house.member("bo", OrgRole::Manager).await;
        let viewer = accounts::viewer_of(&bo);

        let listed = accounts::list(&house.app, viewer.clone()).await;
        let made = accounts::create(&house.app, viewer.clone(), somebody("eve", OrgRole::Admin));
        let disabled = accounts::set_use(&house.app, viewer, house.admin.actor.id, Use::Disabled);

        assert!(matches!(listed, Err(Error::NotFound)));
        assert!(matches!(made.await, Err(Error::NotFound)));
        assert!(matches!(disabled.await, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn one_signs_in_by_name_or_address_and_stays_for_thirty_days() {
    for house in houses().await {
        let app = &house.app;
        for login in ["ada", "@Ada", "ADA@acme.example"] {
            let opened = sessions::sign_in(app, login, PASSWORD.into(), "Firefox").await;
            assert!(opened.unwrap().is_some(), "{login}");
        }
        for (login, password) in [
            ("ada", "wrong horse battery"),
            ("eve", PASSWORD),
            ("ada", ""),
        ] {
            let opened = sessions::sign_in(app, login, password.into(), "").await;
            assert!(opened.unwrap().is_none(), "{login}");
        }

        let opened = sessions::sign_in(app, "ada", PASSWORD.into(), "Firefox").await;
        let secret = opened.unwrap().unwrap().secret;
        assert!(sessions::find(app, "another").await.unwrap().is_none());
        app.clock.advance(29 * DAY);
        assert!(sessions::find(app, &secret).await.unwrap().is_some());
        app.clock.advance(DAY);
        assert!(sessions::find(app, &secret).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn use_of_a_session_is_noted_now_and_then() {
    for house in houses().await {
        let app = &house.app;
        let opened = sessions::open(app, house.admin.clone(), "Firefox\n").await;
        let secret = opened.unwrap().secret;
        let seen = async || {
            sessions::find(app, &secret)
                .await
                .unwrap()
                .unwrap()
                .0
                .seen_at
        };
        let first = seen().await;
        app.clock.advance(4 * MINUTE);
        seen().await;
        assert_eq!(seen().await, first);
        app.clock.advance(2 * MINUTE);
        seen().await;
        assert!(seen().await > first);
    }
}

#[tokio::test]
async fn a67_disabling_ends_every_session_and_token_at_once() {
    for house in houses().await {
        let app = &house.app;
        let bo = house.member("bo", OrgRole::Member).await;
        let session = sessions::open(app, bo.clone(), "").await.unwrap().secret;
        let scopes = "read write".parse().unwrap();
        let token = tokens::create(app, Viewer::Operator, bo.actor.id, "script", scopes).await;
        let token = token.unwrap().secret;
        assert!(tokens::find(app, &token).await.unwrap().is_some());

        let shut = accounts::set_use(app, Viewer::Operator, bo.actor.id, Use::Disabled).await;

        assert!(shut.unwrap().disabled);
        assert!(sessions::find(app, &session).await.unwrap().is_none());
        assert!(tokens::find(app, &token).await.unwrap().is_none());
        let back = accounts::sign_in(app, "bo", PASSWORD.into()).await.unwrap();
        assert_eq!(back, None);
        let open = accounts::set_use(app, Viewer::Operator, bo.actor.id, Use::Enabled).await;
        assert!(!open.unwrap().disabled);
        assert!(sessions::find(app, &session).await.unwrap().is_none());
        assert!(tokens::find(app, &token).await.unwrap().is_none());
        assert!(
            accounts::sign_in(app, "bo", PASSWORD.into())
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn somebody_can_always_administer() {
    for house in houses().await {
        let app = &house.app;
        let (ada, bo) = (&house.admin, house.member("bo", OrgRole::Admin).await);
        let disable = |actor| accounts::set_use(app, Viewer::Operator, actor, Use::Disabled);

        // Both at once: one of them stays.
        let (one, other) = tokio::join!(disable(ada.actor.id), disable(bo.actor.id));

        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let refused = one.err().or(other.err());
        assert!(matches!(refused, Some(Error::Conflict(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_new_password_puts_everybody_else_out() {
    for house in houses().await {
        let app = &house.app;
        let viewer = accounts::viewer_of(&house.admin);
        let here = sessions::open(app, house.admin.clone(), "here")
            .await
            .unwrap()
            .secret;
        let elsewhere = sessions::open(app, house.admin.clone(), "there")
            .await
            .unwrap()
            .secret;
        let (session, _) = sessions::find(app, &here).await.unwrap().unwrap();
        let change = async |current: &str| {
            let new = Password::parse("wrong horse battery").unwrap();
            let (viewer, keep) = (viewer.clone(), Some(session.id));
            accounts::change_password(app, viewer, current.into(), new, keep).await
        };

        let refused = change("not the password").await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        change(PASSWORD).await.unwrap();

        assert!(sessions::find(app, &here).await.unwrap().is_some());
        assert!(sessions::find(app, &elsewhere).await.unwrap().is_none());
        assert!(
            accounts::sign_in(app, "ada", PASSWORD.into())
                .await
                .unwrap()
                .is_none()
        );
        let new = accounts::sign_in(app, "ada", "wrong horse battery".into()).await;
        assert!(new.unwrap().is_some());
    }
}

#[tokio::test]
async fn tokens_are_their_owners_business() {
    for house in houses().await {
        let app = &house.app;
        let bo = house.member("bo", OrgRole::Member).await;
        let (admin, own) = (accounts::viewer_of(&house.admin), accounts::viewer_of(&bo));
        let scopes = "read:statuses".parse().unwrap();
        let made = tokens::create(app, own.clone(), bo.actor.id, "Tusky", scopes).await;
        let made = made.unwrap();

        let found = tokens::find(app, &made.secret).await.unwrap().unwrap();
        assert_eq!(found.account.actor.name, "bo");
        assert!(found.scopes.allow("read:statuses") && !found.scopes.allow("read"));
        let scopes = "read".parse().unwrap();
        let stolen = tokens::create(app, admin.clone(), bo.actor.id, "spy", scopes).await;
        assert!(matches!(stolen, Err(Error::NotFound)), "{stolen:?}");
        let listed = tokens::list(app, admin.clone(), bo.actor.id).await;
        assert!(matches!(listed, Err(Error::NotFound)), "{listed:?}");

        let others = tokens::revoke(app, own.clone(), house.admin.actor.id, made.token.id).await;
        assert!(matches!(others, Err(Error::NotFound)), "{others:?}");
        tokens::revoke(app, own.clone(), bo.actor.id, made.token.id)
            .await
            .unwrap();
        assert!(tokens::find(app, &made.secret).await.unwrap().is_none());
        assert!(
            tokens::list(app, own, bo.actor.id)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_spare_key_is_used_before_a_new_one_is_made() {
    for house in houses().await {
        let app = &house.app;
        let now = app.clock.now();
        let add = app.db.write("test", move |connection| {
            storage::actors::add_spare_key(connection, "private", "public", now)
        });
        add.await.unwrap();

        assert_eq!(keys::take(app).await.unwrap().private, "private");
        assert!(
            keys::take(app)
                .await
                .unwrap()
                .private
                .contains("BEGIN PRIVATE KEY")
        );
    }
}
