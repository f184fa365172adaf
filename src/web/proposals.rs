//! What waits for a second administrator.

use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Proposal, ProposalId};
use crate::error::{Error, Result};
use crate::services::proposals;
use crate::web::errors::{self, Answer, Told};
use crate::web::views::{ProposalRow, ProposalsPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, parts};

const ADDRESS: &str = "/admin/proposals";

/// What becomes of a proposal.
#[derive(Deserialize)]
pub struct Decision {
    id: String,
    /// `confirm` or `reject`.
    action: String,
}

/// `GET /admin/proposals`
pub async fn show(member: Member) -> Answer {
    page(&member, None).await
}

/// `POST /admin/proposals`
pub async fn decide(member: Member, Form(decision): Form<Decision>) -> Answer {
    match carry_out(&member, &decision).await {
        Ok(notice) => Ok(done(ADDRESS, notice)),
        Err(error) => page(&member, Some(errors::tell(error)?)).await,
    }
}

async fn carry_out(member: &Member, decision: &Decision) -> Result<Notice> {
    let (app, viewer) = (&member.app, member.viewer());
    let id: ProposalId = decision.id.parse().map_err(|_| Error::NotFound)?;
    match decision.action.as_str() {
        "confirm" => {
            let confirmed = proposals::confirm(app, viewer, id).await;
            confirmed.map(|_| Notice::Confirmed)
        }
        "reject" => {
            let rejected = proposals::reject(app, viewer, id).await;
            rejected.map(|_| Notice::Rejected)
        }
        other => Err(Error::invalid(
            "action",
            format!("{other:?} is nothing one can do here"),
        )),
    }
}

async fn page(member: &Member, told: Option<Told>) -> Answer {
    let (app, viewer) = (&member.app, member.viewer());
    let waiting = proposals::list(app, viewer.clone()).await?;
    let decided = proposals::list_decided(app, viewer).await?;
    let rows = |all: &[Proposal]| all.iter().map(|one| row(member, one)).collect();
    let page = ProposalsPage {
        page: member.page_told("Proposals", told.as_ref()).await?,
        waiting: rows(&waiting),
        decided: rows(&decided),
        four_eyes: app.house().four_eyes,
    };
    answer(&page, told.as_ref())
}

fn row(member: &Member, proposal: &Proposal) -> ProposalRow {
    let now = member.now();
    ProposalRow {
        id: proposal.id.to_string(),
        sentence: proposal.sentence.clone(),
        state: proposal.state.to_string(),
        by: proposal.proposer.clone(),
        since: parts::when(proposal.since, now),
        until: parts::when(proposal.expires_at, now),
        own: proposal.by == member.viewer().actor(),
        decided_by: proposal.decided.as_ref().map(|(by, _)| by.clone()),
    }
}
