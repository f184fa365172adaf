//! What one side says a partnership is for, on the wire.

use serde_json::{Value, json};

use crate::domain::{Terms, Timestamp};

/// The type of the object.
pub const KIND: &str = "PartnershipTerms";

pub fn render(terms: &Terms) -> Value {
    let mut rendered = json!({
        "type": KIND,
        "purpose": terms.purpose,
        "contact": terms.contact,
    });
    if let Some(until) = terms.until {
        rendered["endTime"] = json!(until);
    }
    rendered
}

/// Whatever is there; what is missing or makes no sense was not said.
pub fn read(value: Option<&Value>) -> Terms {
    let text = |name| value.and_then(|value| value.get(name)?.as_str());
    let until = text("endTime").and_then(|time| Timestamp::parse(time).ok());
    Terms::received(
        text("purpose").unwrap_or_default(),
        text("contact").unwrap_or_default(),
        until,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_makes_no_sense_was_not_said() {
        let until = Timestamp::parse("2027-01-31").unwrap();
        let terms = Terms::new("Bridges", "Bo, +1 555 0100", Some(until)).unwrap();
        assert_eq!(read(Some(&render(&terms))), terms);
        assert_eq!(read(None), Terms::default());
        let odd = json!({ "purpose": 5, "contact": ["x"], "endTime": "soon" });
        assert_eq!(read(Some(&odd)), Terms::default());
    }
}
