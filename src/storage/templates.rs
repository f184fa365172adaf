//! Templates of grants that a house made itself.

use diesel::prelude::*;

use crate::domain::{GrantTemplate, JoinMode, Name};
use crate::error::{Error, Result};
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::error::{read, read_optional};
use crate::storage::schema::grant_templates;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = grant_templates, treat_none_as_default_value = false)]
struct TemplateRow {
    name: String,
    title: String,
    capabilities: String,
    join_mode: Option<String>,
    days: Option<i32>,
    history: String,
    apart: bool,
}

impl TryFrom<TemplateRow> for GrantTemplate {
    type Error = Error;

    fn try_from(row: TemplateRow) -> Result<Self> {
        Ok(Self {
            name: read(&row.name)?,
            title: row.title,
            capabilities: read(&row.capabilities)?,
            join: read_optional(row.join_mode.as_deref())?,
            days: row.days.map(i32::unsigned_abs),
            history: read(&row.history)?,
            apart: row.apart,
            built_in: false,
        })
    }
}

/// By name.
pub fn list(connection: &mut Connection) -> Result<Vec<GrantTemplate>> {
    let rows: Vec<TemplateRow> = grant_templates::table
        .order(grant_templates::name)
        .select(TemplateRow::as_select())
        .load(connection)?;
    rows.into_iter().map(GrantTemplate::try_from).collect()
}

/// Writes one, instead of the one of the same name.
pub fn save(
    connection: &mut Connection,
    permit: &Permit<act::ManagePartners>,
    template: &GrantTemplate,
) -> Result<()> {
    remove(connection, permit, &template.name)?;
    let row = TemplateRow {
        name: template.name.to_string(),
        title: template.title.clone(),
        capabilities: template.capabilities.to_string(),
        join_mode: template.join.as_ref().map(JoinMode::to_string),
        days: template
            .days
            .map(i32::try_from)
            .transpose()
            .map_err(Error::internal)?,
        history: template.history.to_string(),
        apart: template.apart,
    };
    diesel::insert_into(grant_templates::table)
        .values(&row)
        .execute(connection)?;
    Ok(())
}

/// How many there were: one or none.
pub fn remove(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    name: &Name,
) -> Result<usize> {
    Ok(diesel::delete(grant_templates::table.find(name.as_str())).execute(connection)?)
}
