//! `guildhall demo`: two organizations on this machine, working together.
//!
//! Nothing here is a short cut: two server processes with databases of their own, set up with the
//! commands an operator would type and used through the address a client would use.

mod house;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{Output, Progress};
use crate::domain::Host;
use crate::error::{Error, Result};
use house::House;

#[derive(clap::Args)]
pub struct Options {
    /// Port of the first server; the second takes the next one
    #[arg(long, default_value_t = 8601, value_parser = clap::value_parser!(u16).range(1_024..=65_534))]
    port: u16,
    /// Keep the two houses' data in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// How long news may take from one house to the other.
const PATIENCE: Duration = Duration::from_secs(30);
/// Times that the removal of the folder is tried.
const REMOVALS_MAX: usize = 40;
const GROUP: &str = "engineering";

pub async fn run(options: Options, output: Output) -> Result<()> {
    // Before anything is made: whatever comes from here on, nothing is left behind.
    let mut ending = Ending::listen()?;
    for port in [options.port, options.port + 1] {
        // Another demo there would answer in our server's place.
        refuse_taken(port)?;
    }
    let folder = Folder::make(options.keep.as_deref())?;
    let outcome = play(&folder, options.port, output, &mut ending).await;
    outcome.and(folder.remove().await)
}

/// Runs both houses until somebody ends the demo or something fails; then neither runs.
async fn play(folder: &Folder, port: u16, output: Output, ending: &mut Ending) -> Result<()> {
    let mut acme = House::new(&folder.path, "acme", "Acme Bridges", "ada", port)?;
    let mut birch = House::new(&folder.path, "birch", "Birch Timber", "bo", port + 1)?;
    let progress = Progress::start(7);
    let outcome = tokio::select! {
        outcome = show(&mut acme, &mut birch, &progress, folder, output) => outcome,
        () = ending.came() => Ok(()),
    };
    progress.end();
    tokio::join!(acme.stop(), birch.stop());
    outcome
}

/// Everything there is to see, which then stays until one of the servers ends by itself.
async fn show(
    acme: &mut House,
    birch: &mut House,
    progress: &Progress,
    folder: &Folder,
    output: Output,
) -> Result<()> {
    let step = |what: &str| progress.next(what);

    step("founding acme and birch");
    acme.found().await?;
    birch.found().await?;
    progress.done();

    step("starting their servers");
    acme.start().await?;
    birch.start().await?;
    progress.done();

    step("making them partners with an invitation code");
    become_partners(acme, birch).await?;
    progress.done();

    step("opening acme's group to birch");
    open_group(acme, birch.host()).await?;
    progress.done();

    step("bo asks to join from birch, ada lets bo in");
    join(acme, birch).await?;
    progress.done();

    step("people on both sides post, comment and like");
    talk(acme, birch).await?;
    progress.done();

    step("waiting until both sides have heard everything");
    let (here, there) = agree(acme, birch).await?;
    progress.done();
    progress.end();

    tell(acme, birch, &here, &there, folder, output)?;
    Err(tokio::select! {
        error = acme.ended() => error,
        error = birch.ended() => error,
    })
}

fn refuse_taken(port: u16) -> Result<()> {
    let free = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port));
    free.map(drop).map_err(|error| {
        Error::Unavailable(format!(
            "127.0.0.1:{port} cannot be used ({error}); choose two free ports with --port"
        ))
    })
}

async fn become_partners(acme: &House, birch: &House) -> Result<()> {
    let invitation = acme
        .command(&["partner", "invite", "--class", "supplier"])
        .await?;
    birch
        .command(&["partner", "accept", text(&invitation, "code")?])
        .await?;
    Ok(())
}

async fn open_group(acme: &House, partner: &Host) -> Result<()> {
    acme.command(&[
        "group",
        "create",
        GROUP,
        "--title",
        "Engineering",
        "--access",
        "closed",
        "--owner",
        "ada",
    ])
    .await?;
    acme.command(&["group", "stage", GROUP, "partners"]).await?;
    acme.command(&[
        "grant",
        "add",
        GROUP,
        partner.as_str(),
        "--can",
        "read,react,reply,start,attach",
    ])
    .await?;
    Ok(())
}

async fn join(acme: &House, birch: &House) -> Result<()> {
    let group = birch.find(&format!("{GROUP}@{}", acme.host())).await?;
    birch
        .post(&format!("/api/v1/accounts/{group}/follow"), json!({}))
        .await?;
    let bo = format!("bo@{}", birch.host());
    // Ada lets bo in as soon as the request arrived.
    within_patience("bo's request did not arrive", async || {
        let members = acme.command(&["member", "list", GROUP]).await?;
        Ok(items(&members)
            .any(|member| member["who"] == bo.as_str())
            .then_some(()))
    })
    .await?;
    acme.command(&["member", "add", GROUP, &bo]).await?;
    within_patience("bo did not get in", async || {
        let relation = birch
            .get(&format!("/api/v1/accounts/relationships?id[]={group}"))
            .await?;
        Ok(items(&relation)
            .any(|relation| relation["following"] == true)
            .then_some(()))
    })
    .await
}

async fn talk(acme: &House, birch: &House) -> Result<()> {
    let here = acme.find(GROUP).await?;
    let there = birch.find(&format!("{GROUP}@{}", acme.host())).await?;

    let opening = acme
        .post_topic(
            &here,
            "Bridge opens Monday",
            "The **inspection** went well. Who brings the ribbon?",
        )
        .await?;
    let at_birch = birch.await_topic(&opening).await?;
    let ribbon = birch
        .reply(&at_birch, "We do: five metres, birch green.")
        .await?;
    birch
        .post(&format!("/api/v1/statuses/{at_birch}/favourite"), json!({}))
        .await?;

    let timber = birch
        .post_topic(
            &there,
            "Timber for the handrail",
            "Larch or oak? Samples can be with you on Thursday.",
        )
        .await?;
    let at_acme = acme.await_topic(&timber).await?;
    acme.reply(&at_acme, "Oak, please. Thursday is fine.")
        .await?;
    acme.post(&format!("/api/v1/statuses/{at_acme}/favourite"), json!({}))
        .await?;

    let ribbon_here = acme.await_reply(&opening, &ribbon).await?;
    acme.post(
        &format!("/api/v1/statuses/{ribbon_here}/favourite"),
        json!({}),
    )
    .await?;
    Ok(())
}

/// Waits until both sides see the same texts and numbers; what each sees.
async fn agree(acme: &House, birch: &House) -> Result<(Vec<String>, Vec<String>)> {
    within_patience("the two sides do not agree", async || {
        let (here, there) = (acme.see().await?, birch.see().await?);
        // Two topics with one comment each, and three likes.
        Ok((here == there && here.len() == 4).then_some((here, there)))
    })
    .await
}

/// Asks again and again until there is an answer.
async fn within_patience<T>(
    problem: &str,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let asking = async {
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Unavailable(format!(
            "{problem} within {} seconds",
            PATIENCE.as_secs()
        ))),
    }
}

fn tell(
    acme: &House,
    birch: &House,
    here: &[String],
    there: &[String],
    folder: &Folder,
    output: Output,
) -> Result<()> {
    let document = json!({
        "folder": folder.path,
        "houses": [acme.describe(here), birch.describe(there)],
    });
    let sentence = format!(
        "{}\n{}\n{}",
        acme.tell(here),
        birch.tell(there),
        folder.tell()
    );
    output.made(&document, sentence)
}

/// What ends a demo: Ctrl-C, SIGTERM, or that its terminal is gone.
struct Ending {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Ending {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(Error::internal);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn came(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

/// Where the two houses keep their data; gone at the end unless it is to be kept.
struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    fn make(keep: Option<&Path>) -> Result<Self> {
        let path = match keep {
            Some(path) => path.to_path_buf(),
            None => std::env::temp_dir().join(format!(
                "guildhall-demo-{}",
                crate::domain::hex(&crate::crypto::random_bytes::<4>()?)
            )),
        };
        if path.join("acme").exists() {
            return Err(Error::Conflict(format!(
                "{} holds a demo already: choose an empty folder",
                path.display()
            )));
        }
        crate::cli::make_private_folder(&path)?;
        Ok(Self {
            path,
            kept: keep.is_some(),
        })
    }

    fn tell(&self) -> String {
        let fate = if self.kept {
            "is kept"
        } else {
            "is removed at the end"
        };
        format!(
            "Their data is in {} and {fate}. Ctrl-C ends the demo.",
            self.path.display()
        )
    }

    /// Removes it, unless it is to be kept.
    async fn remove(self) -> Result<()> {
        if self.kept {
            return Ok(());
        }
        for _ in 0..REMOVALS_MAX {
            if std::fs::remove_dir_all(&self.path).is_ok() {
                return Ok(());
            }
            // A command that was cut short may just have made another file there.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Error::Unavailable(format!(
            "the folder {} could not be removed",
            self.path.display()
        )))
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field]
        .as_str()
        .ok_or_else(|| Error::internal(format!("an answer lacks {field}: {value}")))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
