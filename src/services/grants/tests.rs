use std::time::Duration;

use super::*;
use crate::domain::{
    Access, ActorKind, Capabilities, Capability, Copies, DeliveryGround, GrantEnd, GrantTerms,
    GroupId, History, JoinMode, MembershipState, OrgRole, Stage, Timestamp, Uri,
};
use crate::services::partners::{self, Change};
use crate::services::proposals::Decided;
use crate::services::test_house::House;
use crate::services::{groups, posts};
use crate::storage::deliveries::NewMessage;

const DAY: Duration = Duration::from_secs(86_400);

fn handle(text: &str) -> Handle {
    text.parse().unwrap()
}

fn host(text: &str) -> Host {
    text.parse().unwrap()
}

fn reading() -> GrantRequest {
    GrantRequest {
        capabilities: Some(Capabilities::of(&[Capability::Read, Capability::Reply])),
        join: None,
        from: None,
        until: None,
        history: Some(History::Now),
        apart: Some(false),
    }
}

async fn give(house: &House, group: &str, to: &str, request: GrantRequest) -> Result<Standing> {
    add(
        &house.app,
        Viewer::Operator,
        handle(group),
        host(to),
        request,
    )
    .await
    .and_then(Decided::done)
}

/// Opens a group to a partner with the usual terms.
pub(crate) async fn grant(house: &House, group: &str, to: &str) -> Standing {
    give(house, group, to, reading()).await.unwrap()
}

fn problem<T: std::fmt::Debug>(refused: Result<T>) -> String {
    refused.unwrap_err().to_string()
}

#[tokio::test]
async fn what_is_not_said_of_a_grant_stays_as_it_was() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    acme.group("roads", Access::Open).await;
    let end = acme.now().plus(DAY);
    let first = GrantRequest {
        join: Some(JoinMode::Auto),
        until: Some(GrantEnd::At(end)),
        history: Some(History::All),
        apart: Some(true),
        ..reading()
    };
    let first = give(&acme, "roads", "birch.example", first).await.unwrap();
    assert_eq!(first.changes(), None);

    acme.app.clock.advance(DAY / 2);
    let more = GrantRequest {
        capabilities: Some(Capabilities::of(&[Capability::Read, Capability::React])),
        history: None,
        apart: None,
        ..reading()
    };
    let more = give(&acme, "roads", "birch.example", more).await.unwrap();
    let (before, after) = (first.grant.terms, more.grant.terms);
    assert_eq!(
        GrantTerms {
            capabilities: before.capabilities,
            ..after
        },
        before
    );
    assert_eq!(
        more.changes(),
        Some(vec!["can read,reply → read,react".to_owned()])
    );

    let other = GrantRequest {
        until: Some(GrantEnd::Never),
        history: Some(History::Now),
        apart: Some(false),
        capabilities: None,
        ..reading()
    };
    let other = give(&acme, "roads", "birch.example", other).await.unwrap();
    let changes = other.changes().unwrap().join("; ");
    assert!(changes.starts_with(&format!("until {end} → never; history all → from ")));
    assert!(changes.ends_with("; apart yes → no"), "{changes}");
}

#[tokio::test]
async fn who_says_the_same_again_changes_nothing() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    acme.group("roads", Access::Open).await;
    let unsaid = GrantRequest {
        capabilities: None,
        history: None,
        apart: None,
        ..reading()
    };
    let missing = give(&acme, "roads", "birch.example", unsaid.clone()).await;
    assert!(problem(missing).contains("is missing"));

    let first = grant(&acme, "roads", "birch.example").await;
    let (audited, news) = (acme.audited().await, acme.news().await);
    acme.app.clock.advance(DAY);
    let again = give(&acme, "roads", "birch.example", unsaid).await.unwrap();
    assert_eq!(again.grant, first.grant);
    assert_eq!(again.changes(), Some(Vec::new()));
    assert_eq!(acme.audited().await.len(), audited.len());
    assert_eq!(acme.news().await, news);
}

#[tokio::test]
async fn who_will_read_a_comment_depends_on_the_age_of_its_topic() {
    let acme = House::open("acme.example").await;
    for partner in ["birch.example", "cedar.example"] {
        acme.partner(partner).await;
    }
    let roads = acme.group("roads", Access::Open).await;
    acme.set_stage(&roads, Stage::Partners).await;
    let ada = acme.account("ada", OrgRole::Member).await.actor;
    acme.join(&roads, ada.id, MembershipState::Member).await;
    let viewer = Viewer::Member {
        actor: ada.id,
        role: OrgRole::Member,
    };
    grant(&acme, "roads", "birch.example").await;
    let title = "Timber".parse().unwrap();
    let topic = posts::create_topic(
        &acme.app,
        viewer.clone(),
        roads.id,
        title,
        None,
        None,
        vec![],
    );
    let topic = topic.await.unwrap();
    acme.app.clock.advance(DAY);
    grant(&acme, "roads", "cedar.example").await;

    let excluded = async |below| {
        let readers = groups::readers(&acme.app, viewer.clone(), roads.id, below);
        readers.await.unwrap().excluded
    };
    assert_eq!(excluded(None).await, Vec::<String>::new());
    let cedar = acme.app.db.read("cedar", |connection| {
        find_partner(connection, &host("cedar.example"))
    });
    let cedar = cedar.await.unwrap().organization;
    assert_eq!(excluded(Some(topic.id)).await, vec![cedar.clone()]);

    let audience = crate::domain::Audience::Group;
    let looked = posts::preview(
        &acme.app,
        viewer.clone(),
        roads.id,
        Some(topic.id),
        audience,
        None,
        None,
    );
    let withheld = looked.await.unwrap().others.into_iter();
    let withheld: Vec<_> = withheld.map(|one| (one.name, one.withheld)).collect();
    assert!(
        withheld.contains(&(cedar, Some(Reason::TooOld))),
        "{withheld:?}"
    );
}

#[tokio::test]
async fn a_grant_says_whether_it_has_effect_yet() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    let roads = acme.group("roads", Access::Open).await;

    let standing = grant(&acme, "roads@acme.example", "birch.example").await;
    assert!(
        standing
            .problem()
            .unwrap()
            .contains("guildhall group stage roads partners")
    );

    acme.set_stage(&roads, Stage::Partners).await;
    let standing = grant(&acme, "roads", "birch.example").await;
    assert_eq!(standing.problem(), None);
    assert_eq!(standing.grant.terms.join, JoinMode::Approve);
    // It began before; that topics are shown from now on was said again.
    assert!(standing.grant.terms.history_from > standing.grant.terms.from);

    let later = GrantRequest {
        from: Some(acme.now().plus(DAY)),
        ..reading()
    };
    let standing = give(&acme, "roads", "birch.example", later).await.unwrap();
    assert!(standing.problem().unwrap().starts_with("it begins at"));
    assert_eq!(standing.grant.terms.history_from, standing.grant.terms.from);

    let pause = partners::change(
        &acme.app,
        Viewer::Operator,
        host("birch.example"),
        Change::Pause,
    );
    pause.await.unwrap();
    let now = GrantRequest {
        from: Some(acme.now()),
        ..reading()
    };
    let standing = give(&acme, "roads", "birch.example", now).await.unwrap();
    assert_eq!(standing.without_effect, Some(Reason::PartnershipPaused));
}

#[tokio::test]
async fn one_grant_stands_between_a_group_and_a_partner() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    acme.group("roads", Access::Open).await;
    let first = grant(&acme, "roads", "birch.example").await;
    let second = grant(&acme, "roads", "birch.example").await;

    let listed = list(&acme.app, Viewer::Operator, Some(handle("roads")), None).await;
    let ids: Vec<_> = listed.unwrap().iter().map(|one| one.grant.id).collect();
    assert_eq!(ids, [second.grant.id]);
    let id = first.grant.id;
    let replaced = acme
        .write(move |connection, _| storage::grants::find(connection, id))
        .await;
    assert!(replaced.unwrap().ended_at.is_some());
    assert_eq!(acme.news().await, [EventKind::GrantOffered; 2]);
}

#[tokio::test]
async fn terms_that_make_no_sense_are_refused() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    acme.group("roads", Access::Open).await;
    acme.group("board", Access::Secret).await;
    let now = acme.now();
    for (field, request) in [
        (
            "can",
            GrantRequest {
                capabilities: Some(Capabilities::NONE),
                ..reading()
            },
        ),
        (
            "until",
            GrantRequest {
                until: Some(GrantEnd::At(now.minus(DAY))),
                ..reading()
            },
        ),
        (
            "until",
            GrantRequest {
                from: Some(now.plus(2 * DAY)),
                until: Some(GrantEnd::At(now.plus(DAY))),
                ..reading()
            },
        ),
        (
            "history",
            GrantRequest {
                history: Some(History::Since(now.plus(DAY))),
                ..reading()
            },
        ),
    ] {
        let refused = problem(give(&acme, "roads", "birch.example", request).await);
        assert!(refused.starts_with(field), "{refused}");
    }
    let approve = GrantRequest {
        join: Some(JoinMode::Approve),
        ..reading()
    };
    let refused = problem(give(&acme, "board", "birch.example", approve).await);
    assert!(refused.starts_with("join"), "{refused}");
    let secret = grant(&acme, "board", "birch.example").await;
    assert_eq!(secret.grant.terms.join, JoinMode::Invite);
}

#[tokio::test]
async fn a_group_is_opened_only_to_partners_and_only_by_who_may() {
    let acme = House::open("acme.example").await;
    acme.group("roads", Access::Open).await;
    let stranger = problem(give(&acme, "roads", "birch.example", reading()).await);
    assert!(stranger.contains("no partnership with birch.example"));
    acme.partner("birch.example").await;
    partners::change(
        &acme.app,
        Viewer::Operator,
        host("birch.example"),
        Change::End,
    )
    .await
    .unwrap();
    let over = problem(give(&acme, "roads", "birch.example", reading()).await);
    assert!(over.contains("is ended"), "{over}");

    acme.partner("birch.example").await;
    let ada = acme.account("ada", OrgRole::Member).await;
    let ada = Viewer::Member {
        actor: ada.actor.id,
        role: OrgRole::Member,
    };
    let asked = add(
        &acme.app,
        ada,
        handle("roads"),
        host("birch.example"),
        reading(),
    );
    assert!(matches!(asked.await, Err(Error::Denied(_))));
    let unknown = give(&acme, "rivers", "birch.example", reading()).await;
    assert!(matches!(unknown, Err(Error::NotFound)));
    let elsewhere = acme.remote_group("woods@birch.example").await;
    let elsewhere = elsewhere.actor.handle().to_string();
    let foreign = give(&acme, &elsewhere, "birch.example", reading()).await;
    assert!(matches!(foreign, Err(Error::Denied(Reason::NotForRemote))));
}

#[tokio::test]
async fn a43_a_grant_taken_back_leaves_nothing_in_the_queue() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    let roads = acme.group("roads", Access::Open).await;
    grant(&acme, "roads", "birch.example").await;
    queue_news(&acme, roads.id, 100).await;
    let bo = acme.remote(ActorKind::Person, "bo@birch.example").await;
    let eve = acme.remote(ActorKind::Person, "eve@birch.example").await;
    let ada = acme.account("ada", OrgRole::Member).await.actor;
    acme.join(&roads, bo.id, MembershipState::Member).await;
    acme.join(&roads, eve.id, MembershipState::Banned).await;
    acme.join(&roads, ada.id, MembershipState::Member).await;

    let closed = remove(
        &acme.app,
        Viewer::Operator,
        handle("roads"),
        host("birch.example"),
        Copies::AskedBack,
    )
    .await
    .unwrap();

    assert_eq!((closed.cancelled, closed.members), (100, 1));
    let left = acme
        .write(|connection, _| storage::deliveries::count_pending(connection))
        .await;
    assert_eq!(left, 0);
    let group = roads.id;
    let members = acme
        .write(move |connection, _| storage::memberships::list(connection, group))
        .await;
    let mut names: Vec<_> = members.iter().map(|one| one.actor.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ada", "eve"]);
    let audited = acme.audited().await;
    assert!(audited.iter().any(|line| {
        line.action == AuditAction::DeliveriesCancelled && line.detail.starts_with("100 of roads")
    }));
    assert_eq!(acme.news().await.last(), Some(&EventKind::GrantEnded));

    let again = remove(
        &acme.app,
        Viewer::Operator,
        handle("roads"),
        host("birch.example"),
        Copies::AskedBack,
    );
    assert!(problem(again.await).contains("no grant to remove"));
}

async fn queue_news(house: &House, group: GroupId, number: usize) {
    house
        .write(move |connection, now| {
            for number in 0..number {
                let message = NewMessage {
                    event: crate::domain::EventId(1),
                    activity: format!("https://acme.example/activities/{number}").parse()?,
                    body: "{}".into(),
                    revision: None,
                    signer: group.actor(),
                    ground: DeliveryGround::News,
                    group: Some(group),
                    post: None,
                    lane: 1,
                    destinations: vec![(
                        "birch.example".parse()?,
                        "https://birch.example/inbox".parse()?,
                    )],
                };
                storage::deliveries::insert(connection, &[message], now)?;
            }
            Ok(())
        })
        .await;
}

fn terms() -> GrantTerms {
    GrantTerms {
        capabilities: Capabilities::of(&[Capability::Read]),
        join: JoinMode::Auto,
        from: Timestamp::MIN,
        until: None,
        history_from: Timestamp::MIN,
        apart: false,
    }
}

#[tokio::test]
async fn only_the_house_of_a_group_says_what_we_may_do_in_it() {
    let birch = House::open("birch.example").await;
    let roads = birch.remote_group("roads@acme.example").await;
    let own = birch.group("woods", Access::Open).await;
    let now = birch.now();
    let outcome = birch
        .write(move |connection, _| {
            let (acme, eve) = (host("acme.example"), host("e.example"));
            let uri: Uri = "https://acme.example/grants/1".parse()?;
            let evil: Uri = "https://e.example/grants/1".parse()?;
            let mut refused = Vec::new();
            for (house, group, uri) in [
                (&eve, roads.id, &uri),
                (&eve, roads.id, &evil),
                (&acme, roads.id, &evil),
                (&acme, own.id, &uri),
            ] {
                refused.push(receive::receive_offer(
                    connection,
                    house,
                    group,
                    uri,
                    terms(),
                ));
            }
            receive::receive_offer(connection, &acme, roads.id, &uri, terms())?;
            refused.push(receive::receive_end(connection, &eve, &uri, None, now).map(|_| ()));
            assert!(
                refused
                    .iter()
                    .all(|one| matches!(one, Err(Error::NotFound)))
            );
            storage::grants::find_received(connection, roads.id)
        })
        .await;
    assert_eq!(outcome.unwrap().1, terms());
}

#[tokio::test]
async fn a_group_taken_back_is_gone_with_its_members_until_it_is_given_again() {
    let birch = House::open("birch.example").await;
    let roads = birch.remote_group("roads@acme.example").await;
    let bo = birch.account("bo", OrgRole::Member).await.actor;
    birch.join(&roads, bo.id, MembershipState::Member).await;
    let now = birch.now();
    birch
        .write(move |connection, _| {
            let acme = host("acme.example");
            let old: Uri = "https://acme.example/grants/1".parse()?;
            let new: Uri = "https://acme.example/grants/2".parse()?;
            receive::receive_offer(connection, &acme, roads.id, &old, terms())?;
            receive::receive_offer(connection, &acme, roads.id, &new, terms())?;

            // Late news of a grant that was replaced.
            let late = receive::receive_end(connection, &acme, &old, Some(roads.id), now)?;
            assert_eq!(late, None);
            assert!(storage::memberships::find(connection, roads.id, bo.id)?.is_some());

            let ended = receive::receive_end(connection, &acme, &new, None, now)?;
            assert_eq!(ended, Some(roads.id));
            let group = storage::groups::find(connection, roads.id)?.unwrap();
            assert!(group.withdrawn_at.is_some());
            assert!(storage::memberships::find(connection, roads.id, bo.id)?.is_none());

            receive::receive_offer(connection, &acme, roads.id, &old, terms())?;
            let group = storage::groups::find(connection, roads.id)?.unwrap();
            assert!(group.withdrawn_at.is_none());
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn a_server_whose_only_member_is_quarantined_gets_nothing() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    let roads = acme.group("roads", Access::Closed).await;
    acme.set_stage(&roads, Stage::Partners).await;
    grant(&acme, "roads", "birch.example").await;
    let bo = acme.remote(ActorKind::Person, "bo@birch.example").await;
    acme.join(&roads, bo.id, MembershipState::Member).await;
    let gets_news = async || {
        let (asker, roads) = (acme.app.asker(Viewer::Anonymous), roads.id);
        let asked = acme.write(move |connection, _| {
            let group = storage::groups::find(connection, roads)?.ok_or(Error::NotFound)?;
            let mut receivers = access::Receivers::new(&asker);
            receivers.ask(connection, &host("birch.example"), &group, None)
        });
        asked.await.map_err(|refusal| refusal.reason)
    };
    assert_eq!(gets_news().await, Ok(()));
    acme.set_state(bo.id, crate::domain::ActorState::Quarantined)
        .await;
    assert_eq!(gets_news().await, Err(Reason::NobodyThere));
}

#[tokio::test]
async fn an_expired_grant_ends_with_what_hung_on_it_and_only_once() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    let roads = acme.group("roads", Access::Closed).await;
    acme.set_stage(&roads, Stage::Partners).await;
    let request = GrantRequest {
        until: Some(GrantEnd::At(acme.now().plus(DAY))),
        ..reading()
    };
    give(&acme, "roads", "birch.example", request)
        .await
        .unwrap();
    let bo = acme.remote(ActorKind::Person, "bo@birch.example").await;
    acme.join(&roads, bo.id, MembershipState::Member).await;
    assert_eq!(end_expired(&acme.app).await.unwrap(), 0);

    acme.app.clock.advance(DAY);
    assert_eq!(end_expired(&acme.app).await.unwrap(), 1);
    assert_eq!(end_expired(&acme.app).await.unwrap(), 0);
    let group = roads.id;
    let members = acme.write(move |connection, _| storage::memberships::list(connection, group));
    assert!(members.await.is_empty());
    assert_eq!(
        acme.news().await,
        [EventKind::GrantOffered, EventKind::GrantEnded]
    );
}
