//! `vectors.json` says what this crate does, so that other implementations can be held to it; the web client's is.
//!
//! After a change on purpose, `UPDATE_VECTORS=1 cargo test -p identity --test vectors` writes it anew. That breaks every client of
//! before: the label of what changed then needs the next number.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;

use common::{attempt, call, device, first_answer, first_offer, hex, known, next, nonce, user};
use identity::check::{Known, check};
use identity::code::{Revealed, code, commitment, mark};
use identity::endorsement::{endorse, endorsed_bytes, is_endorsed};
use identity::layout::{End, signed_bytes};
use identity::pictures::TABLE;
use identity::standing::{Pin, is_kept_without_comparing, standing};
use protocol::call::Role;
use protocol::description::{CallDescription, DescriptionKind};
use serde_json::{Value, json};

#[test]
fn vectors_are_what_this_crate_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors.json");
    let vectors = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(path, vectors).unwrap();
    } else {
        assert_eq!(std::fs::read_to_string(path).unwrap(), vectors);
    }
}

fn vectors() -> Value {
    json!({
        "descriptions": descriptions(),
        "codes": codes(),
        "marks": marks(),
        "endorsements": endorsements(),
        "standings": standings(),
        "pictures": TABLE.as_slice(),
    })
}

/// What was signed, by whom, and what its receiver makes of it.
fn descriptions() -> Vec<Value> {
    let (ada, bob) = (device(1, Role::Caller), device(2, Role::Callee));
    let offer = first_offer(&ada);
    let answer = first_answer(&bob, &ada);
    let restart = next(&bob, &ada, DescriptionKind::Offer);
    let mut swapped = answer.clone();
    swapped.fingerprint = common::fingerprint(9);
    let mut stripped = offer.clone();
    stripped.identity.code = None;
    let mut replayed = answer.clone();
    replayed.identity.attempt = attempt(9);
    let eve = device(5, Role::Callee);
    let intruding = next(&eve, &ada, DescriptionKind::Offer);
    let call = call();
    let vector = |says: &str, known: &Known<'_>, description: &CallDescription| {
        let other = Some(known.own).filter(|_| !description.begins());
        let bytes = signed_bytes(known.call, known.role.other(), description, other);
        json!({
            "says": says,
            "receiver": {
                "role": known.role, "own": end(known.own), "other": known.other.map(end),
                "attempt": call.attempt, "caller": call.caller, "callee": call.callee,
            },
            "description": description,
            "signed": hex(&bytes),
            "forged": check(known, description).err().map(|why| format!("{why:?}").to_lowercase()),
        })
    };
    vec![
        vector("an offer that begins", &known(&call, &bob, None), &offer),
        vector("its answer", &known(&call, &ada, None), &answer),
        vector(
            "an offer that goes on",
            &known(&call, &ada, Some(&bob.end)),
            &restart,
        ),
        vector("a swapped certificate", &known(&call, &ada, None), &swapped),
        vector("no commitment", &known(&call, &bob, None), &stripped),
        vector("another call", &known(&call, &ada, None), &replayed),
        vector("one's own word", &known(&call, &ada, None), &offer),
        vector(
            "another device within a connection",
            &known(&call, &ada, Some(&bob.end)),
            &intruding,
        ),
    ]
}

fn codes() -> Vec<Value> {
    let connection = |offerer: u8, answerer: u8| {
        let end = |n| device(n, Role::Caller).end;
        Revealed {
            attempt: attempt(1),
            offerer: end(offerer),
            answerer: end(answerer),
            offered: nonce(offerer),
            answered: nonce(answerer),
        }
    };
    [connection(1, 2), connection(2, 1), connection(3, 200)]
        .iter()
        .map(|it| {
            json!({
                "attempt": it.attempt, "offerer": end(&it.offerer), "answerer": end(&it.answerer),
                "offered": it.offered, "answered": it.answered,
                "commitment": commitment(it.attempt, &it.offerer.fingerprint, &it.offered),
                "code": code(it),
            })
        })
        .collect()
}

fn marks() -> Vec<Value> {
    [1, 2]
        .map(|n| {
            let key = device(n, Role::Caller).end.key;
            json!({ "account": user(n), "key": key, "mark": mark(user(n), &key) })
        })
        .into()
}

fn endorsements() -> Vec<Value> {
    let (old, new, other) = (
        device(1, Role::Caller),
        device(2, Role::Caller),
        device(3, Role::Caller),
    );
    let good = endorse(&old.key, user(1), &new.end.key);
    let itself = endorse(&new.key, user(1), &new.end.key);
    [
        (user(1), &new.end.key, &good),
        (user(2), &new.end.key, &good),
        (user(1), &other.end.key, &good),
        (user(1), &new.end.key, &itself),
    ]
    .map(|(account, key, endorsement)| {
        json!({
            "account": account, "key": key, "endorsement": endorsement,
            "signed": hex(&endorsed_bytes(account, key)),
            "holds": is_endorsed(account, key, endorsement),
        })
    })
    .into()
}

fn standings() -> Vec<Value> {
    let key = |n: u8| device(n, Role::Caller).end.key;
    let pin = |n: u8, verified| Pin {
        key: key(n),
        verified,
    };
    let all = [
        (vec![], Some(vec![])),
        (vec![], Some(vec![1])),
        (vec![pin(3, false)], Some(vec![])),
        (vec![pin(3, true)], Some(vec![])),
        (vec![pin(1, false)], Some(vec![])),
        (vec![pin(1, true)], Some(vec![])),
        (vec![pin(1, false)], Some(vec![1])),
        (vec![pin(1, true)], Some(vec![1])),
        (vec![pin(1, true)], Some(vec![2])),
        (vec![pin(3, false), pin(1, true)], Some(vec![1])),
        (vec![], None),
        (vec![pin(3, true)], None),
    ];
    all.iter()
        .map(|(pins, endorsed_by)| {
            let endorsed_by = endorsed_by
                .as_ref()
                .map(|keys| keys.iter().map(|&n| key(n)).collect::<Vec<_>>());
            json!({
                "pins": pins.iter().map(|pin| json!({ "key": pin.key, "verified": pin.verified })).collect::<Vec<_>>(),
                "key": key(3), "endorsed_by": endorsed_by,
                "standing": standing(pins, &key(3), endorsed_by.as_deref()),
                "kept_without_comparing": is_kept_without_comparing(pins),
            })
        })
        .collect()
}

fn end(end: &End) -> Value {
    json!({ "key": end.key, "fingerprint": end.fingerprint })
}
