//! Numbers in sentences, and bytes in digits.

/// "1 delivery", "2 deliveries".
pub fn counted(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// The same of a number of things that are here.
pub fn counted_here(number: usize, one: &str, many: &str) -> String {
    counted(u64::try_from(number).unwrap_or(u64::MAX), one, many)
}

/// Bytes as small hexadecimal digits, as digests are written.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    pairs.map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let counted = |number| counted(number, "delivery", "deliveries");
        assert_eq!(counted(0), "0 deliveries");
        assert_eq!(counted(1), "1 delivery");
        assert_eq!(counted(2), "2 deliveries");
    }

    #[test]
    fn bytes_are_written_with_two_small_digits_each() {
        assert_eq!(hex(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
    }
}
