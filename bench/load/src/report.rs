//! What was measured, as a table of docs/load.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::Failure;
use crate::server::Memory;
use crate::sign_in::Timing;
use crate::talk::Watched;

const BEGIN: &str = "<!-- measured -->\n";
const END: &str = "<!-- end of what was measured -->\n";

pub(crate) struct Stage {
    beside: &'static str,
    watched: Watched,
}

impl Stage {
    pub(crate) fn new(beside: &'static str, watched: Watched) -> Self {
        Self { beside, watched }
    }
}

pub(crate) struct Figures {
    pub(crate) stages: Vec<Stage>,
    pub(crate) idle_sockets: usize,
    pub(crate) idle_lost: usize,
    pub(crate) empty: Memory,
    pub(crate) with_crowd: Memory,
    /// After each flood.
    pub(crate) peaks: [Memory; 3],
    pub(crate) after: Memory,
    pub(crate) strangers: usize,
    pub(crate) slow: usize,
    pub(crate) sign_in_seconds: f64,
    pub(crate) sign_in_answers: BTreeMap<u16, usize>,
    pub(crate) timing: Timing,
}

impl Figures {
    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| beside them | messages | kept p50 | kept p99 | delivered p50 | delivered p99 | p99 beside quiet |\n\
             | --- | --: | --: | --: | --: | --: | --: |\n",
        );
        let quiet = self.stages.first();
        let quiet = quiet.map_or(0.0, |stage| stage.watched.delivered(99));
        for Stage { beside, watched } in &self.stages {
            let p99 = watched.delivered(99);
            // Writing to a String does not fail.
            let _written = writeln!(
                text,
                "| {beside} | {} | {:.1} ms | {:.1} ms | {:.1} ms | {p99:.1} ms | {:.1} × |",
                watched.count(),
                watched.kept(50),
                watched.kept(99),
                watched.delivered(50),
                p99 / quiet,
            );
        }
        let per_socket = (self.with_crowd.resident.saturating_sub(self.empty.resident)) as f64
            / self.idle_sockets as f64;
        let answers = self.sign_in_answers.iter();
        let answers: Vec<_> = answers
            .map(|(code, count)| format!("{count} × {code}"))
            .collect();
        let [first, second, third] = &self.peaks;
        let _written = write!(
            text,
            "\n- Memory of the server: {:.1} MiB with those who talk, {:.1} MiB with {} idle sockets ({per_socket:.1} KiB each), {:.1} MiB at \
             most by the end of the first flood, {:.1} MiB of the second, {:.1} MiB of the third, {:.1} MiB when all but those who talk had gone.\n\
             - The server closed {} idle sockets, and slow readers {} times; {} strangers came.\n\
             - A thousand sign-ins at once were answered within {:.1} s: {}.\n\
             - 2 × {} sign-ins with a wrong password, by turns: {:.2} ms (median) where the name exists, {:.2} ms where not; Welch's t {:.2}.\n",
            mib(self.empty.resident),
            mib(self.with_crowd.resident),
            self.idle_sockets,
            mib(first.most),
            mib(second.most),
            mib(third.most),
            mib(self.after.resident),
            self.idle_lost,
            self.slow,
            self.strangers,
            self.sign_in_seconds,
            answers.join(", "),
            self.timing.known.count(),
            self.timing.known.percentile(50),
            self.timing.unknown.percentile(50),
            self.timing.t,
        );
        text
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

/// Puts the table in the place of the one before.
pub(crate) fn write(file: &Path, table: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or("the file has no place for it")?;
    let (_, after) = rest
        .split_once(END)
        .ok_or("the place in the file has no end")?;
    Ok(std::fs::write(
        file,
        format!("{before}{BEGIN}{table}{END}{after}"),
    )?)
}
