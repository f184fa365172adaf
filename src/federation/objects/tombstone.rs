//! `Tombstone`: where a post was that its author or a moderator took away, or a person who was
//! erased.

use serde_json::{Value, json};

use crate::domain::{Post, Uri};

/// Writes that there was a post, and nothing of it.
pub fn render_tombstone(post: &Post) -> Value {
    json!({
        "id": post.uri,
        "type": "Tombstone",
        "formerType": super::post::kind_of_ours(post),
    })
}

/// Writes that there was somebody, and nothing of who (ActivityPub 7.4, of a deleted actor).
pub fn render_former_person(uri: &Uri) -> Value {
    json!({ "id": uri, "type": "Tombstone", "formerType": "Person" })
}

/// True for what is left of something deleted.
pub fn is_tombstone(object: &Value) -> bool {
    super::read::kind_of(object) == Some("Tombstone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::objects::tests::{fixture, topic};

    #[test]
    fn nothing_is_left_but_that_there_was_something() {
        let tombstone = render_tombstone(&topic());
        assert_eq!(
            tombstone,
            json!({ "id": "https://acme.example/p/41", "type": "Tombstone", "formerType": "Page" })
        );
        assert!(is_tombstone(&tombstone));
        assert!(is_tombstone(&fixture("nodebb/tombstone")));
        assert!(!is_tombstone(&fixture("nodebb/note")));
    }
}
