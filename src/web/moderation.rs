//! What moderators do with posts: taking them out of view, bringing them back, locking and pinning topics.

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Post, PostId, PostState, Stage};
use crate::error::{Error, Result};
use crate::policy::Reason;
use crate::services::posts::{self, Lock, Pin};
use crate::web::errors::{self, Answer, Told};
use crate::web::forms::Nothing;
use crate::web::topics::{address, back_to, find_in, number};
use crate::web::views::RemovePage;
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts, see_other};

#[derive(Default, Deserialize)]
pub struct Why {
    #[serde(default)]
    reason: String,
}

/// `GET /p/{id}/remove`: shows once more what is about to go.
pub async fn ask(member: Member, id: Path<String>) -> Answer {
    page(&member, number(&id)?, Why::default(), None).await
}

/// `POST /p/{id}/remove`
pub async fn remove(member: Member, id: Path<String>, Form(why): Form<Why>) -> Answer {
    let id = number(&id)?;
    match take_away(&member, id, &why).await {
        // Its house was asked, and has not done it yet.
        Ok(PostState::Visible) => Ok(done(&address(id), Notice::AskedThere)),
        Ok(_) => Ok(see_other(&address(id))),
        Err(error) => page(&member, id, why, Some(errors::tell(error)?)).await,
    }
}

async fn take_away(member: &Member, id: PostId, why: &Why) -> Result<PostState> {
    let reason = why.reason.parse()?;
    let post = posts::remove(&member.app, member.viewer(), id, reason).await?;
    Ok(post.state)
}

async fn page(member: &Member, id: PostId, why: Why, told: Option<Told>) -> Answer {
    let thread = posts::thread(&member.app, member.viewer(), id).await?;
    let shown = find_in(&thread, id)?;
    if !shown.can_remove {
        // It is gone already, or it is not theirs to remove.
        return match shown.can_restore {
            true => Ok(see_other(&address(id))),
            false => Err(Reason::NotModerator.into()),
        };
    }
    let group = thread.place.group().ok_or(Error::NotFound)?;
    let page = RemovePage {
        page: member.page_told("Remove", told.as_ref()).await?,
        id: id.to_string(),
        group: parts::group_link(&group.group, group.partner.as_ref()),
        title: shown.view.post.title.clone(),
        post: parts::post_body(shown, member.now()),
        reason: why.reason,
        shared: group.group.stage != Stage::Internal,
        back: address(id),
    };
    answer(&page, told.as_ref())
}

/// Where the post is, now changed; where the house of its group was asked instead, that is said.
async fn done_or_asked(
    member: &Member,
    id: PostId,
    outcome: Result<Post>,
    is_as_before: impl Fn(&Post) -> bool,
) -> Answer {
    match outcome {
        Ok(post) if is_as_before(&post) => Ok(done(&address(id), Notice::AskedThere)),
        other => back_to(member, id, other.map(drop)).await,
    }
}

/// `POST /p/{id}/restore`
pub async fn restore(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = posts::restore(&member.app, member.viewer(), id).await;
    done_or_asked(&member, id, outcome, |post: &Post| {
        post.state == PostState::Removed
    })
    .await
}

/// `POST /p/{id}/lock`
pub async fn lock(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = posts::set_locked(&member.app, member.viewer(), id, Lock::Locked).await;
    done_or_asked(&member, id, outcome, |post: &Post| !post.locked).await
}

/// `POST /p/{id}/unlock`
pub async fn unlock(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = posts::set_locked(&member.app, member.viewer(), id, Lock::Open).await;
    done_or_asked(&member, id, outcome, |post: &Post| post.locked).await
}

/// `POST /p/{id}/pin`
pub async fn pin(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = posts::set_pinned(&member.app, member.viewer(), id, Pin::Pinned).await;
    done_or_asked(&member, id, outcome, |post: &Post| !post.pinned).await
}

/// `POST /p/{id}/unpin`
pub async fn unpin(member: Member, id: Path<String>, _: Form<Nothing>) -> Answer {
    let id = number(&id)?;
    let outcome = posts::set_pinned(&member.app, member.viewer(), id, Pin::Loose).await;
    done_or_asked(&member, id, outcome, |post: &Post| post.pinned).await
}
