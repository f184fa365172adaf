//! Settings: typed, read from a file and the environment, checked at start.
//!
//! Names are promises to people's scripts; `docs/operations/configuration.md` lists them.

mod load;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::domain::{Host, Uri};
pub use crate::policy::{FederationMode, ProfileReach};
pub use load::{ConfigError, load};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The origin people and partners see, without a trailing slash.
    pub public_url: Uri,
    pub listen: SocketAddr,
    /// Proxies in front of us, whose `X-Forwarded-For` or `Forwarded` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// SQLite file, media, generated secrets.
    pub data_dir: PathBuf,
    pub database: DatabaseConfig,
    /// Shown to partners; set by `init` when not here.
    pub organization_name: Option<String>,
    pub federation: FederationConfig,
    pub governance: GovernanceConfig,
    pub profiles: ProfilesConfig,
    pub limits: Limits,
}

#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
    /// Readers (SQLite) or connections (PostgreSQL).
    pub pool_size: u32,
}

/// Which database, from `sqlite:PATH` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    /// The whole address; contains a password, so it is never shown.
    Postgres(String),
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct FederationConfig {
    pub mode: FederationMode,
    /// Laboratory use: plain http between servers.
    pub allow_http: bool,
    /// Laboratory use: address ranges reached although they are not global.
    pub allow_addresses: Vec<IpNet>,
}

#[derive(Clone, Copy, Debug)]
pub struct GovernanceConfig {
    /// Public groups have pages that anybody may read.
    pub public_pages: bool,
    /// Owners may open their own groups to partners.
    pub owners_open_groups: bool,
    /// What reaches further out waits for a second administrator.
    pub four_eyes: bool,
    /// Days after which a grant is asked about again; none: never.
    pub review_days: Option<u64>,
    /// Months after which somebody has to say that a partnership is still needed; none: never.
    pub confirm_partners_months: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub struct ProfilesConfig {
    /// How far posts on profiles of people here may go, and who may follow them.
    pub audience: ProfileReach,
}

/// Limits by name and unit; `docs/operations/configuration.md` explains each.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest body accepted into an inbox, bytes.
    pub inbox_body_bytes: usize,
    /// Requests to an inbox at once that are being verified or stored.
    pub inbox_in_flight: usize,
    /// Deliveries on their way at once, to all servers together.
    pub deliveries_in_flight: usize,
    /// Deliveries on their way at once to one server.
    pub deliveries_in_flight_per_host: usize,
    /// Shortest time between two times that a group tells a server whom it counts as members there, and
    /// that we ask a group for its list, seconds.
    pub roster_seconds: u64,
    /// Attempts to sign in for one account and address in 15 minutes.
    pub sign_in_attempts: u32,
    /// Partnership handshakes per minute, from everybody together.
    pub handshakes_per_minute: u32,
    /// Time for a whole request to another server, seconds.
    pub fetch_seconds: u64,
    /// Largest document fetched, bytes.
    pub fetch_bytes: usize,
    /// Largest picture taken, bytes.
    pub image_bytes: u64,
    /// Largest picture taken, pixels.
    pub image_pixels: u64,
    /// Largest other file taken, bytes.
    pub file_bytes: u64,
    /// Pictures and files in one post.
    pub attachments_per_post: usize,
    /// Files that one person uploaded and that are in no post yet.
    pub waiting_uploads: u32,
}

impl Limits {
    pub const fn roster_interval(&self) -> Duration {
        Duration::from_secs(self.roster_seconds)
    }
}

impl Config {
    /// The name partners know this server by.
    pub const fn host(&self) -> &Host {
        self.public_url.host()
    }

    /// An address of ours: `uri("/g/roads")`.
    pub fn uri(&self, path: &str) -> Uri {
        self.public_url.join(path)
    }
}
