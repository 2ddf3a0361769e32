//! TypeScript declarations of `protocol` and of the handset, for `web/src/protocol`.
//!
//! `make types` writes them; the test `typescript_is_fresh` fails when they are stale.

use std::fmt::Write as _;
use std::path::Path;

use ts_rs::{Config, ExportError, TS};

use crate::{handset, phone};

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
    phone::PhoneView::export_all(&config)?;
    phone::Input::export_all(&config)?;
    phone::Effect::export_all(&config)?;
    std::fs::write(folder.join("timeouts.ts"), timeouts())?;
    Ok(())
}

/// The timeouts of a handset that has not heard of a server's yet.
fn timeouts() -> String {
    let handset::Timeouts {
        start,
        ring,
        connect,
        restart_after,
        lost_after,
        unheard_restart_after,
        leaving,
        candidate_batch,
        ended_shown,
    } = handset::Timeouts::default();
    let mut text = String::from(
        "// Generated from crates/call/src/handset/timeouts.rs. Do not edit; run `make types`.\n\
         import type { HandsetTimeouts } from \"./HandsetTimeouts\";\n\n\
         /** Milliseconds each. */\n\
         export const HANDSET_TIMEOUTS: HandsetTimeouts = {\n",
    );
    for (name, length) in [
        ("start", start),
        ("ring", ring),
        ("connect", connect),
        ("restart_after", restart_after),
        ("lost_after", lost_after),
        ("unheard_restart_after", unheard_restart_after),
        ("leaving", leaving),
        ("candidate_batch", candidate_batch),
        ("ended_shown", ended_shown),
    ] {
        let _ = writeln!(text, "  {name}: {},", length.0);
    }
    text.push_str("};\n");
    text
}
