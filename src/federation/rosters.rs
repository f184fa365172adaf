//! Rosters that agree (FEP-8fcf). With what a group sends, it says from time to time whom it counts as
//! members on the server it sends to, as a digest. A server that counts others asks for the list and mends
//! the difference, which a restored backup or a lost answer leaves behind.

use std::sync::Arc;
use std::time::Duration;

use openssl::sha::sha256;
use quick_cache::sync::Cache;

use crate::domain::{
    Actor, ActorId, ActorKind, Delivery, GroupId, Host, Timestamp, Uri, Work, hex,
};
use crate::error::Result;
use crate::federation::Federation;
use crate::federation::backfill::items;
use crate::federation::signatures::HeaderPair;
use crate::services::{jobs, memberships};

/// The header that goes with an activity.
pub const HEADER: &str = "collection-synchronization";
/// Pairs of a group and a server, and groups elsewhere, of which the last time is remembered.
const PAIRS_KEPT: usize = 10_000;

/// When rosters were told and asked for.
#[derive(Clone)]
pub(super) struct Rosters {
    told: Arc<Cache<(ActorId, Host), Timestamp>>,
    asked: Arc<Cache<Uri, Timestamp>>,
}

impl Default for Rosters {
    fn default() -> Self {
        Self {
            told: Arc::new(Cache::new(PAIRS_KEPT)),
            asked: Arc::new(Cache::new(PAIRS_KEPT)),
        }
    }
}

/// Whether it is time again. What was never done counts as done just now: news for thousands of servers
/// are not held up by as many rosters.
fn is_time<K>(done: &Cache<K, Timestamp>, what: K, now: Timestamp, every: Duration) -> bool
where
    K: Clone + Eq + std::hash::Hash,
{
    let last = done.get(&what);
    if last.is_some_and(|last| now.since(last) < every) {
        return false;
    }
    done.insert(what, now);
    last.is_some() || every.is_zero()
}

/// What a group says of its members here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    group: Uri,
    /// Where the list is to be had, by this server.
    list: Uri,
    digest: String,
}

impl Told {
    pub fn list(&self) -> &Uri {
        &self.list
    }
}

/// What came with an activity: none where its signer is no group, or speaks of anything else than its own
/// members on its own server.
pub fn told(headers: &[HeaderPair<'_>], signer: &Actor) -> Option<Told> {
    let mut lines = headers.iter().filter(|(name, _)| *name == HEADER);
    let (Some((_, value)), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let text = std::str::from_utf8(value).ok()?;
    let collection: Uri = parameter(text, "collectionId")?.parse().ok()?;
    let list: Uri = parameter(text, "url")?.parse().ok()?;
    let digest = parameter(text, "digest")?.to_ascii_lowercase();
    let own = signer.followers.clone();
    let fits = signer.kind == ActorKind::Group
        && own.unwrap_or_else(|| signer.uri.join("followers")) == collection
        && list.host() == signer.uri.host();
    fits.then(|| Told {
        group: signer.uri.clone(),
        list,
        digest,
    })
}

/// One of `name="value", name="value"`.
fn parameter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(',').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

fn render(collection: &Uri, people: &[Uri]) -> String {
    let digest = digest(people);
    // The whole list shows a server its own people only.
    format!(r#"collectionId="{collection}", url="{collection}", digest="{digest}""#)
}

/// The addresses' SHA-256 digests, one exclusive-or the other, in hexadecimal: the same in any order.
fn digest(people: &[Uri]) -> String {
    let mut all = [0_u8; 32];
    for person in people {
        for (byte, other) in all.iter_mut().zip(sha256(person.as_str().as_bytes())) {
            *byte ^= other;
        }
    }
    hex(&all)
}

impl Federation {
    /// What a delivery tells of its group's members at its destination: none where it is signed by nobody
    /// with members, or they were told lately.
    pub(super) async fn roster_for(&self, delivery: &Delivery) -> Result<Option<String>> {
        let app = &self.app;
        let (now, every) = (app.clock.now(), app.config.limits.roster_interval());
        let pair = (delivery.signer, delivery.host.clone());
        if !is_time(&self.rosters.told, pair, now, every) {
            return Ok(None);
        }
        let roster = memberships::roster_told(app, delivery.signer, &delivery.host).await?;
        Ok(roster.map(|(collection, people)| render(&collection, &people)))
    }

    /// Compares what a group told with whom we count, and has the list fetched where they differ.
    pub(super) async fn hear_roster(&self, told: Told) -> Result<()> {
        let app = &self.app;
        let Some((group, people)) = memberships::roster_counted(app, &told.group).await? else {
            return Ok(());
        };
        let (now, every) = (app.clock.now(), app.config.limits.roster_interval());
        let Told { list, digest, .. } = told;
        if self::digest(&people) == digest
            || !is_time(&self.rosters.asked, list.clone(), now, every)
        {
            return Ok(());
        }
        let work = Work::AgreeOnRoster {
            group: group.0,
            list: list.to_string(),
            digest,
        };
        jobs::submit(app, work).await.map(drop)
    }

    /// Reads whom a group counts here and does as it says. A list that is not the one it spoke of, for
    /// it changed meanwhile or is shown in part, changes nothing.
    ///
    /// # Errors
    /// When the list cannot be had.
    pub async fn agree_on_roster(&self, group: GroupId, list: &Uri, told: &str) -> Result<()> {
        let asked_at = self.app.clock.now();
        let document = self.fetch(list).await?;
        let people: Vec<Uri> = items(&document.json)
            .filter_map(|item| item.as_str()?.parse().ok())
            .collect();
        if digest(&people) != told {
            return Ok(());
        }
        memberships::agree(&self.app, group, people, asked_at).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Access, Stage};
    use crate::federation::objects::tests::engineering;

    const DIGEST: &str = "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f";

    fn people() -> [Uri; 2] {
        [
            "https://testing.example.org/users/1",
            "https://testing.example.org/users/2",
        ]
        .map(|uri| uri.parse().unwrap())
    }

    #[test]
    fn a_digest_is_the_same_in_any_order() {
        let [one, other] = people();
        assert_eq!(digest(&[one.clone(), other.clone()]), DIGEST);
        assert_eq!(digest(&[other, one]), DIGEST);
        assert_eq!(digest(&[]), "0".repeat(64));
    }

    #[test]
    fn a_group_speaks_of_its_own_members_only() {
        let group = engineering(Access::Closed, Stage::Partners).actor;
        let followers = group.uri.join("followers");
        let text = render(&followers, &people());
        let heard = |text: &str, signer: &Actor| told(&[(HEADER, text.as_bytes())], signer);
        let told_by_it = heard(&text, &group).unwrap();
        assert_eq!(
            (told_by_it.list, told_by_it.digest.as_str()),
            (followers, DIGEST)
        );

        let person = Actor {
            kind: ActorKind::Person,
            ..group.clone()
        };
        assert_eq!(heard(&text, &person), None);
        assert_eq!(
            heard(
                &text.replace("collectionId=\"https://acme", "collectionId=\"https://evil"),
                &group
            ),
            None
        );
        assert_eq!(
            heard(
                &text.replace("url=\"https://acme", "url=\"https://evil"),
                &group
            ),
            None
        );
        assert_eq!(heard("collectionId", &group), None);
        let twice = [(HEADER, text.as_bytes()), (HEADER, text.as_bytes())];
        assert_eq!(told(&twice, &group), None);
    }

    #[test]
    fn rosters_are_told_now_and_then() {
        let (done, every) = (Cache::new(10), Duration::from_secs(600));
        let at = |seconds| Timestamp::MIN.plus(Duration::from_secs(seconds));
        let times = [0, 599, 600, 601, 1_199, 1_200]
            .map(|at_second| is_time(&done, "a", at(at_second), every));
        assert_eq!(times, [false, false, true, false, false, true]);
        assert!(is_time(&done, "b", at(0), Duration::ZERO));
    }
}
