//! The chain of the audit log, when transactions fail and when many end at once.

use guildhall::app::App;
use guildhall::domain::AuditAction;
use guildhall::error::Error;
use guildhall::policy::Viewer;
use guildhall::services::chains::{self, Log};
use guildhall::storage;

use crate::support::house::houses;

const ACTION: AuditAction = AuditAction::ProfileUpdated;

/// Acts that come at once.
const TOGETHER: usize = 60;

async fn act(app: &App, who: &str, fails: bool) -> guildhall::Result<()> {
    let (who, now) = (who.to_owned(), app.clock.now());
    app.db
        .write("act", move |connection| {
            storage::audit::append(connection, &who, ACTION, "", "", now)?;
            match fails {
                true => Err(Error::Conflict("no".to_owned())),
                false => Ok(()),
            }
        })
        .await
}

async fn lines(app: &App) -> i64 {
    let verified = chains::verify(app, Viewer::Operator, Log::Audit, None, || {}).await;
    let verified = verified.expect("a walk");
    assert_eq!(verified.fault, None);
    verified.checkpoint.lines
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_that_fail_leave_nothing_in_the_chain() {
    for house in houses().await {
        let app = &house.app;
        let before = lines(app).await;
        // Each thread that writes meets both kinds.
        for round in 0..20 {
            assert!(act(app, "ada", true).await.is_err());
            act(app, "bea", false).await.expect("an act");
            assert_eq!(lines(app).await, before + round + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_that_are_only_rehearsed_leave_nothing_in_the_chain() {
    for house in houses().await {
        let app = &house.app;
        let (before, now) = (lines(app).await, app.clock.now());
        let rehearsed = app.db.write("rehearse", move |connection| {
            storage::rehearse(connection, |connection| {
                storage::audit::append(connection, "ada", ACTION, "", "", now)
            })
        });
        rehearsed.await.expect("a rehearsal");
        assert_eq!(lines(app).await, before);
        act(app, "bea", false).await.expect("an act");
        assert_eq!(lines(app).await, before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_that_end_at_once_make_one_chain() {
    for house in houses().await {
        let app = &house.app;
        let before = lines(app).await;
        let acts: Vec<_> = (0..TOGETHER)
            .map(|number| {
                let app = app.clone();
                tokio::spawn(async move { act(&app, &format!("p{number}"), number % 3 == 0).await })
            })
            .collect();
        let mut done = 0;
        for one in acts {
            done += i64::from(one.await.expect("a task").is_ok());
        }
        assert_eq!(done as usize, TOGETHER - TOGETHER.div_ceil(3));
        assert_eq!(lines(app).await, before + done);
    }
}
