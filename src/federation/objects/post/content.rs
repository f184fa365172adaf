//! Everything there is to read of a post from elsewhere, as one text: a warning, the text, options to
//! read, when and where, what is quoted and attached, and the way to what cannot be shown here.

use serde_json::Value;

use super::super::attachment;
use super::super::read::{entries, escape, kind_of, text, uri_in, uri_of};
use crate::domain::{ATTACHMENTS_MAX, BODY_BYTES_MAX, Invalid, Uri, markup};

/// Attachments that are shown as links; of more their number is said.
const LINKS_MAX: usize = ATTACHMENTS_MAX;
/// Longest warning, name of an attachment, place or time shown, characters.
const LINE_CHARS_MAX: usize = 500;
/// Members that name a quoted post, the newest way first (FEP-044f, Fedibird, Misskey).
const QUOTES: &[&str] = &["quote", "quoteUri", "quoteUrl", "_misskey_quote"];

/// The text of a post, not sanitized. Of a poll without its options, which are shown to vote for.
///
/// # Errors
/// When there is more of something than is accepted.
pub(super) fn html(object: &Value, author: &Uri, is_poll: bool) -> Result<String, Invalid> {
    let body = body(object);
    let mut html = warning(object, &body);
    html.push_str(&body);
    if !is_poll {
        html.push_str(&choices(object)?);
    }
    html.push_str(&occasion(object));
    html.push_str(&quoted(object, &html)?);
    html.push_str(&attached(object, author, &html)?);
    html.push_str(&original(object, &html)?);
    if html.len() > BODY_BYTES_MAX {
        return Err(Invalid::new(
            "content",
            format!("is longer than {BODY_BYTES_MAX} bytes"),
        ));
    }
    Ok(html)
}

/// The media type of an object, without its parameters.
pub(super) fn media_type(object: &Value) -> Option<&str> {
    let text = object.get("mediaType")?.as_str()?;
    text.split(';').next().map(str::trim)
}

/// A note's summary is a warning, whether it says so or not; of anything else only when it does. What
/// merely repeats how the text begins is none.
fn warning(object: &Value, body: &str) -> String {
    let is_sensitive = object.get("sensitive") == Some(&Value::Bool(true));
    if !is_sensitive && kind_of(object) != Some("Note") {
        return String::new();
    }
    let summary = line(text(object, "summary", "summaryMap"));
    let begins = |summary: &str| {
        let beginning = summary.trim_end_matches(['…', '.']);
        markup::plain_text(body, BODY_BYTES_MAX).starts_with(beginning)
    };
    match summary {
        Some(summary) if is_sensitive || !begins(&summary) => {
            format!("<p><strong>{}</strong></p>\n", escape(&summary))
        }
        _ => String::new(),
    }
}

/// What was written; what has no text of its own may have a summary.
fn body(object: &Value) -> String {
    let written = text(object, "content", "contentMap").filter(|content| !content.is_empty());
    let summary = || match kind_of(object) {
        Some("Note") => None,
        _ => text(object, "summary", "summaryMap"),
    };
    let content = written.or_else(summary).unwrap_or_default();
    // Rendering costs more than looking: what is too long is refused as it is.
    if content.len() > BODY_BYTES_MAX {
        return content.to_owned();
    }
    match media_type(object) {
        Some("text/markdown") => markup::render_markdown(content).into_string(),
        Some("text/plain") => format!("<p>{}</p>", escape(content).replace('\n', "<br>")),
        _ => content.to_owned(),
    }
}

/// The options of what is no poll to vote in, as a list to read.
fn choices(object: &Value) -> Result<String, Invalid> {
    let mut choices = entries(object, "oneOf")?;
    choices.extend(entries(object, "anyOf")?);
    let names = choices
        .iter()
        .filter_map(|choice| text(choice, "name", "nameMap"))
        .map(|name| format!("<li>{}</li>", escape(name)))
        .collect::<String>();
    Ok(match names.is_empty() {
        true => names,
        false => format!("<ul>{names}</ul>"),
    })
}

/// When and where an event is.
fn occasion(object: &Value) -> String {
    if kind_of(object) != Some("Event") {
        return String::new();
    }
    let time = |field| line(object.get(field)?.as_str()).map(|time| time.replace('T', " "));
    let times = [time("startTime"), time("endTime")];
    let times: Vec<String> = times.into_iter().flatten().collect();
    let place = object
        .get("location")
        .and_then(|place| line(text(place, "name", "nameMap")));
    [("🗓", Some(times.join(" – "))), ("📍", place)]
        .into_iter()
        .filter_map(|(sign, said)| Some((sign, said.filter(|said| !said.is_empty())?)))
        .map(|(sign, said)| format!("<p>{sign} {}</p>\n", escape(&said)))
        .collect()
}

/// The way to a quoted post, where the text does not show it.
fn quoted(object: &Value, html: &str) -> Result<String, Invalid> {
    let tags = entries(object, "tag")?;
    let named = QUOTES.iter().find_map(|field| uri_in(object, field));
    let tagged = || tags.into_iter().find_map(object_link);
    let quote = named.or_else(tagged).map(|uri| escape(uri.as_str()));
    let quote = quote.filter(|address| !html.contains(address));
    Ok(quote.map_or_else(String::new, |address| {
        format!("<p>RE: <a href=\"{address}\">{address}</a></p>\n")
    }))
}

/// A link to another object, among the tags (FEP-e232).
fn object_link(tag: &Value) -> Option<Uri> {
    let media = tag.get("mediaType").and_then(Value::as_str);
    let is_object = media.is_some_and(|media| {
        media.starts_with("application/activity+json")
            || media.contains("https://www.w3.org/ns/activitystreams")
    });
    let is_link = is_object && kind_of(tag) == Some("Link");
    is_link.then(|| uri_in(tag, "href")).flatten()
}

/// What is attached and not shown below the post, as links: it stays on its server. What has no address
/// that can be followed is named, so that nobody thinks it is not there.
fn attached(object: &Value, author: &Uri, html: &str) -> Result<String, Invalid> {
    let attached = entries(object, "attachment")?;
    let mut lines = String::new();
    for attachment in attached.iter().take(LINKS_MAX) {
        if attachment::read(attachment, author).is_some() {
            continue;
        }
        let name = line(text(attachment, "name", "nameMap"));
        let shown = match attachment::target(attachment) {
            Some(target) => {
                let address = escape(target.as_str());
                if html.contains(&address) {
                    continue;
                }
                let name = escape(name.as_deref().unwrap_or(target.as_str()));
                format!("<a href=\"{address}\">{name}</a>")
            }
            None => match name.as_deref().or_else(|| kind_of(attachment)) {
                Some(name) => format!("📎 {}", escape(name)),
                None => continue,
            },
        };
        let warning = match attachment.get("sensitive") {
            Some(Value::Bool(true)) => "⚠ ",
            _ => "",
        };
        lines.push_str(&format!("<p>{warning}{shown}</p>\n"));
    }
    if attached.len() > LINKS_MAX {
        lines.push_str(&format!("<p>📎 +{}</p>\n", attached.len() - LINKS_MAX));
    }
    Ok(lines)
}

/// The way to what is more than its text: a video, a picture, an event. Its page for people, where it
/// has one.
fn original(object: &Value, html: &str) -> Result<String, Invalid> {
    if !matches!(
        kind_of(object),
        Some("Video" | "Audio" | "Image" | "Document" | "Event")
    ) {
        return Ok(String::new());
    }
    let urls = entries(object, "url")?;
    let page = urls
        .iter()
        .find(|url| url.is_string() || media_type(url) == Some("text/html"))
        .or_else(|| urls.first())
        .and_then(|url| uri_of(url))
        .or_else(|| uri_in(object, "id"));
    let page = page.map(|uri| escape(uri.as_str()));
    let page = page.filter(|address| !html.contains(address));
    Ok(page.map_or_else(String::new, |address| {
        format!("<p><a href=\"{address}\">{address}</a></p>\n")
    }))
}

/// Something short, as plain text; none where nothing is left of it.
fn line(text: Option<&str>) -> Option<String> {
    let text = markup::plain_text(text?, LINE_CHARS_MAX);
    (!text.is_empty()).then_some(text)
}
