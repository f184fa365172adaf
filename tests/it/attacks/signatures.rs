//! A1 to A14: nobody speaks for somebody else.

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::fixture::{Fixture, on_both};
use crate::support::forge::{Letter, date_in, digest};
use crate::support::peer::{Actor, new_key};

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
        let line = fixture.refuses("unsigned", &comment(fixture).unsigned(), 401).await;
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
            ("forged digest first", captured.clone().with_first("Digest", &forged)),
            ("forged digest last", captured.clone().with("Digest", &forged)),
            (
                "forged, signed in one line",
                captured.clone().replacing("Digest", Some(&format!("{forged},{signed}"))),
            ),
            (
                "signed, forged in one line",
                captured.clone().replacing("Digest", Some(&format!("{signed}, {forged}"))),
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
                _ => fixture.letter(&fixture.eve, &serde_json::json!({})).sign().get(name),
            };
            for (order, attack) in [
                ("the same twice", captured.clone().with(name, &same)),
                ("another first", captured.clone().with_first(name, &other)),
                ("another last", captured.clone().with(name, &other)),
                (
                    "both in one line",
                    captured.clone().replacing(name, Some(&format!("{same}, {other}"))),
                ),
            ] {
                fixture.refuses(&format!("{name}: {order}"), &attack, 400).await;
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
        let line = fixture.refuses("digest unsigned", &letter.sign(), 401).await;
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
        fixture.refuses("signed for E, sent to us", &renamed, 401).await;
    })
    .await;
}

#[tokio::test]
async fn a07_a_missing_or_unreadable_date_is_refused() {
    on_both(async |fixture| {
        let mut undated = comment(fixture);
        undated.date = None;
        undated.covers = "(request-target) host digest".into();
        fixture.refuses("no date at all", &undated.sign(), 401).await;

        let mut promised = comment(fixture);
        promised.date = None;
        fixture.refuses("signed but absent", &promised.sign(), 401).await;

        for date in ["garbage", "0", "2026-11-21T12:00:00Z", "Sat, 31 Feb 2026 25:00:00 GMT"] {
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
        assert_eq!(fixture.send(&resigned.sign()).await.status, 202, "signed again");
        let thrice = fixture.settle().await;

        assert_eq!(comments(&once), before + 1);
        assert_eq!(once.count("posts", "said once"), 1);
        assert_eq!(thrice.content().since(&once.content()), Vec::<String>::new());
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
        for key_id in [&fixture.pete.key_id, &fixture.quin.key_id, &fixture.eve.key_id] {
            let mut letter = comment(fixture);
            letter.key_id.clone_from(key_id);
            fixture.refuses(key_id, &letter.sign(), 401).await;
        }

        // Her own server may be asked whether she has such a key; once.
        for fragment in ["other-key", ""] {
            let mut letter = comment(fixture);
            letter.key_id = format!("{}#{fragment}", fixture.pam.id);
            fixture.asks_at_most_once(&letter.key_id, &letter.sign()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a13_a_changed_key_is_fetched_once_and_bad_signatures_are_not_a_reason_to_ask_again() {
    on_both(async |fixture| {
        let old = fixture.newcomer().await;
        let path = old.id.split_once(&old.host).unwrap().1.to_owned();
        let rita = Actor {
            key: new_key(),
            ..old.clone()
        };
        fixture.p.publish(&rita, rita.document());
        fixture.settle().await;

        // The last time her server was asked was when she came, which may be a moment ago.
        let then = fixture.p.traffic();
        let reply = fixture.deliver(&rita, &fixture.comment_by(&rita, "new key")).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        assert_eq!(fixture.p.reads_since(then, &path), 1);
        fixture.settle().await;

        let stolen = fixture.letter(&old, &fixture.comment_by(&old, "old key")).sign();
        let watch = fixture.watch().await;
        assert_eq!(fixture.send(&stolen).await.status, 401);
        watch.unchanged_but_asked("the old key").await;

        let honest = fixture.letter(&rita, &fixture.comment_by(&rita, "guess"));
        for guess in 0..1_000_u32 {
            let signature = [&guess.to_be_bytes()[..], &[7; 252]].concat();
            let reply = fixture.send(&honest.sign_as(&signature)).await;
            assert_eq!(reply.status, 401, "guess {guess}");
        }
        assert_eq!(fixture.p.reads_since(then, &path), 1, "asked once in five minutes");
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
        fixture.refuses("keyed with the public key", &letter.sign_as(&keyed), 401).await;

        letter.algorithm = Some("none");
        fixture.refuses("none", &letter.sign_as(b"none"), 401).await;
        fixture.refuses("none, but signed", &letter.sign(), 401).await;

        letter.algorithm = Some("rsa-sha1");
        let weak = letter.rsa_signature(MessageDigest::sha1());
        fixture.refuses("SHA-1", &letter.sign_as(&weak), 401).await;
        letter.algorithm = Some("rsa-sha256");
        fixture.asks_at_most_once("SHA-1 by another name", &letter.sign_as(&weak)).await;
        letter.algorithm = None;
        fixture.asks_at_most_once("SHA-1 without a name", &letter.sign_as(&weak)).await;
    })
    .await;
}
