//! Rules that ask somebody else's program. It is asked by an errand, never while somebody waits, and until it
//! said yes the post is held: silence, a fault, and an answer nobody understands are no yes.

use serde_json::{Value, json};

use super::screen::{self, Catch, outgoing_to, written_at};
use crate::app::App;
use crate::domain::{
    AuditAction, Condition, Hold, HoldState, LabelName, OutboundRule, Post, PostId, RuleId,
    RuleOutcome, RuleSentence, Timestamp, Uri, Work,
};
use crate::error::{Error, Result};
use crate::policy::House;
use crate::services::{holds, labels};
use crate::storage::{self, Connection};

/// What is said of a post that waits because a webhook did not answer.
const NO_ANSWER: &str = "The program that had to be asked about it gave no answer.";

/// One program that is to be asked about a post.
#[derive(Clone, Debug)]
pub struct Question {
    pub rule: RuleId,
    pub address: Uri,
    pub body: Value,
}

/// What it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAnswer {
    Yes,
    /// With a reason for the author; none: the rule's sentence is told.
    No(Option<RuleSentence>),
}

/// Has the webhooks asked about a post as it is now.
pub(super) fn submit(connection: &mut Connection, post: &Post, now: Timestamp) -> Result<()> {
    let work = Work::AskWebhooks {
        post: post.id.0,
        text_of: written_at(post).micros(),
    };
    storage::jobs::insert(connection, &work, now)?;
    Ok(())
}

/// Whom to ask about a post whose text is of `text_of`; nobody, when it has another text by now or waits for
/// no webhook any more.
pub async fn find_questions(app: &App, post: PostId, text_of: Timestamp) -> Result<Vec<Question>> {
    let house = app.house();
    app.db
        .read("find_questions", move |connection| {
            let Some(post) = find_asking(connection, post, text_of)? else {
                return Ok(Vec::new());
            };
            let rules = rules_asking(connection, house, &post)?;
            let mut questions = Vec::new();
            for rule in rules {
                if let Condition::Webhook(address) = &rule.condition {
                    questions.push(Question {
                        rule: rule.id,
                        address: address.clone(),
                        body: body(connection, &post)?,
                    });
                }
            }
            Ok(questions)
        })
        .await
}

/// The post, if it has that text and a webhook is being asked about it.
fn find_asking(
    connection: &mut Connection,
    post: PostId,
    text_of: Timestamp,
) -> Result<Option<Post>> {
    let asking = |hold: &Hold| hold.state == HoldState::Asking;
    if !storage::holds::list_of(connection, &[post])?
        .iter()
        .any(asking)
    {
        return Ok(None);
    }
    let post = storage::posts::find(connection, post)?;
    Ok(post.filter(|post| written_at(post) == text_of))
}

fn rules_asking(
    connection: &mut Connection,
    house: House,
    post: &Post,
) -> Result<Vec<OutboundRule>> {
    let mut asking: Vec<OutboundRule> = Vec::new();
    for Catch { holding, .. } in screen::caught(connection, house, post, None)? {
        for rule in holding {
            let is_webhook = matches!(rule.condition, Condition::Webhook(_));
            if is_webhook && !asking.iter().any(|known| known.id == rule.id) {
                asking.push(rule);
            }
        }
    }
    Ok(asking)
}

/// What a webhook is told of a post.
fn body(connection: &mut Connection, post: &Post) -> Result<Value> {
    let author = storage::actors::find(connection, post.author)?.ok_or(Error::NotFound)?;
    let group = super::group_of(connection, post.group)?;
    let holds = storage::holds::list_of(connection, &[post.id])?;
    let files = storage::attachments::list_of(connection, post.id)?;
    let files = files.iter().map(|file| {
        json!({
            "name": file.name,
            "description": file.description,
            "media_type": file.media_type,
            "bytes": file.stored.as_ref().map(|stored| stored.bytes),
        })
    });
    // The one that is told labels: it is the house's own program, and may decide by them.
    let labels = storage::labels::list(connection)?;
    let mark = labels::mark_of(connection, &labels, group.as_ref(), post)?;
    Ok(json!({
        "label": mark.name().map(LabelName::as_str),
        "post": post.uri.as_str(),
        "author": author.handle().to_string(),
        "group": group.map(|group| group.actor.handle().to_string()),
        "to": outgoing_to(&holds),
        "title": post.title,
        "source": post.source,
        "html": post.html,
        "files": files.collect::<Vec<_>>(),
    }))
}

/// Takes note of what all webhooks said about a post. All must say yes.
pub async fn answer(
    app: &App,
    post: PostId,
    text_of: Timestamp,
    answers: Vec<(RuleId, WebhookAnswer)>,
) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write("webhook_answers", move |connection| {
            let Some(post) = find_asking(connection, post, text_of)? else {
                return Ok(());
            };
            let no = answers.iter().find_map(|(rule, answer)| match answer {
                WebhookAnswer::Yes => None,
                WebhookAnswer::No(why) => Some((*rule, why.clone())),
            });
            match no {
                None if answers.is_empty() => keep_waiting(connection, &post),
                None => {
                    holds::release_asked(connection, &post, now)?;
                    note(connection, &post, AuditAction::PostReleased, "", now)
                }
                Some((rule, why)) => say_no(connection, &post, rule, why, now),
            }
        })
        .await?;
    app.bells.events.notify_one();
    Ok(())
}

fn say_no(
    connection: &mut Connection,
    post: &Post,
    rule: RuleId,
    why: Option<RuleSentence>,
    now: Timestamp,
) -> Result<()> {
    let rule = storage::outbound_rules::find(connection, rule)?;
    let outcome = rule.as_ref().map_or(RuleOutcome::Hold, |rule| rule.outcome);
    let why = why.or(rule.map(|rule| rule.sentence));
    let why = why.as_ref().map(RuleSentence::as_str);
    let state = match outcome {
        RuleOutcome::Hold => HoldState::Waiting,
        RuleOutcome::Refuse => HoldState::Refused,
    };
    storage::holds::set_state(connection, post.id, state, why)?;
    match outcome {
        RuleOutcome::Hold => Ok(()),
        RuleOutcome::Refuse => {
            let (action, why) = (AuditAction::PostKeptInside, why.unwrap_or_default());
            note(connection, post, action, why, now)
        }
    }
}

/// Nobody answered, and is asked no more: somebody here has to look at it.
pub async fn no_answer(app: &App, post: PostId, text_of: Timestamp) -> Result<()> {
    app.db
        .write("webhook_silence", move |connection| {
            match find_asking(connection, post, text_of)? {
                Some(post) => keep_waiting(connection, &post),
                None => Ok(()),
            }
        })
        .await
}

fn keep_waiting(connection: &mut Connection, post: &Post) -> Result<()> {
    storage::holds::set_state(connection, post.id, HoldState::Waiting, Some(NO_ANSWER))
}

fn note(
    connection: &mut Connection,
    post: &Post,
    action: AuditAction,
    detail: &str,
    now: Timestamp,
) -> Result<()> {
    storage::audit::append(
        connection,
        "webhook",
        action,
        post.uri.as_str(),
        detail,
        now,
    )
}
