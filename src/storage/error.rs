//! What the databases' errors mean to the house, and reading stored texts back into types.

use std::str::FromStr;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::{Error, Result};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                Self::Conflict("there is one already".into())
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection,
                _,
            )
            | DieselError::BrokenTransactionManager => {
                Self::Unavailable("the database does not answer; try again in a moment".into())
            }
            other => Self::internal(other),
        }
    }
}

/// Reads a stored text as the type that wrote it. A failure means the row was tampered with or the
/// schema is newer.
pub(super) fn read<T: FromStr>(text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error| Error::internal(format!("a stored value cannot be read: {error}")))
}

/// [`read`] for columns that may be empty.
pub(super) fn read_optional<T: FromStr>(text: Option<&str>) -> Result<Option<T>>
where
    T::Err: std::fmt::Display,
{
    text.map(read).transpose()
}
