//! How soon the server is there, and what it needs to do nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::house::House;
use crate::limits::Limits;
use crate::report::{Row, percentile};

const STARTS: usize = 9;
/// By then it has made its spare keys.
const IDLE_AFTER: Duration = Duration::from_secs(15);

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
