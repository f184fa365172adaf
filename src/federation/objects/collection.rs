//! `OrderedCollection`: lists, whole or page by page. None says how many there are: a count tells
//! of what the asker may not see.

use serde_json::{Value, json};

use super::audience;
use super::post::render_post;
use crate::app::Addresses;
use crate::domain::{Group, Timestamp, Uri};
use crate::federation::extension::{INTRODUCES, PASSED_ON};
use crate::services::documents::{PostDocument, Testimony};

/// A list short enough to be given at once.
pub fn render_whole(id: &Uri, items: Vec<Value>) -> Value {
    json!({ "id": id, "type": "OrderedCollection", "orderedItems": items })
}

/// A list that is read page by page. `turn` is what comes after the list's address.
pub fn render_paged(id: &Uri, turn: &str) -> Value {
    json!({ "id": id, "type": "OrderedCollection", "first": format!("{id}{turn}") })
}

/// One page, and where the next one is.
pub fn render_page(of: &Uri, turn: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut page = json!({
        "id": format!("{of}{turn}"),
        "type": "OrderedCollectionPage",
        "partOf": of,
        "orderedItems": items,
    });
    if let Some(next) = next {
        page["next"] = json!(format!("{of}{next}"));
    }
    page
}

/// About as many bytes end a page, so that whoever reads it takes the whole in.
const PAGE_BYTES: usize = 384 * 1_024;

/// About how many bytes a like has.
const LIKE_BYTES: usize = 400;

/// How many of these posts have room in one page: one at least.
pub fn room_for(posts: &[PostDocument]) -> usize {
    let mut bytes = 0_usize;
    let fits = |found: &&PostDocument| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(weight(found));
        first || bytes <= PAGE_BYTES
    };
    posts.iter().take_while(fits).count()
}

/// About how many bytes a post has in a page.
fn weight(found: &PostDocument) -> usize {
    let likes = found.kept_likes.iter().map(|(_, said)| said);
    let said = likes.chain(&found.kept);
    let said = said
        .map(|said| said.activity.len() + said.introduction.as_ref().map_or(0, |text| text.len()));
    let source = found.post.source.as_ref().map_or(0, String::len);
    let likes = found.likes.len() * LIKE_BYTES;
    said.sum::<usize>() + likes + found.post.html.len() + source + 1
}

/// What somebody did in a group, as the group passes it on to who comes later; of people of third servers in their own
/// words, with their proof, and with the document by which they are known.
pub fn render_passed_on(
    id: &str,
    group: &Group,
    conversation: &Uri,
    activity: Value,
    introduction: Option<&str>,
) -> Value {
    let mut announce = json!({
        "id": id,
        "type": "Announce",
        "actor": group.actor.uri,
        "to": audience(group),
        // The group keeps the conversation, also below a topic that another server keeps (FEP-f228).
        "context": conversation,
        "object": activity,
    });
    if let Some(introduction) = introduction {
        announce[INTRODUCES] = json!(introduction);
    }
    announce
}

/// The same of what is kept; none where it makes no sense any more.
pub fn render_kept(id: &str, group: &Group, conversation: &Uri, said: &Testimony) -> Option<Value> {
    let activity = serde_json::from_str(&said.activity).ok()?;
    let introduction = said.introduction.as_deref();
    Some(render_passed_on(
        id,
        group,
        conversation,
        activity,
        introduction,
    ))
}

/// Adds to a page what people of third servers said whose posts it names.
pub fn add_kept(page: &mut Value, kept: Vec<Value>) {
    if !kept.is_empty() {
        page[PASSED_ON] = json!(kept);
    }
}

/// A topic as a group's outbox lists it: the group passes on that somebody wrote it. Of a topic written
/// elsewhere, and not proven by its author, only the address: its text is read where it lives.
pub fn render_announced(
    addresses: &Addresses,
    group: &Group,
    found: &PostDocument,
    now: Timestamp,
) -> Value {
    let (topic, author) = (&found.post, &found.author);
    let id = format!("{}#announce-{}", group.actor.uri, topic.id);
    let conversation = addresses.post(topic.id).join("context");
    let kept = found.kept.as_ref();
    let kept = kept.and_then(|said| render_kept(&id, group, &conversation, said));
    if let Some(mut announce) = kept {
        announce["published"] = json!(topic.created_at);
        return announce;
    }
    let object = match author.is_local() {
        true => json!({
            "id": format!("{}#create", topic.uri),
            "type": "Create",
            "actor": author.uri,
            "to": audience(group),
            "audience": group.actor.uri,
            "published": topic.created_at,
            "object": render_post(addresses, group, &found.into(), now),
        }),
        false => json!(topic.uri),
    };
    json!({
        "id": id,
        "type": "Announce",
        "actor": group.actor.uri,
        "to": audience(group),
        "published": topic.created_at,
        // The group keeps the conversation, also below a topic that another server keeps (FEP-f228).
        "context": conversation,
        "object": object,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Access, Circle, Promise, Stage};
    use crate::federation::objects::tests::{acme, ada, engineering, topic};

    #[test]
    fn pages_follow_each_other_and_nobody_counts() {
        let of: Uri = "https://acme.example/g/engineering/outbox".parse().unwrap();
        let whole = render_paged(&of, "?page=true");
        assert_eq!(whole["first"], format!("{of}?page=true"));
        let page = render_page(&of, "?page=true", vec![json!(1)], Some("?page=2".into()));
        assert_eq!(page["id"], whole["first"]);
        assert_eq!(page["next"], format!("{of}?page=2"));
        let last = render_page(&of, "?page=2", Vec::new(), None);
        assert_eq!(last.get("next"), None);
        assert_eq!(last.get("totalItems"), None);
    }

    #[test]
    fn a_topic_is_passed_on_with_its_text_only_when_it_is_ours() {
        let group = engineering(Access::Open, Stage::Partners);
        let found = |post, author| PostDocument {
            post,
            author,
            parent: None,
            likes: Vec::new(),
            poll: None,
            attachments: Vec::new(),
            promise: Promise::same(Circle::Asked),
            kept: None,
            kept_likes: Vec::new(),
        };
        let now = Timestamp::MIN;
        let ours = render_announced(&acme(), &group, &found(topic(), ada()), now);
        assert_eq!(ours["actor"], group.actor.uri.as_str());
        assert_eq!(ours["object"]["object"]["name"], "Bridge opens Monday");
        assert!(!ours.to_string().contains("Public"));

        let mut theirs = topic();
        theirs.uri = "https://birch.example/p/1".parse().unwrap();
        let mut bo = ada();
        bo.host = Some("birch.example".parse().unwrap());
        let theirs = found(theirs, bo);
        let bare = render_announced(&acme(), &group, &theirs, now);
        assert_eq!(bare["object"], "https://birch.example/p/1");

        let said =
            r#"{ "type": "Create", "object": { "id": "https://birch.example/p/1" }, "proof": {} }"#;
        let proven = PostDocument {
            kept: Some(Testimony {
                activity: said.into(),
                introduction: Some("bo, as birch says".into()),
            }),
            ..theirs
        };
        let proven = render_announced(&acme(), &group, &proven, now);
        assert_eq!(proven["id"], bare["id"]);
        assert_eq!(proven["context"], bare["context"]);
        assert_eq!(
            proven["object"]["object"]["id"],
            "https://birch.example/p/1"
        );
        assert_eq!(proven[INTRODUCES], "bo, as birch says");
    }

    #[test]
    fn a_page_ends_before_it_is_too_large_and_is_never_empty() {
        let post = |bytes: usize| PostDocument {
            post: crate::domain::Post {
                html: "x".repeat(bytes),
                ..topic()
            },
            author: ada(),
            parent: None,
            likes: Vec::new(),
            poll: None,
            attachments: Vec::new(),
            promise: Promise::same(Circle::Asked),
            kept: None,
            kept_likes: Vec::new(),
        };
        assert_eq!(room_for(&[post(10), post(20)]), 2);
        assert_eq!(room_for(&[post(PAGE_BYTES * 2), post(1)]), 1);
        assert_eq!(
            room_for(&[post(PAGE_BYTES / 2), post(PAGE_BYTES), post(1)]),
            1
        );
        assert_eq!(room_for(&[]), 0);
    }
}
