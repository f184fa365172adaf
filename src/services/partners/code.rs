//! Invitation codes: what one administrator sends another, by mail or chat.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::crypto;
use crate::domain::{Host, Uri};
use crate::error::{Error, Result};

/// What every code begins with: says what it is, and which version.
const PREFIX: &str = "guildhall1-";
/// Longest code read, characters; ours have about 300.
const CODE_CHARS_MAX: usize = 1_024;

/// An invitation to become the partner of the server at `origin`. Whoever holds it may use it, so
/// it is shown with [`Display`](fmt::Display) only, never in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    origin: Uri,
    secret: String,
    /// The actor of the server that made it, and the fingerprint of its key. Codes of versions that knew
    /// neither have none.
    actor: Option<Uri>,
    key: Option<String>,
}

/// The inside of a code, with short names because people copy it.
#[derive(Serialize, Deserialize)]
struct Inside {
    o: Uri,
    s: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<Uri>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<String>,
}

impl Code {
    /// A new code nobody can guess, for the server at `origin` with this instance actor, whose key has this
    /// fingerprint.
    pub(super) fn make(origin: Uri, actor: Uri, key: String) -> Result<Self> {
        Ok(Self {
            origin,
            secret: crypto::random_secret()?,
            actor: Some(actor),
            key: Some(key),
        })
    }

    /// Reads a code as pasted at the server `here`; spaces and line breaks of a mail do not matter.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no code, damaged, or was made by `here` itself.
    pub fn parse(text: &str, here: &Host) -> Result<Self> {
        let text: String = text.split_whitespace().collect();
        let inside = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| broken("is not an invitation code: those begin with guildhall1-"))?;
        let code = Self::decode(inside).ok_or_else(|| {
            broken("is damaged: copy the whole code again, from guildhall1- to its last letter")
        })?;
        if code.host() == here {
            return Err(broken(
                "was made here: it is for the other organization; paste it on the partner's server",
            ));
        }
        Ok(code)
    }

    fn decode(inside: &str) -> Option<Self> {
        if inside.len() > CODE_CHARS_MAX {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(inside).ok()?;
        let Inside { o: origin, s, a, k } = serde_json::from_slice(&json).ok()?;
        let url = origin.to_url().ok()?;
        let only_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let own_actor = a.as_ref().is_none_or(|actor| actor.host() == origin.host());
        (only_origin && own_actor && !s.is_empty()).then_some(Self {
            origin,
            secret: s,
            actor: a,
            key: k,
        })
    }

    /// The server that made it.
    pub const fn origin(&self) -> &Uri {
        &self.origin
    }

    pub const fn host(&self) -> &Host {
        self.origin.host()
    }

    /// The instance actor of that server.
    pub fn actor(&self) -> Uri {
        match &self.actor {
            Some(actor) => actor.clone(),
            None => self.origin.join("actor"),
        }
    }

    /// Whether a key is the one that the code was made with. Without one in the code any is.
    pub fn is_key(&self, fingerprint: &str) -> bool {
        self.key.as_ref().is_none_or(|key| key == fingerprint)
    }

    /// What proves to the server that made it that we were invited.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The offer that `taker`, an instance actor, makes by it. The same for the same code: asking again
    /// asks for the same, and it names the partnership that comes of it.
    pub fn agreement(&self, taker: &Uri) -> Result<Uri> {
        let number = self.fingerprint();
        let number = number.get(..16).unwrap_or_default();
        Ok(format!("{taker}#offer-{number}").parse()?)
    }

    /// What the server that made it keeps.
    pub(super) fn fingerprint(&self) -> String {
        crypto::fingerprint(&self.secret)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = Inside {
            o: self.origin.clone(),
            s: self.secret.clone(),
            a: self.actor.clone(),
            k: self.key.clone(),
        };
        let json = serde_json::to_vec(&inside).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code(of {})", self.host())
    }
}

fn broken(problem: &str) -> Error {
    Error::invalid("code", problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> Code {
        let origin: Uri = "https://acme.example".parse().unwrap();
        let actor = origin.join("actor");
        Code::make(origin, actor, "ab12".to_owned()).unwrap()
    }

    fn problem(text: &str, here: &str) -> String {
        Code::parse(text, &here.parse().unwrap())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_code_is_read_as_it_was_made_also_from_a_mail() {
        let code = acme();
        let birch: Host = "birch.example".parse().unwrap();
        let text = code.to_string();
        assert_eq!(Code::parse(&text, &birch).unwrap(), code);
        let (one, two) = text.split_at(40);
        assert_eq!(
            Code::parse(&format!("  {one}\r\n {two}\n"), &birch).unwrap(),
            code
        );
    }

    #[test]
    fn a_broken_code_says_what_to_do() {
        let text = acme().to_string();
        let cut = &text[..text.len() - 5];
        assert!(problem(cut, "birch.example").contains("copy the whole code again"));
        let doubled = format!("{text}{text}");
        for bad in [
            "guildhall1-",
            "guildhall1-!!!",
            "guildhall1-e30",
            doubled.as_str(),
        ] {
            assert!(problem(bad, "birch.example").contains("damaged"), "{bad}");
        }
        for other in ["", "hello", "ghp_abc"] {
            assert!(problem(other, "birch.example").contains("is not an invitation code"));
        }
        let long = format!("{PREFIX}{}", "A".repeat(1_000_000));
        assert!(problem(&long, "birch.example").contains("damaged"));
    }

    #[test]
    fn an_origin_is_only_an_origin() {
        for odd in [
            "https://acme.example/x",
            "https://acme.example?x",
            "ftp://acme.example",
            "https://user@acme.example",
        ] {
            let inside = serde_json::json!({"o": odd, "s": "secret"}).to_string();
            let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(inside));
            assert!(problem(&text, "birch.example").contains("damaged"), "{odd}");
        }
    }

    #[test]
    fn a_code_says_whose_key_to_expect() {
        let text = acme().to_string();
        let code = Code::parse(&text, &"birch.example".parse().unwrap()).unwrap();
        assert_eq!(code.actor().as_str(), "https://acme.example/actor");
        assert!(code.is_key("ab12") && !code.is_key("ab13") && !code.is_key(""));
        let inside = serde_json::json!({
            "o": "https://acme.example", "s": "secret", "a": "https://e.example/actor",
        });
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(inside.to_string()));
        assert!(problem(&text, "birch.example").contains("damaged"));
    }

    #[test]
    fn a_code_of_our_own_is_for_somebody_else() {
        let text = acme().to_string();
        assert!(problem(&text, "acme.example").contains("paste it on the partner's server"));
    }

    #[test]
    fn a_code_is_not_logged() {
        let code = acme();
        assert!(!format!("{code:?}").contains(code.secret()));
    }
}
