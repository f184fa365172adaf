use std::time::Duration;

use super::test_server::{TestServer, answer, client, lab_client};
use super::*;
use crate::domain::{Stop, StopId, StopTarget};

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_answer_comes_back_and_says_who_asked() {
    let server = TestServer::start(|_| answer(200, &[("X-A", "b")], b"hello")).await;
    let headers = [("accept", "text/plain".to_owned())];
    let response = lab_client(&[])
        .get(&url(&server.url("p", "/x?y=1")), &headers)
        .await
        .unwrap();
    assert_eq!((response.status, response.header("x-a")), (200, Some("b")));
    assert_eq!(response.body, b"hello");
    let head = &server.seen()[0];
    let port = server.address.port();
    assert!(head.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{head}");
    for line in [
        "accept: text/plain".to_owned(),
        format!("host: p.localhost:{port}"),
        format!(
            "user-agent: Guildhall/{} (+http://",
            env!("CARGO_PKG_VERSION")
        ),
    ] {
        assert!(head.contains(&line), "{line} in {head}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_from_the_second_request_to_a_server_on() {
    let server = TestServer::start(|_| b"HTTP/1.1 204 X\r\n\r\n".to_vec()).await;
    let client = lab_client(&[]);

    for (asked, connections) in [("p", 1), ("q", 2), ("p", 3), ("p", 3), ("q", 4), ("q", 4)] {
        let answer = client.get(&url(&server.url(asked, "/")), &[]).await;
        assert_eq!(answer.unwrap().status, 204);
        assert_eq!(server.reached().len(), connections, "{asked}");
    }
}

#[tokio::test]
async fn addresses_we_do_not_talk_to_see_no_connection() {
    let server = TestServer::start(|_| answer(200, &[], b"")).await;
    let port = server.address.port();
    let strict = client(&[]);
    let plain = client(&[("FEDERATION__ALLOW_HTTP", "true")]);
    let lab = lab_client(&[]);
    for (client, text, reason) in [
        (&strict, format!("http://p.localhost:{port}/"), "scheme"),
        (&strict, format!("https://p.localhost:{port}/"), "address"),
        (&strict, format!("https://localhost:{port}/"), "address"),
        (&strict, format!("https://127.0.0.1:{port}/"), "address"),
        (&strict, format!("https://127.1:{port}/"), "address"),
        (&strict, format!("https://0x7f000001:{port}/"), "address"),
        (&strict, format!("https://[::1]:{port}/"), "address"),
        (
            &strict,
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            "address",
        ),
        (&plain, format!("http://127.0.0.1:{port}/"), "address"),
        (&plain, format!("http://p.localhost:{port}/"), "address"),
        (
            &lab,
            format!("http://a:b@p.localhost:{port}/"),
            "user_information",
        ),
        (&strict, "https://p.test:22/".into(), "port"),
        (&strict, "https://p.test:80/".into(), "port"),
        (&strict, "https://p.test:0/".into(), "port"),
        (&lab, "https://p.localhost:25/".into(), "port"),
        (&lab, "file:///etc/passwd".into(), "scheme"),
        (&lab, "data:text/html,x".into(), "scheme"),
        (&lab, "gopher://p.test/".into(), "scheme"),
    ] {
        let outcome = client.get(&url(&text), &[]).await.unwrap_err();
        assert_eq!(outcome, HttpError::Refused(reason), "{text}");
        let outcome = client.post(&url(&text), &[], "x", None).await.unwrap_err();
        assert_eq!(outcome, HttpError::Refused(reason), "{text}");
    }
    assert!(server.seen().is_empty());
}

/// A client that believes `lookup` about names, and may go to 127.0.0.1 and nowhere else that is not
/// global: 127.0.0.1 stands for the public Internet.
fn client_knowing(lookup: Lookup) -> Client {
    let config = test_server::config(&[
        ("FEDERATION__ALLOW_HTTP", "true"),
        ("FEDERATION__ALLOW_ADDRESSES", "[\"127.0.0.1/32\"]"),
    ]);
    Client::knowing_names(
        &config.public_url,
        &config.federation,
        &config.limits,
        lookup,
    )
}

/// Names by what they lead to; the same for A, AAAA and what a CNAME leads to, for the system follows
/// those before it answers.
fn names(name: &str) -> std::io::Result<Vec<std::net::SocketAddr>> {
    let addresses: &[&str] = match name {
        "loopback.test" => &["127.0.0.2:0"],
        "zero.test" => &["0.0.0.0:0"],
        "private.test" => &["10.0.0.1:0", "192.168.0.1:0", "172.16.0.1:0"],
        "metadata.test" => &["169.254.169.254:0"],
        "six.test" => &[
            "[::1]:0",
            "[fd00::1]:0",
            "[fe80::1]:0",
            "[::ffff:127.0.0.1]:0",
        ],
        "nat64.test" => &["[64:ff9b::7f00:1]:0", "[2002:7f00:1::]:0"],
        "mixed.test" => &["127.0.0.2:0", "[::1]:0", "127.0.0.1:0", "10.0.0.1:0"],
        "public.test" => &["127.0.0.1:0"],
        _ => &[],
    };
    Ok(addresses.iter().map(|text| text.parse().unwrap()).collect())
}

#[tokio::test]
async fn a54_names_that_lead_inside_see_no_connection() {
    let server = TestServer::start_everywhere(|_| answer(200, &[], b"inside")).await;
    let port = server.address.port();
    let client = client_knowing(names);
    for name in [
        "loopback", "zero", "private", "metadata", "six", "nat64", "nowhere",
    ] {
        let there = url(&format!("http://{name}.test:{port}/"));
        let outcome = client.get(&there, &[]).await.map(|_| ());
        assert_eq!(outcome, Err(HttpError::Refused("address")), "{name}");
    }
    assert!(server.seen().is_empty());

    // Of several addresses only the permitted one is tried.
    for name in ["mixed", "public"] {
        let there = url(&format!("http://{name}.test:{port}/"));
        assert_eq!(client.get(&there, &[]).await.unwrap().status, 200, "{name}");
    }
    assert_eq!(server.reached(), ["127.0.0.1", "127.0.0.1"]);
}

#[tokio::test]
async fn a55_a_name_that_changes_its_address_leads_only_where_it_was_checked() {
    static ASKED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    // Public when it is asked for the first time, inside ever after.
    fn rebinding(_: &str) -> std::io::Result<Vec<std::net::SocketAddr>> {
        let asked = ASKED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let address = if asked == 0 {
            "127.0.0.1:0"
        } else {
            "127.0.0.2:0"
        };
        Ok(vec![address.parse().unwrap()])
    }
    let server = TestServer::start_everywhere(|_| answer(200, &[], b"")).await;
    let there = url(&format!("http://rebinding.test:{}/", server.address.port()));
    let client = client_knowing(rebinding);
    assert_eq!(client.get(&there, &[]).await.unwrap().status, 200);
    // The server closed that connection; another one needs the address again.
    for _ in 0..3 {
        let outcome = client.get(&there, &[]).await.map(|_| ());
        assert_eq!(outcome, Err(HttpError::Refused("address")));
    }
    assert_eq!(server.reached(), ["127.0.0.1"]);
}

#[test]
fn a_partner_may_run_at_a_port_of_its_own() {
    let strict = client(&[]);
    for text in [
        "https://p.test/",
        "https://p.test:443/",
        "https://p.test:8443/",
    ] {
        assert_eq!(strict.permit(&url(text)), Ok(()), "{text}");
    }
    assert_eq!(lab_client(&[]).permit(&url("http://p.test:80/")), Ok(()));
}

#[tokio::test]
async fn a56_redirects_are_answers_and_not_followed() {
    let server = TestServer::start(|head| {
        let there = if head.starts_with("GET /ok ") {
            200
        } else {
            302
        };
        answer(there, &[("Location", "/elsewhere")], b"")
    })
    .await;
    let client = lab_client(&[]);
    for (path, status) in [("/moved", 302), ("/ok", 200)] {
        let response = client.get(&url(&server.url("p", path)), &[]).await.unwrap();
        assert_eq!(response.status, status);
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn large_answers_are_cut_off_however_they_come() {
    let server = TestServer::start(|head| match head.split(' ').nth(1) {
        Some("/announced") => answer(200, &[], &[b'x'; 3_000]),
        Some("/endless") => {
            let mut text = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..200 {
                text.extend_from_slice(b"10\r\n0123456789abcdef\r\n");
            }
            text
        }
        Some("/bomb") => answer(200, &[("Content-Encoding", "gzip")], &gzip_of_zeroes()),
        _ => answer(200, &[], &[b'x'; 2_048]),
    })
    .await;
    let client = lab_client(&[("LIMITS__FETCH_BYTES", "2048")]);
    for path in ["/announced", "/endless", "/bomb"] {
        let outcome = client.get(&url(&server.url("p", path)), &[]).await;
        let expected = HttpError::TooLarge { limit: 2_048 };
        assert_eq!(outcome.map(|_| ()).unwrap_err(), expected, "{path}");
    }
    let response = client.get(&url(&server.url("p", "/fits")), &[]).await;
    assert_eq!(response.unwrap().body.len(), 2_048);
}

/// 256 KiB of zeroes in about 300 bytes.
fn gzip_of_zeroes() -> Vec<u8> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("gzip")
        .args(["-9", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&vec![0; 256 * 1_024]));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.stdout.len() < 1_024);
    output.stdout
}

#[tokio::test]
async fn a_delivery_brings_back_status_text_and_when_to_return() {
    let server = TestServer::start(|_| {
        answer(
            429,
            &[("Retry-After", "120")],
            "slow down ".repeat(1_000).as_bytes(),
        )
    })
    .await;
    let answer = lab_client(&[])
        .post(&url(&server.url("p", "/inbox")), &[], "{}", None)
        .await
        .unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.text.len(), ANSWER_BYTES_MAX);
    assert_eq!(
        answer.retry_after,
        Some(RetryAfter::In(Duration::from_secs(120)))
    );
}

#[test]
fn retry_after_is_seconds_or_a_date_and_bounded() {
    let now = Timestamp::parse("2015-10-21T07:00:00Z").unwrap();
    let at = |text| RetryAfter::parse(text).map(|after| after.from(now).rfc3339());
    assert_eq!(at("60").unwrap(), "2015-10-21T07:01:00.000Z");
    assert_eq!(
        at("Wed, 21 Oct 2015 07:28:00 GMT").unwrap(),
        "2015-10-21T07:28:00.000Z"
    );
    assert_eq!(at("999999999999").unwrap(), "2015-11-20T07:00:00.000Z");
    assert_eq!(
        at("Wed, 21 Oct 2099 07:28:00 GMT").unwrap(),
        "2015-11-20T07:00:00.000Z"
    );
    assert_eq!(at("soon"), None);
}

#[tokio::test]
async fn silence_and_absence_are_told_apart() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = lab_client(&[("LIMITS__FETCH_SECONDS", "1")]);
    let address = silent.local_addr().unwrap();
    let there = url(&format!("http://p.localhost:{}/", address.port()));
    assert_eq!(
        client.get(&there, &[]).await.unwrap_err(),
        HttpError::Timeout
    );
    let (breaking, breaks) = tokio::join!(client.get(&there, &[]), async {
        // The one that was given up, and this one.
        silent.accept().await.unwrap();
        drop(silent.accept().await.unwrap());
    });
    let () = breaks;
    assert!(matches!(breaking.unwrap_err(), HttpError::Broken(_)));
    drop(silent);
    assert!(matches!(
        client.get(&there, &[]).await.unwrap_err(),
        HttpError::Unreachable(text) if !text.is_empty()
    ));
}

fn stopped(target: StopTarget) -> Stops {
    Stops(vec![Stop {
        id: StopId(1),
        target,
        reason: String::new(),
        by: "operator".to_owned(),
        since: Timestamp::MIN,
    }])
}

#[tokio::test]
async fn an_emergency_stop_breaks_off_what_is_under_way_and_lets_nothing_begin() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!(
        "http://p.localhost:{}/inbox",
        silent.local_addr().unwrap().port()
    );
    let host = there.parse::<Uri>().unwrap().host().clone();
    let client = lab_client(&[]);
    let group = Some(GroupId(7));
    for target in [
        StopTarget::All,
        StopTarget::Partner(host.clone()),
        StopTarget::Group(GroupId(7)),
    ] {
        client.hold(Stops::default());
        let under_way = {
            let (client, there) = (client.clone(), url(&there));
            tokio::spawn(async move { client.post(&there, &[], "{}", group).await })
        };
        let (connection, _) = silent.accept().await.unwrap();
        client.hold(stopped(target.clone()));
        assert_eq!(
            under_way.await.unwrap().unwrap_err(),
            HttpError::Stopped { under_way: true }
        );
        drop(connection);
        let next = client.post(&url(&there), &[], "{}", group).await;
        let nothing_left = HttpError::Stopped { under_way: false };
        assert_eq!(next.unwrap_err(), nothing_left, "{target:?}");
    }
    // Nothing holds what is of another group, or goes elsewhere.
    let server = TestServer::start(|_| answer(202, &[], b"")).await;
    let inbox = url(&server.url("q", "/inbox"));
    for target in [StopTarget::Partner(host), StopTarget::Group(GroupId(7))] {
        client.hold(stopped(target));
        let sent = client.post(&inbox, &[], "{}", Some(GroupId(8))).await;
        assert_eq!(sent.unwrap().status, 202);
    }
}
