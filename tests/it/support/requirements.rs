//! What a test needs from the machine, and what happens where it is missing.
//!
//! A skip is loud: it goes past the test harness, which hides the output of tests that pass. Where
//! the environment names the requirement (`GUILDHALL_TEST_REQUIRE=postgres,browser,peers`, as
//! `.ci/run` does), a skip is a failure.

use std::io::Write;

/// Says that the running test is skipped because `requirement` is missing.
///
/// # Panics
/// Where `GUILDHALL_TEST_REQUIRE` names the requirement.
pub fn skip(requirement: &str, why: &str) {
    let required = names_in("GUILDHALL_TEST_REQUIRE");
    assert!(
        !required.iter().any(|name| name == requirement),
        "GUILDHALL_TEST_REQUIRE asks for {requirement}, but {why}"
    );
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not eprintln!: the harness swallows that when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {why}");
}

/// A database that the suite runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The databases that this run is about: both, unless `GUILDHALL_TEST_DATABASES` names fewer.
pub fn backends() -> Vec<Backend> {
    let wanted = names_in("GUILDHALL_TEST_DATABASES");
    if wanted.is_empty() {
        return vec![Backend::Sqlite, Backend::Postgres];
    }
    wanted
        .iter()
        .map(|name| match name.as_str() {
            "sqlite" => Backend::Sqlite,
            "postgres" => Backend::Postgres,
            other => panic!("GUILDHALL_TEST_DATABASES knows sqlite and postgres, not {other}"),
        })
        .collect()
}

fn names_in(variable: &str) -> Vec<String> {
    let value = std::env::var(variable).unwrap_or_default();
    let names = value.split(',').map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The first of `names` that is a program on the `PATH`, or where Debian keeps such programs.
pub fn find_program(names: &[&str]) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/bin", "/usr/local/bin", "/usr/lib/chromium"].map(Into::into));
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}
