//! Requests in parts (`multipart/form-data`, RFC 7578): fields, and files that go to the disk while they
//! arrive. Everything is limited before it is kept.

use actix_multipart::{Field, Multipart};
use actix_web::http::header::HeaderMap;
use actix_web::web::Payload;
use futures_util::TryStreamExt as _;

use crate::app::App;
use crate::auth::Refused;
use crate::domain::ATTACHMENTS_MAX;
use crate::error::Error;
use crate::files::Draft;

/// All fields that are no files together, bytes.
const FIELDS_BYTES_MAX: usize = 256 * 1_024;
/// Parts of one request.
const PARTS_MAX: usize = 200;
/// Bytes gathered before they are written.
const WRITE_BYTES: usize = 256 * 1_024;

/// What came in parts.
#[derive(Default)]
pub struct Parts {
    /// Names and values in the order they came.
    pub fields: Vec<(String, String)>,
    pub files: Vec<SentFile>,
}

/// A file that was sent. It is gone when it is dropped.
pub struct SentFile {
    /// The field it was sent in.
    pub field: String,
    /// What its sender calls it, and what its sender says it is.
    pub name: String,
    pub media_type: String,
    pub draft: Draft,
}

impl Parts {
    /// The last value of a field, if there is any.
    pub fn field(&self, name: &str) -> Option<&str> {
        let values = self.fields.iter().rev();
        let mut values = values.filter(|(known, _)| known == name);
        values.next().map(|(_, value)| value.as_str())
    }

    /// Reads a request. `check` is asked about the fields that came before the first file, and again in
    /// the end: nothing of a file is kept for somebody who may not send any.
    ///
    /// # Errors
    /// [`Refused::TooLarge`] above the limits, [`Refused::BadForm`] for what makes no sense, and what `check`
    /// says.
    pub async fn read(
        app: &App,
        headers: &HeaderMap,
        payload: Payload,
        check: impl Fn(&Self) -> Result<(), Refused>,
    ) -> Result<Self, Refused> {
        let mut found = Self::default();
        let mut parts = Multipart::new(headers, payload);
        let (mut left, mut count) = (FIELDS_BYTES_MAX, 0);
        while let Some(part) = parts.try_next().await.map_err(unreadable)? {
            count += 1;
            if count > PARTS_MAX {
                return Err(Refused::BadForm(format!("more than {PARTS_MAX} parts")));
            }
            let disposition = part.content_disposition();
            let file = disposition.and_then(|found| found.get_filename().map(str::to_owned));
            match file {
                Some(name) => {
                    check(&found)?;
                    found.add_file(app, part, name).await?;
                }
                None => found.add_field(part, &mut left).await?,
            }
        }
        check(&found)?;
        Ok(found)
    }

    async fn add_field(&mut self, mut part: Field, left: &mut usize) -> Result<(), Refused> {
        let name = part.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
            *left = left.checked_sub(chunk.len()).ok_or(Refused::TooLarge {
                most: FIELDS_BYTES_MAX as u64,
            })?;
            value.extend_from_slice(&chunk);
        }
        let value = String::from_utf8(value);
        let value = value.map_err(|_| Refused::BadForm(format!("{name} is not UTF-8")))?;
        self.fields.push((name, value));
        Ok(())
    }

    async fn add_file(&mut self, app: &App, mut part: Field, name: String) -> Result<(), Refused> {
        let limits = &app.config.limits;
        let most = limits.file_bytes.max(limits.image_bytes);
        let field = part.name().unwrap_or_default().to_owned();
        let media_type = part
            .content_type()
            .map(|kind| kind.essence_str().to_owned());
        let mut writing: Option<Draft> = None;
        let (mut gathered, mut sent) = (Vec::new(), 0_u64);
        while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
            sent += chunk.len() as u64;
            if sent > most {
                return Err(Refused::TooLarge { most });
            }
            gathered.extend_from_slice(&chunk);
            if gathered.len() >= WRITE_BYTES {
                writing = Some(write(app, writing, std::mem::take(&mut gathered)).await?);
            }
        }
        // A field for files in which nothing was chosen comes as a file without name and bytes.
        if sent == 0 && name.is_empty() {
            return Ok(());
        }
        if self.files.len() >= ATTACHMENTS_MAX {
            let problem = format!("at most {ATTACHMENTS_MAX} files at once");
            return Err(Refused::BadForm(problem));
        }
        self.files.push(SentFile {
            field,
            name,
            media_type: media_type.unwrap_or_default(),
            draft: write(app, writing, gathered).await?,
        });
        Ok(())
    }
}

/// Appends to a file, or begins one.
async fn write(app: &App, draft: Option<Draft>, bytes: Vec<u8>) -> Result<Draft, Refused> {
    let files = app.files.clone();
    let work = tokio::task::spawn_blocking(move || {
        let mut draft = match draft {
            Some(draft) => draft,
            None => files.draft()?,
        };
        draft.write(&bytes)?;
        Ok::<_, Error>(draft)
    });
    Ok(work.await.map_err(Error::internal)??)
}

fn unreadable(error: actix_multipart::MultipartError) -> Refused {
    Refused::BadForm(error.to_string())
}
