//! Identifiers of things on the fediverse: absolute http(s) addresses.

use std::fmt;
use std::str::FromStr;

use crate::domain::{Host, Invalid};

/// Longest identifier we store, in bytes.
pub const URI_BYTES_MAX: usize = 2_048;

/// The address that identifies an actor, object or activity: absolute, http or https, with a host
/// and without user information.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    text: String,
    host: Host,
}

impl Uri {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The server that alone may speak for this identifier.
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The address without its fragment.
    pub fn without_fragment(&self) -> Self {
        let text = self.text.split('#').next().unwrap_or_default().to_owned();
        Self {
            text,
            host: self.host.clone(),
        }
    }

    /// This address with `segments` appended to its path, `/g/engineering` + `inbox`.
    #[must_use]
    pub fn join(&self, segments: &str) -> Self {
        let text = format!(
            "{}/{}",
            self.text.trim_end_matches('/'),
            segments.trim_start_matches('/')
        );
        Self {
            text,
            host: self.host.clone(),
        }
    }

    pub fn to_url(&self) -> Result<url::Url, Invalid> {
        url::Url::parse(&self.text).map_err(|_| Invalid::new("uri", "is not an address"))
    }
}

impl FromStr for Uri {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let problem = || Invalid::new("uri", "is not an absolute http or https address");
        if text.len() > URI_BYTES_MAX {
            return Err(Invalid::new(
                "uri",
                format!("is longer than {URI_BYTES_MAX} bytes"),
            ));
        }
        // Most that are read were parsed before they were stored, many a second of them.
        if let Some(host) = plain_host(text) {
            return Ok(Self {
                text: text.to_owned(),
                host,
            });
        }
        let url = url::Url::parse(text).map_err(|_| problem())?;
        if !matches!(url.scheme(), "http" | "https")
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(problem());
        }
        let host = Host::of_url(&url).ok_or_else(problem)?;
        // Kept as written: other servers compare identifiers as text.
        Ok(Self {
            text: text.to_owned(),
            host,
        })
    }
}

/// The host of an address that is written so plainly that a parser could find nothing else in it.
fn plain_host(text: &str) -> Option<Host> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let graphic = rest.bytes().all(|byte| byte.is_ascii_graphic());
    graphic.then(|| Host::plain(rest)).flatten()
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl serde::Serialize for Uri {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Uri {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_address_is_read_as_the_parser_reads_it(
            text in "https?://[a-z0-9.:@\\\\%x-]{0,24}([/?#][ -~]{0,12})?"
        ) {
            if let Some(host) = plain_host(&text) {
                let url = url::Url::parse(&text).unwrap();
                prop_assert_eq!(Host::of_url(&url), Some(host));
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }

    #[test]
    fn usual_addresses_are_plain() {
        for (text, host) in [
            ("https://a.example/u/ann", "a.example"),
            (
                "http://acme.localhost:8601/g/x#main-key",
                "acme.localhost:8601",
            ),
            ("https://x1.example", "x1.example"),
        ] {
            assert_eq!(plain_host(text).unwrap().as_str(), host, "{text}");
        }
    }

    #[test]
    fn what_a_parser_may_change_is_left_to_it() {
        for text in [
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://A.example/",
            "https://a.example:443/",
            "https://a.example:0808/",
            "https://a.example:99999/",
            "https://ann@a.example/",
            "https://a.example\\b/",
            "https://xn--bcher-kva.example/",
            "https://a.example./",
            "ftp://a.example/",
        ] {
            assert_eq!(plain_host(text), None, "{text}");
        }
    }
}
