//! What planning and releasing read once, however many deliveries speak of it. For one look at the
//! database only: afterwards the facts may be others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::domain::{Actor, ActorId, Group, GroupId, Post, PostId};
use crate::error::Result;
use crate::storage::{self, Connection};

#[derive(Default)]
pub(super) struct Known {
    groups: HashMap<GroupId, Option<Group>>,
    posts: HashMap<PostId, Option<Post>>,
    actors: HashMap<ActorId, Option<Actor>>,
    documents: HashMap<ActorId, Option<String>>,
}

impl Known {
    /// Reads all these posts at once.
    pub fn meet_posts(&mut self, connection: &mut Connection, ids: &[PostId]) -> Result<Vec<Post>> {
        let posts = storage::posts::list_by_ids(connection, ids)?;
        for post in &posts {
            self.posts.insert(post.id, Some(post.clone()));
        }
        Ok(posts)
    }

    /// Reads all these people and groups at once.
    pub fn meet_actors(&mut self, connection: &mut Connection, ids: &[ActorId]) -> Result<()> {
        for actor in storage::actors::list_by_ids(connection, ids)? {
            self.actors.insert(actor.id, Some(actor));
        }
        Ok(())
    }

    pub fn group(&mut self, connection: &mut Connection, id: GroupId) -> Result<Option<&Group>> {
        let found = known(&mut self.groups, &id, || {
            storage::groups::find(connection, id)
        })?;
        Ok(found.as_ref())
    }

    pub fn post(&mut self, connection: &mut Connection, id: PostId) -> Result<Option<&Post>> {
        let found = known(&mut self.posts, &id, || {
            storage::posts::find(connection, id)
        })?;
        Ok(found.as_ref())
    }

    pub fn actor(&mut self, connection: &mut Connection, id: ActorId) -> Result<Option<&Actor>> {
        let found = known(&mut self.actors, &id, || {
            storage::actors::find(connection, id)
        })?;
        Ok(found.as_ref())
    }

    /// The document of an actor elsewhere as its server signed it.
    pub fn document(
        &mut self,
        connection: &mut Connection,
        id: ActorId,
    ) -> Result<Option<&String>> {
        let found = known(&mut self.documents, &id, || {
            let document = storage::actors::find_document(connection, id)?;
            Ok(document.map(|(body, _)| body))
        })?;
        Ok(found.as_ref())
    }
}

/// What is known already, or else what `find` finds.
pub(super) fn known<'a, K, V>(
    all: &'a mut HashMap<K, V>,
    key: &K,
    find: impl FnOnce() -> Result<V>,
) -> Result<&'a V>
where
    K: Clone + Eq + Hash,
{
    Ok(match all.entry(key.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => unknown.insert(find()?),
    })
}
