//! What a server is like.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, Host, ProbeQuestion, ProbeSource, RiskGrade, Timestamp};

/// What a server was found to be like, and how much is risked by sharing with it.
#[derive(Serialize, ToSchema)]
pub struct Probe {
    pub host: Host,
    pub at: Timestamp,
    pub grade: RiskGrade,
    /// What the grade means for what is shared.
    pub meaning: String,
    pub findings: Vec<ProbeFinding>,
}

/// An answer with its evidence.
#[derive(Serialize, ToSchema)]
pub struct ProbeFinding {
    pub question: ProbeQuestion,
    /// None: not known, or no question of yes or no.
    pub yes: Option<bool>,
    pub answer: String,
    pub source: ProbeSource,
    pub evidence: String,
}

impl From<domain::Probe> for Probe {
    fn from(probe: domain::Probe) -> Self {
        let finding = |found: domain::Finding| ProbeFinding {
            question: found.question,
            yes: found.yes,
            answer: found.answer,
            source: found.source,
            evidence: found.evidence,
        };
        Self {
            host: probe.host,
            at: probe.at,
            grade: probe.grade,
            meaning: probe.grade.meaning().to_owned(),
            findings: probe.findings.into_iter().map(finding).collect(),
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: risk {}. {}", self.host, self.grade, self.meaning)?;
        for found in &self.findings {
            let (question, answer) = (found.question.words(), &found.answer);
            write!(f, "\n{question}: {answer} ({})", found.evidence)?;
        }
        Ok(())
    }
}
