//! What is fuzzed (`fuzz/`), with the inputs that were written down or found: whatever broke it once
//! breaks it no more. Then the same inputs a little changed, for as long as a suite may take; `just
//! fuzz` looks for a minute each, guided by what code an input reaches.

use std::panic::catch_unwind;
use std::path::Path;

use crate::support::dice::Dice;

#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// What is fuzzed: its name, and what does it.
type Target = (&'static str, fn(&[u8]));

const TARGETS: &[Target] = &[
    ("signature", targets::signature),
    ("inbox", targets::inbox),
    ("webfinger", targets::webfinger),
    ("html", targets::html),
    ("markdown", targets::markdown),
    ("poll", targets::poll),
    ("books", targets::books),
    ("roster", targets::roster),
    ("proof", targets::proof),
];

/// Changed inputs that are tried of each target.
const CHANGED: usize = 3_000;

#[test]
fn every_input_of_the_corpus_and_what_is_near_it_is_read_as_promised() {
    let seed = Dice::seed_or(1);
    for (name, target) in TARGETS {
        let mut dice = Dice::new(seed);
        let corpus = corpus(name);
        assert!(corpus.len() >= 8, "{name} has hardly a corpus");
        for input in &corpus {
            run(name, *target, input, seed);
        }
        for _ in 0..CHANGED {
            run(name, *target, &changed(&mut dice, &corpus), seed);
        }
    }
}

fn run(name: &str, target: fn(&[u8]), input: &[u8], seed: u64) {
    let shown = || String::from_utf8_lossy(input).into_owned();
    let outcome = catch_unwind(|| target(input));
    assert!(outcome.is_ok(), "{name}, seed {seed}: {:?}", shown());
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let entries = std::fs::read_dir(&folder).expect("a corpus");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).expect("a file"))
        .collect()
}

/// Parts of two inputs, some of them again, some bytes others.
fn changed(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = dice.pick(corpus).clone();
    for _ in 0..=dice.below(4) {
        let other = dice.pick(corpus);
        let (at, from) = (dice.below(input.len() + 1), dice.below(other.len() + 1));
        let length = dice.below(other.len() - from + 1);
        let part = other[from..from + length].to_vec();
        match dice.below(4) {
            0 => drop(input.splice(at..at, part)),
            1 => input
                .splice(at..at, part.repeat(1 + dice.below(20)))
                .for_each(drop),
            2 => input.truncate(at),
            _ => {
                let byte = *dice.pick(b"<>/\"'=&; \n\0-!?[](){}|`*_:,.@#\\\xffaip01");
                input.splice(at..at, [byte]).for_each(drop);
            }
        }
    }
    input.truncate(16 * 1_024);
    input
}
