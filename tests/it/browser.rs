//! A walk through the pages in a real browser, with and without JavaScript, wide and narrow, light
//! and dark. The screenshots are for looking at: `target/screenshots`.

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};

use crate::support::browser::{Browser, Scripts, browser_with};
use crate::support::files::{png, upload};
use crate::support::forge::Forged;
use crate::support::process::Instance;
use crate::support::world::{eventually, text};
use crate::web::{House, PASSWORD};

#[tokio::test]
async fn a_person_walks_from_signing_in_to_a_like() {
    let house = House::found(Instance::new("acme"), "Acme Bridges").await;
    for (scripts, suffix) in [(Scripts::Off, "plain"), (Scripts::On, "scripted")] {
        let Some(browser) = browser_with(scripts).await else {
            return;
        };
        walk(&browser, &house.instance, suffix).await;
        if scripts == Scripts::On {
            look_around(&browser, &house.instance).await;
        }
    }
}

async fn walk(browser: &Browser, acme: &Instance, suffix: &str) {
    browser.goto(&acme.origin()).await.unwrap();
    shoot(browser, "sign-in", suffix).await;
    type_into(browser, "#username", "ada").await;
    type_into(browser, "#password", PASSWORD).await;
    press(browser, "form.panel button").await;
    assert!(browser.text().await.contains("Nothing here yet") || suffix == "scripted");

    // A group.
    let name = format!("engineering-{suffix}");
    browser
        .goto(&format!("{}/groups", acme.origin()))
        .await
        .unwrap();
    press(browser, "details.panel summary").await;
    type_into(browser, "#title", &format!("Engineering {suffix}")).await;
    type_into(browser, "#name", &name).await;
    type_into(
        browser,
        "#description",
        "Everything about what we **build**.",
    )
    .await;
    shoot(browser, "groups", suffix).await;
    press(browser, "details.panel button.primary").await;
    assert!(browser.text().await.contains("Created."));

    // A topic in it.
    press(browser, "details.new summary").await;
    type_into(browser, "#title", "Bridge opens Monday").await;
    type_into(browser, "#body-new", "The inspection is done, and the **south side holds**.\n\n- main gate only\n- the yard is blocked").await;
    shoot(browser, "group", suffix).await;
    press(browser, "details.new button.primary").await;

    // A comment on it, an answer to that, a like.
    type_into(browser, "#write textarea", "Congratulations!").await;
    press(browser, "#write button.primary").await;
    assert!(
        browser
            .current_url()
            .await
            .unwrap()
            .fragment()
            .is_some_and(|place| place.starts_with("c-"))
    );
    press(browser, ".reply summary").await;
    type_into(browser, ".reply textarea", "Photos, please.").await;
    press(browser, ".reply button.primary").await;
    press(browser, ".post .acts form button.act").await;
    assert!(browser.find(Locator::Css("button.act.liked")).await.is_ok());
    assert!(browser.text().await.contains("2 comments"));
    shoot(browser, "topic", suffix).await;

    press(browser, ".me form button").await;
    assert!(browser.current_url().await.unwrap().path() == "/sign-in");
}

/// The same pages on a phone and in the dark, and those that administrators see.
async fn look_around(browser: &Browser, acme: &Instance) {
    type_into(browser, "#username", "ada").await;
    type_into(browser, "#password", PASSWORD).await;
    press(browser, "form.panel button").await;
    let topic = find(browser, ".topic h3 a")
        .await
        .attr("href")
        .await
        .unwrap()
        .unwrap();
    fill(acme).await;
    moderate(browser, acme, &topic).await;
    let pictures = show_pictures(acme).await;
    let pages = [
        ("pictures", pictures.as_str()),
        ("pictures-edit", &format!("{pictures}/edit")),
        ("home", "/"),
        ("topic", &topic),
        ("remove", &format!("{topic}/remove")),
        ("groups", "/groups"),
        ("group", "/g/engineering-plain"),
        ("members", "/g/engineering-plain/members"),
        ("group-settings", "/g/engineering-plain/settings"),
        ("settings", "/settings"),
        ("partners", "/admin/partners"),
        ("queue", "/admin/queue"),
        ("users", "/admin/users"),
        ("audit", "/admin/audit"),
        ("not-here", "/g/nothing"),
    ];
    for (width, scheme, suffix) in [
        (1280, "light", "wide"),
        (390, "light", "phone"),
        (1280, "dark", "dark"),
    ] {
        browser.pretend(width, scheme).await;
        for (name, path) in pages {
            browser
                .goto(&format!("{}{path}", acme.origin()))
                .await
                .unwrap();
            shoot(browser, name, suffix).await;
            let overflow = browser
                .execute(
                    "return document.documentElement.scrollWidth - window.innerWidth",
                    vec![],
                )
                .await
                .unwrap();
            assert!(
                overflow.as_i64() <= Some(0),
                "{name} {suffix} is too wide by {overflow}"
            );
        }
    }
}

/// Somebody from outside, somebody who is shut out, and a group that reaches further.
async fn fill(acme: &Instance) {
    let guest = [
        "user",
        "create",
        "gus",
        "--email",
        "gus@birch.example",
        "--role",
        "guest",
    ];
    acme.run_json(&guest).await;
    for command in [
        ["group", "stage", "engineering-scripted", "partners"],
        ["member", "add", "engineering-plain", "gus"],
        ["member", "add", "engineering-plain", "grace"],
        ["member", "ban", "engineering-plain", "eve"],
    ] {
        acme.run_json(&command).await;
    }
}

/// A topic with several pictures and a file, and comments with one picture each, upright and wide; its path.
async fn show_pictures(acme: &Instance) -> String {
    let made = ["token", "create", "ada", "--scopes", "read write"];
    let token = acme.run_json(&made).await;
    let token = text(&token["access_token"]);
    let host = acme.host();
    let ask = async |request: Forged| {
        let reply = request.send(&acme.address()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        serde_json::from_slice::<Value>(&reply.body).unwrap()
    };
    let send = async |name: &str, kind: &str, bytes: &[u8], alt: &str| {
        let sent = ask(upload(&host, token, name, kind, bytes, alt)).await;
        text(&sent["id"]).to_owned()
    };
    let say = async |status: Value| {
        let request = Forged::plain("POST", &host, "/api/v1/statuses")
            .with("Authorization", &format!("Bearer {token}"))
            .with("Content-Type", "application/json");
        ask(request.with_body(status.to_string().into_bytes())).await
    };
    let wide = send(
        "south.png",
        "image/png",
        &png(1_600, 900, 1),
        "The south side, in the morning",
    )
    .await;
    let tall = send(
        "pier.png",
        "image/png",
        &png(600, 1_000, 2),
        "A pier, from below",
    )
    .await;
    let small = send("bolt.png", "image/png", &png(300, 300, 3), "").await;
    let plan = send(
        "Plan of the south side, third version.pdf",
        "application/pdf",
        b"%PDF-1.7",
        "What was changed in March is red",
    )
    .await;
    let topic = json!({
        "status": "@engineering-plain Inspection of the south side\n\nAll is well; the bolts are new.",
        "media_ids": [wide, tall, small, plan],
    });
    let topic = say(topic).await;
    for (name, width, height) in [("w.png", 1_200, 500), ("t.png", 500, 1_200)] {
        let one = send(
            name,
            "image/png",
            &png(width, height, 4),
            "How it looks today",
        )
        .await;
        say(json!({ "in_reply_to_id": topic["id"], "status": "And this.", "media_ids": [one] }))
            .await;
    }
    format!("/p/{}", text(&topic["id"]))
}

/// Something stays inside, something else goes, the topic is closed.
async fn moderate(browser: &Browser, acme: &Instance, topic: &str) {
    browser
        .goto(&format!("{}{topic}", acme.origin()))
        .await
        .unwrap();
    type_into(browser, "#write textarea", "The paint is not dry yet.").await;
    press(browser, "#write .aside input").await;
    shoot(browser, "aside", "typed").await;
    press(browser, "#write button.primary").await;
    find(browser, ".comment .aside-mark").await;
    assert!(browser.text().await.contains("2 comments, 1 internal"));

    let comment = find(browser, ".comment").await.attr("id").await;
    let comment = comment.unwrap().unwrap().replace("c-", "/p/");
    let remove = format!("{}{comment}/remove", acme.origin());
    browser.goto(&remove).await.unwrap();
    type_into(
        browser,
        "#reason",
        "Congratulations belong into the other topic",
    )
    .await;
    press(browser, "form.panel button.danger").await;
    find(browser, ".comment .gone").await;
    press(browser, "form[action$=\"/lock\"] button").await;
    find(browser, "form[action$=\"/unlock\"]").await;
}

async fn find(browser: &Browser, css: &str) -> Element {
    let found = browser.wait().for_element(Locator::Css(css)).await;
    match found {
        Ok(element) => element,
        Err(error) => panic!("{css}: {error} on {}", browser.text().await),
    }
}

async fn type_into(browser: &Browser, css: &str, text: &str) {
    find(browser, css).await.send_keys(text).await.unwrap();
}

/// Clicks. A button leads to another page, which the click does not wait for: this does, until the
/// button is gone with its page.
async fn press(browser: &Browser, css: &str) {
    let pressed = find(browser, css).await;
    let leads_on = pressed.tag_name().await.unwrap() == "button";
    pressed.click().await.unwrap();
    if leads_on {
        eventually("the page after it", async || {
            pressed.tag_name().await.is_err().then_some(())
        })
        .await;
    }
}

async fn shoot(browser: &Browser, name: &str, suffix: &str) {
    browser
        .screenshot_whole_as(&format!("{name}-{suffix}"))
        .await;
}
