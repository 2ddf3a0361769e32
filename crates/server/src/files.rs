//! Files that hold secrets: for the owner alone, and never half written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A file that the owner alone reads and writes.
const OWNER_ONLY_FILE: u32 = 0o600;
/// A directory that the owner alone enters.
const OWNER_ONLY_DIRECTORY: u32 = 0o700;

/// Writes a file as a whole or not at all, synced to disk. Its directory is made where it is missing.
///
/// # Errors
/// Why it cannot be written; the file is then as it was.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.is_dir() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(OWNER_ONLY_DIRECTORY);
        builder.create(directory)?;
    }
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(OWNER_ONLY_FILE);
    let mut file = options.open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    File::open(directory)?.sync_all()
}
