//! Somebody on a server that nobody here wrote takes part in a group.
//!
//! Signing, verifying, JSON-LD and the documents of the other side are Fedify's (`tests/peers`), so
//! that a mistake of ours cannot be on both sides.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::OnceCell;

use crate::support::leash::{self, End, Held};
use crate::support::process::Instance;
use crate::support::requirements::{backends, skip};
use crate::support::world::{Member, World, client, eventually, text};

mod snac;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");

/// It may have to fetch the library and a Node.js first.
const INSTALLED_WITHIN: Duration = Duration::from_secs(300);
const READY_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_server_nobody_here_wrote_takes_part_in_a_group() {
    for backend in backends() {
        let Some(peer) = Peer::start(Software::Fedify).await else {
            return;
        };
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let ada = world.engineering("acme", "open", "partners").await;
        world.open_to("acme", &peer.host, &["--join", "auto"]).await;
        let here = ada.find("engineering").await;
        let group = format!("{}/g/engineering", acme.origin());
        let alice = format!("alice@{}", peer.host);

        // Of a private group she reads nothing before she is in it.
        let (payroll, salaries) = private_group(acme, &ada, &peer.host).await;
        let refused = peer.fetch(&salaries, "signed").await;
        assert_eq!(refused["status"], 404, "{refused}");
        assert_eq!(peer.fetch(&payroll, "unsigned").await["status"], 404);
        peer.deliver("follow", json!({ "actor": payroll })).await;
        peer.hears("that she is let in", |activity| {
            activity["type"] == "Accept" && activity["actor"] == payroll.as_str()
        })
        .await;
        let granted = peer.fetch(&salaries, "signed").await;
        assert_eq!(granted["status"], 200, "{granted}");
        assert_eq!(granted["json"]["id"], salaries.as_str(), "{granted}");

        // She follows the group and is let in.
        let follow = peer.deliver("follow", json!({ "actor": group })).await;
        eventually(&format!("{alice} is in engineering"), async || {
            let members = acme.run_json(&["member", "list", "engineering"]).await;
            let is_in = |row: &Value| row["who"] == alice.as_str() && row["state"] == "member";
            members.as_array()?.iter().any(is_in).then_some(())
        })
        .await;
        peer.hears("the Accept of her Follow", |activity| {
            activity["type"] == "Accept"
                && activity["actor"] == group.as_str()
                && activity["object"]["id"] == follow["id"]
        })
        .await;

        // What is said in the group reaches her, and she may read it where it is kept.
        let bridge = ada
            .topic(&here, "Bridge opens Monday", "Who brings the **ribbon**?")
            .await;
        let (bridge_id, bridge_uri) = (text(&bridge["id"]), text(&bridge["uri"]));
        peer.hears("the Announce of ada's topic", |activity| {
            activity["type"] == "Announce"
                && activity["actor"] == group.as_str()
                && activity["object"]["object"]["id"] == bridge_uri
        })
        .await;
        let read = peer.fetch(bridge_uri, "signed").await;
        assert_eq!(read["status"], 200, "{read}");
        assert_eq!(read["json"]["id"], bridge_uri, "{read}");
        let unsigned = peer.fetch(bridge_uri, "unsigned").await;
        assert_eq!(unsigned["status"], 404, "{unsigned}");

        // She answers, likes it, and starts a topic of her own.
        let reply = peer
            .deliver(
                "post",
                json!({
                    "content": "<p>We bring the ribbon.</p>",
                    "inReplyTo": bridge_uri,
                    "to": [group],
                    "cc": [],
                    "audience": [group],
                }),
            )
            .await;
        let reply_uri = text(&reply["object"]);
        let seen = ada.see_comment(bridge_id, reply_uri).await;
        assert!(text(&seen["content"]).contains("We bring"), "{seen}");
        assert_eq!(seen["account"]["acct"], alice.as_str(), "{seen}");

        peer.deliver("like", json!({ "object": bridge_uri, "to": [group] }))
            .await;
        eventually("her like is counted", async || {
            let status = ada.get(&format!("/api/v1/statuses/{bridge_id}")).await;
            (status.body["favourites_count"] == 1).then_some(())
        })
        .await;

        let timber = peer
            .deliver(
                "post",
                json!({
                    "content": "<p>Timber for the handrail</p><p>Larch or oak?</p>",
                    "to": [group],
                    "cc": [],
                    "audience": [group],
                }),
            )
            .await;
        let timber = ada.see_topic(text(&timber["object"])).await;
        assert!(timber.to_string().contains("Larch or oak?"), "{timber}");

        // She is answered and liked; what is changed and taken back here she is told, too.
        let answer = ada.reply(text(&seen["id"]), "Thank you, alice.").await.body;
        let (answer_id, answer_uri) = (text(&answer["id"]), text(&answer["uri"]));
        let told = |kind: &'static str, uri: &str| {
            let uri = uri.to_owned();
            move |activity: &Value| {
                let inner = &activity["object"];
                let object = &inner["object"];
                inner["type"] == kind && (object["id"] == uri.as_str() || *object == uri.as_str())
            }
        };
        peer.hears("the answer", told("Create", answer_uri)).await;
        assert_eq!(ada.like(text(&seen["id"])).await.status, 200);
        peer.hears("that she is liked", told("Like", reply_uri))
            .await;
        let edit = json!({ "status": "Thanks, alice." });
        ada.put(&format!("/api/v1/statuses/{answer_id}"), edit)
            .await;
        peer.hears("the edit", told("Update", answer_uri)).await;
        ada.delete(&format!("/api/v1/statuses/{answer_id}")).await;
        peer.hears("that it is deleted", told("Delete", answer_uri))
            .await;

        // The group passes her words on to its members, to herself too.
        peer.hears("the Announce of her own reply", |activity| {
            activity["type"] == "Announce" && activity["object"]["object"]["id"] == reply_uri
        })
        .await;

        // She changes her mind.
        peer.deliver(
            "edit",
            json!({ "object": reply_uri, "content": "<p>We bring the scissors.</p>" }),
        )
        .await;
        eventually("ada sees the edit", async || {
            let comments = ada.comments(bridge_id).await;
            let edited = comments
                .iter()
                .find(|comment| comment["uri"] == reply_uri)?;
            text(&edited["content"])
                .contains("the scissors")
                .then_some(())
        })
        .await;
        peer.deliver("delete", json!({ "object": reply_uri })).await;
        eventually("her reply is gone", async || {
            let comments = ada.comments(bridge_id).await;
            comments
                .iter()
                .all(|comment| comment["uri"] != reply_uri)
                .then_some(())
        })
        .await;
    }
}

/// Ada's closed group *payroll*, open to the peer, and a topic in it: their addresses.
async fn private_group(acme: &Instance, ada: &Member, host: &str) -> (String, String) {
    let found = [
        "group", "create", "payroll", "--title", "Payroll", "--access", "closed", "--owner", "ada",
    ];
    acme.run_json(&found).await;
    acme.run_json(&["group", "stage", "payroll", "partners"])
        .await;
    let terms = ["--can", "read", "--history", "all", "--join", "auto"];
    let grant = [&["grant", "add", "payroll", host], &terms[..]].concat();
    acme.run_json(&grant).await;
    let payroll = ada.find("payroll").await;
    let salaries = ada.topic(&payroll, "Salaries", "They rise.").await;
    let group = format!("{}/g/payroll", acme.origin());
    (group, text(&salaries["uri"]).to_owned())
}

#[tokio::test]
async fn people_here_and_on_a_server_nobody_here_wrote_follow_each_other() {
    for backend in backends() {
        let Some(peer) = Peer::start(Software::Fedify).await else {
            return;
        };
        let settings = [("GUILDHALL_PROFILES__AUDIENCE", "public")];
        let Some(world) = World::start_with(backend, ["acme"], &settings).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        acme.add_partner(&peer.host).await;
        let ada = world.member("ada@acme").await;
        let ada_uri = format!("{}/u/ada", acme.origin());
        let alice = format!("alice@{}", peer.host);

        // She asks to follow ada, who lets her in.
        let follow = peer.deliver("follow", json!({ "actor": ada_uri })).await;
        let id = eventually("alice asks", async || {
            let requests = ada.get("/api/v1/follow_requests").await.body;
            let asks = requests
                .as_array()?
                .iter()
                .find(|one| one["acct"] == alice.as_str())?;
            Some(text(&asks["id"]).to_owned())
        })
        .await;
        let path = format!("/api/v1/follow_requests/{id}/authorize");
        ada.post(&path, json!({})).await;
        peer.hears("the Accept of her Follow", |activity| {
            activity["type"] == "Accept"
                && activity["actor"] == ada_uri.as_str()
                && activity["object"]["id"] == follow["id"]
        })
        .await;

        // What ada writes for followers reaches her; she reads it where it is kept, and answers.
        let words = json!({ "status": "We start on Monday.", "audience": "followers" });
        let post = ada.post("/api/v1/statuses", words).await.body;
        let (post_id, post_uri) = (text(&post["id"]), text(&post["uri"]));
        peer.hears("the Create of ada's post", |activity| {
            activity["type"] == "Create" && activity["object"]["id"] == post_uri
        })
        .await;
        assert_eq!(peer.fetch(post_uri, "signed").await["status"], 200);
        assert_eq!(peer.fetch(post_uri, "unsigned").await["status"], 404);
        let reply = peer
            .deliver(
                "post",
                json!({
                    "content": "<p>At last.</p>",
                    "inReplyTo": post_uri,
                    "to": [ada_uri],
                    "cc": [format!("{ada_uri}/followers")],
                    "deliver": [ada_uri],
                }),
            )
            .await;
        ada.see_comment(post_id, text(&reply["object"])).await;

        // Ada follows her, and reads what she writes.
        let path = format!("/api/v1/accounts/{id}/follow");
        ada.post(&path, json!({})).await;
        eventually("alice let ada in", async || {
            let path = format!("/api/v1/accounts/relationships?id[]={id}");
            (ada.get(&path).await.body[0]["following"] == true).then_some(())
        })
        .await;
        let loud = peer
            .deliver(
                "post",
                json!({
                    "content": "<p>Timber is here.</p>",
                    "to": ["as:Public"],
                    "cc": [],
                    "deliver": [ada_uri],
                }),
            )
            .await;
        let seen = ada.see_topic(text(&loud["object"])).await;
        assert_eq!(seen["account"]["acct"], alice.as_str(), "{seen}");
        let answer = ada.reply(text(&seen["id"]), "Larch?").await;
        let answer_uri = text(&answer.body["uri"]);
        peer.hears("ada's answer", |activity| {
            activity["type"] == "Create" && activity["object"]["id"] == answer_uri
        })
        .await;
    }
}

/// What a peer runs; its folder in `tests/peers`.
#[derive(Clone, Copy, Debug)]
enum Software {
    Fedify,
    Snac,
}

impl Software {
    const fn folder(self) -> &'static str {
        match self {
            Self::Fedify => "fedify",
            Self::Snac => "snac",
        }
    }
}

/// A server with one person, alice. Dropping it ends it.
struct Peer {
    /// As partners see it, with its port.
    host: String,
    control: String,
    client: reqwest::Client,
    _process: Child,
    _leash: Held,
    /// It ends when this is closed.
    _input: ChildStdin,
    _output: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts one, or none where it cannot be installed (which was said loudly).
    async fn start(software: Software) -> Option<Self> {
        static INSTALLED: [OnceCell<Result<(), String>>; 2] =
            [OnceCell::const_new(), OnceCell::const_new()];
        let installed = &INSTALLED[software as usize];
        if let Err(why) = installed.get_or_init(|| install(software)).await {
            skip("peers", why);
            return None;
        }
        let folder = software.folder();
        let mut command = Command::new("sh");
        command
            .arg(format!("{FOLDER}/{folder}/run.sh"))
            .env("PEER_HOST", format!("{folder}.localhost"))
            .env("PEER_PORT", "0")
            .env("PEER_CONTROL_PORT", "0")
            .env("PEER_ACTORS", "alice:Person")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn().expect("sh starts");
        let pid = process.id().expect("nobody waited for it yet");
        let leash = leash::hold(pid, End::Kill);
        let input = process.stdin.take().expect("its input is a pipe");
        let output = process.stdout.take().expect("its output is a pipe");
        let mut output = BufReader::new(output).lines();
        let line = tokio::time::timeout(READY_WITHIN, output.next_line()).await;
        let line = line
            .expect("the peer is ready in time")
            .expect("what it says is text")
            .expect("it says that it is ready before it ends");
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON");
        let origin = text(&ready["origin"]);
        Some(Self {
            host: origin.trim_start_matches("http://").to_owned(),
            control: text(&ready["control"]).to_owned(),
            client: client(),
            _process: process,
            _leash: leash,
            _input: input,
            _output: output,
        })
    }

    /// Has it do something.
    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.control));
        answer(path, request.body(body.to_string())).await
    }

    /// Asks it something.
    async fn get(&self, path: &str) -> Value {
        answer(path, self.client.get(format!("{}{path}", self.control))).await
    }

    /// Has alice send something, which every server that it is for has to take: nothing is retried.
    async fn deliver(&self, what: &str, body: Value) -> Value {
        let done = self.post(&format!("/control/{what}"), body).await;
        let deliveries = done["deliveries"].as_array().expect("deliveries");
        let taken = deliveries.iter().all(|delivery| delivery["ok"] == true);
        assert!(!deliveries.is_empty() && taken, "{what}: {done}");
        done
    }

    /// One GET of alice's, `signed` or `unsigned`.
    async fn fetch(&self, url: &str, mode: &str) -> Value {
        let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        self.get(&format!("/control/fetch?url={url}&mode={mode}"))
            .await
    }

    /// Waits until an activity like this reached an inbox; the library must have believed it.
    async fn hears(&self, what: &str, is_it: impl Fn(&Value) -> bool) {
        let record = eventually(&format!("the peer hears {what}"), async || {
            let inbox = self.get("/control/inbox").await;
            let records = inbox.as_array().expect("a list of what came").iter();
            let mut found = records.filter(|record| is_it(&record["activity"]));
            found.next().cloned()
        })
        .await;
        assert_eq!(record["verified"], true, "{what}: {record}");
    }
}

async fn answer(path: &str, request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.expect("the peer answers");
    let status = response.status();
    let body = response.text().await.expect("the peer answers with text");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("the peer answers with JSON")
}

/// Installs the peer; otherwise why not.
async fn install(software: Software) -> Result<(), String> {
    let folder = software.folder();
    let mut command = Command::new("sh");
    command
        .arg(format!("{FOLDER}/{folder}/install.sh"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = tokio::time::timeout(INSTALLED_WITHIN, command.output()).await;
    let output = ended
        .map_err(|_| format!("the {folder} peer was not installed in time"))?
        .map_err(|error| format!("install.sh of the {folder} peer does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "the {folder} peer cannot be installed ({}): {}",
        output.status,
        said.trim()
    ))
}
