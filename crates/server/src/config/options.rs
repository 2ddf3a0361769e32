//! The command line and its variables.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{Config, Listen, PublicUrl, StunListen};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Serve until told to stop (the default)
    Serve,
}

/// Flags and `AHOY_…` variables. What is left out is the config file's, or the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Options {
    /// Where to serve HTTP [default: localhost:8080]
    ///
    /// `localhost:PORT` is this machine alone, by IPv4 and IPv6; `0.0.0.0:PORT` or `[::]:PORT` is every
    /// network. Port 0 takes a free one.
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
    /// Where to serve STUN over UDP, or `off` [default: 0.0.0.0:3478]
    #[arg(long, env = "AHOY_STUN", value_name = "ADDRESS:PORT", global = true)]
    pub stun: Option<StunListen>,
    /// What to log: error, warn, info, debug, trace or directives [default: info]
    #[arg(long, env = "AHOY_LOG", value_name = "LEVEL", global = true)]
    pub log: Option<String>,
}

impl Options {
    pub(super) fn put_over(&self, config: &mut Config) {
        let Self {
            listen,
            data,
            config: _,
            public_url,
            stun,
            log,
        } = self.clone();
        if let Some(listen) = listen {
            config.listen = listen;
        }
        if let Some(data) = data {
            config.data = data;
        }
        if let Some(public_url) = public_url {
            config.public_url = Some(public_url);
        }
        if let Some(stun) = stun {
            config.stun.listen = stun;
        }
        if let Some(log) = log {
            config.log = log;
        }
    }
}
