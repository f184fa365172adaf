//! SQLite's one writer: a thread that commits all stories waiting for it with a single fsync.
//!
//! A commit with `synchronous = FULL` waits for the disk, about a millisecond; whatever arrives in
//! that time waits together and shares the next wait. Each story runs in a savepoint of its own, so
//! one that fails undoes only itself. Nobody is answered before the commit is durable.
//!
//! There are two queues. What somebody waits for goes first; of the house's own work behind it
//! (applying, planning, writing down deliveries) each commit takes a few stories, so that neither
//! keeps the other out.

use std::panic::AssertUnwindSafe;

use diesel::Connection as _;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};
use crate::storage::{Connection, chain};

/// Most stories in one commit: bounds how long the first of them waits for the last.
const STORIES_PER_COMMIT_MAX: usize = 256;
/// Most stories of the house's own work among them: one for each worker that has some.
const PATIENT_STORIES_PER_COMMIT_MAX: usize = 4;
/// Stories that may wait; beyond that, callers wait to get in.
const STORIES_WAITING_MAX: usize = 4_096;

/// What a story's caller is told once the fate of the commit is known.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
type Work = Box<dyn FnOnce(&mut Connection) -> Answer + Send>;

struct Story {
    name: &'static str,
    work: Work,
}

impl Story {
    fn tell(self, connection: &mut Connection) -> (&'static str, Answer) {
        (self.name, (self.work)(connection))
    }
}

/// Who waits for a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Somebody who asked, a person or a server.
    Awaited,
    /// Only the house itself.
    Patient,
}

pub(super) struct Writer {
    awaited: mpsc::Sender<Story>,
    patient: mpsc::Sender<Story>,
}

struct Queues {
    awaited: mpsc::Receiver<Story>,
    patient: mpsc::Receiver<Story>,
}

impl Writer {
    /// Starts the thread on `connection`. It ends when the last handle is dropped and every story
    /// that got in is answered.
    pub fn start(connection: Connection) -> Result<Self> {
        let (awaited, awaited_queue) = mpsc::channel(STORIES_WAITING_MAX);
        let (patient, patient_queue) = mpsc::channel(STORIES_WAITING_MAX);
        let queues = Queues {
            awaited: awaited_queue,
            patient: patient_queue,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(Error::internal)?;
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || run(connection, queues, &runtime))
            .map_err(Error::internal)?;
        Ok(Self { awaited, patient })
    }

    pub async fn write<T, F>(&self, name: &'static str, urgency: Urgency, story: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let outcome = in_savepoint(name, connection, story);
            Box::new(move |commit| {
                // A caller that went away (a closed connection) does not undo what it asked for.
                let _ = answer.send(outcome.and_then(|value| commit.map(|()| value)));
            })
        });
        let queue = match urgency {
            Urgency::Awaited => &self.awaited,
            Urgency::Patient => &self.patient,
        };
        queue
            .send(Story { name, work })
            .await
            .map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

fn stopped() -> Error {
    Error::Unavailable("the database cannot be written now; try again in a moment".into())
}

fn in_savepoint<T>(
    name: &'static str,
    connection: &mut Connection,
    story: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let (around, mark) = (depth(connection), chain::mark());
    // A panicking story must not take the writer, and with it all other writes, along.
    let told = std::panic::catch_unwind(AssertUnwindSafe(|| connection.transaction(story)));
    let outcome = told.unwrap_or_else(|_| {
        // It left its savepoints open. Whatever came after would be inside them, and the
        // commit would end one of them instead of the transaction: answered, but not written.
        while depth(connection) > around {
            roll_back(connection)?;
        }
        Err(Error::internal(format!("{name} panicked")))
    });
    if outcome.is_err() {
        chain::forget_since(mark);
    }
    outcome
}

/// How many transactions are open, one inside the other.
fn depth(connection: &mut Connection) -> u32 {
    let status = match connection {
        Connection::Sqlite(inner) => AnsiTransactionManager::transaction_manager_status_mut(inner),
        Connection::Postgres(inner) => {
            AnsiTransactionManager::transaction_manager_status_mut(inner)
        }
    };
    // Broken: no rolling back helps, and the commit fails.
    let depth = status.transaction_depth().ok().flatten();
    depth.map_or(0, std::num::NonZeroU32::get)
}

fn roll_back(connection: &mut Connection) -> Result<(), diesel::result::Error> {
    match connection {
        Connection::Sqlite(inner) => AnsiTransactionManager::rollback_transaction(inner),
        Connection::Postgres(inner) => AnsiTransactionManager::rollback_transaction(inner),
    }
}

impl Queues {
    /// The next story, as soon as there is one; none when nobody can send any more.
    async fn next(&mut self) -> Option<Story> {
        tokio::select! {
            biased;
            Some(story) = self.awaited.recv() => Some(story),
            Some(story) = self.patient.recv() => Some(story),
            else => None,
        }
    }
}

fn run(mut connection: Connection, mut queues: Queues, runtime: &tokio::runtime::Runtime) {
    while let Some(first) = runtime.block_on(queues.next()) {
        if let Err(error) = begin(&mut connection) {
            // Dropping the story tells its caller.
            tracing::error!(%error, "the database cannot be written");
            drop(first);
            continue;
        }
        let mut answers = vec![first.tell(&mut connection)];
        while answers.len() < STORIES_PER_COMMIT_MAX {
            let Ok(story) = queues.awaited.try_recv() else {
                break;
            };
            answers.push(story.tell(&mut connection));
        }
        for _ in 0..PATIENT_STORIES_PER_COMMIT_MAX {
            let Ok(story) = queues.patient.try_recv() else {
                break;
            };
            answers.push(story.tell(&mut connection));
        }
        let linked = chain::link(&mut connection);
        for (name, _) in &answers {
            crate::fail_point::pass_in("commit.before", name);
        }
        let committed = match linked {
            Ok(()) => commit(&mut connection).map_err(|error| unwritten(&error)),
            Err(error) => {
                tracing::error!(%error, "lines of a log cannot be linked: nothing is written");
                let _ = roll_back(&mut connection);
                Err(stopped())
            }
        };
        for (name, _) in &answers {
            crate::fail_point::pass_in("commit.after", name);
        }
        for (_, answer) in answers {
            answer(match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(Error::Unavailable(error.to_string())),
            });
        }
    }
}

/// `BEGIN IMMEDIATE`: a transaction that reads first and writes later would fail when another
/// process wrote in between.
fn begin(connection: &mut Connection) -> Result<(), diesel::result::Error> {
    match connection {
        Connection::Sqlite(inner) => {
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")
        }
        Connection::Postgres(inner) => AnsiTransactionManager::begin_transaction(inner),
    }
}

fn commit(connection: &mut Connection) -> Result<(), diesel::result::Error> {
    let outcome = match connection {
        Connection::Sqlite(inner) => AnsiTransactionManager::commit_transaction(inner),
        Connection::Postgres(inner) => AnsiTransactionManager::commit_transaction(inner),
    };
    if outcome.is_err() {
        // A full disk leaves the transaction open; the next one must be able to begin.
        let _ = roll_back(connection);
    }
    outcome
}

fn unwritten(error: &diesel::result::Error) -> Error {
    Error::Unavailable(format!("the database could not be written: {error}"))
}
