//! A topic as one text, the way clients that know no titles write and edit it.
//!
//! The first line is the title, the rest the body, and a mention says which group it is for:
//! `Bridge opens Monday @engineering`. [`print()`] writes what [`Text::parse`] reads.

use std::ops::Range;

use crate::domain::Handle;

/// Mentions that are looked at; more in one text are just text.
const MENTIONS_MAX: usize = 128;

/// `@name` or `@name@host` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub handle: Handle,
    at: Range<usize>,
}

/// The handles that a text mentions, in order.
pub fn mentions(text: &str) -> Vec<Mention> {
    text.match_indices('@')
        .filter(|(at, _)| begins_mention(&text[..*at]))
        .filter_map(|(at, _)| mention(text, at))
        .take(MENTIONS_MAX)
        .collect()
}

/// Not inside an address of mail or a web page, and not the second half of a handle.
fn begins_mention(before: &str) -> bool {
    !before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || "_@/.-".contains(c))
}

fn mention(text: &str, at: usize) -> Option<Mention> {
    let rest = &text[at + 1..];
    let name = leading(rest, |c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if name.is_empty() {
        return None;
    }
    let host = rest[name.len()..]
        .strip_prefix('@')
        .map(|rest| leading(rest, |c| c.is_alphanumeric() || ".-:".contains(c)));
    let length = name.len()
        + host
            .filter(|host| !host.is_empty())
            .map_or(0, |host| 1 + host.len());
    let handle = rest[..length].parse().ok()?;
    Some(Mention {
        handle,
        at: at..at + 1 + length,
    })
}

/// The longest beginning of `text` made of `part`, without the punctuation of a sentence at its end.
fn leading(text: &str, part: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !part(c)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ':', '-'])
}

/// A topic, parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub body: String,
}

impl Text {
    /// Parts a text. `is_group`: whether a mention names the topic's group; one such mention is
    /// taken out, the one that says where the topic belongs.
    pub fn parse(text: &str, is_group: impl Fn(&Handle) -> bool) -> Self {
        let text = text.replace("\r\n", "\n");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        drop_blank(&mut lines);
        let removed = lines
            .first_mut()
            .is_some_and(|first| take_out(first, &is_group));
        drop_blank(&mut lines);
        let mut lines = lines.into_iter();
        let title = lines.next().unwrap_or_default();
        let mut body: Vec<String> = lines.collect();
        if !removed {
            let alone = |line: &String| {
                let mut line = line.clone();
                take_out(&mut line, &is_group) && line.is_empty()
            };
            if let Some(at) = body.iter().position(alone) {
                body.remove(at);
            }
        }
        Self {
            title: title.trim().to_owned(),
            body: body.join("\n").trim_matches('\n').trim_end().to_owned(),
        }
    }
}

fn drop_blank(lines: &mut Vec<String>) {
    let blank = lines.iter().take_while(|line| line.trim().is_empty());
    let blank = blank.count();
    lines.drain(..blank);
}

/// Takes one mention of the group out of a line: at its end, else at its beginning, else inside.
fn take_out(line: &mut String, is_group: impl Fn(&Handle) -> bool) -> bool {
    let found: Vec<Mention> = mentions(line)
        .into_iter()
        .filter(|mention| is_group(&mention.handle))
        .collect();
    let at_end = found
        .last()
        .filter(|mention| line[mention.at.end..].trim().is_empty());
    let Some(mention) = at_end.or(found.first()) else {
        return false;
    };
    let before = line[..mention.at.start].trim_end();
    let after = line[mention.at.end..].trim_start();
    let space = if before.is_empty() || after.is_empty() {
        ""
    } else {
        " "
    };
    *line = format!("{before}{space}{after}").trim().to_owned();
    true
}

/// The text of a topic in a group, from which [`Text::parse`] makes the same topic again.
pub fn print(title: &str, group: &Handle, body: &str) -> String {
    let text = format!("{title} @{group}\n\n{body}");
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn handles(text: &str) -> Vec<String> {
        let found = mentions(text);
        found.iter().map(|found| found.handle.to_string()).collect()
    }

    fn engineering(handle: &Handle) -> bool {
        handle.name == "engineering"
    }

    fn parsed(text: &str) -> (String, String) {
        let Text { title, body } = Text::parse(text, engineering);
        (title, body)
    }

    #[test]
    fn mentions_are_handles_and_nothing_else() {
        assert_eq!(
            handles(
                "@ada, (@bo@birch.example). Write to info@acme.example or https://acme.example/@eve!"
            ),
            ["ada", "bo@birch.example"]
        );
        assert_eq!(
            handles("@road-works@acme.localhost:8601: hello"),
            ["road-works@acme.localhost:8601"]
        );
        assert_eq!(handles("@ @@ @. a@b @@ada"), Vec::<String>::new());
        assert_eq!(handles("see @ada@"), ["ada"]);
        assert_eq!(
            mentions(&"@ada ".repeat(2 * MENTIONS_MAX)).len(),
            MENTIONS_MAX
        );
    }

    #[test]
    fn the_first_line_is_the_title_wherever_the_group_is_mentioned() {
        for text in [
            "Bridge opens\n\nOn Monday.",
            "Bridge opens @engineering\n\nOn Monday.",
            "@engineering@acme.example Bridge opens\r\nOn Monday.\r\n",
            "\n@engineering\n\nBridge opens\nOn Monday.\n",
            "Bridge opens\nOn Monday.\n\n@engineering",
            "Bridge @engineering opens\nOn Monday.",
        ] {
            assert_eq!(
                parsed(text),
                ("Bridge opens".into(), "On Monday.".into()),
                "{text:?}"
            );
        }
        assert_eq!(
            parsed("Bridge opens\nAsk @engineering about it."),
            ("Bridge opens".into(), "Ask @engineering about it.".into())
        );
        assert_eq!(parsed("@engineering"), (String::new(), String::new()));
        assert_eq!(parsed("Hello @ada @engineering").0, "Hello @ada");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(
            title in "[a-zA-Z@!äé][a-zA-Z @engi.,!ä]{0,40}",
            body in "([a-z@*# ]{0,20}\n?){0,5}",
        ) {
            let title = title.trim();
            let body = body.trim_matches('\n').trim_end();
            prop_assume!(body.is_empty() || !body.starts_with(' ') || body.trim_start() == body);
            let group: Handle = "engineering@acme.example".parse().unwrap();
            let text = print(title, &group, body);
            let again = Text::parse(&text, |handle| *handle == group);
            prop_assert_eq!(again.title, title);
            prop_assert_eq!(again.body, body);
        }
    }
}
