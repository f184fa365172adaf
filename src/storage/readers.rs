//! SQLite's readers: threads that answer questions, each with a connection of its own.
//!
//! A question to SQLite is some tens of microseconds of work in this process. While more wait, a thread goes
//! from one to the next without going to sleep, which would cost about as much as the question. Who fell
//! asleep last is woken first: while little is asked, the other threads open no connection.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use diesel::{Connection as _, ConnectionError};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::storage::Connection;

/// Questions that may wait; who asks beyond that is sent away.
const QUESTIONS_WAITING_MAX: usize = 4_096;

/// Asks its question and hands the answer to who waits for it; none: the connection cannot be opened.
type Question = Box<dyn FnOnce(Result<&mut Connection, &ConnectionError>) + Send>;
type Open = dyn Fn() -> Result<Connection, ConnectionError> + Send + Sync;

/// A handle to the threads. They end with the last one.
pub(super) struct Readers {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    /// Where each thread sleeps.
    beds: Vec<Condvar>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Question>,
    /// Threads that sleep, by number, the last one last.
    asleep: Vec<usize>,
    ended: bool,
}

impl Readers {
    /// Starts so many threads; each opens its connection when it has its first question.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives none.
    pub fn start(
        count: u32,
        open: impl Fn() -> Result<Connection, ConnectionError> + Send + Sync + 'static,
    ) -> Result<Self> {
        let readers = Self {
            queue: Arc::new(Queue {
                state: Mutex::default(),
                beds: (0..count).map(|_| Condvar::new()).collect(),
            }),
        };
        let open: Arc<Open> = Arc::new(open);
        for number in 0..readers.queue.beds.len() {
            let (queue, open) = (Arc::clone(&readers.queue), Arc::clone(&open));
            std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || work(&queue, number, &*open))
                .map_err(Error::internal)?;
        }
        Ok(readers)
    }

    /// Has `question` asked.
    pub async fn read<T, F>(&self, name: &'static str, question: F) -> Result<T>
    where
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let asked = self.queue.push(Box::new(move |connection| {
            let outcome = match connection {
                // One transaction: it sees one state of the database, and locks the file once instead
                // of for every statement.
                Ok(connection) => connection.transaction(question),
                Err(error) => {
                    tracing::error!(%error, "the database cannot be opened");
                    Err(Error::Unavailable(
                        "the database cannot be opened; try again in a moment".into(),
                    ))
                }
            };
            // Who asked may be gone.
            let _ = answer.send(outcome);
        }));
        if !asked {
            return Err(Error::Unavailable(
                "the database does not answer in time".into(),
            ));
        }
        answered
            .await
            .unwrap_or_else(|_| Err(Error::internal(format!("{name} panicked"))))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.lock().ended = true;
        self.queue.beds.iter().for_each(Condvar::notify_one);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False: too many wait.
    fn push(&self, question: Question) -> bool {
        let mut state = self.lock();
        if state.waiting.len() >= QUESTIONS_WAITING_MAX {
            return false;
        }
        state.waiting.push_back(question);
        let woken = state.asleep.pop();
        if let Some(bed) = woken.and_then(|number| self.beds.get(number)) {
            bed.notify_one();
        }
        true
    }

    /// The next question for a thread, as soon as there is one; none when nobody can ask any more.
    fn pop(&self, number: usize) -> Option<Question> {
        let bed = self.beds.get(number)?;
        let mut state = self.lock();
        loop {
            if let Some(question) = state.waiting.pop_front() {
                return Some(question);
            }
            if state.ended {
                return None;
            }
            state.asleep.push(number);
            let woken = bed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
            // It may have woken by itself.
            state.asleep.retain(|other| *other != number);
        }
    }
}

fn work(queue: &Queue, number: usize, open: &Open) {
    let mut kept = None;
    while let Some(question) = queue.pop(number) {
        let connection = kept.take().map_or_else(open, Ok);
        kept = match connection {
            Ok(mut connection) => {
                let asked = AssertUnwindSafe(|| question(Ok(&mut connection)));
                // After a panic a transaction may be open: such a connection is not used again.
                let answered = std::panic::catch_unwind(asked);
                answered.is_ok().then_some(connection)
            }
            Err(error) => {
                question(Err(&error));
                None
            }
        };
    }
}
