//! Who sent a request: signatures made and checked. Pure; knows no web framework and no database.
//!
//! Two kinds are understood: the draft every server speaks (`draft-cavage-http-signatures-12`) and
//! its successor RFC 9421. A request passes three doors, in this order, each cheaper than the next:
//!
//! 1. [`parse`]: the headers are well-formed and nothing that matters occurs twice (400). Now the
//!    claimed key is known, and the caller can turn away hosts that are not partners.
//! 2. [`check`]: enough of the request is signed, it is for us, it is fresh, and the body is the
//!    one whose digest was signed (401).
//! 3. [`Checked::verify`]: the key made the signature (401).
//!
//! Only what passed the second door can be verified, so that no caller forgets it.

mod accept;
mod cavage;
mod digest;
mod freshness;
mod headers;
mod rfc9421;
mod sign;

use crate::domain::{Timestamp, Uri};
use crate::federation::keys::{KeyKind, ParsedKey};
use headers::Headers;

pub use accept::{WANTED, asked};
pub use sign::{Outgoing, sign};

/// Longest key id, and longest signature (RSA with 8,192 bits), bytes.
const SIGNATURE_BYTES_MAX: usize = 1_024;
/// Parts one signature may cover.
const COVERED_MAX: usize = 32;

/// A header: its name in lower case and its value.
pub type HeaderPair<'a> = (&'a str, &'a [u8]);

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400 when it makes no sense, 401 when it does not prove who sent it.
    pub status: u16,
    /// A stable code for the security log.
    pub reason: &'static str,
}

impl Refusal {
    const fn malformed(reason: &'static str) -> Self {
        Self {
            status: 400,
            reason,
        }
    }

    const fn unproven(reason: &'static str) -> Self {
        Self {
            status: 401,
            reason,
        }
    }
}

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// In capitals, `POST`.
    pub method: &'a str,
    /// As on the request line, `/inbox?x=1`.
    pub path_and_query: &'a str,
    pub headers: &'a [HeaderPair<'a>],
    /// Empty when there is none.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Only reading may go without a signed body.
    fn has_body(&self) -> bool {
        !matches!(self.method, "GET" | "HEAD")
    }

    /// Path and, where there is one, the query without its question mark.
    fn path_and_query_apart(&self) -> (&'a str, Option<&'a str>) {
        match self.path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.path_and_query, None),
        }
    }
}

/// Which specification a signature follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    Cavage,
    Rfc9421,
}

/// What the signer says about the algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rsa,
    Ed25519,
    /// Nothing, or `hs2019`: whatever the key is for.
    OfKey,
}

impl Algorithm {
    const fn fits(self, kind: KeyKind) -> bool {
        match self {
            Self::Rsa => matches!(kind, KeyKind::Rsa),
            Self::Ed25519 => matches!(kind, KeyKind::Ed25519),
            Self::OfKey => true,
        }
    }
}

/// A signature as claimed. Nothing of it is true yet.
#[derive(Clone, Debug)]
pub struct SignatureInput {
    /// The key that is said to have signed; the caller finds it, on its owner's server.
    pub key_id: Uri,
    pub kind: SignatureKind,
    algorithm: Algorithm,
    /// Names of the signed parts, in lower case, in order.
    covered: Vec<String>,
    /// Seconds since 1970.
    created: Option<i64>,
    expires: Option<i64>,
    signature: Vec<u8>,
    /// RFC 9421's `@signature-params`, empty for the draft.
    params: String,
}

impl SignatureInput {
    fn covers(&self, name: &str) -> bool {
        self.covered.iter().any(|covered| covered == name)
    }
}

/// A claim that is complete, for us, fresh, and about this body. The key is still to be asked.
#[derive(Clone, Debug)]
pub struct Checked {
    pub key_id: Uri,
    pub kind: SignatureKind,
    algorithm: Algorithm,
    /// What was signed; a second reading for senders that leave out the query.
    signed: Vec<String>,
    signature: Vec<u8>,
}

impl Checked {
    /// Asks whether `key` made the signature.
    ///
    /// # Errors
    /// 401 `algorithm_refused` when the key is of another kind than stated, 401
    /// `signature_invalid` when it did not sign this.
    pub fn verify(&self, key: &ParsedKey) -> Result<(), Refusal> {
        if !self.algorithm.fits(key.kind()) {
            return Err(Refusal::unproven("algorithm_refused"));
        }
        let mut readings = self.signed.iter();
        if readings.any(|signed| key.verifies(signed.as_bytes(), &self.signature)) {
            return Ok(());
        }
        Err(Refusal::unproven("signature_invalid"))
    }
}

/// Reads the claimed signature from the headers.
///
/// # Errors
/// 401 `signature_missing`; 400 `header_doubled` or `header_malformed` for headers on which
/// security depends; 400 `signature_malformed` or `signature_doubled`; 401 `algorithm_refused`,
/// `key_id_unusable`.
pub fn parse(headers: &[HeaderPair<'_>]) -> Result<SignatureInput, Refusal> {
    let headers = Headers::new(headers)?;
    let signature = headers.get("signature")?;
    match (signature, headers.get("signature-input")?) {
        (Some(signature), None) => cavage::parse(signature),
        (Some(signature), Some(input)) => rfc9421::parse(input, signature),
        (None, Some(_)) => Err(Refusal::malformed("signature_malformed")),
        (None, None) => Err(Refusal::unproven("signature_missing")),
    }
}

/// Checks what a signature says before asking whether it is genuine.
///
/// `our_origin` is our public address (`https://v.test`): the signed host must be its host to the
/// letter, or a request captured elsewhere could be replayed here.
///
/// # Errors
/// 401 with `host_not_ours`, `part_unsigned` (what must be signed is in [`SignatureKind`]'s
/// modules), `signed_header_missing`, `component_unsupported`, `date_missing`, `date_malformed`,
/// `too_old`, `in_the_future`, `expired`, `digest_unsupported`, `digest_mismatch`; 400
/// `digest_malformed`.
pub fn check(
    input: SignatureInput,
    request: &Request<'_>,
    our_origin: &Uri,
    now: Timestamp,
) -> Result<Checked, Refusal> {
    let headers = Headers::new(request.headers)?;
    if headers.get("host")? != Some(our_origin.host().as_str()) {
        return Err(Refusal::unproven("host_not_ours"));
    }
    let signed = match input.kind {
        SignatureKind::Cavage => {
            cavage::require_parts(&input, request)?;
            cavage::readings(&input, request, &headers)?
        }
        SignatureKind::Rfc9421 => {
            rfc9421::require_parts(&input, request)?;
            vec![rfc9421::base(&input, request, &headers, our_origin)?]
        }
    };
    freshness::check(&input, &headers, now)?;
    digest::check(&headers, request.body)?;
    Ok(Checked {
        key_id: input.key_id,
        kind: input.kind,
        algorithm: input.algorithm,
        signed,
        signature: input.signature,
    })
}

fn parse_key_id(text: &str) -> Result<Uri, Refusal> {
    text.parse()
        .map_err(|_| Refusal::unproven("key_id_unusable"))
}

#[cfg(test)]
mod tests;
