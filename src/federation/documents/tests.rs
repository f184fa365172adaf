//! Acme is this house; birch is a partner for *engineering*, cedar one for nothing, elm a stranger.

use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::{Value, json};

use super::routes;
use crate::domain::{
    Access, Actor, ActorKind, ActorState, Audience, Body, Capabilities, Capability, Copies, Group,
    GroupRole, Handle, History, KeyList, MembershipState, OrgRole, Post, PostId, SignatureChoice,
    Stage, Timestamp, Uri,
};
use crate::federation::Federation;
use crate::federation::keys::tests::own_keys;
use crate::federation::objects::PUBLIC;
use crate::federation::signatures::{Outgoing, sign};
use crate::policy::Viewer;
use crate::services::grants::{self, GrantRequest};
use crate::services::inbox::{self, Command, Verified};
use crate::services::partners::{self, Change};
use crate::services::posts::{ReceivedPost, Recipients};
use crate::services::remote_actors::{self, ReceivedActor, ReceivedKey};
use crate::services::test_house::{House, KEYS, remote};
use crate::services::{accounts, documents, memberships, posts};

const ACTIVITY: &str = "application/activity+json";
const CANARY: &str = "canary-7f3a";

/// An answer: everything that a reader can compare.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    fn items(&self) -> Vec<Value> {
        self.json()["orderedItems"].as_array().unwrap().clone()
    }
}

/// Acme with its people, groups and what they say.
struct Acme {
    house: House,
    federation: Federation,
    engineering: Group,
    board: Group,
    ada: Actor,
    birch: Actor,
    bo: Actor,
    cedar: Actor,
    elm: Actor,
}

impl Acme {
    /// *engineering* is closed and open to birch, whose Bo is a member; *board* is secret and for
    /// Ada alone.
    async fn open(settings: &[(&str, &str)]) -> Self {
        let house = House::open_with("https://acme.example", settings).await;
        let ada = with_key(&house, house.account("ada", OrgRole::Member).await.actor).await;
        with_key(&house, house.account("otto", OrgRole::Member).await.actor).await;
        let engineering = house.group("engineering", Access::Closed).await;
        let board = house.group("board", Access::Secret).await;
        for group in [&engineering, &board] {
            with_key(&house, group.actor.clone()).await;
            house.join(group, ada.id, MembershipState::Member).await;
        }
        house.set_stage(&engineering, Stage::Partners).await;
        house.partner("birch.example").await;
        house.partner("cedar.example").await;
        let birch = met(&house, ActorKind::Service, "actor@birch.example").await;
        let bo = met(&house, ActorKind::Person, "bo@birch.example").await;
        let cedar = met(&house, ActorKind::Service, "actor@cedar.example").await;
        let elm = met(&house, ActorKind::Service, "actor@elm.example").await;
        Self {
            federation: Federation::new(house.app.clone()).unwrap(),
            house,
            engineering,
            board,
            ada,
            birch,
            bo,
            cedar,
            elm,
        }
    }

    /// The same, with the group open to birch and Bo in it.
    async fn shared() -> Self {
        let acme = Self::open(&[]).await;
        acme.grant("engineering", "birch.example").await;
        let bo = acme.bo.id;
        acme.house
            .join(&acme.engineering, bo, MembershipState::Member)
            .await;
        acme
    }

    async fn grant(&self, group: &str, host: &str) {
        let handle: Handle = group.parse().unwrap();
        let request = GrantRequest {
            capabilities: Some(Capabilities::of(&[Capability::Read, Capability::Reply])),
            join: None,
            from: None,
            until: None,
            history: Some(History::Now),
            apart: Some(false),
        };
        let host = host.parse().unwrap();
        grants::add(&self.house.app, Viewer::Operator, handle, host, request)
            .await
            .unwrap();
    }

    fn ada(&self) -> Viewer {
        Viewer::Member {
            actor: self.ada.id,
            role: OrgRole::Member,
        }
    }

    async fn topic(&self, group: &Group, title: &str) -> Post {
        let (app, title) = (&self.house.app, title.parse().unwrap());
        let body: Body = format!("{CANARY} {}", group.actor.name).parse().unwrap();
        posts::create_topic(app, self.ada(), group.id, title, Some(body), None, vec![])
            .await
            .unwrap()
    }

    async fn comment(&self, parent: PostId, text: &str, audience: Audience) -> Post {
        let body = text.parse().unwrap();
        posts::comment(
            &self.house.app,
            self.ada(),
            parent,
            Some(body),
            audience,
            vec![],
        )
        .await
        .unwrap()
    }

    /// Bo's comment arrives from birch.
    async fn arrives(&self, uri: &str, parent: &Post) -> Uri {
        let app = &self.house.app;
        let uri: Uri = uri.parse().unwrap();
        let command = Command::CreatePost(ReceivedPost {
            uri: uri.clone(),
            author: self.bo.uri.clone(),
            group: Some(self.engineering.actor.uri.clone()),
            parent: Some(parent.uri.clone()),
            title: None,
            html: "<p>theirs</p>".to_owned().into(),
            source: None,
            recipients: Recipients::default(),
            published: None,
            poll: None,
            updated: None,
            interaction: None,
            attachments: Vec::new(),
            links_files: false,
            conversation: None,
        });
        let verified = Verified {
            at: self.house.now(),
            activity: uri.join("create"),
            signer: self.bo.clone(),
            command: command.clone(),
            body: "{}".into(),
        };
        inbox::accept(app, verified).await.unwrap();
        let later = self.house.now().plus(std::time::Duration::from_secs(60));
        let due = inbox::claim(app, later, 1).await.unwrap().remove(0);
        assert_eq!(
            inbox::apply(app, vec![(due, Ok(command))]).await.unwrap(),
            1
        );
        uri
    }

    async fn delete(&self, post: PostId) {
        posts::delete(&self.house.app, self.ada(), post)
            .await
            .unwrap();
    }

    /// What somebody gets who signs as this actor; none: who does not sign.
    async fn get(&self, path: &str, reader: Option<&Actor>) -> Answer {
        self.ask(Method::GET, path, reader, &[("accept", ACTIVITY)])
            .await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        reader: Option<&Actor>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = TestRequest::default().method(method.clone()).uri(path);
        for header in headers {
            request = request.append_header(*header);
        }
        if let Some(reader) = reader {
            let url = format!("https://acme.example{path}").parse().unwrap();
            assert_eq!(method, Method::GET, "only GET is signed here");
            for header in sign_get(reader, &url, self.house.now()) {
                request = request.append_header(header);
            }
        }
        self.send(request).await
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let app = actix_web::App::new()
            .app_data(actix_web::web::Data::new(self.federation.clone()))
            .configure(|config| routes().among_others(config));
        let service = init_service(app).await;
        let response = call_service(&service, request.to_request()).await;
        let mut headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        Answer {
            status: response.status().as_u16(),
            headers,
            body: String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec())
                .unwrap(),
        }
    }
}

async fn with_key(house: &House, actor: Actor) -> Actor {
    house.give_key(&actor).await;
    actor
}

fn sign_get(reader: &Actor, url: &url::Url, now: Timestamp) -> crate::http::Headers {
    let keys = own_keys(&KEYS.0, &format!("{}#main-key", reader.uri), None);
    sign(SignatureChoice::Cavage, &keys, &Outgoing::get(url), now).unwrap()
}

/// Somebody elsewhere whose document was fetched before.
async fn met(house: &House, kind: ActorKind, handle: &str) -> Actor {
    let new = remote(kind, handle);
    let key = ReceivedKey {
        uri: format!("{}#main-key", new.uri).parse().unwrap(),
        list: KeyList::PublicKey,
        public_pem: KEYS.1.clone(),
        expires_at: None,
    };
    let received = ReceivedActor {
        archived: false,
        new,
        keys: vec![key],
        signature: None,
        dialect: None,
        signed: None,
        introduced_by: None,
        token_source: None,
        ways: remote_actors::RemoteWays::default(),
        access: None,
        approves: false,
    };
    remote_actors::remember(&house.app, received).await.unwrap()
}

/// Everything below a group, a person and a post; `{}` is where the name goes.
const GROUP_PATHS: &[&str] = &[
    "/g/{}",
    "/g/{}/outbox",
    "/g/{}/outbox?page=true",
    "/g/{}/followers",
    "/g/{}/followers?page=true",
    "/g/{}/moderators",
    "/g/{}/featured",
    "/.well-known/webfinger?resource=acct:{}@acme.example",
    "/.well-known/webfinger?resource=https://acme.example/g/{}",
];
const PERSON_PATHS: &[&str] = &[
    "/u/{}",
    "/u/{}/outbox",
    "/u/{}/followers",
    "/u/{}/following",
    "/.well-known/webfinger?resource=acct:{}@acme.example",
];
const POST_PATHS: &[&str] = &[
    "/p/{}",
    "/p/{}/context?page=true",
    "/p/{}/replies?page=true",
];

/// Asserts that `there` is answered like `nowhere` to everybody of `readers`, on every path.
async fn assert_hidden(
    acme: &Acme,
    paths: &[&str],
    there: &str,
    nowhere: &str,
    readers: &[Option<&Actor>],
) {
    for reader in readers {
        for path in paths {
            let hidden = acme.get(&path.replace("{}", there), *reader).await;
            let unknown = acme.get(&path.replace("{}", nowhere), *reader).await;
            assert_eq!(hidden, unknown, "{path} {there}");
            assert_eq!(hidden.status, 404, "{path} {there}");
            assert!(!hidden.body.contains(CANARY));
        }
    }
}

#[actix_web::test]
async fn a26_a27_a30_what_is_hidden_is_answered_to_the_byte_like_what_never_was() {
    let acme = Acme::shared().await;
    let secret = acme.topic(&acme.board, "Secret").await.id.to_string();
    let shared = acme.topic(&acme.engineering, "Shared").await.id.to_string();
    let everybody = [
        None,
        Some(&acme.birch),
        Some(&acme.bo),
        Some(&acme.cedar),
        Some(&acme.elm),
    ];
    let outside = [None, Some(&acme.cedar), Some(&acme.elm)];

    assert_hidden(&acme, GROUP_PATHS, "board", "nothing", &everybody).await;
    assert_hidden(&acme, POST_PATHS, &secret, "12345", &everybody).await;
    assert_hidden(&acme, GROUP_PATHS, "engineering", "nothing", &outside).await;
    assert_hidden(&acme, POST_PATHS, &shared, "12345", &outside).await;
    assert_hidden(&acme, PERSON_PATHS, "ada", "nobody", &outside).await;
    // Otto takes part in nothing that birch could see.
    assert_hidden(&acme, PERSON_PATHS, "otto", "nobody", &everybody).await;
    // And the same 404 everywhere.
    let one = acme.get("/g/board", None).await;
    assert_eq!(one, acme.get("/p/nonsense", Some(&acme.bo)).await);
    assert_eq!(one.header("vary"), "Accept, Signature");
    assert_eq!(one.header("cache-control"), "private, no-store");
}

#[actix_web::test]
async fn a27_a30_a39_who_was_granted_reads_the_group_but_no_rosters() {
    let acme = Acme::shared().await;
    let topic = acme.topic(&acme.engineering, "Bridge opens Monday").await;
    for reader in [&acme.birch, &acme.bo] {
        let group = acme.get("/g/engineering", Some(reader)).await;
        assert_eq!(group.header("content-type"), ACTIVITY);
        assert_eq!(group.header("vary"), "Accept, Signature");
        assert_eq!(group.header("cache-control"), "private, no-store");
        assert_eq!(group.json()["type"], "Group");
        assert_eq!(group.json()["manuallyApprovesFollowers"], true);

        let outbox = acme.get("/g/engineering/outbox", Some(reader)).await;
        let first = outbox.json()["first"].as_str().unwrap().to_owned();
        let first = first.strip_prefix("https://acme.example").unwrap();
        let page = acme.get(first, Some(reader)).await;
        let items = page.items();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["object"]["object"]["id"], topic.uri.as_str());

        let page = acme.get(&format!("/p/{}", topic.id), Some(reader)).await;
        assert_eq!(page.json()["name"], "Bridge opens Monday");
        assert!(!page.body.contains(PUBLIC));

        for name in ["followers", "moderators", "featured", "outbox"] {
            let list = acme
                .get(&format!("/g/engineering/{name}"), Some(reader))
                .await;
            assert_eq!(list.json().get("totalItems"), None);
            assert!(!list.body.contains("/u/ada"), "{list:?}");
        }
        let followers = acme.get("/g/engineering/followers", Some(reader)).await;
        assert_eq!(followers.items(), [json!(acme.bo.uri)]);
        let asked = format!("/g/engineering/followers?is_follower={}", acme.bo.uri);
        assert_eq!(acme.get(&asked, Some(reader)).await.status, 200);
        let asked = format!("/g/engineering/followers?is_follower={}", acme.ada.uri);
        assert_eq!(acme.get(&asked, Some(reader)).await.status, 404);
    }
    // Who moderates is told; who is merely in it is not.
    let (app, group, ada) = (&acme.house.app, acme.engineering.id, acme.ada.id);
    let role = GroupRole::Moderator;
    memberships::set_role(app, Viewer::Operator, group, ada, role)
        .await
        .unwrap();
    let moderators = acme.get("/g/engineering/moderators", Some(&acme.bo)).await;
    assert_eq!(moderators.items(), [json!(acme.ada.uri)]);
    // Whoever asks next, in whatever order, gets nothing of it.
    for reader in [Some(&acme.elm), None, Some(&acme.cedar)] {
        for list in ["outbox?page=true", "moderators"] {
            let hidden = acme.get(&format!("/g/engineering/{list}"), reader).await;
            assert_eq!(hidden.status, 404);
        }
    }
}

#[actix_web::test]
async fn topics_from_before_the_grant_stay_unseen() {
    let acme = Acme::open(&[]).await;
    let old = acme.topic(&acme.engineering, "Old").await;
    acme.house
        .app
        .clock
        .advance(std::time::Duration::from_secs(60));
    acme.grant("engineering", "birch.example").await;
    let bo = acme.bo.id;
    acme.house
        .join(&acme.engineering, bo, MembershipState::Member)
        .await;
    let new = acme.topic(&acme.engineering, "New").await;
    let late = acme.comment(old.id, "late", Audience::Group).await;

    let page = acme
        .get("/g/engineering/outbox?page=true", Some(&acme.bo))
        .await;
    assert!(page.body.contains("New") && !page.body.contains("Old"));
    let reader = [Some(&acme.bo), Some(&acme.birch)];
    for id in [old.id, late.id] {
        assert_hidden(&acme, POST_PATHS, &id.to_string(), "12345", &reader).await;
    }
    let path = format!("/p/{}", new.id);
    assert_eq!(acme.get(&path, Some(&acme.bo)).await.status, 200);
}

#[actix_web::test]
async fn a_conversation_is_read_in_pages_without_asides() {
    let acme = Acme::shared().await;
    let topic = acme.topic(&acme.engineering, "Long").await;
    let first = acme.comment(topic.id, "first", Audience::Group).await;
    acme.comment(topic.id, "between us", Audience::Aside).await;
    for number in 0..60 {
        acme.comment(first.id, &format!("no. {number}"), Audience::Group)
            .await;
    }
    let whole = acme
        .get(&format!("/p/{}/context", topic.id), Some(&acme.bo))
        .await;
    assert_eq!(whole.json().get("totalItems"), None);
    let mut next = whole.json()["first"].as_str().map(str::to_owned);
    let mut seen = Vec::new();
    let mut pages = 0;
    while let Some(page) = next {
        let path = page.strip_prefix("https://acme.example").unwrap();
        let page = acme.get(path, Some(&acme.bo)).await;
        assert!(!page.body.contains("between us"));
        assert_eq!(page.json()["id"], format!("https://acme.example{path}"));
        seen.extend(page.items());
        next = page.json()["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (62, 2));
    assert_eq!(seen[0]["type"], "Page");
    assert_eq!(seen[1]["inReplyTo"], topic.uri.as_str());
    assert_eq!(seen[61]["content"], "<p>no. 59</p>\n");

    let replies = format!("/p/{}/replies?page=true", topic.id);
    let replies = acme.get(&replies, Some(&acme.bo)).await.items();
    assert_eq!(replies.len(), 1);
    // A comment has answers but no conversation of its own.
    let path = format!("/p/{}/context", first.id);
    assert_eq!(acme.get(&path, Some(&acme.bo)).await.status, 404);
}

#[actix_web::test]
async fn what_was_deleted_leaves_a_tombstone_for_those_who_could_read_it() {
    let acme = Acme::shared().await;
    let topic = acme.topic(&acme.engineering, "Gone soon").await;
    acme.delete(topic.id).await;
    let path = format!("/p/{}", topic.id);

    let tombstone = acme.get(&path, Some(&acme.bo)).await;
    assert_eq!(tombstone.status, 410);
    let json: Value = serde_json::from_str(&tombstone.body).unwrap();
    assert_eq!(json["type"], "Tombstone");
    assert!(!tombstone.body.contains("Gone soon"));
    let outbox = acme
        .get("/g/engineering/outbox?page=true", Some(&acme.bo))
        .await;
    assert_eq!(outbox.items(), Vec::<Value>::new());
    let outside = [None, Some(&acme.cedar), Some(&acme.elm)];
    assert_hidden(&acme, POST_PATHS, &topic.id.to_string(), "12345", &outside).await;
}

#[actix_web::test]
async fn what_was_written_elsewhere_is_named_but_not_shown() {
    let acme = Acme::shared().await;
    let topic = acme.topic(&acme.engineering, "Ours").await;
    let theirs = acme.arrives("https://birch.example/p/9", &topic).await;
    let id = acme.house.find_post(theirs).await.id;
    let path = format!("/p/{id}");
    assert_eq!(acme.get(&path, Some(&acme.bo)).await.status, 404);
    let context = format!("/p/{}/context?page=true", topic.id);
    let context = acme.get(&context, Some(&acme.bo)).await.items();
    assert_eq!(context[1], "https://birch.example/p/9");
}

#[actix_web::test]
async fn rights_end_at_once_with_grant_partnership_and_person() {
    let acme = Acme::shared().await;
    let topic = acme.topic(&acme.engineering, "Shared").await.id.to_string();
    let path = format!("/p/{topic}");
    assert_eq!(acme.get(&path, Some(&acme.bo)).await.status, 200);

    let bo = acme.bo.id;
    let set = |state| acme.house.set_state(bo, state);
    for state in [ActorState::Suspended, ActorState::Quarantined] {
        set(state).await;
        assert_hidden(&acme, POST_PATHS, &topic, "12345", &[Some(&acme.bo)]).await;
    }
    set(ActorState::Active).await;
    assert_eq!(acme.get(&path, Some(&acme.bo)).await.status, 200);

    let (handle, host) = (
        "engineering".parse().unwrap(),
        "birch.example".parse().unwrap(),
    );
    grants::remove(
        &acme.house.app,
        Viewer::Operator,
        handle,
        host,
        Copies::AskedBack,
    )
    .await
    .unwrap();
    let birch = [Some(&acme.bo), Some(&acme.birch)];
    assert_hidden(&acme, POST_PATHS, &topic, "12345", &birch).await;
    assert_hidden(&acme, GROUP_PATHS, "engineering", "nothing", &birch).await;
    assert_hidden(&acme, PERSON_PATHS, "ada", "nobody", &birch).await;
}

#[actix_web::test]
async fn people_are_met_in_groups_that_connect_the_houses() {
    let acme = Acme::shared().await;
    for reader in [&acme.birch, &acme.bo] {
        let ada = acme.get("/u/ada", Some(reader)).await;
        assert_eq!(ada.json()["type"], "Person");
        assert!(!ada.body.contains("PRIVATE"));
        let found = acme
            .get(
                "/.well-known/webfinger?resource=acct:ada@acme.example",
                Some(reader),
            )
            .await;
        assert_eq!(found.header("content-type"), "application/jrd+json");
        assert_eq!(found.json()["subject"], "acct:ada@acme.example");
        let outbox = acme.get("/u/ada/outbox?page=true", Some(reader)).await;
        assert_eq!(outbox.items().len(), 0);
        let followers = acme.get("/u/ada/followers", Some(reader)).await;
        assert_eq!(followers.items().len(), 0);
    }
    // Otto asks to join a group at birch: birch must be able to find out who asks.
    let theirs = acme.house.remote_group("roads@birch.example").await;
    let otto = acme.house.find_account("otto").await.actor;
    acme.house
        .join(&theirs, otto.id, MembershipState::Requested)
        .await;
    assert_eq!(acme.get("/u/otto", Some(&acme.birch)).await.status, 200);
    assert_eq!(acme.get("/u/otto", Some(&acme.cedar)).await.status, 404);

    // He takes it back before birch was told of anything: whose words these are it still has to find out.
    let viewer = Viewer::Member {
        actor: otto.id,
        role: OrgRole::Member,
    };
    let left = memberships::leave(&acme.house.app, viewer, theirs.id);
    left.await.unwrap();
    assert_eq!(acme.get("/u/otto", Some(&acme.birch)).await.status, 404);
    let waiting = acme.house.queue(otto.id, "birch.example").await;
    assert_eq!(acme.get("/u/otto", Some(&acme.birch)).await.status, 200);
    assert_eq!(acme.get("/u/otto", Some(&acme.cedar)).await.status, 404);
    acme.house.discard(waiting).await;
    assert_eq!(acme.get("/u/otto", Some(&acme.birch)).await.status, 404);
}

#[actix_web::test]
async fn who_was_erased_is_gone_for_those_who_could_have_met_them() {
    let acme = Acme::shared().await;
    acme.topic(&acme.engineering, "Her last words").await;
    let boss = acme.house.account("boss2", OrgRole::Admin).await;
    let ada = acme.house.find_account("ada").await.actor.id;
    let viewer = accounts::viewer_of(&boss);
    accounts::erase(&acme.house.app, viewer, ada).await.unwrap();

    for reader in [&acme.birch, &acme.bo] {
        let gone = acme.get("/u/ada", Some(reader)).await;
        assert_eq!((gone.status, gone.header("content-type")), (410, ACTIVITY));
        let json: Value = serde_json::from_str(&gone.body).unwrap();
        assert_eq!(json["type"], "Tombstone");
        assert_eq!(json["formerType"], "Person");
        assert!(!gone.body.contains("publicKey"));
    }
    let outside = [None, Some(&acme.cedar), Some(&acme.elm)];
    assert_hidden(&acme, PERSON_PATHS, "ada", "nobody", &outside).await;
}

#[actix_web::test]
async fn the_server_itself_is_shown_to_everybody() {
    let acme = Acme::open(&[]).await;
    for path in [
        "/actor",
        "/actor/outbox",
        "/.well-known/webfinger?resource=acct:actor@acme.example",
        "/.well-known/webfinger?resource=acct:acme.example@acme.example",
        "/.well-known/webfinger?resource=https://acme.example/actor",
        "/.well-known/host-meta",
        "/.well-known/nodeinfo",
        "/nodeinfo/2.0",
        "/nodeinfo/2.1",
    ] {
        for reader in [None, Some(&acme.elm), Some(&acme.birch)] {
            let answer = acme.get(path, reader).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("cache-control"), "public, max-age=300");
        }
    }
    let actor = acme.get("/actor", None).await.json();
    assert_eq!(actor["type"], "Application");
    assert_eq!(actor["publicKey"]["publicKeyPem"], KEYS.1.as_str());
    let links = acme.get(
        "/.well-known/webfinger?resource=acct:ACTOR@acme.example",
        None,
    );
    assert_eq!(links.await.json()["links"][0]["href"], actor["id"]);
    for path in [
        "/.well-known/webfinger?resource=acct:actor@other.example",
        "/.well-known/webfinger?resource=https://acme.example.evil.example/actor",
        "/nodeinfo/3.0",
    ] {
        assert_eq!(acme.get(path, None).await.status, 404, "{path}");
    }
    let nothing = acme.get("/.well-known/webfinger", None).await;
    assert_eq!(nothing.status, 400);
}

#[actix_web::test]
async fn a31_nothing_public_depends_on_which_groups_there_are() {
    let with = Acme::shared().await;
    let without = House::open("acme.example").await;
    let without = Federation::new(without.app.clone()).unwrap();
    let app = |federation: &Federation| federation.app.clone();
    assert_eq!(
        documents::people(&app(&with.federation)).await.unwrap(),
        documents::people(&app(&without)).await.unwrap() + 2
    );
    let nodeinfo = with.get("/nodeinfo/2.1", None).await;
    assert_eq!(nodeinfo.json()["usage"], json!({ "users": {} }));
}

#[actix_web::test]
async fn in_open_mode_everybody_reads_what_is_public_and_nothing_else() {
    let acme = Acme::open(&[("GUILDHALL_FEDERATION__MODE", "open")]).await;
    let square = acme.house.group("square", Access::Open).await;
    with_key(&acme.house, square.actor.clone()).await;
    acme.house.set_stage(&square, Stage::Public).await;
    acme.house
        .join(&square, acme.ada.id, MembershipState::Member)
        .await;
    let topic = acme.topic(&square, "Hello, world").await;
    for reader in [None, Some(&acme.elm), Some(&acme.birch)] {
        let group = acme.get("/g/square", reader).await.json();
        assert_eq!(group["manuallyApprovesFollowers"], false);
        let page = acme.get(&format!("/p/{}", topic.id), reader).await;
        assert_eq!(page.json()["to"][1], PUBLIC);
        let outbox = acme.get("/g/square/outbox?page=true", reader).await;
        assert_eq!(outbox.items().len(), 1);
        // Who is a member is nobody's business even here.
        let followers = acme.get("/g/square/followers", reader).await;
        assert_eq!(followers.items(), Vec::<Value>::new());
        assert_eq!(acme.get("/u/ada", reader).await.status, 200);
    }
    let everybody = [None, Some(&acme.elm), Some(&acme.birch)];
    assert_hidden(&acme, GROUP_PATHS, "board", "nothing", &everybody).await;
    assert_hidden(&acme, GROUP_PATHS, "engineering", "nothing", &everybody).await;
    let nodeinfo = acme.get("/nodeinfo/2.1", None).await.json();
    assert_eq!(nodeinfo["usage"]["users"]["total"], 2);

    let blocked = acme.elm.host.clone().unwrap();
    acme.house.partner(blocked.as_str()).await;
    partners::change(&acme.house.app, Viewer::Operator, blocked, Change::Block)
        .await
        .unwrap();
    assert_eq!(acme.get("/g/square", Some(&acme.elm)).await.status, 404);
}

#[actix_web::test]
async fn a_signature_that_does_not_hold_is_nobody_and_one_line_in_the_log() {
    let acme = Acme::shared().await;
    acme.topic(&acme.engineering, "Shared").await;
    let good = || {
        let url = "https://acme.example/g/engineering".parse().unwrap();
        sign_get(&acme.bo, &url, acme.house.now())
    };
    let unsigned = acme.get("/g/engineering", None).await;
    let send = async |path: &str, headers: Vec<(&'static str, String)>| {
        let mut request = TestRequest::get()
            .uri(path)
            .append_header(("accept", ACTIVITY));
        for header in headers {
            request = request.append_header(header);
        }
        acme.send(request).await
    };
    assert_eq!(send("/g/engineering", good()).await.status, 200);
    // For another address, tampered with, doubled.
    assert_eq!(send("/g/engineering/outbox", good()).await, unsigned);
    let mut tampered = good();
    for (name, value) in &mut tampered {
        if *name == "signature" {
            let at = value.rfind("signature=\"").unwrap() + "signature=\"".len();
            let other = if value.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            value.replace_range(at..=at, other);
        }
    }
    assert_eq!(send("/g/engineering", tampered).await, unsigned);
    let mut doubled = good();
    doubled.extend(good());
    assert_eq!(send("/g/engineering", doubled).await, unsigned);

    assert_eq!(acme.house.refusals().await, 3);
}

#[actix_web::test]
async fn pages_for_people_have_the_same_addresses() {
    let acme = Acme::shared().await;
    let ask = async |accept: &str| {
        let headers = [("accept", accept)];
        let answer = acme.ask(Method::GET, "/g/engineering", Some(&acme.bo), &headers);
        answer.await.header("content-type").to_owned()
    };
    for accept in [
        "application/activity+json",
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
        "application/activity+json, application/ld+json, text/html;q=0.1",
    ] {
        assert_eq!(ask(accept).await, ACTIVITY, "{accept}");
    }
    for accept in [
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/html, application/activity+json;q=0.1",
        "*/*",
        "application/json",
    ] {
        assert_ne!(ask(accept).await, ACTIVITY, "{accept}");
    }
    let head = acme.ask(Method::HEAD, "/actor", None, &[]).await;
    assert_eq!(head.status, 200);
}
