//! A database of either kind for one test, gone with it.

use guildhall::config::{DatabaseConfig, DatabaseUrl};
use guildhall::storage::{self, Connection, Database};

use super::postgres;
use super::requirements::{Backend, backends};

/// One database and a handle to it.
pub struct TestDatabase {
    pub db: Database,
    pub backend: Backend,
    url: DatabaseUrl,
    _folder: tempfile::TempDir,
}

impl TestDatabase {
    /// An empty database of every kind this run is about; kinds that are not installed say so.
    pub fn each_empty() -> Vec<Self> {
        backends().into_iter().filter_map(Self::empty).collect()
    }

    /// The same, with the schema.
    pub async fn each() -> Vec<Self> {
        let all = Self::each_empty();
        for one in &all {
            one.migrate().await;
        }
        all
    }

    fn empty(backend: Backend) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match backend {
            Backend::Sqlite => DatabaseUrl::Sqlite(folder.path().join("guildhall.db")),
            Backend::Postgres => DatabaseUrl::Postgres(postgres::database_url()?),
        };
        let db = open(&url);
        Some(Self {
            db,
            backend,
            url,
            _folder: folder,
        })
    }

    async fn migrate(&self) {
        let migrate = |connection: &mut Connection| {
            while storage::migrate_once(connection)?.is_some() {}
            Ok(())
        };
        self.db.maintain("migrate", migrate).await.unwrap();
    }

    /// Another handle, as another process has one.
    pub fn open_again(&self) -> Database {
        open(&self.url)
    }
}

fn open(url: &DatabaseUrl) -> Database {
    let url = url.clone();
    Database::open(&DatabaseConfig { url, pool_size: 4 }).expect("the database opens")
}
