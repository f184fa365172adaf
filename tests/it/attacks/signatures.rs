//! A1 to A14: nobody speaks for somebody else.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::fixture::{Fixture, on_both};
use crate::support::forge::{Letter, Letter9421, content_digest, date_in, digest, seconds_in};
use crate::support::peer::{Actor, Peer, new_key};

/// An honest comment of pam's; what it would be if it were let through is never seen.
fn comment(fixture: &Fixture) -> Letter {
    let activity = fixture.comment_by(&fixture.pam, "from pam");
    fixture.letter(&fixture.pam, &activity)
}

/// Somebody else's words in place of the signed ones.
fn forged_body(letter: &Letter) -> Vec<u8> {
    let text = String::from_utf8(letter.body.clone()).unwrap();
    assert!(text.contains("from pam"));
    text.replace("from pam", "from eve").into_bytes()
}

#[tokio::test]
async fn a01_a_post_without_a_signature_is_refused() {
    on_both(async |fixture| {
        let line = fixture
            .refuses("unsigned", &comment(fixture).unsigned(), 401)
            .await;
        assert_eq!(line.reason, "signature_missing");
    })
    .await;
}

#[tokio::test]
async fn a02_a_changed_body_under_the_old_digest_is_refused() {
    on_both(async |fixture| {
        let letter = comment(fixture);
        let forged = letter.sign().with_body(forged_body(&letter));
        let line = fixture.refuses("changed body", &forged, 401).await;
        assert_eq!(line.reason, "digest_mismatch");
        assert!(line.claimed_actor.starts_with(&fixture.pam.id), "{line:?}");
    })
    .await;
}

#[tokio::test]
async fn a03_a_second_digest_header_is_refused() {
    on_both(async |fixture| {
        let letter = comment(fixture);
        let body = forged_body(&letter);
        let (signed, forged) = (letter.digest.clone().unwrap(), digest(&body));
        let captured = letter.sign().with_body(body);
        for (what, attack) in [
            (
                "forged digest first",
                captured.clone().with_first("Digest", &forged),
            ),
            (
                "forged digest last",
                captured.clone().with("Digest", &forged),
            ),
            (
                "forged, signed in one line",
                captured
                    .clone()
                    .replacing("Digest", Some(&format!("{forged},{signed}"))),
            ),
            (
                "signed, forged in one line",
                captured
                    .clone()
                    .replacing("Digest", Some(&format!("{signed}, {forged}"))),
            ),
        ] {
            fixture.refuses(what, &attack, 400).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a03_a_second_date_host_or_signature_header_is_refused() {
    on_both(async |fixture| {
        let letter = comment(fixture);
        let captured = letter.sign();
        for name in ["Date", "Host", "Signature"] {
            let same = captured.get(name);
            let other = match name {
                "Date" => date_in(-1),
                "Host" => fixture.e.host(),
                _ => fixture
                    .letter(&fixture.eve, &serde_json::json!({}))
                    .sign()
                    .get(name),
            };
            for (order, attack) in [
                ("the same twice", captured.clone().with(name, &same)),
                ("another first", captured.clone().with_first(name, &other)),
                ("another last", captured.clone().with(name, &other)),
                (
                    "both in one line",
                    captured
                        .clone()
                        .replacing(name, Some(&format!("{same}, {other}"))),
                ),
            ] {
                let what = format!("{name}: {order}");
                if name == "Host" && order != "both in one line" {
                    // The web framework itself refuses it; nobody here can write it down.
                    fixture.bounces(&what, &attack, 400).await;
                } else {
                    fixture.refuses(&what, &attack, 400).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a04_an_unsigned_digest_is_refused() {
    on_both(async |fixture| {
        let mut letter = comment(fixture);
        letter.covers = "(request-target) host date".into();
        let line = fixture
            .refuses("digest unsigned", &letter.sign(), 401)
            .await;
        assert_eq!(line.reason, "part_unsigned");
    })
    .await;
}

#[tokio::test]
async fn a05_a_signature_that_leaves_out_the_target_is_refused() {
    on_both(async |fixture| {
        for covers in ["host date digest", "digest", "(request-target) date digest"] {
            let mut letter = comment(fixture);
            letter.covers = covers.into();
            fixture.refuses(covers, &letter.sign(), 401).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a06_what_was_signed_for_another_host_is_refused() {
    on_both(async |fixture| {
        let mut letter = comment(fixture);
        letter.host = fixture.e.host();
        fixture.refuses("signed for E", &letter.sign(), 401).await;
        // Somebody on the way puts our name in: then it is not what was signed.
        let host = fixture.host();
        let renamed = letter.sign().replacing("Host", Some(&host));
        fixture
            .asks_at_most_once("signed for E, sent to us", &renamed)
            .await;
    })
    .await;
}

#[tokio::test]
async fn a07_a_missing_or_unreadable_date_is_refused() {
    on_both(async |fixture| {
        let mut undated = comment(fixture);
        undated.date = None;
        undated.covers = "(request-target) host digest".into();
        fixture
            .refuses("no date at all", &undated.sign(), 401)
            .await;

        let mut promised = comment(fixture);
        promised.date = None;
        fixture
            .refuses("signed but absent", &promised.sign(), 401)
            .await;

        for date in [
            "garbage",
            "0",
            "2026-11-21T12:00:00Z",
            "Sat, 31 Feb 2026 25:00:00 GMT",
        ] {
            let mut letter = comment(fixture);
            letter.date = Some(date.into());
            let line = fixture.refuses(date, &letter.sign(), 401).await;
            assert_eq!(line.reason, "date_malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn a08_an_old_or_early_date_is_refused_and_a_slow_clock_is_not() {
    const MINUTE: i64 = 60;
    on_both(async |fixture| {
        for (what, seconds) in [
            ("61 minutes old", -61 * MINUTE),
            ("6 minutes early", 6 * MINUTE),
            ("10 years early", 10 * 365 * 24 * 60 * MINUTE),
        ] {
            let mut letter = comment(fixture);
            letter.date = Some(date_in(seconds));
            fixture.refuses(what, &letter.sign(), 401).await;
        }

        let mut letter = comment(fixture);
        letter.date = Some(date_in(-4 * MINUTE));
        let reply = fixture.send(&letter.sign()).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
    })
    .await;
}

#[tokio::test]
async fn a09_the_same_activity_again_changes_nothing() {
    on_both(async |fixture| {
        let activity = fixture.comment_by(&fixture.pam, "said once");
        let first = fixture.letter(&fixture.pam, &activity).sign();
        let counted = format!(r#""uri":"{}""#, fixture.topic.uri);
        let comments = |dump: &crate::support::dump::Dump| {
            let mut rows = dump.rows("posts").iter();
            let row = rows.find(|row| row.contains(&counted)).unwrap();
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            row["comments"].as_i64().unwrap()
        };
        let before = comments(&fixture.settle().await);

        assert_eq!(fixture.send(&first).await.status, 202);
        let once = fixture.settle().await;
        assert_eq!(fixture.send(&first).await.status, 202, "to the byte");
        let mut resigned = fixture.letter(&fixture.pam, &activity);
        resigned.date = Some(date_in(-90));
        assert_eq!(
            fixture.send(&resigned.sign()).await.status,
            202,
            "signed again"
        );
        let thrice = fixture.settle().await;

        assert_eq!(comments(&once), before + 1);
        assert_eq!(once.count("posts", "said once"), 1);
        assert_eq!(
            thrice.content().since(&once.content()),
            Vec::<String>::new()
        );
    })
    .await;
}

#[tokio::test]
async fn a10_another_persons_signature_does_not_speak_for_the_actor() {
    on_both(async |fixture| {
        let activity = fixture.comment_by(&fixture.pam, "never said");
        for liar in [&fixture.eve, &fixture.quin, &fixture.pete] {
            let forged = fixture.letter(liar, &activity).sign();
            let line = fixture.refuses(&liar.id, &forged, 401).await;
            assert_eq!(line.claimed_actor, fixture.pam.id);
        }
    })
    .await;
}

#[tokio::test]
async fn a11_a_key_elsewhere_that_names_the_actor_as_its_owner_is_refused() {
    on_both(async |fixture| {
        for host in [&fixture.e, &fixture.q] {
            let mut letter = comment(fixture);
            letter.key = fixture.eve.key.clone();
            letter.key_id = host.url("/k");
            let key = serde_json::json!({
                "id": letter.key_id,
                "type": "Key",
                "owner": fixture.pam.id,
                "publicKeyPem": fixture.eve.public_pem(),
            });
            let answer = crate::support::peer::Answer::of("application/activity+json", &key);
            host.put("/k", answer);
            fixture.refuses(&letter.key_id, &letter.sign(), 401).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a12_a_true_signature_under_another_key_id_is_refused() {
    on_both(async |fixture| {
        for key_id in [
            &fixture.pete.key_id,
            &fixture.quin.key_id,
            &fixture.eve.key_id,
        ] {
            let mut letter = comment(fixture);
            letter.key_id.clone_from(key_id);
            fixture.refuses(key_id, &letter.sign(), 401).await;
        }

        // Her own server may be asked whether she has such a key; once.
        for fragment in ["other-key", ""] {
            let mut letter = comment(fixture);
            letter.key_id = format!("{}#{fragment}", fixture.pam.id);
            fixture
                .asks_at_most_once(&letter.key_id, &letter.sign())
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a13_a_changed_key_is_fetched_once_and_bad_signatures_are_not_a_reason_to_ask_again() {
    on_both(async |fixture| {
        // A server of their own: so many refusals in one minute are not all written down.
        let w = Peer::start("w");
        let group = fixture.new_group().await;
        fixture.open(&group, &w).await;
        let old = w.person(&format!("n{}", crate::support::peer::unique()));
        fixture.admit(&old, &group).await;
        let comment_by = |actor: &Actor, text: &str| {
            let uri = group.actor.uri.as_str();
            actor.create(&actor.page(uri, "A topic", text))
        };
        let path = old.id.split_once(&old.host).unwrap().1.to_owned();
        let rita = Actor {
            key: new_key(),
            ..old.clone()
        };
        w.publish(&rita, rita.document());
        fixture.settle().await;

        // The last time her server was asked was when she came, which may be a moment ago.
        let then = w.traffic();
        let reply = fixture.deliver(&rita, &comment_by(&rita, "new key")).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        assert_eq!(w.reads_since(then, &path), 1);
        fixture.settle().await;

        let stolen = fixture.letter(&old, &comment_by(&old, "old key")).sign();
        let watch = fixture.watch().await;
        assert_eq!(fixture.send(&stolen).await.status, 401);
        watch.unchanged_but_asked("the old key").await;

        let honest = fixture.letter(&rita, &comment_by(&rita, "guess"));
        for guess in 0..1_000_u32 {
            let signature = [&guess.to_be_bytes()[..], &[7; 252]].concat();
            let reply = fixture.send(&honest.sign_as(&signature)).await;
            assert_eq!(reply.status, 401, "guess {guess}");
        }
        assert_eq!(w.reads_since(then, &path), 1, "asked once in five minutes");
        assert_eq!(fixture.dump().await.count("posts", "guess"), 0);
    })
    .await;
}

#[tokio::test]
async fn a14_no_other_algorithm_is_accepted() {
    on_both(async |fixture| {
        let mut letter = comment(fixture);
        letter.algorithm = Some("hmac-sha256");
        let pem = fixture.pam.public_pem();
        let key = PKey::hmac(pem.as_bytes()).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        let text = letter.signing_string();
        let keyed = signer.sign_oneshot_to_vec(text.as_bytes()).unwrap();
        fixture
            .refuses("keyed with the public key", &letter.sign_as(&keyed), 401)
            .await;

        letter.algorithm = Some("none");
        fixture.refuses("none", &letter.sign_as(b"none"), 401).await;
        fixture
            .refuses("none, but signed", &letter.sign(), 401)
            .await;

        letter.algorithm = Some("rsa-sha1");
        let weak = letter.rsa_signature(MessageDigest::sha1());
        fixture.refuses("SHA-1", &letter.sign_as(&weak), 401).await;
        letter.algorithm = Some("rsa-sha256");
        fixture
            .asks_at_most_once("SHA-1 by another name", &letter.sign_as(&weak))
            .await;
        letter.algorithm = None;
        fixture
            .asks_at_most_once("SHA-1 without a name", &letter.sign_as(&weak))
            .await;
    })
    .await;
}

// RFC 9421 ------------------------------------------------------------------------------------------

/// An honest comment of pam's, signed with each of her keys.
fn comments_9421(fixture: &Fixture) -> [Letter9421; 2] {
    let activity = fixture.comment_by(&fixture.pam, "from pam");
    let host = fixture.host();
    [
        Letter9421::post(&fixture.pam, &host, &activity),
        Letter9421::post_ed25519(&fixture.pam, &host, &activity),
    ]
}

#[tokio::test]
async fn rfc_9421_is_believed_with_either_key_and_remembered_of_the_server() {
    on_both(async |fixture| {
        for letter in comments_9421(fixture) {
            let reply = fixture.send(&letter.sign()).await;
            assert_eq!(reply.status, 202, "{}", reply.text());
        }
        let dump = fixture.settle().await;
        let known = |row: &&String| row.contains(&fixture.p.host()) && row.contains("rfc9421");
        assert!(dump.rows("peers").iter().any(|row| known(&row)));
    })
    .await;
}

#[tokio::test]
async fn a02_rfc_9421_a_changed_body_or_no_digest_is_refused() {
    on_both(async |fixture| {
        for letter in comments_9421(fixture) {
            let text = String::from_utf8(letter.body.clone()).unwrap();
            let forged = text.replace("from pam", "from eve").into_bytes();
            let captured = letter.sign();
            let line = fixture
                .refuses(
                    "changed body",
                    &captured.clone().with_body(forged.clone()),
                    401,
                )
                .await;
            assert_eq!(line.reason, "digest_mismatch");

            // With a digest of its own, it is not what was signed.
            let redone = captured
                .clone()
                .with_body(forged.clone())
                .replacing("Content-Digest", Some(&content_digest(&forged)));
            let line = fixture.asks_at_most_once("another digest", &redone).await;
            assert_eq!(line.reason, "signature_invalid");

            let without = captured.clone().replacing("Content-Digest", None);
            let line = fixture.refuses("digest taken away", &without, 401).await;
            assert_eq!(line.reason, "signed_header_missing");

            let mut uncovered = letter.clone();
            uncovered.covers = vec!["@method", "@target-uri"];
            let line = fixture
                .refuses("digest unsigned", &uncovered.sign(), 401)
                .await;
            assert_eq!(line.reason, "part_unsigned");
            uncovered.digest = None;
            let line = fixture.refuses("no digest", &uncovered.sign(), 401).await;
            assert_eq!(line.reason, "part_unsigned");
        }
    })
    .await;
}

#[tokio::test]
async fn a03_rfc_9421_doubled_headers_and_signatures_are_refused() {
    on_both(async |fixture| {
        for letter in comments_9421(fixture) {
            let captured = letter.sign();
            for name in ["Content-Digest", "Signature", "Signature-Input"] {
                let same = captured.get(name);
                for (order, attack) in [
                    ("twice", captured.clone().with(name, &same)),
                    ("first", captured.clone().with_first(name, &same)),
                    (
                        "in one line",
                        captured
                            .clone()
                            .replacing(name, Some(&format!("{same}, {same}"))),
                    ),
                ] {
                    fixture
                        .refuses(&format!("{name} {order}"), &attack, 400)
                        .await;
                }
            }
            // A second signature of somebody else beside the first.
            let (input, signature) = (captured.get("Signature-Input"), captured.get("Signature"));
            let both = captured
                .clone()
                .replacing(
                    "Signature-Input",
                    Some(&format!("{input}, sig2{}", &input[4..])),
                )
                .replacing(
                    "Signature",
                    Some(&format!("{signature}, sig2{}", &signature[4..])),
                );
            let line = fixture.refuses("two signatures", &both, 400).await;
            assert_eq!(line.reason, "signature_doubled");
        }
    })
    .await;
}

#[tokio::test]
async fn a05_rfc_9421_a_signature_that_leaves_out_the_target_is_refused() {
    on_both(async |fixture| {
        for letter in comments_9421(fixture) {
            for covers in [
                vec!["@method", "content-digest"],
                vec!["@target-uri", "content-digest"],
                vec!["content-digest"],
                vec!["@method", "@authority", "content-digest"],
                vec!["@method", "@path", "content-digest"],
            ] {
                let what = covers.join(" ");
                let attack = Letter9421 {
                    covers,
                    ..letter.clone()
                };
                let line = fixture.refuses(&what, &attack.sign(), 401).await;
                assert_eq!(line.reason, "part_unsigned");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a06_rfc_9421_what_was_signed_for_another_host_is_refused() {
    on_both(async |fixture| {
        for letter in comments_9421(fixture) {
            let for_e = Letter9421 {
                host: fixture.e.host(),
                origin: format!("http://{}", fixture.e.host()),
                ..letter.clone()
            };
            let line = fixture.refuses("signed for E", &for_e.sign(), 401).await;
            assert_eq!(line.reason, "host_not_ours");
            let host = fixture.host();
            let renamed = for_e.sign().replacing("Host", Some(&host));
            let line = fixture.asks_at_most_once("renamed", &renamed).await;
            assert_eq!(line.reason, "signature_invalid");

            // For another address of ours.
            let mut elsewhere = letter.sign();
            elsewhere.target = "/u/ann/inbox".into();
            let line = fixture.asks_at_most_once("another inbox", &elsewhere).await;
            assert_eq!(line.reason, "signature_invalid");
        }
    })
    .await;
}

#[tokio::test]
async fn a08_rfc_9421_an_old_early_undated_or_expired_signature_is_refused() {
    const MINUTE: i64 = 60;
    on_both(async |fixture| {
        for letter in comments_9421(fixture) {
            let at = |created, expires| Letter9421 {
                created,
                expires,
                ..letter.clone()
            };
            for (reason, attack) in [
                ("date_missing", at(None, None)),
                ("too_old", at(Some(seconds_in(-61 * MINUTE)), None)),
                ("in_the_future", at(Some(seconds_in(6 * MINUTE)), None)),
                (
                    "expired",
                    at(
                        Some(seconds_in(-20 * MINUTE)),
                        Some(seconds_in(-10 * MINUTE)),
                    ),
                ),
            ] {
                let line = fixture.refuses(reason, &attack.sign(), 401).await;
                assert_eq!(line.reason, reason);
            }
            let slow = at(Some(seconds_in(-4 * MINUTE)), Some(seconds_in(MINUTE)));
            assert_eq!(fixture.send(&slow.sign()).await.status, 202);
            fixture.settle().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a10_a12_rfc_9421_nobody_signs_for_another() {
    on_both(async |fixture| {
        let activity = fixture.comment_by(&fixture.pam, "never said");
        let host = fixture.host();
        for liar in [&fixture.eve, &fixture.quin, &fixture.pete] {
            for forged in [
                Letter9421::post(liar, &host, &activity),
                Letter9421::post_ed25519(liar, &host, &activity),
            ] {
                let line = fixture.refuses(&liar.id, &forged.sign(), 401).await;
                assert_eq!(line.claimed_actor, fixture.pam.id);
            }
        }
        // Pam's own signature under another's key id.
        for letter in comments_9421(fixture) {
            for other in [&fixture.pete, &fixture.quin, &fixture.eve] {
                for key_id in [other.key_id.clone(), other.ed25519_id()] {
                    let attack = Letter9421 {
                        key_id,
                        ..letter.clone()
                    };
                    fixture.refuses(&attack.key_id, &attack.sign(), 401).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a11_a_multikey_that_somebody_else_controls_is_no_key_of_hers() {
    on_both(async |fixture| {
        // Eve's key in pam's name, on eve's server; and on pam's server, in a stranger's document.
        let mut letter = Letter9421::post_ed25519(
            &fixture.eve,
            &fixture.host(),
            &fixture.comment_by(&fixture.pam, "never said"),
        );
        let multikey = |id: &str, owner: &str| {
            serde_json::json!({
                "id": id, "type": "Multikey", "controller": owner,
                "publicKeyMultibase": fixture.eve.multikey(),
            })
        };
        let pam = fixture.pam.id.as_str();
        letter.key_id = fixture.e.url("/k");
        let answer = crate::support::peer::Answer::of(
            "application/activity+json",
            &multikey(&letter.key_id, pam),
        );
        fixture.e.put("/k", answer);
        fixture
            .refuses("on eve's server", &letter.sign(), 401)
            .await;

        let mallory = fixture
            .p
            .person(&format!("mallory{}", crate::support::peer::unique()));
        letter.key_id = format!("{}#hers", mallory.id);
        let mut document = mallory.document();
        document["assertionMethod"] = serde_json::json!([multikey(&letter.key_id, pam)]);
        fixture.p.publish(&mallory, document);
        fixture
            .asks_at_most_once("in another's document", &letter.sign())
            .await;
    })
    .await;
}

#[tokio::test]
async fn a14_rfc_9421_the_algorithm_is_the_keys_own() {
    on_both(async |fixture| {
        let [rsa, ed25519] = comments_9421(fixture);
        let pem = fixture.pam.public_pem();
        for (what, letter, algorithm) in [
            ("keyed with the public key", &rsa, Some("hmac-sha256")),
            ("a hash that is not accepted", &rsa, Some("rsa-pss-sha512")),
            ("none", &rsa, Some("none")),
            (
                "a curve that is not accepted",
                &ed25519,
                Some("ecdsa-p256-sha256"),
            ),
        ] {
            let attack = Letter9421 {
                algorithm,
                ..letter.clone()
            };
            let key = PKey::hmac(pem.as_bytes()).unwrap();
            let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
            let keyed = signer
                .sign_oneshot_to_vec(attack.base().as_bytes())
                .unwrap();
            let line = fixture.refuses(what, &attack.sign_as(&keyed), 401).await;
            assert_eq!(line.reason, "algorithm_refused", "{what}");
            fixture.refuses(what, &attack.sign(), 401).await;
        }
        // Each key under the other's algorithm; and one key's signature under the other's name.
        for (what, attack) in [
            (
                "RSA called Ed25519",
                Letter9421 {
                    algorithm: Some("ed25519"),
                    ..rsa.clone()
                },
            ),
            (
                "Ed25519 called RSA",
                Letter9421 {
                    algorithm: Some("rsa-v1_5-sha256"),
                    ..ed25519.clone()
                },
            ),
            (
                "her other key",
                Letter9421 {
                    key_id: rsa.key_id.clone(),
                    algorithm: None,
                    ..ed25519.clone()
                },
            ),
        ] {
            fixture.asks_at_most_once(what, &attack.sign()).await;
        }
        let silent = Letter9421 {
            algorithm: None,
            ..ed25519.clone()
        };
        assert_eq!(fixture.send(&silent.sign()).await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn who_is_refused_is_told_how_to_sign() {
    on_both(async |fixture| {
        let reply = fixture.send(&comment(fixture).unsigned()).await;
        let wanted = reply.header("accept-signature").unwrap_or_default();
        assert_eq!(reply.status, 401);
        assert!(
            wanted.contains(r#"("@method" "@target-uri" "content-digest")"#),
            "{wanted}"
        );
    })
    .await;
}
