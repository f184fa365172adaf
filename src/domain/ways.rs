//! Where people were before they came here, and where they went.

use crate::domain::{Invalid, Uri};

/// Former accounts that one may name.
pub const FORMER_ACCOUNTS_MAX: usize = 10;

/// What somebody here says of their accounts elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonWays {
    /// They are the same person: whoever follows these may be told to follow this one.
    pub also_known_as: Vec<Uri>,
    /// They are there now.
    pub moved_to: Option<Uri>,
}

/// Reads addresses of accounts, one a line or with spaces between; each once.
pub fn parse_accounts(text: &str) -> Result<Vec<Uri>, Invalid> {
    let mut accounts: Vec<Uri> = Vec::new();
    for word in text.split_whitespace() {
        let account: Uri = word.parse().map_err(|_| {
            Invalid::new(
                "also known as",
                format!("{word} is no address of an account: copy it from there, it begins with https://"),
            )
        })?;
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    match accounts.len() > FORMER_ACCOUNTS_MAX {
        true => Err(Invalid::new(
            "also known as",
            format!("name at most {FORMER_ACCOUNTS_MAX} accounts"),
        )),
        false => Ok(accounts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_one_a_line_and_each_once() {
        let read = parse_accounts(
            "https://a.example/u/ada\n https://b.example/u/ada \n\nhttps://a.example/u/ada",
        );
        let read: Vec<String> = read.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(read, ["https://a.example/u/ada", "https://b.example/u/ada"]);
        assert!(parse_accounts("@ada@a.example").is_err());
        let many: Vec<String> = (0..11).map(|n| format!("https://a.example/{n}")).collect();
        assert!(parse_accounts(&many.join("\n")).is_err());
        assert_eq!(parse_accounts(" \n"), Ok(Vec::new()));
    }
}
