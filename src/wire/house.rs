//! The house as a whole: how it is, what it checks, its keys, its long work, its rules.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::text_enum::text_enum;
use crate::domain::{self, JobId, JobState, Timestamp, Work};
use crate::policy::{FederationMode, Reason};
use crate::services::explain::{self, Verdict};
use crate::services::{check, health};

/// How the house is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    pub organization: String,
    pub public_url: String,
    pub version: &'static str,
    /// `sqlite` or `postgres`
    pub database: &'static str,
    pub federation: FederationMode,
    /// What this machine takes for the time.
    pub now: Timestamp,
    /// Deliveries that wait.
    pub pending: u64,
    /// Deliveries that were refused or given up: they wait for an administrator.
    pub undelivered: u64,
    /// Since when the oldest one waits.
    pub oldest: Option<Timestamp>,
    pub destinations: usize,
    /// Destinations that do not answer.
    pub resting: usize,
    /// Errands that wait.
    pub jobs: u64,
}

impl From<health::Health> for Health {
    fn from(health: health::Health) -> Self {
        Self {
            organization: health.organization,
            public_url: health.public_url,
            version: env!("CARGO_PKG_VERSION"),
            database: health.database,
            federation: health.federation,
            now: health.now,
            pending: health.pending,
            undelivered: health.undelivered,
            oldest: health.oldest,
            destinations: health.destinations,
            resting: health.resting,
            jobs: health.jobs,
        }
    }
}

/// One thing that was looked at.
#[derive(Serialize, ToSchema)]
pub struct Finding {
    pub name: &'static str,
    pub ok: bool,
    /// What is fine about it, or what is not and what to do.
    pub detail: String,
}

impl From<check::Finding> for Finding {
    fn from(finding: check::Finding) -> Self {
        Self {
            name: finding.name,
            ok: finding.ok,
            detail: finding.detail,
        }
    }
}

/// Whose keys were replaced, by name; the server itself is `actor`.
#[derive(Serialize, ToSchema)]
pub struct Rotated {
    pub rotated: Vec<String>,
}

impl From<Vec<domain::Actor>> for Rotated {
    fn from(actors: Vec<domain::Actor>) -> Self {
        Self {
            rotated: actors.into_iter().map(|actor| actor.name).collect(),
        }
    }
}

text_enum! {
    /// What kind of work a job is.
    JobKind ("kind") {
        LookUp = "look_up",
        Backfill = "backfill",
        AgreeOnRoster = "agree_on_roster",
        AskSoftware = "ask_software",
        AcceptPartnership = "accept_partnership",
        RotateKeys = "rotate_keys",
        FetchAttachment = "fetch_attachment",
        BackfillPerson = "backfill_person",
        BackfillConversation = "backfill_conversation",
        FetchBoosted = "fetch_boosted",
        FollowMove = "follow_move",
        MoveAway = "move_away",
        CompareBooks = "compare_books",
        AskWebhooks = "ask_webhooks",
        LookAtKeys = "look_at_keys",
        Probe = "probe",
        AskPartnerView = "ask_partner_view",
    }
}

impl From<&Work> for JobKind {
    fn from(work: &Work) -> Self {
        match work {
            Work::Discover { .. } => Self::LookUp,
            Work::Backfill { .. } => Self::Backfill,
            Work::AgreeOnRoster { .. } => Self::AgreeOnRoster,
            Work::AskSoftware { .. } => Self::AskSoftware,
            Work::AcceptPartnership { .. } => Self::AcceptPartnership,
            Work::RotateKeys { .. } => Self::RotateKeys,
            Work::FetchAttachment { .. } => Self::FetchAttachment,
            Work::BackfillPerson { .. } => Self::BackfillPerson,
            Work::BackfillConversation { .. } => Self::BackfillConversation,
            Work::FetchBoosted { .. } => Self::FetchBoosted,
            Work::FollowMove { .. } => Self::FollowMove,
            Work::MoveAway { .. } => Self::MoveAway,
            Work::CompareBooks { .. } => Self::CompareBooks,
            Work::AskWebhooks { .. } => Self::AskWebhooks,
            Work::LookAtKeys { .. } => Self::LookAtKeys,
            Work::Probe { .. } => Self::Probe,
            Work::AskPartnerView { .. } => Self::AskPartnerView,
        }
    }
}

/// The server's own key.
#[derive(Serialize, ToSchema)]
pub struct OwnKey {
    /// SHA-256, hexadecimal: what partners pin.
    pub fingerprint: String,
}

/// Work that takes long, and what came of it.
#[derive(Serialize, ToSchema)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub attempts: u32,
    /// Why it failed, or has to be tried again.
    pub problem: Option<String>,
}

impl From<domain::Job> for Job {
    fn from(job: domain::Job) -> Self {
        Self {
            id: job.id,
            kind: JobKind::from(&job.work),
            state: job.state,
            attempts: job.attempts,
            problem: job.problem,
        }
    }
}

/// Why somebody may or may not do something.
#[derive(Serialize, ToSchema)]
pub struct Explanation {
    pub verdict: Verdict,
    pub reason: Option<Reason>,
    pub sentence: String,
}

impl From<explain::Explanation> for Explanation {
    fn from(explanation: explain::Explanation) -> Self {
        Self {
            verdict: explanation.verdict,
            reason: explanation.reason,
            sentence: explanation.sentence,
        }
    }
}
