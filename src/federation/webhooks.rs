//! Asking the webhooks of the rules at the boundary: signed by the server itself, through the one client, in
//! bounded time. What is not plainly a yes or a no is no answer.

use serde::Deserialize;

use crate::domain::{PostId, RuleSentence, SignatureChoice, Timestamp};
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::federation::signatures::{self, Outgoing};
use crate::services::outbound_rules::{self, Question, WebhookAnswer};

/// What a webhook says: `{"allow": true}`, or `{"allow": false, "reason": "…"}`.
#[derive(Deserialize)]
struct Said {
    allow: bool,
    #[serde(default)]
    reason: String,
}

impl Federation {
    /// Asks all webhooks that a post, with the text it has since then, waits for.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when one of them gave no answer: then the post waits.
    pub async fn ask_webhooks(&self, post: PostId, text_of: Timestamp) -> Result<()> {
        let questions = outbound_rules::find_questions(&self.app, post, text_of).await?;
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            let answer = self.ask_webhook(&question).await?;
            answers.push((question.rule, answer));
        }
        outbound_rules::answer(&self.app, post, text_of, answers).await
    }

    async fn ask_webhook(&self, question: &Question) -> Result<WebhookAnswer> {
        let body = question.body.to_string();
        let keys = self.keyring.instance_keys(&self.app).await?;
        let (url, now) = (question.address.to_url()?, self.app.clock.now());
        let request = Outgoing::post(&url, body.as_bytes());
        let mut headers = signatures::sign(SignatureChoice::Rfc9421, &keys, &request, now)?;
        headers.push(("content-type", "application/json".to_owned()));
        let answer = self.app.http.post(&url, &headers, body, None).await?;
        let status = answer.status;
        let silent = || Error::Unavailable(format!("the webhook answered {status} and no word"));
        if !(200..300).contains(&status) {
            return Err(silent());
        }
        let said: Said = serde_json::from_str(&answer.text).map_err(|_| silent())?;
        Ok(match said.allow {
            true => WebhookAnswer::Yes,
            false => WebhookAnswer::No(RuleSentence::cut(&said.reason)),
        })
    }
}
