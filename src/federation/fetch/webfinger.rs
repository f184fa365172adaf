//! Finding somebody by handle (RFC 7033).
//!
//! Only the server in the handle is asked, and it may name only actors of its own: one host says
//! who `roads@acme.example` is, and answers for what it says. Servers that put handles and actors
//! on different hosts are found by the actor's own handle instead.

use activitypub_federation::fetch::webfinger::{Webfinger, WebfingerLink};
use url::Url;

use crate::domain::{Handle, Host, Timestamp, Uri};
use crate::federation::fetch::media_type::{is_activity_json, is_resource_descriptor};
use crate::federation::fetch::{FetchError, Signer, get};
use crate::federation::json;
use crate::http::{Client, HttpError};

const ACCEPT: &str = "application/jrd+json, application/json";
/// The property some servers state the actor's type in, where a name is both a person's and a
/// group's.
const TYPE_PROPERTY: &str = "https://www.w3.org/ns/activitystreams#type";

/// Asks the handle's server for the actor's address.
///
/// The answer must be about this very handle, and the address on the same host. Where the server
/// knows a person and a group of that name, it is the group.
///
/// # Errors
/// See [`FetchError`]; [`FetchError::Shape`] when the handle has no host, the answer is about
/// somebody else, or it names no actor; [`FetchError::ForeignId`] when it names one elsewhere.
pub async fn webfinger(
    client: &Client,
    signer: Option<Signer<'_>>,
    handle: &Handle,
    now: Timestamp,
) -> Result<Uri, FetchError> {
    let host = handle
        .host
        .as_ref()
        .ok_or(FetchError::Shape("a handle without its server"))?;
    let mut outcome = Err(FetchError::Http(HttpError::Refused("scheme")));
    for scheme in client.schemes() {
        outcome = ask(client, signer, scheme, host, handle, now).await;
        if !matches!(
            outcome,
            Err(FetchError::Http(
                HttpError::Unreachable(_) | HttpError::Broken(_)
            ))
        ) {
            break;
        }
    }
    read_answer(&outcome?, handle)
}

/// Reads what the handle's server answered: the actor's address, where it may say it.
///
/// # Errors
/// As [`webfinger`].
pub fn read_answer(body: &[u8], handle: &Handle) -> Result<Uri, FetchError> {
    let json = json::parse_bounded(body)?;
    let answer =
        serde_json::from_value(json).map_err(|_| FetchError::Shape("no WebFinger answer"))?;
    actor_of(&answer, handle)
}

async fn ask(
    client: &Client,
    signer: Option<Signer<'_>>,
    scheme: &str,
    host: &Host,
    handle: &Handle,
    now: Timestamp,
) -> Result<Vec<u8>, FetchError> {
    let address = format!("{scheme}://{host}/.well-known/webfinger");
    let resource = format!("acct:{handle}");
    let url = Url::parse_with_params(&address, [("resource", resource)])
        .map_err(|_| FetchError::Shape("a handle that is no address"))?;
    let response = get(client, signer, &url, ACCEPT, now).await?;
    let media_type = response.header("content-type");
    if !media_type.is_some_and(is_resource_descriptor) {
        return Err(FetchError::MediaType);
    }
    Ok(response.body)
}

/// What the answer says, where it may say it.
fn actor_of(answer: &Webfinger, handle: &Handle) -> Result<Uri, FetchError> {
    let subject = format!("acct:{handle}");
    if !answer.subject.eq_ignore_ascii_case(&subject) {
        return Err(FetchError::Shape("an answer about somebody else"));
    }
    let links = || answer.links.iter().filter(|link| names_actor(link));
    let link = links()
        .find(|link| is_group(link))
        .or_else(|| links().next())
        .ok_or(FetchError::Shape("no actor"))?;
    let href = link.href.as_ref().ok_or(FetchError::Shape("no actor"))?;
    let actor: Uri = href
        .as_str()
        .parse()
        .map_err(|_| FetchError::Shape("an actor that is no address"))?;
    if handle.host.as_ref() != Some(actor.host()) {
        return Err(FetchError::ForeignId);
    }
    Ok(actor)
}

fn names_actor(link: &WebfingerLink) -> bool {
    link.rel.as_deref() == Some("self")
        && link.kind.as_deref().is_some_and(is_activity_json)
        && link.href.is_some()
}

fn is_group(link: &WebfingerLink) -> bool {
    let mut properties = link.properties.iter();
    properties.any(|(name, value)| name.as_str() == TYPE_PROPERTY && value == "Group")
}
