//! Connections to either database behind one type, and how both are opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection as _, ConnectionError, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::config::DatabaseUrl;
use crate::error::{Error, Result};

/// A connection to whichever database is configured. Everything but a few statements is the same.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one expression on whichever backend is connected: for what the common type cannot say
/// (`ON CONFLICT`, inserting many rows), in the same words for both.
macro_rules! on_backend {
    ($connection:expr, |$inner:ident| $body:expr) => {
        match $connection {
            $crate::storage::connection::AnyConnection::Postgres($inner) => $body,
            $crate::storage::connection::AnyConnection::Sqlite($inner) => $body,
        }
    };
}
pub(crate) use on_backend;

/// Reads what is unique, if it is there: asked of the backend itself, which knows the statement by
/// its type; the common connection would write out its text anew for every question.
macro_rules! find_one {
    ($connection:expr, $query:expr) => {
        diesel::OptionalExtension::optional($crate::storage::connection::on_backend!(
            $connection,
            |inner| diesel::RunQueryDsl::get_result($query, inner)
        ))
    };
}
pub(crate) use find_one;

/// How long a SQLite connection waits for another process's write, milliseconds.
const BUSY_TIMEOUT_MILLIS: u32 = 10_000;

/// Pages (4 KiB each) in SQLite's log before they are moved into the database: under load the same
/// pages are written again and again, and moving them keeps everybody from writing.
const CHECKPOINT_PAGES: u32 = 8_000;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How a connection is going to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Read,
    Write,
}

/// Opens a connection.
pub(super) fn open(url: &DatabaseUrl, purpose: Use) -> Result<AnyConnection, ConnectionError> {
    match url {
        DatabaseUrl::Postgres(address) => {
            let mut connection = PgConnection::establish(address)?;
            connection
                .batch_execute("SET statement_timeout = '60s'; SET lock_timeout = '20s'")
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(AnyConnection::Postgres(connection))
        }
        DatabaseUrl::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
            // busy_timeout first: setting the journal mode already takes a lock.
            let mut settings = format!(
                "PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLIS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456; \
                 PRAGMA cache_size = -4096;"
            );
            settings.push_str(&match purpose {
                Use::Read => "PRAGMA query_only = ON;".to_owned(),
                Use::Write => format!("PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"),
            });
            connection
                .batch_execute(&settings)
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(AnyConnection::Sqlite(connection))
        }
    }
}

/// Any number that nobody else uses with PostgreSQL's advisory locks.
const MIGRATIONS_LOCK: i64 = 0x6775_696c_6468_616c;

/// Runs `work`, which changes the schema, while no other process does. On an error the connection
/// must be dropped, which undoes what is undone.
pub fn alone_with_schema<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    if let AnyConnection::Postgres(inner) = connection {
        // Given back when the connection closes.
        inner.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATIONS_LOCK})"))?;
        return work(connection);
    }
    if let AnyConnection::Sqlite(inner) = connection {
        AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?;
    }
    let outcome = work(connection)?;
    if let AnyConnection::Sqlite(inner) = connection {
        AnsiTransactionManager::commit_transaction(inner)?;
    }
    Ok(outcome)
}

/// One migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MigrationStatus {
    pub name: String,
    pub applied: bool,
}

/// The embedded migrations and which of them the database has.
///
/// # Errors
/// When the database has migrations that this program does not know: it was written by a newer one.
pub fn migration_status(connection: &mut AnyConnection) -> Result<Vec<MigrationStatus>> {
    // Whoever asks diesel makes its table: in an empty database nobody asks.
    let empty = !has_migrations_table(connection)?;
    let (known, applied) = match connection {
        AnyConnection::Postgres(inner) => (
            names::<diesel::pg::Pg>(&POSTGRES_MIGRATIONS)?,
            if empty { Vec::new() } else { applied(inner)? },
        ),
        AnyConnection::Sqlite(inner) => (
            names::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS)?,
            if empty { Vec::new() } else { applied(inner)? },
        ),
    };
    if let Some(newer) = applied
        .iter()
        .find(|version| !known.iter().any(|(known, _)| known == *version))
    {
        return Err(Error::Conflict(format!(
            "the database has migration {newer}, which this program does not know: it was used by a newer Guildhall; \
             install that version or restore a backup"
        )));
    }
    Ok(known
        .into_iter()
        .map(|(version, name)| MigrationStatus {
            applied: applied.contains(&version),
            name,
        })
        .collect())
}

/// Whether anybody ever asked for migrations here.
fn has_migrations_table(connection: &mut AnyConnection) -> Result<bool> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        found: bool,
    }
    let text = match connection {
        AnyConnection::Postgres(_) => {
            "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found"
        }
        AnyConnection::Sqlite(_) => {
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations') AS found"
        }
    };
    let row: Found = diesel::RunQueryDsl::get_result(diesel::sql_query(text), connection)?;
    Ok(row.found)
}

fn names<DB>(source: &EmbeddedMigrations) -> Result<Vec<(String, String)>>
where
    DB: diesel::backend::Backend,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let mut names: Vec<_> = diesel::migration::MigrationSource::<DB>::migrations(source)
        .map_err(Error::Internal)?
        .iter()
        .map(|migration| {
            (
                migration.name().version().to_string(),
                migration.name().to_string(),
            )
        })
        .collect();
    names.sort();
    Ok(names)
}

fn applied<C, DB>(connection: &mut C) -> Result<Vec<String>>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    let mut versions: Vec<String> = connection
        .applied_migrations()
        .map_err(Error::Internal)?
        .iter()
        .map(ToString::to_string)
        .collect();
    versions.sort();
    Ok(versions)
}

/// All migrations of a SQLite database that is not there yet.
pub fn list_migrations() -> Result<Vec<MigrationStatus>> {
    let known = names::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS)?;
    let lacking = |(_, name)| MigrationStatus {
        applied: false,
        name,
    };
    Ok(known.into_iter().map(lacking).collect())
}

/// Applies the next migration the database lacks; none: it is up to date.
pub fn migrate_once(connection: &mut AnyConnection) -> Result<Option<String>> {
    if migration_status(connection)?
        .iter()
        .all(|migration| migration.applied)
    {
        return Ok(None);
    }
    let done = match connection {
        AnyConnection::Postgres(inner) => inner
            .run_next_migration(POSTGRES_MIGRATIONS)
            .map(|version| version.to_string()),
        AnyConnection::Sqlite(inner) => inner
            .run_next_migration(SQLITE_MIGRATIONS)
            .map(|version| version.to_string()),
    };
    done.map(Some).map_err(Error::Internal)
}

/// Takes back the newest migration; none: there is none left.
pub fn migrate_down_once(connection: &mut AnyConnection) -> Result<Option<String>> {
    if !migration_status(connection)?
        .iter()
        .any(|migration| migration.applied)
    {
        return Ok(None);
    }
    let done = match connection {
        AnyConnection::Postgres(inner) => inner
            .revert_last_migration(POSTGRES_MIGRATIONS)
            .map(|version| version.to_string()),
        AnyConnection::Sqlite(inner) => inner
            .revert_last_migration(SQLITE_MIGRATIONS)
            .map(|version| version.to_string()),
    };
    done.map(Some).map_err(Error::Internal)
}

/// Makes the folder of a SQLite file.
pub(super) fn prepare_folder(path: &Path) -> Result<()> {
    let folder: PathBuf = path.parent().map(Path::to_path_buf).unwrap_or_default();
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder).map_err(|error| {
        Error::Unavailable(format!(
            "the folder {} cannot be made: {error}",
            folder.display()
        ))
    })
}

/// r2d2's view of [`open`].
pub(super) struct Manager {
    pub url: DatabaseUrl,
}

impl diesel::r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectionError;

    fn connect(&self) -> Result<AnyConnection, ConnectionError> {
        open(&self.url, Use::Write)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), ConnectionError> {
        connection
            .batch_execute("SELECT 1")
            .map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        use diesel::r2d2::R2D2Connection;
        std::thread::panicking() || on_backend!(connection, |inner| inner.is_broken())
    }
}

/// How long to wait for a connection from the pool before giving up.
pub(super) const POOL_WAIT: Duration = Duration::from_secs(5);
