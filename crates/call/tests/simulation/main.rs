//! Two or three people with up to three devices each, one switchboard, and a network that does its worst:
//! whatever happens, the rules hold.
//!
//! A seed decides everything: who there is, what the people do (`script`) and what the network, the
//! devices and the server do to them (`world`). `world/rules` says what must be true at every moment, what
//! soon after the network healed, and what when all is over. `hunt` runs the seeds, and for one that fails it
//! prints a shortened story and how to run it again.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::print_stdout,
    reason = "what the seeds saw is for people to read"
)]

mod hunt;
#[path = "../common/plain.rs"]
mod plain;
mod script;
#[path = "../common/values.rs"]
mod values;
mod world;

use script::Script;
use world::World;

/// Seeds that failed once, one a line with what was wrong; run first, on whatever seeds there are today.
const FAILED_BEFORE: &str = include_str!("seeds.txt");

/// Seeds of each test below. Together they are what `make test` runs.
const SEEDS_EACH: u64 = 50_000;

#[test]
fn seeds_that_failed_before() {
    let seeds = FAILED_BEFORE
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok());
    hunt::run(seeds);
}

/// What happens often enough to be proved: more than once in a thousand seeds.
const OFTEN: &[&str] = &[
    "rings",
    "connects",
    "talks",
    "hung up",
    "declined",
    "cancelled",
    "busy",
    "no answer",
    "unreachable",
    "failed",
    "lost",
    "replaced",
    "corrected",
    "silent",
    "quiet",
    "taken over",
    "answered during a call",
];

/// `SEED=17 cargo test -p call --test simulation asked` runs one seed and tells its story; `SEEDS=200000..300000`
/// runs others than the usual.
#[test]
fn seeds_that_are_asked_for() {
    if let Ok(seed) = std::env::var("SEED") {
        hunt::tell(seed.parse().unwrap());
    }
    if let Ok(seeds) = std::env::var("SEEDS") {
        let (first, last) = seeds.split_once("..").unwrap();
        hunt::run(first.parse().unwrap()..last.parse().unwrap());
    }
}

/// Two clients press call within two seconds of each other (fault 5 of the list of call faults).
#[test]
fn glare_becomes_one_call_that_connects() {
    for seed in 0..5_000 {
        World::new(&Script::of_glare(seed), false).glare();
    }
}

// Four tests, so that a runner that gives each test a process or a thread has all processors at work.

#[test]
fn the_first_quarter_of_the_seeds() {
    run_quarter(0);
}

#[test]
fn the_second_quarter_of_the_seeds() {
    run_quarter(1);
}

#[test]
fn the_third_quarter_of_the_seeds() {
    run_quarter(2);
}

#[test]
fn the_last_quarter_of_the_seeds() {
    run_quarter(3);
}

fn run_quarter(quarter: u64) {
    let seen = hunt::run(quarter * SEEDS_EACH..(quarter + 1) * SEEDS_EACH);
    assert_eq!(seen.of("seeds"), SEEDS_EACH);
    for what in OFTEN {
        // A world in which something never happens proves nothing of it.
        assert!(
            seen.of(what) * 1_000 > SEEDS_EACH,
            "{what} hardly ever happens:\n{seen}"
        );
    }
}
