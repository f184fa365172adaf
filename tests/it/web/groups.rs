//! Groups: who comes in, who is put out, what guests and visitors see of them.

use super::{House, assert_same, post_topic};
use crate::support::person::{Page, Person};

#[tokio::test]
async fn a_closed_group_is_joined_by_approval() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "welding", "closed").await;
        let topic = post_topic(&mut ada, "welding", "Electrodes", "Which?").await;

        // The group is listed, what is written in it is not shown.
        let mut grace = house.person("grace").await;
        assert!(grace.go("/groups").await.says("Group welding"));
        assert!(!grace.go("/g/welding").await.says("Electrodes"));
        assert!(!grace.page.says("No topics"));
        assert_eq!(grace.go(&format!("/p/{topic}")).await.status, 404);
        grace.go("/g/welding").await;
        grace.send("/g/welding/join", &[]).await;
        assert!(grace.page.says("Take the request back"));
        assert_eq!(grace.go("/g/welding/members").await.status, 403);

        // The owner is told on every page, and lets her in.
        assert!(
            ada.go("/")
                .await
                .html
                .contains("1<span class=\"unseen\"> waiting to join")
        );
        ada.go("/g/welding/members").await;
        assert!(ada.page.says("Waiting to join 1"));
        let actor = ada.page.field("actor").unwrap();
        let approve = [("actor", actor.as_str()), ("action", "approve")];
        ada.send("/g/welding/members", &approve).await;
        assert_eq!(ada.page.notice().as_deref(), Some("Let in."));
        assert!(grace.go("/g/welding").await.says("Electrodes"));

        // She moderates; then ada would leave the group without an owner.
        let role = [
            ("actor", actor.as_str()),
            ("action", "role"),
            ("role", "moderator"),
        ];
        ada.send("/g/welding/members", &role).await;
        assert!(grace.go("/g/welding").await.says("You are a moderator."));
        ada.go("/g/welding").await;
        let refused = ada.send("/g/welding/leave", &[]).await;
        assert_eq!(refused.status, 409);
        assert!(refused.problem().unwrap().contains("without an owner"));

        // Put out, she sees the head alone again.
        ada.go("/g/welding/members").await;
        let remove = [("actor", actor.as_str()), ("action", "remove")];
        ada.send("/g/welding/members", &remove).await;
        assert!(!grace.go("/g/welding").await.says("Electrodes"));
        let mut eve = house.person("eve").await;
        eve.go("/g/welding").await;
        eve.send("/g/welding/join", &[]).await;
        eve.send("/g/welding/leave", &[]).await;
        assert!(eve.page.says("Ask to join"));
    }
}

#[tokio::test]
async fn a_secret_group_is_filled_and_kept_in_order_on_its_pages() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "board", "secret").await;
        let mut grace = house.person("grace").await;
        let mut eve = house.person("eve").await;
        assert_eq!(grace.go("/g/board").await.status, 404);

        let (members, add) = ("/g/board/members", "/g/board/members/add");
        ada.go(members).await;
        let nobody = ada.send(add, &[("who", "nobody")]).await;
        assert_eq!(
            (nobody.status, nobody.field("who").as_deref()),
            (422, Some("nobody"))
        );
        assert!(
            nobody
                .problem()
                .unwrap()
                .contains("Nobody was found under nobody")
        );
        let page = ada
            .send(add, &[("who", "@grace"), ("role", "moderator")])
            .await;
        assert_eq!(
            page.notice().as_deref(),
            Some("Added: a member from now on.")
        );
        ada.send(add, &[("who", "eve")]).await;
        assert!(grace.go("/g/board").await.says("You are a moderator."));
        assert!(eve.go("/g/board").await.says("You are a member."));
        eve.go(members).await;
        assert!(!eve.page.html.contains(add));

        // Who moderates decides about members, not about owners, whatever form is sent.
        let (owner, member) = (actor_of(&ada.page, "ada"), actor_of(&ada.page, "eve"));
        grace.go(members).await;
        let csrf = grace.csrf();
        for more in [
            vec![("action", "remove")],
            vec![("action", "reject")],
            vec![("action", "ban"), ("until", "2999-01-01")],
            vec![("action", "role"), ("role", "member")],
        ] {
            let fields = [vec![("csrf", csrf.as_str()), ("actor", &owner)], more].concat();
            let refused = grace.post_raw(members, &fields, &[]).await;
            assert_eq!(refused.status, 403, "{fields:?}");
            assert!(refused.says("Only owners of the group may do this."));
        }
        let demote = [("csrf", csrf.as_str()), ("who", "ada")];
        assert_eq!(grace.post_raw(add, &demote, &[]).await.status, 403);
        assert!(ada.go("/g/board").await.says("You are an owner."));

        // A ban is until a day, or until it is lifted.
        let ban = |day| {
            [
                ("actor", member.as_str()),
                ("action", "ban"),
                ("until", day),
            ]
        };
        assert_eq!(grace.send(members, &ban("2020-01-01")).await.status, 422);
        grace.send(members, &ban("2999-01-01")).await;
        assert!(
            grace.page.says("Banned eve eve until 1 Jan 2999"),
            "{}",
            grace.page.text()
        );
        assert_eq!(eve.go("/g/board").await.status, 404);
        let lift = [("actor", member.as_str()), ("action", "lift")];
        let lifted = grace.send(members, &lift).await.notice();
        assert_eq!(
            lifted.as_deref(),
            Some("The ban is lifted: they may join again.")
        );
        assert!(!grace.page.says("eve"));
        let instance = &house.instance;
        let banned = ["member", "ban", "board", "eve", "--until", "2999-01-01"];
        assert_eq!(
            instance.run_json(&banned).await["until"],
            "2999-01-01T00:00:00.000Z"
        );
        let unban = ["member", "unban", "board", "eve"];
        assert_eq!(instance.run_json(&unban).await["banned"], false);
        assert_eq!(instance.run(unban).await.code, Some(1));

        // What is archived is read, not written; it can be brought back.
        ada.go("/g/board/settings").await;
        ada.send("/g/board/archive", &[("archived", "yes")]).await;
        let page = ada.go("/g/board").await;
        assert!(page.says("Archived") && page.says("it can be read but not changed"));
        assert!(!page.html.contains("/topics"));
        ada.go("/g/board/settings").await;
        ada.send("/g/board/archive", &[("archived", "no")]).await;
        assert!(ada.go("/g/board").await.html.contains("/g/board/topics"));
    }
}

/// What the forms of a page call somebody.
fn actor_of(page: &Page, name: &str) -> String {
    let theirs = |row: &&str| row.contains(&format!("title=\"@{name}\""));
    let row = page.html.split("<div class=\"who\">").skip(1).find(theirs);
    let actor = row.and_then(|row| row.split_once("name=\"actor\" value=\""));
    let (_, rest) = actor.unwrap_or_else(|| panic!("no form about {name}: {}", page.text()));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn guests_are_marked_wherever_they_are_shown_and_read_no_asides() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "closed").await;
        let secret = house.instance.file("password");
        let guest = [
            "user",
            "create",
            "gus",
            "--email",
            "gus@birch.example",
            "--role",
            "guest",
        ];
        let guest = [&guest[..], &["--password-file", secret.to_str().unwrap()]].concat();
        house.instance.run_json(&guest).await;
        ada.go("/g/engineering/members").await;
        ada.send("/g/engineering/members/add", &[("who", "gus")])
            .await;
        assert!(ada.page.says("gus Guest gus since"), "{}", ada.page.text());
        ada.go("/g/engineering/settings").await;
        ada.send("/g/engineering/stage", &[("stage", "partners")])
            .await;
        ada.send("/g/engineering/stage", &[]).await;

        let mut gus = house.person("gus").await;
        let topic = post_topic(&mut gus, "engineering", "A question", "May we?").await;
        let at = format!("/p/{topic}");
        assert!(!gus.page.html.contains("name=\"aside\""));
        for page in ["/", "/g/engineering", &at, "/u/gus"] {
            assert!(
                ada.go(page).await.says("gus Guest"),
                "{page}: {}",
                ada.page.text()
            );
        }
        assert!(!ada.go("/u/ada").await.says("Guest"));

        // What colleagues say among themselves he does not see, nor that there is anything.
        let comments = format!("{at}/comments");
        ada.go(&at).await;
        let aside = [("body", "Not before the audit."), ("aside", "yes")];
        let first = ada.send(&comments, &aside).await.comment();
        assert!(ada.page.says("No comments yet, 1 internal") && ada.page.says("Internal"));
        let answer = format!("/p/{first}/comments");
        ada.send(&answer, &[("body", "Agreed with myself.")]).await;
        assert!(ada.page.says("No comments yet, 2 internal"));
        let page = gus.go(&at).await;
        assert!(page.says("No comments yet") && !page.says("internal"));
        assert!(!page.says("audit") && !page.says("myself"));
        let (csrf, forced) = (gus.csrf(), format!("/p/{topic}/comments"));
        let sent = [("csrf", csrf.as_str()), ("body", "psst"), ("aside", "yes")];
        assert_eq!(gus.post_raw(&forced, &sent, &[]).await.status, 403);
        let missing = gus.get_raw(&format!("/p/{first}"), &[]).await;
        assert_same(&missing, &gus.get_raw("/p/1", &[]).await, "an aside");
    }
}

#[tokio::test]
async fn a_public_group_is_read_by_anybody_until_it_is_closed_again() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "news", "open").await;
        let topic = post_topic(&mut ada, "news", "We won a prize", "For the bridge.").await;
        let mut nobody = Person::at(&house.instance);
        assert_eq!(nobody.go("/g/news").await.status, 404);

        ada.go("/g/news/settings").await;
        ada.send("/g/news/stage", &[("stage", "public")]).await;
        ada.send("/g/news/stage", &[]).await;
        assert_eq!(ada.page.notice().as_deref(), Some("Saved."));
        assert!(ada.go("/g/news").await.says("anybody on the internet"));
        assert!(nobody.go("/g/news").await.says("We won a prize"));
        let page = nobody.go(&format!("/p/{topic}")).await;
        assert!(page.says("For the bridge.") && page.says("Sign in first."));
        assert!(!page.html.contains("<form") && !page.headers.contains_key("set-cookie"));
        assert_eq!(page.headers["cache-control"], "private, no-store");
        assert!(page.html.contains(&format!("/sign-in?next=%2Fp%2F{topic}")));

        ada.go("/g/news/settings").await;
        ada.send("/g/news/stage", &[("stage", "internal")]).await;
        assert_eq!(nobody.go("/g/news").await.status, 404);
        assert_eq!(nobody.go(&format!("/p/{topic}")).await.status, 404);
    }
}
