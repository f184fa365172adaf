//! The home timeline from a million posts in a thousand groups, for a member of fifty.

use std::time::{Duration, Instant};

use guildhall::domain::{
    Access, Actor, ActorId, ActorKind, ActorState, Audience, Group, GroupId, GroupRole, Membership,
    MembershipState, Outreach, Page, Post, PostId, PostState, Stage, Timestamp, Uri,
};
use guildhall::services::posts;
use guildhall::storage::seed;

use crate::house::House;
use crate::limits::Limits;
use crate::report::{Row, percentile, say};
use crate::support::postgres;

const GROUPS: i64 = 1_000;
const TOPICS_PER_GROUP: i64 = 100;
const COMMENTS_PER_TOPIC: i64 = 9;
const MEMBER_OF: i64 = 50;
const READINGS: usize = 1_000;
const POSTS_PER_WRITE: usize = 10_000;

pub fn measure(_: &Limits) -> Vec<Row> {
    let mut rows = measure_on("SQLite", None);
    if let Some(url) = postgres::database_url() {
        rows.extend(measure_on("PostgreSQL", Some(&url)));
    }
    rows
}

fn measure_on(name: &str, url: Option<&str>) -> Vec<Row> {
    let house = House::found(url);
    say(&format!("a million posts on {name}"));
    fill(&house);
    say("reading");
    let mut took: Vec<f64> = (0..READINGS)
        .map(|number| {
            let begun = Instant::now();
            // The first page, and every other time one further down.
            let page =
                Page::first(20).before((number % 2 == 1).then_some(id_of(50_000 + number as i64)));
            let listed = house
                .run(posts::home(&house.app, house.ada(), page))
                .unwrap();
            assert_eq!(listed.len(), 20);
            begun.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    let row = |part, percent, took: &mut Vec<f64>| {
        let name = format!(
            "home timeline, 1,000,000 posts, member of 50 of 1,000 groups, {name}, {percent}"
        );
        Row::new(name, percentile(took, part), "ms")
    };
    vec![
        row(0.5, "p50", &mut took),
        row(0.99, "p99", &mut took).at_most(10.0),
    ]
}

/// Ids begin where clocks begin, so that they are below those the house makes.
const fn id_of(number: i64) -> i64 {
    1_000_000 + number * 1_000
}

fn fill(house: &House) {
    let origin = house.app.addresses().origin().clone();
    let now = house.app.clock.now();
    let groups: Vec<Group> = (0..GROUPS)
        .map(|number| group(&origin, number, now))
        .collect();
    let (actors, memberships) = (
        groups
            .iter()
            .map(|group| group.actor.clone())
            .collect::<Vec<_>>(),
        (0..MEMBER_OF)
            .map(|number| membership(GroupId(number * (GROUPS / MEMBER_OF) + 1), house.ada, now))
            .collect::<Vec<_>>(),
    );
    house.write(move |connection, now| {
        seed::insert_actors(connection, &actors)?;
        seed::insert_groups(connection, &groups, now)?;
        seed::insert_memberships(connection, &memberships)
    });
    let mut batch = Vec::with_capacity(POSTS_PER_WRITE);
    let mut number = 0;
    // Topics of all groups in turn, as people write them.
    for _ in 0..TOPICS_PER_GROUP {
        for group in 1..=GROUPS {
            let topic = PostId(id_of(number));
            for comment in 0..=COMMENTS_PER_TOPIC {
                let id = PostId(id_of(number));
                batch.push(post(&origin, id, topic, GroupId(group), house.ada));
                number += 1;
                if batch.len() == POSTS_PER_WRITE
                    || (number == GROUPS * TOPICS_PER_GROUP * (1 + COMMENTS_PER_TOPIC))
                {
                    let batch = std::mem::replace(&mut batch, Vec::with_capacity(POSTS_PER_WRITE));
                    house.write(move |connection, _| seed::insert_posts(connection, &batch));
                }
                let _ = comment;
            }
        }
    }
    house.write(|connection, _| seed::analyze(connection));
}

fn group(origin: &Uri, number: i64, now: Timestamp) -> Group {
    let name = format!("group{number}");
    let uri = origin.join(&format!("g/{name}"));
    Group {
        id: GroupId(number + 1),
        actor: Actor {
            id: ActorId(number + 1),
            kind: ActorKind::Group,
            state: ActorState::Active,
            name,
            host: None,
            url: uri.to_string(),
            display_name: format!("Group {number}"),
            summary: String::new(),
            inbox: uri.join("inbox"),
            shared_inbox: None,
            followers: None,
            outbox: None,
            created_at: now,
            fetched_at: None,
            uri,
        },
        access: Access::Closed,
        stage: Stage::Internal,
        description: String::new(),
        archived_at: None,
        withdrawn_at: None,
        moved_to: None,
        also_known_as: Vec::new(),
        outreach: Outreach::default(),
        first_contact: guildhall::domain::FirstContact::Free,
        label: None,
    }
}

fn membership(group: GroupId, actor: ActorId, since: Timestamp) -> Membership {
    Membership {
        group,
        actor,
        state: MembershipState::Member,
        role: GroupRole::Member,
        follow: None,
        banned_until: None,
        since,
    }
}

fn post(origin: &Uri, id: PostId, topic: PostId, group: GroupId, author: ActorId) -> Post {
    let at = Timestamp::MIN.plus(Duration::from_micros(id.0.unsigned_abs()));
    Post {
        id,
        uri: origin.join(&format!("p/{id}")),
        group: Some(group),
        author,
        topic,
        parent: (id != topic).then_some(topic),
        title: (id == topic).then(|| format!("Topic {id}")),
        source: None,
        html: format!(
            "<p>Something to say about bridge number {id}, in a sentence of ordinary length.</p>"
        ),
        audience: Audience::Group,
        state: PostState::Visible,
        locked: false,
        pinned: false,
        shared_by_exception: false,
        created_at: at,
        topic_created_at: at,
        edited_at: None,
        comments: 0,
        likes: 0,
        active_at: at,
        label: None,
    }
}
