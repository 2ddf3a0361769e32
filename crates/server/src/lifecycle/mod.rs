//! Start and stop.
//!
//! [`Server::start`] binds before it returns and tells the bound addresses, so nobody has to wait and
//! hope. [`Server::shutdown`] stops softly: no new connections, requests under way finish, sockets are
//! told when to come back, what was handed to the store is written; after [`STOP_PATIENCE`] whatever
//! is left is dropped.

mod connections;
mod data;
mod descriptors;
mod listen;
mod redirect;
mod serving;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::accounts::keys::{KeyRing, KeysError};
use crate::allowances::Allowances;
use crate::app::{App, Shared};
use crate::backup::{self, BackupError};
use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::{self, Config, Listen, Redirect};
use crate::console;
use crate::hub::{Hub, Movement};
use crate::incidents::Incidents;
use crate::keys::{self, Keys};
use crate::places::Places;
use crate::presence::Presences;
use crate::relay::{self, Relay, RelayError};
use crate::settings::Hidden;
use crate::socket::{STRANGERS_IN_TOTAL, STRANGERS_PER_NETWORK};
use crate::store::{OpenError, Store, StoreError};
use crate::tls::{Facts, Tls, TlsError};

use connections::{Front, Https};

pub use data::DataError;
pub(crate) use data::{Directory, LOCK_FILE};
pub use listen::ListenError;

/// A stop takes at most so long; the promise to the host is 5 s.
pub const STOP_PATIENCE: Duration = Duration::from_secs(4);

/// How often keys and old sessions are looked after.
const DAY: Duration = Duration::from_hours(24);

/// Why the server does not start. Each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A restore that was cut off cannot be brought to its end.
    #[error(transparent)]
    Restore(#[from] BackupError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The relay cannot be used.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// HTTPS cannot be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What must be known of before the last stop cannot be read: calls, and who hides their address.
    #[error("what is needed of before the last stop cannot be read: {0}")]
    Read(#[from] StoreError),
}

/// A running server. Dropping it without [`Server::shutdown`] stops it hard.
#[derive(Debug)]
pub struct Server {
    app: Shared,
    addresses: Vec<SocketAddr>,
    redirect_addresses: Vec<SocketAddr>,
    metrics_addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
    accepting: Vec<JoinHandle<()>>,
    /// Held until the end: keeps a second process out.
    _directory: Directory,
}

impl Server {
    /// Starts with the system's clock.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, Clock::default()).await
    }

    /// Starts with a clock of the caller's choice.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with(config: Config, clock: Clock) -> Result<Self, StartError> {
        descriptors::raise();
        let directory = Directory::open(&config.data)?;
        // Bound before the database is opened: the likeliest mistake is told first and touches nothing.
        let listeners = listen::bind(config.listen(), "listen localhost:8081").await?;
        let redirects = bind_redirect(&config).await?;
        let metrics = bind_metrics(&config).await?;
        let bound_relay = listen::bind_relay(config.relay.listen)?;
        let https = Tls::open(&config, directory.path(), &clock)?;
        backup::finish(directory.path())?;
        let keys = KeyRing::open(directory.path(), clock.now())?;
        let store = Store::open(directory.path())?;
        let (hub, movements) = Hub::new();
        let issuer = config
            .public_url()
            .map_or("ahoy".to_owned(), |url| url.to_string());
        let limits = &config.limits;
        let accounts = Accounts::new(
            clock.clone(),
            store.clone(),
            hub.clone(),
            keys,
            issuer,
            config.registration(),
            limits,
        );
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        let tls_port = config.checked_port(bound(&listeners).first().map(SocketAddr::port));
        let relay = match bound_relay {
            Some(bound) => {
                let setting = relay::Setting {
                    config: &config,
                    data: directory.path(),
                    tls_port,
                    clock: clock.clone(),
                    stopping: stopping.clone(),
                    tasks: tasks.clone(),
                };
                Some(Relay::start(bound, setting).await?)
            }
            None => None,
        };
        let (presences, teller) = Presences::new(hub.clone(), store.clone(), clock.clone());
        let calls = Calls::new(
            clock.clone(),
            store.clone(),
            hub.clone(),
            presences.clone(),
            relay.clone(),
            &config.calls,
        );
        let hidden = Hidden::load(&store).await?;
        let keys = Keys::load(&store).await?;
        calls.restore().await?;
        let allowances = Allowances::new(clock.instant(), &config.limits);
        let incidents = Incidents::new(clock.instant());
        let app = Arc::new(App {
            config,
            clock,
            store,
            hub,
            accounts,
            presences,
            calls,
            hidden,
            keys,
            allowances,
            incidents,
            strangers: Places::new(STRANGERS_PER_NETWORK, STRANGERS_IN_TOTAL),
            connections: Places::new(connections::PER_NETWORK, connections::IN_TOTAL),
            relay,
            stopping,
            tasks,
        });
        app.tasks.spawn(tidy_daily(Arc::clone(&app)));
        let stopping = || app.stopping.clone();
        app.tasks.spawn(teller.run(stopping()));
        app.tasks.spawn(app.calls.clone().run(stopping()));
        app.tasks.spawn(follow(Arc::clone(&app), movements));
        let addresses = bound(&listeners);
        let url = shown_url(&app.config, addresses.first().copied());
        take_orders(&app, directory.path(), url);
        let redirect_addresses = bound(&redirects);
        let metrics_addresses = bound(&metrics);
        let (tls, keeper) = https.unzip();
        if let Some(keeper) = keeper {
            app.tasks.spawn(keeper.keep(Arc::clone(&app)));
        }
        let mut accepting = accept(&app, tls.as_ref(), listeners, redirects);
        accepting.extend(accept_metrics(&app, metrics));
        Ok(Self {
            accepting,
            addresses,
            redirect_addresses,
            metrics_addresses,
            tls,
            app,
            _directory: directory,
        })
    }

    /// The addresses that HTTP or HTTPS is served on; the first is the one to show.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The addresses where plain HTTP sends browsers on to HTTPS.
    pub fn redirect_addresses(&self) -> &[SocketAddr] {
        &self.redirect_addresses
    }

    /// The addresses where metrics are served.
    pub fn metrics_addresses(&self) -> &[SocketAddr] {
        &self.metrics_addresses
    }

    /// The certificate that clients get; nothing without HTTPS, and before the first one of ACME.
    pub fn certificate(&self) -> Option<Facts> {
        self.tls.as_ref().and_then(Tls::facts)
    }

    /// The address for people to type: the public one, or the one that is listened on.
    pub fn url(&self) -> String {
        shown_url(&self.app.config, self.addresses.first().copied())
    }

    /// Where STUN and the relay are served, by UDP and TCP; nothing where they are off.
    pub fn relay_address(&self) -> Option<SocketAddr> {
        self.app.relay.as_ref().map(Relay::address)
    }

    /// What the server works with.
    pub fn app(&self) -> &Shared {
        &self.app
    }

    /// Stops softly, within [`STOP_PATIENCE`] and the time of the last write. False: something had to
    /// be dropped.
    pub async fn shutdown(self) -> bool {
        let app = &self.app;
        app.stopping.cancel();
        app.tasks.close();
        let soft = tokio::time::timeout(STOP_PATIENCE, app.tasks.wait()).await;
        if soft.is_err() {
            tracing::warn!(
                tasks = app.tasks.len(),
                "stopping without waiting any longer"
            );
        }
        app.store.close().await;
        soft.is_ok()
    }
}

/// The address for people to type: the public one, or the one that is, or would be, listened on.
pub(crate) fn shown_url(config: &Config, bound: Option<SocketAddr>) -> String {
    if let Some(url) = config.public_url() {
        return url.to_string();
    }
    let scheme = match config.tls.source() {
        config::Https::Off => "http",
        _ => "https",
    };
    let port = |wanted| bound.map_or(wanted, |address| address.port());
    match config.listen() {
        Listen::Localhost(wanted) => format!("{scheme}://localhost:{}", port(wanted)),
        Listen::Everywhere(wanted) => {
            let address = SocketAddr::new(listen::shown_host(), port(wanted));
            format!("{scheme}://{address}")
        }
        Listen::Address(wanted) => format!("{scheme}://{}", bound.unwrap_or(wanted)),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stopping.cancel();
        for task in &self.accepting {
            task.abort();
        }
    }
}

/// At start and once a day.
async fn tidy_daily(app: Shared) {
    let mut day = tokio::time::interval(DAY);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = day.tick() => app.accounts.tidy().await,
        }
    }
}

/// Tells those whom it concerns what happened to devices, until the server stops.
async fn follow(app: Shared, mut movements: mpsc::UnboundedReceiver<Movement>) {
    loop {
        let movement = tokio::select! {
            () = app.stopping.cancelled() => return,
            movement = movements.recv() => movement,
        };
        match movement {
            Some(Movement::Moved { user, device }) => {
                app.calls.look_at(user, device);
                app.presences.look_at(user);
            }
            Some(Movement::SessionEnded { user, device }) => {
                app.calls.session_ended(user, device);
                keys::session_ended(&app, user, device).await;
            }
            None => return,
        }
    }
}

/// Serves the commands of the host. Without them the server does all else, so it starts all the same.
fn take_orders(app: &Shared, data: &Path, url: String) {
    match console::Listener::bind(data) {
        Ok(console) => drop(app.tasks.spawn(console.serve(Arc::clone(app), url))),
        Err(error) => {
            tracing::warn!(%error, "`ahoy invite` and `ahoy account` work only while the server is stopped");
        }
    }
}

/// The listeners that send on to HTTPS. Where the host did not ask for them, it is no mistake that
/// another program has the port.
async fn bind_redirect(config: &Config) -> Result<Vec<TcpListener>, ListenError> {
    let Redirect::Listen(listen) = config.redirect() else {
        return Ok(Vec::new());
    };
    let bound = listen::bind(listen, listen::REDIRECT_HINT).await;
    match bound {
        Err(error) if config.tls.redirect.is_none() => {
            tracing::warn!(%error, "browsers that come by http:// are not sent on to HTTPS");
            Ok(Vec::new())
        }
        bound => bound,
    }
}

async fn bind_metrics(config: &Config) -> Result<Vec<TcpListener>, ListenError> {
    match config.metrics {
        Some(listen) => listen::bind(listen, "metrics localhost:9478").await,
        None => Ok(Vec::new()),
    }
}

fn bound(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    let addresses = listeners.iter().map(TcpListener::local_addr);
    addresses.filter_map(Result::ok).collect()
}

fn accept(
    app: &Shared,
    tls: Option<&Tls>,
    listeners: Vec<TcpListener>,
    redirects: Vec<TcpListener>,
) -> Vec<JoinHandle<()>> {
    let port = bound(&listeners).first().map_or(0, SocketAddr::port);
    let https = tls.map(|tls| Https {
        tls: tls.clone(),
        plain: redirect::router(&app.config, tls, port),
    });
    let plain = https.as_ref().map(|https| https.plain.clone());
    let front = |router, https| Front {
        app: Arc::clone(app),
        router,
        https,
    };
    let main = front(crate::http::router(Arc::clone(app)), https);
    let main = listeners
        .into_iter()
        .map(|listener| (main.clone(), listener));
    let redirects = redirects.into_iter().zip(std::iter::repeat(plain));
    let redirects = redirects.filter_map(|(listener, plain)| Some((front(plain?, None), listener)));
    main.chain(redirects)
        .map(|(front, listener)| app.tasks.spawn(connections::accept(front, listener)))
        .collect()
}

fn accept_metrics(app: &Shared, listeners: Vec<TcpListener>) -> Vec<JoinHandle<()>> {
    let front = Front {
        app: Arc::clone(app),
        router: crate::http::metrics::router(Arc::clone(app)),
        https: None,
    };
    let accepting = listeners
        .into_iter()
        .map(|listener| connections::accept(front.clone(), listener));
    accepting
        .map(|accepting| app.tasks.spawn(accepting))
        .collect()
}
