//! Why somebody may or may not do something, for administrators: `guildhall policy explain`.
//!
//! It asks the same question as every door, with the reason that the door would keep to itself. It
//! shows no content.

use std::fmt;

use crate::app::{App, Asker};
use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, Group, Handle, Host, Post, PostId, Uri};
use crate::error::{Error, Result};
use crate::policy::{Action, Reason, Refusal, Viewer, act};
use crate::services::access;
use crate::storage::{self, Connection};

/// May `who` do `action` to `target`? In the words of whoever asks.
#[derive(Clone, Debug)]
pub struct Question {
    /// `anonymous`, a name of this house, `name@host`, or a host for the server itself.
    pub who: String,
    /// The address of a group or post, or a group's name or handle.
    pub target: String,
    pub action: Action,
}

text_enum! {
    Verdict ("verdict") {
        Allowed = "allowed",
        /// Answered as if there were no such thing.
        Hidden = "hidden",
        /// Told why not.
        Forbidden = "forbidden",
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub verdict: Verdict,
    pub reason: Option<Reason>,
    pub sentence: String,
}

/// Answers a question about the rules.
///
/// # Errors
/// [`Error::Invalid`] when nobody here has heard of the asker or the target.
pub async fn explain(app: &App, viewer: Viewer, question: Question) -> Result<Explanation> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    let ourselves = app.config.host().clone();
    app.db
        .read("explain_policy", move |connection| {
            let who = read_who(connection, &question.who, &ourselves)?;
            let target = read_target(connection, &question.target, &ourselves)?;
            let them = Asker {
                viewer: who,
                ..asker
            };
            let (group, post) = target.parts(connection)?;
            let action = question.action;
            let ruling = access::explain(connection, &them, action, group.as_ref(), post.as_ref())?;
            Ok(answer(&question, &target, ruling))
        })
        .await
}

fn answer(question: &Question, target: &Target, ruling: Result<(), Refusal>) -> Explanation {
    let who = &question.who;
    let action = question.action.as_str().replace('_', " ");
    let (verdict, reason, sentence) = match ruling {
        Ok(()) => (
            Verdict::Allowed,
            None,
            format!("{who} may do this ({action}) in {target}."),
        ),
        Err(Refusal {
            reason,
            hidden: true,
        }) => (
            Verdict::Hidden,
            Some(reason),
            format!(
                "For {who} there is no {target}. The reason, which they are not told: {}",
                reason.sentence()
            ),
        ),
        Err(Refusal {
            reason,
            hidden: false,
        }) => (
            Verdict::Forbidden,
            Some(reason),
            format!(
                "{who} may not do this ({action}) in {target}: {}",
                reason.sentence()
            ),
        ),
    };
    Explanation {
        verdict,
        reason,
        sentence,
    }
}

/// What is asked about.
enum Target {
    Group(Box<Group>),
    Post(Box<Post>),
}

impl Target {
    fn parts(&self, connection: &mut Connection) -> Result<(Option<Group>, Option<Post>)> {
        match self {
            Self::Group(group) => Ok((Some(Group::clone(group)), None)),
            Self::Post(post) => Ok((
                access::find_group_of(connection, post)?,
                Some(Post::clone(post)),
            )),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "{}", group.actor.handle()),
            Self::Post(post) => write!(f, "{}", post.uri),
        }
    }
}

fn read_who(connection: &mut Connection, text: &str, ourselves: &Host) -> Result<Viewer> {
    let text = text.trim();
    let unknown = || {
        Error::invalid(
            "as",
            format!(
                "{text:?} is nobody known here: write anonymous, a name of this house, name@host, or a partner's host"
            ),
        )
    };
    if text == "anonymous" {
        return Ok(Viewer::Anonymous);
    }
    // Hosts have a dot or a port, names have neither.
    let is_host = !text.contains('@') && text.contains(['.', ':']);
    if is_host {
        let host: Host = text.parse().map_err(|_| unknown())?;
        return match host == *ourselves {
            true => Err(unknown()),
            false => Ok(Viewer::Server { host }),
        };
    }
    let handle: Handle = text.parse().map_err(|_| unknown())?;
    let handle = handle.seen_from(ourselves);
    match handle.host {
        None => colleague(connection, &handle.name)?.ok_or_else(unknown),
        Some(_) => person(connection, handle),
    }
}

/// Somebody of this house; nobody in particular when the account is disabled.
fn colleague(connection: &mut Connection, name: &str) -> Result<Option<Viewer>> {
    let account = storage::accounts::find_by_name(connection, name)?;
    Ok(account.map(|account| match account.disabled {
        true => Viewer::Anonymous,
        false => Viewer::Member {
            actor: account.actor.id,
            role: account.role,
        },
    }))
}

/// Somebody elsewhere. Of a person never heard of, what holds for everybody of that server is true.
fn person(connection: &mut Connection, handle: Handle) -> Result<Viewer> {
    /// No row has this id.
    const NOBODY: ActorId = ActorId(0);
    let known = storage::actors::find_by_handle(connection, &handle)?;
    Ok(match (known, handle.host) {
        (Some(actor), _) => access::viewer_of(&actor),
        (None, Some(host)) => Viewer::Person {
            actor: NOBODY,
            host,
        },
        (None, None) => Viewer::Anonymous,
    })
}

fn read_target(connection: &mut Connection, text: &str, ourselves: &Host) -> Result<Target> {
    let text = text.trim();
    let unknown = || {
        Error::invalid(
            "on",
            format!(
                "{text:?} is nothing known here: write the address of a group or post, or a group's name"
            ),
        )
    };
    let target = if text.starts_with("https://") || text.starts_with("http://") {
        let address: Uri = text.trim_end_matches('/').parse().map_err(|_| unknown())?;
        find_by_address(connection, &address.without_fragment(), ourselves)?
    } else {
        let handle: Handle = text.parse().map_err(|_| unknown())?;
        storage::groups::find_by_handle(connection, &handle.seen_from(ourselves))?
            .map(|group| Target::Group(Box::new(group)))
    };
    target.ok_or_else(unknown)
}

fn find_by_address(
    connection: &mut Connection,
    address: &Uri,
    ourselves: &Host,
) -> Result<Option<Target>> {
    if let Some(post) = storage::posts::find_by_uri(connection, address)? {
        return Ok(Some(Target::Post(Box::new(post))));
    }
    // What came from elsewhere has another name there than its page has here.
    let path = address.as_str().split('/').skip(3).collect::<Vec<_>>();
    match path[..] {
        ["p", id] if address.host() == ourselves => {
            let id = id.parse::<PostId>().ok();
            let post = id.map(|id| storage::posts::find(connection, id));
            return Ok(post
                .transpose()?
                .flatten()
                .map(|post| Target::Post(Box::new(post))));
        }
        ["g", handle] if address.host() == ourselves => {
            let handle = handle.parse::<Handle>().ok();
            let handle = handle.map(|handle| handle.seen_from(ourselves));
            let group = handle.map(|handle| storage::groups::find_by_handle(connection, &handle));
            return Ok(group
                .transpose()?
                .flatten()
                .map(|group| Target::Group(Box::new(group))));
        }
        _ => {}
    }
    let group = storage::groups::find_by_uri(connection, address)?;
    Ok(group.map(|group| Target::Group(Box::new(group))))
}

#[cfg(test)]
mod tests;
