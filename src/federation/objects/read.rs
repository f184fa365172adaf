//! Reading JSON-LD as it is really written: one value or a list, an address or an object with an
//! address, a text or texts by language.

use serde_json::Value;

use crate::domain::{Invalid, Uri};

/// Most recipients, tags or attachments of one object: each may cost a look-up.
const ENTRIES_MAX: usize = 100;

/// The values of a member: none, one, or those of its list.
///
/// # Errors
/// When there are more than [`ENTRIES_MAX`].
pub fn entries<'a>(object: &'a Value, field: &'static str) -> Result<Vec<&'a Value>, Invalid> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() > ENTRIES_MAX => Err(Invalid::new(
            field,
            format!("has more than {ENTRIES_MAX} entries"),
        )),
        Some(Value::Array(list)) => Ok(list.iter().collect()),
        Some(one) => Ok(vec![one]),
    }
}

/// Whether an object or activity names no more recipients, tags or attachments than are looked at.
///
/// # Errors
/// When there are more than [`ENTRIES_MAX`] of a kind.
pub fn check_sizes(object: &Value) -> Result<(), Invalid> {
    for field in ["to", "cc", "bto", "bcc", "audience", "tag", "attachment"] {
        entries(object, field)?;
    }
    Ok(())
}

/// The address that a value is, or that it carries as `id` or (links) as `href`.
pub fn uri_of(value: &Value) -> Option<Uri> {
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(object) => ["id", "href"]
            .into_iter()
            .find_map(|field| object.get(field)?.as_str()),
        _ => None,
    };
    text?.parse().ok()
}

/// The one address that a member names.
pub fn uri_in(object: &Value, field: &str) -> Option<Uri> {
    uri_of(object.get(field)?)
}

/// The one address that must be there.
pub fn required_uri(object: &Value, field: &'static str) -> Result<Uri, Invalid> {
    let missing = || Invalid::new(field, "is not one http or https address");
    uri_in(object, field).ok_or_else(missing)
}

/// The one word that says what an object is. A list of types leaves a choice to the reader.
pub fn kind_of(object: &Value) -> Option<&str> {
    object.get("type")?.as_str()
}

/// A text: plain, or else the first of those by language.
pub fn text<'a>(object: &'a Value, field: &str, by_language: &str) -> Option<&'a str> {
    let plain = object.get(field).and_then(Value::as_str);
    let first = || {
        let texts = object.get(by_language)?.as_object()?;
        texts.values().find_map(Value::as_str)
    };
    plain.or_else(first)
}

/// Text as HTML that means just this text.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}
