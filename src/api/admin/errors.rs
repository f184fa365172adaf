//! What goes wrong: a status and `{"error": "a sentence", "field": "name"}`.

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Refused;
use crate::domain::Invalid;
use crate::error::Error;

/// The sentence for whatever is not there and whatever must not be known: the same bytes.
const NOT_FOUND: &str = "There is no such thing.";
/// When to try again what could not be done now, seconds.
const TRY_AGAIN_SECONDS: u64 = 5;

/// Why something was not done.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// A sentence for a person.
    pub error: String,
    /// Which part of the request it is about, where it is about one.
    pub field: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    House(#[from] Error),
    /// No token, a token that is not valid, or one that is not for this.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// JSON or a query that is not what the address takes.
    #[error("{problem}")]
    Unfit {
        field: Option<String>,
        problem: String,
    },
    #[error("The request cannot be read: {0}")]
    Malformed(String),
    #[error("The request is too large")]
    TooLarge,
    #[error("Send JSON: Content-Type: application/json")]
    NotJson,
    #[error("There is no such address; /api/admin/v1/openapi.json lists all")]
    NoSuchAddress,
    #[error("This address is not for that method; /api/admin/v1/openapi.json says for which it is")]
    WrongMethod,
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::House(invalid.into())
    }
}

impl Failure {
    fn of_house(error: &Error) -> (StatusCode, Problem) {
        let problem = |error: String, field: Option<String>| Problem { error, field };
        match error {
            Error::NotFound => (StatusCode::NOT_FOUND, problem(NOT_FOUND.into(), None)),
            Error::Denied(reason) => (
                StatusCode::FORBIDDEN,
                problem(reason.sentence().into(), None),
            ),
            Error::Invalid { field, .. } => {
                let field = Some(field.to_string());
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    problem(error.to_string(), field),
                )
            }
            // No file is sent to this API.
            Error::Refused(_) | Error::Unfit(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                problem(error.to_string(), None),
            ),
            Error::Conflict(sentence) => (StatusCode::CONFLICT, problem(sentence.clone(), None)),
            Error::Unavailable(sentence) => (
                StatusCode::SERVICE_UNAVAILABLE,
                problem(sentence.clone(), None),
            ),
            Error::Internal(source) => {
                tracing::error!(%source, "a request to the admin API failed");
                let sentence = "The server made a mistake. It is in its log.";
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    problem(sentence.into(), None),
                )
            }
        }
    }

    fn told(&self) -> (StatusCode, Problem) {
        let (status, field) = match self {
            Self::House(error) | Self::Refused(Refused::Failed(error)) => {
                return Self::of_house(error);
            }
            Self::Refused(refused) => (refused.status_code(), None),
            Self::Unfit { field, .. } => (StatusCode::UNPROCESSABLE_ENTITY, field.clone()),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, None),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            Self::NoSuchAddress => (StatusCode::NOT_FOUND, None),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, None),
        };
        let error = self.to_string();
        (status, Problem { error, field })
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.told().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, problem) = self.told();
        let mut answer = HttpResponse::build(status);
        match status {
            StatusCode::UNAUTHORIZED => answer.insert_header((WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => {
                answer.insert_header((RETRY_AFTER, TRY_AGAIN_SECONDS))
            }
            _ => &mut answer,
        };
        answer.json(problem)
    }
}
