//! Every state that the rules can reach, in worlds small enough to look at all of them.
//!
//! Two people with two devices each, one switchboard, a first-in-first-out channel each way for every device.
//! In every state each thing that may happen next does happen: a frame arrives, the microphone opens, a person presses
//! what the screen offers, or time passes until the next timer fires. How long a frame takes is therefore
//! anything between no time and for ever, and a timer fires before, between and after all that is under way. The search
//! has no limit of depth: it ends because what people may do is limited (`Alphabet`), and says how much it saw.
//!
//! In each state: what `check` says. Of the whole: no run goes on for ever, and every run ends with all idle, nothing under
//! way, no timer, and one record with one end for each call.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::print_stdout,
    reason = "how much was seen is for people to read"
)]

mod check;
mod device;
mod mark;
mod model;
#[path = "../common/plain.rs"]
mod plain;
mod search;
mod server;
#[path = "../common/values.rs"]
mod values;

use model::Alphabet;

const ADA_1: usize = 0;
const ADA_2: usize = 1;
const BEN_1: usize = 2;
const BEN_2: usize = 3;

/// One dials, everybody does whatever the screen offers.
#[test]
fn one_call() {
    let seen = search::all(&Alphabet::new().dials(ADA_1));
    seen.at_least(1_000, 1_000);
}

/// Two dial each other, at once or one after the other.
#[test]
fn glare() {
    let seen = search::all(
        &Alphabet::new()
            .dials(ADA_1)
            .dials(BEN_1)
            .lies_there(ADA_2)
            .lies_there(BEN_2),
    );
    seen.at_least(1_000, 1_000);
}

/// A person dials from both devices.
#[test]
fn dialled_twice() {
    let seen = search::all(&Alphabet::new().dials(ADA_1).dials(ADA_2).lies_there(BEN_2));
    seen.at_least(1_000, 1_000);
}

/// The socket of a device that is called is lost.
#[test]
fn a_callee_without_socket() {
    let seen = search::all(
        &Alphabet::new()
            .dials(ADA_1)
            .loses_socket(BEN_1)
            .lies_there(ADA_2)
            .lies_there(BEN_2),
    );
    seen.at_least(1_000, 1_000);
}

/// The socket of the device that calls is lost.
#[test]
fn a_caller_without_socket() {
    let seen = search::all(
        &Alphabet::new()
            .dials(ADA_1)
            .loses_socket(ADA_1)
            .lies_there(ADA_2)
            .lies_there(BEN_2),
    );
    seen.at_least(1_000, 1_000);
}

/// What the losing device sees is as good as what the winning one does.
#[test]
fn a_loser_without_socket() {
    let seen = search::all(
        &Alphabet::new()
            .dials(ADA_1)
            .loses_socket(BEN_2)
            .lies_there(ADA_2),
    );
    seen.at_least(1_000, 1_000);
}
