//! A59 and A60, and what there is no surface for: nothing that somebody writes is anything but text
//! where it is shown.

use fantoccini::Locator;
use serde_json::{Value, json};

use super::fixture::{Fixture, on_both};
use crate::support::browser::{Scripts, browser_with};
use crate::support::forge::{Forged, Letter};
use crate::support::peer::{ACTIVITY_JSON, Actor, unique};

/// Every one of them would say `pwned` somewhere, or do something with it.
const PAYLOADS: &[&str] = &[
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "<img src=x onerror=document.title=/pwned/.source>",
    "<svg><animate onbegin=\"document.title='pwned'\" attributeName=x dur=1s></svg>",
    "<svg/onload=document.title='pwned'>",
    "<math><annotation-xml encoding=\"text/html\"><img src=x onerror=\"document.title='pwned'\"></annotation-xml></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=\"document.title='pwned'\">",
    "<iframe src=\"javascript:parent.document.title='pwned'\"></iframe>",
    "<iframe srcdoc=\"<script>parent.document.title='pwned'</script>\"></iframe>",
    "<form action=\"//pwned\"><button>go</button></form>",
    "<p style=\"background:url(//pwned)\">styled</p>",
    "<p class=\"modal pwned\" id=\"pwned\">classed</p>",
    "<a href=\"javascript:document.title='pwned'\">go</a>",
    "<a href=\" java\nscript:document.title='pwned'\">go</a>",
    "<a href=\"data:text/html,<script>document.title='pwned'</script>\">go</a>",
    "<a href=\"vbscript:pwned\">go</a>",
    "<base href=\"//pwned/\"><link rel=stylesheet href=\"//pwned\">",
    "<meta http-equiv=refresh content=\"0;url=//pwned\">",
    "<details open ontoggle=\"document.title='pwned'\">x</details>",
    "<noscript><p title=\"</noscript><img src=x onerror=document.title='pwned'>\">",
    "<template><img src=x onerror=document.title='pwned'></template>",
    "<textarea></textarea><select autofocus onfocus=document.title='pwned'></select>",
    "\"><img src=x onerror=document.title='pwned'>",
    "'\" autofocus onfocus=\"document.title='pwned'",
    "--></title></style></script><script>document.title='pwned'</script>",
    "&lt;script&gt;document.title='pwned'&lt;/script&gt;",
    "<<script>script>document.title='pwned'<</script>/script>",
];

/// Somebody whose own document is an attack.
fn mallory(fixture: &Fixture, payload: &str) -> Actor {
    let mallory = fixture.p.person(&format!("mal{}", unique()));
    let mut document = mallory.document();
    document["name"] = json!(format!("Mal {payload}"));
    document["summary"] = json!(format!("<p>About me {payload}</p>"));
    document["icon"] = json!({ "type": "Image", "url": "javascript:document.title='pwned'" });
    document["image"] = json!({ "type": "Image", "url": "data:text/html,pwned", "name": payload });
    document["url"] = json!("javascript:document.title='pwned'");
    document["attachment"] =
        json!([{ "type": "PropertyValue", "name": payload, "value": payload }]);
    fixture.p.publish(&mallory, document);
    mallory
}

/// A topic with an attack in every place where there is room for one.
fn topic(fixture: &Fixture, by: &Actor, payload: &str) -> Value {
    let mut page = by.page(fixture.shared_uri(), &format!("Title {payload}"), payload);
    page["content"] = json!(format!("<p>Text {payload}</p>"));
    page["summary"] = json!(format!("Warning {payload}"));
    page["sensitive"] = json!(true);
    page["url"] = json!("javascript:document.title='pwned'");
    page["icon"] = json!({ "type": "Image", "url": "javascript:document.title='pwned'" });
    page["image"] = json!({ "type": "Image", "url": "data:text/html,pwned" });
    page["attachment"] = json!([
        { "type": "Image", "url": "javascript:document.title='pwned'", "name": payload },
        { "type": "Document", "url": "data:text/html,pwned", "name": payload },
        { "type": "Link", "href": "javascript:pwned", "name": payload },
        { "type": "Image", "url": "https://p.test/picture.png", "name": payload },
        { "type": "Image", "url": "https://p.test/\"onmouseover=\"document.title='pwned'", "name": payload },
    ]);
    page["tag"] = json!([
        { "type": "Hashtag", "name": payload, "href": "javascript:pwned" },
        { "type": "Mention", "name": payload, "href": "data:text/html,pwned" },
        { "type": "Emoji", "name": payload, "icon": { "type": "Image", "url": "javascript:pwned" } },
    ]);
    page["oneOf"] = json!([{ "type": "Note", "name": payload }]);
    page
}

/// What of an attack is left in HTML: tags, and addresses of links, in which it can be found. Text and
/// quoted attributes are text.
fn left_of_attack(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let (mut tag, mut quote) = (String::new(), None);
        for c in rest.chars() {
            match quote {
                None if c == '>' => break,
                None if c == '"' || c == '\'' => quote = Some(c),
                Some(open) if c == open => quote = None,
                _ => {}
            }
            tag.push(c);
        }
        let names: String = tag.split('"').step_by(2).collect();
        let active = ["javascript:", "vbscript:", "data:text"];
        let links = tag.to_lowercase();
        let leads = ["href=\"", "src=\"", "action=\""].iter().any(|attribute| {
            links.split(attribute).skip(1).any(|value| {
                let value: String = value.chars().filter(|c| !c.is_whitespace()).collect();
                active.iter().any(|scheme| value.starts_with(scheme))
                    || value.starts_with("//pwned")
            })
        });
        let foreign = [
            "svg", "math", "iframe", "template", "base", "animate", "noscript",
        ];
        let name = tag.split([' ', '/', '\n']).next().unwrap_or_default();
        let event = names.split_whitespace().any(|name| name.starts_with("on"));
        let told = ["style", "class", "id", "srcdoc", "content"]
            .iter()
            .any(|attribute| {
                let attribute = format!(" {attribute}=\"");
                let values = links.split(&attribute).skip(1);
                let mut values = values.filter_map(|value| value.split('"').next());
                values.any(|value| value.contains("pwned"))
            });
        // Our own pages have icons, and a script that is a file.
        let foreign = foreign.contains(&name) && !tag.starts_with("svg class=\"icon\"")
            || name.ends_with("script") && !name.starts_with('/') && !tag.contains(" src=\"/");
        if names.contains("pwned") || leads || event || told || foreign {
            found.push(tag.clone());
        }
        rest = &rest[tag.len()..];
    }
    if html.contains("<script>document") {
        found.push("script".into());
    }
    found
}

#[test]
fn a59_an_attack_that_is_left_is_found() {
    for payload in PAYLOADS {
        let text = payload.starts_with('&') || payload.starts_with('\'');
        assert!(text || !left_of_attack(payload).is_empty(), "{payload}");
    }
    for harmless in [
        "&lt;script&gt;document.title='pwned'&lt;/script&gt;",
        "<p title=\"&lt;img src=x onerror=pwned&gt;\">x</p>",
        "<p>onerror=pwned</p>",
    ] {
        assert!(left_of_attack(harmless).is_empty(), "{harmless}");
    }
}

#[tokio::test]
async fn a59_a60_what_is_shown_of_an_attack_is_text() {
    on_both(async |fixture| {
        let mut pages = vec!["/".to_owned(), "/groups".to_owned(), "/g/shared".to_owned()];
        for payload in PAYLOADS {
            let mallory = mallory(fixture, payload);
            fixture.admit(&mallory, &fixture.shared).await;
            let page = topic(fixture, &mallory, payload);
            let reply = fixture.deliver(&mallory, &mallory.create(&page)).await;
            assert_eq!(reply.status, 202, "{payload}: {}", reply.text());
            let uri = format!("\"uri\":{}", page["id"]);
            let dump = fixture.settle().await;
            let row = dump.rows("posts").iter().find(|row| row.contains(&uri));
            let row = row.unwrap_or_else(|| panic!("{payload}: {:#?}", dump.rows("arrivals")));
            let row: Value = serde_json::from_str(row).unwrap();
            assert_eq!(
                left_of_attack(row["html"].as_str().unwrap()),
                [""; 0],
                "{payload}"
            );
            let id = row["id"].as_i64().unwrap();

            let api = read(
                fixture,
                &format!("/api/v1/statuses/{id}"),
                "application/json",
            )
            .await;
            let api: Value = serde_json::from_str(&api).unwrap();
            for html in [&api["content"], &api["account"]["note"]] {
                assert_eq!(left_of_attack(html.as_str().unwrap()), [""; 0], "{payload}");
            }
            for address in [
                &api["url"],
                &api["account"]["url"],
                &api["account"]["avatar"],
            ] {
                let address = address.as_str().unwrap_or_default();
                assert!(
                    address.is_empty() || address.starts_with("http"),
                    "{address}"
                );
            }
            // As other servers read it of us.
            let ours = Letter::get(&fixture.pam, &fixture.host(), "/g/shared/outbox?page=true");
            let ours = fixture.send(&ours.sign()).await;
            let ours: Value = serde_json::from_slice(&ours.body).unwrap();
            assert!(
                !ours.to_string().contains("\"url\":\"javascript:"),
                "{payload}"
            );
            for path in [format!("/p/{id}"), format!("/u/{}", mallory.handle())] {
                pages.push(path);
            }
        }
        for page in &pages {
            let html = read(fixture, page, "text/html").await;
            assert_eq!(left_of_attack(&html), [""; 0], "{page}");
        }

        // A browser that runs scripts finds none.
        let Some(browser) = browser_with(Scripts::On).await else {
            return;
        };
        browser.goto(&fixture.url("/sign-in")).await.unwrap();
        let type_into = async |at: &str, text: &str| {
            let field = browser.find(Locator::Css(at)).await.unwrap();
            field.send_keys(text).await.unwrap();
        };
        type_into("#username", "ann").await;
        type_into("#password", "correct horse battery").await;
        let button = browser
            .find(Locator::Css("form.panel button"))
            .await
            .unwrap();
        button.click().await.unwrap();
        for page in &pages {
            browser.goto(&fixture.url(page)).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            assert_ne!(browser.title().await.unwrap(), "pwned", "{page}");
        }
    })
    .await;
}

async fn read(fixture: &Fixture, path: &str, accept: &str) -> String {
    let read = Forged::plain("GET", &fixture.host(), path)
        .with("Accept", accept)
        .with("Authorization", &format!("Bearer {}", fixture.ann.token))
        .with("Cookie", &fixture.ann.cookie);
    let reply = fixture.send(&read).await;
    assert!(
        [200, 404].contains(&reply.status),
        "{path}: {}",
        reply.text()
    );
    reply.text()
}

/// Our own people can attack as well: what they type is Markdown, and a title is a title.
#[tokio::test]
async fn a59_what_our_own_people_type_is_text_too() {
    on_both(async |fixture| {
        for payload in PAYLOADS {
            let title: String = payload.replace('\n', " ").chars().take(200).collect();
            let post = fixture
                .post(&title, &format!("Text {payload}\n\n{payload}"))
                .await;
            let page = read(fixture, &format!("/p/{}", post.id), "text/html").await;
            assert_eq!(left_of_attack(&page), [""; 0], "{payload}");
            assert_eq!(left_of_attack(&post.html), [""; 0], "{payload}");
        }
        fixture.settle().await;
    })
    .await;
}

/// A58: what is no number of ours is no file, and there is no proxy. The rest is in `media.rs`.
#[tokio::test]
async fn a58_an_address_of_media_is_like_any_that_never_was() {
    on_both(async |fixture| {
        for accept in ["text/html", "image/png", ACTIVITY_JSON, "application/json"] {
            let read = async |path: &str| {
                let plain = Forged::plain("GET", &fixture.host(), path);
                let plain = plain
                    .with("Accept", accept)
                    .with("Cookie", &fixture.ann.cookie);
                fixture.send(&plain).await
            };
            let nowhere = read("/never/x").await;
            assert_eq!(nowhere.status, 404, "{accept}");
            for path in [
                "/media/x?format=jpg%26proxy%3Dhttp://127.0.0.1",
                "/media/../../etc/passwd",
                "/media/%2e%2e/%2e%2e/etc/passwd",
                "/media/x.png",
                "/proxy/x",
            ] {
                let reply = read(path).await;
                assert_eq!(reply.status, 404, "{accept} {path}");
                assert_eq!(reply.text(), nowhere.text(), "{accept} {path}");
            }
        }
    })
    .await;
}
