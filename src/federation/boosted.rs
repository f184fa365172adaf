//! Reading what somebody who is followed here boosts and nobody here has heard of: where its author keeps it, if that is
//! a server we speak with, and only what is for everybody.

use crate::domain::{ActorId, Uri};
use crate::error::{Error, Result};
use crate::federation::{Federation, objects};
use crate::policy::Reason;
use crate::services::{boosts, follows};

impl Federation {
    /// Reads the post at `object` and takes in that `by` boosts it. Two documents are fetched at most: the post, and its
    /// author's. What it answers is not.
    ///
    /// # Errors
    /// [`Error::Denied`] by a server we do not speak with, or when the post is not for everybody;
    /// [`Error::Unavailable`] when too much was looked up because of that person's server in this minute.
    pub async fn fetch_boosted(&self, by: ActorId, announce: &Uri, object: &Uri) -> Result<()> {
        let by = boosts::find_booster(&self.app, by).await?;
        let now = self.app.clock.now();
        if !self.keyring.may_look_up(by.uri.host(), now) {
            return Err(Error::Unavailable(
                "that server had us look up too much".into(),
            ));
        }
        let document = self.fetch(object).await?;
        let post = objects::post::parse_post(&document.json, None)?;
        if post.uri != document.id || post.author.host() != post.uri.host() {
            return Err(Error::NotFound);
        }
        if !post.recipients.everybody {
            return Err(Error::Denied(Reason::CannotReshare));
        }
        let known = follows::find_author(&self.app, post.author.clone()).await?;
        let author = match known {
            Some(author) => author,
            None => self.fetch_actor(&post.author).await?,
        };
        post.html.sanitized();
        let (announce, object) = (announce.clone(), object.clone());
        boosts::receive_read(&self.app, by, announce, object, (author, post)).await
    }
}
