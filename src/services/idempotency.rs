//! A client that got no answer asks again with the same `Idempotency-Key`, and gets what it made
//! the first time instead of a second one.
//!
//! Keys are kept in the memory of this process, for an hour and a bounded number of them: after a
//! restart, and on another process that shares the database, a repeated request does its work again.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::domain::{PostId, Timestamp, TokenId};
use crate::error::Error;

/// How long a key is remembered.
const KEPT: Duration = Duration::from_secs(3_600);
/// Keys remembered of one token; a new one makes the oldest forgotten.
const KEYS_PER_TOKEN_MAX: usize = 64;
/// Tokens whose keys are remembered; the one that was silent longest makes room.
const TOKENS_MAX: usize = 1_000;
/// Longest key, bytes. Clients send a UUID or a hash.
pub const KEY_BYTES_MAX: usize = 255;

/// What was asked for lately.
#[derive(Debug, Default)]
pub struct Asked {
    tokens: Mutex<HashMap<TokenId, VecDeque<Once>>>,
}

#[derive(Debug)]
struct Once {
    key: String,
    since: Timestamp,
    made: Arc<OnceCell<PostId>>,
}

impl Asked {
    /// Makes a post once for a token and key: whoever asks again, also while the first request is
    /// still at work, gets the same post. A request that failed may be tried again.
    ///
    /// The work goes on when the client hangs up: it is what it will ask for again.
    pub async fn once<E>(
        &self,
        token: TokenId,
        key: &str,
        now: Timestamp,
        make: impl Future<Output = Result<PostId, E>> + Send + 'static,
    ) -> Result<PostId, E>
    where
        E: From<Error> + Send + 'static,
    {
        if key.len() > KEY_BYTES_MAX {
            let problem = format!("is longer than {KEY_BYTES_MAX} bytes");
            return Err(Error::invalid("Idempotency-Key", problem).into());
        }
        let cell = self.cell(token, key, now);
        let work = async move { cell.get_or_try_init(|| make).await.copied() };
        tokio::spawn(work).await.map_err(Error::internal)?
    }

    /// Forgets keys whose time is over.
    pub fn forget(&self, now: Timestamp) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, keys| keys.back().is_some_and(|newest| newest.is_kept(now)));
    }

    fn cell(&self, token: TokenId, key: &str, now: Timestamp) -> Arc<OnceCell<PostId>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS_MAX && !tokens.contains_key(&token) {
            make_room(&mut tokens, now);
        }
        let keys = tokens.entry(token).or_default();
        keys.retain(|once| once.is_kept(now));
        if let Some(once) = keys.iter().find(|once| once.key == key) {
            return Arc::clone(&once.made);
        }
        if keys.len() >= KEYS_PER_TOKEN_MAX {
            keys.pop_front();
        }
        let made = Arc::new(OnceCell::new());
        keys.push_back(Once {
            key: key.to_owned(),
            since: now,
            made: Arc::clone(&made),
        });
        made
    }
}

impl Once {
    fn is_kept(&self, now: Timestamp) -> bool {
        now.since(self.since) < KEPT
    }
}

fn make_room(tokens: &mut HashMap<TokenId, VecDeque<Once>>, now: Timestamp) {
    tokens.retain(|_, keys| keys.back().is_some_and(|newest| newest.is_kept(now)));
    if tokens.len() < TOKENS_MAX {
        return;
    }
    let last_heard = |keys: &VecDeque<Once>| keys.back().map(|once| once.since);
    let silent = tokens
        .iter()
        .min_by_key(|(_, keys)| last_heard(keys))
        .map(|(token, _)| *token);
    if let Some(silent) = silent {
        tokens.remove(&silent);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const ADA: TokenId = TokenId(1);

    fn at(minutes: u64) -> Timestamp {
        Timestamp::MIN.plus(Duration::from_secs(60 * minutes))
    }

    fn number(counter: &Arc<AtomicI64>) -> impl Future<Output = Result<PostId, Error>> + use<> {
        let counter = Arc::clone(counter);
        async move {
            tokio::task::yield_now().await;
            Ok(PostId(counter.fetch_add(1, Ordering::Relaxed)))
        }
    }

    #[tokio::test]
    async fn the_same_key_makes_one_post_for_an_hour() {
        let (asked, made) = (Asked::default(), Arc::default());
        let (one, same) = tokio::join!(
            asked.once(ADA, "k", at(0), number(&made)),
            asked.once(ADA, "k", at(0), number(&made)),
        );
        assert_eq!(one.unwrap(), same.unwrap());
        let other_key = asked.once(ADA, "l", at(59), number(&made)).await;
        assert_eq!(other_key.unwrap(), PostId(1));
        let other_token = asked.once(TokenId(2), "k", at(59), number(&made)).await;
        assert_eq!(other_token.unwrap(), PostId(2));
        assert_eq!(
            asked.once(ADA, "k", at(59), number(&made)).await.unwrap(),
            PostId(0)
        );
        assert_eq!(
            asked.once(ADA, "k", at(60), number(&made)).await.unwrap(),
            PostId(3)
        );
    }

    #[tokio::test]
    async fn what_failed_may_be_tried_again() {
        let (asked, made) = (Asked::default(), Arc::default());
        let failed = asked
            .once(ADA, "k", at(0), async { Err(Error::NotFound) })
            .await;
        assert!(failed.is_err());
        assert!(asked.once(ADA, "k", at(0), number(&made)).await.is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let asked = Asked::default();
        for n in 0..3_000 {
            asked.cell(TokenId(n), "k", at(0));
            asked.cell(ADA, &n.to_string(), at(1));
        }
        let tokens = asked.tokens.lock().unwrap();
        assert_eq!(tokens.len(), TOKENS_MAX);
        assert_eq!(tokens[&ADA].len(), KEYS_PER_TOKEN_MAX);
        drop(tokens);
        asked.forget(at(60));
        assert_eq!(
            asked.tokens.lock().unwrap().len(),
            1,
            "ada's are a minute younger"
        );
        asked.forget(at(61));
        assert!(asked.tokens.lock().unwrap().is_empty());
    }
}
