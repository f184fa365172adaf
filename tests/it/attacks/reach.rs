//! A53 to A57: our server is not sent to knock at doors that are not on the public Internet.
//!
//! P, Q and E are at 127.0.0.1, the only address of this machine that the operator allows here: it
//! stands for the public Internet. A trap listens at all others, and sees what connects to any of them.
//! That names are checked like addresses, and only once (A54, A55), is tested in `src/http/tests.rs`,
//! where a test can say what a name leads to.

use std::net::{Ipv6Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guildhall::federation::Federation;
use serde_json::json;

use super::fixture::{Fixture, alone_on_both};
use crate::support::forge::{Forged, Letter, Letter9421};
use crate::support::peer::{ACTIVITY_JSON, Actor, Answer, unique};

const SETTINGS: [(&str, &str); 2] = [
    ("GUILDHALL_FEDERATION__MODE", "open"),
    (
        "GUILDHALL_FEDERATION__ALLOW_ADDRESSES",
        r#"["127.0.0.1/32"]"#,
    ),
];

/// Addresses that are not on the public Internet, in every spelling.
const INSIDE: &[&str] = &[
    "127.0.0.2",
    "127.2",
    "2130706434",
    "0x7f000002",
    "0177.0.0.2",
    "0.0.0.0",
    "0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00::1]",
];

/// Listens at every address of this machine, and counts who comes.
struct Trap {
    port: u16,
    caught: Arc<AtomicUsize>,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let caught = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&caught);
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                counting.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, caught }
    }

    fn caught(&self) -> usize {
        self.caught.load(Ordering::SeqCst)
    }

    /// The addresses with the trap's port.
    fn hosts(&self) -> impl Iterator<Item = String> {
        INSIDE
            .iter()
            .map(|address| format!("{address}:{}", self.port))
    }
}

/// Eve, who says to live somewhere else.
fn living_at(host: &str, eve: &Actor) -> Actor {
    let id = format!("http://{host}/u/eve{}", unique());
    Actor {
        host: host.to_owned(),
        key_id: format!("{id}#main-key"),
        id,
        ..eve.clone()
    }
}

/// How often the way out was refused because of where it leads.
fn refusals(fixture: &Fixture) -> usize {
    fixture
        .instance
        .said()
        .matches("the address is refused (address)")
        .count()
}

#[tokio::test]
async fn a53_the_trap_sees_who_comes() {
    let trap = Trap::set();
    for address in ["127.0.0.2", "[::1]"] {
        let there = format!("{address}:{}", trap.port);
        drop(
            tokio::net::TcpStream::connect(there)
                .await
                .expect("it listens"),
        );
    }
    crate::support::world::eventually("both are seen", async || (trap.caught() == 2).then_some(()))
        .await;
}

#[tokio::test]
async fn a53_no_fetch_goes_where_the_internet_does_not_reach() {
    alone_on_both(&SETTINGS, async |fixture| {
        let trap = Trap::set();
        let federation = Federation::new(fixture.app.clone()).expect("threads");
        let before = fixture.settle().await.content();
        for host in trap.hosts() {
            let liar = living_at(&host, &fixture.eve);
            // The key and the actor of an activity, signed in either way.
            let activity = liar.activity("Follow", fixture.shared_uri().into());
            let refused = refusals(fixture);
            let reply = fixture.deliver(&liar, &activity).await;
            assert_eq!(reply.status, 401, "{host}: {}", reply.text());
            assert_eq!(
                refusals(fixture),
                refused + 1,
                "{host}: {}",
                fixture.instance.said()
            );
            let other = living_at(&host, &fixture.eve);
            let activity = other.activity("Follow", fixture.shared_uri().into());
            let letter = Letter9421::post_ed25519(&other, &fixture.host(), &activity);
            assert_eq!(fixture.send(&letter.sign()).await.status, 401, "{host}");
            // The key of a reader.
            let reader = living_at(&host, &fixture.eve);
            let read = Letter::get(&reader, &fixture.host(), "/g/shared").sign();
            assert_eq!(fixture.send(&read).await.status, 404, "{host}");
            // What a person looks for: an address, and a handle.
            assert!(federation.discover(&liar.id).await.is_err(), "{host}");
            assert!(federation.discover(&liar.handle()).await.is_err(), "{host}");
            let handle: String =
                url::form_urlencoded::byte_serialize(liar.handle().as_bytes()).collect();
            for path in [
                format!("/api/v2/search?type=accounts&resolve=true&q={handle}"),
                format!("/find?handle={handle}"),
            ] {
                let search = Forged::plain("GET", &fixture.host(), &path);
                let search = search
                    .with("Authorization", &format!("Bearer {}", fixture.ann.token))
                    .with("Cookie", &fixture.ann.cookie);
                let reply = fixture.send(&search).await;
                assert!(reply.status < 500, "{path}: {}", reply.text());
                assert!(!reply.text().contains(&liar.id), "{path}: {}", reply.text());
            }
            assert_eq!(trap.caught(), 0, "{host}");
        }
        let after = fixture.settle().await.content();
        let beside = ["arrivals", "jobs"];
        let changes = after.without(&beside).since(&before.without(&beside));
        assert_eq!(changes, Vec::<String>::new());
        assert_eq!(trap.caught(), 0);
    })
    .await;
}

#[tokio::test]
async fn a53_without_the_laboratorys_setting_this_machine_is_not_reached() {
    let strict = [
        ("GUILDHALL_FEDERATION__MODE", "open"),
        ("GUILDHALL_FEDERATION__ALLOW_ADDRESSES", "[]"),
    ];
    for backend in crate::support::requirements::backends() {
        let Some(mut instance) = crate::support::world::instance("v", backend) else {
            continue;
        };
        for (name, value) in strict {
            instance = instance.with(name, value);
        }
        let init = [
            "init",
            "--name",
            "V",
            "--admin",
            "boss",
            "--email",
            "boss@v.example",
        ];
        instance.run_json(&init).await;
        let _server = instance.serve().await;
        let e = crate::support::peer::Peer::start("e");
        let port = e.host().rsplit(':').next().unwrap().to_owned();
        let eve = e.person("eve");
        let then = e.traffic();
        for host in [
            e.host(),
            format!("localhost:{port}"),
            format!("127.0.0.1:{port}"),
        ] {
            let eve = living_at(&host, &eve);
            let activity = eve.activity("Follow", json!(format!("{}/g/any", instance.origin())));
            let letter = Letter::post(&eve, &instance.host(), &activity).sign();
            let reply = letter.send(&instance.address()).await;
            assert_eq!(reply.status, 401, "{host}: {}", reply.text());
        }
        assert_eq!(e.traffic(), then, "E was connected to");
        assert_eq!(
            instance
                .said()
                .matches("the address is refused (address)")
                .count(),
            3
        );
    }
}

#[tokio::test]
async fn a53_a_groups_own_documents_do_not_lead_inside() {
    alone_on_both(&SETTINGS, async |fixture| {
        let trap = Trap::set();
        let club = fixture.p.group(&format!("club{}", unique()));
        let outbox = format!("{}/outbox", club.id);
        let path = outbox.split_once(&club.host).unwrap().1.to_owned();
        let mut items = Vec::new();
        for (number, host) in trap.hosts().enumerate() {
            let inside = format!("http://{host}/notes/{number}");
            let mut page = fixture
                .pam
                .page(&club.id, &format!("Topic {number}"), "Words.");
            for field in ["context", "inReplyTo", "url", "replies", "likes", "image"] {
                if field != "inReplyTo" || number % 2 == 0 {
                    page[field] = json!(inside);
                }
            }
            page["attachment"] = json!([{ "type": "Image", "url": inside }]);
            page["tag"] = json!([{ "type": "Mention", "href": inside }]);
            items.push(fixture.pam.create(&page));
            items.push(json!(inside));
            let theirs = living_at(&host, &fixture.eve);
            items.push(theirs.create(&theirs.page(&club.id, "A topic", "Words.")));
        }
        let collection =
            json!({ "id": outbox, "type": "OrderedCollection", "orderedItems": items });
        fixture.p.put(&path, Answer::of(ACTIVITY_JSON, &collection));
        // What is read and passed on below waits for servers that never answer: until then everything settles.
        let pia = fixture.p.person(&format!("pia{}", unique()));
        super::follows::bob_follows(fixture, &pia).await;
        let then = fixture.p.traffic();
        let club = fixture.join(club).await;
        assert_eq!(fixture.p.reads_since(then, &path), 1);
        // And what it passes on later.
        for host in trap.hosts() {
            let theirs = living_at(&host, &fixture.eve);
            let said = theirs.proven(&theirs.create(&theirs.page(&club.id, "A topic", "Words.")));
            let announce = club.activity("Announce", said);
            let status = fixture.deliver(&club, &announce).await.status;
            assert!([202, 400, 403].contains(&status), "{host}: {status}");
            let announce = club.activity("Announce", json!(format!("http://{host}/notes/1")));
            let status = fixture.deliver(&club, &announce).await.status;
            assert!([202, 400, 403].contains(&status), "{host}: {status}");
        }
        // And what somebody boosts whom bob follows; and where a conversation is said to be.
        for host in trap.hosts() {
            let inside = format!("http://{host}/notes/1");
            let announce = pia.activity("Announce", json!(inside));
            let status = fixture.deliver(&pia, &announce).await.status;
            assert!([202, 400].contains(&status), "{host}: {status}");
            let mut orphan = fixture
                .pam
                .note(&club.id, &fixture.pam.new_id(), "An orphan.");
            orphan["context"] = json!(inside);
            let announce = club.activity("Announce", fixture.pam.create(&orphan));
            let status = fixture.deliver(&club, &announce).await.status;
            // The house is busy with what leads nowhere; what is not taken now is not followed either.
            assert!([202, 503].contains(&status), "{host}: {status}");
        }
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert_eq!(trap.caught(), 0);
    })
    .await;
}

#[tokio::test]
async fn a56_redirects_lead_nowhere() {
    alone_on_both(&SETTINGS, async |fixture| {
        let trap = Trap::set();
        let federation = Federation::new(fixture.app.clone()).expect("threads");
        let [_, q, _] = fixture.traffic();
        for status in [302, 307, 308] {
            for to in [
                format!("http://127.0.0.2:{}/latest/meta-data", trap.port),
                format!("http://[::1]:{}/", trap.port),
                fixture.q.url("/elsewhere"),
                "http://169.254.169.254/latest/meta-data".to_owned(),
            ] {
                let moved = fixture.p.person(&format!("m{}", unique()));
                let path = moved.id.split_once(&moved.host).unwrap().1;
                fixture.p.put(path, Answer::redirect(status, &to));
                let activity = moved.activity("Follow", fixture.shared_uri().into());
                let reply = fixture.deliver(&moved, &activity).await;
                assert_eq!(reply.status, 401, "{status} {to}: {}", reply.text());
                assert!(federation.discover(&moved.id).await.is_err());
                let finger: String =
                    url::form_urlencoded::byte_serialize(moved.handle().as_bytes()).collect();
                let finger = format!("/.well-known/webfinger?resource=acct%3A{finger}");
                fixture.p.put(&finger, Answer::redirect(status, &to));
                assert!(federation.discover(&moved.handle()).await.is_err());
            }
        }
        // A document that is there and also says where else it is.
        let here = fixture.p.person(&format!("h{}", unique()));
        let path = here.id.split_once(&here.host).unwrap().1;
        let mut answer = Answer::of(ACTIVITY_JSON, &here.document());
        let there = format!("http://127.0.0.2:{}/", trap.port);
        for header in ["Location", "Content-Location", "Refresh", "Link"] {
            answer.headers.push((header.into(), there.clone()));
        }
        fixture.p.put(path, answer);
        fixture.admit(&here, &fixture.shared).await;
        // Deliveries are not carried on either.
        fixture.p.redirect_posts(307, &there);
        let then = fixture.p.traffic();
        fixture.post("Not for elsewhere", "Words.").await;
        crate::support::world::eventually("P was told", async || {
            (!fixture.p.mail_since(then).is_empty()).then_some(())
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(trap.caught(), 0);
        assert_eq!(fixture.q.traffic(), q, "Q was connected to");
    })
    .await;
}

#[tokio::test]
async fn a57_no_other_scheme_and_no_other_service() {
    alone_on_both(&SETTINGS, async |fixture| {
        let trap = Trap::set();
        let there = format!("127.0.0.2:{}", trap.port);
        let before = fixture.settle().await.content();
        for id in [
            "https://p.test:22/u/x".to_owned(),
            "https://127.0.0.1:25/u/x".to_owned(),
            format!("ftp://{there}/u/x"),
            format!("gopher://{there}/u/x"),
            "file:///etc/passwd".to_owned(),
            "data:application/activity+json,{}".to_owned(),
            format!("http://user:word@{there}/u/x"),
            format!("http://{there}@p.test:22/u/x"),
            format!("unix://{there}/u/x"),
        ] {
            let mut liar = fixture.eve.clone();
            liar.key_id = format!("{id}#main-key");
            liar.id.clone_from(&id);
            let mut activity = liar.activity("Follow", fixture.shared_uri().into());
            activity["id"] = json!(format!("{id}/1"));
            let reply = fixture.deliver(&liar, &activity).await;
            assert!([400, 401].contains(&reply.status), "{id}: {}", reply.text());
        }
        let after = fixture.settle().await.content();
        assert_eq!(after.since(&before), Vec::<String>::new());
        assert_eq!(trap.caught(), 0);
    })
    .await;
}
