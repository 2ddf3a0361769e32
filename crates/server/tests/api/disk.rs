//! A disk that fails: whoever asked is told, nothing is half kept, calls go on, and so does everything when the disk does.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use hyper::Method;
use protocol::call::{CallLog, CallRecord, CallReport, CallSound, CallState, EndReason};
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, RequestBody, RequestError};
use protocol::{CallId, ConversationId, MessageId};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::app::{Asking, PASSWORD, User, sign_in_body};
use crate::backup::{back_up, done};
use crate::command::{Running, ahoy, one_line};
use crate::device::{DEADLINE, Device, contacts_at, message};
use crate::durability::timeline;

/// Messages that fit into what a database has already taken of a full disk; one more must be refused.
const MESSAGES_INTO_SLACK: usize = 5_000;
/// Large enough that a few of them need space.
const TEXT_CHARACTERS: usize = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_is_told_and_calls_go_on_and_freed_space_is_used() {
    let Some(disk) = Disk::mount("4m") else {
        return;
    };
    let mut two = Two::start(&disk.path().join("data"), Running::start_at).await;
    let call = two.talk().await;
    let filler = disk.fill();

    let refusal = two.write_until_refused().await;
    assert_eq!(refusal.code, ErrorCode::StorageFull);
    assert!(
        refusal.message.contains("disk is full"),
        "{}",
        refusal.message
    );
    let log = two.running.wait_for_log("nothing can be kept");
    assert!(log.contains("free some space"), "{log}");
    // Over HTTP it has a status of its own.
    let sign_in = sign_in_body("ada", PASSWORD);
    let asking = Asking::new(two.address(), Method::POST, "/api/v1/sessions").json(&sign_in);
    let answer = asking.send().await;
    assert_eq!(answer.refused(), (507, ErrorCode::StorageFull));
    // What is kept already can be read.
    two.check_timeline().await;
    two.call_goes_on(call).await;
    let unrecorded = two.call_anew().await;

    fs::remove_file(filler).unwrap();
    two.recovers(call, unrecorded).await;
    two.running.wait_for_log("can be written again");
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_database_is_told_and_calls_go_on_and_its_end_is_noticed() {
    let data = tempfile::tempdir().unwrap();
    let mut two = Two::start(data.path(), Running::start_at).await;
    let call = two.talk().await;
    let other = Connection::open(data.path().join("ahoy.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let refusal = two.write_until_refused().await;
    assert_eq!(refusal.code, ErrorCode::Unavailable);
    assert!(
        refusal.message.contains("cannot write to its disk"),
        "{}",
        refusal.message
    );
    assert!(refusal.retry_after.is_some());
    let log = two.running.wait_for_log("nothing can be kept");
    assert!(
        log.contains("another program has the database locked"),
        "{log}"
    );
    two.check_timeline().await;
    two.call_goes_on(call).await;
    let unrecorded = two.call_anew().await;

    other.execute_batch("ROLLBACK").unwrap();
    two.recovers(call, unrecorded).await;
    two.running.wait_for_log("can be written again");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_disk_are_told_and_calls_go_on_and_their_end_is_noticed() {
    let data = tempfile::tempdir().unwrap();
    let mut two = Two::start(data.path(), |data, _| {
        // A write beyond the limit of file sizes fails like one to a broken disk; its signal would end the process.
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap '' XFSZ; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_ahoy"),
        ]);
        command
            .args(["--listen", "127.0.0.1:0", "--relay", "off", "--data"])
            .arg(data);
        Running::spawn(&mut command)
    })
    .await;
    let call = two.talk().await;
    two.limit_files("0:");

    let refusal = two.write_until_refused().await;
    assert_eq!(refusal.code, ErrorCode::Unavailable);
    assert!(
        refusal.message.contains("cannot write to its disk"),
        "{}",
        refusal.message
    );
    two.running.wait_for_log("the disk reports errors");
    two.check_timeline().await;
    two.call_goes_on(call).await;
    let unrecorded = two.call_anew().await;

    two.limit_files("unlimited:");
    two.recovers(call, unrecorded).await;
}

#[tokio::test]
async fn read_only_file_system_is_named_at_start() {
    let Some(disk) = Disk::mount("8m") else {
        return;
    };
    let data = disk.path().join("data");
    Running::start_at(&data, &[]).stop();
    disk.remount("ro");
    let data = data.to_str().unwrap();
    let output = ahoy(&["--listen", "127.0.0.1:0", "--relay", "off", "--data", data]);
    one_line(&output, &[data, "Read-only file system"]);
    disk.remount("rw");
    Running::start_at(Path::new(data), &[]).stop();
}

#[tokio::test]
async fn full_disk_is_named_at_start_and_by_a_backup() {
    let Some(disk) = Disk::mount("4m") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    Running::start(&data, &[]).stop();
    let filler = disk.fill();
    let output = back_up(data.path(), &disk.path().join("ahoy.backup"), &[]);
    one_line(&output, &["ahoy.backup", "no space"]);
    let names: Vec<_> = fs::read_dir(disk.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(names, [filler.as_path()], "nothing half written is left");

    let there = disk.path().to_str().unwrap();
    let output = ahoy(&["--listen", "127.0.0.1:0", "--relay", "off", "--data", there]);
    one_line(&output, &[there, "o space left"]);
    fs::remove_file(filler).unwrap();
    done(&back_up(data.path(), &disk.path().join("ahoy.backup"), &[]));
    Running::start_at(disk.path(), &[]).stop();
}

/// Two people, what they were told is kept, and their server.
struct Two {
    running: Running,
    users: [User; 2],
    ada: Device,
    ben: Device,
    conversation: ConversationId,
    acknowledged: Vec<MessageId>,
    refused: Vec<RequestBody>,
}

impl Two {
    async fn start(data: &Path, start: impl FnOnce(&Path, &[&str]) -> Running) -> Self {
        let running = start(data, &[]);
        let address: SocketAddr = running.address().parse().unwrap();
        let (users, [ada, ben], conversation) = contacts_at(address).await;
        let kept = timeline(address, &users[0], conversation).await;
        let acknowledged = kept.iter().map(|message| message.id).collect();
        Self {
            running,
            users,
            ada,
            ben,
            conversation,
            acknowledged,
            refused: Vec::new(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.running.address().parse().unwrap()
    }

    async fn talk(&mut self) -> CallId {
        let (call, _) = self.ada.start_call(self.conversation).await.unwrap();
        self.acknowledged.push(call.into());
        self.ben.answer_call(call).await.unwrap();
        for device in [&mut self.ada, &mut self.ben] {
            device.report(call, CallReport::Connected).await.unwrap();
        }
        self.ada
            .told_call(|view| matches!(view.call.state, CallState::Active { .. }))
            .await;
        call
    }

    /// Writes until a message is refused, and a few more.
    async fn write_until_refused(&mut self) -> RequestError {
        for _ in 0..MESSAGES_INTO_SLACK {
            let request = message(self.conversation, &"x".repeat(TEXT_CHARACTERS));
            match self.ben.ask(request.clone()).await {
                Ok(Outcome::Message { message }) => self.acknowledged.push(message.id),
                Ok(other) => panic!("{other:?}"),
                Err(refusal) if refusal.code == ErrorCode::RateLimited => {}
                Err(refusal) => {
                    self.refused.push(request);
                    return refusal;
                }
            }
        }
        panic!("the disk takes everything");
    }

    /// Mute and the end of a call are told at once and as ever.
    async fn call_goes_on(&mut self, call: CallId) {
        let muted = CallSound {
            muted: true,
            on_hold: false,
            change: 1,
        };
        self.ben.set_sound(call, muted).await.unwrap();
        self.ada
            .told_call(|view| view.call.callee_sound.muted)
            .await;
        self.ada.hang_up(call).await.unwrap();
        let by = self.ada.me();
        assert_eq!(
            self.ben.told_end(call).await.reason,
            EndReason::HungUp { by }
        );
    }

    /// A call whose beginning cannot be kept rings and is answered.
    async fn call_anew(&mut self) -> CallId {
        let (call, _) = self.ada.start_call(self.conversation).await.unwrap();
        self.ben.told_call(|view| view.call.id == call).await;
        self.ben.answer_call(call).await.unwrap();
        self.ada
            .told_call(|view| matches!(view.call.state, CallState::Connecting { .. }))
            .await;
        call
    }

    /// Without a restart: what was refused is taken when it is sent again, once, and the call that goes on gets its record.
    async fn recovers(&mut self, before: CallId, unrecorded: CallId) {
        for request in std::mem::take(&mut self.refused) {
            let Ok(Outcome::Message { message }) = self.ben.ask(request).await else {
                panic!("it is not taken");
            };
            self.acknowledged.push(message.id);
        }
        self.ben.hang_up(unrecorded).await.unwrap();
        let end = self.ada.told_end(unrecorded).await;
        self.acknowledged.push(unrecorded.into());
        self.check_timeline().await;
        let calls = self.ended_calls().await;
        let by = self.ada.me();
        assert_eq!((calls[0].call, calls[0].end), (unrecorded, Some(end)));
        assert_eq!(calls[1].call, before);
        assert_eq!(calls[1].end.unwrap().reason, EndReason::HungUp { by });
        assert_eq!(calls.len(), 2);
    }

    /// The call log, once every call in it has its end: what could not be kept is tried again every second.
    async fn ended_calls(&self) -> Vec<CallRecord> {
        let ended = async {
            loop {
                let log = Asking::new(self.address(), Method::GET, "/api/v1/calls");
                let log: CallLog = log.by(&self.users[1]).send().await.json();
                if log.calls.iter().all(|record| record.end.is_some()) {
                    return log.calls;
                }
            }
        };
        let ended = tokio::time::timeout(DEADLINE, ended).await;
        ended.expect("the ends are kept in time")
    }

    /// What was acknowledged and nothing else, numbered without a gap.
    async fn check_timeline(&self) {
        let kept = timeline(self.address(), &self.users[0], self.conversation).await;
        let kept: BTreeSet<MessageId> = kept.iter().map(|message| message.id).collect();
        let acknowledged: BTreeSet<MessageId> = self.acknowledged.iter().copied().collect();
        assert_eq!(kept, acknowledged);
    }

    /// The soft limit of the server's file sizes, as `prlimit` takes it.
    fn limit_files(&self, limit: &str) {
        let process = self.running.process().to_string();
        let limit = format!("--fsize={limit}");
        let status = Command::new("prlimit")
            .args(["--pid", &process, &limit])
            .status();
        assert!(status.expect("prlimit of util-linux").success());
    }
}

/// A small file system of its own.
struct Disk(TempDir);

impl Disk {
    /// Nothing where this user may not mount; then it says so.
    #[expect(clippy::print_stderr, reason = "a skipped test is to be seen")]
    fn mount(size: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            eprintln!("SKIPPED: to mount a small disk takes root");
            return None;
        }
        mount(
            &["-t", "tmpfs", "-o", &format!("size={size}"), "ahoy-test"],
            directory.path(),
        );
        Some(Self(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file that takes all the space that is left.
    fn fill(&self) -> std::path::PathBuf {
        let path = self.path().join("filler");
        let mut file = File::create(&path).unwrap();
        for size in [64 * 1024, 4096, 1] {
            let part = vec![b'x'; size];
            while file.write_all(&part).is_ok() {}
        }
        path
    }

    fn remount(&self, how: &str) {
        mount(&["-o", &format!("remount,{how}")], self.path());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server of a test that failed may still be there.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[track_caller]
fn mount(arguments: &[&str], directory: &Path) {
    let status = Command::new("mount")
        .args(arguments)
        .arg(directory)
        .status();
    assert!(status.expect("mount").success(), "{arguments:?}");
}
