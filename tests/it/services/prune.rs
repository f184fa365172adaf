//! What is no longer needed goes, what is needed stays; the clock is moved.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use guildhall::app::App;
use guildhall::domain::{Access, PostId, Timestamp};
use guildhall::services::groups::NewGroup;
use guildhall::services::{accounts, groups, posts, prune};
use guildhall::storage;

use crate::support::house::houses;

const DAY: Duration = Duration::from_secs(86_400);

/// The first id of a moment: milliseconds since 2024, and 22 bits that are nothing here.
fn id_at(moment: Timestamp) -> i64 {
    (moment.micros() / 1_000 - 1_704_067_200_000) << 22
}

/// A table with a number of rows.
async fn count(app: &App, table: &'static str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    app.db
        .read("count", move |connection| {
            let text = format!("SELECT COUNT(*) AS rows FROM {table}");
            let row: Row = diesel::RunQueryDsl::get_result(diesel::sql_query(text), connection)?;
            Ok(row.rows)
        })
        .await
        .expect("a count")
}

async fn execute(app: &App, statements: String) {
    app.db
        .write("execute", move |connection| {
            connection.batch_execute(&statements)?;
            Ok(())
        })
        .await
        .expect("statements");
}

/// Deliveries to many servers, arrivals, refusals, a session: all of `age` ago.
fn rows_of(now: Timestamp, age: Duration, post: PostId, actor: i64) -> String {
    let (at, first) = (now.minus(age).micros(), id_at(now.minus(age)));
    let mut text = format!("INSERT INTO messages (id, body) VALUES ({first}, 'bytes');");
    for n in 0..600_i64 {
        let id = first + 1 + n;
        let (state, ended) = match n {
            0 => ("pending", "NULL".to_owned()),
            1 => ("withheld", at.to_string()),
            _ => ("sent", at.to_string()),
        };
        let attempts = i64::from(n > 1);
        text.push_str(&format!(
            "INSERT INTO deliveries VALUES ({id}, 1, {first}, 'h{n}.example', 'https://h{n}.example/inbox', 1, 1, \
             'news', NULL, {post}, 'https://acme.example/a/{id}', '{state}', {attempts}, {at}, 0, NULL, NULL, {at}, {ended}, TRUE);\
             INSERT INTO arrivals VALUES ({id}, 'https://h.example/{id}', 1, 'h.example', 'bytes', \
             'applied', NULL, 0, {at}, 0, {at}, {at});\
             INSERT INTO security_log VALUES ({id}, {at}, 'too_old', 'x', 'y');"
        ));
    }
    text.push_str(&format!(
        "INSERT INTO sessions VALUES ({first}, 'hash{first}', {actor}, '', {at}, {at}, {at});"
    ));
    text
}

#[tokio::test]
async fn what_is_no_longer_needed_goes_and_where_a_post_went_is_known_for_ever() {
    for house in houses().await {
        let app = &house.app;
        let ada = accounts::viewer_of(&house.admin);
        let new = NewGroup {
            name: "roads".parse().expect("a name"),
            title: "Roads".parse().expect("a title"),
            description: String::new(),
            access: Access::Open,
            owner: None,
        };
        let group = groups::create(app, ada.clone(), new)
            .await
            .expect("a group");
        let title = "Bridge".parse().expect("a title");
        let post = posts::create_topic(app, ada, group.id, title, None, None, vec![])
            .await
            .expect("a topic");
        let (now, actor) = (app.clock.now(), house.admin.actor.id.0);
        for days in [29, 31, 59, 61, 89, 91] {
            execute(app, rows_of(now, DAY * days, post.id, actor)).await;
        }

        let mut reached = prune::Reached::default();
        let pruned = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(
            (pruned.deliveries, pruned.arrivals, pruned.refusals),
            (5 * 599, 3 * 600, 600)
        );
        assert_eq!(pruned.sessions, 6);
        assert_eq!(count(app, "deliveries").await, 600 + 5);
        assert_eq!(
            count(app, "messages").await,
            6,
            "each has a delivery that waits"
        );
        assert_eq!(count(app, "arrivals WHERE body <> ''").await, 0);

        // Two days later the next ones are old enough.
        app.clock.advance(DAY * 2);
        let pruned = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(
            (pruned.deliveries, pruned.arrivals, pruned.refusals),
            (599, 600, 600)
        );
        let again = prune::prune(app, &mut reached).await.expect("pruned");
        assert_eq!(again, prune::Pruned::default());

        // Sent: h2 to h599; h0 waits. What was withheld never left.
        let hosts = app.db.read("hosts", move |connection| {
            storage::deliveries::list_hosts_that_got(connection, post.id)
        });
        let hosts = hosts.await.expect("hosts");
        assert_eq!(hosts.len(), 599);
        assert!(hosts.iter().all(|(host, _)| host.as_str() != "h1.example"));
    }
}

#[tokio::test]
async fn a_server_cannot_have_us_remember_without_end_what_never_was() {
    for house in houses().await {
        let app = &house.app;
        let host = || "h.example".parse().expect("a host");
        let uri = |n: i64| {
            format!("https://h.example/{n}")
                .parse()
                .expect("an address")
        };
        let now = app.clock.now();
        let counts = app.db.write("tombstones", move |connection| {
            for n in 0_i64..30 {
                let at = now.plus(Duration::from_millis(n.unsigned_abs()));
                storage::posts::insert_tombstone(connection, &uri(n), 10, at)?;
            }
            Ok((
                storage::posts::count_tombstones(connection, &host())?,
                storage::posts::has_tombstone(connection, &uri(0))?,
                storage::posts::has_tombstone(connection, &uri(29))?,
            ))
        });
        assert_eq!(counts.await.expect("tombstones"), (10, false, true));
    }
}
