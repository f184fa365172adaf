//! The organization that is measured: its server runs as its own process; what is only preparation is
//! done through the library, on the same database.

use std::path::Path;
use std::time::Duration;

use guildhall::app::App;
use guildhall::config;
use guildhall::domain::{
    Access, ActorId, ActorKey, ActorKind, Capabilities, GrantTerms, Group, GroupRole, Host,
    JoinMode, KeyList, Membership, MembershipState, OrgRole, PartnerClass, PartnerState,
    PeerDialect, Post, Stage, Timestamp, Uri,
};
use guildhall::federation::keys::{OwnKey, OwnKeys, SigningKey};
use guildhall::policy::{Viewer, act};
use guildhall::services::groups::{self, NewGroup};
use guildhall::services::{access, posts};
use guildhall::storage::actors::NewActor;
use guildhall::storage::partners::NewPartner;
use guildhall::storage::{self, Connection};
use openssl::pkey::PKey;

use crate::support::process::{Instance, Server};

pub struct House {
    pub instance: Instance,
    pub app: App,
    pub ada: ActorId,
    runtime: tokio::runtime::Runtime,
}

/// Somebody at a partner's.
#[derive(Clone)]
pub struct Outsider {
    pub uri: Uri,
    pub key: Uri,
}

impl Outsider {
    /// The id of the n-th thing they do.
    pub fn activity(&self, number: usize) -> Uri {
        let origin = format!("http://{}", self.uri.host());
        format!("{origin}/activities/create/{number}")
            .parse()
            .unwrap()
    }

    /// What they sign with, when everybody there has the same keys.
    pub fn keys(&self, rsa: &SigningKey, ed25519: &SigningKey) -> OwnKeys {
        let own = |id: Uri, key: &SigningKey| OwnKey {
            id,
            key: key.clone(),
        };
        OwnKeys {
            rsa: own(self.key.clone(), rsa),
            ed25519: Some(own(self.ed25519_key(), ed25519)),
        }
    }

    fn ed25519_key(&self) -> Uri {
        format!("{}#ed25519-key", self.uri).parse().unwrap()
    }
}

impl House {
    /// A founded organization on a fresh database; `url` names one that is not SQLite.
    pub fn found(url: Option<&str>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut instance = Instance::new("acme").with("GUILDHALL_LOG", "warn");
        if let Some(url) = url {
            instance = instance.on_database(url);
        }
        let init = [
            "init",
            "--name",
            "Acme",
            "--admin",
            "ada",
            "--email",
            "ada@example.org",
        ];
        let told = runtime.block_on(instance.run(init));
        assert_eq!(told.code, Some(0), "{told:?}");
        let app = runtime.block_on(async { App::open(config(&instance, url)).unwrap() });
        let ada = runtime.block_on(app.db.read("ada", |connection| {
            Ok(storage::accounts::find_by_name(connection, "ada")?.unwrap())
        }));
        let ada = ada.unwrap().actor.id;
        Self {
            instance,
            app,
            ada,
            runtime,
        }
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn ada(&self) -> Viewer {
        Viewer::Member {
            actor: self.ada,
            role: OrgRole::Admin,
        }
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.instance
            .address()
            .rsplit_once(':')
            .unwrap()
            .1
            .parse()
            .unwrap()
    }

    pub fn serve(&self) -> Server {
        self.run(self.instance.serve())
    }

    pub fn stop(&self, server: Server) {
        let ended = self.run(server.terminate(Duration::from_secs(30)));
        assert!(
            ended.is_some_and(|status| status.success()),
            "{ended:?}\n{}",
            self.instance.said()
        );
    }

    /// A token for the client API.
    pub fn token(&self) -> String {
        let arguments = ["token", "create", "ada", "--scopes", "read write"];
        let made = self.run(self.instance.run_json(&arguments));
        made["access_token"].as_str().unwrap().to_owned()
    }

    /// Does something to the database directly.
    pub fn write<T: Send + 'static>(
        &self,
        story: impl FnOnce(&mut Connection, Timestamp) -> guildhall::Result<T> + Send + 'static,
    ) -> T {
        let now = self.app.clock.now();
        let written = self
            .app
            .db
            .write("prepare", move |connection| story(connection, now));
        self.run(written).unwrap()
    }

    pub fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> guildhall::Result<T> + Send + 'static,
    ) -> T {
        self.run(self.app.db.read("look", question)).unwrap()
    }

    /// A group that may be opened to partners, owned by Ada.
    pub fn group(&self, name: &str) -> Group {
        let new = NewGroup {
            name: name.parse().unwrap(),
            title: name.parse().unwrap(),
            description: String::new(),
            access: Access::Closed,
            owner: Some(self.ada),
        };
        let group = self
            .run(groups::create(&self.app, Viewer::Operator, new))
            .unwrap();
        let staged = groups::set_stage(&self.app, Viewer::Operator, group.id, Stage::Partners);
        self.run(staged).unwrap().done().unwrap()
    }

    /// Makes a host a partner with everything granted in `group`, and people of it members.
    pub fn open_to(
        &self,
        group: &Group,
        hosts: Vec<Host>,
        people: usize,
        public_pem: &str,
    ) -> Vec<Outsider> {
        let (asker, group) = (self.app.asker(Viewer::Operator), group.id);
        let public_pem = public_pem.to_owned();
        self.write(move |connection, now| {
            let mut all = Vec::new();
            let (permit, _) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            for host in hosts {
                let new = NewPartner {
                    host: host.clone(),
                    class: PartnerClass::Partner,
                    state: PartnerState::Active,
                    organization: host.to_string(),
                    instance: None,
                    mutual: false,
                    agreement: None,
                    discreet: true,
                };
                let trusted = PeerDialect {
                    trusted_by: Some("operator".into()),
                    ..PeerDialect::unknown(host.clone())
                };
                storage::dialects::save(connection, &trusted)?;
                let partner = storage::partners::save(connection, &new, now)?;
                storage::grants::insert(connection, &permit, partner.id, terms(), now)?;
                for number in 0..people {
                    let new = outsider(&host, number);
                    let uri = new.uri.clone();
                    let actor = storage::actors::insert(connection, new, now)?;
                    let key = ActorKey {
                        actor: actor.id,
                        uri: format!("{uri}#main-key").parse()?,
                        list: KeyList::PublicKey,
                        public_pem: public_pem.clone(),
                        private_pem: None,
                        expires_at: None,
                    };
                    storage::actors::insert_key(connection, &key, now)?;
                    let membership = Membership {
                        group,
                        actor: actor.id,
                        state: MembershipState::Member,
                        role: GroupRole::Member,
                        follow: None,
                        banned_until: None,
                        since: now,
                    };
                    storage::memberships::save(connection, &membership)?;
                    all.push(Outsider { uri, key: key.uri });
                }
            }
            // That the group was made and opened is not what is measured.
            let preparation = storage::events::list_unplanned(connection, 1_000)?;
            let preparation: Vec<_> = preparation.iter().map(|event| event.id).collect();
            storage::events::mark_planned(connection, &preparation, now)?;
            Ok(all)
        })
    }

    /// Gives people at partners the same Ed25519 key besides.
    pub fn give_ed25519(&self, people: &[Outsider]) -> SigningKey {
        let key = PKey::generate_ed25519().unwrap();
        let text = |pem: Vec<u8>| String::from_utf8(pem).unwrap();
        let public_pem = text(key.public_key_to_pem().unwrap());
        let people = people.to_vec();
        self.write(move |connection, _| {
            for person in &people {
                let actor = storage::actors::find_by_uri(connection, &person.uri)?.unwrap();
                let key = ActorKey {
                    actor: actor.id,
                    uri: person.ed25519_key(),
                    list: KeyList::AssertionMethod,
                    public_pem: public_pem.clone(),
                    private_pem: None,
                    expires_at: None,
                };
                storage::actors::insert_key(connection, &key, Timestamp::MIN)?;
            }
            Ok(())
        });
        SigningKey::from_pem(&text(key.private_key_to_pem_pkcs8().unwrap())).unwrap()
    }

    /// Topics by Ada, each with its number in its text.
    pub fn topics(&self, group: &Group, count: usize) -> Vec<Post> {
        let create = |number: usize| {
            let (app, viewer, group) = (self.app.clone(), self.ada(), group.id);
            let title = format!("Topic {number}").parse().unwrap();
            let body = marked(number, 0).parse().unwrap();
            async move {
                posts::create_topic(&app, viewer, group, title, Some(body), None, vec![])
                    .await
                    .unwrap()
            }
        };
        self.run(async {
            let mut made = Vec::new();
            for number in 0..count {
                made.push(create(number).await);
            }
            made
        })
    }
}

/// The text of the n-th post of a topic, so that its order can be told when it arrives.
pub fn marked(topic: usize, number: usize) -> String {
    format!("Something to say about this bridge. seq:{topic}-{number}-")
}

fn terms() -> GrantTerms {
    GrantTerms {
        capabilities: Capabilities::all(),
        join: JoinMode::Approve,
        from: Timestamp::MIN,
        until: None,
        history_from: Timestamp::MIN,
        apart: false,
    }
}

fn outsider(host: &Host, number: usize) -> NewActor {
    let origin: Uri = format!("http://{host}").parse().unwrap();
    let uri = origin.join(&format!("u/person{number}"));
    NewActor {
        kind: ActorKind::Person,
        name: format!("person{number}"),
        host: Some(host.clone()),
        url: uri.to_string(),
        display_name: format!("Person {number}"),
        summary: String::new(),
        inbox: uri.join("inbox"),
        shared_inbox: Some(origin.join("inbox")),
        followers: None,
        outbox: None,
        uri,
    }
}

fn config(instance: &Instance, url: Option<&str>) -> config::Config {
    let data = instance.data_dir();
    let sqlite = format!("sqlite:{}/guildhall.db", data.display());
    let variables = [
        ("GUILDHALL_PUBLIC_URL", instance.origin()),
        ("GUILDHALL_LISTEN", instance.address()),
        ("GUILDHALL_DATA_DIR", data.display().to_string()),
        ("GUILDHALL_DATABASE__URL", url.map_or(sqlite, str::to_owned)),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    config::load(Some(Path::new("/dev/null")), variables).unwrap()
}
