//! Several organizations with their people: real servers, used as their people would.
//!
//! `World::start(backend, ["acme", "birch"])` founds and starts them; [`World::member`] is somebody
//! signed in there by a token. What travels between servers takes a moment: [`eventually`] asks
//! until it is so.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use guildhall::app::App;
use guildhall::config;
use guildhall::domain::Mirror;
use guildhall::policy::Viewer;
use guildhall::services::{accounts, mirrors};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::postgres;
use super::process::{Instance, Server};
use super::requirements::{Backend, skip};

/// How long news may take. Generous: the machine may be compiling at the same time.
const PATIENCE: Duration = Duration::from_secs(45);

/// An instance, or none where its database is not to be had (which was said loudly).
pub fn instance(name: &str, backend: Backend) -> Option<Instance> {
    let instance = Instance::new(name);
    match backend {
        Backend::Sqlite => Some(instance),
        Backend::Postgres => match postgres::database_url() {
            Some(url) => Some(instance.on_database(&url)),
            None => {
                skip("postgres", "PostgreSQL's programs are not here");
                None
            }
        },
    }
}

/// Organizations that run.
pub struct World {
    houses: HashMap<String, House>,
}

/// One organization: its installation, its server, its people's tokens.
pub struct House {
    pub instance: Instance,
    pub server: Option<Server>,
    tokens: tokio::sync::Mutex<HashMap<String, String>>,
}

impl World {
    /// Founds and starts organizations; each has an administrator named `admin`.
    pub async fn start<const N: usize>(backend: Backend, names: [&str; N]) -> Option<Self> {
        Self::start_with(backend, names, &[]).await
    }

    /// The same with settings of their own.
    pub async fn start_with<const N: usize>(
        backend: Backend,
        names: [&str; N],
        settings: &[(&str, &str)],
    ) -> Option<Self> {
        let mut houses = HashMap::new();
        for name in names {
            let instance = settings
                .iter()
                .fold(instance(name, backend)?, |instance, (variable, value)| {
                    instance.with(*variable, *value)
                });
            houses.insert(name.to_owned(), House::start(instance).await);
        }
        Some(Self { houses })
    }

    /// One organization, which federates with everybody.
    pub async fn open(backend: Backend, name: &str) -> Option<Self> {
        Self::start_with(backend, [name], &[("GUILDHALL_FEDERATION__MODE", "open")]).await
    }

    pub fn house(&self, name: &str) -> &House {
        self.houses
            .get(name)
            .unwrap_or_else(|| panic!("there is no house {name}"))
    }

    pub fn house_mut(&mut self, name: &str) -> &mut House {
        self.houses
            .get_mut(name)
            .unwrap_or_else(|| panic!("there is no house {name}"))
    }

    /// Makes two organizations partners with an invitation code; the code.
    pub async fn partner(&self, one: &str, other: &str) -> String {
        let invitation = self
            .house(one)
            .instance
            .run_json(&["partner", "invite"])
            .await;
        let code = invitation["code"].as_str().expect("a code");
        self.house(other)
            .instance
            .run_json(&["partner", "accept", code])
            .await;
        code.to_owned()
    }

    /// Opens a house's group to a partner.
    pub async fn grant(&self, house: &str, group: &str, partner: &str, can: &str, more: &[&str]) {
        let host = self.house(partner).instance.host();
        let mut arguments = vec!["grant", "add", group, &host, "--can", can];
        arguments.extend(more);
        self.house(house).instance.run_json(&arguments).await;
    }

    /// Somebody: `ada@acme`. The account is made when it is first asked for.
    pub async fn member(&self, who: &str) -> Member {
        let (name, house) = who.split_once('@').expect("name@house");
        let house = self.house(house);
        Member {
            name: name.to_owned(),
            origin: house.instance.origin(),
            address: house.instance.address(),
            host: house.instance.host(),
            token: house.token(name).await,
            client: client(),
        }
    }

    /// Has somebody find a group elsewhere, ask to join, and be let in.
    pub async fn join(&self, who: &str, group: &str, house: &str) -> String {
        let member = self.member(who).await;
        let home = self.house(house);
        let sought = format!("{group}@{}", home.instance.host());
        let mut id = member.try_find(&sought).await;
        if id.is_none() {
            // A server that is asked too much at once does not answer in time; a person looks again.
            eprintln!(
                "{who} does not find {sought} at once\n{}\n{}",
                self.house(who.split_once('@').expect("name@house").1)
                    .instance
                    .said(),
                home.instance.said()
            );
            tokio::time::sleep(Duration::from_secs(21)).await;
            id = member.try_find(&sought).await;
        }
        let id = id.unwrap_or_else(|| panic!("{who} does not find {sought}"));
        let asked = member
            .post(&format!("/api/v1/accounts/{id}/follow"), json!({}))
            .await;
        assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
        let handle = format!("{}@{}", member.name, member.host);
        eventually(&format!("{handle} asks to join {group}"), async || {
            let members = home.instance.run_json(&["member", "list", group]).await;
            let is_here = |row: &Value| row["who"] == handle.as_str();
            members
                .as_array()
                .is_some_and(|rows| rows.iter().any(is_here))
                .then_some(())
        })
        .await;
        home.instance
            .run_json(&["member", "add", group, &handle])
            .await;
        eventually(&format!("{handle} is in {group}"), async || {
            let relation = member
                .get(&format!("/api/v1/accounts/relationships?id[]={id}"))
                .await;
            (relation.body[0]["following"] == true).then_some(())
        })
        .await;
        id
    }

    /// Ada founds a house's group *engineering*.
    pub async fn engineering(&self, house: &str, access: &str, stage: &str) -> Member {
        let ada = self.member(&format!("ada@{house}")).await;
        let house = &self.house(house).instance;
        let (name, title) = ("engineering", "Engineering");
        let found = ["group", "create", name, "--title", title, "--owner", "ada"];
        let access = ["--access", access];
        house.run_json(&[&found[..], &access].concat()).await;
        if stage != "internal" {
            house.run_json(&["group", "stage", name, stage]).await;
        }
        ada
    }

    /// Makes a server of other make a partner, and opens *engineering* to it.
    pub async fn open_to(&self, house: &str, host: &str, more: &[&str]) {
        let house = &self.house(house).instance;
        house.add_partner(host).await;
        let can = ["--can", "read,react,reply,start,attach"];
        let grant = [&["grant", "add", "engineering", host], &can[..], more].concat();
        house.run_json(&grant).await;
    }

    /// The usual beginning: acme's group *engineering* (closed), open to birch, with ada of acme and bo of
    /// birch in it. The group's id at acme and at birch.
    pub async fn bridge(&self) -> (String, String) {
        self.partner("acme", "birch").await;
        self.share().await
    }

    /// The same between organizations that are partners already.
    pub async fn share(&self) -> (String, String) {
        self.engineering("acme", "closed", "partners").await;
        self.grant(
            "acme",
            "engineering",
            "birch",
            "read,react,reply,start",
            &[],
        )
        .await;
        let there = self.join("bo@birch", "engineering", "acme").await;
        let here = self.member("ada@acme").await.find("engineering").await;
        (here, there)
    }
}

impl House {
    /// The same house, opened beside its server: for what no page or command reaches yet.
    pub fn app(&self) -> App {
        let nothing = std::path::Path::new("/dev/null");
        let settings = [("GUILDHALL_DATABASE__POOL_SIZE".to_owned(), "2".to_owned())];
        let settings = self.instance.settings().into_iter().chain(settings);
        let config = config::load(Some(nothing), settings).expect("settings");
        App::open(config).expect("the server's database")
    }

    /// Somebody here lets groups copy what they write, or no more.
    pub async fn allows_copies(&self, name: &str, choice: Mirror) {
        let app = self.app();
        let chosen = mirrors::choose(&app, self.viewer(&app, name).await, choice);
        chosen.await.expect("it is theirs to choose");
    }

    /// Somebody with an account here, as use cases see them.
    pub async fn viewer(&self, app: &App, name: &str) -> Viewer {
        let account = accounts::find(app, Viewer::Operator, name).await;
        accounts::viewer_of(&account.expect("an account"))
    }

    pub async fn start(instance: Instance) -> Self {
        instance
            .run_json(&[
                "init",
                "--name",
                "An Organization",
                "--admin",
                "boss",
                "--email",
                "boss@example.org",
            ])
            .await;
        let server = instance.serve().await;
        Self {
            instance,
            server: Some(server),
            tokens: tokio::sync::Mutex::default(),
        }
    }

    /// A token of somebody here, whose account is made when it is first asked for.
    pub async fn token(&self, name: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(name) {
            return token.clone();
        }
        if name != "boss" {
            let email = format!("{name}@example.org");
            self.instance
                .run_json(&["user", "create", name, "--email", &email])
                .await;
        }
        let made = self
            .instance
            .run_json(&["token", "create", name, "--scopes", "read write follow"])
            .await;
        let token = made["access_token"].as_str().expect("a token").to_owned();
        tokens.insert(name.to_owned(), token.clone());
        token
    }
}

/// Speaks with servers on this machine only: reading the system's certificates would take longer than many a test.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client")
}

/// Asks until there is an answer.
///
/// # Panics
/// When there is none in time, naming `what` was waited for.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Somebody with a token of the Mastodon API.
pub struct Member {
    pub name: String,
    pub origin: String,
    pub host: String,
    pub address: String,
    pub token: String,
    client: reqwest::Client,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Member {
    /// Posts to a server that may be killed meanwhile; none: it did not answer.
    pub async fn try_post(&self, path: &str, body: Value) -> Option<Answer> {
        self.try_ask(reqwest::Method::POST, path, Some(body)).await
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Answer {
        self.try_ask(method, path, body).await.expect("an answer")
    }

    async fn try_ask(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.address))
            .header("host", &self.host)
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.ok()?;
        let status = response.status();
        let text = response.text().await.ok()?;
        Some(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(reqwest::Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(reqwest::Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(reqwest::Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(reqwest::Method::DELETE, path, None).await
    }

    /// The id here of a group, looked up elsewhere where it is not known.
    pub async fn find(&self, handle: &str) -> String {
        let found = self.try_find(handle).await;
        found.unwrap_or_else(|| panic!("{} does not find {handle}", self.name))
    }

    pub async fn try_find(&self, handle: &str) -> Option<String> {
        let query: String = url::form_urlencoded::byte_serialize(handle.as_bytes()).collect();
        let found = self
            .get(&format!(
                "/api/v2/search?q={query}&resolve=true&type=accounts"
            ))
            .await;
        let id = found.body["accounts"][0]["id"].as_str();
        id.map(str::to_owned)
    }

    /// Starts a topic; its status.
    pub async fn topic(&self, group: &str, title: &str, text: &str) -> Value {
        let posted = self
            .post(
                "/api/v1/statuses",
                json!({ "group_id": group, "title": title, "status": text }),
            )
            .await;
        assert_eq!(posted.status, StatusCode::OK, "{posted:?}");
        posted.body
    }

    /// Replies; the answer, whatever it is.
    pub async fn reply(&self, to: &str, text: &str) -> Answer {
        self.post(
            "/api/v1/statuses",
            json!({ "in_reply_to_id": to, "status": text }),
        )
        .await
    }

    pub async fn like(&self, id: &str) -> Answer {
        self.post(&format!("/api/v1/statuses/{id}/favourite"), json!({}))
            .await
    }

    pub async fn unlike(&self, id: &str) -> Answer {
        self.post(&format!("/api/v1/statuses/{id}/unfavourite"), json!({}))
            .await
    }

    /// The home timeline.
    pub async fn home(&self) -> Vec<Value> {
        self.get("/api/v1/timelines/home")
            .await
            .body
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// The status with this address, once it is in the home timeline.
    pub async fn see_topic(&self, uri: &str) -> Value {
        eventually(&format!("{} sees {uri}", self.name), async || {
            self.home()
                .await
                .into_iter()
                .find(|status| status["uri"] == uri)
        })
        .await
    }

    /// The comments below a topic.
    pub async fn comments(&self, topic: &str) -> Vec<Value> {
        let context = self.get(&format!("/api/v1/statuses/{topic}/context")).await;
        context.body["descendants"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// The comment with this address, once it is below the topic.
    pub async fn see_comment(&self, topic: &str, uri: &str) -> Value {
        eventually(&format!("{} sees {uri}", self.name), async || {
            self.comments(topic)
                .await
                .into_iter()
                .find(|status| status["uri"] == uri)
        })
        .await
    }

    /// Everything in the home timeline with its comments: author, text and number of likes, the same on
    /// every server that has heard everything.
    pub async fn sees(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for topic in self.home().await {
            lines.push(self.line(&topic));
            for comment in self.comments(text(&topic["id"])).await {
                lines.push(self.line(&comment));
            }
        }
        lines.sort();
        lines
    }

    fn line(&self, status: &Value) -> String {
        let acct = text(&status["account"]["acct"]);
        let who = if acct.contains('@') {
            acct.to_owned()
        } else {
            format!("{acct}@{}", self.host)
        };
        format!(
            "{} {who} {} likes={} replies={}",
            text(&status["uri"]),
            text(&status["content"]),
            status["favourites_count"],
            status["replies_count"]
        )
    }
}

pub fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}
