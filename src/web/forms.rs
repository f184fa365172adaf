//! Small things that forms need: fields that may be missing, and addresses to go back to.

use serde::Deserialize;

use crate::domain::{Body, Invalid, LabelName};

/// A form with nothing but its button.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// A text that may be empty.
pub fn optional_body(text: &str) -> Result<Option<Body>, Invalid> {
    match text.trim().is_empty() {
        true => Ok(None),
        false => text.parse().map(Some),
    }
}

/// A label that may be none.
pub fn optional_label(text: &str) -> Result<Option<LabelName>, Invalid> {
    match text.trim().is_empty() {
        true => Ok(None),
        false => text.parse().map(Some),
    }
}

/// A path of this house to go to, or else home: what comes in `next` may be anybody's link.
pub fn local_path(next: &str) -> &str {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|c: char| c == '\\' || c.is_control());
    let back_out = next.starts_with("/sign-in") || next.starts_with("/sign-out");
    if local && !back_out { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_never_leads_out_of_the_house() {
        for own in ["/", "/g/roads?before=3", "/p/7#c-8"] {
            assert_eq!(local_path(own), own);
        }
        for other in [
            "",
            "g/roads",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/sign-out",
        ] {
            assert_eq!(local_path(other), "/", "{other}");
        }
    }
}
