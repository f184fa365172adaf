//! A group's settings, for who manages it: its stage and its grants.

use askama::Template;

use super::{Badge, Choice, GroupLink, Page, Pager, When};

/// `GET /g/NAME/settings`.
///
/// Posts `title`, `description`, `access` to itself; `stage` to `…/stage`; `mirror`, `boosts` to `…/outreach`; `first_contact` to `…/first-contact`; `archived` (`yes`, `no`)
/// to `…/archive`; `reason` to `…/stop`; a grant (`partner`, `can` once for each capability, `join`, `until`, `history`,
/// `history_from`, `apart`) to `…/grants`; `grant` (the host it is for) to `…/grants/remove`.
#[derive(Template)]
#[template(path = "group_admin.html")]
pub struct GroupAdminPage {
    pub page: Page,
    pub group: GroupLink,
    /// Where it says what other servers got of it.
    pub ledger: String,
    pub name: String,
    pub title: String,
    /// Markdown, as typed.
    pub description: String,
    pub access: String,
    pub stages: Vec<StageChoice>,
    /// What becomes of its posts on servers that know no groups: while it is not public, and while it is.
    pub mirrors: Vec<Choice>,
    pub boosts: Vec<Choice>,
    /// Whether somebody new from elsewhere is looked at first.
    pub first_contacts: Vec<Choice>,
    /// The least that is said in it has; empty hides the form, where the house has no labels or who looks may not choose.
    pub labels: Vec<Choice>,
    /// "Stopped by ada 4 May 2026, 10:00: why"; none: nothing is.
    pub stopped: Option<String>,
    pub archived: bool,
    pub can_archive: bool,
    /// Partners that may be asked to take the group; empty hides the form.
    pub destinations: Vec<Choice>,
    /// "Birch was asked to take it, on 4 May 2026." or where it went.
    pub moving: Option<String>,
    /// They were asked and did not answer: shows the button for `…/move/withdraw`.
    pub can_withdraw: bool,
    pub grants: Vec<GrantRow>,
    /// Partners that may be given a grant; empty hides the form.
    pub partners: Vec<Choice>,
    /// What the form for a grant can be filled in with: name and title.
    pub templates: Vec<(String, String)>,
    /// `None` for who may see grants but not change them.
    pub draft: Option<GrantDraft>,
}

/// A stage one can go to, and exactly what becomes (or stops being) visible to whom.
pub struct StageChoice {
    /// `internal`, `partners` or `public`.
    pub value: String,
    pub label: String,
    pub current: bool,
    pub consequences: Vec<String>,
    /// Why this stage is not possible.
    pub refused: Option<String>,
}

/// The form for a grant: defaults, or what was typed.
pub struct GrantDraft {
    pub capabilities: Vec<Choice>,
    /// `approve`, `auto`, `invite`.
    pub join: Vec<Choice>,
    /// `YYYY-MM-DD` or empty.
    pub until: String,
    /// `now`, `all` or `date`; `kept` where a grant stands.
    pub history: String,
    /// `YYYY-MM-DD`, counts with `date`.
    pub history_from: String,
    pub apart: bool,
    /// The grant that is changed; none: a new one is made.
    pub changes: Option<GrantChange>,
}

/// What stands and is being changed.
pub struct GrantChange {
    pub partner: Badge,
    /// `YYYY-MM-DD` or empty.
    pub until: String,
    /// In words: "topics since 1 March 2026".
    pub history: String,
}

/// A grant in a list, on the group's side and on the partner's.
pub struct GrantRow {
    pub id: String,
    pub group: GroupLink,
    pub partner: Badge,
    /// `read`, `reply`, …
    pub can: Vec<String>,
    /// `approve`, `auto` or `invite`.
    pub join: String,
    pub from: When,
    pub until: Option<When>,
    /// In words: "from the day of the grant", "everything", "since 1 March 2026".
    pub history: String,
    pub apart: bool,
    /// Why it does not count at the moment: "expired", "partner is paused".
    pub idle: Option<String>,
}

/// How much is risked by sharing with a server, when it was asked.
pub struct Risk {
    /// `low`, `medium` or `high`.
    pub grade: String,
    pub meaning: &'static str,
    pub at: When,
}

/// `GET /g/NAME/outlook`: what a change would make visible to whom; posts `fields` and `seen` to `action`.
#[derive(Template)]
#[template(path = "outlook.html")]
pub struct OutlookPage {
    pub page: Page,
    /// Of the server that a group is to be opened to, where it was asked.
    pub risk: Option<Risk>,
    pub group: GroupLink,
    /// "Stage: partners", "A grant for birch.example"
    pub sentence: String,
    pub people: Vec<DifferentRow>,
    /// How many topics become visible to somebody.
    pub topics: usize,
    /// Members whose names become visible.
    pub names: u64,
    /// A part of the topics.
    pub shown: Vec<FreshTopic>,
    pub pager: Pager,
    /// Where the form goes that does it.
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// What was shown, as a digest.
    pub seen: String,
}

/// Somebody outside, before and after.
pub struct DifferentRow {
    pub who: String,
    /// "read, reply"; empty for nothing.
    pub gains: String,
    pub loses: String,
    pub topics_before: u64,
    pub topics: u64,
    pub files_before: u64,
    pub files: u64,
}

/// A topic that becomes visible.
pub struct FreshTopic {
    pub url: String,
    /// None where the viewer may not read it.
    pub title: Option<String>,
    pub created: When,
}
