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

/// One dials, and on all four devices everything is pressed that the screens offer: answered, rejected and cancelled at
/// once, by whomever, before and after every timeout.
#[test]
fn one_call() {
    let seen = search::all(&Alphabet::new().dials(ADA_1));
    seen.at_least(300_000, 450_000);
}

/// Two dial each other at once, or one of them before the word of the other's call has come.
#[test]
fn glare() {
    let alphabet = Alphabet::new().dials(ADA_1).dials(BEN_1);
    let seen = search::all(&alphabet.without(ADA_2).without(BEN_2));
    seen.at_least(250_000, 400_000);
}

/// As before, and another device rings with the first call.
#[test]
fn glare_while_another_device_rings() {
    let alphabet = Alphabet::new().dials(ADA_1).dials(BEN_1);
    let seen = search::all(&alphabet.without(ADA_2).lies_there(BEN_2));
    seen.at_least(2_000_000, 3_000_000);
}

/// A person dials from both devices: the second call takes the place of the first.
#[test]
fn dialled_twice() {
    let alphabet = Alphabet::new().dials(ADA_1).dials(ADA_2);
    let seen = search::all(&alphabet.without(BEN_2));
    seen.at_least(5_000_000, 8_000_000);
}

/// The call is moved to the other device of the one who was called.
#[test]
fn taken_by_the_callee() {
    let alphabet = Alphabet::new().dials(ADA_1).takes(BEN_2);
    let seen = search::all(&alphabet.without(ADA_2));
    seen.at_least(2_000_000, 4_000_000);
}

/// The call is moved to the other device of the one who called.
#[test]
fn taken_by_the_caller() {
    let alphabet = Alphabet::new().dials(ADA_1).takes(ADA_2);
    let seen = search::all(&alphabet.without(BEN_2));
    seen.at_least(300_000, 600_000);
}

// The second configuration: the same with a socket that is lost once, at any moment, with all that is under way; each end
// notices at any moment after that, and the client comes back, is greeted with the snapshot, and sends again what has
// no answer. The bystanders are told and ring, but nobody presses anything there.

/// The device that is called loses its socket.
#[test]
fn a_callee_without_socket() {
    let alphabet = Alphabet::new().dials(ADA_1).loses_socket(BEN_1);
    let seen = search::all(&alphabet.lies_there(ADA_2).lies_there(BEN_2));
    seen.at_least(500_000, 900_000);
}

/// The device that calls loses its socket.
#[test]
fn a_caller_without_socket() {
    let alphabet = Alphabet::new().dials(ADA_1).loses_socket(ADA_1);
    let seen = search::all(&alphabet.lies_there(ADA_2).lies_there(BEN_2));
    seen.at_least(500_000, 900_000);
}
