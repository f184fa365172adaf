//! A server elsewhere, as far as ours can tell: it serves what a test puts there, takes what is sent to
//! it, and remembers every connection.
//!
//! It runs in threads of its own, so that it outlives the runtime of the test that started it, and
//! knows nothing of Guildhall's code, so that the two cannot share a mistake.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde_json::{Value, json};

pub const ACTIVITY_JSON: &str = "application/activity+json";

/// A listening server. What it serves and what it has seen is shared with its threads.
#[derive(Clone, Debug)]
pub struct Peer {
    name: &'static str,
    port: u16,
    shared: Arc<Mutex<Shared>>,
    instance: Arc<std::sync::OnceLock<Actor>>,
}

#[derive(Debug, Default)]
struct Shared {
    answers: HashMap<String, Answer>,
    /// What is said to every POST; 202 unless a test wants otherwise.
    to_posts: Option<Answer>,
    /// Hangs up whoever calls.
    dead: bool,
    /// The only kind of signature that is taken; any unless a test wants otherwise.
    takes: Option<Takes>,
    connections: usize,
    requests: Vec<Seen>,
}

/// A kind of signature, and what is said to who signs otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Cavage,
    Rfc9421,
    /// RFC 9421, and the refusal says with which algorithm.
    AsksFor(&'static str),
}

impl Takes {
    /// The refusal of a request that is signed otherwise.
    fn refuse(self, seen: &Seen) -> Option<Answer> {
        let input = seen.header("signature-input");
        let fits = match self {
            Self::Cavage => input.is_none(),
            Self::Rfc9421 => input.is_some(),
            Self::AsksFor(algorithm) => {
                input.is_some_and(|input| input.contains(&format!("alg=\"{algorithm}\"")))
            }
        };
        let mut answer = Answer::status(401);
        if let Self::AsksFor(algorithm) = self {
            let wanted = format!("sig1=(\"@method\" \"@target-uri\");created;alg=\"{algorithm}\"");
            answer.headers.push(("Accept-Signature".into(), wanted));
        }
        (!fits).then_some(answer)
    }
}

/// What is answered to a GET.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// With its query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other == name;
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }
}

/// How many connections and requests a peer had at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    pub connections: usize,
    pub requests: usize,
}

impl Peer {
    /// Starts a server that others know as `NAME.localhost:PORT`, with its own actor and nothing else.
    pub fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let peer = Self {
            name,
            port,
            shared: Arc::default(),
            instance: Arc::default(),
        };
        let accepting = peer.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                accepting.shared().connections += 1;
                let peer = accepting.clone();
                std::thread::spawn(move || peer.serve(stream));
            }
        });
        let instance = peer.actor("Application", "actor", name);
        let _ = peer.instance.set(instance);
        peer
    }

    pub fn host(&self) -> String {
        format!("{}.localhost:{}", self.name, self.port)
    }

    /// The server's own actor.
    pub fn instance(&self) -> &Actor {
        self.instance.get().expect("it was made first")
    }

    /// An address here.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }

    /// Makes somebody and serves their document.
    pub fn person(&self, name: &str) -> Actor {
        self.actor("Person", &format!("u/{name}"), name)
    }

    /// Makes a group and serves its document.
    pub fn group(&self, name: &str) -> Actor {
        self.actor("Group", &format!("g/{name}"), name)
    }

    fn actor(&self, kind: &'static str, path: &str, name: &str) -> Actor {
        let actor = Actor {
            kind,
            id: self.url(&format!("/{path}")),
            host: self.host(),
            name: name.to_owned(),
            key_id: self.url(&format!("/{path}#main-key")),
            key: key_of(&format!("{name}@{}", self.name)),
            ed25519: PKey::generate_ed25519().expect("randomness"),
        };
        self.publish(&actor, actor.document());
        let subject = format!("acct:{name}@{}", self.host());
        let query: String = url::form_urlencoded::byte_serialize(subject.as_bytes()).collect();
        let answer = json!({
            "subject": subject,
            "links": [{ "rel": "self", "type": ACTIVITY_JSON, "href": actor.id }],
        });
        for spelling in [query, subject] {
            let path = format!("/.well-known/webfinger?resource={spelling}");
            self.put(&path, Answer::of("application/jrd+json", &answer));
        }
        actor
    }

    /// Says what software it is (NodeInfo).
    pub fn runs(&self, software: &str, version: &str) {
        let document = json!({ "software": { "name": software, "version": version } });
        let link = json!({
            "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
            "href": self.url("/nodeinfo/2.0"),
        });
        let json = "application/json";
        let links = json!({ "links": [link] });
        self.put("/.well-known/nodeinfo", Answer::of(json, &links));
        self.put("/nodeinfo/2.0", Answer::of(json, &document));
    }

    /// Serves a document at its actor's address.
    pub fn publish(&self, actor: &Actor, document: Value) {
        self.put(actor.path(), Answer::of(ACTIVITY_JSON, &document));
    }

    /// Serves something at a path (with its query, if any).
    pub fn put(&self, path: &str, answer: Answer) {
        self.shared().answers.insert(path.to_owned(), answer);
    }

    /// Says this status to every POST from now on.
    pub fn answer_posts(&self, status: u16) {
        self.answer_posts_with(Answer::status(status));
    }

    /// Says to every POST from now on that it belongs elsewhere.
    pub fn redirect_posts(&self, status: u16, to: &str) {
        self.shared().to_posts = Some(Answer::redirect(status, to));
    }

    /// Gives this answer to every POST from now on.
    pub fn answer_posts_with(&self, answer: Answer) {
        self.shared().to_posts = Some(answer);
    }

    /// Answers nothing from now on, or again.
    pub fn set_dead(&self, dead: bool) {
        self.shared().dead = dead;
    }

    /// Takes one kind of signature only from now on.
    pub fn take_only(&self, takes: Takes) {
        self.shared().takes = Some(takes);
    }

    pub fn traffic(&self) -> Traffic {
        let shared = self.shared();
        Traffic {
            connections: shared.connections,
            requests: shared.requests.len(),
        }
    }

    /// The requests since some moment.
    pub fn seen_since(&self, then: Traffic) -> Vec<Seen> {
        self.shared().requests[then.requests..].to_vec()
    }

    /// The GETs of one path since some moment.
    pub fn reads_since(&self, then: Traffic, path: &str) -> usize {
        let seen = self.seen_since(then);
        seen.iter()
            .filter(|seen| seen.method == "GET" && seen.target == path)
            .count()
    }

    /// What was delivered here since some moment.
    pub fn mail_since(&self, then: Traffic) -> Vec<Seen> {
        let mut seen = self.seen_since(then);
        seen.retain(|seen| seen.method == "POST");
        seen
    }

    /// Everything that ever arrived in its inboxes.
    pub fn heard(&self) -> Vec<Value> {
        let shared = self.shared();
        let posts = shared.requests.iter().filter(|seen| seen.method == "POST");
        posts.map(Seen::json).collect()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(&stream);
        while let Some(seen) = read_request(&mut reader) {
            if self.shared().dead {
                return;
            }
            let answer = self.answer(&seen);
            self.shared().requests.push(seen);
            if (&stream).write_all(&answer.bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, seen: &Seen) -> Answer {
        let shared = self.shared();
        if let Some(refusal) = shared.takes.and_then(|takes| takes.refuse(seen)) {
            return refusal;
        }
        if seen.method == "POST" {
            let usual = || Answer::status(202);
            return shared.to_posts.clone().unwrap_or_else(usual);
        }
        let answer = shared.answers.get(&seen.target);
        answer.cloned().unwrap_or_else(|| Answer::status(404))
    }
}

impl Answer {
    pub fn of(content_type: &str, document: &Value) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type".into(), content_type.into())],
            body: document.to_string().into_bytes(),
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        let mut answer = Self::status(status);
        answer.headers.push(("Location".into(), to.into()));
        answer
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\n",
            self.status,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// The next request of a connection; none at its end.
fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        method,
        target,
        headers,
        body,
        at: Instant::now(),
    })
}

/// Somebody elsewhere, with a key. Changing it changes nothing that is served until it is published.
#[derive(Clone, Debug)]
pub struct Actor {
    pub kind: &'static str,
    pub id: String,
    pub host: String,
    pub name: String,
    pub key_id: String,
    pub key: PKey<Private>,
    pub ed25519: PKey<Private>,
}

impl Actor {
    /// The name of the Ed25519 key.
    pub fn ed25519_id(&self) -> String {
        format!("{}#ed25519-key", self.id)
    }

    /// The Ed25519 key as a Multikey says it.
    pub fn multikey(&self) -> String {
        let raw = self.ed25519.raw_public_key().expect("an Ed25519 key");
        base58(&[&[0xed, 0x01], &raw[..]].concat())
    }

    /// The handle, `pam@p.localhost:PORT`.
    pub fn handle(&self) -> String {
        format!("{}@{}", self.name, self.host)
    }

    pub fn path(&self) -> &str {
        let (_, path) = self.id.split_once(&self.host).expect("it is on its host");
        path
    }

    pub fn public_pem(&self) -> String {
        let pem = self.key.public_key_to_pem().expect("a public key");
        String::from_utf8(pem).expect("PEM is text")
    }

    /// The document as an honest server writes it.
    pub fn document(&self) -> Value {
        let id = &self.id;
        json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id,
            "type": self.kind,
            "preferredUsername": self.name,
            "name": self.name,
            "inbox": format!("{id}/inbox"),
            "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"),
            "endpoints": { "sharedInbox": format!("http://{}/inbox", self.host) },
            "publicKey": {
                "id": self.key_id,
                "owner": id,
                "publicKeyPem": self.public_pem(),
            },
            "assertionMethod": [{
                "id": self.ed25519_id(),
                "type": "Multikey",
                "controller": id,
                "publicKeyMultibase": self.multikey(),
            }],
        })
    }

    /// A document with their proof in it (FEP-8b32).
    pub fn proven(&self, document: &Value) -> Value {
        self.proven_as(document, &self.ed25519_id())
    }

    /// The same, said to be made with another key.
    pub fn proven_as(&self, document: &Value, key_id: &str) -> Value {
        self.proven_in("proof", document, key_id)
    }

    /// A document for which they vouch as a server.
    pub fn server_proven(&self, document: &Value) -> Value {
        self.server_proven_as(document, &self.ed25519_id())
    }

    pub fn server_proven_as(&self, document: &Value, key_id: &str) -> Value {
        self.proven_in("guildhall:serverProof", document, key_id)
    }

    /// The document of a server with new keys, introduced by those that they have.
    pub fn introducing(&self, document: &Value) -> Value {
        let member = "guildhall:keyProofs";
        let mut document = self.proven_in(member, document, &self.ed25519_id());
        document[member] = json!([document[member]]);
        document
    }

    fn proven_in(&self, member: &str, document: &Value, key_id: &str) -> Value {
        let mut proof = json!({
            "@context": document["@context"],
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": key_id,
            "proofPurpose": "assertionMethod",
            "created": "2026-11-22T00:00:00Z",
        });
        let hash = |value: &Value| openssl::sha::sha256(canonical(value).as_bytes());
        let message = [hash(&proof), hash(document)].concat();
        let mut signer = openssl::sign::Signer::new_without_digest(&self.ed25519).expect("a key");
        let signature = signer.sign_oneshot_to_vec(&message).expect("a signature");
        proof["proofValue"] = json!(base58(&signature));
        let mut document = document.clone();
        document[member] = proof;
        document
    }

    /// An activity of theirs about something, with an id that nobody used before.
    pub fn activity(&self, kind: &str, object: Value) -> Value {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/activities/{}", self.id, unique()),
            "type": kind,
            "actor": self.id,
            "object": object,
        })
    }

    /// The id of something new on their server.
    pub fn new_id(&self) -> String {
        format!("http://{}/notes/{}", self.host, unique())
    }

    /// A topic in a group.
    pub fn page(&self, group: &str, title: &str, text: &str) -> Value {
        json!({
            "id": self.new_id(),
            "type": "Page",
            "attributedTo": self.id,
            "name": title,
            "content": format!("<p>{text}</p>"),
            "audience": group,
            "to": [group, format!("{group}/followers")],
            "published": jiff::Timestamp::now().to_string(),
        })
    }

    /// A comment in a group.
    pub fn note(&self, group: &str, parent: &str, text: &str) -> Value {
        json!({
            "id": self.new_id(),
            "type": "Note",
            "attributedTo": self.id,
            "inReplyTo": parent,
            "content": format!("<p>{text}</p>"),
            "audience": group,
            "to": [group, format!("{group}/followers")],
            "published": jiff::Timestamp::now().to_string(),
        })
    }

    /// The activity that makes an object known, addressed like the object.
    pub fn create(&self, object: &Value) -> Value {
        let mut activity = self.activity("Create", object.clone());
        activity["to"] = object["to"].clone();
        activity["audience"] = object["audience"].clone();
        activity
    }
}

/// A number that this process uses once.
pub fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// RFC 8785, as far as tests need it: no fractions, and names of ASCII.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let members: Vec<_> = sorted
                .into_iter()
                .map(|(name, member)| format!("{}:{}", json!(name), canonical(member)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        plain => plain.to_string(),
    }
}

/// Multibase, base58btc, by long division.
pub fn base58(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = bytes.to_vec();
    let mut text = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            rest = rest * 256 + u32::from(*byte);
            *byte = (rest / 58) as u8;
            rest %= 58;
        }
        text.push(ALPHABET[rest as usize]);
    }
    text.extend(bytes.iter().take_while(|byte| **byte == 0).map(|_| b'1'));
    text.push(b'z');
    text.reverse();
    String::from_utf8(text).expect("letters")
}

/// A new RSA key.
pub fn new_key() -> PKey<Private> {
    let rsa = Rsa::generate(2_048).expect("randomness");
    PKey::from_rsa(rsa).expect("a key")
}

/// The key of somebody, made once in this process: it takes long.
fn key_of(whose: &str) -> PKey<Private> {
    static KEYS: LazyLock<Mutex<BTreeMap<String, PKey<Private>>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    keys.entry(whose.to_owned()).or_insert_with(new_key).clone()
}

pub fn new_ed25519_key() -> PKey<Private> {
    PKey::generate_ed25519().expect("a key")
}
