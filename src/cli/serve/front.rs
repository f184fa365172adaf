//! The HTTP server: its limits, what every answer carries, and the rooms that answer.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{HttpMessage as _, HttpResponse, HttpServer};

use crate::auth::{self, Attempts};
use crate::cli::serve::connections::Connections;
use crate::cli::serve::health;
use crate::error::{Error, Result};
use crate::federation::Federation;

/// Largest body of a request that no entrance has a limit of its own for, bytes.
const BODY_BYTES_MAX: usize = 1_024 * 1_024;
/// Connections at once, for each thread that serves them.
const CONNECTIONS_PER_THREAD_MAX: usize = 4_096;
/// Descriptors for each connection: two of its own, one for what is done meanwhile.
const DESCRIPTORS_PER_CONNECTION: usize = 3;
/// Time for the head of the first request to arrive, seconds: a slow sender must not hold a
/// connection. For those after it see [`crate::cli::serve::connections`].
const HEAD_SECONDS_MAX: u64 = 10;
/// Time from the head of a request to the beginning of its answer, seconds; its body arrives in it.
const ANSWER_SECONDS_MAX: u64 = 20;
/// The same where people send files, over whatever line they have, seconds. Who may not send any is answered at
/// once: who they are is asked before the body is read.
const UPLOAD_SECONDS_MAX: u64 = 180;
/// Where files are sent.
const UPLOADS: &[&str] = &["/api/v1/media", "/api/v2/media", "/g/", "/p/"];
/// How long an idle connection is kept, seconds: longer than the pauses between deliveries.
const IDLE_SECONDS_MAX: u64 = 25;
/// Time for the other side to close a connection that we closed, seconds.
const CLOSE_SECONDS_MAX: u64 = 5;

/// On every answer that does not set its own. Pages load only what we serve ourselves, send forms
/// only to us, and are framed by nobody.
const SECURITY_HEADERS: &[(&str, &str)] = &[
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
];

/// Starts to serve; the server runs while it is awaited.
pub fn start(
    federation: &Federation,
    listener: TcpListener,
    stop_within: Duration,
) -> Result<Server> {
    let app = &federation.app;
    let data = Data::new(app.clone());
    let federation = Data::new(federation.clone());
    let attempts = Data::new(Attempts::new(app.config.limits.sign_in_attempts));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let connections = Connections::watch(app);
    let accepting = connections.clone();
    let server = HttpServer::new(move || {
        let connections = connections.clone();
        actix_web::App::new()
            .app_data(data.clone())
            .app_data(federation.clone())
            .app_data(attempts.clone())
            .app_data(web::PayloadConfig::new(BODY_BYTES_MAX))
            .app_data(web::JsonConfig::default().limit(BODY_BYTES_MAX))
            .default_service(web::to(not_found))
            .configure(|config| health::routes().among_others(config))
            .configure(crate::federation::configure)
            .configure(crate::api::configure)
            // Last: it answers what nobody else knows.
            .configure(crate::web::configure)
            .wrap(from_fn(auth::refuse_foreign_pages))
            .wrap(from_fn(move |request, next| {
                answer_in_time(connections.clone(), request, next)
            }))
            // Last, so that it is outermost: what the others refuse carries them too.
            .wrap(security_headers())
    });
    let server = server
        .workers(threads)
        .on_connect(move |io, data| accepting.accept(io, data))
        .max_connections(connections_per_thread(threads))
        .client_request_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
        .client_disconnect_timeout(Duration::from_secs(CLOSE_SECONDS_MAX))
        .keep_alive(Duration::from_secs(IDLE_SECONDS_MAX))
        .shutdown_timeout(stop_within.as_secs())
        .disable_signals()
        .listen(listener)
        .map_err(Error::internal)?;
    Ok(server.run())
}

/// Every address this program answers, with its methods: what tests walk.
pub fn addresses() -> Vec<(String, Vec<Method>)> {
    let mut all = health::routes().list("");
    all.extend(crate::federation::routes().list(""));
    all.extend(crate::api::addresses());
    all.extend(crate::web::routes().list(""));
    all
}

/// As many connections as leave descriptors for the databases and other servers: each takes two, one
/// of them to close it by. The limit of the process is raised as far as the system lets it.
fn connections_per_thread(threads: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let descriptors = current.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    });
    CONNECTIONS_PER_THREAD_MAX.min(descriptors / (DESCRIPTORS_PER_CONNECTION * threads))
}

fn security_headers() -> DefaultHeaders {
    let headers = SECURITY_HEADERS.iter();
    headers.fold(DefaultHeaders::new(), |all, header| all.add(*header))
}

/// The same bytes for every address that does not exist.
async fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain; charset=utf-8")
        .body("Not found\n")
}

/// Gives up on requests whose body never ends and on handlers that hang. Answers that have begun
/// may take as long as they like.
async fn answer_in_time<B: MessageBody>(
    connections: Connections,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let asked = connections.take_up(request.request());
    let answer = answer_within(patience_with(&request), request, next).await;
    drop(asked);
    answer
}

fn patience_with(request: &ServiceRequest) -> Duration {
    let sends_files = request.content_type() == "multipart/form-data"
        && UPLOADS.iter().any(|path| request.path().starts_with(path));
    Duration::from_secs(match sends_files {
        true => UPLOAD_SECONDS_MAX,
        false => ANSWER_SECONDS_MAX,
    })
}

async fn answer_within<B: MessageBody>(
    most: Duration,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let answered = tokio::time::timeout(most, next.call(request)).await;
    answered.unwrap_or_else(|_| Err(too_late()))
}

/// Closes the connection: the rest of the body would be taken for the next request. An error passes
/// the other layers by, so it brings its headers itself.
fn too_late() -> actix_web::Error {
    let mut answer = HttpResponse::RequestTimeout();
    for header in SECURITY_HEADERS {
        answer.insert_header(*header);
    }
    let answer = answer.force_close().body("The request took too long.\n");
    InternalError::from_response("the request took too long", answer).into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, init_service, try_call_service};

    use super::*;

    #[actix_web::test]
    async fn a_handler_that_hangs_is_given_up() {
        let app = actix_web::App::new()
            .route("/", web::get().to(std::future::pending::<HttpResponse>))
            .wrap(from_fn(|request, next| {
                answer_within(Duration::from_millis(10), request, next)
            }));
        let request = TestRequest::get().to_request();

        let late = try_call_service(&init_service(app).await, request).await;

        let answer = late.unwrap_err().error_response();
        assert_eq!(answer.status(), 408);
        assert_eq!(
            answer.headers().get("X-Content-Type-Options").unwrap(),
            "nosniff"
        );
    }
}
