//! Where a command takes a password from: a file, standard input, or chance.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::crypto;
use crate::domain::Password;
use crate::error::{Error, Result};

/// Characters of a generated password: 120 bits.
const GENERATED_CHARS: usize = 20;
/// Longest file that is read for a password, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1_024;

#[derive(clap::Args)]
pub(super) struct PasswordOption {
    /// File whose first line is the password; `-` reads standard input. Without it, one is
    /// generated and printed once
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// A password, and its text where nobody but the program knows it yet.
pub(super) struct Chosen {
    pub password: Password,
    pub generated: Option<String>,
}

impl PasswordOption {
    pub fn choose(&self) -> Result<Chosen> {
        match &self.password_file {
            Some(path) => Ok(Chosen {
                password: Password::parse(&read_first_line(path)?)?,
                generated: None,
            }),
            None => generate(),
        }
    }
}

fn generate() -> Result<Chosen> {
    let text: String = crypto::random_secret()?
        .chars()
        .take(GENERATED_CHARS)
        .collect();
    Ok(Chosen {
        password: Password::parse(&text)?,
        generated: Some(text),
    })
}

impl Chosen {
    /// What to tell the person: nothing when the password was theirs.
    pub fn sentence(&self) -> String {
        match &self.generated {
            Some(text) => format!(" The password is {text} and is not shown again."),
            None => String::new(),
        }
    }
}

fn read_first_line(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin()
            .take(FILE_BYTES_MAX)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| {
        Error::invalid(
            "password file",
            format!("{} cannot be read: {error}", path.display()),
        )
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
