//! Fetching pictures and files of posts that are here, from the server of who wrote them. Nothing else
//! is ever fetched this way: the address is in the post, on its author's own server, and was not given
//! by whoever looks.

use crate::domain::AttachmentId;
use crate::error::{Error, Result};
use crate::federation::{Federation, fetch};
use crate::policy::Reason;
use crate::services::attachments::{self, Wanted};

impl Federation {
    /// Fetches the bytes of an attachment, as the server itself, and keeps them. What is here
    /// already, or is wanted no more, is not fetched.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the other server does not answer now. After any other error only the way
    /// to the file is shown from then on; but while a partnership is paused it is only not fetched.
    pub async fn fetch_attachment(&self, id: AttachmentId) -> Result<()> {
        let Some(wanted) = attachments::find_wanted(&self.app, id).await? else {
            return Ok(());
        };
        let outcome = self.fetch_and_keep(&wanted).await;
        if let Err(error) = &outcome
            && is_for_good(error)
        {
            tracing::info!(url = %wanted.url, %error, "an attachment cannot be had");
            attachments::give_up(&self.app, id).await?;
        }
        outcome
    }

    async fn fetch_and_keep(&self, wanted: &Wanted) -> Result<()> {
        let (client, now, url) = (&self.app.http, self.app.clock.now(), wanted.url.to_url()?);
        let (url, most) = (
            &url,
            usize::try_from(wanted.bytes_max).unwrap_or(usize::MAX),
        );
        let bytes = self
            .ask(wanted.url.host(), move |asking| async move {
                fetch::fetch_file(client, Some(asking.signer()), url, most, now).await
            })
            .await?;
        attachments::keep_fetched(&self.app, wanted, bytes).await
    }
}

fn is_for_good(error: &Error) -> bool {
    !error.is_temporary()
        && !matches!(
            error,
            Error::Denied(Reason::PartnershipPaused | Reason::Stopped)
        )
}
