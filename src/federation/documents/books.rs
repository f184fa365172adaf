//! Our books about the server that asks: see [`crate::services::books`].

use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Data, answer, reader};
use crate::domain::Timestamp;
use crate::error::{Error, Result};
use crate::federation::Federation;
use crate::services::books::{self, Question};

#[derive(Deserialize)]
struct Asked {
    from: String,
    to: String,
    group: Option<String>,
    texts: Option<String>,
}

impl Asked {
    fn question(&self) -> Result<Question> {
        Ok(Question {
            from: Timestamp::parse(&self.from)?,
            to: Timestamp::parse(&self.to)?,
            group: self.group.as_deref().map(str::parse).transpose()?,
            named: self.texts.is_some(),
        })
    }
}

/// `GET /books`
pub async fn show(federation: Data, request: HttpRequest) -> HttpResponse {
    match read(&federation, &request).await {
        Ok(books) => answer::other("application/json", &books),
        Err(error) => answer::failed(&error),
    }
}

async fn read(federation: &Federation, request: &HttpRequest) -> Result<Value> {
    let viewer = reader(federation, request).await?;
    books::permit(&federation.app, viewer.clone()).await?;
    let asked = Query::<Asked>::from_query(request.query_string());
    let asked = asked.map_err(|_| Error::invalid("from", "is missing, or to is"))?;
    let books = books::answer(&federation.app, viewer, asked.question()?).await?;
    Ok(json!(books))
}
