//! What this machine can do at most, measured in the same run.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection};
use guildhall::federation::keys::KeyKind;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};

use crate::load;
use crate::report::{Row, say};
use crate::support::ports::free_port;
use crate::support::postgres;

const FOR: Duration = Duration::from_millis(1_500);
const POSTGRES_CONNECTIONS: usize = 8;
/// A signed activity is about this long, bytes.
const BODY_BYTES: usize = 1_500;

/// Per second, each.
pub struct Limits {
    pub sign_core: f64,
    pub sign: f64,
    pub verify_core: f64,
    pub verify: f64,
    pub sign_ed25519: f64,
    pub verify_ed25519: f64,
    pub fdatasync: f64,
    pub sqlite_commits: f64,
    pub echo: f64,
    pub postgres_commits: Option<f64>,
}

pub fn measure() -> Limits {
    say("limits of this machine");
    let folder = data_folder();
    Limits {
        sign_core: signatures(1, KeyKind::Rsa, Act::Sign),
        sign: sign_all_cores(KeyKind::Rsa),
        verify_core: signatures(1, KeyKind::Rsa, Act::Verify),
        verify: signatures(cores(), KeyKind::Rsa, Act::Verify),
        sign_ed25519: sign_all_cores(KeyKind::Ed25519),
        verify_ed25519: signatures(cores(), KeyKind::Ed25519, Act::Verify),
        fdatasync: fdatasync(folder.path()),
        sqlite_commits: sqlite_commits(folder.path()),
        echo: echo(cores()),
        postgres_commits: postgres_commits(),
    }
}

impl Limits {
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![
            Row::new("limit: RSA-2048 sign, one core", self.sign_core, "/s"),
            Row::new("limit: RSA-2048 sign, all cores", self.sign, "/s"),
            Row::new("limit: RSA-2048 verify, one core", self.verify_core, "/s"),
            Row::new("limit: RSA-2048 verify, all cores", self.verify, "/s"),
            Row::new("limit: Ed25519 sign, all cores", self.sign_ed25519, "/s"),
            Row::new(
                "limit: Ed25519 verify, all cores",
                self.verify_ed25519,
                "/s",
            ),
            Row::new("limit: fdatasync in the data folder", self.fdatasync, "/s"),
            Row::new(
                "limit: SQLite, one-row commits, FULL",
                self.sqlite_commits,
                "/s",
            ),
            Row::new(
                "limit: plain HTTP POST echo (actix), same load",
                self.echo,
                "/s",
            ),
        ];
        rows.extend(self.postgres_commits.map(|commits| {
            Row::new(
                "limit: PostgreSQL, one-row commits, 8 connections",
                commits,
                "/s",
            )
        }));
        rows
    }
}

/// Where servers under measurement keep their data: the same disk.
pub fn data_folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("guildhall-bench-")
        .tempdir()
        .expect("a temporary folder")
}

/// How often something can be done a second, by doing it for a while.
pub fn rate(mut something: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut count = 0.0;
    while begun.elapsed() < FOR {
        for _ in 0..8 {
            something();
        }
        count += 8.0;
    }
    count / begun.elapsed().as_secs_f64()
}

#[derive(Clone, Copy)]
enum Act {
    Sign,
    Verify,
}

/// Signatures a second on all cores, now.
pub fn sign_all_cores(kind: KeyKind) -> f64 {
    signatures(cores(), kind, Act::Sign)
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn signatures(threads: usize, kind: KeyKind, act: Act) -> f64 {
    let key = match kind {
        KeyKind::Rsa => PKey::from_rsa(Rsa::generate(2_048).unwrap()),
        KeyKind::Ed25519 => PKey::generate_ed25519(),
    };
    let key = key.unwrap();
    let public = PKey::public_key_from_pem(&key.public_key_to_pem().unwrap()).unwrap();
    let (key, public) = (Arc::new(key), Arc::new(public));
    let message = [7_u8; 300];
    let sign = move |key: &PKey<openssl::pkey::Private>| {
        let signer = match kind {
            KeyKind::Rsa => Signer::new(MessageDigest::sha256(), key),
            KeyKind::Ed25519 => Signer::new_without_digest(key),
        };
        signer.unwrap().sign_oneshot_to_vec(&message).unwrap()
    };
    let signature = Arc::new(sign(&key));
    let one = move || {
        let (key, public, signature) = (key.clone(), public.clone(), signature.clone());
        std::thread::spawn(move || match act {
            Act::Sign => rate(|| drop(std::hint::black_box(sign(&key)))),
            Act::Verify => rate(|| {
                let verifier = match kind {
                    KeyKind::Rsa => Verifier::new(MessageDigest::sha256(), &public),
                    KeyKind::Ed25519 => Verifier::new_without_digest(&public),
                };
                let valid = verifier.unwrap().verify_oneshot(&signature, &message);
                assert!(valid.unwrap());
            }),
        })
    };
    let running: Vec<_> = (0..threads).map(|_| one()).collect();
    running
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum()
}

fn fdatasync(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("sync")).unwrap();
    let page = [1_u8; 4_096];
    rate(|| {
        file.write_all(&page).unwrap();
        file.sync_data().unwrap();
    })
}

fn sqlite_commits(folder: &Path) -> f64 {
    let path = folder.join("commits.db");
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    connection
        .batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             CREATE TABLE one (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        )
        .unwrap();
    rate(|| {
        diesel::sql_query("INSERT INTO one (text) VALUES ('something')")
            .execute(&mut connection)
            .unwrap();
    })
}

/// The same framework answering the same requests with nothing in between.
fn echo(cores: usize) -> f64 {
    let port = free_port();
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (handle, running) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let answer = |body: web::Bytes| async move {
                std::hint::black_box(body.len());
                HttpResponse::Accepted().finish()
            };
            let server =
                HttpServer::new(move || App::new().route("/inbox", web::post().to(answer)))
                    .workers(cores)
                    .disable_signals()
                    .listen(listener)
                    .unwrap()
                    .run();
            handle.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    let server = running.recv().unwrap();
    let body = "x".repeat(BODY_BYTES);
    let request = format!(
        "POST /inbox HTTP/1.1\r\nhost: acme.localhost:{port}\r\ncontent-type: application/activity+json\r\n\
         date: Sat, 21 Nov 2026 23:05:19 GMT\r\nsignature: {}\r\ncontent-length: {BODY_BYTES}\r\n\r\n{body}",
        "s".repeat(500)
    );
    let requests = Arc::new(vec![request.into_bytes(); 60_000]);
    let outcome = load::run(port, requests);
    actix_web::rt::System::new().block_on(server.stop(false));
    thread.join().unwrap();
    outcome.rate()
}

fn postgres_commits() -> Option<f64> {
    let cluster = postgres::durable_cluster()?;
    let url = cluster.create_database();
    let connect = |url: &str| PgConnection::establish(url).unwrap();
    connect(&url)
        .batch_execute("CREATE TABLE one (id BIGSERIAL PRIMARY KEY, text TEXT NOT NULL)")
        .unwrap();
    let running: Vec<_> = (0..POSTGRES_CONNECTIONS)
        .map(|_| {
            let mut connection = connect(&url);
            std::thread::spawn(move || {
                rate(|| {
                    diesel::sql_query("INSERT INTO one (text) VALUES ('something')")
                        .execute(&mut connection)
                        .unwrap();
                })
            })
        })
        .collect();
    Some(
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum(),
    )
}
