//! What somebody wrote, for themselves: wherever it stands, also where they no longer get in, so that they can
//! take it back.

use super::read::without_text;
use crate::app::App;
use crate::domain::{Group, Host, Page, Post, PostId, PostState, RefusalNotice};
use crate::error::{Error, Result};
use crate::policy::{Action, Reason, Viewer};
use crate::services::{access, refusals};
use crate::storage;

/// A topic or comment of the viewer's own.
#[derive(Clone, Debug)]
pub struct Written {
    /// Their own words; without them where a moderator removed it.
    pub post: Post,
    pub place: WrittenIn,
    /// They may read it where it stands: there is a page that shows it.
    pub readable: bool,
    /// What the house of a group elsewhere did not take of it.
    pub notices: Vec<RefusalNotice>,
}

/// Where somebody wrote something.
#[derive(Clone, Debug)]
pub enum WrittenIn {
    Profile,
    Group(Box<Group>),
    /// A group that is closed to them now. What it is called now, they may not know; whose it is (none: of
    /// this house), they knew when they wrote.
    Closed(Option<Host>),
}

/// What the viewer wrote and did not delete, newest first. Nobody else is shown this list.
///
/// # Errors
/// [`Error::Denied`] for who is nobody here.
pub async fn written(app: &App, viewer: Viewer, page: Page) -> Result<Vec<Written>> {
    let asker = app.asker(viewer);
    let author = match asker.viewer {
        Viewer::Member { actor, .. } => actor,
        Viewer::Anonymous | Viewer::Person { .. } | Viewer::Server { .. } | Viewer::Operator => {
            return Err(Error::Denied(Reason::SignInNeeded));
        }
    };
    app.db
        .read("list_written", move |connection| {
            let posts = storage::posts::list_written(connection, author, page)?;
            let mut notices = refusals::list_notices(connection, &asker, &posts)?;
            let mut notices_of = |post: PostId| {
                let of_it = notices.extract_if(.., |(of, _)| *of == post);
                of_it.map(|(_, notice)| notice).collect()
            };
            let mut written = Vec::with_capacity(posts.len());
            for post in posts {
                let group = access::find_group_of(connection, &post)?;
                let of_group = group.as_ref();
                let may_read = Action::Read;
                let answer = access::explain(connection, &asker, may_read, of_group, Some(&post))?;
                let place = match group {
                    None => WrittenIn::Profile,
                    Some(group) if access::may(connection, &asker, Action::Know, &group)? => {
                        WrittenIn::Group(Box::new(group))
                    }
                    Some(group) => WrittenIn::Closed(group.home().cloned()),
                };
                written.push(Written {
                    readable: answer.is_ok(),
                    place,
                    notices: notices_of(post.id),
                    post: match post.state {
                        PostState::Visible | PostState::Held => post,
                        PostState::Removed | PostState::Deleted => without_text(post),
                    },
                });
            }
            Ok(written)
        })
        .await
}
