//! `draft-cavage-http-signatures-12`: the `Signature` header and the string it signs.
//!
//! Must be signed: `(request-target)`, `host`, `date` (or `(created)`), and for a request with a
//! body `digest` (or `content-digest`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::federation::signatures::headers::Headers;
use crate::federation::signatures::{
    Algorithm, COVERED_MAX, Refusal, Request, SIGNATURE_BYTES_MAX, SignatureInput, SignatureKind,
    parse_key_id,
};

const MALFORMED: Refusal = Refusal::malformed("signature_malformed");
/// Longest `Signature` header, bytes.
const HEADER_BYTES_MAX: usize = 8_192;
/// Parameters in one header; the draft knows six.
const PARAMETERS_MAX: usize = 16;
/// What is signed when `headers` is missing (section 2.1.6).
const COVERED_DEFAULT: &str = "(created)";

/// Reads a `Signature` header. Parameters the draft does not know are skipped, as it asks.
pub(super) fn parse(header: &str) -> Result<SignatureInput, Refusal> {
    let parameters = parameters(header)?;
    let text = |name: &str| parameters.iter().find(|(known, _)| *known == name);
    let quoted = |name: &str| match text(name) {
        Some((_, Value::Quoted(value))) => Ok(Some(*value)),
        Some((_, Value::Number(_))) => Err(MALFORMED),
        None => Ok(None),
    };
    let number = |name: &str| match text(name) {
        Some((_, Value::Number(number))) => Ok(Some(*number)),
        Some((_, Value::Quoted(_))) => Err(MALFORMED),
        None => Ok(None),
    };
    Ok(SignatureInput {
        key_id: parse_key_id(quoted("keyId")?.ok_or(MALFORMED)?)?,
        kind: SignatureKind::Cavage,
        algorithm: algorithm(quoted("algorithm")?)?,
        covered: covered(quoted("headers")?.unwrap_or(COVERED_DEFAULT))?,
        created: number("created")?,
        expires: number("expires")?,
        signature: signature(quoted("signature")?.ok_or(MALFORMED)?)?,
        params: String::new(),
    })
}

/// # Errors
/// 401 `part_unsigned`, and `algorithm_refused` where `(created)` meets an algorithm the draft
/// forbids it with (section 2.3).
pub(super) fn require_parts(input: &SignatureInput, request: &Request<'_>) -> Result<(), Refusal> {
    let any_of = |names: &[&str]| names.iter().any(|name| input.covers(name));
    let complete = any_of(&["(request-target)"])
        && any_of(&["host"])
        && any_of(&["date", "(created)"])
        && (!request.has_body() || any_of(&["digest", "content-digest"]));
    if !complete {
        return Err(Refusal::unproven("part_unsigned"));
    }
    let pseudo = any_of(&["(created)", "(expires)"]);
    if pseudo && input.algorithm == Algorithm::Rsa {
        return Err(Refusal::unproven("algorithm_refused"));
    }
    Ok(())
}

/// The string that was signed. Some servers leave the query out when they read, so a request
/// without body and with a query has a second reading; what it may see is decided by who asks.
pub(super) fn readings(
    input: &SignatureInput,
    request: &Request<'_>,
    headers: &Headers<'_>,
) -> Result<Vec<String>, Refusal> {
    let mut readings = vec![signing_string(
        input,
        request.method,
        request.path_and_query,
        headers,
    )?];
    if let (path, Some(_)) = request.path_and_query_apart()
        && !request.has_body()
    {
        readings.push(signing_string(input, request.method, path, headers)?);
    }
    Ok(readings)
}

/// Section 2.3.
fn signing_string(
    input: &SignatureInput,
    method: &str,
    target: &str,
    headers: &Headers<'_>,
) -> Result<String, Refusal> {
    let seconds = |time: Option<i64>| {
        time.map(|seconds| seconds.to_string())
            .ok_or(Refusal::unproven("signed_header_missing"))
    };
    let mut lines = Vec::with_capacity(input.covered.len());
    for name in &input.covered {
        lines.push(match name.as_str() {
            "(request-target)" => format!("{name}: {} {target}", method.to_ascii_lowercase()),
            "(created)" => format!("{name}: {}", seconds(input.created)?),
            "(expires)" => format!("{name}: {}", seconds(input.expires)?),
            _ => format!("{name}: {}", headers.signed(name)?),
        });
    }
    Ok(lines.join("\n"))
}

enum Value<'a> {
    Quoted(&'a str),
    Number(i64),
}

/// `name="value"` and `name=123`, separated by commas, no name twice.
fn parameters(header: &str) -> Result<Vec<(&str, Value<'_>)>, Refusal> {
    if header.len() > HEADER_BYTES_MAX {
        return Err(MALFORMED);
    }
    let mut found: Vec<(&str, Value<'_>)> = Vec::new();
    let mut rest = header;
    loop {
        let (name, value, after) = parameter(rest)?;
        if found.iter().any(|(other, _)| *other == name) {
            return Err(Refusal::malformed("signature_doubled"));
        }
        if found.len() == PARAMETERS_MAX {
            return Err(MALFORMED);
        }
        found.push((name, value));
        if after.is_empty() {
            return Ok(found);
        }
        rest = after.strip_prefix(',').ok_or(MALFORMED)?;
    }
}

/// The first parameter of `text`, and what follows it.
fn parameter(text: &str) -> Result<(&str, Value<'_>, &str), Refusal> {
    let (name, rest) = text.split_once('=').ok_or(MALFORMED)?;
    let name = name.trim_start();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(MALFORMED);
    }
    if let Some(rest) = rest.strip_prefix('"') {
        let (value, after) = rest.split_once('"').ok_or(MALFORMED)?;
        // Nothing that belongs here needs an escape.
        if value.contains('\\') {
            return Err(MALFORMED);
        }
        return Ok((name, Value::Quoted(value), after.trim_start()));
    }
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    let number = digits.parse().map_err(|_| MALFORMED)?;
    Ok((name, Value::Number(number), after.trim_start()))
}

/// Everybody means PKCS#1 v1.5 with SHA-256 when they write `hs2019` and have an RSA key.
fn algorithm(name: Option<&str>) -> Result<Algorithm, Refusal> {
    match name {
        None | Some("hs2019") => Ok(Algorithm::OfKey),
        Some("rsa-sha256") => Ok(Algorithm::Rsa),
        Some("ed25519") => Ok(Algorithm::Ed25519),
        Some(_) => Err(Refusal::unproven("algorithm_refused")),
    }
}

fn covered(list: &str) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = Vec::new();
    for name in list.split(' ') {
        let name = name.to_ascii_lowercase();
        if name.is_empty() || names.contains(&name) || names.len() == COVERED_MAX {
            return Err(MALFORMED);
        }
        names.push(name);
    }
    Ok(names)
}

fn signature(text: &str) -> Result<Vec<u8>, Refusal> {
    let signature = STANDARD.decode(text).map_err(|_| MALFORMED)?;
    if signature.is_empty() || signature.len() > SIGNATURE_BYTES_MAX {
        return Err(MALFORMED);
    }
    Ok(signature)
}

#[cfg(test)]
mod tests {
    //! The test values of the draft, appendix C. Its key has 1,024 bits and its key id is no
    //! address, so neither passes the doors; the string that is signed is what is compared.
    use super::*;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::sign::Verifier;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----";

    const HEADERS: &[(&str, &[u8])] = &[
        ("host", b"example.com"),
        ("date", b"Sun, 05 Jan 2014 21:31:40 GMT"),
        ("content-type", b"application/json"),
        (
            "digest",
            b"SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        ),
        ("content-length", b"18"),
    ];

    fn verifies(parameters: &str) -> bool {
        let input = parse(&format!("keyId=\"https://k.test/\",{parameters}")).unwrap();
        let headers = Headers::new(HEADERS).unwrap();
        let target = "/foo?param=value&pet=dog";
        let signed = signing_string(&input, "POST", target, &headers).unwrap();
        let key = PKey::public_key_from_pem(KEY.as_bytes()).unwrap();
        Verifier::new(MessageDigest::sha256(), &key)
            .unwrap()
            .verify_oneshot(&input.signature, signed.as_bytes())
            .unwrap()
    }

    #[test]
    fn appendix_c_1_the_date_alone() {
        assert!(verifies(
            r#"algorithm="rsa-sha256",headers="date",signature="SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM=""#
        ));
    }

    #[test]
    fn appendix_c_2_target_host_date() {
        let signature = "qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=";
        let with = |headers: &str| {
            verifies(&format!(
                r#"algorithm="rsa-sha256",headers="{headers}",signature="{signature}""#
            ))
        };
        assert!(with("(request-target) host date"));
        assert!(!with("host (request-target) date"));
        assert!(!with("(request-target) host"));
    }

    /// The draft's example also names `(created)` and `(expires)`, which its value does not sign.
    #[test]
    fn appendix_c_3_all_headers() {
        assert!(verifies(
            r#"algorithm="rsa-sha256", created=1402170695, expires=1402170699, headers="(request-target) host date content-type digest content-length", signature="vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE=""#
        ));
    }
}
