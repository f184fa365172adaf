//! The one error of the house. Each entrance translates it once, at its boundary.

use std::borrow::Cow;

use crate::domain::{RuleId, Unfit};
use crate::policy::{Denial, Reason};

/// What somebody wrote and a rule at the boundary does not let out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    pub rule: RuleId,
    /// Where it was to stand: a group, or a profile.
    pub place: String,
    /// What its author is told.
    pub sentence: String,
}

/// What can go wrong in a use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the asker must not learn that there is. Never says which.
    #[error("not found")]
    NotFound,
    /// The asker knows of it but may not; the reason is a sentence for a person.
    #[error("{}", .0.sentence())]
    Denied(Reason),
    /// The input cannot be accepted: which field, and what to do about it.
    #[error("{field}: {problem}")]
    Invalid {
        field: Cow<'static, str>,
        problem: String,
    },
    /// A rule at the boundary does not let it out.
    #[error("a rule does not let this out: {0}")]
    Refused(Refused),
    /// A file that is not taken, and why.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It would contradict what is there already.
    #[error("{0}")]
    Conflict(String),
    /// Something outside the house (a partner's server, the database) does not answer now.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours or of the machine. The person sees a general sentence, the log the source.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn invalid(field: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// Wraps a fault whose details only the log should see.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// True when trying the same thing later may succeed.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal(_))
    }
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Hidden => Self::NotFound,
            Denial::Forbidden(reason) => Self::Denied(reason),
        }
    }
}

impl From<crate::domain::Invalid> for Error {
    fn from(invalid: crate::domain::Invalid) -> Self {
        Self::Invalid {
            field: invalid.field.into(),
            problem: invalid.problem,
        }
    }
}
