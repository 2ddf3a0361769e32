//! Builds the web client and puts it into the binary.
//!
//! Runs `npm ci` where the packages are missing or older than the lock file, and `npm run build` where
//! the client's sources changed. What comes out is compressed here, once, and never at run time.
//! `AHOY_WEB_DIST` names a directory with a client that is built already; then no Node.js is needed.
//! Only gzip: browsers ask for Brotli over HTTPS alone, where the proxy that adds it may compress.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// What the client is built from, below `web/`.
const SOURCES: [&str; 9] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.base.json",
    "vite.config.ts",
    "drawings.config.ts",
];
/// A client that is built already.
const DIST_VARIABLE: &str = "AHOY_WEB_DIST";
/// Content types by the end of the name.
const TYPES: [(&str, &str); 9] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistake) => {
            let mut err = io::stderr();
            // Nowhere left to say so if standard error is gone too.
            let _unsaid = writeln!(err, "\nThe web client cannot be built: {mistake}\n");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let web = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../web");
    tell_cargo("rerun-if-changed=build.rs");
    tell_cargo(&format!("rerun-if-env-changed={DIST_VARIABLE}"));
    let dist = match env::var_os(DIST_VARIABLE) {
        Some(dist) => {
            let dist = PathBuf::from(dist);
            tell_cargo(&format!("rerun-if-changed={}", dist.display()));
            dist
        }
        None => build(&web, &out.join("web"))?,
    };
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    files.sort();
    if !files.iter().any(|file| file == "index.html") {
        return Err(format!("{} has no index.html", dist.display()));
    }
    embed(&dist, &files, &out)
}

fn build(web: &Path, dist: &Path) -> Result<PathBuf, String> {
    for source in SOURCES {
        tell_cargo(&format!("rerun-if-changed={}", web.join(source).display()));
    }
    let lock_file = web.join("package-lock.json");
    // Two builds at once, such as an editor's and a terminal's, must not install at the same time.
    let lock = File::open(&lock_file).map_err(|error| failed("read", &lock_file, &error))?;
    lock.lock()
        .map_err(|error| failed("lock", &lock_file, &error))?;
    if packages_are_stale(web, &lock_file) {
        npm(web, &["ci", "--include=dev", "--no-audit", "--no-fund"])?;
    }
    let dist_text = dist
        .to_str()
        .ok_or("the build directory's path is no Unicode")?;
    npm(
        web,
        &["run", "build", "--", "--outDir", dist_text, "--emptyOutDir"],
    )?;
    Ok(dist.to_owned())
}

/// npm writes its own copy of the lock file when it has installed everything.
fn packages_are_stale(web: &Path, lock_file: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let installed = changed(&web.join("node_modules/.package-lock.json"));
    match (installed, changed(lock_file)) {
        (Ok(installed), Ok(wanted)) => installed < wanted,
        _ => true,
    }
}

fn npm(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let command = format!("npm {}", arguments.join(" "));
    let output = Command::new("npm")
        .args(arguments)
        .current_dir(web)
        .output();
    let output = output.map_err(|error| {
        format!(
            "npm cannot be started ({error}). Install Node.js 20.19 or newer, or set {DIST_VARIABLE} \
             to a directory with a web client that is built already."
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(format!("`{command}` in web/ failed.\n{out}\n{err}"))
}

/// The paths of all files below a directory, with `/` between their parts.
fn collect(root: &Path, directory: &Path, files: &mut Vec<String>) -> Result<(), String> {
    let unreadable = |error: io::Error| failed("read", directory, &error);
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let relative = path.strip_prefix(root).ok().and_then(Path::to_str);
        let relative =
            relative.ok_or_else(|| format!("{} has a name that is no Unicode", path.display()))?;
        files.push(relative.replace('\\', "/"));
    }
    Ok(())
}

/// Writes `web.rs`, the table of files that `http::web` includes.
fn embed(dist: &Path, files: &[String], out: &Path) -> Result<(), String> {
    let packed = out.join("packed");
    fs::create_dir_all(&packed).map_err(|error| failed("make", &packed, &error))?;
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let path = dist.join(file);
        let plain = fs::read(&path).map_err(|error| failed("read", &path, &error))?;
        let gzip_path = packed.join(format!("{number}.gz"));
        let gzip = compress(&plain).map_err(|error| failed("compress", &path, &error))?;
        // What is compressed already, such as fonts, gains nothing.
        let is_worth_it = gzip.len() * 10 < plain.len() * 9;
        let gzip_text = if is_worth_it {
            fs::write(&gzip_path, &gzip).map_err(|error| failed("write", &gzip_path, &error))?;
            format!("Some(include_bytes!({}))", literal(&gzip_path)?)
        } else {
            "None".to_owned()
        };
        let content_type = content_type(file)?;
        let hash: String =
            Sha256::digest(&plain)[..12]
                .iter()
                .fold(String::new(), |mut hash, byte| {
                    let _infallible = write!(hash, "{byte:02x}");
                    hash
                });
        let path = fs::canonicalize(&path).map_err(|error| failed("find", &path, &error))?;
        let plain_text = literal(&path)?;
        let _infallible = writeln!(
            table,
            "File {{ path: \"/{file}\", content_type: {content_type:?}, hash: {hash:?}, \
             plain: include_bytes!({plain_text}), gzip: {gzip_text} }},"
        );
    }
    table.push(']');
    let target = out.join("web.rs");
    fs::write(&target, table).map_err(|error| failed("write", &target, &error))
}

fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// A path as a literal of Rust.
fn literal(path: &Path) -> Result<String, String> {
    let text = path
        .to_str()
        .ok_or_else(|| format!("{} is no Unicode", path.display()))?;
    Ok(format!("{text:?}"))
}

fn content_type(file: &str) -> Result<&'static str, String> {
    let end = file.rsplit_once('.').map_or("", |(_, end)| end);
    let known = TYPES.iter().find(|(known, _)| *known == end);
    known.map(|(_, content_type)| *content_type).ok_or_else(|| {
        format!("{file} is of a kind that is not served yet; add its content type to crates/server/build.rs")
    })
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("cargo gives no {name}: {error}"))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

fn tell_cargo(what: &str) {
    println!("cargo::{what}");
}
