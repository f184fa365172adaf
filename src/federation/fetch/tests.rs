use serde_json::json;

use super::*;
use crate::domain::Handle;
use crate::federation::keys::ParsedKey;
use crate::federation::keys::tests::{RSA, own_keys};
use crate::http::test_server::{TestServer, answer, lab_client};

const AS: &str = "application/activity+json; charset=utf-8";

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T21:52:00Z").unwrap()
}

/// The port the client thinks it asks, from the head of its request.
fn origin_of(head: &str) -> String {
    let host = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("host: ")
            .map(str::to_owned)
    });
    format!("http://{}", host.unwrap())
}

fn path_of(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// A server whose every path is answered with a document that states `id` (`{}` is our origin).
async fn stating(id: &'static str) -> TestServer {
    TestServer::start(move |head| {
        let id = id.replace("{}", &origin_of(head));
        answer(
            200,
            &[("Content-Type", AS)],
            json!({ "id": id }).to_string().as_bytes(),
        )
    })
    .await
}

async fn fetch(server: &TestServer, path: &str) -> Result<Document, FetchError> {
    let client = lab_client(&[("LIMITS__FETCH_BYTES", "65536")]);
    fetch_document(&client, None, &uri(&server.url("p", path)), now()).await
}

#[tokio::test]
async fn a_document_that_states_its_own_address_is_read() {
    let server = stating("{}/u/pam").await;
    let document = fetch(&server, "/u/pam#main-key").await.unwrap();
    assert_eq!(document.id.as_str(), server.url("p", "/u/pam"));
    assert_eq!(document.json["id"], server.url("p", "/u/pam"));
    let head = &server.seen()[0];
    assert!(head.contains("accept: application/activity+json, application/ld+json; profile="));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_is_asked_is_signed_by_whoever_asks() {
    let server = stating("{}/u/pam?x=1").await;
    let keys = own_keys(&RSA.0, "https://v.test/actor#main-key", None);
    let signer = Signer {
        keys: &keys,
        signature: SignatureChoice::Cavage,
        token: None,
    };
    let there = uri(&server.url("p", "/u/pam?x=1"));
    fetch_document(&lab_client(&[]), Some(signer), &there, now())
        .await
        .unwrap();

    let head = server.seen().remove(0);
    let headers: Vec<_> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_owned()))
        .collect();
    let pairs: Vec<_> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_slice()))
        .collect();
    let request = signatures::Request {
        method: "GET",
        path_and_query: path_of(&head),
        headers: &pairs,
        body: b"",
    };
    let input = signatures::parse(&pairs).unwrap();
    assert_eq!(input.key_id, keys.rsa.id);
    let origin = uri(&origin_of(&head));
    let checked = signatures::check(input, &request, &origin, now()).unwrap();
    assert_eq!(
        checked.verify(&ParsedKey::from_pem(&RSA.1).unwrap()),
        Ok(())
    );
}

#[tokio::test]
async fn another_id_on_the_same_server_is_asked_once() {
    let server = stating("{}/u/pam").await;
    let document = fetch(&server, "/u/pam/main-key").await.unwrap();
    assert_eq!(document.id.as_str(), server.url("p", "/u/pam"));
    let asked: Vec<_> = server
        .seen()
        .iter()
        .map(|head| path_of(head).to_owned())
        .collect();
    assert_eq!(asked, ["/u/pam/main-key", "/u/pam"]);
}

#[tokio::test]
async fn an_id_that_keeps_changing_is_refused() {
    let server = TestServer::start(|head| {
        let id = format!("{}{}x", origin_of(head), path_of(head));
        answer(
            200,
            &[("Content-Type", AS)],
            json!({ "id": id }).to_string().as_bytes(),
        )
    })
    .await;
    assert!(matches!(
        fetch(&server, "/a").await,
        Err(FetchError::UnstableId)
    ));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a20_an_id_on_another_server_is_refused_and_not_asked() {
    for id in ["https://q.test/1", "http://q.localhost:1/1", "{}.e.test/1"] {
        let server = stating(id).await;
        let outcome = fetch(&server, "/a").await;
        assert!(
            matches!(outcome, Err(FetchError::ForeignId | FetchError::Shape(_))),
            "{id}"
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a21_a_redirect_is_not_followed() {
    let elsewhere = stating("{}/x").await;
    let target = elsewhere.url("e", "/y");
    let server = TestServer::start(move |_| answer(302, &[("Location", &target)], b"")).await;
    assert!(matches!(
        fetch(&server, "/x").await,
        Err(FetchError::Status(302))
    ));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a19_the_label_must_be_right_and_there_once() {
    let id_of = |head: &str| json!({ "id": format!("{}/a", origin_of(head)) }).to_string();
    for labels in [
        vec![("Content-Type", "text/html")],
        vec![("Content-Type", "application/ld+json")],
        vec![("Content-Type", AS), ("Content-Type", "text/html")],
        vec![],
    ] {
        let server =
            TestServer::start(move |head| answer(200, &labels, id_of(head).as_bytes())).await;
        assert!(matches!(
            fetch(&server, "/a").await,
            Err(FetchError::MediaType)
        ));
    }
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let server = TestServer::start(|head| {
        let status = path_of(head)[1..].parse().unwrap();
        answer(
            status,
            &[("Content-Type", AS), ("Retry-After", "60")],
            b"{}",
        )
    })
    .await;
    for (path, reason, temporary) in [
        ("/401", "denied", false),
        ("/403", "denied", false),
        ("/404", "not_found", false),
        ("/410", "gone", false),
        ("/429", "busy", true),
        ("/503", "busy", true),
        ("/500", "status", true),
        ("/204", "status", false),
        ("/418", "status", false),
    ] {
        let error = fetch(&server, path).await.unwrap_err();
        assert_eq!(
            (error.reason(), error.is_temporary()),
            (reason, temporary),
            "{path}"
        );
    }
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused() {
    for (body, reason) in [
        ("<html>".to_owned(), "json_malformed"),
        ("[".repeat(10_000), "json_too_deep"),
        (r#"{"id":"a","id":"b"}"#.to_owned(), "json_doubled"),
        ("{}".to_owned(), "shape"),
        ("[]".to_owned(), "shape"),
        (r#"{"id":["a"]}"#.to_owned(), "shape"),
        (r#"{"id":"javascript:x"}"#.to_owned(), "shape"),
        ("x".repeat(70_000), "too_large"),
    ] {
        let server =
            TestServer::start(move |_| answer(200, &[("Content-Type", AS)], body.as_bytes())).await;
        assert_eq!(fetch(&server, "/a").await.unwrap_err().reason(), reason);
    }
}

/// Serves one WebFinger answer; `{}` in it is the server's host, `{o}` its origin.
async fn finger(media_type: &'static str, text: &'static str) -> (TestServer, Handle) {
    let server = TestServer::start(move |head| {
        let origin = origin_of(head);
        let text = text
            .replace("{o}", &origin)
            .replace("{}", &origin["http://".len()..]);
        answer(200, &[("Content-Type", media_type)], text.as_bytes())
    })
    .await;
    let handle = format!("roads@p.localhost:{}", server.address.port());
    (server, handle.parse().unwrap())
}

async fn found(media_type: &'static str, text: &'static str) -> Result<String, &'static str> {
    let (server, handle) = finger(media_type, text).await;
    let outcome = webfinger(&lab_client(&[]), None, &handle, now()).await;
    let origin = server.url("p", "");
    outcome
        .map(|actor| actor.as_str().replace(&origin, ""))
        .map_err(|error| error.reason())
}

const JRD: &str = "application/jrd+json; charset=utf-8";

#[tokio::test]
async fn a_handle_leads_to_its_actor() {
    let text = r#"{"subject":"acct:Roads@{}","links":[
        {"rel":"http://webfinger.net/rel/profile-page","type":"text/html","href":"{o}/@roads"},
        {"rel":"self","type":"application/activity+json","href":"{o}/g/roads"},
        {"rel":"http://ostatus.org/schema/1.0/subscribe","template":"{o}/x?uri={uri}"}]}"#;
    assert_eq!(found(JRD, text).await, Ok("/g/roads".into()));
    assert_eq!(found("application/json", text).await, Ok("/g/roads".into()));
    assert_eq!(found("text/html", text).await, Err("media_type"));

    let (server, handle) = finger(JRD, text).await;
    webfinger(&lab_client(&[]), None, &handle, now())
        .await
        .unwrap();
    let expected = format!(
        "/.well-known/webfinger?resource=acct%3Aroads%40p.localhost%3A{}",
        server.address.port()
    );
    assert_eq!(path_of(&server.seen()[0]), expected);
}

#[tokio::test]
async fn of_two_with_one_name_the_group_is_meant() {
    let text = r#"{"subject":"acct:roads@{}","links":[
        {"rel":"self","type":"application/activity+json","href":"{o}/u/roads",
         "properties":{"https://www.w3.org/ns/activitystreams#type":"Person"}},
        {"rel":"self","type":"application/activity+json","href":"{o}/c/roads",
         "properties":{"https://www.w3.org/ns/activitystreams#type":"Group"}}]}"#;
    assert_eq!(found(JRD, text).await, Ok("/c/roads".into()));
}

#[tokio::test]
async fn answers_about_somebody_else_or_somewhere_else_are_refused() {
    for (text, reason) in [
        (
            r#"{"subject":"acct:pam@{}","links":[{"rel":"self","type":"application/activity+json","href":"{o}/u/pam"}]}"#,
            "shape",
        ),
        (
            r#"{"subject":"acct:roads@e.test","links":[{"rel":"self","type":"application/activity+json","href":"{o}/g/roads"}]}"#,
            "shape",
        ),
        (
            r#"{"subject":"acct:roads@{}","links":[{"rel":"self","type":"application/activity+json","href":"https://e.test/g/roads"}]}"#,
            "foreign_id",
        ),
        (
            r#"{"subject":"acct:roads@{}","links":[{"rel":"self","type":"text/html","href":"{o}/g/roads"}]}"#,
            "shape",
        ),
        (r#"{"subject":"acct:roads@{}","links":[]}"#, "shape"),
        (r#"{"subject":"acct:roads@{}"}"#, "shape"),
        ("[]", "shape"),
    ] {
        assert_eq!(found(JRD, text).await, Err(reason), "{text}");
    }
    let nowhere: Handle = "roads".parse().unwrap();
    let outcome = webfinger(&lab_client(&[]), None, &nowhere, now()).await;
    assert_eq!(outcome.unwrap_err().reason(), "shape");
}
