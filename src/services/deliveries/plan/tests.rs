use super::*;
use crate::domain::{Access, Audience, Delivery, DialectChoice, MembershipState, OrgRole, Stage};
use crate::services::deliveries::news::Rendered;
use crate::services::grants;
use crate::services::posts;
use crate::services::reactions;
use crate::services::test_house::House;
use crate::storage::events::NewEvent;

/// Words do not matter here, only who gets them.
fn in_few_words(addresses: &Addresses, telling: &Telling, _: &Pens) -> Result<Rendered> {
    let event = match telling {
        Telling::Group(telling) => telling.event,
        Telling::Profile(telling) => telling.event,
        Telling::Actor(telling) => telling.event,
    };
    Ok(Rendered {
        id: addresses.activity("test", event.0),
        body: "{}".into(),
        revision: None,
    })
}

/// Acme's *roads*, open to birch, where pam is a member; ada's topic in it, of which nobody was told yet.
struct Scene {
    acme: House,
    pam: Actor,
    ada: Viewer,
    topic: Post,
}

impl Scene {
    async fn set() -> Self {
        let acme = House::open("acme.example").await;
        acme.partner("birch.example").await;
        let roads = acme.group("roads", Access::Open).await;
        acme.set_stage(&roads, Stage::Partners).await;
        grants::tests::grant(&acme, "roads", "birch.example").await;
        let ada = acme.account("ada", OrgRole::Member).await.actor;
        acme.join(&roads, ada.id, MembershipState::Member).await;
        let pam = acme
            .remote(crate::domain::ActorKind::Person, "pam@birch.example")
            .await;
        acme.join(&roads, pam.id, MembershipState::Member).await;
        plan(&acme.app, in_few_words).await.unwrap();
        let ada = Viewer::Member {
            actor: ada.id,
            role: OrgRole::Member,
        };
        let title = "Bridge opens".parse().unwrap();
        let topic =
            posts::create_topic(&acme.app, ada.clone(), roads.id, title, None, None, vec![]);
        let topic = topic.await.unwrap();
        Self {
            acme,
            pam,
            ada,
            topic,
        }
    }

    /// Pam did something to the topic, in these bytes.
    async fn pam_did(&self, kind: EventKind) {
        let event = NewEvent {
            kind,
            actor: self.pam.id,
            group: self.topic.group,
            post: Some(self.topic.id),
            object: None,
            activity: Some("{}".into()),
        };
        self.acme
            .write(move |connection, now| storage::events::append(connection, event, now))
            .await;
    }

    /// What one process has planned and not queued yet.
    async fn planned(&self) -> Vec<Planned> {
        let app = &self.acme.app;
        let (asker, addresses) = (app.asker(Viewer::Anonymous), app.addresses());
        let house = app.clone();
        let planning = app.db.read("plan", move |connection| {
            let events = storage::events::list_unplanned(connection, EVENTS_PER_PLAN)?;
            Planner::new(&asker, &addresses, &house.config, in_few_words)
                .plan_all(connection, &events)
        });
        planning.await.unwrap()
    }

    async fn queued(&self) -> Vec<Delivery> {
        let topic = Some(self.topic.id);
        let unsent = self
            .acme
            .write(|connection, _| storage::deliveries::list_unsent(connection, None, 100));
        let mut unsent = unsent.await;
        unsent.retain(|delivery| delivery.post == topic);
        unsent
    }
}

#[tokio::test]
async fn what_is_taken_back_reaches_who_hears_of_it_in_the_same_round() {
    let scene = Scene::set().await;
    scene.pam_did(EventKind::Liked).await;
    scene.pam_did(EventKind::Unliked).await;

    assert_eq!(plan(&scene.acme.app, in_few_words).await.unwrap(), 3);

    let queued = scene.queued().await;
    let grounds: Vec<_> = queued.iter().map(|delivery| delivery.ground).collect();
    let (news, retraction) = (DeliveryGround::News, DeliveryGround::Retraction);
    assert_eq!(grounds, [news, news, retraction]);
}

#[tokio::test]
async fn a_text_that_was_taken_back_while_it_was_planned_is_not_queued() {
    let scene = Scene::set().await;
    let app = &scene.acme.app;
    let (planned, asker) = (scene.planned().await, app.asker(Viewer::Operator));
    assert!(planned.iter().any(|planned| !planned.messages.is_empty()));

    posts::delete(app, scene.ada.clone(), scene.topic.id)
        .await
        .unwrap();
    scene
        .acme
        .write(move |connection, _| queue(connection, planned, &asker))
        .await;

    assert!(scene.queued().await.is_empty());
}

#[tokio::test]
async fn what_another_process_planned_meanwhile_is_not_queued_twice() {
    let scene = Scene::set().await;
    let app = &scene.acme.app;
    let (planned, asker) = (scene.planned().await, app.asker(Viewer::Operator));

    assert_eq!(plan(app, in_few_words).await.unwrap(), 1);
    let late = scene
        .acme
        .write(move |connection, _| queue(connection, planned, &asker))
        .await;

    assert_eq!((late, scene.queued().await.len()), (0, 1));
}

// Dialects ----------------------------------------------------------------------------------------

/// Only the form matters, and who gets it.
fn named_after_its_form(addresses: &Addresses, telling: &Telling, pens: &Pens) -> Result<Rendered> {
    let Telling::Group(telling) = telling else {
        return in_few_words(addresses, telling, pens);
    };
    let form = match (&telling.news, telling.announced) {
        (News::Boosted { .. }, _) => "boost",
        (News::Unboosted { .. }, _) => "unboost",
        (_, true) => "wrapped",
        (_, false) => "told",
    };
    Ok(Rendered {
        id: addresses.activity(form, telling.event.0),
        body: "{}".into(),
        revision: None,
    })
}

/// Acme's *roads* with pam of `groups.example`, mara of `micro.example` and lee of `both.example`.
struct Square {
    acme: House,
    roads: Group,
    mara: Actor,
    ada: Viewer,
}

impl Square {
    async fn set(stage: Stage) -> Self {
        let acme = House::open("acme.example").await;
        let roads = acme.group("roads", Access::Open).await;
        acme.set_stage(&roads, stage).await;
        let ada = acme.account("ada", OrgRole::Member).await.actor;
        acme.join(&roads, ada.id, MembershipState::Member).await;
        let mut mara = None;
        for (name, host, choice) in [
            ("pam", "groups.example", DialectChoice::Auto),
            ("lee", "both.example", DialectChoice::Both),
            ("mara", "micro.example", DialectChoice::Boosts),
        ] {
            acme.partner(host).await;
            grants::tests::grant(&acme, "roads", host).await;
            let person = acme
                .remote(crate::domain::ActorKind::Person, &format!("{name}@{host}"))
                .await;
            acme.join(&roads, person.id, MembershipState::Member).await;
            let host = host.parse().unwrap();
            dialects::choose(&acme.app, Viewer::Operator, host, choice)
                .await
                .unwrap();
            mara = Some(person);
        }
        plan(&acme.app, in_few_words).await.unwrap();
        let ada = Viewer::Member {
            actor: ada.id,
            role: OrgRole::Member,
        };
        Self {
            acme,
            roads,
            mara: mara.unwrap(),
            ada,
        }
    }

    /// Ada starts a topic of which nobody was told yet.
    async fn topic(&self) -> Post {
        let (app, title) = (&self.acme.app, "Bridge opens".parse().unwrap());
        let topic = posts::create_topic(
            app,
            self.ada.clone(),
            self.roads.id,
            title,
            None,
            None,
            vec![],
        );
        topic.await.unwrap()
    }

    async fn comment(&self, on: &Post, by: &Viewer) -> Post {
        let (app, body) = (&self.acme.app, Some("Good.".parse().unwrap()));
        let comment = posts::comment(app, by.clone(), on.id, body, Audience::Group, vec![]);
        comment.await.unwrap()
    }

    /// What is planned next of a post: server and form, in the order in which it is sent there.
    async fn told(&self, post: &Post) -> Vec<String> {
        let before = self.queued(post).await.len();
        plan(&self.acme.app, named_after_its_form).await.unwrap();
        let mut lines: Vec<String> = self.queued(post).await[before..].to_vec();
        lines.sort_by_key(|line| line.split(' ').next().map(str::to_owned));
        lines
    }

    async fn queued(&self, post: &Post) -> Vec<String> {
        let unsent = self
            .acme
            .write(|connection, _| storage::deliveries::list_unsent(connection, None, 1_000));
        let post = Some(post.id);
        let unsent = unsent.await;
        let of_post = unsent.iter().filter(|delivery| delivery.post == post);
        of_post
            .map(|delivery| {
                let form = delivery.activity.as_str().rsplit('/').nth(1).unwrap();
                format!("{} {form}", delivery.host.name().replace(".example", ""))
            })
            .collect()
    }
}

#[tokio::test]
async fn of_a_public_group_each_server_gets_what_it_understands() {
    let square = Square::set(Stage::Public).await;
    let app = &square.acme.app;
    let topic = square.topic().await;
    let told = square.told(&topic).await;
    assert_eq!(
        told,
        [
            "both wrapped",
            "both boost",
            "groups wrapped",
            "micro boost"
        ]
    );

    let comment = square.comment(&topic, &square.ada).await;
    assert_eq!(
        square.told(&comment).await,
        ["both wrapped", "groups wrapped"]
    );
    posts::delete(app, square.ada.clone(), comment.id)
        .await
        .unwrap();
    assert_eq!(
        square.told(&comment).await,
        ["both wrapped", "groups wrapped"]
    );

    posts::delete(app, square.ada.clone(), topic.id)
        .await
        .unwrap();
    let told = square.told(&topic).await;
    let taken_back = [
        "both wrapped",
        "both unboost",
        "groups wrapped",
        "micro unboost",
        "micro told",
    ];
    assert_eq!(told, taken_back);
}

#[tokio::test]
async fn what_is_said_to_somebody_of_a_microblog_server_is_told_there_by_who_said_it() {
    let square = Square::set(Stage::Public).await;
    let topic = square.topic().await;
    let mara = Viewer::Person {
        actor: square.mara.id,
        host: square.mara.host.clone().unwrap(),
    };
    let hers = square.comment(&topic, &mara).await;
    square.told(&hers).await;

    let answer = square.comment(&hers, &square.ada).await;
    let everywhere = ["both wrapped", "groups wrapped", "micro told"];
    assert_eq!(square.told(&answer).await, everywhere);
    let app = &square.acme.app;
    reactions::like(app, square.ada.clone(), hers.id)
        .await
        .unwrap();
    assert_eq!(square.told(&hers).await, everywhere);
    reactions::like(app, square.ada.clone(), topic.id)
        .await
        .unwrap();
    let told = square.told(&topic).await;
    assert!(!told.iter().any(|line| line == "micro told"), "{told:?}");
    posts::delete(app, square.ada.clone(), answer.id)
        .await
        .unwrap();
    assert_eq!(square.told(&answer).await, everywhere);
}

#[tokio::test]
async fn a_group_that_is_not_public_boosts_nothing() {
    let square = Square::set(Stage::Partners).await;
    let topic = square.topic().await;
    let told = square.told(&topic).await;
    assert_eq!(told, ["both wrapped", "groups wrapped", "micro wrapped"]);
}
