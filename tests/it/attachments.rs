//! Pictures and files: uploaded, shown to those who may read the post and to nobody else, read by partners,
//! changed and taken back.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::bridge::bridge;
use crate::support::files::{form, png, size_of, upload};
use crate::support::forge::Forged;
use crate::support::person::Person;
use crate::support::requirements::backends;
use crate::support::world::{Member, World, eventually, text};
use crate::web::PASSWORD;

const ALL: &str = "read,react,reply,start,attach";

async fn post_with(member: &Member, group: &str, title: &str, media: &[&Value]) -> Value {
    let ids: Vec<&Value> = media.iter().map(|one| &one["id"]).collect();
    let body = json!({ "group_id": group, "title": title, "status": "Look.", "media_ids": ids });
    let posted = member.post("/api/v1/statuses", body).await;
    assert_eq!(posted.status, StatusCode::OK, "{posted:?}");
    posted.body
}

/// Waits until somebody sees a status with as many attachments.
async fn see(member: &Member, uri: &Value, attachments: usize) -> Value {
    let what = format!("{} sees {attachments} attachments", member.name);
    eventually(&what, async || {
        let home = member.get("/api/v1/timelines/home").await.body;
        let mut all = home.as_array().expect("statuses").iter();
        let status = all.find(|status| status["uri"] == *uri)?;
        let list = status["media_attachments"].as_array().expect("a list");
        (list.len() == attachments).then(|| status.clone())
    })
    .await
}

/// How many files a house keeps.
fn files(world: &World, house: &str) -> usize {
    let folder = world.house(house).instance.data_dir().join("media");
    let parts = std::fs::read_dir(folder).into_iter().flatten();
    let parts = parts.map(|part| part.expect("a part"));
    let parts = parts.filter(|part| part.file_name().len() == 2);
    parts
        .map(|part| std::fs::read_dir(part.path()).expect("a folder").count())
        .sum()
}

#[tokio::test]
async fn a_picture_travels_to_a_partner_and_is_for_the_group_alone() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        world.grant("acme", "engineering", "birch", ALL, &[]).await;
        let picture = png(1_200, 900, 1);
        let sent = ada
            .upload("../../IMG 1.png", "image/png", &picture, "The south side")
            .await;
        assert_eq!(sent["type"], "image");
        assert_eq!(sent["meta"]["original"]["size"], "1200x900");
        assert!(text(&sent["blurhash"]).len() > 6);
        assert_eq!(files(&world, "acme"), 2, "the picture and a small one");

        let topic = post_with(&ada, &here, "Inspection", &[&sent]).await;
        let shown = &topic["media_attachments"][0];
        assert_eq!(shown["description"], "The south side");
        let whole = ada.open(&shown["url"]).await;
        assert_eq!((whole.status, size_of(&whole.body)), (200, (1_200, 900)));
        assert_eq!(whole.header("cache-control"), Some("private, no-store"));
        assert_eq!(whole.header("content-type"), Some("image/png"));
        assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
        let small = ada.open(&shown["preview_url"]).await;
        assert_eq!(size_of(&small.body), (800, 600));

        // At birch, bo sees it: fetched when he looks, made anew, and kept there.
        let at_birch = see(&bo, &topic["uri"], 1).await;
        let theirs = &at_birch["media_attachments"][0];
        assert_eq!(theirs["description"], "The south side");
        assert_eq!(theirs["meta"]["original"]["size"], "1200x900");
        assert_eq!(files(&world, "birch"), 0);
        let fetched = bo.open(&theirs["url"]).await;
        assert_eq!(
            (fetched.status, size_of(&fetched.body)),
            (200, (1_200, 900))
        );
        assert_eq!(files(&world, "birch"), 2);

        // Nobody else does, whoever they are and however they ask.
        let eve = world.member("eve@birch").await;
        let bare = format!("/media/{}", text(&theirs["id"]));
        let never = format!("/media/{}", i64::MAX);
        for (path, other) in [
            (bare.clone(), never.clone()),
            (format!("{bare}/preview"), format!("{never}/preview")),
        ] {
            let hidden = Forged::plain("GET", &eve.host, &path)
                .send(&eve.address)
                .await;
            let absent = Forged::plain("GET", &eve.host, &other)
                .send(&eve.address)
                .await;
            assert_eq!((hidden.status, &hidden.body), (404, &absent.body));
        }
        let link = text(&theirs["url"]).to_owned();
        let (front, mark) = link.split_at(link.len() - 4);
        let forged = json!(format!(
            "{front}{}",
            if mark == "0000" { "1111" } else { "0000" }
        ));
        assert_eq!(bo.open(&forged).await.status, 404);
        let other = link.replace(text(&theirs["id"]), "1");
        assert_eq!(bo.open(&json!(other)).await.status, 404);

        // A link is only as good as who it was made for: out of the group, it opens nothing any more.
        assert_eq!(eve.open(&json!(link.clone())).await.status, 200);
        let left = at_birch["group"]["id"].clone();
        bo.post(
            &format!("/api/v1/accounts/{}/unfollow", text(&left)),
            json!({}),
        )
        .await;
        assert_eq!(bo.open(&json!(link)).await.status, 404);
    }
}

#[tokio::test]
async fn a_file_comes_back_and_is_only_ever_saved() {
    for backend in backends() {
        let Some((world, [here, there], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        // Without `attach`, nothing may be attached from there: said at once.
        let plan = b"%PDF-1.7 the plan <script>alert(1)</script>";
        let sent = bo
            .upload("Plan \u{202e}B.pdf", "application/pdf", plan, "")
            .await;
        assert_eq!(sent["type"], "unknown");
        let topic = ada.topic(&here, "Plans", "Who has them?").await;
        let at_birch = bo.see_topic(text(&topic["uri"])).await;
        let reply =
            json!({ "in_reply_to_id": at_birch["id"], "status": "", "media_ids": [sent["id"]] });
        let refused = bo.post("/api/v1/statuses", reply.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
        assert!(
            text(&refused.body["error"]).contains("attach"),
            "{refused:?}"
        );

        let history = ["--history", "all"];
        world
            .grant("acme", "engineering", "birch", ALL, &history)
            .await;
        let reply = eventually("birch heard of the grant", async || {
            let posted = bo.post("/api/v1/statuses", reply.clone()).await;
            (posted.status == StatusCode::OK).then_some(posted.body)
        })
        .await;
        let context = format!("/api/v1/statuses/{}/context", text(&topic["id"]));
        let arrived = eventually("the file is at acme", async || {
            let below = ada.get(&context).await.body["descendants"].clone();
            let found = below[0]["media_attachments"][0].clone();
            (!found.is_null()).then_some(found)
        })
        .await;
        let opened = ada.open(&arrived["url"]).await;
        assert_eq!((opened.status, opened.body.as_slice()), (200, &plan[..]));
        let disposition = opened.header("content-disposition").unwrap_or_default();
        assert!(
            disposition.starts_with("attachment; filename*=UTF-8''Plan%20B.pdf"),
            "{disposition}"
        );
        let policy = opened.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("sandbox"), "{policy}");
        assert_eq!(opened.header("content-type"), Some("application/pdf"));

        // Taken back, it is gone at both, bytes and all.
        assert_eq!((files(&world, "acme"), files(&world, "birch")), (1, 1));
        let gone = bo
            .delete(&format!("/api/v1/statuses/{}", text(&reply["id"])))
            .await;
        assert_eq!(gone.status, StatusCode::OK);
        assert_eq!(
            bo.open(&reply["media_attachments"][0]["url"]).await.status,
            404
        );
        eventually("it is gone at acme", async || {
            (ada.open(&arrived["url"]).await.status == 404).then_some(())
        })
        .await;
        for house in ["birch", "acme"] {
            eventually(
                &format!("the file is gone from {house}'s disk"),
                async || (files(&world, house) == 0).then_some(()),
            )
            .await;
        }
        drop(there);
    }
}

#[tokio::test]
async fn an_edit_changes_what_is_attached_everywhere() {
    for backend in backends() {
        let Some((world, [here, _], [ada, bo])) = bridge(backend).await else {
            continue;
        };
        world.grant("acme", "engineering", "birch", ALL, &[]).await;
        let one = ada
            .upload("a.png", "image/png", &png(40, 30, 1), "one")
            .await;
        let two = ada
            .upload("b.png", "image/png", &png(40, 30, 2), "two")
            .await;
        let described = ada
            .put(
                &format!("/api/v1/media/{}", text(&two["id"])),
                json!({ "description": "second", "focus": "0.5,-0.5" }),
            )
            .await;
        assert_eq!(described.body["description"], "second", "{described:?}");
        let topic = post_with(&ada, &here, "Both", &[&one, &two]).await;
        let at_birch = see(&bo, &topic["uri"], 2).await;
        assert_eq!(at_birch["media_attachments"][1]["description"], "second");
        assert_eq!(at_birch["media_attachments"][1]["meta"]["focus"]["x"], 0.5);

        // Only the text changes: what is attached stays.
        let path = format!("/api/v1/statuses/{}", text(&topic["id"]));
        let edited = ada
            .put(&path, json!({ "title": "Both", "status": "Look again." }))
            .await;
        assert_eq!(
            edited.body["media_attachments"].as_array().map(Vec::len),
            Some(2),
            "{edited:?}"
        );
        // One goes, and one comes.
        let three = ada
            .upload("c.png", "image/png", &png(40, 30, 3), "three")
            .await;
        let change =
            json!({ "title": "Both", "status": "Look.", "media_ids": [three["id"], two["id"]] });
        let edited = ada.put(&path, change).await;
        assert_eq!(
            edited.body["media_attachments"][0]["description"], "three",
            "{edited:?}"
        );
        eventually("birch sees the change", async || {
            let seen = see(&bo, &topic["uri"], 2).await;
            let said = |at: usize| seen["media_attachments"][at]["description"].clone();
            (said(0) == "three" && said(1) == "second").then_some(())
        })
        .await;
        let none = ada
            .put(
                &path,
                json!({ "title": "Both", "status": "Gone.", "media_ids": [] }),
            )
            .await;
        assert_eq!(none.body["media_attachments"], json!([]));
        see(&bo, &topic["uri"], 0).await;
        // What is in a post, or in none any more, is in no second one.
        let twice = json!({ "group_id": here, "title": "Again", "media_ids": [one["id"]] });
        let refused = ada.post("/api/v1/statuses", twice).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn an_upload_is_its_owners_until_it_is_posted() {
    for backend in backends() {
        let settings = [
            ("GUILDHALL_LIMITS__WAITING_UPLOADS", "2"),
            ("GUILDHALL_LIMITS__ATTACHMENTS_PER_POST", "1"),
            ("GUILDHALL_LIMITS__FILE_BYTES", "2000"),
            ("GUILDHALL_LIMITS__IMAGE_BYTES", "20000"),
        ];
        let Some(world) = World::start_with(backend, ["acme"], &settings).await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "internal").await;
        let eve = world.member("eve@acme").await;
        let instance = eve.get("/api/v2/instance").await.body;
        assert_eq!(
            instance["configuration"]["statuses"]["max_media_attachments"],
            1
        );
        let one = ada.upload("a.png", "image/png", &png(20, 10, 1), "").await;
        let path = format!("/api/v1/media/{}", text(&one["id"]));
        assert_eq!(ada.get(&path).await.status, StatusCode::OK);
        assert_eq!(eve.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            eve.put(&path, json!({ "description": "mine" }))
                .await
                .status,
            404
        );
        let acme = &world.house("acme").instance;
        acme.run_json(&["member", "add", "engineering", "eve"])
            .await;
        let group = eve.find("engineering").await;
        let stolen = json!({ "group_id": group, "title": "Mine", "media_ids": [one["id"]] });
        assert_eq!(eve.post("/api/v1/statuses", stolen).await.status, 422);

        let two = ada.upload("b.png", "image/png", &png(20, 10, 2), "").await;
        let send = async |bytes: &[u8], kind: &str| {
            let request = upload(&ada.host, &ada.token, "x.bin", kind, bytes, "");
            request.send(&ada.address).await.status
        };
        assert_eq!(
            send(&png(20, 10, 3), "image/png").await,
            422,
            "two wait already"
        );
        let group = ada.find("engineering").await;
        let both =
            json!({ "group_id": group, "title": "Both", "media_ids": [one["id"], two["id"]] });
        assert_eq!(
            ada.post("/api/v1/statuses", both).await.status,
            422,
            "one a post"
        );
        post_with(&ada, &group, "One", &[&one]).await;
        assert_eq!(send(&[7; 3_000], "application/octet-stream").await, 413);
        assert_eq!(send(&[7; 30_000], "application/octet-stream").await, 413);
        let none = Forged::plain("POST", &ada.host, "/api/v2/media")
            .with("Content-Type", "multipart/form-data; boundary=x");
        assert_eq!(none.send(&ada.address).await.status, 401);
    }
}

/// Somebody signed in at a house of the story, with a browser.
async fn at_browser(world: &World, house: &str, name: &str) -> Person {
    let instance = &world.house(house).instance;
    let secret = instance.file("password");
    std::fs::write(&secret, PASSWORD).expect("a file");
    let secret = secret.to_str().expect("text");
    let email = format!("{name}@example.org");
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
    Person::signed_in(instance, name, PASSWORD).await
}

#[tokio::test]
async fn a_form_without_scripts_sends_files_and_keeps_them_after_a_mistake() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        world.engineering("acme", "open", "internal").await;
        let mut gil = at_browser(&world, "acme", "gil").await;
        let acme = &world.house("acme").instance;
        acme.run_json(&["member", "add", "engineering", "gil"])
            .await;
        gil.go("/g/engineering").await;
        let (picture, plan) = (png(900, 600, 4), b"%PDF-1.7".to_vec());
        let files: [(&str, &str, &str, &[u8]); 3] = [
            ("file-1", "bridge.png", "image/png", &picture),
            ("file-2", "plan.pdf", "application/pdf", &plan),
            // Nothing was chosen here.
            ("file-3", "", "application/octet-stream", b""),
        ];
        let fields = [
            ("title", ""),
            ("body", ""),
            ("description-file-1", "The \"new\" bridge"),
        ];
        // The title is missing: what was uploaded is on the page, and goes with the next try.
        let page = gil
            .send_files("/g/engineering/topics", &fields, &files)
            .await;
        assert_eq!(page.status, 422, "{}", page.text());
        assert!(
            page.says("Keep bridge.png") && page.says("Keep plan.pdf"),
            "{}",
            page.text()
        );
        let kept: Vec<String> = page
            .html
            .split("name=\"keep\" value=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect();
        let alt = format!("description-{}", kept[0]);
        let fields = [
            ("title", "Bridge"),
            ("body", ""),
            ("keep", &kept[0]),
            ("keep", &kept[1]),
            (&alt, "The new bridge"),
        ];
        let page = gil.send_files("/g/engineering/topics", &fields, &[]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(
            page.html.contains("alt=\"The new bridge\""),
            "{}",
            page.html
        );
        assert!(page.says("plan.pdf 8 bytes"), "{}", page.text());
        let topic = page.path.clone();
        let preview = page.html.split_once("<img src=\"").expect("a picture").1;
        let preview = preview.split('"').next().expect("an address").to_owned();
        let shown = gil.get_raw(&preview, &[]).await;
        assert_eq!(
            (shown.status, shown.headers["content-type"].as_str()),
            (200, "image/jpeg")
        );

        // The form of a stranger's page, and one without its token, bring nothing.
        let (kind, _) = form(&[], &[]);
        let forged = gil
            .post_raw_body(
                "/g/engineering/topics",
                &kind,
                form(&[("title", "x")], &[files[0]]).1,
            )
            .await;
        assert_eq!(forged.status, 403);

        // Editing takes one away and adds a description.
        gil.go(&format!("{topic}/edit")).await;
        let fields = [
            ("title", "Bridge"),
            ("body", "Look"),
            ("keep", &kept[0]),
            (&alt, "Seen from the south"),
        ];
        let page = gil.send_files(&format!("{topic}/edit"), &fields, &[]).await;
        assert!(
            page.html.contains("alt=\"Seen from the south\""),
            "{}",
            page.text()
        );
        assert!(!page.says("plan.pdf"));
        // A picture that is none is told in a sentence.
        gil.go(&topic).await;
        let svg: [(&str, &str, &str, &[u8]); 1] =
            [("file-1", "a.png", "image/png", b"<svg onload=alert(1)>")];
        let comments = format!("{topic}/comments");
        let page = gil.send_files(&comments, &[("body", "Look")], &svg).await;
        assert_eq!(page.status, 415);
        assert!(
            page.problem()
                .is_some_and(|told| told.contains("PNG, JPEG, WebP or GIF"))
        );
        // A picture says something without a text.
        let only: [(&str, &str, &str, &[u8]); 1] = [("file-1", "b.png", "image/png", &picture)];
        let page = gil.send_files(&comments, &[("body", "")], &only).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.path.contains("#c-"), "{}", page.path);
    }
}

#[tokio::test]
async fn what_is_public_is_for_everybody_and_may_be_kept() {
    for backend in backends() {
        let Some(world) = World::start(backend, ["acme"]).await else {
            continue;
        };
        let ada = world.engineering("acme", "open", "public").await;
        let group = ada.find("engineering").await;
        let sent = ada.upload("a.png", "image/png", &png(20, 10, 1), "").await;
        let topic = post_with(&ada, &group, "For all", &[&sent]).await;
        let path = format!("/media/{}", text(&topic["media_attachments"][0]["id"]));
        let shown = Forged::plain("GET", &ada.host, &path)
            .send(&ada.address)
            .await;
        assert_eq!(shown.status, 200);
        assert_eq!(shown.header("cache-control"), Some("public, max-age=300"));
        let part = Forged::plain("GET", &ada.host, &path).with("Range", "bytes=0-7");
        let part = part.send(&ada.address).await;
        assert_eq!((part.status, part.body.as_slice()), (206, &shown.body[..8]));
        let head = Forged::plain("HEAD", &ada.host, &path)
            .send(&ada.address)
            .await;
        let length = shown.body.len().to_string();
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), Some(length.as_str()));
        let behind = Forged::plain("GET", &ada.host, &path).with("Range", "bytes=999999-");
        assert_eq!(behind.send(&ada.address).await.status, 416);
        let acme = &world.house("acme").instance;
        acme.run_json(&["group", "stage", "engineering", "internal"])
            .await;
        let hidden = Forged::plain("GET", &ada.host, &path)
            .send(&ada.address)
            .await;
        assert_eq!(hidden.status, 404);
        let usage = acme.run_json(&["media", "usage"]).await;
        assert_eq!((&usage["ours"], &usage["waiting"]), (&json!(1), &json!(0)));
    }
}
