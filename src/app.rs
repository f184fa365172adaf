//! The house as a running thing: built once, handed to everything that serves or works.

use std::sync::Arc;

use tokio::sync::{Notify, OnceCell, watch};

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{AttachmentId, GrantId, GroupId, Name, PostId, RetractionId, Timestamp, Uri};
use crate::error::Result;
use crate::federation::partnership::Throttle;
use crate::files::Files;
use crate::policy::{House, Viewer};
use crate::services::idempotency::Asked;
use crate::services::ledger::shown::ShownLately;
use crate::storage::Database;

/// Settings, database, clock, network and bells. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

pub struct Inner {
    pub config: Config,
    pub db: Database,
    pub clock: Clock,
    /// The one client for requests to other servers.
    pub http: crate::http::Client,
    pub bells: Bells,
    /// Where pictures and files are kept.
    pub files: Files,
    /// The key of links to files, once it was read.
    pub pass_key: OnceCell<String>,
    /// What clients asked for lately, so that asking again does not do it again.
    pub asked: Asked,
    /// How many handshakes this process has let in lately.
    pub handshakes: Throttle,
    /// What other servers were shown lately, by the ledger.
    pub shown: ShownLately,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

/// Bells that wake the workers of this process as soon as there is work. Work made by another
/// process is found by looking now and then.
#[derive(Debug, Default)]
pub struct Bells {
    /// An event was committed.
    pub events: Notify,
    /// Deliveries were planned or may be due.
    pub deliveries: Notify,
    /// An activity arrived.
    pub arrivals: Notify,
    /// A job was queued.
    pub jobs: Notify,
    /// A job of this process ended.
    pub ended_jobs: Notify,
    /// The server is told to stop.
    pub stop: Stop,
}

/// A request to stop that everybody hears, also who listens later.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    pub fn ring(&self) {
        self.0.send_replace(true);
    }

    pub fn rung(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once the server is told to stop.
    pub async fn heard(&self) {
        let mut bell = self.0.subscribe();
        // The sender lives as long as we do, so an error cannot mean anything else.
        let _ = bell.wait_for(|rung| *rung).await;
    }
}

/// Who asks, in what house, when: what every use case begins with.
#[derive(Clone, Debug)]
pub struct Asker {
    pub viewer: Viewer,
    pub house: House,
    pub now: Timestamp,
    /// The group elsewhere whose house says that the viewer reads it: asked a moment ago, or as a
    /// token of the group that the viewer showed.
    pub vouched: Option<GroupId>,
}

impl App {
    /// Opens the database and prepares the client. Does not touch the schema or the network.
    ///
    /// # Errors
    /// A sentence for the operator when the database cannot be reached.
    pub fn open(config: Config) -> Result<Self> {
        let db = Database::open(&config.database)?;
        let http = crate::http::Client::new(&config.public_url, &config.federation, &config.limits);
        Ok(Self {
            inner: Arc::new(Inner {
                files: Files::below(&config.data_dir),
                pass_key: OnceCell::new(),
                config,
                db,
                clock: Clock::default(),
                http,
                bells: Bells::default(),
                asked: Asked::default(),
                handshakes: Throttle::default(),
                shown: ShownLately::default(),
            }),
        })
    }

    pub fn house(&self) -> House {
        House {
            federation: self.config.federation.mode,
            public_pages: self.config.governance.public_pages,
            owners_open_groups: self.config.governance.owners_open_groups,
            four_eyes: self.config.governance.four_eyes,
            profiles: self.config.profiles.audience,
        }
    }

    pub fn asker(&self, viewer: Viewer) -> Asker {
        Asker {
            viewer,
            house: self.house(),
            now: self.clock.now(),
            vouched: None,
        }
    }

    /// Our addresses: the one place that makes identifiers.
    pub fn addresses(&self) -> Addresses {
        Addresses::new(self.config.public_url.clone())
    }
}

/// Makes the addresses of this house (`docs/` calls them the addresses scripts rely on).
#[derive(Clone, Debug)]
pub struct Addresses {
    origin: Uri,
}

impl Addresses {
    pub const fn new(origin: Uri) -> Self {
        Self { origin }
    }

    pub fn origin(&self) -> &Uri {
        &self.origin
    }

    /// The server itself: its instance actor.
    pub fn instance(&self) -> Uri {
        self.origin.join("actor")
    }

    pub fn shared_inbox(&self) -> Uri {
        self.origin.join("inbox")
    }

    pub fn person(&self, name: &Name) -> Uri {
        self.origin.join(&format!("u/{name}"))
    }

    pub fn group(&self, name: &Name) -> Uri {
        self.origin.join(&format!("g/{name}"))
    }

    /// A topic or comment.
    pub fn post(&self, id: PostId) -> Uri {
        self.origin.join(&format!("p/{id}"))
    }

    /// A picture or file of a post.
    pub fn attachment(&self, id: AttachmentId) -> Uri {
        self.origin.join(&format!("media/{id}"))
    }

    /// Where other servers use our invitations.
    pub fn partnership(&self) -> Uri {
        self.origin.join("partnership")
    }

    pub fn grant(&self, id: GrantId) -> Uri {
        self.origin.join(&format!("grants/{id}"))
    }

    /// What a partner was asked to throw away.
    pub fn retraction(&self, id: RetractionId) -> Uri {
        self.origin.join(&format!("retractions/{id}"))
    }

    /// A group's boost of a post: named after the post, so that whoever takes it back knows it.
    pub fn boost(&self, post: PostId) -> Uri {
        self.activity("boost", post.0)
    }

    /// What says that somebody elsewhere may do something with a post.
    pub fn authorization(&self, number: i64) -> Uri {
        self.origin.join(&format!("authorizations/{number}"))
    }

    /// An activity, by the event it tells of and what it is.
    pub fn activity(&self, kind: &str, number: i64) -> Uri {
        self.origin.join(&format!("activities/{kind}/{number}"))
    }
}
