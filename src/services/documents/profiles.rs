//! What other servers may read of profiles here: what stands on them, and which of their own people follow.

use super::find_person;
use crate::app::{App, Asker};
use crate::domain::{Actor, Page, Post, PostId, Uri};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::access;
use crate::services::posts::ProfilePost;
use crate::storage::{self, Connection};

/// A post on a profile that was written here.
pub async fn profile_post(app: &App, asker: Asker, id: PostId) -> Result<ProfilePost> {
    let addresses = app.addresses();
    app.db
        .read("profile_post_document", move |connection| {
            let post = find_post(connection, &asker, id)?;
            let found = ProfilePost::load(connection, &asker, &addresses, post)?;
            match found.author.is_local() {
                true => Ok(found),
                false => Err(Error::NotFound),
            }
        })
        .await
}

/// What a person here began on their profile, newest first, as far as the reader may read it.
pub async fn outbox(
    app: &App,
    viewer: Viewer,
    name: &str,
    page: Page,
) -> Result<(Actor, Vec<ProfilePost>)> {
    let (asker, name, addresses) = (app.asker(viewer), name.to_owned(), app.addresses());
    app.db
        .read("profile_outbox", move |connection| {
            let person = find_person(connection, &asker, &name)?.actor;
            let scope = access::scope(&asker);
            let posts = storage::posts::list_profile(connection, &scope, person.id, page)?;
            let load = |post| ProfilePost::load(connection, &asker, &addresses, post);
            Ok((person, posts.into_iter().map(load).collect::<Result<_>>()?))
        })
        .await
}

/// The asking server's own people who follow a person here. Who else does is told to nobody outside; nor
/// is how many.
pub async fn followers(app: &App, viewer: Viewer, name: &str) -> Result<(Actor, Vec<Uri>)> {
    let (asker, name) = (app.asker(viewer), name.to_owned());
    app.db
        .read("profile_followers", move |connection| {
            let person = find_person(connection, &asker, &name)?.actor;
            let followers = match asker.viewer.host() {
                Some(host) => storage::follows::list_followers_on(connection, person.id, host)?,
                None => Vec::new(),
            };
            Ok((person, followers))
        })
        .await
}

/// The conversation that began on a profile here, oldest first, at most `items` from after an id on.
pub async fn profile_conversation(
    app: &App,
    viewer: Viewer,
    id: PostId,
    after: Option<PostId>,
    items: u32,
) -> Result<Vec<ProfilePost>> {
    let (asker, addresses) = (app.asker(viewer), app.addresses());
    app.db
        .read("profile_conversation", move |connection| {
            let topic = find_post(connection, &asker, id)?;
            let owner = access::find_owner(connection, &topic)?;
            if !topic.is_topic() || !owner.is_local() {
                return Err(Error::NotFound);
            }
            let scope = access::scope(&asker);
            let page = Page::first(items).after(after.map(|id| id.0));
            let posts = storage::posts::list_profile_thread(connection, &scope, id, Some(page))?;
            let load = |post| ProfilePost::load(connection, &asker, &addresses, post);
            posts.into_iter().map(load).collect()
        })
        .await
}

/// A post on a profile, once policy said that the asker may read it. One that is not there takes as long
/// as one that is hidden.
fn find_post(connection: &mut Connection, asker: &Asker, id: PostId) -> Result<Post> {
    let post = storage::posts::find(connection, id)?;
    let case = access::permit_sought_post::<act::Read>(connection, asker, post)?;
    match case.post.audience.is_on_profile() {
        true => Ok(case.post),
        false => Err(Error::NotFound),
    }
}
