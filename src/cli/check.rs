//! `guildhall check`: is everything in order, and if not, what is it?

use crate::app::App;
use crate::cli::{Output, refuse_missing_file};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::check;
use crate::wire::Finding;

#[derive(clap::Args)]
pub struct Options {}

pub async fn run(config: Config, _: Options, output: Output) -> Result<()> {
    let findings: Vec<Finding> = examine(config)
        .await?
        .into_iter()
        .map(Finding::from)
        .collect();
    output.list(&findings, ["result", "what", "detail"], |finding| {
        let mark = if finding.ok { "ok" } else { "FAILED" };
        [
            mark.to_owned(),
            finding.name.to_owned(),
            finding.detail.clone(),
        ]
    })?;
    match findings.iter().filter(|finding| !finding.ok).count() {
        0 => Ok(()),
        1 => Err(Error::Unavailable("1 check failed".into())),
        several => Err(Error::Unavailable(format!("{several} checks failed"))),
    }
}

async fn examine(config: Config) -> Result<Vec<check::Finding>> {
    let folder = config.data_dir.clone();
    match open(config) {
        Ok(app) => check::examine(&app, Viewer::Operator).await,
        Err(error) => {
            let mut findings = check::examine_folder(&folder).await;
            findings.push(check::unreachable(&error));
            Ok(findings)
        }
    }
}

fn open(config: Config) -> Result<App> {
    refuse_missing_file(&config)?;
    App::open(config)
}
