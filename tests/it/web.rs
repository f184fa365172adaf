//! The pages, used as people use them, without scripts, on the real server and both databases.

use crate::support::dump::Dump;
use crate::support::person::{Page, Person};
use crate::support::process::{Instance, Server};
use crate::support::requirements::backends;
use crate::support::world::{eventually, instance};

pub const PASSWORD: &str = "correct horse battery";

/// An organization that serves pages: ada administers, grace and eve are colleagues.
pub struct House {
    pub instance: Instance,
    _server: Server,
}

impl House {
    /// One on each database that this run is about.
    async fn all() -> Vec<Self> {
        let mut houses = Vec::new();
        for backend in backends() {
            if let Some(instance) = instance("acme", backend) {
                houses.push(Self::found(instance, "Acme Bridges").await);
            }
        }
        houses
    }

    pub async fn found(instance: Instance, organization: &str) -> Self {
        let instance = instance.with("GUILDHALL_ORGANIZATION__NAME", organization);
        let secret = instance.file("password");
        std::fs::write(&secret, PASSWORD).unwrap();
        let secret = secret.to_str().unwrap();
        let init = [
            "init",
            "--name",
            organization,
            "--admin",
            "ada",
            "--email",
            "ada@acme.example",
        ];
        instance
            .run_json(&[&init[..], &["--password-file", secret]].concat())
            .await;
        for name in ["grace", "eve"] {
            let email = format!("{name}@acme.example");
            let make = [
                "user",
                "create",
                name,
                "--email",
                &email,
                "--password-file",
                secret,
            ];
            instance.run_json(&make).await;
        }
        Self {
            _server: instance.serve().await,
            instance,
        }
    }

    pub async fn person(&self, name: &str) -> Person {
        Person::signed_in(&self.instance, name, PASSWORD).await
    }

    /// Somebody who owns a new group of that name and access.
    async fn owner(&self, name: &str, group: &str, access: &str) -> Person {
        let mut owner = self.person(name).await;
        owner.go("/groups").await;
        let title = format!("Group {group}");
        let fields = [
            ("name", group),
            ("title", title.as_str()),
            ("access", access),
        ];
        owner.send("/groups", &fields).await;
        assert!(
            owner.page.path.starts_with(&format!("/g/{group}")),
            "{}",
            owner.page.text()
        );
        owner
    }
}

/// Starts a topic in a group; its id.
async fn post_topic(person: &mut Person, group: &str, title: &str, body: &str) -> String {
    person.go(&format!("/g/{group}")).await;
    let fields = [("title", title), ("body", body)];
    let page = person.send(&format!("/g/{group}/topics"), &fields).await;
    let id = page.path.strip_prefix("/p/");
    id.unwrap_or_else(|| panic!("{}", page.text())).to_owned()
}

#[tokio::test]
async fn colleagues_talk_in_a_group() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        assert_eq!(ada.page.notice().as_deref(), Some("Created."));
        assert!(ada.page.says("Who will read this: 3 colleagues"));
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On **Monday**.").await;
        assert!(ada.page.html.contains("<strong>Monday</strong>"));

        // Grace is no member; in an open group she becomes one by commenting.
        let mut grace = house.person("grace").await;
        assert!(grace.go("/").await.says("Nothing here yet"));
        grace.go(&format!("/p/{topic}")).await;
        let comments = format!("/p/{topic}/comments");
        let page = grace.send(&comments, &[("body", "Congratulations!")]).await;
        let comment = page.comment();
        assert!(page.path.starts_with(&format!("/p/{topic}#c-")));
        assert!(grace.go("/").await.says("Bridge opens"));

        // A comment's own address shows it in its thread; answers nest.
        ada.go(&format!("/p/{comment}")).await;
        assert_eq!(ada.page.comment(), comment);
        let answer = format!("/p/{comment}/comments");
        let thanks = ada.send(&answer, &[("body", "Thanks!")]).await.comment();
        assert!(ada.page.html.contains(&format!(
            "id=\"c-{thanks}\" class=\"comment\" data-depth=\"1\""
        )));
        assert!(ada.page.says("2 comments"));

        // Likes are counted once, and taken back.
        let like = format!("/p/{topic}/like");
        grace.go(&format!("/p/{topic}")).await;
        assert!(
            grace
                .send(&like, &[])
                .await
                .html
                .contains("aria-pressed=\"true\"")
        );
        assert!(grace.go("/").await.says("1 like"));
        grace.go(&format!("/p/{topic}")).await;
        let unlike = format!("/p/{topic}/unlike");
        assert!(
            !grace
                .send(&unlike, &[])
                .await
                .html
                .contains("aria-pressed=\"true\"")
        );

        // What one wrote one may change, and everybody sees what it was.
        let edit = format!("/p/{comment}/edit");
        grace.go(&edit).await;
        assert!(grace.page.html.contains("Congratulations!</textarea>"));
        grace.send(&edit, &[("body", "Well done!")]).await;
        assert!(grace.page.says("Well done!") && grace.page.says("edited"));
        ada.go(&format!("/p/{comment}/history")).await;
        assert!(ada.page.says("Well done!") && ada.page.says("Congratulations!"));
        assert!(ada.page.says("Current"));
        assert_eq!(ada.go(&edit).await.status, 403);
        assert!(ada.page.says("Only its author may do this."));

        // What is deleted leaves its place, and the answers to it.
        grace.go(&format!("/p/{topic}")).await;
        grace.send(&format!("/p/{comment}/delete"), &[]).await;
        assert!(grace.page.says("Deleted by its author.") && grace.page.says("Thanks!"));
        assert!(!grace.page.says("Well done!"));
        assert!(grace.page.says("1 comment"));
        assert!(
            !grace
                .go(&format!("/p/{comment}/history"))
                .await
                .says("Well done!")
        );
        ada.go(&format!("/p/{topic}")).await;
        ada.send(&format!("/p/{topic}/delete"), &[]).await;
        assert!(ada.page.says("A topic that was deleted"));
        assert!(ada.go("/g/engineering").await.says("No topics here yet."));
    }
}

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
async fn what_is_hidden_is_answered_like_what_does_not_exist() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "board", "secret").await;
        let topic = post_topic(&mut ada, "board", "Merger", "Do not tell.").await;
        let mut grace = house.person("grace").await;
        let mut nobody = Person::at(&house.instance);

        let pairs = |hidden: &str, unknown: &str, ends: &[&str]| -> Vec<(String, String)> {
            let both = |end: &&str| (format!("{hidden}{end}"), format!("{unknown}{end}"));
            ends.iter().map(both).collect()
        };
        let group_addresses = pairs("/g/board", "/g/nothing", &["", "/members", "/settings"]);
        let unknown_post = format!("/p/{}", topic.parse::<i64>().unwrap() + 1);
        let post_addresses = pairs(
            &format!("/p/{topic}"),
            &unknown_post,
            &["", "/edit", "/history"],
        );
        for (hidden, unknown) in group_addresses.iter().chain(&post_addresses) {
            assert_same(
                &grace.get_raw(hidden, &[]).await,
                &grace.get_raw(unknown, &[]).await,
                hidden,
            );
            let open = !hidden.contains("/edit")
                && !hidden.ends_with("/members")
                && !hidden.ends_with("/settings");
            let (one, other) = (
                nobody.get_raw(hidden, &[]).await,
                nobody.get_raw(unknown, &[]).await,
            );
            if open {
                assert_same(&one, &other, hidden);
                assert_same(&one, &grace.get_raw(hidden, &[]).await, hidden);
            } else {
                // Whatever the address, one is asked to sign in.
                assert_eq!((one.status, other.status), (303, 303));
            }
        }
        grace.go("/groups").await;
        let csrf = grace.csrf();
        for (act, fields) in [
            ("join", vec![]),
            ("topics", vec![("title", "x"), ("body", "x")]),
            ("stage", vec![("stage", "public")]),
        ] {
            let fields = [vec![("csrf", csrf.as_str())], fields].concat();
            let one = grace
                .post_raw(&format!("/g/board/{act}"), &fields, &[])
                .await;
            let other = grace
                .post_raw(&format!("/g/nothing/{act}"), &fields, &[])
                .await;
            assert_same(&one, &other, act);
        }
        for act in ["like", "delete", "comments", "edit"] {
            let fields = [("csrf", csrf.as_str()), ("body", "x"), ("title", "x")];
            let one = grace
                .post_raw(&format!("/p/{topic}/{act}"), &fields, &[])
                .await;
            let other = grace
                .post_raw(&format!("{unknown_post}/{act}"), &fields, &[])
                .await;
            assert_same(&one, &other, act);
        }
        assert!(!grace.go("/groups").await.says("board"));
        assert_eq!(
            grace
                .go("/find?handle=board")
                .await
                .text()
                .replace("board", "x"),
            grace
                .go("/find?handle=xoxo")
                .await
                .text()
                .replace("xoxo", "x")
        );
        for odd in [
            "/nowhere",
            "/p/0",
            "/p/x",
            "/g/%ff",
            "/g/a%2fb",
            "/u/nobody",
            "/assets/nothing",
            "/admin/partners",
        ] {
            let known = nobody.get_raw("/g/nothing", &[]).await;
            let answer = grace.get_raw(odd, &[]).await;
            assert_same(&answer, &known, odd);
        }
    }
}

#[track_caller]
fn assert_same(one: &Page, other: &Page, what: &str) {
    let headers = |page: &Page| {
        let mut headers = page.headers.clone();
        headers.remove("date");
        headers
    };
    assert_eq!(one.status, 404, "{what}: {}", one.text());
    assert_eq!(one.html, other.html, "{what}");
    assert_eq!(headers(one), headers(other), "{what}");
    assert!(!one.headers.contains_key("set-cookie"));
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

#[tokio::test]
async fn what_was_typed_is_kept_when_something_is_wrong() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;

        let typed = [
            ("title", " "),
            ("body", "A **long** text with \"quotes\" & <tags>"),
        ];
        let page = ada.send("/g/engineering/topics", &typed).await;
        assert_eq!(page.status, 422);
        assert_eq!(
            page.problem().unwrap(),
            "The title is missing: say in one line what it is about."
        );
        assert!(
            page.html
                .contains("A **long** text with &#34;quotes&#34; &#38; &#60;tags&#62;</textarea>")
        );
        // Reloading after it leads back to the page the form is on.
        assert_eq!(ada.go("/g/engineering/topics").await.path, "/g/engineering");

        let topic = post_topic(&mut ada, "engineering", "Bridge", "x").await;
        let comments = format!("/p/{topic}/comments");
        let first = ada.send(&comments, &[("body", "first")]).await.comment();
        let long = "x".repeat(70_000);
        let page = ada
            .send(&format!("/p/{first}/comments"), &[("body", &long)])
            .await;
        assert_eq!(page.status, 422);
        assert!(page.html.contains(&format!("{long}</textarea>")));
        assert!(page.html.contains("class=\"fold reply\" open"));

        ada.go("/groups").await;
        let taken = [
            ("name", "engineering"),
            ("title", "Another"),
            ("access", "closed"),
        ];
        let page = ada.send("/groups", &taken).await;
        assert_eq!(page.status, 409);
        assert_eq!(page.field("title").as_deref(), Some("Another"));
        assert_eq!(
            page.problem().unwrap(),
            "The name engineering is taken; choose another."
        );
    }
}

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
async fn an_administrator_makes_and_disables_accounts() {
    for house in House::all().await {
        let mut ada = house.person("ada").await;
        ada.go("/admin/users").await;
        let new = [
            ("display_name", "Tim Berners"),
            ("name", "tim"),
            ("email", "tim@acme.example"),
            ("password", PASSWORD),
            ("role", "member"),
        ];
        ada.send("/admin/users", &new).await;
        assert!(ada.page.says("Tim Berners") && ada.page.says("not signed in"));
        let mut tim = house.person("tim").await;
        assert!(tim.go("/u/ada").await.says("@ada@acme.localhost"));
        for address in ["/admin/users", "/admin/queue", "/admin/partners"] {
            assert_eq!(tim.go(address).await.status, 404, "{address}");
        }

        ada.go("/admin/users").await;
        ada.send("/admin/users/tim/state", &[("state", "disabled")])
            .await;
        assert!(ada.page.says("Disabled"));
        assert!(tim.go("/").await.path.starts_with("/sign-in"));
        assert_eq!(ada.go("/u/tim").await.status, 404);

        // Passwords and other browsers.
        let mut other = house.person("ada").await;
        ada.go("/settings").await;
        let change = |again| {
            [
                ("current", PASSWORD),
                ("password", "another horse"),
                ("again", again),
            ]
        };
        let refused = ada
            .send("/settings/password", &change("other horse!"))
            .await;
        assert_eq!(refused.status, 422);
        ada.send("/settings/password", &change("another horse"))
            .await;
        assert!(
            ada.page
                .notice()
                .unwrap()
                .starts_with("Your password is changed.")
        );
        assert!(other.go("/").await.path.starts_with("/sign-in"));
        let mut third = Person::signed_in(&house.instance, "ada", "another horse").await;
        ada.go("/settings").await;
        ada.send("/settings/sessions", &[("session", "others")])
            .await;
        assert!(third.go("/").await.path.starts_with("/sign-in"));
        assert_eq!(ada.go("/").await.status, 200);
    }
}

#[tokio::test]
async fn an_administrator_erases_somebody_with_all_they_wrote() {
    for house in House::all().await {
        let mut grace = house.owner("grace", "welding", "open").await;
        let topic = post_topic(&mut grace, "welding", "Electrodes", "Mine are blue.").await;
        let mut eve = house.person("eve").await;
        eve.go(&format!("/p/{topic}")).await;
        let comments = format!("/p/{topic}/comments");
        eve.send(&comments, &[("body", "Nice ones.")]).await;
        grace.go(&format!("/p/{topic}")).await;
        grace.send(&comments, &[("body", "They are.")]).await;

        let mut ada = house.person("ada").await;
        ada.go("/admin/users").await;
        let erase = "/admin/users/grace/erase";
        let mistaken = ada.send(erase, &[("confirm", "eve")]).await;
        assert_eq!(mistaken.status, 422);
        assert!(grace.go("/").await.path == "/");
        ada.send(erase, &[("confirm", "grace")]).await;
        let notice = "grace is erased. These groups have no owner now: Group welding.";
        assert_eq!(ada.page.notice().as_deref(), Some(notice));
        assert!(!ada.page.says("grace@acme.example"));

        // She is signed out, unknown, and what she wrote is gone; what others wrote is not.
        assert!(grace.go("/").await.path.starts_with("/sign-in"));
        let refused = grace.sign_in("grace", PASSWORD).await;
        assert_eq!(refused.status, 422);
        assert_eq!(ada.go("/u/grace").await.status, 404);
        let page = eve.go(&format!("/p/{topic}")).await;
        assert!(page.says("A topic that was deleted") && page.says("Nice ones."));
        assert!(page.says("1 comment") && !page.says("They are."));
        assert!(!page.says("grace") && !page.says("blue"));
    }
}

#[tokio::test]
async fn moderators_take_posts_out_of_view_and_lock_topics() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On Monday.").await;
        let (at, comments) = (format!("/p/{topic}"), format!("/p/{topic}/comments"));
        let mut grace = house.person("grace").await;
        grace.go(&at).await;
        let advert = [("body", "Buy my **ribbons**!")];
        let comment = grace.send(&comments, &advert).await.comment();
        let remove = format!("/p/{comment}/remove");
        let mut eve = house.person("eve").await;
        assert!(!eve.go(&at).await.html.contains("/remove\""));
        assert_eq!(eve.go(&remove).await.status, 403);
        assert!(eve.page.says("Only moderators of the group may do this."));

        // One says why; then readers see that, and moderators besides what it was.
        assert!(
            ada.go(&at)
                .await
                .html
                .contains(&format!("href=\"{remove}\""))
        );
        assert!(ada.go(&remove).await.says("Buy my ribbons !"));
        assert_eq!(ada.send(&remove, &[("reason", " ")]).await.status, 422);
        let problem = ada.page.problem().unwrap();
        assert_eq!(problem, "The reason is missing: say in a line why it goes.");
        let page = ada.send(&remove, &[("reason", "No advertising")]).await;
        assert!(
            page.says("Removed by a moderator: No advertising") && page.says("No comments yet")
        );
        assert!(page.says("What it said") && page.html.contains("<strong>ribbons</strong>"));
        for reader in [&mut eve, &mut grace] {
            let page = reader.go(&at).await;
            assert!(
                page.says("Removed by a moderator: No advertising"),
                "{}",
                page.text()
            );
            assert!(!page.html.contains("ribbons") && !page.html.contains("/restore"));
            let history = reader.go(&format!("/p/{comment}/history")).await;
            assert!(!history.html.contains("ribbons"));
        }
        let (restore, csrf) = (format!("/p/{comment}/restore"), eve.csrf());
        let refused = eve.post_raw(&restore, &[("csrf", &csrf)], &[]).await;
        assert_eq!(refused.status, 403);
        assert_eq!(
            ada.go(&remove).await.path,
            format!("/p/{topic}#c-{comment}")
        );
        ada.send(&restore, &[]).await;
        assert!(ada.page.says("1 comment") && !ada.page.says("Removed by"));
        assert!(eve.go(&at).await.says("ribbons"));

        // A locked topic is for moderators.
        ada.send(&format!("{at}/lock"), &[]).await;
        assert!(eve.go(&at).await.says("This topic is locked") && eve.page.says("Locked"));
        assert!(!eve.page.html.contains("/comments"));
        ada.send(&comments, &[("body", "Closed for now.")]).await;
        assert!(ada.page.says("2 comments"));
        ada.send(&format!("{at}/unlock"), &[]).await;
        eve.go(&at).await;
        eve.send(&comments, &[("body", "Thanks.")]).await;

        // A removed topic is out of the lists. The command line does the same, by the number.
        let instance = &house.instance;
        let away = ["post", "remove", &topic, "--reason", "Not ours to tell"];
        assert_eq!(instance.run_json(&away).await["state"], "removed");
        let twice = instance.run(away).await;
        assert!(twice.stderr.contains("removed already"), "{twice:?}");
        assert!(!eve.go("/g/engineering").await.says("Bridge opens"));
        assert!(eve.go(&at).await.says("A topic that was removed"));
        assert!(eve.page.says("Not ours to tell") && !eve.page.says("On Monday."));
        assert!(ada.go(&at).await.says("Bridge opens") && ada.page.says("On Monday."));
        assert_eq!(
            instance.run_json(&["post", "restore", &topic]).await["state"],
            "visible"
        );
        assert_eq!(
            instance.run_json(&["post", "lock", &topic]).await["locked"],
            true
        );
        assert!(eve.go(&at).await.says("This topic is locked"));
        assert_eq!(
            instance.run_json(&["post", "unlock", &topic]).await["locked"],
            false
        );
        let none = instance.run(["post", "lock", "1"]).await;
        assert!(none.stderr.contains("there is no post 1"), "{none:?}");
        assert_eq!(none.code, Some(1));
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
async fn administrators_read_who_did_what() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        for number in 1..=20 {
            let title = format!("Topic {number}");
            post_topic(&mut ada, "engineering", &title, "x").await;
        }
        let page = ada.go("/admin/audit").await;
        assert!(page.says("post created /p/"), "{}", page.text());
        assert!(!page.says("house founded"));
        let mut seen = page.html.matches("<tr><th scope=\"row\"").count();
        while let Some(older) = link(&ada.page, "next") {
            seen += ada
                .go(&older)
                .await
                .html
                .matches("<tr><th scope=\"row\"")
                .count();
        }
        assert!(ada.page.says("operator") && ada.page.says("house founded"));
        assert_eq!(
            house.person("grace").await.go("/admin/audit").await.status,
            404
        );

        // Signing in is an act too.
        let lines = house
            .instance
            .run_json(&["audit", "list", "--limit", "500"])
            .await;
        let lines = lines.as_array().unwrap();
        assert_eq!(lines.len(), seen + 1, "{lines:#?}");
        assert_eq!(lines.last().unwrap()["action"], "house_founded");
        let id = lines[2]["id"].as_str().unwrap();
        let part = ["audit", "list", "--limit", "1", "--before", id];
        assert_eq!(house.instance.run_json(&part).await[0], lines[3]);
    }
}

/// Every address of the pages that is below something that may be hidden.
const BELOW_A_GROUP: &[&str] = &[
    "",
    "/join",
    "/leave",
    "/topics",
    "/members",
    "/members/add",
    "/settings",
    "/stage",
    "/archive",
    "/grants",
    "/grants/remove",
    "/outbox",
    "/followers",
    "/moderators",
    "/featured",
    "/inbox",
    "?before=3",
    "/nonsense",
];
const BELOW_A_POST: &[&str] = &[
    "",
    "/edit",
    "/history",
    "/remove",
    "/restore",
    "/lock",
    "/unlock",
    "/comments",
    "/delete",
    "/like",
    "/unlike",
    "/context",
    "/replies",
    "?page=2",
    "/nonsense",
];
const BELOW_A_PERSON: &[&str] = &["", "/outbox", "/followers", "/following", "/inbox"];

#[tokio::test]
async fn a30_visitors_learn_from_no_address_what_there_is() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "board", "secret").await;
        let topic = post_topic(&mut ada, "board", "Merger", "Do not tell.").await;
        let mut nobody = Person::at(&house.instance);
        let unknown = (topic.parse::<i64>().unwrap() + 1).to_string();
        for (place, there, nowhere, ends) in [
            ("/g/", "board", "empty", BELOW_A_GROUP),
            ("/p/", topic.as_str(), unknown.as_str(), BELOW_A_POST),
            ("/u/", "ada", "nob", BELOW_A_PERSON),
        ] {
            for end in ends {
                for accept in ["text/html", "application/activity+json", "*/*"] {
                    let headers = [("accept", accept)];
                    let what = format!("{place}{there}{end} as {accept}");
                    let (hidden, unknown) =
                        (format!("{place}{there}"), format!("{place}{nowhere}"));
                    let answer = nobody.get_raw(&format!("{hidden}{end}"), &headers).await;
                    let one = told(&answer, &hidden);
                    let answer = nobody.get_raw(&format!("{unknown}{end}"), &headers).await;
                    assert_eq!(one, told(&answer, &unknown), "{what}");
                    assert!(
                        !one.contains("Merger") && !one.contains("set-cookie"),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// Everything an answer tells: status, headers but the time, body; without the address asked for.
fn told(answer: &Page, address: &str) -> String {
    let mut headers = answer.headers.clone();
    headers.remove("date");
    let all = format!("{} {headers:?} {}", answer.status, answer.html);
    all.replace(address, "IT")
        .replace(&address.replace('/', "%2F"), "IT")
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

#[tokio::test]
async fn long_lists_are_walked_page_by_page() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        for number in 1..=45 {
            post_topic(&mut ada, "engineering", &format!("Topic {number:02}"), "x").await;
        }
        for start in ["/", "/g/engineering"] {
            let mut seen = Vec::new();
            ada.go(start).await;
            loop {
                seen.extend(titles(&ada.page));
                match link(&ada.page, "next") {
                    Some(older) => ada.go(&older).await,
                    None => break,
                };
            }
            let newest_first: Vec<String> =
                (1..=45).rev().map(|n| format!("Topic {n:02}")).collect();
            assert_eq!(seen, newest_first);
            let newer = link(&ada.page, "prev").unwrap();
            assert_eq!(titles(ada.go(&newer).await), newest_first[20..40]);
        }
        assert_eq!(ada.go("/?before=x&after=%ff").await.status, 200);
    }
}

fn titles(page: &Page) -> Vec<String> {
    let found = page.html.split(">Topic ").skip(1);
    found.map(|rest| format!("Topic {}", &rest[..2])).collect()
}

fn link(page: &Page, rel: &str) -> Option<String> {
    let rest = page
        .html
        .split_once(&format!("<a rel=\"{rel}\" href=\""))?
        .1;
    rest.split('"').next().map(str::to_owned)
}

#[tokio::test]
async fn files_are_kept_by_browsers_as_long_as_they_stay_the_same() {
    let house = House::found(Instance::new("acme"), "Acme").await;
    let mut nobody = Person::at(&house.instance);
    let page = nobody.go("/sign-in").await.html.clone();
    let address = page.split("href=\"/assets/style.css").nth(1).unwrap();
    let address = format!("/assets/style.css{}", address.split('"').next().unwrap());
    let style = nobody.get_raw(&address, &[]).await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(
        style.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let tag = style.headers["etag"].clone();
    let again = nobody
        .get_raw("/assets/style.css", &[("if-none-match", &tag)])
        .await;
    assert_eq!((again.status, again.html.as_str()), (304, ""));
    assert_eq!(again.headers["cache-control"], "public, no-cache");
}

#[tokio::test]
async fn two_organizations_share_a_group_through_their_pages() {
    for backend in backends() {
        let (Some(acme), Some(birch)) = (instance("acme", backend), instance("birch", backend))
        else {
            continue;
        };
        let acme = House::found(acme, "Acme Bridges").await;
        let birch = House::found(birch, "Birch Timber").await;
        let mut ada = acme.owner("ada", "engineering", "closed").await;
        let mut bo = birch.person("ada").await;
        let there = format!("engineering@{}", acme.instance.host());
        let group = format!("/g/{there}");

        // Before there is a partnership, nothing is asked of acme, and nothing is known.
        let page = bo.go(&format!("/find?handle={there}")).await;
        assert_eq!(
            page.problem().unwrap(),
            "There is no partnership with that server. An administrator can make one."
        );
        assert_eq!(bo.go(&group).await.status, 404);

        // One makes a code, the other pastes it.
        ada.go("/admin/partners").await;
        ada.send(
            "/admin/partners/invite",
            &[("class", "supplier"), ("expires", "7d")],
        )
        .await;
        let code = ada
            .page
            .html
            .split("<code>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .to_owned();
        bo.go("/admin/partners").await;
        let broken = bo
            .send("/admin/partners/accept", &[("code", &code[..40])])
            .await;
        assert_eq!(broken.status, 422);
        bo.send("/admin/partners/accept", &[("code", &code)]).await;
        assert_eq!(
            bo.page.notice().as_deref(),
            Some("You are partners."),
            "{}",
            bo.page.text()
        );
        assert!(bo.page.says("Acme Bridges") && bo.page.says("active"));
        let birch_host = birch.instance.host();
        ada.go(&format!("/admin/partners/{birch_host}")).await;
        assert!(
            ada.page.says("Birch Timber")
                && ada.page.says("supplier")
                && ada.page.says("Pinned key")
        );

        // The group is opened: stage, then grant, each with what it means.
        ada.go("/g/engineering/settings").await;
        ada.send("/g/engineering/stage", &[("stage", "partners")])
            .await;
        let grant = [
            ("partner", birch_host.as_str()),
            ("can", "react"),
            ("can", "reply"),
            ("can", "start"),
            ("join", "approve"),
            ("history", "all"),
        ];
        ada.send("/g/engineering/grants", &grant).await;
        assert!(
            ada.page
                .says("Birch Timber sees everything, and may read, react, reply, start."),
            "{}",
            ada.page.text()
        );
        let topic = post_topic(&mut ada, "engineering", "Bridge opens", "On Monday.").await;
        assert!(ada.page.says("Birch Timber, where nobody has joined yet"));

        // From birch: found, asked, let in.
        eventually("birch finds the group", async || {
            bo.go(&format!("/find?handle={there}"))
                .await
                .says("Group engineering")
                .then_some(())
        })
        .await;
        bo.send(&format!("{group}/join"), &[]).await;
        assert!(
            bo.page.says("Acme Bridges has been asked"),
            "{}",
            bo.page.text()
        );
        eventually("the request arrives", async || {
            ada.go("/g/engineering/members")
                .await
                .says("Waiting to join 1")
                .then_some(())
        })
        .await;
        assert!(ada.page.html.contains("data-class=\"supplier\""));
        let actor = ada.page.field("actor").unwrap();
        let approve = [("actor", actor.as_str()), ("action", "approve")];
        ada.send("/g/engineering/members", &approve).await;
        eventually("earlier topics arrive", async || {
            bo.go(&group).await.says("Bridge opens").then_some(())
        })
        .await;
        assert!(bo.page.says("everybody whom Acme Bridges lets read there"));
        ada.go(&format!("/p/{topic}")).await;
        assert!(ada.page.says("1 person at Birch Timber"));

        // What bo writes arrives at acme, marked.
        let path = bo
            .page
            .html
            .split("<h3><a href=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        bo.go(&path).await;
        bo.send(
            &format!("{path}/comments"),
            &[("body", "We bring the ribbon.")],
        )
        .await;
        bo.send(&format!("{path}/like"), &[]).await;
        eventually("the comment and the like arrive", async || {
            let page = ada.go(&format!("/p/{topic}")).await;
            (page.says("We bring the ribbon.") && page.says("Like this by ada 1")).then_some(())
        })
        .await;
        assert!(ada.page.html.contains("class=\"from-outside\""));
        assert!(ada.page.says("supplier Birch Timber"));

        // What stays inside: birch gets what comes after it, and nothing of it in any form.
        let comments = format!("/p/{topic}/comments");
        let aside = [("body", "They charge too much."), ("aside", "yes")];
        let aside = ada.send(&comments, &aside).await.comment();
        ada.send(&format!("/p/{aside}/like"), &[]).await;
        ada.go(&format!("/p/{topic}")).await;
        ada.send(&comments, &[("body", "Thank you.")]).await;
        assert!(ada.page.says("2 comments, 1 internal"));
        eventually("what comes after it arrives", async || {
            bo.go(&path).await.says("Thank you.").then_some(())
        })
        .await;
        assert!(bo.page.says("2 comments") && !bo.page.says("internal"));
        let birch_knows = Dump::of(&birch.instance.database_url());
        assert_eq!(birch_knows.count_everywhere("too much"), 0);
        assert_eq!(birch_knows.count_everywhere(&aside), 0);
        let sent = Dump::of(&acme.instance.database_url());
        assert_eq!(sent.count("messages", "too much"), 0);
        assert_eq!(sent.count("deliveries", &aside), 0);
        assert!(ada.go("/admin/queue").await.says(&birch_host));

        // The grant is taken back: gone for birch, at once for what it asks acme, soon on its pages.
        ada.go("/g/engineering/settings").await;
        ada.send("/g/engineering/grants/remove", &[("grant", &birch_host)])
            .await;
        assert!(ada.page.says("No partner has a grant."));
        eventually("birch loses sight of the group", async || {
            (bo.go(&group).await.status == 404).then_some(())
        })
        .await;
        assert_eq!(bo.go(&path).await.status, 404);
    }
}
