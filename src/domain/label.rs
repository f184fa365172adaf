//! Classification labels: the words by which an organization says how far something may go, in an ordered
//! list of its own, like public < internal < confidential.

use std::cmp::Ordering;

use crate::domain::Invalid;

/// Labels in a house.
pub const LABELS_MAX: usize = 20;
/// Longest name of a label, in characters.
pub const LABEL_NAME_CHARS_MAX: usize = 40;
/// Longest meaning of a label, in characters.
pub const LABEL_MEANING_CHARS_MAX: usize = 200;

/// What a label is called, in a line. What has a label says so by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelName(String);

impl LabelName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Upper and lower case are the same.
    pub fn is(&self, other: &Self) -> bool {
        self == other || self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl std::fmt::Display for LabelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for LabelName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        let problem = match line.chars().count() {
            0 => "is missing: say in a word or two how far something may go".to_owned(),
            LABEL_NAME_CHARS_TOO_MANY.. => {
                format!("is longer than {LABEL_NAME_CHARS_MAX} characters")
            }
            _ if line.contains(char::is_control) => "contains a control character".to_owned(),
            _ => return Ok(Self(line)),
        };
        Err(Invalid::new("label", problem))
    }
}

const LABEL_NAME_CHARS_TOO_MANY: usize = LABEL_NAME_CHARS_MAX + 1;

/// What a label means, in a line; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelMeaning(String);

impl LabelMeaning {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for LabelMeaning {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        if line.chars().count() > LABEL_MEANING_CHARS_MAX || line.contains(char::is_control) {
            return Err(Invalid::new(
                "meaning",
                format!("is longer than {LABEL_MEANING_CHARS_MAX} characters"),
            ));
        }
        Ok(Self(line))
    }
}

/// A label of the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub name: LabelName,
    pub meaning: LabelMeaning,
}

/// How something is classified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Not at all.
    None,
    Label(LabelName),
    /// By a label that the list does not know (any more). Nobody knows what it meant, so it counts as
    /// above all others.
    Lost(LabelName),
}

impl Mark {
    /// The label, known or not.
    pub fn name(&self) -> Option<&LabelName> {
        match self {
            Self::None => None,
            Self::Label(name) | Self::Lost(name) => Some(name),
        }
    }

    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

/// The labels of a house, the lowest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<Label>);

impl Labels {
    pub const fn new(list: Vec<Label>) -> Self {
        Self(list)
    }

    pub fn all(&self) -> &[Label] {
        &self.0
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By name, in whatever case it was typed.
    pub fn find(&self, name: &LabelName) -> Option<&Label> {
        self.0.iter().find(|label| label.name.is(name))
    }

    /// Its place in the list, the lowest is 0.
    pub fn position(&self, name: &LabelName) -> Option<usize> {
        self.0.iter().position(|label| label.name.is(name))
    }

    /// What counts where several labels do: the highest.
    pub fn highest<'a>(&self, names: impl IntoIterator<Item = &'a LabelName>) -> Mark {
        names.into_iter().fold(Mark::None, |highest, name| {
            let other = match self.find(name) {
                Some(label) => Mark::Label(label.name.clone()),
                None => Mark::Lost(name.clone()),
            };
            match self.compare(&other, &highest) {
                Ordering::Greater => other,
                Ordering::Less | Ordering::Equal => highest,
            }
        })
    }

    /// Which of two goes less far: what is not classified is below every label.
    pub fn compare(&self, one: &Mark, other: &Mark) -> Ordering {
        let height = |mark: &Mark| match mark {
            Mark::None => 0,
            Mark::Label(name) => self.position(name).map_or(usize::MAX, |place| place + 1),
            Mark::Lost(_) => usize::MAX,
        };
        height(one).cmp(&height(other))
    }

    /// The labels that something with this mark has at least: its own, and those below.
    pub fn reached(&self, mark: &Mark) -> &[Label] {
        match mark {
            Mark::None => &[],
            Mark::Label(name) => self.position(name).map_or(&self.0[..], |at| &self.0[..=at]),
            Mark::Lost(_) => &self.0,
        }
    }

    /// The labels that may be chosen where this one is the least.
    pub fn from_least(&self, least: &Mark) -> &[Label] {
        match least {
            Mark::None => &self.0,
            Mark::Label(name) => self.position(name).map_or(&[][..], |at| &self.0[at..]),
            Mark::Lost(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> LabelName {
        text.parse().unwrap()
    }

    fn four() -> Labels {
        let label = |text: &&str| Label {
            name: name(text),
            meaning: LabelMeaning::default(),
        };
        let words = [
            "Public",
            "Internal",
            "Confidential",
            "Strictly confidential",
        ];
        Labels::new(words.iter().map(label).collect())
    }

    #[test]
    fn names_are_one_line_of_some_length() {
        for text in ["", "  ", &"x".repeat(41), "a\u{7}b"] {
            assert!(text.parse::<LabelName>().is_err(), "{text:?}");
        }
        assert_eq!(name(" C3 –\n strictly  so ").as_str(), "C3 – strictly so");
        assert_eq!(four().position(&name("CONFIDENTIAL")), Some(2));
        assert!("x".repeat(201).parse::<LabelMeaning>().is_err());
        assert_eq!("".parse::<LabelMeaning>().unwrap().as_str(), "");
    }

    #[test]
    fn the_highest_of_several_counts_and_what_nobody_knows_is_above_all() {
        let labels = four();
        let (low, high, lost) = (
            name("Internal"),
            name("Strictly confidential"),
            name("Secret"),
        );
        assert_eq!(labels.highest([]), Mark::None);
        assert_eq!(labels.highest([&low, &high]), Mark::Label(high.clone()));
        assert_eq!(labels.highest([&high, &low]), Mark::Label(high.clone()));
        assert_eq!(
            labels.highest([&high, &lost, &low]),
            Mark::Lost(lost.clone())
        );
        let order = labels.compare(&Mark::None, &Mark::Label(low.clone()));
        assert_eq!(order, Ordering::Less);
        // Two that nobody knows are equally high.
        let order = labels.compare(&Mark::Lost(lost), &Mark::Lost(name("Gone")));
        assert_eq!(order, Ordering::Equal);
    }

    #[test]
    fn what_has_a_label_has_those_below_and_may_be_given_those_above() {
        let labels = four();
        let internal = Mark::Label(name("Internal"));
        let texts = |list: &[Label]| -> Vec<String> {
            list.iter().map(|label| label.name.to_string()).collect()
        };
        assert_eq!(texts(labels.reached(&internal)), ["Public", "Internal"]);
        assert_eq!(labels.reached(&Mark::None), []);
        assert_eq!(labels.reached(&Mark::Lost(name("x"))).len(), 4);
        assert_eq!(labels.from_least(&internal).len(), 3);
        assert_eq!(labels.from_least(&Mark::None).len(), 4);
        assert_eq!(labels.from_least(&Mark::Lost(name("x"))), []);
    }
}
