//! What is told: a line for each measurement, a table of the medians at the end.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::contender::Kind;
use crate::lock::Passed;
use crate::round::{Cell, Figures, Load, Measured};

/// Between these lines of a file stands the table.
const MARKS: [&str; 2] = ["<!-- relay bench -->", "<!-- end of relay bench -->"];

/// The machine, and how busy it was before anything began.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
        .unwrap_or("unknown processor")
        .trim()
        .to_owned();
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let kernel = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    format!(
        "{}, {cores} cores of {model}, Linux {kernel}; load of the machine before: {load}",
        today()
    )
}

/// In UTC, as `2026-11-22`.
fn today() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of a program that measures"
    )]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let days = now.unwrap_or_default().as_secs() / 86_400;
    let (year, month, day) = date(days);
    format!("{year}-{month:02}-{day:02}")
}

/// The date so many days after 1 January 1970, by counting from year to year and from month to month.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

pub(crate) fn progress(round: usize, cell: Cell, figures: &Figures) {
    let line = Line::of(&[figures]);
    let _ = writeln!(
        io::stderr(),
        "round {}: {:<18} {:<10} {line}",
        round + 1,
        name(cell.load),
        cell.kind.name()
    );
}

/// The medians of all rounds.
pub(crate) fn table(
    machine: &str,
    loads: &[Load],
    kinds: &[Kind],
    measured: &[Measured],
) -> String {
    let mut table = format!(
        "{machine}.\n\n\
         | load | | CPU, µs per packet | packets/s | lost | delay p50 / p99 | its CPU | the generator's CPU | sent of offered |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for &load in loads {
        for &kind in kinds {
            let cell = Cell { kind, load };
            let of_cell: Vec<&Figures> = measured
                .iter()
                .filter(|one| one.cell == cell)
                .map(|one| &one.figures)
                .collect();
            let _ = writeln!(
                table,
                "| {} | {} {} |",
                name(load),
                kind.name(),
                Line::of(&of_cell)
            );
        }
    }
    table
}

/// What passes through the relay's lock.
pub(crate) fn lock(passed: &[Passed]) -> String {
    let mut line = "The relay without sockets, its one lock included:".to_owned();
    for (
        place,
        &Passed {
            threads,
            packets_per_second,
        },
    ) in passed.iter().enumerate()
    {
        let comma = if place == 0 { "" } else { "," };
        let threads = match threads {
            1 => "a thread".to_owned(),
            threads => format!("{threads} threads"),
        };
        let _ = write!(line, "{comma} {threads} {packets_per_second} packets/s");
    }
    line + ".\n"
}

fn name(load: Load) -> String {
    match load {
        Load::Voice { streams } => format!("{streams} streams"),
        Load::Saturated { .. } => "saturated".to_owned(),
    }
}

/// The medians of some rounds, in the units in which they are shown.
#[derive(Debug, Clone, Copy)]
struct Line {
    cpu_per_packet: f64,
    packets_per_second: f64,
    lost: f64,
    delay_p50: f64,
    delay_p99: f64,
    server_busy: f64,
    own_busy: f64,
    sent: f64,
}

impl Line {
    fn of(rounds: &[&Figures]) -> Self {
        let all =
            |figure: fn(&Figures) -> f64| median(rounds.iter().map(|it| figure(it)).collect());
        Self {
            cpu_per_packet: all(|it| micros(it.server_cpu) / number(it.received)),
            packets_per_second: all(|it| number(it.received) / it.wall.as_secs_f64()),
            lost: all(|it| 100.0 * (1.0 - number(it.received) / number(it.sent))),
            delay_p50: all(|it| micros(percentile(&it.delays, 50))),
            delay_p99: all(|it| micros(percentile(&it.delays, 99))),
            server_busy: all(|it| 100.0 * it.server_cpu.as_secs_f64() / it.wall.as_secs_f64()),
            own_busy: all(|it| 100.0 * it.own_cpu.as_secs_f64() / it.wall.as_secs_f64()),
            sent: all(|it| 100.0 * number(it.sent) / number(it.offered)),
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "| {:.1} | {:.0} | {:.2} % | {:.0} / {:.0} µs | {:.0} % | {:.0} % | {:.1} %",
            self.cpu_per_packet,
            self.packets_per_second,
            self.lost,
            self.delay_p50,
            self.delay_p99,
            self.server_busy,
            self.own_busy,
            self.sent
        )
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of packets are far below 2^52"
)]
fn number(count: u64) -> f64 {
    count as f64
}

/// Of an odd number of values the one in the middle, else the mean of the two; not a number where there are none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(&high) if values.len() % 2 == 1 => high,
        Some(&high) => f64::midpoint(values[middle - 1], high),
    }
}

/// Of sorted values; nothing where there are none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = sorted.len() * percent / 100;
    let last = sorted.len().saturating_sub(1);
    sorted.get(place.min(last)).copied().unwrap_or_default()
}

pub(crate) fn show(table: &str) {
    // Who closed the output does not want it.
    let _ = io::stdout().write_all(table.as_bytes());
}

pub(crate) fn complain(error: &dyn Error) {
    let _ = writeln!(io::stderr(), "relay-bench: {error}");
}

/// Puts the table into a file in place of the last one.
pub(crate) fn write(path: &Path, table: &str) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let replaced = replaced(&text, table).ok_or_else(|| {
        io::Error::other(format!(
            "{} lacks the lines {} and {}",
            path.display(),
            MARKS[0],
            MARKS[1]
        ))
    })?;
    fs::write(path, replaced)
}

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(MARKS[0])?;
    let (_, after) = rest.split_once(MARKS[1])?;
    Some(format!(
        "{before}{}\n\n{table}\n{}{after}",
        MARKS[0], MARKS[1]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_779), (2026, 11, 22));
        assert_eq!(date(20_818), (2026, 12, 31));
    }

    #[test]
    fn medians_are_of_all_rounds() {
        let fast = figures(100, 100);
        let slow = figures(300, 50);
        let line = Line::of(&[&fast, &slow, &fast]);
        assert_eq!(
            line.to_string(),
            "| 1.0 | 100 | 0.00 % | 1 / 1 µs | 0 % | 0 % | 100.0 %"
        );
        let line = Line::of(&[&fast, &slow]);
        assert_eq!(
            line.to_string(),
            "| 3.5 | 75 | 25.00 % | 1 / 1 µs | 0 % | 0 % | 100.0 %"
        );
    }

    #[test]
    fn the_lock_has_a_line() {
        let passed = |threads, packets_per_second| Passed {
            threads,
            packets_per_second,
        };
        assert_eq!(
            lock(&[passed(1, 900), passed(2, 800)]),
            "The relay without sockets, its one lock included: a thread 900 packets/s, 2 threads 800 packets/s.\n"
        );
    }

    #[test]
    fn the_table_of_a_file_is_replaced_and_nothing_else() {
        let old = format!("a\n{}\nold\n{}\nb", MARKS[0], MARKS[1]);
        let new = replaced(&old, "new\n").unwrap();
        assert_eq!(new, format!("a\n{}\n\nnew\n\n{}\nb", MARKS[0], MARKS[1]));
        assert_eq!(replaced(&new, "new\n").as_deref(), Some(&*new));
        assert_eq!(replaced("no marks", "new"), None);
    }

    /// Of a second with 100 packets sent.
    fn figures(cpu_micros: u64, received: u64) -> Figures {
        Figures {
            wall: Duration::from_secs(1),
            offered: 100,
            sent: 100,
            received,
            delays: vec![Duration::from_micros(1); usize::try_from(received).unwrap()],
            server_cpu: Duration::from_micros(cpu_micros),
            own_cpu: Duration::from_micros(50),
        }
    }
}
