//! Handing out bytes: to whoever is shown the post's text, asked anew each time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::upload;
use crate::app::{App, Asker};
use crate::domain::{
    Attachment, AttachmentId, AttachmentKind, FileDigest, Group, JobState, Post, PostId, Rendition,
    Uri, Work,
};
use crate::error::{Error, Result};
use crate::pictures::Kind;
use crate::policy::{Viewer, act};
use crate::services::{access, jobs};
use crate::storage::{self, Connection};

/// How long somebody who looks waits for a picture to be fetched.
const PATIENCE: Duration = Duration::from_secs(12);
/// Bytes read and sent at once.
const CHUNK_BYTES: u64 = 64 * 1_024;

/// Which bytes are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub id: AttachmentId,
    pub rendition: Rendition,
}

/// An attachment that may be handed out, with its open file.
#[derive(Debug)]
pub struct Shown {
    attachment: Attachment,
    media_type: String,
    digest: FileDigest,
    file: File,
    bytes: u64,
    /// Everybody may have it, so caches may keep it for a while.
    for_everybody: bool,
}

/// What may be handed out to another server, and to what it belongs, for the ledger.
#[derive(Debug)]
pub struct Opened {
    pub shown: Shown,
    pub post: Uri,
    pub author: Uri,
    pub group: Option<Group>,
}

/// Finds what was uploaded here, for another server: of what is kept elsewhere its own server hands
/// out the bytes.
///
/// # Errors
/// [`Error::NotFound`] for what is not there, and for what the asker may not have.
pub async fn open(app: &App, asker: Asker, asked: Asked) -> Result<Opened> {
    let (found, author) = app
        .db
        .read("open_attachment", move |connection| {
            let found = permit(connection, &asker, asked.id)?;
            let author = match &found.of {
                Some((post, _)) => storage::actors::find(connection, post.author)?,
                // What is in no post is its owner's alone.
                None => None,
            };
            Ok((found, author))
        })
        .await?;
    let (Some(author), None) = (author, &found.attachment.origin) else {
        return Err(Error::NotFound);
    };
    let (post, group) = found.of.clone().ok_or(Error::NotFound)?;
    Ok(Opened {
        shown: found.open(app, asked.rendition).await?,
        post: post.uri,
        author: author.uri,
        group,
    })
}

/// Finds an attachment for somebody of this house, or for everybody. What is not here yet is fetched.
///
/// # Errors
/// [`Error::NotFound`] also when it cannot be fetched; [`Error::Unavailable`] when that takes long.
pub async fn show(app: &App, asker: Asker, asked: Asked) -> Result<Shown> {
    let found = find(app, asker.clone(), asked).await?;
    if found.attachment.stored.is_some() {
        return found.open(app, asked.rendition).await;
    }
    if found
        .attachment
        .origin
        .as_ref()
        .is_some_and(|origin| origin.failed)
    {
        return Err(Error::NotFound);
    }
    // Strangers may look at public posts, but have nobody asked for them.
    if asker.viewer == Viewer::Anonymous {
        return Err(Error::NotFound);
    }
    let attachment = asked.id.0;
    let errand = jobs::submit(app, Work::FetchAttachment { attachment }).await?;
    match jobs::wait(app, errand, PATIENCE).await?.state {
        JobState::Done => {
            find(app, asker, asked)
                .await?
                .open(app, asked.rendition)
                .await
        }
        JobState::Failed => Err(Error::NotFound),
        JobState::Pending => Err(Error::Unavailable(
            "the file is still being fetched: try again in a moment".into(),
        )),
    }
}

/// The post that something is attached to. Tells nobody anything: what it is for has to be asked.
pub async fn find_post(app: &App, id: AttachmentId) -> Result<PostId> {
    app.db
        .read("post_of_attachment", move |connection| {
            let found = storage::attachments::find_post(connection, id)?;
            // One that nobody has is asked about like one that is hidden.
            Ok(found.flatten().unwrap_or(PostId(0)))
        })
        .await
}

struct Found {
    attachment: Attachment,
    /// The post that it is attached to, and the group that is in.
    of: Option<(Post, Option<Group>)>,
    for_everybody: bool,
}

async fn find(app: &App, asker: Asker, asked: Asked) -> Result<Found> {
    app.db
        .read("find_attachment", move |connection| {
            permit(connection, &asker, asked.id)
        })
        .await
}

/// Whoever is shown the text of a post may have what is attached to it; of an upload, its owner alone.
fn permit(connection: &mut Connection, asker: &Asker, id: AttachmentId) -> Result<Found> {
    // The rest of it is read once it may be: a row that is read takes longer than one that is not there.
    let post = storage::attachments::find_post(connection, id)?;
    if post == Some(None) {
        let attachment = upload::find(connection, asker, id)?;
        return Ok(Found {
            attachment,
            of: None,
            for_everybody: false,
        });
    }
    // One that is not there takes as long as one that is hidden.
    let post = storage::posts::find(connection, post.flatten().unwrap_or(PostId(0)))?;
    let case = access::permit_sought_post::<act::Read>(connection, asker, post)?;
    let attachment = storage::attachments::find(connection, id)?.ok_or(Error::NotFound)?;
    if !access::shows_text(connection, asker, &case.post)? {
        return Err(Error::NotFound);
    }
    let anybody = Asker {
        viewer: Viewer::Anonymous,
        vouched: None,
        ..asker.clone()
    };
    let of = (case.post.clone(), case.group.clone());
    let for_everybody = access::shows_text(connection, &anybody, &case.post)?
        && access::permit_in::<act::Read>(connection, &anybody, case.group, case.post).is_ok();
    Ok(Found {
        attachment,
        of: Some(of),
        for_everybody,
    })
}

impl Found {
    async fn open(self, app: &App, rendition: Rendition) -> Result<Shown> {
        let stored = self.attachment.stored.ok_or(Error::NotFound)?;
        let is_picture = self.attachment.kind == AttachmentKind::Image;
        let digest: FileDigest = match rendition {
            Rendition::Whole => stored.digest,
            Rendition::Preview if is_picture => stored.preview.unwrap_or(stored.digest),
            Rendition::Preview => return Err(Error::NotFound),
        };
        let files = app.files.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let (mut file, bytes) = files.open(&digest)?;
            let mut head = [0; 12];
            let kind = file
                .read_exact(&mut head)
                .ok()
                .and_then(|()| Kind::of(&head));
            Ok::<_, Error>((file, bytes, kind))
        });
        let (file, bytes, kind) = opened
            .await
            .map_err(Error::internal)?
            .inspect_err(|error| {
                tracing::error!(%error, %digest, "a file that should be there cannot be read");
            })?;
        // A preview may be of another kind than the picture; a file is never handed out as a picture.
        let media_type = match kind.filter(|_| is_picture) {
            Some(kind) => kind.media_type().to_owned(),
            None => self.attachment.media_type.clone(),
        };
        Ok(Shown {
            attachment: self.attachment,
            media_type,
            digest,
            file,
            bytes,
            for_everybody: self.for_everybody,
        })
    }
}

/// What to answer: plain values, for each entrance to send.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// How many bytes follow.
    pub length: u64,
    from: u64,
    file: File,
}

/// Nothing in a file may do anything, whoever opens it however.
const SANDBOX: &str = "default-src 'none'; sandbox";

impl Shown {
    /// Of the bytes that are handed out.
    pub const fn digest(&self) -> &FileDigest {
        &self.digest
    }

    /// How many there are in the whole file.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The answer, with only a part of the bytes where `range` (RFC 9110, section 14.2) asks for one. What
    /// cannot be understood of it is passed over.
    pub fn answer(self, range: Option<&str>) -> Answer {
        let mut headers = vec![
            ("content-type", self.media_type.clone()),
            ("content-disposition", self.disposition()),
            ("content-security-policy", SANDBOX.to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("accept-ranges", "bytes".to_owned()),
            ("cache-control", self.cache_control().to_owned()),
        ];
        let (status, from, length) = match part(range, self.bytes) {
            Part::Whole => (200, 0, self.bytes),
            Part::From { first, last } => {
                let range = format!("bytes {first}-{last}/{}", self.bytes);
                headers.push(("content-range", range));
                (206, first, last - first + 1)
            }
            Part::Nowhere => {
                headers.push(("content-range", format!("bytes */{}", self.bytes)));
                (416, 0, 0)
            }
        };
        Answer {
            status,
            headers,
            length,
            from,
            file: self.file,
        }
    }

    /// Pictures are shown; everything else is saved, whatever it is.
    fn disposition(&self) -> String {
        let kind = match self.attachment.kind {
            AttachmentKind::Image => "inline",
            AttachmentKind::File => "attachment",
        };
        match self.attachment.name.is_empty() {
            true => kind.to_owned(),
            false => format!(
                "{kind}; filename*=UTF-8''{}",
                encoded(&self.attachment.name)
            ),
        }
    }

    const fn cache_control(&self) -> &'static str {
        match self.for_everybody {
            true => "public, max-age=300",
            false => "private, no-store",
        }
    }
}

/// A name as headers carry it (RFC 8187).
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    From {
        first: u64,
        last: u64,
    },
    /// Behind the end.
    Nowhere,
}

/// Which part is asked for. Of several, all: nobody needs that.
fn part(range: Option<&str>, bytes: u64) -> Part {
    let asked = range
        .and_then(|range| range.trim().strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = asked else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let end = bytes.saturating_sub(1);
    let (first, last) = match (first.trim(), last.trim()) {
        ("", most) => match number(most) {
            Some(most) => (bytes.saturating_sub(most), end),
            None => return Part::Whole,
        },
        (first, "") => match number(first) {
            Some(first) => (first, end),
            None => return Part::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => (first, last.min(end)),
            _ => return Part::Whole,
        },
    };
    match first < bytes && first <= last {
        true => Part::From { first, last },
        false => Part::Nowhere,
    }
}

impl Answer {
    /// The bytes, piece by piece, read on threads that may wait.
    pub fn chunks(self) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> {
        let begin = (self.file, self.from, self.length);
        try_unfold(begin, |(file, from, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || read_at(file, from, left));
            let (file, chunk) = read.await.map_err(std::io::Error::other)??;
            let read = chunk.len() as u64;
            Ok(Some((chunk, (file, from + read, left - read))))
        })
    }
}

fn read_at(mut file: File, from: u64, left: u64) -> std::io::Result<(File, Vec<u8>)> {
    let mut chunk = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    (&mut file)
        .take(left.min(CHUNK_BYTES))
        .read_to_end(&mut chunk)?;
    match chunk.is_empty() {
        true => Err(std::io::ErrorKind::UnexpectedEof.into()),
        false => Ok((file, chunk)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_what_rfc_9110_says() {
        let from = |first, last| Part::From { first, last };
        for (asked, answered) in [
            (None, Part::Whole),
            (Some("bytes=0-3"), from(0, 3)),
            (Some("bytes=4-"), from(4, 9)),
            (Some("bytes=4-99"), from(4, 9)),
            (Some("bytes=-3"), from(7, 9)),
            (Some("bytes=-99"), from(0, 9)),
            (Some("bytes=10-"), Part::Nowhere),
            (Some("bytes=-0"), Part::Nowhere),
            (Some("bytes=3-1"), Part::Whole),
            (Some("bytes=0-1,4-5"), Part::Whole),
            (Some("lines=0-1"), Part::Whole),
            (Some("bytes=a-b"), Part::Whole),
        ] {
            assert_eq!(part(asked, 10), answered, "{asked:?}");
        }
        assert_eq!(part(Some("bytes=0-"), 0), Part::Nowhere);
    }

    #[test]
    fn a63_a_name_in_a_header_is_only_a_name() {
        assert_eq!(encoded("Plan \"a\".png"), "Plan%20%22a%22.png");
        assert_eq!(encoded("ü\r\n"), "%C3%BC%0D%0A");
    }
}
