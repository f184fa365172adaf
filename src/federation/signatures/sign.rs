//! Signing our own requests: one signature, of the kind that the other server accepts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httpdate::HttpDate;
use std::time::UNIX_EPOCH;
use url::Url;

use crate::domain::{Host, SignatureChoice, Timestamp};
use crate::error::{Error, Result};
use crate::federation::keys::{KeyKind, OwnKey, OwnKeys};
use crate::federation::signatures::{digest, rfc9421};
use crate::http::Headers;

/// A request before it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// In capitals.
    method: &'static str,
    url: &'a Url,
    /// None: nothing is sent, and nothing about it is signed.
    body: Option<&'a [u8]>,
    /// One more header, which is signed too.
    further: Option<(&'static str, &'a str)>,
}

impl<'a> Outgoing<'a> {
    pub const fn get(url: &'a Url) -> Self {
        Self {
            method: "GET",
            url,
            body: None,
            further: None,
        }
    }

    pub const fn post(url: &'a Url, body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            url,
            body: Some(body),
            further: None,
        }
    }

    /// The same with one more header; `name` in lower case.
    pub const fn with(self, name: &'static str, value: &'a str) -> Self {
        Self {
            further: Some((name, value)),
            ..self
        }
    }

    fn further_header(&self) -> Option<(&'static str, String)> {
        self.further.map(|(name, value)| (name, value.to_owned()))
    }
}

/// The headers that sign a request:
///
/// - as the draft says, with RSA: `(request-target) host date`, and `digest` with a body;
/// - as RFC 9421 says: `@method`, `@target-uri`, and `content-digest` (RFC 9530) with a body; with
///   `created`, `keyid` and `alg`. RSA where Ed25519 is wanted and the actor has no such key.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot sign.
pub fn sign(
    signature: SignatureChoice,
    keys: &OwnKeys,
    request: &Outgoing<'_>,
    now: Timestamp,
) -> Result<Headers> {
    match signature {
        SignatureChoice::Cavage => sign_cavage(&keys.rsa, request, now),
        SignatureChoice::Rfc9421 => sign_rfc9421(&keys.rsa, request, now),
        SignatureChoice::Rfc9421Ed25519 => {
            sign_rfc9421(keys.ed25519.as_ref().unwrap_or(&keys.rsa), request, now)
        }
    }
}

pub(super) fn sign_cavage(own: &OwnKey, request: &Outgoing<'_>, now: Timestamp) -> Result<Headers> {
    let (key, key_id, url) = (&own.key, &own.id, request.url);
    let host = host(url)?;
    let date = HttpDate::from(UNIX_EPOCH + now.since(Timestamp::MIN)).to_string();
    let method = request.method.to_ascii_lowercase();
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut covered = "(request-target) host date".to_owned();
    let mut signed = format!("(request-target): {method} {target}\nhost: {host}\ndate: {date}");
    let digest = request.body.map(digest::digest);
    if let Some(digest) = &digest {
        covered.push_str(" digest");
        signed.push_str(&format!("\ndigest: {digest}"));
    }
    if let Some((name, value)) = request.further {
        covered.push_str(&format!(" {name}"));
        signed.push_str(&format!("\n{name}: {value}"));
    }
    // `hs2019` is the draft's only name for keys that are not RSA.
    let algorithm = match key.kind() {
        KeyKind::Rsa => "rsa-sha256",
        KeyKind::Ed25519 => "hs2019",
    };
    let signature = STANDARD.encode(key.sign(signed.as_bytes())?);
    let mut headers = vec![("host", host), ("date", date)];
    headers.extend(digest.map(|digest| ("digest", digest)));
    headers.extend(request.further_header());
    headers.push((
        "signature",
        format!(
            r#"keyId="{key_id}",algorithm="{algorithm}",headers="{covered}",signature="{signature}""#
        ),
    ));
    Ok(headers)
}

pub(super) fn sign_rfc9421(
    own: &OwnKey,
    request: &Outgoing<'_>,
    now: Timestamp,
) -> Result<Headers> {
    let (key, key_id, url) = (&own.key, &own.id, request.url);
    let target = &url[..url::Position::AfterQuery];
    let algorithm = match key.kind() {
        KeyKind::Rsa => "rsa-v1_5-sha256",
        KeyKind::Ed25519 => "ed25519",
    };
    let digest = request.body.map(digest::content_digest);
    let mut lines = vec![("@method", request.method), ("@target-uri", target)];
    lines.extend(
        digest
            .iter()
            .map(|digest| ("content-digest", digest.as_str())),
    );
    lines.extend(request.further);
    let covered: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    let parameters = format!(
        r#";created={};keyid="{key_id}";alg="{algorithm}""#,
        now.seconds()
    );
    let params = rfc9421::params_text(&covered, &parameters);
    let mut base = String::new();
    for (name, value) in lines {
        rfc9421::push_line(&mut base, name, value);
    }
    rfc9421::push_params(&mut base, &params);
    let signature = STANDARD.encode(key.sign(base.as_bytes())?);
    let mut headers = vec![("host", host(url)?)];
    headers.extend(digest.map(|digest| ("content-digest", digest)));
    headers.extend(request.further_header());
    headers.push(("signature-input", format!("sig1={params}")));
    headers.push(("signature", format!("sig1=:{signature}:")));
    Ok(headers)
}

/// As the connection will write it: lower case, the port only where it is not the scheme's own.
fn host(url: &Url) -> Result<String> {
    Host::of_url(url)
        .map(|host| host.as_str().to_owned())
        .ok_or_else(|| Error::invalid("address", "has no host"))
}
