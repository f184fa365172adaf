//! `OrderedCollection`: lists, whole or page by page. None says how many there are: a count tells
//! of what the asker may not see.

use serde_json::{Value, json};

use super::audience;
use super::post::render_post;
use crate::app::Addresses;
use crate::domain::{Group, Timestamp, Uri};
use crate::services::documents::PostDocument;

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

/// A topic as a group's outbox lists it: the group passes on that somebody of ours wrote it. Of a
/// topic written elsewhere only the address: its text is read where it lives.
pub fn render_announced(
    addresses: &Addresses,
    group: &Group,
    found: &PostDocument,
    now: Timestamp,
) -> Value {
    let (topic, author) = (&found.post, &found.author);
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
        "id": format!("{}#announce-{}", group.actor.uri, topic.id),
        "type": "Announce",
        "actor": group.actor.uri,
        "to": audience(group),
        "published": topic.created_at,
        // The group keeps the conversation, also below a topic that another server keeps (FEP-f228).
        "context": addresses.post(topic.id).join("context"),
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
        let theirs = render_announced(&acme(), &group, &found(theirs, bo), now);
        assert_eq!(theirs["object"], "https://birch.example/p/1");
    }
}
