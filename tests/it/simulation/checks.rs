//! What is asked after every step: of what went by at the boundary, of what each house has, and of what its
//! ledger says; and in the end, whether both sides agree.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::boundary::Exchange;
use super::model::{
    HOUSES, House, Model, Partnership, Person, Post, Said, Stage, Standing, Verdict, Way, word,
    words_in,
};
use super::organization::PEOPLE;
use super::{NAMES, Problem, Simulation};
use crate::support::dump::Dump;

impl Simulation {
    /// All that is asked after a step.
    pub(super) fn check(&mut self, exchanges: &[Exchange]) -> Result<(), Problem> {
        let mut heard = Vec::new();
        for exchange in exchanges {
            self.tally.count(exchange);
            self.may_have_gone_by(exchange)?;
            heard.extend(self.hear(exchange));
        }
        for one in heard {
            self.take_in(one);
        }
        self.hear_endings();
        for house in 0..HOUSES {
            self.has_only_what_it_was_given(house)?;
            self.ledger_says_what_left(house, exchanges)?;
        }
        let now = self.now();
        self.model.remember(now);
        Ok(())
    }

    // What went by --------------------------------------------------------------------------------------

    fn may_have_gone_by(&mut self, exchange: &Exchange) -> Result<(), Problem> {
        if let Some(from) = exchange.from {
            let words = words_in(&exchange.sent);
            for marked in &words {
                self.may_leave((from, exchange.to), *marked, Way::Pushed, exchange)?;
            }
            self.names_nobody_apart(from, exchange.to, &exchange.sent)?;
            self.may_be_taken(from, exchange)?;
            if exchange.arrived {
                self.given[exchange.to].extend(words);
            }
        }
        for (_, answer) in &exchange.answers {
            let words = words_in(answer);
            let Some(reader) = exchange.from else {
                self.may_be_read_by_all(exchange, &words)?;
                continue;
            };
            let way = Way::Read(self.person_of(exchange));
            for marked in &words {
                self.may_leave((exchange.to, reader), *marked, way, exchange)?;
            }
            if reader != exchange.to {
                self.names_nobody_apart(exchange.to, reader, answer)?;
            }
            self.given[reader].extend(words);
        }
        Ok(())
    }

    fn may_leave(
        &self,
        (from, to): (House, House),
        marked: usize,
        way: Way,
        exchange: &Exchange,
    ) -> Result<(), Problem> {
        if from == to || self.is_its_own(to, marked) {
            return Ok(());
        }
        self.at_some_moment(exchange, |model, at| {
            model.may_leave(from, to, marked, way, at)
        })
        .map_err(|why| {
            format!(
                "{} left {} for {} ({way:?}, {} {}), though {why}",
                word(marked),
                NAMES[from],
                NAMES[to],
                exchange.method,
                exchange.target
            )
        })
    }

    /// Whoever stopped what goes between them takes nothing in, either.
    fn may_be_taken(&self, from: House, exchange: &Exchange) -> Result<(), Problem> {
        let to = exchange.to;
        if from == to || !exchange.is_delivery() || !exchange.was_taken() {
            return Ok(());
        }
        self.at_some_moment(exchange, |model, _| model.takes_in(to, from))
            .map_err(|why| {
                format!(
                    "{} took in what {} sent, though {why}",
                    NAMES[to], NAMES[from]
                )
            })
    }

    /// What is allowed at the moment it went by; while an act was being done, before or after it.
    fn at_some_moment(&self, exchange: &Exchange, ask: impl Fn(&Model, i64) -> Verdict) -> Verdict {
        let after = ask(&self.model, exchange.began);
        if after.is_err() && exchange.began <= self.acted_at {
            return ask(&self.before, exchange.began);
        }
        after
    }

    /// Written by somebody there: what goes home tells nobody anything.
    fn is_its_own(&self, house: House, marked: usize) -> bool {
        match self.model.said.get(marked) {
            Some(Said::Post(post)) => {
                let post = &self.model.posts[*post];
                post.author.0 == house && !post.aside
            }
            Some(Said::Title(group)) => self.model.groups[*group].home == house,
            Some(Said::Draft(author)) => *author == house,
            None => false,
        }
    }

    fn may_be_read_by_all(
        &self,
        exchange: &Exchange,
        words: &BTreeSet<usize>,
    ) -> Result<(), Problem> {
        for marked in words {
            let known = matches!(self.model.said(*marked), Some(Said::Title(group))
                if self.model.groups[group].stage == Stage::Public
                    || self.before.groups.get(group).is_some_and(|group| group.stage == Stage::Public));
            if !known {
                return Err(format!(
                    "{} was shown to somebody who does not say who they are: {} {}",
                    word(*marked),
                    exchange.method,
                    exchange.target
                ));
            }
        }
        Ok(())
    }

    fn person_of(&self, exchange: &Exchange) -> Option<Person> {
        let signer = exchange.signer.as_deref()?;
        let (house, name) = (exchange.from?, signer.rsplit_once("/u/")?.1);
        let person = PEOPLE.iter().position(|person| *person == name)?;
        Some((house, person))
    }

    /// Where partners are kept apart, nobody of the one is named to the other, nor its server. What was told before
    /// may be taken back.
    fn names_nobody_apart(&mut self, from: House, to: House, bytes: &[u8]) -> Result<(), Problem> {
        let text = String::from_utf8_lossy(bytes);
        let mut own = (0..self.model.groups.len()).filter(|number| {
            let group = &self.model.groups[*number];
            group.home == from && text.contains(&format!("{}\"", group.uri))
        });
        let (Some(group), None) = (own.next(), own.next()) else {
            return Ok(());
        };
        let at = self.now();
        let apart = |model: &Model| {
            let grant = model.groups.get(group)?.grants[to].as_ref();
            grant.map(|grant| grant.apart)
        };
        let third = (0..HOUSES).find(|house| *house != from && *house != to);
        let third = third.expect("three houses");
        let server = format!("http://{}/", self.houses[third].host);
        let people = PEOPLE.iter().map(|name| format!("{server}u/{name}\""));
        let names: Vec<String> = people.chain([server.clone()]).collect();
        for name in names {
            if !text.contains(&name) {
                continue;
            }
            let key = (group, to, name.clone());
            let kept = apart(&self.model) == Some(true) && apart(&self.before) != Some(false);
            if kept && !self.named.contains(&key) {
                return Err(format!(
                    "{name} is named to {}, from whom {} keeps others apart ({at}): {text}",
                    NAMES[to], self.model.groups[group].name
                ));
            }
            self.named.insert(key);
        }
        Ok(())
    }

    // What the houses hear ------------------------------------------------------------------------------

    /// What a house learns from what arrived. What gives somebody more counts at once; what takes something
    /// away, when all has settled.
    fn hear(&mut self, exchange: &Exchange) -> Option<Heard> {
        let from = exchange.from?;
        let taken = exchange.is_delivery() && exchange.was_taken();
        let activity: Value = taken
            .then(|| serde_json::from_slice(&exchange.sent).ok())
            .flatten()?;
        let object = &activity["object"];
        let about = object
            .as_str()
            .or(object["id"].as_str())
            .unwrap_or_default();
        let person = self.person_of(exchange);
        match (activity["type"].as_str()?, object["type"].as_str()) {
            ("Follow", _) => {
                let group = self.group_at(exchange.to, about)?;
                self.model.hear_request(group, person?, exchange.began);
                None
            }
            ("Undo", Some("Follow")) => {
                let group = self.group_at(exchange.to, object["object"].as_str()?)?;
                Some(Heard::Left(group, person?))
            }
            ("Create", _) => {
                for marked in words_in(&exchange.sent) {
                    if let Some(Said::Post(post)) = self.model.said(marked) {
                        let group = &self.model.groups[self.model.posts[post].group];
                        if group.home == exchange.to && self.model.posts[post].author.0 == from {
                            self.model.hear_post(post, exchange.began);
                        }
                    }
                }
                None
            }
            ("Delete", _) => {
                let mut posts = self.model.posts.iter();
                let post = posts.position(|post| post.uri == about)?;
                (self.model.posts[post].author.0 == from).then_some(Heard::Gone(post, exchange.to))
            }
            _ => None,
        }
    }

    fn group_at(&self, house: House, uri: &str) -> Option<usize> {
        let mut groups = self.model.groups.iter();
        groups.position(|group| group.home == house && group.uri == uri)
    }

    fn take_in(&mut self, heard: Heard) {
        match heard {
            Heard::Left(group, person) => {
                let standing = self.model.standings.get(&(group, person));
                if !matches!(standing, Some(Standing::Banned { .. })) {
                    self.model.standings.remove(&(group, person));
                }
            }
            Heard::Gone(post, house) => self.model.posts[post].gone[house] = true,
        }
    }

    /// Partnerships that the other side ended, and groups that were taken back: what a house says itself that it
    /// has no more it has no more.
    fn hear_endings(&mut self) {
        for house in 0..HOUSES {
            for other in (0..HOUSES).filter(|other| *other != house) {
                let over = self.partner_state(house, other).as_deref() == Some("ended");
                if over && self.model.partnerships[house][other] != Partnership::Over {
                    self.model.partnerships[house][other] = Partnership::Over;
                    self.model.close_all(house, other);
                }
            }
            let withdrawn = self.houses[house].rows(
                "SELECT a.uri AS row FROM groups g JOIN actors a ON a.id = g.actor_id WHERE g.withdrawn_at IS NOT NULL",
            );
            for group in &mut self.model.groups {
                group.withdrawn[house] = withdrawn.contains(&group.uri);
            }
        }
    }

    // What the houses have ------------------------------------------------------------------------------

    fn has_only_what_it_was_given(&self, house: House) -> Result<(), Problem> {
        let texts = self.houses[house]
            .rows("SELECT COALESCE(title, '') || html AS row FROM posts ORDER BY id DESC LIMIT 40");
        self.owns_or_was_given(house, &texts.concat())
    }

    fn owns_or_was_given(&self, house: House, text: &str) -> Result<(), Problem> {
        for marked in words_in(text.as_bytes()) {
            let own = match self.model.said(marked) {
                None => false,
                Some(Said::Draft(author)) => author == house,
                Some(Said::Post(post)) => self.model.posts[post].author.0 == house,
                Some(Said::Title(group)) => self.model.groups[group].home == house,
            };
            if !own && !self.given[house].contains(&marked) {
                return Err(format!(
                    "{} has {}, and nobody gave it",
                    NAMES[house],
                    word(marked)
                ));
            }
        }
        Ok(())
    }

    /// Everything in a house's database and in its folder of files.
    fn has_nothing_else_anywhere(&self, house: House) -> Result<(), Problem> {
        let dump = Dump::of(self.houses[house].database_url());
        for rows in dump.tables.values() {
            for row in rows {
                self.owns_or_was_given(house, row)?;
            }
        }
        let mut folders = vec![self.houses[house].folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_database = path.to_string_lossy().contains("guildhall.db");
                match path.is_dir() {
                    true => folders.push(path),
                    false if is_database => {}
                    false => {
                        let bytes = std::fs::read(path).unwrap_or_default();
                        self.owns_or_was_given(house, &String::from_utf8_lossy(&bytes))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What went by, in a line, for whoever looks for a mistake.
fn told(exchange: &Exchange) -> String {
    let from = exchange.from.map_or("somebody", |house| NAMES[house]);
    let activity: Value = serde_json::from_slice(&exchange.sent).unwrap_or_default();
    let kind = activity["type"].as_str().unwrap_or_default();
    let words = |bytes: &[u8]| {
        let words = words_in(bytes).into_iter().map(word);
        words.collect::<Vec<_>>().join(" ")
    };
    let answers = exchange.answers.iter();
    let answers: Vec<String> = answers
        .map(|(status, body)| format!("{status} {}", words(body)))
        .collect();
    format!(
        "  {} {from} to {}: {} {} {kind} {}: {answers:?}",
        exchange.began,
        NAMES[exchange.to],
        exchange.method,
        exchange.target,
        words(&exchange.sent)
    )
}

/// What takes effect when all has settled.
enum Heard {
    Left(usize, Person),
    Gone(usize, House),
}

// The ledger ------------------------------------------------------------------------------------------------

/// A line, as far as it is compared.
#[derive(Clone, Debug)]
struct Line {
    way: String,
    outcome: String,
    host: String,
    object: String,
    digest: String,
}

/// Host, object and digest: what left.
type Left = (String, String, String);

impl Simulation {
    fn ledger_says_what_left(
        &mut self,
        house: House,
        exchanges: &[Exchange],
    ) -> Result<(), Problem> {
        let lines = self.new_lines(house);
        self.tally.lines += lines.len();
        let mut pushed: BTreeMap<String, usize> = BTreeMap::new();
        let mut texts: BTreeMap<Left, usize> = BTreeMap::new();
        for exchange in attempts(house, exchanges) {
            let host = &self.houses[exchange.to].host;
            *pushed.entry(host.clone()).or_default() += 1;
            let activity = serde_json::from_slice(&exchange.sent).unwrap_or_default();
            if let Some((object, digest)) = text_in(&activity) {
                *texts.entry((host.clone(), object, digest)).or_default() += 1;
            }
        }
        let mut noted: BTreeMap<String, usize> = BTreeMap::new();
        let mut noted_texts: BTreeMap<Left, usize> = BTreeMap::new();
        let is_noted = |line: &&Line| line.way == "pushed" && line.outcome != "withheld";
        for line in lines.iter().filter(is_noted) {
            *noted.entry(line.host.clone()).or_default() += 1;
            if !line.digest.is_empty() {
                let left = (line.host.clone(), line.object.clone(), line.digest.clone());
                *noted_texts.entry(left).or_default() += 1;
            }
        }
        // A house that was cut off notes what may have left, too.
        let fits = match self.crashed {
            true => covers(&noted, &pushed) && covers(&noted_texts, &texts),
            false => noted == pushed && noted_texts == texts,
        };
        if !fits {
            return Err(format!(
                "the ledger of {} says that {noted:?} left, {noted_texts:?}; it was {pushed:?}, {texts:?}",
                NAMES[house]
            ));
        }
        self.ledger_says_what_was_read(house, exchanges, &lines)
    }

    fn ledger_says_what_was_read(
        &self,
        house: House,
        exchanges: &[Exchange],
        lines: &[Line],
    ) -> Result<(), Problem> {
        let mut read: BTreeSet<Left> = BTreeSet::new();
        let mut files: BTreeSet<(String, String)> = BTreeSet::new();
        let answers = exchanges.iter().filter(|exchange| {
            exchange.to == house && exchange.method == "GET" && exchange.from.is_some()
        });
        for exchange in answers {
            let Some(from) = exchange.from else { continue };
            let host = &self.houses[from].host;
            for (status, body) in &exchange.answers {
                if *status != 200 {
                    continue;
                }
                if exchange.target.starts_with("/media/") {
                    files.insert((host.clone(), hex(&openssl::sha::sha256(body))));
                } else if let Ok(document) = serde_json::from_slice(body) {
                    let mut found = Vec::new();
                    texts_in(&document, &mut found);
                    let with_host = |(object, digest)| (host.clone(), object, digest);
                    read.extend(found.into_iter().map(with_host));
                }
            }
        }
        let noted: BTreeSet<Left> = lines
            .iter()
            .filter(|line| line.way == "fetched" && !line.digest.is_empty())
            .map(|line| (line.host.clone(), line.object.clone(), line.digest.clone()))
            .collect();
        let noted_files: BTreeSet<(String, String)> = lines
            .iter()
            .filter(|line| line.way == "media")
            .map(|line| (line.host.clone(), line.digest.clone()))
            .collect();
        let before = self.noted_this_hour(house);
        if let Some(left) = read.iter().find(|left| {
            let (host, object, digest) = left;
            !before.contains(&format!("fetched {host} {object} {digest}"))
        }) {
            return Err(format!("the ledger of {} lacks {left:?}", NAMES[house]));
        }
        if let Some(left) = files.iter().find(|(host, digest)| {
            let ends = format!(" {digest}");
            let begins = format!("media {host} ");
            let mut lines = before.iter();
            !lines.any(|line| line.starts_with(&begins) && line.ends_with(&ends))
        }) {
            return Err(format!(
                "the ledger of {} lacks a file {left:?}",
                NAMES[house]
            ));
        }
        // Whoever is cut off between writing and showing shows nothing.
        let nothing_else = noted.is_subset(&read) && noted_files.is_subset(&files);
        if !self.crashed && !nothing_else {
            return Err(format!(
                "the ledger of {} says that {noted:?} and {noted_files:?} were read; it was {read:?} and {files:?}",
                NAMES[house]
            ));
        }
        Ok(())
    }

    fn new_lines(&mut self, house: House) -> Vec<Line> {
        let rows = self.houses[house].rows(&format!(
            "SELECT CAST(id AS TEXT) || ' ' || way || ' ' || outcome || ' ' || host || ' ' || object || ' ' || \
             COALESCE(digest, '') AS row FROM ledger WHERE id > {} ORDER BY id",
            self.ledger_until[house]
        ));
        let mut lines = Vec::new();
        for row in rows {
            let mut words = row.split(' ').map(str::to_owned);
            let mut next = || words.next().unwrap_or_default();
            self.ledger_until[house] = next().parse().expect("a number");
            lines.push(Line {
                way: next(),
                outcome: next(),
                host: next(),
                object: next(),
                digest: next(),
            });
        }
        lines
    }

    /// What a line of the last clock hour or so says that was read.
    fn noted_this_hour(&self, house: House) -> BTreeSet<String> {
        let from = self.acted_at - 2 * 3_600 * 1_000_000;
        let rows = self.houses[house].rows(&format!(
            "SELECT way || ' ' || host || ' ' || object || ' ' || COALESCE(digest, '') AS row FROM ledger \
             WHERE way <> 'pushed' AND at > {from}"
        ));
        rows.into_iter().collect()
    }
}

fn covers<K: Ord>(noted: &BTreeMap<K, usize>, left: &BTreeMap<K, usize>) -> bool {
    left.iter()
        .all(|(key, count)| noted.get(key).is_some_and(|noted| noted >= count))
}

/// A house's attempts to deliver something. A line of the ledger stands for one of them: where a server answers 401,
/// the same letter is sent once more at once, signed in the other of two ways, and that is no attempt of its own.
fn attempts(house: House, exchanges: &[Exchange]) -> Vec<&Exchange> {
    let mut attempts = Vec::new();
    let mut turned_away: BTreeSet<(House, &[u8])> = BTreeSet::new();
    let is_push = |exchange: &&Exchange| exchange.from == Some(house) && exchange.is_delivery();
    for exchange in exchanges.iter().filter(is_push) {
        let letter = (exchange.to, exchange.sent.as_slice());
        let refused = exchange.answered && exchange.last_status() == Some(401);
        if turned_away.remove(&letter) {
            continue;
        }
        attempts.push(exchange);
        if refused {
            turned_away.insert(letter);
        }
    }
    attempts
}

/// The post that an activity carries the text of, and the digest of that as FEDERATION.md says it.
fn text_in(activity: &Value) -> Option<(String, String)> {
    let mut found = Vec::new();
    texts_in(activity, &mut found);
    found.into_iter().next()
}

fn texts_in(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            if let (Some(id), Some(content)) = (
                members.get("id").and_then(Value::as_str),
                members.get("content").filter(|content| content.is_string()),
            ) {
                let name = members.get("name").cloned().unwrap_or_else(|| json!(""));
                let hashed = json!([id, name, content]).to_string();
                found.push((id.to_owned(), hex(&openssl::sha::sha256(hashed.as_bytes()))));
            }
            members.values().for_each(|inner| texts_in(inner, found));
        }
        Value::Array(all) => all.iter().for_each(|inner| texts_in(inner, found)),
        _ => {}
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// The end ---------------------------------------------------------------------------------------------------

/// A post as a house has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    stands: bool,
    likes: String,
    words: BTreeSet<usize>,
}

impl Simulation {
    /// Everything is mended, what waited arrives, and both sides of each grant have the same.
    pub(super) async fn conclude(&mut self) -> Result<(), Problem> {
        self.boundary.heal();
        self.before = self.model.clone();
        self.release_all().await;
        self.settle_and_check().await?;
        for _ in 0..14 {
            self.pass(Duration::from_secs(3_600));
            self.end_expired().await;
            self.settle_and_check().await?;
        }
        for house in 0..HOUSES {
            self.has_nothing_else_anywhere(house)?;
        }
        for group in 0..self.model.groups.len() {
            for house in (0..HOUSES).filter(|house| *house != self.model.groups[group].home) {
                self.agree(group, house)?;
            }
        }
        Ok(())
    }

    pub(super) async fn settle_and_check(&mut self) -> Result<(), Problem> {
        self.acted_at = self.now();
        self.settle().await?;
        let exchanges = self.boundary.take();
        if let Err(problem) = self.check(&exchanges) {
            self.story.extend(exchanges.iter().map(told));
            return Err(problem);
        }
        self.before = self.model.clone();
        Ok(())
    }

    fn agree(&self, group: usize, house: House) -> Result<(), Problem> {
        let (now, home) = (self.now(), self.model.groups[group].home);
        let both_active = self.model.partnerships[house][home] == Partnership::Active
            && !self.model.groups[group].withdrawn[house];
        let since = self.model.groups[group].told_since[house];
        let (Some(grant), Some(since), true) =
            (self.model.grant(group, house, now), since, both_active)
        else {
            return Ok(());
        };
        let (here, there) = (self.kept(home, group), self.kept(house, group));
        for (number, post) in self.model.posts.iter().enumerate() {
            if post.group != group || post.aside {
                continue;
            }
            let (at_home, with_them) = (here.get(&post.uri), there.get(&post.uri));
            let problem = match (at_home, with_them) {
                (Some(one), Some(two)) if one.stands != two.stands => "stands on one side only",
                (Some(one), Some(two)) if one.stands && one.words != two.words => {
                    "has two different texts"
                }
                (Some(one), Some(two)) if one.stands && !grant.apart && one.likes != two.likes => {
                    "is liked by so many on one side and so many on the other"
                }
                // What hangs from something that never came has no place there.
                (Some(one), None)
                    if one.stands
                        && self.has_ground(post, &there)
                        && self.model.posts[post.topic].created >= since
                        && self
                            .model
                            .house_shows(house, number, Way::Pushed, now)
                            .is_ok() =>
                {
                    "never arrived"
                }
                _ => continue,
            };
            return Err(format!(
                "{} in {}: {problem} ({} and {}): {at_home:?}, {with_them:?}",
                word(post.texts[0]),
                self.model.groups[group].name,
                NAMES[home],
                NAMES[house]
            ));
        }
        Ok(())
    }

    /// A house has what a post answers.
    fn has_ground(&self, post: &Post, there: &BTreeMap<String, Kept>) -> bool {
        let parent = post.parent.map(|parent| &self.model.posts[parent]);
        parent.is_none_or(|parent| there.contains_key(&parent.uri))
    }

    /// What a house has of a group, by address.
    fn kept(&self, house: House, group: usize) -> BTreeMap<String, Kept> {
        let rows = self.houses[house].rows(&format!(
            "SELECT p.uri || ' ' || p.state || ' ' || CAST(p.likes AS TEXT) || ' ' || COALESCE(p.title, '') || p.html AS row \
             FROM posts p JOIN actors a ON a.id = p.group_id WHERE a.uri = '{}'",
            self.model.groups[group].uri
        ));
        let read = rows.into_iter().map(|row| {
            let mut parts = row.splitn(4, ' ').map(str::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            let (uri, state, likes) = (next(), next(), next());
            let kept = Kept {
                stands: state == "visible",
                likes,
                words: words_in(next().as_bytes()),
            };
            (uri, kept)
        });
        read.collect()
    }
}
