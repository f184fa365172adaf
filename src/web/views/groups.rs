//! Groups in lists, on their own pages, and their members.

use askama::Template;

use super::{
    Author, Badge, Choice, GroupLink, LabelView, Page, Pager, TopicSummary, When, Writing,
};
use crate::domain::markup::SafeHtml;

/// `GET /`: topics of my groups, newest first.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub page: Page,
    pub topics: Vec<TopicSummary>,
    pub pager: Pager,
    pub groups: Vec<GroupLink>,
}

/// `GET /groups`: the directory. Creating posts `name`, `title`, `description`, `access` to `/groups`.
#[derive(Template)]
#[template(path = "groups.html")]
pub struct GroupsPage {
    pub page: Page,
    pub mine: Vec<GroupCard>,
    /// Groups of this house that one may join or ask to.
    pub others: Vec<GroupCard>,
    pub partners: Vec<GroupCard>,
    /// `None` for who may not create groups.
    pub create: Option<GroupDraft>,
}

/// A group in the directory, or found by its handle.
pub struct GroupCard {
    pub url: String,
    pub handle: String,
    pub title: String,
    /// Plain text.
    pub summary: Option<String>,
    /// `open`, `closed` or `secret`.
    pub access: String,
    /// `internal`, `partners` or `public`.
    pub stage: String,
    pub archived: bool,
    pub badge: Option<Badge>,
    /// Unknown for some groups elsewhere.
    pub members: Option<usize>,
    /// `none`, `requested`, `invited`, `member`, `moderator`, `owner` or `banned`.
    pub membership: String,
    pub can_join: bool,
    /// Requests that wait for the viewer here.
    pub pending: usize,
    /// Reports that wait for the viewer here.
    pub reports: usize,
    /// Posts held at the boundary that wait for the viewer here.
    pub held: usize,
}

/// What was typed for a new group; `open` unfolds the form (after a problem).
pub struct GroupDraft {
    pub open: bool,
    pub name: String,
    pub title: String,
    pub description: String,
    pub access: String,
}

/// `GET /find?handle=`: looking for a group elsewhere.
#[derive(Template)]
#[template(path = "find.html")]
pub struct FindPage {
    pub page: Page,
    pub handle: String,
    pub outcome: FindOutcome,
}

/// What looking came to.
pub enum FindOutcome {
    /// Nothing asked yet.
    Ask,
    /// The other server has not answered yet; the page offers to look again.
    Looking,
    Found(Box<GroupCard>),
    /// A person.
    Person(Box<Author>),
    /// The same for a group that does not exist and for one that is hidden from us.
    NotFound,
}

/// `GET /g/NAME` or `/g/NAME@HOST`.
///
/// Posts to `…/join`, `…/leave` (also takes back a request) and `…/topics` (`title`, `body`).
#[derive(Template)]
#[template(path = "group.html")]
pub struct GroupPage {
    pub page: Page,
    pub group: GroupHead,
    /// False: the head is all one sees, and `writing` says why.
    pub can_read: bool,
    /// They stand first, on the first page.
    pub pinned: Vec<TopicSummary>,
    pub topics: Vec<TopicSummary>,
    pub pager: Pager,
    pub writing: Writing,
    /// Unfolds the composer (after a problem).
    pub composing: bool,
}

/// The head of a group's own page; words as in [`GroupCard`].
pub struct GroupHead {
    pub url: String,
    pub handle: String,
    pub title: String,
    pub description: Option<SafeHtml>,
    pub access: String,
    pub stage: String,
    pub archived: bool,
    pub badge: Option<Badge>,
    pub members: Option<usize>,
    pub membership: String,
    pub can_join: bool,
    pub can_leave: bool,
    pub can_see_members: bool,
    /// Shows the way to the settings.
    pub can_manage: bool,
    /// Shows the way to the reports.
    pub can_read_reports: bool,
    /// Shows the way to what was asked of the group's house.
    pub can_ask: bool,
    /// Shows the way to what is held at the boundary.
    pub can_review: bool,
    /// Shows the way to the rules.
    pub can_change_boundary: bool,
    pub held: usize,
    pub pending: usize,
    pub reports: usize,
    /// A sentence about the state: why one cannot join, what one is waiting for.
    pub note: Option<String>,
    /// Where it went, when it moved to another house.
    pub moved_to: Option<String>,
    /// How it is classified; for colleagues.
    pub label: Option<LabelView>,
}

/// `GET …/members`; posts `actor`, `action` (`approve`, `reject`, `remove`, `role`, `ban`, `lift`), `role`,
/// `until`, `reason` and `posts` to it, and `who`, `role` to `…/members/add`.
#[derive(Template)]
#[template(path = "members.html")]
pub struct MembersPage {
    pub page: Page,
    pub group: GroupLink,
    pub members: Vec<MemberRow>,
    /// Empty for who may not decide.
    pub requests: Vec<RequestRow>,
    /// Invited and not yet there; empty for who may not decide.
    pub invited: Vec<RequestRow>,
    /// Invited by handle, and not known here yet; empty for who may not decide.
    pub unmet: Vec<UnmetRow>,
    /// Shut out; empty for who may not decide.
    pub banned: Vec<BannedRow>,
    /// `None` for who may not name anybody.
    pub naming: Option<Naming>,
    pub pager: Pager,
    /// "This is what acme tells us; there may be more."
    pub note: Option<String>,
    /// Who moderates a group elsewhere, as its house says: handles, or addresses.
    pub moderators: Vec<String>,
}

/// A member, and what the viewer may do about it.
pub struct MemberRow {
    pub author: Author,
    /// Sent back as `actor`.
    pub actor: String,
    /// `member`, `moderator` or `owner`.
    pub role: String,
    pub since: When,
    /// The roles the viewer may give this person; empty when none.
    pub roles: Vec<Choice>,
    /// Also ban.
    pub can_remove: bool,
}

/// The form to name somebody for the group.
pub struct Naming {
    /// What was typed, after a problem.
    pub who: String,
    /// Empty: they become members, and only owners say otherwise.
    pub roles: Vec<Choice>,
    /// It is another house's group, into which one invites colleagues.
    pub elsewhere: bool,
    /// A moderator decides about whom one names.
    pub suggests: bool,
    /// The group is open to partners, whose people can be invited.
    pub shared: bool,
    /// How people elsewhere find the group.
    pub handle: String,
}

/// Somebody who is shut out.
pub struct BannedRow {
    pub author: Author,
    pub actor: String,
    pub until: Option<When>,
    pub reason: Option<String>,
}

/// Somebody who asks to join, or was asked.
pub struct RequestRow {
    pub author: Author,
    pub actor: String,
    pub when: When,
}

/// Who is invited and of whom only the handle is known, for who moderates.
pub struct UnmetRow {
    /// Sent back as `handle`.
    pub handle: String,
    /// As what they will come in.
    pub role: String,
    pub badge: Option<Badge>,
    pub when: When,
}

/// `GET /g/{handle}/reports`; posts `report` (its number) to itself.
#[derive(Template)]
#[template(path = "reports.html")]
pub struct ReportsPage {
    pub page: Page,
    pub group: GroupLink,
    pub url: String,
    pub reports: Vec<ReportRow>,
    pub pager: Pager,
}

/// A post that somebody reported.
pub struct ReportRow {
    pub id: String,
    pub post_url: String,
    /// Who wrote what: "Topic by ada".
    pub title: String,
    pub text: String,
    /// A handle.
    pub by: String,
    pub when: When,
    pub open: bool,
}

/// `GET /p/ID/shut-out`, about the author of a post in a group elsewhere; posts `until`, `reason`, `posts` to itself,
/// nothing to `/p/ID/let-be`.
#[derive(Template)]
#[template(path = "shut_out.html")]
pub struct ShutOutPage {
    pub page: Page,
    pub id: String,
    pub group: GroupLink,
    pub author: Author,
    /// What was typed, after a problem.
    pub until: String,
    pub reason: String,
    pub posts: bool,
    /// Where "Cancel" goes.
    pub back: String,
}

/// `GET …/asked`: what a moderator here asked of a group's house.
#[derive(Template)]
#[template(path = "asked.html")]
pub struct AskedPage {
    pub page: Page,
    pub group: GroupLink,
    pub house: String,
    /// The latest first.
    pub rows: Vec<AskedRow>,
}

pub struct AskedRow {
    pub what: String,
    /// The post it is about.
    pub url: Option<String>,
    pub when: When,
    /// What the house answered, in a sentence.
    pub answer: String,
    pub refused: bool,
}
