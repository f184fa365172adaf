//! `guildhall serve`: the server, from the first socket to the last answer.
//!
//! The address is taken before anything else is touched, so that a second server started by mistake
//! says so and changes nothing. On SIGTERM or Ctrl-C it takes no new connections, answers what it
//! accepted, lets the workers finish, and ends within ten seconds.

mod connections;
mod front;
mod health;

pub use front::{addresses, start as start_server};

use std::future::Future;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpSocket;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::cli::{make_private_folder, migrate, refuse_empty_database, refuse_missing_file};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::services::{dialects, house, keys, stops};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;
/// Time for requests and workers to finish when the server is told to stop, seconds.
const STOP_SECONDS_MAX: u64 = 8;

#[derive(clap::Args)]
pub struct Options {
    /// What this process does; several processes can share a PostgreSQL database
    #[arg(long, value_name = "ROLES", value_delimiter = ',', default_values = ["jobs", "web"])]
    workers: Vec<Role>,
    /// Stop also when standard input, a pipe, is closed: whoever holds its other end is gone
    #[arg(long, hide = true)]
    until_input_closes: bool,
}

/// A part of the server's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// Apply what arrived, plan and send deliveries
    Jobs,
    /// Answer requests
    Web,
}

pub async fn run(config: Config, options: Options) -> Result<()> {
    let mut signals = Signals::listen(options.until_input_closes)?;
    take_all_descriptors();
    let does = |role| options.workers.contains(&role);
    let listener = does(Role::Web).then(|| bind(config.listen)).transpose()?;
    let app = open(config).await?;
    let federation = Federation::new(app.clone())?;
    let mut workers = vec![tokio::spawn(stops::watch(app.clone()))];
    if does(Role::Jobs) {
        workers.push(tokio::spawn(keys::refill(app.clone())));
        workers.extend(crate::jobs::start(&federation));
    }
    match listener {
        Some(listener) => serve(&federation, listener, &mut signals, workers).await,
        None => {
            tracing::info!("working");
            signals.stop().await;
            app.bells.stop.ring();
            finish(join(workers)).await;
            Ok(())
        }
    }
}

/// Shells and service managers begin with 1,024 file descriptors for the sake of old programs and let
/// whoever can use more ask for them (getrlimit(2)). Each connection is one.
fn take_all_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, all) {
        tracing::warn!(%error, limit = limit.current, "no more file descriptors can be had");
    }
}

/// Opens a house that was founded and brings it up to date. Where there is none, nothing is made.
async fn open(config: Config) -> Result<App> {
    refuse_missing_file(&config)?;
    let app = App::open(config)?;
    refuse_empty_database(&app).await?;
    make_private_folder(&app.config.data_dir)?;
    migrate::apply_with_log(&app).await?;
    keys::complete(&app).await?;
    dialects::judge_all(&app).await?;
    if !house::check_origin(&app).await? {
        tracing::warn!("this house is not initialized: run `guildhall init`");
    }
    Ok(app)
}

/// Serves until a signal, or until the server fails.
async fn serve(
    federation: &Federation,
    listener: TcpListener,
    signals: &mut Signals,
    workers: Vec<JoinHandle<()>>,
) -> Result<()> {
    let app = &federation.app;
    let server = start_server(federation, listener, Duration::from_secs(STOP_SECONDS_MAX))?;
    let handle = server.handle();
    let mut server = tokio::spawn(server);
    tracing::info!(listen = %app.config.listen, public_url = %app.config.public_url, "ready");
    let outcome = tokio::select! {
        () = signals.stop() => Ok(()),
        ended = &mut server => Err(Error::internal(format!("the server ended by itself: {ended:?}"))),
    };
    app.bells.stop.ring();
    finish(async {
        handle.stop(true).await;
        join(workers).await;
    })
    .await;
    outcome
}

async fn join(workers: Vec<JoinHandle<()>>) {
    for worker in workers {
        if let Err(error) = worker.await {
            tracing::error!(%error, "a worker did not end well");
        }
    }
}

/// Waits for what still runs, but not longer than an operator's patience: all of it can be cut off
/// at any time without losing anything.
async fn finish(work: impl Future<Output = ()>) {
    let most = Duration::from_secs(STOP_SECONDS_MAX);
    match tokio::time::timeout(most, work).await {
        Ok(()) => tracing::info!("stopped"),
        Err(_) => tracing::warn!("stopped with work unfinished; it is taken up at the next start"),
    }
}

/// Takes the address. What arrives before the server is ready waits in line.
fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A stopped server's old connections must not keep its successor from starting.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().map_err(|error| {
        Error::Unavailable(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "the address {address} is in use: stop what listens there, or set `listen` to another one"
            ),
            _ => format!("cannot listen on {address}: {error}"),
        })
    })
}

/// What tells a server to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    input: Option<pipe::Receiver>,
}

impl Signals {
    fn listen(until_input_closes: bool) -> Result<Self> {
        let listen = |kind| signal(kind).map_err(Error::internal);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            input: until_input_closes.then(input).transpose()?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = closed(self.input.as_mut()) => {}
        }
    }
}

/// Standard input, which has to be a pipe.
fn input() -> Result<pipe::Receiver> {
    let input = std::io::stdin().as_fd().try_clone_to_owned();
    input
        .and_then(pipe::Receiver::from_owned_fd)
        .map_err(|error| Error::Unavailable(format!("standard input is no pipe: {error}")))
}

/// Returns when the other end of the pipe is closed; without a pipe, never.
async fn closed(input: Option<&mut pipe::Receiver>) {
    let Some(input) = input else {
        return std::future::pending().await;
    };
    let mut ignored = [0; 64];
    while matches!(input.read(&mut ignored).await, Ok(1..)) {}
}
