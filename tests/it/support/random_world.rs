//! A house and its neighbours as chance would have them: every state a partner, grant, membership
//! or post can be in, many of them at once, some of them senseless. What holds here holds always.

use guildhall::domain::{
    Access, Actor, ActorId, ActorKind, ActorState, Audience, Boosts, Capabilities, Capability,
    EventKind, Evidence, Follow, FollowState, Grant, GrantId, GrantTerms, Group, GroupDialect,
    GroupId, GroupRole, Hold, HoldState, Host, JoinMode, Membership, MembershipState, Mirror,
    Outreach, PartnerClass, PartnerState, PeerDialect, Post, PostId, PostState, Stage, Stop,
    StopId, StopTarget, Timestamp, Uri,
};
use guildhall::storage::partners::NewPartner;
use guildhall::storage::{self, Database, seed};

use super::dice::Dice;

const US: &str = "acme.example";

/// Our neighbours: what they are to us. The last was never heard of.
const HOSTS: &[(&str, Option<PartnerState>)] = &[
    ("birch.example", Some(PartnerState::Active)),
    (MICROBLOG, Some(PartnerState::Active)),
    ("paused.example", Some(PartnerState::Paused)),
    ("ended.example", Some(PartnerState::Ended)),
    ("blocked.example", Some(PartnerState::Blocked)),
    ("invited.example", Some(PartnerState::Invited)),
    ("cedar.example", None),
    (INDISCREET, Some(PartnerState::Active)),
    (STOPPED, Some(PartnerState::Active)),
];

/// The active partner with which an emergency stop holds everything.
const STOPPED: &str = "elder.example";

/// The active partner of which it is not known that it keeps what is not public.
const INDISCREET: &str = "alder.example";

/// The active partner that knows no groups.
const MICROBLOG: &str = "beech.example";

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub people_here: usize,
    pub groups: usize,
    pub posts_per_group: usize,
}

#[derive(Debug, Default)]
pub struct RandomWorld {
    pub actors: Vec<Actor>,
    pub people_here: Vec<ActorId>,
    pub people_elsewhere: Vec<(ActorId, Host)>,
    pub groups: Vec<Group>,
    pub posts: Vec<Post>,
    memberships: Vec<Membership>,
    follows: Vec<Follow>,
    mentions: Vec<(PostId, ActorId)>,
    /// The host, and a grant whose partner is filled in when that is saved.
    grants: Vec<(Host, Grant)>,
    received: Vec<(GroupId, GrantTerms)>,
    /// People here who let groups copy what they write.
    mirrored: Vec<ActorId>,
    /// What is held at the boundary, from a partner or from everybody.
    holds: Vec<Hold>,
    stops: Vec<Stop>,
}

/// Few moments, so that windows, bans and ages often meet exactly.
pub fn day(number: usize) -> Timestamp {
    let first = Timestamp::parse("2026-03-01").unwrap();
    first.plus(std::time::Duration::from_secs(86_400 * number as u64))
}

const DAYS: usize = 7;

fn some_day(dice: &mut Dice) -> Timestamp {
    day(dice.below(DAYS))
}

pub fn hosts() -> Vec<Host> {
    HOSTS
        .iter()
        .map(|(host, _)| host.parse().unwrap())
        .collect()
}

impl RandomWorld {
    pub fn imagine(dice: &mut Dice, size: Size) -> Self {
        let mut world = Self::default();
        for _ in 0..size.people_here {
            let person = world.actor(ActorKind::Person, None);
            world.people_here.push(person.id);
            if person.id.0 % 2 == 0 {
                world.mirrored.push(person.id);
            }
        }
        for host in hosts() {
            for _ in 0..2 {
                let person = world.actor(ActorKind::Person, Some(&host));
                world.people_elsewhere.push((person.id, host.clone()));
            }
        }
        for _ in 0..size.groups {
            world.imagine_group(dice, size);
        }
        world.imagine_follows(dice);
        world.imagine_stops(dice);
        for _ in 0..size.posts_per_group * 40 {
            world.imagine_post(dice, None);
        }
        world
    }

    fn actor(&mut self, kind: ActorKind, host: Option<&Host>) -> Actor {
        let number = self.actors.len() + 1;
        let name = format!("{kind}{number}");
        let at = host.map_or(US, Host::as_str);
        let uri: Uri = format!("https://{at}/{name}").parse().unwrap();
        let actor = Actor {
            id: ActorId(i64::try_from(number).unwrap()),
            kind,
            state: ActorState::Active,
            host: host.cloned(),
            url: uri.to_string(),
            display_name: String::new(),
            summary: String::new(),
            inbox: uri.join("inbox"),
            shared_inbox: None,
            followers: None,
            outbox: None,
            created_at: day(0),
            fetched_at: None,
            uri,
            name,
        };
        self.actors.push(actor.clone());
        actor
    }

    fn imagine_group(&mut self, dice: &mut Dice, size: Size) {
        let host = dice.perhaps(40, |dice| dice.pick(&hosts()).clone());
        let actor = self.actor(ActorKind::Group, host.as_ref());
        let group = Group {
            id: actor.id.group(),
            actor,
            access: *dice.pick(Access::ALL),
            stage: *dice.pick(Stage::ALL),
            description: String::new(),
            archived_at: dice.perhaps(15, some_day),
            withdrawn_at: host.as_ref().and_then(|_| dice.perhaps(15, some_day)),
            moved_to: None,
            also_known_as: Vec::new(),
            first_contact: guildhall::domain::FirstContact::Free,
            label: None,
            outreach: Outreach {
                mirror: match self.groups.len() % 3 {
                    0 => Mirror::On,
                    _ => Mirror::Off,
                },
                boosts: Boosts::Topics,
            },
        };
        let people: Vec<ActorId> = self.people().collect();
        for person in people {
            if dice.percent(55) {
                self.memberships
                    .push(imagine_membership(dice, group.id, person));
            }
        }
        match host {
            None => self.imagine_grants(dice, group.id),
            Some(_) => self
                .received
                .extend(dice.perhaps(70, |dice| (group.id, imagine_terms(dice)))),
        }
        for _ in 0..size.posts_per_group {
            self.imagine_post(dice, Some(group.id));
        }
        self.groups.push(group);
    }

    fn people(&self) -> impl Iterator<Item = ActorId> {
        let elsewhere = self.people_elsewhere.iter().map(|(person, _)| *person);
        self.people_here.iter().copied().chain(elsewhere)
    }

    fn imagine_follows(&mut self, dice: &mut Dice) {
        let people: Vec<ActorId> = self.people().collect();
        for follower in &people {
            for followed in people.iter().filter(|followed| *followed != follower) {
                if dice.percent(40) {
                    let uri = format!("https://{US}/follows/{follower}/{followed}");
                    self.follows.push(Follow {
                        follower: *follower,
                        followed: *followed,
                        state: *dice.pick(FollowState::ALL),
                        uri: uri.parse().unwrap(),
                        since: day(0),
                    });
                }
            }
        }
    }

    /// One of a server, and of every tenth group.
    fn imagine_stops(&mut self, dice: &mut Dice) {
        let mut targets = vec![StopTarget::Partner(STOPPED.parse().unwrap())];
        for group in self.groups.iter().filter(|group| group.is_local()) {
            targets.extend(dice.perhaps(10, |_| StopTarget::Group(group.id)));
        }
        for (number, target) in targets.into_iter().enumerate() {
            self.stops.push(Stop {
                id: StopId(i64::try_from(number + 1).unwrap()),
                target,
                reason: String::new(),
                by: "operator".to_owned(),
                since: day(0),
            });
        }
    }

    fn imagine_grants(&mut self, dice: &mut Dice, group: GroupId) {
        for (host, partner) in HOSTS {
            if partner.is_none() {
                continue;
            }
            // One that ended leaves a row, and says nothing any more.
            for ended in [
                dice.perhaps(20, some_day).map(Some),
                dice.perhaps(75, |_| None),
            ] {
                let Some(ended_at) = ended else { continue };
                let grant = Grant {
                    id: GrantId(i64::try_from(self.grants.len() + 1).unwrap()),
                    group,
                    partner: guildhall::domain::PartnerId(0),
                    terms: imagine_terms(dice),
                    created_at: day(0),
                    ended_at,
                };
                self.grants.push((host.parse().unwrap(), grant));
            }
        }
    }

    fn imagine_post(&mut self, dice: &mut Dice, group: Option<GroupId>) {
        let id = PostId(i64::try_from(self.posts.len() + 1).unwrap());
        let people: Vec<ActorId> = self.people().collect();
        let topics = self
            .posts
            .iter()
            .filter(|post| post.group == group && post.is_topic());
        let topics: Vec<(PostId, Timestamp)> = topics
            .map(|topic| (topic.id, topic.topic_created_at))
            .collect();
        let below = match topics.is_empty() {
            false => dice.perhaps(60, |dice| *dice.pick(&topics)),
            true => None,
        };
        let (topic, topic_created_at) = below.unwrap_or_else(|| (id, some_day(dice)));
        let audience = match group.is_some() && dice.percent(45) {
            true => Audience::Group,
            false => *dice.pick(Audience::ALL),
        };
        let state = match dice.percent(60) {
            true => PostState::Visible,
            false => *dice.pick(PostState::ALL),
        };
        if dice.percent(20) {
            let host = dice.perhaps(50, |dice| dice.pick(&hosts()).clone());
            self.holds.push(Hold {
                post: id,
                host,
                state: HoldState::Waiting,
                sentence: String::new(),
                news: EventKind::PostCreated,
                below: None,
                since: topic_created_at,
            });
        }
        if audience == Audience::Direct || dice.percent(20) {
            let named = people.iter().filter(|_| dice.percent(25));
            self.mentions.extend(named.map(|person| (id, *person)));
        }
        self.posts.push(Post {
            id,
            uri: format!("https://{US}/p/{id}").parse().unwrap(),
            group,
            author: *dice.pick(&people),
            topic,
            parent: below.map(|(topic, _)| topic),
            title: None,
            source: None,
            html: String::new(),
            audience,
            state,
            locked: dice.percent(10),
            pinned: false,
            shared_by_exception: dice.percent(20),
            created_at: topic_created_at,
            topic_created_at,
            edited_at: None,
            comments: 0,
            likes: 0,
            active_at: topic_created_at,
            label: None,
        });
    }

    pub fn is_member(&self, group: GroupId, person: ActorId) -> bool {
        let member = |membership: &Membership| {
            (membership.group, membership.actor) == (group, person)
                && membership.state == MembershipState::Member
        };
        self.memberships.iter().any(member)
    }

    pub fn is_following(&self, follower: ActorId, followed: ActorId) -> bool {
        let accepted = |follow: &Follow| {
            (follow.follower, follow.followed) == (follower, followed)
                && follow.state == FollowState::Accepted
        };
        self.follows.iter().any(accepted)
    }

    /// Writes the world into an empty database.
    pub async fn save(self, db: &Database) -> Self {
        let save = move |connection: &mut storage::Connection| {
            seed::insert_actors(connection, &self.actors)?;
            seed::insert_groups(connection, &self.groups, day(0))?;
            seed::insert_memberships(connection, &self.memberships)?;
            seed::insert_follows(connection, &self.follows)?;
            for (host, state) in HOSTS {
                let Some(state) = *state else { continue };
                let partner = NewPartner {
                    host: host.parse()?,
                    class: PartnerClass::Partner,
                    state,
                    organization: (*host).to_owned(),
                    instance: None,
                    mutual: true,
                    agreement: None,
                    discreet: *host != INDISCREET,
                };
                let partner = storage::partners::save(connection, &partner, day(0))?;
                let given = self.grants.iter().filter(|(to, _)| *to == partner.host);
                let given = given.map(|(_, grant)| Grant {
                    partner: partner.id,
                    ..grant.clone()
                });
                seed::insert_grants(connection, &given.collect::<Vec<_>>())?;
            }
            let microblog = PeerDialect {
                learned: Some((GroupDialect::Boosts, Evidence::Guessed)),
                ..PeerDialect::unknown(MICROBLOG.parse()?)
            };
            storage::dialects::save(connection, &microblog)?;
            for person in &self.mirrored {
                storage::mirrors::allow(connection, *person, day(0))?;
            }
            for (group, terms) in &self.received {
                let uri = format!("https://{US}/received/{group}").parse()?;
                storage::grants::save_received(connection, *group, &uri, *terms)?;
            }
            seed::insert_stops(connection, &self.stops)?;
            seed::insert_posts(connection, &self.posts)?;
            seed::insert_mentions(connection, &self.mentions)?;
            for hold in &self.holds {
                storage::holds::save(connection, hold)?;
            }
            Ok(self)
        };
        let world = db.write("save_world", save).await.unwrap();
        db.maintain("analyze", seed::analyze).await.unwrap();
        world
    }
}

fn imagine_membership(dice: &mut Dice, group: GroupId, actor: ActorId) -> Membership {
    Membership {
        group,
        actor,
        state: match dice.percent(40) {
            true => MembershipState::Member,
            false => *dice.pick(MembershipState::ALL),
        },
        role: *dice.pick(GroupRole::ALL),
        follow: None,
        banned_until: dice.perhaps(60, some_day),
        since: day(0),
    }
}

fn imagine_terms(dice: &mut Dice) -> GrantTerms {
    let capabilities: Vec<Capability> = Capability::ALL
        .iter()
        .copied()
        .filter(|_| dice.percent(35))
        .collect();
    GrantTerms {
        capabilities: Capabilities::of(&capabilities),
        join: *dice.pick(JoinMode::ALL),
        from: day(dice.below(4)),
        until: dice.perhaps(50, |dice| day(2 + dice.below(DAYS - 2))),
        history_from: some_day(dice),
        apart: dice.percent(30),
    }
}
