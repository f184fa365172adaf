//! The real program as an operator runs it: in its own process, with its own folder and port.
//!
//! An [`Instance`] is an installation: name, data, address, settings. It runs commands, and it
//! serves, is killed and serves again on the same data.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};

use super::leash::{self, End, Held};
use super::ports::free_port;

/// Generous, because the machine may be compiling at the same time; tests that promise less measure
/// [`Server::ready_after`].
const READY_WITHIN: Duration = Duration::from_secs(60);
const COMMAND_WITHIN: Duration = Duration::from_secs(120);
const PROBE_EVERY: Duration = Duration::from_millis(10);

/// What the program may know of the machine; all else, the developer's own settings above all, stays out.
const INHERITED: &[&str] = &[
    "PATH",
    "TMPDIR",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "LLVM_PROFILE_FILE",
];

/// An installation of Guildhall, on SQLite unless told otherwise.
#[derive(Debug)]
pub struct Instance {
    name: String,
    port: u16,
    folder: tempfile::TempDir,
    environment: BTreeMap<OsString, OsString>,
}

impl Instance {
    /// An empty installation that people would reach as `http://NAME.localhost:PORT`.
    pub fn new(name: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("guildhall-instance-")
            .tempdir();
        let folder = folder.expect("a temporary folder");
        leash::remove_at_end(folder.path());
        let instance = Self {
            name: name.to_owned(),
            port: free_port(),
            folder,
            environment: BTreeMap::new(),
        };
        let (origin, address, data) = (instance.origin(), instance.address(), instance.data_dir());
        instance
            .with("GUILDHALL_PUBLIC_URL", origin)
            .with("GUILDHALL_LISTEN", address)
            .with(
                "GUILDHALL_DATABASE__URL",
                format!("sqlite:{}/guildhall.db", data.display()),
            )
            .with("GUILDHALL_DATA_DIR", data)
            .with("GUILDHALL_ORGANIZATION__NAME", name)
            .with("GUILDHALL_FEDERATION__ALLOW_HTTP", "true")
            .with(
                "GUILDHALL_FEDERATION__ALLOW_ADDRESSES",
                r#"["127.0.0.0/8"]"#,
            )
    }

    /// The same with one more environment variable, or another value of one.
    pub fn with(mut self, variable: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(variable.into(), value.into());
        self
    }

    /// Makes the servers started from now on end at a fail point; none: at no one.
    pub fn arm(&mut self, fail_point: Option<&str>) {
        const VARIABLE: &str = "GUILDHALL_FAIL_POINT";
        match fail_point {
            Some(point) => self.environment.insert(VARIABLE.into(), point.into()),
            None => self.environment.remove(&OsString::from(VARIABLE)),
        };
    }

    /// Has the servers started from now on say more of this module, besides what they say anyway.
    pub fn hear_more_of(&mut self, module: &str) {
        let filter = format!("info,actix_server=warn,{module}=debug");
        self.environment
            .insert("GUILDHALL_LOG".into(), filter.into());
    }

    /// The same on another database.
    pub fn on_database(self, url: &str) -> Self {
        self.with("GUILDHALL_DATABASE__URL", url)
    }

    /// Its settings as the environment carries them, for opening its database beside it.
    pub fn settings(&self) -> Vec<(String, String)> {
        let text = |text: &OsString| text.to_str().expect("settings are text").to_owned();
        let settings = self.environment.iter();
        settings
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    }

    /// The address of its database.
    pub fn database_url(&self) -> String {
        let settings = self.settings();
        let mut values = settings.into_iter();
        let found = values.find(|(name, _)| name == "GUILDHALL_DATABASE__URL");
        found.expect("every instance has a database").1
    }

    /// Runs statements on its database, behind the program's back.
    pub fn execute(&self, statements: &str) {
        self.try_execute(statements)
            .expect("statements that the database knows");
    }

    /// The same where the database may refuse; what it says.
    pub fn try_execute(&self, statements: &str) -> Result<(), String> {
        use diesel::Connection as _;
        use diesel::connection::SimpleConnection as _;
        let url = self.database_url();
        let done = match url.strip_prefix("sqlite:") {
            Some(path) => diesel::SqliteConnection::establish(path)
                .expect("its database")
                .batch_execute(&format!("PRAGMA busy_timeout = 20000; {statements}")),
            None => diesel::PgConnection::establish(&url)
                .expect("its database")
                .batch_execute(statements),
        };
        done.map_err(|error| error.to_string())
    }

    /// How many rows of its database there are, `FROM` where on.
    pub fn count(&self, from: &str) -> i64 {
        use diesel::dsl::sql;
        use diesel::sql_types::BigInt;
        use diesel::{Connection as _, RunQueryDsl as _};
        let url = self.database_url();
        let query = sql::<BigInt>(&format!("SELECT count(*) FROM {from}"));
        let counted = match url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut database = diesel::SqliteConnection::establish(path).expect("its database");
                query.get_result(&mut database)
            }
            None => {
                let mut database = diesel::PgConnection::establish(&url).expect("its database");
                query.get_result(&mut database)
            }
        };
        counted.expect("a number")
    }

    /// The host that people and partners see, with its port.
    pub fn host(&self) -> String {
        format!("{}.localhost:{}", self.name, self.port)
    }

    /// The origin that people and partners see.
    pub fn origin(&self) -> String {
        format!("http://{}", self.host())
    }

    /// Where it listens. The C library does not know `*.localhost`, so tests connect here.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The folder of its database, media and secrets.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data, for files that commands read and write.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs one command and answers how it ended and what it said.
    pub async fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Outcome {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::time::timeout(COMMAND_WITHIN, command.output()).await;
        let output = output
            .expect("the command ends in time")
            .expect("the program starts");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// Runs one command that has to succeed, with `--json`, and answers its document.
    pub async fn run_json(&self, arguments: &[&str]) -> Value {
        self.run(arguments.iter().chain(&["--json"])).await.json()
    }

    /// Makes a server of other make a partner that groups which are not public may be opened to: tests'
    /// servers do not say what software they are.
    pub async fn add_partner(&self, host: &str) -> Value {
        let trusted = [
            "partner",
            "add",
            host,
            "--private-groups",
            "trust",
            "--without-probe",
        ];
        self.run_json(&trusted).await
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Panics
    /// If it ends or is not ready in time, with what it said.
    pub async fn serve(&self) -> Server {
        match self.try_serve().await {
            Ok(server) => server,
            Err(outcome) => panic!("{} did not get ready: {outcome:?}", self.name),
        }
    }

    /// Starts the server and waits until it is ready, or until it gives up.
    pub async fn try_serve(&self) -> Result<Server, Outcome> {
        let mut server = self.spawn();
        let started = Instant::now();
        let probe = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .build()
            .expect("a client");
        let ready = format!("http://{}/readyz", self.address());
        while started.elapsed() < READY_WITHIN {
            if let Ok(Some(status)) = server.process.try_wait() {
                return Err(self.outcome(status.code()));
            }
            let answer = probe
                .get(&ready)
                .timeout(Duration::from_secs(5))
                .send()
                .await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                server.ready_after = started.elapsed();
                return Ok(server);
            }
            tokio::time::sleep(PROBE_EVERY).await;
        }
        server.kill().await;
        Err(self.outcome(None))
    }

    /// Starts the server and waits for nothing.
    pub fn spawn(&self) -> Server {
        self.spawn_with(&["serve"])
    }

    /// The same with other arguments.
    pub fn spawn_with(&self, arguments: &[&str]) -> Server {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log());
        let mut command = self.command(arguments);
        command
            .stdout(Stdio::null())
            .stderr(log.expect("a log beside the data"));
        let process = command.spawn().expect("the program starts");
        let pid = process.id().expect("nobody waited for it yet");
        let leash = leash::hold(pid, End::Kill);
        Server {
            process,
            pid,
            ready_after: Duration::ZERO,
            _leash: leash,
        }
    }

    /// All that its servers said on standard error so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }

    fn outcome(&self, code: Option<i32>) -> Outcome {
        Outcome {
            code,
            stdout: String::new(),
            stderr: self.said(),
        }
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command.args(arguments).env_clear();
        for name in INHERITED {
            command.envs(std::env::var_os(name).map(|value| (*name, value)));
        }
        command.envs(&self.environment);
        // Not the repository: a `guildhall.toml` lying there is not this installation's.
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// How a command ended and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// None if a signal ended it, or it never ended by itself.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// The document on standard output of a command that succeeded.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Child,
    pid: u32,
    ready_after: Duration,
    _leash: Held,
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// From its start to its first answer that it is ready.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// `kill -9`, and waits until the process is gone.
    pub async fn kill(mut self) {
        let _ = self.process.kill().await;
    }

    /// Asks it to stop (SIGTERM) and waits, at most `within`; none if it still runs then.
    pub async fn terminate(mut self, within: Duration) -> Option<ExitStatus> {
        leash::signal(self.pid, libc::SIGTERM);
        let ended = tokio::time::timeout(within, self.process.wait()).await;
        ended.ok().map(|status| status.expect("it is our child"))
    }

    /// Waits until it ends by itself, at a fail point say.
    pub async fn wait(mut self) -> ExitStatus {
        self.process.wait().await.expect("it is our child")
    }

    /// The same, but no longer than `within`; false: it had to be killed.
    pub async fn wait_or_kill(mut self, within: Duration) -> bool {
        let ended = tokio::time::timeout(within, self.process.wait()).await;
        if ended.is_err() {
            self.kill().await;
            return false;
        }
        true
    }
}
