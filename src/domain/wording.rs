//! Numbers in sentences.

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
}
