//! A headless Chromium that a test drives as a person would.
//!
//! Each browser is a driver process, a profile and a session of its own. It sees `*.localhost` as
//! loopback and nothing beyond this machine.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};

use super::leash::{self, End, Held};
use super::requirements::{find_program, skip};

/// Times that a page may change while its text is read.
const TEXT_TRIES_MAX: u32 = 20;
/// Times that a driver may meet somebody on the port it chose.
const DRIVER_STARTS_MAX: u32 = 10;

const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,960",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
];

/// Whether pages may run their scripts: every page has to work both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// A new browser; none where Chromium or its driver is not installed, which it says loudly.
pub async fn browser() -> Option<Browser> {
    browser_with(Scripts::On).await
}

/// The same, with or without JavaScript.
pub async fn browser_with(scripts: Scripts) -> Option<Browser> {
    let programs = find_program(&["chromedriver"]).zip(find_program(&[
        "chromium",
        "chromium-browser",
        "google-chrome",
    ]));
    let Some((driver, chromium)) = programs else {
        skip("browser", "chromium and chromedriver not found on the PATH");
        return None;
    };
    Some(Browser::start(&driver, &chromium, scripts).await)
}

/// A browser with one session. Everything of [`Client`] works on it; dropping it closes it.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    driver: Driver,
    chromium: Option<(u32, Held)>,
    _profile: tempfile::TempDir,
}

#[derive(Debug)]
struct Driver {
    process: Child,
    _leash: Held,
    url: String,
    /// Open as long as the driver runs: it would die of writing to a closed one.
    _output: BufReader<ChildStdout>,
}

impl Browser {
    async fn start(driver: &Path, chromium: &Path, scripts: Scripts) -> Self {
        let profile = tempfile::Builder::new()
            .prefix("guildhall-browser-")
            .tempdir();
        let profile = profile.expect("a temporary folder");
        leash::remove_at_end(profile.path());
        let driver = Driver::start(driver, profile.path());
        let options = json!({
            "goog:chromeOptions": {
                "binary": chromium,
                "args": arguments(profile.path()),
                "prefs": preferences(scripts),
            }
        });
        let Value::Object(capabilities) = options else {
            unreachable!("it is an object")
        };
        let client = ClientBuilder::native()
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .expect("chromedriver opens a session");
        // The driver starts Chromium in a group of its own, so it needs a leash of its own.
        let chromium = process_id(&client).map(|pid| (pid, leash::hold(pid, End::Kill)));
        Self {
            client,
            driver,
            chromium,
            _profile: profile,
        }
    }

    /// Saves what the window shows as `target/screenshots/NAME.png` and answers that path.
    pub async fn screenshot_as(&self, name: &str) -> PathBuf {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("target/tmp");
        let folder = target.join("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder in target");
        let file = folder.join(format!("{name}.png"));
        let picture = self.client.screenshot().await.expect("a screenshot");
        std::fs::write(&file, picture).expect("a file in target");
        file
    }

    /// The same of the whole page, down to its end.
    pub async fn screenshot_whole_as(&self, name: &str) -> PathBuf {
        use base64::Engine as _;
        let file = self.screenshot_as(name).await;
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.devtools("Page.captureScreenshot", whole).await;
        let picture = answer["data"].as_str().expect("a picture");
        let picture = base64::engine::general_purpose::STANDARD.decode(picture);
        std::fs::write(&file, picture.expect("Base64")).expect("a file in target");
        file
    }

    /// Shows pages as wide as on another screen, in `light` or `dark`.
    pub async fn pretend(&self, width: u32, scheme: &str) {
        let screen =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", screen)
            .await;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// What WebDriver has no words for, in those of Chromium's own protocol.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let session = self.client.session_id().await.expect("a session");
        let session = session.expect("a session");
        let address = format!("{}/session/{session}/goog/cdp/execute", self.driver.url);
        let body = json!({ "cmd": command, "params": parameters });
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .build()
            .expect("a client");
        let answer = client.post(address).json(&body).send().await;
        let answer: Value = answer.expect("an answer").json().await.expect("JSON");
        answer["value"].clone()
    }

    /// The text a person sees on the whole page.
    pub async fn text(&self) -> String {
        let mut tries = 0;
        loop {
            let body = fantoccini::Locator::Css("body");
            let body = self.client.wait().for_element(body).await;
            let body = body.expect("a page");
            match body.text().await {
                Ok(text) => return text,
                // A click does not wait for the page it leads to, which may come in between.
                Err(error) if error.is_stale_element_reference() && tries < TEXT_TRIES_MAX => {
                    tries += 1;
                }
                Err(error) => panic!("its text: {error}"),
            }
        }
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some((pid, _)) = self.chromium.take() {
            leash::signal(pid, libc::SIGKILL);
        }
        let _ = self.driver.process.kill();
        let _ = self.driver.process.wait();
    }
}

impl Driver {
    /// Starts a driver on a port it chooses itself, and reads which.
    ///
    /// The driver takes a free port of `::1` and then the same one of `127.0.0.1`: where somebody
    /// else has that one, as may be among many servers that are tested at once, it gives up.
    fn start(program: &Path, home: &Path) -> Self {
        let mut said = String::new();
        for _ in 0..DRIVER_STARTS_MAX {
            match Self::try_to_start(program, home) {
                Ok(driver) => return driver,
                Err(why) => said.push_str(&why),
            }
        }
        panic!("chromedriver ended without naming its port, {DRIVER_STARTS_MAX} times:\n{said}");
    }

    /// One driver, or all that it said before it ended.
    fn try_to_start(program: &Path, home: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.arg("--port=0").env("HOME", home).process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().expect("chromedriver starts");
        let leash = leash::hold(process.id(), End::Kill);
        let mut output = BufReader::new(process.stdout.take().expect("its output is a pipe"));
        let mut said = String::new();
        let port = loop {
            let read = output.read_line(&mut said);
            if read.expect("chromedriver writes text") == 0 {
                process.wait().expect("chromedriver is ours to wait for");
                return Err(said);
            }
            if let Some(port) = port_in(&said) {
                break port;
            }
        };
        Ok(Self {
            process,
            _leash: leash,
            url: format!("http://127.0.0.1:{port}"),
            _output: output,
        })
    }
}

/// The port in "ChromeDriver was started successfully on port 41237."
fn port_in(said: &str) -> Option<u16> {
    let (_, port) = said.split_once("successfully on port ")?;
    port.trim_end().trim_end_matches('.').parse().ok()
}

fn arguments(profile: &Path) -> Vec<String> {
    let profile = format!("--user-data-dir={}", profile.display());
    ARGUMENTS
        .iter()
        .map(|&argument| argument.to_owned())
        .chain([profile])
        .collect()
}

fn preferences(scripts: Scripts) -> Value {
    match scripts {
        Scripts::On => json!({}),
        Scripts::Off => json!({ "profile.managed_default_content_settings.javascript": 2 }),
    }
}

fn process_id(client: &Client) -> Option<u32> {
    let id = client.capabilities()?.get("goog:processID")?.as_u64()?;
    u32::try_from(id).ok()
}
