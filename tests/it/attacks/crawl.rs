//! A26 and A27: what is hidden is answered, by every address and to everybody, like what never was.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::fixture::{Fixture, on_both};
use crate::support::forge::{Forged, Letter, Reply};
use crate::support::peer::{ACTIVITY_JSON, Actor};

/// Questions about a group, a post, a file or an account, beside the addresses themselves.
const QUESTIONS: &[&str] = &[
    "/g/{group}/featured?page=true",
    "/g/{group}/followers?page=true",
    "/g/{group}/followers?is_follower={pam}",
    "/g/{group}/outbox?page=true",
    "/u/{group}/outbox?page=true",
    "/p/{post}/context?page=true",
    "/p/{post}/replies?page=true",
    "/.well-known/webfinger?resource=acct:{group}@{host}",
    "/.well-known/webfinger?resource=http://{host}/g/{group}",
    "/.well-known/webfinger?resource=http://{host}/p/{post}",
    "/admin/ledger?group={group}",
    "/api/admin/v1/held?group={group}",
    "/api/admin/v1/rules?group={group}",
    "/api/admin/v1/rules/try?group={group}&text=a",
    "/g/{group}/outlook?stage=public",
    "/api/admin/v1/groups/{group}/grants/p.test/outlook?can=read",
    "/find?q={group}",
    "/media/{media}?format=jpg",
    "/api/admin/v1/grants?group={group}",
    "/api/admin/v1/reports?group={group}",
    "/api/admin/v1/policy/explain?as=anonymous&on={group}",
    "/api/v1/accounts/lookup?acct={group}",
    "/api/v1/accounts/relationships?id[]={actor}",
    "/api/v2/search?q={group}",
];

/// The same of everything, which must not contain what is hidden.
const QUESTIONS_ABOUT_ALL: &[&str] = &[
    "/books?from=2026-10-01&to=2026-10-02",
    "/api/admin/v1/openapi.json",
    "/api/v2/search?q=Plans",
    "/find?q=Plans",
    "/nodeinfo/2.0",
];

/// What stands for the variable after this segment of an address: something that is hidden (`{group}`,
/// `{post}`, `{media}`, `{actor}`, `{authorization}`), or what is of no interest. Of two that fit an address, the first.
const STANDS_FOR: &[(&str, &str)] = &[
    ("/api/admin/v1/accounts", "ann"),
    ("/g", "{group}"),
    ("/groups", "{group}"),
    ("/keys", "{group}"),
    ("/u", "{group}"),
    ("/p", "{post}"),
    ("/held", "{post}"),
    ("/polls", "{post}"),
    ("/posts", "{post}"),
    ("/statuses", "{post}"),
    ("/media", "{media}"),
    ("/accounts", "{actor}"),
    ("/follow_requests", "{actor}"),
    ("/members", "ann"),
    ("/owners", "ann"),
    ("/users", "ann"),
    ("/grants", "p.test"),
    ("/partners", "p.test"),
    ("/queue", "p.test"),
    ("/assets", "style.css"),
    ("/nodeinfo", "2.1"),
    ("/pass", "1.99999999999.00"),
    ("/authorizations", "{authorization}"),
    ("/deliveries", "7"),
    ("/jobs", "7"),
    ("/proposals", "7"),
    ("/reports", "7"),
    ("/retractions", "7"),
    ("/rules", "7"),
    ("/labels", "Secret"),
    ("/grant-templates", "auditor"),
    ("/stage", "public"),
    ("/tokens", "7"),
    ("/untold", "7"),
];

/// Every address there is, with something in the place of its variables: read off the router, so that
/// nobody has to remember to add one.
fn every_address() -> BTreeSet<String> {
    let addresses = guildhall::cli::addresses();
    addresses.iter().map(|(path, _)| fill(path)).collect()
}

fn fill(path: &str) -> String {
    let mut filled = String::new();
    for segment in path.split('/').skip(1) {
        let stands = match segment.starts_with('{') {
            false => segment,
            true => STANDS_FOR
                .iter()
                .find(|(before, _)| filled.ends_with(before))
                .map(|(_, stands)| *stands)
                .unwrap_or_else(|| panic!("say above what stands for {segment} in {path}")),
        };
        filled = format!("{filled}/{stands}");
    }
    filled
}

/// Everything that names a group, a post, a file or an account.
fn about_something() -> Vec<String> {
    let addresses = every_address()
        .into_iter()
        .filter(|path| path.contains('{'));
    addresses
        .chain(QUESTIONS.iter().map(|question| (*question).to_owned()))
        .collect()
}

/// Everything else.
fn about_all() -> Vec<String> {
    let addresses = every_address().into_iter();
    addresses
        .map(|path| path.replace("/u/{group}", "/u/ann"))
        .filter(|path| !path.contains('{'))
        .chain(
            QUESTIONS_ABOUT_ALL
                .iter()
                .map(|question| (*question).to_owned()),
        )
        .collect()
}

const ACCEPTS: &[&str] = &[
    "text/html",
    "application/json",
    ACTIVITY_JSON,
    "application/rss+xml",
    "application/json+oembed",
];

/// Somebody who reads, in the way in which they prove who they are.
enum Reader<'a> {
    Nobody,
    Header(&'static str, String),
    Signed(&'a Actor),
}

fn readers(fixture: &Fixture) -> Vec<(&'static str, Reader<'_>)> {
    let cookie = |text: &str| Reader::Header("Cookie", text.to_owned());
    let token = |text: &str| Reader::Header("Authorization", format!("Bearer {text}"));
    vec![
        ("anon", Reader::Nobody),
        ("out", cookie(&fixture.out.cookie)),
        ("out's client", token(&fixture.out.token)),
        ("bob", cookie(&fixture.bob.cookie)),
        ("bob's client", token(&fixture.bob.token)),
        (
            "an expired cookie",
            cookie(&format!("guildhall_session={}", "A".repeat(43))),
        ),
        ("an unknown token", token(&"A".repeat(43))),
        ("pam", Reader::Signed(&fixture.pam)),
        ("quin", Reader::Signed(&fixture.quin)),
        ("eve", Reader::Signed(&fixture.eve)),
    ]
}

async fn read(fixture: &Fixture, reader: &Reader<'_>, target: &str, accept: &str) -> Reply {
    let host = fixture.host();
    let forged = match reader {
        Reader::Nobody => Forged::plain("GET", &host, target).with("Accept", accept),
        Reader::Header(name, value) => {
            let plain = Forged::plain("GET", &host, target).with("Accept", accept);
            plain.with(name, value)
        }
        Reader::Signed(actor) => {
            let signed = Letter::get(actor, &host, target).sign();
            signed.replacing("Accept", Some(accept))
        }
    };
    fixture.send(&forged).await
}

/// A name or number of something hidden, and one of the same length that never was.
pub(super) struct Pair {
    place: &'static str,
    pub(super) hidden: String,
    pub(super) never: String,
}

pub(super) fn pairs(fixture: &Fixture) -> Vec<Pair> {
    let host = fixture.host();
    let pair = |place, hidden: String, never: String| {
        assert_eq!(hidden.len(), never.len());
        Pair {
            place,
            hidden,
            never,
        }
    };
    // Numbers are made from the time; tomorrow's are not in use.
    let later = |id: i64| (id + (86_400 << 30)).to_string();
    let mut pairs = vec![
        pair("{group}", "secret".into(), "absent".into()),
        pair(
            "{group}",
            format!("secret@{host}"),
            format!("absent@{host}"),
        ),
    ];
    for post in [&fixture.secret_topic, &fixture.secret_comment] {
        pairs.push(pair("{post}", post.id.to_string(), later(post.id.0)));
    }
    let media = fixture.secret_media;
    pairs.push(pair("{media}", media.to_string(), later(media.0)));
    let given = fixture.secret_authorization;
    pairs.push(pair("{authorization}", given.to_string(), later(given)));
    let group = fixture.secret.id;
    pairs.push(pair("{actor}", group.to_string(), later(group.0)));
    pairs
}

fn target(fixture: &Fixture, template: &str, place: &str, with: &str) -> String {
    template
        .replace(place, with)
        .replace("{host}", &fixture.host())
        .replace("{pam}", &fixture.pam.id)
}

/// What can be told from an answer: all but the time it was given, and the question itself.
pub(super) fn telling(mut reply: Reply, asked: &str) -> Reply {
    reply.headers.retain(|(name, _)| name != "date");
    // The web framework writes them in the order of a hash with a random seed.
    reply.headers.sort();
    let encoded: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    let without = |text: &str| text.replace(asked, "IT").replace(&encoded, "IT");
    for (_, value) in &mut reply.headers {
        *value = without(value);
    }
    reply.body = without(&reply.text()).into_bytes();
    reply
}

fn shown(reply: &Reply) -> String {
    format!("{} {:?} {}", reply.status, reply.headers, reply.text())
}

#[tokio::test]
async fn a26_what_is_secret_is_answered_like_what_never_was() {
    on_both(async |fixture| {
        let readers = readers(fixture);
        let mut leaks = Vec::new();
        for template in &about_something() {
            for pair in pairs(fixture) {
                if !template.contains(pair.place) {
                    continue;
                }
                let hidden = target(fixture, template, pair.place, &pair.hidden);
                let never = target(fixture, template, pair.place, &pair.never);
                for (who, reader) in &readers {
                    for accept in accepts(reader) {
                        let one = read(fixture, reader, &hidden, accept).await;
                        let other = read(fixture, reader, &never, accept).await;
                        if one.text().contains(&fixture.canary) {
                            leaks.push(format!("{who} {hidden} {accept}: the canary"));
                        }
                        let (one, other) =
                            (telling(one, &pair.hidden), telling(other, &pair.never));
                        if one != other {
                            leaks.push(format!(
                                "{who} {hidden} {accept}: {} or {}",
                                shown(&one),
                                shown(&other)
                            ));
                        }
                    }
                }
            }
        }
        let some = &leaks[..leaks.len().min(20)];
        assert!(
            leaks.is_empty(),
            "{} leaks, the first: {some:#?}",
            leaks.len()
        );
    })
    .await;
}

#[tokio::test]
async fn a26_no_list_and_no_page_shows_what_is_secret() {
    on_both(async |fixture| {
        let mut leaks = Vec::new();
        for target in &about_all() {
            for (who, reader) in &readers(fixture) {
                for accept in accepts(reader) {
                    let reply = read(fixture, reader, target, accept).await;
                    let secrets = [fixture.canary.as_str(), fixture.secret.actor.uri.as_str()];
                    if secrets.iter().any(|secret| reply.text().contains(secret)) {
                        leaks.push(format!("{who} {target} {accept}"));
                    }
                    if reply.status >= 500 {
                        leaks.push(format!("{who} {target} {accept}: {reply:?}"));
                    }
                }
            }
        }
        assert!(leaks.is_empty(), "{leaks:#?}");
    })
    .await;
}

/// A signature proves something to documents only.
fn accepts(reader: &Reader<'_>) -> &'static [&'static str] {
    match reader {
        Reader::Signed(_) => &[ACTIVITY_JSON, "text/html"],
        Reader::Nobody | Reader::Header(..) => ACCEPTS,
    }
}

/// How much longer the first takes than the second, by their medians. They come in the order A B B A, so
/// that neither always meets the same worker of the server.
async fn compare(fixture: &Fixture, reader: &Reader<'_>, targets: [&String; 2]) -> f64 {
    const READINGS: usize = 200;
    let mut times: [Vec<Duration>; 2] = Default::default();
    for reading in 0..READINGS * 2 {
        let which = (reading + reading / 2) % 2;
        let begun = Instant::now();
        read(fixture, reader, targets[which], ACTIVITY_JSON).await;
        times[which].push(begun.elapsed());
    }
    let [first, second] = times.map(|mut times| {
        times.sort();
        times[READINGS / 2].as_secs_f64()
    });
    first / second
}

/// In the suite nothing may depend on the time things take; `just attacks` measures.
#[tokio::test]
#[ignore = "measures time, which other tests disturb"]
async fn a26_what_is_secret_takes_no_longer_than_what_never_was() {
    on_both(async |fixture| {
        let readers = readers(fixture);
        let mut telling = Vec::new();
        for template in [
            "/g/{group}",
            "/g/{group}/outbox",
            "/p/{post}",
            "/p/{post}/context",
            "/.well-known/webfinger?resource=acct:{group}@{host}",
            "/api/v1/statuses/{post}",
            "/media/{media}",
            "/authorizations/{authorization}",
        ] {
            let pairs = pairs(fixture);
            let pair = pairs
                .iter()
                .find(|pair| template.contains(pair.place))
                .unwrap();
            let hidden = target(fixture, template, pair.place, &pair.hidden);
            let never = target(fixture, template, pair.place, &pair.never);
            for (who, reader) in &readers {
                // What disturbs once does not disturb in the same way three times.
                let mut ratios = Vec::new();
                while ratios.len() < 3 {
                    let ratio = compare(fixture, reader, [&hidden, &never]).await;
                    println!("{who} {template}: {ratio:.3}");
                    if (0.9..1.1).contains(&ratio) {
                        break;
                    }
                    ratios.push(ratio);
                }
                if ratios.len() == 3 {
                    telling.push(format!("{who} {template}: {ratios:.3?}"));
                }
            }
        }
        assert!(telling.is_empty(), "{telling:#?}");
    })
    .await;
}

#[tokio::test]
async fn a27_a_partner_without_the_grant_reads_nothing_and_one_with_it_does() {
    on_both(async |fixture| {
        let post = fixture.topic.id.to_string();
        let never = (fixture.topic.id.0 + (86_400 << 30)).to_string();
        for (template, hidden, never) in [
            ("/g/IT", "shared", "absent"),
            ("/g/IT/outbox", "shared", "absent"),
            ("/g/IT/outbox?page=true", "shared", "absent"),
            ("/g/IT/followers", "shared", "absent"),
            ("/g/IT/moderators", "shared", "absent"),
            ("/g/IT/featured", "shared", "absent"),
            ("/p/IT", post.as_str(), never.as_str()),
            ("/p/IT/context", &post, &never),
            ("/p/IT/context?page=true", &post, &never),
            ("/p/IT/replies", &post, &never),
        ] {
            let (there, nowhere) = (
                template.replace("IT", hidden),
                template.replace("IT", never),
            );
            for actor in [&fixture.quin, &fixture.eve] {
                let reader = Reader::Signed(actor);
                let one = read(fixture, &reader, &there, ACTIVITY_JSON).await;
                let other = read(fixture, &reader, &nowhere, ACTIVITY_JSON).await;
                assert_eq!(one.status, 404, "{} {there}: {one:?}", actor.name);
                assert_eq!(
                    telling(one, hidden),
                    telling(other, never),
                    "{} {there}",
                    actor.name
                );
            }
            let anon = read(fixture, &Reader::Nobody, &there, ACTIVITY_JSON).await;
            assert_eq!(anon.status, 404, "anon {there}: {anon:?}");

            let shown = read(
                fixture,
                &Reader::Signed(&fixture.pam),
                &there,
                ACTIVITY_JSON,
            )
            .await;
            assert_eq!(shown.status, 200, "pam {there}: {}", shown.text());
            assert_eq!(
                shown.header("cache-control"),
                Some("private, no-store"),
                "{there}"
            );
            let vary = shown.header("vary").unwrap_or_default().to_lowercase();
            assert!(
                vary.contains("accept") && vary.contains("signature"),
                "{there}: {vary}"
            );
            let text = shown.text();
            assert!(!text.contains("totalItems"), "{there}: {text}");
            let bob = fixture.bob.account.actor.uri.as_str();
            assert!(
                !text.contains(bob),
                "{there} names somebody who only reads: {text}"
            );
        }
    })
    .await;
}
