//! `make types`: writes the TypeScript declarations into `web/src/protocol`.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../web/src/protocol"
    ));
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    call::typescript::export(folder)?;
    Ok(())
}
