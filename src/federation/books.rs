//! Comparing books with a partner's house: `GET /books`, signed by the server itself. An extension of ours; what it
//! says is in FEDERATION.md.

use crate::domain::{Host, Partner};
use crate::error::{Error, Result};
use crate::federation::{Federation, fetch};
use crate::policy::Viewer;
use crate::services::books::{self, Books, Comparison, Question};

/// Days that are looked at text by text.
const DAYS_NAMED_MAX: usize = 20;

/// Compares our books with those of a partner; of the first days on which they differ, says which texts.
///
/// # Errors
/// [`Error::NotFound`] for no partner; [`Error::Conflict`] for one that is not active or accepted no invitation;
/// [`Error::Unavailable`] when it does not answer, or knows nothing of this.
pub async fn compare(
    federation: &Federation,
    viewer: Viewer,
    host: Host,
    question: Question,
) -> Result<Comparison> {
    let app = &federation.app;
    let (partner, ours) = books::read(app, viewer.clone(), host.clone(), question.clone()).await?;
    let theirs = ask(federation, &partner, &question).await?;
    let total = |books: &Books| {
        let counts = books.sent.iter().chain(&books.received);
        counts.map(|one| one.count).sum()
    };
    let mut differences = books::differences(&ours, &theirs);
    for difference in differences.iter_mut().take(DAYS_NAMED_MAX) {
        let question = books::question_of(&difference.place)?;
        let (partner, ours) =
            books::read(app, viewer.clone(), host.clone(), question.clone()).await?;
        let theirs = ask(federation, &partner, &question).await?;
        books::name(difference, &ours, &theirs);
    }
    Ok(Comparison {
        host: host.to_string(),
        from: question.from.rfc3339(),
        to: question.to.rfc3339(),
        ours: total(&ours),
        theirs: total(&theirs),
        differences,
    })
}

async fn ask(federation: &Federation, partner: &Partner, question: &Question) -> Result<Books> {
    let instance = partner.instance.as_ref().ok_or(Error::NotFound)?;
    let mut url = instance.to_url()?;
    url.set_path("/books");
    {
        let mut query = url.query_pairs_mut();
        query
            .clear()
            .append_pair("from", &question.from.rfc3339())
            .append_pair("to", &question.to.rfc3339());
        if let Some(group) = &question.group {
            query.append_pair("group", group.as_str());
        }
        if question.named {
            query.append_pair("texts", "true");
        }
    }
    let (client, now, url) = (&federation.app.http, federation.app.clock.now(), &url);
    let asked = federation
        .ask(&partner.host, move |asking| async move {
            fetch::fetch_json(client, Some(asking.signer()), url, now).await
        })
        .await;
    let told = asked.map_err(|error| {
        Error::Unavailable(format!("{} does not show its books: {error}", partner.host))
    })?;
    serde_json::from_value(told)
        .map_err(|_| Error::Unavailable(format!("what {} says are no books", partner.host)))
}
