//! `guildhall migrate`: the schema of the database.

use serde_json::json;

use crate::app::App;
use crate::cli::{Output, Progress, open, refuse_missing_file};
use crate::config::Config;
use crate::domain::counted_here;
use crate::error::Result;
use crate::services::{chains, house, keys};
use crate::storage::{self, Connection};

#[derive(clap::Args)]
pub struct Options {
    /// Only list the migrations and which of them the database has
    #[arg(long, conflicts_with = "down")]
    status: bool,
    /// Take back the newest migration, with what is stored in it
    #[arg(long)]
    down: bool,
}

pub async fn run(config: Config, options: Options, output: Output) -> Result<()> {
    if options.status {
        status(config, output).await
    } else if options.down {
        refuse_missing_file(&config)?;
        down(&App::open(config)?, output).await
    } else {
        up(&open(config)?, output).await
    }
}

async fn status(config: Config, output: Output) -> Result<()> {
    let migrations = match refuse_missing_file(&config) {
        Ok(()) => house::migrations(&App::open(config)?).await?,
        // Asking makes no database.
        Err(_) => storage::list_migrations()?,
    };
    output.list(&migrations, ["migration", "applied"], |migration| {
        let applied = if migration.applied { "yes" } else { "no" };
        [migration.name.clone(), applied.to_owned()]
    })
}

async fn up(app: &App, output: Output) -> Result<()> {
    let was_there = house::migrations(app)
        .await?
        .iter()
        .any(|migration| migration.applied);
    let applied = apply_with_progress(app).await?;
    keys::complete(app).await?;
    let count = counted_here(applied.len(), "migration", "migrations");
    let sentence = match (was_there, applied.len()) {
        (true, 0) => "The database is up to date.".to_owned(),
        (true, _) => format!("{count} applied."),
        // Who meant another folder sees it here.
        (false, _) => format!(
            "{count} applied to a new database, {:?}.",
            app.config.database.url
        ),
    };
    output.made(&json!({ "applied": applied }), sentence)
}

async fn down(app: &App, output: Output) -> Result<()> {
    let reverted = app
        .db
        .maintain("migrate_down", |connection| {
            storage::alone_with_schema(connection, storage::migrate_down_once)
        })
        .await?;
    let sentence = match &reverted {
        Some(version) => format!("Migration {version} is taken back."),
        None => "There is no migration to take back.".to_owned(),
    };
    output.made(&json!({ "reverted": reverted }), sentence)
}

/// Applies what the database lacks, before the eyes of a person.
pub(super) async fn apply_with_progress(app: &App) -> Result<Vec<String>> {
    let mut progress = None;
    apply(app, move |step| match step {
        Step::Begin { name, of } => {
            progress
                .get_or_insert_with(|| Progress::start(of))
                .next(name);
        }
        Step::Done => {
            if let Some(progress) = &progress {
                progress.done();
            }
        }
    })
    .await
}

/// Applies what the database lacks, a line in the log for each.
pub(super) async fn apply_with_log(app: &App) -> Result<Vec<String>> {
    apply(app, |step| {
        if let Step::Begin { name, .. } = step {
            tracing::info!(migration = name, "bringing the database up to date");
        }
    })
    .await
}

enum Step<'a> {
    Begin { name: &'a str, of: usize },
    Done,
}

async fn apply(app: &App, mut watch: impl FnMut(Step<'_>) + Send + 'static) -> Result<Vec<String>> {
    let applied = app
        .db
        .maintain("migrate", move |connection| {
            storage::alone_with_schema(connection, |connection| {
                let lacking = list_lacking(connection)?;
                for name in &lacking {
                    let of = lacking.len();
                    watch(Step::Begin { name, of });
                    storage::migrate_once(connection)?;
                    watch(Step::Done);
                }
                Ok(lacking)
            })
        })
        .await?;
    chains::begin(app).await?;
    Ok(applied)
}

fn list_lacking(connection: &mut Connection) -> Result<Vec<String>> {
    let migrations = storage::migration_status(connection)?;
    let lacking = migrations.into_iter().filter(|one| !one.applied);
    Ok(lacking.map(|migration| migration.name).collect())
}
