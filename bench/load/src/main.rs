//! What a crowd and a flood do to those who talk.
//!
//! One run: some pairs of people write to each other, first alone, then beside thousands of idle sockets, then beside readers
//! that do not read and strangers that flood the server as well, then while a thousand people sign in at once. Last, whether
//! the time that a sign-in takes tells who has an account. Everything is on this machine, so the flood takes
//! processor time from the server as it would not from elsewhere; limits that are counted for each network do
//! not hold it back here.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "it measures time, and makes ids as clients do"
)]
#![allow(
    clippy::cast_precision_loss,
    reason = "counts and sizes here are far below 2^52"
)]

mod crowd;
mod flood;
mod person;
mod report;
mod samples;
mod server;
mod sign_in;
mod socket;
mod talk;

use std::path::PathBuf;
use std::time::Duration;

use crowd::Crowd;
use report::{Figures, Stage};
use server::Server;
use talk::Talk;

/// Why a measurement ended early: said once, to whoever runs it.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Pairs of people who write to each other.
const PAIRS: usize = 40;
/// Sockets that do nothing but answer pings.
const IDLE_SOCKETS: usize = 5_000;
/// How long those who talk are watched in each stage.
const WATCHED: Duration = Duration::from_secs(30);

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(Options::read()?))
}

/// What was typed.
struct Options {
    ahoy: PathBuf,
    write: Option<PathBuf>,
}

impl Options {
    fn read() -> Result<Self, Failure> {
        let mut options = Self {
            ahoy: "target/release/ahoy".into(),
            write: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let value = arguments.next().ok_or("each option has a value")?;
            match argument.as_str() {
                "--ahoy" => options.ahoy = value.into(),
                "--write" => options.write = Some(value.into()),
                other => return Err(format!("{other}: --ahoy PROGRAM or --write FILE").into()),
            }
        }
        Ok(options)
    }
}

async fn measure(options: Options) -> Result<(), Failure> {
    server::raise_limit()?;
    let server = Server::start(&options.ahoy)?;
    let talk = Talk::begin(&server, PAIRS).await?;
    let empty = server.memory()?;

    let quiet = talk.watch(WATCHED).await?;
    say("alone", &quiet);

    let crowd = Crowd::gather(&server, IDLE_SOCKETS).await?;
    let with_crowd = server.memory()?;
    let idle = talk.watch(WATCHED).await?;
    say("idle sockets", &idle);

    let flood = Flood::pass(&server, &talk, "slow").await?;
    let peak = server.memory()?;
    say("flood", &flood.watched);

    let ((signing_in, answers), rushed) = {
        let rush = sign_in::rush(server.address);
        let watched = talk.watch(WATCHED / 3);
        let (rush, watched) = tokio::join!(rush, watched);
        (rush?, watched?)
    };
    say("a thousand sign-ins", &rushed);
    // What one flood has left behind is there for the next; a third one tells whether memory goes on growing.
    let second = Flood::pass(&server, &talk, "late").await?;
    let second_peak = server.memory()?;
    say("flood again", &second.watched);
    let third = Flood::pass(&server, &talk, "last").await?;
    let third_peak = server.memory()?;
    say("flood a third time", &third.watched);
    let lost = crowd.leave().await;
    let after = server.memory()?;
    let timing = sign_in::compare(&server).await?;

    let figures = Figures {
        stages: vec![
            Stage::new("nobody else", quiet),
            Stage::new("5,000 idle sockets", idle),
            Stage::new(
                "and 200 slow readers, and a flood of strangers",
                flood.watched,
            ),
            Stage::new("a thousand sign-ins at once", rushed),
            Stage::new("readers and flood once more", second.watched),
            Stage::new("and a third time", third.watched),
        ],
        idle_sockets: IDLE_SOCKETS,
        idle_lost: lost,
        empty,
        with_crowd,
        peaks: [peak, second_peak, third_peak],
        after,
        strangers: flood.strangers + second.strangers + third.strangers,
        slow: flood.slow + second.slow + third.slow,
        sign_in_seconds: signing_in.as_secs_f64(),
        sign_in_answers: answers,
        timing,
    };
    let text = figures.table();
    println!("{text}");
    if let Some(file) = options.write {
        report::write(&file, &text)?;
    }
    Ok(())
}

/// Slow readers and strangers, come and gone.
struct Flood {
    watched: talk::Watched,
    /// How many strangers came.
    strangers: usize,
    /// How often the server closed a slow reader.
    slow: usize,
}

impl Flood {
    async fn pass(server: &Server, talk: &Talk, names: &str) -> Result<Self, Failure> {
        let slow = flood::SlowReaders::gather(server, names).await?;
        let strangers = flood::Strangers::come(server.address);
        let watched = talk.watch(WATCHED).await?;
        Ok(Self {
            watched,
            strangers: strangers.leave().await,
            slow: slow.leave().await,
        })
    }
}

fn say(stage: &str, watched: &talk::Watched) {
    eprintln!("{stage}: {watched}");
}
