//! Commands: what an operator says at the machine, and nothing a page could not say too.
//!
//! Each command has a file with its `Command` or `Options` and a `run`. What it makes or lists goes
//! to standard output, as one JSON document with `--json`; what people should know goes to standard
//! error. It ends with 0, with 1 and one sentence, or with 2 for wrong usage.

mod audit;
mod chain;
mod check;
mod demo;
mod environment;
mod grant;
mod group;
mod held;
mod init;
mod keys;
mod label;
mod ledger;
mod media;
mod member;
mod migrate;
mod output;
mod partner;
mod password;
mod policy;
mod post;
mod progress;
mod proposal;
mod queue;
mod report;
mod retract;
mod rule;
mod serve;
mod stop;
mod token;
mod user;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::app::App;
use crate::config::{self, Config, DatabaseUrl};
use crate::error::{Error, Result};
use crate::services::house;
use crate::{fail_point, telemetry};
use environment::Environment;
pub use output::Output;
pub use progress::Progress;
pub use serve::{addresses, start_server};

/// Threads that run tasks; requests have their own.
const WORKER_THREADS_MIN: usize = 2;
/// Threads that wait for the database or hash passwords, at most.
const BLOCKING_THREADS_MAX: usize = 64;
/// What still runs on other threads when a command has ended is waited for this long.
const END_WITHIN: Duration = Duration::from_millis(200);

/// A community server for an organization and its partners.
#[derive(Parser)]
#[command(name = "guildhall", version, max_term_width = 100)]
struct Arguments {
    /// Settings file [default: guildhall.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "GUILDHALL_CONFIG")]
    config: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Options),
    /// Found the house: its name, its address, its first administrator
    Init(init::Options),
    /// Bring the database up to date
    Migrate(migrate::Options),
    /// People of this organization
    #[command(subcommand)]
    User(user::Command),
    /// Access tokens for clients and scripts
    #[command(subcommand)]
    Token(token::Command),
    /// Groups, and how far they are open
    #[command(subcommand)]
    Group(group::Command),
    /// Who belongs to a group
    #[command(subcommand)]
    Member(member::Command),
    /// What moderators do with posts
    #[command(subcommand)]
    Post(post::Command),
    /// Posts that somebody asked the moderators to look at
    #[command(subcommand)]
    Report(report::Command),
    /// The words by which the house classifies what is said
    #[command(subcommand)]
    Label(label::Command),
    /// Rules at the boundary: what does not leave the house, or not before somebody looked at it
    #[command(subcommand)]
    Rule(rule::Command),
    /// Posts that the rules hold at the boundary
    #[command(subcommand)]
    Held(held::Command),
    /// Pictures and files of posts
    #[command(subcommand)]
    Media(media::Command),
    /// Partnerships with other organizations' servers
    #[command(subcommand)]
    Partner(partner::Command),
    /// Ask a partner to throw away what it got, or list what is not confirmed
    Retract(retract::Options),
    /// Stop at once what goes in and out of a group, to a partner, or everything; or release it
    Stop(stop::Options),
    /// What partners may do in which group
    #[command(subcommand)]
    Grant(grant::Command),
    /// What waits for a second administrator, where the house wants one (four eyes)
    #[command(subcommand)]
    Proposal(proposal::Command),
    /// Who may see and do what, and why
    #[command(subcommand)]
    Policy(policy::Command),
    /// What waits to leave the house
    #[command(subcommand)]
    Queue(queue::Command),
    /// Who did what
    #[command(subcommand)]
    Audit(audit::Command),
    /// What left the house, and to whom
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// The keys with which this house signs
    #[command(subcommand)]
    Keys(keys::Command),
    /// Two organizations on this machine, working together
    Demo(demo::Options),
    /// Look whether everything is in order
    Check(check::Options),
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::explain_usage(&error),
    };
    let environment = Environment::read();
    if let Some(point) = environment.get("GUILDHALL_FAIL_POINT") {
        fail_point::arm(point);
    }
    match run_to_end(arguments, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run_to_end(arguments: Arguments, environment: &Environment) -> Result<()> {
    telemetry::start(&log_settings(&arguments.command, environment)?).map_err(Error::Conflict)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(WORKER_THREADS_MIN))
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
        .map_err(Error::internal)?;
    let outcome = runtime.block_on(run(arguments, environment));
    runtime.shutdown_timeout(END_WITHIN);
    outcome
}

/// A server tells what happens; a command is asked for something else.
fn log_settings(command: &Command, environment: &Environment) -> Result<telemetry::Settings> {
    let usual = match command {
        // The HTTP server tells of each of its threads.
        Command::Serve(_) => "info,actix_server=warn",
        _ => "warn",
    };
    let format = environment.get("GUILDHALL_LOG_FORMAT").unwrap_or("text");
    Ok(telemetry::Settings {
        filter: environment.get("GUILDHALL_LOG").unwrap_or(usual).to_owned(),
        format: telemetry::Format::parse(format).map_err(Error::Conflict)?,
    })
}

async fn run(arguments: Arguments, environment: &Environment) -> Result<()> {
    let output = Output::new(arguments.json);
    let config = config::load(arguments.config.as_deref(), environment.variables())?;
    match arguments.command {
        Command::Serve(options) => serve::run(config, options).await,
        Command::Init(options) => init::run(config, options, output).await,
        Command::Migrate(options) => migrate::run(config, options, output).await,
        Command::Check(options) => check::run(config, options, output).await,
        Command::User(command) => user::run(&open_ready(config).await?, command, output).await,
        Command::Demo(options) => demo::run(options, output).await,
        Command::Group(command) => group::run(&open_ready(config).await?, command, output).await,
        Command::Member(command) => member::run(&open_ready(config).await?, command, output).await,
        Command::Post(command) => post::run(&open_ready(config).await?, command, output).await,
        Command::Report(command) => report::run(&open_ready(config).await?, command, output).await,
        Command::Label(command) => label::run(&open_ready(config).await?, command, output).await,
        Command::Rule(command) => rule::run(&open_ready(config).await?, command, output).await,
        Command::Held(command) => held::run(&open_ready(config).await?, command, output).await,
        Command::Media(command) => media::run(&open_ready(config).await?, command, output).await,
        Command::Partner(command) => {
            partner::run(&open_ready(config).await?, command, output).await
        }
        Command::Retract(options) => {
            retract::run(&open_ready(config).await?, options, output).await
        }
        Command::Stop(options) => stop::run(&open_ready(config).await?, options, output).await,
        Command::Grant(command) => grant::run(&open_ready(config).await?, command, output).await,
        Command::Proposal(command) => {
            proposal::run(&open_ready(config).await?, command, output).await
        }
        Command::Policy(command) => policy::run(&open_ready(config).await?, command, output).await,
        Command::Audit(command) => audit::run(&open_ready(config).await?, command, output).await,
        Command::Ledger(command) => ledger::run(&open_ready(config).await?, command, output).await,
        Command::Queue(command) => queue::run(&open_ready(config).await?, command, output).await,
        Command::Keys(command) => keys::run(&open_ready(config).await?, command, output).await,
        Command::Token(command) => token::run(&open_ready(config).await?, command, output).await,
    }
}

/// Opens the database, making the folder for it where it is missing.
fn open(config: Config) -> Result<App> {
    make_private_folder(&config.data_dir)?;
    App::open(config)
}

/// Keys and hashes of passwords lie in this folder: it is for its owner alone.
fn make_private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.map_err(|error| {
        Error::Unavailable(format!(
            "the folder {} cannot be made: {error}",
            folder.display()
        ))
    })
}

/// Opens a house that can be used; makes nothing.
async fn open_ready(config: Config) -> Result<App> {
    refuse_missing_file(&config)?;
    let app = App::open(config)?;
    house::require_ready(&app).await?;
    Ok(app)
}

/// SQLite would make an empty file, and the next command would find a house without anything.
fn refuse_missing_file(config: &Config) -> Result<()> {
    match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => Err(Error::Unavailable(format!(
            "there is no database at {}: {FOUND_FIRST}",
            path.display()
        ))),
        DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => Ok(()),
    }
}

/// What to do where nothing is yet.
const FOUND_FIRST: &str =
    "found the house with `guildhall init --name ORGANIZATION --admin NAME --email ADDRESS` first";

/// Refuses a database in which nothing was ever made; one that only lacks what is new is welcome.
async fn refuse_empty_database(app: &App) -> Result<()> {
    let migrations = house::migrations(app).await?;
    match migrations.iter().any(|migration| migration.applied) {
        true => Ok(()),
        false => Err(Error::Unavailable(format!(
            "the database {:?} is empty: {FOUND_FIRST}",
            app.config.database.url
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_make_sense() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
