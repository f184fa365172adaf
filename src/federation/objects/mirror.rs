//! The copy of a post that a group makes for servers that know no groups: a `Note` of the group's own, for
//! its followers, which says whose words they are and where they are kept (FEP-fffd).

use serde_json::{Value, json};

use super::followers_of;
use super::interaction::render_policy;
use super::read::escape;
use crate::domain::{Group, Post};
use crate::services::mirrors::{self, Copy};

/// Writes a copy. It is for nobody but followers: the word for everybody appears nowhere.
pub fn render_mirror(copy: &Copy, group: &Group) -> Value {
    let post = &copy.post;
    let mut note = json!({
        "id": mirrors::address(&post.uri),
        "type": "Note",
        "attributedTo": group.actor.uri,
        "to": [followers_of(group)],
        "content": content(copy),
        "mediaType": "text/html",
        "published": post.created_at,
        "url": [
            { "type": "Link", "mediaType": "text/html", "href": post.uri },
            {
                "type": "Link",
                "rel": "canonical",
                "mediaType": "application/activity+json",
                "href": post.uri,
            },
        ],
        "interactionPolicy": render_policy(&copy.promise, &group.actor.uri, group),
    });
    if let Some(answered) = &copy.answers {
        note["inReplyTo"] = json!(answered);
    }
    if let Some(edited_at) = post.edited_at {
        note["updated"] = json!(edited_at);
    }
    note
}

/// Who says it, and then what.
fn content(copy: &Copy) -> String {
    let (author, house) = (escape(copy.author.title()), escape(&copy.organization));
    let title = copy.post.title.as_deref().map(escape);
    let title = title.map_or_else(String::new, |title| {
        format!("<p><strong>{title}</strong></p>\n")
    });
    format!(
        "<p><strong>{author}</strong> ({house}):</p>\n{title}{}",
        copy.post.html
    )
}

/// Writes that there was a copy.
pub fn render_mirror_tombstone(post: &Post) -> Value {
    json!({
        "id": mirrors::address(&post.uri),
        "type": "Tombstone",
        "formerType": "Note",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Access, Circle, Promise, Stage};
    use crate::federation::objects::tests::{ada, engineering, topic};

    #[test]
    fn a_copy_says_whose_words_they_are_and_is_for_followers_only() {
        let group = engineering(Access::Closed, Stage::Partners);
        let mut author = ada();
        author.display_name = "Ada <3".into();
        let copy = Copy {
            post: topic(),
            author,
            organization: "Acme & Sons".into(),
            answers: None,
            promise: Promise::same(Circle::Nobody),
        };
        let note = render_mirror(&copy, &group);
        assert_eq!(note["id"], "https://acme.example/p/41/mirror");
        assert_eq!(note["attributedTo"], group.actor.uri.as_str());
        assert_eq!(
            note["to"],
            json!(["https://acme.example/g/engineering/followers"])
        );
        assert_eq!(
            note["content"],
            "<p><strong>Ada &lt;3</strong> (Acme &amp; Sons):</p>\n\
             <p><strong>Bridge opens Monday</strong></p>\n<p>It <em>does</em>.</p>\n"
        );
        assert_eq!(note["url"][1]["rel"], "canonical");
        assert_eq!(note["url"][1]["href"], "https://acme.example/p/41");
        assert_eq!(note.get("inReplyTo"), None);
        assert!(!note.to_string().contains("Public"));
    }
}
