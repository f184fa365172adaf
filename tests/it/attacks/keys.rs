//! The keys of a partner's server: who shows others is not believed, whatever else they show, until an
//! administrator compared them.

use guildhall::domain::{AuditAction, Host, PartnerState, PauseReason};
use guildhall::policy::Viewer;
use guildhall::services::partners::{self, Change, pins};
use guildhall::services::proposals::Decided;
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use super::origin::take_invitation;
use crate::support::forge::Letter;
use crate::support::peer::{Actor, Answer, Peer, new_ed25519_key, new_key};
use crate::support::world::eventually;

fn host(peer: &Peer) -> Host {
    peer.host().parse().expect("a host")
}

async fn standing(fixture: &Fixture, peer: &Peer) -> (PartnerState, Option<PauseReason>) {
    let partner = partners::find(&fixture.app, Viewer::Operator, host(peer)).await;
    let partner = partner.expect("a partner");
    (partner.state, partner.paused_for)
}

async fn fingerprints(fixture: &Fixture, peer: &Peer) -> (String, Option<String>) {
    let partner = partners::find(&fixture.app, Viewer::Operator, host(peer)).await;
    let found =
        partners::particulars(&fixture.app, Viewer::Operator, &partner.expect("a partner")).await;
    let found = found.expect("particulars");
    let offered = found.offered.map(|key| key.fingerprint);
    (found.pinned.expect("a pinned key"), offered)
}

const HELD: (PartnerState, Option<PauseReason>) =
    (PartnerState::Paused, Some(PauseReason::KeyChanged));
const STANDS: (PartnerState, Option<PauseReason>) = (PartnerState::Active, None);

/// The same actor with other keys, of other names.
fn with_new_keys(actor: &Actor) -> Actor {
    Actor {
        key_id: format!("{}#new-key", actor.id),
        key: new_key(),
        ed25519: new_ed25519_key(),
        ..actor.clone()
    }
}

/// The document after a rotation: the new keys, and for a week the old one.
fn document_after(old: &Actor, new: &Actor) -> Value {
    let mut document = new.document();
    document["assertionMethod"] = json!([
        {
            "id": format!("{}#new-ed25519", new.id),
            "type": "Multikey",
            "controller": new.id,
            "publicKeyMultibase": new.multikey(),
        },
        {
            "id": old.ed25519_id(),
            "type": "Multikey",
            "controller": old.id,
            "publicKeyMultibase": old.multikey(),
            "expires": "2099-01-01T00:00:00Z",
        },
    ]);
    document
}

/// Something that changes nothing, said by a server.
fn harmless(by: &Actor) -> Value {
    by.activity("Block", json!("https://nobody.example/actor"))
}

#[tokio::test]
async fn a_server_with_another_key_waits_until_somebody_compared_it() {
    on_both(async |fixture| {
        let birch = Peer::start("birch");
        take_invitation(fixture, &birch).await;
        let honest = birch.instance().clone();
        // Whoever answers for the host now has keys of their own, by the same names.
        let thief = Actor {
            key: new_key(),
            ed25519: new_ed25519_key(),
            ..honest.clone()
        };
        birch.publish(&thief, thief.document());
        let (pinned, offered) = fingerprints(fixture, &birch).await;
        assert_eq!(offered, None);

        let reply = fixture.deliver(&thief, &harmless(&thief)).await;
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert_eq!(standing(fixture, &birch).await, HELD);
        let (still, offered) = fingerprints(fixture, &birch).await;
        assert_eq!(still, pinned);
        let offered = offered.expect("the key that was shown");
        assert_ne!(offered, pinned);

        // Whoever has the pinned key waits as well: nothing is lost that comes again.
        let reply = fixture.deliver(&honest, &harmless(&honest)).await;
        assert_eq!(reply.status, 503);

        // Another fingerprint than the one that is shown is not it.
        let app = &fixture.app;
        let guess = pins::trust(app, Viewer::Operator, host(&birch), &pinned).await;
        assert!(guess.is_err());
        assert_eq!(standing(fixture, &birch).await, HELD);
        let compared = offered.to_uppercase();
        let trusted = pins::trust(app, Viewer::Operator, host(&birch), &compared).await;
        assert!(matches!(trusted, Ok(Decided::Done(_))), "{trusted:?}");
        assert_eq!(standing(fixture, &birch).await, STANDS);
        assert_eq!(fingerprints(fixture, &birch).await, (offered, None));
        let reply = fixture.deliver(&thief, &harmless(&thief)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        // The old one proves nothing any more.
        let reply = fixture.deliver(&honest, &harmless(&honest)).await;
        assert_eq!(reply.status, 401);
    })
    .await;
}

#[tokio::test]
async fn new_keys_are_taken_only_from_who_has_the_pinned_ones() {
    on_both(async |fixture| {
        let q = fixture.q.instance();
        type Forging<'a> = &'a dyn Fn(&Actor, &Actor, Value) -> Value;
        let ways: [(&str, Forging<'_>); 6] = [
            ("the old key only stands beside", &|_, _, document| document),
            ("signed by the new key", &|_, new, document| {
                new.introducing(&document)
            }),
            ("signed by another partner", &|_, _, document| {
                q.introducing(&document)
            }),
            (
                "signed by another partner in the old key's name",
                &|old, _, document| {
                    let mut signed = q.introducing(&document);
                    signed["guildhall:keyProofs"][0]["verificationMethod"] =
                        json!(old.ed25519_id());
                    signed
                },
            ),
            (
                "signed, and another key put in afterwards",
                &|old, _, document| {
                    let mut signed = old.introducing(&document);
                    let other = with_new_keys(old);
                    signed["publicKey"]["publicKeyPem"] = json!(other.public_pem());
                    signed
                },
            ),
            ("the proof of another document", &|old, _, document| {
                let other = old.introducing(&old.document());
                let mut signed = document;
                signed["guildhall:keyProofs"] = other["guildhall:keyProofs"].clone();
                signed
            }),
        ];
        for (what, forge) in ways {
            let birch = Peer::start("forger");
            take_invitation(fixture, &birch).await;
            let old = birch.instance().clone();
            let new = with_new_keys(&old);
            let (pinned, _) = fingerprints(fixture, &birch).await;
            birch.publish(&new, forge(&old, &new, document_after(&old, &new)));

            let reply = fixture.deliver(&new, &harmless(&new)).await;
            assert_eq!(reply.status, 503, "{what}: {}", reply.text());
            assert_eq!(standing(fixture, &birch).await, HELD, "{what}");
            assert_eq!(fingerprints(fixture, &birch).await.0, pinned, "{what}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_rotation_is_followed_and_does_not_go_back() {
    on_both(async |fixture| {
        let birch = Peer::start("rotating");
        take_invitation(fixture, &birch).await;
        let old = birch.instance().clone();
        let new = with_new_keys(&old);
        let (pinned, _) = fingerprints(fixture, &birch).await;
        let introduced = old.introducing(&document_after(&old, &new));
        birch.publish(&new, introduced.clone());

        let reply = fixture.deliver(&new, &harmless(&new)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        assert_eq!(standing(fixture, &birch).await, STANDS);
        let (after, offered) = fingerprints(fixture, &birch).await;
        assert!(after != pinned && offered.is_none());
        let audited = fixture.dump().await;
        let action = format!(r#""action":"{}""#, AuditAction::PartnerKeyRotated);
        let line = audited.rows("audit").iter().find(|line| {
            line.contains(&action) && line.contains(&birch.host()) && line.contains(&after)
        });
        assert!(line.is_some());

        // Somebody who found the old key plays the old document again, with its own proof.
        birch.publish(&old, old.introducing(&old.document()));
        let told = new.activity("Update", new.document());
        let reply = fixture.deliver(&new, &told).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        eventually("the partnership is held", async || {
            (standing(fixture, &birch).await == HELD).then_some(())
        })
        .await;
        assert_eq!(fingerprints(fixture, &birch).await.0, after);
        // Going on keeps the pinned key.
        let app = &fixture.app;
        let resumed = partners::change(app, Viewer::Operator, host(&birch), Change::Resume).await;
        resumed.expect("it goes on");
        assert_eq!(fingerprints(fixture, &birch).await, (after, None));
        let reply = fixture.deliver(&new, &harmless(&new)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        birch.put("/actor", Answer::status(404));
    })
    .await;
}

#[tokio::test]
async fn how_we_see_a_partner_is_told_to_its_server_and_to_nobody_else() {
    on_both(async |fixture| {
        let birch = Peer::start("seen");
        take_invitation(fixture, &birch).await;
        let ask = async |who: &Actor, target: &str| {
            let letter = Letter::get(who, &fixture.host(), target);
            fixture.send(&letter.sign()).await
        };
        let view = "/partnership/view";
        let told = ask(birch.instance(), view).await;
        assert_eq!(told.status, 200, "{}", told.text());
        let (group, person) = (birch.group("club"), birch.person("bo"));
        // A person there is not their administrator's server; a partner of one side agreed to nothing.
        for who in [&person, fixture.p.instance(), fixture.e.instance()] {
            let asked = ask(who, view).await;
            assert_eq!(asked.status, 404, "{}: {}", who.id, asked.text());
            // The same bytes as for a person that never was.
            assert_eq!(asked.text(), ask(who, "/u/nobody/outbox").await.text());
        }
        // What a group says, its server says.
        assert_eq!(ask(&group, view).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn only_the_house_itself_says_what_a_partnership_is_for() {
    on_both(async |fixture| {
        let birch = Peer::start("terms");
        let offer = take_invitation(fixture, &birch).await;
        let instance = birch.instance();
        let about = |by: &Actor, purpose: &str| {
            let object = json!({
                "type": "PartnershipTerms",
                "agreement": offer["id"],
                "purpose": purpose,
                "contact": "Bo, +1 555 0100",
                "endTime": "2099-12-31T00:00:00Z",
            });
            by.activity("Update", object)
        };
        let bo = birch.person("bo");
        let q = fixture.q.instance();
        let reply = fixture.deliver(&bo, &about(&bo, "stolen")).await;
        assert_eq!(reply.status, 403, "{}", reply.text());
        let reply = fixture.deliver(q, &about(q, "stolen")).await;
        assert_eq!(reply.status, 202);
        fixture.settle().await;
        let find = async || {
            let found = partners::find(&fixture.app, Viewer::Operator, host(&birch)).await;
            found.expect("a partner").theirs
        };
        assert_eq!(find().await.purpose, "");

        let reply = fixture
            .deliver(instance, &about(instance, "Bridges\nand roads"))
            .await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        fixture.settle().await;
        let theirs = find().await;
        assert_eq!(theirs.purpose, "Bridges and roads");
        assert_eq!(theirs.contact, "Bo, +1 555 0100");
        assert_eq!(
            theirs.until.map(|until| until.date()).as_deref(),
            Some("2099-12-31")
        );
        assert_eq!(standing(fixture, &birch).await, STANDS);
    })
    .await;
}
