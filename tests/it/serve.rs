//! The running server: how it starts, what every answer carries, what it does not put up with, and
//! how it stops.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cli::{houses, instances};
use crate::support::process::Instance;

const STOP_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_server_gets_ready_and_stops_when_told() {
    for acme in houses().await {
        let server = acme.serve().await;
        assert_eq!(status(&acme, "/healthz").await, 200);

        let ended = server.terminate(STOP_WITHIN).await;

        assert_eq!(ended.and_then(|status| status.code()), Some(0));
        assert!(acme.said().contains("stopped"), "{}", acme.said());
        acme.serve().await;
    }
}

#[tokio::test]
async fn where_there_is_no_house_nothing_is_served_and_nothing_made() {
    for acme in instances() {
        let refused = acme.run(["serve"]).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
        assert!(
            refused.stderr.contains("`guildhall init --name"),
            "{refused:?}"
        );
        for arguments in [
            &["migrate", "--down"][..],
            &["migrate", "--status"],
            &["queue", "list"],
            &["check"],
            &["keys", "rotate", "--all"],
        ] {
            acme.run(arguments).await;
            assert!(!acme.data_dir().exists(), "{arguments:?} made a folder");
        }
        let status = acme.run_json(&["migrate", "--status"]).await;
        let status = status.as_array().unwrap();
        if !acme.database_url().starts_with("sqlite:") {
            // Not even a table that says so: another one of its name can be made.
            let table = "__diesel_schema_migrations";
            acme.execute(&format!("CREATE TABLE {table} (x INT); DROP TABLE {table}"));
        }
        assert!(!status.is_empty() && status.iter().all(|one| one["applied"] == false));
    }
}

#[tokio::test]
async fn a_database_that_is_not_up_to_date_is_brought_up_to_date() {
    for acme in instances() {
        acme.run_json(&["migrate"]).await;
        acme.run_json(&["migrate", "--down"]).await;
        let server = acme.serve().await;
        assert!(acme.said().contains("bringing the database up to date"));
        assert!(acme.said().contains("guildhall init"), "{}", acme.said());
        server.terminate(STOP_WITHIN).await;
    }
}

#[tokio::test]
async fn a_port_in_use_is_one_sentence_and_nothing_is_touched() {
    let acme = Instance::new("acme");
    let _other = std::net::TcpListener::bind(acme.address()).unwrap();

    let refused = acme.run(["serve"]).await;

    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("is in use"), "{refused:?}");
    assert_eq!(refused.stderr.lines().count(), 1);
    assert!(!acme.data_dir().exists());
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_people() {
    let acme = Instance::new("acme");
    acme.run_json(&["migrate"]).await;
    let _server = acme.serve().await;
    for path in ["/healthz", "/nowhere", "/g/%ff", "/..%2f..%2fetc/passwd"] {
        let answer = reqwest::get(format!("http://{}{path}", acme.address()))
            .await
            .unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
    }
}

#[tokio::test]
async fn roles_can_be_split() {
    let acme = Instance::new("acme");
    acme.run_json(&["migrate"]).await;
    let worker = acme.spawn_with(&["serve", "--workers", "jobs"]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(TcpStream::connect(acme.address()).await.is_err());
    let ended = worker.terminate(STOP_WITHIN).await;
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

#[tokio::test]
async fn a46_slow_senders_do_not_hold_their_connections() {
    let acme = Instance::new("acme");
    acme.run_json(&["migrate"]).await;
    let _server = acme.serve().await;
    let head = drip(&acme, "GET /healthz HTTP/1.1\r\nX: ");
    let body = drip(
        &acme,
        "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n",
    );
    let (head, body) = tokio::join!(head, body);
    assert!(head < Duration::from_secs(30), "{head:?}");
    assert!(body < Duration::from_secs(30), "{body:?}");
}

/// Sends `start` and then a byte every second; answers when the server closed.
async fn drip(acme: &Instance, start: &str) -> Duration {
    let begun = Instant::now();
    let stream = TcpStream::connect(acme.address()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(start.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = Vec::new();
    let closed = reader.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(60), closed).await;
    dripping.abort();
    begun.elapsed()
}

#[tokio::test]
async fn r15_requests_that_were_accepted_are_answered() {
    for acme in houses().await {
        let server = acme.serve().await;
        let client = reqwest::Client::new();
        let url = format!("http://{}/readyz", acme.address());
        let ask = || client.get(&url).send();
        let asked = futures_util::future::join_all((0..200).map(|_| ask()));
        let asked = tokio::spawn(asked);
        tokio::time::sleep(Duration::from_millis(20)).await;

        let ended = server.terminate(STOP_WITHIN).await;

        assert_eq!(ended.and_then(|status| status.code()), Some(0));
        for answer in asked.await.unwrap() {
            // Answered, or never looked at: not begun and then dropped.
            match answer {
                Ok(answer) => assert_eq!(answer.text().await.unwrap(), "ready\n"),
                Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn check_says_what_is_wrong() {
    for acme in houses().await {
        let _server = acme.serve().await;
        let all = acme.run_json(&["check"]).await;
        for finding in all.as_array().unwrap() {
            assert_eq!(finding["ok"], true, "{finding}");
        }
        let moved = acme.with("GUILDHALL_PUBLIC_URL", "http://moved.localhost:1234");
        let outcome = moved.run(["check", "--json"]).await;
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stdout.contains("public_url is"), "{outcome:?}");
        assert!(outcome.stderr.contains("1 check failed"), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_idle_server_is_small_and_quick_to_start() {
    let acme = &houses().await[0];
    let server = acme.serve().await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = resident
        .and_then(|line| line.split_whitespace().nth(1))
        .and_then(|number| number.parse().ok())
        .unwrap();
    println!("{kib} KiB, ready after {:?}", server.ready_after());
    // The promise (40 MiB) is measured on a release build by the benchmarks; an unoptimized program
    // is larger itself, and this only notices when something big is kept.
    assert!(kib < 96 * 1_024, "{kib} KiB resident");
}

async fn status(acme: &Instance, path: &str) -> u16 {
    let answer = reqwest::get(format!("http://{}{path}", acme.address())).await;
    answer.unwrap().status().as_u16()
}
