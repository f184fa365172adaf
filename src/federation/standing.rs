//! Who reads a group elsewhere, for the posts that people of this house wrote in it: only the group's
//! house knows, and is asked (Lemmy's question, `GET <followers>?is_follower=<actor>`, signed).
//!
//! An answer is believed for a minute and no longer: whoever is put out of the group must not read on.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use crate::domain::{Group, GroupId, Timestamp, Uri};
use crate::error::{Error, Result};
use crate::federation::keyring::Budget;
use crate::federation::{Federation, fetch};

/// How long an answer counts; also that there was none.
const ANSWER_LASTS: Duration = Duration::from_secs(60);
/// Answers kept.
const ANSWERS_KEPT: usize = 2_000;
/// Questions in a minute because of readers of one server.
const QUESTIONS_PER_MINUTE: u32 = 30;

/// What the houses of groups elsewhere said lately.
pub(super) struct Standings {
    answers: Cache<(GroupId, Uri), Arc<Mutex<Option<Answer>>>>,
    questions: Budget,
}

#[derive(Clone, Copy)]
struct Answer {
    reads: bool,
    at: Timestamp,
}

impl Default for Standings {
    fn default() -> Self {
        Self {
            answers: Cache::new(ANSWERS_KEPT),
            questions: Budget::new(QUESTIONS_PER_MINUTE),
        }
    }
}

impl Federation {
    /// Whether the house of a group elsewhere says that `reader` reads it. What cannot be found out now
    /// is no. Of several who want to know the same, one asks.
    pub(super) async fn is_reader(&self, group: &Group, reader: &Uri) -> Result<bool> {
        let answer = self
            .standings
            .answers
            .get_or_insert_with(&(group.id, reader.clone()), || {
                Ok::<_, Error>(Arc::default())
            })?;
        let mut answer = answer.lock().await;
        let now = self.app.clock.now();
        if let Some(known) = *answer
            && now.since(known.at) < ANSWER_LASTS
        {
            return Ok(known.reads);
        }
        if !self.standings.questions.take(reader.host(), now) {
            return Ok(false);
        }
        let reads = self.ask_house(group, reader).await.unwrap_or_else(|error| {
            tracing::info!(group = %group.actor.uri, %reader, %error, "a house did not say who reads its group");
            false
        });
        *answer = Some(Answer { reads, at: now });
        Ok(reads)
    }

    async fn ask_house(&self, group: &Group, reader: &Uri) -> Result<bool> {
        let followers = group.actor.followers.as_ref();
        let mut url = followers.ok_or(Error::NotFound)?.to_url()?;
        url.query_pairs_mut()
            .append_pair("is_follower", reader.as_str());
        let (client, now, url) = (&self.app.http, self.app.clock.now(), &url);
        self.ask(group.actor.uri.host(), move |asking| async move {
            fetch::is_yes(client, Some(asking.signer()), url, now).await
        })
        .await
    }
}
