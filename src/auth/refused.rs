//! Why a request was turned away before its handler saw it, and how each kind of caller is told.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};

use crate::error::Error;

/// A request that does not get in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A page for people with an account; `next` is where they wanted to go.
    #[error("Sign in first.")]
    SignInNeeded { next: String },
    /// A client without a token, or with one that is not valid (any more).
    #[error("The access token is invalid")]
    BadToken,
    /// A client whose token is not for this.
    #[error("This action is outside the authorized scopes: it needs {0}")]
    ScopeMissing(&'static str),
    /// A form that does not come from a page of ours, or from one that is too old.
    #[error("This form is out of date. Go back, reload the page and send it again.")]
    ForeignForm,
    /// A form of ours whose fields cannot be read.
    #[error("The form cannot be read: {0}")]
    BadForm(String),
    #[error("What was sent is larger than {most} bytes")]
    TooLarge { most: u64 },
    #[error("Too many attempts. Wait a few minutes and try again.")]
    TooManyAttempts { wait: Duration },
    /// A fault of ours.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignInNeeded { .. } => StatusCode::SEE_OTHER,
            Self::BadToken => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing(_) | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::BadForm(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(Error::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        match self {
            Self::SignInNeeded { next } => answer
                .insert_header((LOCATION, sign_in_address(next)))
                .finish(),
            Self::BadToken => answer
                .insert_header((WWW_AUTHENTICATE, "Bearer"))
                .json(self.as_json()),
            Self::ScopeMissing(_) => answer.json(self.as_json()),
            Self::ForeignForm | Self::BadForm(_) | Self::TooLarge { .. } => {
                answer.body(format!("{self}\n"))
            }
            Self::TooManyAttempts { wait } => answer
                .insert_header((RETRY_AFTER, wait.as_secs().max(1)))
                .body(format!("{self}\n")),
            Self::Failed(error) => {
                tracing::error!(%error, "a request could not be authenticated");
                answer.body("The server cannot answer this now. Try again in a moment.\n")
            }
        }
    }
}

impl Refused {
    /// As clients of the Mastodon API read it.
    fn as_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": self.to_string() })
    }
}

fn sign_in_address(next: &str) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    format!("/sign-in?{query}")
}
