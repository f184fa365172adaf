use std::time::Duration;

use super::*;
use crate::domain::{
    Access, ActorKind, DeliveryGround, DeliveryState, EventKind, OrgRole, Side, Stage, Uri,
};
use crate::domain::{KeyList, PrivateGroups};
use crate::services::jobs;
use crate::services::remote_actors::ReceivedKey;
use crate::services::test_house::{House, KEYS, remote};
use crate::storage::deliveries::NewMessage;

const DAY: Duration = Duration::from_secs(86_400);

fn host(text: &str) -> Host {
    text.parse().unwrap()
}

/// Birch as its signed request shows it.
fn introduction(of: &str) -> Introduction {
    let actor = remote(ActorKind::Service, &format!("actor@{of}"));
    let key = ReceivedKey {
        uri: format!("{}#main-key", actor.uri).parse().unwrap(),
        list: KeyList::PublicKey,
        public_pem: KEYS.1.clone(),
        expires_at: None,
    };
    Introduction {
        actor,
        keys: vec![key],
        signature: None,
        dialect: None,
        organization: "  Birch &\nSons ".into(),
        terms: crate::domain::Terms::default(),
    }
}

async fn invited(house: &House) -> Code {
    invite(
        &house.app,
        Viewer::Operator,
        PartnerClass::Supplier,
        7 * DAY,
    )
    .await
    .unwrap()
    .code
}

async fn use_code(house: &House, code: &Code, by: &str) -> Result<HandshakeAnswer> {
    handshake::check_code(&house.app, code.secret(), &host(by)).await?;
    let introduction = introduction(by);
    let offer = code.agreement(&introduction.actor.uri)?;
    handshake::accept_offer(&house.app, code.secret(), &offer, introduction).await
}

async fn find_state(house: &House, of: &str) -> PartnerState {
    let partner = find(&house.app, Viewer::Operator, host(of)).await;
    partner.unwrap().state
}

/// Queues one delivery a ground to birch.example, for `group` where one is given.
async fn queue(house: &House, group: Option<crate::domain::GroupId>) {
    house
        .write(move |connection, now| {
            for (number, ground) in DeliveryGround::ALL.iter().enumerate() {
                let message = NewMessage {
                    event: crate::domain::EventId(1),
                    activity: format!("https://acme.example/activities/{number}").parse()?,
                    body: "{}".into(),
                    revision: None,
                    signer: crate::domain::ActorId(1),
                    ground: *ground,
                    group,
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

async fn waiting(house: &House) -> Vec<DeliveryGround> {
    let unsent = house
        .write(|connection, _| {
            storage::deliveries::list_unsent(connection, Some(&"birch.example".parse()?), 100)
        })
        .await;
    unsent
        .into_iter()
        .filter(|delivery| delivery.state == DeliveryState::Pending)
        .map(|delivery| delivery.ground)
        .collect()
}

#[tokio::test]
async fn an_invitation_makes_partners() {
    let acme = House::open("acme.example").await;
    let code = invited(&acme).await;

    let answer = use_code(&acme, &code, "birch.example").await.unwrap();

    assert_eq!(answer.ours.class, PartnerClass::Supplier);
    assert_eq!(answer.organization, "acme.example");
    let partner = find(&acme.app, Viewer::Operator, host("birch.example"))
        .await
        .unwrap();
    assert_eq!(partner.organization, "Birch & Sons");
    assert!(partner.mutual && partner.state == PartnerState::Active);
    let instance = partner.instance.unwrap();
    let key: Uri = format!("{instance}#main-key").parse().unwrap();
    let pinned = acme
        .write(move |connection, _| storage::actors::find_key(connection, &key))
        .await;
    assert_eq!(pinned.unwrap().public_pem, KEYS.1);
    let audited: Vec<_> = acme.audited().await.into_iter().map(|l| l.action).collect();
    assert_eq!(
        audited,
        [AuditAction::PartnerInvited, AuditAction::PartnerAccepted]
    );
}

#[tokio::test]
async fn an_answer_that_got_lost_is_given_again_but_to_nobody_else() {
    let acme = House::open("acme.example").await;
    let code = invited(&acme).await;
    let first = use_code(&acme, &code, "birch.example").await.unwrap();

    assert_eq!(
        use_code(&acme, &code, "birch.example").await.unwrap(),
        first
    );
    let other = use_code(&acme, &code, "cedar.example").await.unwrap_err();
    assert!(other.to_string().contains("used already"), "{other}");

    change(
        &acme.app,
        Viewer::Operator,
        host("birch.example"),
        Change::End,
    )
    .await
    .unwrap();
    let ended = use_code(&acme, &code, "birch.example").await.unwrap_err();
    assert!(ended.to_string().contains("used already"), "{ended}");
    assert_eq!(
        find_state(&acme, "birch.example").await,
        PartnerState::Ended
    );
}

#[tokio::test]
async fn a_code_is_only_good_in_time_and_for_others() {
    let acme = House::open("acme.example").await;
    let code = invited(&acme).await;
    let stranger = handshake::check_code(&acme.app, "guess", &host("birch.example")).await;
    assert!(matches!(stranger, Err(Error::NotFound)));
    let itself = use_code(&acme, &code, "acme.example").await.unwrap_err();
    assert!(itself.to_string().contains("its own partner"), "{itself}");

    acme.app.clock.advance(7 * DAY);
    let late = use_code(&acme, &code, "birch.example").await.unwrap_err();
    assert!(late.to_string().contains("expired"), "{late}");
    let known = list(&acme.app, Viewer::Operator).await.unwrap();
    assert!(known.is_empty());
}

#[tokio::test]
async fn who_is_blocked_or_paused_cannot_come_back_by_a_code() {
    let acme = House::open("acme.example").await;
    for (name, by) in [
        ("birch.example", Change::Block),
        ("cedar.example", Change::Pause),
    ] {
        acme.partner(name).await;
        change(&acme.app, Viewer::Operator, host(name), by)
            .await
            .unwrap();
        let before = find_state(&acme, name).await;
        let refused = use_code(&acme, &invited(&acme).await, name).await;
        assert!(matches!(refused, Err(Error::Denied(_))), "{name}");
        assert_eq!(find_state(&acme, name).await, before);
    }
}

#[tokio::test]
async fn a_taker_records_what_the_giver_agreed_to() {
    let acme = House::open("acme.example").await;
    let birch = House::open("birch.example").await;
    let text = invited(&acme).await.to_string();

    let code = read_code(&birch.app, Viewer::Operator, &text)
        .await
        .unwrap();
    assert_eq!(code.origin().as_str(), "https://acme.example");
    let later = accept_later(&birch.app, Viewer::Operator, &text, PartnerClass::Customer).await;
    let job = jobs::find(&birch.app, later.and_then(Decided::done).unwrap())
        .await
        .unwrap();
    assert_eq!(
        job.work,
        Work::AcceptPartnership {
            code: text.clone(),
            class: PartnerClass::Customer,
            purpose: String::new(),
            contact: String::new(),
            until: None,
            confirm_months: None,
            by: None,
        }
    );
    let partner = handshake::record_accepted(
        &birch.app,
        Viewer::Operator,
        &code.agreement(&birch.app.addresses().instance()).unwrap(),
        introduction("acme.example"),
        PartnerClass::Customer,
    )
    .await
    .unwrap();
    assert!(partner.mutual && partner.class == PartnerClass::Customer);

    let own = read_code(&acme.app, Viewer::Operator, &text).await;
    assert!(own.unwrap_err().to_string().contains("partner's server"));
    let again = read_code(&birch.app, Viewer::Operator, &text).await;
    assert!(again.unwrap_err().to_string().contains("partner already"));
}

#[tokio::test]
async fn a_server_whose_mail_goes_elsewhere_is_no_partner() {
    let acme = House::open("acme.example").await;
    let code = invited(&acme).await;
    let mut odd = introduction("birch.example");
    odd.actor.inbox = "https://e.example/inbox".parse().unwrap();

    let offer = code.agreement(&odd.actor.uri).unwrap();
    let refused = handshake::accept_offer(&acme.app, code.secret(), &offer, odd).await;

    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert!(list(&acme.app, Viewer::Operator).await.unwrap().is_empty());
    // Nothing is half done: the code can still be used.
    use_code(&acme, &code, "birch.example").await.unwrap();
}

#[tokio::test]
async fn a_one_sided_partner_is_added_once_and_never_ourselves() {
    let acme = House::open("acme.example").await;
    let partner = acme.partner("birch.example").await;
    assert!(!partner.mutual && partner.organization == "birch.example");
    let twice = |name: &str| {
        add(
            &acme.app,
            Viewer::Operator,
            host(name),
            PartnerClass::Partner,
            PrivateGroups::Auto,
        )
    };
    for (name, problem) in [
        ("birch.example", "partner already"),
        ("acme.example", "itself"),
    ] {
        let refused = twice(name).await.unwrap_err();
        assert!(refused.to_string().contains(problem), "{refused}");
    }
}

#[tokio::test]
async fn only_administrators_learn_of_partners() {
    let acme = House::open("acme.example").await;
    let ada = acme.account("ada", OrgRole::Member).await;
    let viewer = Viewer::Member {
        actor: ada.actor.id,
        role: OrgRole::Member,
    };
    let listed = list(&acme.app, viewer.clone()).await;
    assert!(matches!(listed, Err(Error::NotFound)));
    let invited = invite(&acme.app, viewer, PartnerClass::Partner, DAY).await;
    assert!(matches!(invited, Err(Error::NotFound)));
    for lifetime in [Duration::ZERO, 91 * DAY] {
        let odd = invite(&acme.app, Viewer::Operator, PartnerClass::Partner, lifetime);
        assert!(matches!(odd.await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn a_pause_keeps_the_queue_and_its_end_releases_it() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    queue(&acme, None).await;
    let birch = || host("birch.example");

    let paused = change(&acme.app, Viewer::Operator, birch(), Change::Pause)
        .await
        .unwrap();
    assert_eq!((paused.cancelled, waiting(&acme).await.len()), (0, 5));
    // What a worker does with deliveries of a paused partner.
    acme.write(|connection, now| {
        let ids: Vec<_> = storage::deliveries::list_unsent(connection, None, 100)?
            .iter()
            .map(|delivery| delivery.id)
            .collect();
        storage::deliveries::release(connection, &ids, now.plus(DAY))
    })
    .await;

    let resumed = change(&acme.app, Viewer::Operator, birch(), Change::Resume)
        .await
        .unwrap();
    assert_eq!(resumed.released, 5);
    let due = acme
        .write(|connection, _| storage::deliveries::next_due(connection))
        .await;
    assert!(due.unwrap() <= acme.now());
}

#[tokio::test]
async fn an_end_cancels_what_is_queued_but_not_what_takes_back() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    let roads = acme.group("roads", Access::Open).await;
    acme.set_stage(&roads, Stage::Partners).await;
    crate::services::grants::tests::grant(&acme, "roads", "birch.example").await;
    queue(&acme, None).await;

    let ended = change(
        &acme.app,
        Viewer::Operator,
        host("birch.example"),
        Change::End,
    )
    .await
    .unwrap();

    assert_eq!((ended.cancelled, ended.grants_ended), (4, 1));
    assert_eq!(waiting(&acme).await, [DeliveryGround::Retraction]);
    assert_eq!(
        acme.news().await,
        [EventKind::GrantOffered, EventKind::GrantEnded]
    );
    let audited = acme.audited().await;
    assert!(audited.iter().any(|line| {
        line.action == AuditAction::DeliveriesCancelled && line.detail.starts_with("4:")
    }));
}

#[tokio::test]
async fn a_block_cancels_everything_and_says_nothing() {
    let acme = House::open("acme.example").await;
    acme.partner("birch.example").await;
    acme.group("roads", Access::Open).await;
    crate::services::grants::tests::grant(&acme, "roads", "birch.example").await;
    queue(&acme, None).await;

    let blocked = change(
        &acme.app,
        Viewer::Operator,
        host("birch.example"),
        Change::Block,
    )
    .await
    .unwrap();

    assert_eq!((blocked.cancelled, blocked.grants_ended), (5, 1));
    assert_eq!(waiting(&acme).await, []);
    assert_eq!(acme.news().await, [EventKind::GrantOffered]);

    let stranger = host("e.example");
    change(&acme.app, Viewer::Operator, stranger, Change::Block)
        .await
        .unwrap();
    assert_eq!(find_state(&acme, "e.example").await, PartnerState::Blocked);
    let nobody = change(
        &acme.app,
        Viewer::Operator,
        host("f.example"),
        Change::Pause,
    );
    assert!(matches!(nobody.await, Err(Error::NotFound)));
}

/// Has birch's server, or somebody else, say that a partnership is over.
async fn receive_end(house: &House, signer: &Uri, agreement: &Uri) -> Result<()> {
    let (asker, signer, agreement) = (
        house.app.asker(Viewer::Server {
            host: signer.host().clone(),
        }),
        signer.clone(),
        agreement.clone(),
    );
    let outcome = house.app.db.write("test", move |connection| {
        let signer = storage::actors::find_by_uri(connection, &signer)?.unwrap();
        ending::receive(connection, &asker, &signer, &agreement)
    });
    outcome.await
}

#[tokio::test]
async fn the_other_side_ends_what_both_agreed_to_and_nothing_else() {
    let acme = House::open("acme.example").await;
    let first = invited(&acme).await;
    use_code(&acme, &first, "birch.example").await.unwrap();
    let birch = introduction("birch.example").actor.uri;
    let agreement = first.agreement(&birch).unwrap();
    let roads = acme.group("roads", Access::Open).await;
    acme.set_stage(&roads, Stage::Partners).await;
    crate::services::grants::tests::grant(&acme, "roads", "birch.example").await;
    queue(&acme, None).await;

    // Neither its people nor another partner's server, nor by another name.
    let bo = acme.remote(ActorKind::Person, "bo@birch.example").await;
    let refused = receive_end(&acme, &bo.uri, &agreement).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    acme.partner("cedar.example").await;
    let cedar = acme.remote(ActorKind::Service, "actor@cedar.example").await;
    receive_end(&acme, &cedar.uri, &agreement).await.unwrap();
    let other = format!("{agreement}0").parse().unwrap();
    receive_end(&acme, &birch, &other).await.unwrap();
    for name in ["birch.example", "cedar.example"] {
        assert_eq!(
            find_state(&acme, name).await,
            PartnerState::Active,
            "{name}"
        );
    }

    receive_end(&acme, &birch, &agreement).await.unwrap();
    let partner = find(&acme.app, Viewer::Operator, host("birch.example"))
        .await
        .unwrap();
    assert_eq!(partner.over().map(|ending| ending.by), Some(Side::Them));
    assert_eq!(waiting(&acme).await, [DeliveryGround::Retraction]);
    let standing = crate::services::grants::list(&acme.app, Viewer::Operator, None, None).await;
    assert_eq!(standing.unwrap(), []);
    // It knows: nothing is told, not even of the grant.
    assert_eq!(acme.news().await, [EventKind::GrantOffered]);
    let audited = acme.audited().await;
    let line = audited
        .iter()
        .find(|line| line.action == AuditAction::PartnerEnded)
        .unwrap();
    assert_eq!(
        (&*line.who, &*line.detail),
        ("birch.example", "by the other side")
    );
    let ended = use_code(&acme, &first, "birch.example").await.unwrap_err();
    assert!(ended.to_string().contains("used already"), "{ended}");

    // Another invitation, and the old news once more: it is not about this one.
    let second = invited(&acme).await;
    use_code(&acme, &second, "birch.example").await.unwrap();
    receive_end(&acme, &birch, &agreement).await.unwrap();
    assert_eq!(
        find_state(&acme, "birch.example").await,
        PartnerState::Active
    );
    let old = use_code(&acme, &first, "birch.example").await.unwrap_err();
    assert!(old.to_string().contains("used already"), "{old}");
}

#[tokio::test]
async fn who_makes_a_partnership_anew_has_ended_the_one_before() {
    let acme = House::open("acme.example").await;
    use_code(&acme, &invited(&acme).await, "birch.example")
        .await
        .unwrap();
    let roads = acme.group("roads", Access::Open).await;
    acme.set_stage(&roads, Stage::Partners).await;
    crate::services::grants::tests::grant(&acme, "roads", "birch.example").await;

    // Birch ended it, and acme has not heard yet.
    use_code(&acme, &invited(&acme).await, "birch.example")
        .await
        .unwrap();

    assert_eq!(
        find_state(&acme, "birch.example").await,
        PartnerState::Active
    );
    let standing = crate::services::grants::list(&acme.app, Viewer::Operator, None, None).await;
    assert_eq!(
        standing.unwrap(),
        [],
        "grants of the old one do not come back"
    );
}
