//! Three organizations and chance: people, groups, grants, posts, removals, stops and faults, step by step; and
//! after every step the question whether anything crossed a boundary that was not allowed to at that moment.
//!
//! The houses are running servers in this process, on either database. All that goes from one to another passes
//! a wire of ours (`boundary.rs`), which also fails as networks fail. An oracle (`model.rs`) that is written from
//! the documents, not from `src/policy`, says what was allowed. A step is an act; then everything settles; then
//! (`checks.rs`):
//!
//! - every marked word that left a house was allowed to leave it, to that house, by that way, at that moment;
//! - every house has no more than it wrote or was given, and shows its people no more than they may see;
//! - each ledger has a line for what left, and for nothing else;
//! - in the end, when all faults are healed, both sides of each grant agree.
//!
//! A step is a number from which all its choices follow, so the same seed plays the same again, and a failure is
//! looked for in fewer steps. `just simulate SEED STEPS` plays long ones.

mod acts;
mod boundary;
mod checks;
mod model;
mod organization;
mod stories;

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use boundary::{Boundary, Exchange};
use model::{HOUSES, House, Model, words_in};
use organization::Organization;

use crate::support::dice::Dice;
use crate::support::requirements::{Backend, backends};

/// The seed that every run of the suite plays.
const SEED: u64 = 20_261_130;
/// Steps of the suite's short form.
const STEPS: usize = 40;
/// How long everything may take to settle after an act. Generous: the machine may be compiling.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// What passes by itself with each step: so that no two acts are of the same moment.
const TICK: Duration = Duration::from_secs(2);
/// How long a failure is looked for in fewer steps.
const SHRINK_FOR: Duration = Duration::from_secs(40);

const NAMES: [&str; HOUSES] = ["acme", "birch", "cedar"];

/// What went wrong.
type Problem = String;

pub struct Simulation {
    houses: Vec<Organization>,
    boundary: Boundary,
    model: Model,
    /// The oracle before the act of this step.
    before: Model,
    /// When the act of this step was done.
    acted_at: i64,
    /// What each house was given, by its marked words.
    given: [BTreeSet<usize>; HOUSES],
    /// The last line of each ledger that was looked at.
    ledger_until: [i64; HOUSES],
    /// Who was named to whom, where partners are kept apart.
    named: BTreeSet<(usize, House, String)>,
    /// What happened at all: a world in which nothing leaves would agree with everything.
    tally: Tally,
    /// A house was cut off in this step.
    crashed: bool,
    /// By how much the clocks are ahead.
    ahead: Duration,
    story: Vec<String>,
}

impl Simulation {
    /// Three partners, each with a group that is open to the other two. None where the database is missing.
    async fn begin(backend: Backend) -> Option<Self> {
        let mut simulation = Self::strangers(backend).await?;
        simulation.acquaint().await;
        Some(simulation)
    }

    /// Three organizations that know nothing of each other.
    async fn strangers(backend: Backend) -> Option<Self> {
        let boundary = Boundary::default();
        let mut houses = Vec::new();
        for name in NAMES {
            houses.push(Organization::found(name, backend, &boundary).await?);
        }
        Some(Self {
            houses,
            boundary,
            model: Model::default(),
            before: Model::default(),
            acted_at: 0,
            given: [const { BTreeSet::new() }; HOUSES],
            ledger_until: [0; HOUSES],
            named: BTreeSet::new(),
            tally: Tally::default(),
            crashed: false,
            ahead: Duration::ZERO,
            story: Vec::new(),
        })
    }

    async fn end(mut self) {
        for house in &mut self.houses {
            house.stop().await;
        }
        self.boundary.close();
    }

    fn now(&self) -> i64 {
        self.boundary.now()
    }

    /// Moves all clocks.
    fn pass(&mut self, time: Duration) {
        for house in &self.houses {
            house.app.clock.advance(time);
        }
        self.boundary.advance(time);
        self.ahead += time;
        let now = self.now();
        self.model.expire(now);
    }

    /// One step, of which everything follows from a number.
    async fn step(&mut self, number: u64) -> Result<(), Problem> {
        let mut dice = Dice::new(number);
        self.crashed = false;
        self.pass(TICK);
        self.before = self.model.clone();
        if let Some(told) = self.act(&mut dice).await? {
            self.story.push(told);
            self.tally.acts += 1;
        }
        self.settle_and_check().await
    }

    /// Waits until nothing is left to be done now, in any house.
    async fn settle(&mut self) -> Result<(), Problem> {
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 2 {
            let now = self.now();
            let open: Vec<String> = self
                .houses
                .iter()
                .map(|house| house.unsettled(now))
                .collect();
            let all = open.iter().all(|counts| counts == "0 0 0 0") && self.boundary.is_quiet();
            quiet = if all { quiet + 1 } else { 0 };
            if begun.elapsed() > SETTLES_WITHIN {
                return Err(format!(
                    "it does not settle: events, arrivals, deliveries, errands are {open:?}"
                ));
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        Ok(())
    }
}

/// How much went by.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    acts: usize,
    deliveries: usize,
    /// Marked words that left.
    words: usize,
    /// Documents and files that were shown.
    shown: usize,
    /// … and that were not.
    hidden: usize,
    /// Requests that came to grief on their way.
    lost: usize,
    /// Lines of the three ledgers.
    lines: usize,
}

impl Tally {
    fn count(&mut self, exchange: &Exchange) {
        self.deliveries += usize::from(exchange.is_delivery());
        self.words += words_in(&exchange.sent).len();
        for (status, answer) in &exchange.answers {
            self.words += words_in(answer).len();
            let read = exchange.method == "GET";
            self.shown += usize::from(read && *status == 200);
            self.hidden += usize::from(read && *status != 200);
        }
        self.lost += usize::from(!exchange.answered);
    }
}

/// A run that went wrong: after how many steps, why, and what was done.
struct Failure {
    steps: usize,
    problem: Problem,
    story: Vec<String>,
}

/// Plays these steps; none where the database is missing.
async fn play(backend: Backend, script: &[u64]) -> Option<Result<Tally, Failure>> {
    let mut simulation = Simulation::begin(backend).await?;
    let mut outcome = Ok(());
    let mut steps = 0;
    for number in script {
        steps += 1;
        outcome = simulation.step(*number).await;
        if outcome.is_err() {
            break;
        }
    }
    if outcome.is_ok() {
        outcome = simulation.conclude().await;
    }
    if outcome.is_err() {
        let left: Vec<String> = simulation
            .houses
            .iter()
            .flat_map(Organization::left_over)
            .collect();
        simulation.story.extend(left);
    }
    let (story, tally) = (simulation.story.clone(), simulation.tally);
    simulation.end().await;
    Some(match outcome {
        Ok(()) => Ok(tally),
        Err(problem) => Err(Failure {
            steps,
            problem,
            story,
        }),
    })
}

fn script(seed: u64, steps: usize) -> Vec<u64> {
    let mut dice = Dice::new(seed);
    (0..steps).map(|_| dice.below(usize::MAX) as u64).collect()
}

/// Plays a seed; where it fails, looks for fewer steps that fail and tells them.
async fn simulate(backend: Backend, seed: u64, steps: usize) -> Option<Tally> {
    let mut script = script(seed, steps);
    let begun = Instant::now();
    let mut failure = match play(backend, &script).await {
        None => return None,
        Some(Ok(tally)) => {
            let took = begun.elapsed();
            println!("{backend:?}: {steps} steps of seed {seed} in {took:?}: {tally:?}");
            return Some(tally);
        }
        Some(Err(failure)) => failure,
    };
    let all = failure.steps;
    script.truncate(failure.steps);
    let begun = Instant::now();
    let mut piece = script.len() / 2;
    while piece > 0 && begun.elapsed() < SHRINK_FOR {
        let mut from = 0;
        while from < script.len() && begun.elapsed() < SHRINK_FOR {
            let mut fewer = script.clone();
            fewer.drain(from..(from + piece).min(script.len()));
            match play(backend, &fewer).await {
                Some(Err(again)) => {
                    fewer.truncate(again.steps);
                    (script, failure) = (fewer, again);
                }
                _ => from += piece,
            }
        }
        piece /= 2;
    }
    panic!(
        "{backend:?}, GUILDHALL_TEST_SEED={seed}: {} in step {all}; {} of these steps are enough:\n{}",
        failure.problem,
        script.len(),
        failure.story.join("\n")
    );
}

/// A seed that nobody has played.
fn fresh() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a time after 1970").as_micros() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_is_what_was_allowed_in_a_world_that_is_always_the_same() {
    for backend in backends() {
        let Some(tally) = simulate(backend, SEED, STEPS).await else {
            continue;
        };
        let enough = [
            tally.acts > 25,
            tally.deliveries > 30,
            tally.words > 10,
            tally.shown > 15,
            tally.lines > 40,
        ];
        assert!(!enough.contains(&false), "nothing happens there: {tally:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "another world each time: the suite plays one that it knows"]
async fn what_leaves_is_what_was_allowed_in_a_world_nobody_has_seen() {
    for backend in backends() {
        simulate(backend, Dice::seed_or(fresh()), STEPS).await;
    }
}

/// `just simulate SEED STEPS`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes as long as it is told to"]
async fn long() {
    let steps = std::env::var("GUILDHALL_TEST_STEPS").ok();
    let steps = steps.map_or(2_000, |text| text.parse().expect("a number"));
    for backend in backends() {
        simulate(backend, Dice::seed_or(SEED), steps).await;
    }
}
