use super::*;
use crate::domain::{Access, Delivery, MembershipState, OrgRole, Stage};
use crate::services::deliveries::news::Rendered;
use crate::services::grants;
use crate::services::posts;
use crate::services::test_house::House;
use crate::storage::events::NewEvent;

/// Words do not matter here, only who gets them.
fn in_few_words(addresses: &Addresses, telling: &Telling, _: &Pens) -> Result<Rendered> {
    let event = match telling {
        Telling::Group(telling) => telling.event,
        Telling::Actor(telling) => telling.event,
    };
    Ok(Rendered {
        id: addresses.activity("test", event.0),
        body: "{}".into(),
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
        let topic = posts::create_topic(&acme.app, ada.clone(), roads.id, title, None);
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
    let (asker, addresses) = (app.asker(Viewer::Anonymous), app.addresses());
    let now = asker.now;
    let planning = app.db.read("plan", move |connection| {
        let events = storage::events::list_unplanned(connection, EVENTS_PER_PLAN)?;
        Planner::new(&asker, &addresses, in_few_words).plan_all(connection, &events)
    });
    let planned = planning.await.unwrap();
    assert!(planned.iter().any(|planned| planned.message.is_some()));

    posts::delete(app, scene.ada.clone(), scene.topic.id)
        .await
        .unwrap();
    scene
        .acme
        .write(move |connection, _| queue(connection, planned, now))
        .await;

    assert!(scene.queued().await.is_empty());
}

#[tokio::test]
async fn what_another_process_planned_meanwhile_is_not_queued_twice() {
    let scene = Scene::set().await;
    let app = &scene.acme.app;
    let (asker, addresses) = (app.asker(Viewer::Anonymous), app.addresses());
    let now = asker.now;
    let planning = app.db.read("plan", move |connection| {
        let events = storage::events::list_unplanned(connection, EVENTS_PER_PLAN)?;
        Planner::new(&asker, &addresses, in_few_words).plan_all(connection, &events)
    });
    let planned = planning.await.unwrap();

    assert_eq!(plan(app, in_few_words).await.unwrap(), 1);
    let late = scene
        .acme
        .write(move |connection, _| queue(connection, planned, now))
        .await;

    assert_eq!((late, scene.queued().await.len()), (0, 1));
}
