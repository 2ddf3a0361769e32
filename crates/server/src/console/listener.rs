//! The server's end of the socket for orders.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::{Answer, ORDER_MAX_BYTES, Order, SOCKET_FILE, carry_out};
use crate::app::Shared;

/// An order and its answer take at most so long on the socket.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes orders until the server stops.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Makes the socket in a data directory whose lock this process holds.
    pub(crate) fn bind(directory: &Path) -> io::Result<Self> {
        let path = directory.join(SOCKET_FILE);
        // It gets its name once it has its rights, so that nobody else can ever open it.
        let unnamed = directory.join(format!("{SOCKET_FILE}.new"));
        remove(&unnamed)?;
        let listener = UnixListener::bind(&unnamed)?;
        std::fs::set_permissions(&unnamed, Permissions::from_mode(0o600))?;
        std::fs::rename(&unnamed, &path)?;
        Ok(Self { listener, path })
    }

    /// Takes one order after the other. `url` is where people find the server.
    pub(crate) async fn serve(self, app: Shared, url: String) {
        loop {
            let accepted = tokio::select! {
                () = app.stopping.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let taken = tokio::time::timeout(PATIENCE, take(&app, &url, stream)).await;
                    if let Err(error) = taken.unwrap_or_else(|late| Err(late.into())) {
                        tracing::warn!(%error, "an order of the host broke off");
                    }
                }
                Err(error) => {
                    // Such as too many open files. The commands' socket is not worth a loop that spins.
                    tracing::error!(%error, "no more orders of the host are taken");
                    break;
                }
            }
        }
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, "the socket for orders could not be removed");
        }
    }
}

async fn take(app: &Shared, url: &str, mut stream: UnixStream) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut bytes = Vec::new();
    read.take(ORDER_MAX_BYTES).read_to_end(&mut bytes).await?;
    let answer = match serde_json::from_slice::<Order>(&bytes) {
        Ok(order) => carry_out(&app.accounts, url, order).await,
        Err(error) => Answer::Refused {
            message: format!(
                "the running server does not understand this command ({error}); use the program of its version"
            ),
        },
    };
    write.write_all(&serde_json::to_vec(&answer)?).await?;
    write.shutdown().await
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
