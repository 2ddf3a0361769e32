//! `ahoy backup` and `ahoy restore`: what was acknowledged before is in it, what is secret is not.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use hyper::{Method, StatusCode};
use protocol::MessageId;
use protocol::call::{CallLog, CallReport, EndReason};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::app::{Asking, PASSWORD, User, register_at, sign_in_body};
use crate::command::{Running, ahoy, one_line};
use crate::device::{Device, contacts_at};
use crate::durability::timeline;

#[tokio::test(flavor = "multi_thread")]
async fn backup_under_load_has_everything_acknowledged_before_it_began() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = Running::start(&data, &[]);
    let address: SocketAddr = running.address().parse().unwrap();
    let (users, [mut ada, mut ben], conversation) = contacts_at(address).await;
    let mut before = Vec::new();
    for n in 0..40 {
        before.push(ada.write(conversation, &format!("before {n}")).await.id);
    }
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    before.push(call.into());

    // The backup is made while Ben writes.
    let file = elsewhere.path().join("ahoy.backup");
    let (from, to) = (data.path().to_owned(), file.clone());
    let backing_up = tokio::task::spawn_blocking(move || back_up(&from, &to, &[]));
    let mut meanwhile = 0;
    while !backing_up.is_finished() {
        // A socket may not ask more than so much at once.
        if meanwhile % 50 == 49 {
            ben = Device::connect(address, &users[1]).await;
        }
        ben.write(conversation, "meanwhile").await;
        meanwhile += 1;
    }
    assert!(meanwhile > 0, "it was made under load");
    let said = done(&backing_up.await.unwrap());
    assert!(said.contains("2 accounts"), "{said}");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        names(elsewhere.path()),
        ["ahoy.backup"],
        "nothing is left beside it"
    );

    // A second server on the restored data, while the first one still runs.
    let there = elsewhere.path().join("data");
    let said = done(&restore(&there, &file, &[]));
    assert!(
        said.contains("2 accounts") && said.contains("signs in again"),
        "{said}"
    );
    let restored = Running::start_at(&there, &[]);
    let address: SocketAddr = restored.address().parse().unwrap();
    let list = || Asking::new(address, Method::GET, "/api/v1/sessions");
    let old = list().by(&users[0]).send().await;
    assert_eq!(
        old.status,
        StatusCode::UNAUTHORIZED,
        "an access token of before"
    );
    let refresh = json!({ "refresh_token": users[0].refresh_token() });
    let refresh = Asking::new(address, Method::POST, "/api/v1/sessions/refresh").json(&refresh);
    assert_eq!(
        refresh.send().await.status,
        StatusCode::UNAUTHORIZED,
        "a refresh token of before"
    );

    let ada = sign_in(address, "ada").await;
    assert_eq!(list().by(&ada).send().await.status, StatusCode::OK);
    let kept = timeline(address, &ada, conversation).await;
    let kept: Vec<MessageId> = kept.iter().map(|message| message.id).collect();
    assert_eq!(
        kept[1..=before.len()],
        before,
        "all of before, in its order"
    );
    let log = Asking::new(address, Method::GET, "/api/v1/calls").by(&ada);
    let log: CallLog = log.send().await.json();
    let end = log.calls[0].end.expect("no call outlives a backup");
    assert_eq!((log.calls[0].call, end.reason), (call, EndReason::Lost));
    assert!(end.talked.is_some());
    // The data are used as those of any server: they take more.
    let mut ada = Device::connect(address, &ada).await;
    assert!(ada.welcome.calls.is_empty());
    ada.write(conversation, "after").await;
}

#[tokio::test]
async fn no_secret_is_in_a_backup() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut running = Running::start_with_relay(data.path());
    let address: SocketAddr = running.address().parse().unwrap();
    let first = register_at(address, "ada", "Ada").await;
    let body = json!({ "refresh_token": first.refresh_token() });
    let refresh = Asking::new(address, Method::POST, "/api/v1/sessions/refresh").json(&body);
    let second = User {
        signed_in: refresh.send().await.json(),
    };
    let file = elsewhere.path().join("ahoy.backup");
    done(&back_up(data.path(), &file, &[]));
    running.kill();

    let mut secrets: Vec<Vec<u8>> = vec![PASSWORD.into()];
    for user in [&first, &second] {
        secrets.push(user.token().into());
        secrets.push(user.refresh_token().into());
    }
    let keys = fs::read_to_string(data.path().join("keys.json")).unwrap();
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    for key in ["current", "next"] {
        secrets.push(keys[key]["secret"].as_str().unwrap().into());
    }
    let relay = fs::read_to_string(data.path().join("relay.key")).unwrap();
    secrets.push(relay.trim_end().into());
    // Not even the hashes of refresh tokens, which are in the database.
    let database = Connection::open(data.path().join("ahoy.db")).unwrap();
    let hashes = "SELECT refresh FROM sessions UNION ALL SELECT refresh FROM spent_refreshes";
    let mut hashes = database.prepare(hashes).unwrap();
    let hashes = hashes
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .unwrap();
    let hashes: Vec<Vec<u8>> = hashes.collect::<Result<_, _>>().unwrap();
    assert_eq!(hashes.len(), 2, "one in use and one spent");
    secrets.extend(hashes);

    let backup = fs::read(&file).unwrap();
    let has = |part: &[u8]| backup.windows(part.len()).any(|bytes| bytes == part);
    assert!(has(b"$argon2id$"), "the backup was read");
    for secret in secrets {
        assert!(
            !has(&secret),
            "{} is in it",
            String::from_utf8_lossy(&secret)
        );
    }
}

#[tokio::test]
async fn nothing_is_overwritten_unasked() {
    let data = data_of_ada().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("ahoy.backup");
    fs::write(&file, "something else").unwrap();
    one_line(
        &back_up(data.path(), &file, &[]),
        &["there already", "--force"],
    );
    assert_eq!(fs::read(&file).unwrap(), b"something else");
    done(&back_up(data.path(), &file, &["--force"]));

    let keys = fs::read(data.path().join("keys.json")).unwrap();
    let before = everything(data.path());
    one_line(
        &restore(data.path(), &file, &[]),
        &["has a database already", "--force"],
    );
    assert!(everything(data.path()) == before);
    done(&restore(data.path(), &file, &["--force"]));
    assert_eq!(
        names(data.path()),
        ["ahoy.db"],
        "neither an old log nor old keys"
    );
    let running = Running::start(&data, &[]);
    sign_in(running.address().parse().unwrap(), "ada").await;
    assert_ne!(fs::read(data.path().join("keys.json")).unwrap(), keys);
}

#[tokio::test]
async fn a_backup_changes_nothing_where_no_server_runs() {
    let data = data_of_ada().await;
    // A killed server leaves a log: once with it, once without.
    let mut running = Running::start(&data, &[]);
    register_at(running.address().parse().unwrap(), "ben", "Ben").await;
    running.kill();
    for _ in 0..2 {
        let before = everything(data.path());
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("ahoy.backup");
        let said = done(&back_up(data.path(), &file, &[]));
        assert!(said.contains("2 accounts"), "{said}");
        assert!(everything(data.path()) == before);
        Running::start(&data, &[]).stop();
    }
}

#[tokio::test]
async fn a_restore_is_refused_while_a_server_runs() {
    let data = data_of_ada().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("ahoy.backup");
    let running = Running::start(&data, &[]);
    done(&back_up(data.path(), &file, &[]));
    let process = format!("process {}", running.process());
    let output = restore(data.path(), &file, &["--force"]);
    one_line(&output, &["another ahoy", &process, "stop that one first"]);
    sign_in(running.address().parse().unwrap(), "ada").await;
}

#[tokio::test]
async fn what_is_no_good_backup_is_not_restored() {
    let data = data_of_ada().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let good = elsewhere.path().join("good");
    done(&back_up(data.path(), &good, &[]));
    let bytes = fs::read(&good).unwrap();
    let change = |sql: &'static str| {
        move |path: &Path| Connection::open(path).unwrap().execute_batch(sql).unwrap()
    };
    let damage = bytes.len() / 4096 / 2 * 4096;
    let damaged = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[damage..][..4096].fill(0xA5);
        fs::write(path, bytes).unwrap();
    };
    let truncated = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    let text = |path: &Path| fs::write(path, "Dear diary, ".repeat(100)).unwrap();
    let before = everything(data.path());
    let refused = |spoil: &dyn Fn(&Path), words: &str| {
        let bad = elsewhere.path().join("bad");
        fs::copy(&good, &bad).unwrap();
        spoil(&bad);
        one_line(&restore(data.path(), &bad, &["--force"]), &[words]);
        assert!(everything(data.path()) == before, "{words}");
    };
    refused(&damaged, "is damaged");
    refused(&truncated, "is damaged");
    refused(&text, "is damaged");
    refused(&change("PRAGMA user_version = 999"), "newer version");
    refused(
        &change("PRAGMA application_id = 7"),
        "not a database of Ahoy",
    );
    refused(
        &change("PRAGMA application_id = 0x41686F79"),
        "not a backup",
    );
    let missing = elsewhere.path().join("missing");
    one_line(
        &restore(data.path(), &missing, &[]),
        &["missing", "No such file"],
    );
}

#[tokio::test]
async fn what_cannot_be_backed_up_is_said() {
    let data = data_of_ada().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("ahoy.backup");
    one_line(
        &back_up(elsewhere.path(), &file, &[]),
        &["no database", "--data"],
    );
    one_line(
        &back_up(data.path(), &data.path().join("ahoy.db"), &["--force"]),
        &["name a file elsewhere"],
    );
    one_line(
        &back_up(data.path(), elsewhere.path(), &["--force"]),
        &["directory"],
    );
    let nowhere = elsewhere.path().join("none/ahoy.backup");
    one_line(&back_up(data.path(), &nowhere, &[]), &["No such file"]);
    let database = data.path().join("ahoy.db");
    let mut bytes = fs::read(&database).unwrap();
    bytes[4096 * 3..].fill(0xA5);
    fs::write(&database, bytes).unwrap();
    one_line(&back_up(data.path(), &file, &[]), &["ahoy.db", "damaged"]);
    assert!(names(elsewhere.path()).is_empty());
}

#[tokio::test]
async fn a_restore_that_was_cut_off_is_finished_by_the_next_start() {
    let (old, new) = (data_of_ada().await, tempfile::tempdir().unwrap());
    let file = new.path().join("ahoy.backup");
    done(&back_up(old.path(), &file, &[]));
    let restored = new.path().join("data");
    done(&restore(&restored, &file, &[]));
    // As if the power had gone when the restored database was complete, and that of before was not yet replaced.
    let data = tempfile::tempdir().unwrap();
    let mut running = Running::start(&data, &[]);
    register_at(running.address().parse().unwrap(), "ben", "Ben").await;
    running.kill();
    fs::rename(
        restored.join("ahoy.db"),
        data.path().join("ahoy.db.restored"),
    )
    .unwrap();
    let running = Running::start(&data, &[]);
    sign_in(running.address().parse().unwrap(), "ada").await;
    assert!(!names(data.path()).contains(&"ahoy.db.restored".to_owned()));
}

/// The data of a server that was stopped, on which Ada has an account.
async fn data_of_ada() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(&data, &[]);
    register_at(running.address().parse().unwrap(), "ada", "Ada").await;
    running.stop();
    data
}

async fn sign_in(address: SocketAddr, username: &str) -> User {
    let body = sign_in_body(username, PASSWORD);
    let asking = Asking::new(address, Method::POST, "/api/v1/sessions").json(&body);
    let answer = asking.send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    User {
        signed_in: answer.json(),
    }
}

pub(crate) fn back_up(data: &Path, file: &Path, flags: &[&str]) -> Output {
    run("backup", data, file, flags)
}

fn restore(data: &Path, file: &Path, flags: &[&str]) -> Output {
    run("restore", data, file, flags)
}

fn run(verb: &str, data: &Path, file: &Path, flags: &[&str]) -> Output {
    let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
    ahoy(&[&[verb, file, "--data", data], flags].concat())
}

/// What it says where it has done what it was told.
#[track_caller]
pub(crate) fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let files = everything(directory).into_iter();
    files
        .map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// All files and what is in them, by name. Whose lock it was last is no data, and neither is the socket of the host's commands.
fn everything(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file() && !path.ends_with("ahoy.lock"));
    let mut files: Vec<_> = files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
