//! How we sign what we send: each server gets the kind that it takes, and every signature holds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall::federation::Federation;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey};
use openssl::sign::Verifier;

use super::fixture::{Fixture, on_both};
use crate::support::dump::Dump;
use crate::support::forge::{content_digest, digest};
use crate::support::peer::{Peer, Seen, Takes, unique};
use crate::support::world::eventually;

/// Checks the one signature of a request, with nothing of the house's own code; which kind it is.
fn check(seen: &Seen, keys: &Dump) -> &'static str {
    let header = |name: &str| {
        let value = seen.header(name);
        value
            .unwrap_or_else(|| panic!("no {name}: {seen:?}"))
            .to_owned()
    };
    let between = |text: &str, from: &str, to: &str| {
        let (_, rest) = text
            .split_once(from)
            .unwrap_or_else(|| panic!("{from} in {text}"));
        rest.split_once(to)
            .unwrap_or_else(|| panic!("{to} in {rest}"))
            .0
            .to_owned()
    };
    let (kind, key_id, signed, signature) = match seen.header("signature-input") {
        Some(input) => {
            let params = input.strip_prefix("sig1=").expect("one label");
            let mut base = format!("\"@method\": {}\n", seen.method);
            base.push_str(&format!(
                "\"@target-uri\": http://{}{}\n",
                header("host"),
                seen.target
            ));
            let mut covered = "(\"@method\" \"@target-uri\"".to_owned();
            if seen.method == "POST" {
                assert_eq!(header("content-digest"), content_digest(&seen.body));
                base.push_str(&format!(
                    "\"content-digest\": {}\n",
                    header("content-digest")
                ));
                covered.push_str(" \"content-digest\"");
            }
            assert!(
                params.starts_with(&format!("{covered});created=")),
                "{params}"
            );
            base.push_str(&format!("\"@signature-params\": {params}"));
            let signature = between(&header("signature"), "sig1=:", ":");
            let kind = match between(params, ";alg=\"", "\"").as_str() {
                "ed25519" => "rfc9421-ed25519",
                "rsa-v1_5-sha256" => "rfc9421",
                other => panic!("{other}"),
            };
            (kind, between(params, ";keyid=\"", "\""), base, signature)
        }
        None => {
            let text = header("signature");
            let mut signed = format!(
                "(request-target): {} {}",
                seen.method.to_lowercase(),
                seen.target
            );
            signed.push_str(&format!(
                "\nhost: {}\ndate: {}",
                header("host"),
                header("date")
            ));
            if seen.method == "POST" {
                assert_eq!(header("digest"), digest(&seen.body));
                signed.push_str(&format!("\ndigest: {}", header("digest")));
            }
            let signature = between(&text, "signature=\"", "\"");
            (
                "cavage",
                between(&text, "keyId=\"", "\""),
                signed,
                signature,
            )
        }
    };
    let row = keys
        .rows("actor_keys")
        .iter()
        .find(|row| row.contains(&format!("{key_id}\"")));
    let row: serde_json::Value = serde_json::from_str(row.expect("a key of ours")).unwrap();
    let key = PKey::public_key_from_pem(row["public_pem"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(key.id() == Id::ED25519, kind == "rfc9421-ed25519");
    let mut verifier = match key.id() {
        Id::ED25519 => Verifier::new_without_digest(&key),
        _ => Verifier::new(MessageDigest::sha256(), &key),
    }
    .unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    assert!(
        verifier
            .verify_oneshot(&signature, signed.as_bytes())
            .unwrap(),
        "{signed}"
    );
    kind
}

/// What a peer got of one more topic: the kinds of signature, in order.
async fn kinds_of_a_post(
    fixture: &Fixture,
    peer: &Peer,
    group: &guildhall::domain::Group,
) -> Vec<&'static str> {
    let then = peer.traffic();
    let title = format!("News {}", unique());
    fixture.post_in(group, &title, "Words.").await;
    let dump = fixture.settle().await;
    let kinds = peer
        .mail_since(then)
        .iter()
        .map(|mail| check(mail, &dump))
        .collect();
    let mail = peer.mail_since(then).pop().expect("mail");
    assert_eq!(
        mail.json()["object"]["proof"]["cryptosuite"],
        "eddsa-jcs-2022"
    );
    assert_eq!(mail.json()["proof"]["cryptosuite"], "eddsa-jcs-2022");
    kinds
}

#[tokio::test]
async fn an_unknown_server_gets_the_draft_and_what_it_takes_is_remembered() {
    on_both(async |fixture| {
        let w = Peer::start("w");
        let group = fixture.new_group().await;
        fixture.open(&group, &w).await;
        fixture.admit(&w.person("wim"), &group).await;
        fixture.settle().await;
        let known = async || {
            let dump = fixture.dump().await;
            let row = dump
                .rows("peers")
                .iter()
                .find(|row| row.contains(&w.host()))
                .cloned();
            let row = row.map(|row| serde_json::from_str::<serde_json::Value>(&row).unwrap());
            row.map(|row| (row["signature"].clone(), row["learned"].clone()))
        };
        assert_eq!(kinds_of_a_post(fixture, &w, &group).await, ["cavage"]);
        assert_eq!(known().await, None);

        // Refused (401), the other kind is tried once, and then comes first.
        w.take_only(Takes::Rfc9421);
        assert_eq!(
            kinds_of_a_post(fixture, &w, &group).await,
            ["cavage", "rfc9421"]
        );
        assert_eq!(known().await, Some(("rfc9421".into(), "tried".into())));
        assert_eq!(kinds_of_a_post(fixture, &w, &group).await, ["rfc9421"]);
        w.take_only(Takes::Cavage);
        assert_eq!(
            kinds_of_a_post(fixture, &w, &group).await,
            ["rfc9421", "cavage"]
        );
        assert_eq!(kinds_of_a_post(fixture, &w, &group).await, ["cavage"]);

        // What a server asks for, it gets.
        w.take_only(Takes::AsksFor("ed25519"));
        assert_eq!(
            kinds_of_a_post(fixture, &w, &group).await,
            ["cavage", "rfc9421-ed25519"]
        );
        assert_eq!(
            kinds_of_a_post(fixture, &w, &group).await,
            ["rfc9421-ed25519"]
        );
        let queue = fixture.instance.run_json(&["queue", "list"]).await;
        let row = queue
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["host"] == w.host().as_str());
        assert_eq!(row.unwrap()["signature"], "rfc9421-ed25519");
    })
    .await;
}

#[tokio::test]
async fn a_document_is_asked_for_as_its_server_takes_it() {
    on_both(async |fixture| {
        let w = Peer::start("w");
        let group = fixture.new_group().await;
        fixture.open(&group, &w).await;
        w.take_only(Takes::Rfc9421);
        let wim = w.person("wim");
        let then = w.traffic();
        let found = Federation::new(fixture.app.clone())
            .unwrap()
            .discover(&wim.id)
            .await;
        assert_eq!(found.expect("wim").uri.as_str(), wim.id);
        let dump = fixture.dump().await;
        let kinds: Vec<_> = w
            .seen_since(then)
            .iter()
            .map(|seen| check(seen, &dump))
            .collect();
        assert_eq!(kinds, ["cavage", "rfc9421"]);
    })
    .await;
}

#[tokio::test]
async fn a_server_whose_actors_say_what_it_takes_gets_that() {
    on_both(async |fixture| {
        let w = Peer::start("w");
        let group = fixture.new_group().await;
        fixture.open(&group, &w).await;
        let wim = w.person("wim");
        let mut document = wim.document();
        let link = |href: &str| serde_json::json!({ "type": "Link", "href": href });
        document["generator"] = serde_json::json!({ "type": "Application", "implements": [
            link("https://datatracker.ietf.org/doc/html/rfc9421"),
            link("https://datatracker.ietf.org/doc/html/rfc9421#section-3.3.6"),
        ]});
        w.publish(&wim, document);
        fixture.admit(&wim, &group).await;
        fixture.settle().await;
        assert_eq!(
            kinds_of_a_post(fixture, &w, &group).await,
            ["rfc9421-ed25519"]
        );
    })
    .await;
}

#[tokio::test]
async fn a13_new_keys_and_the_word_of_them_are_one_question() {
    on_both(async |fixture| {
        let old = fixture.newcomer().await;
        let rita = crate::support::peer::Actor {
            key: crate::support::peer::new_key(),
            ed25519: PKey::generate_ed25519().unwrap(),
            ..old.clone()
        };
        fixture.p.publish(&rita, rita.document());
        fixture.settle().await;
        let then = fixture.p.traffic();
        let path = old.id.split_once(&old.host).unwrap().1;
        let update = rita.proven(&rita.activity("Update", rita.document()));
        let reply = fixture.deliver(&rita, &update).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        fixture.settle().await;
        let said = rita.proven(&fixture.comment_by(&rita, "with new keys"));
        assert_eq!(fixture.deliver(&rita, &said).await.status, 202);
        eventually("it is here", async || {
            (fixture.dump().await.count("posts", "with new keys") == 1).then_some(())
        })
        .await;
        assert_eq!(fixture.p.reads_since(then, path), 1);
        // A proof by the old key says that somebody else made it.
        let lie = old.proven(&fixture.comment_by(&rita, "never proven"));
        let reply = fixture.deliver(&rita, &lie).await;
        assert_eq!(
            (reply.status, reply.text().contains("proof_invalid")),
            (401, true)
        );
    })
    .await;
}
