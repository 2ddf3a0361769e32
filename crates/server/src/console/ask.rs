//! The command's end: to the running server, or by itself.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::{Answer, Order, SOCKET_FILE, carry_out};
use crate::accounts::Accounts;
use crate::accounts::keys::{KeyRing, KeysError};
use crate::clock::Clock;
use crate::config::Config;
use crate::hub::Hub;
use crate::lifecycle::{DataError, Directory, shown_url};
use crate::store::{DATABASE_FILE, OpenError, Store};

/// How long the running server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No server has ever kept anything there.
    #[error(
        "there is no database of Ahoy in {}; name the server's data directory with --data DIR",
        path.display()
    )]
    Nothing {
        /// The directory.
        path: PathBuf,
    },
    /// The data directory cannot be used.
    #[error(transparent)]
    Data(DataError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A server runs but did not answer.
    #[error(
        "a server uses the data directory {} but takes no orders there: {source}; run this as the same \
         user, or try again in a moment",
        path.display()
    )]
    Deaf {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Has an order carried out, by the server that runs or without one.
///
/// # Errors
/// See [`AskError`]. A refusal is an answer.
pub async fn ask(config: &Config, order: Order) -> Result<Answer, AskError> {
    let path = config.data.clone();
    if !path.join(DATABASE_FILE).exists() {
        return Err(AskError::Nothing { path });
    }
    match Directory::open(&config.data) {
        Ok(directory) => alone(config, &directory, order).await,
        Err(DataError::InUse { .. }) => {
            match tokio::time::timeout(PATIENCE, send(config, order)).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(source)) => Err(AskError::Deaf { path, source }),
                Err(late) => Err(AskError::Deaf {
                    path,
                    source: late.into(),
                }),
            }
        }
        Err(error) => Err(AskError::Data(error)),
    }
}

async fn send(config: &Config, order: Order) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(config.data.join(SOCKET_FILE)).await?;
    stream.write_all(&serde_json::to_vec(&order)?).await?;
    stream.shutdown().await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

async fn alone(config: &Config, directory: &Directory, order: Order) -> Result<Answer, AskError> {
    let clock = Clock::default();
    let store = Store::open(directory.path())?;
    let keys = KeyRing::open(directory.path(), clock.now())?;
    // Nobody is connected.
    let (hub, _movements) = Hub::new();
    let accounts = Accounts::new(
        clock,
        store.clone(),
        hub,
        keys,
        String::new(),
        config.registration(),
        &config.limits,
    );
    let answer = carry_out(&accounts, &shown_url(config, None), order).await;
    store.close().await;
    Ok(answer)
}
