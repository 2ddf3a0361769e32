//! Tests that take a network of their own: they run themselves once more inside of one.

use std::process::Stdio;

use tokio::process::Command;

/// Set where a test is inside.
const INSIDE: &str = "AHOY_TEST_NETWORK";

/// Whether this is inside of the network already. If not, the test of that name has run there when this returns, and
/// passed. It takes root; for others this says that the test is skipped.
///
/// `network` is a script that makes the network in a fresh namespace and ends by running `"$0" "$@"`.
#[expect(
    clippy::print_stdout,
    reason = "a test that is skipped says so where its output is read"
)]
pub(crate) async fn inside(test: &str, network: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let id = Command::new("id").arg("-u").output().await.unwrap();
    if id.stdout != b"0\n" {
        println!("SKIPPED: network namespaces take root");
        return false;
    }
    let own = std::env::current_exe().unwrap();
    let inside = Command::new("unshare")
        .args(["--net", "sh", "-c", network])
        .arg(own)
        .args(["--exact", "--nocapture", test])
        .env(INSIDE, "yes")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("unshare and ip (Debian: util-linux, iproute2)");
    let told = String::from_utf8_lossy(&inside.stdout).into_owned()
        + &String::from_utf8_lossy(&inside.stderr);
    assert!(inside.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
    false
}
