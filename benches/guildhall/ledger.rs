//! What the ledger costs a delivery, and how soon it answers with a million lines in it.

use std::time::{Duration, Instant};

use guildhall::domain::{
    CarriedText, EventKind, GrantId, Group, Host, LedgerEntry, LedgerOutcome, LedgerWay, Matter,
    Page, Timestamp,
};
use guildhall::policy::Viewer;
use guildhall::services::chains::{self, Log};
use guildhall::services::ledger::{self, Question};
use guildhall::storage;
use guildhall::storage::deliveries::NewMessage;
use guildhall::storage::events::NewEvent;
use guildhall::storage::ledger::Pushed;

use crate::deliveries;
use crate::house::House;
use crate::limits::Limits;
use crate::report::{Row, percentile, say};
use crate::support::postgres;

/// Deliveries whose ends are written down together, as under load.
const TOGETHER: usize = 64;
const ROUNDS: usize = 100;
const LINES: i64 = 1_000_000;
const LINES_PER_WRITE: i64 = 10_000;
/// Servers and groups that share the lines.
const HOSTS: i64 = 4;
const GROUPS: i64 = 5;
const READINGS: usize = 20;

pub fn measure(_: &Limits) -> Vec<Row> {
    let mut rows = measure_on("SQLite", || None);
    if postgres::database_url().is_some() {
        rows.extend(measure_on("PostgreSQL", postgres::database_url));
    }
    rows
}

/// `fresh` names a database that is not SQLite, another one each time.
fn measure_on(name: &str, fresh: fn() -> Option<String>) -> Vec<Row> {
    let delivery = deliveries::core_time(fresh().as_deref());
    let house = House::found(fresh().as_deref());
    say(&format!("appending on {name}"));
    let cost = append(&house);
    let mut rows = vec![
        Row::new(
            format!("a line of the ledger, {TOGETHER} together, {name}"),
            cost,
            "µs",
        )
        .of("µs of a core for a whole delivery", delivery)
        .at_most(delivery / 10.0),
    ];
    say(&format!("a million lines on {name}"));
    fill(&house);
    say("asking");
    let question = october();
    let mut summary = time(|| {
        let told = house.run(ledger::summarize(
            &house.app,
            Viewer::Operator,
            question.clone(),
        ));
        assert_eq!(told.unwrap().len(), 1);
    });
    let mut first = time(|| {
        let page = Page::first(20);
        let told = house.run(ledger::list(
            &house.app,
            Viewer::Operator,
            question.clone(),
            page,
        ));
        assert_eq!(told.unwrap().len(), 20);
    });
    let row = |what: &str, took: &mut Vec<f64>| {
        let name = format!("{what} of 1,000,000 lines, {name}, slowest of {READINGS}");
        Row::new(name, percentile(took, 1.0), "ms").at_most(1_000.0)
    };
    rows.push(row(
        "what one server got of one group in October,",
        &mut summary,
    ));
    rows.push(row("the first page of it,", &mut first));
    let begun = Instant::now();
    let verified = chains::verify(&house.app, Viewer::Operator, Log::Ledger, None, || {});
    let verified = house.run(verified).unwrap();
    assert_eq!(verified.fault, None);
    let name = format!("1,000,000 lines verified, {name}");
    rows.push(Row::new(name, begun.elapsed().as_secs_f64(), "s"));
    rows
}

fn time(mut once: impl FnMut()) -> Vec<f64> {
    let took = (0..READINGS).map(|_| {
        let begun = Instant::now();
        once();
        begun.elapsed().as_secs_f64() * 1_000.0
    });
    took.collect()
}

/// Microseconds that a line adds to the transaction that records deliveries.
fn append(house: &House) -> f64 {
    let group = house.group("engineering");
    let topic = house.topics(&group, 1).remove(0);
    let hosts: Vec<Host> = (0..TOGETHER).map(|number| host(number as i64)).collect();
    house.open_to(&group, hosts.clone(), 0, "");
    let pushed = house.write(move |connection, now| {
        let created = NewEvent {
            kind: EventKind::PostCreated,
            actor: topic.author,
            group: Some(group.id),
            post: Some(topic.id),
            object: None,
            activity: None,
        };
        let event = storage::events::append(connection, created, now)?;
        let inbox = |host: &Host| format!("http://{host}/inbox").parse();
        let message = NewMessage {
            event,
            activity: topic.uri.join("create"),
            body: "{}".into(),
            revision: Some(CarriedText {
                object: topic.uri.clone(),
                digest: "0".repeat(64),
                written: Some(now),
            }),
            signer: topic.author,
            ground: guildhall::domain::DeliveryGround::News,
            group: Some(group.id),
            post: Some(topic.id),
            lane: topic.id.0,
            destinations: hosts
                .iter()
                .map(|host| Ok((host.clone(), inbox(host)?)))
                .collect::<guildhall::Result<_>>()?,
        };
        storage::deliveries::insert(connection, &[message], now)?;
        let due = storage::deliveries::list_due(connection, &[], now, 1_000)?;
        let pushed = due.iter().map(|due| Pushed {
            delivery: due.delivery.id.0,
            outcome: LedgerOutcome::Sent,
            reason: None,
        });
        Ok(pushed.collect::<Vec<_>>())
    });
    assert_eq!(pushed.len(), TOGETHER);
    let rounds = |lines: bool| {
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            let pushed = pushed.clone();
            house.write(move |connection, now| {
                if lines {
                    storage::ledger::note_pushed(connection, &pushed, now)?;
                }
                // The transaction is made for the deliveries' rows anyway.
                storage::settings::save(connection, "measured", "")
            });
        }
        begun.elapsed()
    };
    rounds(true);
    let (without, with) = (rounds(false), rounds(true));
    let count = (ROUNDS * TOGETHER) as f64;
    with.saturating_sub(without).as_secs_f64() * 1_000_000.0 / count
}

fn host(number: i64) -> Host {
    format!("supplier{number}.example").parse().unwrap()
}

fn october() -> Question {
    Question {
        host: Some(host(0)),
        group: Some("engineering".parse().unwrap()),
        from: Some(Timestamp::parse("2026-10-01").unwrap()),
        to: Some(Timestamp::parse("2026-11-01").unwrap()),
        way: None,
    }
}

/// A year of lines: servers and groups in turn, three texts to a topic.
fn fill(house: &House) {
    let group: Group = house.read(|connection| {
        let handle = "engineering".parse()?;
        Ok(storage::groups::find_by_handle(connection, &handle)?.unwrap())
    });
    let uri = group.actor.uri;
    let begin = Timestamp::parse("2025-12-01").unwrap();
    let step = Duration::from_secs(365 * 86_400) / LINES as u32;
    for first in (0..LINES).step_by(LINES_PER_WRITE as usize) {
        let uri = uri.clone();
        house.write(move |connection, now| {
            let entries: Vec<LedgerEntry> = (first..first + LINES_PER_WRITE)
                .map(|number| {
                    let at = begin.plus(step * number as u32);
                    let turn = number / HOSTS;
                    let group = match turn % GROUPS {
                        0 => uri.clone(),
                        other => uri.join(&other.to_string()),
                    };
                    let topic = turn / GROUPS / 3;
                    Ok(LedgerEntry {
                        at,
                        way: LedgerWay::Pushed,
                        outcome: LedgerOutcome::Sent,
                        reason: None,
                        host: host(number % HOSTS),
                        reader: None,
                        grant: Some(GrantId(1)),
                        object: group.join(&format!("p/{topic}")),
                        group: Some(group),
                        matter: Matter::Topic,
                        by: Some(format!("https://acme.example/u/person{}", turn % 97).parse()?),
                        digest: Some(format!("{turn:064x}")),
                        written: Some(at),
                        bytes: 2_000,
                    })
                })
                .collect::<guildhall::Result<_>>()?;
            storage::ledger::append(connection, &entries, now)
        });
    }
    house.write(|connection, _| storage::seed::analyze(connection));
}
