//! Actors: what is the same for people, groups and servers, and reading others' documents.

use serde_json::{Value, json};

use super::read::{entries, kind_of, required_uri, text, uri_in, uri_of};
use crate::app::Addresses;
use crate::domain::{
    Access, Actor, ActorKey, ActorKind, BODY_BYTES_MAX, Handle, Invalid, TITLE_CHARS_MAX, Uri,
    markup,
};
use crate::federation::keys::ParsedKey;
use crate::services::remote_actors::{NewActor, ReceivedActor};

/// The word for a group's access in our namespace.
pub(super) const ACCESS: &str = "guildhall:access";
/// The word for a group that can be read and not written in.
pub(super) const ARCHIVED: &str = "guildhall:archived";
/// Keys looked at in one document.
const KEYS_MAX: usize = 16;

// Writing -----------------------------------------------------------------------------------------

/// What every actor of ours says of itself.
pub(super) fn render_actor(
    kind: &'static str,
    actor: &Actor,
    key: &ActorKey,
    addresses: &Addresses,
) -> Value {
    json!({
        "id": actor.uri,
        "type": kind,
        "preferredUsername": actor.name,
        "webfinger": format!("{}@{}", actor.name, addresses.origin().host()),
        "name": actor.title(),
        "url": actor.url,
        "inbox": actor.inbox,
        "endpoints": { "sharedInbox": addresses.shared_inbox() },
        "publicKey": {
            "id": key.uri,
            "owner": actor.uri,
            "publicKeyPem": key.public_pem,
        },
        "generator": generator(),
    })
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
                "href": "https://datatracker.ietf.org/doc/html/rfc9421",
            },
            {
                "type": "Link",
                "name": "Guildhall: partnerships and grants",
                "href": super::NAMESPACE.trim_end_matches('#'),
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
    let shown = markup::plain_text(name, TITLE_CHARS_MAX);
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

fn access(document: &Value) -> Option<Access> {
    document.get(ACCESS)?.as_str()?.parse().ok()
}

/// The keys that the actor says are its own, on its own origin, of a kind we can use.
fn keys(document: &Value, owner: &Uri) -> Result<Vec<(Uri, String)>, Invalid> {
    let entries = entries(document, "publicKey")?;
    let keys = entries.into_iter().take(KEYS_MAX);
    Ok(keys.filter_map(|key| own_key(key, owner)).collect())
}

fn own_key(key: &Value, owner: &Uri) -> Option<(Uri, String)> {
    let id: Uri = key.get("id")?.as_str()?.parse().ok()?;
    let pem = key.get("publicKeyPem")?.as_str()?;
    let owned = key.get("owner")?.as_str() == Some(owner.as_str()) && same_origin(&id, owner);
    let usable = || ParsedKey::from_pem(pem).is_ok();
    (owned && usable()).then(|| (id, pem.to_owned()))
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
