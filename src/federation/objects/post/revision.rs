//! Which text of a post something carries, without the text: for the ledger, and for comparing books.

use serde_json::{Value, json};

use super::is_post;
use crate::domain::{CarriedText, Timestamp, Uri};
use crate::federation::objects::read::{kind_of, uri_in};

/// How deep the post may be: an `Announce` of a `Create` of a post.
const DEPTH_MAX: usize = 3;

/// The revision in an activity or object; none where no text of a post is in it.
///
/// The digest is SHA-256, hexadecimal, of the JSON array of `id`, `name` (empty without one) and `content` as they
/// are on the wire, as RFC 8785 writes it. Who passes an activity on as it came, passes on the same digest.
pub fn revision_of(carrier: &Value) -> Option<CarriedText> {
    let object = post_in(carrier)?;
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    let (id, content) = (text("id")?, text("content")?);
    let hashed = json!([id, text("name").unwrap_or_default(), content]).to_string();
    let time = |field: &str| Timestamp::parse(text(field)?).ok();
    Some(CarriedText {
        object: id.parse().ok()?,
        digest: crate::crypto::fingerprint(&hashed),
        written: time("updated").or_else(|| time("published")),
    })
}

fn post_in(carrier: &Value) -> Option<&Value> {
    let mut object = carrier;
    for _ in 0..DEPTH_MAX {
        if is_post(object) {
            return Some(object);
        }
        object = object.get("object")?;
    }
    None
}

/// The revision that an activity brings, and the group in which: the one that passes it on, or that it is for.
pub fn carried(activity: &Value) -> Option<(Uri, CarriedText)> {
    let revision = revision_of(activity)?;
    let group = match kind_of(activity) {
        Some("Announce") => uri_in(activity, "actor"),
        _ => uri_in(post_in(activity)?, "audience"),
    };
    Some((group?, revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create() -> Value {
        json!({
            "type": "Create",
            "object": {
                "type": "Page",
                "id": "https://acme.example/p/1",
                "name": "Bridge \"opens\"",
                "content": "<p>On Monday.\n</p>",
                "audience": "https://acme.example/g/bridges",
                "published": "2026-10-01T08:00:00.000Z",
                "updated": "2026-10-02T08:00:00.000Z",
            },
        })
    }

    #[test]
    fn who_passes_it_on_passes_on_the_same_digest() {
        let announce = json!({
            "type": "Announce", "actor": "https://acme.example/g/other", "object": create(),
        });
        let (group, revision) = carried(&create()).unwrap();
        assert_eq!(group.as_str(), "https://acme.example/g/bridges");
        let (by, passed_on) = carried(&announce).unwrap();
        assert_eq!(by.as_str(), "https://acme.example/g/other");
        assert_eq!(passed_on, revision);
        assert_eq!(revision_of(&create()["object"]), Some(revision.clone()));
        // As FEDERATION.md says it, made by other means.
        let hashed = r#"["https://acme.example/p/1","Bridge \"opens\"","<p>On Monday.\n</p>"]"#;
        assert_eq!(revision.digest, crate::crypto::fingerprint(hashed));
        let written = Timestamp::parse("2026-10-02T08:00:00Z").unwrap();
        assert_eq!(revision.written, Some(written));
    }

    #[test]
    fn another_text_is_another_revision_and_no_text_is_none() {
        let mut other = create();
        other["object"]["name"] = json!("Bridge closes");
        let digest = |activity: &Value| revision_of(activity).map(|one| one.digest);
        assert_ne!(digest(&other), digest(&create()));
        for nothing in [
            json!({ "type": "Announce", "object": "https://acme.example/p/1" }),
            json!({ "type": "Delete", "object": { "type": "Tombstone", "id": "https://acme.example/p/1" } }),
            json!({ "type": "Like", "object": "https://acme.example/p/1" }),
            json!({ "type": "Announce", "object": { "type": "Announce", "object": create() } }),
        ] {
            assert_eq!(digest(&nothing), None, "{nothing}");
        }
    }
}
