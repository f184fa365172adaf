//! RFC 9421: `Signature-Input`, `Signature` and the base they sign.
//!
//! Must be covered: `@method`, `@target-uri` (or `@authority` with `@path` and `@query`, or with
//! `@request-target`), and for a request with a body `content-digest`; `created` must be given.
//! Exactly one signature is accepted, and no parameters of components: nobody here sends them,
//! and each is one more way to sign something else than what is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::Uri;
use crate::federation::signatures::headers::Headers;
use crate::federation::signatures::{
    Algorithm, COVERED_MAX, Refusal, Request, SIGNATURE_BYTES_MAX, SignatureInput, SignatureKind,
    parse_key_id,
};

const MALFORMED: Refusal = Refusal::malformed("signature_malformed");
const DOUBLED: Refusal = Refusal::malformed("signature_doubled");
/// Longest `Signature-Input` and longest `Signature` header, bytes.
const HEADER_BYTES_MAX: usize = 8_192;
/// Parameters of one signature; the RFC knows six.
const PARAMETERS_MAX: usize = 16;

/// Reads the pair of headers.
pub(super) fn parse(input: &str, signature: &str) -> Result<SignatureInput, Refusal> {
    if input.len() > HEADER_BYTES_MAX || signature.len() > HEADER_BYTES_MAX {
        return Err(MALFORMED);
    }
    let mut text = Scanner(input);
    let label = text.key()?;
    text.expect('=')?;
    let covered = text.components()?;
    let parameters = text.parameters()?;
    text.end()?;
    Ok(SignatureInput {
        key_id: parse_key_id(&parameters.key_id.ok_or(MALFORMED)?)?,
        kind: SignatureKind::Rfc9421,
        algorithm: parameters.algorithm,
        params: params_text(&covered, &parameters.canonical),
        covered,
        created: parameters.created,
        expires: parameters.expires,
        signature: parse_signature(signature, label)?,
    })
}

/// # Errors
/// 401 `part_unsigned`; `date_missing` without `created`.
pub(super) fn require_parts(input: &SignatureInput, request: &Request<'_>) -> Result<(), Refusal> {
    let covers = |name: &str| input.covers(name);
    let query = request.path_and_query_apart().1.is_some();
    let target = covers("@target-uri")
        || (covers("@authority")
            && (covers("@request-target") || (covers("@path") && (covers("@query") || !query))));
    let body = covers("content-digest") || !request.has_body();
    if !(covers("@method") && target && body) {
        return Err(Refusal::unproven("part_unsigned"));
    }
    if input.created.is_none() {
        return Err(Refusal::unproven("date_missing"));
    }
    Ok(())
}

/// The signature base (section 2.5), with our own idea of where the request went.
pub(super) fn base(
    input: &SignatureInput,
    request: &Request<'_>,
    headers: &Headers<'_>,
    our_origin: &Uri,
) -> Result<String, Refusal> {
    let mut base = String::new();
    for name in &input.covered {
        let value = match name.strip_prefix('@') {
            Some(_) => derived(name, request, our_origin)?,
            None => headers.signed(name)?.to_owned(),
        };
        push_line(&mut base, name, &value);
    }
    push_params(&mut base, &input.params);
    Ok(base)
}

pub(super) fn push_line(base: &mut String, name: &str, value: &str) {
    base.push_str(&format!("\"{name}\": {value}\n"));
}

pub(super) fn push_params(base: &mut String, params: &str) {
    base.push_str(&format!("\"@signature-params\": {params}"));
}

/// The text of `@signature-params` (section 2.3).
pub(super) fn params_text(covered: &[impl AsRef<str>], parameters: &str) -> String {
    let names: Vec<_> = covered
        .iter()
        .map(|name| format!("\"{}\"", name.as_ref()))
        .collect();
    format!("({}){parameters}", names.join(" "))
}

/// Section 2.2.
fn derived(name: &str, request: &Request<'_>, our_origin: &Uri) -> Result<String, Refusal> {
    let (path, query) = request.path_and_query_apart();
    let (scheme, _) = our_origin.as_str().split_once(':').unwrap_or_default();
    Ok(match name {
        "@method" => request.method.to_owned(),
        "@target-uri" => format!("{our_origin}{}", request.path_and_query),
        "@authority" => our_origin.host().to_string(),
        "@scheme" => scheme.to_owned(),
        "@request-target" => request.path_and_query.to_owned(),
        "@path" => path.to_owned(),
        "@query" => format!("?{}", query.unwrap_or_default()),
        _ => return Err(Refusal::unproven("component_unsupported")),
    })
}

/// `label=:base64:`, once, with the label of the input.
fn parse_signature(header: &str, label: &str) -> Result<Vec<u8>, Refusal> {
    let mut text = Scanner(header);
    if text.key()? != label {
        return Err(MALFORMED);
    }
    text.expect('=')?;
    let signature = text.bytes()?;
    text.end()?;
    if signature.is_empty() || signature.len() > SIGNATURE_BYTES_MAX {
        return Err(MALFORMED);
    }
    Ok(signature)
}

#[derive(Debug)]
struct Parameters {
    key_id: Option<String>,
    algorithm: Algorithm,
    created: Option<i64>,
    expires: Option<i64>,
    /// All of them as they are signed.
    canonical: String,
}

/// Reads the few structured fields (RFC 9651) that can occur here, from left to right.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn take(&mut self, c: char) -> bool {
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), Refusal> {
        self.take(c).then_some(()).ok_or(MALFORMED)
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches(' ');
    }

    /// Nothing may follow; a comma would begin a second signature.
    fn end(&mut self) -> Result<(), Refusal> {
        self.spaces();
        match self.0.chars().next() {
            None => Ok(()),
            Some(',') => Err(DOUBLED),
            Some(_) => Err(MALFORMED),
        }
    }

    fn while_matches(&mut self, matches: impl Fn(u8) -> bool) -> &'a str {
        let end = self.0.bytes().position(|byte| !matches(byte));
        let (found, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        found
    }

    fn key(&mut self) -> Result<&'a str, Refusal> {
        let key = self.while_matches(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*'),
        );
        match key.bytes().next() {
            Some(b'a'..=b'z' | b'*') => Ok(key),
            _ => Err(MALFORMED),
        }
    }

    /// `("@method" "date")`, each once, none with parameters.
    fn components(&mut self) -> Result<Vec<String>, Refusal> {
        let mut names = Vec::new();
        self.expect('(')?;
        self.spaces();
        while !self.take(')') {
            let (name, _) = self.string()?;
            let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'@');
            if name.is_empty() || !name.bytes().all(plain) || names.len() == COVERED_MAX {
                return Err(MALFORMED);
            }
            if names.contains(&name) {
                return Err(DOUBLED);
            }
            names.push(name);
            match self.0.chars().next() {
                Some(' ') => self.spaces(),
                Some(')') => {}
                Some(';') => return Err(Refusal::unproven("component_unsupported")),
                _ => return Err(MALFORMED),
            }
        }
        Ok(names)
    }

    fn parameters(&mut self) -> Result<Parameters, Refusal> {
        let mut found = Parameters {
            key_id: None,
            algorithm: Algorithm::OfKey,
            created: None,
            expires: None,
            canonical: String::new(),
        };
        let mut seen = Vec::new();
        while self.take(';') {
            self.spaces();
            let key = self.key()?;
            if seen.contains(&key) {
                return Err(DOUBLED);
            }
            seen.push(key);
            if seen.len() > PARAMETERS_MAX {
                return Err(MALFORMED);
            }
            self.expect('=')?;
            let raw = self.parameter(key, &mut found)?;
            found.canonical.push_str(&format!(";{key}={raw}"));
        }
        Ok(found)
    }

    /// One value, remembered in `found` where we need it; returns its signed text.
    fn parameter(&mut self, key: &str, found: &mut Parameters) -> Result<&'a str, Refusal> {
        match key {
            "created" | "expires" => {
                let (number, raw) = self.integer()?;
                let place = match key {
                    "created" => &mut found.created,
                    _ => &mut found.expires,
                };
                *place = Some(number);
                Ok(raw)
            }
            "keyid" | "alg" | "nonce" | "tag" => {
                let (text, raw) = self.string()?;
                match key {
                    "keyid" => found.key_id = Some(text),
                    "alg" => found.algorithm = algorithm(&text)?,
                    _ => {}
                }
                Ok(raw)
            }
            _ => Err(MALFORMED),
        }
    }

    /// A number in its only spelling, so that what we sign again is what was signed.
    fn integer(&mut self) -> Result<(i64, &'a str), Refusal> {
        let raw = self.while_matches(|byte| byte.is_ascii_digit());
        if raw.len() > 15 || (raw.len() > 1 && raw.starts_with('0')) {
            return Err(MALFORMED);
        }
        Ok((raw.parse().map_err(|_| MALFORMED)?, raw))
    }

    /// A quoted string: its meaning and, with quotes and escapes, its text.
    fn string(&mut self) -> Result<(String, &'a str), Refusal> {
        let start = self.0;
        self.expect('"')?;
        let mut meaning = String::new();
        loop {
            meaning.push_str(self.while_matches(|byte| {
                matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
            }));
            if self.take('"') {
                return Ok((meaning, &start[..start.len() - self.0.len()]));
            }
            self.expect('\\')?;
            match self.0.chars().next() {
                Some(escaped @ ('"' | '\\')) => {
                    self.expect(escaped)?;
                    meaning.push(escaped);
                }
                _ => return Err(MALFORMED),
            }
        }
    }

    /// `:base64:`
    fn bytes(&mut self) -> Result<Vec<u8>, Refusal> {
        self.expect(':')?;
        let encoded = self.while_matches(|byte| byte != b':');
        self.expect(':')?;
        STANDARD.decode(encoded).map_err(|_| MALFORMED)
    }
}

/// Names of the registry of section 6.2.2; others, with a shared secret above all, are refused.
fn algorithm(name: &str) -> Result<Algorithm, Refusal> {
    match name {
        "rsa-v1_5-sha256" => Ok(Algorithm::Rsa),
        "ed25519" => Ok(Algorithm::Ed25519),
        _ => Err(Refusal::unproven("algorithm_refused")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::keys::ParsedKey;

    /// The test values of appendix B.2.6; the key id is no address, so `keyid` is swapped in the
    /// parsed form only.
    #[test]
    fn appendix_b_2_6_ed25519() {
        let mut input = parse(
            r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="https://k.test/""#,
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
        )
        .unwrap();
        input.params = input.params.replace("https://k.test/", "test-key-ed25519");
        let headers: &[(&str, &[u8])] = &[
            ("host", b"example.com"),
            ("date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", b"application/json"),
            ("content-length", b"18"),
        ];
        let request = Request {
            method: "POST",
            path_and_query: "/foo?param=Value&Pet=dog",
            headers,
            body: b"",
        };
        let origin = "https://example.com".parse().unwrap();
        let base = base(&input, &request, &Headers::new(headers).unwrap(), &origin).unwrap();
        let key = ParsedKey::from_pem(
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n",
        )
        .unwrap();
        assert!(key.verifies(base.as_bytes(), &input.signature), "{base}");
    }

    #[test]
    fn parameters_are_signed_in_one_spelling() {
        let signature = "a=:AAAA:";
        let input = parse(
            r#"a=( "@method"   "date" ); created=1;keyid="https://k.test/";tag="q\"\\""#,
            signature,
        )
        .unwrap();
        assert_eq!(
            input.params,
            r#"("@method" "date");created=1;keyid="https://k.test/";tag="q\"\\""#
        );
        for (header, reason) in [
            ("", "signature_malformed"),
            ("a=()", "signature_malformed"),
            (
                r#"a=("@method");keyid="https://k.test/";created=01"#,
                "signature_malformed",
            ),
            (
                r#"a=("@method");keyid="https://k.test/";created=-1"#,
                "signature_malformed",
            ),
            (
                r#"a=("@method");keyid="https://k.test/";created="1""#,
                "signature_malformed",
            ),
            (
                r#"a=("@method");keyid="https://k.test/";odd=1"#,
                "signature_malformed",
            ),
            (r#"a=("@method");keyid=https"#, "signature_malformed"),
            (
                r#"a=("Date");keyid="https://k.test/""#,
                "signature_malformed",
            ),
            (
                r#"a=("date""host");keyid="https://k.test/""#,
                "signature_malformed",
            ),
            (
                r#"b=("date");keyid="https://k.test/""#,
                "signature_malformed",
            ),
            (
                r#"a=("date");keyid="https://k.test/" x"#,
                "signature_malformed",
            ),
            (
                r#"a=("date" "date");keyid="https://k.test/""#,
                "signature_doubled",
            ),
            (
                r#"a=("date");keyid="https://k.test/";keyid="https://l.test/""#,
                "signature_doubled",
            ),
            (
                r#"a=("date");keyid="https://k.test/", b=("date")"#,
                "signature_doubled",
            ),
            (
                r#"a=("date";req);keyid="https://k.test/""#,
                "component_unsupported",
            ),
            (
                r#"a=("date");keyid="https://k.test/";alg="hmac-sha256""#,
                "algorithm_refused",
            ),
            (r#"a=("date");keyid="k""#, "key_id_unusable"),
        ] {
            assert_eq!(
                parse(header, signature).unwrap_err().reason,
                reason,
                "{header}"
            );
        }
        assert_eq!(
            parse(
                r#"a=("date");keyid="https://k.test/""#,
                "a=:AAAA:, b=:AAAA:"
            )
            .unwrap_err(),
            DOUBLED
        );
    }
}
