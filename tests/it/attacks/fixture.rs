//! One running server for all attacks, with everybody who attacks or is attacked.
//!
//! P is a partner with a grant for *shared* only, Q one with a grant for *quality* only, E is nobody.
//! Ann is in *secret* and *shared*, bob in *shared*, out in nothing; pam and pete (P) are in *shared*,
//! quin (Q) in *quality*; eve is at E. All that was ever written in *secret* holds a canary.

use std::path::Path;

use guildhall::app::App;
use guildhall::config;
use guildhall::domain::{
    Access, Account, ActorId, Approved, AttachmentId, Capabilities, Copies, Description, Group,
    GroupId, GroupRole, Handle, History, Interaction, OrgRole, PartnerClass, Password, Post,
    PostId, PrivateGroups, Stage,
};
use guildhall::federation::Federation;
use guildhall::policy::Viewer;
use guildhall::services::accounts::NewAccount;
use guildhall::services::attachments::{self, Attached, Upload};
use guildhall::services::grants::GrantRequest;
use guildhall::services::groups::NewGroup;
use guildhall::services::proposals::Decided;
use guildhall::services::{
    accounts, actors, grants, groups, memberships, partners, posts, sessions, tokens,
};
use guildhall::storage;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use crate::support::dump::Dump;
use crate::support::files::png;
use crate::support::forge::{Forged, Letter, Reply};
use crate::support::peer::{Actor, Peer, Traffic, unique};
use crate::support::process::{Instance, Server};
use crate::support::requirements::{Backend, backends};
use crate::support::world::{eventually, instance};

pub struct Fixture {
    pub instance: Instance,
    pub server: Server,
    /// The same house, opened beside the server as an operator would.
    pub app: App,
    pub p: Peer,
    pub q: Peer,
    pub e: Peer,
    pub pam: Actor,
    pub pete: Actor,
    pub quin: Actor,
    pub eve: Actor,
    pub ann: Person,
    pub bob: Person,
    pub out: Person,
    pub secret: Group,
    pub shared: Group,
    pub quality: Group,
    pub canary: String,
    pub secret_topic: Post,
    pub secret_comment: Post,
    /// A picture in a topic of the secret group.
    pub secret_media: AttachmentId,
    /// Of a like of the secret topic, given when the group was not secret yet.
    pub secret_authorization: i64,
    /// Ann's, in *shared*.
    pub topic: Post,
}

/// Somebody with an account here.
pub struct Person {
    pub account: Account,
    pub token: String,
    pub cookie: String,
}

impl Person {
    pub fn viewer(&self) -> Viewer {
        Viewer::Member {
            actor: self.account.actor.id,
            role: self.account.role,
        }
    }
}

/// Runs a case on each database, with nobody else touching the server meanwhile.
pub async fn on_both(case: impl AsyncFn(&Fixture)) {
    for backend in backends() {
        if let Some(fixture) = of(backend).await {
            let fixture = fixture.lock().await;
            fixture.settle().await;
            case(&fixture).await;
        }
    }
}

/// Runs a case on each database at once, against a server of its own with these settings: for what
/// would keep others waiting, or uses up what they need.
pub async fn alone_on_both(settings: &[(&str, &str)], case: impl AsyncFn(&Fixture)) {
    let all = backends().into_iter().map(async |backend| {
        if let Some(fixture) = Fixture::start(backend, settings).await {
            case(&fixture).await;
        }
    });
    futures_util::future::join_all(all).await;
}

async fn of(backend: Backend) -> Option<&'static Mutex<Fixture>> {
    static SQLITE: OnceCell<Option<Mutex<Fixture>>> = OnceCell::const_new();
    static POSTGRES: OnceCell<Option<Mutex<Fixture>>> = OnceCell::const_new();
    let cell = match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
    };
    let start = || async { Some(Mutex::new(Fixture::start(backend, &[]).await?)) };
    cell.get_or_init(start).await.as_ref()
}

impl Fixture {
    /// A server of its own, for a case that stops it or sets it up otherwise.
    pub async fn start(backend: Backend, settings: &[(&str, &str)]) -> Option<Self> {
        let mut instance = instance("v", backend)?.with("GUILDHALL_DATABASE__POOL_SIZE", "4");
        for (name, value) in settings {
            instance = instance.with(name, value);
        }
        let init = [
            "init",
            "--name",
            "V",
            "--admin",
            "boss",
            "--email",
            "boss@v.example",
        ];
        instance.run_json(&init).await;
        let server = instance.serve().await;
        let config = config::load(Some(Path::new("/dev/null")), instance.settings());
        let app = App::open(config.expect("settings")).expect("the server's database");
        let (p, q, e) = (Peer::start("p"), Peer::start("q"), Peer::start("e"));

        for (name, role) in [("adm1", OrgRole::Admin), ("adm2", OrgRole::Admin)] {
            account(&app, name, role).await;
        }
        let ann = person(&app, "ann", OrgRole::Member).await;
        let bob = person(&app, "bob", OrgRole::Member).await;
        let out = person(&app, "out", OrgRole::Member).await;
        let owner = ann.account.actor.id;
        let secret = group(&app, "secret", Access::Secret, owner).await;
        let shared = group(&app, "shared", Access::Closed, owner).await;
        let boss = accounts::find(&app, Viewer::Operator, "boss").await;
        let boss = boss.expect("the administrator").actor.id;
        let quality = group(&app, "quality", Access::Closed, boss).await;

        let canary = format!(
            "canary{:016x}",
            std::process::id() as u64 * 1_000_003 + unique()
        );
        let secret_topic = topic(&app, &ann, secret.id, &format!("Plans {canary}"), &canary).await;
        let secret_comment = comment(&app, &ann, secret_topic.id, &canary).await;

        let (_, secret_media) = picture(&app, &ann, secret.id).await;
        let (pam, pete) = (p.person("pam"), p.person("pete"));
        let (quin, eve) = (q.person("quin"), e.person("eve"));
        let mut fixture = Self {
            topic: secret_topic.clone(),
            instance,
            server,
            app,
            p,
            q,
            e,
            pam,
            pete,
            quin,
            eve,
            ann,
            bob,
            out,
            secret,
            shared,
            quality,
            canary,
            secret_topic,
            secret_comment,
            secret_media,
            secret_authorization: 0,
        };
        fixture.open(&fixture.shared, &fixture.p).await;
        fixture.open(&fixture.quality, &fixture.q).await;
        let bob = fixture.bob.account.actor.id;
        fixture.add(&fixture.shared, bob).await;
        fixture.admit(&fixture.pam, &fixture.shared).await;
        fixture.admit(&fixture.pete, &fixture.shared).await;
        fixture.admit(&fixture.quin, &fixture.quality).await;
        fixture.secret_authorization = fixture.authorize(&fixture.pam).await;
        fixture.topic = fixture
            .post("Bridge opens Monday", "Who brings the ribbon?")
            .await;
        fixture.settle().await;
        Some(fixture)
    }

    /// Lets somebody elsewhere like the secret topic, as was possible once. The number of the authorization.
    async fn authorize(&self, somebody: &Actor) -> i64 {
        let (uri, post) = (somebody.id.parse().expect("an id"), self.secret_topic.id);
        let like = format!("{}/like", somebody.id).parse().expect("an id");
        let now = self.app.clock.now();
        let written = self.app.db.write("authorize", move |connection| {
            let known = storage::actors::find_by_uri(connection, &uri)?;
            let approved = Approved {
                id: storage::approvals::next_id(now),
                interaction: Interaction::Like,
                post,
                by: known.expect("somebody known").id,
                request: like,
                interacting: uri,
            };
            storage::approvals::insert(connection, &approved, now)?;
            Ok(approved.id)
        });
        written.await.expect("an authorization")
    }

    // The cast ------------------------------------------------------------------------------------

    /// Makes a peer a partner and opens a group to it.
    pub async fn open(&self, group: &Group, peer: &Peer) {
        let host: guildhall::domain::Host = peer.host().parse().expect("a host");
        let known = partners::find(&self.app, Viewer::Operator, host.clone()).await;
        if known.is_err() {
            let class = PartnerClass::Partner;
            let trust = PrivateGroups::Trust;
            let added =
                partners::add(&self.app, Viewer::Operator, host.clone(), class, trust).await;
            added.and_then(Decided::done).expect("a partner");
        }
        let stage = Stage::Partners;
        let staged = groups::set_stage(&self.app, Viewer::Operator, group.id, stage).await;
        staged.expect("the group is for partners");
        self.grant(group, peer, "read,react,reply,start,attach")
            .await;
    }

    /// Lets a partner do this, and nothing else, in a group.
    pub async fn grant(&self, group: &Group, peer: &Peer, can: &str) {
        let host = peer.host().parse().expect("a host");
        let request = GrantRequest {
            capabilities: Some(can.parse::<Capabilities>().expect("words")),
            join: None,
            from: None,
            until: None,
            history: Some(History::All),
            apart: Some(false),
        };
        let handle = handle(&group.actor.name);
        let granted = grants::add(&self.app, Viewer::Operator, handle, host, request).await;
        granted.expect("a grant");
    }

    /// Closes a group to a peer.
    pub async fn close(&self, group: &Group, peer: &Peer) -> grants::Closed {
        let (handle, host) = (handle(&group.actor.name), peer.host());
        let host = host.parse().expect("a host");
        let (viewer, copies) = (Viewer::Operator, Copies::AskedBack);
        let closed = grants::remove(&self.app, viewer, handle, host, copies).await;
        closed.expect("there was a grant")
    }

    /// A closed group of ann's that nobody else has to do with.
    pub async fn new_group(&self) -> Group {
        let name = format!("g{}", unique());
        group(&self.app, &name, Access::Closed, self.ann.account.actor.id).await
    }

    /// Has somebody elsewhere ask to join, by a signed Follow, and lets them in.
    pub async fn admit(&self, person: &Actor, group: &Group) {
        let uri = group.actor.uri.as_str();
        let reply = self
            .deliver(person, &person.activity("Follow", uri.into()))
            .await;
        assert_eq!(reply.status, 202, "{} follows: {}", person.id, reply.text());
        let actor = self.known(person).await;
        eventually(
            &format!("{} asked to join {uri}", person.name),
            async || {
                let members = memberships::list(&self.app, Viewer::Operator, group.id).await;
                let members = members.expect("the members");
                members
                    .iter()
                    .any(|member| member.actor.id == actor)
                    .then_some(())
            },
        )
        .await;
        self.add(group, actor).await;
    }

    /// Somebody new with an account here, in nothing.
    pub async fn somebody(&self, name: &str, role: OrgRole) -> Person {
        person(&self.app, name, role).await
    }

    pub async fn add(&self, group: &Group, actor: ActorId) {
        let role = GroupRole::Member;
        let added = memberships::add(&self.app, Viewer::Operator, group.id, actor, role).await;
        added.expect("a member");
    }

    /// Somebody new at P who is in *shared*.
    pub async fn newcomer(&self) -> Actor {
        let person = self.p.person(&format!("n{}", unique()));
        self.admit(&person, &self.shared).await;
        person
    }

    async fn known(&self, person: &Actor) -> ActorId {
        eventually(&format!("{} is known", person.id), async || {
            let handle = handle(&person.handle());
            let found = actors::find_by_handle(&self.app, Viewer::Operator, handle).await;
            found.ok().map(|actor| actor.id)
        })
        .await
    }

    /// Has bob join a group at P, and reads what its outbox has.
    pub async fn join(&self, club: Actor) -> Actor {
        let federation = Federation::new(self.app.clone()).expect("threads");
        let found = federation.discover(&club.handle()).await;
        let group = found.expect("P's group").id.group();
        let then = self.p.traffic();
        let joined = memberships::join(&self.app, self.bob.viewer(), group).await;
        joined.expect("bob asks to join");
        let follow = eventually("P is asked", async || {
            let mut mail = self.p.mail_since(then).into_iter().map(|mail| mail.json());
            mail.find(|mail| mail["type"] == "Follow")
        })
        .await;
        let reply = self.deliver(&club, &club.activity("Accept", follow)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        eventually("earlier posts were looked for", async || {
            let dump = self.settle().await;
            (dump.count("jobs", r#""state":"pending""#) == 0).then_some(())
        })
        .await;
        club
    }

    /// Ann starts a topic in *shared*.
    pub async fn post(&self, title: &str, text: &str) -> Post {
        topic(&self.app, &self.ann, self.shared.id, title, text).await
    }

    pub async fn post_in(&self, group: &Group, title: &str, text: &str) -> Post {
        topic(&self.app, &self.ann, group.id, title, text).await
    }

    // What is sent --------------------------------------------------------------------------------

    /// Our host as others write it.
    pub fn host(&self) -> String {
        self.instance.host()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.instance.origin())
    }

    pub fn shared_uri(&self) -> &str {
        self.shared.actor.uri.as_str()
    }

    /// A comment of somebody's on ann's topic, ready to be signed.
    pub fn comment_by(&self, author: &Actor, text: &str) -> Value {
        author.create(&author.note(self.shared_uri(), self.topic.uri.as_str(), text))
    }

    /// An honest letter to our inbox.
    pub fn letter(&self, sender: &Actor, activity: &Value) -> Letter {
        Letter::post(sender, &self.host(), activity)
    }

    pub async fn send(&self, forged: &Forged) -> Reply {
        forged.send(&self.instance.address()).await
    }

    pub async fn deliver(&self, sender: &Actor, activity: &Value) -> Reply {
        self.send(&self.letter(sender, activity).sign()).await
    }

    // What is seen --------------------------------------------------------------------------------

    pub async fn dump(&self) -> Dump {
        let url = self.instance.database_url();
        let read = tokio::task::spawn_blocking(move || Dump::of(&url));
        read.await.expect("a dump")
    }

    /// Waits until there is nothing left to do, and answers what there is then.
    pub async fn settle(&self) -> Dump {
        let mut last = Dump::default();
        eventually("nothing is left to do", async || {
            last = self.dump().await;
            let waits = last.count("arrivals", r#""state":"pending""#)
                + last.count("deliveries", r#""state":"pending""#)
                + last.count("events", r#""planned_at":null"#)
                // Polls whose counts are to be told soon.
                + last.count("polls", r#""tell_at":"#)
                - last.count("polls", r#""tell_at":null"#);
            (waits == 0).then_some(())
        })
        .await;
        last
    }

    /// What everybody has seen so far.
    pub fn traffic(&self) -> [Traffic; 3] {
        [self.p.traffic(), self.q.traffic(), self.e.traffic()]
    }

    /// Looks at everything that an attack must leave alone.
    pub async fn watch(&self) -> Watch<'_> {
        Watch {
            before: self.dump().await,
            traffic: self.traffic(),
            fixture: self,
        }
    }

    /// Sends something that has to be refused: this status, nothing changed, nobody asked, one line in
    /// the security log. What that line says.
    #[track_caller]
    pub fn refuses<'a>(
        &'a self,
        what: &'a str,
        forged: &'a Forged,
        status: u16,
    ) -> impl Future<Output = Line> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let watch = self.watch().await;
            let reply = self.send(forged).await;
            assert_eq!(reply.status, status, "{caller}: {what}: {}", reply.text());
            watch.unchanged(&format!("{caller}: {what}")).await
        }
    }

    /// The same for what is refused before any of our code sees it: nothing is written down.
    pub async fn bounces(&self, what: &str, forged: &Forged, status: u16) {
        let before = self.watch().await;
        let reply = self.send(forged).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        let after = self.dump().await;
        assert_eq!(after.since(&before.before), Vec::<String>::new(), "{what}");
        assert_eq!(self.traffic(), before.traffic, "{what}");
    }

    /// The same for a signature that does not fit: her server may be asked once for newer keys.
    pub async fn asks_at_most_once(&self, what: &str, forged: &Forged) -> Line {
        let watch = self.watch().await;
        let reply = self.send(forged).await;
        assert_eq!(reply.status, 401, "{what}: {}", reply.text());
        let line = watch.unchanged_but_asked(what).await;
        let [p, q, e] = watch.traffic();
        assert!(self.p.seen_since(p).len() <= 1, "{what}");
        assert_eq!([self.q.traffic(), self.e.traffic()], [q, e], "{what}");
        line
    }
}

/// How things were before an attack.
pub struct Watch<'a> {
    fixture: &'a Fixture,
    before: Dump,
    traffic: [Traffic; 3],
}

/// A line of the security log.
#[derive(Clone, Debug)]
pub struct Line {
    pub reason: String,
    pub claimed_actor: String,
}

impl Watch<'_> {
    /// Nothing changed and nobody was asked; one line in the security log says why, and from where.
    pub async fn unchanged(&self, what: &str) -> Line {
        let line = self.unchanged_but_asked(what).await;
        assert_eq!(
            self.fixture.traffic(),
            self.traffic,
            "{what}: a server was asked"
        );
        line
    }

    /// The same where asking was allowed.
    pub async fn unchanged_but_asked(&self, what: &str) -> Line {
        let after = self.fixture.dump().await;
        let changes = after
            .clone()
            .content()
            .since(&self.before.clone().content());
        assert!(changes.is_empty(), "{what}: {changes:#?}");
        let new = after
            .rows("security_log")
            .difference(self.before.rows("security_log"));
        let new: Vec<_> = new.collect();
        let [line] = new.as_slice() else {
            panic!("{what}: not one line in the security log: {new:#?}")
        };
        let line: Value = serde_json::from_str(line).expect("a row");
        assert_eq!(line["peer"], "127.0.0.1", "{what}");
        let text = |name: &str| line[name].as_str().expect("text").to_owned();
        let line = Line {
            reason: text("reason"),
            claimed_actor: text("claimed_actor"),
        };
        assert!(!line.reason.is_empty(), "{what}: {line:?}");
        line
    }

    /// Nothing changed and nobody was asked, whatever was written down.
    pub async fn left_alone(&self, what: &str) {
        let after = self.fixture.dump().await.content();
        let changes = after.since(&self.before.clone().content());
        assert!(changes.is_empty(), "{what}: {changes:#?}");
        assert_eq!(
            self.fixture.traffic(),
            self.traffic,
            "{what}: a server was asked"
        );
    }

    pub fn traffic(&self) -> [Traffic; 3] {
        self.traffic
    }
}

// Making ------------------------------------------------------------------------------------------

pub fn handle(text: &str) -> Handle {
    text.parse().expect("a handle")
}

async fn account(app: &App, name: &str, role: OrgRole) -> Account {
    let new = NewAccount {
        name: name.parse().expect("a name"),
        display_name: String::new(),
        email: format!("{name}@v.example").parse().expect("an address"),
        role,
        password: Password::parse("correct horse battery").expect("a password"),
    };
    let made = accounts::create(app, Viewer::Operator, new).await;
    made.expect("an account")
}

async fn person(app: &App, name: &str, role: OrgRole) -> Person {
    let account = account(app, name, role).await;
    let scopes = "read write follow".parse().expect("scopes");
    let actor = account.actor.id;
    let token = tokens::create(app, Viewer::Operator, actor, "test", scopes).await;
    let session = sessions::open(app, account.clone(), "test").await;
    Person {
        token: token.expect("a token").secret,
        cookie: format!("guildhall_session={}", session.expect("a session").secret),
        account,
    }
}

async fn group(app: &App, name: &str, access: Access, owner: ActorId) -> Group {
    let new = NewGroup {
        name: name.parse().expect("a name"),
        title: name.parse().expect("a title"),
        description: String::new(),
        access,
        owner: Some(owner),
    };
    let made = groups::create(app, Viewer::Operator, new).await;
    made.expect("a group")
}

async fn topic(app: &App, author: &Person, group: GroupId, title: &str, text: &str) -> Post {
    let title = title.parse().expect("a title");
    let body = Some(text.parse().expect("a text"));
    let made = posts::create_topic(app, author.viewer(), group, title, body, None, vec![]).await;
    made.expect("a topic")
}

async fn comment(app: &App, author: &Person, parent: PostId, text: &str) -> Post {
    let body = text.parse().expect("a text");
    let audience = guildhall::domain::Audience::Group;
    let made = posts::comment(app, author.viewer(), parent, Some(body), audience, vec![]).await;
    made.expect("a comment")
}

/// Starts a topic with nothing but a picture.
pub async fn picture(app: &App, author: &Person, group: GroupId) -> (Post, AttachmentId) {
    let mut draft = app.files.draft().expect("a file");
    draft.write(&png(900, 900, 9)).expect("bytes");
    let upload = Upload {
        draft,
        name: "x.png".into(),
        media_type: "image/png".into(),
        description: Description::default(),
        focus: None,
    };
    let sent = attachments::upload(app, author.viewer(), upload).await;
    let id = sent.expect("an upload").id;
    let (title, list) = (
        "Picture".parse().expect("a title"),
        vec![Attached::from(id)],
    );
    let made = posts::create_topic(app, author.viewer(), group, title, None, None, list).await;
    (made.expect("a topic"), id)
}
