//! The command line and its variables.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use protocol::Username;
use protocol::limits::INVITE_DAYS;
use protocol::registration::{Registration, Search};

use super::{Config, Domain, Listen, LogFormat, PublicUrl, RelayListen, TlsMode, TrustedProxy};

/// Private chat with one-to-one voice calls that you host yourself.
#[derive(Debug, Parser)]
#[command(name = "ahoy", version, about, max_term_width = 100)]
#[command(after_help = "A flag wins over its variable, a variable over the config file.")]
pub struct Command {
    /// What to do; `serve` where nothing is said.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// How.
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Serve until told to stop (the default)
    Serve,
    /// Test what a call needs, and say what to do about what is wrong
    ///
    /// Run it beside the server, with the same settings; or on another machine with --url, which tells whether
    /// ports are open from there. It ends with 1 where something is at fault.
    Doctor(DoctorOptions),
    /// Write all accounts, messages and calls to a file, also while the server runs
    ///
    /// The file is one moment of the database, looked through before it takes its name, and readable by you alone. It holds
    /// messages as they were written, and neither keys, sessions nor certificates. Run it with the settings of the server.
    Backup(BackupOptions),
    /// Put a backup in the place of the database; the server must be stopped
    ///
    /// The file is looked through first. Afterwards everybody signs in again. Run it as the user that the server runs
    /// as, with the same settings.
    Restore(RestoreOptions),
    /// Print a link by which somebody can make an account
    ///
    /// It works while the server runs and while it does not.
    Invite(InviteOptions),
    /// List accounts, and manage one
    ///
    /// It works while the server runs and while it does not.
    #[command(subcommand)]
    Account(AccountVerb),
}

/// Where a backup goes.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupOptions {
    /// The file to write, outside of the data directory
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Overwrite the file
    #[arg(long)]
    pub force: bool,
}

/// Which backup to put in place.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RestoreOptions {
    /// A file that `ahoy backup` has written
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Replace the database that is there: what is in it is lost
    #[arg(long)]
    pub force: bool,
}

/// What kind of invite.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct InviteOptions {
    /// So many may register by it, 1 to 100
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub uses: u32,
    /// So many days it is good, 1 to 30
    #[arg(long, value_name = "N", default_value_t = INVITE_DAYS)]
    pub days: u32,
}

/// What to do with accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AccountVerb {
    /// All accounts, with their last use
    List,
    /// Sign it out everywhere at once, and let it not sign in again
    Disable(AccountName),
    /// Let it sign in again
    Enable(AccountName),
    /// Take the password away, and print a link by which its person chooses a new one
    ResetPassword(ResetOptions),
    /// Make it an administrator
    Promote(AccountName),
    /// Let it be an administrator no more
    Demote(AccountName),
}

/// Whose password, and what else.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ResetOptions {
    /// The username
    #[arg(value_name = "USERNAME")]
    pub username: Username,
    /// Remove the authenticator app, all passkeys and recovery codes too, at once
    #[arg(long)]
    pub without_second_factor: bool,
}

/// Which account.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AccountName {
    /// The username
    #[arg(value_name = "USERNAME")]
    pub username: Username,
}

/// How the call doctor works.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct DoctorOptions {
    /// The address of the server to test [default: that of the settings]
    #[arg(long, value_name = "URL")]
    pub url: Option<PublicUrl>,
    /// Report as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Flags and `AHOY_…` variables. What is left out is the config file's, or the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Options {
    /// Where to serve [default: localhost:8080]
    ///
    /// With HTTPS the default is `*:443`, with a self-signed certificate `*:8443`.
    /// `localhost:PORT` is this machine alone, `*:PORT` every network, both by IPv4 and IPv6. Port 0
    /// takes a free one.
    #[arg(long, env = "AHOY_LISTEN", value_name = "ADDRESS:PORT", global = true)]
    pub listen: Option<Listen>,
    /// The directory of the database and the keys, made where it is missing [default: ./ahoy-data]
    #[arg(long, env = "AHOY_DATA", value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// A TOML file with any setting; ahoy.example.toml has them all [default: none]
    #[arg(long, env = "AHOY_CONFIG", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The address that people type, where a proxy adds TLS, with https:// [default: none]
    #[arg(long, env = "AHOY_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<PublicUrl>,
    /// HTTPS at this name, with a certificate by ACME; may be repeated [default: none]
    ///
    /// The name must lead to this machine, and TCP 443 must be open. Using it accepts the terms of the ACME
    /// server, which is Let's Encrypt unless the config file names another.
    #[arg(
        long,
        env = "AHOY_DOMAIN",
        value_name = "NAME",
        value_delimiter = ',',
        global = true
    )]
    pub domain: Vec<Domain>,
    /// HTTPS with the certificate in this file, read again when it changes [default: none]
    #[arg(long, env = "AHOY_TLS_CERT", value_name = "FILE", global = true)]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate [default: none]
    #[arg(long, env = "AHOY_TLS_KEY", value_name = "FILE", global = true)]
    pub tls_key: Option<PathBuf>,
    /// HTTPS with a certificate of its own making, or none at all [default: auto]
    #[arg(
        long,
        env = "AHOY_TLS",
        value_name = "MODE",
        hide_possible_values = true,
        global = true
    )]
    pub tls: Option<TlsMode>,
    /// A proxy whose X-Forwarded-For is believed; may be repeated [default: none]
    #[arg(
        long,
        env = "AHOY_TRUSTED_PROXY",
        value_name = "ADDRESS|NETWORK",
        value_delimiter = ',',
        global = true
    )]
    pub trusted_proxy: Vec<TrustedProxy>,
    /// Where to serve STUN and the relay, over UDP and TCP, or `off` [default: *:3478]
    ///
    /// `*:PORT` is every address of this machine, by IPv4 and IPv6. Port 0 takes a free one.
    #[arg(long, env = "AHOY_RELAY", value_name = "ADDRESS:PORT", global = true)]
    pub relay: Option<RelayListen>,
    /// Who may make an account: open, invite or closed [default: invite; open on this machine alone]
    ///
    /// The first account of a new server is let in whatever this says, and becomes its administrator.
    #[arg(long, env = "AHOY_REGISTRATION", value_name = "MODE", global = true)]
    pub registration: Option<Registration>,
    /// How people are found: open, exact (by the whole username) or off [default: exact]
    #[arg(long, env = "AHOY_SEARCH", value_name = "MODE", global = true)]
    pub search: Option<Search>,
    /// Where to serve metrics for Prometheus, to everybody who can connect there [default: nowhere]
    #[arg(long, env = "AHOY_METRICS", value_name = "ADDRESS:PORT", global = true)]
    pub metrics: Option<Listen>,
    /// What to log: error, warn, info, debug, trace or directives [default: info]
    #[arg(long, env = "AHOY_LOG", value_name = "LEVEL", global = true)]
    pub log: Option<String>,
    /// The form of the log's lines: text, or json for programs [default: text]
    #[arg(
        long,
        env = "AHOY_LOG_FORMAT",
        value_name = "FORM",
        global = true,
        hide_possible_values = true
    )]
    pub log_format: Option<LogFormat>,
}

impl Options {
    pub(super) fn put_over(&self, config: &mut Config) {
        let Self {
            listen,
            data,
            config: _,
            public_url,
            domain,
            tls_cert,
            tls_key,
            tls,
            trusted_proxy,
            relay,
            registration,
            search,
            metrics,
            log,
            log_format,
        } = self.clone();
        if let Some(listen) = listen {
            config.listen = Some(listen);
        }
        if let Some(data) = data {
            config.data = data;
        }
        if let Some(public_url) = public_url {
            config.public_url = Some(public_url);
        }
        if !domain.is_empty() {
            config.tls.domains = domain;
        }
        if let Some(cert) = tls_cert {
            config.tls.cert = Some(cert);
        }
        if let Some(key) = tls_key {
            config.tls.key = Some(key);
        }
        if let Some(mode) = tls {
            config.tls.mode = mode;
        }
        if !trusted_proxy.is_empty() {
            config.trusted_proxies = trusted_proxy;
        }
        if let Some(relay) = relay {
            config.relay.listen = relay;
        }
        if let Some(registration) = registration {
            config.registration = Some(registration);
        }
        if let Some(search) = search {
            config.search = search;
        }
        if let Some(metrics) = metrics {
            config.metrics = Some(metrics);
        }
        if let Some(log) = log {
            config.log = log;
        }
        if let Some(log_format) = log_format {
            config.log_format = log_format;
        }
    }
}
