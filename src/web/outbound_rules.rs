//! The rules at the boundary: of a group for who may open it, of the house and of partners for administrators.

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Condition, RuleKind, RuleOutcome};
use crate::error::{Error, Result};
use crate::policy::Action;
use crate::services::groups::GroupView;
use crate::services::outbound_rules::{self, Rule, Trial, Where};
use crate::services::partners;
use crate::web::errors::{self, Answer, Told};
use crate::web::forms::optional_label;
use crate::web::groups::locate;
use crate::web::views::{Choice, RuleDraft, RuleRow, RulesPage, TrialView};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

/// A rule as it is typed.
#[derive(Debug, Default, Deserialize)]
pub struct Wish {
    /// A partner's host; empty: the house, or the group of the page.
    #[serde(default)]
    of: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    condition: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    sentence: String,
}

#[derive(Deserialize)]
pub struct Gone {
    rule: String,
}

#[derive(Deserialize)]
pub struct Attempt {
    #[serde(default)]
    of: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    label: String,
}

/// `GET /g/{handle}/rules`
pub async fn of_group(member: Member, handle: Path<String>) -> Answer {
    let view = locate(&member, &handle).await?;
    page(&member, Some(&view), Wish::default(), None, None).await
}

/// `GET /admin/rules`
pub async fn of_house(member: Member) -> Answer {
    page(&member, None, Wish::default(), None, None).await
}

/// `POST /g/{handle}/rules/add`
pub async fn add_to_group(member: Member, handle: Path<String>, Form(wish): Form<Wish>) -> Answer {
    let view = locate(&member, &handle).await?;
    add(&member, Some(&view), wish).await
}

/// `POST /admin/rules/add`
pub async fn add_to_house(member: Member, Form(wish): Form<Wish>) -> Answer {
    add(&member, None, wish).await
}

/// `POST /g/{handle}/rules/remove`
pub async fn remove_of_group(
    member: Member,
    handle: Path<String>,
    Form(gone): Form<Gone>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    remove(&member, Some(&view), &gone).await
}

/// `POST /admin/rules/remove`
pub async fn remove_of_house(member: Member, Form(gone): Form<Gone>) -> Answer {
    remove(&member, None, &gone).await
}

/// `POST /g/{handle}/rules/try`
pub async fn try_in_group(
    member: Member,
    handle: Path<String>,
    Form(attempt): Form<Attempt>,
) -> Answer {
    let view = locate(&member, &handle).await?;
    try_text(&member, Some(&view), attempt).await
}

/// `POST /admin/rules/try`
pub async fn try_in_house(member: Member, Form(attempt): Form<Attempt>) -> Answer {
    try_text(&member, None, attempt).await
}

async fn add(member: &Member, view: Option<&GroupView>, wish: Wish) -> Answer {
    match make(member, view, &wish).await {
        Ok(()) => Ok(done(&url(view), Notice::RuleMade)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(member, view, wish, None, Some(told)).await
        }
    }
}

async fn make(member: &Member, view: Option<&GroupView>, wish: &Wish) -> Result<()> {
    let place = place(view, &wish.of)?;
    let condition = Condition::parse(wish.kind.parse()?, &wish.condition)?;
    let (outcome, sentence) = (wish.outcome.parse()?, wish.sentence.parse()?);
    let (app, viewer) = (&member.app, member.viewer());
    outbound_rules::add(app, viewer, place, condition, outcome, sentence).await?;
    Ok(())
}

async fn remove(member: &Member, view: Option<&GroupView>, gone: &Gone) -> Answer {
    let outcome = match gone.rule.parse() {
        Ok(id) => outbound_rules::remove(&member.app, member.viewer(), id).await,
        Err(_) => Err(Error::NotFound),
    };
    match outcome {
        Ok(_) => Ok(done(&url(view), Notice::RuleRemoved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(member, view, Wish::default(), None, Some(told)).await
        }
    }
}

async fn try_text(member: &Member, view: Option<&GroupView>, attempt: Attempt) -> Answer {
    let wish = Wish {
        of: attempt.of.clone(),
        ..Wish::default()
    };
    let (app, viewer) = (&member.app, member.viewer());
    let asked = place(view, &attempt.of).and_then(|place| {
        let label = optional_label(&attempt.label)?;
        Ok((place, label))
    });
    let tried = match asked {
        Ok((place, label)) => {
            outbound_rules::try_text(app, viewer, place, attempt.text.clone(), label).await
        }
        Err(error) => Err(error),
    };
    match tried {
        Ok(trial) => page(member, view, wish, Some((attempt.text, trial)), None).await,
        Err(error) => {
            let told = errors::tell(error)?;
            page(member, view, wish, None, Some(told)).await
        }
    }
}

/// What a rule is of: the group of the page, the house, or the partner that was chosen.
fn place(view: Option<&GroupView>, of: &str) -> Result<Where> {
    match (view, of) {
        (Some(view), _) => Ok(Where::Group(view.group.actor.handle())),
        (None, "" | "house") => Ok(Where::House),
        (None, host) => Ok(Where::Partner(host.parse()?)),
    }
}

fn url(view: Option<&GroupView>) -> String {
    match view {
        Some(view) => format!("{}/rules", parts::group_url(&view.group)),
        None => "/admin/rules".to_owned(),
    }
}

async fn page(
    member: &Member,
    view: Option<&GroupView>,
    wish: Wish,
    tried: Option<(String, Trial)>,
    told: Option<Told>,
) -> Answer {
    if let Some(view) = view
        && !view.rights.may(Action::ChangeBoundary)
    {
        let why = view.rights.why_not(Action::ChangeBoundary);
        return Err(why.map_or(Error::NotFound, Error::Denied).into());
    }
    let (app, viewer) = (&member.app, member.viewer());
    let here = view.map(|view| Where::Group(view.group.actor.handle()));
    let mut rules = outbound_rules::list(app, viewer.clone(), here).await?;
    if view.is_none() {
        // Those of groups are on the groups' own pages.
        rules.retain(|rule| rule.group.is_none());
    }
    let page = RulesPage {
        page: member
            .page_told("Rules at the boundary", told.as_ref())
            .await?,
        group: view.map(|view| parts::group_link(&view.group, None)),
        url: url(view),
        rules: rules.iter().map(row).collect(),
        places: match view {
            Some(_) => Vec::new(),
            None => places(member, &wish.of).await?,
        },
        draft: draft(&wish),
        trial: tried.map(|(text, trial)| trial_view(text, &trial)),
    };
    answer(&page, told.as_ref())
}

/// The house and its partners, for a new rule.
async fn places(member: &Member, chosen: &str) -> Result<Vec<Choice>> {
    let partners = partners::list(&member.app, member.viewer()).await?;
    let house = Choice {
        value: "house".to_owned(),
        label: "Everything that leaves the house".to_owned(),
        hint: None,
        chosen: chosen.is_empty() || chosen == "house",
    };
    let partner = |partner: &crate::domain::Partner| Choice {
        value: partner.host.to_string(),
        label: format!("What {} would get", partner.organization),
        hint: None,
        chosen: partner.host.as_str() == chosen,
    };
    let all = std::iter::once(house).chain(partners.iter().map(partner));
    Ok(all.collect())
}

fn draft(wish: &Wish) -> RuleDraft {
    let kind = |kind: &RuleKind| {
        Choice {
        value: kind.to_string(),
        label: match kind {
            RuleKind::Pattern => "A pattern in what is written",
            RuleKind::FileType => "Types of files",
            RuleKind::FileSize => "Files larger than so many bytes",
            RuleKind::Label => "How it is classified",
            RuleKind::Webhook => "Another program",
        }
        .to_owned(),
        hint: Some(
            match kind {
                RuleKind::Pattern => r"A regular expression, like \bproject\s+falcon\b. Upper and lower case are the same.",
                RuleKind::FileType => "application/zip, image/* – or all but some: !image/*",
                RuleKind::FileSize => "10000000 are ten megabytes.",
                RuleKind::Label => "The name of a label: it, and all above it.",
                RuleKind::Webhook => "It is asked at an address (https://…), and until it says yes, the post is held.",
            }
            .to_owned(),
        ),
        chosen: match wish.kind.as_str() {
            "" => *kind == RuleKind::Pattern,
            typed => kind.as_str() == typed,
        },
    }
    };
    let outcome = |outcome: &RuleOutcome| Choice {
        value: outcome.to_string(),
        label: match outcome {
            RuleOutcome::Hold => "is held until somebody looked at it",
            RuleOutcome::Refuse => "is not taken",
        }
        .to_owned(),
        hint: None,
        chosen: match wish.outcome.as_str() {
            "" => *outcome == RuleOutcome::Hold,
            typed => outcome.as_str() == typed,
        },
    };
    RuleDraft {
        kinds: RuleKind::ALL.iter().map(kind).collect(),
        condition: wish.condition.clone(),
        outcomes: RuleOutcome::ALL.iter().map(outcome).collect(),
        sentence: wish.sentence.clone(),
    }
}

fn row(described: &Rule) -> RuleRow {
    let rule = &described.rule;
    RuleRow {
        id: rule.id.to_string(),
        of: match described.partner.as_ref() {
            Some(partner) => partner.organization.clone(),
            None => match &described.group {
                Some(group) => group.title().to_owned(),
                None => "The house".to_owned(),
            },
        },
        looks_at: match rule.condition.kind() {
            RuleKind::Pattern => "What is written matches",
            RuleKind::FileType => "A file is one of",
            RuleKind::FileSize => "A file has more bytes than",
            RuleKind::Label => "Its label is at least",
            RuleKind::Webhook => "Does not say yes:",
        }
        .to_owned(),
        condition: rule.condition.text(),
        outcome: match rule.outcome {
            RuleOutcome::Hold => "is held",
            RuleOutcome::Refuse => "is refused",
        }
        .to_owned(),
        sentence: rule.sentence.as_str().to_owned(),
        unreadable: matches!(rule.condition, Condition::Unreadable { .. }),
    }
}

fn trial_view(text: String, trial: &Trial) -> TrialView {
    let sentence = |rule: &Rule| rule.rule.sentence.as_str().to_owned();
    let (verdict, because) = match trial {
        Trial::Passes => ("It would leave.", Vec::new()),
        Trial::Held(rules) => ("It would be held.", rules.iter().map(sentence).collect()),
        Trial::Refused(rule) => ("It would be refused.", vec![sentence(rule)]),
    };
    TrialView {
        text,
        verdict: verdict.to_owned(),
        because,
    }
}
