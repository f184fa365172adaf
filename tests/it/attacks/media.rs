//! A33, A52, A58, A61 to A63: pictures and files that lie, and people who ask for what is not theirs.

use std::time::{Duration, Instant};

use guildhall::domain::AttachmentId;
use guildhall::services::attachments::Attached;
use guildhall::services::posts;
use serde_json::json;

use super::denial::Memory;
use super::fixture::{Fixture, on_both, picture};
use crate::support::files::{png, upload};
use crate::support::forge::{Forged, Letter, Reply};
use crate::support::peer::{ACTIVITY_JSON, Answer};
use crate::support::world::eventually;

/// Most time for saying no to a picture, in the suite; the machine may be compiling meanwhile.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);
/// How much memory that may take, bytes.
const REFUSED_BYTES_MAX: usize = 64 << 20;

async fn ask(fixture: &Fixture, request: Forged) -> Reply {
    let mut reply = fixture.send(&request).await;
    reply.headers.retain(|(name, _)| name != "date");
    reply.headers.sort();
    reply
}

async fn sends(fixture: &Fixture, name: &str, kind: &str, bytes: &[u8]) -> Reply {
    let token = &fixture.ann.token;
    ask(
        fixture,
        upload(&fixture.host(), token, name, kind, bytes, ""),
    )
    .await
}

#[tokio::test]
async fn a33_media_of_a_secret_group_never_were() {
    on_both(async |fixture| {
        let (_, id) = picture(&fixture.app, &fixture.ann, fixture.secret.id).await;
        let never = id.0 + (86_400 << 30);
        for template in [
            "/media/IT",
            "/media/IT/preview",
            "/media/IT/pass/1.99999999999.00",
        ] {
            let there = template.replace("IT", &id.to_string());
            let nowhere = template.replace("IT", &never.to_string());
            for method in ["GET", "HEAD"] {
                for range in [None, Some("bytes=0-9")] {
                    let plain = |path: &str| {
                        let request = Forged::plain(method, &fixture.host(), path);
                        match range {
                            Some(range) => request.with("Range", range),
                            None => request,
                        }
                    };
                    for cookie in [None, Some(&fixture.out.cookie)] {
                        let as_them = |path: &str| match cookie {
                            Some(cookie) => plain(path).with("Cookie", cookie),
                            None => plain(path),
                        };
                        let hidden = ask(fixture, as_them(&there)).await;
                        let absent = ask(fixture, as_them(&nowhere)).await;
                        assert_eq!(hidden.status, 404, "{method} {there}");
                        assert_eq!(hidden, absent, "{method} {there}");
                    }
                }
            }
            for actor in [&fixture.quin, &fixture.pam, &fixture.eve] {
                let signed = |path: &str| Letter::get(actor, &fixture.host(), path).sign();
                let hidden = ask(fixture, signed(&there)).await;
                let absent = ask(fixture, signed(&nowhere)).await;
                assert_eq!(hidden.status, 404, "{} {there}", actor.name);
                assert_eq!(hidden, absent, "{} {there}", actor.name);
            }
        }
        // What its members get is kept by nobody on the way.
        let path = format!("/media/{id}");
        let own = Forged::plain("GET", &fixture.host(), &path).with("Cookie", &fixture.ann.cookie);
        let own = ask(fixture, own).await;
        assert_eq!(own.status, 200);
        assert_eq!(own.header("cache-control"), Some("private, no-store"));
        assert_eq!(own.header("x-content-type-options"), Some("nosniff"));
    })
    .await;
}

#[tokio::test]
async fn a27_a_partner_reads_what_is_attached_only_with_the_grant() {
    on_both(async |fixture| {
        let (post, id) = picture(&fixture.app, &fixture.ann, fixture.shared.id).await;
        let path = format!("/media/{id}");
        let shown = ask(
            fixture,
            Letter::get(&fixture.pam, &fixture.host(), &path).sign(),
        )
        .await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert_eq!(shown.header("cache-control"), Some("private, no-store"));
        assert_eq!(shown.header("content-type"), Some("image/png"));
        let hidden = ask(
            fixture,
            Letter::get(&fixture.quin, &fixture.host(), &path).sign(),
        )
        .await;
        assert_eq!(hidden.status, 404);
        let deleted = posts::delete(&fixture.app, fixture.ann.viewer(), post.id).await;
        deleted.expect("deleted");
        let gone = ask(
            fixture,
            Letter::get(&fixture.pam, &fixture.host(), &path).sign(),
        )
        .await;
        assert_eq!(gone.status, 404);
    })
    .await;
}

/// A PNG of little more than its head, which claims to be large.
fn claims_to_be_large() -> Vec<u8> {
    let mut bytes = png(3, 3, 1);
    bytes[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    let crc = !bytes[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    // As large as it may be: a megabyte of pixels that nobody reads.
    bytes.resize(1 << 20, 0);
    bytes
}

fn many_frames() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut bytes, 64, 64, &[0, 0, 0, 255, 255, 255]).expect("a GIF");
    for _ in 0..10_000 {
        let frame = gif::Frame::from_indexed_pixels(64, 64, vec![1; 64 * 64], None);
        encoder.write_frame(&frame).expect("a frame");
    }
    drop(encoder);
    bytes
}

#[tokio::test]
async fn a52_pictures_that_unfold_are_refused_soon_and_in_little_memory() {
    on_both(async |fixture| {
        let attacks = [
            ("50,000² pixels", claims_to_be_large(), "image/png"),
            ("10,000 frames", many_frames(), "image/gif"),
        ];
        // The first picture of all makes ready what is made ready once.
        assert_eq!(
            sends(fixture, "a.png", "image/png", &png(9, 9, 1))
                .await
                .status,
            200
        );
        for (what, bytes, kind) in attacks {
            let memory = Memory::of(fixture.server.pid());
            let begun = Instant::now();
            let reply = sends(fixture, "x.png", kind, &bytes).await;
            let took = begun.elapsed();
            assert_eq!(reply.status, 422, "{what}: {}", reply.text());
            assert!(took <= REFUSED_WITHIN, "{what} took {took:?}");
            let grown = memory.growth();
            assert!(grown <= REFUSED_BYTES_MAX, "{what}: {grown} bytes");
        }
    })
    .await;
}

#[tokio::test]
async fn a58_what_is_asked_besides_reaches_nobody() {
    on_both(async |fixture| {
        let (_, id) = picture(&fixture.app, &fixture.ann, fixture.shared.id).await;
        let cookie = &fixture.ann.cookie;
        let url = fixture.p.url("/trap");
        fixture.settle().await;
        let traffic = fixture.traffic();
        for more in [
            format!("?format=jpg%26proxy%3D{url}"),
            format!("?proxy={url}&url={url}"),
            format!("?format=jpg&size=%2e%2e%2f&url={url}"),
        ] {
            let plain = Forged::plain("GET", &fixture.host(), &format!("/media/{id}"));
            let bare = ask(fixture, plain.with("Cookie", cookie)).await;
            let asked = Forged::plain("GET", &fixture.host(), &format!("/media/{id}{more}"));
            let asked = ask(fixture, asked.with("Cookie", cookie)).await;
            assert_eq!(asked, bare, "{more}");
            let nothing = Forged::plain("GET", &fixture.host(), &format!("/media/x{more}"));
            assert_eq!(
                ask(fixture, nothing.with("Cookie", cookie)).await.status,
                404
            );
        }
        for odd in [
            format!("/media/{url}"),
            "/media/%2e%2e%2f%2e%2e%2fguildhall.db".into(),
            format!("/media/0{id}"),
            format!("/media/+{id}"),
        ] {
            let odd = Forged::plain("GET", &fixture.host(), &odd).with("Cookie", cookie);
            assert_eq!(ask(fixture, odd).await.status, 404);
        }
        assert_eq!(fixture.traffic(), traffic);
    })
    .await;
}

#[tokio::test]
async fn a61_a63_what_says_it_is_a_picture_is_one_or_is_refused() {
    on_both(async |fixture| {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(1)</script></svg>";
        let html = b"<!DOCTYPE html><script>alert(1)</script>";
        let mvg = b"push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 '|id'\npop graphic-context";
        let eps = b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file";
        for (name, kind, bytes) in [
            ("x.svg", "image/svg+xml", &svg[..]),
            ("x.png", "image/png", svg),
            ("x.png", "application/octet-stream", svg),
            ("x.html", "image/png", html),
            ("x.png", "text/html", html),
            ("x.png", "image/png", mvg),
            ("x.png", "image/png", eps),
            ("x.jpg", "application/postscript", eps),
        ] {
            let watch = fixture.dump().await.content();
            let reply = sends(fixture, name, kind, bytes).await;
            assert_eq!(reply.status, 415, "{name} {kind}: {}", reply.text());
            let changed = fixture.dump().await.content().since(&watch);
            assert_eq!(changed, Vec::<String>::new(), "{name} {kind}");
        }
        // Files that do not say so are kept, to be saved by who wants them and opened by nobody.
        for (name, kind, bytes) in [
            ("page.html", "text/html", &html[..]),
            ("../../../../tmp/guildhall-a63", "text/html", html),
            ("a\\..\\b/../c.html", "application/xhtml+xml", html),
        ] {
            let reply = sends(fixture, name, kind, bytes).await;
            assert_eq!(reply.status, 200, "{name}: {}", reply.text());
            let made: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
            let path = format!("/media/{}", made["id"].as_str().expect("an id"));
            for accept in ["text/html", ACTIVITY_JSON] {
                let open = Forged::plain("GET", &fixture.host(), &path);
                let open = open.with("Cookie", &fixture.ann.cookie).with("Accept", accept);
                let opened = ask(fixture, open).await;
                assert_eq!(opened.body, bytes);
                assert_eq!(opened.header("content-type"), Some("application/octet-stream"));
                let told = opened.header("content-disposition").unwrap_or_default();
                assert!(told.starts_with("attachment") && !told.contains('/'), "{told}");
                let policy = opened.header("content-security-policy").unwrap_or_default();
                assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"));
                assert_eq!(opened.header("x-content-type-options"), Some("nosniff"));
            }
        }
        assert!(!std::path::Path::new("/tmp/guildhall-a63").exists());
        let folder = fixture.instance.data_dir().join("media");
        for part in std::fs::read_dir(folder).expect("a folder") {
            let name = part.expect("an entry").file_name();
            let name = name.to_str().expect("text");
            let ours = name == "incoming" || name == "lock" || name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(ours, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a62_an_uploaded_document_is_never_an_activity() {
    on_both(async |fixture| {
        let actor = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": fixture.url("/u/admin"), "type": "Person", "inbox": fixture.p.url("/inbox"),
        });
        for kind in [ACTIVITY_JSON, "application/ld+json", "application/json"] {
            let reply = sends(fixture, "admin.json", kind, actor.to_string().as_bytes()).await;
            assert_eq!(reply.status, 200);
            let made: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
            let id = made["id"]
                .as_str()
                .expect("an id")
                .parse::<AttachmentId>()
                .expect("an id");
            let title = "Look".parse().expect("a title");
            let (app, viewer) = (&fixture.app, fixture.ann.viewer());
            let list = vec![Attached::from(id)];
            let shared = fixture.shared.id;
            let made = posts::create_topic(app, viewer, shared, title, None, None, list).await;
            made.expect("a topic");
            let path = format!("/media/{id}");
            let letter = Letter::get(&fixture.pam, &fixture.host(), &path).sign();
            let opened = ask(fixture, letter.with("Accept", ACTIVITY_JSON)).await;
            assert_eq!(opened.status, 200);
            assert_eq!(
                opened.header("content-type"),
                Some("application/octet-stream")
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_partner_without_attach_brings_no_files() {
    on_both(async |fixture| {
        let picture = |url: String| json!([{ "type": "Image", "mediaType": "image/png", "url": url, "name": "x" }]);
        let mut note = fixture.pam.note(fixture.shared_uri(), fixture.topic.uri.as_str(), "Look");
        note["attachment"] = picture(fixture.p.url("/picture.png"));
        fixture.p.put("/picture.png", Answer {
            status: 200,
            headers: vec![("Content-Type".into(), "image/png".into())],
            body: png(30, 20, 3),
        });
        // With it they do: and nothing is fetched before somebody looks.
        let then = fixture.p.traffic();
        let reply = fixture.deliver(&fixture.pam, &fixture.pam.create(&note)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        fixture.settle().await;
        assert_eq!(fixture.p.reads_since(then, "/picture.png"), 0);
        let thread = posts::thread(&fixture.app, fixture.ann.viewer(), fixture.topic.id).await;
        let thread = thread.expect("a thread");
        let mut all = thread.comments.iter().flat_map(|comment| &comment.view.attachments);
        let id = all.next().expect("an attachment").id;
        let path = format!("/media/{id}");
        // A stranger's look fetches nothing either.
        let out = Forged::plain("GET", &fixture.host(), &path).with("Cookie", &fixture.out.cookie);
        assert_eq!(ask(fixture, out).await.status, 404);
        assert_eq!(fixture.p.reads_since(then, "/picture.png"), 0);
        let ann = || Forged::plain("GET", &fixture.host(), &path).with("Cookie", &fixture.ann.cookie);
        assert_eq!(ask(fixture, ann()).await.status, 200);
        assert_eq!(ask(fixture, ann()).await.status, 200);
        assert_eq!(fixture.p.reads_since(then, "/picture.png"), 1);

        // From elsewhere than its author's server nothing is ever fetched; it is a link.
        let mut other = fixture.pam.note(fixture.shared_uri(), fixture.topic.uri.as_str(), "Look there");
        other["attachment"] = picture(fixture.q.url("/trap.png"));
        let then = fixture.q.traffic();
        let reply = fixture.deliver(&fixture.pam, &fixture.pam.create(&other)).await;
        assert_eq!(reply.status, 202);
        eventually("it is a link", async || {
            let thread = posts::thread(&fixture.app, fixture.ann.viewer(), fixture.topic.id).await;
            let thread = thread.expect("a thread");
            let links = |html: &str| html.contains("/trap.png");
            thread.comments.iter().any(|one| links(&one.view.post.html) && one.view.attachments.is_empty()).then_some(())
        })
        .await;
        assert_eq!(fixture.q.traffic(), then);
    })
    .await;
}

#[tokio::test]
async fn without_attach_a_post_with_files_is_refused() {
    on_both(async |fixture| {
        let group = fixture.new_group().await;
        fixture.open(&group, &fixture.p).await;
        fixture.admit(&fixture.pam, &group).await;
        let uri = group.actor.uri.as_str();
        fixture
            .grant(&group, &fixture.p, "read,react,reply,start")
            .await;
        fixture.settle().await;
        for kind in ["Image", "Document", "Video"] {
            let mut page = fixture.pam.page(uri, "Look", "at this");
            page["attachment"] =
                json!({ "type": kind, "url": fixture.p.url("/x"), "mediaType": "image/png" });
            let forged = fixture
                .letter(&fixture.pam, &fixture.pam.create(&page))
                .sign();
            let line = fixture.refuses(kind, &forged, 403).await;
            assert_eq!(line.reason, "cannot_attach");
        }
        let mut page = fixture.pam.page(uri, "Look", "at this");
        page["attachment"] = json!({ "type": "Link", "href": "https://map.example/" });
        let reply = fixture
            .deliver(&fixture.pam, &fixture.pam.create(&page))
            .await;
        assert_eq!(reply.status, 202, "a link is no file: {}", reply.text());
        fixture.settle().await;
    })
    .await;
}
