//! Every page there is, read off the router, in a real browser: wide, on a telephone, and in the dark. Nothing is wider
//! than the screen, nothing breaks. The screenshots are for looking at: `target/screenshots/every-…`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::browser::{Browser, Scripts, browser_with};
use crate::support::process::Instance;
use crate::support::requirements::backends;
use crate::support::world::{Member, World, eventually, text};

/// What stands for the variable after this segment of a page's address.
const STANDS_FOR: &[(&str, &str)] = &[
    ("/g", "engineering"),
    ("/p", "{topic}"),
    ("/u", "ada"),
    ("/partners", "{birch}"),
    ("/users", "ada"),
];

/// Pages that say something else when they are asked something.
const QUESTIONS: &[&str] = &[
    "/find?q=bo",
    "/g/engineering/outlook?stage=public",
    "/g/engineering/settings?change={birch}",
    "/admin/explain?as={birch}&on=engineering&action=read",
    "/g/engineering/settings?template=supplier",
];

/// Addresses that are no pages.
const NO_PAGES: &[&str] = &["/media/", "/assets/", "/api/", "/sign-"];

/// Acme shares *engineering* with birch, and much has happened: something is held, reported, voted on, liked and passed on,
/// birch's server is away, and texts are asked back from it.
async fn live(world: &mut World, here: &str, [ada, bo]: [&Member; 2]) -> String {
    let acme = &world.house("acme").instance;
    let topic = ada
        .topic(
            here,
            "Bridge opens Monday",
            "The inspection is done, and the **south side holds**.\n\n- main gate only\n- the yard is blocked",
        )
        .await;
    let there = bo.see_topic(text(&topic["uri"])).await;
    let said = bo
        .reply(text(&there["id"]), "Which gate is for lorries?")
        .await;
    assert_eq!(said.status, 200, "{said:?}");
    let arrived = eventually("bo's question arrives", async || {
        let context = format!("/api/v1/statuses/{}/context", text(&topic["id"]));
        let below = ada.get(&context).await.body;
        below["descendants"].get(0).cloned()
    })
    .await;
    ada.reply(
        text(&arrived["id"]),
        "The main gate, from six in the morning.",
    )
    .await;
    bo.post(
        &format!("/api/v1/statuses/{}/favourite", text(&there["id"])),
        json!({}),
    )
    .await;
    let report = json!({ "account_id": arrived["account"]["id"], "status_ids": [arrived["id"]], "comment": "Off topic?" });
    ada.post("/api/v1/reports", report).await;
    ada.post(
        &format!("/api/v1/statuses/{}/bookmark", text(&topic["id"])),
        json!({}),
    )
    .await;
    let poll = json!({
        "group_id": here, "title": "Which colour?", "status": "Of the railing.",
        "poll": { "options": ["Green", "Grey, as it was"], "expires_in": 86_400 },
    });
    ada.post("/api/v1/statuses", poll).await;
    acme.run_json(&[
        "rule",
        "add",
        "pattern",
        r"\bfalcon\b",
        "--sentence",
        "Names of customers stay inside.",
    ])
    .await;
    ada.topic(here, "Falcon", "A customer's name.").await;
    acme.run_json(&[
        "member",
        "add",
        "engineering",
        "boss",
        "--role",
        "moderator",
    ])
    .await;

    let host = world.house("birch").instance.host();
    eventually("everything has left", async || {
        let queue = world
            .house("acme")
            .instance
            .run_json(&["queue", "list"])
            .await;
        let rows = queue.as_array()?.clone();
        rows.iter().all(|row| row["pending"] == 0).then_some(())
    })
    .await;
    let server = world.house_mut("birch").server.take();
    server.expect("a server").kill().await;
    let acme = &world.house("acme").instance;
    let retract = ["retract", "--group", "engineering", "--partner", &host];
    acme.run_json(&[&retract[..], &["--topic", text(&topic["uri"])]].concat())
        .await;
    ada.topic(here, "Crane", "It comes on Tuesday.").await;
    text(&topic["id"]).to_owned()
}

/// The pages of the router, with something in the place of their variables.
fn pages() -> BTreeSet<String> {
    let mut pages: BTreeSet<String> = QUESTIONS.iter().map(|page| (*page).to_owned()).collect();
    for (path, methods) in guildhall::cli::addresses() {
        let is_page = methods.iter().any(|method| method.as_str() == "GET")
            && NO_PAGES.iter().all(|other| !path.starts_with(other));
        if is_page && is_of_the_web(&path) {
            pages.extend(fill(&path));
        }
    }
    pages
}

/// Documents for other servers have the same addresses as pages, or none that a person goes to.
fn is_of_the_web(path: &str) -> bool {
    const FIRST: &[&str] = &[
        "",
        "admin",
        "bookmarks",
        "find",
        "g",
        "groups",
        "p",
        "settings",
        "u",
    ];
    const DOCUMENTS: &[&str] = &[
        "actorToken",
        "context",
        "featured",
        "followers",
        "following",
        "inbox",
        "mirror",
        "moderators",
        "outbox",
        "replies",
    ];
    let mut segments = path.split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    FIRST.contains(&first) && !DOCUMENTS.contains(&last)
}

fn fill(path: &str) -> Option<String> {
    let mut filled = String::new();
    for segment in path.split('/').skip(1) {
        let stands = match segment.starts_with('{') {
            false => segment,
            true => STANDS_FOR
                .iter()
                .find(|(before, _)| filled.ends_with(before))
                .map(|(_, stands)| *stands)
                .unwrap_or_else(|| panic!("say above what stands for {segment} in {path}")),
        };
        filled = format!("{filled}/{stands}");
    }
    Some(filled)
}

async fn sign_in(browser: &Browser, acme: &Instance, name: &str) {
    let made = acme.run_json(&["user", "password", name]).await;
    browser.goto(&acme.origin()).await.expect("the page");
    for (field, words) in [("#username", name), ("#password", text(&made["password"]))] {
        let field = browser.find(fantoccini::Locator::Css(field)).await;
        field
            .expect("a field")
            .send_keys(words)
            .await
            .expect("typed");
    }
    let button = browser
        .find(fantoccini::Locator::Css("form.panel button"))
        .await;
    button.expect("a button").click().await.expect("pressed");
    eventually("signed in", async || {
        let path = browser.current_url().await.ok()?.path().to_owned();
        (path == "/").then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_page_fits_a_screen_a_telephone_and_the_dark() {
    // What pages look like does not hang on the database: one is enough.
    let Some(backend) = backends().into_iter().next() else {
        return;
    };
    let Some(browser) = browser_with(Scripts::On).await else {
        return;
    };
    let Some((mut world, [here, _], [ada, bo])) = bridge(backend).await else {
        return;
    };
    let topic = live(&mut world, &here, [&ada, &bo]).await;
    let acme = &world.house("acme").instance;
    let birch = world.house("birch").instance.host();
    sign_in(&browser, acme, "boss").await;

    let mut seen = BTreeSet::new();
    let mut faults: Vec<String> = Vec::new();
    for page in pages() {
        let path = page.replace("{topic}", &topic).replace("{birch}", &birch);
        for (width, scheme, suffix) in [
            (1280, "light", "wide"),
            (390, "light", "phone"),
            (1280, "dark", "dark"),
        ] {
            browser.pretend(width, scheme).await;
            browser
                .goto(&format!("{}{path}", acme.origin()))
                .await
                .expect("an answer");
            let stands = browser.current_url().await.expect("an address");
            // Addresses that only forms go to lead up to the page with the form.
            if stands.path() != path.split('?').next().unwrap_or_default() {
                break;
            }
            seen.insert(page.clone());
            let looks: Value = browser
                .execute(
                    "return [document.documentElement.scrollWidth - window.innerWidth, document.querySelectorAll('h1').length]",
                    vec![],
                )
                .await
                .expect("numbers");
            if looks[0].as_i64() > Some(0) {
                faults.push(format!("{page} {suffix} is too wide by {}", looks[0]));
            }
            if looks[1].as_i64() != Some(1) {
                faults.push(format!("{page} has {} headings", looks[1]));
            }
            let name = page.replace(['/', '{', '}', '?', '&', '='], "-");
            browser
                .screenshot_whole_as(&format!("every{name}-{suffix}"))
                .await;
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // Otherwise the walk above proves nothing.
    for page in [
        "/",
        "/admin/partners/{birch}",
        "/admin/partners/{birch}/outstanding",
        "/p/{topic}",
        "/g/engineering/held",
    ] {
        assert!(seen.contains(page), "{page} was not shown: {seen:#?}");
    }
}
