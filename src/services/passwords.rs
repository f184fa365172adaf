//! Hashing passwords without letting it take the machine: 19 MiB and a core each, so only a few at
//! once; the others wait.

use tokio::sync::Semaphore;

use crate::crypto;
use crate::domain::{PASSWORD_BYTES_MAX, Password};
use crate::error::{Error, Result};

/// Passwords hashed at once.
const AT_ONCE_MAX: usize = 2;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE_MAX);

/// What is stored of a password.
pub async fn hash(password: Password) -> Result<String> {
    in_turn(move || crypto::hash_password(&password)).await?
}

/// Whether a password is the one that was hashed; takes as long when there is no hash.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    in_turn(move || crypto::verify_password(&password, hash.as_deref())).await
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}
