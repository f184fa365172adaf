//! Pictures and files of posts, and uploads that are in no post yet. The bytes are in the folder of
//! files; what is here says whose they are.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::domain::{
    ActorId, Attachment, AttachmentId, AttachmentKind, Description, FileDigest, Focus, Measures,
    Origin, Post, PostId, Stored, Timestamp,
};
use crate::error::Result;
use crate::policy::{Permit, act};
use crate::storage::among::AmongMethods as _;
use crate::storage::connection::{find_one, on_backend};
use crate::storage::error::{read, read_optional};
use crate::storage::schema::{attachments, dropped_files};
use crate::storage::{Connection, ids};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments, treat_none_as_default_value = false)]
struct Row {
    id: i64,
    owner_id: i64,
    post_id: Option<i64>,
    place: i32,
    kind: String,
    media_type: String,
    name: String,
    description: String,
    focus: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    blurhash: Option<String>,
    origin: Option<String>,
    origin_digest: Option<String>,
    failed: bool,
    digest: Option<String>,
    preview: Option<String>,
    bytes: Option<i64>,
    created_at: i64,
}

impl TryFrom<Row> for Attachment {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let origin = match row.origin {
            Some(url) => Some(Origin {
                url: read(&url)?,
                digest: read_optional(row.origin_digest.as_deref())?,
                failed: row.failed,
            }),
            None => None,
        };
        let stored = match row.digest {
            Some(digest) => Some(Stored {
                digest: read(&digest)?,
                bytes: row.bytes.unwrap_or_default().unsigned_abs(),
                preview: read_optional(row.preview.as_deref())?,
            }),
            None => None,
        };
        let measures = row.width.zip(row.height).map(|(width, height)| Measures {
            width: width.unsigned_abs(),
            height: height.unsigned_abs(),
            blurhash: row.blurhash,
        });
        Ok(Self {
            id: AttachmentId(row.id),
            owner: ActorId(row.owner_id),
            post: row.post_id.map(PostId),
            kind: read(&row.kind)?,
            media_type: row.media_type,
            name: row.name,
            description: row.description,
            focus: read_optional(row.focus.as_deref())?,
            measures,
            origin,
            stored,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

/// An attachment before it has an id.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub owner: ActorId,
    pub kind: AttachmentKind,
    pub media_type: String,
    pub name: String,
    pub description: Description,
    pub focus: Option<Focus>,
    pub measures: Option<Measures>,
    pub origin: Option<Origin>,
    pub stored: Option<Stored>,
}

/// Writes down what somebody of ours uploaded; it is in no post yet.
pub fn insert_upload(
    connection: &mut Connection,
    new: NewAttachment,
    now: Timestamp,
) -> Result<Attachment> {
    insert(connection, new, None, 0, now)
}

/// Writes down what came with a post from elsewhere.
pub fn insert_received(
    connection: &mut Connection,
    permit: &Permit<act::Attach>,
    post: &Post,
    place: usize,
    new: NewAttachment,
    now: Timestamp,
) -> Result<Attachment> {
    debug_assert_eq!(Some(permit.group()), post.group);
    insert(connection, new, Some(post.id), place, now)
}

fn insert(
    connection: &mut Connection,
    new: NewAttachment,
    post: Option<PostId>,
    place: usize,
    now: Timestamp,
) -> Result<Attachment> {
    let measures = new.measures.as_ref();
    let row = Row {
        id: ids::next(now),
        owner_id: new.owner.0,
        post_id: post.map(|post| post.0),
        place: number(place),
        kind: new.kind.to_string(),
        media_type: new.media_type,
        name: new.name,
        description: new.description.as_str().to_owned(),
        focus: new.focus.map(|focus| focus.to_string()),
        width: measures.map(|measures| measures.width.cast_signed()),
        height: measures.map(|measures| measures.height.cast_signed()),
        blurhash: measures.and_then(|measures| measures.blurhash.clone()),
        origin: new.origin.as_ref().map(|origin| origin.url.to_string()),
        origin_digest: new
            .origin
            .as_ref()
            .and_then(|origin| origin.digest)
            .map(|digest| digest.to_string()),
        failed: new.origin.is_some_and(|origin| origin.failed),
        digest: new.stored.map(|stored| stored.digest.to_string()),
        preview: new
            .stored
            .and_then(|stored| stored.preview)
            .map(|digest| digest.to_string()),
        bytes: new.stored.map(|stored| stored.bytes.cast_signed()),
        created_at: now.micros(),
    };
    on_backend!(connection, |inner| diesel::insert_into(attachments::table)
        .values(&row)
        .execute(inner))?;
    row.try_into()
}

fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

pub fn find(connection: &mut Connection, id: AttachmentId) -> Result<Option<Attachment>> {
    let row: Option<Row> = find_one!(
        connection,
        attachments::table.find(id.0).select(Row::as_select())
    )?;
    row.map(Attachment::try_from).transpose()
}

/// The post that something is attached to; none of what waits for one. Nothing for what nobody has.
pub fn find_post(connection: &mut Connection, id: AttachmentId) -> Result<Option<Option<PostId>>> {
    let found: Option<Option<i64>> = find_one!(
        connection,
        attachments::table.find(id.0).select(attachments::post_id)
    )?;
    Ok(found.map(|post| post.map(PostId)))
}

/// The pictures and files of a post, in order.
pub fn list_of(connection: &mut Connection, post: PostId) -> Result<Vec<Attachment>> {
    let rows: Vec<Row> = on_backend!(connection, |inner| attachments::table
        .filter(attachments::post_id.eq(post.0))
        .order((attachments::place, attachments::id))
        .select(Row::as_select())
        .load(inner))?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// The same of many posts.
pub fn list_of_posts(
    connection: &mut Connection,
    posts: &[PostId],
) -> Result<HashMap<PostId, Vec<Attachment>>> {
    let mut by_post: HashMap<PostId, Vec<Attachment>> = HashMap::new();
    if posts.is_empty() {
        return Ok(by_post);
    }
    let rows: Vec<Row> = attachments::table
        .filter(attachments::post_id.among(posts.iter().map(|post| post.0)))
        .order((attachments::place, attachments::id))
        .select(Row::as_select())
        .load(connection)?;
    for row in rows {
        let attachment = Attachment::try_from(row)?;
        if let Some(post) = attachment.post {
            by_post.entry(post).or_default().push(attachment);
        }
    }
    Ok(by_post)
}

/// How many uploads of somebody are in no post yet.
pub fn count_waiting(connection: &mut Connection, owner: ActorId) -> Result<i64> {
    Ok(attachments::table
        .filter(attachments::owner_id.eq(owner.0))
        .filter(attachments::post_id.is_null())
        .count()
        .get_result(connection)?)
}

/// Says something else about an attachment.
pub fn describe(
    connection: &mut Connection,
    id: AttachmentId,
    description: &Description,
    focus: Option<Focus>,
) -> Result<()> {
    diesel::update(attachments::table.find(id.0))
        .set((
            attachments::description.eq(description.as_str()),
            attachments::focus.eq(focus.map(|focus| focus.to_string())),
        ))
        .execute(connection)?;
    Ok(())
}

/// Puts an upload of its author into a post. False: it is in one already.
pub fn attach(
    connection: &mut Connection,
    permit: &Permit<act::Attach>,
    post: &Post,
    id: AttachmentId,
    place: usize,
) -> Result<bool> {
    debug_assert_eq!(Some(permit.group()), post.group);
    let waiting = attachments::table
        .find(id.0)
        .filter(attachments::post_id.is_null());
    let changed = diesel::update(waiting)
        .set((
            attachments::post_id.eq(Some(post.id.0)),
            attachments::place.eq(number(place)),
        ))
        .execute(connection)?;
    Ok(changed > 0)
}

/// Gives an attachment another place among those of its post.
pub fn set_place(connection: &mut Connection, id: AttachmentId, place: usize) -> Result<()> {
    diesel::update(attachments::table.find(id.0))
        .set(attachments::place.eq(number(place)))
        .execute(connection)?;
    Ok(())
}

/// Takes an attachment away.
pub fn remove(connection: &mut Connection, id: AttachmentId) -> Result<()> {
    drop_all(connection, &[id.0]).map(drop)
}

/// Takes everything away that is attached to a post.
pub(super) fn remove_of(connection: &mut Connection, post: PostId) -> Result<()> {
    let ids: Vec<i64> = attachments::table
        .filter(attachments::post_id.eq(post.0))
        .select(attachments::id)
        .load(connection)?;
    drop_all(connection, &ids).map(drop)
}

/// Takes the uploads of somebody away that are in no post.
pub fn remove_waiting(connection: &mut Connection, owner: ActorId) -> Result<()> {
    let ids: Vec<i64> = attachments::table
        .filter(attachments::owner_id.eq(owner.0))
        .filter(attachments::post_id.is_null())
        .select(attachments::id)
        .load(connection)?;
    drop_all(connection, &ids).map(drop)
}

/// Removes rows, and writes down which files they referred to; how many.
fn drop_all(connection: &mut Connection, ids: &[i64]) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let these = || attachments::table.filter(attachments::id.among(ids.iter().copied()));
    let referred: Vec<(Option<String>, Option<String>)> = these()
        .select((attachments::digest, attachments::preview))
        .load(connection)?;
    let removed = diesel::delete(these()).execute(connection)?;
    for digest in referred
        .into_iter()
        .flat_map(|(whole, preview)| [whole, preview])
        .flatten()
    {
        on_backend!(connection, |inner| diesel::insert_into(
            dropped_files::table
        )
        .values(dropped_files::digest.eq(&digest))
        .on_conflict_do_nothing()
        .execute(inner))?;
    }
    Ok(removed)
}

/// Files that something referred to which is gone, at most `most`.
pub fn list_dropped(connection: &mut Connection, most: i64) -> Result<Vec<FileDigest>> {
    let names: Vec<String> = dropped_files::table
        .limit(most)
        .select(dropped_files::digest)
        .load(connection)?;
    names.iter().map(|name| read(name)).collect()
}

/// These are seen to.
pub fn forget_dropped(connection: &mut Connection, files: &[FileDigest]) -> Result<()> {
    let names = files.iter().map(FileDigest::to_string);
    let names: Vec<String> = names.collect();
    diesel::delete(dropped_files::table.filter(dropped_files::digest.eq_any(names)))
        .execute(connection)?;
    Ok(())
}

/// What was fetched from elsewhere is here now.
pub fn set_stored(
    connection: &mut Connection,
    id: AttachmentId,
    media_type: &str,
    measures: Option<&Measures>,
    stored: Stored,
) -> Result<()> {
    diesel::update(attachments::table.find(id.0))
        .set((
            attachments::media_type.eq(media_type),
            attachments::width.eq(measures.map(|measures| measures.width.cast_signed())),
            attachments::height.eq(measures.map(|measures| measures.height.cast_signed())),
            attachments::blurhash.eq(measures.and_then(|measures| measures.blurhash.as_deref())),
            attachments::digest.eq(Some(stored.digest.to_string())),
            attachments::preview.eq(stored.preview.map(|digest| digest.to_string())),
            attachments::bytes.eq(Some(stored.bytes.cast_signed())),
            attachments::failed.eq(false),
        ))
        .execute(connection)?;
    Ok(())
}

/// It cannot be had from where it is.
pub fn set_failed(connection: &mut Connection, id: AttachmentId) -> Result<()> {
    diesel::update(attachments::table.find(id.0))
        .set(attachments::failed.eq(true))
        .execute(connection)?;
    Ok(())
}

/// Which of these files something refers to.
pub fn list_needed(
    connection: &mut Connection,
    files: &[FileDigest],
) -> Result<HashSet<FileDigest>> {
    if files.is_empty() {
        return Ok(HashSet::new());
    }
    let names: Vec<String> = files.iter().map(FileDigest::to_string).collect();
    let whole: Vec<Option<String>> = attachments::table
        .filter(attachments::digest.eq_any(&names))
        .select(attachments::digest)
        .load(connection)?;
    let previews: Vec<Option<String>> = attachments::table
        .filter(attachments::preview.eq_any(&names))
        .select(attachments::preview)
        .load(connection)?;
    let needed = whole.into_iter().chain(previews).flatten();
    needed.map(|digest| read(&digest)).collect()
}

/// Forgets uploads that were in no post before a moment, at most `most`; how many.
pub fn forget_waiting(connection: &mut Connection, before: Timestamp, most: i64) -> Result<usize> {
    let old: Vec<i64> = attachments::table
        .filter(attachments::post_id.is_null())
        .filter(attachments::created_at.lt(before.micros()))
        .limit(most)
        .select(attachments::id)
        .load(connection)?;
    drop_all(connection, &old)
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In posts written here, and in posts from elsewhere.
    pub ours: i64,
    pub theirs: i64,
    /// Of posts from elsewhere: not fetched.
    pub unfetched: i64,
    /// Uploaded, and in no post yet.
    pub waiting: i64,
}

/// Counts attachments by where they are from.
pub fn count(connection: &mut Connection) -> Result<Usage> {
    let in_posts = || attachments::table.filter(attachments::post_id.is_not_null());
    let elsewhere = || in_posts().filter(attachments::origin.is_not_null());
    Ok(Usage {
        ours: in_posts()
            .filter(attachments::origin.is_null())
            .count()
            .get_result(connection)?,
        theirs: elsewhere().count().get_result(connection)?,
        unfetched: elsewhere()
            .filter(attachments::digest.is_null())
            .count()
            .get_result(connection)?,
        waiting: attachments::table
            .filter(attachments::post_id.is_null())
            .count()
            .get_result(connection)?,
    })
}
