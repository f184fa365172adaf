//! The one way out: every request to another server leaves through [`Client`].
//!
//! It refuses to go where the public Internet does not reach (unless the operator allows it), to
//! speak plain http (outside a laboratory), to knock at ports of other services, to follow
//! redirects, to use a proxy of the environment, to wait long, and to read much.

mod addresses;
mod resolver;
#[cfg(test)]
pub(crate) mod test_server;

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use quick_cache::sync::Cache;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::sync::watch;
use url::{Host, Url};

use crate::config::{FederationConfig, Limits};
use crate::domain::{GroupId, Stops, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::http::addresses::{AddressPolicy, AddressRefused};
use crate::http::resolver::{Lookup, Resolver, ask_the_system};

/// Time to a usable connection (name, TCP, TLS), seconds.
const CONNECT_SECONDS_MAX: u64 = 5;
/// Time an unused connection is kept, seconds. Short, for a thousand destinations each hold a
/// file descriptor and a TLS session.
const IDLE_SECONDS_MAX: u64 = 20;
/// Servers remembered to have been spoken to: about as many connections are kept at once.
const SERVERS_MET_MAX: usize = 2_000;
/// Text kept of the answer to a delivery, bytes: enough for an error message.
const ANSWER_BYTES_MAX: usize = 4 * 1_024;
/// Time given to that text, seconds; what counts is the status, which is there already.
const ANSWER_SECONDS_MAX: u64 = 2;
/// Bytes a server may send ahead on one HTTP/2 stream and on one connection.
const HTTP2_STREAM_WINDOW_BYTES: u32 = 128 * 1_024;
const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 256 * 1_024;
/// Largest head of an answer over HTTP/2, bytes.
const HTTP2_HEAD_BYTES_MAX: u32 = 32 * 1_024;
/// Ports below this belong to the machine's services (mail, ssh, …).
const PORT_UNPRIVILEGED_MIN: u16 = 1_024;
/// Longest wait a `Retry-After` in seconds is believed, 30 days.
const RETRY_AFTER_SECONDS_MAX: u64 = 30 * 86_400;

/// Headers of a request: name in lower case, value.
pub type Headers = Vec<(&'static str, String)>;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent: the address is one we do not talk to. A stable code says why.
    #[error("the address is refused ({0})")]
    Refused(&'static str),
    /// No connection, so nothing was sent. The text is for the log.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke: what was sent may have arrived.
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("the server did not answer in time")]
    Timeout,
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// An emergency stop holds what goes there; what was under way was broken off.
    #[error("an emergency stop holds what goes to that server")]
    Stopped {
        /// It had begun: something may have left.
        under_way: bool,
    },
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Refused(_) => Self::invalid("address", error.to_string()),
            HttpError::Unreachable(_)
            | HttpError::Broken(_)
            | HttpError::Timeout
            | HttpError::TooLarge { .. }
            | HttpError::Stopped { .. } => Self::Unavailable(error.to_string()),
        }
    }
}

/// The answer to a `GET`.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// Decompressed, at most `limits.fetch_bytes`.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header that occurs exactly once and is ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// When the server asks to come back.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        RetryAfter::of(&self.headers)
    }
}

/// The answer to a `POST`.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The beginning of what the server said, at most 4 KiB; empty when it said it too slowly.
    pub text: String,
    pub retry_after: Option<RetryAfter>,
    /// What time it is there (RFC 9110, section 6.6.1), to the second.
    pub date: Option<Timestamp>,
    /// How it wants requests to be signed (RFC 9421, section 5).
    pub accept_signature: Option<String>,
}

/// When a server asks to come back (RFC 9110, section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    In(Duration),
    At(Timestamp),
}

impl RetryAfter {
    fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(RETRY_AFTER)?.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.trim().parse::<u64>() {
            let seconds = seconds.min(RETRY_AFTER_SECONDS_MAX);
            return Some(Self::In(Duration::from_secs(seconds)));
        }
        parse_date(text.trim()).map(Self::At)
    }

    /// The point in time meant, for somebody who reads this `now`; at most 30 days ahead.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::In(wait) => now.plus(wait),
            Self::At(time) => time.min(now.plus(Duration::from_secs(RETRY_AFTER_SECONDS_MAX))),
        }
    }
}

fn parse_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::MIN.plus(since_epoch))
}

/// The outbound client. Cheap to clone; clones share connections.
///
/// A connection is kept for the next request, but not the first one to a server: it would stay unused
/// after news for ten thousand servers, each of which costs memory and a file descriptor.
///
/// It is made ready when it is first used: to read the system's certificates takes a command longer than all else
/// it does, and a server that speaks with nobody has no use for them.
#[derive(Clone, Debug)]
pub struct Client {
    keeping: OnUse,
    passing: OnUse,
    met: Arc<Cache<String, ()>>,
    policy: AddressPolicy,
    allow_http: bool,
    body_bytes_max: usize,
    stops: watch::Sender<Stops>,
}

/// A client, or why there is none, from its first use on.
type OnUse = Arc<LazyLock<Result<reqwest::Client, String>, Box<dyn FnOnce() -> Made + Send>>>;
type Made = Result<reqwest::Client, String>;

impl Client {
    /// Prepares the client; `public_url` tells the other side who asks.
    pub fn new(public_url: &Uri, federation: &FederationConfig, limits: &Limits) -> Self {
        Self::knowing_names(public_url, federation, limits, ask_the_system)
    }

    /// The same with somebody else to ask for the addresses of names.
    fn knowing_names(
        public_url: &Uri,
        federation: &FederationConfig,
        limits: &Limits,
        lookup: Lookup,
    ) -> Self {
        let policy = AddressPolicy::new(&federation.allow_addresses);
        let agent = format!("Guildhall/{} (+{public_url})", env!("CARGO_PKG_VERSION"));
        let resolver = Arc::new(Resolver::new(policy.clone(), lookup));
        let client = |kept_per_server| -> OnUse {
            let builder = builder(limits)
                .user_agent(&agent)
                .https_only(!federation.allow_http)
                .dns_resolver(Arc::clone(&resolver))
                .pool_max_idle_per_host(kept_per_server);
            Arc::new(LazyLock::new(Box::new(|| {
                let made = builder.build();
                made.map_err(|error| format!("TLS cannot be set up: {error}"))
            })))
        };
        Self {
            // As many as deliveries use at once: fewer, and a busy partner costs a TLS handshake a post.
            keeping: client(limits.deliveries_in_flight_per_host),
            passing: client(0),
            met: Arc::new(Cache::new(SERVERS_MET_MAX)),
            policy,
            allow_http: federation.allow_http,
            body_bytes_max: limits.fetch_bytes,
            stops: watch::Sender::default(),
        }
    }

    /// Says what is stopped from now on. What is under way there is broken off.
    pub fn hold(&self, stops: Stops) {
        self.stops.send_if_modified(|now| {
            let changed = *now != stops;
            *now = stops;
            changed
        });
    }

    /// Does what speaks with a server, as long as nothing stops it.
    async fn unless_stopped<T>(
        &self,
        url: &Url,
        group: Option<GroupId>,
        doing: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
        let mut stops = self.stops.subscribe();
        if holds(&stops.borrow(), url, group) {
            return Err(HttpError::Stopped { under_way: false });
        }
        let stopped = async {
            // The sender lives as long as we do, so an error cannot mean anything else.
            let _ = stops.wait_for(|stops| holds(stops, url, group)).await;
        };
        tokio::select! {
            biased;
            () = stopped => Err(HttpError::Stopped { under_way: true }),
            outcome = doing => outcome,
        }
    }

    /// Schemes to try for a server of which only the name is known, in this order.
    pub const fn schemes(&self) -> &'static [&'static str] {
        if self.allow_http {
            &["http", "https"]
        } else {
            &["https"]
        }
    }

    /// Reads a document. Every status is an answer, redirects included: none is followed.
    ///
    /// # Errors
    /// See [`HttpError`]; [`HttpError::TooLarge`] above `limits.fetch_bytes`, decompressed.
    pub async fn get(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
    ) -> Result<Response, HttpError> {
        self.get_up_to(self.body_bytes_max, url, headers).await
    }

    /// The same with another limit, in bytes: for files.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_up_to(
        &self,
        most: usize,
        url: &Url,
        headers: &[(&'static str, String)],
    ) -> Result<Response, HttpError> {
        self.permit(url)?;
        let request = self.to(url)?.get(url.clone());
        let request = request.headers(header_map(headers)?);
        self.unless_stopped(url, None, async {
            let response = request.send().await.map_err(|error| classify(&error))?;
            Ok(Response {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: read_bounded(response, most).await?,
            })
        })
        .await
    }

    /// Delivers `body`; `group`: the group of ours that it is of. Every status is an answer.
    ///
    /// # Errors
    /// See [`HttpError`]; never [`HttpError::TooLarge`], for a long answer is cut.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: impl Into<reqwest::Body>,
        group: Option<GroupId>,
    ) -> Result<Answer, HttpError> {
        self.permit(url)?;
        let request = self.to(url)?.post(url.clone());
        let request = request.headers(header_map(headers)?).body(body);
        self.unless_stopped(url, group, async {
            let response = request.send().await.map_err(|error| classify(&error))?;
            Ok(Answer {
                status: response.status().as_u16(),
                retry_after: RetryAfter::of(response.headers()),
                date: response
                    .headers()
                    .get(DATE)
                    .and_then(|value| parse_date(value.to_str().ok()?)),
                accept_signature: response
                    .headers()
                    .get("accept-signature")
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned),
                text: read_beginning(response).await,
            })
        })
        .await
    }

    /// Keeps the connection where the server was spoken to lately.
    fn to(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let server = url.authority();
        let client = match self.met.get(server) {
            Some(()) => &self.keeping,
            None => {
                self.met.insert(server.to_owned(), ());
                &self.passing
            }
        };
        let made = LazyLock::force(client).as_ref();
        made.map_err(|error| HttpError::Unreachable(error.clone()))
    }

    /// What can be said before any name is resolved. Literal addresses must be checked here,
    /// for they never reach the resolver.
    fn permit(&self, url: &Url) -> Result<(), HttpError> {
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            _ => return Err(HttpError::Refused("scheme")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpError::Refused("user_information"));
        }
        match url.port() {
            None | Some(PORT_UNPRIVILEGED_MIN..) => {}
            Some(443) => {}
            Some(80) if self.allow_http => {}
            Some(_) => return Err(HttpError::Refused("port")),
        }
        let permitted = match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(address)) => self.policy.permits(address.into()),
            Some(Host::Ipv6(address)) => self.policy.permits(address.into()),
            None => false,
        };
        permitted.then_some(()).ok_or(HttpError::Refused("address"))
    }
}

/// Whether a stop holds what goes to this address. Who has no name that we know is held by none but a stop
/// of everything.
fn holds(stops: &Stops, url: &Url, group: Option<GroupId>) -> bool {
    if stops.0.is_empty() {
        return false;
    }
    let server = url.as_str().parse::<Uri>();
    stops.hold(server.as_ref().ok().map(Uri::host), group)
}

/// Time, size and pool: many destinations, few of them busy, none trusted.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that makes the client everybody else uses"
)]
fn builder(limits: &Limits) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .timeout(Duration::from_secs(limits.fetch_seconds))
        .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS_MAX))
        .http2_initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
        .http2_max_header_list_size(HTTP2_HEAD_BYTES_MAX)
}

/// `host` is left out: the connection sets it from the address, to the same value that was
/// signed, and HTTP/2 has its own place for it.
fn header_map(headers: &[(&'static str, String)]) -> Result<HeaderMap, HttpError> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        let value = HeaderValue::from_str(value).map_err(|_| HttpError::Refused("header"))?;
        map.append(HeaderName::from_static(name), value);
    }
    Ok(map)
}

/// Counts what comes out of the decompressor, so a small bomb is stopped when it unfolds.
async fn read_bounded(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, HttpError> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > limit) {
        return Err(HttpError::TooLarge { limit });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(HttpError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A body that breaks or dawdles does not change the status it follows.
async fn read_beginning(mut response: reqwest::Response) -> String {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < ANSWER_BYTES_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
    };
    let _too_slow = tokio::time::timeout(Duration::from_secs(ANSWER_SECONDS_MAX), reading).await;
    body.truncate(ANSWER_BYTES_MAX);
    String::from_utf8_lossy(&body).into_owned()
}

fn classify(error: &reqwest::Error) -> HttpError {
    let causes = || {
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| {
            error.source()
        })
    };
    if causes().any(|cause| cause.is::<AddressRefused>()) {
        return HttpError::Refused("address");
    }
    // The innermost cause says what happened; those around it repeat the address.
    let root = || {
        causes()
            .last()
            .map_or_else(String::new, ToString::to_string)
    };
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => HttpError::Unreachable(root()),
        (false, true) => HttpError::Timeout,
        (false, false) => HttpError::Broken(root()),
    }
}

#[cfg(test)]
mod tests;
