//! Documents as other software really writes them, sent to a running server: the samples of
//! `fediverse-pasture-inputs`, which nobody here wrote, and our own after Lemmy, Mastodon, snac and NodeBB.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::dump::Dump;
use crate::support::forge::{Forged, Letter, Reply};
use crate::support::peer::{Actor, Peer};
use crate::support::plain::without_ports;
use crate::support::process::Instance;
use crate::support::requirements::{Backend, backends, skip};
use crate::support::world::{Member, World, eventually, text};

const INSTALL_WITHIN: Duration = Duration::from_secs(300);
const EXPORT_WITHIN: Duration = Duration::from_secs(60);

/// What no text that we show may contain.
const HARMFUL: &[&str] = &["<script", "onerror=", "javascript:"];

/// Fewer shown samples than this, and the test would say little.
const SHOWN_MIN: usize = 100;

#[tokio::test]
async fn every_sample_of_the_pasture_is_shown_sensibly_or_refused_for_a_reason() {
    if let Err(why) = output_of("install.sh", &[], INSTALL_WITHIN).await {
        skip("peers", &format!("the pasture cannot be installed: {why}"));
        return;
    }
    for backend in backends() {
        let Some(hall) = Hall::start(backend).await else {
            continue;
        };
        let peer = Peer::start("pasture");
        let pam = hall.guest(&peer, "pam").await;
        let samples = samples(&pam, &hall.group_uri(), &peer.url("")).await;
        assert!(samples.len() > SHOWN_MIN, "{} samples", samples.len());
        let mut answers = Vec::new();
        for sample in &samples {
            let reply = hall.deliver(&pam, &sample["activity"]).await;
            assert!(
                [202, 400, 403, 404, 413].contains(&reply.status),
                "{}: {} {}",
                sample["name"],
                reply.status,
                reply.text()
            );
            answers.push(reply);
        }

        let dump = hall.settle().await;
        let outcomes = outcomes(&samples, &answers, &dump);
        for arrival in rows(&dump, "arrivals") {
            let settled = match text(&arrival["state"]) {
                "applied" => true,
                "refused" | "ignored" => arrival["reason"]
                    .as_str()
                    .is_some_and(|why| !why.is_empty()),
                _ => false,
            };
            assert!(settled, "{backend:?}: {arrival}");
        }
        let mut posts = rows(&dump, "posts");
        posts.retain(|post| text(&post["uri"]).starts_with(&pam.id));
        assert!(posts.len() > SHOWN_MIN, "{} are shown", posts.len());
        for post in &posts {
            assert_harmless(text(&post["html"]), post);
        }

        let ready = Forged::plain("GET", &hall.instance().host(), "/readyz");
        let ready = ready.send(&hall.instance().address()).await;
        assert_eq!(ready.status, 200, "{}", ready.text());
        let home = hall.ada.get("/api/v1/timelines/home?limit=40").await;
        assert_eq!(home.status, 200, "{home:?}");
        let home = home.body.as_array().expect("a list").clone();
        assert!(!home.is_empty(), "the home timeline is empty");
        for status in &home {
            assert_harmless(text(&status["content"]), status);
        }
        compare(backend, &outcomes);
    }
}

/// What became of a sample: a line for the snapshot, and what a person sees of it.
struct Outcome {
    line: String,
    seen: String,
}

/// What became of each sample. The texts of the samples are their authors', so the snapshot has only the
/// shape of what is shown and a digest of it.
fn outcomes(samples: &[Value], answers: &[Reply], dump: &Dump) -> Vec<Outcome> {
    let by = |table: &str, key: &str| -> HashMap<String, Value> {
        let rows = rows(dump, table).into_iter();
        rows.map(|row| (text(&row[key]).to_owned(), row)).collect()
    };
    let (arrivals, posts) = (by("arrivals", "activity_uri"), by("posts", "uri"));
    let outcome = |(sample, answer): (&Value, &Reply)| {
        let (name, activity) = (text(&sample["name"]), &sample["activity"]);
        let post = activity["object"]["id"].as_str();
        if let Some(post) = post.and_then(|id| posts.get(id)) {
            let (title, html) = (text(&post["title"]), text(&post["html"]));
            let seen = without_ports(&format!("{title}\n{html}"));
            let digest = openssl::sha::sha256(seen.as_bytes());
            let digest: String = digest[..6]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let untitled = match title {
                "(without a title)" => " untitled",
                _ => "",
            };
            let line = format!("{name} shown {digest}{untitled} {}", shape(html));
            return Outcome { line, seen };
        }
        let arrival = activity["id"].as_str().and_then(|id| arrivals.get(id));
        let why = match arrival {
            Some(arrival) => {
                let why = arrival["reason"].as_str().unwrap_or("for no reason");
                format!("{} {why}", text(&arrival["state"]))
            }
            None => format!("{} {}", answer.status, answer.text()),
        };
        Outcome {
            line: format!("{name} {}", why.replace('\n', " ")),
            seen: String::new(),
        }
    };
    samples.iter().zip(answers).map(outcome).collect()
}

/// The elements of HTML, without attributes, and `…` for every text.
fn shape(html: &str) -> String {
    let mut shape = String::new();
    for part in html.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or(("", part));
        if let Some(name) = tag.split(' ').next().filter(|name| !name.is_empty()) {
            shape.push_str(&format!("<{name}>"));
        }
        if !words.trim().is_empty() {
            shape.push('…');
        }
    }
    shape
}

/// Compares with what was kept, or keeps it; what a person sees is left in `target/` for reading.
fn compare(backend: Backend, outcomes: &[Outcome]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seen = outcomes
        .iter()
        .map(|outcome| format!("## {}\n{}\n", outcome.line, outcome.seen));
    let _ = std::fs::write(root.join("target/pasture.txt"), seen.collect::<String>());
    let lines: String = outcomes
        .iter()
        .map(|outcome| format!("{}\n", outcome.line))
        .collect();
    let file = root.join("tests/peers/pasture/outcomes.txt");
    if std::env::var_os("UPDATE_PASTURE").is_some() {
        std::fs::write(&file, &lines).expect("the snapshot");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let mut pairs = kept.lines().zip(lines.lines());
    let differs = pairs.find(|(kept, now)| kept != now);
    assert!(
        kept == lines,
        "{backend:?}: other software's posts are shown differently. First: {differs:#?}\nRead \
         target/pasture.txt; if it is meant, run `UPDATE_PASTURE=1 cargo test --test it pasture`."
    );
}

/// What somebody of some software says, and words by which it is recognized.
struct Saying {
    software: &'static str,
    /// Their address in the fixtures, and the name they get at the peer.
    author: (&'static str, &'static str),
    /// Files and words of what starts a topic.
    topics: &'static [(&'static str, &'static str)],
    /// Files and words of what answers `/p/41`.
    comments: &'static [(&'static str, &'static str)],
}

const SAYINGS: &[Saying] = &[
    Saying {
        software: "lemmy",
        author: ("/u/lena", "lena"),
        topics: &[
            ("create_page", "that lasts"),
            ("create_page_link", "maps.example/repair"),
            ("create_page_private", "that lasts"),
        ],
        comments: &[("create_note", "works well")],
    },
    Saying {
        software: "mastodon",
        author: ("/users/mara", "mara"),
        topics: &[
            ("create_note_mention", "How do you keep the build fast?"),
            ("create_note_warning", "look"),
            ("create_question", "Tabs or spaces?"),
        ],
        comments: &[("create_note_reply", "we split the crates")],
    },
    Saying {
        software: "snac",
        author: ("/sara", "sara"),
        topics: &[("create_note_mention", "Larch or oak?")],
        comments: &[("create_note_reply", "We bring the ribbon.")],
    },
    Saying {
        software: "nodebb",
        author: ("/uid/7", "nils"),
        topics: &[("create_note_to_group", "Here is how I made")],
        comments: &[("create_reply", "Here is how I made")],
    },
];

#[tokio::test]
async fn documents_shaped_like_lemmys_mastodons_and_nodebbs_are_understood() {
    for backend in backends() {
        let Some(hall) = Hall::start(backend).await else {
            continue;
        };
        let group = hall.ada.find("engineering").await;
        let topic = hall.ada.topic(&group, "Which drill?", "Any advice?").await;
        for saying in SAYINGS {
            let peer = Peer::start(saying.software);
            let author = hall.guest(&peer, saying.author.1).await;
            let fitted = |name: &str| hall.fit(saying, name, &author, text(&topic["uri"]));
            for &(name, words) in saying.topics {
                let uri = hall.take(&author, name, &fitted(name)).await;
                let seen = hall.ada.see_topic(&uri).await;
                assert!(text(&seen["content"]).contains(words), "{name}: {seen}");
            }
            for &(name, words) in saying.comments {
                let uri = hall.take(&author, name, &fitted(name)).await;
                let seen = hall.ada.see_comment(text(&topic["id"]), &uri).await;
                assert!(text(&seen["content"]).contains(words), "{name}: {seen}");
            }
        }
        let dump = hall.settle().await;
        for post in rows(&dump, "posts") {
            assert_eq!(
                post["title"].is_null(),
                !post["parent_id"].is_null(),
                "topics have titles, comments have none: {post}"
            );
        }
    }
}

// The scene ---------------------------------------------------------------------------------------

/// A house with ada's closed group *engineering*, which is open to partners.
struct Hall {
    world: World,
    ada: Member,
}

impl Hall {
    async fn start(backend: Backend) -> Option<Self> {
        let world = World::start(backend, ["hall"]).await?;
        let ada = world.engineering("hall", "closed", "partners").await;
        Some(Self { world, ada })
    }

    fn instance(&self) -> &Instance {
        &self.world.house("hall").instance
    }

    fn group_uri(&self) -> String {
        format!("{}/g/engineering", self.instance().origin())
    }

    /// Somebody at a peer that becomes a partner, let into the group.
    async fn guest(&self, peer: &Peer, name: &str) -> Actor {
        let hall = self.instance();
        let host = peer.host();
        self.world
            .open_to("hall", &host, &["--history", "all"])
            .await;
        let guest = peer.person(name);
        let follow = guest.activity("Follow", self.group_uri().into());
        let reply = self.deliver(&guest, &follow).await;
        assert_eq!(reply.status, 202, "{name} follows: {}", reply.text());
        let handle = guest.handle();
        eventually(&format!("{handle} asks to join"), async || {
            let members = hall.run_json(&["member", "list", "engineering"]).await;
            let is_here = |row: &Value| row["who"] == handle.as_str();
            members
                .as_array()
                .is_some_and(|rows| rows.iter().any(is_here))
                .then_some(())
        })
        .await;
        hall.run_json(&["member", "add", "engineering", &handle])
            .await;
        guest
    }

    /// A fixture with the addresses of this house, this peer and ada's topic in it.
    fn fit(&self, saying: &Saying, name: &str, author: &Actor, topic: &str) -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let file = folder.join(saying.software).join(format!("{name}.json"));
        let document = std::fs::read_to_string(file).expect("a fixture");
        let there = format!("{}.example", saying.software);
        let (hall, host) = (self.instance(), &author.host);
        let document = document
            .replace(&format!("https://{there}{}", saying.author.0), &author.id)
            .replace(&format!("https://{there}"), &format!("http://{host}"))
            .replace(&there, host)
            .replace("https://acme.example/p/41", topic)
            .replace("https://acme.example", &hall.origin())
            .replace("acme.example", &hall.host());
        serde_json::from_str(&document).expect("JSON")
    }

    /// Delivers something that has to be taken; the id of its object.
    async fn take(&self, author: &Actor, name: &str, activity: &Value) -> String {
        let reply = self.deliver(author, activity).await;
        assert_eq!(reply.status, 202, "{name}: {}", reply.text());
        text(&activity["object"]["id"]).to_owned()
    }

    async fn deliver(&self, sender: &Actor, activity: &Value) -> Reply {
        let hall = self.instance();
        let letter = Letter::post(sender, &hall.host(), activity).sign();
        letter.send(&hall.address()).await
    }

    /// Waits until everything that arrived was decided on, and answers what there is then.
    async fn settle(&self) -> Dump {
        eventually("no arrival is pending", async || {
            let url = self.instance().database_url();
            let read = tokio::task::spawn_blocking(move || Dump::of(&url));
            let dump = read.await.expect("a dump");
            let waits = dump.count("arrivals", r#""state":"pending""#);
            (waits == 0).then_some(dump)
        })
        .await
    }
}

fn rows(dump: &Dump, table: &str) -> Vec<Value> {
    let rows = dump.rows(table).iter();
    rows.map(|row| serde_json::from_str(row).expect("a row"))
        .collect()
}

#[track_caller]
fn assert_harmless(html: &str, whole: &Value) {
    let html = html.to_ascii_lowercase();
    for harm in HARMFUL {
        assert!(!html.contains(harm), "{harm} in {whole}");
    }
}

// The pasture -------------------------------------------------------------------------------------

/// The samples, sent by somebody to a group.
async fn samples(sender: &Actor, group: &str, assets: &str) -> Vec<Value> {
    let options = [
        "--actor",
        &sender.id,
        "--recipient",
        group,
        "--assets",
        assets,
    ];
    let lines = output_of("run.sh", &options, EXPORT_WITHIN).await;
    let lines = lines.expect("the samples");
    let lines = lines.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("a sample"))
        .collect()
}

/// Runs a script of the pasture: what it wrote, or why it failed.
async fn output_of(script: &str, options: &[&str], within: Duration) -> Result<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/pasture");
    let mut command = tokio::process::Command::new(folder.join(script));
    command
        .args(options)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(within, command.output()).await;
    let output = output
        .map_err(|_| format!("{script} takes longer than {within:?}"))?
        .map_err(|error| format!("{script}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{script}: {}: {}", output.status, said.trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{script}: {error}"))
}
