//! What somebody sees and may do, and why: the same answer as `guildhall policy explain`.

use actix_web::web::Query;
use serde::Deserialize;

use crate::error::Result;
use crate::policy::Action;
use crate::services::explain::{self, Explanation, Question};
use crate::services::partners;
use crate::web::answer;
use crate::web::errors::{self, Answer};
use crate::web::views::{Choice, ExplainPage, Explained};
use crate::web::visit::Member;

/// A question, as it was typed.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default, rename = "as")]
    who: String,
    #[serde(default)]
    on: String,
    #[serde(default)]
    action: String,
}

/// `GET /admin/explain?as=WHO&on=WHAT&action=ACTION`
pub async fn show(member: Member, asked: Query<Asked>) -> Answer {
    // Whoever is no administrator is told that there is no such page, whatever they ask.
    partners::list(&member.app, member.viewer()).await?;
    let asked = asked.into_inner();
    // A link fills in one half of the question; the form says what is to be done.
    let half = asked.who.trim().is_empty() || asked.on.trim().is_empty();
    let nothing = half && asked.action.is_empty();
    let (explained, told) = match nothing {
        true => (None, None),
        false => match explain(&member, &asked).await {
            Ok(explanation) => (Some(explanation), None),
            Err(error) => (None, Some(errors::tell(error)?)),
        },
    };
    let chosen = asked.action.parse().unwrap_or(Action::Read);
    let page = ExplainPage {
        page: member
            .page_told("What would they see?", told.as_ref())
            .await?,
        who: asked.who,
        on: asked.on,
        actions: Action::ALL
            .iter()
            .map(|action| choice(*action, chosen))
            .collect(),
        explained: explained.map(|explanation| Explained {
            verdict: explanation.verdict.to_string(),
            reason: explanation.reason.map(|reason| reason.to_string()),
            sentence: explanation.sentence,
        }),
    };
    answer(&page, told.as_ref())
}

async fn explain(member: &Member, asked: &Asked) -> Result<Explanation> {
    let question = Question {
        who: asked.who.clone(),
        target: asked.on.clone(),
        action: match asked.action.as_str() {
            "" => Action::Read,
            action => action.parse()?,
        },
    };
    explain::explain(&member.app, member.viewer(), question).await
}

fn choice(action: Action, chosen: Action) -> Choice {
    Choice {
        value: action.to_string(),
        label: action.as_str().replace('_', " "),
        hint: None,
        chosen: action == chosen,
    }
}
