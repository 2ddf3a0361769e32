//! Everything that can happen to the relay, in any order, with sockets and without.
#![no_main]

use fuzz::{Step, World};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, Vec<Step>)| {
    let (with_sockets, steps) = input;
    let mut world = World::new(with_sockets);
    for step in steps {
        world.step(step);
    }
});
