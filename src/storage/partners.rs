//! Partners and the invitations that make them.

use diesel::prelude::*;

use crate::domain::{
    ConfirmEvery, Ending, Host, Invitation, InvitationId, OurSide, Partner, PartnerClass,
    PartnerId, PartnerState, PauseReason, Terms, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{Permit, act};
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{invitations, partners};
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable)]
#[diesel(table_name = partners)]
struct PartnerRow {
    id: i64,
    host: String,
    class: String,
    state: String,
    organization: String,
    instance_uri: Option<String>,
    mutual: bool,
    created_at: i64,
    agreement: Option<String>,
    ended_by: Option<String>,
    ended_at: Option<i64>,
    discreet: bool,
    purpose: String,
    contact: String,
    until_at: Option<i64>,
    confirm_months: Option<i32>,
    confirmed_at: Option<i64>,
    their_purpose: String,
    their_contact: String,
    their_until_at: Option<i64>,
    paused_for: Option<String>,
}

impl TryFrom<PartnerRow> for Partner {
    type Error = Error;

    fn try_from(row: PartnerRow) -> Result<Self> {
        let ending = match row.ended_by.as_deref().zip(row.ended_at) {
            Some((by, at)) => Some(Ending {
                by: read(by)?,
                at: Timestamp::from_micros(at),
            }),
            None => None,
        };
        Ok(Self {
            id: PartnerId(row.id),
            host: read(&row.host)?,
            class: read(&row.class)?,
            state: read(&row.state)?,
            organization: row.organization,
            instance: read_optional(row.instance_uri.as_deref())?,
            mutual: row.mutual,
            agreement: read_optional(row.agreement.as_deref())?,
            ending,
            discreet: row.discreet,
            created_at: Timestamp::from_micros(row.created_at),
            ours: Terms {
                purpose: row.purpose,
                contact: row.contact,
                until: row.until_at.map(Timestamp::from_micros),
            },
            theirs: Terms {
                purpose: row.their_purpose,
                contact: row.their_contact,
                until: row.their_until_at.map(Timestamp::from_micros),
            },
            confirm: ConfirmEvery::from_stored(row.confirm_months),
            confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
            paused_for: read_optional(row.paused_for.as_deref())?,
        })
    }
}

/// What a partnership begins with.
#[derive(Clone, Debug)]
pub struct NewPartner {
    pub host: Host,
    pub class: PartnerClass,
    pub state: PartnerState,
    pub organization: String,
    pub instance: Option<Uri>,
    pub mutual: bool,
    /// The offer by which both agreed.
    pub agreement: Option<Uri>,
    pub discreet: bool,
}

/// Makes a partnership, or renews the one there was with the same server. The permit is an
/// administrator's, or that of the one who made the invitation that was used.
pub fn save(connection: &mut Connection, new: &NewPartner, now: Timestamp) -> Result<Partner> {
    let set = (
        partners::class.eq(new.class.as_str()),
        partners::state.eq(new.state.as_str()),
        partners::organization.eq(&new.organization),
        partners::instance_uri.eq(new.instance.as_ref().map(Uri::as_str)),
        partners::mutual.eq(new.mutual),
        partners::agreement.eq(new.agreement.as_ref().map(Uri::as_str)),
        partners::ended_by.eq(None::<&str>),
        partners::ended_at.eq(None::<i64>),
        partners::discreet.eq(new.discreet),
        partners::confirmed_at.eq(Some(now.micros())),
        partners::paused_for.eq(None::<&str>),
        partners::looked_at.eq(now.micros()),
    );
    let id = match find_by_host(connection, &new.host)? {
        Some(known) => {
            diesel::update(partners::table.find(known.id.0))
                .set(set)
                .execute(connection)?;
            known.id
        }
        None => {
            let id = ids::next(now);
            let made = (
                partners::id.eq(id),
                partners::host.eq(new.host.as_str()),
                partners::created_at.eq(now.micros()),
            );
            diesel::insert_into(partners::table)
                .values((made, set))
                .execute(connection)?;
            PartnerId(id)
        }
    };
    find(connection, id)?.ok_or(Error::NotFound)
}

/// Writes what our side says of a partnership.
pub fn set_ours(
    connection: &mut Connection,
    id: PartnerId,
    terms: &Terms,
    confirm: ConfirmEvery,
) -> Result<()> {
    diesel::update(partners::table.find(id.0))
        .set((
            partners::purpose.eq(&terms.purpose),
            partners::contact.eq(&terms.contact),
            partners::until_at.eq(terms.until.map(Timestamp::micros)),
            partners::confirm_months.eq(confirm.to_stored()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes what the other side told us of it.
pub fn set_theirs(connection: &mut Connection, id: PartnerId, terms: &Terms) -> Result<()> {
    diesel::update(partners::table.find(id.0))
        .set((
            partners::their_purpose.eq(&terms.purpose),
            partners::their_contact.eq(&terms.contact),
            partners::their_until_at.eq(terms.until.map(Timestamp::micros)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes that somebody said that it is still needed.
pub fn set_confirmed(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    id: PartnerId,
    at: Timestamp,
) -> Result<()> {
    diesel::update(partners::table.find(id.0))
        .set(partners::confirmed_at.eq(Some(at.micros())))
        .execute(connection)?;
    Ok(())
}

/// Pauses a partnership by itself, without an administrator.
pub fn pause_for(connection: &mut Connection, id: PartnerId, reason: PauseReason) -> Result<()> {
    diesel::update(partners::table.find(id.0))
        .set((
            partners::state.eq(PartnerState::Paused.as_str()),
            partners::paused_for.eq(Some(reason.as_str())),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn set_class(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    id: PartnerId,
    class: PartnerClass,
) -> Result<()> {
    diesel::update(partners::table.find(id.0))
        .set(partners::class.eq(class.as_str()))
        .execute(connection)?;
    Ok(())
}

pub fn set_state(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    id: PartnerId,
    state: PartnerState,
) -> Result<()> {
    let paused_for = match state {
        PartnerState::Paused => Some(PauseReason::Administrator.as_str()),
        PartnerState::Invited
        | PartnerState::Active
        | PartnerState::Ended
        | PartnerState::Blocked => None,
    };
    diesel::update(partners::table.find(id.0))
        .set((
            partners::state.eq(state.as_str()),
            partners::paused_for.eq(paused_for),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes that a partnership is over, as an administrator here or the other side's server decided.
pub fn end(connection: &mut Connection, partner: Partner, ending: Ending) -> Result<Partner> {
    let state = PartnerState::Ended;
    diesel::update(partners::table.find(partner.id.0))
        .set((
            partners::state.eq(state.as_str()),
            partners::ended_by.eq(Some(ending.by.as_str())),
            partners::ended_at.eq(Some(ending.at.micros())),
            partners::paused_for.eq(None::<&str>),
        ))
        .execute(connection)?;
    Ok(Partner {
        state,
        ending: Some(ending),
        paused_for: None,
        ..partner
    })
}

/// Writes down whether a partner's server keeps what is not public to whom it is for.
pub fn set_discreet(connection: &mut Connection, id: PartnerId, discreet: bool) -> Result<()> {
    diesel::update(partners::table.find(id.0))
        .set(partners::discreet.eq(discreet))
        .execute(connection)?;
    Ok(())
}

/// Servers of partners that both sides agreed with and whose keys were not looked at since `before`, at
/// most `most`.
pub fn list_unlooked(
    connection: &mut Connection,
    before: Timestamp,
    most: i64,
) -> Result<Vec<Host>> {
    let hosts: Vec<String> = partners::table
        .filter(partners::mutual)
        .filter(partners::state.eq(PartnerState::Active.as_str()))
        .filter(partners::looked_at.lt(before.micros()))
        .order(partners::looked_at)
        .limit(most)
        .select(partners::host)
        .load(connection)?;
    hosts.iter().map(|host| read(host)).collect()
}

pub fn set_looked_at(connection: &mut Connection, hosts: &[Host], at: Timestamp) -> Result<()> {
    let hosts = hosts.iter().map(Host::as_str);
    diesel::update(partners::table.filter(partners::host.eq_any(hosts)))
        .set(partners::looked_at.eq(at.micros()))
        .execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut Connection, id: PartnerId) -> Result<Option<Partner>> {
    let row = find_one!(
        connection,
        partners::table.find(id.0).select(PartnerRow::as_select())
    )?;
    row.map(Partner::try_from).transpose()
}

pub fn find_by_host(connection: &mut Connection, host: &Host) -> Result<Option<Partner>> {
    let row = find_one!(
        connection,
        partners::table
            .filter(partners::host.eq(host.as_str()))
            .select(PartnerRow::as_select())
    )?;
    row.map(Partner::try_from).transpose()
}

/// Whether and how we are partners with a server: the question asked at every door.
pub fn find_state(connection: &mut Connection, host: &Host) -> Result<Option<PartnerState>> {
    let state: Option<String> = find_one!(
        connection,
        partners::table
            .filter(partners::host.eq(host.as_str()))
            .select(partners::state)
    )?;
    state.map(|state| read(&state)).transpose()
}

pub fn list(connection: &mut Connection) -> Result<Vec<Partner>> {
    let rows: Vec<PartnerRow> = partners::table
        .order(partners::host)
        .select(PartnerRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Partner::try_from).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    id: i64,
    class: String,
    expires_at: i64,
    used_by: Option<String>,
    purpose: String,
    contact: String,
    until_at: Option<i64>,
    confirm_months: Option<i32>,
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        Ok(Self {
            id: InvitationId(row.id),
            ours: OurSide {
                class: read(&row.class)?,
                terms: Terms {
                    purpose: row.purpose,
                    contact: row.contact,
                    until: row.until_at.map(Timestamp::from_micros),
                },
                confirm: ConfirmEvery::from_stored(row.confirm_months),
            },
            expires_at: Timestamp::from_micros(row.expires_at),
            used_by: read_optional(row.used_by.as_deref())?,
        })
    }
}

/// Records an invitation by the hash of its code.
pub fn insert_invitation(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    code_hash: &str,
    ours: &OurSide,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<InvitationId> {
    let id = ids::next(now);
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(id),
            invitations::code_hash.eq(code_hash),
            invitations::class.eq(ours.class.as_str()),
            invitations::purpose.eq(&ours.terms.purpose),
            invitations::contact.eq(&ours.terms.contact),
            invitations::until_at.eq(ours.terms.until.map(Timestamp::micros)),
            invitations::confirm_months.eq(ours.confirm.to_stored()),
            invitations::expires_at.eq(expires_at.micros()),
            invitations::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(InvitationId(id))
}

pub fn find_invitation(connection: &mut Connection, code_hash: &str) -> Result<Option<Invitation>> {
    let row = find_one!(
        connection,
        invitations::table
            .filter(invitations::code_hash.eq(code_hash))
            .select(InvitationRow::as_select())
    )?;
    row.map(Invitation::try_from).transpose()
}

/// Marks an invitation as used by `host`. False: somebody was faster.
pub fn use_invitation(connection: &mut Connection, id: InvitationId, host: &Host) -> Result<bool> {
    let free = invitations::table
        .find(id.0)
        .filter(invitations::used_by.is_null());
    let changed = diesel::update(free)
        .set(invitations::used_by.eq(Some(host.as_str())))
        .execute(connection)?;
    Ok(changed == 1)
}
