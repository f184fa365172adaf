//! Documents as the ledger names them. Whatever is answered to somebody who said who they are is put down here
//! first; what cannot be put down is not answered.

use serde_json::Value;

use crate::domain::{Actor, ActorKind, Group, LedgerWay, Matter, Post, Uri};
use crate::error::Result;
use crate::federation::Federation;
use crate::federation::objects::post::revision_of;
use crate::federation::viewer::Reader;
use crate::services::attachments::Opened;
use crate::services::ledger::shown::{self, Shown, Size};

/// Writes down what a reader is about to be shown: before it leaves.
pub async fn put_down(
    federation: &Federation,
    reader: &Reader,
    group: Option<&Group>,
    shown: Vec<Shown<'_>>,
) -> Result<()> {
    let (viewer, signer) = (&reader.viewer, reader.actor.as_ref());
    shown::note(&federation.app, viewer, signer, group, shown).await
}

/// The text of a post, or what is left of it, as it is about to be shown.
pub fn shown_post<'a>(post: &Post, author: &Actor, object: &'a Value) -> Shown<'a> {
    let revision = revision_of(object);
    let matter = match &revision {
        None => Matter::Removal,
        Some(_) => Matter::of_text(post.is_topic()),
    };
    Shown {
        way: LedgerWay::Fetched,
        matter,
        object: post.uri.clone(),
        by: Some(author.uri.clone()),
        written: revision.as_ref().and_then(|revision| revision.written),
        digest: revision.map(|revision| revision.digest),
        size: Size::Of(object),
    }
}

/// Who likes a post, as it is about to be shown with it.
pub fn shown_like(post: &Post, by: &Uri) -> Shown<'static> {
    shown_name(Matter::Reaction, &post.uri, by)
}

/// That somebody has a part in a group, as it is about to be shown in a list.
pub fn shown_member(group: &Group, person: &Uri) -> Shown<'static> {
    shown_name(Matter::Membership, &group.actor.uri, person)
}

/// A name and nothing besides.
fn shown_name(matter: Matter, of: &Uri, name: &Uri) -> Shown<'static> {
    Shown {
        way: LedgerWay::Fetched,
        matter,
        object: of.clone(),
        by: Some(name.clone()),
        digest: None,
        written: None,
        size: Size::Bytes(name.as_str().len() as u64),
    }
}

/// A picture or file, as it is about to be handed out: all of it, though perhaps only a part is asked for.
pub fn shown_file(opened: &Opened) -> Shown<'static> {
    Shown {
        way: LedgerWay::Media,
        matter: Matter::File,
        object: opened.post.clone(),
        by: Some(opened.author.clone()),
        digest: Some(opened.shown.digest().to_string()),
        written: None,
        size: Size::Bytes(opened.shown.bytes()),
    }
}

/// What an actor says of itself, as it is about to be shown.
pub fn shown_profile<'a>(actor: &Actor, object: &'a Value) -> Shown<'a> {
    Shown {
        way: LedgerWay::Fetched,
        matter: Matter::Profile,
        object: actor.uri.clone(),
        by: (actor.kind == ActorKind::Person).then(|| actor.uri.clone()),
        digest: None,
        written: None,
        size: Size::Of(object),
    }
}
