//! Load as cheap as it can be made, because it shares the cores with what it measures: prepared
//! bytes, a few kept connections, one request at a time on each, one thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use guildhall::http::Headers;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Connections at once.
pub const CONNECTIONS: usize = 64;

/// What came of it.
pub struct Outcome {
    pub begun: Instant,
    pub took: Duration,
    pub accepted: usize,
    /// Status of every other answer.
    pub refused: Vec<u16>,
}

impl Outcome {
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub fn rate(&self) -> f64 {
        assert!(
            self.refused.is_empty(),
            "{} requests were refused, with {:?} and others",
            self.refused.len(),
            self.refused.first()
        );
        self.accepted as f64 / self.took.as_secs_f64()
    }
}

/// The bytes of a request; `line` is method and path. An empty body is none.
pub fn request(line: &str, headers: &Headers, body: &str) -> Vec<u8> {
    let mut request = format!("{line} HTTP/1.1\r\nuser-agent: bench\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if body.is_empty() {
        request.push_str("accept: application/activity+json\r\n\r\n");
    } else {
        request.push_str("content-type: application/activity+json\r\n");
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    }
    request.into_bytes()
}

/// Sends all requests, each once.
pub fn run(port: u16, requests: Arc<Vec<Vec<u8>>>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(send(port, requests))
}

async fn send(port: u16, requests: Arc<Vec<Vec<u8>>>) -> Outcome {
    let next = Arc::new(AtomicUsize::new(0));
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for stream in streams {
        running.spawn(converse(stream, Arc::clone(&next), Arc::clone(&requests)));
    }
    let mut outcome = Outcome {
        begun,
        took: Duration::ZERO,
        accepted: 0,
        refused: Vec::new(),
    };
    while let Some(one) = running.join_next().await {
        let (accepted, refused) = one.unwrap();
        outcome.accepted += accepted;
        outcome.refused.extend(refused);
    }
    outcome.took = begun.elapsed();
    outcome
}

async fn converse(
    mut stream: TcpStream,
    next: Arc<AtomicUsize>,
    requests: Arc<Vec<Vec<u8>>>,
) -> (usize, Vec<u16>) {
    let (mut accepted, mut refused) = (0, Vec::new());
    let mut answer = Vec::with_capacity(4_096);
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        stream.write_all(request).await.unwrap();
        match read_answer(&mut stream, &mut answer).await {
            200..=299 => accepted += 1,
            status => refused.push(status),
        }
    }
    (accepted, refused)
}

/// Sends one request over a connection of its own and gives the body of the answer, which is 200.
pub async fn ask(port: u16, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let status = read_answer(&mut stream, &mut answer).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    let head = find(&answer, b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}

/// Reads one answer to its end and gives its status.
pub async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    loop {
        let count = stream.read_buf(buffer).await.unwrap();
        assert!(count > 0, "the server closed the connection");
        let Some(head) = find(buffer, b"\r\n\r\n") else {
            continue;
        };
        let length = content_length(&buffer[..head]);
        if buffer.len() >= head + 4 + length {
            return std::str::from_utf8(&buffer[9..12])
                .unwrap()
                .parse()
                .unwrap();
        }
    }
}

pub fn content_length(head: &[u8]) -> usize {
    let name = b"content-length:";
    let at = head
        .windows(name.len())
        .position(|window| window.eq_ignore_ascii_case(name));
    let Some(at) = at else { return 0 };
    let digits = head[at + name.len()..].iter();
    digits
        .skip_while(|byte| **byte == b' ')
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
}

pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
