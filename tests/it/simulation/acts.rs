//! What people do, and what befalls them. Each act is done through the interfaces that people and scripts use,
//! and the oracle is told what was done only where the house said that it was.

use std::collections::BTreeSet;
use std::time::Duration;

use guildhall::domain::{Audience, PostId, Timestamp};
use guildhall::policy::Viewer;
use guildhall::services::{accounts, grants, posts};
use openssl::pkey::{Id, PKey, Private};
use reqwest::Method;
use serde_json::{Value, json};

use super::boundary::{FAULTS, Fault};
use super::model::{
    Access, Grant, Group, HOUSES, House, Partnership, Person, Post, Said, Stage, Standing, Way,
    micros, word, words_in,
};
use super::organization::PEOPLE;
use super::{Problem, Simulation};
use crate::support::dice::Dice;
use crate::support::forge::{Letter, date_in};

pub(super) const HOUR: Duration = Duration::from_secs(3_600);
/// Groups of one house: each costs a pair of RSA keys.
const GROUPS_MAX: usize = 3;

pub(super) type Told = Result<Option<String>, Problem>;

/// Whatever one does, how often of a hundred.
const ACTS: &[(usize, Act)] = &[
    (16, Act::Topic),
    (14, Act::Comment),
    (7, Act::Aside),
    (6, Act::Edit),
    (5, Act::Delete),
    (5, Act::Like),
    (4, Act::Remove),
    (2, Act::Found),
    (2, Act::Shut),
    (4, Act::Open),
    (8, Act::Grant),
    (2, Act::EndGrant),
    (7, Act::Partnership),
    (4, Act::Stop),
    (9, Act::Join),
    (2, Act::Leave),
    (8, Act::Admit),
    (3, Act::PutOut),
    (5, Act::Wait),
    (5, Act::Fault),
    (2, Act::Crash),
    (9, Act::Overtake),
    (12, Act::Probe),
    (4, Act::OpenFile),
    (4, Act::Look),
];

/// An emergency stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    All(House),
    With(House, House),
    Group(usize),
}

/// Where something is said.
#[derive(Clone, Copy, Debug)]
struct Place {
    group: usize,
    topic: usize,
    parent: Option<usize>,
}

/// How somebody is in a group no more, or may be in it again.
#[derive(Clone, Copy, Debug)]
enum PuttingOut {
    Remove,
    Ban { until: Option<i64> },
    LiftBan,
}

/// What is taken away from a partner while something for it waits.
#[derive(Clone, Copy, Debug)]
enum Taken {
    /// The time of the grant runs out, and nobody has cleared up yet.
    Expires,
    /// The grant shows only what is new.
    History,
    /// The grant keeps partners apart.
    Apart,
    /// Nobody there is a member any more.
    Members {
        banned: bool,
    },
    /// The grant is ended.
    Grant,
    /// The group is not for partners any more.
    Stage,
    /// An emergency stop.
    Stop,
    Pause,
    /// A moderator takes what was said out of view.
    Removal,
    /// Whoever said it takes it back.
    Deletion,
}

const TAKEN: &[Taken] = &[
    Taken::Expires,
    Taken::Expires,
    Taken::History,
    Taken::Apart,
    Taken::Members { banned: false },
    Taken::Members { banned: true },
    Taken::Grant,
    Taken::Stage,
    Taken::Stop,
    Taken::Stop,
    Taken::Pause,
    Taken::Removal,
    Taken::Deletion,
];

#[derive(Clone, Copy, Debug)]
enum Act {
    Topic,
    Comment,
    Aside,
    Edit,
    Delete,
    Like,
    Remove,
    Found,
    Shut,
    Open,
    Grant,
    EndGrant,
    Partnership,
    Stop,
    Join,
    Leave,
    Admit,
    PutOut,
    Wait,
    Fault,
    Crash,
    Overtake,
    Probe,
    OpenFile,
    Look,
}

impl Simulation {
    /// Does what chance wants; in words, where there was anything to do.
    pub(super) async fn act(&mut self, dice: &mut Dice) -> Told {
        let whole: usize = ACTS.iter().map(|(weight, _)| weight).sum();
        let mut chance = dice.below(whole);
        let chosen = ACTS.iter().find(|(weight, _)| {
            let hit = chance < *weight;
            chance = chance.saturating_sub(*weight);
            hit
        });
        match chosen.expect("one of them").1 {
            Act::Topic => self.topic(dice).await,
            Act::Comment => self.comment(dice).await,
            Act::Aside => self.aside(dice).await,
            Act::Edit => self.edit(dice).await,
            Act::Delete => self.delete(dice).await,
            Act::Like => self.like(dice).await,
            Act::Remove => self.remove(dice).await,
            Act::Found => self.found(dice).await,
            Act::Shut => self.shut(dice).await,
            Act::Open => self.open(dice).await,
            Act::Grant => self.grant(dice).await,
            Act::EndGrant => self.end_grant(dice).await,
            Act::Partnership => self.partnership(dice).await,
            Act::Stop => self.stop_or_release(dice).await,
            Act::Join => self.join(dice).await,
            Act::Leave => self.leave(dice).await,
            Act::Admit => self.admit(dice).await,
            Act::PutOut => self.put_out(dice).await,
            Act::Wait => self.wait(dice).await,
            Act::Fault => Ok(self.fault(dice)),
            Act::Crash => self.crash(dice).await,
            Act::Overtake => self.overtake(dice).await,
            Act::Probe => self.probe(dice).await,
            Act::OpenFile => self.open_file(dice).await,
            Act::Look => self.look(dice).await,
        }
    }

    fn name(&self, (house, person): Person) -> String {
        format!("{}@{}", PEOPLE[person], super::NAMES[house])
    }

    fn handle(&self, (house, person): Person) -> String {
        format!("{}@{}", PEOPLE[person], self.houses[house].host)
    }

    fn some_group(&self, dice: &mut Dice) -> Option<usize> {
        let groups = self.model.groups.len();
        (groups > 0).then(|| dice.below(groups))
    }

    /// A group that somebody elsewhere has ever heard of, more often than not: in the others nothing can go wrong.
    fn lively_group(&self, dice: &mut Dice) -> Option<usize> {
        let groups = 0..self.model.groups.len();
        let lively: Vec<usize> = groups
            .filter(|group| self.model.groups[*group].introduced.contains(&true))
            .collect();
        match lively.is_empty() || dice.percent(15) {
            true => self.some_group(dice),
            false => Some(*dice.pick(&lively)),
        }
    }

    fn another(dice: &mut Dice, house: House) -> House {
        (house + 1 + dice.below(HOUSES - 1)) % HOUSES
    }

    fn some_person(dice: &mut Dice) -> Person {
        (dice.below(HOUSES), dice.below(PEOPLE.len()))
    }

    /// Somebody who is in a group as far as its house knows, more often than not.
    fn somebody_in(&self, dice: &mut Dice, group: usize) -> Person {
        let inside: Vec<Person> = self
            .model
            .standings
            .iter()
            .filter(|((of, _), standing)| *of == group && **standing == Standing::Member)
            .map(|((_, person), _)| *person)
            .collect();
        match inside.is_empty() || dice.percent(15) {
            true => Self::some_person(dice),
            false => *dice.pick(&inside),
        }
    }

    // What people write ---------------------------------------------------------------------------------

    async fn topic(&mut self, dice: &mut Dice) -> Told {
        match self.lively_group(dice) {
            Some(group) => self.topic_in(dice, group).await,
            None => Ok(None),
        }
    }

    async fn topic_in(&mut self, dice: &mut Dice, group: usize) -> Told {
        let author = self.somebody_in(dice, group);
        let with_file = dice.percent(40);
        self.start_topic(author, group, with_file).await
    }

    pub(super) async fn start_topic(
        &mut self,
        author: Person,
        group: usize,
        with_file: bool,
    ) -> Told {
        let house = &self.houses[author.0];
        let Some(id) = house.number_of("actors", &self.model.groups[group].uri) else {
            return Ok(None);
        };
        let number = self.model.posts.len();
        let text = self.model.mark(Said::Draft(author.0));
        let mut marks = vec![text];
        let mut body = json!({
            "group_id": id, "title": format!("On {}", word(text)), "status": format!("About {}.", word(text)),
        });
        if with_file {
            let marked = self.model.mark(Said::Draft(author.0));
            let bytes = format!("In a file: {}\n", word(marked));
            let sent = house
                .upload(author.1, &format!("plan{number}.txt"), bytes.as_bytes())
                .await;
            if sent.is_ok() {
                body["media_ids"] = json!([sent.body["id"]]);
                marks.push(marked);
            }
        }
        let created = self.now();
        let answer = house
            .ask(author.1, Method::POST, "/api/v1/statuses", Some(body))
            .await;
        if answer.is_ok() {
            let place = Place {
                group,
                topic: number,
                parent: None,
            };
            self.keep(author, place, &marks, &answer.body, created, false);
        }
        let group = &self.model.groups[group].name;
        Ok(Some(format!(
            "{} starts {} in {group}: {}",
            self.name(author),
            word(text),
            answer.status
        )))
    }

    fn keep(
        &mut self,
        author: Person,
        Place {
            group,
            topic,
            parent,
        }: Place,
        marks: &[usize],
        status: &Value,
        created: i64,
        aside: bool,
    ) {
        let home = self.model.groups[group].home;
        self.model.posts.push(Post {
            group,
            author,
            topic,
            parent,
            uri: status["uri"].as_str().expect("an address").to_owned(),
            created,
            aside,
            accepted: author.0 == home,
            removed: false,
            gone: [false; HOUSES],
            texts: marks[..1].to_vec(),
        });
        let number = self.model.posts.len() - 1;
        for marked in marks {
            self.model.said[*marked] = Said::Post(number);
        }
        if author.0 == home && self.model.groups[group].access == Access::Open {
            // A colleague joins an open group by taking part.
            let standing = self.model.standings.entry((group, author));
            standing.or_insert(Standing::Member);
        }
    }

    fn some_post(&self, dice: &mut Dice) -> Option<usize> {
        let posts = self.model.posts.len();
        // Mostly what is new.
        let among = if dice.percent(70) {
            posts.min(12)
        } else {
            posts
        };
        (posts > 0).then(|| posts - 1 - dice.below(among))
    }

    async fn comment(&mut self, dice: &mut Dice) -> Told {
        let Some(parent) = self.some_post(dice) else {
            return Ok(None);
        };
        if self.model.posts[parent].aside {
            return Ok(None);
        }
        let author = self.somebody_in(dice, self.model.posts[parent].group);
        self.answer_post(author, parent).await
    }

    pub(super) async fn answer_post(&mut self, author: Person, parent: usize) -> Told {
        let (group, topic) = (
            self.model.posts[parent].group,
            self.model.posts[parent].topic,
        );
        let house = &self.houses[author.0];
        let Some(id) = house.number_of("posts", &self.model.posts[parent].uri) else {
            return Ok(None);
        };
        let text = self.model.mark(Said::Draft(author.0));
        let body = json!({ "in_reply_to_id": id, "status": format!("I say {}.", word(text)) });
        let created = self.now();
        let answer = house
            .ask(author.1, Method::POST, "/api/v1/statuses", Some(body))
            .await;
        if answer.is_ok() {
            let place = Place {
                group,
                topic,
                parent: Some(parent),
            };
            self.keep(author, place, &[text], &answer.body, created, false);
        }
        Ok(Some(format!(
            "{} answers {} with {}: {}",
            self.name(author),
            word(self.model.posts[parent].texts[0]),
            word(text),
            answer.status
        )))
    }

    /// What colleagues say among themselves: mostly in the group's own house, which tells others what is said in it.
    async fn aside(&mut self, dice: &mut Dice) -> Told {
        let Some(parent) = self.some_post(dice) else {
            return Ok(None);
        };
        let (group, topic) = (
            self.model.posts[parent].group,
            self.model.posts[parent].topic,
        );
        let home = self.model.groups[group].home;
        let at_home = (0..PEOPLE.len()).map(|person| (home, person));
        let at_home: Vec<Person> = at_home
            .filter(|person| self.model.is_member(group, *person, self.now()))
            .collect();
        let author = match at_home.is_empty() || dice.percent(30) {
            true => self.somebody_in(dice, group),
            false => *dice.pick(&at_home),
        };
        let house = &self.houses[author.0];
        let Some(id) = house.number_of("posts", &self.model.posts[parent].uri) else {
            return Ok(None);
        };
        let text = self.model.mark(Said::Draft(author.0));
        let viewer = self.viewer(author).await;
        let body = format!("Between us: {}.", word(text));
        let body = body.parse().expect("a text");
        let parent_id = PostId(id.parse().expect("a number"));
        let app = &self.houses[author.0].app;
        let created = self.now();
        let said =
            posts::comment(app, viewer, parent_id, Some(body), Audience::Aside, vec![]).await;
        let outcome = match &said {
            Ok(post) => {
                let status = json!({ "uri": post.uri.as_str() });
                let place = Place {
                    group,
                    topic,
                    parent: Some(parent),
                };
                self.keep(author, place, &[text], &status, created, true);
                "said".to_owned()
            }
            Err(error) => error.to_string(),
        };
        Ok(Some(format!(
            "{} says {} among colleagues: {outcome}",
            self.name(author),
            word(text)
        )))
    }

    async fn viewer(&self, (house, person): Person) -> Viewer {
        let account = accounts::find(&self.houses[house].app, Viewer::Operator, PEOPLE[person]);
        accounts::viewer_of(&account.await.expect("an account"))
    }

    async fn edit(&mut self, dice: &mut Dice) -> Told {
        let Some(post) = self.some_post(dice) else {
            return Ok(None);
        };
        let author = self.model.posts[post].author;
        let house = &self.houses[author.0];
        let Some(id) = house.number_of("posts", &self.model.posts[post].uri) else {
            return Ok(None);
        };
        let text = self.model.mark(Said::Draft(author.0));
        let mut body = json!({ "status": format!("Now {}.", word(text)) });
        if self.model.posts[post].topic == post {
            body["title"] = json!(format!("Now {}", word(text)));
        }
        let path = format!("/api/v1/statuses/{id}");
        let answer = house.ask(author.1, Method::PUT, &path, Some(body)).await;
        if answer.is_ok() {
            self.model.posts[post].texts.push(text);
            self.model.said[text] = Said::Post(post);
        }
        Ok(Some(format!(
            "{} changes {} to {}: {}",
            self.name(author),
            word(self.model.posts[post].texts[0]),
            word(text),
            answer.status
        )))
    }

    async fn delete(&mut self, dice: &mut Dice) -> Told {
        match self.some_post(dice) {
            Some(post) => self.delete_post(post).await,
            None => Ok(None),
        }
    }

    async fn delete_post(&mut self, post: usize) -> Told {
        let author = self.model.posts[post].author;
        let house = &self.houses[author.0];
        let Some(id) = house.number_of("posts", &self.model.posts[post].uri) else {
            return Ok(None);
        };
        let path = format!("/api/v1/statuses/{id}");
        let answer = house.ask(author.1, Method::DELETE, &path, None).await;
        if answer.is_ok() {
            self.model.posts[post].gone[author.0] = true;
        }
        Ok(Some(format!(
            "{} takes {} back: {}",
            self.name(author),
            word(self.model.posts[post].texts[0]),
            answer.status
        )))
    }

    async fn like(&mut self, dice: &mut Dice) -> Told {
        let Some(post) = self.some_post(dice) else {
            return Ok(None);
        };
        let who = self.somebody_in(dice, self.model.posts[post].group);
        let house = &self.houses[who.0];
        let Some(id) = house.number_of("posts", &self.model.posts[post].uri) else {
            return Ok(None);
        };
        let what = *dice.pick(&["favourite", "favourite", "unfavourite"]);
        let path = format!("/api/v1/statuses/{id}/{what}");
        let answer = house.ask(who.1, Method::POST, &path, Some(json!({}))).await;
        Ok(Some(format!(
            "{} does {what} {}: {}",
            self.name(who),
            word(self.model.posts[post].texts[0]),
            answer.status
        )))
    }

    /// A moderator takes a post out of view, or brings it back.
    async fn remove(&mut self, dice: &mut Dice) -> Told {
        match self.some_post(dice) {
            Some(post) => self.remove_post(post).await,
            None => Ok(None),
        }
    }

    async fn remove_post(&mut self, post: usize) -> Told {
        let home = self.model.groups[self.model.posts[post].group].home;
        let house = &self.houses[home];
        let Some(id) = house.number_of("posts", &self.model.posts[post].uri) else {
            return Ok(None);
        };
        let removed = self.model.posts[post].removed;
        let (what, body) = match removed {
            true => ("restore", json!({})),
            false => ("remove", json!({ "reason": "Not here." })),
        };
        let path = format!("/posts/{id}/{what}");
        let answer = house.administer(Method::POST, &path, Some(body)).await;
        if answer.is_ok() {
            self.model.posts[post].removed = !removed;
        }
        Ok(Some(format!(
            "a moderator does {what} {}: {}",
            word(self.model.posts[post].texts[0]),
            answer.status
        )))
    }

    // Groups and grants ---------------------------------------------------------------------------------

    async fn found(&mut self, dice: &mut Dice) -> Told {
        let home = dice.below(HOUSES);
        let access = *dice.pick(&[Access::Open, Access::Closed, Access::Secret]);
        self.found_group(home, access).await
    }

    pub(super) async fn found_group(&mut self, home: House, access: Access) -> Told {
        let there = self.model.groups.iter().filter(|group| group.home == home);
        if there.count() >= GROUPS_MAX {
            return Ok(None);
        }
        let number = self.model.groups.len();
        let name = format!("group{number}");
        let title = self.model.mark(Said::Title(number));
        let body = json!({
            "name": name, "title": format!("Group {}", word(title)), "access": access_word(access),
        });
        let house = &self.houses[home];
        let answer = house.administer(Method::POST, "/groups", Some(body)).await;
        if !answer.is_ok() {
            return Err(format!("a group cannot be founded: {answer:?}"));
        }
        let uri = format!("http://{}/g/{name}", house.host);
        let told = format!("{} founds {name}, {access:?}", super::NAMES[home]);
        self.model.groups.push(Group::new(home, name, uri, access));
        self.model
            .standings
            .insert((number, (home, 0)), Standing::Member);
        Ok(Some(told))
    }

    async fn shut(&mut self, dice: &mut Dice) -> Told {
        let Some(group) = self.some_group(dice) else {
            return Ok(None);
        };
        let access = *dice.pick(&[Access::Open, Access::Closed, Access::Secret]);
        let house = &self.houses[self.model.groups[group].home];
        let path = format!("/groups/{}", self.model.groups[group].name);
        let body = json!({ "access": access_word(access) });
        let answer = house.administer(Method::PATCH, &path, Some(body)).await;
        if answer.is_ok() {
            self.model.groups[group].access = access;
        }
        let name = &self.model.groups[group].name;
        Ok(Some(format!("{name} is {access:?} now: {}", answer.status)))
    }

    async fn open(&mut self, dice: &mut Dice) -> Told {
        let Some(group) = self.some_group(dice) else {
            return Ok(None);
        };
        let stage = *dice.pick(&[
            Stage::Internal,
            Stage::Partners,
            Stage::Partners,
            Stage::Partners,
            Stage::Partners,
            Stage::Partners,
            Stage::Public,
        ]);
        self.set_stage(group, stage).await
    }

    pub(super) async fn set_stage(&mut self, group: usize, stage: Stage) -> Told {
        let house = &self.houses[self.model.groups[group].home];
        let path = format!("/groups/{}/stage", self.model.groups[group].name);
        let word = match stage {
            Stage::Internal => "internal",
            Stage::Partners => "partners",
            Stage::Public => "public",
        };
        let body = json!({ "stage": word });
        let answer = house.administer(Method::PUT, &path, Some(body)).await;
        if answer.is_ok() {
            self.model.groups[group].stage = stage;
        }
        let name = &self.model.groups[group].name;
        Ok(Some(format!("{name} is {word} now: {}", answer.status)))
    }

    async fn grant(&mut self, dice: &mut Dice) -> Told {
        let Some(group) = self.lively_group(dice) else {
            return Ok(None);
        };
        let to = Self::another(dice, self.model.groups[group].home);
        let now = self.now();
        let mut can = BTreeSet::from(["read"]);
        for capability in ["react", "reply", "start", "attach"] {
            if dice.percent(75) {
                can.insert(capability);
            }
        }
        let secret = self.model.groups[group].access == Access::Secret;
        let grant = Grant {
            can,
            lets_in: !secret && dice.percent(50),
            from: match dice.percent(10) {
                true => now + micros(HOUR),
                false => now,
            },
            until: dice.perhaps(50, |dice| {
                now + micros(HOUR) * (2 + i64::try_from(dice.below(12)).expect("a number"))
            }),
            history: match dice.percent(50) {
                true => i64::MIN,
                false => i64::MAX,
            },
            apart: dice.percent(25),
        };
        self.give(group, to, grant).await
    }

    /// `history` at the end of time: from now on; at its beginning: all of it.
    pub(super) async fn give(&mut self, group: usize, to: House, mut grant: Grant) -> Told {
        let home = self.model.groups[group].home;
        let path = format!(
            "/groups/{}/grants/{}",
            self.model.groups[group].name, self.houses[to].host
        );
        let time = |micros: i64| Timestamp::from_micros(micros).rfc3339();
        let secret = self.model.groups[group].access == Access::Secret;
        let body = json!({
            "can": grant.can,
            "join": if secret { "invite" } else if grant.lets_in { "auto" } else { "approve" },
            "from": time(grant.from),
            "until": grant.until.map_or_else(|| "never".to_owned(), time),
            "history": match grant.history {
                i64::MIN => "all".to_owned(),
                i64::MAX => "now".to_owned(),
                since => time(since),
            },
            "apart": grant.apart,
        });
        let answer = self.houses[home]
            .administer(Method::PUT, &path, Some(body.clone()))
            .await;
        if answer.is_ok() {
            if grant.history == i64::MAX {
                grant.history = grant.from.max(self.now() - micros(Duration::from_secs(1)));
            }
            self.model.groups[group].introduced[to] = true;
            self.model.groups[group].grants[to] = Some(grant);
        }
        Ok(Some(format!(
            "{} is opened to {}, {body}: {}",
            self.model.groups[group].name,
            super::NAMES[to],
            answer.status
        )))
    }

    async fn end_grant(&mut self, dice: &mut Dice) -> Told {
        let Some(group) = self.some_group(dice) else {
            return Ok(None);
        };
        let to = Self::another(dice, self.model.groups[group].home);
        self.end_grant_to(group, to).await
    }

    async fn end_grant_to(&mut self, group: usize, to: House) -> Told {
        let home = self.model.groups[group].home;
        let path = format!(
            "/groups/{}/grants/{}",
            self.model.groups[group].name, self.houses[to].host
        );
        let answer = self.houses[home]
            .administer(Method::DELETE, &path, None)
            .await;
        if answer.is_ok() {
            self.model.close(group, to);
        }
        Ok(Some(format!(
            "{} is closed to {}: {}",
            self.model.groups[group].name,
            super::NAMES[to],
            answer.status
        )))
    }

    // Partners and stops --------------------------------------------------------------------------------

    async fn partnership(&mut self, dice: &mut Dice) -> Told {
        let (mut house, mut other) = (dice.below(HOUSES), dice.below(HOUSES - 1));
        other = (house + 1 + other) % HOUSES;
        // What is over or paused begins again more often than not.
        let mut apart = (0..HOUSES).flat_map(|one| (0..HOUSES).map(move |two| (one, two)));
        let over = apart.find(|(one, two)| {
            let state = self.model.partnerships[*one][*two];
            one != two && state != Partnership::Active
        });
        if let Some(over) = over.filter(|_| dice.percent(70)) {
            (house, other) = over;
        }
        let what = match self.model.partnerships[house][other] {
            Partnership::Active => *dice.pick(&[
                "pause", "pause", "pause", "pause", "pause", "pause", "end", "block",
            ]),
            Partnership::Paused => {
                *dice.pick(&["resume", "resume", "resume", "resume", "resume", "end"])
            }
            Partnership::Over => return self.renew(house, other).await,
            Partnership::Blocked => "end",
        };
        self.change_partnership(house, other, what).await
    }

    async fn change_partnership(&mut self, house: House, other: House, what: &str) -> Told {
        let path = format!("/partners/{}/{what}", self.houses[other].host);
        let answer = self.houses[house]
            .administer(Method::POST, &path, Some(json!({})))
            .await;
        if answer.is_ok() {
            self.model.partnerships[house][other] = match what {
                "pause" => Partnership::Paused,
                "resume" => Partnership::Active,
                "block" => Partnership::Blocked,
                _ => Partnership::Over,
            };
            if matches!(what, "end" | "block") {
                self.model.close_all(house, other);
                for group in &mut self.model.groups {
                    // What the other one opened to us we have no more.
                    if group.home == other {
                        group.withdrawn[house] = true;
                    }
                }
            }
        }
        Ok(Some(format!(
            "{} does {what} {}: {}",
            super::NAMES[house],
            super::NAMES[other],
            answer.status
        )))
    }

    /// Partners again, where neither shuts the other out.
    pub(super) async fn renew(&mut self, house: House, other: House) -> Told {
        let invitation = self.houses[house]
            .administer(Method::POST, "/partners/invitations", Some(json!({})))
            .await;
        let code = &invitation.body["code"];
        let accept = self.houses[other]
            .administer(
                Method::POST,
                "/partners/accept",
                Some(json!({ "code": code })),
            )
            .await;
        self.settle().await?;
        for (one, two) in [(house, other), (other, house)] {
            if self.partner_state(one, two).as_deref() == Some("active") {
                self.model.partnerships[one][two] = Partnership::Active;
            }
        }
        Ok(Some(format!(
            "{} invites {}: {}, {:?}",
            super::NAMES[house],
            super::NAMES[other],
            accept.status,
            self.model.partnerships[house][other]
        )))
    }

    pub(super) fn partner_state(&self, house: House, other: House) -> Option<String> {
        self.houses[house].row(&format!(
            "SELECT state AS row FROM partners WHERE host = '{}'",
            self.houses[other].host
        ))
    }

    async fn stop_or_release(&mut self, dice: &mut Dice) -> Told {
        // What is stopped does not stay so for long: a world in which nobody speaks says nothing.
        let standing = self.standing_stops();
        let stop = match standing.is_empty() || dice.percent(20) {
            false => *dice.pick(&standing),
            true => {
                let house = dice.below(HOUSES);
                let groups = 0..self.model.groups.len();
                let own: Vec<usize> = groups
                    .filter(|group| self.model.groups[*group].home == house)
                    .collect();
                match dice.below(4) {
                    0 => Stop::All(house),
                    1 => Stop::With(house, Self::another(dice, house)),
                    _ if own.is_empty() => return Ok(None),
                    _ => Stop::Group(*dice.pick(&own)),
                }
            }
        };
        self.throw_switch(stop).await
    }

    /// Stops what runs, and lets go what is stopped.
    pub(super) async fn throw_switch(&mut self, stop: Stop) -> Told {
        let (house, path, stopped) = match stop {
            Stop::All(house) => (
                house,
                "/stops/all".to_owned(),
                &mut self.model.stopped[house],
            ),
            Stop::With(house, other) => (
                house,
                format!("/stops/partners/{}", self.houses[other].host),
                &mut self.model.stopped_with[house][other],
            ),
            Stop::Group(group) => {
                let group = &mut self.model.groups[group];
                let path = format!("/stops/groups/{}", group.name);
                (group.home, path, &mut group.stopped)
            }
        };
        let (method, body) = match *stopped {
            true => (Method::DELETE, None),
            false => (Method::PUT, Some(json!({ "reason": "A drill." }))),
        };
        let told = format!("{} does {method} {path}", super::NAMES[house]);
        let answer = self.houses[house].administer(method, &path, body).await;
        if answer.is_ok() {
            *stopped = !*stopped;
        }
        Ok(Some(format!("{told}: {}", answer.status)))
    }

    fn standing_stops(&self) -> Vec<Stop> {
        let mut standing = Vec::new();
        for house in 0..HOUSES {
            standing.extend(self.model.stopped[house].then_some(Stop::All(house)));
            let others = (0..HOUSES).filter(|other| self.model.stopped_with[house][*other]);
            standing.extend(others.map(|other| Stop::With(house, other)));
        }
        let groups = 0..self.model.groups.len();
        let stopped = groups.filter(|group| self.model.groups[*group].stopped);
        standing.extend(stopped.map(Stop::Group));
        standing
    }

    pub(super) async fn release_all(&mut self) {
        for house in 0..HOUSES {
            let mut paths = vec!["/stops/all".to_owned()];
            let others = (0..HOUSES).filter(|other| *other != house);
            paths
                .extend(others.map(|other| format!("/stops/partners/{}", self.houses[other].host)));
            let groups = self.model.groups.iter();
            let own = groups.filter(|group| group.home == house);
            paths.extend(own.map(|group| format!("/stops/groups/{}", group.name)));
            for path in paths {
                self.houses[house]
                    .administer(Method::DELETE, &path, None)
                    .await;
            }
        }
        self.model.stopped = [false; HOUSES];
        self.model.stopped_with = [[false; HOUSES]; HOUSES];
        for group in &mut self.model.groups {
            group.stopped = false;
        }
    }

    // Who is in -----------------------------------------------------------------------------------------

    async fn join(&mut self, dice: &mut Dice) -> Told {
        let Some(group) = self.lively_group(dice) else {
            return Ok(None);
        };
        let who = Self::some_person(dice);
        self.ask_to_join(group, who).await
    }

    pub(super) async fn ask_to_join(&mut self, group: usize, who: Person) -> Told {
        let house = &self.houses[who.0];
        let (home, name) = {
            let group = &self.model.groups[group];
            (group.home, group.name.clone())
        };
        let sought = format!("{name}@{}", self.houses[home].host);
        let path = format!("/api/v2/search?q={sought}&resolve=true&type=accounts");
        let found = house.ask(who.1, Method::GET, &path, None).await;
        let told = format!("{} asks to join {name}", self.name(who));
        let Some(id) = found.body["accounts"][0]["id"].as_str() else {
            return Ok(Some(format!("{told}, and does not find it")));
        };
        let path = format!("/api/v1/accounts/{id}/follow");
        let answer = house.ask(who.1, Method::POST, &path, Some(json!({}))).await;
        if answer.is_ok() && who.0 == home {
            let standing = self.model.standings.get(&(group, who)).copied();
            let invited = standing == Some(Standing::Invited);
            let in_now = invited || self.model.groups[group].access == Access::Open;
            match standing {
                Some(Standing::Member | Standing::Banned { .. }) => {}
                _ if in_now => {
                    let member = Standing::Member;
                    self.model.standings.insert((group, who), member);
                }
                _ => {
                    self.model.standings.insert((group, who), Standing::Asked);
                }
            }
        }
        Ok(Some(format!("{told}: {}", answer.status)))
    }

    async fn leave(&mut self, dice: &mut Dice) -> Told {
        let Some(group) = self.lively_group(dice) else {
            return Ok(None);
        };
        let who = self.somebody_in(dice, group);
        let house = &self.houses[who.0];
        let Some(id) = house.number_of("actors", &self.model.groups[group].uri) else {
            return Ok(None);
        };
        let path = format!("/api/v1/accounts/{id}/unfollow");
        let answer = house.ask(who.1, Method::POST, &path, Some(json!({}))).await;
        let standing = self.model.standings.get(&(group, who)).copied();
        let banned = matches!(standing, Some(Standing::Banned { .. }));
        if answer.is_ok() && who.0 == self.model.groups[group].home && !banned {
            self.model.standings.remove(&(group, who));
        }
        Ok(Some(format!(
            "{} leaves {}: {}",
            self.name(who),
            self.model.groups[group].name,
            answer.status
        )))
    }

    /// Somebody is let in, or invited.
    async fn admit(&mut self, dice: &mut Dice) -> Told {
        let asked: Vec<(usize, Person)> = self
            .model
            .standings
            .iter()
            .filter(|(_, standing)| **standing == Standing::Asked)
            .map(|(place, _)| *place)
            .collect();
        let (group, who) = match asked.is_empty() || dice.percent(30) {
            false => *dice.pick(&asked),
            true => match self.lively_group(dice) {
                Some(group) => (group, Self::some_person(dice)),
                None => return Ok(None),
            },
        };
        self.admit_or_invite(group, who).await
    }

    pub(super) async fn admit_or_invite(&mut self, group: usize, who: Person) -> Told {
        let home = self.model.groups[group].home;
        let name = self.model.groups[group].name.clone();
        let handle = match who.0 == home {
            true => PEOPLE[who.1].to_owned(),
            false => self.handle(who),
        };
        if who.1 == 0 && who.0 == home {
            return Ok(None);
        }
        let path = format!("/groups/{name}/members/{handle}");
        let body = json!({ "role": "member" });
        let answer = self.houses[home]
            .administer(Method::PUT, &path, Some(body))
            .await;
        if answer.is_ok() {
            // Whoever names somebody lifts what was between them.
            let before = self.model.standings.get(&(group, who)).copied();
            let state = answer.body["state"].as_str().unwrap_or_default();
            let asked = matches!(before, Some(Standing::Asked | Standing::Member));
            if state == "member" && who.0 != home && !asked {
                return Err(format!(
                    "{handle} did not ask to join {name} and is a member at once"
                ));
            }
            let standing = match state {
                "member" => Standing::Member,
                _ => Standing::Invited,
            };
            self.model.standings.insert((group, who), standing);
            self.model.groups[group].introduced[who.0] = true;
        }
        Ok(Some(format!(
            "{} is named for {name}: {} {}",
            self.name(who),
            answer.status,
            answer.body["state"]
        )))
    }

    /// A member is put out or banned, or a ban is lifted.
    async fn put_out(&mut self, dice: &mut Dice) -> Told {
        let standing = |banned: bool| {
            let all = self.model.standings.iter();
            let some = all.filter(move |((_, (_, person)), standing)| {
                *person != 0 && matches!(standing, Standing::Banned { .. }) == banned
            });
            some.map(|(place, _)| *place).collect::<Vec<_>>()
        };
        let (members, banned) = (standing(false), standing(true));
        let lift = !banned.is_empty() && dice.percent(30);
        let among = if lift { banned } else { members };
        if among.is_empty() {
            return Ok(None);
        }
        let (group, who) = *dice.pick(&among);
        let how = match lift {
            true => PuttingOut::LiftBan,
            false if dice.percent(50) => PuttingOut::Remove,
            false => PuttingOut::Ban {
                until: dice.perhaps(50, |_| self.now() + micros(HOUR) * 5),
            },
        };
        self.put_out_of(group, who, how).await
    }

    async fn put_out_of(&mut self, group: usize, who: Person, how: PuttingOut) -> Told {
        let home = self.model.groups[group].home;
        let name = self.model.groups[group].name.clone();
        let handle = match who.0 == home {
            true => PEOPLE[who.1].to_owned(),
            false => self.handle(who),
        };
        let path = format!("/groups/{name}/members/{handle}");
        let (what, method, path, body) = match how {
            PuttingOut::LiftBan => ("let be again", Method::DELETE, format!("{path}/ban"), None),
            PuttingOut::Remove => ("put out", Method::DELETE, path, None),
            PuttingOut::Ban { until } => {
                let mut body = json!({ "reason": "Too loud." });
                if let Some(until) = until {
                    body["until"] = json!(Timestamp::from_micros(until).rfc3339());
                }
                ("banned", Method::PUT, format!("{path}/ban"), Some(body))
            }
        };
        let answer = self.houses[home].administer(method, &path, body).await;
        if answer.is_ok() {
            match how {
                PuttingOut::Ban { until } => {
                    let banned = Standing::Banned { until };
                    self.model.standings.insert((group, who), banned);
                }
                PuttingOut::Remove | PuttingOut::LiftBan => {
                    self.model.standings.remove(&(group, who));
                }
            }
        }
        Ok(Some(format!(
            "{} is {what} of {name}: {}",
            self.name(who),
            answer.status
        )))
    }

    // Time and trouble ----------------------------------------------------------------------------------

    async fn wait(&mut self, dice: &mut Dice) -> Told {
        let minutes = *dice.pick(&[5, 40, 90, 300, 1_500]);
        // With something broken, not so long that what waits is given up.
        let minutes = match self.boundary.faults().is_empty() {
            true => minutes,
            false => minutes.min(300),
        };
        self.pass(Duration::from_secs(minutes * 60));
        if dice.percent(30) {
            self.end_expired().await;
        }
        Ok(Some(format!("{minutes} minutes pass")))
    }

    /// What a worker does every ten seconds, which are real ones.
    pub(super) async fn end_expired(&self) {
        for house in &self.houses {
            let ended = grants::end_expired(&house.app).await;
            ended.expect("grants whose time is over can be ended");
        }
    }

    fn fault(&mut self, dice: &mut Dice) -> Option<String> {
        let broken = self.boundary.faults();
        if !broken.is_empty() && dice.percent(60) {
            let (from, to) = *dice.pick(&broken);
            self.boundary.set_fault(from, to, None);
            let (from, to) = (super::NAMES[from], super::NAMES[to]);
            return Some(format!("from {from} to {to} all is well again"));
        }
        let from = dice.below(HOUSES);
        let to = Self::another(dice, from);
        let fault = *dice.pick(FAULTS);
        self.boundary.set_fault(from, to, Some(fault));
        let (from, to) = (super::NAMES[from], super::NAMES[to]);
        Some(format!("from {from} to {to}: {fault:?}"))
    }

    /// A house is cut off while something that was just said is on its way.
    async fn crash(&mut self, dice: &mut Dice) -> Told {
        let told = self.topic(dice).await?.unwrap_or_default();
        let pause = Duration::from_millis(dice.below(30) as u64);
        tokio::time::sleep(pause).await;
        let victim = dice.below(HOUSES);
        self.crashed = true;
        let ahead = self.ahead;
        self.houses[victim].crash(ahead).await;
        // What it had taken is free again.
        self.pass(Duration::from_secs(31));
        Ok(Some(format!("{told}; {} is cut off", super::NAMES[victim])))
    }

    /// Something is said while nothing gets through to a partner; then what allowed it is taken away; then the way
    /// is free again. Whether what waited may leave is asked when it leaves, and nobody asked in between.
    async fn overtake(&mut self, dice: &mut Dice) -> Told {
        let now = self.now();
        let groups = 0..self.model.groups.len();
        let pairs = groups.flat_map(|group| (0..HOUSES).map(move |to| (group, to)));
        let told: Vec<(usize, House)> = pairs
            .filter(|(group, to)| self.model.is_told(*group, *to, now))
            .collect();
        if told.is_empty() {
            return Ok(None);
        }
        let (group, to) = *dice.pick(&told);
        let from = self.model.groups[group].home;
        let fault = *dice.pick(&[Fault::Refuses, Fault::HangsUp]);
        self.boundary.set_fault(from, to, Some(fault));
        let (one, two) = (super::NAMES[from], super::NAMES[to]);
        self.story.push(format!("from {one} to {two}: {fault:?}"));
        let said = self.topic_in(dice, group).await?;
        self.look_between(said).await?;
        let taken = self.take_away(dice, group, to).await?;
        self.look_between(taken).await?;
        self.boundary.set_fault(from, to, None);
        self.pass(HOUR * 3);
        Ok(Some(format!(
            "3 hours later all is well from {one} to {two}"
        )))
    }

    /// An act that is part of another one is looked at by itself.
    async fn look_between(&mut self, told: Option<String>) -> Result<(), Problem> {
        self.story.extend(told);
        self.settle_and_check().await
    }

    async fn take_away(&mut self, dice: &mut Dice, group: usize, to: House) -> Told {
        let home = self.model.groups[group].home;
        let now = self.now();
        let last = self.model.posts.len().checked_sub(1);
        let said = last.filter(|post| self.model.posts[*post].group == group);
        let Some(grant) = self.model.grant(group, to, now).cloned() else {
            return Ok(None);
        };
        match (*dice.pick(TAKEN), said) {
            (Taken::Expires, _) => {
                let until = Some(now + micros(HOUR) / 2);
                let told = self.give(group, to, Grant { until, ..grant }).await?;
                self.look_between(told).await?;
                self.pass(HOUR);
                Ok(Some("an hour passes".to_owned()))
            }
            (Taken::History, _) => {
                let history = i64::MAX;
                self.give(group, to, Grant { history, ..grant }).await
            }
            (Taken::Apart, _) => {
                let apart = true;
                self.give(group, to, Grant { apart, ..grant }).await
            }
            (Taken::Members { banned }, _) => {
                let how = match banned {
                    true => PuttingOut::Ban { until: None },
                    false => PuttingOut::Remove,
                };
                for person in 0..PEOPLE.len() {
                    if self.model.is_member(group, (to, person), now) {
                        let told = self.put_out_of(group, (to, person), how).await?;
                        self.look_between(told).await?;
                    }
                }
                Ok(None)
            }
            (Taken::Grant, _) => self.end_grant_to(group, to).await,
            (Taken::Stage, _) => self.set_stage(group, Stage::Internal).await,
            (Taken::Stop, _) => {
                let stop = *dice.pick(&[Stop::All(home), Stop::With(home, to), Stop::Group(group)]);
                let standing = self.standing_stops();
                match standing.contains(&stop) {
                    true => Ok(None),
                    false => self.throw_switch(stop).await,
                }
            }
            (Taken::Pause, _) => self.change_partnership(home, to, "pause").await,
            (Taken::Removal, Some(post)) => self.remove_post(post).await,
            (Taken::Deletion, Some(post)) => self.delete_post(post).await,
            (Taken::Removal | Taken::Deletion, None) => Ok(None),
        }
    }

    // Looking -------------------------------------------------------------------------------------------

    /// Somebody elsewhere reads something, whether they may or not.
    async fn probe(&mut self, dice: &mut Dice) -> Told {
        let house = dice.below(HOUSES);
        let reader = Self::another(dice, house);
        let person = dice.below(PEOPLE.len() + 1).checked_sub(1);
        // What they may not have more often than not: with the rest nothing can go wrong.
        let kept = match dice.percent(60) {
            true => self.forbidden_address(dice, house, (reader, person)),
            false => None,
        };
        let Some(target) = kept.or_else(|| self.some_address(dice, house)) else {
            return Ok(None);
        };
        if self.boundary.faults().contains(&(reader, house)) {
            return Ok(None);
        }
        let actor = match person {
            Some(person) => format!("http://{}/u/{}", self.houses[reader].host, PEOPLE[person]),
            None => format!("http://{}/actor", self.houses[reader].host),
        };
        let Some((key_id, key)) = self.key_of(reader, &actor) else {
            return Err(format!("{actor} has no key"));
        };
        let met = self.houses[house].knows_key_of(&actor);
        let letter = Letter {
            method: "GET",
            target: target.clone(),
            host: self.houses[house].host.clone(),
            date: Some(date_in(self.boundary.seconds_ahead())),
            body: Vec::new(),
            digest: None,
            key_id,
            algorithm: Some("rsa-sha256"),
            covers: "(request-target) host date".into(),
            key,
        };
        let (_, port) = self.houses[house].host.split_once(':').expect("a port");
        let signed = !dice.percent(10);
        let forged = match signed {
            true => letter.sign(),
            false => letter.unsigned(),
        };
        let reply = forged.send(&format!("127.0.0.1:{port}")).await;
        // Whom a house never met it asks for at their own server, which may not answer just now.
        if signed && met {
            self.refused_what_is_allowed(house, (reader, person), &target, &reply.body)?;
        }
        Ok(Some(format!(
            "{actor} reads {} of {}: {}",
            target,
            super::NAMES[house],
            reply.status
        )))
    }

    /// What somebody may read is not kept from them.
    fn refused_what_is_allowed(
        &self,
        house: House,
        (reader, person): (House, Option<usize>),
        target: &str,
        body: &[u8],
    ) -> Result<(), Problem> {
        let uri = format!("http://{}{target}", self.houses[house].host);
        let mut posts = self.model.posts.iter().enumerate();
        let Some((number, post)) = posts.find(|(_, post)| post.uri == uri) else {
            return Ok(());
        };
        let of_the_house = post.author.0 == house && self.model.groups[post.group].home == house;
        if !of_the_house {
            return Ok(());
        }
        let way = Way::Read(person.map(|person| (reader, person)));
        let text = post.texts.last().expect("a text");
        let allowed = self.model.house_shows(reader, number, way, self.now());
        match allowed.is_ok() && !words_in(body).contains(text) {
            true => Err(format!(
                "{} may be read and is not shown: {}",
                word(*text),
                String::from_utf8_lossy(body)
            )),
            false => Ok(()),
        }
    }

    /// A post, or its conversation, that a house has and that a reader may not read there now.
    fn forbidden_address(
        &self,
        dice: &mut Dice,
        house: House,
        (reader, person): (House, Option<usize>),
    ) -> Option<String> {
        let host = format!("http://{}", self.houses[house].host);
        let (way, now) = (Way::Read(person.map(|person| (reader, person))), self.now());
        let posts = self.model.posts.iter().enumerate();
        let kept: Vec<&str> = posts
            .filter(|(_, post)| post.author.0 == house && !post.gone[house])
            .filter(|(_, post)| self.model.groups[post.group].home == house)
            .filter(|(number, _)| self.model.house_shows(reader, *number, way, now).is_err())
            .filter_map(|(_, post)| post.uri.strip_prefix(&host))
            .collect();
        match kept.is_empty() {
            true => None,
            false if dice.percent(25) => Some(format!("{}/context?page=true", dice.pick(&kept))),
            false => Some((*dice.pick(&kept)).to_owned()),
        }
    }

    /// Somebody opens a file of a post that came from another house, which has it.
    async fn open_file(&mut self, dice: &mut Dice) -> Told {
        let house = dice.below(HOUSES);
        let elsewhere = self.houses[house].rows(
            "SELECT DISTINCT CAST(t.post_id AS TEXT) AS row FROM attachments t JOIN posts p ON p.id = t.post_id \
             JOIN actors a ON a.id = p.author_id WHERE a.host <> '' ORDER BY 1",
        );
        if elsewhere.is_empty() {
            return Ok(None);
        }
        let (person, post) = (dice.below(PEOPLE.len()), dice.pick(&elsewhere));
        let house = &self.houses[house];
        let path = format!("/api/v1/statuses/{post}");
        let status = house.ask(person, Method::GET, &path, None).await;
        let url = status.body["media_attachments"][0]["url"].as_str();
        let path = url.and_then(|url| url.strip_prefix(&format!("http://{}", house.host)));
        let opened = match path {
            Some(path) => Some(house.ask(person, Method::GET, path, None).await.status),
            None => None,
        };
        Ok(Some(format!(
            "{}@{} opens a file: {opened:?}",
            PEOPLE[person], house.host
        )))
    }

    /// An address of a house at which something might be read.
    fn some_address(&self, dice: &mut Dice, house: House) -> Option<String> {
        let host = format!("http://{}", self.houses[house].host);
        let path = |uri: &str| uri.strip_prefix(&host).map(str::to_owned);
        let own: Vec<&Group> = self
            .model
            .groups
            .iter()
            .filter(|group| group.home == house)
            .collect();
        let of_post = |dice: &mut Dice| {
            let posts: Vec<&Post> = self
                .model
                .posts
                .iter()
                .filter(|post| post.uri.starts_with(&host))
                .collect();
            (!posts.is_empty()).then(|| dice.pick(&posts).uri.clone())
        };
        match dice.below(8) {
            0..=2 => path(&of_post(dice)?),
            3 => Some(format!("{}/context?page=true", path(&of_post(dice)?)?)),
            4 => {
                let files = self.houses[house]
                    .rows("SELECT CAST(id AS TEXT) AS row FROM attachments WHERE post_id IS NOT NULL ORDER BY id");
                (!files.is_empty()).then(|| format!("/media/{}", dice.pick(&files)))
            }
            _ if own.is_empty() => None,
            5 => path(&dice.pick(&own).uri),
            _ => {
                let list = *dice.pick(&["outbox", "followers", "moderators", "featured"]);
                let group = path(&dice.pick(&own).uri)?;
                Some(format!("{group}/{list}?page=true"))
            }
        }
    }

    /// The RSA key with which an actor signs.
    fn key_of(&self, house: House, actor: &str) -> Option<(String, PKey<Private>)> {
        let keys = self.houses[house].rows(&format!(
            "SELECT k.uri || ' ' || k.private_pem AS row FROM actor_keys k JOIN actors a ON a.id = k.actor_id \
             WHERE a.uri = '{actor}' AND k.private_pem IS NOT NULL ORDER BY k.created_at DESC"
        ));
        keys.iter().find_map(|row| {
            let (uri, pem) = row.split_once(' ')?;
            let key = PKey::private_key_from_pem(pem.as_bytes()).ok()?;
            (key.id() == Id::RSA).then(|| (uri.to_owned(), key))
        })
    }

    /// Somebody opens their home page.
    async fn look(&mut self, dice: &mut Dice) -> Told {
        let who = Self::some_person(dice);
        let path = "/api/v1/timelines/home";
        let shown = self.houses[who.0].ask(who.1, Method::GET, path, None).await;
        for marked in words_in(shown.body.to_string().as_bytes()) {
            let Some(Said::Post(post)) = self.model.said(marked) else {
                continue;
            };
            if let Err(why) = self.model.is_shown_to(who, post) {
                return Err(format!(
                    "{} is shown {}, though {why}",
                    self.name(who),
                    word(marked)
                ));
            }
        }
        Ok(Some(format!("{} looks: {}", self.name(who), shown.status)))
    }

    // The beginning -------------------------------------------------------------------------------------

    /// Three partners; each has a group that is open to the others, with somebody of each in it.
    pub(super) async fn acquaint(&mut self) {
        let settled = async |simulation: &mut Self| {
            simulation.before = simulation.model.clone();
            let settled = simulation.settle_and_check().await;
            settled.expect("a good beginning");
        };
        for (one, two) in [(0, 1), (1, 2), (2, 0)] {
            self.renew(one, two).await.expect("partners");
            assert_eq!(self.model.partnerships[one][two], Partnership::Active);
            settled(self).await;
        }
        for (home, access) in [(0, Access::Closed), (1, Access::Open), (2, Access::Secret)] {
            self.found_group(home, access).await.expect("a group");
            let group = home;
            self.set_stage(group, Stage::Partners)
                .await
                .expect("a stage");
            for to in (0..HOUSES).filter(|to| *to != home) {
                let grant = Grant {
                    can: BTreeSet::from(["read", "react", "reply", "start", "attach"]),
                    lets_in: home == 1,
                    from: self.now(),
                    until: None,
                    history: i64::MIN,
                    apart: false,
                };
                let given = self.give(group, to, grant).await.expect("a grant");
                assert!(self.model.groups[group].grants[to].is_some(), "{given:?}");
                settled(self).await;
                let who = (to, 1);
                if access == Access::Secret {
                    self.admit_or_invite(group, who).await.expect("invited");
                    settled(self).await;
                }
                self.ask_to_join(group, who).await.expect("asked");
                settled(self).await;
                if access == Access::Closed {
                    self.admit_or_invite(group, who).await.expect("let in");
                    settled(self).await;
                }
                let standing = self.model.standings.get(&(group, who));
                assert_eq!(standing, Some(&Standing::Member), "{given:?}");
            }
        }
    }
}

const fn access_word(access: Access) -> &'static str {
    match access {
        Access::Open => "open",
        Access::Closed => "closed",
        Access::Secret => "secret",
    }
}
