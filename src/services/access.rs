//! Loads what policy needs to know and asks it. The only place in the house that does.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::app::Asker;
use crate::domain::{
    Access, Account, Actor, ActorId, ActorKind, ActorState, Approval, Audience, FirstContact,
    FollowState, Group, GroupId, Host, Interaction, Membership, MembershipState, Outreach, Post,
    PostId, PostState, Stage, Stops, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{
    self, Act, Action, Begun, Facts, FollowFacts, GroupFacts, MembershipFacts, OwnerFacts, Permit,
    PostFacts, ProfileFacts, ProfilePostFacts, ReadScope, Reason, Refusal, Viewer, act,
};
use crate::services::first_contacts;
use crate::storage::grants::Bond;
use crate::storage::holds::Holds;
use crate::storage::posts::Standing;
use crate::storage::{self, Connection};

/// Asks for something that concerns no group: creating one, administering.
pub fn permit_house<A: Act>(asker: &Asker) -> Result<Permit<A>> {
    Ok(policy::permit(
        &asker.viewer,
        &Facts::new(asker.now, asker.house),
    )?)
}

/// Asks for something in a group. A group that is not there is denied like one that is hidden.
pub fn permit<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
) -> Result<(Permit<A>, Group)> {
    let group = storage::groups::find(connection, group)?.ok_or(Error::NotFound)?;
    let facts = group_facts(connection, asker, &group)?;
    Ok((policy::permit(&asker.viewer, &facts)?, group))
}

/// The same for a group that was looked for by somebody who may not know of it. What is not there
/// is asked for like what is hidden, so that both answers take the same time.
pub fn permit_sought<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    sought: Option<Group>,
) -> Result<(Permit<A>, Group)> {
    let there = sought.is_some();
    let group = match sought {
        Some(group) => group,
        None => nowhere()?,
    };
    let facts = group_facts(connection, asker, &group)?;
    let answer = policy::permit(&asker.viewer, &facts);
    match there {
        true => Ok((answer?, group)),
        false => Err(Error::NotFound),
    }
}

/// A group that nobody ever made.
fn nowhere() -> Result<Group> {
    let uri: Uri = "https://nowhere.invalid/".parse()?;
    Ok(Group {
        id: GroupId(0),
        actor: Actor {
            id: ActorId(0),
            kind: ActorKind::Group,
            state: ActorState::Active,
            name: String::new(),
            host: None,
            url: String::new(),
            display_name: String::new(),
            summary: String::new(),
            inbox: uri.clone(),
            shared_inbox: None,
            followers: None,
            outbox: None,
            uri,
            created_at: Timestamp::MIN,
            fetched_at: None,
        },
        access: Access::Secret,
        stage: Stage::Internal,
        description: String::new(),
        archived_at: None,
        withdrawn_at: None,
        moved_to: None,
        also_known_as: Vec::new(),
        outreach: Outreach::default(),
        first_contact: FirstContact::Free,
        label: None,
    })
}

/// Asks for a post that was looked for by somebody who may not know of it.
pub fn permit_sought_post<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    sought: Option<Post>,
) -> Result<Case<A>> {
    match sought {
        Some(post) => permit_found(connection, asker, post),
        None => {
            let group = storage::groups::find(connection, GroupId(0))?;
            storage::posts::find_standing(connection, PostId(0))?;
            permit_sought::<A>(connection, asker, group)?;
            Err(Error::NotFound)
        }
    }
}

/// May the asker learn that a person of this house exists? Whoever is not there is asked for like
/// who is hidden.
pub fn permit_person(
    connection: &mut Connection,
    asker: &Asker,
    sought: Option<Account>,
) -> Result<Account> {
    let person = sought
        .as_ref()
        .map_or(ActorId(0), |account| account.actor.id);
    let (partner, shares_group) = match asker.viewer.host() {
        Some(host) => (
            storage::partners::find_state(connection, host)?,
            storage::memberships::shares_group_with(connection, person, host, asker.now)?
                || meets_by_word(connection, asker, person)?,
        ),
        None => (None, false),
    };
    let enabled =
        |account: &Account| !account.disabled && account.actor.state == ActorState::Active;
    let facts = ProfileFacts {
        house: asker.house,
        enabled: sought.as_ref().is_some_and(enabled),
        partner,
        shares_group,
        follows_there: follows_there(connection, asker, person)?,
        awaited: is_awaited(connection, asker, person)?,
        followable: is_followable(connection, person)?,
        stopped: is_stopped(connection, asker.viewer.host(), None)?,
    };
    policy::reads_profile(&asker.viewer, &facts)?;
    sought.ok_or(Error::NotFound)
}

fn follows_there(connection: &mut Connection, asker: &Asker, person: ActorId) -> Result<bool> {
    match asker.viewer.host() {
        Some(host) => storage::follows::connects(connection, person, host),
        None => Ok(false),
    }
}

fn is_awaited(connection: &mut Connection, asker: &Asker, person: ActorId) -> Result<bool> {
    match asker.viewer.host() {
        Some(host) => storage::deliveries::any_waiting(connection, person, host),
        None => Ok(false),
    }
}

fn is_followable(connection: &mut Connection, person: ActorId) -> Result<bool> {
    let approval = storage::follows::find_approval(connection, person)?;
    Ok(approval.is_some_and(|approval| approval != Approval::Nobody))
}

/// Asks whether the asker may follow somebody, here or elsewhere, and how that begins. Whoever is not
/// there is asked for like who is hidden.
pub fn permit_follow(
    connection: &mut Connection,
    asker: &Asker,
    sought: Option<Actor>,
) -> Result<(FollowState, Actor)> {
    let id = sought.as_ref().map_or(ActorId(0), |actor| actor.id);
    let home = sought.as_ref().and_then(|actor| actor.host.clone());
    let there = sought
        .as_ref()
        .is_some_and(|actor| actor.kind == ActorKind::Person && actor.state == ActorState::Active);
    let account = storage::accounts::find(connection, id)?;
    let known = match (&asker.viewer, &home) {
        (Viewer::Member { .. }, Some(_)) => there,
        (Viewer::Member { .. }, None) => {
            there && account.as_ref().is_some_and(|account| !account.disabled)
        }
        _ => match permit_person(connection, asker, account) {
            Ok(_) => there,
            Err(Error::NotFound | Error::Denied(_)) => false,
            Err(fault) => return Err(fault),
        },
    };
    let partner = match asker.viewer.host().or(home.as_ref()) {
        Some(host) => storage::partners::find_state(connection, host)?,
        None => None,
    };
    let facts = FollowFacts {
        house: asker.house,
        followed: id,
        home,
        known,
        approval: storage::follows::find_approval(connection, id)?.unwrap_or(Approval::Nobody),
        partner,
    };
    policy::may_follow(&asker.viewer, &facts)?;
    let outcome = policy::follow_outcome(&asker.viewer, &facts);
    Ok((outcome, sought.ok_or(Error::NotFound)?))
}

/// Asks whether the asker may write on the own profile, or is kept here who writes on theirs elsewhere.
pub fn permit_profile_post(
    connection: &mut Connection,
    asker: &Asker,
    audience: Audience,
) -> Result<Permit<act::PostOnProfile>> {
    permit_profile_post_by(connection, asker, audience, None)
}

/// The same for a post of somebody elsewhere that somebody else passes on.
pub fn permit_profile_post_by(
    connection: &mut Connection,
    asker: &Asker,
    audience: Audience,
    passed_on: Option<ActorId>,
) -> Result<Permit<act::PostOnProfile>> {
    let passed_on_here = match passed_on {
        Some(by) => storage::follows::any_follower_on_host(connection, by, None)?,
        None => false,
    };
    let (partner, followed_here) = match (asker.viewer.host(), asker.viewer.actor()) {
        (Some(host), Some(author)) => (
            storage::partners::find_state(connection, host)?,
            storage::follows::any_follower_on_host(connection, author, None)?,
        ),
        _ => (None, false),
    };
    let facts = ProfilePostFacts {
        house: asker.house,
        audience,
        partner,
        followed_here,
        passed_on_here,
    };
    Ok(policy::permit_profile_post(&asker.viewer, &facts)?)
}

/// Whether an emergency stop holds what goes between `host` (none: anybody on the web) and a group of ours
/// (none: what is in no group).
pub fn is_stopped(
    connection: &mut Connection,
    host: Option<&Host>,
    group: Option<GroupId>,
) -> Result<bool> {
    Ok(storage::stops::list(connection)?.hold(host, group))
}

/// Refuses, with that reason, what somebody elsewhere does in a group that is stopped and that they would
/// know otherwise: they come again.
pub fn refuse_stopped(connection: &mut Connection, asker: &Asker, group: &Group) -> Result<()> {
    match explain(connection, asker, Action::Know, Some(group), None)? {
        Err(refusal) if refusal.reason == Reason::Stopped => Err(Error::Denied(Reason::Stopped)),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// The person takes part in a group elsewhere whose house says that the asker reads it.
fn meets_by_word(connection: &mut Connection, asker: &Asker, person: ActorId) -> Result<bool> {
    match asker.vouched {
        Some(group) => storage::memberships::takes_part(connection, person, group),
        None => Ok(false),
    }
}

/// May the asker learn that a person of this house was erased? Whoever could have met them may;
/// to everybody else they never were.
pub fn permit_former_person(
    connection: &mut Connection,
    asker: &Asker,
    person: &Actor,
) -> Result<()> {
    let (partner, shares_group) = match asker.viewer.host() {
        Some(host) => (
            storage::partners::find_state(connection, host)?,
            storage::memberships::shares_group_with(connection, person.id, host, asker.now)?
                || storage::deliveries::any_signed_to(connection, person.id, host)?,
        ),
        None => (None, false),
    };
    let facts = ProfileFacts {
        house: asker.house,
        enabled: true,
        partner,
        shares_group,
        follows_there: false,
        awaited: false,
        followable: false,
        stopped: is_stopped(connection, asker.viewer.host(), None)?,
    };
    Ok(policy::reads_profile(&asker.viewer, &facts)?)
}

/// Asks for something on a post. One that is not there takes as long as one that is hidden.
pub fn permit_post<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    post: PostId,
) -> Result<Case<A>> {
    let sought = storage::posts::find(connection, post)?;
    permit_sought_post(connection, asker, sought)
}

/// Asks for something on a post that was read already.
pub fn permit_found<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    post: Post,
) -> Result<Case<A>> {
    let group = find_group_of(connection, &post)?;
    permit_in(connection, asker, group, post)
}

/// The same where the group it is in was read too.
pub fn permit_in<A: Act>(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<Group>,
    post: Post,
) -> Result<Case<A>> {
    debug_assert_eq!(post.group, group.as_ref().map(|group| group.id));
    let facts = post_facts(connection, asker, group.as_ref(), &post)?;
    Ok(Case {
        permit: policy::permit(&asker.viewer, &facts)?,
        post,
        group,
    })
}

/// A permit on a post, with the post and its group.
pub struct Case<A: Act> {
    pub permit: Permit<A>,
    pub post: Post,
    pub group: Option<Group>,
}

/// Whether something is allowed, for showing or not showing a button.
pub fn may(
    connection: &mut Connection,
    asker: &Asker,
    action: Action,
    group: &Group,
) -> Result<bool> {
    let facts = group_facts(connection, asker, group)?;
    Ok(policy::decide(&asker.viewer, action, &facts).is_ok())
}

/// The full answer with its reason, for people with duties.
pub fn explain(
    connection: &mut Connection,
    asker: &Asker,
    action: Action,
    group: Option<&Group>,
    post: Option<&Post>,
) -> Result<Result<(), Refusal>> {
    let facts = match post {
        Some(post) => post_facts(connection, asker, group, post)?,
        None => match group {
            Some(group) => group_facts(connection, asker, group)?,
            None => Facts::new(asker.now, asker.house),
        },
    };
    Ok(policy::explain(&asker.viewer, action, &facts))
}

/// Whether what a group of ours granted a server has effect now, and if not, why.
pub fn grant_effect(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    host: &Host,
) -> Result<Result<(), Reason>> {
    let partner = Asker {
        viewer: Viewer::Server { host: host.clone() },
        ..asker.clone()
    };
    let facts = group_facts(connection, &partner, group)?;
    Ok(policy::grant_effect(&facts))
}

/// The same of what is written there now, by the bond with that server alone; `topic`: below which. For who
/// is told who will read it.
pub(super) fn reaches(
    asker: &Asker,
    group: &Group,
    bond: &Bond,
    stopped: bool,
    topic: Option<&Post>,
) -> Result<(), Reason> {
    let facts = Facts {
        partner: bond.partner,
        grant: bond.terms,
        discreet: bond.discreet,
        by_mirror: bond.microblog && group.is_mirrored(),
        stopped,
        ..facts_of(asker, group)
    };
    let begun = topic.map(|topic| Begun {
        at: topic.topic_created_at,
        shared_by_exception: topic.shared_by_exception,
    });
    policy::grant_reaches(&facts, begun)
}

/// Refuses to let somebody of a server in whose software would show the group's posts to others.
///
/// # Errors
/// [`Error::Denied`] with that reason. Other reasons why a grant has no effect are no hindrance: it may
/// have some later.
pub fn refuse_indiscreet(
    connection: &mut Connection,
    asker: &Asker,
    group: &Group,
    host: &Host,
) -> Result<()> {
    match grant_effect(connection, asker, group, host)? {
        Err(reason @ Reason::NotDiscreet) => Err(Error::Denied(reason)),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Everything the asker may read.
pub fn scope(asker: &Asker) -> ReadScope {
    policy::scope(&asker.viewer, asker.house, asker.now)
}

/// What is known of the asker and a group.
pub fn group_facts(connection: &mut Connection, asker: &Asker, group: &Group) -> Result<Facts> {
    let mut facts = facts_of(asker, group);
    if let Some(actor) = asker.viewer.actor() {
        facts.membership = storage::memberships::find(connection, group.id, actor)?
            .as_ref()
            .map(membership_facts);
    }
    match (group.home(), asker.viewer.host()) {
        // A group elsewhere: the partnership with its house, what that house granted us, and whether
        // it says that the viewer reads it.
        (Some(home), _) => {
            facts.vouched = asker.vouched == Some(group.id);
            if let (Some(_), Viewer::Member { actor, .. }) = (&facts.membership, &asker.viewer) {
                facts.moderates_there = storage::moderators::is_one(connection, group.id, *actor)?;
            }
            facts.partner = storage::partners::find_state(connection, home)?;
            facts.grant =
                storage::grants::find_received(connection, group.id)?.map(|(_, terms)| terms);
            let host = asker.viewer.host().unwrap_or(home);
            facts.stopped = is_stopped(connection, Some(host), None)?;
        }
        // A group of ours and somebody from elsewhere: the grant we gave.
        (None, Some(host)) => {
            let bond = storage::grants::find_for_host(connection, group.id, host)?;
            (facts.partner, facts.grant) = (bond.partner, bond.terms);
            facts.discreet = bond.discreet;
            facts.by_mirror = bond.microblog && group.is_mirrored();
            facts.stopped = is_stopped(connection, Some(host), Some(group.id))?;
            facts.members_on_host = on_host(connection, group.id, host, MembershipState::Member)?;
            facts.known_on_host = facts.members_on_host
                || on_host(connection, group.id, host, MembershipState::Invited)?
                || storage::memberships::any_invited_handle(connection, group.id, host)?;
            let known = first_contacts::known(connection, &asker.viewer, group)?;
            (facts.new_to_group, facts.unheard) = (!known.met, !known.heard);
            if let (None, Some(actor)) = (&facts.membership, asker.viewer.actor()) {
                facts.membership = invited_by_handle(connection, group.id, actor)?;
            }
        }
        (None, None) if asker.viewer.is_outside() => {
            facts.stopped = is_stopped(connection, None, Some(group.id))?;
        }
        (None, None) => {}
    }
    Ok(facts)
}

/// Somebody who was invited before anything but the handle was known of them.
fn invited_by_handle(
    connection: &mut Connection,
    group: GroupId,
    person: ActorId,
) -> Result<Option<MembershipFacts>> {
    let role = storage::memberships::find_invited_handle(connection, group, person)?;
    Ok(role.map(|role| MembershipFacts {
        state: MembershipState::Invited,
        role,
        banned_until: None,
    }))
}

/// What is known of a group, whoever asks.
fn facts_of(asker: &Asker, group: &Group) -> Facts {
    Facts {
        group: Some(GroupFacts {
            id: group.id,
            access: group.access,
            stage: group.stage,
            archived: group.archived_at.is_some(),
            home: group.home().cloned(),
            withdrawn: group.withdrawn_at.is_some(),
        }),
        ..Facts::new(asker.now, asker.house)
    }
}

fn on_host(
    connection: &mut Connection,
    group: GroupId,
    host: &Host,
    state: MembershipState,
) -> Result<bool> {
    storage::memberships::any_on_host(connection, group, host, state)
}

/// What is known of the asker, a group and one of its posts.
pub fn post_facts(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<&Group>,
    post: &Post,
) -> Result<Facts> {
    let facts = match group {
        Some(group) => group_facts(connection, asker, group)?,
        None => profile_facts(connection, asker, post)?,
    };
    about_post(connection, asker, facts, post)
}

/// What is known of the asker and whose profile a post stands on. What is between people stands on
/// nobody's.
pub fn profile_facts(connection: &mut Connection, asker: &Asker, post: &Post) -> Result<Facts> {
    let mut facts = Facts::new(asker.now, asker.house);
    if !post.audience.is_on_profile() {
        return Ok(facts);
    }
    let owner = find_owner(connection, post)?;
    let other_side = asker.viewer.host().or(owner.host.as_ref());
    if other_side.is_some() || asker.viewer.is_outside() {
        facts.stopped = is_stopped(connection, other_side, None)?;
    }
    let followed = match &asker.viewer {
        Viewer::Member { actor, .. } | Viewer::Person { actor, .. } => {
            storage::follows::is_following(connection, *actor, owner.id)?
        }
        Viewer::Server { host } => {
            storage::follows::any_follower_on_host(connection, owner.id, Some(host))?
        }
        Viewer::Anonymous | Viewer::Operator => false,
    };
    if let Some(host) = asker.viewer.host().or(owner.host.as_ref()) {
        facts.partner = storage::partners::find_state(connection, host)?;
    }
    facts.owner = Some(OwnerFacts {
        id: owner.id,
        home: owner.host,
        followed,
    });
    Ok(facts)
}

/// On whose profile a post stands: who wrote the topic of its thread.
pub fn find_owner(connection: &mut Connection, post: &Post) -> Result<Actor> {
    let author = match post.is_topic() {
        true => post.author,
        false => {
            let topic = storage::posts::find(connection, post.topic)?;
            topic.ok_or(Error::NotFound)?.author
        }
    };
    storage::actors::find(connection, author)?.ok_or(Error::NotFound)
}

/// May the server at `host` be sent a post on a profile now?
pub fn may_receive_profile_post(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    post: &Post,
) -> Result<Result<(), Refusal>> {
    let server = Asker {
        viewer: Viewer::Server { host: host.clone() },
        ..asker.clone()
    };
    explain(connection, &server, Action::Receive, None, Some(post))
}

/// Asks whether a boost counts; of what another server keeps, and somebody elsewhere boosted, whether it is noted.
pub fn permit_boost(
    connection: &mut Connection,
    asker: &Asker,
    sought: Option<Post>,
) -> Result<Permit<act::Reshare>> {
    if let Some(post) = &sought {
        let group = find_group_of(connection, post)?;
        let facts = post_facts(connection, asker, group.as_ref(), post)?;
        if let Some(answer) = policy::boost_of_theirs(&asker.viewer, &facts) {
            return Ok(answer?);
        }
    }
    let case = permit_sought_post::<act::Reshare>(connection, asker, sought)?;
    Ok(case.permit)
}

/// May the server at `host` be told now that somebody here passed a post on?
pub fn may_hear_of_boost(
    connection: &mut Connection,
    asker: &Asker,
    host: &Host,
    post: &Post,
) -> Result<Result<(), Refusal>> {
    let server = Asker {
        viewer: Viewer::Server { host: host.clone() },
        ..asker.clone()
    };
    let group = find_group_of(connection, post)?;
    let facts = post_facts(connection, &server, group.as_ref(), post)?;
    let partner = storage::partners::find_state(connection, host)?;
    Ok(policy::hears_of_boost(&server.viewer, &facts, partner))
}

/// Adds what is known of a post to the facts of its group, for who asks about many posts of it.
pub fn about_post(
    connection: &mut Connection,
    asker: &Asker,
    of_group: Facts,
    post: &Post,
) -> Result<Facts> {
    let standing = storage::posts::find_standing(connection, post.id)?.ok_or(Error::NotFound)?;
    let names_viewer = names_viewer(connection, &asker.viewer, post)?;
    let viewer = &asker.viewer;
    let mut facts = facts_of_post(post, &standing, viewer.host(), names_viewer);
    if let (Some(policy), Viewer::Member { actor, .. }) = (&standing.interaction, viewer) {
        let person = storage::actors::find(connection, *actor)?.ok_or(Error::NotFound)?;
        facts.reserves_likes = !policy.allows(Interaction::Like, &person.uri);
        facts.reserves_replies = !policy.allows(Interaction::Reply, &person.uri);
        facts.reserves_boosts = !policy.allows(Interaction::Announce, &person.uri);
    }
    Ok(Facts {
        post: Some(facts),
        ..of_group
    })
}

/// What is known of a post to whom at `host` looks at it; none: to somebody of this house.
fn facts_of_post(
    post: &Post,
    standing: &Standing,
    host: Option<&Host>,
    names_viewer: bool,
) -> PostFacts {
    PostFacts {
        id: post.id,
        author: post.author,
        by_us: standing.host.is_none(),
        by_them: host.is_some() && standing.host.as_ref() == host,
        answers_others: answers_others(standing.answers.as_ref(), host),
        mirrored: standing.mirrored,
        reserves_likes: false,
        reserves_replies: false,
        reserves_boosts: false,
        audience: post.audience,
        state: post.state,
        held: standing.holds.keep_from(host),
        locked: standing.topic_locked,
        topic_created_at: post.topic_created_at,
        shared_by_exception: post.shared_by_exception,
        names_viewer,
    }
}

/// Whether what a post answers, written at `answered` (none: here), is of another server than `host`.
fn answers_others(answered: Option<&Host>, host: Option<&Host>) -> bool {
    answered.is_some() && answered != host
}

/// Asks which servers may get which posts, and reads each fact once however many there are of
/// either. For one transaction only: afterwards the facts may be others.
pub struct Receivers<'a> {
    asker: &'a Asker,
    stops: Option<Stops>,
    groups: HashMap<(GroupId, Host), Facts>,
    posts: HashMap<PostId, Told>,
}

/// What is known of a post, whichever server asks, and where it was written.
struct Told {
    facts: PostFacts,
    host: Option<Host>,
    answers: Option<Host>,
    holds: Holds,
}

impl Told {
    fn of(post: &Post, standing: Standing) -> Self {
        Self {
            facts: facts_of_post(post, &standing, None, false),
            host: standing.host,
            answers: standing.answers,
            holds: standing.holds,
        }
    }

    fn to(&self, host: &Host) -> PostFacts {
        PostFacts {
            by_them: self.host.as_ref() == Some(host),
            answers_others: answers_others(self.answers.as_ref(), Some(host)),
            held: self.holds.keep_from(Some(host)),
            ..self.facts
        }
    }
}

impl<'a> Receivers<'a> {
    pub fn new(asker: &'a Asker) -> Self {
        Self {
            asker,
            stops: None,
            groups: HashMap::new(),
            posts: HashMap::new(),
        }
    }

    /// Whether an emergency stop holds what goes to `host`, out of a group of ours (none: whatever it is).
    pub fn is_stopped(
        &mut self,
        connection: &mut Connection,
        host: &Host,
        group: Option<GroupId>,
    ) -> Result<bool> {
        if self.stops.is_none() {
            self.stops = Some(storage::stops::list(connection)?);
        }
        let hold = |stops: &Stops| stops.hold(Some(host), group);
        Ok(self.stops.as_ref().is_some_and(hold))
    }

    /// Reads what is to be known of many servers that have members in a group of ours, at once.
    pub fn meet(
        &mut self,
        connection: &mut Connection,
        group: &Group,
        hosts: &[&Host],
    ) -> Result<()> {
        let mut granted = storage::grants::list_for_hosts(connection, group.id, hosts)?;
        for host in hosts {
            let bond = granted.remove(*host).unwrap_or_default();
            let facts = Facts {
                stopped: self.is_stopped(connection, host, Some(group.id))?,
                partner: bond.partner,
                grant: bond.terms,
                discreet: bond.discreet,
                by_mirror: bond.microblog && group.is_mirrored(),
                members_on_host: true,
                known_on_host: true,
                ..facts_of(self.asker, group)
            };
            self.groups.insert((group.id, (*host).clone()), facts);
        }
        Ok(())
    }

    /// The same for servers of which it is not known whether they have members. Those that have none
    /// are asked about one by one.
    pub fn meet_some(
        &mut self,
        connection: &mut Connection,
        group: &Group,
        hosts: &[&Host],
    ) -> Result<()> {
        let with = storage::memberships::list_hosts_with_members(connection, group.id, hosts)?;
        let hosts: Vec<&Host> = hosts
            .iter()
            .filter(|host| with.contains(host.as_str()))
            .copied()
            .collect();
        self.meet(connection, group, &hosts)
    }

    /// Reads what is to be known of many posts, at once.
    pub fn meet_posts(&mut self, connection: &mut Connection, posts: &[Post]) -> Result<()> {
        let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
        let mut standings = storage::posts::list_standings(connection, &ids)?;
        // Whether a direct message names the viewer is another question for each server.
        for post in posts.iter().filter(|post| !is_direct(post)) {
            if let Some(standing) = standings.remove(&post.id) {
                self.posts.insert(post.id, Told::of(post, standing));
            }
        }
        Ok(())
    }

    /// May the server at `host` get this post of this group now?
    pub fn ask(
        &mut self,
        connection: &mut Connection,
        host: &Host,
        group: &Group,
        post: Option<&Post>,
    ) -> Result<Result<(), Refusal>> {
        let server = Asker {
            viewer: Viewer::Server { host: host.clone() },
            ..self.asker.clone()
        };
        let facts = match self.groups.get(&(group.id, host.clone())) {
            Some(facts) => facts.clone(),
            None => {
                let facts = group_facts(connection, &server, group)?;
                self.groups.insert((group.id, host.clone()), facts.clone());
                facts
            }
        };
        let facts = match post {
            Some(post) => self.with_post(connection, &server, host, facts, post)?,
            None => facts,
        };
        Ok(policy::explain(&server.viewer, Action::Receive, &facts))
    }

    fn with_post(
        &mut self,
        connection: &mut Connection,
        server: &Asker,
        host: &Host,
        of_group: Facts,
        post: &Post,
    ) -> Result<Facts> {
        if is_direct(post) {
            return about_post(connection, server, of_group, post);
        }
        let told = match self.posts.entry(post.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let standing = storage::posts::find_standing(connection, post.id)?;
                unknown.insert(Told::of(post, standing.ok_or(Error::NotFound)?))
            }
        };
        Ok(Facts {
            post: Some(told.to(host)),
            ..of_group
        })
    }
}

fn is_direct(post: &Post) -> bool {
    post.audience == Audience::Direct
}

/// Only direct messages are read for being named; in others a mention means nothing here.
fn names_viewer(connection: &mut Connection, viewer: &Viewer, post: &Post) -> Result<bool> {
    if !is_direct(post) {
        return Ok(false);
    }
    match viewer {
        Viewer::Member { actor, .. } | Viewer::Person { actor, .. } => {
            storage::posts::is_mentioned(connection, post.id, *actor)
        }
        Viewer::Server { host } => storage::posts::mentions_host(connection, post.id, host),
        Viewer::Anonymous | Viewer::Operator => Ok(false),
    }
}

/// Whether a post is shown with its text, or only that there was one. Asked of posts that the
/// asker may read, which a visible one needs no second question for.
pub fn shows_text(connection: &mut Connection, asker: &Asker, post: &Post) -> Result<bool> {
    if post.state == PostState::Visible {
        return Ok(true);
    }
    let group = find_group_of(connection, post)?;
    let facts = post_facts(connection, asker, group.as_ref(), post)?;
    Ok(policy::shows_text(&asker.viewer, &facts))
}

pub fn find_group_of(connection: &mut Connection, post: &Post) -> Result<Option<Group>> {
    match post.group {
        Some(group) => storage::groups::find(connection, group),
        None => Ok(None),
    }
}

fn membership_facts(membership: &Membership) -> MembershipFacts {
    MembershipFacts {
        state: membership.state,
        role: membership.role,
        banned_until: membership.banned_until,
    }
}

/// The viewer that a verified remote actor is: a server or a person; nobody when it is shut out here.
pub fn viewer_of(actor: &Actor) -> Viewer {
    match (&actor.host, actor.state, actor.kind) {
        // A group's key is its house's: what a group says, its server says.
        (Some(host), ActorState::Active, ActorKind::Service | ActorKind::Group) => {
            Viewer::Server { host: host.clone() }
        }
        (Some(host), ActorState::Active, _) => Viewer::Person {
            actor: actor.id,
            host: host.clone(),
        },
        _ => Viewer::Anonymous,
    }
}
