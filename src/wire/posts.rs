//! Posts as moderators' commands name them: never their texts.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, PostId, PostState};

/// A post, by its number.
#[derive(Serialize, ToSchema)]
pub struct Post {
    pub id: PostId,
    pub uri: String,
    /// The topic it belongs to; a topic's own number.
    pub topic: PostId,
    pub state: PostState,
    pub locked: bool,
    pub pinned: bool,
    /// Its own; without one it has that of its topic and its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl From<&domain::Post> for Post {
    fn from(post: &domain::Post) -> Self {
        Self {
            id: post.id,
            uri: post.uri.to_string(),
            topic: post.topic,
            state: post.state,
            locked: post.locked,
            pinned: post.pinned,
            label: post.label.as_ref().map(ToString::to_string),
        }
    }
}
