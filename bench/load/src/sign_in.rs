//! Sign-ins: many at once, and whether their time tells who has an account.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Failure;
use crate::person::guess;
use crate::samples::{Samples, welch};
use crate::server::Server;

/// At once.
const RUSH: usize = 1_000;
/// Of each kind, for the comparison.
const COMPARED: usize = 1_000;

/// A thousand sign-ins at once: how long they took, and how many got each status.
pub(crate) async fn rush(server: SocketAddr) -> Result<(Duration, BTreeMap<u16, usize>), Failure> {
    let begun = Instant::now();
    let mut guesses = JoinSet::new();
    for number in 0..RUSH {
        guesses.spawn(async move { guess(server, &format!("rush{number}")).await });
    }
    let mut answers = BTreeMap::new();
    while let Some(status) = guesses.join_next().await {
        *answers.entry(status??).or_default() += 1;
    }
    Ok((begun.elapsed(), answers))
}

/// What the times of sign-ins say.
#[derive(Debug)]
pub(crate) struct Timing {
    pub(crate) known: Samples,
    pub(crate) unknown: Samples,
    pub(crate) t: f64,
}

/// Wrong passwords for names that exist and names that do not, one after the other, by turns.
pub(crate) async fn compare(server: &Server) -> Result<Timing, Failure> {
    let (mut known, mut unknown) = (Samples::default(), Samples::default());
    for number in 0..COMPARED {
        let exists = format!("idle{}", number % 400);
        let none = format!("none{}", number % 400);
        // Whoever is first in a turn changes, so that a rhythm of the machine meets both.
        for turn in [number % 2, (number + 1) % 2] {
            let (name, samples) = if turn == 0 {
                (&exists, &mut known)
            } else {
                (&none, &mut unknown)
            };
            let begun = Instant::now();
            let status = guess(server.address, name).await?;
            samples.add(begun.elapsed());
            if status != 401 {
                return Err(format!("a wrong password was answered with {status}").into());
            }
        }
    }
    let t = welch(&known, &unknown);
    Ok(Timing { known, unknown, t })
}
