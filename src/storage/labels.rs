//! Classification labels: the list of the house, and what has one.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{GroupId, Label, LabelMeaning, LabelName, Labels, PostId, Timestamp};
use crate::error::{Error, Result};
use crate::policy::{Permit, act};
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::error::read;
use crate::storage::schema::{groups, labels, posts};

/// The labels of the house, the lowest first.
pub fn list(connection: &mut Connection) -> Result<Labels> {
    let rows: Vec<(String, String)> = labels::table
        .filter(labels::removed_at.is_null())
        .order((labels::position, labels::name))
        .select((labels::name, labels::meaning))
        .load(connection)?;
    let label = |(name, meaning): (String, String)| {
        Ok::<_, Error>(Label {
            name: read(&name)?,
            meaning: read(&meaning)?,
        })
    };
    Ok(Labels::new(
        rows.into_iter().map(label).collect::<Result<_>>()?,
    ))
}

/// Whether there is, or ever was, any: where there was none, nothing has one.
pub fn any_ever(connection: &mut Connection) -> Result<bool> {
    let count: i64 = labels::table.count().get_result(connection)?;
    Ok(count > 0)
}

/// When labels last came to mean something else for what has them.
pub fn last_change(connection: &mut Connection) -> Result<Option<Timestamp>> {
    let newest: Option<i64> = labels::table
        .select(diesel::dsl::max(labels::changed_at))
        .get_result(connection)?;
    Ok(newest.map(Timestamp::from_micros))
}

/// Adds a label, or one that was removed once more; [`order`] gives it its place.
pub fn insert(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    label: &Label,
    now: Timestamp,
) -> Result<()> {
    // One that was removed may have been written in another case.
    let known: Vec<String> = labels::table.select(labels::name).load(connection)?;
    for old in known {
        if read::<LabelName>(&old)?.is(&label.name) {
            diesel::delete(labels::table.find(old)).execute(connection)?;
        }
    }
    diesel::insert_into(labels::table)
        .values((
            labels::name.eq(label.name.as_str()),
            labels::meaning.eq(label.meaning.as_str()),
            labels::position.eq(0),
            labels::changed_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes the order of all labels, the lowest first.
pub fn order(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    names: &[LabelName],
    now: Timestamp,
) -> Result<()> {
    for (position, name) in (0_i64..).zip(names) {
        diesel::update(labels::table.find(name.as_str()))
            .set((
                labels::position.eq(position),
                labels::changed_at.eq(now.micros()),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub fn set_meaning(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    name: &LabelName,
    meaning: &LabelMeaning,
) -> Result<()> {
    diesel::update(labels::table.find(name.as_str()))
        .set(labels::meaning.eq(meaning.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Takes a label out of the list. What has it keeps it.
pub fn remove(
    connection: &mut Connection,
    _permit: &Permit<act::ManagePartners>,
    name: &LabelName,
    now: Timestamp,
) -> Result<()> {
    diesel::update(labels::table.find(name.as_str()))
        .set((
            labels::changed_at.eq(now.micros()),
            labels::removed_at.eq(Some(now.micros())),
        ))
        .execute(connection)?;
    Ok(())
}

/// Something that was said already has this label now: the rules about labels are asked about it again.
pub fn touch(connection: &mut Connection, name: &LabelName, now: Timestamp) -> Result<()> {
    diesel::update(labels::table.find(name.as_str()))
        .set(labels::changed_at.eq(now.micros()))
        .execute(connection)?;
    Ok(())
}

/// The names of groups that have this label, at most `most`.
pub fn list_groups(
    connection: &mut Connection,
    name: &LabelName,
    most: i64,
) -> Result<Vec<String>> {
    use crate::storage::schema::actors;
    Ok(groups::table
        .inner_join(actors::table)
        .filter(groups::label.eq(name.as_str()))
        .order(actors::name)
        .limit(most)
        .select(actors::name)
        .load(connection)?)
}

/// The labels of these groups; those without one are left out.
pub fn list_of_groups(
    connection: &mut Connection,
    ids: &[GroupId],
) -> Result<HashMap<GroupId, LabelName>> {
    let rows: Vec<(i64, Option<String>)> = groups::table
        .filter(groups::actor_id.among(ids.iter().map(|id| id.0)))
        .filter(groups::label.is_not_null())
        .select((groups::actor_id, groups::label))
        .load(connection)?;
    let named = |(id, label): (i64, Option<String>)| Some((GroupId(id), label?));
    let mut all = HashMap::new();
    for (id, label) in rows.into_iter().filter_map(named) {
        all.insert(id, read(&label)?);
    }
    Ok(all)
}

/// The same of posts: their own labels.
pub fn list_of_posts(
    connection: &mut Connection,
    ids: &[PostId],
) -> Result<HashMap<PostId, LabelName>> {
    let rows: Vec<(i64, Option<String>)> = posts::table
        .filter(posts::id.among(ids.iter().map(|id| id.0)))
        .filter(posts::label.is_not_null())
        .select((posts::id, posts::label))
        .load(connection)?;
    let named = |(id, label): (i64, Option<String>)| Some((PostId(id), label?));
    let mut all = HashMap::new();
    for (id, label) in rows.into_iter().filter_map(named) {
        all.insert(id, read(&label)?);
    }
    Ok(all)
}

/// Gives the permit's group a label, or none.
pub fn set_of_group(
    connection: &mut Connection,
    permit: &Permit<act::ChangeBoundary>,
    label: Option<&LabelName>,
) -> Result<()> {
    diesel::update(groups::table.find(permit.group().0))
        .set(groups::label.eq(label.map(LabelName::as_str)))
        .execute(connection)?;
    Ok(())
}

/// Gives the permit's post a label of its own, or none. Whether that is a lower one, and who may, was asked.
pub fn set_of_post(
    connection: &mut Connection,
    permit: &Permit<act::Classify>,
    label: Option<&LabelName>,
) -> Result<()> {
    diesel::update(posts::table.find(permit.post().0))
        .set(posts::label.eq(label.map(LabelName::as_str)))
        .execute(connection)?;
    Ok(())
}
