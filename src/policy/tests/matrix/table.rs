//! One kind of table: who asks, by what they ask for.

use std::fmt::Write as _;

use crate::policy::tests::cast::mark;
use crate::policy::{Action, Facts, PostFacts, Viewer};

/// Somebody who asks: what they are, and what is known about them.
pub struct Asker {
    pub kind: &'static str,
    /// Empty where the kind says it all.
    pub detail: &'static str,
    pub viewer: Viewer,
    pub known: Box<dyn Fn(Facts) -> Facts>,
}

/// Askers of one kind.
pub fn askers<F: Fn(Facts) -> Facts + 'static>(
    kind: &'static str,
    viewer: &Viewer,
    details: impl IntoIterator<Item = (&'static str, F)>,
) -> Vec<Asker> {
    let asker = |(detail, known): (&'static str, F)| Asker {
        kind,
        detail,
        viewer: viewer.clone(),
        known: Box::new(known),
    };
    details.into_iter().map(asker).collect()
}

/// What an act is done to.
#[derive(Clone, Copy)]
pub enum To {
    Group,
    SomebodysPost,
    OwnPost,
}

pub const COLUMNS: [(&str, Action, To); 23] = [
    ("know", Action::Know, To::Group),
    ("read", Action::Read, To::Group),
    ("see members", Action::SeeMembers, To::Group),
    ("join", Action::Join, To::Group),
    ("leave", Action::Leave, To::Group),
    ("react", Action::React, To::SomebodysPost),
    ("comment", Action::Comment, To::SomebodysPost),
    ("start topic", Action::StartTopic, To::Group),
    ("attach", Action::Attach, To::SomebodysPost),
    ("edit own", Action::EditPost, To::OwnPost),
    ("delete own", Action::DeletePost, To::OwnPost),
    ("invite", Action::Invite, To::Group),
    ("moderate", Action::Moderate, To::Group),
    ("report", Action::Report, To::SomebodysPost),
    ("read reports", Action::ReadReports, To::Group),
    ("ledger", Action::ReadLedger, To::Group),
    ("label own higher", Action::Classify, To::OwnPost),
    ("label lower", Action::Declassify, To::SomebodysPost),
    ("review held", Action::Review, To::SomebodysPost),
    ("pass on", Action::Reshare, To::SomebodysPost),
    ("settings", Action::ManageGroup, To::Group),
    ("boundary", Action::ChangeBoundary, To::Group),
    ("is sent posts", Action::Receive, To::Group),
];

/// The case of an act on a post like `pattern`.
pub fn on(facts: Facts, viewer: &Viewer, to: To, pattern: PostFacts) -> Facts {
    match (to, viewer.actor()) {
        (To::Group, _) => facts,
        (To::OwnPost, Some(author)) => facts.post(PostFacts {
            author,
            by_us: viewer.host().is_none(),
            ..pattern
        }),
        (To::OwnPost | To::SomebodysPost, _) => facts.post(pattern),
    }
}

/// One table: askers by actions. Askers with the same answers share a row.
pub fn table(askers: &[Asker], group: &Facts, post: PostFacts) -> String {
    let answers = |asker: &Asker| -> Vec<String> {
        let facts = (asker.known)(group.clone());
        let answer = |(_, action, to): (&str, Action, To)| {
            let facts = on(facts.clone(), &asker.viewer, to, post);
            mark(&asker.viewer, action, &facts).to_owned()
        };
        COLUMNS.map(answer).into()
    };
    let mut rows: Vec<(Vec<String>, Vec<&Asker>)> = Vec::new();
    for asker in askers {
        let cells = answers(asker);
        match rows.iter_mut().find(|(same, _)| *same == cells) {
            Some((_, sharing)) => sharing.push(asker),
            None => rows.push((cells, vec![asker])),
        }
    }
    let mut text = header(&COLUMNS.map(|(title, ..)| title));
    for (cells, sharing) in rows {
        line(&mut text, &names(&sharing, askers), &cells);
    }
    text
}

/// Names a row: "Guest: invited, member; Colleague", each kind whole where all of it is meant.
pub fn names(sharing: &[&Asker], all: &[Asker]) -> String {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for asker in sharing {
        match kinds.iter_mut().find(|(kind, _)| *kind == asker.kind) {
            Some((_, details)) => details.push(asker.detail),
            None => kinds.push((asker.kind, vec![asker.detail])),
        }
    }
    let name = |(kind, details): &(&str, Vec<&str>)| {
        let whole = all.iter().filter(|asker| asker.kind == *kind).count() == details.len();
        match details == &[""] || (whole && details.len() > 1) {
            true => format!("**{kind}**"),
            false => format!("**{kind}**: {}", details.join(", ")),
        }
    };
    kinds.iter().map(name).collect::<Vec<_>>().join("; ")
}

pub fn header(titles: &[&str]) -> String {
    format!(
        "| | {} |\n|---|{}\n",
        titles.join(" | "),
        ":-:|".repeat(titles.len())
    )
}

pub fn line(text: &mut String, name: &str, cells: &[String]) {
    writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
}
