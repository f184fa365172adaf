//! What the rules hold at the boundary: showing it to who looks at it, letting it out, keeping it inside.

use std::collections::HashMap;

use crate::app::{App, Asker};
use crate::domain::{
    Actor, AuditAction, EventKind, Group, GroupId, Hold, HoldNotice, HoldState, Page, Post, PostId,
    PostState, RuleSentence, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::{self, Action, Denial, Viewer, act};
use crate::services::{access, audit, first_contacts, outbound_rules};
use crate::storage::{self, Connection};

/// Why a post of somebody new waits.
const FIRST_WORDS: &str =
    "It is the first that somebody new from elsewhere says here. Nobody but moderators reads it.";

/// A held post with what one needs to decide about it.
#[derive(Clone, Debug)]
pub struct Held {
    pub post: Post,
    pub author: Actor,
    pub group: Option<Group>,
    /// Why it is held, and from whom.
    pub notice: HoldNotice,
    /// How many files are attached to it.
    pub files: usize,
}

/// A part of what waits for somebody to look at it, and of what was refused, newest first, as far as the
/// viewer may review it: of a group, or (none) everywhere, for who has that duty in the house.
pub async fn list(
    app: &App,
    viewer: Viewer,
    group: Option<GroupId>,
    page: Page,
) -> Result<Vec<Held>> {
    let asker = app.asker(viewer);
    app.db
        .read("list_held", move |connection| {
            check_duty(connection, &asker, group)?;
            let (mut held, mut before) = (Vec::new(), page.before);
            let wanted = usize::try_from(page.items()).unwrap_or(usize::MAX);
            // What is not theirs to review is passed over, so a part may take several looks.
            while held.len() < wanted {
                let part = storage::holds::list_posts(connection, group, page.before(before))?;
                let Some(last) = part.last() else { break };
                before = Some(last.0);
                let mut posts = storage::posts::list_by_ids(connection, &part)?;
                posts.sort_by_key(|post| std::cmp::Reverse(post.id));
                for post in posts {
                    if may_review(connection, &asker, &post)? {
                        held.push(describe(connection, post)?);
                    }
                }
                if page.from_oldest {
                    break;
                }
            }
            held.truncate(wanted);
            Ok(held)
        })
        .await
}

/// Whether the viewer reviews anything at all there.
fn check_duty(connection: &mut Connection, asker: &Asker, group: Option<GroupId>) -> Result<()> {
    let Some(group) = group else {
        return Ok(policy::reviews_house(&asker.viewer)?);
    };
    let (_, group) = access::permit::<act::Know>(connection, asker, group)?;
    let answer = access::explain(connection, asker, Action::Review, Some(&group), None)?;
    answer.map_err(|refusal| Denial::from(refusal).into())
}

fn may_review(connection: &mut Connection, asker: &Asker, post: &Post) -> Result<bool> {
    let group = access::find_group_of(connection, post)?;
    let action = match is_first(post) {
        true => Action::Moderate,
        false => Action::Review,
    };
    let answer = access::explain(connection, asker, action, group.as_ref(), Some(post))?;
    Ok(answer.is_ok())
}

/// What somebody new from elsewhere said waits for a moderator; everything else for who reviews.
fn is_first(post: &Post) -> bool {
    post.state == PostState::Held
}

/// Lets a held post out, with what waits below it, as if it had been written now.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Denied`] for who may not, [`Error::Conflict`] when nothing holds it.
pub async fn release(app: &App, viewer: Viewer, id: PostId) -> Result<Held> {
    let asker = app.asker(viewer);
    let released = app
        .db
        .write("release_held", move |connection| {
            if let Some((case, held)) = find_first(connection, &asker, id)? {
                first_contacts::let_in(connection, &asker, &case)?;
                return Ok(held);
            }
            let (case, held) = find_held(connection, &asker, id)?;
            let (post, now) = (&case.post, asker.now);
            let holds = storage::holds::list_of(connection, &[id])?;
            storage::holds::release(connection, &case.permit, now)?;
            // What answers something that is held still goes with that.
            let above = outbound_rules::held_above(connection, post)?;
            for above in &above {
                let hold = outbound_rules::with_above(post, above, now);
                storage::holds::save(connection, &hold)?;
            }
            tell_free(connection, post, &holds, now)?;
            if above.is_empty() {
                free_below(connection, id, now)?;
            }
            let (action, uri) = (AuditAction::PostReleased, post.uri.as_str());
            audit::note(connection, &asker, action, uri, "")?;
            Ok(held)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(released)
}

/// Keeps a held post inside for good. Its author reads why, may change it, and then it is looked at again.
///
/// # Errors
/// As [`release`].
pub async fn refuse(app: &App, viewer: Viewer, id: PostId, sentence: RuleSentence) -> Result<Held> {
    let asker = app.asker(viewer);
    let refused = app
        .db
        .write("refuse_held", move |connection| {
            if let Some((case, held)) = find_first(connection, &asker, id)? {
                first_contacts::turn_away(connection, &asker, &case, &sentence)?;
                return Ok(held);
            }
            let (case, _) = find_held(connection, &asker, id)?;
            storage::holds::refuse(connection, &case.permit, sentence.as_str())?;
            let (action, uri) = (AuditAction::PostKeptInside, case.post.uri.as_str());
            audit::note(connection, &asker, action, uri, sentence.as_str())?;
            describe(connection, case.post)
        })
        .await?;
    app.bells.events.notify_one();
    Ok(refused)
}

/// A post of somebody new, for who moderates its group; none: it is no such post, or not one that they see.
fn find_first(
    connection: &mut Connection,
    asker: &Asker,
    id: PostId,
) -> Result<Option<(access::Case<act::Moderate>, Held)>> {
    let post = storage::posts::find(connection, id)?;
    let Some(post) = post.filter(is_first) else {
        return Ok(None);
    };
    let case = access::permit_found::<act::Moderate>(connection, asker, post)?;
    let held = describe(connection, case.post.clone())?;
    Ok(Some((case, held)))
}

fn find_held(
    connection: &mut Connection,
    asker: &Asker,
    id: PostId,
) -> Result<(access::Case<act::Review>, Held)> {
    let case = access::permit_post::<act::Review>(connection, asker, id)?;
    let held = describe(connection, case.post.clone()).map_err(|error| match error {
        Error::NotFound => Error::Conflict("nothing holds this post (any more)".into()),
        other => other,
    })?;
    Ok((case, held))
}

/// All webhooks said yes: what nothing else holds is let out.
pub(super) fn release_asked(
    connection: &mut Connection,
    post: &Post,
    now: Timestamp,
) -> Result<()> {
    let (asked, other): (Vec<Hold>, Vec<Hold>) = storage::holds::list_of(connection, &[post.id])?
        .into_iter()
        .partition(|hold| hold.state == HoldState::Asking);
    storage::holds::remove(connection, post.id)?;
    for hold in &other {
        storage::holds::save(connection, hold)?;
    }
    let above = outbound_rules::held_above(connection, post)?;
    for above in &above {
        let hold = outbound_rules::with_above(post, above, now);
        storage::holds::save(connection, &hold)?;
    }
    tell_free(connection, post, &asked, now)?;
    match other.is_empty() && above.is_empty() {
        true => free_below(connection, post.id, now),
        false => Ok(()),
    }
}

/// Tells of what nothing holds any more. Who knows it already makes nothing of hearing that it was written.
fn tell_free(
    connection: &mut Connection,
    post: &Post,
    holds: &[Hold],
    now: Timestamp,
) -> Result<()> {
    outbound_rules::tell_written(connection, post, now)?;
    let changed = |hold: &Hold| hold.news == EventKind::PostUpdated;
    match holds.iter().any(changed) {
        true => outbound_rules::tell(connection, post, EventKind::PostUpdated, now),
        false => Ok(()),
    }
}

/// Lets out what was held only because of a post above it.
pub(super) fn free_below(connection: &mut Connection, above: PostId, now: Timestamp) -> Result<()> {
    let below = storage::holds::list_below(connection, above)?;
    let mut ids: Vec<PostId> = below.iter().map(|hold| hold.post).collect();
    ids.dedup();
    for id in ids {
        storage::holds::remove_below(connection, id, above)?;
        if let Some(post) = storage::posts::find(connection, id)? {
            outbound_rules::tell_written(connection, &post, now)?;
        }
        free_below(connection, id, now)?;
    }
    Ok(())
}

fn describe(connection: &mut Connection, post: Post) -> Result<Held> {
    let notice = match is_first(&post) {
        true => Some(HoldNotice {
            state: HoldState::Waiting,
            sentence: FIRST_WORDS.to_owned(),
            from: Vec::new(),
            since: post.created_at,
        }),
        false => notices(connection, &[post.id])?.remove(&post.id),
    };
    Ok(Held {
        notice: notice.ok_or(Error::NotFound)?,
        author: storage::actors::find(connection, post.author)?.ok_or(Error::NotFound)?,
        group: access::find_group_of(connection, &post)?,
        files: storage::attachments::list_of(connection, post.id)?.len(),
        post,
    })
}

/// Why posts are held, for people here who see them.
pub(super) fn notices(
    connection: &mut Connection,
    ids: &[PostId],
) -> Result<HashMap<PostId, HoldNotice>> {
    let mut all: HashMap<PostId, HoldNotice> = HashMap::new();
    for hold in storage::holds::list_of(connection, ids)? {
        let from = hold.host.clone();
        match all.get_mut(&hold.post) {
            Some(notice) => notice.add(&hold),
            None => {
                let notice = HoldNotice {
                    state: hold.state,
                    sentence: hold.sentence,
                    from: from.into_iter().collect(),
                    since: hold.since,
                };
                all.insert(hold.post, notice);
            }
        }
    }
    Ok(all)
}

/// Whether the viewer looks at what is held wherever they may read, for showing the way there.
pub fn may_review_house(viewer: &Viewer) -> bool {
    policy::reviews_house(viewer).is_ok()
}

/// What waits for who moderates these groups.
pub(super) fn count_waiting(connection: &mut Connection, groups: &[GroupId]) -> Result<u64> {
    let count = storage::holds::count_waiting_in(connection, groups)?;
    Ok(count.unsigned_abs())
}
