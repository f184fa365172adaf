//! Fetching what was said in a group elsewhere before somebody of ours joined: its outbox, and the
//! conversation below each topic. Bounded. What people of other servers said is believed by their own proof, where
//! the group's house kept it; otherwise it is named there and read where they keep it, from servers we speak with:
//! they alone can say what they wrote.
//!
//! The same for one conversation, when something is said in it that answers what nobody here heard of.

pub mod person;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;

use crate::domain::{Actor, GroupId, GroupList, Host, Proof, Uri};
use crate::error::{Error, Result};
use crate::federation::extension::PASSED_ON;
use crate::federation::objects::post::conversation_of;
use crate::federation::{Federation, Proven, activities, objects};
use crate::policy::Viewer;
use crate::services::groups;
use crate::services::inbox::{self, Command, Vouching};

/// Pages of the outbox that are fetched.
const OUTBOX_PAGES_MAX: usize = 25;
/// Pages of one conversation that are fetched.
const CONTEXT_PAGES_MAX: usize = 10;
/// Documents fetched for one group altogether.
const FETCHES_MAX: usize = 500;
/// Of these, posts fetched from other servers than the group's: it must not be able to have us knock
/// on many doors.
const FETCHES_ELSEWHERE_MAX: usize = 100;

/// Documents fetched for one conversation in which something answers what is not here, from all servers together;
/// and how long that may take.
const CONVERSATION_FETCHES_MAX: usize = 20;
const CONVERSATION_WITHIN: Duration = Duration::from_secs(10);

/// Pinned topics and moderators that are taken from a group's lists.
const LISTED_MAX: usize = 20;
const MODERATORS_MAX: usize = 100;

/// Fetches a group's topics with their comments; how many posts there were.
pub async fn backfill(federation: &Federation, group: GroupId) -> Result<usize> {
    let group = groups::find_by_id(&federation.app, Viewer::Operator, group)
        .await?
        .group;
    let Some(outbox) = group.actor.outbox.clone() else {
        return Ok(0);
    };
    let most = (FETCHES_MAX, FETCHES_ELSEWHERE_MAX);
    let mut walk = Walk::new(federation, &group.actor, most);
    let mut topics = walk.commands(&outbox, OUTBOX_PAGES_MAX).await?;
    // Outboxes are newest first; what is answered must be there before its answer.
    topics.reverse();
    let mut count = 0;
    for Found {
        commands,
        conversation: context,
    } in topics
    {
        let mut conversation = commands;
        if let Some(context) = context {
            // A conversation that cannot be read now must not keep the others away.
            match walk.commands(&context, CONTEXT_PAGES_MAX).await {
                Ok(posts) => {
                    conversation.extend(posts.into_iter().flat_map(|found| found.commands))
                }
                Err(error) => {
                    tracing::info!(%context, %error, "a conversation could not be fetched")
                }
            }
        }
        count += inbox::apply_fetched(
            &federation.app,
            &group.actor,
            walk.meet_authors(conversation).await?,
        )
        .await?;
    }
    // Which topics are pinned is said of those that are here now.
    for (list, address) in groups::remote_lists(&federation.app, group.id).await? {
        let named = match walk.names(&address).await {
            Ok(named) => named,
            Err(error) => {
                tracing::info!(%address, %error, "a list of a group could not be fetched");
                continue;
            }
        };
        let most = match list {
            GroupList::Featured => LISTED_MAX,
            GroupList::Moderators => MODERATORS_MAX,
        };
        let added = named.into_iter().take(most);
        let commands = added.map(|object| in_list(&group.actor, object, &address));
        inbox::apply_fetched(&federation.app, &group.actor, commands.collect()).await?;
    }
    Ok(count)
}

/// Fetches what was said in one conversation of a group elsewhere, because something in it answers what is not here;
/// how many posts there were. What was read until then counts, also when it takes too long.
///
/// # Errors
/// [`Error::NotFound`] when nobody here is in the group, or another server would have to be asked.
pub async fn backfill_conversation(
    federation: &Federation,
    group: GroupId,
    conversation: &Uri,
) -> Result<usize> {
    let group = groups::find_by_id(&federation.app, Viewer::Operator, group)
        .await?
        .group;
    if !inbox::follows(&federation.app, &group.actor).await? {
        return Err(Error::NotFound);
    }
    let most = (CONVERSATION_FETCHES_MAX, CONVERSATION_FETCHES_MAX);
    let mut walk = Walk::new(federation, &group.actor, most);
    let mut count = 0;
    let reading = async {
        let mut pages = Pages::of(conversation);
        while let Some(found) = pages.next(&mut walk).await? {
            let commands = found.into_iter().flat_map(|found| found.commands);
            let met = walk.meet_authors(commands.collect()).await?;
            count += inbox::apply_fetched(&federation.app, &group.actor, met).await?;
        }
        Ok::<_, Error>(())
    };
    let read = tokio::time::timeout(CONVERSATION_WITHIN, reading).await;
    match read {
        Ok(read) => read.map(|()| count),
        Err(_) => Err(Error::Unavailable(
            "the conversation takes too long to read".into(),
        )),
    }
}

/// What a group says is in one of its lists, as if it had just added it.
fn in_list(group: &Actor, object: Uri, list: &Uri) -> Command {
    Command::Announced {
        actor: group.uri.clone(),
        activity: list.clone(),
        command: Box::new(Command::AddToList {
            object,
            target: list.clone(),
        }),
        vouching: Vouching::House,
    }
}

struct Walk<'a> {
    federation: &'a Federation,
    host: Actor,
    fetches_left: usize,
    elsewhere_left: usize,
    /// Servers that did not answer, or not to us: they are not asked again.
    silent: BTreeSet<Host>,
}

/// What is to be applied of one thing that a list names and, for a topic, where its conversation is.
#[derive(Debug, Default)]
struct Found {
    commands: Vec<Command>,
    conversation: Option<Uri>,
}

/// A list that is read page by page.
struct Pages {
    next: Option<Value>,
    fetched: BTreeSet<Uri>,
}

impl Pages {
    fn of(collection: &Uri) -> Self {
        Self {
            next: Some(Value::String(collection.to_string())),
            fetched: BTreeSet::new(),
        }
    }

    /// What the next page lists; none: there is none, or it was read before: pages that lead back have no end.
    async fn next(&mut self, walk: &mut Walk<'_>) -> Result<Option<Vec<Found>>> {
        let document = match self.next.take() {
            None => return Ok(None),
            Some(Value::String(address)) => {
                let address: Uri = address.parse()?;
                if !self.fetched.insert(address.clone()) {
                    return Ok(None);
                }
                walk.fetch(&address).await?
            }
            Some(embedded) => embedded,
        };
        self.next = next_page(&document);
        Ok(Some(walk.read_page(&document).await?))
    }
}

impl<'a> Walk<'a> {
    fn new(
        federation: &'a Federation,
        group: &Actor,
        (fetches_left, elsewhere_left): (usize, usize),
    ) -> Self {
        Self {
            federation,
            host: group.clone(),
            fetches_left,
            elsewhere_left,
            silent: BTreeSet::new(),
        }
    }

    /// Everything in a collection, page by page.
    async fn commands(&mut self, collection: &Uri, pages_max: usize) -> Result<Vec<Found>> {
        let mut pages = Pages::of(collection);
        let mut all = Vec::new();
        // The collection itself, and its pages.
        for _ in 0..=pages_max {
            match pages.next(self).await? {
                Some(found) => all.extend(found),
                None => break,
            }
        }
        Ok(all)
    }

    /// What a page lists, in its order; then what else it says that people of third servers did.
    async fn read_page(&mut self, page: &Value) -> Result<Vec<Found>> {
        let passed_on = page.get(PASSED_ON).and_then(Value::as_array);
        let (mut texts, mut others) = (HashMap::new(), Vec::new());
        for announce in passed_on.into_iter().flatten() {
            match self.named_elsewhere(announce) {
                Some(uri) => drop(texts.insert(uri, announce)),
                None => others.push(announce),
            }
        }
        let mut all = Vec::new();
        for item in items(page) {
            let Some(uri) = self.named_elsewhere(item) else {
                all.push(self.read(item));
                continue;
            };
            let announce = texts.get(&uri).copied().unwrap_or(item);
            let mut commands = self.believe(announce).await?;
            if commands.is_empty() {
                commands = self.read_elsewhere(&uri).await;
            }
            let conversation = self.conversation_at_home(item);
            all.push(Found {
                commands,
                conversation,
            });
        }
        for announce in others {
            let commands = self.believe(announce).await?;
            all.push(Found {
                commands,
                conversation: None,
            });
        }
        Ok(all)
    }

    /// Leaves out what was written by people who cannot be found.
    async fn meet_authors(&mut self, commands: Vec<Command>) -> Result<Vec<Command>> {
        let mut named: Vec<Uri> = commands.iter().flat_map(Command::actors).cloned().collect();
        named.sort();
        named.dedup();
        let mut missing = Vec::new();
        for uri in inbox::list_unknown_actors(&self.federation.app, named).await? {
            let may_ask = self.may_ask(uri.host());
            if !may_ask || self.federation.meet_in(&self.host, &uri).await.is_err() {
                missing.push(uri);
            }
        }
        Ok(commands
            .into_iter()
            .filter(|command| !command.actors().iter().any(|uri| missing.contains(uri)))
            .collect())
    }

    /// Whether one more document may be fetched from a server; it is counted.
    fn may_ask(&mut self, host: &Host) -> bool {
        let elsewhere = host != self.host.uri.host();
        if self.silent.contains(host) || (elsewhere && self.elsewhere_left == 0) {
            return false;
        }
        let Some(left) = self.fetches_left.checked_sub(1) else {
            return false;
        };
        self.fetches_left = left;
        self.elsewhere_left -= usize::from(elsewhere);
        true
    }

    /// The addresses that the first page of a short list names.
    async fn names(&mut self, list: &Uri) -> Result<Vec<Uri>> {
        let mut document = self.fetch(list).await?;
        if items(&document).next().is_none()
            && let Some(first) = next_page(&document)
        {
            document = match first {
                Value::String(first) => self.fetch(&first.parse()?).await?,
                embedded => embedded,
            };
        }
        let id = |item: &Value| match item {
            Value::String(id) => id.parse().ok(),
            item => item.get("id")?.as_str()?.parse().ok(),
        };
        Ok(items(&document).filter_map(id).collect())
    }

    async fn fetch(&mut self, uri: &Uri) -> Result<Value> {
        if uri.host() != self.host.uri.host() {
            return Err(Error::invalid("next", "leads to another server"));
        }
        match self.may_ask(uri.host()) {
            true => Ok(self.federation.fetch(uri).await?.json),
            false => Err(Error::invalid("outbox", "is longer than we fetch")),
        }
    }

    /// The address of a post that another server than the group's keeps, where an item names one. What
    /// it embeds of it is not looked at.
    fn named_elsewhere(&self, item: &Value) -> Option<Uri> {
        let inner = |value: &Value| value.get("object").cloned().unwrap_or(Value::Null);
        let activity = match item.get("type").and_then(Value::as_str) {
            Some("Announce") => inner(item),
            _ => item.clone(),
        };
        let object = match activity.get("type").and_then(Value::as_str) {
            Some("Create" | "Update") => inner(&activity),
            _ => activity,
        };
        let id = match &object {
            Value::String(id) => id.as_str(),
            object if objects::post::is_post(object) => object.get("id")?.as_str()?,
            _ => return None,
        };
        let uri: Uri = id.parse().ok()?;
        (uri.host() != self.host.uri.host()).then_some(uri)
    }

    /// What the group says that somebody did, if it says so in words that are proven to be theirs, or that it may say
    /// itself; otherwise nothing. Texts are taken as they stand, whether they were new or changed then.
    async fn believe(&mut self, announce: &Value) -> Result<Vec<Command>> {
        let by_group = announce.get("actor").and_then(Value::as_str);
        if by_group != Some(self.host.uri.as_str()) {
            return Ok(Vec::new());
        }
        let Ok(Command::Announced {
            actor,
            activity,
            command,
            vouching,
        }) = activities::into_command(announce)
        else {
            return Ok(Vec::new());
        };
        let vouching = match vouching {
            Vouching::House if matches!(*command, Command::Like { .. }) => Vouching::House,
            Vouching::Claimed {
                proof,
                introduction,
            } => {
                if actor.host() == self.federation.app.config.host() {
                    return Ok(Vec::new());
                }
                let introduction = introduction.as_deref();
                if !self.is_proven(&actor, &proof, introduction).await? {
                    return Ok(Vec::new());
                }
                let command = command.proven_at(proof.created_at);
                // Texts are known by what stands there; a like that was taken back must not come again.
                let vouching = match command {
                    Command::Like { .. } => Vouching::Proven,
                    _ => Vouching::Kept,
                };
                return Ok(as_it_stands(&actor, &activity, command, vouching));
            }
            _ => return Ok(Vec::new()),
        };
        Ok(as_it_stands(&actor, &activity, *command, vouching))
    }

    async fn is_proven(
        &mut self,
        actor: &Uri,
        proof: &Proof,
        introduction: Option<&str>,
    ) -> Result<bool> {
        let known = self.federation.knows_prover(actor, proof).await?;
        if !known && !self.may_ask(actor.host()) {
            return Ok(false);
        }
        let group = self.host.uri.host();
        let proven = self
            .federation
            .prove_kept(group, actor, proof, introduction);
        match proven.await {
            Ok(proven) => Ok(proven == Proven::Yes),
            Err(Error::Internal(source)) => Err(Error::Internal(source)),
            Err(error) => {
                tracing::info!(%actor, %error, "a proof cannot be checked now");
                self.silent.insert(actor.host().clone());
                Ok(false)
            }
        }
    }

    /// Reads a post where its author keeps it. Nothing: its server is none we speak with, does not show
    /// it to us, or it is no post of this group.
    async fn read_elsewhere(&mut self, uri: &Uri) -> Vec<Command> {
        let ours = uri.host() == self.federation.app.config.host();
        if ours || !self.may_ask(uri.host()) {
            return Vec::new();
        }
        let post = match self.federation.read_post(uri, &self.host).await {
            Ok(post) => post,
            Err(error) => {
                tracing::info!(%uri, %error, "a post could not be read at its server");
                if error.is_temporary() || matches!(error, Error::Denied(_)) {
                    self.silent.insert(uri.host().clone());
                }
                return Vec::new();
            }
        };
        let author = post.author.clone();
        // Its own server says it.
        as_it_stands(&author, uri, Command::CreatePost(post), Vouching::House)
    }

    /// Where the conversation of something is, which only the group can say.
    fn conversation_at_home(&self, item: &Value) -> Option<Uri> {
        conversation_of(item).filter(|uri| uri.host() == self.host.uri.host())
    }

    /// An item is an announced activity, an activity, or a post; anything else is passed over.
    fn read(&self, item: &Value) -> Found {
        let activity = match item.get("type").and_then(Value::as_str) {
            Some("Announce") => item.get("object").unwrap_or(&Value::Null),
            _ => item,
        };
        let object = match activity.get("type").and_then(Value::as_str) {
            Some("Create") => activity.get("object").unwrap_or(&Value::Null),
            _ => activity,
        };
        let mut found = Found::default();
        if objects::post::is_post(object)
            && let Ok(post) = objects::post::parse_post(object, None)
            && post.uri.host() == self.host.uri.host()
            && post.author.host() == self.host.uri.host()
        {
            let (author, id) = (post.author.clone(), post.uri.clone());
            found.conversation = conversation_of(object);
            let written = Command::CreatePost(post);
            found.commands = as_it_stands(&author, &id, written, Vouching::House);
        }
        let likes = likes_of(object).into_iter();
        found
            .commands
            .extend(likes.filter(|like| self.is_of_the_house(like)));
        found
    }

    /// Somebody of the group's own server did it: of others' people it cannot say so.
    fn is_of_the_house(&self, command: &Command) -> bool {
        let actors = command.actors();
        actors
            .iter()
            .all(|actor| actor.host() == self.host.uri.host())
    }
}

/// What has to be done for a text to stand here as it was read: it may be unknown, or known as it was before. What is
/// asked is left as it is known: votes are counted anew all the time.
fn as_it_stands(by: &Uri, activity: &Uri, command: Command, vouching: Vouching) -> Vec<Command> {
    let announced = |command| Command::Announced {
        actor: by.clone(),
        activity: activity.clone(),
        command: Box::new(command),
        vouching: vouching.clone(),
    };
    match command {
        Command::CreatePost(post) | Command::UpdatePost(post) => {
            let changed = post.updated.is_some() && post.poll.is_none();
            let change = changed.then(|| announced(Command::UpdatePost(post.clone())));
            std::iter::once(announced(Command::CreatePost(post)))
                .chain(change)
                .collect()
        }
        like @ Command::Like { .. } => vec![announced(like)],
        _ => Vec::new(),
    }
}

/// The likes that a post carries with it.
fn likes_of(object: &Value) -> Vec<Command> {
    let likes = object
        .get("likes")
        .and_then(|likes| likes.get("items"))
        .and_then(Value::as_array);
    likes.into_iter().flatten().filter_map(read_like).collect()
}

fn read_like(like: &Value) -> Option<Command> {
    let claim = activities::read_claim(like).ok()?;
    let command = activities::into_command(like).ok()?;
    matches!(command, Command::Like { .. }).then(|| Command::Announced {
        actor: claim.actor,
        activity: claim.id,
        command: Box::new(command),
        vouching: Vouching::House,
    })
}

/// What a collection or a page of one lists.
pub(super) fn items(document: &Value) -> impl Iterator<Item = &Value> {
    ["orderedItems", "items"]
        .into_iter()
        .filter_map(|field| document.get(field))
        .flat_map(|items| match items {
            Value::Array(items) => items.iter().collect::<Vec<_>>(),
            Value::Null => Vec::new(),
            one => vec![one],
        })
}

/// The next page: of a page its `next`, of a collection its `first`.
fn next_page(document: &Value) -> Option<Value> {
    ["next", "first"]
        .into_iter()
        .find_map(|field| document.get(field))
        .filter(|next| !next.is_null())
        .cloned()
}
