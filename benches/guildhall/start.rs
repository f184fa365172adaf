//! How soon the server is there, and what it needs to do nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::house::House;
use crate::limits::Limits;
use crate::report::{Row, percentile};

const STARTS: usize = 9;
/// By then it has made its spare keys.
const IDLE_AFTER: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub fn measure(_: &Limits) -> Vec<Row> {
    let house = House::found(None);
    let group = house.group("engineering");
    house.topics(&group, 20);
    let mut starts: Vec<f64> = (0..STARTS)
        .map(|_| {
            let begun = Instant::now();
            let server = house.run(async { house.instance.spawn() });
            while !is_ready(house.port()) {
                assert!(
                    begun.elapsed() < Duration::from_secs(60),
                    "{}",
                    house.instance.said()
                );
                std::thread::sleep(Duration::from_millis(1));
            }
            let took = begun.elapsed();
            house.stop(server);
            took.as_secs_f64() * 1_000.0
        })
        .collect();
    let server = house.serve();
    std::thread::sleep(IDLE_AFTER);
    let resident = resident(server.pid());
    house.stop(server);
    vec![
        Row::new(
            "start to ready, existing database, median of 9",
            percentile(&mut starts, 0.5),
            "ms",
        )
        .at_most(200.0),
        Row::new("resident memory, idle", resident, "MiB").at_most(40.0),
    ]
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: acme\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// MiB.
fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1_024.0
}

/// Looks at the memory of a process while something else happens.
pub struct Resident {
    done: Arc<AtomicBool>,
    watching: JoinHandle<f64>,
}

impl Resident {
    pub fn watch(pid: u32) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&done);
        let watching = std::thread::spawn(move || {
            let mut most: f64 = 0.0;
            while !until.load(Ordering::Relaxed) {
                most = most.max(resident(pid));
                std::thread::sleep(LOOK_EVERY);
            }
            most
        });
        Self { done, watching }
    }

    /// The most that was resident at once, MiB.
    pub fn most(self) -> f64 {
        self.done.store(true, Ordering::Relaxed);
        self.watching.join().unwrap()
    }
}
