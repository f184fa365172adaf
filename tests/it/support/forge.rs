//! A client that lies: signed requests built byte by byte, every part of which a test can change
//! before or after signing.
//!
//! It signs with OpenSSL itself, not with the house's own code, so that maker and checker cannot
//! agree on a mistake.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::peer::{ACTIVITY_JSON, Actor};

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The usual parts of a signature over a POST.
pub const ALL_PARTS: &str = "(request-target) host date digest";

/// What a signature is going to say. The defaults are honest.
#[derive(Clone, Debug)]
pub struct Letter {
    pub method: &'static str,
    pub target: String,
    pub host: String,
    /// None: no such header.
    pub date: Option<String>,
    pub body: Vec<u8>,
    /// None: no such header.
    pub digest: Option<String>,
    pub key_id: String,
    pub algorithm: Option<&'static str>,
    /// What the signature covers, in order, as its `headers` says.
    pub covers: String,
    pub key: PKey<Private>,
}

impl Letter {
    /// An activity for the shared inbox of `host`, signed by its sender.
    pub fn post(sender: &Actor, host: &str, activity: &Value) -> Self {
        Self::post_bytes(sender, host, activity.to_string().into_bytes())
    }

    pub fn post_bytes(sender: &Actor, host: &str, body: Vec<u8>) -> Self {
        Self {
            method: "POST",
            target: "/inbox".into(),
            host: host.to_owned(),
            date: Some(date_in(0)),
            digest: Some(digest(&body)),
            body,
            key_id: sender.key_id.clone(),
            algorithm: Some("rsa-sha256"),
            covers: ALL_PARTS.into(),
            key: sender.key.clone(),
        }
    }

    /// A signed reading of an address.
    pub fn get(reader: &Actor, host: &str, target: &str) -> Self {
        Self {
            method: "GET",
            target: target.to_owned(),
            digest: None,
            covers: "(request-target) host date".into(),
            ..Self::post_bytes(reader, host, Vec::new())
        }
    }

    /// What the signature is made over.
    pub fn signing_string(&self) -> String {
        let none = String::new();
        let line = |name: &str| match name {
            "(request-target)" => {
                format!("{name}: {} {}", self.method.to_lowercase(), self.target)
            }
            "host" => format!("host: {}", self.host),
            "date" => format!("date: {}", self.date.as_ref().unwrap_or(&none)),
            "digest" => format!("digest: {}", self.digest.as_ref().unwrap_or(&none)),
            other => panic!("the forger does not sign {other}"),
        };
        self.covers
            .split(' ')
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Signs with RSA and a hash function.
    pub fn rsa_signature(&self, hash: MessageDigest) -> Vec<u8> {
        let mut signer = openssl::sign::Signer::new(hash, &self.key).expect("an RSA key");
        signer
            .sign_oneshot_to_vec(self.signing_string().as_bytes())
            .expect("a signature")
    }

    /// Signs and writes down.
    pub fn sign(&self) -> Forged {
        self.sign_as(&self.rsa_signature(MessageDigest::sha256()))
    }

    /// Writes down with whatever is to pass for a signature.
    pub fn sign_as(&self, signature: &[u8]) -> Forged {
        let mut parameters = vec![format!("keyId=\"{}\"", self.key_id)];
        parameters.extend(
            self.algorithm
                .map(|algorithm| format!("algorithm=\"{algorithm}\"")),
        );
        parameters.push(format!("headers=\"{}\"", self.covers));
        parameters.push(format!("signature=\"{}\"", STANDARD.encode(signature)));
        let mut forged = self.unsigned();
        forged.add("Signature", &parameters.join(","));
        forged
    }

    /// Writes down without a signature.
    pub fn unsigned(&self) -> Forged {
        let mut forged = Forged {
            method: self.method,
            target: self.target.clone(),
            headers: Vec::new(),
            body: self.body.clone(),
        };
        forged.add("Host", &self.host);
        if let Some(date) = &self.date {
            forged.add("Date", date);
        }
        if let Some(digest) = &self.digest {
            forged.add("Digest", digest);
        }
        if self.method == "POST" {
            forged.add("Content-Type", ACTIVITY_JSON);
        } else {
            forged.add("Accept", ACTIVITY_JSON);
        }
        forged
    }
}

/// What a signature of RFC 9421 is going to say. The defaults are honest.
#[derive(Clone, Debug)]
pub struct Letter9421 {
    pub target: String,
    /// What stands in `Host`.
    pub host: String,
    /// Scheme and host that are signed.
    pub origin: String,
    pub body: Vec<u8>,
    /// None: no such header.
    pub digest: Option<String>,
    pub key_id: String,
    pub algorithm: Option<&'static str>,
    /// Seconds since 1970; none: not said.
    pub created: Option<i64>,
    pub expires: Option<i64>,
    /// What is covered, in order.
    pub covers: Vec<&'static str>,
    pub key: PKey<Private>,
}

impl Letter9421 {
    /// An activity for the shared inbox of `host`, signed by its sender with its RSA key.
    pub fn post(sender: &Actor, host: &str, activity: &Value) -> Self {
        let body = activity.to_string().into_bytes();
        Self {
            target: "/inbox".into(),
            host: host.to_owned(),
            origin: format!("http://{host}"),
            digest: Some(content_digest(&body)),
            body,
            key_id: sender.key_id.clone(),
            algorithm: Some("rsa-v1_5-sha256"),
            created: Some(seconds_in(0)),
            expires: None,
            covers: vec!["@method", "@target-uri", "content-digest"],
            key: sender.key.clone(),
        }
    }

    /// The same, signed with the sender's Ed25519 key.
    pub fn post_ed25519(sender: &Actor, host: &str, activity: &Value) -> Self {
        Self {
            key_id: sender.ed25519_id(),
            algorithm: Some("ed25519"),
            key: sender.ed25519.clone(),
            ..Self::post(sender, host, activity)
        }
    }

    fn params(&self) -> String {
        let names: Vec<_> = self
            .covers
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect();
        let mut params = format!("({})", names.join(" "));
        if let Some(created) = self.created {
            params.push_str(&format!(";created={created}"));
        }
        if let Some(expires) = self.expires {
            params.push_str(&format!(";expires={expires}"));
        }
        params.push_str(&format!(";keyid=\"{}\"", self.key_id));
        if let Some(algorithm) = self.algorithm {
            params.push_str(&format!(";alg=\"{algorithm}\""));
        }
        params
    }

    /// What the signature is made over.
    pub fn base(&self) -> String {
        let mut base = String::new();
        for name in &self.covers {
            let value = match *name {
                "@method" => "POST".to_owned(),
                "@target-uri" => format!("{}{}", self.origin, self.target),
                "@authority" => self.host.clone(),
                "@path" => self.target.clone(),
                "content-digest" => self.digest.clone().unwrap_or_default(),
                other => panic!("the forger does not sign {other}"),
            };
            base.push_str(&format!("\"{name}\": {value}\n"));
        }
        base.push_str(&format!("\"@signature-params\": {}", self.params()));
        base
    }

    /// Signs with the key that it has, as that key signs.
    pub fn sign(&self) -> Forged {
        let mut signer = match self.key.id() {
            openssl::pkey::Id::ED25519 => openssl::sign::Signer::new_without_digest(&self.key),
            _ => openssl::sign::Signer::new(MessageDigest::sha256(), &self.key),
        }
        .expect("a key that signs");
        let signature = signer.sign_oneshot_to_vec(self.base().as_bytes());
        self.sign_as(&signature.expect("a signature"))
    }

    /// Writes down with whatever is to pass for a signature.
    pub fn sign_as(&self, signature: &[u8]) -> Forged {
        let mut forged = Forged::plain("POST", &self.host, &self.target);
        forged.add("Content-Type", ACTIVITY_JSON);
        if let Some(digest) = &self.digest {
            forged.add("Content-Digest", digest);
        }
        forged.add("Signature-Input", &format!("sig1={}", self.params()));
        forged.add(
            "Signature",
            &format!("sig1=:{}:", STANDARD.encode(signature)),
        );
        forged.with_body(self.body.clone())
    }
}

/// The value of a `Content-Digest` header.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(openssl::sha::sha256(body)))
}

/// A moment so many seconds from now, in seconds since 1970.
pub fn seconds_in(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = i64::try_from(now.expect("a clock").as_secs()).expect("a time");
    now + seconds
}

/// A request as it will be written, header by header.
#[derive(Clone, Debug)]
pub struct Forged {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other == name;
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Forged {
    /// A plain request without any signature.
    pub fn plain(method: &'static str, host: &str, target: &str) -> Self {
        let mut forged = Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        forged.add("Host", host);
        forged
    }

    /// One more header, also where there is one of this name already.
    pub fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The same with one more header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name, value);
        self
    }

    /// The same with one more header before all others.
    pub fn with_first(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, name: &str) -> String {
        let named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        let found = self.headers.iter().find(named);
        found
            .unwrap_or_else(|| panic!("the request has no {name}"))
            .1
            .clone()
    }

    /// The same with another value of a header it has, or without it.
    pub fn replacing(mut self, name: &str, value: Option<&str>) -> Self {
        let at = self
            .headers
            .iter()
            .position(|(other, _)| other.eq_ignore_ascii_case(name))
            .unwrap_or_else(|| panic!("the request has no {name}"));
        match value {
            Some(value) => self.headers[at].1 = value.to_owned(),
            None => drop(self.headers.remove(at)),
        }
        self
    }

    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Request line and headers, with the length of the body where there is one.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let says_how_long = |(name, _): &(String, String)| {
            name.eq_ignore_ascii_case("content-length")
                || name.eq_ignore_ascii_case("transfer-encoding")
        };
        if self.method == "POST" && !self.headers.iter().any(says_how_long) {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("Connection: close\r\n\r\n");
        head.into_bytes()
    }

    /// Sends it and reads the answer.
    pub async fn send(&self, address: &str) -> Reply {
        let body = self.body.clone();
        send_pieces(address, self.head(), std::iter::once(body)).await
    }

    /// Sends it with a body of unknown length, made while it is sent.
    pub async fn send_chunked(
        &self,
        address: &str,
        chunks: impl Iterator<Item = Vec<u8>>,
    ) -> Reply {
        let head = self.clone().with("Transfer-Encoding", "chunked").head();
        let framed = chunks.map(|chunk| {
            let size = format!("{:x}\r\n", chunk.len());
            [size.as_bytes(), &chunk, b"\r\n"].concat()
        });
        let end = std::iter::once(b"0\r\n\r\n".to_vec());
        send_pieces(address, head, framed.chain(end)).await
    }
}

/// Writes until the server stops listening, while reading what it says.
pub async fn send_pieces(
    address: &str,
    head: Vec<u8>,
    pieces: impl Iterator<Item = Vec<u8>>,
) -> Reply {
    let talk = async {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (mut reader, mut writer) = stream.into_split();
        let write = async {
            if writer.write_all(&head).await.is_err() {
                return;
            }
            for piece in pieces {
                // A server that has answered need not read on.
                if writer.write_all(&piece).await.is_err() {
                    return;
                }
            }
            // Kept open: the other direction still has to bring the answer.
            std::future::pending::<()>().await;
        };
        let read = async {
            let mut answer = Vec::new();
            let mut buffer = vec![0; 64 * 1_024];
            loop {
                match reader.read(&mut buffer).await {
                    Ok(0) | Err(_) => return answer,
                    Ok(count) => answer.extend_from_slice(&buffer[..count]),
                }
                if is_complete(&answer) {
                    return answer;
                }
            }
        };
        tokio::pin!(write);
        tokio::pin!(read);
        tokio::select! {
            answer = &mut read => answer,
            () = &mut write => read.await,
        }
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, talk)
        .await
        .expect("an answer in time");
    parse_reply(&answer)
        .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&answer)))
}

/// Whether an answer with a known length is all there.
fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = head_end(answer) else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

fn head_end(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|four| four == b"\r\n\r\n")
}

fn parse_reply(answer: &[u8]) -> Option<Reply> {
    let end = head_end(answer)?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Reply {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    })
}

/// The value of a `Digest` header.
pub fn digest(body: &[u8]) -> String {
    format!("SHA-256={}", STANDARD.encode(openssl::sha::sha256(body)))
}

/// A `Date` so many seconds from now.
pub fn date_in(seconds: i64) -> String {
    let now = SystemTime::now();
    let shift = Duration::from_secs(seconds.unsigned_abs());
    let then = if seconds < 0 {
        now - shift
    } else {
        now + shift
    };
    httpdate::fmt_http_date(then)
}
