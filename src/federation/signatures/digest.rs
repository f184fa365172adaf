//! Whether the body is the one that was signed: `Digest` (RFC 3230) and `Content-Digest`
//! (RFC 9530).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::sha::{sha256, sha512};

use crate::federation::signatures::Refusal;
use crate::federation::signatures::headers::Headers;

const MALFORMED: Refusal = Refusal::malformed("digest_malformed");
const UNSUPPORTED: Refusal = Refusal::unproven("digest_unsupported");
const MISMATCH: Refusal = Refusal::unproven("digest_mismatch");

/// Checks every digest that is present; that one is signed was required before.
///
/// # Errors
/// 400 `digest_malformed`; 401 `digest_unsupported`, `digest_mismatch`.
pub(super) fn check(headers: &Headers<'_>, body: &[u8]) -> Result<(), Refusal> {
    if let Some(value) = headers.get("digest")? {
        check_digest(value, body)?;
    }
    if let Some(value) = headers.get("content-digest")? {
        check_content_digest(value, body)?;
    }
    Ok(())
}

/// The value of `Digest` for a body.
pub(super) fn digest(body: &[u8]) -> String {
    format!("SHA-256={}", STANDARD.encode(sha256(body)))
}

/// The value of `Content-Digest` for a body.
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(body)))
}

fn check_digest(value: &str, body: &[u8]) -> Result<(), Refusal> {
    let (algorithm, encoded) = value.split_once('=').ok_or(MALFORMED)?;
    if !algorithm.eq_ignore_ascii_case("sha-256") {
        return Err(UNSUPPORTED);
    }
    equal(encoded, &sha256(body))
}

/// A dictionary that may name several algorithms; each that we know must agree, one must be known.
fn check_content_digest(value: &str, body: &[u8]) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for member in value.split(',') {
        let (algorithm, encoded) = member.trim().split_once('=').ok_or(MALFORMED)?;
        let encoded = encoded.strip_prefix(':').and_then(|e| e.strip_suffix(':'));
        let encoded = encoded.ok_or(MALFORMED)?;
        if seen.contains(&algorithm) {
            return Err(Refusal::malformed("header_doubled"));
        }
        seen.push(algorithm);
        match algorithm {
            "sha-256" => equal(encoded, &sha256(body))?,
            "sha-512" => equal(encoded, &sha512(body))?,
            _ => {}
        }
    }
    if seen.contains(&"sha-256") || seen.contains(&"sha-512") {
        return Ok(());
    }
    Err(UNSUPPORTED)
}

fn equal(encoded: &str, digest: &[u8]) -> Result<(), Refusal> {
    let claimed = STANDARD.decode(encoded).map_err(|_| MALFORMED)?;
    if claimed == digest {
        return Ok(());
    }
    Err(MISMATCH)
}
