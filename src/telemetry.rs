//! The log: one line an event, on standard error, for people or (as JSON) for machines.
//!
//! Never logged: tokens, passwords, bodies of posts, e-mail addresses.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Subscriber;

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is logged, like `info` or `guildhall::jobs=debug,warn` (`GUILDHALL_LOG`).
    pub filter: String,
    pub format: Format,
}

/// `GUILDHALL_LOG_FORMAT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
}

impl Format {
    /// Reads `text` or `json`.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!(
                "GUILDHALL_LOG_FORMAT = {text:?} cannot be used: write text or json"
            )),
        }
    }
}

/// Starts the log of this process. Later calls change nothing.
///
/// # Errors
/// A sentence when the filter makes no sense.
pub fn start(settings: &Settings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| {
        format!(
            "GUILDHALL_LOG = {:?} cannot be used: {error}",
            settings.filter
        )
    })?;
    let builder = Subscriber::builder()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Another start is a test's, whose log is on already.
    let _ = match settings.format {
        Format::Json => tracing::subscriber::set_global_default(builder.json().finish()),
        Format::Text => {
            let color = std::io::stderr().is_terminal();
            tracing::subscriber::set_global_default(builder.with_ansi(color).finish())
        }
    };
    Ok(())
}
