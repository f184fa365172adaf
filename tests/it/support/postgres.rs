//! A throwaway PostgreSQL that the tests start themselves.
//!
//! One cluster a test process, started by the first test that asks, gone with the process; every
//! test gets a database of its own in it. Tests that kill the server ask for a durable cluster of
//! their own. Refuses to run PostgreSQL as root, because PostgreSQL does: root becomes `postgres`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::leash::{self, End, Held};
use super::ports::free_port;
use super::requirements::skip;

/// Generous, because the machine may be compiling at the same time.
const READY_WITHIN: Duration = Duration::from_secs(60);
const START_TRIES_MAX: u32 = 3;
const ROLE: &str = "guildhall";

/// The URL of a new, empty database in the cluster of this process; none where PostgreSQL is not
/// installed, which it says loudly.
pub fn database_url() -> Option<String> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = SHARED.get_or_init(|| Cluster::start(Durability::Fast));
    if cluster.is_none() {
        say_skipped();
    }
    cluster.as_ref().map(Cluster::create_database)
}

/// A cluster of one's own that keeps what it acknowledged, for tests that kill it.
pub fn durable_cluster() -> Option<Cluster> {
    let cluster = Cluster::start(Durability::Durable);
    if cluster.is_none() {
        say_skipped();
    }
    cluster
}

fn say_skipped() {
    skip(
        "postgres",
        "PostgreSQL not found in /usr/lib/postgresql/*/bin or on the PATH",
    );
}

/// What a cluster promises about acknowledged commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Nothing: no fsync, for tests that never stop it.
    Fast,
    /// What PostgreSQL promises as it is delivered.
    Durable,
}

/// A running PostgreSQL server with its data; both are gone when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    directory: tempfile::TempDir,
    durability: Durability,
    port: u16,
    server: Mutex<Server>,
    databases: AtomicU32,
}

#[derive(Debug)]
struct Server {
    process: Child,
    _leash: Held,
}

impl Cluster {
    fn start(durability: Durability) -> Option<Self> {
        let programs = find_programs()?;
        let directory = private_directory();
        run(as_database_user(&programs.join("initdb"))
            .arg("--pgdata")
            .arg(directory.path().join("data"))
            .args(["--username", ROLE, "--auth", "trust", "--no-sync"])
            .args(["--encoding", "UTF8", "--locale", "C.UTF-8"]));
        for _ in 0..START_TRIES_MAX {
            // Somebody else may take the port between our choosing and the server's listening.
            let port = free_port();
            if let Some(server) = start_server(&programs, directory.path(), durability, port) {
                let (server, databases) = (Mutex::new(server), AtomicU32::new(0));
                return Some(Self {
                    programs,
                    directory,
                    durability,
                    port,
                    server,
                    databases,
                });
            }
        }
        panic!(
            "PostgreSQL does not start:\n{}",
            server_log(directory.path())
        );
    }

    /// Makes a new, empty database and answers its URL.
    pub fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("guildhall_{number}");
        self.psql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        );
        format!("postgres://{ROLE}@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs one statement and answers what `psql` prints: rows without headings.
    pub fn psql(&self, database: &str, statement: &str) -> String {
        let mut psql = clean(Command::new(self.programs.join("psql")));
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--no-password",
        ])
        .args([
            "--set",
            "ON_ERROR_STOP=1",
            "--host",
            "127.0.0.1",
            "--username",
            ROLE,
        ])
        .args(["--port", &self.port.to_string(), "--dbname", database])
        .args(["--command", statement]);
        String::from_utf8(run(&mut psql).stdout)
            .expect("psql writes UTF-8")
            .trim_end()
            .to_owned()
    }

    /// Stops the server as a crash would, and starts it again on the same port and data.
    pub fn crash_and_restart(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        server.stop_immediately();
        *server = start_server(
            &self.programs,
            self.directory.path(),
            self.durability,
            self.port,
        )
        .unwrap_or_else(|| panic!("PostgreSQL: {}", server_log(self.directory.path())));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let server = self
            .server
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        server.stop_immediately();
    }
}

impl Server {
    fn stop_immediately(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            leash::signal(self.process.id(), libc::SIGQUIT);
        }
        let _ = self.process.wait();
    }
}

/// Starts the server and waits until it answers; none if it ended instead.
fn start_server(
    programs: &Path,
    directory: &Path,
    durability: Durability,
    port: u16,
) -> Option<Server> {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(directory.join("server.log"))
        .expect("a log beside the data");
    let mut postgres = as_database_user(&programs.join("postgres"));
    postgres
        .arg("-D")
        .arg(directory.join("data"))
        .arg("-p")
        .arg(port.to_string());
    for setting in settings(durability) {
        postgres.arg("-c").arg(setting);
    }
    let log_too = log.try_clone().expect("a second handle of the log");
    postgres
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too);
    let mut process = postgres.spawn().expect("postgres starts");
    let leash = leash::hold(process.id(), End::Quit);

    let deadline = Instant::now() + READY_WITHIN;
    while Instant::now() < deadline {
        if let Ok(Some(_)) = process.try_wait() {
            return None;
        }
        if is_ready(programs, port) {
            return Some(Server {
                process,
                _leash: leash,
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = process.kill();
    let _ = process.wait();
    panic!(
        "PostgreSQL is not ready after {READY_WITHIN:?}:\n{}",
        server_log(directory)
    );
}

fn settings(durability: Durability) -> Vec<&'static str> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        // TCP only: a socket's path may be too long in a deep temporary folder.
        "unix_socket_directories=",
        "max_connections=400",
        "shared_buffers=64MB",
        "dynamic_shared_memory_type=mmap",
        "jit=off",
        "log_min_messages=warning",
    ];
    match durability {
        Durability::Fast => {
            settings.extend([
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ]);
        }
        Durability::Durable => settings.extend(["fsync=on", "synchronous_commit=on"]),
    }
    settings
}

fn is_ready(programs: &Path, port: u16) -> bool {
    let mut pg_isready = clean(Command::new(programs.join("pg_isready")));
    pg_isready.args([
        "--quiet",
        "--host",
        "127.0.0.1",
        "--port",
        &port.to_string(),
    ]);
    pg_isready.status().is_ok_and(|status| status.success())
}

fn server_log(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("server.log")).unwrap_or_default()
}

/// The folder of the newest PostgreSQL: Debian keeps each version's programs off the `PATH`.
fn find_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter(|version| version.path().join("bin/postgres").is_file())
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version)))
        .max_by_key(|(number, _)| *number)
        .map(|(_, version)| version.path().join("bin"));
    newest.or_else(|| {
        let initdb = super::requirements::find_program(&["initdb"])?
            .canonicalize()
            .ok()?;
        initdb
            .parent()
            .filter(|folder| folder.join("postgres").is_file())
            .map(Path::to_owned)
    })
}

/// A folder that only the user who runs PostgreSQL can read, removed with the process at the latest.
fn private_directory() -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    builder.prefix("guildhall-postgres-");
    let directory = match database_user() {
        // Root's own temporary folder may be closed to others.
        Some((user, group)) => {
            let directory = builder.tempdir_in("/tmp").expect("a folder in /tmp");
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group)).expect("chown");
            directory
        }
        None => builder.tempdir().expect("a temporary folder"),
    };
    leash::remove_at_end(directory.path());
    directory
}

fn as_database_user(program: &Path) -> Command {
    let mut command = clean(Command::new(program));
    if let Some((user, group)) = database_user() {
        command.uid(user).gid(group);
    }
    command
}

/// Who runs PostgreSQL when we are root: user and group number.
fn database_user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        if id(&["-u"])? != 0 {
            return None;
        }
        let number = |flag, name| id(&[flag, name]);
        let user = ["postgres", "nobody"]
            .into_iter()
            .find(|name| number("-u", name).is_some())?;
        Some((number("-u", user)?, number("-g", user)?))
    })
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id")
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Keeps the developer's own `PG…` variables, locale and working folder out.
fn clean(mut command: Command) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("LC_ALL", "C")
        .current_dir("/");
    command
}

fn run(command: &mut Command) -> Output {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
