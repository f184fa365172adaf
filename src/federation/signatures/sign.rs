//! Signing our own requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httpdate::HttpDate;
use std::time::UNIX_EPOCH;
use url::Url;

use crate::domain::{Host, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::federation::keys::{KeyKind, SigningKey};
use crate::federation::signatures::{digest, rfc9421};
use crate::http::Headers;

/// Headers for a `GET`, signed as the draft says: `(request-target) host date`.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot sign.
pub fn sign_get(key: &SigningKey, key_id: &Uri, url: &Url, now: Timestamp) -> Result<Headers> {
    sign_cavage(key, key_id, "get", url, None, now)
}

/// Headers for a `POST` of `body`, signed as the draft says: `(request-target) host date digest`.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot sign.
pub fn sign_post(
    key: &SigningKey,
    key_id: &Uri,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<Headers> {
    sign_cavage(key, key_id, "post", url, Some(digest::digest(body)), now)
}

/// Headers for a `GET`, signed as RFC 9421 says: `@method`, `@target-uri`, `created`.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot sign.
pub fn sign_get_rfc9421(
    key: &SigningKey,
    key_id: &Uri,
    url: &Url,
    now: Timestamp,
) -> Result<Headers> {
    sign_rfc9421(key, key_id, "GET", url, None, now)
}

/// Headers for a `POST` of `body`, signed as RFC 9421 says: `@method`, `@target-uri`,
/// `content-digest`, `created`.
///
/// # Errors
/// [`Error::Internal`] when OpenSSL cannot sign.
pub fn sign_post_rfc9421(
    key: &SigningKey,
    key_id: &Uri,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<Headers> {
    let digest = digest::content_digest(body);
    sign_rfc9421(key, key_id, "POST", url, Some(digest), now)
}

fn sign_cavage(
    key: &SigningKey,
    key_id: &Uri,
    method: &str,
    url: &Url,
    digest: Option<String>,
    now: Timestamp,
) -> Result<Headers> {
    let host = host(url)?;
    let date = HttpDate::from(UNIX_EPOCH + now.since(Timestamp::MIN)).to_string();
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut covered = "(request-target) host date".to_owned();
    let mut signed = format!("(request-target): {method} {target}\nhost: {host}\ndate: {date}");
    if let Some(digest) = &digest {
        covered.push_str(" digest");
        signed.push_str(&format!("\ndigest: {digest}"));
    }
    // `hs2019` is the draft's only name for keys that are not RSA.
    let algorithm = match key.kind() {
        KeyKind::Rsa => "rsa-sha256",
        KeyKind::Ed25519 => "hs2019",
    };
    let signature = STANDARD.encode(key.sign(signed.as_bytes())?);
    let mut headers = vec![("host", host), ("date", date)];
    headers.extend(digest.map(|digest| ("digest", digest)));
    headers.push((
        "signature",
        format!(
            r#"keyId="{key_id}",algorithm="{algorithm}",headers="{covered}",signature="{signature}""#
        ),
    ));
    Ok(headers)
}

fn sign_rfc9421(
    key: &SigningKey,
    key_id: &Uri,
    method: &str,
    url: &Url,
    digest: Option<String>,
    now: Timestamp,
) -> Result<Headers> {
    let target = &url[..url::Position::AfterQuery];
    let algorithm = match key.kind() {
        KeyKind::Rsa => "rsa-v1_5-sha256",
        KeyKind::Ed25519 => "ed25519",
    };
    let mut lines = vec![("@method", method), ("@target-uri", target)];
    lines.extend(
        digest
            .iter()
            .map(|digest| ("content-digest", digest.as_str())),
    );
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
