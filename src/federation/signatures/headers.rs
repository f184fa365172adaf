//! Headers on which security depends: each at most once, each readable.
//!
//! Two parties that see a doubled header may each believe another copy; then what was verified is
//! not what is used.

use crate::federation::signatures::{HeaderPair, Refusal};

/// Headers that may occur once only, whether signed or not.
const SINGLE: &[&str] = &[
    "host",
    "date",
    "digest",
    "content-digest",
    "content-length",
    "signature",
    "signature-input",
    "authorization",
];

/// Of these, the ones whose single value has no comma: a comma means that somebody joined two.
const WITHOUT_COMMA: &[&str] = &["host", "digest", "content-length"];

/// The headers of a request, checked for doubles.
pub(super) struct Headers<'a>(&'a [HeaderPair<'a>]);

impl<'a> Headers<'a> {
    /// # Errors
    /// 400 `header_doubled`, `header_malformed`.
    pub(super) fn new(pairs: &'a [HeaderPair<'a>]) -> Result<Self, Refusal> {
        let headers = Self(pairs);
        for name in SINGLE {
            headers.get(name)?;
        }
        for name in WITHOUT_COMMA {
            headers.refuse_commas(name, 0)?;
        }
        // `Sun, 05 Jan 2014 21:31:40 GMT` has one.
        headers.refuse_commas("date", 1)?;
        Ok(headers)
    }

    /// The only value of a header, without space around it.
    ///
    /// # Errors
    /// 400 `header_doubled`, or `header_malformed` when it is not printable ASCII.
    pub(super) fn get(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self
            .0
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let Some((_, value)) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::malformed("header_doubled"));
        }
        let printable = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
        match std::str::from_utf8(value) {
            Ok(text) if value.iter().all(printable) => Ok(Some(text.trim())),
            Ok(_) | Err(_) => Err(Refusal::malformed("header_malformed")),
        }
    }

    /// The value of a signed header.
    ///
    /// # Errors
    /// 401 `signed_header_missing`, besides those of [`Self::get`].
    pub(super) fn signed(&self, name: &str) -> Result<&'a str, Refusal> {
        self.get(name)?
            .ok_or(Refusal::unproven("signed_header_missing"))
    }

    fn refuse_commas(&self, name: &str, allowed: usize) -> Result<(), Refusal> {
        let commas = self
            .get(name)?
            .map_or(0, |value| value.matches(',').count());
        if commas > allowed {
            return Err(Refusal::malformed("header_doubled"));
        }
        Ok(())
    }
}
