//! A house for tests of use cases: a temporary SQLite database with an organization in it.

use std::sync::LazyLock;

use crate::app::App;
use crate::config;
use crate::crypto;
use crate::domain::{
    Access, Account, Actor, ActorId, ActorKey, ActorKind, AuditLine, DeliveryGround, DeliveryId,
    EventId, EventKind, Group, GroupRole, Handle, Host, KeyList, Membership, MembershipState, Name,
    OrgRole, Partner, PartnerClass, PrivateGroups, Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Viewer, act};
use crate::services::proposals::Decided;
use crate::services::{access, partners};
use crate::storage::actors::NewActor;
use crate::storage::deliveries::NewMessage;
use crate::storage::{self, Connection};

/// One key for everybody: making one takes long.
pub(crate) static KEYS: LazyLock<(String, String)> =
    LazyLock::new(|| crypto::generate_rsa().unwrap());

/// An organization that does not serve: `app` and the folder its database is in.
pub(crate) struct House {
    pub app: App,
    _folder: tempfile::TempDir,
}

impl House {
    /// A house at `https://HOST`, with an instance actor and a key.
    pub async fn open(host: &str) -> Self {
        Self::open_with(&format!("https://{host}"), &[]).await
    }

    /// A house at any origin, with settings as in the environment.
    pub async fn open_with(origin: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("guildhall.toml");
        std::fs::write(&file, "").unwrap();
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut environment = vec![
            set("GUILDHALL_PUBLIC_URL", origin),
            set("GUILDHALL_DATA_DIR", folder.path().to_str().unwrap()),
        ];
        environment.extend(settings.iter().map(|(name, value)| set(name, value)));
        let app = App::open(config::load(Some(&file), environment).unwrap()).unwrap();
        let migrate = |connection: &mut Connection| {
            while storage::migrate_once(connection)?.is_some() {}
            Ok(())
        };
        app.db.maintain("migrate", migrate).await.unwrap();
        let house = Self {
            app,
            _folder: folder,
        };
        house.found().await;
        house
    }

    async fn found(&self) {
        let uri = self.app.addresses().instance();
        let new = local(&self.app, ActorKind::Service, "actor", uri);
        self.write(move |connection, now| {
            let actor = storage::actors::insert(connection, new, now)?;
            let key = ActorKey {
                actor: actor.id,
                uri: format!("{}#main-key", actor.uri).parse()?,
                public_pem: KEYS.1.clone(),
                private_pem: Some(KEYS.0.clone()),
                list: KeyList::PublicKey,
                expires_at: None,
            };
            storage::actors::insert_key(connection, &key, now)
        })
        .await;
    }

    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// Does something to the database directly.
    pub async fn write<T: Send + 'static>(
        &self,
        story: impl FnOnce(&mut Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> T {
        let now = self.now();
        let outcome = self
            .app
            .db
            .write("test", move |connection| story(connection, now));
        outcome.await.unwrap()
    }

    /// Somebody with an account.
    pub async fn account(&self, name: &str, role: OrgRole) -> Account {
        let name: Name = name.parse().unwrap();
        let new = local(
            &self.app,
            ActorKind::Person,
            name.as_str(),
            self.app.addresses().person(&name),
        );
        let email = format!("{name}@example.org").parse().unwrap();
        let asker = self.app.asker(Viewer::Operator);
        self.write(move |connection, now| {
            let permit = access::permit_house::<act::ManageAccounts>(&asker)?;
            let actor = storage::actors::insert(connection, new, now)?;
            storage::accounts::insert(connection, &permit, actor, email, role, None, now)
        })
        .await
    }

    /// A group of this house without members.
    pub async fn group(&self, name: &str, access: Access) -> Group {
        let name: Name = name.parse().unwrap();
        let uri = self.app.addresses().group(&name);
        let new = local(&self.app, ActorKind::Group, name.as_str(), uri);
        let asker = self.app.asker(Viewer::Operator);
        self.write(move |connection, now| {
            let permit = access::permit_house::<act::CreateGroup>(&asker)?;
            let actor = storage::actors::insert(connection, new, now)?;
            storage::groups::insert(connection, &permit, actor, access, "", now)
        })
        .await
    }

    pub async fn set_stage(&self, group: &Group, stage: crate::domain::Stage) {
        let (asker, group) = (self.app.asker(Viewer::Operator), group.id);
        self.write(move |connection, _| {
            let (permit, _) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            storage::groups::set_stage(connection, &permit, stage)
        })
        .await;
    }

    /// An actor of another server.
    pub async fn remote(&self, kind: ActorKind, handle: &str) -> Actor {
        let new = remote(kind, handle);
        self.write(move |connection, now| storage::actors::insert(connection, new, now))
            .await
    }

    /// A group of another server.
    pub async fn remote_group(&self, handle: &str) -> Group {
        let actor = self.remote(ActorKind::Group, handle).await;
        self.write(move |connection, now| {
            storage::groups::insert_remote(connection, actor, Access::Open, now)
        })
        .await
    }

    /// A one-sided partner that has been met.
    pub async fn partner(&self, host: &str) -> Partner {
        let host: Host = host.parse().unwrap();
        let (class, trust) = (PartnerClass::Partner, PrivateGroups::Trust);
        partners::add(&self.app, Viewer::Operator, host, class, trust)
            .await
            .and_then(Decided::done)
            .unwrap()
    }

    pub async fn join(&self, group: &Group, actor: ActorId, state: MembershipState) {
        let group = group.id;
        self.write(move |connection, now| {
            storage::memberships::save(
                connection,
                &Membership {
                    group,
                    actor,
                    state,
                    role: GroupRole::Member,
                    follow: None,
                    banned_until: None,
                    since: now,
                },
            )
        })
        .await;
    }

    /// Has something wait to be sent that an actor of ours signed.
    pub async fn queue(&self, signer: ActorId, host: &'static str) -> DeliveryId {
        self.write(move |connection, now| {
            let message = NewMessage {
                event: EventId(1),
                activity: "https://acme.example/activities/undo/1".parse()?,
                body: "{}".into(),
                revision: None,
                signer,
                ground: DeliveryGround::Addressed,
                group: None,
                post: None,
                lane: 1,
                destinations: vec![(host.parse()?, format!("https://{host}/inbox").parse()?)],
            };
            storage::deliveries::insert(connection, &[message], now)?;
            let due = storage::deliveries::list_due(connection, &[], now, 100)?;
            let mine = due.iter().find(|due| due.delivery.signer == signer);
            Ok(mine.unwrap().delivery.id)
        })
        .await
    }

    /// Gives a delivery up.
    pub async fn discard(&self, id: DeliveryId) {
        let discard = self.write(move |connection, now| {
            storage::deliveries::discard(connection, id, now).map(drop)
        });
        discard.await;
    }

    /// Gives somebody of this house the key that everybody has here.
    pub async fn give_key(&self, actor: &Actor) {
        let key = ActorKey {
            actor: actor.id,
            uri: format!("{}#main-key", actor.uri).parse().unwrap(),
            public_pem: KEYS.1.clone(),
            private_pem: Some(KEYS.0.clone()),
            list: KeyList::PublicKey,
            expires_at: None,
        };
        self.write(move |connection, now| storage::actors::insert_key(connection, &key, now))
            .await;
    }

    pub async fn set_state(&self, actor: ActorId, state: crate::domain::ActorState) {
        self.write(move |connection, _| storage::actors::set_state(connection, actor, state))
            .await;
    }

    pub async fn find_account(&self, name: &'static str) -> Account {
        let found = self
            .write(move |connection, _| storage::accounts::find_by_name(connection, name))
            .await;
        found.unwrap()
    }

    pub async fn find_post(&self, uri: Uri) -> crate::domain::Post {
        let found = self
            .write(move |connection, _| storage::posts::find_by_uri(connection, &uri))
            .await;
        found.unwrap()
    }

    /// How many lines the security log has.
    pub async fn refusals(&self) -> i64 {
        self.write(|connection, _| storage::arrivals::count_refusals(connection))
            .await
    }

    /// The audit lines, oldest first: action, subject, detail.
    pub async fn audited(&self) -> Vec<AuditLine> {
        let mut lines = self
            .write(|connection, _| storage::audit::list(connection, 1_000))
            .await;
        lines.reverse();
        lines
    }

    /// The kinds of events nobody planned yet, oldest first.
    pub async fn news(&self) -> Vec<EventKind> {
        let events = self
            .write(|connection, _| storage::events::list_unplanned(connection, 1_000))
            .await;
        events.iter().map(|event| event.kind).collect()
    }
}

fn local(app: &App, kind: ActorKind, name: &str, uri: Uri) -> NewActor {
    NewActor {
        kind,
        name: name.to_owned(),
        host: None,
        url: uri.to_string(),
        display_name: String::new(),
        summary: String::new(),
        inbox: uri.join("inbox"),
        shared_inbox: Some(app.addresses().shared_inbox()),
        followers: None,
        outbox: None,
        uri,
    }
}

/// What `name@host` would say of itself.
pub(crate) fn remote(kind: ActorKind, handle: &str) -> NewActor {
    let handle: Handle = handle.parse().unwrap();
    let host = handle.host.unwrap();
    let origin: Uri = format!("https://{host}").parse().unwrap();
    let uri = origin.join(&format!("actors/{}", handle.name));
    NewActor {
        kind,
        name: handle.name,
        host: Some(host),
        url: uri.to_string(),
        display_name: String::new(),
        summary: String::new(),
        inbox: uri.join("inbox"),
        shared_inbox: Some(origin.join("inbox")),
        followers: None,
        outbox: None,
        uri,
    }
}
