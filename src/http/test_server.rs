//! A server of a few lines for unit tests; it answers with raw bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::config::{Config, load};
use crate::http::Client;

/// Listens on loopback until dropped, and remembers the head of every request.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    reached: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl TestServer {
    /// Answers every request with what `answer` says to its head (request line and headers).
    pub(crate) async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1:0", answer).await
    }

    /// The same at every address of this machine.
    pub(crate) async fn start_everywhere(
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::listen("[::]:0", answer).await
    }

    async fn listen(at: &str, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let heads = Arc::clone(&seen);
        let reached = Arc::new(Mutex::new(Vec::new()));
        let addresses = Arc::clone(&reached);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ip = stream.local_addr().unwrap().ip().to_canonical();
                addresses.lock().unwrap().push(ip.to_string());
                tokio::spawn(serve(stream, Arc::clone(&heads), Arc::clone(&answer)));
            }
        });
        Self {
            address,
            seen,
            reached,
            task,
        }
    }

    /// The address of `path` under a name below localhost.
    pub(crate) fn url(&self, name: &str, path: &str) -> String {
        format!("http://{name}.localhost:{}{path}", self.address.port())
    }

    /// The addresses of this machine that were connected to so far.
    pub(crate) fn reached(&self) -> Vec<String> {
        self.reached.lock().unwrap().clone()
    }

    /// The heads of all requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request after the other, until an answer closes the connection.
async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str) -> Vec<u8>>,
) {
    while let Some(head) = read_head(&mut stream).await {
        seen.lock().unwrap().push(head.clone());
        let answered = answer(&head);
        let _ = stream.write_all(&answered).await;
        if String::from_utf8_lossy(&answered).contains("Connection: close") {
            break;
        }
    }
    let _ = stream.shutdown().await;
    // Reading to the end lets the client finish sending before the connection is reset.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// An answer with a status, further header lines and a body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [text.as_bytes(), body].concat()
}

/// Settings from the environment as a person writes them.
pub(crate) fn config(settings: &[(&str, &str)]) -> Config {
    let environment = settings
        .iter()
        .map(|(name, value)| (format!("GUILDHALL_{name}"), (*value).to_owned()));
    load(Some(std::path::Path::new("/dev/null")), environment).unwrap()
}

/// A client as in a laboratory: plain http, and 127.0.0.0/8 allowed.
pub(crate) fn lab_client(further: &[(&str, &str)]) -> Client {
    let lab = [
        ("FEDERATION__ALLOW_HTTP", "true"),
        ("FEDERATION__ALLOW_ADDRESSES", "[\"127.0.0.0/8\"]"),
    ];
    client(&[&lab, further].concat())
}

/// A client with these settings.
pub(crate) fn client(settings: &[(&str, &str)]) -> Client {
    let config = config(settings);
    Client::new(&config.public_url, &config.federation, &config.limits)
}
