//! The server that is measured: a process of its own on an empty directory.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use tempfile::TempDir;

use crate::Failure;

/// Everybody may come, and nobody is slowed down for guessing: the limits are to be met, not measured.
const SETTINGS: &str =
    "registration = \"open\"\nsearch = \"exact\"\n[limits]\nfree_sign_in_failures = 1000000\n";

#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    _directory: TempDir,
}

/// What the process takes of memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Now, in KiB.
    pub(crate) resident: u64,
    /// The most until now, in KiB.
    pub(crate) most: u64,
}

/// Lets this process have a socket for each of the crowd.
pub(crate) fn raise_limit() -> Result<(), Failure> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = maximum;
    setrlimit(Resource::Nofile, Rlimit { current, maximum })?;
    Ok(())
}

impl Server {
    pub(crate) fn start(program: &Path) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let settings = directory.path().join("ahoy.toml");
        std::fs::write(&settings, SETTINGS)?;
        let mut process = Command::new(program)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--relay",
                "off",
                "--config",
            ])
            .arg(&settings)
            .arg("--data")
            .arg(directory.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let out = process.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().rsplit("//").next().unwrap_or("").parse();
        Ok(Self {
            process,
            address: address.map_err(|_| format!("it did not start: {line}"))?,
            _directory: directory,
        })
    }

    pub(crate) fn memory(&self) -> Result<Memory, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Ok(Memory {
            resident: kib("VmRSS:").ok_or("no VmRSS")?,
            most: kib("VmHWM:").ok_or("no VmHWM")?,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(id) = Pid::from_raw(self.process.id().cast_signed()) {
            // It may have ended by itself; then there is nothing to do.
            let _ended = kill_process(id, Signal::TERM);
        }
        let _status = self.process.wait();
    }
}
