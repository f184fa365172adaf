//! Signing in with a password, the same way from every entrance that has a form for it.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;

use crate::auth::csrf::app;
use crate::auth::{Attempts, Refused, caller_address};
use crate::error::Error;
use crate::services::sessions::{self, Opened};

/// Opens a session when name (or e-mail address) and password fit together; none when they do not.
///
/// # Errors
/// [`Refused::TooManyAttempts`] after `limits.sign_in_attempts`.
pub async fn sign_in(
    request: &HttpRequest,
    login: &str,
    password: String,
) -> Result<Option<Opened>, Refused> {
    let app = app(request)?;
    let attempts = attempts(request)?;
    let peer = caller_address(request, &app.config);
    attempts.begin(login, peer, app.clock.now())?;
    let opened = sessions::sign_in(app, login, password, agent(request)).await?;
    if opened.is_some() {
        attempts.succeeded(login, peer);
    }
    Ok(opened)
}

fn attempts(request: &HttpRequest) -> Result<&Data<Attempts>, Refused> {
    request.app_data::<Data<Attempts>>().ok_or_else(|| {
        Refused::Failed(Error::internal("the server was built without its Attempts"))
    })
}

fn agent(request: &HttpRequest) -> &str {
    let header = request.headers().get(USER_AGENT);
    header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
