//! Fetching what was said in a group elsewhere before somebody of ours joined: its outbox, and the
//! conversation below each topic. Bounded. What people of other servers wrote is named there and read
//! where they keep it, from servers we speak with: their own server alone can say what they wrote.

pub mod person;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::{Actor, GroupId, GroupList, Host, Uri};
use crate::error::{Error, Result};
use crate::federation::{Federation, activities, objects};
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
    let mut walk = Walk {
        federation,
        host: group.actor.clone(),
        fetches_left: FETCHES_MAX,
        elsewhere_left: FETCHES_ELSEWHERE_MAX,
        silent: BTreeSet::new(),
    };
    let mut topics = walk.commands(&outbox, OUTBOX_PAGES_MAX).await?;
    // Outboxes are newest first; what is answered must be there before its answer.
    topics.reverse();
    let mut count = 0;
    for (topic, context) in topics {
        let mut conversation = vec![topic];
        if let Some(context) = context {
            // A conversation that cannot be read now must not keep the others away.
            match walk.commands(&context, CONTEXT_PAGES_MAX).await {
                Ok(posts) => conversation.extend(posts.into_iter().map(|(command, _)| command)),
                Err(error) => {
                    tracing::info!(%context, %error, "a conversation could not be fetched")
                }
            }
        }
        count += inbox::apply_fetched(
            &federation.app,
            &group.actor,
            meet_authors(federation, &group.actor, conversation).await?,
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

/// Leaves out what was written by people who cannot be found.
async fn meet_authors(
    federation: &Federation,
    group: &Actor,
    commands: Vec<Command>,
) -> Result<Vec<Command>> {
    let mut named: Vec<Uri> = commands.iter().flat_map(Command::actors).cloned().collect();
    named.sort();
    named.dedup();
    let mut missing = Vec::new();
    for uri in inbox::list_unknown_actors(&federation.app, named).await? {
        if federation.meet_in(group, &uri).await.is_err() {
            missing.push(uri);
        }
    }
    Ok(commands
        .into_iter()
        .filter(|command| !command.actors().iter().any(|uri| missing.contains(uri)))
        .collect())
}

struct Walk<'a> {
    federation: &'a Federation,
    host: Actor,
    fetches_left: usize,
    elsewhere_left: usize,
    /// Servers that did not answer, or not to us: they are not asked again.
    silent: BTreeSet<Host>,
}

/// What is to be applied and, for a topic, where its conversation is.
type Found = (Command, Option<Uri>);

impl Walk<'_> {
    /// Everything in a collection, page by page.
    async fn commands(&mut self, collection: &Uri, pages_max: usize) -> Result<Vec<Found>> {
        let mut document = self.fetch(collection).await?;
        let (mut found, mut fetched) = (Vec::new(), BTreeSet::from([collection.clone()]));
        for _ in 0..pages_max {
            for item in items(&document) {
                match self.named_elsewhere(item) {
                    Some(uri) => found.extend(self.read_elsewhere(&uri, item).await),
                    None => found.extend(self.read(item)),
                }
            }
            let Some(next) = next_page(&document) else {
                break;
            };
            document = match next {
                Value::String(next) => {
                    let next: Uri = next.parse()?;
                    // Pages that lead back to an earlier one have no end.
                    if !fetched.insert(next.clone()) {
                        break;
                    }
                    self.fetch(&next).await?
                }
                embedded => embedded,
            };
        }
        Ok(found)
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
        self.fetches_left = self
            .fetches_left
            .checked_sub(1)
            .ok_or_else(|| Error::invalid("outbox", "is longer than we fetch"))?;
        Ok(self.federation.fetch(uri).await?.json)
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
            Some("Create") => inner(&activity),
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

    /// Reads a post where its author keeps it. None: its server is none we speak with, does not show
    /// it to us, or it is no post of this group.
    async fn read_elsewhere(&mut self, uri: &Uri, item: &Value) -> Option<Found> {
        let ours = uri.host() == self.federation.app.config.host();
        if ours || self.silent.contains(uri.host()) {
            return None;
        }
        self.elsewhere_left = self.elsewhere_left.checked_sub(1)?;
        self.fetches_left = self.fetches_left.checked_sub(1)?;
        let post = match self.federation.read_post(uri, &self.host).await {
            Ok(post) => post,
            Err(error) => {
                tracing::info!(%uri, %error, "a post could not be read at its server");
                if error.is_temporary() || matches!(error, Error::Denied(_)) {
                    self.silent.insert(uri.host().clone());
                }
                return None;
            }
        };
        let command = Command::Announced {
            actor: post.author.clone(),
            activity: uri.clone(),
            command: Box::new(Command::CreatePost(post)),
            // Its own server says it.
            vouching: Vouching::House,
        };
        // Where the group keeps the conversation, only the group can say.
        let context = context_of(item).filter(|context| context.host() == self.host.uri.host());
        Some((command, context))
    }

    /// An item is an announced activity, an activity, or a post; anything else is passed over.
    fn read(&self, item: &Value) -> Vec<Found> {
        let activity = match item.get("type").and_then(Value::as_str) {
            Some("Announce") => item.get("object").unwrap_or(&Value::Null),
            _ => item,
        };
        let object = match activity.get("type").and_then(Value::as_str) {
            Some("Create") => activity.get("object").unwrap_or(&Value::Null),
            _ => activity,
        };
        let mut found = Vec::new();
        if objects::post::is_post(object)
            && let Ok(post) = objects::post::parse_post(object, None)
            && post.uri.host() == self.host.uri.host()
        {
            let context = context_of(object);
            let (author, id) = (post.author.clone(), post.uri.clone());
            let command = Box::new(Command::CreatePost(post));
            found.push((
                Command::Announced {
                    actor: author,
                    activity: id,
                    command,
                    vouching: Vouching::House,
                },
                context,
            ));
        }
        found.extend(likes_of(object).into_iter().map(|like| (like, None)));
        found
    }
}

/// Where the conversation is that something belongs to (FEP-f228).
fn context_of(value: &Value) -> Option<Uri> {
    value.get("context")?.as_str()?.parse().ok()
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
