//! What a partner got and is asked to throw away again, and what it answers.

use crate::domain::text_enum::text_enum;
use crate::domain::{GroupId, Host, Post, PostId, RetractionId, Timestamp, Uri, counted};

/// Posts in one request. More are several requests: each is one transaction over there.
pub const RETRACTED_POSTS_MAX: usize = 500;

text_enum! {
    /// Why something is asked back.
    RetractionCause ("cause") {
        GrantEnded = "grant_ended",
        PartnershipEnded = "partnership_ended",
        /// Somebody here wants it back, whatever else stands.
        Asked = "asked",
        /// It was deleted here.
        Deleted = "deleted",
    }
}

text_enum! {
    /// Whether what a partner got stays with it when its rights end.
    Copies ("copies") {
        /// It is asked to throw them away.
        AskedBack = "asked_back",
        Left = "left",
    }
}

/// One request: some posts of one group, one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retraction {
    pub id: RetractionId,
    pub host: Host,
    pub group: GroupId,
    pub cause: RetractionCause,
    /// The partner's software answers what it threw away. Of other software nobody ever knows.
    pub can_confirm: bool,
    /// A handle, a host, or `operator`.
    pub asked_by: String,
    pub asked_at: Timestamp,
    /// When it was asked last.
    pub repeated_at: Timestamp,
    pub answer: Option<Answered>,
}

/// What the other side says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub at: Timestamp,
    /// How many of the posts are gone over there.
    pub said: u32,
}

/// How it stands with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetractionCount {
    pub asked: u32,
    pub confirmed: u32,
}

impl Retraction {
    /// How it stands, in words. `open`: addresses of posts that nobody said are gone.
    pub fn in_words(&self, count: RetractionCount, open: &[Uri]) -> String {
        let RetractionCount { asked, confirmed } = count;
        if !self.can_confirm {
            return format!(
                "asked about {}; its software cannot confirm",
                counted(asked.into(), "post", "posts")
            );
        }
        let Some(Answered { said, .. }) = self.answer else {
            return format!(
                "asked about {}; no answer yet",
                counted(asked.into(), "post", "posts")
            );
        };
        if confirmed == asked {
            return format!("confirmed: {confirmed} of {asked}");
        }
        // A count that agrees, of other addresses than ours.
        let doubt = match said == asked {
            true => ", but not of these addresses",
            false => "",
        };
        let addresses: Vec<&str> = open.iter().map(Uri::as_str).collect();
        format!(
            "they say {said} of {asked}{doubt}; not confirmed: {}",
            addresses.join(", ")
        )
    }
}

/// What of the posts in a request is gone, as the side says that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetractionAnswer {
    /// How many of those that were named are not there (any more).
    pub gone: u32,
    /// Of these, how many were thrown away because of this request.
    pub purged: u32,
    /// What the addresses of those that are gone come to: see [`retraction_text`].
    pub digest: String,
    /// The ones that stay.
    pub kept: Vec<Uri>,
}

/// What the digest of a request or an answer is taken of: the addresses, sorted, a line each.
pub fn retraction_text<'a>(addresses: impl IntoIterator<Item = &'a Uri>) -> String {
    let mut lines: Vec<&str> = addresses.into_iter().map(Uri::as_str).collect();
    lines.sort_unstable();
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// A post that another house asked us to throw away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Who asked.
    pub by: Host,
    pub at: Timestamp,
}

/// The topic that posts have in common; none: they are of several.
pub fn common_topic(posts: &[Post]) -> Option<PostId> {
    let topic = posts.first()?.topic;
    posts
        .iter()
        .all(|post| post.topic == topic)
        .then_some(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retraction(can_confirm: bool, said: Option<u32>) -> Retraction {
        let at = Timestamp::parse("2026-11-30").unwrap();
        Retraction {
            id: RetractionId(1),
            host: "birch.example".parse().unwrap(),
            group: GroupId(1),
            cause: RetractionCause::GrantEnded,
            can_confirm,
            asked_by: "operator".into(),
            asked_at: at,
            repeated_at: at,
            answer: said.map(|said| Answered { at, said }),
        }
    }

    #[test]
    fn how_it_stands_is_said_in_words() {
        let open = ["https://acme.example/p/9".parse().unwrap()];
        let words = |can_confirm, said, confirmed| {
            let count = RetractionCount {
                asked: 12,
                confirmed,
            };
            retraction(can_confirm, said).in_words(count, &open)
        };
        assert_eq!(
            words(false, None, 0),
            "asked about 12 posts; its software cannot confirm"
        );
        assert_eq!(words(true, None, 0), "asked about 12 posts; no answer yet");
        assert_eq!(words(true, Some(12), 12), "confirmed: 12 of 12");
        assert_eq!(
            words(true, Some(11), 11),
            "they say 11 of 12; not confirmed: https://acme.example/p/9"
        );
        assert!(words(true, Some(12), 0).contains("12 of 12, but not of these addresses"));
    }

    #[test]
    fn a_digest_is_of_the_addresses_in_any_order() {
        let [one, two]: [Uri; 2] =
            ["https://a.example/1", "https://a.example/2"].map(|uri| uri.parse().unwrap());
        let text = retraction_text([&two, &one]);
        assert_eq!(text, "https://a.example/1\nhttps://a.example/2\n");
        assert_eq!(text, retraction_text([&one, &two]));
        assert_eq!(retraction_text([]), "");
    }
}
