//! The house's own tools work: what the tests stand on is tested before anything stands on it.

use crate::support::browser::{Scripts, browser_with};
use crate::support::postgres;
use crate::support::process::Instance;

#[test]
fn every_test_gets_an_empty_database_of_its_own() {
    let Some((one, other)) = postgres::database_url().zip(postgres::database_url()) else {
        return;
    };

    assert_ne!(one, other);
    assert!(one.starts_with("postgres://guildhall@127.0.0.1:"), "{one}");
}

#[test]
fn a_durable_cluster_keeps_what_it_acknowledged_through_a_crash() {
    let Some(cluster) = postgres::durable_cluster() else {
        return;
    };
    let url = cluster.create_database();
    let name = url.rsplit('/').next().unwrap();
    cluster.psql(name, "CREATE TABLE kept (word TEXT)");
    cluster.psql(name, "INSERT INTO kept VALUES ('grüße')");

    cluster.crash_and_restart();

    assert_eq!(cluster.psql(name, "SELECT upper(word) FROM kept"), "GRÜßE");
    assert_eq!(cluster.psql(name, "SHOW fsync"), "on");
}

#[tokio::test]
async fn a_browser_shows_pages_with_and_without_their_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let page = "<p id=said>plain</p><script>said.textContent = 'scripted'</script>";
    std::fs::write(&file, page).unwrap();
    for (scripts, said) in [(Scripts::On, "scripted"), (Scripts::Off, "plain")] {
        let Some(browser) = browser_with(scripts).await else {
            return;
        };

        browser
            .goto(&format!("file://{}", file.display()))
            .await
            .unwrap();

        assert_eq!(browser.text().await, said);
        assert!(browser.screenshot_as("house").await.is_file());
    }
}

#[tokio::test]
async fn the_program_refuses_unknown_commands_with_usage() {
    let outcome = Instance::new("acme").run(["dance"]).await;

    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert_eq!(outcome.stdout, "");
}
