//! Before it is posted: the post as it would be, and who exactly would read it.

use crate::domain::{Audience, GroupId, PostId};
use crate::services::labels::Effect;
use crate::services::posts::{self, Organization, Preview};
use crate::web::attachments::Sent;
use crate::web::errors::Answer;
use crate::web::forms::{optional_body, optional_label};
use crate::web::views::{GroupLink, PreviewPage, ReadingOrganization};
use crate::web::visit::Member;
use crate::web::{answer, parts};

/// Which button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Publish,
    Preview,
    /// Back to the form, with what was typed.
    Edit,
}

impl Button {
    pub fn of(fields: &[(String, String)]) -> Self {
        let pressed = |button: &str| fields.iter().any(|(name, _)| name == button);
        match (pressed("preview"), pressed("edit")) {
            (true, _) => Self::Preview,
            (false, true) => Self::Edit,
            (false, false) => Self::Publish,
        }
    }
}

/// What would be posted, where.
pub struct Draft<'a> {
    pub group: GroupId,
    pub link: GroupLink,
    /// What it would answer.
    pub below: Option<PostId>,
    pub audience: Audience,
    /// Its own label, as it was typed.
    pub label: &'a str,
    /// Empty for a comment.
    pub title: &'a str,
    pub body: &'a str,
    pub sent: &'a Sent,
    /// Where its form goes.
    pub action: String,
    /// Everything that was typed.
    pub fields: &'a [(String, String)],
}

/// The page that says who will read it.
pub async fn page(member: &Member, draft: Draft<'_>) -> Answer {
    let body = optional_body(draft.body)?;
    let (app, viewer) = (&member.app, member.viewer());
    let label = optional_label(draft.label)?;
    let (group, below, audience) = (draft.group, draft.below, draft.audience);
    let preview = posts::preview(app, viewer, group, below, audience, body, label).await?;
    let kept = kept(&preview);
    let (readers, excluded): (Vec<_>, Vec<_>) = preview
        .others
        .into_iter()
        .partition(|one| one.withheld.is_none());
    let page = PreviewPage {
        page: member.page("Preview").await?,
        group: draft.link,
        title: draft.title.trim().to_owned(),
        body: preview.html,
        inside: preview.inside,
        every_colleague: preview.every_colleague,
        public: preview.public,
        label: parts::label(&preview.mark),
        kept,
        house: preview.house.map(|host| host.to_string()),
        readers: readers.into_iter().map(reading).collect(),
        excluded: excluded.into_iter().map(excluding).collect(),
        action: draft.action,
        fields: typed(draft.fields),
        attached: parts::kept(&draft.sent.attached),
    };
    answer(&page, None)
}

/// What its label keeps inside, in a sentence.
fn kept(preview: &Preview) -> Option<String> {
    let because = match preview.mark.name() {
        Some(name) => format!("It is “{name}”"),
        None => "It is classified so".to_owned(),
    };
    match &preview.effect {
        Effect::Leaves => None,
        Effect::Refused(sentence) => Some(format!("{because}: it will not be taken. {sentence}")),
        Effect::Held(from) if from.is_empty() => Some(format!(
            "{because}: nobody outside reads it before somebody here looked at it."
        )),
        Effect::Held(_) => Some(format!(
            "{because}: some organizations do not read it before somebody here looked at it."
        )),
    }
}

/// What is sent again: not the buttons, the token of the form, nor what is said of files.
fn typed(fields: &[(String, String)]) -> Vec<(String, String)> {
    let again = |(name, _): &&(String, String)| {
        !matches!(name.as_str(), "csrf" | "preview" | "edit" | "keep")
            && !name.starts_with("description-")
            && !name.starts_with("file-")
    };
    fields.iter().filter(again).cloned().collect()
}

fn reading(one: Organization) -> ReadingOrganization {
    let software = one.software.as_deref().unwrap_or("software nobody knows");
    let mut warnings = Vec::new();
    if one.by_mirror {
        warnings.push("They read a copy that the group makes.".to_owned());
    }
    if !one.keeps {
        warnings.push(format!(
            "Their server ({software}) is not known to show it to nobody else."
        ));
    }
    if !one.deletes {
        warnings.push(format!(
            "Their server ({software}) is not known to delete what you take back."
        ));
    }
    ReadingOrganization {
        name: one.name,
        host: one.host.to_string(),
        people: one.people,
        warnings,
    }
}

fn excluding(one: Organization) -> (String, String) {
    let why = one.withheld.map(|reason| reason.sentence().to_owned());
    (one.name, why.unwrap_or_default())
}
