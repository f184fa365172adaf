//! Multibase, base58btc only: how keys (FEP-521a) and proofs (FEP-8b32) are written.

/// What says that base58btc follows.
const BASE58BTC: char = 'z';
/// Longest text read, characters: an RSA key of 8,192 bits has about 1,430. Decoding takes the
/// square of it.
const CHARS_MAX: usize = 1_600;

/// Writes bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = bs58::encode(bytes).into_string();
    text.insert(0, BASE58BTC);
    text
}

/// Reads bytes; none where it is not base58btc, or too long to be one of ours to read.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix(BASE58BTC)?;
    if text.len() > CHARS_MAX {
        return None;
    }
    bs58::decode(text).into_vec().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From draft-msporny-base58-03, section 5, and the multibase specification's table of tests.
    #[test]
    fn the_drafts_examples() {
        for (bytes, text) in [
            (&b"Hello World!"[..], "z2NEpo7TZRRrLZSi2U"),
            (
                b"The quick brown fox jumps over the lazy dog.",
                "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
            ),
            (b"\x00\x00\x28\x7f\xb4\xcd", "z11233QC4"),
            (b"yes mani !", "z7paNL19xttacUY"),
            (b"", "z"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn other_alphabets_and_other_bases_are_not_read() {
        for text in [
            "",
            "2NEpo7TZRRrLZSi2U",
            "z0",
            "zO",
            "zI",
            "zl",
            "z 2",
            "zé",
            "mAAAA",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode(&format!("z{}", "2".repeat(CHARS_MAX + 1))), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
