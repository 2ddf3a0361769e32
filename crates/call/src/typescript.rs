//! TypeScript declarations of `protocol` and of the handset, for `web/src/protocol`.
//!
//! `make types` writes them; the test `typescript_is_fresh` fails when they are stale.

use std::path::Path;

use ts_rs::{Config, ExportError, TS};

use crate::handset;

/// Writes one file per type into a folder.
///
/// # Errors
/// Whatever the file system says.
pub fn export(folder: &Path) -> Result<(), ExportError> {
    protocol::typescript::export(folder)?;
    let config = Config::new().with_out_dir(folder);
    handset::HandsetView::export_all(&config)?;
    handset::Input::export_all(&config)?;
    handset::Effect::export_all(&config)?;
    handset::Timeouts::export_all(&config)?;
    Ok(())
}
