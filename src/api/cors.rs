//! Lets clients that live in browsers, served by anybody, ask us with a token of theirs.
//!
//! That is safe because these addresses know tokens only: no cookie of a browser means anything
//! here, so a foreign page can do nothing that its own token does not allow.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    HeaderMap, HeaderValue,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

const METHODS: HeaderValue = HeaderValue::from_static("POST, PUT, DELETE, GET, PATCH, OPTIONS");
/// What a client's script may read of our answers.
const EXPOSED: HeaderValue = HeaderValue::from_static("Link, Retry-After");
/// What a client may send when it does not say what it wants to send.
const ALLOWED: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key");
/// How long a browser may remember this, seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Answers a browser's question before the request, and marks every other answer.
pub async fn allow_any_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if request.method() == Method::OPTIONS {
        let wanted = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS);
        let allowed = wanted.cloned().unwrap_or(ALLOWED);
        let mut answer = HttpResponse::Ok().finish();
        let headers = answer.headers_mut();
        mark(headers);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let mut answer = next.call(request).await?;
    mark(answer.headers_mut());
    Ok(answer.map_into_left_body())
}

fn mark(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
