//! What is known, and was found out by asking, of how another server's software treats what it is sent: each
//! answer with its evidence, and a grade in plain words for who decides what to share.

use serde::{Deserialize, Serialize};

use crate::domain::text_enum::text_enum;
use crate::domain::{Host, Timestamp, deletes_on_request, discretion_of};

text_enum! {
    /// What is asked of a server.
    ProbeQuestion ("question") {
        Software = "software",
        /// Does it speak for itself, so that it can sign what nobody in particular says?
        InstanceActor = "instance_actor",
        /// Does it show its people and posts to who does not sign the question?
        SignedFetch = "signed_fetch",
        /// Which kind of signature does it take?
        Signatures = "signatures",
        /// What does it say that it understands (FEP-844e)?
        Implements = "implements",
        /// Does it show the new text of what is edited?
        Edits = "edits",
        /// Does it delete what is taken back?
        Deletes = "deletes",
        /// Does it show what is not public only to whom it is for?
        PrivateAudience = "private_audience",
    }
}

impl ProbeQuestion {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Software => "Software",
            Self::InstanceActor => "Speaks for itself",
            Self::SignedFetch => "Shows nothing to who does not sign",
            Self::Signatures => "Signatures it takes",
            Self::Implements => "Says that it understands",
            Self::Edits => "Follows edits",
            Self::Deletes => "Deletes what is taken back",
            Self::PrivateAudience => "Keeps what is not public",
        }
    }
}

text_enum! {
    /// How an answer is known.
    ProbeSource ("source") {
        /// Tried, or observed in what it did.
        Seen = "seen",
        /// It says so itself.
        Said = "said",
        /// Of its software, whoever runs it.
        Known = "known",
        NotKnown = "not_known",
    }
}

text_enum! {
    RiskGrade ("grade") {
        Low = "low",
        Medium = "medium",
        High = "high",
    }
}

impl RiskGrade {
    /// What it means for what is shared.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Low => {
                "It keeps what is not public to whom it is for, follows edits and deletes what is taken back. \
                 Groups that are not public can be shared."
            }
            Self::Medium => {
                "It follows edits and deletes what is taken back, but does not keep what is not public. Share \
                 public groups only."
            }
            Self::High => {
                "Whether what you edit or take back is edited or deleted there is not known, or known not to be. \
                 Share only what may be read by everybody, for ever."
            }
        }
    }
}

/// An answer with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub question: ProbeQuestion,
    /// None: not known. Otherwise whether the answer is yes, for questions that have one.
    pub yes: Option<bool>,
    /// In a few words.
    pub answer: String,
    pub source: ProbeSource,
    /// What that rests on, in a sentence.
    pub evidence: String,
}

impl Finding {
    pub fn new(
        question: ProbeQuestion,
        yes: Option<bool>,
        (answer, source, evidence): (impl Into<String>, ProbeSource, impl Into<String>),
    ) -> Self {
        Self {
            question,
            yes,
            answer: answer.into(),
            source,
            evidence: evidence.into(),
        }
    }

    pub fn not_known(question: ProbeQuestion, why: impl Into<String>) -> Self {
        Self::new(question, None, ("not known", ProbeSource::NotKnown, why))
    }
}

/// What a server was found to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub host: Host,
    pub at: Timestamp,
    pub grade: RiskGrade,
    pub findings: Vec<Finding>,
}

/// Software that shows the new text of what is edited.
const FOLLOWS_EDITS: &[&str] = &[
    "akkoma",
    "guildhall",
    "lemmy",
    "mastodon",
    "mbin",
    "mitra",
    "nodebb",
    "piefed",
    "pleroma",
    "smithereen",
    "snac",
];

/// What is known of software, by the name and version that NodeInfo gives (`lemmy 0.19.3`).
pub fn known_of_software(software: &str) -> Vec<Finding> {
    let name = software.split(' ').next().unwrap_or_default();
    let of = format!("known of {software}");
    let follows = FOLLOWS_EDITS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    let kept = discretion_of(software);
    let known = ProbeSource::Known;
    vec![
        match follows {
            true => Finding::new(ProbeQuestion::Edits, Some(true), ("yes", known, of.clone())),
            false => Finding::not_known(
                ProbeQuestion::Edits,
                format!("nothing is known of {software}"),
            ),
        },
        match deletes_on_request(software) {
            true => Finding::new(ProbeQuestion::Deletes, Some(true), ("yes", known, of)),
            false => Finding::not_known(
                ProbeQuestion::Deletes,
                format!("nothing is known of {software}"),
            ),
        },
        match (kept.kept, deletes_on_request(software)) {
            (true, _) => Finding::new(
                ProbeQuestion::PrivateAudience,
                Some(true),
                ("yes", known, kept.why),
            ),
            // It is in the table of what is known, and does not.
            (false, true) => Finding::new(
                ProbeQuestion::PrivateAudience,
                Some(false),
                ("no", known, kept.why),
            ),
            (false, false) => Finding::not_known(ProbeQuestion::PrivateAudience, kept.why),
        },
    ]
}

/// How much is risked by sharing with a server like this. What is not known counts as no.
pub fn grade(findings: &[Finding]) -> RiskGrade {
    let yes = |question: ProbeQuestion| {
        let found = findings.iter().find(|one| one.question == question);
        found.is_some_and(|one| one.yes == Some(true))
    };
    match (
        yes(ProbeQuestion::Edits) && yes(ProbeQuestion::Deletes),
        yes(ProbeQuestion::PrivateAudience),
    ) {
        (false, _) => RiskGrade::High,
        (true, false) => RiskGrade::Medium,
        (true, true) => RiskGrade::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_says_what_may_be_shared() {
        for (software, expected) in [
            ("guildhall 0.1.0", RiskGrade::Low),
            ("lemmy 1.0.0", RiskGrade::Low),
            ("lemmy 0.19.12", RiskGrade::Medium),
            ("mastodon 4.5.1", RiskGrade::Medium),
            ("misskey 2025.1", RiskGrade::High),
            ("somebodys 1.0", RiskGrade::High),
            ("", RiskGrade::High),
        ] {
            let found = known_of_software(software);
            assert_eq!(grade(&found), expected, "{software}: {found:?}");
            assert!(found.iter().all(|one| !one.evidence.is_empty()));
        }
        assert_eq!(grade(&[]), RiskGrade::High);
    }

    #[test]
    fn each_answer_names_its_evidence() {
        let found = known_of_software("lemmy 0.19.12");
        assert_eq!(found[0].evidence, "known of lemmy 0.19.12");
        assert_eq!(
            (found[2].yes, found[2].source),
            (Some(false), ProbeSource::Known)
        );
        let unknown = known_of_software("somebodys 1.0");
        assert!(
            unknown
                .iter()
                .all(|one| one.source == ProbeSource::NotKnown)
        );
    }
}
