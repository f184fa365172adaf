//! What houses of groups elsewhere did not take of what our people said and did in them.

use diesel::prelude::*;

use crate::domain::{
    ActorId, DeliveryGround, DeliveryId, DeliveryState, EventId, EventKind, Host, PostId, PostText,
    Refusal, RefusalCause, Timestamp, Uri,
};
use crate::error::Result;
use crate::storage::Connection;
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::read;
use crate::storage::schema::{deliveries, posts, refusals};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refusals)]
struct RefusalRow {
    event_id: i64,
    kind: String,
    post_id: i64,
    actor_id: i64,
    host: String,
    cause: String,
    activity_uri: String,
    title: Option<String>,
    source: Option<String>,
    html: Option<String>,
    at: i64,
    let_in: bool,
}

impl TryFrom<RefusalRow> for Refusal {
    type Error = crate::Error;

    fn try_from(row: RefusalRow) -> Result<Self> {
        let (title, source) = (row.title, row.source);
        let text = row.html.map(|html| PostText {
            title,
            source,
            html,
        });
        Ok(Self {
            event: EventId(row.event_id),
            kind: read(&row.kind)?,
            post: PostId(row.post_id),
            actor: ActorId(row.actor_id),
            host: read(&row.host)?,
            cause: read(&row.cause)?,
            activity: read(&row.activity_uri)?,
            text,
            at: Timestamp::from_micros(row.at),
            let_in: row.let_in,
        })
    }
}

/// Writes down that something was refused. What was refused before is refused as it was.
pub fn insert(connection: &mut Connection, refusal: &Refusal) -> Result<()> {
    let text = refusal.text.as_ref();
    let row = RefusalRow {
        event_id: refusal.event.0,
        kind: refusal.kind.to_string(),
        post_id: refusal.post.0,
        actor_id: refusal.actor.0,
        host: refusal.host.to_string(),
        cause: refusal.cause.to_string(),
        activity_uri: refusal.activity.to_string(),
        title: text.and_then(|text| text.title.clone()),
        source: text.and_then(|text| text.source.clone()),
        html: text.map(|text| text.html.clone()),
        at: refusal.at.micros(),
        let_in: refusal.let_in,
    };
    on_backend!(connection, |inner| diesel::insert_into(refusals::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(inner))?;
    Ok(())
}

/// What was refused before was let in at a later attempt, and is refused again.
pub fn mark_let_in(
    connection: &mut Connection,
    event: EventId,
    cause: &RefusalCause,
    now: Timestamp,
) -> Result<()> {
    diesel::update(refusals::table.find(event.0))
        .set((
            refusals::let_in.eq(true),
            refusals::cause.eq(cause.to_string()),
            refusals::at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether anything is refused at all: for those who are asked often.
pub fn any(connection: &mut Connection) -> Result<bool> {
    let found = diesel::dsl::exists(refusals::table.select(refusals::event_id));
    Ok(diesel::select(found).get_result(connection)?)
}

pub fn find(connection: &mut Connection, event: EventId) -> Result<Option<Refusal>> {
    let row = find_one!(
        connection,
        refusals::table
            .find(event.0)
            .select(RefusalRow::as_select())
    )?;
    row.map(Refusal::try_from).transpose()
}

/// What was refused of these posts and about them, oldest first.
pub fn list_of_posts(connection: &mut Connection, posts: &[PostId]) -> Result<Vec<Refusal>> {
    let posts = posts.iter().map(|post| post.0);
    let rows: Vec<RefusalRow> = refusals::table
        .filter(refusals::post_id.among(posts))
        .order(refusals::event_id)
        .select(RefusalRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Refusal::try_from).collect()
}

/// What was refused of that which these deliveries carry, oldest first.
pub fn list_of_deliveries(
    connection: &mut Connection,
    carriers: &[DeliveryId],
) -> Result<Vec<Refusal>> {
    let carriers = deliveries::table
        .filter(deliveries::id.among(carriers.iter().map(|delivery| delivery.0)))
        .select(deliveries::event_id);
    let rows: Vec<RefusalRow> = refusals::table
        .filter(refusals::event_id.eq_any(carriers))
        .order(refusals::event_id)
        .select(RefusalRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Refusal::try_from).collect()
}

/// What a house let in and refused afterwards of that which these failed deliveries carry, oldest first:
/// those to a server (none: to all), or one alone.
pub fn list_let_in(
    connection: &mut Connection,
    host: Option<&Host>,
    delivery: Option<DeliveryId>,
) -> Result<Vec<Refusal>> {
    let failed = deliveries::table
        .filter(deliveries::post_id.eq(refusals::post_id.nullable()))
        .filter(deliveries::event_id.eq(refusals::event_id))
        .filter(deliveries::host.eq(refusals::host))
        .filter(deliveries::state.eq(DeliveryState::Failed.as_str()));
    let mut query = refusals::table
        .filter(refusals::let_in)
        .order(refusals::event_id)
        .select(RefusalRow::as_select())
        .into_boxed();
    query = match delivery {
        Some(delivery) => query.filter(diesel::dsl::exists(
            failed.filter(deliveries::id.eq(delivery.0)),
        )),
        None => query.filter(diesel::dsl::exists(failed)),
    };
    if let Some(host) = host {
        query = query.filter(refusals::host.eq(host.as_str()));
    }
    let rows: Vec<RefusalRow> = query.load(connection)?;
    rows.into_iter().map(Refusal::try_from).collect()
}

/// Answers to a post that its group's house let in and refused afterwards, oldest first.
pub fn list_let_in_answers(connection: &mut Connection, post: PostId) -> Result<Vec<Refusal>> {
    let answers = posts::table
        .filter(posts::parent_id.eq(Some(post.0)))
        .select(posts::id);
    let rows: Vec<RefusalRow> = refusals::table
        .filter(refusals::post_id.eq_any(answers))
        .filter(refusals::kind.eq(EventKind::PostCreated.as_str()))
        .filter(refusals::let_in)
        .order(refusals::event_id)
        .select(RefusalRow::as_select())
        .load(connection)?;
    rows.into_iter().map(Refusal::try_from).collect()
}

/// Whether the house of a group did not take a post at all.
pub fn is_refused(connection: &mut Connection, post: PostId) -> Result<bool> {
    let found = refusals::table
        .filter(refusals::post_id.eq(post.0))
        .filter(refusals::kind.eq(EventKind::PostCreated.as_str()));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(connection)?)
}

pub fn remove(connection: &mut Connection, event: EventId) -> Result<()> {
    diesel::delete(refusals::table.find(event.0)).execute(connection)?;
    Ok(())
}

/// Forgets what was refused of somebody about a post, of these kinds, and withholds what could still
/// bring it there: they have done something else since.
pub fn supersede(
    connection: &mut Connection,
    post: PostId,
    actor: ActorId,
    kinds: &[EventKind],
    now: Timestamp,
) -> Result<()> {
    let kinds = kinds.iter().map(|kind| kind.as_str());
    let events: Vec<i64> = refusals::table
        .filter(refusals::post_id.eq(post.0))
        .filter(refusals::actor_id.eq(actor.0))
        .filter(refusals::kind.eq_any(kinds))
        .select(refusals::event_id)
        .load(connection)?;
    if events.is_empty() {
        return Ok(());
    }
    let given_up = [DeliveryState::Failed, DeliveryState::Dead].map(DeliveryState::as_str);
    diesel::update(
        deliveries::table
            .filter(deliveries::post_id.eq(post.0))
            .filter(deliveries::event_id.among(&events))
            .filter(deliveries::state.eq_any(given_up)),
    )
    .set((
        deliveries::state.eq(DeliveryState::Withheld.as_str()),
        deliveries::last_error.eq(Some("superseded by what its author did since")),
        deliveries::finished_at.eq(Some(now.micros())),
    ))
    .execute(connection)?;
    diesel::delete(refusals::table.filter(refusals::event_id.among(&events)))
        .execute(connection)?;
    Ok(())
}

/// Forgets what was refused about a post, with the texts: it is deleted.
pub fn forget(connection: &mut Connection, post: PostId) -> Result<()> {
    diesel::delete(refusals::table.filter(refusals::post_id.eq(post.0))).execute(connection)?;
    Ok(())
}

/// A delivery that ended in vain: what it carried, from which house it came back.
#[derive(Clone, Debug)]
pub struct Returned {
    pub delivery: DeliveryId,
    pub event: EventId,
    pub host: Host,
    pub activity: Uri,
}

/// What these deliveries carried, where they were about a post and no news of a group of ours.
pub fn list_returned(
    connection: &mut Connection,
    carriers: &[DeliveryId],
) -> Result<Vec<Returned>> {
    let rows: Vec<(i64, i64, String, String)> = deliveries::table
        .filter(deliveries::id.among(carriers.iter().map(|delivery| delivery.0)))
        .filter(deliveries::post_id.is_not_null())
        .filter(deliveries::ground.ne(DeliveryGround::News.as_str()))
        .order(deliveries::id)
        .select((
            deliveries::id,
            deliveries::event_id,
            deliveries::host,
            deliveries::activity_uri,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(delivery, event, host, activity)| {
            Ok(Returned {
                delivery: DeliveryId(delivery),
                event: EventId(event),
                host: read(&host)?,
                activity: read(&activity)?,
            })
        })
        .collect()
}
