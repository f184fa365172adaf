//! What waits for a second administrator, and what became of it.

use diesel::prelude::*;

use crate::domain::{ActorId, Proposal, ProposalId, ProposalState, ProposedAct, Timestamp};
use crate::error::{Error, Result};
use crate::storage::connection::find_one;
use crate::storage::error::read;
use crate::storage::schema::proposals;
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = proposals, treat_none_as_default_value = false)]
struct ProposalRow {
    id: i64,
    act: String,
    sentence: String,
    state: String,
    proposed_by: Option<i64>,
    proposer: String,
    created_at: i64,
    expires_at: i64,
    decided_by: Option<String>,
    decided_at: Option<i64>,
}

impl TryFrom<ProposalRow> for Proposal {
    type Error = Error;

    fn try_from(row: ProposalRow) -> Result<Self> {
        Ok(Self {
            id: ProposalId(row.id),
            act: serde_json::from_str(&row.act).map_err(Error::internal)?,
            sentence: row.sentence,
            state: read(&row.state)?,
            by: row.proposed_by.map(ActorId),
            proposer: row.proposer,
            since: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            decided: row
                .decided_by
                .zip(row.decided_at.map(Timestamp::from_micros)),
        })
    }
}

/// What is proposed, before it has a number.
#[derive(Clone, Debug)]
pub struct NewProposal {
    pub act: ProposedAct,
    pub sentence: String,
    /// None: the operator.
    pub by: Option<ActorId>,
    pub proposer: String,
    pub expires_at: Timestamp,
}

pub fn insert(connection: &mut Connection, new: NewProposal, now: Timestamp) -> Result<Proposal> {
    let row = ProposalRow {
        id: ids::next(now),
        act: serde_json::to_string(&new.act).map_err(Error::internal)?,
        sentence: new.sentence,
        state: ProposalState::Pending.to_string(),
        proposed_by: new.by.map(|by| by.0),
        proposer: new.proposer,
        created_at: now.micros(),
        expires_at: new.expires_at.micros(),
        decided_by: None,
        decided_at: None,
    };
    diesel::insert_into(proposals::table)
        .values(&row)
        .execute(connection)?;
    row.try_into()
}

pub fn find(connection: &mut Connection, id: ProposalId) -> Result<Option<Proposal>> {
    let row = find_one!(
        connection,
        proposals::table.find(id.0).select(ProposalRow::as_select())
    )?;
    row.map(Proposal::try_from).transpose()
}

/// Those that nobody decided about, the oldest first: also those whose time is over.
pub fn list_pending(connection: &mut Connection) -> Result<Vec<Proposal>> {
    let rows: Vec<ProposalRow> = proposals::table
        .filter(proposals::state.eq(ProposalState::Pending.as_str()))
        .order(proposals::id)
        .select(ProposalRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Proposal::try_from).collect()
}

/// Those that were decided about or expired, the newest first, at most `most`.
pub fn list_decided(connection: &mut Connection, most: i64) -> Result<Vec<Proposal>> {
    let rows: Vec<ProposalRow> = proposals::table
        .filter(proposals::state.ne(ProposalState::Pending.as_str()))
        .order(proposals::id.desc())
        .limit(most)
        .select(ProposalRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Proposal::try_from).collect()
}

/// Writes what became of one that waits.
pub fn decide(
    connection: &mut Connection,
    id: ProposalId,
    state: ProposalState,
    by: &str,
    now: Timestamp,
) -> Result<()> {
    if let Some(mut proposal) = find(connection, id)? {
        proposal.act.forget_secret();
        let act = serde_json::to_string(&proposal.act).map_err(Error::internal)?;
        diesel::update(proposals::table.find(id.0))
            .set(proposals::act.eq(act))
            .execute(connection)?;
    }
    diesel::update(proposals::table.find(id.0))
        .set((
            proposals::state.eq(state.as_str()),
            proposals::decided_by.eq(Some(by)),
            proposals::decided_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}
