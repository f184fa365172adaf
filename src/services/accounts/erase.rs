//! Erasing a person: everything personal goes, what they wrote is taken back everywhere, and only a
//! name remains that nobody can have again.

use super::{refuse_last_administrator, tell_gone};
use crate::app::{App, Asker};
use crate::domain::{Account, ActorId, ActorState, AuditAction, Group, counted_here};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::{
    access, audit, boosts, deliveries, follows, memberships, polls, posts, reactions,
};
use crate::storage::{self, Connection};

/// What an erasure did.
#[derive(Clone, Debug)]
pub struct Erased {
    /// The account as it was.
    pub account: Account,
    /// Topics and comments taken back.
    pub posts: usize,
    pub likes: usize,
    /// Groups of this house that nobody owns now. They go on; an administrator can name an owner.
    pub without_owner: Vec<Group>,
}

/// Erases somebody for good: account, password, sessions, tokens, profile, memberships, and what
/// they wrote and liked, here and wherever it was sent.
///
/// Everything commits together; other servers are told afterwards, from the events: of each thing that
/// is taken back, and in the end of the person. The key stays,
/// for what is taken back has to be signed, and so does what the audit log says.
///
/// # Errors
/// [`Error::Conflict`] for the last administrator.
pub async fn erase(app: &App, viewer: Viewer, actor: ActorId) -> Result<Erased> {
    let asker = app.asker(viewer);
    let permit = access::permit_house(&asker)?;
    let erased = app
        .db
        .write("erase_account", move |connection| {
            let account = storage::accounts::find(connection, actor)?.ok_or(Error::NotFound)?;
            refuse_last_administrator(connection, &account)?;
            let acquainted = storage::actors::list_acquainted_hosts(connection, actor)?;
            let erased = take_everything_back(connection, &asker, account)?;
            tell_gone(connection, &asker, actor, &acquainted)?;
            storage::deliveries::forget_texts_of(connection, &permit, actor, asker.now)?;
            storage::reports::forget_of(connection, actor)?;
            storage::attachments::remove_waiting(connection, actor)?;
            storage::accounts::remove(connection, &permit, actor)?;
            storage::actors::set_profile(connection, actor, "", "")?;
            storage::actors::set_state(connection, actor, ActorState::Deleted)?;
            let posts = counted_here(erased.posts, "post", "posts");
            let detail = format!("{posts}, {}", counted_here(erased.likes, "like", "likes"));
            let name = &erased.account.actor.name;
            audit::note(
                connection,
                &asker,
                AuditAction::AccountErased,
                name,
                &detail,
            )?;
            Ok(erased)
        })
        .await?;
    app.bells.events.notify_one();
    deliveries::settle_cancelled(app, None).await?;
    Ok(erased)
}

/// Likes, boosts and votes first, for one's own posts are liked too; then posts, while their author still belongs to
/// the groups they are in.
fn take_everything_back(
    connection: &mut Connection,
    asker: &Asker,
    account: Account,
) -> Result<Erased> {
    let actor = account.actor.id;
    // What is theirs to take back is taken back as they would: policy is asked as of them.
    let author = Asker {
        viewer: Viewer::Member {
            actor,
            role: account.role,
        },
        ..asker.clone()
    };
    let likes = reactions::take_all_back(connection, &author, actor)?;
    boosts::take_all_back(connection, &author, actor)?;
    storage::bookmarks::remove_of_actor(connection, actor)?;
    storage::ways::remove(connection, actor)?;
    polls::take_all_back(connection, actor, asker.now)?;
    let written = storage::posts::list_all_of_author(connection, actor)?;
    for post in &written {
        posts::take_back(connection, &author, *post)?;
    }
    follows::end_all(connection, &author, actor)?;
    Ok(Erased {
        posts: written.len(),
        likes,
        without_owner: memberships::leave_all(connection, &author, actor)?,
        account,
    })
}
