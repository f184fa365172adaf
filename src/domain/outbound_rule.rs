//! Rules at the boundary: what of people here does not leave the house, or not before somebody looked at it.

use regex::{Regex, RegexBuilder};

use crate::domain::text_enum::text_enum;
use crate::domain::{
    EventKind, GroupId, Host, Invalid, LabelName, Labels, PartnerId, PostId, RuleId, Timestamp, Uri,
};

/// Longest pattern, in characters.
pub const PATTERN_CHARS_MAX: usize = 500;
/// Room for a compiled pattern, in bytes: what wants more costs each post too much.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Longest sentence of a rule, in characters.
pub const SENTENCE_CHARS_MAX: usize = 300;
/// File types in one rule.
const FILE_TYPES_MAX: usize = 40;
/// Rules in a house, all places together: each is asked about each post.
pub const RULES_MAX: i64 = 200;

text_enum! {
    /// What happens to what a rule catches.
    RuleOutcome ("outcome") {
        /// It stays inside until somebody looked at it.
        Hold = "hold",
        /// It is not taken, and its author is told why.
        Refuse = "refuse",
    }
}

text_enum! {
    /// What a rule looks at.
    RuleKind ("kind") {
        /// A regular expression in what is written.
        Pattern = "pattern",
        /// The types of attached files.
        FileType = "file_type",
        /// The size of attached files.
        FileSize = "file_size",
        /// How a post is classified.
        Label = "label",
        /// Somebody else's program is asked.
        Webhook = "webhook",
    }
}

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulePlace {
    /// For all that leaves the house.
    House,
    /// For what is said in one group, and what the group says of itself.
    Group(GroupId),
    /// For what this partner would get.
    Partner(PartnerId),
}

/// A rule. It is not changed, only made and removed: what was judged by it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundRule {
    pub id: RuleId,
    pub place: RulePlace,
    pub condition: Condition,
    pub outcome: RuleOutcome,
    /// What the author is told.
    pub sentence: RuleSentence,
    pub created_at: Timestamp,
}

/// When a rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Pattern(Pattern),
    FileType(FileTypes),
    /// A file is larger than so many bytes.
    FileSize(u64),
    /// It has this label, or one above it.
    Label(LabelName),
    /// Whoever answers there may say no; as long as nothing is said, it is held.
    Webhook(Uri),
    /// It was stored and cannot be read any more. It catches everything, for nobody knows what it meant.
    Unreadable {
        kind: RuleKind,
        text: String,
    },
}

impl Condition {
    /// Reads what somebody typed.
    pub fn parse(kind: RuleKind, text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        match kind {
            RuleKind::Pattern => text.parse().map(Self::Pattern),
            RuleKind::FileType => text.parse().map(Self::FileType),
            RuleKind::FileSize => match text.parse() {
                Ok(bytes) => Ok(Self::FileSize(bytes)),
                Err(_) => Err(Invalid::new("condition", "is not a number of bytes")),
            },
            RuleKind::Label => match text.parse() {
                Ok(name) => Ok(Self::Label(name)),
                Err(Invalid { problem, .. }) => Err(Invalid::new("condition", problem)),
            },
            RuleKind::Webhook => match text.parse() {
                Ok(address) => Ok(Self::Webhook(address)),
                Err(_) => Err(Invalid::new("condition", "is not an address (https://…)")),
            },
        }
    }

    /// Reads what was stored.
    pub fn stored(kind: RuleKind, text: &str) -> Self {
        Self::parse(kind, text).unwrap_or_else(|_| Self::Unreadable {
            kind,
            text: text.to_owned(),
        })
    }

    /// A label that is not in the list (any more) says nothing: such a rule cannot be read.
    #[must_use]
    pub fn among(self, labels: &Labels) -> Self {
        match self {
            Self::Label(name) if labels.find(&name).is_none() => Self::Unreadable {
                kind: RuleKind::Label,
                text: name.to_string(),
            },
            other => other,
        }
    }

    pub const fn kind(&self) -> RuleKind {
        match self {
            Self::Pattern(_) => RuleKind::Pattern,
            Self::FileType(_) => RuleKind::FileType,
            Self::FileSize(_) => RuleKind::FileSize,
            Self::Label(_) => RuleKind::Label,
            Self::Webhook(_) => RuleKind::Webhook,
            Self::Unreadable { kind, .. } => *kind,
        }
    }

    /// As it was typed.
    pub fn text(&self) -> String {
        match self {
            Self::Pattern(pattern) => pattern.as_str().to_owned(),
            Self::FileType(types) => types.as_str().to_owned(),
            Self::FileSize(bytes) => bytes.to_string(),
            Self::Label(name) => name.to_string(),
            Self::Webhook(address) => address.to_string(),
            Self::Unreadable { text, .. } => text.clone(),
        }
    }
}

/// A regular expression that is searched in time linear to the text; upper and lower case are the same
/// unless it says `(?-i)`.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl std::str::FromStr for Pattern {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |problem: String| Invalid::new("condition", problem);
        if text.is_empty() {
            return Err(invalid("is empty: it would catch everything".into()));
        }
        if text.chars().count() > PATTERN_CHARS_MAX {
            return Err(invalid(format!(
                "is longer than {PATTERN_CHARS_MAX} characters"
            )));
        }
        let compiled = RegexBuilder::new(text)
            .case_insensitive(true)
            .multi_line(true)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .build();
        compiled
            .map(Self)
            .map_err(|error| invalid(format!("is not a pattern that can be used: {error}")))
    }
}

/// Media types, `application/zip, image/*`; with `!` before them: all but these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTypes {
    text: String,
    all_but: bool,
    types: Vec<String>,
}

impl FileTypes {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn catches(&self, media_type: &str) -> bool {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let named = self.types.iter().any(|one| match one.strip_suffix('*') {
            Some(family) => essence.starts_with(family),
            None => essence == *one,
        });
        named != self.all_but
    }
}

impl std::str::FromStr for FileTypes {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (all_but, list) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let types: Vec<String> = list
            .split(',')
            .map(|one| one.trim().to_ascii_lowercase())
            .filter(|one| !one.is_empty())
            .collect();
        let is_type = |one: &String| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte);
            one.split_once('/').is_some_and(|(family, name)| {
                let named = !name.is_empty() && name.bytes().all(letter);
                !family.is_empty() && family.bytes().all(letter) && (named || name == "*")
            })
        };
        if types.is_empty() || types.len() > FILE_TYPES_MAX || !types.iter().all(is_type) {
            return Err(Invalid::new(
                "condition",
                format!(
                    "is not a list of 1 to {FILE_TYPES_MAX} file types like application/zip, image/*"
                ),
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            all_but,
            types,
        })
    }
}

/// What the author of something that a rule caught is told, in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSentence(String);

impl RuleSentence {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What came from elsewhere or from storage, in a line that is not too long; none: it says nothing.
    pub fn cut(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        let plain = line.chars().filter(|c| !c.is_control());
        let line: String = plain.take(SENTENCE_CHARS_MAX).collect();
        (!line.is_empty()).then_some(Self(line))
    }
}

impl std::str::FromStr for RuleSentence {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > SENTENCE_CHARS_MAX {
            let problem = format!("is longer than {SENTENCE_CHARS_MAX} characters");
            return Err(Invalid::new("sentence", problem));
        }
        Self::cut(text).ok_or_else(|| {
            let problem = "is missing: say in a line what is wrong and what to do";
            Invalid::new("sentence", problem)
        })
    }
}

text_enum! {
    HoldState ("state") {
        /// Waits for somebody to look at it.
        Waiting = "waiting",
        /// A webhook is being asked.
        Asking = "asking",
        /// Somebody, or a webhook, said that it stays inside.
        Refused = "refused",
    }
}

/// A post that stays inside, though it was written for others, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub post: PostId,
    /// The partner it is kept from; none: everybody outside.
    pub host: Option<Host>,
    pub state: HoldState,
    /// Why, in the words of the rule, or of who refused it.
    pub sentence: String,
    /// What is told when it is released: that it was written, or that it was changed.
    pub news: EventKind,
    /// The held post above it, with which it is released; none: it waits for itself.
    pub below: Option<PostId>,
    pub since: Timestamp,
}

/// What people here are told of a post that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldNotice {
    pub state: HoldState,
    pub sentence: String,
    /// The partners it is kept from; none: everybody outside.
    pub from: Vec<Host>,
    pub since: Timestamp,
}

impl HoldNotice {
    /// Adds what else holds the same post.
    pub fn add(&mut self, hold: &Hold) {
        match &hold.host {
            Some(host) if !self.from.is_empty() => self.from.push(host.clone()),
            Some(_) => {}
            None => self.from.clear(),
        }
        if !self.sentence.contains(&hold.sentence) {
            self.sentence = format!("{} {}", self.sentence, hold.sentence);
        }
        if hold.state != HoldState::Asking {
            self.state = hold.state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_cannot_be_used_or_cost_too_much_are_not_taken() {
        for text in [
            "",
            "(",
            "a(?=b)",
            r"(a)\1",
            "(?:x{1000}){1000}",
            &"a".repeat(501),
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
        let pattern: Pattern = r"\bproject\s+falcon\b".parse().unwrap();
        assert!(pattern.is_in("About Project  Falcon."));
        assert!(!pattern.is_in("Projection of falcons"));
        let pattern: Pattern = "(?-i)SECRET".parse().unwrap();
        assert!(!pattern.is_in("no secret"));
    }

    #[test]
    fn file_types_are_named_or_all_but_named() {
        let archives: FileTypes = "application/zip, application/x-tar".parse().unwrap();
        assert!(archives.catches("Application/ZIP"));
        assert!(!archives.catches("image/png"));
        let pictures_only: FileTypes = "!image/*".parse().unwrap();
        assert!(!pictures_only.catches("image/png"));
        assert!(pictures_only.catches("text/plain; charset=utf-8"));
        assert!(pictures_only.catches(""));
        for text in ["", "!", "zip", "image/", "/png", "a/b/c", "image/**"] {
            assert!(text.parse::<FileTypes>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_any_more_is_kept_as_it_was() {
        let condition = Condition::stored(RuleKind::Pattern, "(");
        assert_eq!(condition.kind(), RuleKind::Pattern);
        assert_eq!(condition.text(), "(");
        assert!(matches!(condition, Condition::Unreadable { .. }));
    }
}
