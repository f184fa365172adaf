//! Multibase, base58btc only: how keys (FEP-521a) and proofs (FEP-8b32) are written.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// What says that base58btc follows.
const BASE58BTC: char = 'z';
/// Longest text read, characters: an RSA key of 8,192 bits has about 1,430. Decoding takes the
/// square of it.
const CHARS_MAX: usize = 1_600;

/// Writes bytes.
pub fn encode(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // Digits of the number in base 58, least significant first.
    let mut digits: Vec<u32> = Vec::with_capacity(bytes.len() * 3 / 2);
    for byte in bytes.get(zeros..).unwrap_or_default() {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    let digits = std::iter::repeat_n(0, zeros).chain(digits.into_iter().rev());
    let letter = |digit: u32| {
        let letter = ALPHABET.get(digit as usize);
        letter.map_or('1', |letter| char::from(*letter))
    };
    std::iter::once(BASE58BTC)
        .chain(digits.map(letter))
        .collect()
}

/// Reads bytes; none where it is not base58btc, or too long to be one of ours to read.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix(BASE58BTC)?;
    if text.len() > CHARS_MAX {
        return None;
    }
    let zeros = text.bytes().take_while(|letter| *letter == b'1').count();
    // Bytes of the number, least significant first.
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for letter in text.bytes().skip(zeros) {
        let mut carry = ALPHABET.iter().position(|known| *known == letter)?;
        for byte in &mut bytes {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
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
