//! Reading settings: file first, environment over it, then every value checked by one table.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;

use crate::config::{
    Config, DatabaseConfig, DatabaseUrl, FederationConfig, GovernanceConfig, Limits, ProfilesConfig,
};
use crate::domain::{ATTACHMENTS_MAX, CONFIRM_MONTHS_MAX, REVIEW_DAYS_MAX, Uri};
use crate::policy::{FederationMode, ProfileReach};

/// Read when nobody names a file; may be missing.
const FILE_DEFAULT: &str = "guildhall.toml";

/// Environment variables with our prefix that are not settings.
const NOT_SETTINGS: &[&str] = &[
    "GUILDHALL_CONFIG",
    "GUILDHALL_LOG",
    "GUILDHALL_LOG_FORMAT",
    "GUILDHALL_FAIL_POINT",
];
const NOT_SETTINGS_PREFIX: &[&str] = &[
    "GUILDHALL_TEST_",
    "GUILDHALL_CLIENTS_",
    "GUILDHALL_SNAC_",
    "GUILDHALL_ADVISORY_",
    "GUILDHALL_BENCH_",
    "GUILDHALL_PEERS_",
];

/// Words in the keys of settings whose values are for nobody's eyes.
const SECRETS: &[&str] = &["password", "secret", "token", "key"];

/// A setting that cannot be: which, what was written (`…` where that may be a secret), what is
/// allowed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {}", self.complaint())]
pub struct ConfigError {
    /// The file or the environment variable.
    pub origin: String,
    /// Empty: the file as a whole.
    pub key: String,
    pub value: String,
    pub problem: String,
}

impl ConfigError {
    /// What is wrong, without where.
    fn complaint(&self) -> String {
        let Self {
            key,
            value,
            problem,
            ..
        } = self;
        match key.is_empty() {
            true => format!("the settings cannot be read: {problem}"),
            false => format!("{key} = {value:?} cannot be used: {problem}"),
        }
    }
}

impl From<ConfigError> for crate::error::Error {
    fn from(error: ConfigError) -> Self {
        let complaint = error.complaint();
        Self::invalid(error.origin, complaint)
    }
}

type Set = fn(&mut Draft, &str) -> Result<(), String>;

/// Settings before defaults that depend on each other are filled in.
struct Draft {
    database_url: Option<DatabaseUrl>,
    config: Config,
}

/// Every setting: its key and how its text is read. Lists are written as TOML arrays.
const SETTINGS: &[(&str, Set)] = &[
    ("public_url", |draft, text| {
        assign(&mut draft.config.public_url, public_url(text))
    }),
    ("listen", |draft, text| {
        assign(
            &mut draft.config.listen,
            text.parse()
                .map_err(|_| "write address and port, like 127.0.0.1:8536".to_owned()),
        )
    }),
    ("trusted_proxies", |draft, text| {
        assign(&mut draft.config.trusted_proxies, ranges(text))
    }),
    ("data_dir", |draft, text| {
        assign(&mut draft.config.data_dir, Ok(PathBuf::from(text)))
    }),
    ("database.url", |draft, text| {
        database_url(text).map(|url| draft.database_url = Some(url))
    }),
    ("database.pool_size", |draft, text| {
        assign(&mut draft.config.database.pool_size, number(text, 1, 1_000))
    }),
    ("organization.name", |draft, text| {
        let name = text.trim();
        if name.is_empty() || name.len() > 200 || name.contains(char::is_control) {
            return Err("write a name of at most 200 bytes".into());
        }
        draft.config.organization_name = Some(name.to_owned());
        Ok(())
    }),
    ("federation.mode", |draft, text| {
        assign(
            &mut draft.config.federation.mode,
            one_of::<FederationMode>(text),
        )
    }),
    ("federation.allow_http", |draft, text| {
        assign(&mut draft.config.federation.allow_http, switch(text))
    }),
    ("federation.allow_addresses", |draft, text| {
        assign(
            &mut draft.config.federation.allow_addresses,
            list(text, "write ranges like [\"127.0.0.0/8\"]"),
        )
    }),
    ("media.store", |_, text| match text {
        "file" => Ok(()),
        _ => Err(
            "only \"file\" is available in this version: files are kept in <data_dir>/media".into(),
        ),
    }),
    ("governance.four_eyes", |draft, text| {
        assign(&mut draft.config.governance.four_eyes, switch(text))
    }),
    ("governance.review_days", |draft, text| {
        let days: u64 = number(text, 0, REVIEW_DAYS_MAX)?;
        draft.config.governance.review_days = Some(days).filter(|days| *days > 0);
        Ok(())
    }),
    ("governance.confirm_partners_months", |draft, text| {
        let months: u32 = number(text, 0, CONFIRM_MONTHS_MAX)?;
        draft.config.governance.confirm_partners_months = Some(months).filter(|months| *months > 0);
        Ok(())
    }),
    ("governance.public_pages", |draft, text| {
        assign(&mut draft.config.governance.public_pages, switch(text))
    }),
    ("governance.owners_open_groups", |draft, text| {
        assign(
            &mut draft.config.governance.owners_open_groups,
            switch(text),
        )
    }),
    ("profiles.audience", |draft, text| {
        assign(
            &mut draft.config.profiles.audience,
            one_of::<ProfileReach>(text),
        )
    }),
    ("limits.inbox_body_bytes", |draft, text| {
        assign(
            &mut draft.config.limits.inbox_body_bytes,
            number(text, 1_024, 16 << 20),
        )
    }),
    ("limits.inbox_in_flight", |draft, text| {
        assign(
            &mut draft.config.limits.inbox_in_flight,
            number(text, 1, 65_536),
        )
    }),
    ("limits.deliveries_in_flight", |draft, text| {
        assign(
            &mut draft.config.limits.deliveries_in_flight,
            number(text, 1, 4_096),
        )
    }),
    ("limits.deliveries_in_flight_per_host", |draft, text| {
        assign(
            &mut draft.config.limits.deliveries_in_flight_per_host,
            number(text, 1, 256),
        )
    }),
    ("limits.roster_seconds", |draft, text| {
        assign(
            &mut draft.config.limits.roster_seconds,
            number(text, 0, 86_400),
        )
    }),
    ("limits.sign_in_attempts", |draft, text| {
        assign(
            &mut draft.config.limits.sign_in_attempts,
            number(text, 1, 10_000),
        )
    }),
    ("limits.handshakes_per_minute", |draft, text| {
        assign(
            &mut draft.config.limits.handshakes_per_minute,
            number(text, 1, 10_000),
        )
    }),
    ("limits.fetch_seconds", |draft, text| {
        assign(&mut draft.config.limits.fetch_seconds, number(text, 1, 300))
    }),
    ("limits.fetch_bytes", |draft, text| {
        assign(
            &mut draft.config.limits.fetch_bytes,
            number(text, 1_024, 64 << 20),
        )
    }),
    ("limits.image_bytes", |draft, text| {
        assign(
            &mut draft.config.limits.image_bytes,
            number(text, 1_024, 64 << 20),
        )
    }),
    ("limits.image_pixels", |draft, text| {
        assign(
            &mut draft.config.limits.image_pixels,
            number(text, 1_024, 256 << 20),
        )
    }),
    ("limits.file_bytes", |draft, text| {
        assign(
            &mut draft.config.limits.file_bytes,
            number(text, 1_024, 1 << 30),
        )
    }),
    ("limits.attachments_per_post", |draft, text| {
        assign(
            &mut draft.config.limits.attachments_per_post,
            number(text, 0, ATTACHMENTS_MAX),
        )
    }),
    ("limits.waiting_uploads", |draft, text| {
        assign(
            &mut draft.config.limits.waiting_uploads,
            number(text, 1, 10_000),
        )
    }),
];

/// Reads the settings from `file` (or `guildhall.toml` where there is one) and `environment`,
/// which wins.
///
/// # Errors
/// The first key that is unknown or has an impossible value.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut draft = Draft {
        database_url: None,
        config: defaults(),
    };
    let mut written = BTreeMap::new();
    read_file(file, &mut written)?;
    read_environment(environment, &mut written);
    for (key, (origin, value)) in written {
        let outcome = match SETTINGS.iter().find(|(known, _)| *known == key) {
            Some((_, set)) => set(&mut draft, &value),
            None => Err(format!(
                "there is no such setting; settings are {}",
                known_keys()
            )),
        };
        let value = if may_be_shown(&key) {
            value
        } else {
            "…".to_owned()
        };
        outcome.map_err(|problem| ConfigError {
            origin,
            key,
            value,
            problem,
        })?;
    }
    let mut config = draft.config;
    config.database.url = draft
        .database_url
        .unwrap_or_else(|| DatabaseUrl::Sqlite(config.data_dir.join("guildhall.db")));
    check_together(config)
}

/// Whether a mistake may repeat what was written. What somebody meant by a key we do not know may be
/// a secret, and addresses may contain a password.
fn may_be_shown(key: &str) -> bool {
    let known = SETTINGS.iter().any(|(setting, _)| *setting == key);
    known && !SECRETS.iter().any(|word| key.contains(word)) && !key.ends_with("url")
}

fn check_together(config: Config) -> Result<Config, ConfigError> {
    let plain = config.public_url.as_str().starts_with("http://");
    let local = config.host().name() == "localhost" || config.host().name().ends_with(".localhost");
    if plain && !config.federation.allow_http && !local {
        return Err(ConfigError {
            origin: "settings".into(),
            key: "public_url".into(),
            value: config.public_url.to_string(),
            problem: "partners are reached over https only; write https://… (or set federation.allow_http in a laboratory)".into(),
        });
    }
    Ok(config)
}

fn defaults() -> Config {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get() as u32);
    Config {
        public_url: public_url("http://localhost:8536")
            .unwrap_or_else(|_| unreachable!("the default is an address")),
        listen: ([127, 0, 0, 1], 8536).into(),
        trusted_proxies: Vec::new(),
        data_dir: PathBuf::from("./data"),
        database: DatabaseConfig {
            url: DatabaseUrl::Sqlite(PathBuf::new()),
            pool_size: (cores * 2).max(8),
        },
        organization_name: None,
        federation: FederationConfig {
            mode: FederationMode::Closed,
            allow_http: false,
            allow_addresses: Vec::new(),
        },
        governance: GovernanceConfig {
            public_pages: true,
            owners_open_groups: true,
            four_eyes: false,
            review_days: None,
            confirm_partners_months: None,
        },
        profiles: ProfilesConfig {
            audience: ProfileReach::Colleagues,
        },
        limits: Limits {
            inbox_body_bytes: 256 * 1_024,
            inbox_in_flight: 1_024,
            deliveries_in_flight: 128,
            deliveries_in_flight_per_host: 24,
            roster_seconds: 600,
            sign_in_attempts: 10,
            handshakes_per_minute: 30,
            fetch_seconds: 10,
            fetch_bytes: 1 << 20,
            image_bytes: 16 << 20,
            image_pixels: 33_177_600,
            file_bytes: 32 << 20,
            attachments_per_post: 8,
            waiting_uploads: 64,
        },
    }
}

type Written = BTreeMap<String, (String, String)>;

fn read_file(file: Option<&Path>, written: &mut Written) -> Result<(), ConfigError> {
    let path = file.unwrap_or(Path::new(FILE_DEFAULT));
    let problem = |problem: String| ConfigError {
        origin: path.display().to_string(),
        key: String::new(),
        value: String::new(),
        problem,
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => {
            return Ok(());
        }
        Err(error) => return Err(problem(error.to_string())),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error
            .span()
            .map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.lines().count().max(1);
        problem(format!("line {line}: {}", error.message()))
    })?;
    flatten("", table, &path.display().to_string(), written);
    Ok(())
}

fn flatten(prefix: &str, table: toml::Table, origin: &str, written: &mut Written) {
    for (key, value) in table {
        let key = if prefix.is_empty() {
            key
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, origin, written),
            toml::Value::String(text) => {
                written.insert(key, (origin.to_owned(), text));
            }
            other => {
                written.insert(key, (origin.to_owned(), other.to_string()));
            }
        }
    }
}

fn read_environment(
    environment: impl IntoIterator<Item = (String, String)>,
    written: &mut Written,
) {
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix("GUILDHALL_") else {
            continue;
        };
        if NOT_SETTINGS.contains(&name.as_str())
            || NOT_SETTINGS_PREFIX
                .iter()
                .any(|prefix| name.starts_with(prefix))
        {
            continue;
        }
        let key = rest
            .split("__")
            .map(str::to_ascii_lowercase)
            .collect::<Vec<_>>()
            .join(".");
        written.insert(key, (name, value));
    }
}

fn known_keys() -> String {
    SETTINGS
        .iter()
        .map(|(key, _)| *key)
        .collect::<Vec<_>>()
        .join(", ")
}

fn assign<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

fn public_url(text: &str) -> Result<Uri, String> {
    let uri: Uri = text
        .trim_end_matches('/')
        .parse()
        .map_err(|_| "write an origin like https://community.acme.example".to_owned())?;
    let url = uri.to_url().map_err(|invalid| invalid.to_string())?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "write only the origin, without a path, like https://community.acme.example".into(),
        );
    }
    // One spelling (lower case, no default port), for identifiers are compared as text.
    url.origin()
        .ascii_serialization()
        .parse()
        .map_err(|_| "write an origin like https://community.acme.example".into())
}

fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    match text.split_once(':') {
        Some(("sqlite", path)) if !path.trim_start_matches("//").is_empty() => Ok(
            DatabaseUrl::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
        ),
        Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
            check_postgres(text, &rest[2..])?;
            Ok(DatabaseUrl::Postgres(text.to_owned()))
        }
        _ => Err("write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME".into()),
    }
}

/// Refuses an address that libpq may read in another way than its author meant: libpq would repeat
/// pieces of it, which may be pieces of the password. `rest` is what follows `//`.
fn check_postgres(text: &str, rest: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err("an address has no spaces and no #; write them as %20 and %23".into());
    }
    if !is_percent_encoded(text) {
        return Err("a % is followed by two hexadecimal digits; write % itself as %25".into());
    }
    let (authority, after) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.matches('@').count() > 1 || after.contains('@') {
        return Err(
            "in names and passwords, write @ as %40, / as %2F, : as %3A and ? as %3F".into(),
        );
    }
    let url = url::Url::parse(text).map_err(|_| {
        "write postgres://USER:PASSWORD@HOST/NAME, and in names and passwords @ as %40, / as %2F, : as %3A and ? as %3F"
    })?;
    let pairs = url.query().into_iter().flat_map(|query| query.split('&'));
    if !pairs.into_iter().all(|pair| pair.matches('=').count() == 1) {
        return Err("after the ? write KEY=VALUE, several with & between them".into());
    }
    Ok(())
}

/// Whether every `%` begins a byte other than NUL, which libpq does not take.
fn is_percent_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|piece| {
        let digits = piece.get(..2).unwrap_or_default();
        let byte = u8::from_str_radix(digits, 16);
        digits.chars().all(|c| c.is_ascii_hexdigit()) && byte.is_ok_and(|byte| byte != 0)
    })
}

fn number<T: FromStr + PartialOrd + Display>(text: &str, min: T, max: T) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number >= min && number <= max => Ok(number),
        _ => Err(format!("write a whole number from {min} to {max}")),
    }
}

fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write true or false".into())
}

fn one_of<T: FromStr<Err = crate::domain::Invalid>>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|invalid: crate::domain::Invalid| invalid.problem)
}

/// Addresses and ranges of addresses.
fn ranges(text: &str) -> Result<Vec<IpNet>, String> {
    let help = "write addresses or ranges like [\"127.0.0.1\", \"10.0.0.0/8\"]";
    let range = |text: String| {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        one.or_else(|_| text.parse()).map_err(|_| help.to_owned())
    };
    list::<String>(text, help)?.into_iter().map(range).collect()
}

fn list<T: FromStr>(text: &str, help: &str) -> Result<Vec<T>, String> {
    let table: toml::Table = format!("list = {text}")
        .parse()
        .map_err(|_| help.to_owned())?;
    let items = table
        .get("list")
        .and_then(toml::Value::as_array)
        .ok_or(help)?;
    items
        .iter()
        .map(|item| {
            item.as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| help.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        load(
            Some(Path::new("/dev/null")),
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn the_environment_sets_nested_keys_and_lists() {
        let config = load_env(&[
            ("GUILDHALL_PUBLIC_URL", "http://Acme.localhost:8601/"),
            ("GUILDHALL_FEDERATION__ALLOW_ADDRESSES", "[\"127.0.0.0/8\"]"),
            ("GUILDHALL_DATABASE__URL", "postgres://u:secret@db/x"),
            ("GUILDHALL_TRUSTED_PROXIES", "[\"::1\", \"10.0.0.0/8\"]"),
            ("GUILDHALL_TEST_REQUIRE", "postgres"),
        ])
        .unwrap();
        assert_eq!(config.public_url.as_str(), "http://acme.localhost:8601");
        assert_eq!(config.federation.allow_addresses.len(), 1);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn the_file_is_read_and_the_environment_wins() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("g.toml");
        std::fs::write(
            &file,
            "listen = \"127.0.0.1:1\"\n[database]\npool_size = 3\n[organization]\nname = \"Acme\"",
        )
        .unwrap();
        let env = [("GUILDHALL_LISTEN".to_owned(), "127.0.0.1:2".to_owned())];
        let config = load(Some(&file), env).unwrap();
        assert_eq!((config.listen.port(), config.database.pool_size), (2, 3));
        assert_eq!(config.organization_name.as_deref(), Some("Acme"));
    }

    #[test]
    fn mistakes_are_named() {
        for (key, value, expected) in [
            ("GUILDHALL_LISTN", "x", "no such setting"),
            ("GUILDHALL_LISTEN", "nowhere", "address and port"),
            ("GUILDHALL_FEDERATION__MODE", "ajar", "closed, open"),
            (
                "GUILDHALL_TRUSTED_PROXIES",
                "[\"nginx\"]",
                "addresses or ranges",
            ),
            (
                "GUILDHALL_DATABASE__URL",
                "mysql://x",
                "sqlite:PATH or postgres://",
            ),
            ("GUILDHALL_PUBLIC_URL", "http://acme.example", "https"),
            (
                "GUILDHALL_PUBLIC_URL",
                "https://acme.example/path",
                "without a path",
            ),
        ] {
            let problem = load_env(&[(key, value)]).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn secrets_are_not_repeated() {
        let addresses = [
            "mysql://u:geheim@h/x",
            "POSTGRES://u:geheim@h/x",
            "host=127.0.0.1 port=1 password=geheim dbname=x",
            "postgres:/u:geheim@h/x",
            "postgres://u:ge heim@127.0.0.1:1/x",
            "postgres://u:ge%zzheim@127.0.0.1:1/x",
            "postgres://u:ge%00heim@127.0.0.1:1/x",
            "postgres://u:ge%+1heim@127.0.0.1:1/x",
            "postgres://u:ge/heim@127.0.0.1:1/x",
            "postgres://u:12/heim@127.0.0.1:1/x",
            "postgres://u:12?heim@127.0.0.1:1/x",
            "postgres://u:12#heim@127.0.0.1:1/x",
            "postgres://u:ge@heim@127.0.0.1:1/x",
            "postgres://u:ge:heim",
            "postgres://127.0.0.1:1/x?geheim",
            "postgres://127.0.0.1:1/x?password=ge=heim",
        ];
        let keys = [
            "DATABASE__PASSWORD",
            "MAIL__SMTP_URL",
            "API_TOKEN",
            "MAIL__PASWORD",
            "PUBLIC_URL",
        ];
        let addresses = addresses.map(|value| ("DATABASE__URL", value));
        let keys = keys.map(|key| (key, "smtp://u:geheim@h/x"));
        for (key, value) in addresses.into_iter().chain(keys) {
            let error = load_env(&[(&format!("GUILDHALL_{key}"), value)]).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("heim"), "{shown}");
            assert!(shown.contains("\"…\""), "{shown}");
        }
    }

    #[test]
    fn addresses_of_databases_are_taken_as_they_are() {
        for address in [
            "postgres://guildhall@127.0.0.1:5432/x",
            "postgresql://u:p%40ss%2F:word@db.internal/x?sslmode=verify-full&connect_timeout=5",
            "postgres:///x?host=/run/postgresql&user=u",
            "postgres://u:secret@%2Frun%2Fpostgresql/x",
            "postgres://[::1]/x",
        ] {
            let config = load_env(&[("GUILDHALL_DATABASE__URL", address)]).unwrap();
            assert_eq!(
                config.database.url,
                DatabaseUrl::Postgres(address.to_owned())
            );
        }
    }
}
