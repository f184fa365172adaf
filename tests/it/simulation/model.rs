//! The oracle: who was allowed what, at which moment, as `docs/ACCESS.md` and the guide say it in words.
//!
//! It is written without a look at `src/policy`, and knows only what people did and what went by at the
//! boundary. Where the moment at which one house hears of another's act is not plain, it allows both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An organization, by number.
pub type House = usize;
/// Somebody: their organization and their number there.
pub type Person = (House, usize);

pub const HOUSES: usize = 3;
/// How long a house may believe what another one said of who reads its group, microseconds: half an hour for
/// a token of the group.
const BELIEVED: i64 = 31 * 60 * 1_000_000;
/// Between asking whether something may leave and its first byte, microseconds.
const UNDER_WAY: i64 = 2_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partnership {
    Active,
    Paused,
    Over,
    Blocked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Open,
    Closed,
    Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Internal,
    Partners,
    Public,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub can: BTreeSet<&'static str>,
    /// People there are in as soon as they ask.
    pub lets_in: bool,
    pub from: i64,
    pub until: Option<i64>,
    /// Topics since this moment.
    pub history: i64,
    pub apart: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Asked,
    Invited,
    Member,
    Banned { until: Option<i64> },
}

#[derive(Clone, Debug)]
pub struct Group {
    pub home: House,
    pub name: String,
    pub uri: String,
    pub access: Access,
    pub stage: Stage,
    pub stopped: bool,
    pub grants: [Option<Grant>; HOUSES],
    /// Who may have heard that it is there, and what it is called.
    pub introduced: [bool; HOUSES],
    /// Whose house knows that it was taken back.
    pub withdrawn: [bool; HOUSES],
    /// When a house last read it.
    read_until: [i64; HOUSES],
    /// Since when a house is told of it without a gap.
    pub told_since: [Option<i64>; HOUSES],
}

#[derive(Clone, Debug)]
pub struct Post {
    pub group: usize,
    pub author: Person,
    /// The first of its thread; of a topic itself.
    pub topic: usize,
    /// What it answers; none: it is a topic.
    pub parent: Option<usize>,
    pub uri: String,
    pub created: i64,
    /// For colleagues only.
    pub aside: bool,
    /// The group's house took it in, as far as it may have.
    pub accepted: bool,
    /// By a moderator of the group's house.
    pub removed: bool,
    /// Who knows that its author took it back.
    pub gone: [bool; HOUSES],
    /// Its texts, oldest first.
    pub texts: Vec<usize>,
}

/// What a marked word was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing that was taken: who wrote it may have it all the same.
    Draft(House),
    Post(usize),
    Title(usize),
}

/// How something leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Pushed,
    /// Read by a server, or by somebody there.
    Read(Option<Person>),
}

#[derive(Clone, Debug)]
pub struct Model {
    /// Of the one with the other, as the one sees it.
    pub partnerships: [[Partnership; HOUSES]; HOUSES],
    pub stopped: [bool; HOUSES],
    pub stopped_with: [[bool; HOUSES]; HOUSES],
    pub groups: Vec<Group>,
    pub posts: Vec<Post>,
    pub standings: BTreeMap<(usize, Person), Standing>,
    /// What each marked word is.
    pub said: Vec<Said>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            partnerships: [[Partnership::Over; HOUSES]; HOUSES],
            stopped: [false; HOUSES],
            stopped_with: [[false; HOUSES]; HOUSES],
            groups: Vec::new(),
            posts: Vec::new(),
            standings: BTreeMap::new(),
            said: Vec::new(),
        }
    }
}

/// Why something must not have left.
pub type Verdict = Result<(), &'static str>;

fn needs(condition: bool, otherwise: &'static str) -> Verdict {
    if condition { Ok(()) } else { Err(otherwise) }
}

// What is true ----------------------------------------------------------------------------------------------

impl Model {
    /// The grant that counts between a group and a house.
    pub fn grant(&self, group: usize, house: House, at: i64) -> Option<&Grant> {
        let group = &self.groups[group];
        let open = self.partnerships[group.home][house] == Partnership::Active
            && group.stage != Stage::Internal;
        let grant = group.grants[house].as_ref().filter(|_| open)?;
        let counts = grant.from <= at && grant.until.is_none_or(|until| at < until);
        counts.then_some(grant)
    }

    pub fn standing(&self, group: usize, person: Person, at: i64) -> Option<Standing> {
        let standing = self.standings.get(&(group, person)).copied();
        standing.filter(|standing| match standing {
            Standing::Banned { until } => until.is_none_or(|until| at < until),
            _ => true,
        })
    }

    pub fn is_member(&self, group: usize, person: Person, at: i64) -> bool {
        self.standing(group, person, at) == Some(Standing::Member)
    }

    pub fn has_member(&self, group: usize, house: House, at: i64) -> bool {
        let people = self.standings.keys().filter(|(of, _)| *of == group);
        people
            .filter(|(_, (at_house, _))| *at_house == house)
            .any(|(_, person)| self.is_member(group, *person, at))
    }

    /// What is said in a group is told to a house.
    pub fn is_told(&self, group: usize, house: House, at: i64) -> bool {
        self.grant(group, house, at).is_some() && self.has_member(group, house, at)
    }

    /// May a house take in what another one sends?
    pub fn takes_in(&self, house: House, from: House) -> Verdict {
        let stopped = self.stopped[house] || self.stopped_with[house][from];
        needs(!stopped, "an emergency stop holds it")
    }

    fn is_stopped(&self, house: House, other: House, group: usize) -> bool {
        let here = self.groups[group].home == house && self.groups[group].stopped;
        self.stopped[house] || self.stopped_with[house][other] || here
    }

    /// Somebody elsewhere may do this in a group.
    pub fn may(&self, group: usize, person: Person, capability: &str, at: i64) -> bool {
        let (house, _) = person;
        let home = self.groups[group].home;
        let able = self
            .grant(group, house, at)
            .is_some_and(|grant| grant.can.contains(capability));
        self.is_member(group, person, at) && (house == home || able)
    }
}

// What may leave --------------------------------------------------------------------------------------------

impl Model {
    /// May `from` let `to` have this marked word?
    pub fn may_leave(&self, from: House, to: House, word: usize, way: Way, at: i64) -> Verdict {
        let then = |at| match self.said(word) {
            None | Some(Said::Draft(_)) => Err("it was never said"),
            Some(Said::Post(post)) => self.post_may_leave(from, to, post, way, at),
            Some(Said::Title(group)) => self.title_may_leave(from, to, group),
        };
        then(at).or_else(|why| then(at - UNDER_WAY).map_err(|_| why))
    }

    fn title_may_leave(&self, from: House, to: House, group: usize) -> Verdict {
        let group = &self.groups[group];
        let announced = group.stage == Stage::Public && group.access != Access::Secret;
        needs(from == group.home, "only its house tells of a group")?;
        needs(
            announced || group.introduced[to],
            "nobody there may know that the group exists",
        )
    }

    fn post_may_leave(&self, from: House, to: House, post: usize, way: Way, at: i64) -> Verdict {
        let (author, home) = (
            self.posts[post].author.0,
            self.groups[self.posts[post].group].home,
        );
        match from {
            _ if from == home => self.house_shows(to, post, way, at),
            _ if from == author && to == home => self.author_tells_house(post),
            _ if from == author => self.author_shows(to, post, at),
            _ => Err("neither its author's house nor its group's"),
        }
    }

    /// The house of a group, of what is in it.
    pub fn house_shows(&self, to: House, post: usize, way: Way, at: i64) -> Verdict {
        let said = &self.posts[post];
        let (number, group) = (said.group, &self.groups[said.group]);
        let home = group.home;
        needs(!said.aside, "it is for colleagues only")?;
        needs(said.accepted, "its author was not allowed to say it there")?;
        needs(!said.gone[home], "its author took it back")?;
        needs(!said.removed, "a moderator took it out of view")?;
        needs(
            !self.is_stopped(home, to, number),
            "an emergency stop holds it",
        )?;
        let grant = self.grant(number, to, at).ok_or("no grant counts")?;
        let topic = &self.posts[said.topic];
        needs(
            topic.created >= grant.history,
            "its topic is older than the grant shows",
        )?;
        // What answers a third house's people says that they are there.
        let apart = |post: &Post| ![home, to].contains(&post.author.0);
        let answered = said.parent.map(|parent| &self.posts[parent]);
        let others = apart(said) || (said.author.0 != to && answered.is_some_and(apart));
        needs(!grant.apart || !others, "partners are kept apart")?;
        let open = group.access == Access::Open;
        match way {
            Way::Pushed => needs(self.has_member(number, to, at), "nobody there is a member"),
            Way::Read(None) => needs(
                open || self.has_member(number, to, at),
                "nobody there is a member",
            ),
            Way::Read(Some(reader)) => {
                let standing = self.standing(number, reader, at);
                let banned = matches!(standing, Some(Standing::Banned { .. }));
                needs(!banned, "its reader is banned")?;
                needs(
                    open || standing == Some(Standing::Member),
                    "its reader is no member",
                )
            }
        }
    }

    /// The house of an author, to the house of the group it was written in.
    fn author_tells_house(&self, post: usize) -> Verdict {
        let said = &self.posts[post];
        let (author, group) = (said.author.0, &self.groups[said.group]);
        needs(!said.aside, "it is for colleagues only")?;
        needs(!said.gone[author], "its author took it back")?;
        needs(
            self.partnerships[author][group.home] == Partnership::Active,
            "the partnership is not active",
        )?;
        needs(
            !self.is_stopped(author, group.home, said.group),
            "an emergency stop holds it",
        )?;
        needs(!group.withdrawn[author], "the group was taken back")
    }

    /// The house of an author, to another member's house.
    fn author_shows(&self, to: House, post: usize, at: i64) -> Verdict {
        let said = &self.posts[post];
        let author = said.author.0;
        needs(!said.aside, "it is for colleagues only")?;
        needs(!said.gone[author], "its author took it back")?;
        needs(
            self.partnerships[author][to] == Partnership::Active,
            "the partnership is not active",
        )?;
        needs(
            !self.is_stopped(author, to, said.group),
            "an emergency stop holds it",
        )?;
        let lately = at - self.groups[said.group].read_until[to] <= BELIEVED;
        needs(lately, "nobody there reads the group")
    }

    /// A house would read a group of another one.
    fn reads(&self, group: usize, house: House, at: i64) -> bool {
        let open = self.groups[group].access == Access::Open;
        self.grant(group, house, at).is_some() && (open || self.has_member(group, house, at))
    }

    /// Whether somebody's own server shows them a post that it has.
    pub fn is_shown_to(&self, person: Person, post: usize) -> Verdict {
        let said = &self.posts[post];
        let group = &self.groups[said.group];
        let (house, _) = person;
        needs(
            !said.aside || house == said.author.0,
            "it is for other colleagues",
        )?;
        needs(!group.withdrawn[house], "the group was taken back")?;
        let open = group.access == Access::Open;
        // Whether somebody is in a group elsewhere their own house may know later than its house.
        let inside = self.is_member(said.group, person, i64::MAX) || open || group.home != house;
        needs(inside, "they are not in the group")
    }
}

// What happens ----------------------------------------------------------------------------------------------

impl Model {
    /// A word that is in nothing else.
    pub fn mark(&mut self, said: Said) -> usize {
        self.said.push(said);
        self.said.len() - 1
    }

    /// What a marked word was written in; nothing that anybody said, where nobody did.
    pub fn said(&self, marked: usize) -> Option<Said> {
        self.said.get(marked).copied()
    }

    /// A group's people of a house are in it no more, nor invited. Bans stay.
    pub fn put_out_all(&mut self, group: usize, house: House) {
        self.standings.retain(|(of, (at_house, _)), standing| {
            (*of, *at_house) != (group, house) || matches!(standing, Standing::Banned { .. })
        });
    }

    /// A group is closed to a house.
    pub fn close(&mut self, group: usize, house: House) {
        self.groups[group].grants[house] = None;
        self.put_out_all(group, house);
    }

    /// All that a house opened to another one is closed.
    pub fn close_all(&mut self, house: House, to: House) {
        for group in 0..self.groups.len() {
            if self.groups[group].home == house {
                self.close(group, to);
            }
        }
    }

    /// Grants whose time is over: who came by them is out. They may be put out a little later, and nothing
    /// counts for them meanwhile.
    pub fn expire(&mut self, at: i64) {
        for group in 0..self.groups.len() {
            for house in 0..HOUSES {
                let grant = self.groups[group].grants[house].as_ref();
                if grant.is_some_and(|grant| grant.until.is_some_and(|until| until <= at)) {
                    self.close(group, house);
                }
            }
        }
    }

    /// Keeps in mind who reads what now.
    pub fn remember(&mut self, at: i64) {
        for group in 0..self.groups.len() {
            for house in 0..HOUSES {
                if self.reads(group, house, at) {
                    self.groups[group].read_until[house] = at;
                }
                let told = self.is_told(group, house, at);
                let since = &mut self.groups[group].told_since[house];
                *since = told.then(|| since.unwrap_or(at));
            }
        }
    }

    /// Somebody elsewhere asks to join, and their request has arrived.
    pub fn hear_request(&mut self, group: usize, person: Person, at: i64) {
        let Some(grant) = self.grant(group, person.0, at) else {
            return;
        };
        let lets_in = grant.lets_in;
        let standing = match self.standing(group, person, at) {
            Some(Standing::Banned { .. }) => return,
            Some(Standing::Member | Standing::Invited) => Standing::Member,
            _ if lets_in => Standing::Member,
            _ => Standing::Asked,
        };
        self.standings.insert((group, person), standing);
    }

    /// The house of a group hears what somebody elsewhere said in it.
    pub fn hear_post(&mut self, post: usize, at: i64) {
        let said = &self.posts[post];
        let capability = match said.topic == post {
            true => "start",
            false => "reply",
        };
        // Where the topic was taken out of view, what stands below it is still answered.
        let known = said.topic == post || self.posts[said.topic].accepted;
        if known && self.may(said.group, said.author, capability, at) {
            self.posts[post].accepted = true;
        }
    }
}

impl Group {
    pub fn new(home: House, name: String, uri: String, access: Access) -> Self {
        Self {
            home,
            name,
            uri,
            access,
            stage: Stage::Internal,
            stopped: false,
            grants: [const { None }; HOUSES],
            introduced: [false; HOUSES],
            withdrawn: [false; HOUSES],
            read_until: [i64::MIN / 2; HOUSES],
            told_since: [None; HOUSES],
        }
    }
}

/// As the houses' clocks count.
pub fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).expect("a time")
}

// Marked words ----------------------------------------------------------------------------------------------

/// What a marked word begins with: too long to stand by chance in a key, a signature or a digest, of which a
/// house's database is full.
const MARK: &str = "zqmark";

/// How a marked word is written.
pub fn word(number: usize) -> String {
    format!("{MARK}{number}z")
}

/// The marked words in some bytes.
pub fn words_in(bytes: &[u8]) -> BTreeSet<usize> {
    let text = String::from_utf8_lossy(bytes);
    let found = text.split(MARK).skip(1).filter_map(|rest| {
        let (number, _) = rest.split_once('z')?;
        number.parse().ok()
    });
    found.collect()
}

#[test]
fn marked_words_are_found_wherever_they_stand() {
    let text = format!("<p>a{}b {}</p>{MARK}, zq7z", word(3), word(12));
    assert_eq!(words_in(text.as_bytes()), BTreeSet::from([3, 12]));
}
