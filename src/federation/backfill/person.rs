//! Fetching what somebody elsewhere wrote before anybody here followed them: their outbox, and the
//! conversation below each post (FEP-f228 `context`, or else its `replies`). Bounded, and from their own
//! server only: it alone says what its people wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{items, next_page};
use crate::domain::{Actor, ActorId, Uri};
use crate::error::{Error, Result};
use crate::federation::{Federation, objects};
use crate::services::follows;
use crate::services::inbox::{self, Command};
use crate::services::posts::ReceivedPost;

/// Pages of the outbox that are fetched.
const OUTBOX_PAGES_MAX: usize = 5;
/// Pages of one conversation that are fetched.
const CONTEXT_PAGES_MAX: usize = 3;
/// Posts of the person that are kept, the newest.
const POSTS_MAX: usize = 100;
/// Documents fetched for one person altogether.
const FETCHES_MAX: usize = 150;

/// Fetches what somebody who is followed here wrote before; how many posts took effect.
pub async fn backfill(federation: &Federation, person: ActorId) -> Result<usize> {
    let person = follows::find_followed(&federation.app, person).await?;
    let Some(outbox) = person.outbox.clone() else {
        return Ok(0);
    };
    let mut walk = Walk {
        federation,
        person: &person,
        fetches_left: FETCHES_MAX,
    };
    let mut posts = walk.posts(&outbox, OUTBOX_PAGES_MAX).await?;
    posts.retain(|found| found.post.author == person.uri);
    posts.truncate(POSTS_MAX);
    // Outboxes are newest first; what is answered must be there before its answer.
    posts.reverse();
    let mut count = 0;
    for found in posts {
        let mut conversation = vec![found.post];
        if let Some(context) = found.conversation {
            // A conversation that cannot be read now must not keep the others away.
            match walk.posts(&context, CONTEXT_PAGES_MAX).await {
                Ok(below) => conversation.extend(below.into_iter().map(|found| found.post)),
                Err(error) => {
                    tracing::info!(%context, %error, "a conversation could not be fetched");
                }
            }
        }
        count += apply(federation, conversation).await?;
    }
    Ok(count)
}

/// Applies posts as if their authors had just sent them.
async fn apply(federation: &Federation, posts: Vec<ReceivedPost>) -> Result<usize> {
    let mut authors: BTreeMap<Uri, Option<Actor>> = BTreeMap::new();
    let mut count = 0;
    for post in posts {
        if !authors.contains_key(&post.author) {
            let known = follows::find_author(&federation.app, post.author.clone()).await?;
            let author = match known {
                Some(author) => Some(author),
                None => federation.meet(&post.author).await.ok(),
            };
            authors.insert(post.author.clone(), author);
        }
        if let Some(Some(author)) = authors.get(&post.author) {
            let command = Command::CreatePost(post);
            command.prepare();
            count += inbox::apply_fetched(&federation.app, author, vec![command]).await?;
        }
    }
    Ok(count)
}

/// A post with where its conversation is.
struct Found {
    post: ReceivedPost,
    conversation: Option<Uri>,
}

struct Walk<'a> {
    federation: &'a Federation,
    person: &'a Actor,
    fetches_left: usize,
}

impl Walk<'_> {
    /// The posts of the person's server in a collection, page by page.
    async fn posts(&mut self, collection: &Uri, pages_max: usize) -> Result<Vec<Found>> {
        let mut document = self.fetch(collection).await?;
        let (mut found, mut fetched) = (Vec::new(), BTreeSet::from([collection.clone()]));
        for _ in 0..=pages_max {
            let listed: Vec<Value> = items(&document).cloned().collect();
            for item in listed {
                found.extend(self.read(&item).await);
            }
            let Some(next) = next_page(&document) else {
                break;
            };
            document = match next {
                Value::String(next) => {
                    let next: Uri = next.parse()?;
                    // Pages that lead back to an earlier one have no end.
                    if !fetched.insert(next.clone()) {
                        break;
                    }
                    self.fetch(&next).await?
                }
                embedded => embedded,
            };
        }
        Ok(found)
    }

    async fn fetch(&mut self, uri: &Uri) -> Result<Value> {
        if uri.host() != self.person.uri.host() {
            return Err(Error::invalid("next", "leads to another server"));
        }
        self.fetches_left = self
            .fetches_left
            .checked_sub(1)
            .ok_or_else(|| Error::invalid("outbox", "is longer than we fetch"))?;
        Ok(self.federation.fetch(uri).await?.json)
    }

    /// An item is what somebody wrote, a post, or its address; boosts and all else are passed over.
    async fn read(&mut self, item: &Value) -> Option<Found> {
        let object = match item.get("type").and_then(Value::as_str) {
            Some("Create") => item.get("object")?,
            _ => item,
        };
        let fetched;
        let object = match object.as_str() {
            Some(address) => {
                fetched = self.fetch(&address.parse().ok()?).await.ok()?;
                &fetched
            }
            None => object,
        };
        if !objects::post::is_post(object) {
            return None;
        }
        let post = objects::post::parse_post(object, None).ok()?;
        let here = self.person.uri.host();
        let its_own = post.uri.host() == here && post.author.host() == here;
        its_own.then(|| Found {
            conversation: conversation_of(object).filter(|uri| uri.host() == here),
            post,
        })
    }
}

/// Where the conversation below a post is: its context, or as a last resort its replies.
fn conversation_of(object: &Value) -> Option<Uri> {
    ["context", "replies"].into_iter().find_map(|field| {
        let value = object.get(field)?;
        let address = value.as_str().or_else(|| value.get("id")?.as_str())?;
        address.parse().ok()
    })
}
