//! What somebody between the two devices may try: nothing that they change is taken, and the code tells them apart.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{attempt, call, device, fingerprint, first_answer, first_offer, known, next, nonce};
use identity::check::{Forged, check};
use identity::code::{Revealed, code, commitment};
use identity::layout::End;
use protocol::call::Role;
use protocol::description::{CallDescription, CodeNonce, DescriptionKind, Fingerprint};
use sha2::{Digest as _, Sha256};

#[test]
fn what_two_honest_devices_send_is_taken() {
    let (ada, bob) = (device(1, Role::Caller), device(2, Role::Callee));
    let call = call();
    let offer = first_offer(&ada);
    let answer = first_answer(&bob, &ada);
    assert_eq!(check(&known(&call, &bob, None), &offer), Ok(()));
    assert_eq!(check(&known(&call, &ada, None), &answer), Ok(()));
    let restart = next(&bob, &ada, DescriptionKind::Offer);
    let again = next(&ada, &bob, DescriptionKind::Answer);
    assert_eq!(check(&known(&call, &ada, Some(&bob.end)), &restart), Ok(()));
    assert_eq!(check(&known(&call, &bob, Some(&ada.end)), &again), Ok(()));
}

#[test]
fn nothing_in_a_description_can_be_changed() {
    let (ada, bob) = (device(1, Role::Caller), device(2, Role::Callee));
    let call = call();
    let known = known(&call, &ada, None);
    let answer = serde_json::to_value(first_answer(&bob, &ada)).unwrap();
    let other = "99".repeat(32);
    let spoils: [fn(&mut serde_json::Value, &str); 15] = [
        |d, _| d["epoch"] = 259.into(),
        |d, _| d["ufrag"] = "Yx3/".into(),
        |d, _| d["pwd"] = "q8W1vHkq0mXk9pYc2dRt5uZb".into(),
        |d, other| d["fingerprint"] = other.into(),
        |d, _| d["dtls"] = "passive".into(),
        |d, _| d["codecs"][1]["cbr"] = false.into(),
        |d, _| d["codecs"][1]["dtx"] = true.into(),
        |d, _| d["codecs"][1]["max_average_bitrate"] = 6_000.into(),
        |d, _| drop(d["codecs"].as_array_mut().unwrap().remove(0)),
        |d, _| d["extensions"][0]["id"] = 5.into(),
        |d, _| drop(d["extensions"].as_array_mut().unwrap().pop()),
        |d, _| d["direction"] = "inactive".into(),
        |d, other| d["identity"]["key"] = other.into(),
        |d, other| d["identity"]["code"]["nonce"] = other.into(),
        |d, other| d["identity"]["signature"] = other.repeat(2).into(),
    ];
    for (i, spoil) in spoils.into_iter().enumerate() {
        let mut bad = answer.clone();
        spoil(&mut bad, &other);
        let bad: CallDescription = serde_json::from_value(bad).unwrap();
        assert_eq!(check(&known, &bad), Err(Forged::Signature), "{i}");
    }
}

#[test]
fn texts_of_the_greatest_length_leave_no_doubt_where_they_end() {
    let (ada, bob) = (device(1, Role::Caller), device(2, Role::Callee));
    let call = call();
    let mut long = first_answer(&bob, &ada);
    long.ufrag = "a".repeat(256).parse().unwrap();
    long.pwd = "b".repeat(256).parse().unwrap();
    let mut other = long.clone();
    other.ufrag = "a".repeat(255).parse().unwrap();
    let bytes = |d| identity::layout::signed_bytes(&call, Role::Callee, d, Some(&ada.end));
    assert_ne!(bytes(&long), bytes(&other));
    assert_eq!(bytes(&long).len(), bytes(&other).len() + 1);
}

#[test]
fn a_description_of_another_call_another_side_or_another_end_is_refused() {
    let (ada, bob) = (device(1, Role::Caller), device(2, Role::Callee));
    let name = call();
    let answer = first_answer(&bob, &ada);
    let offer = first_offer(&ada);
    let mut elsewhere = name;
    elsewhere.attempt = attempt(9);
    let replayed = check(&known(&elsewhere, &ada, None), &answer);
    assert_eq!(replayed, Err(Forged::Attempt));
    let mut somebody = name;
    somebody.callee = common::user(9);
    let misnamed = check(&known(&somebody, &ada, None), &answer);
    assert_eq!(misnamed, Err(Forged::Signature));
    // What Ada said herself, given back to her.
    let mirrored = check(&known(&name, &ada, None), &offer);
    assert_eq!(mirrored, Err(Forged::Signature));
    // Bob answered an offer whose certificate somebody had swapped.
    let mut mallory = device(1, Role::Caller);
    mallory.end.fingerprint = fingerprint(7);
    let swapped = check(&known(&name, &ada, None), &first_answer(&bob, &mallory));
    assert_eq!(swapped, Err(Forged::Signature));
    // Another device answers within a connection.
    let eve = device(5, Role::Callee);
    let intruding = next(&eve, &ada, DescriptionKind::Offer);
    let known = known(&name, &ada, Some(&bob.end));
    assert_eq!(check(&known, &intruding), Err(Forged::End));
}

#[test]
fn a_connection_has_one_beginning() {
    let (ada, bob) = (device(1, Role::Caller), device(2, Role::Callee));
    let call = call();
    let fresh = known(&call, &bob, None);
    let running = known(&call, &bob, Some(&ada.end));
    let restart = next(&ada, &bob, DescriptionKind::Offer);
    assert_eq!(check(&fresh, &restart), Err(Forged::Beginning));
    assert_eq!(check(&running, &first_offer(&ada)), Err(Forged::Beginning));
    let mut stripped = first_offer(&ada);
    stripped.identity.code = None;
    assert_eq!(check(&fresh, &stripped), Err(Forged::Beginning));
}

/// Attempts of somebody who swaps certificates.
const ATTEMPTS: u32 = 10_000;

/// What she tries in each of them before she has to send something.
const TRIES: usize = 4;

/// Mallory sits between Ada and Bob, talks to each with certificates of her own, and wants both to see the same code. To Bob she
/// has offered and knows what he sees. To Ada she answers before Ada reveals: she guesses Ada's nonce, and of the answers that
/// she tries she sends the one that would come closest if she had guessed right.
#[test]
fn whoever_swaps_certificates_hits_the_code_by_chance_alone() {
    let mut dice = Dice(0);
    let (mut hits, mut hoped) = ([0_u32; 6], 0);
    for _ in 0..ATTEMPTS {
        let bob_sees = code(&connection(&mut dice, None));
        let guessed: CodeNonce = dice.hex();
        let tries: [Revealed; TRIES] =
            std::array::from_fn(|_| connection(&mut dice, Some(guessed.clone())));
        let closest = |one: &Revealed| equal(code(one), bob_sees);
        let mut sent = tries.into_iter().max_by_key(closest).unwrap();
        hoped += u32::from(closest(&sent) > 0);
        sent.offered = dice.hex();
        for hit in &mut hits[..=equal(code(&sent), bob_sees)] {
            *hit += 1;
        }
    }
    // She gets what she wants of her guesses, four times as often as by chance: 610 of 10,000.
    assert!((490..=730).contains(&hoped), "{hoped}");
    // And nothing of what both see. One picture by chance: 156 of 10,000, with a standard deviation of 12.4. Two: 2.4 of 10,000.
    assert_eq!(hits[0], ATTEMPTS);
    assert!((100..=212).contains(&hits[1]), "{hits:?}");
    assert!(hits[2] <= 12, "{hits:?}");
    assert_eq!(hits[4], 0, "{hits:?}");
}

/// To Bob she offers, and promises a nonce before he sends his. Then she knows all of it and looks for another nonce that makes
/// him see what Ada sees. There are such nonces, and none of them is the promised one.
#[test]
fn whoever_offers_cannot_choose_the_nonce_after_the_answer() {
    let mut dice = Dice(1);
    let with_bob = connection(&mut dice, None);
    let promise = |nonce: &CodeNonce| {
        let own = &with_bob.offerer.fingerprint;
        commitment(with_bob.attempt, own, nonce)
    };
    let promised = promise(&with_bob.offered);
    let ada_sees = code(&connection(&mut dice, None));
    let mut wanted = 0_u32;
    for _ in 0..ATTEMPTS {
        let mut other = with_bob.clone();
        other.offered = dice.hex();
        wanted += u32::from(equal(code(&other), ada_sees) > 0);
        assert_ne!(promise(&other.offered), promised);
    }
    assert!((100..=212).contains(&wanted), "{wanted}");
}

/// The same with no commitment: Mallory knows Ada's nonce when she answers, and tries nonces of her own until the codes agree. Two
/// pictures show it; five take 2³⁰ tries.
#[test]
fn without_a_commitment_the_code_would_be_worth_nothing() {
    let mut dice = Dice(1);
    for _ in 0..10 {
        let known: CodeNonce = dice.hex();
        let bob_sees = code(&connection(&mut dice, None));
        let mut try_one = || code(&connection(&mut dice, Some(known.clone())));
        let found = (0..100_000).any(|_| try_one()[..2] == bob_sees[..2]);
        assert!(found);
    }
}

#[test]
fn a_commitment_fits_one_nonce_one_certificate_and_one_call() {
    let of = |a, f, n| commitment(attempt(a), &fingerprint(f), &nonce(n));
    let all = [of(1, 1, 1), of(2, 1, 1), of(1, 2, 1), of(1, 1, 2)];
    for (i, one) in all.iter().enumerate() {
        assert!(!all[..i].contains(one));
    }
    assert_eq!(of(1, 1, 1), all[0]);
}

/// How many pictures agree, from the first on.
fn equal(one: [u8; 5], other: [u8; 5]) -> usize {
    (0..5).take_while(|&i| one[i] == other[i]).count()
}

/// A connection with ends and nonces at random, but for the offerer's nonce where that is given.
fn connection(dice: &mut Dice, offered: Option<CodeNonce>) -> Revealed {
    let end = |dice: &mut Dice| End {
        key: dice.hex(),
        fingerprint: dice.hex::<Fingerprint>(),
    };
    Revealed {
        attempt: attempt(1),
        offerer: end(dice),
        answerer: end(dice),
        offered: offered.unwrap_or_else(|| dice.hex()),
        answered: dice.hex(),
    }
}

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn hex<T: std::str::FromStr<Err: std::fmt::Debug>>(&mut self) -> T {
        self.0 += 2;
        let hash = Sha256::digest(self.0.to_be_bytes());
        common::hex(&hash).parse().unwrap()
    }
}
