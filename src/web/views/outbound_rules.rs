//! Rules at the boundary, and what they hold.

use askama::Template;

use super::{Choice, GroupLink, Page, Pager, When};
use crate::domain::markup::SafeHtml;

/// `GET /g/{handle}/rules` and `/admin/rules`. The forms post to `url`: `/add` with `of`, `kind`, `condition`, `outcome` and
/// `sentence`; `/remove` with `rule`; `/try` with `of` and `text`.
#[derive(Template)]
#[template(path = "rules.html")]
pub struct RulesPage {
    pub page: Page,
    /// None: the rules of the house and of partners.
    pub group: Option<GroupLink>,
    pub url: String,
    pub rules: Vec<RuleRow>,
    /// For whom a new one is to be: the house, or a partner; nothing to choose in a group.
    pub places: Vec<Choice>,
    pub draft: RuleDraft,
    pub trial: Option<TrialView>,
}

pub struct RuleRow {
    pub id: String,
    pub of: String,
    /// "What is written matches", "A file is one of".
    pub looks_at: String,
    pub condition: String,
    /// "is held" or "is refused".
    pub outcome: String,
    pub sentence: String,
    pub unreadable: bool,
}

/// What was typed for a new rule.
pub struct RuleDraft {
    pub kinds: Vec<Choice>,
    pub condition: String,
    pub outcomes: Vec<Choice>,
    pub sentence: String,
}

/// What the rules said of a text that was tried.
pub struct TrialView {
    pub text: String,
    /// "It would leave."
    pub verdict: String,
    /// Sentences of the rules that catch it.
    pub because: Vec<String>,
}

/// `GET /admin/labels`. Posts `name`, `meaning` and `above` to `/admin/labels/add` and `…/change`, and `name` to `…/remove`.
#[derive(Template)]
#[template(path = "labels.html")]
pub struct LabelsPage {
    pub page: Page,
    /// The lowest first.
    pub labels: Vec<LabelRow>,
    /// Where a new one may be put.
    pub places: Vec<Choice>,
    /// What was typed for a new one.
    pub name: String,
    pub meaning: String,
}

pub struct LabelRow {
    pub name: String,
    pub meaning: String,
    /// Where it is, and may be put.
    pub places: Vec<Choice>,
}

/// `GET /g/{handle}/held` and `/admin/held`; posts `post`, `action` (`release` or `refuse`) and `reason` to itself.
#[derive(Template)]
#[template(path = "held.html")]
pub struct HeldPage {
    pub page: Page,
    /// None: all groups, and profiles.
    pub group: Option<GroupLink>,
    pub url: String,
    pub held: Vec<HeldRow>,
    pub pager: Pager,
}

pub struct HeldRow {
    pub id: String,
    pub url: String,
    /// "Topic by ada".
    pub what: String,
    pub title: Option<String>,
    pub body: SafeHtml,
    /// Files, by name.
    pub files: usize,
    pub place: Option<GroupLink>,
    pub why: String,
    /// "everybody outside", or the partners.
    pub from: String,
    /// "waits", "a program is asked", "refused".
    pub state: String,
    pub refused: bool,
    pub when: When,
}
