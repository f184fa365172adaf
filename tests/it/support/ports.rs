//! Ports that stay ours while a test stops and starts a server on them.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

/// Below Linux's ephemeral range (from 32768): a port from there could become the near end of some
/// outgoing connection while its server is down, and the server could then not start again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

static HANDED_OUT: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A loopback port that nobody listens on and that this process gives out only once.
pub fn free_port() -> u16 {
    let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    // Start elsewhere in every process, so that two test binaries at once rarely meet.
    let offset = std::process::id() % u32::from(PORTS.end - PORTS.start);
    let offset = u16::try_from(offset).expect("the range of ports fits");
    let port = (PORTS.start + offset..PORTS.end)
        .chain(PORTS)
        .find(|port| !handed_out.contains(port) && is_free(*port))
        .expect("a free loopback port");
    handed_out.insert(port);
    port
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
