use super::*;
use crate::domain::{Access, Circle, InteractionPolicy, PostId, Promise, Stage, Welcome};
use crate::federation::objects::tests::{acme, ada, at, engineering, fixture, topic};

const ENGINEERING: &str = "https://acme.example/g/engineering";

fn promise() -> Promise {
    Promise::same(Circle::Asked)
}

/// What ada wrote, as its document.
fn render(post: &Post, group: &Group, parent: Option<&Uri>) -> Value {
    let written = Written {
        post,
        author: &ada(),
        parent,
        promise: &promise(),
        attachments: &[],
        poll: None,
    };
    render_post(&acme(), group, &written, Timestamp::MIN)
}

fn parsed(object: &Value) -> ReceivedPost {
    parse_post(object, None).unwrap()
}

/// The object of a Create, and the Create.
fn created(name: &str) -> ReceivedPost {
    let activity = fixture(name);
    parse_post(&activity["object"], Some(&activity)).unwrap()
}

fn problem(object: &Value) -> &'static str {
    parse_post(object, None).unwrap_err().field
}

fn text_of(uri: &Option<Uri>) -> Option<&str> {
    uri.as_ref().map(Uri::as_str)
}

// Ours --------------------------------------------------------------------------------------------

#[test]
fn a_topic_is_a_page_for_the_group_and_nobody_else() {
    let group = engineering(Access::Open, Stage::Partners);
    let page = render(&topic(), &group, None);
    assert_eq!(
        page,
        json!({
            "id": "https://acme.example/p/41",
            "type": "Page",
            "url": "https://acme.example/p/41",
            "attributedTo": "https://acme.example/u/ada",
            "to": [ENGINEERING, "https://acme.example/g/engineering/followers"],
            "audience": ENGINEERING,
            "context": "https://acme.example/p/41/context",
            "name": "Bridge opens Monday",
            "content": "<p>It <em>does</em>.</p>\n",
            "mediaType": "text/html",
            "source": { "content": "It *does*.", "mediaType": "text/markdown" },
            "published": "2026-03-01T08:00:00.000Z",
            "interactionPolicy": render_policy(&promise(), &ada().uri, &group),
        })
    );
}

#[test]
fn a_comment_is_a_note_in_the_conversation_of_its_topic() {
    let group = engineering(Access::Open, Stage::Public);
    let mut comment = topic();
    comment.id = PostId(87);
    comment.uri = acme().post(comment.id);
    comment.parent = Some(PostId(41));
    comment.title = None;
    comment.edited_at = Some(at("2026-03-02T08:00:00Z"));
    let parent = topic().uri;
    let note = render(&comment, &group, Some(&parent));
    assert_eq!(note["type"], "Note");
    assert_eq!(note["inReplyTo"], "https://acme.example/p/41");
    assert_eq!(note["context"], "https://acme.example/p/41/context");
    assert_eq!(note["updated"], "2026-03-02T08:00:00.000Z");
    assert_eq!(note.get("name"), None);
    assert!(is_for_everybody(&note));
}

#[test]
fn what_we_write_is_what_we_read() {
    let group = engineering(Access::Closed, Stage::Partners);
    let members = Welcome {
        members: true,
        people: vec![ada().uri],
        ..Welcome::default()
    };
    let only_ada = Welcome {
        members: false,
        ..members.clone()
    };
    let read = parsed(&render(&topic(), &group, None));
    assert_eq!(
        read,
        ReceivedPost {
            uri: topic().uri,
            author: ada().uri,
            group: Some(group.actor.uri),
            parent: None,
            title: topic().title,
            html: topic().html.into(),
            source: topic().source,
            published: Some(topic().created_at),
            poll: None,
            updated: topic().edited_at,
            interaction: Some(InteractionPolicy {
                like: Some(members.clone()),
                reply: Some(members),
                announce: Some(only_ada),
            }),
            attachments: Vec::new(),
            links_files: false,
            conversation: Some(topic().uri.join("context")),
            recipients: Recipients {
                everybody: false,
                named: vec![
                    "https://acme.example/g/engineering".parse().unwrap(),
                    "https://acme.example/g/engineering/followers"
                        .parse()
                        .unwrap(),
                ],
            },
        }
    );
}

#[test]
fn in_a_group_elsewhere_the_conversation_is_not_ours_to_name() {
    let mut group = engineering(Access::Open, Stage::Partners);
    group.actor.host = Some("birch.example".parse().unwrap());
    group.actor.followers = None;
    let page = render(&topic(), &group, None);
    assert_eq!(page.get("context"), None);
    assert_eq!(page["to"][1], format!("{ENGINEERING}/followers"));
}

// Others' -----------------------------------------------------------------------------------------

#[test]
fn topics_of_other_software_are_read() {
    let page = parsed(&fixture("lemmy/page"));
    assert_eq!(page.title.as_deref(), Some("Which light for winter?"));
    assert_eq!(
        page.source.as_deref(),
        Some("I look for **one** that lasts.")
    );
    assert_eq!(text_of(&page.group), Some(ENGINEERING));
    assert_eq!(page.author.as_str(), "https://lemmy.example/u/lena");
    assert_eq!(page.published, Some(at("2025-11-03T17:20:11.804512Z")));

    let private = created("lemmy/create_page_private");
    assert_eq!(text_of(&private.group), Some(ENGINEERING));

    let note = parsed(&fixture("nodebb/note"));
    assert_eq!(note.title.as_deref(), Some("A jig for drilling"));
    assert_eq!(note.parent, None);
    let article = created("nodebb/create_article");
    // The summary of an article is its beginning, not a warning.
    assert_eq!(
        article
            .html
            .as_received()
            .matches("The second part is longer")
            .count(),
        8
    );
}

#[test]
fn a_mention_of_the_group_is_how_microblogs_start_a_topic() {
    let note = created("mastodon/create_note_mention");
    assert_eq!(text_of(&note.group), Some(ENGINEERING));
    assert_eq!((note.title, note.source), (None, None));
    assert!(
        note.html
            .as_received()
            .contains("How do you keep the build fast?")
    );

    let direct = created("mastodon/create_note_direct");
    assert_eq!(text_of(&direct.group), Some(ENGINEERING));
    let mut several = fixture("mastodon/note");
    several["cc"] = json!([
        "https://mastodon.example/users/mara/followers",
        "https://acme.example/u/ada",
        ENGINEERING,
    ]);
    assert_eq!(text_of(&parsed(&several).group), Some(ENGINEERING));
    several["to"] = json!(["as:Public", "Public"]);
    several["cc"] = json!([]);
    assert_eq!(text_of(&parsed(&several).group), Some(ENGINEERING));
    several["tag"] = json!([{ "type": "Hashtag", "href": ENGINEERING, "name": "#x" }]);
    assert_eq!(parsed(&several).group, None);

    let note = created("snac/create_note_mention");
    assert_eq!(text_of(&note.group), Some(ENGINEERING));
    let reply = created("snac/create_note_reply");
    assert_eq!(text_of(&reply.parent), Some("https://acme.example/p/41"));
}

#[test]
fn comments_of_other_software_are_read() {
    for (name, parent) in [
        ("lemmy/create_note", "https://acme.example/p/41"),
        ("mastodon/create_note_reply", "https://acme.example/p/41"),
        ("nodebb/create_reply", "https://acme.example/p/41"),
    ] {
        let comment = created(name);
        assert_eq!(text_of(&comment.parent), Some(parent), "{name}");
    }
}

#[test]
fn a_bare_link_and_bare_pictures_are_something_to_read() {
    let link = created("lemmy/create_page_link");
    assert_eq!(
        link.html.as_received(),
        "<p><a href=\"https://maps.example/repair\">https://maps.example/repair</a></p>\n"
    );
    let mut pictures = fixture("mastodon/note");
    pictures["content"] = json!("");
    pictures["contentMap"] = Value::Null;
    pictures["attachment"] = json!([
        { "type": "Document", "mediaType": "image/png", "url": "https://m.example/1.png", "name": "A \"crane\"" },
        { "type": "Document", "url": "javascript:alert(1)", "name": "no" },
    ]);
    assert_eq!(
        parsed(&pictures).html.as_received(),
        "<p><a href=\"https://m.example/1.png\">A &quot;crane&quot;</a></p>\n<p>📎 no</p>\n"
    );
    pictures["attachment"] = json!(vec![json!({ "type": "Document", "sensitive": true }); 18]);
    let read = parsed(&pictures);
    assert_eq!(
        read.html
            .as_received()
            .matches("<p>⚠ 📎 Document</p>")
            .count(),
        16
    );
    assert!(read.html.as_received().ends_with("<p>📎 +2</p>\n"));
}

#[test]
fn polls_are_asked_and_warnings_are_read_as_text() {
    let asked = created("mastodon/create_question");
    assert!(asked.poll.is_some());
    assert!(!asked.html.as_received().contains("<li>"));
    // What leaves no choice is still something to read.
    let mut list = fixture("mastodon/create_question")["object"].clone();
    list["oneOf"] = json!([{ "type": "Note", "name": "Tabs" }]);
    let list = parsed(&list);
    assert_eq!(list.poll, None);
    assert!(list.html.as_received().ends_with("<ul><li>Tabs</li></ul>"));
    let warned = created("mastodon/create_note_warning");
    assert!(warned.html.as_received().starts_with("<p><strong>"));
}

#[test]
fn a_summary_warns_repeats_or_stands_for_the_text() {
    let mut post = fixture("mastodon/note");
    (post["content"], post["summary"]) = (json!("<p>It bites.</p>"), json!("<b>A dog</b>"));
    post["attachment"] = Value::Null;
    let shown = |post: &Value| parsed(post).html.as_received().to_owned();
    let warned = "<p><strong>A dog</strong></p>\n<p>It bites.</p>";
    assert_eq!(shown(&post), warned);
    post["summary"] = json!("It bi…");
    assert_eq!(shown(&post), "<p>It bites.</p>");
    (post["type"], post["summary"]) = (json!("Article"), json!("A dog"));
    assert_eq!(shown(&post), "<p>It bites.</p>");
    post["sensitive"] = json!(true);
    assert_eq!(shown(&post), warned);
    (post["sensitive"], post["content"]) = (json!(false), Value::Null);
    post["contentMap"] = Value::Null;
    assert_eq!(shown(&post), "A dog");
}

#[test]
fn what_is_more_than_its_text_leads_to_where_it_is() {
    let event = json!({
        "type": "Event",
        "id": "https://m.example/events/1",
        "attributedTo": "https://m.example/u/mara",
        "name": "Opening",
        "content": "<p>All are welcome.</p>",
        "startTime": "2026-12-01T10:00:00+01:00",
        "location": { "type": "Place", "name": "The <bridge>" },
        "url": [
            { "type": "Link", "mediaType": "text/calendar", "href": "https://m.example/1.ics" },
            { "type": "Link", "mediaType": "text/html", "href": "https://m.example/1" },
        ],
    });
    assert_eq!(
        parsed(&event).html.as_received(),
        "<p>All are welcome.</p><p>🗓 2026-12-01 10:00:00+01:00</p>\n<p>📍 The</p>\n\
         <p><a href=\"https://m.example/1\">https://m.example/1</a></p>\n"
    );
    let mut note = fixture("mastodon/note");
    (note["content"], note["attachment"]) = (json!("Look"), Value::Null);
    let quote = "Look<p>RE: <a href=\"https://m.example/2\">https://m.example/2</a></p>\n";
    for field in ["quote", "quoteUri", "quoteUrl", "_misskey_quote"] {
        let mut quoting = note.clone();
        quoting[field] = json!("https://m.example/2");
        assert_eq!(parsed(&quoting).html.as_received(), quote, "{field}");
    }
    note["tag"] = json!({
        "type": "Link",
        "mediaType": "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
        "href": "https://m.example/2",
    });
    assert_eq!(parsed(&note).html.as_received(), quote);
}

#[test]
fn a_vote_is_not_a_comment() {
    assert_eq!(problem(&fixture("mastodon/vote")["object"]), "content");
}

#[test]
fn texts_come_in_several_kinds() {
    let mut note = fixture("nodebb/note");
    note["content"] = json!("*a* <b>");
    note["mediaType"] = json!("text/markdown; charset=utf-8");
    assert_eq!(
        parsed(&note).html.as_received(),
        "<p><em>a</em> &lt;b&gt;</p>\n"
    );
    note["mediaType"] = json!("text/plain");
    assert_eq!(parsed(&note).html.as_received(), "<p>*a* &lt;b&gt;</p>");
    note["content"] = Value::Null;
    note["contentMap"] = json!({ "de": "<p>Hallo</p>" });
    note["mediaType"] = Value::Null;
    note["source"]["mediaType"] = json!("text/html");
    let read = parsed(&note);
    assert_eq!(
        (read.html.sanitized().as_str(), read.source),
        ("<p>Hallo</p>", None)
    );
}

#[test]
fn one_person_answers_for_a_text() {
    let mut video = fixture("nodebb/note");
    video["type"] = json!("Video");
    video["attributedTo"] = json!([
        { "type": "Person", "id": "https://nodebb.example/uid/7" },
        { "type": "Group", "id": "https://nodebb.example/category/5" },
    ]);
    assert_eq!(
        parsed(&video).author.as_str(),
        "https://nodebb.example/uid/7"
    );
    for several in [
        json!([
            "https://nodebb.example/uid/7",
            "https://nodebb.example/uid/8"
        ]),
        json!([{ "type": "Person", "id": "https://a.example/1" }, { "type": "Person", "id": "https://a.example/2" }]),
        json!([]),
        json!(null),
        json!("acct:nils@nodebb.example"),
    ] {
        video["attributedTo"] = several;
        assert_eq!(problem(&video), "attributedTo");
    }
}

#[test]
fn a49_long_lists_and_long_texts_are_refused() {
    for field in ["to", "cc", "tag", "attachment", "audience"] {
        let mut note = fixture("nodebb/note");
        note[field] = Value::Array(vec![json!("https://a.example/"); 101]);
        assert_eq!(problem(&note), field);
    }
    let mut note = fixture("nodebb/note");
    note["content"] = json!("x".repeat(BODY_BYTES_MAX + 1));
    assert_eq!(problem(&note), "content");
}

#[test]
fn what_leaves_a_choice_is_refused() {
    let whole = fixture("nodebb/note");
    for (field, value) in [
        ("type", json!(["Note", "Page"])),
        ("type", json!("Person")),
        ("id", json!(null)),
        (
            "inReplyTo",
            json!(["https://a.example/1", "https://a.example/2"]),
        ),
        ("inReplyTo", json!("tag:a.example,2025:1")),
    ] {
        let mut note = whole.clone();
        note[field] = value.clone();
        assert_eq!(problem(&note), field, "{value}");
    }
}
