//! Measures what relaying voice costs: Ahoy, coturn and a bare UDP forwarder by turns, in one run on one machine.
//!
//! A stream is one direction of a call: 50 packets a second of 160 bytes, on a TURN channel. The rule kept here: all
//! contenders get the same packets from the same sockets in the same rounds, and the table says what the load generator
//! itself did, so that a reader sees whether it was in the way. It judges nothing: no figure makes it fail.
//!
//! `make bench` builds what is measured and runs this.

mod contender;
mod cpu;
mod forwarder;
mod load;
mod lock;
mod report;
mod round;
mod turn;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use contender::Kind;
use round::{Cell, Load, Measured};

/// How often every contender carries every load.
const ROUNDS_DEFAULT: usize = 3;

/// What is offered, row by row.
const LOADS: [Load; 4] = [
    Load::Voice { streams: 50 },
    Load::Voice { streams: 200 },
    Load::Voice { streams: 500 },
    Load::Saturated { streams: 200 },
];

/// What to do.
struct Task {
    /// The `ahoy` that is measured.
    ahoy: PathBuf,
    rounds: usize,
    /// A file whose table is replaced by the new one.
    write: Option<PathBuf>,
    /// Only those.
    kinds: Vec<Kind>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [command] = &arguments[..]
        && command == "forward"
    {
        return Ok(forwarder::run()?);
    }
    if let [command] = &arguments[..]
        && command == "lock"
    {
        report::show(&report::lock(&lock::measure()?));
        return Ok(());
    }
    let task = task(&arguments)?;
    let before = report::machine();
    let mut measured = Vec::new();
    for round in 0..task.rounds {
        for load in LOADS {
            // Another one begins each time, so that none always has the quieter moment.
            for place in 0..task.kinds.len() {
                let kind = task.kinds[(place + round) % task.kinds.len()];
                let cell = Cell { kind, load };
                let figures = round::measure(cell, &task.ahoy)?;
                report::progress(round, cell, &figures);
                measured.push(Measured { cell, figures });
            }
        }
    }
    let mut table = report::table(&before, &LOADS, &task.kinds, &measured);
    table.push('\n');
    table.push_str(&report::lock(&lock::measure()?));
    report::show(&table);
    match &task.write {
        Some(path) => Ok(report::write(path, &table)?),
        None => Ok(()),
    }
}

fn task(arguments: &[String]) -> Result<Task, String> {
    let mut task = Task {
        ahoy: PathBuf::from("target/release/ahoy"),
        rounds: ROUNDS_DEFAULT,
        write: None,
        kinds: Kind::ALL.to_vec(),
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .ok_or(format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--ahoy" => task.ahoy = value.into(),
            "--rounds" => {
                task.rounds = value
                    .parse()
                    .ok()
                    .filter(|&rounds| rounds > 0)
                    .ok_or(format!("--rounds {value}: give a number from 1"))?;
            }
            "--write" => task.write = Some(value.into()),
            "--only" => {
                let named = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
                task.kinds = value
                    .split(',')
                    .map(|name| {
                        named(name).ok_or(format!(
                            "--only {value}: the contenders are ahoy, coturn and forwarder"
                        ))
                    })
                    .collect::<Result<_, _>>()?;
            }
            _ => {
                return Err(format!(
                    "{argument} is unknown; there are --ahoy PATH, --rounds NUMBER, --only NAME,… and --write FILE"
                ));
            }
        }
    }
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in [
            &["--rounds", "0"][..],
            &["--rounds", "many"],
            &["--rounds"],
            &["--only", "ahoy,other"],
            &["--loud", "yes"],
        ] {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            assert!(task(&wrong).is_err(), "{wrong:?}");
        }
        let fine = ["--rounds", "5", "--only", "coturn,ahoy"].map(ToString::to_string);
        let fine = task(&fine).unwrap();
        assert_eq!(fine.rounds, 5);
        assert_eq!(fine.kinds, [Kind::Coturn, Kind::Ahoy]);
    }
}
