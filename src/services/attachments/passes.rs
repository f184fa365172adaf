//! Links to files for clients whose pictures are asked for without their token.
//!
//! A pass says for whom and for which file it is and when it ends, and carries a mark that only this house
//! can make. It opens nothing by itself: whoever shows it is asked about as the person it was made for,
//! as things are then. A link that is passed on works for the rest of its time, at most two hours, and as long
//! as the token it was made for is valid and its owner may read the post. See docs/adr/0010.

use crate::app::App;
use crate::crypto;
use crate::domain::{Attachment, AttachmentId, Rendition, Timestamp, TokenId};
use crate::error::{Error, Result};
use crate::policy::Viewer;
use crate::services::accounts;
use crate::storage::{self, settings};

/// Passes end with the hour after the one in which they were made: within an hour all are the same, and
/// clients that ask again find the picture they have.
const HOUR_SECONDS: i64 = 3_600;

/// Makes the links to files in one answer to a client.
#[derive(Clone, Debug)]
pub struct Passes {
    /// None: a client without a token, which sees what everybody sees.
    maker: Option<Maker>,
}

#[derive(Clone, Debug)]
struct Maker {
    key: String,
    token: TokenId,
    ends: i64,
}

impl Passes {
    pub async fn of(app: &App, token: Option<TokenId>) -> Result<Self> {
        let maker = match token {
            Some(token) => Some(Maker {
                key: key(app).await?,
                token,
                ends: end_of_next_hour(app.clock.now()),
            }),
            None => None,
        };
        Ok(Self { maker })
    }

    /// The address of an attachment, for whom these passes are.
    pub fn link(&self, app: &App, attachment: &Attachment, rendition: Rendition) -> Result<String> {
        let mut link = app.addresses().attachment(attachment.id).to_string();
        if let Some(maker) = &self.maker {
            let pass = maker.pass(attachment.id)?;
            link.push_str(&format!("/pass/{pass}"));
        }
        match rendition {
            Rendition::Whole => {}
            Rendition::Preview => link.push_str("/preview"),
        }
        Ok(link)
    }
}

impl Maker {
    fn pass(&self, id: AttachmentId) -> Result<String> {
        let mark = mark(&self.key, id, self.token, self.ends)?;
        Ok(format!("{}.{}.{mark}", self.token, self.ends))
    }
}

fn mark(key: &str, id: AttachmentId, token: TokenId, ends: i64) -> Result<String> {
    crypto::hmac(key, &format!("attachment {id} token {token} ends {ends}"))
}

fn end_of_next_hour(now: Timestamp) -> i64 {
    (seconds(now) / HOUR_SECONDS + 2) * HOUR_SECONDS
}

fn seconds(at: Timestamp) -> i64 {
    at.micros() / 1_000_000
}

/// For whom a pass was made, if it is one of ours, for this file, not over, and the token it was made
/// for is valid.
///
/// # Errors
/// [`Error::NotFound`] otherwise, whatever is wrong.
pub async fn viewer_of_pass(app: &App, id: AttachmentId, pass: &str) -> Result<Viewer> {
    let (token, ends, shown) = parse(pass).ok_or(Error::NotFound)?;
    let made = mark(&key(app).await?, id, token, ends)?;
    if !crypto::equal(&made, shown) || seconds(app.clock.now()) >= ends {
        return Err(Error::NotFound);
    }
    app.db
        .read("viewer_of_pass", move |connection| {
            let token = storage::tokens::find_by_id(connection, token)?;
            let token = token.ok_or(Error::NotFound)?;
            let account = storage::accounts::find(connection, token.actor)?;
            match account.as_ref().map(accounts::viewer_of) {
                Some(Viewer::Anonymous) | None => Err(Error::NotFound),
                Some(viewer) => Ok(viewer),
            }
        })
        .await
}

fn parse(pass: &str) -> Option<(TokenId, i64, &str)> {
    let (token, rest) = pass.split_once('.')?;
    let (ends, mark) = rest.split_once('.')?;
    Some((token.parse().ok()?, ends.parse().ok()?, mark))
}

/// The key of all passes: made once for the house, and read once by each process.
async fn key(app: &App) -> Result<String> {
    let found = app.pass_key.get_or_try_init(|| find_or_make_key(app));
    found.await.cloned()
}

async fn find_or_make_key(app: &App) -> Result<String> {
    let find = || {
        app.db.read("find_pass_key", |connection| {
            settings::find(connection, settings::PASS_KEY)
        })
    };
    if let Some(key) = find().await? {
        return Ok(key);
    }
    let made = crypto::random_secret()?;
    let written = app.db.write("make_pass_key", move |connection| {
        settings::save_new(connection, settings::PASS_KEY, &made)
    });
    written.await?;
    // Another process may have been quicker.
    find()
        .await?
        .ok_or_else(|| Error::internal("the key of passes is not there"))
}
