//! What goes wrong, as clients of this API read it: a status and `{"error": "a sentence"}`.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::auth::Refused;
use crate::domain::Unfit;
use crate::error::Error;

/// The sentence for whatever is not there and whatever must not be known: the same bytes.
const NOT_FOUND: &str = "Record not found";
/// When to try again what could not be done now, seconds.
const TRY_AGAIN_SECONDS: u64 = 5;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    House(#[from] Error),
    /// No token, a token that is not valid, or one that is not for this.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It makes sense, but not here.
    #[error("{0}")]
    Unprocessable(String),
    #[error("The request cannot be read: {0}")]
    Malformed(String),
    #[error("The request is larger than {0} bytes")]
    TooLarge(usize),
    #[error("Send a form, JSON or multipart/form-data")]
    UnknownMediaType,
    #[error("This server does not offer this part of the API")]
    NotOffered,
    #[error("This address is not for that method")]
    WrongMethod,
}

impl From<crate::domain::Invalid> for Failure {
    fn from(invalid: crate::domain::Invalid) -> Self {
        Self::House(invalid.into())
    }
}

impl Failure {
    pub fn unprocessable(sentence: impl Into<String>) -> Self {
        Self::Unprocessable(sentence.into())
    }

    fn of_house(error: &Error) -> (StatusCode, String) {
        match error {
            Error::NotFound => (StatusCode::NOT_FOUND, NOT_FOUND.into()),
            Error::Denied(reason) => (StatusCode::FORBIDDEN, reason.sentence().into()),
            Error::Invalid { .. } | Error::Refused(_) | Error::Conflict(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            Error::Unfit(Unfit::Kind(_)) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()),
            Error::Unfit(Unfit::Bytes { .. }) => (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
            Error::Unfit(Unfit::Picture(_)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            Error::Unavailable(sentence) => (StatusCode::SERVICE_UNAVAILABLE, sentence.clone()),
            Error::Internal(source) => {
                tracing::error!(%source, "a request of a client failed");
                let sentence = "The server made a mistake. It is in its log.";
                (StatusCode::INTERNAL_SERVER_ERROR, sentence.into())
            }
        }
    }
}

impl ResponseError for Failure {
    fn error_response(&self) -> HttpResponse {
        let (status, sentence) = match self {
            Self::House(error) | Self::Refused(Refused::Failed(error)) => Self::of_house(error),
            // It says `WWW-Authenticate` besides.
            Self::Refused(refused @ Refused::BadToken) => return refused.error_response(),
            Self::Refused(refused) => (refused.status_code(), refused.to_string()),
            Self::Unprocessable(_) => (StatusCode::UNPROCESSABLE_ENTITY, self.to_string()),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, self.to_string()),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, self.to_string()),
            Self::UnknownMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, self.to_string()),
            Self::NotOffered => (StatusCode::NOT_FOUND, self.to_string()),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, self.to_string()),
        };
        let mut answer = HttpResponse::build(status);
        if let Self::Refused(Refused::TooManyAttempts { wait }) = self {
            answer.insert_header((RETRY_AFTER, wait.as_secs().max(1)));
        } else if status == StatusCode::SERVICE_UNAVAILABLE {
            answer.insert_header((RETRY_AFTER, TRY_AGAIN_SECONDS));
        }
        answer.json(json!({ "error": sentence }))
    }
}
