use std::time::Duration;

use proptest::prelude::*;
use url::Url;

use super::*;
use crate::federation::keys::tests::{OTHER_RSA, RSA, ed25519};
use crate::federation::keys::{OwnKey, ParsedKey, SigningKey};

const BODY: &[u8] = br#"{"type":"Create"}"#;
const KEY_ID: &str = "https://p.test/u/pam#main-key";

/// A request as it comes off the wire: what the attacks below change.
#[derive(Clone)]
struct Sent {
    method: &'static str,
    path_and_query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Sent {
    fn new(method: &'static str, url: &Url, headers: crate::http::Headers, body: &[u8]) -> Self {
        Self {
            method,
            path_and_query: url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into_bytes()))
                .collect(),
            body: body.to_owned(),
        }
    }

    /// pam's POST to our inbox, signed by the draft.
    fn post() -> Self {
        Self::post_at(now())
    }

    fn post_at(date: Timestamp) -> Self {
        let url = inbox();
        let headers = sign_post(&pam(), &url, date);
        Self::new("POST", &url, headers, BODY)
    }

    fn post_rfc9421_at(date: Timestamp) -> Self {
        let url = inbox();
        let headers = sign_post_rfc9421(&pam(), &url, date);
        Self::new("POST", &url, headers, BODY)
    }

    fn get(path: &str) -> Self {
        let url = format!("https://v.test{path}").parse().unwrap();
        let headers = sign_get(&pam(), &url);
        Self::new("GET", &url, headers, b"")
    }

    fn get_rfc9421(path: &str) -> Self {
        let url = format!("https://v.test{path}").parse().unwrap();
        let headers = sign_get_rfc9421(&pam(), &url);
        Self::new("GET", &url, headers, b"")
    }

    /// Signs by hand what `lines` say, as a peer that signs other parts would.
    fn signed_by_hand(mut self, lines: &[(&str, &str)], parameters: &str) -> Self {
        let covered: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
        let signed: Vec<_> = lines.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        let signature = pams_key().sign(signed.join("\n").as_bytes()).unwrap();
        let signature =
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, signature);
        let covered = covered.join(" ");
        self.set(
            "signature",
            &format!(r#"keyId="{KEY_ID}",{parameters}headers="{covered}",signature="{signature}""#),
        );
        self
    }

    fn value(&self, name: &str) -> String {
        let (_, value) = self.headers.iter().find(|(n, _)| n == name).unwrap();
        String::from_utf8(value.clone()).unwrap()
    }

    fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(other, _)| other != name);
    }

    fn add(&mut self, name: &str, value: &str) {
        self.headers
            .push((name.to_owned(), value.as_bytes().to_owned()));
    }

    /// In front, so that it is the copy others would read.
    fn add_first(&mut self, name: &str, value: &str) {
        self.headers
            .insert(0, (name.to_owned(), value.as_bytes().to_owned()));
    }

    fn replace(&mut self, name: &str, from: &str, to: &str) {
        let value = self.value(name);
        assert!(value.contains(from), "{from} in {value}");
        self.set(name, &value.replace(from, to));
    }

    fn check(&self) -> Result<Checked, Refusal> {
        let headers: Vec<HeaderPair<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        let request = Request {
            method: self.method,
            path_and_query: &self.path_and_query,
            headers: &headers,
            body: &self.body,
        };
        check(parse(&headers)?, &request, &our_origin(), now())
    }

    /// All three doors, with pam's key.
    fn outcome(&self) -> Result<(), (u16, &'static str)> {
        let key = ParsedKey::from_pem(&RSA.1).unwrap();
        self.check()
            .and_then(|checked| checked.verify(&key))
            .map_err(|refusal| (refusal.status, refusal.reason))
    }
}

fn own(key: SigningKey) -> OwnKey {
    OwnKey { id: key_id(), key }
}

fn pam() -> OwnKey {
    own(pams_key())
}

fn sign_post(by: &OwnKey, url: &Url, date: Timestamp) -> crate::http::Headers {
    sign::sign_cavage(by, &Outgoing::post(url, BODY), date).unwrap()
}

fn sign_post_rfc9421(by: &OwnKey, url: &Url, date: Timestamp) -> crate::http::Headers {
    sign::sign_rfc9421(by, &Outgoing::post(url, BODY), date).unwrap()
}

fn sign_get(by: &OwnKey, url: &Url) -> crate::http::Headers {
    sign::sign_cavage(by, &Outgoing::get(url), now()).unwrap()
}

fn sign_get_rfc9421(by: &OwnKey, url: &Url) -> crate::http::Headers {
    sign::sign_rfc9421(by, &Outgoing::get(url), now()).unwrap()
}

fn pams_key() -> SigningKey {
    SigningKey::from_pem(&RSA.0).unwrap()
}

fn key_id() -> Uri {
    KEY_ID.parse().unwrap()
}

fn inbox() -> Url {
    "https://v.test/inbox?a=b".parse().unwrap()
}

fn our_origin() -> Uri {
    "https://v.test".parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T21:52:00Z").unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

#[test]
fn what_we_sign_we_accept() {
    for sent in [
        Sent::post(),
        Sent::post_rfc9421_at(now()),
        Sent::get("/g/roads"),
        Sent::get("/g/roads/outbox?page=1"),
        Sent::get_rfc9421("/g/roads"),
        Sent::get_rfc9421("/g/roads/outbox?page=1"),
    ] {
        assert_eq!(sent.outcome(), Ok(()), "{:?}", sent.value("signature"));
        assert_eq!(sent.check().unwrap().key_id, key_id());
    }
}

#[test]
fn ed25519_signs_both_kinds() {
    let (signing, public) = ed25519();
    let url = inbox();
    for headers in [
        sign_post(&own(signing.clone()), &url, now()),
        sign_post_rfc9421(&own(signing.clone()), &url, now()),
    ] {
        let checked = Sent::new("POST", &url, headers, BODY).check().unwrap();
        assert_eq!(checked.verify(&public), Ok(()));
        let rsa = ParsedKey::from_pem(&RSA.1).unwrap();
        assert_eq!(checked.verify(&rsa).unwrap_err().status, 401);
    }
}

#[test]
fn a1_without_a_signature_nobody_speaks() {
    let mut sent = Sent::post();
    sent.remove("signature");
    assert_eq!(sent.outcome(), Err((401, "signature_missing")));
}

#[test]
fn a2_another_body_is_not_what_was_signed() {
    for mut sent in [Sent::post(), Sent::post_rfc9421_at(now())] {
        sent.body = b"{}".to_vec();
        assert_eq!(sent.outcome(), Err((401, "digest_mismatch")));
    }
}

#[test]
fn a2_another_body_with_its_own_digest_is_not_either() {
    let mut sent = Sent::post();
    sent.body = b"{}".to_vec();
    sent.set("digest", &digest::digest(b"{}"));
    assert_eq!(sent.outcome(), Err((401, "signature_invalid")));
}

#[test]
fn a3_doubled_headers_make_no_sense() {
    let forged = digest::digest(b"{}");
    for (name, other) in [
        ("digest", forged.as_str()),
        ("date", "Sat, 21 Nov 2026 21:53:00 GMT"),
        ("host", "e.test"),
        ("signature", "keyId=\"https://e.test/\",signature=\"AAAA\""),
        ("content-length", "2"),
        ("authorization", "x"),
        ("content-digest", "sha-256=:AAAA:"),
    ] {
        let mut sent = Sent::post();
        if !sent.headers.iter().any(|(n, _)| n == name) {
            sent.add(name, other);
        }
        for joined in [
            format!("{}, {other}", sent.value(name)),
            format!("{other},{}", sent.value(name)),
        ] {
            let mut sent = sent.clone();
            sent.set(name, &joined);
            if !matches!(name, "authorization" | "content-digest") {
                assert_eq!(sent.outcome().unwrap_err().0, 400, "{name}: {joined}");
            }
        }
        let mut first = sent.clone();
        first.add_first(name, other);
        assert_eq!(first.outcome(), Err((400, "header_doubled")), "{name}");
        sent.add(name, other);
        assert_eq!(sent.outcome(), Err((400, "header_doubled")), "{name}");
    }
}

#[test]
fn a3_two_signatures_of_the_new_kind_make_no_sense() {
    let mut sent = Sent::post_rfc9421_at(now());
    let input = sent.value("signature-input");
    sent.set("signature-input", &format!("{input}, sig2=()"));
    assert_eq!(sent.outcome(), Err((400, "signature_doubled")));
    let mut sent = Sent::post_rfc9421_at(now());
    sent.add("signature-input", "sig2=()");
    assert_eq!(sent.outcome(), Err((400, "header_doubled")));
    let mut sent = Sent::post_rfc9421_at(now());
    let digest = sent.value("content-digest");
    sent.set("content-digest", &format!("{digest}, {digest}"));
    assert_eq!(sent.outcome(), Err((400, "header_doubled")));
    let mut sent = Sent::post_rfc9421_at(now());
    sent.remove("signature");
    assert_eq!(sent.outcome(), Err((400, "signature_malformed")));
}

#[test]
fn a4_a5_enough_must_be_signed() {
    let sent = Sent::post();
    let (date, digest) = (sent.value("date"), sent.value("digest"));
    let target = ("(request-target)", "post /inbox?a=b");
    let host = ("host", "v.test");
    let date = ("date", date.as_str());
    let digest = ("digest", digest.as_str());
    for lines in [
        vec![target, host, date],
        vec![host, date, digest],
        vec![target, date, digest],
        vec![target, host, digest],
        vec![digest],
        vec![date],
    ] {
        let sent = sent.clone().signed_by_hand(&lines, "");
        assert_eq!(sent.outcome(), Err((401, "part_unsigned")), "{lines:?}");
    }
    let complete = sent
        .clone()
        .signed_by_hand(&[digest, target, date, host], "");
    assert_eq!(complete.outcome(), Ok(()));

    let mut unsaid = sent;
    unsaid.replace(
        "signature",
        "headers=\"(request-target) host date digest\",",
        "",
    );
    assert_eq!(unsaid.outcome(), Err((401, "part_unsigned")));
}

#[test]
fn rfc9421_must_cover_method_target_and_body() {
    let sent = Sent::post_rfc9421_at(now());
    for part in ["\"@method\" ", "\"@target-uri\" ", " \"content-digest\""] {
        let mut sent = sent.clone();
        sent.replace("signature-input", part, "");
        assert_eq!(sent.outcome(), Err((401, "part_unsigned")), "{part}");
    }
    let mut sent = Sent::post_rfc9421_at(now());
    let created = format!(";created={}", now().seconds());
    sent.replace("signature-input", &created, "");
    assert_eq!(sent.outcome(), Err((401, "date_missing")));
}

#[test]
fn rfc9421_accepts_the_target_in_pieces_only_when_complete() {
    let url: Url = "https://v.test/x?a=b".parse().unwrap();
    let with = |lines: &[(&str, &str)]| {
        let covered: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
        let parameters = format!(";created={};keyid=\"{KEY_ID}\"", now().seconds());
        let params = rfc9421::params_text(&covered, &parameters);
        let mut base = String::new();
        for (name, value) in lines {
            rfc9421::push_line(&mut base, name, value);
        }
        rfc9421::push_params(&mut base, &params);
        let signature = pams_key().sign(base.as_bytes()).unwrap();
        let signature =
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, signature);
        let headers = vec![
            ("host", "v.test".to_owned()),
            ("signature-input", format!("sig1={params}")),
            ("signature", format!("sig1=:{signature}:")),
        ];
        Sent::new("GET", &url, headers, b"").outcome()
    };
    let method = ("@method", "GET");
    let authority = ("@authority", "v.test");
    let (path, query) = (("@path", "/x"), ("@query", "?a=b"));
    assert_eq!(with(&[method, authority, path, query]), Ok(()));
    assert_eq!(
        with(&[method, authority, ("@request-target", "/x?a=b")]),
        Ok(())
    );
    assert_eq!(
        with(&[method, authority, path]),
        Err((401, "part_unsigned"))
    );
    assert_eq!(with(&[method, path, query]), Err((401, "part_unsigned")));
    assert_eq!(
        with(&[
            method,
            ("@target-uri", "https://v.test/x?a=b"),
            ("@status", "200")
        ]),
        Err((401, "component_unsupported"))
    );
}

#[test]
fn a6_a_request_for_another_host_is_not_for_us() {
    let url: Url = "https://e.test/inbox?a=b".parse().unwrap();
    for headers in [
        sign_post(&pam(), &url, now()),
        sign_post_rfc9421(&pam(), &url, now()),
    ] {
        let mut replayed = Sent::new("POST", &url, headers, BODY);
        assert_eq!(replayed.outcome(), Err((401, "host_not_ours")));
        replayed.set("host", "v.test");
        assert_eq!(replayed.outcome(), Err((401, "signature_invalid")));
        replayed.remove("host");
        assert_eq!(replayed.outcome(), Err((401, "host_not_ours")));
    }
    for host in ["v.test.", "v.test:443", "evilv.test", "v.test e.test"] {
        let mut sent = Sent::post();
        sent.set("host", host);
        assert_eq!(sent.outcome(), Err((401, "host_not_ours")), "{host}");
    }
}

#[test]
fn a7_a_date_is_needed_and_must_be_one() {
    let mut sent = Sent::post();
    sent.remove("date");
    assert_eq!(sent.outcome(), Err((401, "signed_header_missing")));
    let mut sent = Sent::post();
    sent.set("date", "garbage");
    assert_eq!(sent.outcome(), Err((401, "date_malformed")));
}

#[test]
fn a8_old_and_future_dates_are_refused() {
    for make in [Sent::post_at, Sent::post_rfc9421_at] {
        for (date, outcome) in [
            (now().minus(minutes(61)), Err((401, "too_old"))),
            (now().minus(minutes(60)), Ok(())),
            (now().minus(minutes(4)), Ok(())),
            (now().plus(minutes(5)), Ok(())),
            (now().plus(minutes(6)), Err((401, "in_the_future"))),
            (
                now().plus(minutes(60 * 24 * 3_652)),
                Err((401, "in_the_future")),
            ),
        ] {
            assert_eq!(make(date).outcome(), outcome, "{date}");
        }
    }
}

#[test]
fn created_may_take_the_place_of_the_date() {
    let digest = Sent::post().value("digest");
    let with = |created: i64, parameters: &str| {
        let created = created.to_string();
        let lines = [
            ("(request-target)", "post /inbox?a=b"),
            ("host", "v.test"),
            ("(created)", created.as_str()),
            ("digest", digest.as_str()),
        ];
        let mut sent = Sent::post();
        sent.remove("date");
        sent.signed_by_hand(&lines, &format!("{parameters}created={created},"))
            .outcome()
    };
    let now = now().seconds();
    assert_eq!(with(now, ""), Ok(()));
    assert_eq!(with(now, "algorithm=\"hs2019\","), Ok(()));
    assert_eq!(with(now - 3_700, ""), Err((401, "too_old")));
    assert_eq!(
        with(now, &format!("expires={},", now - 400)),
        Err((401, "expired"))
    );
    assert_eq!(with(now, &format!("expires={},", now + 10)), Ok(()));
    assert_eq!(
        with(now, "algorithm=\"rsa-sha256\","),
        Err((401, "algorithm_refused"))
    );
}

#[test]
fn a12_somebody_elses_key_does_not_fit() {
    let other = ParsedKey::from_pem(&OTHER_RSA.1).unwrap();
    let refusal = Sent::post().check().unwrap().verify(&other).unwrap_err();
    assert_eq!((refusal.status, refusal.reason), (401, "signature_invalid"));
}

#[test]
fn a14_algorithms_nobody_should_use_are_refused() {
    for algorithm in [
        "hmac-sha256",
        "none",
        "rsa-sha1",
        "RSA-SHA256",
        "rsa-sha512",
        "",
    ] {
        let mut sent = Sent::post();
        sent.replace("signature", "rsa-sha256", algorithm);
        assert_eq!(
            sent.outcome(),
            Err((401, "algorithm_refused")),
            "{algorithm}"
        );
        let mut sent = Sent::post_rfc9421_at(now());
        sent.replace("signature-input", "rsa-v1_5-sha256", algorithm);
        assert_eq!(
            sent.outcome(),
            Err((401, "algorithm_refused")),
            "{algorithm}"
        );
    }
    let mut sent = Sent::post();
    sent.replace("signature", "rsa-sha256", "ed25519");
    assert_eq!(sent.outcome(), Err((401, "algorithm_refused")));
}

#[test]
fn a_signature_holds_for_one_method_and_one_target() {
    for make in [Sent::post, || Sent::post_rfc9421_at(now())] {
        let mut sent = make();
        sent.path_and_query = "/g/roads/inbox".into();
        assert_eq!(sent.outcome(), Err((401, "signature_invalid")));
        let mut sent = make();
        sent.method = "PUT";
        assert_eq!(sent.outcome(), Err((401, "signature_invalid")));
    }
}

/// Some servers leave the query out of what they sign, when reading.
#[test]
fn reading_may_be_signed_without_the_query() {
    let date = Sent::get("/g/roads").value("date");
    let lines = [
        ("(request-target)", "get /g/roads"),
        ("host", "v.test"),
        ("date", date.as_str()),
    ];
    let sent = Sent::get("/g/roads?page=1").signed_by_hand(&lines, "");
    assert_eq!(sent.outcome(), Ok(()));
    let sent = Sent::get("/g/other?page=1").signed_by_hand(&lines, "");
    assert_eq!(sent.outcome(), Err((401, "signature_invalid")));
}

#[test]
fn digests_of_other_kinds_and_shapes() {
    for (digest, outcome) in [
        ("SHA-512=AAAA", (401, "digest_unsupported")),
        ("AAAA", (400, "digest_malformed")),
        ("SHA-256=!", (400, "digest_malformed")),
        ("SHA-256=AAAA", (401, "digest_mismatch")),
    ] {
        let mut sent = Sent::post();
        sent.set("digest", digest);
        assert_eq!(sent.outcome(), Err(outcome), "{digest}");
    }
    for (digest, outcome) in [
        ("md5=:AAAA:", (401, "digest_unsupported")),
        ("sha-256=AAAA", (400, "digest_malformed")),
        ("sha-512=:AAAA:", (401, "digest_mismatch")),
    ] {
        let mut sent = Sent::post_rfc9421_at(now());
        sent.set("content-digest", digest);
        assert_eq!(sent.outcome(), Err(outcome), "{digest}");
    }
}

#[test]
fn malformed_signatures_are_refused() {
    let long = format!("keyId=\"{KEY_ID}\",x=\"{}\"", "x".repeat(9_000));
    let many: String = ('a'..='z').map(|c| format!("{c}=1,")).collect();
    for header in [
        "",
        "keyId",
        "keyId=",
        "keyId=\"https://p.test/\"",
        "signature=\"AAAA\"",
        "keyId=\"https://p.test/\",signature=\"AAAA\",",
        "keyId=\"https://p.test/\" signature=\"AAAA\"",
        "keyId=\"https://p.test/\",signature=\"!\"",
        "keyId=\"https://p.test/\",signature=\"\"",
        "keyId=\"https://p.test/,signature=\"AAAA\"",
        "keyId=\"https://p.test/\\\"\",signature=\"AAAA\"",
        "keyId=\"https://p.test/\",signature=\"AAAA\",created=\"1\"",
        "keyId=\"https://p.test/\",signature=\"AAAA\",created=-1",
        "keyId=\"https://p.test/\",signature=\"AAAA\",created=99999999999999999999",
        "keyId=\"https://p.test/\",signature=\"AAAA\",headers=\"\"",
        "keyId=\"https://p.test/\",signature=\"AAAA\",headers=\"date date\"",
        "keyId=\"https://p.test/\",signature=\"AAAA\",headers=\"date  host\"",
        "keyId=1,signature=\"AAAA\"",
        &many,
        &long,
    ] {
        let refusal = parse(&[("signature", header.as_bytes())]).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::malformed("signature_malformed"),
            "{header}"
        );
    }
    let twice = "keyId=\"https://p.test/\",keyId=\"https://e.test/\",signature=\"AAAA\"";
    assert_eq!(
        parse(&[("signature", twice.as_bytes())])
            .unwrap_err()
            .reason,
        "signature_doubled"
    );
    let nowhere = "keyId=\"pam\",signature=\"AAAA\"";
    assert_eq!(
        parse(&[("signature", nowhere.as_bytes())])
            .unwrap_err()
            .reason,
        "key_id_unusable"
    );
    for value in [&b"a\nb"[..], b"a\0b", b"\xff", "ä".as_bytes()] {
        assert_eq!(
            parse(&[("signature", value)]).unwrap_err().reason,
            "header_malformed"
        );
    }
}

/// Names that matter, so that arbitrary headers meet the code that reads them.
fn arbitrary_headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![
        Just("signature".to_owned()),
        Just("signature-input".to_owned()),
        Just("date".to_owned()),
        Just("digest".to_owned()),
        Just("content-digest".to_owned()),
        Just("x".to_owned()),
    ];
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        r#"(keyId|headers|signature|created|algorithm)="?[ -~]{0,40}"?(,(keyId|signature|created)="?[ -~]{0,40}"?){0,3}"#
            .prop_map(String::into_bytes),
        r#"sig1=[ -~]{0,20}\(("@?[a-z-]{0,9}" ?){0,4}\)(;(keyid|created|alg|x)="?[ -~]{0,20}"?){0,3}"#
            .prop_map(String::into_bytes),
        r"sig1=:[A-Za-z0-9+/=]{0,40}:".prop_map(String::into_bytes),
        r"(SHA-256=|sha-256=:)[ -~]{0,50}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec((name, value), 0..5)
}

proptest! {
    #[test]
    fn no_headers_make_the_reader_panic_and_none_pass(headers in arbitrary_headers()) {
        let mut sent = Sent { headers, ..Sent::post() };
        sent.remove("host");
        sent.add("host", "v.test");
        prop_assert!(sent.outcome().is_err());
    }

    /// Changing any byte of a genuine signature or of what it covers makes it worthless.
    #[test]
    fn a_changed_byte_is_noticed(which in 0_usize..4, at in any::<prop::sample::Index>(), to in b' '..=b'~') {
        let mut sent = Sent::post();
        let value = &mut sent.headers[which].1;
        let at = at.index(value.len());
        prop_assume!(!value[at].eq_ignore_ascii_case(&to));
        // The key's name and the algorithm are claims, not signed: the key itself is what counts.
        let text = String::from_utf8_lossy(value);
        prop_assume!(at >= text.find("headers=").unwrap_or(0));
        value[at] = to;
        prop_assert!(sent.outcome().is_err(), "{}", String::from_utf8_lossy(&sent.headers[which].1));
    }
}
