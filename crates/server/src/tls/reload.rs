//! A certificate in files of the host, read again when they change.
//!
//! The files are compared by content, so it makes no difference how they are replaced: in place, by
//! renaming, or behind a symbolic link. A pair that cannot be used changes nothing: the last good one stays,
//! and the log says why.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::certificate::{Pair, PairError};
use super::held::Held;
use crate::config;

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Together they are no certificate with its key.
    #[error("{} cannot be used: {source}", path.display())]
    Unusable {
        /// The file that is to blame.
        path: PathBuf,
        /// Why.
        source: PairError,
    },
}

/// The two files, and what was last read from them.
#[derive(Debug)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
    interval: Duration,
    seen: Option<Contents>,
}

#[derive(PartialEq, Eq)]
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contents(…)")
    }
}

impl Files {
    /// Reads them for the first time.
    pub(super) fn open(
        cert: &Path,
        key: &Path,
        settings: &config::Tls,
        held: &Arc<Held>,
    ) -> Result<Self, FilesError> {
        let mut files = Self {
            cert: cert.to_owned(),
            key: key.to_owned(),
            interval: settings.reload_interval_ms.as_duration(),
            seen: None,
        };
        files.look(held)?;
        Ok(files)
    }

    /// Looks at them for ever.
    pub(super) async fn watch(mut self, held: &Held) {
        let mut next = tokio::time::interval(self.interval);
        let mut told = None;
        loop {
            next.tick().await;
            // Two small files; a disk that stalls them stalls the database as well.
            match self.look(held) {
                Ok(false) => {}
                Ok(true) => {
                    told = None;
                    tracing::info!("the certificate was reloaded from its files");
                }
                Err(error) => {
                    let error = error.to_string();
                    if told.as_ref() != Some(&error) {
                        tracing::warn!("the certificate stays as it was: {error}");
                    }
                    told = Some(error);
                }
            }
        }
    }

    /// Takes the pair over if it has changed. True: it has.
    fn look(&mut self, held: &Held) -> Result<bool, FilesError> {
        let contents = Contents {
            cert: read(&self.cert)?,
            key: read(&self.key)?,
        };
        if self.seen.as_ref() == Some(&contents) {
            return Ok(false);
        }
        let pair = Pair::from_pem(&contents.cert, &contents.key);
        held.put(pair.map_err(|source| self.blame(source))?);
        self.seen = Some(contents);
        Ok(true)
    }

    fn blame(&self, source: PairError) -> FilesError {
        let path = match source {
            PairError::NoCertificate | PairError::Damaged(_) => &self.cert,
            PairError::NoKey | PairError::Mismatch(_) => &self.key,
        };
        FilesError::Unusable {
            path: path.clone(),
            source,
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, FilesError> {
    std::fs::read(path).map_err(|source| FilesError::Unreadable {
        path: path.to_owned(),
        source,
    })
}
