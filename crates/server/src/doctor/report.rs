//! What the call doctor says: one line for each thing that it tested, and what to do where something is wrong.

use std::fmt;

use serde::Serialize;

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whether a server runs here.
    Running,
    /// The name of the server and where it leads.
    Name,
    /// HTTP or HTTPS.
    Server,
    /// Whether browsers give pages of it a microphone.
    Secure,
    /// The certificate.
    Certificate,
    /// The socket of chat and calls.
    Socket,
    /// The web client that browsers are given.
    Client,
    /// The time.
    Clock,
    /// STUN.
    Stun,
    /// Whether the relay is on.
    Relay,
    /// The relay, by UDP.
    RelayUdp,
    /// The relay, by TCP.
    RelayTcp,
    /// The relay, by TLS.
    RelayTls,
    /// Packets from one device to another, through the relay.
    Through,
    /// The address that the relay gives out.
    ExternalAddress,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It was not tested; the line says why.
    Skipped,
    /// All is well.
    Ok,
    /// Calls work, but not for everybody, or not for long.
    Warning,
    /// Calls fail, or cannot be trusted.
    Fault,
}

/// One thing that was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What.
    pub check: Check,
    /// How bad.
    pub level: Level,
    /// What was found, in one sentence.
    pub says: String,
    /// What to do; nothing where there is nothing to do.
    pub remedy: Option<String>,
}

/// Everything that was tested, in the order in which one thing depends on the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The address that was tested.
    pub url: String,
    /// The worst of all lines.
    pub level: Level,
    /// What was tested.
    pub lines: Vec<Line>,
}

impl Line {
    pub(super) fn ok(check: Check, says: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, says, None)
    }

    pub(super) fn skipped(check: Check, says: impl Into<String>) -> Self {
        Self::new(check, Level::Skipped, says, None)
    }

    pub(super) fn warning(
        check: Check,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(check, Level::Warning, says, Some(remedy.into()))
    }

    pub(super) fn fault(check: Check, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(check, Level::Fault, says, Some(remedy.into()))
    }

    fn new(check: Check, level: Level, says: impl Into<String>, remedy: Option<String>) -> Self {
        Self {
            check,
            level,
            says: says.into(),
            remedy,
        }
    }
}

impl Report {
    pub(super) fn new(url: String, lines: Vec<Line>) -> Self {
        let worst = lines.iter().map(|line| line.level).max();
        Self {
            url,
            level: worst.unwrap_or(Level::Skipped),
            lines,
        }
    }

    /// Whether anything is at fault.
    pub fn has_fault(&self) -> bool {
        self.level == Level::Fault
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The call doctor looks at {}", self.url)?;
        for line in &self.lines {
            writeln!(f, "{:<8} {}", line.level, line.says)?;
            if let Some(remedy) = &line.remedy {
                writeln!(f, "         → {remedy}")?;
            }
        }
        let count = |level| self.lines.iter().filter(|line| line.level == level).count();
        match (count(Level::Fault), count(Level::Warning)) {
            (0, 0) => writeln!(f, "Nothing is wrong."),
            (faults, warnings) => writeln!(f, "Faults: {faults}. Warnings: {warnings}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line_for_each_check_with_its_remedy_below() {
        let report = Report::new(
            "https://chat.example.org".to_owned(),
            vec![
                Line::ok(Check::Server, "It answers."),
                Line::fault(Check::Stun, "UDP 3478 is closed.", "Forward it."),
            ],
        );
        assert!(report.has_fault());
        assert_eq!(
            report.to_string(),
            "The call doctor looks at https://chat.example.org\n\
             ok       It answers.\n\
             fault    UDP 3478 is closed.\n\
             \x20        → Forward it.\n\
             Faults: 1. Warnings: 0.\n"
        );
    }

    #[test]
    fn a_program_reads_names_for_checks_and_levels() {
        let report = Report::new("u".to_owned(), vec![Line::ok(Check::RelayUdp, "s")]);
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            serde_json::json!({
                "url": "u",
                "level": "ok",
                "lines": [{ "check": "relay_udp", "level": "ok", "says": "s", "remedy": null }],
            })
        );
    }
}
