//! Is everything in order, and if not, what is it? Asked by `guildhall check` and the admin API.

use std::path::Path;
use std::time::Duration;

use crate::app::App;
use crate::domain::Timestamp;
use crate::error::{Error, Result};
use crate::http::HttpError;
use crate::policy::{Viewer, act};
use crate::services::{access, house};
use crate::storage;

/// Less free space than this is about to be a problem, MiB.
const FREE_MIB_MIN: u64 = 512;
/// No machine with a working clock has an earlier time than this program was written at.
const NOT_BEFORE: &str = "2025-11-01";
/// How far the clock may lie behind the newest thing that was written down.
const CLOCK_BEHIND_MAX: Duration = Duration::from_secs(60);

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub name: &'static str,
    pub ok: bool,
    /// What is fine about it, or what is not and what to do.
    pub detail: String,
}

/// What is fine about it, or what is not and what to do.
type Verdict = Result<String, String>;

/// Looks at the folder, the database and the server of a house, for administrators.
pub async fn examine(app: &App, viewer: Viewer) -> Result<Vec<Finding>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    let mut findings = examine_folder(&app.config.data_dir).await;
    findings.extend(examine_house(app).await);
    Ok(findings)
}

/// The part that needs no database.
pub async fn examine_folder(folder: &Path) -> Vec<Finding> {
    vec![
        finding("data_dir", check_writable(folder)),
        finding("disk_space", check_space(folder).await),
    ]
}

/// What is said of a database that cannot be opened.
pub fn unreachable(error: &Error) -> Finding {
    finding("database", Err(error.to_string()))
}

async fn examine_house(app: &App) -> Vec<Finding> {
    vec![
        finding(
            "database",
            Ok(format!("{:?} answers", app.config.database.url)),
        ),
        finding("migrations", check_migrations(app).await),
        finding("initialized", check_initialized(app).await),
        finding("clock", check_clock(app).await),
        finding("server", check_server(app).await),
    ]
}

fn finding(name: &'static str, verdict: Verdict) -> Finding {
    let ok = verdict.is_ok();
    let (Ok(detail) | Err(detail)) = verdict;
    // What a database says may have lines and tabs of its own.
    let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
    Finding { name, ok, detail }
}

fn check_writable(folder: &Path) -> Verdict {
    let probe = folder.join(format!(".guildhall-check-{}", std::process::id()));
    let written = std::fs::write(&probe, b"check").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => Ok(format!("{} can be written", folder.display())),
        Err(error) => Err(format!("{} cannot be written: {error}", folder.display())),
    }
}

async fn check_space(folder: &Path) -> Verdict {
    let Some(free) = free_mib(folder).await else {
        return Ok("not known on this machine".into());
    };
    let detail = format!("{free} MiB free at {}", folder.display());
    if free < FREE_MIB_MIN {
        Err(format!("only {detail}; make room for {FREE_MIB_MIN} MiB"))
    } else {
        Ok(detail)
    }
}

/// Asks `df`, which POSIX has everywhere; Rust's standard library has no such question.
async fn free_mib(folder: &Path) -> Option<u64> {
    let mut command = tokio::process::Command::new("df");
    let answer = command.arg("-Pk").arg(folder).output().await.ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let kib: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    Some(kib / 1_024)
}

async fn check_migrations(app: &App) -> Verdict {
    let migrations = house::migrations(app)
        .await
        .map_err(|error| error.to_string())?;
    match migrations.iter().filter(|one| !one.applied).count() {
        0 => Ok(format!("all {} are applied", migrations.len())),
        lacking => Err(format!(
            "{lacking} are not applied: run `guildhall init` in a new house, `guildhall migrate` after an update"
        )),
    }
}

async fn check_initialized(app: &App) -> Verdict {
    match house::check_origin(app).await {
        Ok(true) => Ok(format!("as {}", app.config.public_url)),
        Ok(false) => Err("run `guildhall init` first".into()),
        Err(error @ Error::Conflict(_)) => Err(error.to_string()),
        Err(_) => Err("not known before the migrations are applied".into()),
    }
}

async fn check_clock(app: &App) -> Verdict {
    let now = app.clock.now();
    let earliest = Timestamp::parse(NOT_BEFORE).map_err(|invalid| invalid.to_string())?;
    let newest = newest_record(app).await.unwrap_or(earliest);
    if now < earliest || now < newest.minus(CLOCK_BEHIND_MAX) {
        return Err(format!(
            "it is {now} by this machine, but the database has something of {newest}: set the clock"
        ));
    }
    Ok(format!("it is {now}"))
}

async fn newest_record(app: &App) -> Option<Timestamp> {
    let lines = app
        .db
        .read("newest_audit_line", |connection| {
            storage::audit::list(connection, 1)
        })
        .await;
    lines.ok()?.first().map(|line| line.at)
}

/// A server need not run, but one that answers must be ready.
async fn check_server(app: &App) -> Verdict {
    let address = app.addresses().origin().join("readyz");
    let url = address.to_url().map_err(|invalid| invalid.to_string())?;
    match app.http.get(&url, &[]).await {
        Ok(answer) if answer.status == 200 => Ok(format!("{address} is ready")),
        Ok(answer) => Err(format!("{address} answers {}", answer.status)),
        Err(HttpError::Refused(_)) => {
            Ok("not asked: its address is not on the public Internet".into())
        }
        Err(_) => Ok(format!(
            "not running: nothing answers at {}",
            app.addresses().origin()
        )),
    }
}
