//! What a client sends, however it sends it: query, form, JSON or multipart, one spelling inside.
//!
//! `media_ids[]=1`, `"media_ids": ["1"]` and `media_ids[0]=1` are the same list, `"sensitive": "0"`
//! and `sensitive=false` the same no. What nobody asks for is ignored.

use std::str::FromStr;

use actix_multipart::Multipart;
use actix_web::dev::Payload as RawPayload;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{TryStreamExt as _, stream};
use serde_json::Value;

use crate::api::mastodon::errors::Failure;
use crate::domain::Invalid;

/// Largest body, bytes: the longest text there can be, in a form that spells every byte with three.
const BODY_BYTES_MAX: usize = 256 * 1_024;
/// Most values in one request.
const VALUES_MAX: usize = 1_000;
/// Deepest nesting of lists and objects in JSON.
const DEPTH_MAX: usize = 8;

/// Names and values in the order they came; names without the brackets of lists.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The value of a name; none when it is absent or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).last().filter(|value| !value.is_empty())
    }

    /// The value of a name, also when it is empty: an editor may empty a text.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// All values of a list.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether anything was sent under a name or, for an object, below it.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, value)| {
            let below = known
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('['));
            (known == name || below) && !value.is_empty()
        })
    }

    /// A yes or no. As in Mastodon, whatever is not a spelling of no is a yes.
    pub fn flag(&self, name: &str) -> bool {
        let no = ["0", "f", "false", "off", "no"];
        self.text(name)
            .is_some_and(|value| !no.contains(&value.to_ascii_lowercase().as_str()))
    }

    /// A value that has to make sense where it is sent.
    pub fn parsed<T: FromStr<Err = Invalid>>(&self, name: &str) -> Result<Option<T>, Invalid> {
        self.text(name).map(str::parse).transpose()
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), Failure> {
        if self.0.len() >= VALUES_MAX {
            return Err(Failure::Malformed(format!("more than {VALUES_MAX} values")));
        }
        self.0.push((without_list_brackets(name).to_owned(), value));
        Ok(())
    }

    fn add_form(&mut self, text: &[u8]) -> Result<(), Failure> {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.add(&name, value.into_owned())?;
        }
        Ok(())
    }

    fn add_json(&mut self, name: &str, value: Value, depth: usize) -> Result<(), Failure> {
        if depth > DEPTH_MAX {
            return Err(Failure::Malformed("JSON is nested too deep".into()));
        }
        match value {
            Value::Null => Ok(()),
            Value::Bool(value) => self.add(name, value.to_string()),
            Value::Number(value) => self.add(name, value.to_string()),
            Value::String(value) => self.add(name, value),
            // That a list is to be empty is said, too.
            Value::Array(values) if values.is_empty() => self.add(name, String::new()),
            Value::Array(values) => values
                .into_iter()
                .try_for_each(|value| self.add_json(name, value, depth + 1)),
            Value::Object(values) => values.into_iter().try_for_each(|(key, value)| {
                let name = match name {
                    "" => key,
                    outer => format!("{outer}[{key}]"),
                };
                self.add_json(&name, value, depth + 1)
            }),
        }
    }

    async fn add_multipart(&mut self, headers: &HeaderMap, body: Bytes) -> Result<(), Failure> {
        let malformed =
            |error: actix_multipart::MultipartError| Failure::Malformed(error.to_string());
        let mut parts = Multipart::new(headers, stream::iter([Ok(body)]));
        while let Some(part) = parts.try_next().await.map_err(malformed)? {
            let disposition = part.content_disposition();
            let file = disposition.is_some_and(|found| found.get_filename().is_some());
            let name = part.name().unwrap_or_default().to_owned();
            let chunks: Vec<Bytes> = part.try_collect().await.map_err(malformed)?;
            if !file {
                let text = String::from_utf8(chunks.concat());
                let not_text = |_| Failure::Malformed(format!("{name} is not UTF-8"));
                self.add(&name, text.map_err(not_text)?)?;
            }
        }
        Ok(())
    }

    async fn add_body(&mut self, request: &HttpRequest, body: Bytes) -> Result<(), Failure> {
        if body.is_empty() {
            return Ok(());
        }
        match request.content_type().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => self.add_form(&body),
            "application/json" => {
                let value: Value = serde_json::from_slice(&body)
                    .map_err(|error| Failure::Malformed(error.to_string()))?;
                match value.is_object() {
                    true => self.add_json("", value, 0),
                    false => Err(Failure::Malformed("JSON must be an object".into())),
                }
            }
            "multipart/form-data" => self.add_multipart(request.headers(), body).await,
            _ => Err(Failure::UnknownMediaType),
        }
    }
}

/// `id[]` and `id[0]` are `id`; `poll[options][]` is `poll[options]`.
fn without_list_brackets(name: &str) -> &str {
    let open = name.rfind('[');
    let list = open.filter(|open| {
        name[open + 1..]
            .strip_suffix(']')
            .is_some_and(|inside| inside.bytes().all(|byte| byte.is_ascii_digit()))
    });
    list.map_or(name, |open| &name[..open])
}

impl FromRequest for Params {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload);
        Box::pin(async move {
            let mut params = Self::default();
            params.add_form(request.query_string().as_bytes())?;
            let payload = payload
                .await
                .map_err(|error| Failure::Malformed(error.to_string()))?;
            let body = payload
                .to_bytes_limited(BODY_BYTES_MAX)
                .await
                .map_err(|_| Failure::TooLarge(BODY_BYTES_MAX))?
                .map_err(|error| Failure::Malformed(error.to_string()))?;
            params.add_body(&request, body).await?;
            Ok(params)
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    async fn sent(kind: &'static str, body: &'static str) -> Result<Params, Failure> {
        let (request, mut payload) = TestRequest::post()
            .uri("/?limit=5")
            .insert_header(("content-type", kind))
            .set_payload(body)
            .to_http_parts();
        Params::from_request(&request, &mut payload).await
    }

    #[actix_web::test]
    async fn three_ways_of_sending_mean_the_same() {
        let multipart = "--b\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nHi & bye\r\n\
                         --b\r\nContent-Disposition: form-data; name=\"media_ids[]\"\r\n\r\n1\r\n\
                         --b\r\nContent-Disposition: form-data; name=\"media_ids[]\"\r\n\r\n2\r\n\
                         --b\r\nContent-Disposition: form-data; name=\"sensitive\"\r\n\r\n0\r\n\
                         --b\r\nContent-Disposition: form-data; name=\"poll[options][]\"\r\n\r\nyes\r\n\
                         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n\u{1}\r\n--b--\r\n";
        for (kind, body) in [
            (
                "application/x-www-form-urlencoded",
                "status=Hi+%26+bye&media_ids[]=1&media_ids%5B%5D=2&sensitive=0&poll[options][0]=yes",
            ),
            (
                "application/json; charset=utf-8",
                r#"{"status": "Hi & bye", "media_ids": [1, "2"], "sensitive": "0", "poll": {"options": ["yes"]}, "language": null}"#,
            ),
            ("multipart/form-data; boundary=b", multipart),
        ] {
            let params = sent(kind, body).await.unwrap();
            assert_eq!(params.text("status"), Some("Hi & bye"), "{kind}");
            assert_eq!(params.all("media_ids").collect::<Vec<_>>(), ["1", "2"]);
            assert!(!params.flag("sensitive"));
            assert!(params.has("poll") && !params.has("pol") && !params.has("language"));
            assert_eq!(params.text("limit"), Some("5"));
        }
    }

    #[actix_web::test]
    async fn yes_and_no_have_many_spellings() {
        let params = sent(
            "application/json",
            r#"{"a": true, "b": "1", "c": "on", "d": "True", "e": false, "f": "FALSE", "g": "off", "h": ""}"#,
        )
        .await
        .unwrap();
        for yes in ["a", "b", "c", "d"] {
            assert!(params.flag(yes), "{yes}");
        }
        for no in ["e", "f", "g", "h", "missing"] {
            assert!(!params.flag(no), "{no}");
        }
    }

    #[actix_web::test]
    async fn what_cannot_be_read_is_refused() {
        for (kind, body) in [
            ("application/json", "{"),
            ("application/json", "[1]"),
            (
                "application/json",
                r#"{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":1}}}}}}}}}"#,
            ),
            ("multipart/form-data", "--b"),
            ("text/plain", "status=x"),
        ] {
            assert!(sent(kind, body).await.is_err(), "{kind} {body}");
        }
        let long = Box::leak("x".repeat(BODY_BYTES_MAX + 1).into_boxed_str());
        let refused = sent("application/x-www-form-urlencoded", long).await;
        assert!(matches!(refused, Err(Failure::TooLarge(_))));
    }
}
