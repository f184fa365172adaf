//! The database as the rest of the house sees it: `read` and `write`, each one synchronous closure
//! on a thread of its own, and a bell that rings after every commit.

use std::sync::Arc;

use diesel::Connection as _;
use diesel::r2d2::Pool;
use tokio::sync::Semaphore;

use crate::config::{DatabaseConfig, DatabaseUrl};
use crate::error::{Error, Result};
use crate::storage::chain;
use crate::storage::connection::{self, AnyConnection as Connection, Manager, POOL_WAIT, Use};
use crate::storage::readers::Readers;
use crate::storage::writer::{Urgency, Writer};

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    doors: Doors,
}

/// How one gets at the database.
enum Doors {
    /// It works in this process: threads of its own, one of which writes.
    Sqlite { writer: Writer, readers: Readers },
    /// It reads and writes many things at once by itself.
    Postgres {
        pool: Pool<Manager>,
        /// A turn for each connection of the pool: who waits for one waits here, where waiting costs
        /// no thread.
        turns: Arc<Semaphore>,
    },
}

impl Database {
    /// Opens the database. Does not touch its schema.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with a sentence for the operator when it cannot be reached.
    pub fn open(config: &DatabaseConfig) -> Result<Self> {
        let url = config.url.clone();
        if let DatabaseUrl::Sqlite(path) = &url {
            connection::prepare_folder(path)?;
        }
        // The first connection is made here, so that a wrong address is one clear sentence at
        // once; the pool would retry it until its patience ends.
        let first = connection::open(&url, Use::Write).map_err(|error| {
            Error::Unavailable(format!("the database {url:?} cannot be opened: {error}"))
        })?;
        let doors = match &url {
            DatabaseUrl::Sqlite(_) => {
                let reading = url.clone();
                Doors::Sqlite {
                    writer: Writer::start(first)?,
                    readers: Readers::start(config.pool_size, move || {
                        connection::open(&reading, Use::Read)
                    })?,
                }
            }
            DatabaseUrl::Postgres(_) => Doors::Postgres {
                pool: Pool::builder()
                    .max_size(config.pool_size)
                    .min_idle(Some(1))
                    .connection_timeout(POOL_WAIT)
                    .test_on_check_out(true)
                    .build_unchecked(Manager { url: url.clone() }),
                turns: Arc::new(Semaphore::new(config.pool_size as usize)),
            },
        };
        Ok(Self {
            inner: Arc::new(Inner { url, doors }),
        })
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.url, DatabaseUrl::Postgres(_))
    }

    /// Runs `question` on a reading connection. `name` is the use case, for the log.
    pub async fn read<T, F>(&self, name: &'static str, question: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        match &self.inner.doors {
            Doors::Sqlite { readers, .. } => readers.read(name, question).await,
            Doors::Postgres { pool, turns } => on_pooled(pool, turns, name, question).await,
        }
    }

    /// Runs `story` in one transaction: all of it is committed, durably, or nothing of it.
    pub async fn write<T, F>(&self, name: &'static str, story: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.commit(name, Urgency::Awaited, story).await
    }

    /// The same for the house's own work, for which nobody waits: where writers queue, it lets
    /// those go first whom somebody waits for.
    pub async fn write_patiently<T, F>(&self, name: &'static str, story: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.commit(name, Urgency::Patient, story).await
    }

    async fn commit<T, F>(&self, name: &'static str, urgency: Urgency, story: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (pool, turns) = match &self.inner.doors {
            Doors::Sqlite { writer, .. } => return writer.write(name, urgency, story).await,
            Doors::Postgres { pool, turns } => (pool, turns),
        };
        let story = move |connection: &mut Connection| {
            // What a story left behind that failed before.
            chain::forget_since(0);
            connection.transaction(|connection| {
                let outcome = story(connection)?;
                chain::link(connection)?;
                crate::fail_point::pass_in("commit.before", name);
                Ok(outcome)
            })
        };
        let outcome = on_pooled(pool, turns, name, story).await;
        crate::fail_point::pass_in("commit.after", name);
        outcome
    }

    /// Runs `work` with a connection outside any transaction: for migrations.
    pub async fn maintain<T, F>(&self, name: &'static str, work: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let task = tokio::task::spawn_blocking(move || {
            let mut connection = connection::open(&inner.url, Use::Write).map_err(|error| {
                Error::Unavailable(format!("the database cannot be opened: {error}"))
            })?;
            work(&mut connection)
        });
        joined(name, task.await)
    }
}

/// Runs `work` on a thread of its own with a connection of the pool.
async fn on_pooled<T, F>(
    pool: &Pool<Manager>,
    turns: &Arc<Semaphore>,
    name: &'static str,
    work: F,
) -> Result<T>
where
    F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let turn = Arc::clone(turns).acquire_owned();
    let turn = tokio::time::timeout(POOL_WAIT, turn)
        .await
        .map_err(|_| Error::Unavailable("the database does not answer in time".into()))?
        .map_err(Error::internal)?;
    let pool = pool.clone();
    let task = tokio::task::spawn_blocking(move || {
        let outcome = work(&mut *pool.get().map_err(busy)?);
        drop(turn);
        outcome
    });
    joined(name, task.await)
}

/// What the driver says names addresses that are nobody's business outside.
fn busy(error: diesel::r2d2::PoolError) -> Error {
    tracing::error!(%error, "the database does not answer");
    Error::Unavailable("the database does not answer; try again in a moment".into())
}

fn joined<T>(name: &'static str, outcome: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    outcome.unwrap_or_else(|error| Err(Error::internal(format!("{name} stopped: {error}"))))
}
