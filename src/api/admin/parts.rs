//! Arguments and answers of handlers: what is in the address, the query and the body, and how lists and
//! long work are answered.

use std::str::FromStr;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::LINK;
use actix_web::web::{Bytes, Path};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, Responder};
use futures_util::future::{LocalBoxFuture, Ready, ready};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::api::admin::errors::Failure;
use crate::app::App;
use crate::domain::{JobId, JobState, PAGE_ITEMS_MAX, Page};
use crate::error::Error;
use crate::services::jobs;
use crate::services::proposals::Decided;
use crate::wire::{Job, Proposal};

/// Items on a page when nobody says how many.
const ITEMS_DEFAULT: u32 = 50;
/// How long a request waits for a worker: less than a server has time to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The one placeholder of an address. What cannot be one is answered like one that nobody has.
pub struct At<T>(pub T);

impl<T: FromStr> FromRequest for At<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let text = Path::<String>::from_request(request, payload).into_inner();
        let text = text.ok().map(Path::into_inner);
        ready(parse(text.as_deref()).map(Self))
    }
}

/// Both placeholders of an address, in their order.
pub struct AtBoth<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr> FromRequest for AtBoth<A, B> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let both = Path::<(String, String)>::from_request(request, payload).into_inner();
        let both = both.ok();
        let (first, second) = match &both {
            Some(both) => (Some(both.0.as_str()), Some(both.1.as_str())),
            None => (None, None),
        };
        ready(parse(first).and_then(|first| Ok(Self(first, parse(second)?))))
    }
}

fn parse<T: FromStr>(text: Option<&str>) -> Result<T, Failure> {
    let parsed = text.and_then(|text| text.parse().ok());
    parsed.ok_or(Failure::House(Error::NotFound))
}

/// What follows the question mark.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Asked<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        let read = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        ready(
            read.map(Self)
                .map_err(|error| unfit(error.path(), error.inner().to_string())),
        )
    }
}

/// A JSON document that was sent.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Sent<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request
            .content_type()
            .eq_ignore_ascii_case("application/json");
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            match is_json {
                true => read_json(&body.await.map_err(|_| Failure::TooLarge)?).map(Self),
                false => Err(Failure::NotJson),
            }
        })
    }
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, cause) = (error.path().clone(), error.into_inner());
        match cause.classify() {
            Category::Data => unfit(&path, cause.to_string()),
            Category::Io | Category::Syntax | Category::Eof => {
                Failure::Malformed(cause.to_string())
            }
        }
    })?;
    reader
        .end()
        .map_err(|error| Failure::Malformed(error.to_string()))?;
    Ok(read)
}

fn unfit(path: &serde_path_to_error::Path, problem: String) -> Failure {
    // Where in the text it stands helps nobody who has the field's name.
    let sentence = problem.split(" at line ").next().unwrap_or_default();
    let missing = sentence.strip_prefix("missing field `");
    let missing = missing.and_then(|rest| rest.strip_suffix('`'));
    let whole = path.iter().next().is_none();
    Failure::Unfit {
        field: match missing {
            Some(name) => Some(name.to_owned()),
            None => (!whole).then(|| path.to_string()),
        },
        problem: sentence.to_owned(),
    }
}

/// Which part of a long list is asked for.
pub fn page(before: Option<i64>, limit: Option<u32>) -> Page {
    Page::first(limit.unwrap_or(ITEMS_DEFAULT).min(PAGE_ITEMS_MAX)).before(before)
}

/// A part of a long list, newest first, with a `Link` to the next one while there may be more.
pub struct Paged<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Paged<T> {
    /// `id` is that of the oldest item.
    pub fn new(
        app: &App,
        request: &HttpRequest,
        page: Page,
        items: Vec<T>,
        id: impl Fn(&T) -> String,
    ) -> Self {
        let full = items.len() >= page.items() as usize;
        let oldest = items.last().filter(|_| full).map(id);
        Self {
            next: oldest.map(|id| address_before(app, request, &id)),
            items,
        }
    }
}

/// The same question for what is older than `id`.
fn address_before(app: &App, request: &HttpRequest, id: &str) -> String {
    let address = app.addresses().origin().join(request.path());
    let asked = url::form_urlencoded::parse(request.query_string().as_bytes());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(asked.filter(|(name, _)| name != "before"))
        .append_pair("before", id)
        .finish();
    format!("{address}?{query}")
}

impl<T: Serialize> Responder for Paged<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        if let Some(next) = self.next {
            answer.insert_header((LINK, format!("<{next}>; rel=\"next\"")));
        }
        answer.json(self.items)
    }
}

/// All of a list.
pub struct List<T>(pub Vec<T>);

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Serialize> Responder for List<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self.0)
    }
}

/// Something that is there from now on.
pub struct Made<T>(pub T);

impl<T: Serialize> Responder for Made<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Created().json(self.0)
    }
}

/// Work that was waited for: 200 when it is done, 202 when it still goes on, and then `/jobs/ID` tells
/// what comes of it. What failed is answered as such.
pub struct Work(Job);

impl Work {
    /// Waits as long as a page does.
    pub async fn wait(app: &App, id: JobId) -> Result<Self, Failure> {
        let job = jobs::wait(app, id, PATIENCE).await?;
        match job.state {
            JobState::Done | JobState::Pending => Ok(Self(job.into())),
            JobState::Failed => {
                let problem = job
                    .problem
                    .unwrap_or_else(|| "it did not succeed".to_owned());
                Err(Error::Conflict(problem).into())
            }
        }
    }
}

impl Responder for Work {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = match self.0.state {
            JobState::Pending => StatusCode::ACCEPTED,
            JobState::Done | JobState::Failed => StatusCode::OK,
        };
        HttpResponse::build(status).json(self.0)
    }
}

/// Work (as [`Work`]), or what waits for a second administrator before it begins (202).
pub enum WorkOr {
    Work(Work),
    Proposed(Proposal),
}

impl Responder for WorkOr {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Work(work) => work.respond_to(request),
            Self::Proposed(proposal) => HttpResponse::Accepted().json(proposal),
        }
    }
}

/// Something that is there from now on (201), or that waits for a second administrator (202).
pub enum MadeOr<T> {
    Made(T),
    Proposed(Proposal),
}

impl<T> MadeOr<T> {
    /// What a service decided, with what was made in the words of scripts.
    pub fn of<D>(decided: Decided<D>, words: impl FnOnce(D) -> T) -> Self {
        match decided {
            Decided::Done(made) => Self::Made(words(made)),
            Decided::Proposed(proposal) => Self::Proposed(proposal.into()),
        }
    }
}

impl<T: Serialize> Responder for MadeOr<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Made(made) => Made(made).respond_to(request),
            Self::Proposed(proposal) => HttpResponse::Accepted().json(proposal),
        }
    }
}

/// Something that was done (200), or that waits for a second administrator (202).
pub enum DoneOr<T> {
    Done(T),
    Proposed(Proposal),
}

impl<T> DoneOr<T> {
    /// What a service decided, with what was done in the words of scripts.
    pub fn of<D>(decided: Decided<D>, words: impl FnOnce(D) -> T) -> Self {
        match decided {
            Decided::Done(done) => Self::Done(words(done)),
            Decided::Proposed(proposal) => Self::Proposed(proposal.into()),
        }
    }
}

impl<T: Serialize> Responder for DoneOr<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::Done(done) => HttpResponse::Ok().json(done),
            Self::Proposed(proposal) => HttpResponse::Accepted().json(proposal),
        }
    }
}
