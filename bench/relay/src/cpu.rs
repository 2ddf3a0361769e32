//! What processes have used of the processors.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time of all threads of a process that run at this moment, kernel time included. From the scheduler's own account
/// (`schedstat`), which counts nanoseconds where `/proc/PID/stat` counts hundredths of a second.
pub(crate) fn used(process: u32) -> io::Result<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))?;
    threads
        .map(|thread| {
            let account = fs::read_to_string(thread?.path().join("schedstat"))?;
            let spent = account
                .split(' ')
                .next()
                .and_then(|first| first.parse().ok());
            spent
                .map(Duration::from_nanos)
                .ok_or_else(|| io::Error::other("no schedstat: this kernel keeps no account"))
        })
        .sum()
}

/// Processor time of this program, of threads that have ended as well.
pub(crate) fn own() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(spent).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn work_of_another_process_and_of_this_one_is_counted() {
        let mut busy = Command::new("sh");
        busy.args(["-c", "while :; do :; done"])
            .stdin(Stdio::null());
        let mut busy = busy.spawn().unwrap();
        let before = own();
        while used(busy.id()).unwrap() < Duration::from_millis(5) {}
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(own() > before, "it waited by asking");
    }
}
