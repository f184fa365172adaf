//! Private groups across servers: who else reads what people here wrote in a group elsewhere, as the
//! group's house says it; asked (Lemmy's question) or by a token (FEP-db0e).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::{Signer, Verifier};
use serde_json::{Value, json};

use crate::support::bridge::{bridge, is_in, is_out};
use crate::support::forge::{Letter, Reply, seconds_in};
use crate::support::peer::{Actor, Answer, Peer, Traffic, new_key};
use crate::support::requirements::{Backend, backends};
use crate::support::stranger::Stranger;
use crate::support::world::{World, eventually, text};

const FROM_THE_START: Traffic = Traffic {
    connections: 0,
    requests: 0,
};

/// Ada of acme wrote something in *bridges*, a closed group on pine; quay and elm are partners too.
struct Elsewhere {
    world: World,
    pine: Peer,
    bridges: Actor,
    quay: Peer,
    elm: Peer,
    /// Where her topic is.
    topic: String,
}

impl Elsewhere {
    async fn start(backend: Backend) -> Option<Self> {
        let world = World::start(backend, ["acme"]).await?;
        let acme = &world.house("acme").instance;
        let [pine, quay, elm] = ["pine", "quay", "elm"].map(Peer::start);
        for peer in [&pine, &quay, &elm] {
            acme.add_partner(&peer.host()).await;
        }
        let bridges = pine.group("bridges");
        let mut document = bridges.document();
        document["manuallyApprovesFollowers"] = json!(true);
        pine.publish(&bridges, document);
        let ada = world.member("ada@acme").await;
        let id = ada.find(&bridges.handle()).await;
        ada.post(&format!("/api/v1/accounts/{id}/follow"), json!({}))
            .await;
        let follow = eventually("pine is asked", async || {
            let mut heard = pine.heard().into_iter();
            heard.find(|activity| activity["type"] == "Follow")
        })
        .await;
        let accept = bridges.activity("Accept", follow);
        let accept = Letter::post(&bridges, &acme.host(), &accept).sign();
        assert_eq!(accept.send(&acme.address()).await.status, 202);
        eventually("ada is in bridges", async || {
            let path = format!("/api/v1/accounts/relationships?id[]={id}");
            let relation = ada.get(&path).await;
            (relation.body[0]["following"] == true).then_some(())
        })
        .await;
        let topic = ada.topic(&id, "The span", "Forty metres.").await;
        let (_, topic) = text(&topic["uri"]).split_once(&acme.host()).expect("ours");
        let topic = topic.to_owned();
        Some(Self {
            world,
            pine,
            bridges,
            quay,
            elm,
            topic,
        })
    }

    async fn reads(&self, reader: &Actor, path: &str, token: Option<&Value>) -> Reply {
        let acme = &self.world.house("acme").instance;
        let mut letter = Letter::get(reader, &acme.host(), path).sign();
        if let Some(token) = token {
            letter.add("Authorization", &format!("ActivityPubActorToken {token}"));
        }
        letter.send(&acme.address()).await
    }

    /// Reading ada's topic is answered like reading what never was.
    async fn is_hidden_from(&self, reader: &Actor, token: Option<&Value>) {
        let hidden = self.reads(reader, &self.topic, token).await;
        let unknown = self.reads(reader, "/p/99999999", token).await;
        let without_date = |reply: Reply| {
            let headers = reply.headers.into_iter();
            let mut headers: Vec<_> = headers.filter(|(name, _)| name != "date").collect();
            headers.sort();
            (reply.status, headers, reply.body)
        };
        let hidden = without_date(hidden);
        assert_eq!(hidden.0, 404, "{} {token:?}", reader.id);
        assert_eq!(hidden, without_date(unknown));
    }

    /// Where pine is asked whether somebody reads the group.
    fn question(&self, reader: &Actor) -> String {
        let asked: String = url::form_urlencoded::byte_serialize(reader.id.as_bytes()).collect();
        format!("{}/followers?is_follower={asked}", self.bridges.path())
    }

    fn questions(&self) -> usize {
        let seen = self.pine.seen_since(FROM_THE_START);
        let asks = |target: &str| target.contains("is_follower=");
        seen.iter().filter(|seen| asks(&seen.target)).count()
    }

    /// A token for somebody, as pine's group makes it.
    fn token(&self, actor: &Actor) -> Token {
        Token {
            issuer: self.bridges.id.clone(),
            actor: actor.id.clone(),
            from: seconds_in(-60),
            until: seconds_in(29 * 60),
            key_id: self.bridges.key_id.clone(),
            key: self.bridges.key.clone(),
            quoted: false,
        }
    }
}

/// What a token is going to say. The defaults are honest.
#[derive(Clone)]
struct Token {
    issuer: String,
    actor: String,
    from: i64,
    until: i64,
    key_id: String,
    key: PKey<openssl::pkey::Private>,
    /// Signs the values as JSON, as Smithereen does.
    quoted: bool,
}

impl Token {
    fn made(&self) -> Value {
        let time = |seconds| jiff::Timestamp::from_second(seconds).expect("a time");
        let mut token = json!({
            "issuer": self.issuer,
            "actor": self.actor,
            "issuedAt": time(self.from).to_string(),
            "validUntil": time(self.until).to_string(),
        });
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).expect("a key");
        let signed = signed_text(&token, self.quoted);
        let signature = signer.sign_oneshot_to_vec(signed.as_bytes());
        token["signatures"] = json!([{
            "algorithm": "rsa-sha256",
            "keyId": self.key_id,
            "signature": STANDARD.encode(signature.expect("a signature")),
        }]);
        token
    }
}

/// FEP-db0e: lines of `name: value`, sorted.
fn signed_text(token: &Value, quoted: bool) -> String {
    let members = token.as_object().expect("an object").iter();
    let members = members.filter(|(name, _)| *name != "signatures");
    let mut lines: Vec<String> = members
        .map(|(name, value)| match quoted {
            true => format!("{name}: {value}"),
            false => format!("{name}: {}", text(value)),
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[tokio::test]
async fn who_else_reads_a_group_elsewhere_is_asked_of_its_house() {
    for backend in backends() {
        let Some(there) = Elsewhere::start(backend).await else {
            continue;
        };
        let acme = &there.world.house("acme").instance;
        let quin = there.quay.person("quin");
        let yes = Answer::status(200);
        there.pine.put(&there.question(there.quay.instance()), yes);

        // Pine says that quay's server reads it, and of quin that he does not.
        let read = there.reads(there.quay.instance(), &there.topic, None).await;
        assert_eq!(read.status, 200, "{}", read.text());
        assert!(read.text().contains("Forty metres") && !read.text().contains("#Public"));
        there.is_hidden_from(&quin, None).await;
        assert_eq!(there.questions(), 2);
        let seen = there.pine.seen_since(FROM_THE_START);
        let question = seen
            .iter()
            .find(|seen| seen.target.contains("is_follower="));
        let signature = question.expect("it was asked").header("signature");
        let instance = format!("{}/actor", acme.origin());
        assert!(signature.is_some_and(|signature| signature.contains(&instance)));

        // It is asked once, nothing is asked for what is not there, and nothing for a stranger.
        let stranger = Peer::start("oak");
        for reader in [there.quay.instance(), &quin] {
            there.reads(reader, &there.topic, None).await;
            there.reads(reader, "/p/99999999", None).await;
        }
        there.is_hidden_from(stranger.instance(), None).await;
        assert_eq!(there.questions(), 2);

        // Nothing but the post is shown: no list, no group, no author.
        for path in ["/context", "/replies"] {
            let path = format!("{}{path}", there.topic);
            let hidden = there.reads(there.quay.instance(), &path, None).await;
            assert_eq!(hidden.status, 404, "{path}");
        }
        // No house, no word.
        acme.run_json(&["partner", "end", &there.pine.host()]).await;
        there.is_hidden_from(there.quay.instance(), None).await;
    }
}

#[tokio::test]
async fn a_groups_token_lets_its_bearer_read_what_people_here_wrote_in_it() {
    for backend in backends() {
        let Some(there) = Elsewhere::start(backend).await else {
            continue;
        };
        let quay = there.quay.instance();
        there.world.member("otto@acme").await;
        let honest = there.token(quay);
        let shown = honest.made();
        let read = there.reads(quay, &there.topic, Some(&shown)).await;
        assert_eq!(read.status, 200, "{}", read.text());
        let quoted = Token {
            quoted: true,
            ..honest.clone()
        };
        let read = there.reads(quay, &there.topic, Some(&quoted.made())).await;
        assert_eq!(read.status, 200, "{}", read.text());

        // Who wrote it can be known as well; nobody else can.
        assert_eq!(there.reads(quay, "/u/ada", Some(&shown)).await.status, 200);
        assert_eq!(there.reads(quay, "/u/ada", None).await.status, 404);
        assert_eq!(there.reads(quay, "/u/otto", Some(&shown)).await.status, 404);

        // A key that the group has replaced is found at its house.
        let mut renewed = there.bridges.clone();
        renewed.key = new_key();
        renewed.key_id = format!("{}#second-key", renewed.id);
        let mut document = renewed.document();
        document["manuallyApprovesFollowers"] = json!(true);
        there.pine.publish(&renewed, document);
        let with_new_key = Token {
            key: renewed.key.clone(),
            key_id: renewed.key_id.clone(),
            ..honest.clone()
        };
        let read = there
            .reads(quay, &there.topic, Some(&with_new_key.made()))
            .await;
        assert_eq!(read.status, 200, "{}", read.text());
        // And the old one proves nothing any more.
        there.is_hidden_from(quay, Some(&shown)).await;
        assert_eq!(there.questions(), 0);
    }
}

#[tokio::test]
async fn a_token_that_is_not_the_groups_for_this_reader_and_now_shows_nothing() {
    for backend in backends() {
        let Some(there) = Elsewhere::start(backend).await else {
            continue;
        };
        let (quay, elm) = (there.quay.instance(), there.elm.instance());
        let quin = there.quay.person("quin");
        let honest = there.token(quay);
        let tunnels = there.pine.group("tunnels");
        let lies = [
            // Of somebody else, on the same server and on another.
            there.token(&quin),
            there.token(elm),
            // Over, not yet, for too long, and ending before it begins.
            Token {
                from: seconds_in(-40 * 60),
                until: seconds_in(-1),
                ..honest.clone()
            },
            Token {
                from: seconds_in(6 * 60),
                ..honest.clone()
            },
            Token {
                until: seconds_in(2 * 3_600),
                ..honest.clone()
            },
            Token {
                from: seconds_in(4 * 60),
                until: seconds_in(3 * 60),
                ..honest.clone()
            },
            // Of another group of the same house, and of it in this one's name.
            Token {
                issuer: tunnels.id.clone(),
                key: tunnels.key.clone(),
                key_id: tunnels.key_id.clone(),
                ..honest.clone()
            },
            Token {
                key: tunnels.key.clone(),
                key_id: tunnels.key_id.clone(),
                ..honest.clone()
            },
            // Signed by the reader itself, and with a key that only bears the group's name.
            Token {
                key: quay.key.clone(),
                key_id: quay.key_id.clone(),
                ..honest.clone()
            },
            Token {
                key: quay.key.clone(),
                ..honest.clone()
            },
            Token {
                key: quay.key.clone(),
                key_id: there.pine.instance().key_id.clone(),
                ..honest.clone()
            },
        ];
        for lie in lies {
            there.is_hidden_from(quay, Some(&lie.made())).await;
        }
        let mut changed = honest.made();
        changed["validUntil"] = json!("2099-01-01T00:00:00Z");
        let mut unsigned = honest.made();
        unsigned["signatures"] = json!([]);
        for lie in [changed, unsigned, json!({}), json!("x".repeat(5_000))] {
            there.is_hidden_from(quay, Some(&lie)).await;
        }
        // Whoever got hold of it cannot use it, and unsigned requests show nothing.
        let stolen = honest.made();
        there.is_hidden_from(elm, Some(&stolen)).await;
        there.is_hidden_from(&quin, Some(&stolen)).await;
        let acme = &there.world.house("acme").instance;
        let mut unsigned = Letter::get(quay, &acme.host(), &there.topic).unsigned();
        unsigned.add("Authorization", &format!("ActivityPubActorToken {stolen}"));
        assert_eq!(unsigned.send(&acme.address()).await.status, 404);
        // No house is asked instead.
        assert_eq!(there.questions(), 0);
        let read = there.reads(quay, &there.topic, Some(&stolen)).await;
        assert_eq!(read.status, 200, "{}", read.text());
    }
}

#[tokio::test]
async fn a_group_says_which_servers_read_it_to_those_that_do() {
    for backend in backends() {
        let Some((world, _, _)) = bridge(backend).await else {
            continue;
        };
        let cedar = Stranger::partner(&world, "cedar", "read").await;
        let fir = Stranger::partner(&world, "fir", "read").await;
        let (cedar_server, fir_server) = (cedar.peer.instance(), fir.peer.instance());
        let acme = &world.house("acme").instance;
        let asks = async |by: &Actor, target: &str| {
            let letter = Letter::get(by, &acme.host(), target).sign();
            letter.send(&acme.address()).await
        };
        let about = |actor: &str| format!("/g/engineering/followers?is_follower={actor}");

        // Nobody there is in it yet: no token, and no answer.
        assert_eq!(
            asks(cedar_server, "/g/engineering/actorToken").await.status,
            403
        );
        assert_eq!(asks(cedar_server, &about(&fir_server.id)).await.status, 404);

        let (pam, _) = cedar.member(&world, "pam").await;
        let (fay, _) = fir.member(&world, "fay").await;
        asks(fir_server, "/g/engineering").await;
        let yes = async |by: &Actor, whom: &str| asks(by, &about(whom)).await.status == 200;
        assert!(yes(cedar_server, &cedar_server.id).await);
        assert!(yes(cedar_server, &pam.id).await);
        // Of another server, that it reads; of its people nothing.
        assert!(yes(cedar_server, &fir_server.id).await);
        assert!(!yes(cedar_server, &fay.id).await);
        assert!(yes(cedar_server, &format!("{}/actor", acme.origin())).await);
        assert!(!yes(cedar_server, &format!("{}/u/ada", acme.origin())).await);
        assert!(!yes(cedar_server, "http://nowhere.example/actor").await);
        assert!(!yes(Peer::start("oak").instance(), &cedar_server.id).await);

        let reply = asks(cedar_server, "/g/engineering/actorToken").await;
        assert_eq!(reply.header("cache-control"), Some("private, no-store"));
        let token: Value = serde_json::from_slice(&reply.body).expect("a token");
        assert_eq!(token["issuer"], cedar.group.as_str());
        assert_eq!(token["actor"], cedar_server.id.as_str());
        let group = asks(cedar_server, "/g/engineering").await;
        let group: Value = serde_json::from_slice(&group.body).expect("a group");
        let source = format!("{}/actorToken", cedar.group);
        assert_eq!(group["endpoints"]["actorToken"], source.as_str());
        let signature = &token["signatures"][0];
        assert_eq!(signature["keyId"], group["publicKey"]["id"]);
        let pem = text(&group["publicKey"]["publicKeyPem"]);
        let key = PKey::public_key_from_pem(pem.as_bytes()).expect("a key");
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("RSA");
        let made = STANDARD
            .decode(text(&signature["signature"]))
            .expect("base64");
        let signed = signed_text(&token, false);
        assert!(
            verifier
                .verify_oneshot(&made, signed.as_bytes())
                .expect("RSA")
        );

        // It is theirs no longer once nobody there is in it, and partners that are kept apart learn
        // nothing of each other.
        acme.run_json(&["member", "remove", "engineering", &fay.handle()])
            .await;
        is_out(&world, &fay.handle()).await;
        assert_eq!(
            asks(fir_server, "/g/engineering/actorToken").await.status,
            403
        );
        assert!(!yes(cedar_server, &fir_server.id).await);
        assert!(!yes(fir_server, &cedar_server.id).await);
        let birch = world.house("birch").instance.origin();
        assert!(yes(cedar_server, &cedar_server.id).await);
        let host = cedar.peer.host();
        let apart = [
            "grant",
            "add",
            "engineering",
            &host,
            "--can",
            "read",
            "--apart",
        ];
        acme.run_json(&apart).await;
        assert!(yes(cedar_server, &cedar_server.id).await);
        assert!(!yes(cedar_server, &format!("{birch}/actor")).await);
    }
}

#[tokio::test]
async fn who_joins_later_reads_what_people_of_third_servers_wrote_where_they_keep_it() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme", "birch", "cedar"]).await else {
            continue;
        };
        let (_, at_birch) = world.bridge().await;
        let bo = world.member("bo@birch").await;
        let topic = bo.topic(&at_birch, "Timber", "Larch or oak?").await;
        world
            .member("ada@acme")
            .await
            .see_topic(text(&topic["uri"]))
            .await;

        // Cedar comes later. Bo's topic is not acme's to tell: birch shows it, because acme's group says
        // that cedar reads it.
        world.partner("acme", "cedar").await;
        world.partner("birch", "cedar").await;
        let all = ["--history", "all"];
        world
            .grant("acme", "engineering", "cedar", "read,reply", &all)
            .await;
        world.join("cy@cedar", "engineering", "acme").await;
        let cy = world.member("cy@cedar").await;
        let read = cy.see_topic(text(&topic["uri"])).await;
        assert_eq!(read["account"]["acct"], topic_author(&bo.host).as_str());
        assert!(text(&read["content"]).contains("Larch or oak?"));
    }
}

fn topic_author(host: &str) -> String {
    format!("bo@{host}")
}

// Software that would show it to others ------------------------------------------------------------

/// Adds a server of other make as a partner of acme, and waits until its software is known.
async fn partner_running(world: &World, software: &str, version: &str) -> (Peer, Value) {
    let peer = Peer::start("other");
    peer.runs(software, version);
    let acme = &world.house("acme").instance;
    acme.run_json(&["partner", "add", &peer.host()]).await;
    let named = format!("{software} {version}");
    let shown = eventually("its software is known", async || {
        let shown = acme.run_json(&["partner", "show", &peer.host()]).await;
        (shown["dialect"]["software"] == named.as_str()).then_some(shown)
    })
    .await;
    (peer, shown["private_groups"].clone())
}

#[tokio::test]
async fn a_private_group_goes_to_software_that_keeps_it_or_that_an_administrator_trusts() {
    for backend in backends() {
        let Some((world, [here, _], [ada, _])) = bridge(backend).await else {
            continue;
        };
        let acme = &world.house("acme").instance;
        let (lemmy, known) = partner_running(&world, "lemmy", "1.0.0").await;
        assert_eq!(known["allowed"], true, "{known}");
        let can = ["--can", "read,reply", "--join", "auto"];
        world_grant(&world, &lemmy.host(), &can).await;

        // The other's would be shown to everybody: it is not given a grant, and told why.
        let (mbin, known) = partner_running(&world, "mbin", "1.8.4").await;
        let host = mbin.host();
        assert_eq!(known["allowed"], false, "{known}");
        let mut grant = vec!["grant", "add", "engineering", &host];
        grant.extend(can);
        let refused = acme.run(&grant).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(
            said.contains("mbin 1.8.4") && said.contains("--private-groups trust"),
            "{said}"
        );

        // An administrator may decide otherwise, and is told what that means.
        let trusted = ["partner", "set", &host, "--private-groups", "trust"];
        let told = acme.run(&trusted).await;
        assert!(told.stdout.contains("search engines"), "{told:?}");
        world_grant(&world, &host, &can).await;
        let (mia, sends) = (mbin.person("mia"), async |who: &Actor| {
            let follow = who.activity("Follow", json!(format!("{}/g/engineering", acme.origin())));
            let letter = Letter::post(who, &acme.host(), &follow).sign();
            letter.send(&acme.address()).await
        });
        assert_eq!(sends(&mia).await.status, 202);
        is_in(&world, &mia.handle(), "member").await;
        let leo = lemmy.person("leo");
        assert_eq!(sends(&leo).await.status, 202);
        is_in(&world, &leo.handle(), "member").await;
        let topic = ada.topic(&here, "Trusted", "").await;
        let hears = async |peer: &Peer, uri: &str| {
            eventually("a topic is told", async || {
                let about = |said: &Value| said["object"]["object"]["id"] == uri;
                peer.heard().iter().any(about).then_some(())
            })
            .await;
        };
        hears(&mbin, text(&topic["uri"])).await;

        // And otherwise again: nothing leaves any more, nothing is read, nobody comes in.
        let waits = mbin.person("max");
        let approve = ["--can", "read", "--join", "approve"];
        world_grant(&world, &host, &approve).await;
        assert_eq!(sends(&waits).await.status, 202);
        is_in(&world, &waits.handle(), "requested").await;
        acme.run_json(&["partner", "set", &host, "--private-groups", "auto"])
            .await;
        let topic = ada.topic(&here, "Kept", "canary").await;
        let uri = text(&topic["uri"]);
        hears(&lemmy, uri).await;
        let all = acme.run_json(&["queue", "show", &host]).await;
        let rows = all.as_array().expect("rows").iter();
        assert!(rows.clone().all(|row| row["state"] != "pending"), "{all}");
        assert!(
            !mbin
                .heard()
                .iter()
                .any(|said| said.to_string().contains("canary"))
        );
        let (_, path) = uri.split_once(&acme.host()).expect("ours");
        for reader in [mbin.instance(), &mia] {
            let read = async |path: &str| {
                let letter = Letter::get(reader, &acme.host(), path).sign();
                letter.send(&acme.address()).await
            };
            assert_eq!(read(path).await.status, 404);
            assert_eq!(read("/g/engineering/outbox?page=true").await.status, 403);
            assert_eq!(read("/g/engineering/actorToken").await.status, 403);
        }
        let refused = sends(&mbin.person("moe")).await;
        assert_eq!(refused.status, 403);
        assert!(
            refused.text().contains("not_discreet"),
            "{}",
            refused.text()
        );
        let refused = acme
            .run(["member", "add", "engineering", &waits.handle()])
            .await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let grants = acme.run_json(&["grant", "list", "engineering"]).await;
        let its_own = |row: &&Value| row["partner"] == host.as_str();
        let row = grants.as_array().expect("rows").iter().find(its_own);
        assert!(
            row.expect("a grant").to_string().contains("not known"),
            "{grants}"
        );
    }
}

async fn world_grant(world: &World, host: &str, terms: &[&str]) {
    let acme = &world.house("acme").instance;
    let mut grant = vec!["grant", "add", "engineering", host];
    grant.extend(terms);
    acme.run_json(&grant).await;
}
