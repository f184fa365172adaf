//! The demo, ended while it is still being set up.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use crate::support::leash;
use crate::support::ports::free_port;
use crate::support::process::{Instance, Server};
use crate::support::world::eventually;

/// A demo that is being set up, with a folder of its own for what is temporary.
struct Demo {
    instance: Instance,
    port: u16,
    server: Server,
}

impl Demo {
    /// Starts it and waits until it has made this file.
    async fn start_until(made: &str) -> Self {
        let instance = Instance::new("unused");
        let temporary = instance.file("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let instance = instance.with("TMPDIR", &temporary);
        let port = two_free_ports();
        let server = instance.spawn_with(&["demo", "--port", &port.to_string()]);
        let demo = Self {
            instance,
            port,
            server,
        };
        eventually(&format!("the demo makes {made}"), async || {
            let folder = folders_in(&demo.temporary()).pop()?;
            folder.join(made).exists().then_some(())
        })
        .await;
        demo
    }

    fn temporary(&self) -> PathBuf {
        self.instance.file("temporary")
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Whether a demo could start on this port and the next.
fn are_free(port: u16) -> bool {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    free(port) && free(port + 1)
}

fn two_free_ports() -> u16 {
    loop {
        let port = free_port();
        if free_port() == port + 1 {
            return port;
        }
    }
}

/// Processes that were told of this folder in their environment.
fn processes_of(folder: &Path) -> Vec<PathBuf> {
    let folder = folder.to_str().unwrap().as_bytes();
    let knows = |process: &PathBuf| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.windows(folder.len()).any(|part| part == folder)
    };
    let processes = std::fs::read_dir("/proc").unwrap();
    let processes = processes.map(|entry| entry.unwrap().path());
    processes.filter(knows).collect()
}

#[tokio::test]
async fn a_demo_ended_while_it_is_set_up_leaves_nothing() {
    for (signal, made) in [
        (libc::SIGINT, "acme"),
        (libc::SIGTERM, "acme/server.log"),
        (libc::SIGHUP, "birch/server.log"),
    ] {
        let demo = Demo::start_until(made).await;
        let temporary = demo.temporary();
        assert!(!processes_of(&temporary).is_empty());
        leash::signal(demo.server.pid(), signal);
        let Demo {
            instance,
            port,
            server,
        } = demo;
        let ended = server.wait().await;
        let said = instance.said();
        assert_eq!(ended.code(), Some(0), "{signal} at {made}: {said}");
        assert!(folders_in(&temporary).is_empty(), "{said}");
        assert!(are_free(port), "{said}");
        eventually("nothing of it runs", async || {
            processes_of(&temporary).is_empty().then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn servers_of_a_demo_that_was_killed_end() {
    let demo = Demo::start_until("birch/server.log").await;
    leash::signal(demo.server.pid(), libc::SIGKILL);
    let temporary = demo.temporary();
    eventually("nothing of it runs", async || {
        processes_of(&temporary).is_empty().then_some(())
    })
    .await;
    assert!(are_free(demo.port));
}
