//! Answers. What differs between two readers must not be kept by anybody on the way.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, VARY};
use serde_json::{Value, json};

use crate::error::Error;

const ACTIVITY_JSON: &str = "application/activity+json";
pub(super) const DEPENDS_ON: (actix_web::http::header::HeaderName, &str) =
    (VARY, "Accept, Signature");
const PRIVATE: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "private, no-store");
/// For what everybody sees alike: five minutes.
const PUBLIC: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// A document for this reader.
pub fn found(document: &Value) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ACTIVITY_JSON)
        .insert_header(DEPENDS_ON)
        .insert_header(PRIVATE)
        .body(document.to_string())
}

/// Yes, to who asked whether something is so: the status says it.
pub fn yes() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(DEPENDS_ON)
        .insert_header(PRIVATE)
        .finish()
}

/// A document for everybody.
pub fn public(media_type: &str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(DEPENDS_ON)
        .insert_header(PUBLIC)
        .body(body)
}

/// A document for everybody, as ActivityStreams.
pub fn public_document(document: &Value) -> HttpResponse {
    public(ACTIVITY_JSON, document.to_string())
}

/// Something else for this reader.
pub fn other(media_type: &str, body: &Value) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(DEPENDS_ON)
        .insert_header(PRIVATE)
        .body(body.to_string())
}

/// What was there for this reader and is not any more.
pub fn gone(tombstone: &Value) -> HttpResponse {
    HttpResponse::Gone()
        .content_type(ACTIVITY_JSON)
        .insert_header(DEPENDS_ON)
        .insert_header(PRIVATE)
        .body(tombstone.to_string())
}

/// Why there is no document. What is hidden and what never was are the same here already.
pub fn failed(error: &Error) -> HttpResponse {
    let (status, sentence) = match error {
        Error::NotFound => (StatusCode::NOT_FOUND, "not found"),
        Error::Denied(reason) => (StatusCode::FORBIDDEN, reason.sentence()),
        Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "the request makes no sense"),
        // Nothing is written here.
        Error::Refused(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "a rule does not let it out",
        ),
        Error::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "the file is not taken"),
        Error::Conflict(_) => (StatusCode::CONFLICT, "it contradicts what is there"),
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "try again later"),
        Error::Internal(source) => {
            tracing::error!(%source, "a document could not be made");
            (StatusCode::INTERNAL_SERVER_ERROR, "a fault of ours")
        }
    };
    let mut response = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((RETRY_AFTER, "60"));
    }
    response
        .content_type("application/json")
        .insert_header(DEPENDS_ON)
        .insert_header(PRIVATE)
        .body(json!({ "error": sentence }).to_string())
}
