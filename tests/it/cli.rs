//! Commands as an operator types them, in the real program.

use serde_json::{Value, json};

use crate::support::postgres;
use crate::support::process::{Instance, Outcome};
use crate::support::requirements::{Backend, backends};

const INIT: [&str; 7] = [
    "init",
    "--name",
    "Acme Bridges",
    "--admin",
    "ada",
    "--email",
    "ada@acme.example",
];

/// An empty installation on each database that this run is about.
pub fn instances() -> Vec<Instance> {
    let on = |backend| match backend {
        Backend::Sqlite => Some(Instance::new("acme")),
        Backend::Postgres => Some(Instance::new("acme").on_database(&postgres::database_url()?)),
    };
    backends().into_iter().filter_map(on).collect()
}

/// A founded house on each of them.
pub async fn houses() -> Vec<Instance> {
    let instances = instances();
    for instance in &instances {
        instance.run_json(&INIT).await;
    }
    instances
}

/// The one sentence of a command that failed and said nothing else.
#[track_caller]
fn sentence(outcome: &Outcome) -> &str {
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(outcome.stdout, "", "{outcome:?}");
    let said = outcome.stderr.trim_end();
    assert!(
        said.starts_with("guildhall: ") && said.lines().count() == 1,
        "{outcome:?}"
    );
    said
}

#[tokio::test]
async fn a_grant_is_changed_in_what_is_said_and_the_change_is_printed() {
    for acme in houses().await {
        acme.run_json(&[
            "group", "create", "roads", "--title", "Roads", "--owner", "ada",
        ])
        .await;
        acme.add_partner("birch.example").await;
        let add = ["grant", "add", "roads", "birch.example", "--can"];
        let more = ["read,reply", "--history", "all", "--apart"];
        let first = acme.run_json(&[&add[..], &more].concat()).await;
        assert_eq!(
            (&first["history_from"], &first["apart"]),
            (&json!(null), &json!(true))
        );

        let changed = acme.run([&add[..], &["read"]].concat()).await;
        assert!(
            changed.stderr.contains("Changed: can read,reply → read."),
            "{changed:?}"
        );
        let closed = ["--apart", "no", "--until", "never", "--history", "now"];
        let now = acme
            .run_json(&[&add[..], &["read"], &closed].concat())
            .await;
        assert_eq!(now["apart"], false);
        assert_ne!(now["history_from"], json!(null));
        let removed = acme
            .run(["grant", "remove", "roads", "birch.example"])
            .await;
        assert!(
            removed.stdout.contains("0 deliveries cancelled, 0 members"),
            "{removed:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_folder_becomes_a_house_with_people_and_tokens() {
    for acme in instances() {
        let house = acme.run_json(&INIT).await;
        assert_eq!(house["public_url"], acme.origin());
        assert_eq!(house["admin"]["role"], "admin");
        assert_eq!(house["admin"]["password"].as_str().map(str::len), Some(20));

        std::fs::write(acme.file("secret"), "correct horse battery\n").unwrap();
        let bo = ["user", "create", "bo", "--email", "bo@acme.example"];
        let bo = [&bo[..], &["--password-file", "secret"]].concat();
        let bo = acme.run_json(&bo).await;
        assert_eq!(bo["uri"], format!("{}/u/bo", acme.origin()));
        assert_eq!(bo["password"], Value::Null);

        let people = acme.run_json(&["user", "list"]).await;
        let names = people.as_array().unwrap().iter().map(|one| &one["name"]);
        assert_eq!(names.collect::<Vec<_>>(), ["ada", "bo"]);

        let token = ["token", "create", "bo", "--scopes", "read write"];
        let token = acme.run_json(&token).await;
        assert_eq!(token["scope"], "read write");
        assert_eq!(token["access_token"].as_str().map(str::len), Some(43));
        let id = token["id"].as_str().unwrap();
        acme.run_json(&["token", "revoke", "bo", id]).await;
        let tokens = acme.run_json(&["token", "list", "bo"]).await;
        assert_eq!(tokens, Value::Array(Vec::new()));
    }
}

#[tokio::test]
async fn people_read_tables_and_sentences() {
    let acme = Instance::new("acme");
    let made = acme.run(INIT).await;
    assert!(
        made.stdout.contains("Start it with `guildhall serve`"),
        "{made:?}"
    );

    let listed = acme.run(["user", "list"]).await;

    let line = listed.stdout.lines().nth(1).unwrap();
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["ada", "admin", "ada@acme.example", "enabled"]);
    assert_eq!(listed.stderr, "");
}

#[tokio::test]
async fn accounts_are_disabled_and_enabled_but_never_the_last_administrator() {
    for acme in houses().await {
        acme.run_json(&["user", "create", "bo", "--email", "bo@acme.example"])
            .await;

        let shut = acme.run_json(&["user", "disable", "bo"]).await;
        assert_eq!(shut["disabled"], true);
        let token = acme
            .run(["token", "create", "bo", "--scopes", "read"])
            .await;
        assert!(sentence(&token).contains("disabled"), "{token:?}");
        let open = acme.run_json(&["user", "enable", "bo@acme.example"]).await;
        assert_eq!(open["disabled"], false);

        let last = acme.run(["user", "disable", "ada"]).await;
        assert!(sentence(&last).contains("only administrator"), "{last:?}");
        let nobody = acme.run(["user", "disable", "eve"]).await;
        assert!(sentence(&nobody).contains("\"eve\""), "{nobody:?}");
    }
}

#[tokio::test]
async fn who_is_erased_leaves_a_name_that_nobody_can_have_again() {
    for acme in houses().await {
        let bo = ["user", "create", "bo", "--email", "bo@acme.example"];
        acme.run_json(&bo).await;
        let roads = [
            "group", "create", "roads", "--title", "Roads", "--owner", "bo",
        ];
        acme.run_json(&roads).await;
        acme.run_json(&["member", "add", "roads", "ada"]).await;

        let group = acme.run(["member", "ban", "roads", "roads"]).await;
        assert_eq!(group.code, Some(1), "{group:?}");
        assert!(group.stderr.contains("nobody who can be a member"));
        let unsure = acme.run(["user", "erase", "bo"]).await;
        assert!(sentence(&unsure).contains("--yes"), "{unsure:?}");
        let last = acme.run(["user", "erase", "ada", "--yes"]).await;
        assert!(sentence(&last).contains("only administrator"), "{last:?}");

        let erased = acme.run_json(&["user", "erase", "bo", "--yes"]).await;
        assert_eq!(erased["name"], "bo");
        assert_eq!(erased["groups_without_owner"], serde_json::json!(["roads"]));
        let people = acme.run_json(&["user", "list"]).await;
        assert_eq!(people.as_array().map(Vec::len), Some(1));
        let gone = acme.run(["user", "erase", "bo", "--yes"]).await;
        assert!(sentence(&gone).contains("\"bo\""), "{gone:?}");

        // The name stays taken, for people and groups; the address is free.
        let again = acme.run(bo).await;
        assert!(sentence(&again).contains("taken"), "{again:?}");
        let group = acme.run(["group", "create", "bo", "--title", "Bo"]).await;
        assert!(sentence(&group).contains("taken"), "{group:?}");
        let other = ["user", "create", "bo2", "--email", "bo@acme.example"];
        acme.run_json(&other).await;

        // The group goes on, and gets an owner; nobody who was erased can be one.
        let nobody = acme.run(["member", "add", "roads", "bo"]).await;
        assert!(sentence(&nobody).contains("bo"), "{nobody:?}");
        let owner = ["member", "add", "roads", "bo2", "--role", "owner"];
        assert_eq!(acme.run_json(&owner).await["role"], "owner");
    }
}

#[tokio::test]
async fn nothing_works_before_init_and_init_works_once() {
    for acme in instances() {
        let early = acme.run(["user", "list"]).await;
        assert!(sentence(&early).contains("guildhall init"), "{early:?}");

        acme.run_json(&["migrate"]).await;
        let migrated = acme.run(["user", "list"]).await;
        assert!(
            sentence(&migrated).contains("guildhall init"),
            "{migrated:?}"
        );

        acme.run_json(&INIT).await;
        let again = acme.run(INIT).await;
        assert!(
            sentence(&again).contains("initialized already"),
            "{again:?}"
        );
        assert_eq!(
            acme.run_json(&["user", "list"])
                .await
                .as_array()
                .map(Vec::len),
            Some(1)
        );
    }
}

#[tokio::test]
async fn a_command_that_fails_leaves_nothing_behind() {
    let acme = Instance::new("acme");
    acme.run(["user", "list"]).await;
    assert!(!acme.data_dir().exists(), "a query made a folder");

    std::fs::write(acme.file("secret"), "short").unwrap();
    let refused = acme
        .run(INIT.iter().chain(&["--password-file", "secret"]))
        .await;
    assert!(
        sentence(&refused).contains("at least 10 characters"),
        "{refused:?}"
    );
    acme.run_json(&INIT).await;
}

#[tokio::test]
async fn migrations_are_listed_applied_and_taken_back() {
    for acme in instances() {
        let status = async || acme.run_json(&["migrate", "--status"]).await;
        let applied = |list: &Value| {
            let all = list.as_array().unwrap().iter();
            all.map(|one| one["applied"].as_bool().unwrap())
                .collect::<Vec<_>>()
        };
        let count = applied(&status().await).len();

        let done = acme.run_json(&["migrate"]).await;
        assert_eq!(done["applied"].as_array().map(Vec::len), Some(count));
        assert_eq!(applied(&status().await), vec![true; count]);
        let again = acme.run_json(&["migrate"]).await;
        assert_eq!(again["applied"], Value::Array(Vec::new()));

        for left in (0..count).rev() {
            let reverted = acme.run_json(&["migrate", "--down"]).await;
            assert!(reverted["reverted"].is_string());
            let still = applied(&status().await).into_iter().filter(|on| *on);
            assert_eq!(still.count(), left);
        }
        acme.run_json(&INIT).await;
    }
}

#[tokio::test]
async fn settings_that_cannot_be_are_named() {
    for (variable, value, named) in [
        ("GUILDHALL_LISTN", "x", "listn"),
        ("GUILDHALL_LISTEN", "nowhere", "listen"),
        ("GUILDHALL_FEDERATION__MODE", "ajar", "federation.mode"),
        ("GUILDHALL_LOG", "a=b=c", "GUILDHALL_LOG"),
        ("GUILDHALL_LOG_FORMAT", "xml", "GUILDHALL_LOG_FORMAT"),
    ] {
        let acme = Instance::new("acme").with(variable, value);
        let refused = acme.run(["serve"]).await;
        let said = sentence(&refused);
        assert!(said.contains(named) && said.contains(value), "{said}");
        assert!(!acme.data_dir().exists());
    }
}

#[tokio::test]
async fn a_file_of_settings_is_read_where_it_is_named() {
    let acme = Instance::new("acme");
    std::fs::write(acme.file("odd.toml"), "[federation]\nmood = \"good\"").unwrap();
    let refused = acme.run(["--config", "odd.toml", "user", "list"]).await;
    assert!(
        sentence(&refused).contains("federation.mood"),
        "{refused:?}"
    );
    let missing = acme.run(["user", "list", "--config", "none.toml"]).await;
    assert!(sentence(&missing).contains("none.toml"), "{missing:?}");
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    let acme = Instance::new("acme");
    for arguments in [
        &["user", "create", "ada"][..],
        &["user", "create", "a/b", "--email", "a@b.example"],
        &["user", "create", "ada", "--email", "nobody"],
        &[
            "user",
            "create",
            "ada",
            "--email",
            "a@b.example",
            "--role",
            "king",
        ],
        &["token", "create", "ada", "--scopes", "everything"],
        &["serve", "--workers", "all"],
        &["migrate", "--up"],
        &["demo", "--port", "80"],
        &["demo", "--port", "65535"],
    ] {
        let outcome = acme.run(arguments).await;
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        assert_eq!(outcome.stdout, "");
    }
    assert!(!acme.data_dir().exists());
}

#[tokio::test]
async fn a_complaint_is_short_whatever_was_typed() {
    for acme in houses().await {
        let long = "x".repeat(6_000);
        let usage = ["token", "create", "ada", "--scopes", &long];
        for (code, arguments) in [(2, &usage[..]), (1, &["user", "disable", &long])] {
            let outcome = acme.run(arguments).await;
            assert_eq!(outcome.code, Some(code), "{outcome:?}");
            assert!(outcome.stderr.len() < 1_200, "{}", outcome.stderr);
            assert!(outcome.stderr.contains("xxx …") || outcome.stderr.contains("xxx … xxx"));
        }
    }
}

#[tokio::test]
async fn a_house_needs_no_grant_for_itself() {
    for acme in houses().await {
        let roads = [
            "group", "create", "roads", "--title", "Roads", "--owner", "ada",
        ];
        acme.run_json(&roads).await;
        let own = acme
            .run(["grant", "add", "roads", &acme.host(), "--can", "read"])
            .await;
        let said = sentence(&own);
        assert!(said.contains("this house itself"), "{said}");
        assert!(!said.contains("invitation"), "{said}");
    }
}

#[tokio::test]
async fn another_address_than_the_first_is_refused() {
    for acme in houses().await {
        let first = acme.origin();
        let moved = acme.with("GUILDHALL_PUBLIC_URL", "http://moved.localhost:1234");
        for command in [&["user", "list"][..], &["serve"]] {
            let refused = moved.run(command).await;
            assert!(sentence(&refused).contains(&first), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_founding_with_bad_values_makes_nothing() {
    let acme = Instance::new("acme");
    std::fs::write(acme.file("short"), "hush\n").unwrap();
    let long = "x".repeat(201);
    let short = [&INIT[..], &["--password-file", "short"]].concat();
    let named = |name| [&["init", "--name", name], &INIT[3..]].concat();
    for arguments in [named("  "), named("a\nb"), named(&long), short] {
        sentence(&acme.run(&arguments).await);
        assert!(!acme.data_dir().exists(), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_one_sentence() {
    let away = Instance::new("acme").on_database("postgres://guildhall:hush@127.0.0.1:1/none");
    for command in [&["user", "list"][..], &INIT, &["serve"], &["migrate"]] {
        let refused = away.run(command).await;
        assert!(
            sentence(&refused).contains("cannot be opened"),
            "{refused:?}"
        );
        assert!(!refused.stderr.contains("hush"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    for acme in houses().await {
        acme.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231235959')");
        for command in [&["user", "list"][..], &INIT, &["serve"], &["migrate"]] {
            let refused = acme.run(command).await;
            assert!(
                sentence(&refused).contains("newer Guildhall"),
                "{refused:?}"
            );
        }
    }
}
