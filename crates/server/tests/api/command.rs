//! The command `ahoy` as people type it: what it prints, what it refuses, how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use clap::Parser as _;
use protocol::registration::Registration;
use server::config::{Command as CommandLine, Config, Relay};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::app::{Asking, register_at};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ahoy.example.toml");

#[test]
fn it_serves_where_it_says_and_stops_with_0_when_told() {
    for (signal, verb) in [("TERM", &["serve"][..]), ("INT", &[])] {
        let directory = tempfile::tempdir().unwrap();
        let mut running = Running::start(&directory, verb);
        let address = running.address();
        std::net::TcpStream::connect(&address).expect("it listens");
        running.signal(signal);
        assert_eq!(running.wait().code(), Some(0), "{signal}");
    }
}

#[test]
fn it_prints_how_to_try_a_call_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mut running = Running::start(&directory, &[]);
    running.signal("TERM");
    let mut rest = String::new();
    running.out.read_to_string(&mut rest).unwrap();
    assert!(
        running
            .first_line
            .starts_with("Ahoy is ready: http://127.0.0.1:"),
        "{rest}"
    );
    assert!(rest.contains("two windows, one of them private"), "{rest}");
    running.wait();
}

#[test]
fn it_takes_as_many_open_connections_as_the_system_allows() {
    let directory = tempfile::tempdir().unwrap();
    // A shell gives the program the limit of most systems, below what is allowed.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -Sn 256; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_ahoy"))
        .args(["--listen", "127.0.0.1:0", "--relay", "off", "--data"])
        .arg(directory.path());
    let mut running = Running::spawn(&mut shell);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.child.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let mut numbers = line.unwrap().split_whitespace().skip(3);
    let (soft, hard) = (numbers.next().unwrap(), numbers.next().unwrap());
    assert_eq!(soft, hard);
    running.signal("TERM");
    running.wait();
}

#[test]
fn what_it_keeps_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("new/data");
    let mut running = Running::start_at(&data, &[]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    running.signal("TERM");
    running.wait();
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_anybody() {
    let directory = tempfile::tempdir().unwrap();
    let mut running = Running::start(&directory, &[]);
    // A request whose body never comes: the soft stop would wait for it.
    let mut slow = TcpStream::connect(running.address()).await.unwrap();
    let header = "POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                  Expect: 100-continue\r\nContent-Length: 10\r\n\r\n";
    slow.write_all(header.as_bytes()).await.unwrap();
    // The server asks for the body once its handler waits for it.
    let mut asked = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut slow, &mut asked)
        .await
        .unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    running.signal("TERM");
    running.wait_for_log("stopping");
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(130));
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    for arguments in [
        &["--lisen", "x"][..],
        &["--listen", "8080"],
        &["fly"],
        &["--relay", "on"],
    ] {
        let output = ahoy(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!text(&output.stderr).contains("panicked"), "{output:?}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_ahoy"))
        .env("AHOY_LISTEN", "here")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("localhost:8080"),
        "it says what to write: {output:?}"
    );
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let output = ahoy(&["--listen", &address, "--data", data, "--relay", "off"]);
    one_line(&output, &[&address, "already in use", "--listen"]);
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    for data in [&file, &below] {
        let data = data.to_str().unwrap();
        let output = ahoy(&["--listen", "127.0.0.1:0", "--data", data, "--relay", "off"]);
        one_line(&output, &["data directory", data, "--data"]);
    }
}

#[test]
fn a_second_process_on_the_same_data_is_turned_away() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Running::start(&directory, &[]);
    let data = directory.path().to_str().unwrap();
    let output = ahoy(&["--listen", "127.0.0.1:0", "--data", data, "--relay", "off"]);
    let process = format!("process {}", first.process());
    one_line(&output, &["another ahoy", &process, "--data"]);
    first.signal("TERM");
    assert_eq!(first.wait().code(), Some(0));
}

#[tokio::test]
async fn accounts_are_managed_from_the_command_line_while_the_server_runs_and_while_it_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let run = |arguments: &[&str]| {
        let output = ahoy(&[arguments, &["--data", data]].concat());
        (
            output.status.code(),
            text(&output.stdout) + &text(&output.stderr),
        )
    };
    let mut running = Running::start(&directory, &["--registration", "invite"]);
    let address = running.address().parse().unwrap();
    let ada = register_at(address, "ada", "Ada Lovelace").await;
    let (code, invited) = run(&["invite", "--uses", "3"]);
    let link = invited.lines().next().unwrap();
    assert_eq!(code, Some(0), "{invited}");
    assert!(
        link.starts_with(&format!("http://{address}/#invite=")),
        "the address of the server that runs: {invited}"
    );
    let (_, listed) = run(&["account", "list"]);
    assert!(
        listed.contains("ada") && listed.contains("administrator"),
        "{listed}"
    );
    let me = || {
        Asking::new(address, hyper::Method::GET, "/api/v1/me")
            .by(&ada)
            .send()
    };
    assert_eq!(me().await.status, 200);
    let (code, disabled) = run(&["account", "disable", "ada"]);
    assert_eq!(
        (code, disabled.contains("disabled")),
        (Some(0), true),
        "{disabled}"
    );
    assert_eq!(me().await.status, 401, "at once");
    let (code, wrong) = run(&["account", "disable", "nobody"]);
    assert_eq!(
        (code, wrong.trim()),
        (Some(1), "ahoy: There is no such account.")
    );
    running.signal("TERM");
    running.wait();

    assert_eq!(run(&["account", "enable", "ada"]).0, Some(0));
    let (_, reset) = run(&["account", "reset-password", "ADA"]);
    assert!(
        reset.starts_with("http://localhost:8080/#reset="),
        "{reset}"
    );
    let (code, reset) = run(&[
        "account",
        "reset-password",
        "ada",
        "--without-second-factor",
    ]);
    assert_eq!(
        (code, reset.contains("/#reset=")),
        (Some(0), true),
        "{reset}"
    );
    let (code, _) = run(&["account", "demote", "ada"]);
    assert_eq!(code, Some(0));
    let (_, listed) = run(&["account", "list"]);
    assert!(
        listed.contains("ada") && !listed.contains("administrator"),
        "{listed}"
    );
    let mut running = Running::start(&directory, &[]);
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(0), "the lock was given back");
}

#[test]
fn a_command_for_a_directory_without_a_server_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("misspelt");
    let output = ahoy(&["invite", "--data", data.to_str().unwrap()]);
    one_line(&output, &["no database", "misspelt", "--data"]);
    assert!(!data.exists());
}

#[test]
fn a_killed_process_locks_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Running::start(&directory, &[]);
    first.kill();
    let lock = std::fs::read_to_string(directory.path().join("ahoy.lock")).unwrap();
    assert_eq!(lock.trim_end(), first.process().to_string());
    Running::start(&directory, &[]).stop();
}

#[test]
fn data_of_a_newer_version_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(directory.path().join("ahoy.db")).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let data = directory.path().to_str().unwrap();
    let output = ahoy(&["--listen", "127.0.0.1:0", "--data", data, "--relay", "off"]);
    one_line(&output, &["newer version", "999"]);
}

#[test]
fn damaged_files_are_named() {
    for (file, words) in [("ahoy.db", "ahoy.db"), ("keys.json", "key file")] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(file), "nonsense ".repeat(200)).unwrap();
        let data = directory.path().to_str().unwrap();
        let output = ahoy(&["--listen", "127.0.0.1:0", "--data", data, "--relay", "off"]);
        one_line(&output, &[words]);
    }
}

#[test]
fn a_mistake_in_the_config_file_is_shown_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ahoy.toml");
    for (content, words) in [
        ("\nlisen = \"x\"", &["line 2", "lisen", "listen"][..]),
        ("[calls]\nring_timeout_ms = \"long\"", &["line 2", "long"]),
        ("listen = \"8080\"", &["line 1", "localhost:8080"]),
        ("[relay]\nport = 7", &["line 2", "port"]),
        ("listen = ", &["line 1"]),
        ("log = \"info,=\"", &["log", "info"]),
    ] {
        std::fs::write(&path, content).unwrap();
        let output = ahoy(&["--config", path.to_str().unwrap()]);
        one_line(&output, words);
    }
    let output = ahoy(&["--config", "/nowhere/ahoy.toml"]);
    one_line(&output, &["cannot read the config file /nowhere/ahoy.toml"]);
}

#[test]
fn a_flag_wins_over_its_variable_and_a_variable_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("ahoy.toml");
    std::fs::write(
        &config,
        "listen = \"127.0.0.2:0\"\n[relay]\nlisten = \"off\"",
    )
    .unwrap();
    for (variable, flag, host) in [
        (None, None, "127.0.0.2"),
        (Some("127.0.0.3:0"), None, "127.0.0.3"),
        (Some("127.0.0.3:0"), Some("127.0.0.4:0"), "127.0.0.4"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
        command
            .arg("--config")
            .arg(&config)
            .arg("--data")
            .arg(directory.path());
        variable.map(|value| command.env("AHOY_LISTEN", value));
        flag.map(|value| command.args(["--listen", value]));
        let mut running = Running::spawn(&mut command);
        assert!(
            running.address().starts_with(&format!("{host}:")),
            "{}",
            running.first_line
        );
        running.signal("TERM");
        running.wait();
    }
}

#[test]
fn localhost_is_served_by_both_of_its_addresses() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
    command
        .args(["--listen", "localhost:0", "--relay", "off", "--data"])
        .arg(directory.path());
    let mut running = Running::spawn(&mut command);
    let port: u16 = running
        .address()
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    // Where this machine has IPv6 at all.
    if TcpListener::bind("[::1]:0").is_ok() {
        std::net::TcpStream::connect(("::1", port)).unwrap();
    }
    running.signal("TERM");
    running.wait();
}

#[test]
fn plain_http_that_is_open_to_the_network_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    for (listen, flags, exposed) in [
        ("*:0", &[][..], true),
        ("localhost:0", &[], false),
        ("*:0", &["--public-url", "https://a.example"], false),
        ("*:0", &["--trusted-proxy", "172.16.0.0/12"], false),
        ("*:0", &["--tls", "self-signed"], false),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
        command
            .args(["--listen", listen, "--relay", "off", "--data"])
            .arg(directory.path())
            .args(flags);
        let mut running = Running::spawn(&mut command);
        running.signal("TERM");
        let mut rest = String::new();
        running.out.read_to_string(&mut rest).unwrap();
        let is_warned = rest.contains("passwords can be read on the way");
        assert_eq!(is_warned, exposed, "{listen} {flags:?}: {rest}");
        running.wait();
    }
}

#[test]
fn a_star_is_served_by_ipv4_and_ipv6() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
    command
        .args(["--listen", "*:0", "--relay", "off", "--data"])
        .arg(directory.path());
    let mut running = Running::spawn(&mut command);
    let address = running.address();
    let (host, port) = address.rsplit_once(':').unwrap();
    assert_ne!(host, "0.0.0.0", "an address that can be typed: {address}");
    let port: u16 = port.parse().unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    // Where this machine has IPv6 at all.
    if TcpListener::bind("[::1]:0").is_ok() {
        std::net::TcpStream::connect(("::1", port)).unwrap();
    }
    running.signal("TERM");
    running.wait();
}

#[test]
fn a_self_signed_certificate_is_introduced_by_its_fingerprint() {
    let directory = tempfile::tempdir().unwrap();
    let mut running = Running::start(&directory, &["--tls", "self-signed"]);
    running.signal("TERM");
    let mut rest = String::new();
    running.out.read_to_string(&mut rest).unwrap();
    assert!(
        running.first_line.starts_with("Ahoy is ready: https://"),
        "{}",
        running.first_line
    );
    let is_fingerprint = |line: &str| line.trim().split(':').count() == 32;
    assert!(rest.lines().any(is_fingerprint), "{rest}");
    running.wait();
}

#[test]
fn help_explains_every_option_with_its_default() {
    let output = ahoy(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    for (flag, variable, default) in [
        ("--listen", "AHOY_LISTEN", "localhost:8080"),
        ("--data", "AHOY_DATA", "./ahoy-data"),
        ("--config", "AHOY_CONFIG", "none"),
        ("--public-url", "AHOY_PUBLIC_URL", "none"),
        ("--domain", "AHOY_DOMAIN", "none"),
        ("--tls-cert", "AHOY_TLS_CERT", "none"),
        ("--tls-key", "AHOY_TLS_KEY", "none"),
        ("--tls <MODE>", "AHOY_TLS", "auto"),
        ("--trusted-proxy", "AHOY_TRUSTED_PROXY", "none"),
        ("--relay", "AHOY_RELAY", "*:3478"),
        (
            "--registration",
            "AHOY_REGISTRATION",
            "invite; open on this machine alone",
        ),
        ("--search", "AHOY_SEARCH", "exact"),
        ("--log", "AHOY_LOG", "info"),
    ] {
        let from = help
            .find(flag)
            .unwrap_or_else(|| panic!("{flag} in {help}"));
        let explained = help[from..].split("\n      -").next().unwrap();
        let explained = explained.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [variable, &format!("[default: {default}]")] {
            assert!(explained.contains(words), "{words} in {explained}");
        }
    }
}

#[test]
fn the_example_config_has_every_key_and_every_default() {
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    let as_it_is: Config = toml::from_str(&text).unwrap();
    assert_eq!(as_it_is, Config::default());

    let all: String = text.lines().map(switched_on).collect();
    let all: toml::Table = all.parse().unwrap();
    let mut full = Config {
        listen: Some("localhost:8080".parse().unwrap()),
        public_url: Some("https://ahoy.example.org".parse().unwrap()),
        registration: Some(Registration::Invite),
        metrics: Some("localhost:9478".parse().unwrap()),
        relay: Relay {
            stun_peer: Some("192.0.2.1:3478".parse().unwrap()),
            ..Relay::default()
        },
        ..Config::default()
    };
    full.tls.cert = Some("cert.pem".into());
    full.tls.key = Some("key.pem".into());
    full.tls.redirect = Some("off".parse().unwrap());
    full.tls.acme_contact = Some("you@example.org".to_owned());
    full.tls.acme_roots = Some("roots.pem".into());
    let known = toml::Table::try_from(full).unwrap();
    assert_eq!(keys("", &all), keys("", &known));
    toml::Value::Table(all).try_into::<Config>().unwrap();
}

#[test]
fn the_example_config_is_taken_by_the_command() {
    let command =
        CommandLine::try_parse_from(["ahoy", "--config", EXAMPLE, "--data", "/elsewhere"]);
    let config = Config::load(&command.unwrap().options).unwrap();
    assert_eq!(config.data, Path::new("/elsewhere"));
}

/// A process on a port of the system's choice.
pub(crate) struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    log: BufReader<std::process::ChildStderr>,
    first_line: String,
}

impl Running {
    pub(crate) fn start(directory: &TempDir, arguments: &[&str]) -> Self {
        Self::start_at(directory.path(), arguments)
    }

    pub(crate) fn start_at(data: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
        command
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--relay", "off", "--data"])
            .arg(data);
        Self::spawn(&mut command)
    }

    pub(crate) fn start_with_relay(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
        let addresses = [
            "--listen",
            "127.0.0.1:0",
            "--relay",
            "127.0.0.1:0",
            "--data",
        ];
        command.args(addresses).arg(data);
        Self::spawn(&mut command)
    }

    /// Returns when it serves.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut first_line = String::new();
        out.read_line(&mut first_line).unwrap();
        if first_line.is_empty() {
            let mut error = String::new();
            log.read_to_string(&mut error).unwrap();
            panic!("it did not start: {error}");
        }
        Self {
            child,
            out,
            log,
            first_line,
        }
    }

    pub(crate) fn address(&self) -> String {
        let (_, address) = self.first_line.trim().split_once("://").unwrap();
        address.to_owned()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// The first line of the log from here on that has these words.
    pub(crate) fn wait_for_log(&mut self, words: &str) -> String {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert_ne!(
                self.log.read_line(&mut line).unwrap(),
                0,
                "it ended without {words}"
            );
        }
        line
    }

    /// Ends it with SIGKILL, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it softly.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.wait().code(), Some(0));
    }

    /// Its process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed half-way leaves no process behind; one that is over already is fine.
        let _over = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub(crate) fn ahoy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ahoy"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Exit code 1 and one line on standard error with these words.
#[track_caller]
pub(crate) fn one_line(output: &Output, words: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("ahoy: "), "{error}");
    for word in words {
        assert!(error.contains(word), "{word:?} in {error}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A setting that is switched off begins with `#` and no space.
fn switched_on(line: &str) -> String {
    let on = line
        .strip_prefix('#')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
    format!("{}\n", on.unwrap_or(line))
}

/// All keys, `section.key`, sorted.
fn keys(prefix: &str, table: &toml::Table) -> Vec<String> {
    let mut all = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => all.extend(keys(&format!("{prefix}{key}."), inner)),
            _ => all.push(format!("{prefix}{key}")),
        }
    }
    all.sort();
    all
}
