//! Signing in, and the token that every form carries.

use super::{House, PASSWORD};
use crate::support::person::{Page, Person};

#[tokio::test]
async fn signing_in_leads_back_and_guessing_is_slow() {
    for house in House::all().await {
        let mut ada = Person::at(&house.instance);
        ada.go("/groups?x=1").await;
        assert_eq!(ada.page.path, "/sign-in?next=%2Fgroups%3Fx%3D1");
        let wrong = ada
            .send("/sign-in", &[("username", "ada"), ("password", "guess")])
            .await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.field("username").as_deref(), Some("ada"));
        assert!(!wrong.html.contains("guess"));
        ada.send("/sign-in", &[("username", "ada"), ("password", PASSWORD)])
            .await;
        assert_eq!(ada.page.path, "/groups?x=1");

        for out in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/sign-out",
        ] {
            let mut person = Person::at(&house.instance);
            person.go("/sign-in").await;
            let fields = [("username", "ada"), ("password", PASSWORD), ("next", out)];
            assert_eq!(person.send("/sign-in", &fields).await.path, "/", "{out}");
        }

        ada.go("/").await;
        assert!(
            ada.send("/sign-out", &[])
                .await
                .path
                .starts_with("/sign-in")
        );
        assert!(ada.go("/").await.path.starts_with("/sign-in"));

        let mut eve = Person::at(&house.instance);
        eve.go("/sign-in").await;
        let mut statuses = Vec::new();
        for _ in 0..20 {
            let fields = [("username", "grace"), ("password", "guess")];
            statuses.push(eve.send("/sign-in", &fields).await.status);
        }
        assert!(statuses.contains(&429), "{statuses:?}");
        // Slow for the one who guesses, not a way to shut somebody out of everything else.
        assert_eq!(eve.go("/sign-in").await.status, 200);
    }
}

#[tokio::test]
async fn a68_forms_need_the_token_of_the_browser_they_were_shown_to() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        let mut grace = house.person("grace").await;
        grace.go("/groups").await;
        let (own, others) = (grace.csrf(), ada.csrf());
        let fields = [("title", "Spam"), ("body", "x")];
        for csrf in [None, Some(""), Some(others.as_str())] {
            let mut sent = fields.to_vec();
            sent.extend(csrf.map(|token| ("csrf", token)));
            let refused = ada_sends(&mut grace, &sent, &[]).await;
            assert_eq!(refused.status, 403);
        }
        let mut sent = fields.to_vec();
        sent.push(("csrf", &own));
        for foreign in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            assert_eq!(ada_sends(&mut grace, &sent, &[foreign]).await.status, 403);
        }
        assert!(ada.go("/g/engineering").await.says("No topics here yet."));

        // Without a session there is nothing to protect: one is asked to sign in.
        let mut nobody = Person::at(&house.instance);
        let page = ada_sends(&mut nobody, &sent, &[]).await;
        assert_eq!(page.status, 401);
        assert!(page.says("Please sign in"));
    }
}

async fn ada_sends(person: &mut Person, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
    person
        .post_raw("/g/engineering/topics", fields, headers)
        .await
}
