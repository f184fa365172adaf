//! Partners and the invitations that make them.

use diesel::prelude::*;

use crate::domain::{
    Ending, Host, Invitation, InvitationId, Partner, PartnerClass, PartnerId, PartnerState,
    Timestamp, Uri,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::connection::find_one;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{invitations, partners};
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable, Insertable)]
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
}

impl TryFrom<PartnerRow> for Partner {
    type Error = crate::Error;

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
    if let Some(known) = find_by_host(connection, &new.host)? {
        diesel::update(partners::table.find(known.id.0))
            .set((
                partners::class.eq(new.class.as_str()),
                partners::state.eq(new.state.as_str()),
                partners::organization.eq(&new.organization),
                partners::instance_uri.eq(new.instance.as_ref().map(Uri::as_str)),
                partners::mutual.eq(new.mutual),
                partners::agreement.eq(new.agreement.as_ref().map(Uri::as_str)),
                partners::ended_by.eq(None::<&str>),
                partners::ended_at.eq(None::<i64>),
                partners::discreet.eq(new.discreet),
            ))
            .execute(connection)?;
        return Ok(Partner {
            class: new.class,
            state: new.state,
            organization: new.organization.clone(),
            instance: new.instance.clone(),
            mutual: new.mutual,
            agreement: new.agreement.clone(),
            ending: None,
            discreet: new.discreet,
            ..known
        });
    }
    let row = PartnerRow {
        id: ids::next(now),
        host: new.host.to_string(),
        class: new.class.to_string(),
        state: new.state.to_string(),
        organization: new.organization.clone(),
        instance_uri: new.instance.as_ref().map(Uri::to_string),
        mutual: new.mutual,
        created_at: now.micros(),
        agreement: new.agreement.as_ref().map(Uri::to_string),
        ended_by: None,
        ended_at: None,
        discreet: new.discreet,
    };
    diesel::insert_into(partners::table)
        .values(&row)
        .execute(connection)?;
    row.try_into()
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
    diesel::update(partners::table.find(id.0))
        .set(partners::state.eq(state.as_str()))
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
        ))
        .execute(connection)?;
    Ok(Partner {
        state,
        ending: Some(ending),
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
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = crate::Error;

    fn try_from(row: InvitationRow) -> Result<Self> {
        Ok(Self {
            id: InvitationId(row.id),
            class: read(&row.class)?,
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
    class: PartnerClass,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<InvitationId> {
    let id = ids::next(now);
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(id),
            invitations::code_hash.eq(code_hash),
            invitations::class.eq(class.as_str()),
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
