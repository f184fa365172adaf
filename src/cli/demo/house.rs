//! One of the demo's two organizations: its server process, and somebody there who uses it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, ChildStdin, Command};

use super::{items, text, within_patience};
use crate::config::{self, Config};
use crate::domain::Host;
use crate::error::{Error, Result};
use crate::http::Client;

/// A server that was told to stop needs at most ten seconds.
const STOP_WITHIN: Duration = Duration::from_secs(12);

pub(super) struct House {
    name: &'static str,
    organization: &'static str,
    person: &'static str,
    password: String,
    token: String,
    folder: PathBuf,
    config: Config,
    variables: Vec<(String, String)>,
    client: Client,
    server: Option<Server>,
}

/// A server that runs as long as we do.
struct Server {
    process: Child,
    /// The other end of its standard input. It stops when this is closed: by us, or by the system when
    /// we are gone, however that came.
    line: ChildStdin,
}

impl House {
    /// An organization in a folder of its own, with one person who administers and uses it. Makes
    /// nothing yet.
    pub fn new(
        folder: &Path,
        name: &'static str,
        organization: &'static str,
        person: &'static str,
        port: u16,
    ) -> Result<Self> {
        let folder = folder.join(name);
        let variables = variables(&folder, name, port);
        let config = config::load(Some(Path::new("/dev/null")), variables.clone())?;
        let client = Client::new(&config.public_url, &config.federation, &config.limits);
        let password = crate::crypto::random_secret()?
            .chars()
            .take(16)
            .collect::<String>();
        Ok(Self {
            name,
            organization,
            person,
            password,
            token: String::new(),
            folder,
            config,
            variables,
            client,
            server: None,
        })
    }

    /// Founds it.
    pub async fn found(&mut self) -> Result<()> {
        crate::cli::make_private_folder(&self.folder)?;
        let file = self.folder.join("password");
        write_private(&file, &self.password)?;
        let file = file.to_string_lossy().into_owned();
        let email = format!("{}@{}.example", self.person, self.name);
        self.command(&[
            "init",
            "--name",
            self.organization,
            "--admin",
            self.person,
            "--email",
            &email,
            "--password-file",
            &file,
        ])
        .await?;
        let made = self
            .command(&[
                "token",
                "create",
                self.person,
                "--scopes",
                "read write follow",
            ])
            .await?;
        self.token = text(&made, "access_token")?.to_owned();
        Ok(())
    }

    pub fn host(&self) -> &Host {
        self.config.host()
    }

    /// Runs a command of ours in this house, as its operator would; its JSON.
    pub async fn command(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = self.program()?;
        let ran = command
            .args(arguments)
            .arg("--json")
            .output()
            .await
            .map_err(Error::internal)?;
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr);
            let said = said
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("guildhall: ")
                .to_owned();
            return Err(Error::Unavailable(format!("at {}: {said}", self.name)));
        }
        serde_json::from_slice(&ran.stdout).map_err(Error::internal)
    }

    fn program(&self) -> Result<Command> {
        let program = std::env::current_exe().map_err(Error::internal)?;
        let mut command = Command::new(program);
        command
            .args(["--config", "/dev/null"])
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }

    pub async fn start(&mut self) -> Result<()> {
        let log = std::fs::File::create(self.log()).map_err(Error::internal)?;
        let mut command = self.program()?;
        // A Ctrl-C at the terminal goes to the demo alone, which then stops its servers in order.
        command
            .args(["serve", "--until-input-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0);
        let mut process = command.spawn().map_err(Error::internal)?;
        // Taken out, for waiting for a process closes what is left in it.
        let line = process.stdin.take();
        let line = line.ok_or_else(|| Error::internal("a server without standard input"))?;
        self.server = Some(Server { process, line });
        let mut ended = false;
        within_patience(&format!("{} is not ready", self.name), async || {
            ended = self
                .server
                .as_mut()
                .is_some_and(|server| matches!(server.process.try_wait(), Ok(Some(_))));
            if ended {
                return Ok(Some(()));
            }
            let ready = self.client.get(&self.url("/readyz")?, &[]).await;
            Ok(ready.is_ok_and(|answer| answer.status == 200).then_some(()))
        })
        .await?;
        if ended {
            Err(self.last_words())
        } else {
            Ok(())
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn last_words(&self) -> Error {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let said = log
            .lines()
            .last()
            .unwrap_or("it said nothing")
            .trim_start_matches("guildhall: ");
        Error::Unavailable(format!("the server of {} ended: {said}", self.name))
    }

    /// Returns when the server ends by itself.
    pub async fn ended(&mut self) -> Error {
        match &mut self.server {
            Some(server) => {
                let _ = server.process.wait().await;
                self.last_words()
            }
            None => std::future::pending().await,
        }
    }

    /// Stops the server in order, where there is one.
    pub async fn stop(&mut self) {
        let Some(Server { mut process, line }) = self.server.take() else {
            return;
        };
        drop(line);
        if tokio::time::timeout(STOP_WITHIN, process.wait())
            .await
            .is_err()
        {
            let _ = process.kill().await;
        }
    }

    // As somebody who uses it ----------------------------------------------------------------------

    fn url(&self, path: &str) -> Result<url::Url> {
        format!("{}{path}", self.config.public_url)
            .parse()
            .map_err(Error::internal)
    }

    fn bearer(&self) -> (&'static str, String) {
        ("authorization", format!("Bearer {}", self.token))
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(&self.url(path)?, &[self.bearer()]).await?;
        if answer.status != 200 {
            return Err(Error::Unavailable(format!(
                "{} answered {} to {path}",
                self.name, answer.status
            )));
        }
        serde_json::from_slice(&answer.body).map_err(Error::internal)
    }

    /// Posts JSON. The answer is short of nothing the demo needs: ids come first.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let headers = [
            self.bearer(),
            ("content-type", "application/json".to_owned()),
        ];
        let answer = self
            .client
            .post(&self.url(path)?, &headers, body.to_string(), None)
            .await?;
        if !(200..300).contains(&answer.status) {
            return Err(Error::Unavailable(format!(
                "{} answered {} to {path}: {}",
                self.name, answer.status, answer.text
            )));
        }
        serde_json::from_str(&answer.text).map_err(Error::internal)
    }

    /// Finds a group by its handle, here or elsewhere; its id.
    pub async fn find(&self, handle: &str) -> Result<String> {
        let query: String = url::form_urlencoded::byte_serialize(handle.as_bytes()).collect();
        let found = self
            .get(&format!(
                "/api/v2/search?q={query}&resolve=true&type=accounts"
            ))
            .await?;
        let account = items(&found["accounts"]).next();
        let account = account
            .ok_or_else(|| Error::Unavailable(format!("{} does not find {handle}", self.name)))?;
        Ok(text(account, "id")?.to_owned())
    }

    /// Posts a topic; its address, which is the same everywhere.
    pub async fn post_topic(&self, group: &str, title: &str, body: &str) -> Result<String> {
        let status = json!({ "group_id": group, "title": title, "status": body });
        let posted = self.post("/api/v1/statuses", status).await?;
        Ok(text(&posted, "uri")?.to_owned())
    }

    /// Waits for a topic to arrive; its id here.
    pub async fn await_topic(&self, uri: &str) -> Result<String> {
        within_patience(&format!("{uri} did not reach {}", self.name), async || {
            let home = self.get("/api/v1/timelines/home").await?;
            items(&home)
                .find(|status| status["uri"] == uri)
                .map(|status| text(status, "id").map(str::to_owned))
                .transpose()
        })
        .await
    }

    /// Replies; the reply's address.
    pub async fn reply(&self, id: &str, body: &str) -> Result<String> {
        let posted = self
            .post(
                "/api/v1/statuses",
                json!({ "in_reply_to_id": id, "status": body }),
            )
            .await?;
        Ok(text(&posted, "uri")?.to_owned())
    }

    /// Waits for a reply to a topic to arrive; its id here.
    pub async fn await_reply(&self, topic: &str, reply: &str) -> Result<String> {
        let topic = self.await_topic(topic).await?;
        within_patience(
            &format!("{reply} did not reach {}", self.name),
            async || {
                let context = self
                    .get(&format!("/api/v1/statuses/{topic}/context"))
                    .await?;
                let found = items(&context["descendants"]).find(|status| status["uri"] == reply);
                found
                    .map(|status| text(status, "id").map(str::to_owned))
                    .transpose()
            },
        )
        .await
    }

    /// What the person sees: one line a topic or comment, the same on both sides when they agree.
    pub async fn see(&self) -> Result<Vec<String>> {
        let home = self.get("/api/v1/timelines/home").await?;
        let mut topics: Vec<&Value> = items(&home).collect();
        topics.sort_by_key(|topic| topic["created_at"].as_str().map(str::to_owned));
        let mut lines = Vec::new();
        for topic in topics {
            lines.push(self.line(topic));
            let context = self
                .get(&format!("/api/v1/statuses/{}/context", text(topic, "id")?))
                .await?;
            lines.extend(
                items(&context["descendants"]).map(|comment| format!("    {}", self.line(comment))),
            );
        }
        Ok(lines)
    }

    fn line(&self, status: &Value) -> String {
        let author = status["account"]["acct"].as_str().unwrap_or_default();
        let author = if author.contains('@') {
            author.to_owned()
        } else {
            format!("{author}@{}", self.host())
        };
        let likes = status["favourites_count"].as_u64().unwrap_or_default();
        let likes = match likes {
            0 => String::new(),
            1 => "  ♥ 1".to_owned(),
            more => format!("  ♥ {more}"),
        };
        let words =
            crate::domain::markup::plain_text(status["content"].as_str().unwrap_or_default(), 70);
        format!("{author}: {words}{likes}")
    }

    pub fn describe(&self, sees: &[String]) -> Value {
        json!({
            "name": self.name,
            "organization": self.organization,
            "url": self.config.public_url,
            "login": self.person,
            "password": self.password,
            "token": self.token,
            "sees": sees,
        })
    }

    pub fn tell(&self, sees: &[String]) -> String {
        let Self {
            organization,
            person,
            password,
            ..
        } = self;
        let origin = &self.config.public_url;
        let seen = sees
            .iter()
            .map(|line| format!("    {line}"))
            .collect::<Vec<_>>()
            .join("\n");
        format!(
            "\n{organization}  {origin}\n  sign in as {person} with {password}\n  {person} sees\n{seen}"
        )
    }
}

fn write_private(file: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let opened = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(Error::internal)
}

fn variables(folder: &Path, name: &str, port: u16) -> Vec<(String, String)> {
    let set = |key: &str, value: String| (format!("GUILDHALL_{key}"), value);
    vec![
        set("PUBLIC_URL", format!("http://{name}.localhost:{port}")),
        set("LISTEN", format!("127.0.0.1:{port}")),
        set("DATA_DIR", folder.to_string_lossy().into_owned()),
        set("FEDERATION__ALLOW_HTTP", "true".into()),
        set("FEDERATION__ALLOW_ADDRESSES", "[\"127.0.0.0/8\"]".into()),
    ]
}
