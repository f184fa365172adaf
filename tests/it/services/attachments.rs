//! What is kept of files and for how long, and links that end; the clock is moved.

use std::time::Duration;

use guildhall::app::App;
use guildhall::domain::{Attachment, AttachmentId, Description, Rendition};
use guildhall::error::Error;
use guildhall::policy::Viewer;
use guildhall::services::attachments::{self, Asked, Passes, Upload};
use guildhall::services::{accounts, prune, tokens};

use crate::support::files::png;
use crate::support::house::houses;

const HOUR: Duration = Duration::from_secs(3_600);

async fn upload(app: &App, viewer: &Viewer, name: &str, bytes: &[u8]) -> Attachment {
    let mut draft = app.files.draft().expect("a file");
    draft.write(bytes).expect("bytes");
    let upload = Upload {
        draft,
        name: name.to_owned(),
        media_type: String::new(),
        description: Description::default(),
        focus: None,
    };
    let sent = attachments::upload(app, viewer.clone(), upload).await;
    sent.expect("an upload")
}

async fn shows(app: &App, viewer: &Viewer, id: AttachmentId) -> bool {
    let asked = Asked {
        id,
        rendition: Rendition::Whole,
    };
    match attachments::show(app, app.asker(viewer.clone()), asked).await {
        Ok(_) => true,
        Err(Error::NotFound) => false,
        Err(error) => panic!("{error}"),
    }
}

fn files(app: &App) -> u64 {
    app.files.measure().expect("a folder").files
}

#[tokio::test]
async fn what_is_never_posted_is_forgotten_after_a_day() {
    for house in houses().await {
        let app = &house.app;
        let ada = accounts::viewer_of(&house.admin);
        let one = upload(app, &ada, "a.png", &png(900, 20, 1)).await;
        let again = upload(app, &ada, "b.png", &png(900, 20, 1)).await;
        let plan = upload(app, &ada, "plan.pdf", b"%PDF-1.7").await;
        assert_eq!(
            files(app),
            3,
            "the same picture is there once, with its preview"
        );

        let mut reached = prune::Reached::default();
        app.clock.advance(HOUR * 12);
        let newer = upload(app, &ada, "c.png", &png(900, 20, 1)).await;
        let pruned = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(pruned.uploads, 0);
        app.clock.advance(HOUR * 13);
        let pruned = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(pruned.uploads, 3);
        for gone in [one.id, again.id, plan.id] {
            assert!(!shows(app, &ada, gone).await);
        }
        // What is still needed by another stays, whoever looks for what is not.
        let removed = attachments::sweep_dropped(app).await.expect("swept");
        assert_eq!((removed, files(app)), (1, 2));
        assert!(shows(app, &ada, newer.id).await);
        assert_eq!(attachments::sweep_dropped(app).await.expect("swept"), 0);
    }
}

#[tokio::test]
async fn what_a_crash_left_is_swept_away_and_nothing_else() {
    for house in houses().await {
        let app = &house.app;
        let ada = accounts::viewer_of(&house.admin);
        let kept = upload(app, &ada, "plan.pdf", b"%PDF-1.7").await;
        let hold = app.files.hold().expect("a turn");
        let stray = app.files.keep_bytes(&hold, b"nobody's").expect("a file");
        drop(hold);
        assert_eq!(files(app), 2);
        assert_eq!(attachments::sweep(app).await.expect("swept"), 1);
        assert!(app.files.open(&stray).is_err());
        assert!(shows(app, &ada, kept.id).await);
    }
}

#[tokio::test]
async fn a_link_ends_with_its_hour_its_token_and_its_account() {
    for house in houses().await {
        let app = &house.app;
        let actor = house.admin.actor.id;
        let ada = accounts::viewer_of(&house.admin);
        let sent = upload(app, &ada, "plan.pdf", b"%PDF-1.7").await;
        let scopes = || "read write".parse().expect("scopes");
        let made = tokens::create(app, ada.clone(), actor, "phone", scopes()).await;
        let token = made.expect("a token").token.id;
        let pass = async || {
            let passes = Passes::of(app, Some(token)).await.expect("a key");
            let link = passes.link(app, &sent, Rendition::Whole).expect("a link");
            let (before, pass) = link.split_once("/pass/").expect("a pass");
            assert!(before.ends_with(&format!("/media/{}", sent.id)));
            pass.to_owned()
        };
        let opens = async |id: AttachmentId, pass: &str| {
            attachments::viewer_of_pass(app, id, pass).await.ok()
        };
        let first = pass().await;
        assert_eq!(opens(sent.id, &first).await, Some(ada.clone()));
        // For this file, this token and this hour, and nothing else.
        assert_eq!(opens(AttachmentId(sent.id.0 + 1), &first).await, None);
        let parts: Vec<&str> = first.split('.').collect();
        let [number, ends, mark] = parts.as_slice() else {
            panic!("{first}")
        };
        let later = ends.parse::<i64>().expect("a second") + 3_600;
        for forged in [
            format!("{number}.{later}.{mark}"),
            format!("{}.{ends}.{mark}", token.0 + 1),
            format!("{number}.{ends}."),
            format!("{number}.{ends}.{}", mark.to_uppercase()),
            format!("{first}.0"),
            String::new(),
        ] {
            assert_eq!(opens(sent.id, &forged).await, None, "{forged}");
        }
        app.clock.advance(HOUR * 2);
        assert_eq!(opens(sent.id, &first).await, None, "its hour is over");
        let second = pass().await;
        assert_eq!(opens(sent.id, &second).await, Some(ada.clone()));
        let revoked = tokens::revoke(app, ada.clone(), actor, token).await;
        revoked.expect("it is revoked");
        assert_eq!(opens(sent.id, &second).await, None, "its token is revoked");
    }
}
