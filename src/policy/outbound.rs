//! Which rules at the boundary catch what somebody here wrote. Pure: it gets the rules and what would leave.

use std::borrow::Cow;

use crate::domain::markup;
use crate::domain::{Condition, LabelName, Labels, Mark, OutboundRule, RuleOutcome};

/// What of a post, or of a profile, would leave the house.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    texts: Vec<String>,
    files: Vec<OutgoingFile>,
    /// The labels that it has at least.
    reached: Vec<LabelName>,
    /// It has one that nobody knows any more: every rule about labels catches it.
    lost: bool,
}

#[derive(Clone, Debug)]
pub struct OutgoingFile {
    pub media_type: String,
    /// How large it is; none: nobody knows.
    pub bytes: Option<u64>,
}

impl Outgoing {
    /// Something that is written as it is: a title, a name.
    #[must_use]
    pub fn with_line(mut self, text: &str) -> Self {
        self.texts.push(visible(text).into_owned());
        self
    }

    /// Something with markup: its source, where there is one, and what a reader sees of it. Both are looked
    /// at, for `Fal**c**on` hides a word from the one, and an address can be hidden behind other words.
    #[must_use]
    pub fn with_markup(mut self, source: Option<&str>, html: &str) -> Self {
        self.texts
            .extend(source.map(|text| visible(text).into_owned()));
        self.texts.push(visible(html).into_owned());
        let read = markup::plain_text(html, usize::MAX);
        self.with_line(&read)
    }

    /// How it is classified. What a person or a group says of itself is not.
    #[must_use]
    pub fn with_mark(mut self, labels: &Labels, mark: &Mark) -> Self {
        let reached = labels.reached(mark).iter();
        self.reached = reached.map(|label| label.name.clone()).collect();
        self.lost = mark.is_lost();
        self
    }

    #[must_use]
    pub fn with_file(mut self, file: OutgoingFile) -> Self {
        self.files.push(file);
        self
    }
}

/// A text without characters that nobody sees and that would hide a word from a pattern.
fn visible(text: &str) -> Cow<'_, str> {
    let unseen = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    match text.contains(unseen) {
        true => Cow::Owned(text.replace(unseen, "")),
        false => Cow::Borrowed(text),
    }
}

/// What the rules say.
#[derive(Debug, PartialEq, Eq)]
pub enum Screening<'a> {
    /// It may leave.
    Free,
    /// These rules want somebody, or a webhook, to look at it.
    Held(Vec<&'a OutboundRule>),
    /// This rule does not let it leave.
    Refused(&'a OutboundRule),
}

/// Asks all rules. One that refuses counts before any that hold.
pub fn screen<'a>(
    rules: impl IntoIterator<Item = &'a OutboundRule>,
    outgoing: &Outgoing,
) -> Screening<'a> {
    let mut holding = Vec::new();
    for rule in rules {
        if !catches(&rule.condition, outgoing) {
            continue;
        }
        match outcome(rule) {
            RuleOutcome::Refuse => return Screening::Refused(rule),
            RuleOutcome::Hold => holding.push(rule),
        }
    }
    match holding.is_empty() {
        true => Screening::Free,
        false => Screening::Held(holding),
    }
}

/// Whom a webhook has to be asked about, and what nobody can read any more, is held at first whatever
/// comes of it.
const fn outcome(rule: &OutboundRule) -> RuleOutcome {
    match rule.condition {
        Condition::Webhook(_) | Condition::Unreadable { .. } => RuleOutcome::Hold,
        Condition::Pattern(_)
        | Condition::FileType(_)
        | Condition::FileSize(_)
        | Condition::Label(_) => rule.outcome,
    }
}

fn catches(condition: &Condition, outgoing: &Outgoing) -> bool {
    match condition {
        Condition::Pattern(pattern) => outgoing.texts.iter().any(|text| pattern.is_in(text)),
        Condition::FileType(types) => {
            let mut files = outgoing.files.iter();
            files.any(|file| types.catches(&file.media_type))
        }
        Condition::FileSize(most) => {
            let larger = |file: &OutgoingFile| file.bytes.is_none_or(|bytes| bytes > *most);
            outgoing.files.iter().any(larger)
        }
        Condition::Label(from) => {
            outgoing.lost || outgoing.reached.iter().any(|name| name.is(from))
        }
        Condition::Webhook(_) | Condition::Unreadable { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RuleId, RuleKind, RulePlace, Timestamp};

    fn rule(kind: RuleKind, condition: &str, outcome: RuleOutcome) -> OutboundRule {
        OutboundRule {
            id: RuleId(1),
            place: RulePlace::House,
            condition: Condition::stored(kind, condition),
            outcome,
            sentence: "Falcon stays inside.".parse().unwrap(),
            created_at: Timestamp::MIN,
        }
    }

    fn caught(condition: &OutboundRule, outgoing: &Outgoing) -> bool {
        screen([condition], outgoing) != Screening::Free
    }

    #[test]
    fn a_word_is_found_however_it_is_written() {
        let falcon = rule(RuleKind::Pattern, "falcon", RuleOutcome::Hold);
        let markdown = |source: &str| {
            let html = markup::render_markdown(source).into_string();
            Outgoing::default().with_markup(Some(source), &html)
        };
        for source in [
            "The falcon flies",
            "The Fal**c**on flies",
            "fal\u{200b}con",
            "fal&#99;on",
            "[here](https://wiki.acme.example/falcon)",
        ] {
            assert!(caught(&falcon, &markdown(source)), "{source}");
        }
        assert!(!caught(&falcon, &markdown("The eagle flies")));
        assert!(caught(&falcon, &Outgoing::default().with_line("FALCON")));
    }

    #[test]
    fn files_are_judged_by_type_and_size_and_what_is_unknown_is_caught() {
        let file = |media_type: &str, bytes| {
            let media_type = media_type.to_owned();
            Outgoing::default().with_file(OutgoingFile { media_type, bytes })
        };
        let pictures_only = rule(RuleKind::FileType, "!image/*", RuleOutcome::Hold);
        assert!(!caught(&pictures_only, &file("image/png", Some(1))));
        assert!(caught(&pictures_only, &file("", Some(1))));
        let small_only = rule(RuleKind::FileSize, "1000", RuleOutcome::Hold);
        assert!(!caught(&small_only, &file("image/png", Some(1_000))));
        assert!(caught(&small_only, &file("image/png", Some(1_001))));
        assert!(caught(&small_only, &file("image/png", None)));
        assert!(!caught(&small_only, &Outgoing::default()));
    }

    #[test]
    fn a_label_is_caught_from_where_the_rule_begins_and_when_nobody_knows_it() {
        let label = |name: &str| crate::domain::Label {
            name: name.parse().unwrap(),
            meaning: Default::default(),
        };
        let labels = Labels::new(["Open", "Inside", "Secret"].map(label).into());
        let classified = |mark: Mark| Outgoing::default().with_mark(&labels, &mark);
        let named = |name: &str| Mark::Label(name.parse().unwrap());
        let from_inside = rule(RuleKind::Label, "Inside", RuleOutcome::Refuse);
        assert!(!caught(
            &from_inside,
            &Outgoing::default().with_line("Inside")
        ));
        assert!(!caught(&from_inside, &classified(Mark::None)));
        assert!(!caught(&from_inside, &classified(named("Open"))));
        assert!(caught(&from_inside, &classified(named("Inside"))));
        assert!(caught(&from_inside, &classified(named("Secret"))));
        let gone = Mark::Lost("Gone".parse().unwrap());
        assert!(caught(&from_inside, &classified(gone)));
        // A rule about a label that is gone cannot be read: it holds everything.
        let unread = OutboundRule {
            condition: Condition::stored(RuleKind::Label, "Gone").among(&labels),
            ..from_inside
        };
        let text = Outgoing::default().with_line("Anything");
        assert_eq!(screen([&unread], &text), Screening::Held(vec![&unread]));
    }

    #[test]
    fn who_refuses_counts_first_and_who_cannot_be_asked_now_never_refuses() {
        let hold = rule(RuleKind::Pattern, "falcon", RuleOutcome::Hold);
        let refuse = rule(RuleKind::Pattern, "falcon", RuleOutcome::Refuse);
        let text = Outgoing::default().with_line("falcon");
        assert_eq!(screen([&hold, &refuse], &text), Screening::Refused(&refuse));
        for kind in [RuleKind::Pattern, RuleKind::FileType, RuleKind::FileSize] {
            let broken = rule(kind, "(", RuleOutcome::Refuse);
            let nothing = Outgoing::default();
            assert_eq!(screen([&broken], &nothing), Screening::Held(vec![&broken]));
        }
        let webhook = rule(
            RuleKind::Webhook,
            "https://dlp.example/",
            RuleOutcome::Refuse,
        );
        assert_eq!(screen([&webhook], &text), Screening::Held(vec![&webhook]));
    }
}
