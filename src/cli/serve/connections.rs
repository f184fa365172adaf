//! Connections after their first answer.
//!
//! The web framework gives the first request of a connection a time to arrive in, and an unused
//! connection a time to live. Between the two nothing is timed: who sends the next request byte by
//! byte, or reads an answer byte by byte, would hold a connection for as long as they like. Here each
//! has its time from its last answer on.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;

use crate::app::App;
use crate::clock::Clock;
use crate::domain::Timestamp;

/// Time from an answer until the next request has arrived, up to its body, seconds.
const NEXT_SECONDS_MAX: u64 = 28;
/// Time for an answer to be read, seconds.
const READING_SECONDS_MAX: u64 = 300;
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The open connections. Clones share them.
#[derive(Clone)]
pub(super) struct Connections {
    clock: Clock,
    open: Arc<Mutex<Vec<Weak<Connection>>>>,
}

struct Connection {
    /// The same socket as the web framework's, for closing it.
    socket: TcpStream,
    /// None while a request is being answered, and before the first one.
    answered_at: Mutex<Option<Timestamp>>,
}

impl Connections {
    /// Watches over the connections that are handed to [`Self::accept`], until the runtime ends.
    pub(super) fn watch(app: &App) -> Self {
        let connections = Self {
            clock: app.clock.clone(),
            open: Arc::default(),
        };
        let watched = connections.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                watched.close_late();
            }
        });
        connections
    }

    /// A connection was made; it is remembered where its requests find it.
    pub(super) fn accept(&self, io: &dyn Any, data: &mut Extensions) {
        let stream = io.downcast_ref::<actix_web::rt::net::TcpStream>();
        let socket = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
        if let Some(socket) = socket {
            let connection = Arc::new(Connection {
                socket: socket.into(),
                answered_at: Mutex::new(None),
            });
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.push(Arc::downgrade(&connection));
            data.insert(connection);
        }
    }

    /// A request has arrived; when what is returned is dropped, its answer is made and the time runs.
    pub(super) fn take_up(&self, request: &HttpRequest) -> Option<Asked> {
        let connection = Arc::clone(request.conn_data::<Arc<Connection>>()?);
        connection.set(None);
        Some(Asked {
            clock: self.clock.clone(),
            connection,
        })
    }

    fn close_late(&self) {
        let now = self.clock.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| match connection.upgrade() {
            Some(connection) => {
                connection.close_late(now);
                true
            }
            None => false,
        });
    }
}

/// A request that is being answered, or given up.
pub(super) struct Asked {
    clock: Clock,
    connection: Arc<Connection>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.connection.set(Some(self.clock.now()));
    }
}

impl Connection {
    fn set(&self, answered_at: Option<Timestamp>) {
        let mut place = self
            .answered_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *place = answered_at;
    }

    /// An answer that is still being read is not cut off by the first of the two: only no further
    /// request is taken.
    fn close_late(&self, now: Timestamp) {
        let answered_at = self
            .answered_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(idle) = answered_at.map(|at| now.since(at).as_secs()) else {
            return;
        };
        // It may be closed already: then there is nothing to do.
        let _ = match idle {
            ..NEXT_SECONDS_MAX => Ok(()),
            NEXT_SECONDS_MAX..READING_SECONDS_MAX => self.socket.shutdown(Shutdown::Read),
            _ => self.socket.shutdown(Shutdown::Both),
        };
    }
}
