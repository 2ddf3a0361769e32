//! Runs seeds. One that fails is shortened and told.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::script::{Script, Step};
use super::world::World;
use super::world::tally::Tally;

thread_local! {
    /// While a failing script is shortened, its many panics are nobody's business.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs seeds until one fails. Says what they saw.
pub(crate) fn run(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut seen = Tally::default();
    for seed in seeds {
        seen.count("seeds");
        let script = Script::of(seed);
        match play(&script, &script.steps, false) {
            Ok(world) => seen.add(world.tally),
            Err(_) => fail(&script),
        }
    }
    println!("{seen}");
    seen
}

/// Runs one seed and prints its whole story.
pub(crate) fn tell(seed: u64) {
    let script = Script::of(seed);
    match play(&script, &script.steps, true) {
        Ok(world) => println!(
            "{}\nseed {seed}: nothing is wrong",
            world.into_story().join("\n")
        ),
        Err(_) => fail(&script),
    }
}

/// Shortens a failing script as far as it goes, tells its story and fails the test.
fn fail(script: &Script) -> ! {
    let steps = shorten(script);
    let Err(Fault { words, story }) = play(script, &steps, true) else {
        unreachable!("a script that failed fails again: nothing in it is left to chance");
    };
    panic!(
        "seed {seed}: {words}\n\n{story}\n\nseed {seed}: {words}\n\
         What is above is the story shortened to {kept} of {all} steps. Run it again:\n\
         SEED={seed} cargo test -p call --test simulation asked\n\
         Once mended, add a line `{seed} <what was wrong>` to crates/call/tests/simulation/seeds.txt,\n\
         and a scenario or a test of the one rule that was broken.",
        seed = script.seed,
        kept = steps.len(),
        all = script.steps.len(),
        story = story.join("\n"),
    )
}

struct Fault {
    words: String,
    story: Vec<String>,
}

/// Leaves out as many steps as possible, larger runs of them first, as long as something still goes wrong.
fn shorten(script: &Script) -> Vec<Step> {
    let mut steps = script.steps.clone();
    let mut chunk = steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut shorter = false;
        while from < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(from..steps.len().min(from + chunk));
            if play(script, &fewer, false).is_err() {
                steps = fewer;
                shorter = true;
            } else {
                from += chunk;
            }
        }
        if chunk == 1 && !shorter {
            return steps;
        }
        chunk = chunk.div_ceil(2).max(1);
    }
}

/// Plays a script; the world at its end, or what went wrong.
fn play(script: &Script, steps: &[Step], told: bool) -> Result<World, Fault> {
    silence_while_quiet();
    let mut world = World::new(script, told);
    QUIET.set(true);
    let played = catch_unwind(AssertUnwindSafe(|| {
        for step in steps {
            world.wait(step.wait);
            world.act(step.action, step.pick);
        }
        world.come_to_rest();
    }));
    QUIET.set(false);
    match played {
        Ok(()) => Ok(world),
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
                .unwrap_or_else(|| "a panic without words".to_owned());
            let story = world.into_story();
            Err(Fault { words, story })
        }
    }
}

fn silence_while_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
}
