//! A44, A45, A49 and A51: what is too much is refused before it costs anything.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::forge::{Forged, Letter};
use crate::support::peer::ACTIVITY_JSON;

const MIB: usize = 1_024 * 1_024;
/// How much the server's memory may grow over what it was, bytes.
const GROWTH_MAX: usize = 16 * MIB;
/// How soon the answer comes.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The memory of a process, and a mark of the most it ever had, which can be put back.
pub struct Memory {
    pid: u32,
    before: usize,
}

impl Memory {
    pub fn of(pid: u32) -> Self {
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("it is our child");
        let mut memory = Self { pid, before: 0 };
        memory.before = memory.read("VmRSS:");
        memory
    }

    pub fn growth(&self) -> usize {
        self.read("VmHWM:").saturating_sub(self.before)
    }

    fn read(&self, field: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid));
        let status = status.expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kilobytes
            .expect("a size")
            .parse::<usize>()
            .expect("a number")
            * 1_024
    }
}

#[tokio::test]
async fn a44_bodies_of_any_size_and_kind_are_refused_at_the_door() {
    on_both(async |fixture| drop(send_too_much(fixture).await)).await;
}

/// The numbers of the list: 413 within a second, and no more than 16 MiB.
#[tokio::test]
#[ignore = "measures time, which other tests disturb"]
async fn a44_bodies_of_any_size_and_kind_are_refused_within_a_second() {
    on_both(async |fixture| {
        for Cost { what, took, growth } in send_too_much(fixture).await {
            let kilobytes = growth / 1_024;
            println!("A44 {what}: 413 after {took:?}, {kilobytes} KiB more");
            assert!(took < ANSWER_WITHIN, "{what}: answered after {took:?}");
        }
    })
    .await;
}

/// What refusing a body cost the server.
struct Cost {
    what: &'static str,
    took: Duration,
    growth: usize,
}

/// Sends bodies that are too large or compressed; each is refused, changes nothing, and takes little
/// memory.
async fn send_too_much(fixture: &Fixture) -> Vec<Cost> {
    const HUGE: usize = 64 * MIB;
    let mut costs = Vec::new();
    let address = fixture.instance.address();
    let chunk = || vec![b'['; 64 * 1_024];
    let chunks = || (0..HUGE / (64 * 1_024)).map(|_| chunk());
    let letter = Letter::post_bytes(&fixture.pam, &fixture.host(), Vec::new());
    let signed = letter.sign();
    let unsigned = letter.unsigned();
    // What a bomb of 10 GiB looks like to who does not open it: 1 MiB.
    let bomb = signed
        .clone()
        .with("Content-Encoding", "gzip")
        .with_body(vec![0x1f; MIB]);
    let named = |name: &str| {
        let body = format!("{{\"type\":\"{name}\"}}").into_bytes();
        signed
            .clone()
            .with("Content-Encoding", name)
            .with_body(body)
    };

    for (what, kind) in [
        ("64 MiB announced", 0),
        ("64 MiB announced, unsigned", 1),
        ("64 MiB in chunks", 2),
        ("64 MiB in chunks, unsigned", 3),
        ("1 MiB of gzip", 4),
        ("a small body said to be gzip", 5),
        ("a small body said to be br", 6),
        ("a small body said to be zstd", 7),
    ] {
        let watch = fixture.watch().await;
        let memory = Memory::of(fixture.server.pid());
        let begun = Instant::now();
        let reply = match kind {
            0 | 1 => {
                let forged = if kind == 0 { &signed } else { &unsigned };
                let head = forged
                    .clone()
                    .with("Content-Length", &HUGE.to_string())
                    .head();
                crate::support::forge::send_pieces(&address, head, chunks()).await
            }
            2 => signed.send_chunked(&address, chunks()).await,
            3 => unsigned.send_chunked(&address, chunks()).await,
            4 => fixture.send(&bomb).await,
            5 => fixture.send(&named("gzip")).await,
            6 => fixture.send(&named("br")).await,
            _ => fixture.send(&named("zstd")).await,
        };
        let (took, growth) = (begun.elapsed(), memory.growth());

        assert_eq!(reply.status, 413, "{what}: {}", reply.text());
        assert!(growth <= GROWTH_MAX, "{what}: grew by {growth} bytes");
        watch.unchanged(what).await;
        costs.push(Cost { what, took, growth });
    }
    costs
}

#[tokio::test]
async fn a45_deep_and_wide_documents_are_refused_and_the_server_lives() {
    on_both(async |fixture| {
        let (pam, host) = (&fixture.pam, fixture.host());
        let honest = fixture.comment_by(pam, "with a burden").to_string();
        let with = |member: &str| {
            let body = honest.replacen('{', &format!("{{\"burden\":{member},"), 1);
            Letter::post_bytes(pam, &host, body.into_bytes())
        };
        let wide = |members: usize| {
            let members = (0..members).map(|n| format!("\"{n:x}\":0"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        let deep = "[".repeat(100_000);
        let balanced = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let bare = |text: &str| Letter::post_bytes(pam, &host, text.as_bytes().to_vec());
        for (what, letter) in [
            ("[ × 100,000", bare(&deep)),
            ("[ × 100,000 and as many ]", bare(&balanced)),
            ("a member with [ × 100,000", with(&balanced)),
            ("{\"a\": × 40,000", bare(&"{\"a\":".repeat(40_000))),
            ("all the keys that fit", bare(&wide(27_000))),
            (
                "more values than are read",
                with(&format!("[{}0]", "0,".repeat(120_000))),
            ),
        ] {
            let memory = Memory::of(fixture.server.pid());
            fixture.refuses(what, &letter.sign(), 400).await;
            let growth = memory.growth();
            assert!(growth <= 4 * GROWTH_MAX, "{what}: grew by {growth} bytes");
        }
        // A million keys are longer than any body may be.
        let million = bare(&wide(1_000_000));
        fixture
            .refuses("an object with a million keys", &million.sign(), 413)
            .await;

        let alive = crate::support::forge::Forged::plain("GET", &host, "/readyz");
        assert_eq!(
            fixture
                .send(&alive.with("Accept", ACTIVITY_JSON))
                .await
                .status,
            200
        );
    })
    .await;
}

#[tokio::test]
async fn a49_more_entries_than_are_looked_at_are_refused() {
    const CAP: usize = 100;
    on_both(async |fixture| {
        let pam = &fixture.pam;
        let entries = |field: &str, count: usize| {
            let one = |n: usize| match field {
                "tag" => json!({ "type": "Mention", "href": fixture.q.url(&format!("/{n}")) }),
                "attachment" => json!({ "type": "Image" }),
                _ => json!(format!("https://q.test/{n}")),
            };
            Value::Array((0..count).map(one).collect())
        };
        for field in ["tag", "to", "cc", "attachment"] {
            for (count, status) in [(CAP, 202), (CAP + 1, 400), (4_000, 400), (10_000, 0)] {
                for place in ["", "/object"] {
                    let mut activity = fixture.comment_by(pam, "to very many");
                    activity.pointer_mut(place).unwrap()[field] = entries(field, count);
                    let forged = fixture.letter(pam, &activity).sign();
                    let what = format!("{count} {field} in {place}");
                    // Ten thousand fit into a body only where they are short.
                    match status {
                        202 => assert_eq!(fixture.send(&forged).await.status, 202, "{what}"),
                        400 => drop(fixture.refuses(&what, &forged, 400).await),
                        _ => {
                            activity.pointer_mut(place).unwrap()[field] = json!(vec!["x"; count]);
                            let forged = fixture.letter(pam, &activity).sign();
                            fixture.refuses(&what, &forged, 400).await;
                        }
                    }
                    fixture.settle().await;
                }
            }
        }
        let mut follow = pam.activity("Follow", fixture.shared_uri().into());
        follow["to"] = entries("to", 4_000);
        let forged = fixture.letter(pam, &follow).sign();
        fixture
            .refuses("a Follow for very many", &forged, 400)
            .await;
    })
    .await;
}

#[tokio::test]
async fn a51_html_made_to_be_expensive_is_shown_as_text() {
    on_both(async |fixture| {
        let pam = &fixture.pam;
        let huge = "<div>".repeat(MIB / 5);
        let huge = fixture.letter(pam, &fixture.comment_by(pam, &huge)).sign();
        fixture.refuses("1 MiB of <div>", &huge, 413).await;
        let fits = "<div>".repeat(48_000);
        let long = fixture.letter(pam, &fixture.comment_by(pam, &fits)).sign();
        fixture
            .refuses("more than a text may be long", &long, 400)
            .await;

        let formatting: String = (0..3_000).map(|n| format!("<i a={n}></x>")).collect();
        for (what, html) in [
            ("nested", "<div>".repeat(12_000)),
            ("reopened", formatting + &"<p>x</p>".repeat(2_000)),
            (
                "math",
                "<math><mi><mglyph><svg><mtext><textarea><a title=\"</textarea><img>\">"
                    .repeat(800),
            ),
            (
                "math never closed",
                "<math><annotation-xml encoding=text/html>".repeat(1_000),
            ),
            ("tables", "<table><tr><td>".repeat(3_000)),
            (
                "attributes",
                format!(
                    "<p {}>",
                    (0..9_000).map(|n| format!("a{n} ")).collect::<String>()
                ),
            ),
        ] {
            let mark = format!("expensive {what}");
            let activity = fixture.comment_by(pam, &format!("{mark}{html}"));
            let reply = fixture.deliver(pam, &activity).await;
            assert_eq!(reply.status, 202, "{what}: {}", reply.text());
            let dump = fixture.settle().await;
            let row = dump.rows("posts").iter().find(|row| row.contains(&mark));
            let row = row.unwrap_or_else(|| panic!("{what}: {:#?}", dump.rows("arrivals")));
            assert!(row.len() < 256 * 1_024, "{what} became {} bytes", row.len());
        }
        let page = Forged::plain("GET", &fixture.host(), &format!("/p/{}", fixture.topic.id));
        let page = page
            .with("Cookie", &fixture.ann.cookie)
            .with("Accept", "text/html");
        let reply = fixture.send(&page).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(!reply.text().contains("<math") && !reply.text().contains("<textarea><a"));
    })
    .await;
}
