//! Work that needs other servers: asked for in a request, done by a worker, waited for here.

use std::time::Duration;

use crate::app::App;
use crate::domain::{Job, JobId, JobState, Timestamp, Work};
use crate::error::{Error, Result};
use crate::storage;

/// How often somebody who waits looks whether a worker of another process is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Queues work and wakes a worker. The same work waiting already is not queued twice. Who may ask
/// for it was decided by the caller.
pub async fn submit(app: &App, work: Work) -> Result<JobId> {
    let now = app.clock.now();
    let id = app
        .db
        .write("submit_job", move |connection| {
            storage::jobs::insert(connection, &work, now)
        })
        .await?;
    app.bells.jobs.notify_one();
    Ok(id)
}

/// Waits until the job ended, at most `patience`: then the job is returned as it stands, pending.
///
/// # Errors
/// [`Error::NotFound`] when there is no such job (any more).
pub async fn wait(app: &App, id: JobId, patience: Duration) -> Result<Job> {
    match tokio::time::timeout(patience, until_ended(app, id)).await {
        Ok(ended) => ended,
        Err(_) => find(app, id).await,
    }
}

/// Records how a job ended, and wakes who waits for it.
pub async fn finish(app: &App, id: JobId, state: JobState, problem: Option<String>) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write("finish_job", move |connection| {
            storage::jobs::finish(connection, id, state, problem.as_deref(), now)
        })
        .await?;
    app.bells.ended_jobs.notify_waiters();
    Ok(())
}

pub async fn find(app: &App, id: JobId) -> Result<Job> {
    app.db
        .read("find_job", move |connection| {
            storage::jobs::find(connection, id)?.ok_or(Error::NotFound)
        })
        .await
}

/// Takes work that is due, at most `most`; it is ours until `lease_until`.
pub async fn claim(app: &App, lease_until: Timestamp, most: i64) -> Result<Vec<Job>> {
    let now = app.clock.now();
    app.db
        .write("claim_jobs", move |connection| {
            storage::jobs::claim_due(connection, now, lease_until, most)
        })
        .await
}

/// Puts work back for a later attempt.
pub async fn retry_later(app: &App, id: JobId, problem: String, at: Timestamp) -> Result<()> {
    app.db
        .write("retry_job", move |connection| {
            storage::jobs::retry_later(connection, id, &problem, at)
        })
        .await
}

async fn until_ended(app: &App, id: JobId) -> Result<Job> {
    loop {
        // Listening begins before looking: a job that ends in between is not missed.
        let mut bell = std::pin::pin!(app.bells.ended_jobs.notified());
        bell.as_mut().enable();
        let job = find(app, id).await?;
        if job.state != JobState::Pending {
            return Ok(job);
        }
        let _ = tokio::time::timeout(LOOK_EVERY, bell).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::test_house::House;

    #[tokio::test]
    async fn somebody_who_waits_hears_at_once_that_a_job_ended() {
        let house = House::open("acme.example").await;
        let work = Work::Discover {
            what: "roads@birch.example".into(),
        };
        let id = submit(&house.app, work.clone()).await.unwrap();
        assert_eq!(submit(&house.app, work).await.unwrap(), id);

        let impatient = wait(&house.app, id, Duration::from_millis(1)).await;
        assert_eq!(impatient.unwrap().state, JobState::Pending);

        let problem = Some("there is nobody of that name".to_owned());
        let (waited, ended) = tokio::join!(
            wait(&house.app, id, Duration::from_secs(60)),
            finish(&house.app, id, JobState::Failed, problem.clone()),
        );
        ended.unwrap();
        assert_eq!(waited.unwrap().problem, problem);
    }
}
