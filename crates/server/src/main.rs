//! The command `ahoy`.
//!
//! It prints where it serves and how to try a call, and ends with 0 when told to stop, 1 where it
//! cannot start or had to drop something, 2 for a wrong option. What goes wrong is one line on standard
//! error that says what to do.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use protocol::registration::Registration;
use server::Server;
use server::backup;
use server::clock::Clock;
use server::config::{
    BackupOptions, Command, Config, DoctorOptions, Https, LogFormat, RestoreOptions, Verb,
};
use server::console::{self, Answer, Order};
use server::doctor::{self, findings::Target};
use server::store::Content;
use server::tls::Facts;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The exit code of a second signal: stopped by force.
const FORCED: i32 = 130;

fn main() -> ExitCode {
    let command = Command::parse();
    match run(&command) {
        Ok(code) => code,
        Err(error) => {
            // Nowhere left to say so if standard error is gone too.
            let _unsaid = writeln!(std::io::stderr(), "ahoy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let config = Config::load(&command.options)?;
    let directives = match &command.verb {
        // These print their answer; only what goes wrong is worth a line beside it.
        Some(Verb::Invite(_) | Verb::Account(_)) => "warn",
        _ => &config.log,
    };
    start_log(directives, config.log_format)?;
    match &command.verb {
        None | Some(Verb::Serve) => on_runtime(serve(config)),
        Some(Verb::Doctor(options)) => on_runtime(examine(&config, options)),
        Some(Verb::Backup(options)) => back_up(&config, options),
        Some(Verb::Restore(options)) => restore(&config, options),
        Some(Verb::Invite(options)) => on_runtime(order(&config, options.into())),
        Some(Verb::Account(verb)) => on_runtime(order(&config, verb.into())),
    }
}

fn on_runtime(
    work: impl Future<Output = Result<ExitCode, Box<dyn std::error::Error>>>,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("ahoy")
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

fn back_up(
    config: &Config,
    options: &BackupOptions,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (file, now) = (&options.file, Clock::default().now());
    let content = backup::back_up(&config.data, file, options.force, now)?;
    let file = file.display();
    say(&format!("Backed up {} to {file}.", amount(&content)))
}

fn restore(
    config: &Config,
    options: &RestoreOptions,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let content = backup::restore(&config.data, &options.file, options.force)?;
    let made_at = jiff::Timestamp::from_millisecond(content.made_at.0)?.strftime("%F %H:%M UTC");
    let data = config.data.display();
    say(&format!(
        "Restored {} as of {made_at} to {data}. Start the server; everybody signs in again.",
        amount(&content)
    ))
}

fn amount(content: &Content) -> String {
    let counted = |count: u64, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    };
    let accounts = counted(content.accounts, "account");
    format!("{accounts} and {}", counted(content.messages, "message"))
}

fn say(line: &str) -> Result<ExitCode, Box<dyn std::error::Error>> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(ExitCode::SUCCESS)
}

/// Has an order carried out and prints what came of it.
async fn order(config: &Config, order: Order) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match console::ask(config, order).await? {
        Answer::Refused { message } => Err(message.into()),
        answer => {
            let mut out = std::io::stdout().lock();
            write!(out, "{answer}")?;
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints what the call doctor finds.
async fn examine(
    config: &Config,
    options: &DoctorOptions,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let target = Target::new(config, options.url.as_ref())?;
    let report = doctor::examine(&target, &doctor::known_issuers(), &Clock::default()).await;
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    out.flush()?;
    Ok(if report.has_fault() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn serve(config: Config) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut stop = Stop::new()?;
    let server = Server::start(config).await?;
    if let Err(error) = greet(&server) {
        // Whoever started it has closed standard output; that is no reason not to serve.
        tracing::warn!(%error, "the greeting could not be printed");
    }
    stop.asked().await;
    tracing::info!("stopping; a second signal stops at once");
    let stopped = tokio::select! {
        stopped = server.shutdown() => stopped,
        () = stop.asked() => std::process::exit(FORCED),
    };
    tracing::info!("stopped");
    Ok(if stopped {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// SIGINT and SIGTERM.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// To standard error, so that standard output has only what people asked for.
fn start_log(directives: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::builder().parse(directives).map_err(|error| {
        format!("the log setting {directives:?} is wrong: {error}; write error, warn, info, debug or trace")
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    let log = log
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let started = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(|error| error.to_string())
}

fn greet(server: &Server) -> std::io::Result<()> {
    let url = server.url();
    let config = &server.app().config;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Ahoy is ready: {url}")?;
    writeln!(out)?;
    if config.is_exposed() {
        warn_of_plain_http(&mut out)?;
    }
    match (config.tls.source(), server.certificate()) {
        (Https::SelfSigned, Some(certificate)) => prepare_for_warning(&mut out, &certificate)?,
        (Https::Acme, None) => {
            writeln!(
                out,
                "A certificate is being asked for; until it is there, nobody gets in."
            )?;
            writeln!(out)?;
        }
        _ => {}
    }
    match config.registration() {
        Registration::Open => say_how_to_try(&mut out, &url)?,
        Registration::Invite => {
            writeln!(
                out,
                "The first account becomes the administrator, who invites the others (ahoy invite"
            )?;
            writeln!(
                out,
                "does as well). If it is not made yet: open {url} and make it."
            )?;
        }
        Registration::Closed => {
            writeln!(
                out,
                "Registration is closed; only the very first account is let in, and becomes the"
            )?;
            writeln!(
                out,
                "administrator. If it is not made yet: open {url} and make it."
            )?;
        }
    }
    writeln!(out, "Stop with Ctrl+C.")?;
    out.flush()
}

fn say_how_to_try(out: &mut impl std::io::Write, url: &str) -> std::io::Result<()> {
    writeln!(
        out,
        "To try a call alone: open {url} in two windows, one of them private,"
    )?;
    writeln!(
        out,
        "make an account in each, find one from the other, write, accept, press the phone."
    )?;
    writeln!(out, "The first account becomes the administrator.")
}

fn warn_of_plain_http(out: &mut impl std::io::Write) -> std::io::Result<()> {
    tracing::warn!("plain HTTP is open to the network: passwords can be read on the way");
    writeln!(
        out,
        "This is plain HTTP, open to the network: passwords can be read on the way,"
    )?;
    writeln!(
        out,
        "and browsers give a microphone on https:// and on localhost only. Use one of"
    )?;
    writeln!(
        out,
        "  --domain NAME        HTTPS for a name that leads here"
    )?;
    writeln!(out, "  --tls self-signed    HTTPS for a private network")?;
    writeln!(
        out,
        "  --public-url URL     with a proxy in front that adds HTTPS"
    )?;
    writeln!(out)
}

/// So that nobody is frightened by the browser, and everybody can tell our certificate from another.
fn prepare_for_warning(out: &mut impl std::io::Write, certificate: &Facts) -> std::io::Result<()> {
    writeln!(
        out,
        "The certificate is self-signed, so browsers warn once that the connection is not"
    )?;
    writeln!(
        out,
        "private. It is encrypted; whether it leads here, the fingerprint tells (SHA-256):"
    )?;
    writeln!(out, "  {}", certificate.fingerprint)?;
    writeln!(
        out,
        "Compare it in the warning (Advanced, view certificate), then go on."
    )?;
    writeln!(out)
}
