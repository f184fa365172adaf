//! Classification labels: the list of the house, what has one, and what that means for who reads it.
//!
//! A group's label is the least that is said in it has, a topic's the least its comments have; of several the
//! highest counts. Labels are the house's own: nobody outside is told any, guests included. What they keep
//! inside is for the rules at the boundary ([`outbound_rules`]).

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{
    AuditAction, Condition, Group, GroupId, Host, LABELS_MAX, Label, LabelMeaning, LabelName,
    Labels, Mark, Post, PostId,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, Reason, Viewer, act};
use crate::services::{access, audit, outbound_rules};
use crate::storage::{self, Connection};

/// Groups named to who wants to remove a label that they have.
const GROUPS_NAMED_MAX: i64 = 5;

/// Where in the list a label is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Lowest,
    Above(LabelName),
    Highest,
}

/// What is to be different about a label; nothing: as before.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub meaning: Option<LabelMeaning>,
    pub place: Option<Place>,
}

// The list ----------------------------------------------------------------------------------------

/// The labels of the house, the lowest first, for colleagues.
///
/// # Errors
/// [`Error::NotFound`] for whoever is from outside.
pub async fn list(app: &App, viewer: Viewer) -> Result<Labels> {
    if !sees_labels(&viewer) {
        return Err(Error::NotFound);
    }
    app.db.read("list_labels", storage::labels::list).await
}

/// Whether the viewer is shown labels at all.
fn sees_labels(viewer: &Viewer) -> bool {
    *viewer == Viewer::Operator || viewer.is_colleague()
}

/// Adds a label to the list.
///
/// # Errors
/// [`Error::Conflict`] when it is there already, or when there are [`LABELS_MAX`].
pub async fn add(
    app: &App,
    viewer: Viewer,
    name: LabelName,
    meaning: LabelMeaning,
    place: Place,
) -> Result<Label> {
    let asker = app.asker(viewer);
    app.db
        .write("add_label", move |connection| {
            let permit = access::permit_house(&asker)?;
            let labels = storage::labels::list(connection)?;
            if let Some(known) = labels.find(&name) {
                let sentence = format!("there is a label {} already", known.name);
                return Err(Error::Conflict(sentence));
            }
            if labels.all().len() >= LABELS_MAX {
                let sentence = format!("there are {LABELS_MAX} labels: remove one first");
                return Err(Error::Conflict(sentence));
            }
            let label = Label { name, meaning };
            storage::labels::insert(connection, &permit, &label, asker.now)?;
            let order = put(&labels, &label.name, &place)?;
            storage::labels::order(connection, &permit, &order, asker.now)?;
            note_list(connection, &asker, AuditAction::LabelMade, &label.name)?;
            Ok(label)
        })
        .await
}

/// Says anew what a label means, or puts it elsewhere in the list. Where something has a label that is higher
/// now, the rules are asked about it again.
///
/// # Errors
/// [`Error::NotFound`] when there is no such label.
pub async fn change(app: &App, viewer: Viewer, name: LabelName, change: Change) -> Result<Label> {
    let asker = app.asker(viewer);
    let changed = app
        .db
        .write("change_label", move |connection| {
            let permit = access::permit_house(&asker)?;
            let labels = storage::labels::list(connection)?;
            let label = labels.find(&name).ok_or(Error::NotFound)?;
            if let Some(meaning) = &change.meaning {
                storage::labels::set_meaning(connection, &permit, &label.name, meaning)?;
            }
            if let Some(place) = &change.place {
                let order = put(&labels, &label.name, place)?;
                storage::labels::order(connection, &permit, &order, asker.now)?;
                outbound_rules::of_everything(connection, &asker)?;
            }
            note_list(connection, &asker, AuditAction::LabelChanged, &label.name)?;
            Ok(Label {
                meaning: change.meaning.unwrap_or_else(|| label.meaning.clone()),
                name: label.name.clone(),
            })
        })
        .await?;
    outbound_rules::wake(app);
    Ok(changed)
}

/// Takes a label out of the list. Posts keep it, and because nobody knows any more what it meant, they are held
/// at the boundary.
///
/// # Errors
/// [`Error::NotFound`] when there is no such label, [`Error::Conflict`] while a rule is about it or a group has it.
pub async fn remove(app: &App, viewer: Viewer, name: LabelName) -> Result<Label> {
    let asker = app.asker(viewer);
    let removed = app
        .db
        .write("remove_label", move |connection| {
            let permit = access::permit_house(&asker)?;
            let labels = storage::labels::list(connection)?;
            let label = labels.find(&name).ok_or(Error::NotFound)?.clone();
            refuse_in_use(connection, &label.name)?;
            storage::labels::remove(connection, &permit, &label.name, asker.now)?;
            outbound_rules::of_everything(connection, &asker)?;
            note_list(connection, &asker, AuditAction::LabelRemoved, &label.name)?;
            Ok(label)
        })
        .await?;
    outbound_rules::wake(app);
    Ok(removed)
}

fn refuse_in_use(connection: &mut Connection, name: &LabelName) -> Result<()> {
    for rule in storage::outbound_rules::list(connection)? {
        if matches!(&rule.condition, Condition::Label(from) if from.is(name)) {
            let sentence = format!("rule {} is about {name}: remove that first", rule.id);
            return Err(Error::Conflict(sentence));
        }
    }
    let groups = storage::labels::list_groups(connection, name, GROUPS_NAMED_MAX)?;
    match groups.is_empty() {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "groups have the label {name} ({}): give them another first",
            groups.join(", ")
        ))),
    }
}

/// All names in order, with this one in its place.
fn put(labels: &Labels, name: &LabelName, place: &Place) -> Result<Vec<LabelName>> {
    let others = labels.all().iter().filter(|label| !label.name.is(name));
    let mut order: Vec<LabelName> = others.map(|label| label.name.clone()).collect();
    let at = match place {
        Place::Lowest => 0,
        Place::Highest => order.len(),
        Place::Above(below) => {
            let found = order.iter().position(|other| other.is(below));
            let found = found.ok_or_else(|| {
                let problem = format!("there is no other label {below}");
                Error::invalid("above", problem)
            })?;
            found + 1
        }
    };
    order.insert(at, name.clone());
    Ok(order)
}

/// Writes down what became of a label, with the list as it is now.
fn note_list(
    connection: &mut Connection,
    asker: &Asker,
    action: AuditAction,
    name: &LabelName,
) -> Result<()> {
    let labels = storage::labels::list(connection)?;
    let order: Vec<&str> = labels
        .all()
        .iter()
        .map(|label| label.name.as_str())
        .collect();
    audit::note(connection, asker, action, name.as_str(), &order.join(" < "))
}

// What has a label --------------------------------------------------------------------------------

/// Gives a group a label, or none: the least that is said in it has, what was said already included. Whom it may be
/// opened to is decided by the same people.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Denied`] for who may not, [`Error::Invalid`] for a label that there is not.
pub async fn set_of_group(
    app: &App,
    viewer: Viewer,
    group: GroupId,
    label: Option<LabelName>,
) -> Result<Group> {
    let asker = app.asker(viewer);
    let group = app
        .db
        .write("label_group", move |connection| {
            let (permit, group) = access::permit::<act::ChangeBoundary>(connection, &asker, group)?;
            let labels = storage::labels::list(connection)?;
            let label = known(&labels, label.as_ref())?;
            if group.label == label {
                return Ok(group);
            }
            storage::labels::set_of_group(connection, &permit, label.as_ref())?;
            let before = labels.highest(&group.label);
            if let Some(label) = &label
                && rises(&labels, &before, &labels.highest([label]))
            {
                storage::labels::touch(connection, label, asker.now)?;
                outbound_rules::of_all_in(connection, &asker, group.id)?;
            }
            let (action, detail) = (
                AuditAction::GroupLabelled,
                turn(group.label.as_ref(), label.as_ref()),
            );
            audit::note(connection, &asker, action, &group.actor.name, &detail)?;
            Ok(Group { label, ..group })
        })
        .await?;
    outbound_rules::wake(app);
    Ok(group)
}

/// Gives a post a label of its own, or takes it away: then it has that of its topic and its group. Its author may
/// raise it, only who moderates may lower it, and nobody below those.
///
/// What is caught by a rule now is held; what was held stays so, until somebody looked at it.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Denied`] for who may not, [`Error::Invalid`] for a label that there is not or that
/// is too low, [`Error::Conflict`] for a post that was written elsewhere.
pub async fn set_of_post(
    app: &App,
    viewer: Viewer,
    id: PostId,
    label: Option<LabelName>,
) -> Result<Post> {
    let asker = app.asker(viewer);
    let post = app
        .db
        .write("label_post", move |connection| {
            let case = access::permit_post::<act::Classify>(connection, &asker, id)?;
            let labels = storage::labels::list(connection)?;
            let label = known(&labels, label.as_ref())?;
            refuse_elsewhere(connection, &case.post)?;
            let standing = Standing::of(connection, &labels, case.group.as_ref(), &case.post)?;
            let (before, after) = (
                standing.with(&labels, case.post.label.as_ref()),
                standing.with(&labels, label.as_ref()),
            );
            standing.refuse_lower(&labels, label.as_ref())?;
            if rises(&labels, &after, &before) {
                let (group, post) = (case.group.clone(), case.post.clone());
                access::permit_in::<act::Declassify>(connection, &asker, group, post)?;
            }
            if case.post.label == label {
                return Ok(case.post);
            }
            give(connection, &case.permit, &labels, label.as_ref(), &asker)?;
            let post = Post { label, ..case.post };
            outbound_rules::of_relabelled(connection, &asker, &post)?;
            let (action, detail) = (
                AuditAction::PostLabelled,
                format!("{} to {}", in_words(&before), in_words(&after)),
            );
            audit::note(connection, &asker, action, post.uri.as_str(), &detail)?;
            Ok(post)
        })
        .await?;
    outbound_rules::wake(app);
    Ok(post)
}

fn give(
    connection: &mut Connection,
    permit: &Permit<act::Classify>,
    labels: &Labels,
    label: Option<&LabelName>,
    asker: &Asker,
) -> Result<()> {
    storage::labels::set_of_post(connection, permit, label)?;
    match label.and_then(|label| labels.find(label)) {
        Some(label) => storage::labels::touch(connection, &label.name, asker.now),
        None => Ok(()),
    }
}

/// The house of who wrote it classifies it.
fn refuse_elsewhere(connection: &mut Connection, post: &Post) -> Result<()> {
    match storage::actors::is_local(connection, post.author)? {
        true => Ok(()),
        false => Err(Error::Conflict(
            "it was written elsewhere: a label would keep nothing inside".into(),
        )),
    }
}

fn rises(labels: &Labels, before: &Mark, after: &Mark) -> bool {
    labels.compare(after, before) == Ordering::Greater
}

fn turn(before: Option<&LabelName>, after: Option<&LabelName>) -> String {
    let word = |label: Option<&LabelName>| label.map_or("none", LabelName::as_str).to_owned();
    format!("{} to {}", word(before), word(after))
}

fn in_words(mark: &Mark) -> &str {
    mark.name().map_or("none", LabelName::as_str)
}

/// The label as the list spells it.
fn known(labels: &Labels, label: Option<&LabelName>) -> Result<Option<LabelName>> {
    let Some(name) = label else { return Ok(None) };
    match labels.find(name) {
        Some(label) => Ok(Some(label.name.clone())),
        None => Err(Error::invalid(
            "label",
            format!("{name} is none of the labels of this house"),
        )),
    }
}

/// What a post has because of where it is: the labels of its group and of its topic.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    above: Vec<LabelName>,
    /// The highest of them.
    least: Mark,
}

impl Standing {
    /// Of a post that there is.
    pub(super) fn of(
        connection: &mut Connection,
        labels: &Labels,
        group: Option<&Group>,
        post: &Post,
    ) -> Result<Self> {
        let topic = match post.is_topic() {
            true => None,
            false => Some(post.topic),
        };
        Self::below(connection, labels, group, topic)
    }

    /// Of what is written in a group, below a topic.
    pub(super) fn below(
        connection: &mut Connection,
        labels: &Labels,
        group: Option<&Group>,
        topic: Option<PostId>,
    ) -> Result<Self> {
        let mut above: Vec<LabelName> = group
            .and_then(|group| group.label.clone())
            .into_iter()
            .collect();
        if let Some(topic) = topic {
            above.extend(storage::labels::list_of_posts(connection, &[topic])?.remove(&topic));
        }
        let least = labels.highest(&above);
        Ok(Self { above, least })
    }

    /// The mark of a post with this label of its own.
    pub(super) fn with(&self, labels: &Labels, own: Option<&LabelName>) -> Mark {
        labels.highest(self.above.iter().chain(own))
    }

    /// Nothing goes further than where it is said.
    fn refuse_lower(&self, labels: &Labels, own: Option<&LabelName>) -> Result<()> {
        let Some(own) = own else { return Ok(()) };
        match rises(labels, &labels.highest([own]), &self.least) {
            false => Ok(()),
            true => Err(Error::invalid(
                "label",
                format!(
                    "is lower than that of the group or the topic ({}): choose at least that",
                    in_words(&self.least)
                ),
            )),
        }
    }
}

/// The label of its own that something new gets, as it was wished for.
///
/// # Errors
/// [`Error::Invalid`] for a label that there is not or that is too low, [`Error::Denied`] for who is from outside.
pub(super) fn choose(
    connection: &mut Connection,
    asker: &Asker,
    group: Option<&Group>,
    topic: Option<PostId>,
    wish: Option<&LabelName>,
) -> Result<Option<LabelName>> {
    if wish.is_none() {
        return Ok(None);
    }
    if !sees_labels(&asker.viewer) {
        return Err(Error::Denied(Reason::NotForOutside));
    }
    let labels = storage::labels::list(connection)?;
    let label = known(&labels, wish)?;
    let standing = Standing::below(connection, &labels, group, topic)?;
    standing.refuse_lower(&labels, label.as_ref())?;
    Ok(label)
}

/// How a post is classified, whoever asks.
pub(super) fn mark_of(
    connection: &mut Connection,
    labels: &Labels,
    group: Option<&Group>,
    post: &Post,
) -> Result<Mark> {
    let standing = Standing::of(connection, labels, group, post)?;
    Ok(standing.with(labels, post.label.as_ref()))
}

/// How posts are classified, for who may see that; those that are not are left out.
pub(super) fn marks(
    connection: &mut Connection,
    asker: &Asker,
    posts: &[Post],
) -> Result<HashMap<PostId, Mark>> {
    if posts.is_empty() || !sees_labels(&asker.viewer) || !storage::labels::any_ever(connection)? {
        return Ok(HashMap::new());
    }
    let labels = storage::labels::list(connection)?;
    let distinct = |mut ids: Vec<i64>| {
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let groups = distinct(
        posts
            .iter()
            .filter_map(|post| Some(post.group?.0))
            .collect(),
    );
    let topics = distinct(posts.iter().map(|post| post.topic.0).collect());
    let groups: Vec<GroupId> = groups.into_iter().map(GroupId).collect();
    let topics: Vec<PostId> = topics.into_iter().map(PostId).collect();
    let of_groups = storage::labels::list_of_groups(connection, &groups)?;
    let of_topics = storage::labels::list_of_posts(connection, &topics)?;
    let mark = |post: &Post| {
        let group = post.group.and_then(|group| of_groups.get(&group));
        let topic = of_topics.get(&post.topic);
        (
            post.id,
            labels.highest(group.into_iter().chain(topic).chain(&post.label)),
        )
    };
    let all = posts.iter().map(mark);
    Ok(all.filter(|(_, mark)| *mark != Mark::None).collect())
}

/// How a group is classified, for who may see that.
pub(super) fn mark_of_group(
    connection: &mut Connection,
    viewer: &Viewer,
    group: &Group,
) -> Result<Mark> {
    match (&group.label, sees_labels(viewer)) {
        (Some(label), true) => Ok(storage::labels::list(connection)?.highest([label])),
        _ => Ok(Mark::None),
    }
}

/// The labels that somebody may give a post that they see, the lowest first.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    pub labels: Vec<Label>,
    /// It may also have none of its own.
    pub none: bool,
}

/// What the viewer may give a post: whatever is not below where it is said, and for who may only raise it not below what
/// it has.
pub(super) fn choices(
    connection: &mut Connection,
    labels: &Labels,
    group: Option<&Group>,
    post: &Post,
    lowers: bool,
) -> Result<Choices> {
    let standing = Standing::of(connection, labels, group, post)?;
    let now = standing.with(labels, post.label.as_ref());
    let from = match lowers {
        true => &standing.least,
        false => &now,
    };
    Ok(Choices {
        labels: labels.from_least(from).to_vec(),
        none: !rises(labels, &standing.least, from),
    })
}

// What it means for who reads ---------------------------------------------------------------------

/// What the rules about labels make of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// It goes as far as the group is open.
    #[default]
    Leaves,
    /// It stays inside until somebody looked at it; with the partners that it is kept from (none: everybody outside).
    Held(Vec<Host>),
    /// It is not taken, and why.
    Refused(String),
}

impl Effect {
    /// Whether somebody at `host` (none: anybody on the web) does not get it.
    pub fn keeps_from(&self, host: Option<&Host>) -> bool {
        match (self, host) {
            (Self::Leaves, _) => false,
            (Self::Refused(_), _) => true,
            (Self::Held(from), _) if from.is_empty() => true,
            (Self::Held(from), Some(host)) => from.contains(host),
            (Self::Held(_), None) => true,
        }
    }
}

/// A label that may be chosen for something new, and what it means for who reads.
#[derive(Clone, Debug)]
pub struct Offer {
    pub label: Label,
    pub effect: Effect,
}

/// What may be chosen where something is written.
#[derive(Clone, Debug)]
pub struct Offers {
    /// What it has if nothing is chosen.
    pub least: Mark,
    pub list: Vec<Offer>,
}

/// The labels for something new in a group (none: on a profile), below a topic or a comment. None for whoever is
/// from outside, and where the house has no labels.
pub async fn offers(
    app: &App,
    viewer: Viewer,
    group: Option<GroupId>,
    below: Option<PostId>,
) -> Result<Option<Offers>> {
    let asker = app.asker(viewer);
    if !sees_labels(&asker.viewer) {
        return Ok(None);
    }
    app.db
        .read("label_offers", move |connection| {
            let labels = storage::labels::list(connection)?;
            if labels.is_empty() {
                return Ok(None);
            }
            let group = match group {
                Some(group) => Some(access::permit::<act::Read>(connection, &asker, group)?.1),
                None => None,
            };
            let topic = topic_of(connection, below)?;
            let standing = Standing::below(connection, &labels, group.as_ref(), topic)?;
            let mut list = Vec::new();
            for label in labels.from_least(&standing.least) {
                let mark = standing.with(&labels, Some(&label.name));
                let effect = outbound_rules::effect(connection, group.as_ref(), &labels, &mark)?;
                list.push(Offer {
                    label: label.clone(),
                    effect,
                });
            }
            Ok(Some(Offers {
                least: standing.least,
                list,
            }))
        })
        .await
}

/// The topic of what is answered (or of itself).
fn topic_of(connection: &mut Connection, below: Option<PostId>) -> Result<Option<PostId>> {
    let Some(below) = below else { return Ok(None) };
    Ok(storage::posts::find(connection, below)?.map(|post| post.topic))
}

/// How something new with this label of its own would be classified, and what the rules would make of that.
pub(super) fn foresee(
    connection: &mut Connection,
    group: &Group,
    below: Option<PostId>,
    own: Option<&LabelName>,
) -> Result<(Mark, Effect)> {
    if !storage::labels::any_ever(connection)? {
        return Ok((Mark::None, Effect::Leaves));
    }
    let labels = storage::labels::list(connection)?;
    let topic = topic_of(connection, below)?;
    let standing = Standing::below(connection, &labels, Some(group), topic)?;
    let mark = standing.with(&labels, own);
    let effect = outbound_rules::effect(connection, Some(group), &labels, &mark)?;
    Ok((mark, effect))
}
