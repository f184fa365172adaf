//! The threads that sign what leaves. A signature with RSA is half a millisecond of arithmetic, and
//! there are as many as there are partners: done anywhere else, they would hold up whoever waits for
//! a page or for an answer of the inbox.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{Error, Result};

/// How much these threads stand back when a core is wanted elsewhere, in steps of nice(2): with ten,
/// a busy thread of the server gets about nine times as much. They always get some.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Signatures a thread makes, while more wait, before it tells who asked for them: each telling wakes a
/// thread that sends, which takes the core from a signature and finds the next one a moment later.
const SIGNED_BEFORE_TELLING: usize = 4;

/// As many as are told at once, and as many that wait: a thread finds its next work without going to
/// sleep.
const TURNS_PER_THREAD: usize = 2 * SIGNED_BEFORE_TELLING;

/// Makes a signature.
type Job = Box<dyn FnOnce() -> Telling + Send>;
/// Hands it to who asked for it, and the turn to the next.
type Telling = Box<dyn FnOnce()>;

/// As many threads as there are cores: more would only take the cores from each other. Cheap to
/// clone; the threads end with the last clone.
#[derive(Clone)]
pub struct Signers {
    jobs: mpsc::Sender<Job>,
    /// [`TURNS_PER_THREAD`] for each thread.
    turns: Arc<Semaphore>,
}

/// A thread that stands ready to sign; it is free for others when this is used or dropped.
pub struct SigningTurn {
    jobs: mpsc::Sender<Job>,
    permit: OwnedSemaphorePermit,
}

impl Signers {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`Error::Internal`] when the system gives none.
    pub fn start() -> Result<Self> {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..count {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name(format!("signer-{number}"))
                .spawn(move || work(&waiting))
                .map_err(Error::internal)?;
        }
        Ok(Self {
            jobs,
            turns: Arc::new(Semaphore::new(count * TURNS_PER_THREAD)),
        })
    }

    /// Waits until a thread is free. Who needs to know something at the last moment asks between
    /// this and [`SigningTurn::take`].
    ///
    /// # Errors
    /// None that happen: the turns are never closed.
    pub async fn turn(&self) -> Result<SigningTurn> {
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        Ok(SigningTurn {
            jobs: self.jobs.clone(),
            permit: permit.map_err(Error::internal)?,
        })
    }
}

impl SigningTurn {
    /// Does `sign` on the thread.
    ///
    /// # Errors
    /// What `sign` gives; [`Error::Internal`] when it panicked.
    pub async fn take<T: Send + 'static>(
        self,
        sign: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Self { jobs, permit } = self;
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || -> Telling {
            let outcome = sign();
            Box::new(move || {
                drop(permit);
                // Who asked may be gone: the server stops.
                let _ = answer.send(outcome);
            })
        });
        jobs.send(job).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

fn stopped() -> Error {
    Error::internal("signing stopped")
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    stand_back();
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        let more = std::iter::from_fn(|| next_at_once(waiting));
        let signed: Vec<Telling> = std::iter::once(job)
            .chain(more.take(SIGNED_BEFORE_TELLING - 1))
            .filter_map(sign)
            .collect();
        for tell in signed {
            tell();
        }
    }
}

/// None while another thread waits for work: then there is none.
fn next_at_once(waiting: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    waiting.try_lock().ok()?.try_recv().ok()
}

/// A panic is one failed signature, which who asked is told; the thread goes on.
fn sign(job: Job) -> Option<Telling> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).ok()
}

/// Elsewhere than on Linux this would slow the whole process, not one thread.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "signing cannot be made to stand back");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_fails_one_signature_and_the_next_is_made() {
        let signers = Signers::start().unwrap();
        let threads = signers.turns.available_permits();
        for _ in 0..=threads {
            let turn = signers.turn().await.unwrap();
            let failed = turn.take::<()>(|| panic!("a broken key")).await;
            assert!(failed.is_err());
        }

        let turn = signers.turn().await.unwrap();

        assert_eq!(turn.take(|| Ok(7)).await.unwrap(), 7);
        assert_eq!(signers.turns.available_permits(), threads);
    }
}
