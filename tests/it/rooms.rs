//! Who may import whom, read off the source text.
//!
//! The table in `docs/ARCHITECTURE.md` is only worth something if breaking it fails. Comments and
//! strings do not count; grouped imports, `super::` chains and paths in the middle of code do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One room: a module at the top of `src/`, and what it may name of the others.
struct Room {
    name: &'static str,
    may_import: &'static [&'static str],
    of_policy: OfPolicy,
}

/// How much of `policy` a room may name. Asking is for `services::access` alone.
#[derive(Clone, Copy, PartialEq)]
enum OfPolicy {
    Nothing,
    /// Who is looking: what a door finds out.
    Viewer,
    /// Types, never the functions that decide.
    Types,
    /// Types but those that go into a question or come out of a refusal.
    Proofs,
    Everything,
}

const ANY: &[&str] = &[
    "api",
    "app",
    "auth",
    "cli",
    "clock",
    "config",
    "crypto",
    "domain",
    "error",
    "fail_point",
    "federation",
    "files",
    "http",
    "jobs",
    "pictures",
    "policy",
    "routes",
    "services",
    "storage",
    "telemetry",
    "web",
    "wire",
];

#[rustfmt::skip]
const ROOMS: &[Room] = &[
    Room { name: "domain",     may_import: &[], of_policy: OfPolicy::Nothing },
    Room { name: "policy",     may_import: &["domain"], of_policy: OfPolicy::Everything },
    Room { name: "storage",    may_import: &["domain", "policy", "error", "config", "fail_point"], of_policy: OfPolicy::Proofs },
    Room { name: "services",   may_import: &["crypto", "domain", "policy", "storage", "app", "clock", "error", "config", "files", "pictures", "http", "telemetry", "fail_point"], of_policy: OfPolicy::Everything },
    Room { name: "auth",       may_import: &["crypto", "files", "services", "domain", "policy", "app", "error", "config", "http", "telemetry"], of_policy: OfPolicy::Viewer },
    Room { name: "federation", may_import: &["crypto", "services", "auth", "domain", "policy", "app", "error", "config", "http", "routes", "telemetry", "fail_point"], of_policy: OfPolicy::Types },
    Room { name: "api",        may_import: &["services", "wire", "auth", "domain", "policy", "app", "error", "config", "routes", "telemetry"], of_policy: OfPolicy::Types },
    Room { name: "wire",       may_import: &["services", "domain", "policy", "app", "error"], of_policy: OfPolicy::Types },
    Room { name: "web",        may_import: &["services", "auth", "domain", "policy", "app", "error", "config", "routes", "telemetry"], of_policy: OfPolicy::Types },
    Room { name: "jobs",       may_import: &["crypto", "services", "federation", "domain", "app", "clock", "error", "config", "http", "telemetry", "fail_point"], of_policy: OfPolicy::Nothing },
    Room { name: "cli",        may_import: ANY, of_policy: OfPolicy::Everything },
    Room { name: "main",       may_import: ANY, of_policy: OfPolicy::Everything },
    Room { name: "lib",        may_import: ANY, of_policy: OfPolicy::Everything },
    Room { name: "app",        may_import: ANY, of_policy: OfPolicy::Everything },
    Room { name: "crypto",     may_import: &["domain", "error"], of_policy: OfPolicy::Nothing },
    Room { name: "error",      may_import: &["domain", "policy"], of_policy: OfPolicy::Types },
    Room { name: "clock",      may_import: &["domain"], of_policy: OfPolicy::Nothing },
    Room { name: "config",     may_import: &["domain", "policy", "error"], of_policy: OfPolicy::Types },
    Room { name: "files",      may_import: &["crypto", "domain", "error"], of_policy: OfPolicy::Nothing },
    Room { name: "pictures",   may_import: &["domain"], of_policy: OfPolicy::Nothing },
    Room { name: "http",       may_import: &["domain", "config", "clock", "error", "telemetry"], of_policy: OfPolicy::Nothing },
    Room { name: "routes",     may_import: &[], of_policy: OfPolicy::Nothing },
    Room { name: "fail_point", may_import: &[], of_policy: OfPolicy::Nothing },
    Room { name: "telemetry",  may_import: &["config", "error"], of_policy: OfPolicy::Nothing },
];

/// Paths one room may name of another although the table says no.
const EXCEPTIONS: &[(&str, &[&str])] = &[("api/c2s", &["federation", "objects"])];

/// What the crate's root names again, and the room it comes from.
const AT_THE_ROOT: &[(&str, &str)] = &[("Error", "error"), ("Result", "error")];

/// The module of policy whose types say which act a `Permit` is for.
const ACTS: &str = "act";

/// Crates that belong to some rooms only: a start of the path below `src/` is where they may be.
const CRATES: &[(&str, &[&str])] = &[
    ("diesel", &["storage"]),
    ("diesel_migrations", &["storage"]),
    ("libsqlite3_sys", &["storage"]),
    ("pq_sys", &["storage"]),
    (
        "actix_web",
        &["federation", "api", "web", "auth", "routes", "cli/serve"],
    ),
    ("activitypub_federation", &["federation"]),
    ("image", &["pictures"]),
    ("gif", &["pictures"]),
    ("blurhash", &["pictures"]),
    ("utoipa", &["wire", "api/admin"]),
];

/// Rooms without async, clock, SQL, HTTP or anything else that could answer differently twice.
const PURE_ROOMS: &[&str] = &["domain", "policy"];
const PURE_CRATES: &[&str] = &[
    "ammonia",
    "jiff",
    "pulldown_cmark",
    "regex",
    "serde",
    "thiserror",
    "url",
];
const IMPURE_STD: &[&str] = &["env", "fs", "io", "net", "os", "process", "thread"];

#[test]
fn rooms_import_only_what_the_table_allows() {
    report(each_source(|source| {
        let Some(room) = room_of(source) else {
            return vec![source.at(1, "is in no room of the table: add it to tests/it/rooms.rs")];
        };
        let paths = source.own_paths();
        paths
            .iter()
            .filter_map(|path| refuse_import(source, room, path))
            .collect()
    }));
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    report(each_source(|source| {
        let paths = source.foreign_paths(|name| CRATES.iter().any(|(owned, _)| *owned == name));
        paths
            .iter()
            .filter_map(|path| refuse_crate(source, path))
            .collect()
    }));
}

#[test]
fn domain_and_policy_are_pure() {
    let dependencies = dependencies();
    report(each_source(|source| {
        // Tests compare with files and may be told to write them.
        let is_test = source.name.contains("/tests/");
        if is_test || !PURE_ROOMS.contains(&source.room()) {
            return Vec::new();
        }
        let waits = source
            .tokens
            .iter()
            .filter(|token| matches!(&*token.text, "async" | "await"));
        let waits = waits.map(|token| source.at(token.line, "is async: pure rooms never wait"));
        let foreign = source.foreign_paths(|name| name == "std" || dependencies.contains(name));
        let foreign = foreign
            .iter()
            .filter_map(|path| refuse_impure(source, path));
        waits.chain(foreign).collect()
    }));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |backend: &str| -> BTreeSet<PathBuf> {
        let folder = root().join("migrations").join(backend);
        let files = files_below(&folder);
        files
            .iter()
            .map(|file| file.strip_prefix(&folder).expect("below").to_owned())
            .collect()
    };
    assert_eq!(
        names("sqlite"),
        names("postgres"),
        "migrations/sqlite and migrations/postgres"
    );
}

#[test]
fn nothing_points_outside_the_repository() {
    let outside = concat!("..", "/shared");
    let mut failures = Vec::new();
    for file in ["src", "docs", "tests"]
        .iter()
        .flat_map(|folder| files_below(&root().join(folder)))
    {
        let text = std::fs::read(&file).expect("a readable file");
        for (number, line) in String::from_utf8_lossy(&text).lines().enumerate() {
            if line.contains(outside) {
                let file = file.strip_prefix(root()).expect("below").display();
                failures.push(format!(
                    "{file}:{}: names {outside}, which no reader has",
                    number + 1
                ));
            }
        }
    }
    report(failures);
}

fn refuse_import(source: &Source, room: &Room, path: &Named) -> Option<String> {
    let first = path.segments[0].as_str();
    let to = AT_THE_ROOT
        .iter()
        .find(|(name, _)| *name == first)
        .map_or(first, |(_, room)| room);
    let excepted = EXCEPTIONS
        .iter()
        .any(|(from, to)| source.is_below(from) && path.starts_with(to));
    if to == room.name || excepted {
        return None;
    }
    let allowed = room.may_import.contains(&to);
    if allowed && (to != "policy" || room.of_policy.covers(&path.segments[1..])) {
        return None;
    }
    let mut problem = format!("names crate::{}; {} may import ", path.joined(), room.name);
    match room.may_import {
        [] => problem.push_str("nothing of ours"),
        rooms => problem.push_str(&rooms.join(", ")),
    }
    if to == "policy" && allowed {
        let _ = write!(problem, " (of policy: {})", room.of_policy.in_words());
    }
    Some(source.at(path.line, &problem))
}

fn refuse_crate(source: &Source, path: &Named) -> Option<String> {
    let (name, homes) = CRATES.iter().find(|(name, _)| *name == path.segments[0])?;
    if homes.iter().any(|home| source.is_below(home)) {
        return None;
    }
    Some(source.at(
        path.line,
        &format!("names {name}::, which only {} may", homes.join(", ")),
    ))
}

fn refuse_impure(source: &Source, path: &Named) -> Option<String> {
    let problem = match path.segments[0].as_str() {
        "std" => {
            let module = path
                .segments
                .get(1)
                .filter(|name| IMPURE_STD.contains(&name.as_str()))?;
            format!("names std::{module}: pure rooms touch nothing outside")
        }
        name if PURE_CRATES.contains(&name) => return None,
        name => format!(
            "names {name}::; a pure room may use {}",
            PURE_CRATES.join(", ")
        ),
    };
    Some(source.at(path.line, &problem))
}

impl OfPolicy {
    fn covers(self, path: &[String]) -> bool {
        // A type or what hangs on it, not a function, a glob or a module (but that of the acts).
        let meant = |name: &&String| *name == ACTS || name.starts_with(char::is_uppercase);
        let named = path.iter().find(meant);
        match (self, named.map(String::as_str)) {
            (Self::Everything, _) => true,
            (Self::Nothing, _) | (_, None) => false,
            (Self::Viewer, Some(name)) => name == "Viewer",
            (Self::Proofs, Some(name)) => !matches!(name, "Facts" | "Denial"),
            (Self::Types, Some(_)) => true,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Viewer => "only Viewer",
            Self::Types => "types by their names, never the functions that decide",
            Self::Proofs => {
                "Permit, ReadScope and the types they name, never Facts, Denial or a function"
            }
            Self::Everything => "everything",
        }
    }
}

fn room_of(source: &Source) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == source.room())
}

#[track_caller]
fn report(failures: Vec<String>) {
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn each_source(check: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    let folder = root().join("src");
    let files = files_below(&folder).into_iter();
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
        .flat_map(|file| {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            let name = file
                .strip_prefix(&folder)
                .expect("below src")
                .to_str()
                .expect("UTF-8");
            check(&Source::parse(name, &text))
        })
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let below = |path: PathBuf| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    paths.into_iter().flat_map(below).collect()
}

/// The names that code writes for the crates in `[dependencies]`.
fn dependencies() -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let (_, from) = manifest
        .split_once("[dependencies]")
        .expect("a section [dependencies]");
    let section = from.split("\n[").next().unwrap_or_default();
    let lines = section
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

/// One file of `src/`, without comments and strings.
struct Source {
    /// Below `src/`, as `web/posts.rs`.
    name: String,
    tokens: Vec<Token>,
}

struct Token {
    text: String,
    line: usize,
}

/// A path as the code names it, without `crate::`.
struct Named {
    segments: Vec<String>,
    line: usize,
}

impl Named {
    fn joined(&self) -> String {
        self.segments.join("::")
    }

    fn starts_with(&self, path: &[&str]) -> bool {
        self.segments.len() >= path.len() && self.segments.iter().zip(path).all(|(a, b)| a == b)
    }
}

impl Source {
    fn parse(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            tokens: tokens(&without_comments_and_strings(text)),
        }
    }

    fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_below(&self, start: &str) -> bool {
        let rest = self.name.strip_prefix(start);
        rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }

    fn at(&self, line: usize, problem: &str) -> String {
        format!("src/{}:{line}: {problem}", self.name)
    }

    /// How many `super` lead from the top of this file to the crate's root.
    fn depth(&self) -> usize {
        let path = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if matches!(path, "lib" | "main") {
            0
        } else {
            path.split('/').count()
        }
    }

    /// Every path into the own crate: from `crate`, from `super` chains that reach its root, and
    /// from `guildhall` in the binary.
    fn own_paths(&self) -> Vec<Named> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let start = at;
            let mut supers = 0;
            while self.is_path_from(at, "super") {
                supers += 1;
                at += 2;
            }
            let from_root = supers > 0 && supers >= self.depth();
            if supers == 0 && (self.is_path_from(at, "crate") || self.is_path_from(at, "guildhall"))
            {
                self.collect(at + 2, &[], &mut found);
            } else if from_root {
                // In an inline module such a chain may end lower down: only rooms are meant.
                let mut reached = Vec::new();
                self.collect(at, &[], &mut reached);
                found.extend(
                    reached
                        .into_iter()
                        .filter(|path| ANY.contains(&&*path.segments[0])),
                );
            }
            at = at.max(start + 1);
        }
        found
    }

    /// Every path that begins with the name of a foreign crate.
    fn foreign_paths(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Named> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            let continues = at > 0 && (self.is(at - 1, ".") || self.continues_a_path(at - 1));
            if continues || !is_meant(&self.tokens[at].text) {
                continue;
            }
            let imported = at > 0 && self.is(at - 1, "use");
            if self.is(at + 1, "::") || imported {
                self.collect(at, &[], &mut found);
            }
        }
        found
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.text == text)
    }

    /// Whether `name::` stands here and begins a path.
    fn is_path_from(&self, at: usize, name: &str) -> bool {
        let begins = at == 0 || !self.continues_a_path(at - 1) || name == "super";
        begins && self.is(at, name) && self.is(at + 1, "::")
    }

    /// Whether this `::` has a name before it; a leading one begins a path.
    fn continues_a_path(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        self.is(at, "::")
            && before.is_some_and(|token| {
                is_name(&token.text) && !matches!(&*token.text, "use" | "in" | "return" | "as")
                    || token.text == ">"
            })
    }

    /// Collects the path that begins here, or one for each leaf of a `{…}` group.
    fn collect(&self, mut at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
        let mut segments = prefix.to_vec();
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        while let Some(token) = self.tokens.get(at) {
            if token.text == "{" {
                at += 1;
                while at < self.tokens.len() && !self.is(at, "}") {
                    at = self.collect(at, &segments, found);
                    while at < self.tokens.len() && !self.is(at, ",") && !self.is(at, "}") {
                        at += 1; // `as other`
                    }
                    at += usize::from(self.is(at, ","));
                }
                return at + 1;
            }
            if !is_name(&token.text) && token.text != "*" {
                break;
            }
            segments.push(token.text.clone());
            at += 1;
            if !self.is(at, "::") {
                break;
            }
            at += 1;
        }
        if !segments.is_empty() {
            found.push(Named { segments, line });
        }
        at
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let name = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let length = match name {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                name => name,
            };
            tokens.push(Token {
                text: rest[..length].to_owned(),
                line: number + 1,
            });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The text with every comment, string and character blanked out, line by line the same.
fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside_a_name = out.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => length_of_block_comment(rest),
            '"' => length_of_string(rest),
            'r' | 'b' | 'c' if !inside_a_name => length_of_prefixed_string(rest),
            '\'' => length_of_character(rest),
            _ => 0,
        };
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.push(' ');
            out.extend(rest[..length].chars().filter(|&c| c == '\n'));
            rest = &rest[length..];
        }
    }
    out
}

fn length_of_block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn length_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `b"…"`, `c"…"`, `r"…"`, `br#"…"#` and so on; 0 for a name that only begins so.
fn length_of_prefixed_string(text: &str) -> usize {
    let prefix = text
        .find(|c| !matches!(c, 'r' | 'b' | 'c'))
        .unwrap_or(text.len());
    let hashes = text[prefix..]
        .bytes()
        .take_while(|&byte| byte == b'#')
        .count();
    let quote = prefix + hashes;
    if prefix > 2 || !text[quote..].starts_with('"') {
        return 0;
    }
    if !text[..prefix].contains('r') {
        return quote + length_of_string(&text[quote..]);
    }
    let end = format!("\"{}", "#".repeat(hashes));
    text[quote + 1..]
        .find(&end)
        .map_or(text.len(), |at| quote + 1 + at + end.len())
}

/// `'x'` and `'\n'`; 0 for a lifetime.
fn length_of_character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some(_)) => text[3..].find('\'').map_or(0, |at| 3 + at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

mod the_reader_of_imports {
    use super::*;

    fn named(name: &str, text: &str) -> Vec<String> {
        let paths = Source::parse(name, text).own_paths();
        paths
            .iter()
            .map(|path| format!("{} {}", path.line, path.joined()))
            .collect()
    }

    #[test]
    fn sees_groups_nested_groups_and_paths_in_code() {
        let text = "use crate::{\n    domain::{ids::PostId, post::*},\n    storage as s,\n};\n\
                    fn f() -> crate::error::Result<()> { crate::storage::posts::find(1) }";
        let seen = ["2 domain::ids::PostId", "2 domain::post::*", "3 storage"];
        let in_code = ["5 error::Result", "5 storage::posts::find"];
        assert_eq!(named("web/posts.rs", text), [&seen[..], &in_code].concat());
    }

    #[test]
    fn follows_super_to_the_root_and_leaves_the_own_room_alone() {
        let text = "use super::super::storage::posts;\nuse super::pages;\nuse super::super::local;";
        assert_eq!(named("web/posts.rs", text), ["1 storage::posts"]);
        assert_eq!(named("clock.rs", "use super::storage;"), ["1 storage"]);
    }

    #[test]
    fn passes_over_comments_strings_characters_and_visibility() {
        let text = "// crate::storage\n/* crate::storage /* crate::web */ */ pub(crate) fn f<'a>() {\n\
                    let s = \"crate::storage \\\" crate::web\"; let r = r#\"crate::\"api\"#;\n\
                    let c = ['\\'', '\"', 'a']; let b = b\"crate::jobs\"; }\nuse crate::domain;";
        assert_eq!(named("web/posts.rs", text), ["5 domain"]);
    }

    #[test]
    fn sees_foreign_crates_only_where_a_path_begins() {
        let text = "use diesel::prelude::*;\nuse ::diesel::x;\nlet a = crate::diesel::x;\n\
                    #[derive(diesel::Queryable)]\nuse diesel;\nlet diesel = diesel.fuel;";
        let source = Source::parse("web/posts.rs", text);
        let lines = source.foreign_paths(|name| name == "diesel");
        assert_eq!(
            lines.iter().map(|path| path.line).collect::<Vec<_>>(),
            [1, 2, 4, 5]
        );
    }

    #[test]
    fn refuses_what_the_table_refuses() {
        let refused = |file: &str, text: &str| {
            let source = Source::parse(file, text);
            let room = room_of(&source).expect("a room");
            source
                .own_paths()
                .iter()
                .any(|path| refuse_import(&source, room, path).is_some())
        };
        assert!(refused("web/posts.rs", "use crate::storage::posts;"));
        assert!(refused("web/posts.rs", "use crate::policy::decide;"));
        assert!(refused("web/posts.rs", "use crate::policy;"));
        assert!(!refused(
            "web/posts.rs",
            "use crate::policy::{Viewer, action::CreatePost};"
        ));
        assert!(refused(
            "api/mastodon/statuses.rs",
            "use crate::federation::objects::Page;"
        ));
        assert!(!refused(
            "api/c2s/outbox.rs",
            "use crate::federation::objects::Page;"
        ));
        assert!(refused("api/c2s/outbox.rs", "use crate::federation::send;"));
        assert!(!refused(
            "storage/posts.rs",
            "use crate::policy::{Permit, ReadScope};"
        ));
        assert!(refused(
            "storage/posts.rs",
            "use crate::policy::facts::Facts;"
        ));
        assert!(!refused(
            "storage/posts.rs",
            "use crate::{Error, policy::act};"
        ));
        assert!(refused("domain/post.rs", "use crate::Result;"));
        assert!(refused("auth/sessions.rs", "use crate::policy::Denial;"));
        assert!(refused("domain/post.rs", "use crate::error::Error;"));
        assert!(refused(
            "api/mastodon/search.rs",
            "use crate::http::Client;"
        ));
        assert!(!refused("federation/send.rs", "use crate::http::Client;"));
    }
}
