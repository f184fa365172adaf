//! The wire between the organizations: every house is reached through a listener of ours, which keeps what
//! goes by and fails as networks and other people's servers fail.
//!
//! It copies bytes and knows nothing of Guildhall's code, so that the two cannot share a mistake.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const HEAD_BYTES_MAX: usize = 64 * 1_024;
/// How long a house may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What befalls requests from one house to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is heard and answered with 503, by whatever stands before the house.
    Refuses,
    /// It is heard, and then nothing more is: the house is down.
    HangsUp,
    /// It arrives and is answered, and the answer is lost.
    LosesAnswers,
    /// It arrives twice.
    ArrivesTwice,
}

pub const FAULTS: &[Fault] = &[
    Fault::Refuses,
    Fault::HangsUp,
    Fault::LosesAnswers,
    Fault::ArrivesTwice,
];

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The house that signed it; none: nobody's signature.
    pub from: Option<usize>,
    /// The address of the actor that signed it.
    pub signer: Option<String>,
    /// The house it was for.
    pub to: usize,
    pub method: String,
    pub target: String,
    pub sent: Vec<u8>,
    /// It was handed to the house.
    pub arrived: bool,
    /// What the house answered, each time it arrived.
    pub answers: Vec<(u16, Vec<u8>)>,
    /// The last answer reached whoever asked.
    pub answered: bool,
    /// Microseconds by the houses' clocks.
    pub began: i64,
    pub ended: i64,
}

impl Exchange {
    pub fn is_delivery(&self) -> bool {
        self.method == "POST" && self.target.ends_with("/inbox")
    }

    /// What whoever asked was told.
    pub fn last_status(&self) -> Option<u16> {
        self.answers.last().map(|(status, _)| *status)
    }

    /// It arrived and was taken.
    pub fn was_taken(&self) -> bool {
        let taken = |(status, _): &(u16, Vec<u8>)| (200..300).contains(status);
        self.answers.iter().any(taken)
    }
}

/// All wires.
#[derive(Clone, Default)]
pub struct Boundary {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Exchanges that have begun and not ended.
    open: AtomicUsize,
    /// By how much the houses' clocks are ahead of the machine's, microseconds.
    ahead: AtomicI64,
}

#[derive(Default)]
struct State {
    hosts: Vec<String>,
    faults: HashMap<(usize, usize), Fault>,
    exchanges: Vec<Exchange>,
    listeners: Vec<JoinHandle<()>>,
}

impl Boundary {
    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens at `port` for the next house, which others know as `host` and which answers at `behind`.
    pub async fn listen(&self, host: &str, port: u16, behind: u16) {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.expect("a port that is ours");
        let to = {
            let mut state = self.state();
            state.hosts.push(host.to_owned());
            state.hosts.len() - 1
        };
        let boundary = self.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let boundary = boundary.clone();
                tokio::spawn(async move { boundary.pass(to, behind, stream).await });
            }
        });
        self.state().listeners.push(task);
    }

    /// Hangs up for good.
    pub fn close(&self) {
        for listener in self.state().listeners.drain(..) {
            listener.abort();
        }
    }

    pub fn set_fault(&self, from: usize, to: usize, fault: Option<Fault>) {
        let mut state = self.state();
        match fault {
            Some(fault) => state.faults.insert((from, to), fault),
            None => state.faults.remove(&(from, to)),
        };
    }

    pub fn heal(&self) {
        self.state().faults.clear();
    }

    pub fn faults(&self) -> Vec<(usize, usize)> {
        let mut faults: Vec<_> = self.state().faults.keys().copied().collect();
        faults.sort_unstable();
        faults
    }

    /// What went by since the last look, in the order in which it began.
    pub fn take(&self) -> Vec<Exchange> {
        let mut exchanges = std::mem::take(&mut self.state().exchanges);
        exchanges.sort_by_key(|exchange| exchange.began);
        exchanges
    }

    pub fn is_quiet(&self) -> bool {
        self.shared.open.load(Ordering::SeqCst) == 0
    }

    /// Moves the clock by which exchanges are dated.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a time");
        self.shared.ahead.fetch_add(micros, Ordering::SeqCst);
    }

    /// Microseconds by the houses' clocks.
    pub fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.expect("a time after 1970").as_micros()).expect("a time");
        now + self.shared.ahead.load(Ordering::SeqCst)
    }

    pub fn seconds_ahead(&self) -> i64 {
        self.shared.ahead.load(Ordering::SeqCst) / 1_000_000
    }

    async fn pass(&self, to: usize, behind: u16, mut stream: TcpStream) {
        self.shared.open.fetch_add(1, Ordering::SeqCst);
        if let Some((request, head)) = read_request(&mut stream).await {
            self.exchange(to, behind, &mut stream, request, head).await;
        }
        self.shared.open.fetch_sub(1, Ordering::SeqCst);
    }

    async fn exchange(
        &self,
        to: usize,
        behind: u16,
        stream: &mut TcpStream,
        request: Request,
        head: String,
    ) {
        let signer = signer(&request);
        let (from, fault) = {
            let state = self.state();
            let from = signer.as_deref().and_then(|signer| {
                let of = |host: &String| signer.starts_with(&format!("http://{host}/"));
                state.hosts.iter().position(of)
            });
            let pair = from.map(|from| (from, to));
            (from, pair.and_then(|pair| state.faults.get(&pair).copied()))
        };
        let mut exchange = Exchange {
            from,
            signer,
            to,
            method: request.method,
            target: request.target,
            sent: request.body,
            arrived: !matches!(fault, Some(Fault::Refuses | Fault::HangsUp)),
            answers: Vec::new(),
            answered: false,
            began: self.now(),
            ended: 0,
        };
        let times = match fault {
            Some(Fault::Refuses | Fault::HangsUp) => 0,
            Some(Fault::ArrivesTwice) => 2,
            Some(Fault::LosesAnswers) | None => 1,
        };
        let mut raw = Vec::new();
        for _ in 0..times {
            raw = ask(behind, &head, &exchange.sent).await;
            exchange.answers.extend(read_answer(&raw));
        }
        let answer = match fault {
            Some(Fault::HangsUp | Fault::LosesAnswers) => None,
            Some(Fault::Refuses) => {
                Some(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
            }
            Some(Fault::ArrivesTwice) | None => Some(raw),
        };
        exchange.answered = answer.is_some() && exchange.arrived;
        exchange.ended = self.now();
        // Written down before whoever asked can go on.
        self.state().exchanges.push(exchange);
        if let Some(answer) = answer {
            let _ = stream.write_all(&answer).await;
        }
        let _ = stream.shutdown().await;
    }
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other == name;
        let found = self.headers.iter().find(named);
        found.map(|(_, value)| value.as_str())
    }
}

/// Who signed, as the request says.
fn signer(request: &Request) -> Option<String> {
    let of = |header: &str| {
        let value = request.header(header)?;
        let rest = value
            .split_once("keyId=\"")
            .or_else(|| value.split_once("keyid=\""))?
            .1;
        let key = rest.split('"').next()?;
        Some(key.split('#').next().unwrap_or(key).to_owned())
    };
    of("signature-input").or_else(|| of("signature"))
}

/// Reads a request; and its head as it is passed on: one request a connection, and nothing compressed that is
/// to be read on the way.
async fn read_request(stream: &mut TcpStream) -> Option<(Request, String)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if bytes.len() > HEAD_BYTES_MAX || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.trim_end().split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut passed_on = format!("{method} {target} HTTP/1.1\r\n");
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = name.to_ascii_lowercase();
        if !matches!(name.as_str(), "connection" | "accept-encoding") {
            passed_on.push_str(&format!("{line}\r\n"));
        }
        headers.push((name, value.trim().to_owned()));
    }
    passed_on.push_str("connection: close\r\n\r\n");
    let mut request = Request {
        method,
        target,
        headers,
        body: bytes[end..].to_vec(),
    };
    assert_eq!(request.header("transfer-encoding"), None, "{head}");
    let length = request.header("content-length");
    let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some((request, passed_on))
}

/// What the house answers; nothing when it is not there.
async fn ask(port: u16, head: &str, body: &[u8]) -> Vec<u8> {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, asked).await;
    answer.map_or_else(|_| Vec::new(), Result::unwrap_or_default)
}

/// Status and body, put together where it came in pieces.
fn read_answer(raw: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&raw[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &raw[end..];
    let chunked = head.contains("transfer-encoding: chunked");
    Some((status, if chunked { joined(body) } else { body.to_vec() }))
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&chunks[..end]);
        let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16) else {
            break;
        };
        let from = end + 2;
        if size == 0 || chunks.len() < from + size + 2 {
            break;
        }
        body.extend(&chunks[from..from + size]);
        chunks = &chunks[from + size + 2..];
    }
    body
}
