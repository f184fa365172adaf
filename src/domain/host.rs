//! The name of a server: what partnerships are made with and what every origin check compares.

use std::fmt;
use std::str::FromStr;

use crate::domain::Invalid;

/// A server's name in lower case, with its port where that is not the scheme's own
/// (`community.acme.example`, `acme.localhost:8601`).
///
/// Two hosts are the same only when they are equal to the letter: `sub.p.test`, `p.test.` and
/// `p.test:8443` are not `p.test`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without a port.
    pub fn name(&self) -> &str {
        self.0
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'))
            .map_or(&self.0, |(name, _)| name)
    }

    /// The host of an address; none when it has no host.
    pub fn of_url(url: &url::Url) -> Option<Self> {
        let name = url.host_str()?;
        Some(Self(match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        }))
    }
}

impl Host {
    /// The host at the beginning of `text`, where it is written in the plainest way: lower case, a
    /// name and not a number, perhaps with a port that cannot be the scheme's own. Parsers of
    /// addresses leave such hosts as they are, and nearly all are like that. None says nothing: then
    /// the parser decides.
    pub(super) fn plain(text: &str) -> Option<Self> {
        let end = text.find(['/', '?', '#']).unwrap_or(text.len());
        let authority = &text[..end];
        let (name, port) = match authority.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        };
        let plain_label = |label: &str| {
            let inside =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with("xn--")
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(inside)
        };
        let last = name.rsplit('.').next()?;
        // A last label that begins with a digit may be part of an IPv4 address.
        let is_name = name.len() <= 253
            && last.starts_with(|first: char| first.is_ascii_lowercase())
            && name.split('.').all(plain_label);
        // From 1024 on no scheme has its own; five digits could be too large a number.
        let is_plain_port = |port: &str| {
            port.len() == 4
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && !port.starts_with('0')
                || port.len() == 5 && port.parse::<u16>().is_ok_and(|port| port > 9_999)
        };
        (is_name && port.is_none_or(is_plain_port)).then(|| Self(authority.to_owned()))
    }
}

impl FromStr for Host {
    type Err = Invalid;

    /// Reads a host as a person writes it. International names become their ASCII form.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let problem = || {
            Invalid::new(
                "host",
                format!("{text:?} is not a host name like community.example.org"),
            )
        };
        let text = text.trim();
        if let Some(host) = Self::plain(text).filter(|host| host.0.len() == text.len()) {
            return Ok(host);
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/@?#\\%".contains(c);
        if text.is_empty() || text.len() > 260 || text.contains(odd) {
            return Err(problem());
        }
        let url = url::Url::parse(&format!("https://{text}/")).map_err(|_| problem())?;
        let host = Self::of_url(&url).ok_or_else(problem)?;
        if host.name().ends_with('.') || host.name().split('.').any(str::is_empty) {
            return Err(problem());
        }
        Ok(host)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Host {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_compared_to_the_letter() {
        let host: Host = "P.Test".parse().unwrap();
        assert_eq!(host.as_str(), "p.test");
        for other in ["evilp.test", "p.test.e.test", "sub.p.test", "p.test:8443"] {
            assert_ne!(other.parse::<Host>().unwrap(), host);
        }
    }

    #[test]
    fn odd_hosts_are_refused() {
        for bad in [
            "",
            "p.test.",
            "a/b",
            "user@p.test",
            "p test",
            ".p.test",
            "p..test",
            "p.test?x",
            "p.test:99999",
        ] {
            assert!(bad.parse::<Host>().is_err(), "{bad}");
        }
    }

    #[test]
    fn international_names_become_ascii() {
        assert_eq!(
            "bücher.example".parse::<Host>().unwrap().as_str(),
            "xn--bcher-kva.example"
        );
        assert_eq!(
            "acme.localhost:8601".parse::<Host>().unwrap().name(),
            "acme.localhost"
        );
    }
}
