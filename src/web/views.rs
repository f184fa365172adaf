//! What the pages show: one struct a template, made of plain values. Here is what many pages share;
//! the pages themselves are in one file an area.
//!
//! Handlers fill these; nothing here knows the database, a service or the policy. Whether a button
//! appears is a `can_…` that policy answered; a page never works out a right by itself.
//!
//! Text is escaped by the templates. The one exception is
//! [`SafeHtml`](crate::domain::markup::SafeHtml), which only the sanitizer makes. URLs are not checked
//! here: pass paths of this house, or web addresses that `domain` has parsed.
//!
//! Words that come as `String` (`access`, `stage`, `class`, `state`, `role`, …) are the words of
//! `docs/GLOSSARY.md` in lower case, as the forms send them back.

mod admin;
mod group_admin;
mod groups;
mod outbound_rules;
mod people;
mod topics;

use askama::Template;

pub use admin::{
    AdministrationPage, AuditPage, AuditRow, ComparedRow, DayRow, DeadLetter, DestinationRow,
    DifferenceRow, DisclosedGroup, DisclosedRow, ExplainPage, Explained, Failure, FindingRow,
    Invitation, KeysPage, LedgerPage, LedgerRow, Offered, OutstandingPage, PartnerPage, PartnerRow,
    PartnersPage, PartnershipEnd, ProbeRow, ProposalRow, ProposalsPage, QueueHealth, QueuePage,
    RetractionDraft, RetractionRow, ReviewPage, ReviewRow, SaidOfPartnership, StopDraft, StopRow,
    StopsPage, UntoldRow, UserDraft, UserRow, UsersPage, ViewRow,
};
pub use group_admin::{
    DifferentRow, FreshTopic, GrantChange, GrantDraft, GrantRow, GroupAdminPage, OutlookPage, Risk,
    StageChoice,
};
pub use groups::{
    AskedPage, AskedRow, BannedRow, FindOutcome, FindPage, GroupCard, GroupDraft, GroupHead,
    GroupPage, GroupsPage, HomePage, MemberRow, MembersPage, Naming, ReportRow, ReportsPage,
    RequestRow, ShutOutPage, UnmetRow,
};
pub use outbound_rules::{
    HeldPage, HeldRow, LabelRow, LabelsPage, RuleDraft, RuleRow, RulesPage, TrialView,
};
pub use people::{
    AccountPage, FollowerRow, OwnPost, OwnPostsPage, PersonPage, ProfileComposer, SessionRow,
    SignInPage, TokenRow,
};
pub use topics::{
    AtBoundary, AudiencePart, BookmarksPage, BoostersPage, CommentContent, CommentView, Composer,
    EditPage, FileView, HistoryPage, KeptFile, LabelView, NotTaken, PictureView, PollBox,
    PollDraftForm, PollEnd, PollLine, PollTally, PostBody, PreviewPage, ReadingOrganization,
    RefusedText, RemovePage, RemovedPost, ReplyTo, Revision, TopicPage, TopicSummary, Writing,
};

/// What the layout needs; embedded in every page. Its only form posts to `/sign-out`.
pub struct Page {
    pub title: String,
    /// The name of this house.
    pub organization: String,
    /// Goes into the hidden field `csrf` of every form. Signed-out pages need one too.
    pub csrf: String,
    pub viewer: Option<ViewerBar>,
    /// "Saved." One sentence after something went well.
    pub notice: Option<String>,
    /// One sentence about what went wrong and what to do; the form below keeps what was typed.
    pub problem: Option<String>,
    /// Path and query of this page: marks where one is, and is where signing in returns to.
    pub path: String,
}

/// The signed-in person, in the header.
pub struct ViewerBar {
    pub name: String,
    pub handle: String,
    pub is_admin: bool,
    /// Requests to join that wait for this person, over all their groups.
    pub pending: usize,
    /// Reports that wait for this person, over all their groups.
    pub reports: usize,
    /// Posts that are held at the boundary and wait for this person.
    pub held: usize,
    /// Where this person runs the house from.
    pub places: Vec<AdminPlace>,
    /// Few enough to stand in the bar themselves.
    pub places_in_bar: bool,
}

impl ViewerBar {
    /// How much waits for this person in all their places.
    pub fn waits_there(&self) -> usize {
        self.places.iter().map(|place| place.waits).sum()
    }
}

/// A page below `/admin`, as the bar and `/admin` name it.
#[derive(Clone)]
pub struct AdminPlace {
    pub path: &'static str,
    pub name: &'static str,
    pub says: &'static str,
    /// How much waits there; `what_waits` says what: "to review".
    pub waits: usize,
    pub what_waits: &'static str,
}

/// A moment: `iso` for machines, `text` for people.
pub struct When {
    pub iso: String,
    pub text: String,
}

/// Marks everything from another organization. `None` where one is optional means: of this house.
pub struct Badge {
    /// The name we know the organization by; its host where there is no partnership.
    pub organization: String,
    /// `partner`, `supplier`, `customer` or `outside`.
    pub class: String,
    pub host: String,
}

/// Somebody who wrote, joined or asked.
pub struct Author {
    pub name: String,
    /// `ada`, or `bo@birch.example` for somebody from outside.
    pub handle: String,
    pub url: Option<String>,
    pub badge: Option<Badge>,
    /// An outside person with an account of this house.
    pub guest: bool,
}

/// A group named in passing; or the profile on which a conversation is.
pub struct GroupLink {
    /// `/g/NAME` or `/g/NAME@HOST`; forms append to it.
    pub url: String,
    pub title: String,
    pub badge: Option<Badge>,
}

/// Links to the neighbouring pages of a list.
#[derive(Default)]
pub struct Pager {
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// One of several things to tick or choose; the sentences come from whoever knows the consequences.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    pub chosen: bool,
}

/// An error with one sentence.
///
/// Shows nothing of `page` but the organization, and for 404 not even `sentence`: every address
/// that does not exist for the asker has to answer with the same bytes.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub page: Page,
    pub status: u16,
    pub sentence: String,
}
