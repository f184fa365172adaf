//! Comparing books: two houses tell each other how many texts they sent and received, day by day and group by
//! group, and where that differs, which. No text is in it.
//!
//! A day is the one on which a text was written, by what it says itself: both sides know it, however long it was
//! on its way. The digest of a day is that of the texts in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::domain::{AuditAction, CarriedText, Host, JobId, Partner, Timestamp, Uri, Work, hex};
use crate::error::{Error, Result};
use crate::policy::{self, Viewer, act};
use crate::services::{access, audit, jobs};
use crate::storage::{self, Connection};

const DAY: Duration = Duration::from_secs(86_400);
/// Days that one question may be about.
pub const DAYS_MAX: u32 = 31;
/// Texts of one side that an answer is made of.
const REVISIONS_MAX: i64 = 50_000;
/// Texts named in one answer.
pub const NAMED_MAX: usize = 2_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub from: Timestamp,
    /// The first moment that is not asked for.
    pub to: Timestamp,
    pub group: Option<Uri>,
    /// Name each text instead of counting them.
    pub named: bool,
}

impl Question {
    /// # Errors
    /// When it is about no time, or more than [`DAYS_MAX`] days.
    pub fn check(&self) -> Result<()> {
        let long = self.to.since(self.from);
        match long.is_zero() || long > DAY * DAYS_MAX {
            true => Err(Error::invalid(
                "to",
                format!("ask for at least one day and at most {DAYS_MAX}"),
            )),
            false => Ok(()),
        }
    }
}

/// A day of one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub group: String,
    /// `2026-10-31`.
    pub day: String,
}

/// How many texts there are of a place, and which, as one digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    #[serde(flatten)]
    pub place: Place,
    pub count: usize,
    pub digest: String,
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    pub object: String,
    pub digest: String,
}

/// One side's books about another, from its own point of view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    #[serde(default)]
    pub sent: Vec<Count>,
    #[serde(default)]
    pub received: Vec<Count>,
    /// The texts themselves, where they were asked for, at most [`NAMED_MAX`].
    #[serde(default)]
    pub sent_texts: Vec<Named>,
    #[serde(default)]
    pub received_texts: Vec<Named>,
}

/// Whether a server may compare books with us: asked before its question is looked at.
///
/// # Errors
/// [`Error::NotFound`] when it may not.
pub async fn permit(app: &App, viewer: Viewer) -> Result<()> {
    app.db
        .read("permit_books", move |connection| {
            permit_server(connection, &viewer).map(drop)
        })
        .await
}

/// What our books say about the server that asks, once policy said that it may compare them.
pub async fn answer(app: &App, viewer: Viewer, question: Question) -> Result<Books> {
    question.check()?;
    app.db
        .read("answer_books", move |connection| {
            let host = permit_server(connection, &viewer)?;
            ours(connection, &host, &question)
        })
        .await
}

fn permit_server(connection: &mut Connection, viewer: &Viewer) -> Result<Host> {
    let host = viewer.host().cloned().ok_or(Error::NotFound)?;
    let partner = storage::partners::find_by_host(connection, &host)?;
    let mutual = partner.as_ref().is_some_and(|partner| partner.mutual);
    let state = partner.map(|partner| partner.state);
    policy::compares_books(viewer, state, mutual)?;
    Ok(host)
}

/// The partner whose books are compared, and what ours say, for who may read the ledger.
pub async fn read(
    app: &App,
    viewer: Viewer,
    host: Host,
    question: Question,
) -> Result<(Partner, Books)> {
    question.check()?;
    let asker = app.asker(viewer);
    access::permit_house::<act::ReadLedger>(&asker)?;
    app.db
        .read("read_books", move |connection| {
            let partner = storage::partners::find_by_host(connection, &host)?;
            let partner = partner.ok_or(Error::NotFound)?;
            let them = Viewer::Server { host: host.clone() };
            // What they would not be told they are not asked.
            let may = policy::compares_books(&them, Some(partner.state), partner.mutual);
            may.map_err(|_| {
                Error::Conflict(format!(
                    "books are compared with active partners that accepted an invitation; {host} is none"
                ))
            })?;
            let books = ours(connection, &host, &question)?;
            Ok((partner, books))
        })
        .await
}

/// The address of a group, for asking about it alone.
pub async fn group_address(
    app: &App,
    viewer: Viewer,
    handle: crate::domain::Handle,
) -> Result<Uri> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ReadLedger>(&asker)?;
    app.db
        .read("find_group_address", move |connection| {
            let group = storage::groups::find_by_handle(connection, &handle)?;
            Ok(group.ok_or(Error::NotFound)?.actor.uri)
        })
        .await
}

fn ours(connection: &mut Connection, host: &Host, question: &Question) -> Result<Books> {
    let (group, span) = (question.group.as_ref(), (question.from, question.to));
    let most = REVISIONS_MAX + 1;
    let sent = storage::ledger::list_sent_revisions(connection, host, group, span, most)?;
    let received = storage::received::list(connection, host, group, span, most)?;
    let too_many = |all: &Vec<_>| i64::try_from(all.len()).unwrap_or(i64::MAX) > REVISIONS_MAX;
    if too_many(&sent) || too_many(&received) {
        return Err(Error::invalid(
            "to",
            "there is too much of that time for one answer: ask for fewer days, or for one group",
        ));
    }
    Ok(match question.named {
        false => Books {
            sent: counts(&sent),
            received: counts(&received),
            ..Books::default()
        },
        true => Books {
            sent_texts: names(sent),
            received_texts: names(received),
            ..Books::default()
        },
    })
}

fn names(revisions: Vec<(Uri, CarriedText)>) -> Vec<Named> {
    let mut named: Vec<Named> = revisions
        .into_iter()
        .map(|(_, revision)| Named {
            object: revision.object.to_string(),
            digest: revision.digest,
        })
        .collect();
    named.sort();
    named.dedup();
    named.truncate(NAMED_MAX);
    named
}

/// Counts texts by group and day.
fn counts(revisions: &[(Uri, CarriedText)]) -> Vec<Count> {
    let mut places: BTreeMap<Place, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (group, revision) in revisions {
        let Some(written) = revision.written else {
            continue;
        };
        let place = Place {
            group: group.to_string(),
            day: day_of(written),
        };
        let text = (revision.object.as_str(), revision.digest.as_str());
        places.entry(place).or_default().insert(text);
    }
    let count = |(place, texts): (Place, BTreeSet<(&str, &str)>)| Count {
        place,
        count: texts.len(),
        digest: digest(&texts),
    };
    places.into_iter().map(count).collect()
}

fn day_of(time: Timestamp) -> String {
    time.rfc3339().chars().take("2026-10-31".len()).collect()
}

/// The texts' digests, one exclusive-or the other: the same in any order.
fn digest(texts: &BTreeSet<(&str, &str)>) -> String {
    let mut all = [0_u8; 32];
    for (_, digest) in texts {
        for (place, byte) in all.iter_mut().enumerate() {
            let two = digest.get(place * 2..place * 2 + 2).unwrap_or_default();
            *byte ^= u8::from_str_radix(two, 16).unwrap_or_default();
        }
    }
    hex(&all)
}

/// What a comparison came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    pub host: String,
    pub from: String,
    /// The first moment that was not asked for.
    pub to: String,
    /// Texts by our books, and by theirs, in both directions.
    pub ours: usize,
    pub theirs: usize,
    pub differences: Vec<Difference>,
}

/// Has a worker compare books, for pages: a request of a person does not wait for another server.
pub async fn compare_later(
    app: &App,
    viewer: Viewer,
    host: Host,
    question: Question,
) -> Result<JobId> {
    let by = viewer.actor().map(|actor| actor.0);
    let work = Work::CompareBooks {
        host: host.to_string(),
        from: question.from.micros(),
        to: question.to.micros(),
        by,
    };
    // Everything that can be said without asking is said at once.
    read(app, viewer, host, question).await?;
    jobs::submit(app, work).await
}

/// Keeps what a comparison came to, instead of the last one, and that it was made.
pub async fn keep(app: &App, viewer: Viewer, host: Host, compared: &Comparison) -> Result<()> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ReadLedger>(&asker)?;
    let text = serde_json::to_string(compared).map_err(Error::internal)?;
    let detail = match compared.differences.len() {
        0 => "they agree".to_owned(),
        days => format!("{days} days of a group differ"),
    };
    app.db
        .write("keep_comparison", move |connection| {
            storage::received::keep_comparison(connection, &host, &text, asker.now)?;
            let (action, subject) = (AuditAction::BooksCompared, host.as_str());
            audit::note(connection, &asker, action, subject, &detail)
        })
        .await
}

/// What the last comparison with a server came to, and when it was made.
pub async fn last(
    app: &App,
    viewer: Viewer,
    host: Host,
) -> Result<Option<(Timestamp, Comparison)>> {
    access::permit_house::<act::ReadLedger>(&app.asker(viewer))?;
    let found = app
        .db
        .read("find_comparison", move |connection| {
            storage::received::find_comparison(connection, &host)
        })
        .await?;
    found
        .map(|(at, text)| Ok((at, serde_json::from_str(&text).map_err(Error::internal)?)))
        .transpose()
}

/// Which way texts went that the two sides do not agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From us to them.
    Sent,
    /// From them to us.
    Received,
}

/// A day of a group on which the books differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub direction: Direction,
    #[serde(flatten)]
    pub place: Place,
    /// Texts by our books, and by theirs.
    pub ours: usize,
    pub theirs: usize,
    /// Texts that only one side has, once the day was looked at.
    pub only_ours: Vec<Named>,
    pub only_theirs: Vec<Named>,
}

/// The days on which the books differ.
pub fn differences(ours: &Books, theirs: &Books) -> Vec<Difference> {
    let mut all = Vec::new();
    for (direction, ours, theirs) in [
        (Direction::Sent, &ours.sent, &theirs.received),
        (Direction::Received, &ours.received, &theirs.sent),
    ] {
        let by_place = |counts: &[Count]| -> BTreeMap<Place, (usize, String)> {
            let counts = counts.iter();
            counts
                .map(|one| (one.place.clone(), (one.count, one.digest.clone())))
                .collect()
        };
        let (ours, theirs) = (by_place(ours), by_place(theirs));
        let places: BTreeSet<&Place> = ours.keys().chain(theirs.keys()).collect();
        for place in places {
            let (our, their) = (ours.get(place), theirs.get(place));
            if our != their {
                all.push(Difference {
                    direction,
                    place: place.clone(),
                    ours: our.map_or(0, |one| one.0),
                    theirs: their.map_or(0, |one| one.0),
                    only_ours: Vec::new(),
                    only_theirs: Vec::new(),
                });
            }
        }
    }
    all
}

/// Says of a day which texts only one side has.
pub fn name(difference: &mut Difference, ours: &Books, theirs: &Books) {
    let (ours, theirs) = match difference.direction {
        Direction::Sent => (&ours.sent_texts, &theirs.received_texts),
        Direction::Received => (&ours.received_texts, &theirs.sent_texts),
    };
    let without = |these: &[Named], those: &[Named]| -> Vec<Named> {
        let those: BTreeSet<&Named> = those.iter().collect();
        let only = these.iter().filter(|one| !those.contains(one));
        only.cloned().collect()
    };
    difference.only_ours = without(ours, theirs);
    difference.only_theirs = without(theirs, ours);
}

/// The question that names the texts of a day on which the books differ.
///
/// # Errors
/// When the other side named a day or group that is none.
pub fn question_of(place: &Place) -> Result<Question> {
    let from = Timestamp::parse(&place.day)?;
    Ok(Question {
        from,
        to: from.plus(DAY),
        group: Some(place.group.parse()?),
        named: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(object: &str, digest: &str, day: &str) -> (Uri, CarriedText) {
        let group = "https://acme.example/g/bridges".parse().unwrap();
        let revision = CarriedText {
            object: format!("https://acme.example/p/{object}").parse().unwrap(),
            digest: digest.repeat(32),
            written: Some(Timestamp::parse(day).unwrap()),
        };
        (group, revision)
    }

    #[test]
    fn books_that_say_the_same_in_another_order_agree() {
        let one = [
            revision("1", "0a", "2026-10-01"),
            revision("2", "f0", "2026-10-01"),
            revision("3", "11", "2026-10-02"),
        ];
        let mut other = one.clone();
        other.reverse();
        assert_eq!(counts(&one), counts(&other));
        assert_eq!(counts(&one)[0].count, 2);
        assert_eq!(counts(&one)[0].digest, "fa".repeat(32));
        // Sent twice is sent once.
        let twice = [&one[..], &one[..1]].concat();
        assert_eq!(counts(&twice), counts(&one));
    }

    #[test]
    fn a_day_that_differs_is_named_with_its_texts() {
        let sent = [
            revision("1", "0a", "2026-10-01"),
            revision("2", "f0", "2026-10-01"),
        ];
        let ours = Books {
            sent: counts(&sent),
            sent_texts: names(sent.to_vec()),
            ..Books::default()
        };
        let theirs = Books {
            received: counts(&sent[..1]),
            received_texts: names(sent[..1].to_vec()),
            ..Books::default()
        };
        assert!(
            differences(
                &ours,
                &Books {
                    received: counts(&sent),
                    ..Books::default()
                }
            )
            .is_empty()
        );
        let mut found = differences(&ours, &theirs);
        let [one] = found.as_mut_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (one.ours, one.theirs, one.direction),
            (2, 1, Direction::Sent)
        );
        name(one, &ours, &theirs);
        assert_eq!(one.only_ours[0].object, "https://acme.example/p/2");
        assert!(one.only_theirs.is_empty());
    }

    #[test]
    fn a_question_has_an_end() {
        let at = |text| Timestamp::parse(text).unwrap();
        let question = |from, to| Question {
            from: at(from),
            to: at(to),
            group: None,
            named: false,
        };
        assert!(question("2026-10-01", "2026-11-01").check().is_ok());
        assert!(question("2026-10-01", "2026-10-01").check().is_err());
        assert!(question("2026-10-01", "2026-12-01").check().is_err());
    }
}
