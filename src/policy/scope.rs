//! Everything a viewer may read, described so that storage can turn it into a filter.

use crate::domain::{ActorId, Host, Timestamp};
use crate::policy::{FederationMode, House, ProfileReach, Viewer};

/// The posts and groups a viewer may read. Storage's lists take it and add nothing of their own;
/// a property test says that it lets through exactly what [`decide`](crate::policy::decide) allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadScope {
    asker: Asker,
    now: Timestamp,
    public: bool,
    open_federation: bool,
    profiles: ProfileReach,
    public_profiles: bool,
}

/// The kinds of askers that a filter tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Reads only what is public.
    Anybody,
    Colleague(ActorId),
    Guest(ActorId),
    /// Reads in groups here what the grant to its server shows; nothing in groups elsewhere,
    /// those of its own house included.
    Person {
        actor: ActorId,
        host: Host,
    },
    /// The same, for who is a member or named there; and in groups that live there what people
    /// here wrote.
    Server {
        host: Host,
    },
    /// Reads no posts at all, but sees that groups exist.
    Operator,
}

impl ReadScope {
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Posts of public, open groups are in it.
    pub const fn public(&self) -> bool {
        self.public
    }

    /// Groups elsewhere need no partnership with their house.
    pub const fn open_federation(&self) -> bool {
        self.open_federation
    }

    /// How far posts on profiles of people here may go.
    pub const fn profiles(&self) -> ProfileReach {
        self.profiles
    }

    /// What is for everybody on profiles here is in it, whoever asks.
    pub const fn public_profiles(&self) -> bool {
        self.public_profiles
    }
}

/// What `viewer` may read at `now`.
pub fn scope(viewer: &Viewer, house: House, now: Timestamp) -> ReadScope {
    let open_federation = house.federation == FederationMode::Open;
    let (asker, public) = match viewer {
        Viewer::Anonymous => (Asker::Anybody, house.public_pages),
        Viewer::Member { actor, .. } if viewer.is_colleague() => {
            (Asker::Colleague(*actor), house.public_pages)
        }
        Viewer::Member { actor, .. } => (Asker::Guest(*actor), house.public_pages),
        Viewer::Person { actor, host } => (
            Asker::Person {
                actor: *actor,
                host: host.clone(),
            },
            open_federation,
        ),
        Viewer::Server { host } => (Asker::Server { host: host.clone() }, open_federation),
        Viewer::Operator => (Asker::Operator, false),
    };
    ReadScope {
        asker,
        now,
        public,
        open_federation,
        profiles: house.profiles,
        public_profiles: house.profiles == ProfileReach::Public && house.public_pages,
    }
}
