//! The pages, used as people use them, without scripts, on the real server and both databases.

mod admin;
mod assets;
mod explain;
mod groups;
mod hidden;
mod ledger;
mod outbound_rules;
mod partners;
mod people;
mod polls;
mod preview;
mod reports;
mod review;
mod sign_in;
mod stops;
mod templates;
mod topics;

use crate::support::person::{Page, Person};
use crate::support::process::{Instance, Server};
use crate::support::requirements::backends;
use crate::support::world::instance;

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

fn link(page: &Page, rel: &str) -> Option<String> {
    let rest = page
        .html
        .split_once(&format!("<a rel=\"{rel}\" href=\""))?
        .1;
    rest.split('"').next().map(str::to_owned)
}
