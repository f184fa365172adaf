//! Actors: what is the same for people, groups and servers, and reading others' documents.

use serde_json::{Value, json};

use super::read::{entries, kind_of, required_uri, text, uri_in, uri_of};
use crate::app::Addresses;
use crate::domain::{
    Access, Actor, ActorKey, ActorKind, BODY_BYTES_MAX, Evidence, GroupDialect, Handle, Invalid,
    KeyList, SignatureChoice, TITLE_CHARS_MAX, Timestamp, Uri, markup,
};
use crate::federation::keys::ParsedKey;
use crate::federation::proofs;
use crate::services::remote_actors::{NewActor, ReceivedActor, ReceivedKey, RemoteWays};

/// The word for a group's access in our namespace.
pub(super) const ACCESS: &str = "guildhall:access";
/// The word for a group that can be read and not written in.
pub(super) const ARCHIVED: &str = "guildhall:archived";
/// HTTP message signatures, as FEP-844e's registry calls them.
const RFC_9421: &str = "https://datatracker.ietf.org/doc/html/rfc9421";
/// The same with the algorithm of this section. The registry has no name for it yet.
const RFC_9421_ED25519: &str = "https://datatracker.ietf.org/doc/html/rfc9421#section-3.3.6";
/// Our own extension: [`super::NAMESPACE`] without its fragment.
const OURS: &str = "https://ns.guildhall.dev/v1";
/// Groups that announce activities.
const FEP_1B12: &str = "https://w3id.org/fep/1b12";
/// Keys looked at in one document.
const KEYS_MAX: usize = 16;

// Writing -----------------------------------------------------------------------------------------

/// What every actor of ours says of itself.
pub(super) fn render_actor(
    kind: &'static str,
    actor: &Actor,
    keys: &[ActorKey],
    addresses: &Addresses,
) -> Value {
    let mut object = json!({
        "id": actor.uri,
        "type": kind,
        "preferredUsername": actor.name,
        "webfinger": format!("{}@{}", actor.name, addresses.origin().host()),
        "name": actor.title(),
        "url": actor.url,
        "inbox": actor.inbox,
        "endpoints": { "sharedInbox": addresses.shared_inbox() },
        "generator": generator(),
    });
    extend(&mut object, render_keys(actor, keys));
    object
}

/// `publicKey` is the one RSA key that signs, because other software reads one only. Ed25519 keys
/// stand in `assertionMethod`, and so do, until their end, those that were replaced.
fn render_keys(actor: &Actor, keys: &[ActorKey]) -> Value {
    let signs = |key: &&ActorKey| key.list == KeyList::PublicKey && key.expires_at.is_none();
    let signing = keys.iter().find(signs);
    let others: Vec<Value> = keys
        .iter()
        .filter(|key| !signs(key))
        .filter_map(|key| render_multikey(actor, key))
        .collect();
    let mut rendered = json!({});
    if let Some(key) = signing {
        rendered["publicKey"] = json!({
            "id": key.uri,
            "owner": actor.uri,
            "publicKeyPem": key.public_pem,
        });
    }
    if !others.is_empty() {
        rendered["assertionMethod"] = json!(others);
    }
    rendered
}

/// A `Multikey` (FEP-521a).
fn render_multikey(actor: &Actor, key: &ActorKey) -> Option<Value> {
    let parsed = ParsedKey::from_pem(&key.public_pem).ok()?;
    let mut multikey = json!({
        "id": key.uri,
        "type": "Multikey",
        "controller": actor.uri,
        "publicKeyMultibase": parsed.to_multibase().ok()?,
    });
    if let Some(end) = key.expires_at {
        multikey["expires"] = json!(end);
    }
    Some(multikey)
}

/// What our software understands beyond ActivityPub itself (FEP-844e).
fn generator() -> Value {
    json!({
        "type": "Application",
        "name": "Guildhall",
        "implements": [
            {
                "type": "Link",
                "name": "RFC-9421: HTTP Message Signatures",
                "href": RFC_9421,
            },
            {
                "type": "Link",
                "name": "RFC-9421: HTTP Message Signatures with Ed25519",
                "href": RFC_9421_ED25519,
            },
            {
                "type": "Link",
                "name": "Guildhall: partnerships and grants",
                "href": OURS,
            },
            {
                "type": "Link",
                "name": "FEP-1b12: Group federation",
                "href": FEP_1B12,
            },
        ],
    })
}

/// Adds members to an object.
pub(super) fn extend(object: &mut Value, more: Value) {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
}

// Reading -----------------------------------------------------------------------------------------

/// Reads an actor's document. Whether it was served by its own server is the caller's to check.
///
/// # Errors
/// When it is no actor, or lacks what nothing can be done without: id, inbox, a name.
pub fn parse_actor(document: &Value) -> Result<ReceivedActor, Invalid> {
    let uri = required_uri(document, "id")?;
    let kind = kind(document)?;
    let name = name(document, kind, &uri)?;
    let approves = document.get("manuallyApprovesFollowers") == Some(&Value::Bool(true));
    Ok(ReceivedActor {
        access: access(document),
        approves,
        archived: document.get(ARCHIVED) == Some(&Value::Bool(true)),
        token_source: token_source(document, &uri),
        ways: ways(document, &uri),
        signature: accepted_signature(document),
        dialect: dialect(document, kind),
        signed: signed(document, &uri),
        introduced_by: None,
        keys: keys(document, &uri)?,
        new: NewActor {
            kind,
            name,
            host: Some(uri.host().clone()),
            url: page(document).unwrap_or_else(|| uri.clone()).to_string(),
            display_name: display_name(document),
            summary: summary(document),
            inbox: required_uri(document, "inbox")?,
            shared_inbox: shared_inbox(document),
            followers: uri_in(document, "followers"),
            outbox: uri_in(document, "outbox"),
            uri,
        },
    })
}

/// A `Service` is somebody's robot; the server itself is an `Application`.
fn kind(document: &Value) -> Result<ActorKind, Invalid> {
    match kind_of(document) {
        Some("Person" | "Service" | "Organization") => Ok(ActorKind::Person),
        Some("Group") => Ok(ActorKind::Group),
        Some("Application") => Ok(ActorKind::Service),
        _ => Err(Invalid::new("type", "is not one kind of actor")),
    }
}

/// The name in its handle. Servers themselves may have none.
fn name(document: &Value, kind: ActorKind, uri: &Uri) -> Result<String, Invalid> {
    let problem = || Invalid::new("preferredUsername", "is not a name");
    let name = match document.get("preferredUsername").and_then(Value::as_str) {
        Some(name) => name,
        None if kind == ActorKind::Service => uri.host().name(),
        None => return Err(problem()),
    };
    // What cannot be written as a handle cannot be told from somebody else.
    let handle: Handle = format!("{name}@{}", uri.host())
        .parse()
        .map_err(|_| problem())?;
    if handle.name == name {
        Ok(handle.name)
    } else {
        Err(problem())
    }
}

fn display_name(document: &Value) -> String {
    let name = text(document, "name", "nameMap").unwrap_or_default();
    let shown = markup::plain_name(name, TITLE_CHARS_MAX);
    shown.chars().filter(|c| !is_unprintable(*c)).collect()
}

/// Control characters, and those that turn the direction of the text around them.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn summary(document: &Value) -> String {
    let summary = text(document, "summary", "summaryMap").unwrap_or_default();
    match summary.len() > BODY_BYTES_MAX {
        true => String::new(),
        false => markup::sanitize(summary).into_string(),
    }
}

/// The page for people: `url` may be an address, a link, or several of them.
fn page(document: &Value) -> Option<Uri> {
    let links = match document.get("url")? {
        Value::Array(links) => links.iter().collect(),
        one => vec![one],
    };
    let is_page =
        |link: &&Value| link.get("mediaType").and_then(Value::as_str) == Some("text/html");
    let pages = links.iter().copied().filter(is_page);
    pages.chain(links.iter().copied()).find_map(uri_of)
}

fn shared_inbox(document: &Value) -> Option<Uri> {
    uri_in(document.get("endpoints")?, "sharedInbox")
}

/// Where a group gives out tokens (FEP-db0e): on its own server, or nowhere.
fn token_source(document: &Value, owner: &Uri) -> Option<Uri> {
    let endpoints = document.get("endpoints")?;
    let named = ["actorToken", "sm:actorToken"];
    let source = named.iter().find_map(|name| uri_in(endpoints, name));
    source.filter(|source| same_origin(source, owner))
}

/// Aliases looked at in one document.
const ALIASES_MAX: usize = 16;

/// Where a group has its lists, on its own server, and where it moved or was before.
fn ways(document: &Value, owner: &Uri) -> RemoteWays {
    let list = |field| uri_in(document, field).filter(|list| same_origin(list, owner));
    let aliases = entries(document, "alsoKnownAs").unwrap_or_default();
    let aliases = aliases.into_iter().filter_map(uri_of);
    RemoteWays {
        featured: list("featured"),
        // Lemmy's word is the usual one; the other is of Mbin.
        moderators: list("attributedTo").or_else(|| list("moderators")),
        moved_to: uri_in(document, "movedTo"),
        also_known_as: aliases.take(ALIASES_MAX).collect(),
    }
}

fn access(document: &Value) -> Option<Access> {
    document.get(ACCESS)?.as_str()?.parse().ok()
}

/// The document with the proof of its own server, to be passed on.
fn signed(document: &Value, owner: &Uri) -> Option<(String, Timestamp)> {
    let proof = proofs::read(document, proofs::SERVER_PROOF)?;
    let by_its_server = is_servers_key(&proof.key, owner);
    let signed_at = proof.created_at.filter(|_| by_its_server)?;
    Some((document.to_string(), signed_at))
}

/// Whether a key is one of the instance actor of `actor`'s own server. Guildhall's instance actors
/// all have this address; one that anybody could choose would let people vouch for each other.
pub(crate) fn is_servers_key(key: &Uri, actor: &Uri) -> bool {
    let (scheme, _) = actor.as_str().split_once("://").unwrap_or_default();
    let instance = format!("{scheme}://{}/actor", actor.host());
    key.without_fragment().as_str() == instance
}

/// In which dialect the actor's server takes part in groups: what its software says of itself
/// (FEP-844e), or what marks a group that announces activities (FEP-1b12, and Lemmy's word).
fn dialect(document: &Value, kind: ActorKind) -> Option<(GroupDialect, Evidence)> {
    let evidence = if implements(document, OURS) || implements(document, FEP_1B12) {
        Evidence::Said
    } else {
        let marks = ["attributedTo", "moderators", "postingRestrictedToMods"];
        let marked = marks.iter().any(|mark| document.get(mark).is_some());
        (kind == ActorKind::Group && marked).then_some(Evidence::Seen)?
    };
    Some((GroupDialect::Activities, evidence))
}

/// Most names of what software says it understands that are read, and the longest.
const IMPLEMENTS_MAX: usize = 20;
const IMPLEMENTS_CHARS_MAX: usize = 100;

/// What the actor's software says that it understands (FEP-844e), by name, or by address where it has none.
pub(crate) fn implemented(document: &Value) -> Vec<String> {
    let links = document
        .get("generator")
        .and_then(|generator| entries(generator, "implements").ok());
    let name = |link: &Value| {
        let name = link.get("name").or_else(|| link.get("href"))?.as_str()?;
        let shown = name.chars().filter(|letter| !is_unprintable(*letter));
        Some(shown.take(IMPLEMENTS_CHARS_MAX).collect::<String>())
    };
    let links = links.unwrap_or_default().into_iter();
    links.filter_map(name).take(IMPLEMENTS_MAX).collect()
}

/// Whether the actor's software says that it understands something (FEP-844e).
fn implements(document: &Value, wanted: &str) -> bool {
    let named = |link: &&Value| link.get("href").and_then(Value::as_str) == Some(wanted);
    document
        .get("generator")
        .and_then(|generator| entries(generator, "implements").ok())
        .is_some_and(|links| links.iter().any(named))
}

/// The best kind of signature that the actor's software says it accepts; none where it says nothing.
fn accepted_signature(document: &Value) -> Option<SignatureChoice> {
    let names = |wanted| implements(document, wanted);
    match (names(RFC_9421), names(RFC_9421_ED25519)) {
        (_, true) => Some(SignatureChoice::Rfc9421Ed25519),
        (true, false) => Some(SignatureChoice::Rfc9421),
        (false, false) => None,
    }
}

/// The keys that the actor says are its own, on its own origin, of a kind we can use.
fn keys(document: &Value, owner: &Uri) -> Result<Vec<ReceivedKey>, Invalid> {
    let public = entries(document, "publicKey")?.into_iter().take(KEYS_MAX);
    let multi = entries(document, "assertionMethod")?
        .into_iter()
        .take(KEYS_MAX);
    let public = public.filter_map(|key| own_key(key, owner));
    let multi = multi.filter_map(|key| own_multikey(key, owner));
    let mut keys: Vec<ReceivedKey> = Vec::new();
    for key in public.chain(multi) {
        // One name is one key.
        if keys.iter().all(|other| other.uri != key.uri) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn own_key(key: &Value, owner: &Uri) -> Option<ReceivedKey> {
    let id: Uri = key.get("id")?.as_str()?.parse().ok()?;
    let pem = key.get("publicKeyPem")?.as_str()?;
    let owned = key.get("owner")?.as_str() == Some(owner.as_str()) && same_origin(&id, owner);
    let usable = || ParsedKey::from_pem(pem).is_ok();
    (owned && usable()).then(|| ReceivedKey {
        uri: id,
        list: KeyList::PublicKey,
        public_pem: pem.to_owned(),
        expires_at: None,
    })
}

/// A `Multikey` of `assertionMethod` (FEP-521a): the same rules of ownership, by `controller`. One
/// that is only named is none: its document would have to be asked, and could be anybody's.
fn own_multikey(key: &Value, owner: &Uri) -> Option<ReceivedKey> {
    let id: Uri = key.get("id")?.as_str()?.parse().ok()?;
    let owned = kind_of(key) == Some("Multikey")
        && key.get("controller")?.as_str() == Some(owner.as_str())
        && same_origin(&id, owner);
    let expires_at = match key.get("expires") {
        None | Some(Value::Null) => None,
        // An end that cannot be read may have been.
        Some(end) => Some(Timestamp::parse(end.as_str()?).ok()?),
    };
    let text = key.get("publicKeyMultibase")?.as_str()?;
    let parsed = ParsedKey::from_multibase(text).ok().filter(|_| owned)?;
    Some(ReceivedKey {
        uri: id,
        list: KeyList::AssertionMethod,
        public_pem: parsed.to_pem().ok()?,
        expires_at,
    })
}

/// Scheme and host: a document from plain http must not speak for https.
pub(crate) fn same_origin(a: &Uri, b: &Uri) -> bool {
    let scheme = |uri: &Uri| {
        let (scheme, _) = uri.as_str().split_once(':')?;
        Some(scheme.to_ascii_lowercase())
    };
    a.host() == b.host() && scheme(a) == scheme(b)
}

#[cfg(test)]
mod tests;
