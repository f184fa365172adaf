//! What a change of a boundary would make different.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{PostId, Timestamp, Uri};
use crate::policy::Action;
use crate::services::what_if;

/// Somebody outside, before the change and after it.
#[derive(Serialize, ToSchema)]
pub struct Different {
    /// A handle, a server, somebody who would be let in, or anybody on the web.
    pub who: String,
    pub gains: Vec<Action>,
    pub loses: Vec<Action>,
    pub topics_before: u64,
    pub topics_after: u64,
    pub files_before: u64,
    pub files_after: u64,
}

/// A topic that somebody outside would see who does not now.
#[derive(Serialize, ToSchema)]
pub struct FreshTopic {
    pub id: PostId,
    /// None where the asker may not read it.
    pub title: Option<String>,
    pub uri: Uri,
    pub created_at: Timestamp,
}

/// What a change would make different; nothing is changed.
#[derive(Serialize, ToSchema)]
pub struct Outlook {
    pub people: Vec<Different>,
    /// Topics that somebody outside would see who does not now.
    pub topics: usize,
    /// A part of them, the newest first.
    pub shown: Vec<FreshTopic>,
    /// Members whose names somebody outside would learn.
    pub names: u64,
    /// Sent as `seen` with the change, it is refused if anything of this is otherwise by then.
    pub digest: String,
}

impl From<what_if::Outlook> for Outlook {
    fn from(outlook: what_if::Outlook) -> Self {
        let different = |one: &what_if::Different| Different {
            who: one.who.clone(),
            gains: one.gains(),
            loses: one.loses(),
            topics_before: one.before.topics,
            topics_after: one.after.topics,
            files_before: one.before.files,
            files_after: one.after.files,
        };
        let topic = |post: what_if::Fresh| FreshTopic {
            id: post.id,
            title: post.title,
            uri: post.uri,
            created_at: post.created_at,
        };
        Self {
            people: outlook.people.iter().map(different).collect(),
            topics: outlook.topics,
            shown: outlook.shown.into_iter().map(topic).collect(),
            names: outlook.names,
            digest: outlook.digest,
        }
    }
}

impl fmt::Display for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Nothing is changed. This is what it would make different:"
        )?;
        for one in &self.people {
            let list = |actions: &[Action]| {
                let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
                words.join(", ")
            };
            write!(f, "- {}: ", one.who)?;
            let mut words = Vec::new();
            if !one.gains.is_empty() {
                words.push(format!("may now {}", list(&one.gains)));
            }
            if !one.loses.is_empty() {
                words.push(format!("may no more {}", list(&one.loses)));
            }
            if one.topics_before != one.topics_after {
                let (before, after) = (one.topics_before, one.topics_after);
                words.push(format!("sees {after} topics instead of {before}"));
            }
            if one.files_before != one.files_after {
                let (before, after) = (one.files_before, one.files_after);
                words.push(format!(
                    "sees {after} pictures and files instead of {before}"
                ));
            }
            match words.is_empty() {
                true => writeln!(f, "nothing")?,
                false => writeln!(f, "{}", words.join("; "))?,
            }
        }
        let (topics, names) = (self.topics, self.names);
        writeln!(
            f,
            "{topics} topics become visible, and the names of {names} members:"
        )?;
        for topic in &self.shown {
            writeln!(
                f,
                "- {}  {}",
                topic.title.as_deref().unwrap_or_default(),
                topic.uri
            )?;
        }
        write!(f, "Do exactly this with --seen {}", self.digest)
    }
}
