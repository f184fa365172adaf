//! The two cookies there are: one of somebody signed in, one of a visitor who may be about to.
//!
//! Both hold nothing but a random secret, and neither can be read by scripts.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};

use crate::config::Config;
use crate::services::sessions;

const SESSION: &str = "guildhall_session";
const VISITOR: &str = "guildhall_visitor";
/// How long a sign-in page may lie around before it is sent, hours.
const VISITOR_HOURS: i64 = 12;
/// Our secrets are 43 characters; anything much different was not made here.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 40..=64;

/// Makes the browser stay signed in.
pub fn session_cookie(config: &Config, secret: &str) -> Cookie<'static> {
    let seconds = i64::try_from(sessions::LASTS.as_secs()).unwrap_or(i64::MAX);
    cookie(config, SESSION, secret, Duration::seconds(seconds))
}

/// Makes the browser forget that it was signed in.
pub fn session_removal(config: &Config) -> Cookie<'static> {
    cookie(config, SESSION, "", Duration::ZERO)
}

pub(super) fn visitor_cookie(config: &Config, secret: &str) -> Cookie<'static> {
    cookie(config, VISITOR, secret, Duration::hours(VISITOR_HOURS))
}

fn cookie(config: &Config, name: &'static str, secret: &str, lasts: Duration) -> Cookie<'static> {
    Cookie::build(name, secret.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.public_url.as_str().starts_with("https://"))
        .max_age(lasts)
        .finish()
}

pub(super) fn session_secret(request: &HttpRequest) -> Option<String> {
    secret(request, SESSION)
}

/// What ties a form to the browser it was shown in: the session, or else the visit.
pub(super) fn browser_secret(request: &HttpRequest) -> Option<String> {
    session_secret(request).or_else(|| secret(request, VISITOR))
}

fn secret(request: &HttpRequest, name: &str) -> Option<String> {
    let value = request.cookie(name)?.value().to_owned();
    SECRET_CHARS.contains(&value.len()).then_some(value)
}
