//! Integrity proofs in documents (FEP-8b32), with the cryptosuite `eddsa-jcs-2022` of Data Integrity
//! EdDSA Cryptosuites 1.0: who said it can be checked wherever the document comes from.
//!
//! A proof proves that a key signed this document; whose key that is, and whether the document is
//! the key's owner's to speak of, is for the caller to ask.

mod jcs;

use openssl::sha::sha256;
use serde_json::{Map, Value, json};

use crate::domain::{Proof, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::federation::keys::{KeyKind, OwnKey, ParsedKey};
use crate::federation::multibase;

/// The words of a proof.
pub const CONTEXT: &str = "https://w3id.org/security/data-integrity/v2";
/// Where a document's proof stands.
pub const PROOF: &str = "proof";
/// Where an actor's server vouches for the actor's document and the keys in it. Not `proof`, which
/// is for the owner of a document, and the server is not the actor.
pub const SERVER_PROOF: &str = "guildhall:serverProof";
/// Where a server's own document is signed by each key that was replaced lately: who pinned one of them
/// believes the new ones.
pub const KEY_PROOFS: &str = "guildhall:keyProofs";

/// Proofs looked at in one document.
const KEY_PROOFS_MAX: usize = 16;

const KIND: &str = "DataIntegrityProof";
const CRYPTOSUITE: &str = "eddsa-jcs-2022";
const PURPOSE: &str = "assertionMethod";
/// A signature of older specifications, which is made last and over everything else.
const LINKED_DATA_SIGNATURE: &str = "signature";
/// Length of an Ed25519 signature, bytes.
const SIGNATURE_BYTES: usize = 64;

/// Adds a proof to a document that has a context; its words are added there.
///
/// # Errors
/// [`Error::Internal`] when the document is no object, or OpenSSL cannot sign.
pub fn add(document: &mut Value, own: &OwnKey, at: Timestamp) -> Result<()> {
    let context = with_proofs_words(document.get("@context"));
    let members = document.as_object_mut().ok_or_else(not_an_object)?;
    members.insert("@context".into(), context);
    let proof = make(document, PROOF, own, at)?;
    put(document, PROOF, proof)
}

/// Adds what a server says for an actor of its own: see [`SERVER_PROOF`].
///
/// # Errors
/// As [`add`].
pub fn add_server_proof(document: &mut Value, own: &OwnKey, at: Timestamp) -> Result<()> {
    let proof = make(document, SERVER_PROOF, own, at)?;
    put(document, SERVER_PROOF, proof)
}

/// Has keys that were replaced introduce those that the document lists: see [`KEY_PROOFS`].
///
/// # Errors
/// As [`add`].
pub fn add_key_proofs(document: &mut Value, old: &[OwnKey], at: Timestamp) -> Result<()> {
    let proofs: Result<Vec<Value>> = old
        .iter()
        .map(|key| make(document, KEY_PROOFS, key, at))
        .collect();
    put(document, KEY_PROOFS, Value::Array(proofs?))
}

/// The claims of [`KEY_PROOFS`].
pub fn read_key_proofs(document: &Value) -> Vec<Proof> {
    let claims = document.get(KEY_PROOFS).and_then(Value::as_array);
    let claims = claims.into_iter().flatten().take(KEY_PROOFS_MAX);
    claims
        .filter_map(|claim| read_claim(document, KEY_PROOFS, claim))
        .collect()
}

fn put(document: &mut Value, member: &str, proof: Value) -> Result<()> {
    let members = document.as_object_mut().ok_or_else(not_an_object)?;
    members.insert(member.into(), proof);
    Ok(())
}

fn not_an_object() -> Error {
    Error::internal("a proof can be made for an object only")
}

/// Section 3.3.1 of the cryptosuites.
fn make(document: &Value, member: &str, own: &OwnKey, at: Timestamp) -> Result<Value> {
    let mut options = json!({
        "type": KIND,
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": own.id,
        "proofPurpose": PURPOSE,
        "created": at,
    });
    if let Some(context) = document.get("@context") {
        options["@context"] = context.clone();
    }
    let bare = without(document, member).ok_or_else(not_an_object)?;
    let signature = own.key.sign(&signed(&options, &bare)?)?;
    options["proofValue"] = json!(multibase::encode(&signature));
    Ok(options)
}

/// What is signed: the hash of the proof's own members, then that of the document.
fn signed(options: &Value, document: &Value) -> Result<Vec<u8>> {
    let hash = |value: &Value| Ok::<_, Error>(sha256(&jcs::canonicalize(value)?));
    Ok([hash(options)?, hash(document)?].concat())
}

/// The document without its proof.
fn without(document: &Value, member: &str) -> Option<Value> {
    let mut bare: Map<String, Value> = document.as_object()?.clone();
    bare.remove(member);
    bare.remove(LINKED_DATA_SIGNATURE);
    Some(Value::Object(bare))
}

fn with_proofs_words(context: Option<&Value>) -> Value {
    let mut words = match context {
        Some(Value::Array(words)) => words.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    if !words.iter().any(|word| word == CONTEXT) {
        words.push(json!(CONTEXT));
    }
    Value::Array(words)
}

/// Reads the claim that a document's `member` makes; none where there is none of the one kind that
/// is understood here, for then it proves nothing.
pub fn read(document: &Value, member: &str) -> Option<Proof> {
    read_claim(document, member, document.get(member)?)
}

fn read_claim(document: &Value, member: &str, claim: &Value) -> Option<Proof> {
    let proof = claim.as_object()?;
    let text = |name: &str| proof.get(name)?.as_str();
    let ours = text("type") == Some(KIND)
        && text("cryptosuite") == Some(CRYPTOSUITE)
        && text("proofPurpose") == Some(PURPOSE);
    let key: Uri = text("verificationMethod").filter(|_| ours)?.parse().ok()?;
    let signature = multibase::decode(text("proofValue")?)?;
    let time = |name: &str| match proof.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(time) => Timestamp::parse(time.as_str()?).ok().map(Some),
    };
    let mut bare = without(document, member)?;
    if let Some(context) = proof.get("@context") {
        bare["@context"] = agreed_context(document.get("@context"), context)?;
    }
    let mut options = proof.clone();
    options.remove("proofValue");
    Some(Proof {
        key,
        signed: signed(&Value::Object(options), &bare).ok()?,
        signature: (signature.len() == SIGNATURE_BYTES).then_some(signature)?,
        created_at: time("created")?,
        expires_at: time("expires")?,
    })
}

/// The context that was signed. The document's must begin with it (section 3.3.2): words that were
/// added afterwards must not change what the signed ones mean.
fn agreed_context(stated: Option<&Value>, signed: &Value) -> Option<Value> {
    let list = |context: &Value| match context {
        Value::Array(words) => words.clone(),
        one => vec![one.clone()],
    };
    let stated = list(stated?);
    stated.starts_with(&list(signed)).then(|| signed.clone())
}

/// Whether `key` made the proof, and it still counts. Only Ed25519 makes proofs of this suite.
pub fn holds(proof: &Proof, key: &ParsedKey, now: Timestamp) -> bool {
    key.kind() == KeyKind::Ed25519
        && proof.expires_at.is_none_or(|end| now < end)
        && key.verifies(&proof.signed, &proof.signature)
}

#[cfg(test)]
mod tests;
