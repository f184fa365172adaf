//! Reading other servers' documents: actors, objects, collections, WebFinger.
//!
//! A document counts only when its own server serves it: asked for by its id, answered without a
//! redirect, labelled as ActivityStreams. What merely *claims* an id is refused, whoever says it.

mod media_type;
mod nodeinfo;
mod webfinger;

use serde_json::Value;

use crate::domain::{SignatureChoice, Timestamp, Uri};
use crate::error::Error;
use crate::federation::actor_tokens::TOKEN_SCHEME;
use crate::federation::json::{self, JsonError};
use crate::federation::keys::OwnKeys;
use crate::federation::signatures::{self, Outgoing};
use crate::http::{Client, Headers, HttpError, Response, RetryAfter};

pub use media_type::is_activity_json;
pub use nodeinfo::{Software, software};
pub use webfinger::{read_answer, webfinger};

/// What we ask for (ActivityPub, section 3.2).
const ACCEPT: &str = concat!(
    "application/activity+json, ",
    r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#
);

/// Who asks, and how the request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    pub keys: &'a OwnKeys,
    pub signature: SignatureChoice,
    /// A group's token that the asker shows besides (FEP-db0e), for a post in that group.
    pub token: Option<&'a str>,
}

/// A document as its own server serves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The address it was read from, and the `id` it states: they are the same.
    pub id: Uri,
    /// A JSON object, within the limits of [`json::parse_bounded`].
    pub json: Value,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// 404: there is none, or not for us.
    #[error("the other server has no such document")]
    NotFound,
    /// 410: there was one.
    #[error("the document was deleted")]
    Gone,
    /// 401 or 403: the signature was not accepted, or we may not read it.
    #[error("the other server refuses to show the document (status {0})")]
    Denied(u16),
    /// 429, or 503 with a time to come back.
    #[error("the other server asks us to come back later")]
    Busy(Option<RetryAfter>),
    /// Any other status but 200, redirects among them.
    #[error("the other server answered with status {0}")]
    Status(u16),
    #[error("the answer is not labelled as the document that was asked for")]
    MediaType,
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not an object, or a member that must be there is missing or of the wrong kind.
    #[error("the document does not make sense: {0}")]
    Shape(&'static str),
    /// The `id` is on another server, which alone may speak for it.
    #[error("the document claims an id on another server")]
    ForeignId,
    /// Asked by its stated `id`, the server states another one.
    #[error("the document's id leads to another document")]
    UnstableId,
    /// A fault of ours.
    #[error(transparent)]
    Internal(Error),
}

impl FetchError {
    /// A stable code for logs.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Http(HttpError::Refused(reason)) => reason,
            Self::Http(HttpError::Unreachable(_) | HttpError::Broken(_)) => "unreachable",
            Self::Http(HttpError::Timeout) => "timeout",
            Self::Http(HttpError::TooLarge { .. }) => "too_large",
            Self::Http(HttpError::Stopped { .. }) => "stopped",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Denied(_) => "denied",
            Self::Busy(_) => "busy",
            Self::Status(_) => "status",
            Self::MediaType => "media_type",
            Self::Json(error) => error.reason(),
            Self::Shape(_) => "shape",
            Self::ForeignId => "foreign_id",
            Self::UnstableId => "unstable_id",
            Self::Internal(_) => "internal",
        }
    }

    /// True when asking again later may succeed.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Http(
                HttpError::Unreachable(_)
                | HttpError::Broken(_)
                | HttpError::Timeout
                | HttpError::Stopped { .. },
            )
            | Self::Busy(_)
            | Self::Status(500..)
            | Self::Internal(_) => true,
            Self::Http(HttpError::Refused(_) | HttpError::TooLarge { .. })
            | Self::NotFound
            | Self::Gone
            | Self::Denied(_)
            | Self::Status(_)
            | Self::MediaType
            | Self::Json(_)
            | Self::Shape(_)
            | Self::ForeignId
            | Self::UnstableId => false,
        }
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Http(error) => error.into(),
            FetchError::Internal(error) => error,
            FetchError::NotFound | FetchError::Gone => Self::NotFound,
            _ if error.is_temporary() => Self::Unavailable(error.to_string()),
            _ => Self::invalid("address", error.to_string()),
        }
    }
}

/// Reads the document with this address (its fragment is not part of it).
///
/// When the answer states another `id` on the same server (a key's address that answers with its
/// owner, a page's with its object), that id is asked once, and must then state itself.
///
/// # Errors
/// See [`FetchError`]. Nothing of a refused answer is returned.
pub async fn fetch_document(
    client: &Client,
    signer: Option<Signer<'_>>,
    uri: &Uri,
    now: Timestamp,
) -> Result<Document, FetchError> {
    let asked = uri.without_fragment();
    let first = read(client, signer, &asked, now).await?;
    if first.id == asked {
        return Ok(first);
    }
    // Scheme and host: a document from plain http must not speak for https.
    if !same_origin(&first.id, &asked) {
        return Err(FetchError::ForeignId);
    }
    let second = read(client, signer, &first.id, now).await?;
    if second.id != first.id {
        return Err(FetchError::UnstableId);
    }
    Ok(second)
}

fn same_origin(a: &Uri, b: &Uri) -> bool {
    let scheme = |uri: &Uri| {
        uri.as_str()
            .split_once(':')
            .map(|(s, _)| s.to_ascii_lowercase())
    };
    a.host() == b.host() && scheme(a) == scheme(b)
}

/// One answer and the id it states.
async fn read(
    client: &Client,
    signer: Option<Signer<'_>>,
    uri: &Uri,
    now: Timestamp,
) -> Result<Document, FetchError> {
    let url = uri
        .to_url()
        .map_err(|invalid| FetchError::Internal(invalid.into()))?;
    let response = get(client, signer, &url, ACCEPT, now).await?;
    if !response
        .header("content-type")
        .is_some_and(is_activity_json)
    {
        return Err(FetchError::MediaType);
    }
    let json = json::parse_bounded(&response.body)?;
    let id = json
        .get("id")
        .and_then(Value::as_str)
        .and_then(|id| id.parse().ok())
        .ok_or(FetchError::Shape("no id"))?;
    Ok(Document { id, json })
}

/// Asks a question that is answered by the status alone: 200 means yes.
///
/// # Errors
/// When it was not answered: 401, 429, 5xx, no connection.
pub async fn is_yes(
    client: &Client,
    signer: Option<Signer<'_>>,
    url: &url::Url,
    now: Timestamp,
) -> Result<bool, FetchError> {
    match get(client, signer, url, ACCEPT, now).await {
        Ok(_) => Ok(true),
        Err(FetchError::NotFound | FetchError::Gone | FetchError::Denied(403)) => Ok(false),
        Err(FetchError::Status(400..500)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads what is JSON and no document with an id: an actor token.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch_json(
    client: &Client,
    signer: Option<Signer<'_>>,
    url: &url::Url,
    now: Timestamp,
) -> Result<Value, FetchError> {
    let response = get(client, signer, url, "application/json", now).await?;
    Ok(json::parse_bounded(&response.body)?)
}

/// Reads a file of at most `most` bytes. What it is, its bytes have to say.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch_file(
    client: &Client,
    signer: Option<Signer<'_>>,
    url: &url::Url,
    most: usize,
    now: Timestamp,
) -> Result<Vec<u8>, FetchError> {
    let headers = headers(signer, url, "image/*, */*", now)?;
    let response = client.get_up_to(most, url, &headers).await?;
    Ok(found(response)?.body)
}

/// A `GET` whose status is 200.
async fn get(
    client: &Client,
    signer: Option<Signer<'_>>,
    url: &url::Url,
    accept: &str,
    now: Timestamp,
) -> Result<Response, FetchError> {
    let headers = headers(signer, url, accept, now)?;
    found(client.get(url, &headers).await?)
}

fn headers(
    signer: Option<Signer<'_>>,
    url: &url::Url,
    accept: &str,
    now: Timestamp,
) -> Result<Headers, FetchError> {
    let mut headers: Headers = match signer {
        Some(signer) => signatures::sign(signer.signature, signer.keys, &Outgoing::get(url), now)
            .map_err(FetchError::Internal)?,
        None => Headers::new(),
    };
    if let Some(token) = signer.and_then(|signer| signer.token) {
        headers.push(("authorization", format!("{TOKEN_SCHEME} {token}")));
    }
    headers.push(("accept", accept.to_owned()));
    Ok(headers)
}

fn found(response: Response) -> Result<Response, FetchError> {
    match response.status {
        200 => Ok(response),
        404 => Err(FetchError::NotFound),
        410 => Err(FetchError::Gone),
        status @ (401 | 403) => Err(FetchError::Denied(status)),
        429 => Err(FetchError::Busy(response.retry_after())),
        503 if response.retry_after().is_some() => Err(FetchError::Busy(response.retry_after())),
        status => Err(FetchError::Status(status)),
    }
}

#[cfg(test)]
mod tests;
