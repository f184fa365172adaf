//! A house in this process: an `App` on a database of its own, founded, without a server.

use std::path::Path;

use guildhall::app::App;
use guildhall::config;
use guildhall::domain::{Account, OrgRole, Password};
use guildhall::policy::Viewer;
use guildhall::services::accounts::{self, NewAccount};
use guildhall::services::house;
use guildhall::storage;

use super::postgres;
use super::requirements::{Backend, backends};

pub const PASSWORD: &str = "correct horse battery";

/// A founded house, with `ada` as its administrator. Its folder goes with it.
pub struct House {
    pub app: App,
    pub admin: Account,
    _folder: tempfile::TempDir,
}

/// One house on each database that this run is about.
pub async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for backend in backends() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if let Some(app) = empty_app(backend, folder.path()).await {
            houses.push(House {
                admin: found(&app).await,
                app,
                _folder: folder,
            });
        }
    }
    houses
}

/// An `App` on an empty, migrated database; none where PostgreSQL is missing.
pub async fn empty_app(backend: Backend, folder: &Path) -> Option<App> {
    let url = match backend {
        Backend::Sqlite => format!("sqlite:{}/guildhall.db", folder.display()),
        Backend::Postgres => postgres::database_url()?,
    };
    let folder = folder.to_str().expect("text");
    let settings = [
        ("GUILDHALL_DATA_DIR", folder),
        ("GUILDHALL_PUBLIC_URL", "http://acme.localhost:8601"),
        ("GUILDHALL_DATABASE__URL", &url),
        ("GUILDHALL_DATABASE__POOL_SIZE", "4"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = config::load(Some(Path::new("/dev/null")), settings).expect("settings");
    let app = App::open(config).expect("an empty database");
    let migrate = app.db.maintain("migrate", |connection| {
        while storage::migrate_once(connection)?.is_some() {}
        Ok(())
    });
    migrate.await.expect("migrations");
    Some(app)
}

async fn found(app: &App) -> Account {
    let admin = somebody("ada", OrgRole::Admin);
    house::init(app, "Acme", admin).await.expect("a new house")
}

/// Somebody who is going to have an account, with [`PASSWORD`].
pub fn somebody(name: &str, role: OrgRole) -> NewAccount {
    NewAccount {
        name: name.parse().expect("a name"),
        display_name: String::new(),
        email: format!("{name}@acme.example").parse().expect("an address"),
        role,
        password: Password::parse(PASSWORD).expect("a password"),
    }
}

impl House {
    /// Makes an account, as the operator would.
    pub async fn member(&self, name: &str, role: OrgRole) -> Account {
        let made = accounts::create(&self.app, Viewer::Operator, somebody(name, role));
        made.await.expect("an account")
    }
}
