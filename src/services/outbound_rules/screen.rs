//! Asking the rules about posts. What would leave is what is stored, so the rules look at that: in the
//! transaction that writes it, and again when it is planned and sent, should there be newer rules by then.

use super::{group_of, name_of, webhooks};
use crate::app::Asker;
use crate::domain::{
    Audience, AuditAction, Condition, EventKind, Group, GroupId, Hold, HoldState, Host, Labels,
    Mark, OutboundRule, Partner, PartnerId, Post, PostId, PostState, RuleId, RuleKind, RuleOutcome,
    RulePlace, RuleSentence, Stage, Timestamp,
};
use crate::error::{Error, Refused, Result};
use crate::policy::{House, Outgoing, OutgoingFile, ProfileReach, Screening, screen as ask};
use crate::services::holds::free_below;
use crate::services::labels::{self, Effect};
use crate::services::{access, audit};
use crate::storage::events::NewEvent;
use crate::storage::{self, Connection};

/// Held because of what it answers.
const BELOW_HELD: &str = "It answers something that is held at the boundary.";
/// Held again, because its author changed what was refused.
const CHANGED_AFTER_REFUSAL: &str = "It was kept inside, and its author changed it since.";

/// Posts of a thread that are read together.
const THREAD_PART: usize = 500;

/// Whether webhooks are to be asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Screened {
    Done,
    WebhooksWaiting,
}

/// Asks about a new post. Where it is held, it is written down as held; what answers something held is held
/// with it.
///
/// # Errors
/// [`Error::Refused`], which undoes the post.
pub(in crate::services) fn of_new(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
) -> Result<Screened> {
    let catches = caught(connection, asker.house, post, None)?;
    not_refused(connection, post, &catches)?;
    let mut holds = holding(post, asker.now, EventKind::PostCreated, &catches);
    for above in held_above(connection, post)? {
        if !holds.iter().any(|own| own.host == above.host) {
            holds.push(with_above(post, &above, asker.now));
        }
    }
    write_down(connection, asker, post, &holds)
}

/// Asks about a post that has a new text. One that was refused is looked at again, whatever its author made
/// of it; one that may go now goes with the rest of its thread.
///
/// # Errors
/// [`Error::Refused`], which undoes the change.
pub(in crate::services) fn of_edit(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
) -> Result<Screened> {
    let before = storage::holds::list_of(connection, &[post.id])?;
    storage::holds::forget_release(connection, post.id)?;
    storage::holds::remove(connection, post.id)?;
    let untold = before
        .iter()
        .any(|hold| hold.news == EventKind::PostCreated);
    let news = match untold {
        true => EventKind::PostCreated,
        false => EventKind::PostUpdated,
    };
    let catches = caught(connection, asker.house, post, None)?;
    not_refused(connection, post, &catches)?;
    let mut holds = holding(post, asker.now, news, &catches);
    for old in before {
        let known = holds.iter_mut().find(|hold| hold.host == old.host);
        match (known, old.state, old.below) {
            // Somebody said no: then no program's yes is enough.
            (Some(hold), HoldState::Refused, _) => hold.state = HoldState::Waiting,
            (Some(_), HoldState::Waiting | HoldState::Asking, _) => {}
            (None, HoldState::Refused, _) => holds.push(Hold {
                state: HoldState::Waiting,
                sentence: CHANGED_AFTER_REFUSAL.to_owned(),
                news,
                since: asker.now,
                ..old
            }),
            // What is held with another is, whatever it says.
            (None, HoldState::Waiting | HoldState::Asking, Some(_)) => holds.push(old),
            (None, HoldState::Waiting | HoldState::Asking, None) => {}
        }
    }
    if untold {
        for above in held_above(connection, post)? {
            if !holds.iter().any(|own| own.host == above.host) {
                holds.push(with_above(post, &above, asker.now));
            }
        }
    }
    if untold && holds.is_empty() {
        tell_written(connection, post, asker.now)?;
        free_below(connection, post.id, asker.now)?;
    }
    write_down(connection, asker, post, &holds)
}

/// Asks the rules that are newer than these texts, because the posts are about to leave: what they catch, and
/// what they would have refused, is held.
pub(in crate::services) fn again(
    connection: &mut Connection,
    house: House,
    ids: &[PostId],
    now: Timestamp,
) -> Result<()> {
    let newest = storage::outbound_rules::newest(connection)?;
    let Some(newest) = newest.filter(|_| !ids.is_empty()) else {
        return Ok(());
    };
    let mut posts = storage::posts::list_by_ids(connection, ids)?;
    posts.retain(|post| written_at(post) <= newest);
    let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
    let looked_at = storage::holds::list_released(connection, &ids)?;
    posts.retain(|post| !looked_at.contains(&post.id));
    for post in posts {
        let since = written_at(&post);
        hold_afterwards(connection, house, &post, Some(since), now)?;
    }
    Ok(())
}

/// Asks about everything people here wrote in a group, because it is opened further: nobody asked while it
/// stayed inside. `from`: topics older than that stay unseen anyway.
pub(in crate::services) fn of_opened(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
    from: Timestamp,
) -> Result<()> {
    of_all(connection, asker, Some(group), from)
}

/// The same, because what is said in a group is classified higher now.
pub(in crate::services) fn of_all_in(
    connection: &mut Connection,
    asker: &Asker,
    group: GroupId,
) -> Result<()> {
    of_all(connection, asker, Some(group), Timestamp::MIN)
}

/// The same of everything there is, because labels mean something else now.
pub(in crate::services) fn of_everything(connection: &mut Connection, asker: &Asker) -> Result<()> {
    of_all(connection, asker, None, Timestamp::MIN)
}

/// The same of a post that has another label now; of a topic with everything below it, which has at least that.
pub(in crate::services) fn of_relabelled(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
) -> Result<()> {
    hold_afterwards(connection, asker.house, post, None, asker.now)?;
    if !post.is_topic() {
        return Ok(());
    }
    let below = storage::posts::list_ids_of_thread(connection, post.id)?;
    for part in below.chunks(THREAD_PART) {
        for comment in storage::posts::list_by_ids(connection, part)? {
            hold_afterwards(connection, asker.house, &comment, None, asker.now)?;
        }
    }
    Ok(())
}

fn of_all(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<GroupId>,
    from: Timestamp,
) -> Result<()> {
    if storage::outbound_rules::newest(connection)?.is_none() {
        return Ok(());
    }
    let mut after = None;
    loop {
        let part = storage::posts::list_written_here(connection, group, from, after)?;
        let Some(last) = part.last() else {
            return Ok(());
        };
        after = Some(last.id);
        let ids: Vec<PostId> = part.iter().map(|post| post.id).collect();
        let looked_at = storage::holds::list_released(connection, &ids)?;
        for post in part.iter().filter(|post| !looked_at.contains(&post.id)) {
            hold_afterwards(connection, asker.house, post, None, asker.now)?;
        }
    }
}

/// Holds what is written already: it cannot be refused any more.
fn hold_afterwards(
    connection: &mut Connection,
    house: House,
    post: &Post,
    newer_than: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let catches = caught(connection, house, post, newer_than)?;
    let news = match post.edited_at {
        Some(_) => EventKind::PostUpdated,
        None => EventKind::PostCreated,
    };
    let mut holds = holding(post, now, news, &catches);
    let before = storage::holds::list_of(connection, &[post.id])?;
    holds.retain(|hold| !before.iter().any(|known| known.host == hold.host));
    for hold in &holds {
        storage::holds::save(connection, hold)?;
        note_held(connection, "rules", post, hold)?;
    }
    if holds.iter().any(|hold| hold.state == HoldState::Asking) {
        webhooks::submit(connection, post, now)?;
    }
    Ok(())
}

/// Since when a post has the text it has.
pub(super) fn written_at(post: &Post) -> Timestamp {
    post.edited_at.unwrap_or(post.created_at)
}

// What is caught ----------------------------------------------------------------------------------

/// What the rules of one audience say: everybody outside (none), or one partner.
pub(super) struct Catch {
    pub host: Option<Host>,
    pub holding: Vec<OutboundRule>,
    pub refusing: Option<OutboundRule>,
}

/// Whom a held post is kept from: hosts, or nothing for everybody outside.
pub(super) fn outgoing_to(holds: &[Hold]) -> Vec<String> {
    let hosts = holds.iter().filter_map(|hold| hold.host.as_ref());
    hosts.map(Host::to_string).collect()
}

pub(super) fn is_webhook(rule: &OutboundRule) -> bool {
    matches!(rule.condition, Condition::Webhook(_))
}

/// Asks the rules (newer than a time; none: all) that count where a post stands. Nothing, where it stays inside, or
/// where nobody here wrote it.
pub(super) fn caught(
    connection: &mut Connection,
    house: House,
    post: &Post,
    newer_than: Option<Timestamp>,
) -> Result<Vec<Catch>> {
    let mut rules = storage::outbound_rules::list(connection)?;
    let labelled = storage::labels::last_change(connection)?;
    rules.retain(|rule| {
        let since = match is_about_label(rule) {
            true => Some(rule.created_at).max(labelled),
            false => Some(rule.created_at),
        };
        newer_than.is_none_or(|time| since >= Some(time))
    });
    if rules.is_empty() && labelled.is_none() || post.state != PostState::Visible {
        return Ok(Vec::new());
    }
    let author = storage::actors::find(connection, post.author)?.ok_or(Error::NotFound)?;
    let group = group_of(connection, post.group)?;
    if !author.is_local() || !leaves(connection, house, group.as_ref(), post)? {
        return Ok(Vec::new());
    }
    let labels = storage::labels::list(connection)?;
    let mark = labels::mark_of(connection, &labels, group.as_ref(), post)?;
    rules.extend(rule_of_lost(&mark));
    let reached = reached(connection, &rules, group.as_ref(), post)?;
    let outgoing = outgoing(connection, post)?.with_mark(&labels, &mark);
    Ok(ask_all(&rules, group.as_ref(), &reached, &outgoing))
}

fn is_about_label(rule: &OutboundRule) -> bool {
    rule.condition.kind() == RuleKind::Label
}

/// The rule that nobody made: what has a label that the list does not know (any more) is held.
fn rule_of_lost(mark: &Mark) -> Option<OutboundRule> {
    let Mark::Lost(name) = mark else { return None };
    let sentence = format!("Its label {name} is in the list no more: give it another.");
    Some(OutboundRule {
        id: RuleId(0),
        place: RulePlace::House,
        condition: Condition::Unreadable {
            kind: RuleKind::Label,
            text: name.to_string(),
        },
        outcome: RuleOutcome::Hold,
        sentence: RuleSentence::cut(&sentence)?,
        created_at: Timestamp::MIN,
    })
}

/// What the rules about labels make of something in a group (none: on a profile) that is classified so. What its
/// text or its files may be caught by is another matter.
pub(in crate::services) fn effect(
    connection: &mut Connection,
    group: Option<&Group>,
    labels: &Labels,
    mark: &Mark,
) -> Result<Effect> {
    let stays = |group: &Group| group.is_local() && group.stage == Stage::Internal;
    if group.is_some_and(stays) {
        return Ok(Effect::Leaves);
    }
    let mut rules = storage::outbound_rules::list(connection)?;
    rules.retain(is_about_label);
    rules.extend(rule_of_lost(mark));
    let reached = partners_reached(connection, &rules, group, group.and_then(Group::home))?;
    let outgoing = Outgoing::default().with_mark(labels, mark);
    let catches = ask_all(&rules, group, &reached, &outgoing);
    if let Some(rule) = catches.iter().find_map(|one| one.refusing.as_ref()) {
        return Ok(Effect::Refused(rule.sentence.as_str().to_owned()));
    }
    let from_all = catches.iter().any(|one| one.host.is_none());
    let hosts: Vec<Host> = catches.into_iter().filter_map(|one| one.host).collect();
    Ok(match (from_all, hosts.is_empty()) {
        (true, _) => Effect::Held(Vec::new()),
        (false, false) => Effect::Held(hosts),
        (false, true) => Effect::Leaves,
    })
}

/// Whether anybody outside could get it.
fn leaves(
    connection: &mut Connection,
    house: House,
    group: Option<&Group>,
    post: &Post,
) -> Result<bool> {
    match (post.audience, group) {
        (Audience::Aside | Audience::Profile, _) => Ok(false),
        (_, Some(group)) => Ok(!group.is_local() || group.stage != Stage::Internal),
        (_, None) if house.profiles != ProfileReach::Colleagues => Ok(true),
        // What answers somebody elsewhere goes there whatever the house lets out otherwise.
        (_, None) => Ok(!access::find_owner(connection, post)?.is_local()),
    }
}

/// The partners that could get a post; asked only when some rule is of a partner.
fn reached(
    connection: &mut Connection,
    rules: &[OutboundRule],
    group: Option<&Group>,
    post: &Post,
) -> Result<Vec<Partner>> {
    let home = match group {
        Some(group) => group.home().cloned(),
        None => access::find_owner(connection, post)?.host,
    };
    partners_reached(connection, rules, group, home.as_ref())
}

/// The same of what is written in a group, or on a profile; `home`: where that is kept, if elsewhere.
fn partners_reached(
    connection: &mut Connection,
    rules: &[OutboundRule],
    group: Option<&Group>,
    home: Option<&Host>,
) -> Result<Vec<Partner>> {
    let of_partner = |rule: &OutboundRule| matches!(rule.place, RulePlace::Partner(_));
    if !rules.iter().any(of_partner) {
        return Ok(Vec::new());
    }
    let mut partners = storage::partners::list(connection)?;
    match (group, home) {
        (_, Some(home)) => partners.retain(|partner| partner.host == *home),
        (Some(group), None) => {
            let grants = storage::grants::list_standing(connection, Some(group.id), None)?;
            partners.retain(|one| grants.iter().any(|grant| grant.partner == one.id));
        }
        // Followers may be at any of them.
        (None, None) => {}
    }
    Ok(partners)
}

/// Whether a group of ours is open to a partner.
pub(super) fn is_open_to(
    connection: &mut Connection,
    group: GroupId,
    partner: PartnerId,
) -> Result<bool> {
    Ok(storage::grants::find_standing(connection, group, partner)?.is_some())
}

/// Asks for everybody outside, and for each partner that has rules of its own. What a public group keeps
/// from one it keeps from all, for everybody reads there.
pub(super) fn ask_all(
    rules: &[OutboundRule],
    group: Option<&Group>,
    reached: &[Partner],
    outgoing: &Outgoing,
) -> Vec<Catch> {
    let public = group.is_some_and(Group::is_public);
    let here = group.map(|group| group.id);
    let of_partner =
        |rule: &OutboundRule, partner: &Partner| rule.place == RulePlace::Partner(partner.id);
    let for_all = rules.iter().filter(|rule| match rule.place {
        RulePlace::House => true,
        RulePlace::Group(group) => Some(group) == here,
        RulePlace::Partner(_) => public && reached.iter().any(|one| of_partner(rule, one)),
    });
    let mut all = vec![(None, ask(for_all, outgoing))];
    if !public {
        for partner in reached {
            let its = rules.iter().filter(|rule| of_partner(rule, partner));
            all.push((Some(partner.host.clone()), ask(its, outgoing)));
        }
    }
    let caught = all.into_iter().filter_map(|(host, screening)| {
        let (holding, refusing) = match screening {
            Screening::Free => return None,
            Screening::Held(rules) => (rules.into_iter().cloned().collect(), None),
            Screening::Refused(rule) => (Vec::new(), Some(rule.clone())),
        };
        Some(Catch {
            host,
            holding,
            refusing,
        })
    });
    caught.collect()
}

/// What of a post would leave.
pub(super) fn outgoing(connection: &mut Connection, post: &Post) -> Result<Outgoing> {
    let mut outgoing = Outgoing::default()
        .with_line(post.title.as_deref().unwrap_or_default())
        .with_markup(post.source.as_deref(), &post.html);
    let mut polls = storage::polls::list(connection, &[post.id])?;
    if let Some(poll) = polls.remove(&post.id) {
        for option in poll.titles() {
            outgoing = outgoing.with_line(option);
        }
    }
    for attachment in storage::attachments::list_of(connection, post.id)? {
        outgoing = outgoing
            .with_line(&attachment.name)
            .with_line(&attachment.description)
            .with_file(OutgoingFile {
                media_type: attachment.media_type,
                bytes: attachment.stored.map(|stored| stored.bytes),
            });
    }
    Ok(outgoing)
}

// What becomes of it ------------------------------------------------------------------------------

/// Undoes what a rule does not take.
fn not_refused(connection: &mut Connection, post: &Post, catches: &[Catch]) -> Result<()> {
    match catches.iter().find_map(|one| one.refusing.as_ref()) {
        None => Ok(()),
        Some(rule) => {
            let group = group_of(connection, post.group)?;
            Err(refused(rule, name_of(group.as_ref())))
        }
    }
}

/// What a rule does not take. `place` is for the audit line.
pub(super) fn refused(rule: &OutboundRule, place: String) -> Error {
    Error::Refused(Refused {
        rule: rule.id,
        place,
        sentence: rule.sentence.as_str().to_owned(),
    })
}

/// The holds that the rules want. What can be refused no more, because it is written already, is held.
fn holding(post: &Post, now: Timestamp, news: EventKind, catches: &[Catch]) -> Vec<Hold> {
    let hold = |one: &Catch| {
        // As long as nothing but a webhook wants it held, its yes releases it.
        let webhooks_only = one.refusing.is_none() && one.holding.iter().all(is_webhook);
        let state = match webhooks_only {
            true => HoldState::Asking,
            false => HoldState::Waiting,
        };
        let mut sentences: Vec<&str> = Vec::new();
        for rule in one.holding.iter().chain(&one.refusing) {
            let counts = state == HoldState::Asking || !is_webhook(rule);
            if counts && !sentences.contains(&rule.sentence.as_str()) {
                sentences.push(rule.sentence.as_str());
            }
        }
        Hold {
            post: post.id,
            host: one.host.clone(),
            state,
            sentence: sentences.join(" "),
            news,
            below: None,
            since: now,
        }
    };
    catches.iter().map(hold).collect()
}

/// What holds the post that this one answers, if nobody outside was told of that.
pub(in crate::services) fn held_above(
    connection: &mut Connection,
    post: &Post,
) -> Result<Vec<Hold>> {
    let Some(parent) = post.parent else {
        return Ok(Vec::new());
    };
    let mut above = storage::holds::list_of(connection, &[parent])?;
    above.retain(|hold| hold.news == EventKind::PostCreated);
    Ok(above)
}

/// What answers something held is held with it.
pub(in crate::services) fn with_above(post: &Post, above: &Hold, now: Timestamp) -> Hold {
    Hold {
        post: post.id,
        host: above.host.clone(),
        state: HoldState::Waiting,
        sentence: BELOW_HELD.to_owned(),
        news: EventKind::PostCreated,
        below: Some(above.below.unwrap_or(above.post)),
        since: now,
    }
}

fn write_down(
    connection: &mut Connection,
    asker: &Asker,
    post: &Post,
    holds: &[Hold],
) -> Result<Screened> {
    let who = audit::name_of(connection, &asker.viewer)?;
    for hold in holds {
        storage::holds::save(connection, hold)?;
        note_held(connection, &who, post, hold)?;
    }
    if !holds.iter().any(|hold| hold.state == HoldState::Asking) {
        return Ok(Screened::Done);
    }
    webhooks::submit(connection, post, asker.now)?;
    Ok(Screened::WebhooksWaiting)
}

/// A disclosure that did not happen is written down, too: this is where a ledger of disclosures hears of it.
fn note_held(connection: &mut Connection, who: &str, post: &Post, hold: &Hold) -> Result<()> {
    let from = hold.host.as_ref().map(Host::to_string);
    let from = from.unwrap_or_else(|| "everybody outside".to_owned());
    let (action, uri) = (AuditAction::PostHeld, post.uri.as_str());
    storage::audit::append(connection, who, action, uri, &from, hold.since)
}

/// Tells of a post as if it had just been written: in its author's name, whoever released it.
pub(in crate::services) fn tell_written(
    connection: &mut Connection,
    post: &Post,
    now: Timestamp,
) -> Result<()> {
    tell(connection, post, EventKind::PostCreated, now)
}

pub(in crate::services) fn tell(
    connection: &mut Connection,
    post: &Post,
    kind: EventKind,
    now: Timestamp,
) -> Result<()> {
    let event = NewEvent {
        kind,
        actor: post.author,
        group: post.group,
        post: Some(post.id),
        object: None,
        activity: None,
    };
    storage::events::append(connection, event, now)?;
    Ok(())
}
