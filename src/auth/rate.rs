//! Guessing passwords is slow: attempts to sign in are counted per account and address, per address,
//! and per account.
//!
//! So nobody tries one account often, all accounts, or one account from everywhere; and whoever guesses
//! from one address keeps out nobody at another. Counts live in memory, in this process, and their
//! number is bounded.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::auth::Refused;
use crate::crypto;
use crate::domain::Timestamp;

/// How long an attempt counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// An address may try this many times as often as one account from it: colleagues share addresses.
const ACCOUNTS_PER_ADDRESS: u32 = 10;
/// An account may be tried this many times as often from all addresses together.
const ADDRESSES_PER_ACCOUNT: u32 = 10;
/// Counts kept at once; the oldest make room.
const COUNTS_MAX: usize = 20_000;
/// Counts of one attempt.
const KEYS: usize = 3;

/// Attempts to sign in, of the last quarter of an hour.
pub struct Attempts {
    per_account: u32,
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    /// The fingerprint, because what people type may be long, or their password.
    Account(String),
    AccountFrom(IpAddr, String),
}

#[derive(Clone, Copy)]
struct Count {
    since: Timestamp,
    attempts: u32,
}

impl Attempts {
    /// `per_account`: `limits.sign_in_attempts`.
    pub fn new(per_account: u32) -> Self {
        Self {
            per_account,
            counts: Mutex::default(),
        }
    }

    /// Counts one attempt to sign in as `login` from `peer`.
    ///
    /// # Errors
    /// [`Refused::TooManyAttempts`] with the time to wait; the attempt must not be made.
    pub fn begin(&self, login: &str, peer: IpAddr, now: Timestamp) -> Result<(), Refused> {
        let limits =
            [1, ACCOUNTS_PER_ADDRESS, ADDRESSES_PER_ACCOUNT].map(|times| self.per_account * times);
        let keys = keys(login, peer);
        let mut counts = self.lock();
        for (key, most) in keys.iter().zip(limits) {
            let count = counts.get(key).filter(|count| count.counts_at(now));
            if let Some(full) = count.filter(|count| count.attempts >= most) {
                let wait = full.since.plus(WINDOW).since(now);
                return Err(Refused::TooManyAttempts { wait });
            }
        }
        make_room(&mut counts, now);
        for key in keys {
            count_one(&mut counts, key, now);
        }
        Ok(())
    }

    /// Forgives the attempts of somebody who got in.
    pub fn succeeded(&self, login: &str, peer: IpAddr) {
        let [account_from, address, account] = keys(login, peer);
        let mut counts = self.lock();
        counts.remove(&account_from);
        for shared in [address, account] {
            if let Some(count) = counts.get_mut(&shared) {
                count.attempts = count.attempts.saturating_sub(1);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn counts_at(self, now: Timestamp) -> bool {
        now.since(self.since) < WINDOW
    }
}

fn keys(login: &str, peer: IpAddr) -> [Key; KEYS] {
    let peer = network(peer);
    let login = crypto::fingerprint(&login.trim().to_lowercase());
    [
        Key::AccountFrom(peer, login.clone()),
        Key::Address(peer),
        Key::Account(login),
    ]
}

/// One IPv6 customer has 2⁶⁴ addresses: its network counts as one.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn count_one(counts: &mut HashMap<Key, Count>, key: Key, now: Timestamp) {
    let fresh = Count {
        since: now,
        attempts: 0,
    };
    let count = counts.entry(key).or_insert(fresh);
    if !count.counts_at(now) {
        *count = fresh;
    }
    count.attempts += 1;
}

/// Forgets what does not count any more and, if that is not enough, the older half.
fn make_room(counts: &mut HashMap<Key, Count>, now: Timestamp) {
    if counts.len() + KEYS <= COUNTS_MAX {
        return;
    }
    counts.retain(|_, count| count.counts_at(now));
    if counts.len() + KEYS > COUNTS_MAX {
        let mut begun: Vec<Timestamp> = counts.values().map(|count| count.since).collect();
        let (_, middle, _) = begun.select_nth_unstable(COUNTS_MAX / 2);
        let middle = *middle;
        counts.retain(|_, count| count.since > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    fn at(seconds: u64) -> Timestamp {
        Timestamp::MIN.plus(Duration::from_secs(1_000_000 + seconds))
    }

    #[test]
    fn an_account_is_tried_so_often_and_then_not_for_a_while() {
        let attempts = Attempts::new(3);
        for _ in 0..3 {
            attempts.begin("ada", PEER, at(0)).unwrap();
        }
        let refused = attempts.begin(" ADA ", PEER, at(60)).unwrap_err();
        assert!(
            matches!(refused, Refused::TooManyAttempts { wait } if wait == WINDOW - Duration::from_secs(60))
        );
        attempts.begin("bo", PEER, at(60)).unwrap();
        attempts.begin("ada", PEER, at(900)).unwrap();
    }

    #[test]
    fn an_address_cannot_try_all_accounts() {
        let attempts = Attempts::new(3);
        let tried = (0..500).filter(|n| attempts.begin(&format!("user{n}"), PEER, at(0)).is_ok());
        assert_eq!(tried.count(), 30);
    }

    #[test]
    fn an_account_cannot_be_tried_from_everywhere_nor_kept_from_others_by_one() {
        let attempts = Attempts::new(3);
        let from = |n: u32| IpAddr::V4((0xC000_0200 + n).into());
        let tried = (0..500).filter(|n| attempts.begin("ada", from(*n), at(0)).is_ok());
        assert_eq!(tried.count(), 30);

        let attempts = Attempts::new(3);
        for n in 0..500 {
            let _ = attempts.begin(&format!("user{}", n % 20), from(1), at(0));
        }
        attempts.begin("user1", from(2), at(0)).unwrap();
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let attempts = Attempts::new(1);
        attempts
            .begin("ada", "2001:db8::1".parse().unwrap(), at(0))
            .unwrap();
        assert!(
            attempts
                .begin("ada", "2001:db8::2:3".parse().unwrap(), at(0))
                .is_err()
        );
        assert!(
            attempts
                .begin("ada", "2001:db8:0:1::1".parse().unwrap(), at(0))
                .is_ok()
        );
    }

    #[test]
    fn whoever_gets_in_is_forgiven() {
        let attempts = Attempts::new(2);
        for _ in 0..100 {
            attempts.begin("ada", PEER, at(0)).unwrap();
            attempts.succeeded("ada", PEER);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::new(1);
        for n in 0..60_000_u32 {
            let peer = IpAddr::V4(n.into());
            let _ = attempts.begin("ada", peer, at(u64::from(n / 1_000)));
        }
        assert!(attempts.lock().len() <= COUNTS_MAX);
        assert!(
            attempts
                .begin("ada", IpAddr::V4(59_999.into()), at(60))
                .is_err()
        );
    }
}
