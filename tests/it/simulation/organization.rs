//! One organization of the simulation: a running server in this process, reached over HTTP, with a clock that
//! is moved, and that is cut off in the midst of its work and opened again.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use guildhall::app::App;
use guildhall::domain::{ActorId, OrgRole};
use guildhall::federation::Federation;
use guildhall::policy::Viewer;
use guildhall::services::{accounts, house, keys, stops, tokens};
use guildhall::{config, jobs, storage};
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::boundary::Boundary;
use crate::support::house::somebody;
use crate::support::ports::free_port;
use crate::support::postgres;
use crate::support::requirements::Backend;

/// What an organization's people are called; the first is its administrator and owns its groups.
pub const PEOPLE: &[&str] = &["boss", "ada", "bo", "cy"];

pub struct Organization {
    /// As others know it, with its port.
    pub host: String,
    pub app: App,
    pub federation: Federation,
    /// Where it really listens.
    port: u16,
    settings: Vec<(String, String)>,
    running: Option<Running>,
    /// Tokens of [`PEOPLE`].
    tokens: Vec<String>,
    /// … and who they are there.
    pub people: Vec<ActorId>,
    client: reqwest::Client,
    beside: Mutex<Beside>,
    folder: tempfile::TempDir,
}

struct Running {
    workers: Vec<JoinHandle<()>>,
    server: actix_web::dev::ServerHandle,
}

/// What a house answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Organization {
    /// Founds an organization and starts its server behind the boundary; none where its database is missing.
    pub async fn found(name: &str, backend: Backend, boundary: &Boundary) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("guildhall-sim-").tempdir();
        let folder = folder.expect("a temporary folder");
        let (outside, port) = (free_port(), free_port());
        let host = format!("{name}.localhost:{outside}");
        // Taken at once, before any other test binary finds them free.
        let listener = listen(port);
        boundary.listen(&host, outside, port).await;
        let url = match backend {
            Backend::Sqlite => format!("sqlite:{}/guildhall.db", folder.path().display()),
            Backend::Postgres => postgres::database_url()?,
        };
        let settings = [
            ("GUILDHALL_DATA_DIR", folder.path().display().to_string()),
            ("GUILDHALL_PUBLIC_URL", format!("http://{host}")),
            ("GUILDHALL_DATABASE__URL", url.clone()),
            ("GUILDHALL_DATABASE__POOL_SIZE", "4".to_owned()),
            ("GUILDHALL_ORGANIZATION__NAME", name.to_owned()),
            ("GUILDHALL_FEDERATION__ALLOW_HTTP", "true".to_owned()),
            (
                "GUILDHALL_FEDERATION__ALLOW_ADDRESSES",
                r#"["127.0.0.0/8"]"#.to_owned(),
            ),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let app = open(&settings);
        let migrate = app.db.maintain("migrate", |connection| {
            while storage::migrate_once(connection)?.is_some() {}
            Ok(())
        });
        migrate.await.expect("migrations");
        let boss = somebody(PEOPLE[0], OrgRole::Admin);
        house::init(&app, name, boss).await.expect("a new house");
        let mut organization = Self {
            host,
            federation: Federation::new(app.clone()).expect("signers"),
            app,
            port,
            settings: settings.to_vec(),
            running: None,
            tokens: Vec::new(),
            people: Vec::new(),
            client: client(),
            beside: Mutex::new(Beside::open(&url)),
            folder,
        };
        organization.hire().await;
        organization.start(listener);
        Some(organization)
    }

    async fn hire(&mut self) {
        for (number, name) in PEOPLE.iter().enumerate() {
            if number > 0 {
                let somebody = somebody(name, OrgRole::Member);
                let made = accounts::create(&self.app, Viewer::Operator, somebody).await;
                made.expect("an account");
            }
            let account = accounts::find(&self.app, Viewer::Operator, name).await;
            let actor = account.expect("an account").actor.id;
            let scopes = match number {
                0 => "read write follow admin:read admin:write",
                _ => "read write follow",
            };
            let scopes = scopes.parse().expect("scopes");
            let made = tokens::create(&self.app, Viewer::Operator, actor, "a simulation", scopes);
            self.tokens.push(made.await.expect("a token").secret);
            self.people.push(actor);
        }
    }

    fn start(&mut self, listener: TcpListener) {
        let stop_within = Duration::from_secs(1);
        let server = guildhall::cli::start_server(&self.federation, listener, stop_within);
        let server = server.expect("a server");
        let handle = server.handle();
        let mut workers = jobs::start(&self.federation);
        workers.push(tokio::spawn(stops::watch(self.app.clone())));
        workers.push(tokio::spawn(keys::refill(self.app.clone())));
        workers.push(tokio::spawn(async move {
            server.await.expect("the server ends well");
        }));
        self.running = Some(Running {
            workers,
            server: handle,
        });
    }

    /// Cuts the house off wherever its work is, forgets all that was only in memory, and opens it again.
    pub async fn crash(&mut self, ahead: Duration) {
        self.stop().await;
        self.app = open(&self.settings);
        self.app.clock.advance(ahead);
        self.federation = Federation::new(self.app.clone()).expect("signers");
        self.start(listen(self.port));
    }

    pub async fn stop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        running.server.stop(false).await;
        for worker in running.workers {
            worker.abort();
        }
    }

    // Using it ------------------------------------------------------------------------------------------

    /// Asks as one of [`PEOPLE`], not through the boundary: they are inside.
    pub async fn ask(&self, who: usize, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self
            .client
            .request(method, format!("http://127.0.0.1:{}{path}", self.port))
            .header("host", &self.host)
            .bearer_auth(&self.tokens[who]);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a text");
        Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// Asks the admin API as the administrator.
    pub async fn administer(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/api/admin/v1{path}");
        self.ask(0, method, &path, body).await
    }

    /// Sends a form with files.
    pub async fn upload(&self, who: usize, name: &str, bytes: &[u8]) -> Answer {
        let (kind, body) = crate::support::files::form(&[], &[("file", name, "text/plain", bytes)]);
        let request = self
            .client
            .post(format!("http://127.0.0.1:{}/api/v2/media", self.port))
            .header("host", &self.host)
            .header("content-type", kind)
            .bearer_auth(&self.tokens[who])
            .body(body);
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a text");
        Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    // Looking at its database, beside it ----------------------------------------------------------------

    /// The first column of a question's rows, as text.
    pub fn rows(&self, question: &str) -> Vec<String> {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        beside.rows(question)
    }

    pub fn row(&self, question: &str) -> Option<String> {
        self.rows(question).into_iter().next()
    }

    /// The number here of what has this address.
    pub fn number_of(&self, table: &str, uri: &str) -> Option<String> {
        self.row(&format!(
            "SELECT CAST(id AS TEXT) AS row FROM {table} WHERE uri = '{uri}'"
        ))
    }

    /// Whether it knows a key of an actor, here or elsewhere.
    pub fn knows_key_of(&self, actor: &str) -> bool {
        let question = format!(
            "SELECT k.uri AS row FROM actor_keys k JOIN actors a ON a.id = k.actor_id WHERE a.uri = '{actor}'"
        );
        self.row(&question).is_some()
    }

    /// How much waits to be done now.
    pub fn unsettled(&self, now: i64) -> String {
        let question = format!(
            "SELECT CAST((SELECT COUNT(*) FROM events WHERE planned_at IS NULL) AS TEXT) || ' ' || \
             CAST((SELECT COUNT(*) FROM arrivals WHERE state = 'pending' AND (next_attempt_at <= {now} OR lease_until > {now})) AS TEXT) || ' ' || \
             CAST((SELECT COUNT(*) FROM deliveries WHERE state = 'pending' AND ((first_in_lane AND next_attempt_at <= {now}) OR lease_until > {now})) AS TEXT) || ' ' || \
             CAST((SELECT COUNT(*) FROM jobs WHERE state = 'pending' AND (next_attempt_at <= {now} OR lease_until > {now})) AS TEXT) AS row"
        );
        self.row(&question).expect("a row")
    }

    /// What did not get through, for whoever looks for a mistake.
    pub fn left_over(&self) -> Vec<String> {
        let house = &self.host;
        let arrivals = self.rows(&format!(
            "SELECT '  {house} did not apply ' || activity_uri || ' of ' || host || ': ' || state || ' ' || COALESCE(reason, '') \
             || ', attempts ' || CAST(attempts AS TEXT) AS row FROM arrivals WHERE state NOT IN ('applied', 'ignored') ORDER BY id DESC LIMIT 30"
        ));
        let deliveries = self.rows(&format!(
            "SELECT '  {house} did not send ' || CAST(d.id AS TEXT) || ' to ' || d.host || ': ' || d.state || ' ' || COALESCE(d.last_error, '') \
             || ', attempts ' || CAST(d.attempts AS TEXT) AS row FROM deliveries d WHERE d.state <> 'sent' ORDER BY d.id DESC LIMIT 30"
        ));
        arrivals.into_iter().chain(deliveries).collect()
    }

    pub fn database_url(&self) -> &str {
        let mut values = self.settings.iter();
        let found = values.find(|(name, _)| name == "GUILDHALL_DATABASE__URL");
        &found.expect("every house has a database").1
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn listen(port: u16) -> TcpListener {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port that is ours");
    listener.set_nonblocking(true).expect("a listener");
    listener
}

/// A connection for each question: a kept one may just be closed, by a house that is cut off or thinks it idle.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client")
}

fn open(settings: &[(String, String)]) -> App {
    let nothing = Path::new("/dev/null");
    let config = config::load(Some(nothing), settings.iter().cloned()).expect("settings");
    App::open(config).expect("its database")
}

enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

impl Beside {
    fn open(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut connection = SqliteConnection::establish(path).expect("the database");
                let patient = connection.batch_execute("PRAGMA busy_timeout = 10000");
                patient.expect("a setting");
                Self::Sqlite(connection)
            }
            None => Self::Postgres(PgConnection::establish(url).expect("the database")),
        }
    }

    fn rows(&mut self, question: &str) -> Vec<String> {
        let question = diesel::sql_query(question);
        let rows: Vec<Row> = match self {
            Self::Sqlite(connection) => question.load(connection),
            Self::Postgres(connection) => question.load(connection),
        }
        .expect("a question that the database knows");
        rows.into_iter().map(|row| row.row).collect()
    }
}
