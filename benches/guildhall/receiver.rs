//! Other organizations' servers, as far as deliveries notice: one listener for all their names, that
//! reads each request and answers 202, at once or after a while.

use std::sync::mpsc::{Receiver as Channel, Sender, channel};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::load::{content_length, find};
use crate::support::ports::free_port;

/// Something that arrived.
pub struct Arrived {
    pub at: Instant,
    pub host: String,
    pub body: Vec<u8>,
}

impl Arrived {
    /// What follows `mark` in the body, up to the next character that is neither digit nor hyphen.
    pub fn after(&self, mark: &str) -> Option<&str> {
        let begin = find(&self.body, mark.as_bytes())? + mark.len();
        let rest = &self.body[begin..];
        let end = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit() && *byte != b'-')
            .unwrap_or(rest.len());
        std::str::from_utf8(&rest[..end]).ok()
    }
}

/// A running receiver, on a thread of its own. It runs until the program ends.
pub struct Receiver {
    pub port: u16,
    arrived: Channel<Arrived>,
}

impl Receiver {
    pub fn start(delay: Duration) -> Self {
        let port = free_port();
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (sender, arrived) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                listen(listener, delay, sender).await;
            });
        });
        Self { port, arrived }
    }

    /// The next `count` things that arrive.
    pub fn take(&self, count: usize, within: Duration) -> Vec<Arrived> {
        let until = Instant::now() + within;
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            match self
                .arrived
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(one) => taken.push(one),
                Err(_) => panic!("{} of {count} arrived within {within:?}", taken.len()),
            }
        }
        taken
    }

    /// Everything that arrived until now and was not taken.
    pub fn take_all(&self) -> Vec<Arrived> {
        self.arrived.try_iter().collect()
    }

    /// How many arrived that nobody asked for.
    pub fn drain(&self) -> usize {
        self.arrived.try_iter().count()
    }
}

async fn listen(listener: TcpListener, delay: Duration, sender: Sender<Arrived>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        tokio::spawn(converse(stream, delay, sender.clone()));
    }
}

async fn converse(mut stream: TcpStream, delay: Duration, sender: Sender<Arrived>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(8 * 1_024);
    loop {
        let Some(head) = find(&buffer, b"\r\n\r\n") else {
            match stream.read_buf(&mut buffer).await {
                Ok(count) if count > 0 => continue,
                _ => return,
            }
        };
        let end = head + 4 + content_length(&buffer[..head]);
        while buffer.len() < end {
            match stream.read_buf(&mut buffer).await {
                Ok(count) if count > 0 => {}
                _ => return,
            }
        }
        let at = Instant::now();
        let found = buffer.starts_with(b"POST ");
        if found {
            let arrived = Arrived {
                at,
                host: host(&buffer[..head]),
                body: buffer[head + 4..end].to_vec(),
            };
            let _ = sender.send(arrived);
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        buffer.drain(..end);
        let answer: &[u8] = if found {
            b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
        } else {
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        };
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

fn host(head: &[u8]) -> String {
    let name = b"\r\nhost:";
    let at = head
        .windows(name.len())
        .position(|window| window.eq_ignore_ascii_case(name));
    let value = at.map_or(&[][..], |at| &head[at + name.len()..]);
    let end = value
        .iter()
        .position(|byte| *byte == b'\r')
        .unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).trim().to_owned()
}
